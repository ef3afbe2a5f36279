"""The private database into the published one: only what may be shown, checked, swapped in whole.

The new database is built beside the old one and takes its place in one rename, so a reader sees
yesterday's or today's, never half of either, and never meets a lock.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from crawler import __version__, clock, database, registry, schema
from crawler.errors import PublishError
from crawler.items import Source
from crawler.progress import Progress
from crawler.published import count_facets, search_text
from crawler.urls import web_url
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
FILL = "m002_search_and_indexes"  # the step of schema.published that comes after the rows


def publish(
    private: Path,
    out: Path,
    *,
    full_text: bool = False,
    base_url: str | None = None,
    progress: Progress | None = None,
) -> dict[str, int]:
    """Build `out` from `private`; returns how many rows each table has.

    `full_text` shows every text whole, for an instance that only its operator reads; `base_url`
    is where the site will be found, which its feeds repeat and their ids are made from. Raises
    ConfigError if there is no private database, PublishError if the new one fails its checks
    (`out` is then what it was).
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    new = out.with_name(f"{out.name}.new")
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
        db.execute("INSERT INTO articles_fts(articles_fts) VALUES ('optimize')")
        db.execute("ANALYZE")
        db.execute("PRAGMA journal_mode = DELETE")
        counts = _checked(db)
    with new.open("rb") as written:
        os.fsync(written.fileno())
    new.replace(out)
    return counts


def rights(source: Source) -> str:
    """What may be shown of a source's texts: `full` or `extract`."""
    free = source.licence is not None and source.licence.id in OPEN_LICENCES
    return "full" if free and source.tdm != "reserved" else "extract"


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
    shown = {ident: "full" if full_text else rights(record) for ident, record in records.items()}
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
            (
                _source(record, shown[record.id], counts.get(record.id, 0))
                for record in records.values()
            ),
        )
        _insert(db, "themes", _themes())
        # Every source's languages, so that a feed stays valid through a quiet month.
        languages = {code for record in records.values() for code in record.languages}
        countries = {record.country for record in records.values()}
        for row in _articles(source):
            article = _article(row, shown[row["source"]])
            text = row["text"] if article["rights"] == "full" else article["summary"]
            places = _tags(row["id"], row["countries"])
            _insert(db, "articles", [article])
            searched = search_text(row["title"], text)
            _insert(
                db, "article_texts",
                [{"article_id": row["id"], "text": text, "search_text": searched}],
            )  # fmt: skip
            _insert(db, "article_themes", _tags(row["id"], row["themes"]))
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


def _source(record: Source, shown: str, articles: int) -> dict[str, Any]:
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
        "publish": shown,
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
        SELECT articles.*, urls.key AS url_key, urls.enricher, article_texts.text
        FROM articles JOIN urls ON urls.id = articles.url_id
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
