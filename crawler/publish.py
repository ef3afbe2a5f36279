"""The private database into the published one: only what may be shown, checked, swapped in whole.

The new database is built beside the old one and takes its place in one rename, so a reader sees
yesterday's or today's, never half of either, and never meets a lock.
"""

import json
import os
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.metadata import version as installed
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from sqlite_utils import Database

from crawler import __version__, clock, database, index, registry, schema, store, stories, tdmrep
from crawler.coverage import count_coverage
from crawler.errors import ConfigError, PublishError
from crawler.items import Source
from crawler.limits import in_force
from crawler.progress import Progress
from crawler.published import connect, snapshot
from crawler.search import count_facets
from crawler.urls import host, web_url
from enrich import annotate
from enrich.detectors import canonical
from enrich.hosts import site
from enrich.keywords import keywords
from enrich.language import UNDETERMINED
from enrich.organisations import gazetteer
from enrich.places import country_name, known_regions, language_name, main_country, region_name
from enrich.rights import SILENT, Signals, limits, of_header, strictest
from enrich.vocabulary import lexicon

# What may be shown of a text that is not freely licensed: "very short extracts" are outside the
# press publishers' right (Directive 2019/790, art. 15), and a search engine's snippet is as long.
EXTRACT_CHARACTERS = 220
# Licences that let anybody republish a text cut down to its body. NonCommercial ones need to know
# who publishes, and NoDerivatives ones forbid even our leaving out the furniture around it.
OPEN_LICENCES = frozenset({"CC0", "CC-BY", "CC-BY-SA", "public-domain"})
LABELS = ("fr", "nl", "en", "de", "es", "pt", "ar")
INTERFACE = ("fr", "nl", "en")
REGIONS_IN = ("fr", "nl", "de", "en")  # the languages of Belgium, and English
# A take-down removes one article, a mistaken --db all of them. Half is far from both.
MOST_LOST = 0.5
FILL = "m002_indexes"  # the step of schema.published that comes after the rows


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
        try:
            counts = _build(private, new, address, full_text=full_text, progress=progress)
        except sqlite3.Error as error:
            raise PublishError(
                f"{out} is not built from {private}, and is what it was: {error};"
                f" {database.advice(error)}"
            ) from error
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
                count_coverage(db.conn, _visited(source))
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What may be shown of a text, and what was said of that.

    `level` is `full`, `extract` (of at most `characters`) or `metadata`: title and link alone.
    `tdm` is whether mining is reserved and who says so (`reserved (header)`, `allowed (record)`),
    `robots` the directives that hold.
    """

    level: str
    characters: int = EXTRACT_CHARACTERS
    tdm: str | None = None
    robots: tuple[str, ...] = ()


def rights(
    source: Source,
    url: str,
    headers: Mapping[str, str] = MappingProxyType({}),
    *,
    signals: Signals = SILENT,
    rules: Iterable[tdmrep.Rule] = (),
    now: str | None = None,
) -> Rights:
    """What may be shown of the text at `url` that `source` named.

    A licence covers the source's own pages, not those of others that it links to. Whatever else
    is said can only lower the level: the page's `headers` (lower-case names), its `signals`, the
    `rules` of its host's tdmrep.json. The page's own licence links do not raise it, since one in
    a footer may be the design's.
    """
    robots = strictest(of_header(headers.get("x-robots-tag", "")), signals.robots)
    tdm = tdmrep.combined(tdmrep.reservation(rules, url), headers, signals)
    left = limits(robots)
    over = left.until is not None and left.until <= datetime.fromisoformat(now or clock.now())
    free = source.licence is not None and source.licence.id in OPEN_LICENCES
    own = {_site(address) for address in (source.homepage, *(feed.url for feed in source.feeds))}
    # `noindex` alone changes nothing: it is about search results, and WordPress sends it with
    # every answer of its REST API. `noai` speaks of training, and is recorded only.
    open_to_all = (
        free
        and _site(url) in own
        and source.tdm != "reserved"
        and tdm.value != 1
        and left.archive
        and left.snippet is None
    )
    if over or left.snippet == 0:
        level, characters = "metadata", 0
    else:
        level = "full" if open_to_all else "extract"
        characters = min(EXTRACT_CHARACTERS, left.snippet or EXTRACT_CHARACTERS)
    return Rights(level=level, characters=characters, tdm=_reserved(source, tdm), robots=robots)


def _reserved(source: Source, said: tdmrep.Reservation) -> str | None:
    """Who decides about mining: a machine-readable reservation, then what we read in the terms."""
    if said.value == 1:
        return f"reserved ({said.origin})"
    if source.tdm == "reserved":
        return "reserved (record)"
    if said.value == 0:
        return f"allowed ({said.origin})"
    return "allowed (record)" if source.tdm == "allowed" else None


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
    kept = (words if len(words) > limit // 2 else cut).rstrip(" ,;:–-")
    return f"{kept}…" if kept else ""


def _fill(source: Database, db: Database, *, full_text: bool, progress: Progress | None) -> int:
    records = {
        row["id"]: registry.from_json(json.loads(row["record"]))
        for row in source.query("SELECT id, record FROM sources ORDER BY id")
    }
    counts = dict(
        source.execute("SELECT source, count(*) FROM articles GROUP BY source").fetchall()
    )
    health = store.health(source)
    total = sum(counts.values())
    if progress:
        progress.expect("published", total)
    with db.atomic():
        _insert(
            db,
            "sources",
            (
                {**_source(record, counts.get(record.id, 0)), **health[record.id]}
                for record in records.values()
            ),
        )
        _insert(db, "themes", _themes())
        regions = (_named(code, region_name, REGIONS_IN) for code in known_regions())
        _insert(db, "regions", regions)
        _insert(db, "organisations", _organisations(records))
        # Every source's languages, so that a feed stays valid through a quiet month.
        languages = {code for record in records.values() for code in record.languages}
        languages.add(UNDETERMINED)
        countries = {record.country for record in records.values()}
        reservations, now = _reservations(source), clock.now()
        for row in _articles(source):
            signals = _signals(row["declared"])
            shown = rights(
                records[row["source"]],
                row["url"],
                json.loads(row["headers"]),
                signals=signals,
                rules=_rules(reservations, row["url"], row["host"]),
                now=now,
            )
            if row["unseen"] and shown.level == "full":
                shown = replace(shown, level="extract")
            if full_text:
                shown = replace(shown, level="full", characters=EXTRACT_CHARACTERS)
            article = _article(row, shown, signals, records[row["source"]])
            places = _tags(row["id"], row["countries"])
            _insert(db, "articles", [article])
            if article["rights"] == "full":
                _insert(db, "article_texts", [{"article_id": row["id"], "text": row["text"]}])
            themes = (tag for tag in _tags(row["id"], row["themes"]) if tag["theme"] in lexicon())
            _insert(db, "article_themes", themes)  # without what the lexicon has dropped since
            _insert(db, "article_countries", places)
            _insert(db, "article_regions", _tags(row["id"], row["regions"]))
            _insert(db, "article_organisations", _bodies(row["id"], row["organisations"]))
            _insert(db, "attachments", _attachments(row["id"], row["attachments"], shown))
            if shown.level == "full" or shown.characters == EXTRACT_CHARACTERS:
                _insert(db, "removed_lines", _removed(source, row["id"], shown))
            shares = _shares(row)
            _insert(db, "article_languages", shares)
            votes = [
                {"article_id": row["id"], **vote} for vote in json.loads(row["language_votes"])
            ]
            _insert(db, "language_votes", votes)
            languages |= {each["language"] for each in (*shares, *votes)}
            if row["versions"]:
                _insert(db, "article_versions", _versions(source, row["id"], shown))
            countries |= {place["country"] for place in places}
            if progress:
                progress.advance("published")
        _insert(db, "languages", (_named(code, language_name) for code in sorted(languages)))
        _insert(db, "countries", (_named(code, country_name) for code in sorted(countries)))
        _insert(db, "ledger", _ledger(source))
        _relate(source, db)
        _index(source, db)
    return total


def _index(source: Database, db: Database) -> None:
    """Whole texts, also where an extract is shown: they are found, and cannot be read.

    Of those that ask that nothing be shown, the title alone.
    """
    hidden = {id_ for (id_,) in db.execute("SELECT id FROM articles WHERE rights = 'metadata'")}

    def text(article: int) -> str:
        sql = "SELECT text FROM article_texts WHERE article_id = ?"
        return "" if article in hidden else str(source.execute(sql, [article]).fetchone()[0])

    found = index.listings(db.conn)
    index.add(
        db.conn,
        ((dated, listed, title, text(listed.article_id)) for dated, title, listed in found),
    )


def _relate(source: Database, db: Database) -> None:
    """What articles are to each other: one text, one story."""
    _insert(db, "duplicates", source.query("SELECT * FROM duplicates"))
    _insert(db, "same_story", stories.links(source))


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
        "publish": rights(record, record.homepage).level,
        "articles": articles,
    }


def _themes() -> Iterator[dict[str, Any]]:
    for slug, theme in sorted(lexicon().items()):
        labels = {f"label_{code}": theme.labels[code] for code in LABELS}
        codes = {"reliefweb": _json(theme.reliefweb), "iptc": _json(theme.iptc)}
        yield {"slug": slug, "theme_group": theme.group, **labels, **codes}


def _named(code: str, name: Any, languages: Iterable[str] = INTERFACE) -> dict[str, Any]:
    return {"code": code, **{f"name_{locale}": name(code, locale) for locale in languages}}


def _organisations(sources: Collection[str]) -> Iterator[dict[str, Any]]:
    """The whole gazetteer; of an organisation's sources, the first that is collected here."""
    for record in gazetteer().values():
        yield {
            "id": record.id,
            "kind": record.kind,
            **{f"name_{locale}": record.name(locale) for locale in INTERFACE},
            "acronym": record.acronym,
            "country": record.country,
            "parent": record.parent,
            "source": next((each for each in record.source if each in sources), None),
        }


def _articles(source: Database) -> Iterator[dict[str, Any]]:
    return source.query(
        """
        SELECT articles.*, urls.key AS url_key, urls.host, urls.enricher, urls.gone,
               article_texts.text, coalesce(notices.headers, pages.headers) AS headers,
               coalesce(notices.signals, articles.signals) AS declared,
               -- What its page says of its rights is not known.
               urls.given AND notices.url_id IS NULL AS unseen,
               (SELECT count(*) FROM versions WHERE article_id = articles.id) AS versions
        FROM articles JOIN urls ON urls.id = articles.url_id
          JOIN pages ON pages.id = articles.page_id
          LEFT JOIN notices ON notices.url_id = urls.id AND urls.given
          JOIN article_texts ON article_texts.article_id = articles.id
        ORDER BY articles.id
        """
    )


def _reservations(source: Database) -> dict[str, tuple[tdmrep.Rule, ...]]:
    """The rules of every host that has a tdmrep.json, read once however many its articles."""
    rows = source.execute("SELECT host, tdmrep FROM hosts WHERE tdmrep IS NOT NULL")
    return {name: tdmrep.parse(text).rules for name, text in rows.fetchall()}


def _rules(
    known: Mapping[str, tuple[tdmrep.Rule, ...]], url: str, asked: str
) -> tuple[tdmrep.Rule, ...]:
    """Those of the host that answered, or of the one that was asked for the same site."""
    answered = known.get(host(url))
    if answered is None and _site(url) == _site(f"//{asked}"):
        answered = known.get(asked)
    return answered or ()


def _signals(stored: str) -> Signals:
    told = json.loads(stored)
    return Signals(
        robots=tuple(told.get("robots", ())),
        tdm_reservation=told.get("tdm_reservation"),
        tdm_policy=told.get("tdm_policy"),
        licences=tuple(told.get("licences", ())),
    )


def _versions(source: Database, article: int, shown: Rights) -> Iterator[dict[str, Any]]:
    """What changed, with words only where the whole text may be shown."""
    rows = source.query(
        "SELECT article_id, number, title, seen, added, removed, diff FROM versions"
        " WHERE article_id = ? ORDER BY number",
        [article],
    )
    return ({**row, "diff": row["diff"] if shown.level == "full" else None} for row in rows)


def _attachments(article: int, attachments: str, shown: Rights) -> Iterator[dict[str, Any]]:
    for number, each in enumerate(json.loads(attachments)):
        if url := web_url(each["url"]):
            yield {
                "article_id": article, "number": number, "url": url,
                "label": _extract(each["label"], shown),
                "media_type": each.get("media_type"), "size": each.get("size"),
            }  # fmt: skip


def _removed(source: Database, article: int, shown: Rights) -> Iterator[dict[str, Any]]:
    """What was taken out of a text: what the site repeats; the rest where all may be shown."""
    rows = source.query(
        "SELECT text, rule, articles FROM removed_lines WHERE article_id = ?"
        " AND (? OR rule = 'memory') ORDER BY id",
        [article, shown.level == "full"],
    )
    for number, row in enumerate(rows):
        text = extract_of(row["text"], shown.characters)
        yield {"article_id": article, "number": number, **row, "text": text}


def _shares(row: dict[str, Any]) -> list[dict[str, Any]]:
    """The languages of its paragraphs, its own among them."""
    found = json.loads(row["language_shares"]) or [{"language": row["language"], "share": 1.0}]
    if row["language"] not in {each["language"] for each in found}:
        # Paragraphs that each look like one language, and together like its neighbour.
        found[0]["language"] = row["language"]
    return [{"article_id": row["id"], **each} for each in found]


def _conflict(row: dict[str, Any]) -> bool | None:
    """Whether the page declares another language than was found; None where either is not known."""
    code = canonical(row["language_declared"] or UNDETERMINED, row["title"])
    if code is None or row["language"] == UNDETERMINED:
        return None
    return bool(code != row["language"])


def _extract(text: str, shown: Rights) -> str:
    return "" if shown.level == "metadata" else extract_of(text, shown.characters)


def _article(
    row: dict[str, Any], shown: Rights, signals: Signals, source: Source
) -> dict[str, Any]:
    country, country_from = main_country(
        ((place["country"], place["score"]) for place in json.loads(row["countries"])),
        None if source.country == registry.INTERNATIONAL else source.country,
    )
    same = (
        "id", "url", "url_key", "source", "title", "authors", "published", "published_source",
        "fetched", "language", "language_tag", "language_confidence", "language_method",
        "language_declared", "language_claims", "words", "categories", "updated", "versions",
        "gone", "content_hash", "enricher", "duplicate_of", "kind", "signed_by", "section",
        "origin_publisher", "relation", "candidates", "themes_method",
    )  # fmt: skip
    return {
        **{name: row[name] for name in same},
        "summary": _extract(row["text"], shown),
        "keywords": _json(_keywords(row, shown)),
        "image_caption": _extract(row["image_caption"] or "", shown) or None,
        "language_conflict": _conflict(row),
        "country": country,
        "country_from": country_from,
        # Checked again here: whatever is published may become a link.
        "image": web_url(row["image"] or ""),
        "origin_url": web_url(row["origin_url"] or ""),
        "rights": shown.level,
        "tdm": shown.tdm,
        "robots": ", ".join(shown.robots) or None,
        "licences": _json([at for one in signals.licences if (at := web_url(one))]),
    }


def _keywords(row: dict[str, Any], shown: Rights) -> tuple[str, ...]:
    """Of what may be shown; none of a text that shows nothing but its title."""
    if shown.level == "metadata":
        return ()
    text = row["text"] if shown.level == "full" else _extract(row["text"], shown)
    return keywords(row["title"], text, row["language"])


def _tags(article: int, tags: str) -> list[dict[str, Any]]:
    return [
        {"article_id": article, **tag, "evidence": _json(tag["evidence"])}
        for tag in json.loads(tags)
    ]


def _bodies(article: int, tags: str) -> Iterator[dict[str, Any]]:
    """The organisations of an article, without what the gazetteer has dropped since."""
    for tag in _tags(article, tags):
        if tag["organisation"] in gazetteer():
            del tag["name"]
            yield tag


def _ledger(source: Database) -> Iterator[dict[str, Any]]:
    return source.query(
        """
        SELECT urls.id, urls.url, urls.source, urls.outcome, urls.reason, urls.discovered,
               urls.decided, articles.id AS article_id
        FROM urls LEFT JOIN articles ON articles.url_id = urls.id ORDER BY urls.id
        """
    )


def _visited(source: Database) -> list[tuple[str, str, int, int]]:
    """Of each source and day: visits to its channels, and how many failed."""
    found: list[tuple[str, str, int, int]] = source.execute(
        "SELECT source, day, sum(answered + unchanged + visits.failed), sum(visits.failed)"
        " FROM visits JOIN channels ON channels.id = channel GROUP BY 1, 2"
    ).fetchall()
    return found


def _snapshot(articles: int, base_url: str | None) -> Iterator[dict[str, Any]]:
    facts = {
        "articles": str(articles),
        "built": clock.now(),
        "enricher": annotate.version(),
        "scrapy": installed("scrapy"),
        "tamis": __version__,
        **{f"limit_{name}": value for name, value in in_force().items()},
        "limit_extract_characters": str(EXTRACT_CHARACTERS),
        "limit_open_licences": ", ".join(sorted(OPEN_LICENCES)),
        **({"base_url": f"{base_url.rstrip('/')}/"} if base_url else {}),
    }
    return ({"name": name, "value": value} for name, value in facts.items())


def _checked(db: Database) -> dict[str, int]:
    """Rows by table. Raises PublishError unless file, references, counts and index are sound."""
    problems = [row[0] for row in db.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
    problems += [f"broken reference {tuple(row)}" for row in db.execute("PRAGMA foreign_key_check")]
    try:
        db.execute("INSERT INTO articles_fts(articles_fts) VALUES ('integrity-check')")
    except sqlite3.DatabaseError as error:
        problems.append(f"full-text index: {error}")
    tables = (
        "sources",
        "articles",
        "listed",
        "article_themes",
        "article_countries",
        "article_organisations",
        "ledger",
    )
    counts = {
        name: int(db.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in tables
    }
    if counts["articles"] != counts["listed"]:
        problems.append(f"{counts['articles']} articles, but {counts['listed']} in the index")
    unmatched = "SELECT count(*) FROM ledger WHERE outcome = 'stored' AND article_id IS NULL"
    if lost := db.execute(unmatched).fetchone()[0]:
        problems.append(f"{lost} URLs are said to be stored but have no article")
    if problems:
        raise PublishError(f"the new database is not published: {'; '.join(problems[:5])}")
    return counts


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
