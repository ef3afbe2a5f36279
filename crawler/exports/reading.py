"""Articles of the published database as the items of a feed."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crawler.exports.items import Category, Enclosure, Item, Origin, Publisher
from crawler.exports.texts import BEGINNING, MEDIA_TYPE, line, paragraphs, tag
from crawler.published import Entry, countries, moment, rows
from crawler.urls import web_url

COUNTRIES = "urn:iso:std:iso:3166:-1"  # RFC 5141
UNKNOWN_TYPE = "application/octet-stream"  # RFC 2046, 4.5.1


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """What lists do not show of an article, and feeds do; `text` is None unless it may be shown."""

    updated: datetime | None
    summarised: bool
    text: str | None
    origin: Origin | None


def items(
    conn: sqlite3.Connection, entries: Sequence[Entry], base_url: str, language: str
) -> tuple[Item, ...]:
    """The items of some articles, in the same order; countries are named in `language`."""
    ids = json.dumps([entry.id for entry in entries])
    more, enclosed = _more(conn, ids), _enclosures(conn, ids)
    places = _places(conn, ids, language) if entries else {}
    return tuple(
        _item(entry, more[entry.id], base_url, places.get(entry.id, ()), enclosed.get(entry.id, ()))
        for entry in entries
    )


def _item(
    entry: Entry,
    more: More,
    base_url: str,
    places: Sequence[Category],
    enclosures: Sequence[Enclosure],
) -> Item:
    page = f"{base_url}article/{entry.id}"
    url = web_url(entry.url) or page
    publisher = line(entry.source.name)
    dated = moment(entry.dated) or BEGINNING
    themes = (Category(f"{base_url}news/themes", t.code, line(t.name)) for t in entry.themes)
    return Item(
        id=tag(base_url, f"article/{entry.id}"),
        url=url,
        page=page,
        title=line(entry.title) or url,
        summary=line(entry.summary) if more.summarised else "",
        html=paragraphs(more.text) if more.text else None,
        # Never empty: formats want an author, and a desk's piece is its paper's.
        authors=tuple(filter(None, map(line, entry.authors))) or (publisher,),
        publisher=Publisher(entry.source.code, publisher, web_url(entry.homepage)),
        dated=dated,
        updated=max(dated, more.updated or dated),
        language=entry.language_tag,
        categories=(*themes, *places),
        origin=more.origin,
        enclosures=tuple(enclosures),
    )


def _more(conn: sqlite3.Connection, ids: str) -> dict[int, More]:
    sql = """
        SELECT articles.id, articles.updated, rights, origin_url, origin_publisher, text
        FROM json_each(?) AS hit CROSS JOIN articles ON articles.id = hit.value
        LEFT JOIN article_texts ON article_id = articles.id AND rights = 'full'
    """
    return {
        id_: More(
            updated=moment(updated),
            summarised=rights != "metadata",
            text=text,
            origin=Origin(before, line(publisher or ""))
            if (before := web_url(url or ""))
            else None,
        )
        for id_, updated, rights, url, publisher, text in rows(conn, sql, [ids])
    }


def _places(conn: sqlite3.Connection, ids: str, language: str) -> dict[int, list[Category]]:
    sql = """
        SELECT article_id, country FROM json_each(?) AS hit
        CROSS JOIN article_countries ON article_id = hit.value ORDER BY score DESC, country
    """
    names = countries(conn, language)
    found = defaultdict(list)
    for id_, code in rows(conn, sql, [ids]):
        found[id_].append(Category(COUNTRIES, code, names.get(code, code)))
    return found


def _enclosures(conn: sqlite3.Connection, ids: str) -> dict[int, list[Enclosure]]:
    sql = """
        SELECT article_id, url, label, media_type, size FROM json_each(?) AS hit
        CROSS JOIN attachments ON article_id = hit.value ORDER BY article_id, number
    """
    found = defaultdict(list)
    for id_, url, label, media_type, size in rows(conn, sql, [ids]):
        if at := web_url(url):
            kind = media_type if MEDIA_TYPE.fullmatch(media_type or "") else UNKNOWN_TYPE
            found[id_].append(Enclosure(at, line(label), kind, size))
    return found
