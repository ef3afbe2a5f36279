"""The small published tables: sources and all that has a name. Written anew by every publish."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from sqlite_utils import Database

from crawler import runs, standing, store
from crawler.coverage import count_coverage
from crawler.items import Source
from crawler.rows import Row, insert, valued
from crawler.search import count_facets
from crawler.showing import rights
from enrich.language import UNDETERMINED
from enrich.organisations import gazetteer
from enrich.places import country_name, known_regions, language_name, region_name
from enrich.vocabulary import lexicon

LABELS = ("fr", "nl", "en", "de", "es", "pt", "ar")
INTERFACE = ("fr", "nl", "en")
REGIONS_IN = ("fr", "nl", "de", "en")  # the languages of Belgium, and English
SPOKEN = "SELECT language FROM article_languages UNION SELECT language FROM language_votes"


def fill(source: Database, db: Database, records: Mapping[str, Source]) -> None:
    """Write what is known of `records`, and the names of all that the other tables have."""
    health = store.health(source)
    counts = dict(db.execute("SELECT source, count(*) FROM articles GROUP BY source").fetchall())
    # Every source's languages, so that a feed stays valid through a quiet month.
    languages = {code for record in records.values() for code in record.languages}
    languages |= {UNDETERMINED, *_codes(db, SPOKEN)}
    countries = {record.country for record in records.values()}
    countries |= _codes(db, "SELECT DISTINCT country FROM article_countries")
    _replace(
        db,
        "sources",
        (
            {**_source(record, counts.get(record.id, 0)), **health[record.id]}
            for record in records.values()
        ),
    )
    _replace(db, "themes", _themes())
    _replace(db, "regions", (_named(at, region_name, REGIONS_IN) for at in known_regions()))
    _replace(db, "organisations", _organisations(records))
    _replace(db, "languages", (_named(code, language_name) for code in sorted(languages)))
    _replace(db, "countries", (_named(code, country_name) for code in sorted(countries)))
    _replace(db, "runs", runs.published(source))
    _replace(db, "source_health", standing.published_sources(source))
    _replace(db, "channel_health", standing.channels(source))
    _replace(db, "alarms", standing.published_alarms(source))
    count_facets(db.conn)
    count_coverage(db.conn, _visited(source))


def _visited(source: Database) -> list[tuple[str, str, int, int]]:
    """Of each source and day: visits to its channels, and how many failed."""
    found: list[tuple[str, str, int, int]] = source.execute(
        "SELECT source, day, sum(answered + unchanged + visits.failed), sum(visits.failed)"
        " FROM visits JOIN channels ON channels.id = channel GROUP BY 1, 2"
    ).fetchall()
    return found


def _codes(db: Database, sql: str) -> set[str]:
    return {code for (code,) in db.execute(sql)}


def _replace(db: Database, table: str, rows: Iterable[Row]) -> None:
    db.conn.execute(f"DELETE FROM {table}")
    insert(db, {table: valued(rows)})


def _source(record: Source, articles: int) -> Row:
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


def _themes() -> Iterator[Row]:
    for slug, theme in sorted(lexicon().items()):
        labels = {f"label_{code}": theme.labels[code] for code in LABELS}
        codes = {"reliefweb": _json(theme.reliefweb), "iptc": _json(theme.iptc)}
        yield {"slug": slug, "theme_group": theme.group, **labels, **codes}


def _named(code: str, name: Any, languages: Iterable[str] = INTERFACE) -> Row:
    return {"code": code, **{f"name_{locale}": name(code, locale) for locale in languages}}


def _organisations(sources: Collection[str]) -> Iterator[Row]:
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


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
