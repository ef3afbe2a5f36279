"""The private database into the published one: only what may be shown, checked, swapped in whole.

The new database is built beside the old one and takes its place in one rename, so a reader sees
yesterday's or today's, never half of either, and never meets a lock.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from importlib.metadata import version as installed
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from sqlite_utils import Database

from crawler import __version__, clock, database, registry, schema
from crawler.errors import ConfigError, PublishError
from crawler.items import Source
from crawler.progress import Progress
from crawler.published import connect, count_facets, snapshot
from crawler.query import search_text
from crawler.urls import site, web_url
from enrich import annotate
from enrich.places import country_name, language_name
from enrich.themes import lexicon

# What may be shown of a text that is not freely licensed: "very short extracts" are outside the
# press publishers' right (Directive 2019/790, art. 15), and a search engine's snippet is as long.
EXTRACT_CHARACTERS = 220
# Licences that let anybody republish a text cut down to its body. NonCommercial ones need to know
# who publishes, and NoDerivatives ones forbid even our leaving out the furniture around it.
OPEN_LICENCES = frozenset({"CC0", "CC-BY", "CC-BY-SA", "public-domain"})
LABELS = ("fr", "nl", "en", "de", "es", "pt", "ar")
INTERFACE = ("fr", "nl", "en")
# A take-down removes one article, a mistaken --db all of them. Half is far from both.
MOST_LOST = 0.5
FILL = "m002_search_and_indexes"  # the step of schema.published that comes after the rows


def publish(
    private: Path,
    out: Path,
    *,
    full_text: bool = False,
    base_url: str | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Build `out` from `private`; returns how many rows each table has.

    `full_text` shows every text whole, for an instance that only its operator reads; `base_url`
    is where the site will be found, which its feeds repeat and their ids are made from (without
    one, that of the database now at `out`). Raises ConfigError if there is no private database, or
    if `out` is something else than a published one; PublishError if the new one fails its checks,
    or (without `force`) has lost most articles. `out` is then what it was.
    """
    had, address = _present(private, out)
    if base_url is not None:
        address = web_url(base_url)
        if address is None:
            raise ConfigError(f"not a web address: {base_url!r} (https://news.example.org/ is one)")
    new = out.with_name(f"{out.name}.new")
    with database.alone(out):
        counts = _build(private, new, address, full_text=full_text, progress=progress)
        if counts["articles"] < had * MOST_LOST and not force:
            raise PublishError(
                f"{private} has {counts['articles']:,} articles and {out} has {had:,}: if so many"
                " are meant to go, say --force"
            )
        with new.open("rb") as written:
            os.fsync(written.fileno())
        new.replace(out)
    return counts


def _build(
    private: Path,
    new: Path,
    base_url: str | None,
    *,
    full_text: bool,
    progress: Progress | None,
) -> dict[str, int]:
    """Make the database at `new` from nothing, and check it."""
    for leftover in (new, new.with_name(f"{new.name}-journal")):
        leftover.unlink(missing_ok=True)
    with closing(database.private(private, create=False)) as source, closing(Database(new)) as db:
        # Not yet anybody's database: if this process dies, the next one starts it anew.
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        schema.published.apply(db, stop_before=FILL)
        # One state of the private database, whatever is crawled meanwhile.
        with source.atomic():
            total = _fill(source, db, full_text=full_text, progress=progress)
        with db.atomic():
            _insert(db, "snapshot", _snapshot(total, base_url))
        schema.published.apply(db)
        with db.atomic():
            count_facets(db.conn)
        db.table(schema.published.migrations_table).drop()  # nobody's data
        db.execute("INSERT INTO articles_fts(articles_fts) VALUES ('optimize')")
        db.execute("ANALYZE")
        db.execute("PRAGMA journal_mode = DELETE")
        return _checked(db)


def _present(private: Path, out: Path) -> tuple[int, str | None]:
    """What `out` holds now: its articles, and where it says its site is."""
    if private.resolve() == out.resolve():
        raise ConfigError(f"{out} is the private database: publish to another file with --news")
    if not out.exists():
        return 0, None
    with closing(connect(out)) as conn:
        told = snapshot(conn)
    return int(told["articles"]), told.get("base_url")


def rights(source: Source, url: str, headers: Mapping[str, str] = MappingProxyType({})) -> str:
    """What may be shown of the text at `url` that `source` named: `full` or `extract`.

    A licence covers the source's own pages, not those of others that it links to, and not those
    whose `headers` (lower-case names) reserve text and data mining, or ask for no copy.
    """
    free = source.licence is not None and source.licence.id in OPEN_LICENCES
    own = {_site(address) for address in (source.homepage, *(feed.url for feed in source.feeds))}
    robots = headers.get("x-robots-tag", "").lower()
    asked = headers.get("tdm-reservation", "").strip() == "1" or any(
        word in robots for word in ("noarchive", "nosnippet", "none")
    )
    full = free and source.tdm != "reserved" and _site(url) in own and not asked
    return "full" if full else "extract"


def _site(url: str) -> str:
    return site(urlsplit(url).hostname or "")


def extract_of(text: str, limit: int = EXTRACT_CHARACTERS) -> str:
    """The beginning of `text` in one line, at most `limit` characters, cut between words."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    cut = line[: limit - 1]
    words = cut.rpartition(" ")[0]
    # A text without spaces is cut where it is.
    return (words if len(words) > limit // 2 else cut).rstrip(" ,;:–-") + "…"


def _fill(source: Database, db: Database, *, full_text: bool, progress: Progress | None) -> int:
    records = {
        row["id"]: registry.from_json(json.loads(row["record"]))
        for row in source.query("SELECT id, record FROM sources ORDER BY id")
    }
    counts = dict(
        source.execute("SELECT source, count(*) FROM articles GROUP BY source").fetchall()
    )
    total = sum(counts.values())
    if progress:
        progress.expect("published", total)
    with db.atomic():
        _insert(
            db,
            "sources",
            (_source(record, counts.get(record.id, 0)) for record in records.values()),
        )
        _insert(db, "themes", _themes())
        # Every source's languages, so that a feed stays valid through a quiet month.
        languages = {code for record in records.values() for code in record.languages}
        countries = {record.country for record in records.values()}
        for row in _articles(source):
            shown = rights(records[row["source"]], row["url"], json.loads(row["headers"]))
            article = _article(row, "full" if full_text else shown)
            text = row["text"] if article["rights"] == "full" else article["summary"]
            places = _tags(row["id"], row["countries"])
            _insert(db, "articles", [article])
            searched = search_text(row["title"], text)
            _insert(
                db, "article_texts",
                [{"article_id": row["id"], "text": text, "search_text": searched}],
            )  # fmt: skip
            themes = (tag for tag in _tags(row["id"], row["themes"]) if tag["theme"] in lexicon())
            _insert(db, "article_themes", themes)  # without what the lexicon has dropped since
            _insert(db, "article_countries", places)
            languages.add(row["language"])
            countries |= {place["country"] for place in places}
            if progress:
                progress.advance("published")
        _insert(db, "languages", (_named(code, language_name) for code in sorted(languages)))
        _insert(db, "countries", (_named(code, country_name) for code in sorted(countries)))
        _insert(db, "ledger", _ledger(source))
    return total


def _insert(db: Database, table: str, rows: Iterable[dict[str, Any]]) -> None:
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    names = list(first)
    sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    db.conn.execute(sql, list(first.values()))
    db.conn.executemany(sql, ([row[name] for name in names] for row in rows))


def _source(record: Source, articles: int) -> dict[str, Any]:
    licence = record.licence
    return {
        "id": record.id,
        "name": record.name,
        "homepage": record.homepage,
        "country": record.country,
        "organisation": record.organisation,
        "category": record.category,
        "languages": ", ".join(record.languages),
        "licence": licence and licence.id,
        "licence_url": licence and licence.url,
        "terms_read_on": licence and licence.terms_read_on,
        "tdm": record.tdm,
        "publish": rights(record, record.homepage),
        "articles": articles,
    }


def _themes() -> Iterator[dict[str, Any]]:
    for slug, theme in sorted(lexicon().items()):
        labels = {f"label_{code}": theme.labels[code] for code in LABELS}
        codes = {"reliefweb": _json(theme.reliefweb), "iptc": _json(theme.iptc)}
        yield {"slug": slug, "theme_group": theme.group, **labels, **codes}


def _named(code: str, name: Any) -> dict[str, Any]:
    return {"code": code, **{f"name_{locale}": name(code, locale) for locale in INTERFACE}}


def _articles(source: Database) -> Iterator[dict[str, Any]]:
    return source.query(
        """
        SELECT articles.*, urls.key AS url_key, urls.enricher, article_texts.text, pages.headers
        FROM articles JOIN urls ON urls.id = articles.url_id
          JOIN pages ON pages.id = articles.page_id
          JOIN article_texts ON article_texts.article_id = articles.id
        ORDER BY articles.id
        """
    )


def _article(row: dict[str, Any], shown: str) -> dict[str, Any]:
    places = json.loads(row["countries"])
    same = (
        "id", "url", "url_key", "source", "title", "authors", "published", "published_source",
        "fetched", "language", "language_confidence", "language_method", "language_votes",
        "language_declared", "words", "categories", "content_hash", "enricher", "duplicate_of",
    )  # fmt: skip
    return {
        **{name: row[name] for name in same},
        "summary": extract_of(row["text"]),
        "country": places[0]["country"] if places else None,
        # Checked again here: whatever is published may become a link.
        "image": web_url(row["image"] or ""),
        "origin_url": web_url(row["origin_url"] or ""),
        "rights": shown,
    }


def _tags(article: int, tags: str) -> list[dict[str, Any]]:
    return [
        {"article_id": article, **tag, "evidence": _json(tag["evidence"])}
        for tag in json.loads(tags)
    ]


def _ledger(source: Database) -> Iterator[dict[str, Any]]:
    return source.query(
        """
        SELECT urls.id, urls.url, urls.source, urls.outcome, urls.reason, urls.discovered,
               urls.decided, articles.id AS article_id
        FROM urls LEFT JOIN articles ON articles.url_id = urls.id ORDER BY urls.id
        """
    )


def _snapshot(articles: int, base_url: str | None) -> Iterator[dict[str, Any]]:
    facts = {
        "articles": str(articles),
        "built": clock.now(),
        "enricher": annotate.version(),
        "scrapy": installed("scrapy"),
        "tamis": __version__,
        **({"base_url": f"{base_url.rstrip('/')}/"} if base_url else {}),
    }
    return ({"name": name, "value": value} for name, value in facts.items())


def _checked(db: Database) -> dict[str, int]:
    """Rows by table. Raises PublishError unless file, references, counts and index are sound."""
    problems = [row[0] for row in db.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
    problems += [f"broken reference {tuple(row)}" for row in db.execute("PRAGMA foreign_key_check")]
    try:
        db.execute("INSERT INTO articles_fts(articles_fts, rank) VALUES ('integrity-check', 1)")
    except sqlite3.DatabaseError as error:
        problems.append(f"full-text index: {error}")
    tables = (
        "sources",
        "articles",
        "article_texts",
        "article_themes",
        "article_countries",
        "ledger",
    )
    counts = {
        name: int(db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in tables
    }
    if counts["articles"] != counts["article_texts"]:
        problems.append(f"{counts['articles']} articles, but {counts['article_texts']} texts")
    unmatched = "SELECT count(*) FROM ledger WHERE outcome = 'stored' AND article_id IS NULL"
    if lost := db.execute(unmatched).fetchone()[0]:
        problems.append(f"{lost} URLs are said to be stored but have no article")
    if problems:
        raise PublishError(f"the new database is not published: {'; '.join(problems[:5])}")
    return counts


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
