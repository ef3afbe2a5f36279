"""Feeds: the newest articles of a language, or of a theme in a language, as Atom and RSS.

One function makes the bytes, for the site's route and for the files of `export`, so that both are
the same. They depend on the database alone (no clock), so an unchanged snapshot gives unchanged
feeds. Only summaries go out; the full text stays behind the link.

Written with lxml rather than feedgen: that offers no per-entry title and link in `<source>`, no
dc:language on an item, and stamps the feed with the time of day.
"""

import html
import os
import sqlite3
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from lxml import etree
from lxml.builder import ElementMaker

from crawler.errors import ConfigError
from crawler.published import (
    Entry,
    connect,
    languages,
    moment,
    snapshot,
    themes,
)
from crawler.query import Query
from crawler.search import feed_entries
from crawler.urls import web_url

# Until the operator says where the site is (the `base_url` of the snapshot table).
BASE_URL = "http://127.0.0.1:8001/"
LICENCE = "Titles, extracts and links; each article belongs to its publisher."
SIZE = 50  # entries: some days of a busy language, and 60 to 100 KB
# RFC 4151 wants a day on which the authority held its name; fixed, or every id would change.
TAG_DATE = "2026"

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """What a feed says of itself. Addresses are absolute; `updated` is aware."""

    title: str
    description: str
    language: str
    url: str
    page: str
    base_url: str
    updated: datetime
    entries: tuple[Entry, ...]


Writer = Callable[[Feed], bytes]
WRITERS: dict[str, Writer] = {}
MEDIA_TYPES = {"atom": "application/atom+xml", "rss": "application/rss+xml"}


def writer(name: str) -> Callable[[Writer], Writer]:
    def register(function: Writer) -> Writer:
        WRITERS[name] = function
        return function

    return register


def address(
    base_url: str, language: str, theme: str | None, format_: str, *, reprints: bool = False
) -> str:
    """Where a feed is served; its path below base_url/feeds/ is also its file's path."""
    path = quote(language, safe="") + (f"/{quote(theme, safe='')}" if theme else "")
    return f"{base_url}feeds/{path}.{format_}{'?reprints=1' if reprints else ''}"


def feed(
    conn: sqlite3.Connection,
    *,
    language: str,
    theme: str | None = None,
    format: str,  # noqa: A002  the word that route, option and registry use
    base_url: str | None = None,
    reprints: bool = False,
) -> bytes | None:
    """One feed; None if there is no such language, theme or format.

    A language or theme without articles has a valid, empty feed, so that a subscription outlives a
    quiet month. `base_url` is by default the snapshot's, else BASE_URL. Each story is there once,
    unless `reprints` are asked for.
    """
    names = languages(conn, language)
    labels = themes(conn, language)
    if language not in names or format not in WRITERS or (theme and theme not in labels):
        return None
    told = snapshot(conn)
    base = _base(base_url or told.get("base_url") or BASE_URL)
    query = Query(language=language, theme=theme or "", reprints=reprints)
    entries = feed_entries(conn, query, SIZE, language)
    topic = f"{names[language]}, {labels[theme]}" if theme else names[language]
    newest = moment(entries[0].dated) if entries else None
    return WRITERS[format](
        Feed(
            title=f"Tamis: {topic}",
            description=f"Tamis: {topic}. {LICENCE}",
            language=language,
            url=address(base, language, theme, format, reprints=reprints),
            page=f"{base}?{urlencode(query.parameters())}",
            base_url=base,
            updated=newest or moment(told.get("built")) or EPOCH,
            entries=entries,
        )
    )


def export_feeds(
    db: Path,
    out: Path,
    languages: Sequence[str] = (),
    formats: Sequence[str] = (),
    base_url: str | None = None,
    *,
    reprints: bool = False,
) -> list[Path]:
    """Write `out`/LANGUAGE.FORMAT and LANGUAGE/THEME.FORMAT, each replaced in one step.

    None named means every format and every language that has articles; a theme's feed is
    written if it has articles in that language. Raises ConfigError on a language or format that
    does not exist.
    """
    written = []
    with closing(connect(db)) as conn:
        held = _held(conn)
        for language in languages or sorted(held):
            for format_ in formats or sorted(WRITERS):
                for theme in (None, *held.get(language, ())):
                    body = feed(
                        conn, language=language, theme=theme, format=format_, base_url=base_url,
                        reprints=reprints,
                    )  # fmt: skip
                    if body is None:
                        raise ConfigError(_unknown(db, language, format_))
                    path = out / (f"{language}/{theme}" if theme else language)
                    path = path.with_name(f"{path.name}.{format_}")
                    _replace(path, body)
                    written.append(path)
    return written


def _held(conn: sqlite3.Connection) -> dict[str, list[str]]:
    """The languages that have articles, and the themes each has articles of."""
    held: dict[str, list[str]] = {}
    for language, theme in conn.execute(
        """
        SELECT DISTINCT articles.language, tag.theme FROM articles
        LEFT JOIN article_themes AS tag ON tag.article_id = articles.id
        WHERE articles.duplicate_of IS NULL ORDER BY 1, 2
        """
    ):
        held.setdefault(language, []).extend([theme] if theme else [])
    return held


def _unknown(db: Path, language: str, format_: str) -> str:
    if format_ not in WRITERS:
        return f"no feed format {format_!r}; choose from {', '.join(sorted(WRITERS))}"
    return f"{db.name} knows no language {language!r}; see its table `languages`"


def _replace(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside the target, since a rename is atomic only within a file system.
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(body)
    os.replace(draft, path)  # noqa: PTH105  says what it does: replaces


# --- The formats ---------------------------------------------------------------------------------


@writer("atom")
def write_atom(about: Feed) -> bytes:
    """RFC 4287."""
    make: Any = ElementMaker(namespace=ATOM, nsmap={None: ATOM})
    root = make.feed(
        _language(about.language),
        make.id(_tag(about.base_url, _name(about.url))),
        make.title(_text(about.title)),
        make.subtitle(_text(about.description)),
        make.updated(_atom_time(about.updated)),
        make.link(rel="self", type=MEDIA_TYPES["atom"], href=about.url),
        make.link(rel="alternate", type="text/html", href=about.page),
        make.author(make.name("Tamis"), make.uri(about.base_url)),
        make.generator("Tamis"),
        *(_atom_entry(make, about, entry) for entry in about.entries),
    )
    return _bytes(root)


def _atom_entry(make: Any, about: Feed, entry: Entry) -> etree._Element:
    dated = _atom_time(moment(entry.dated) or about.updated)
    published = moment(entry.published)
    homepage = web_url(entry.homepage)
    node: etree._Element = make.entry(
        _language(entry.language_tag),
        make.id(_identity(about, entry)),
        make.title(_text(entry.title)),
        make.link(rel="alternate", href=_link(about, entry)),
        make.link(rel="related", type="text/html", href=_page(about, entry)),
        make.updated(dated),
        *([make.published(_atom_time(published))] if published else []),
        *(make.author(make.name(_text(name))) for name in _authors(entry)),
        *(make.category(term=theme.code, label=_text(theme.name)) for theme in entry.themes),
        *([make.summary(_text(entry.summary))] if entry.summary else []),
        make.source(
            make.id(homepage or _tag(about.base_url, f"/source/{entry.source.code}")),
            make.title(_text(entry.source.name)),
            make.updated(dated),
            *([make.link(rel="alternate", href=homepage)] if homepage else []),
        ),
    )
    return node


@writer("rss")
def write_rss(about: Feed) -> bytes:
    """RSS 2.0 with atom:link and Dublin Core, following the RSS Advisory Board's profile."""
    make: Any = ElementMaker()
    atom: Any = ElementMaker(namespace=ATOM)
    root = etree.Element("rss", {"version": "2.0"}, nsmap={"atom": ATOM, "dc": DC})
    root.append(
        make.channel(
            make.title(_text(about.title)),
            make.link(about.page),
            make.description(_text(about.description)),
            make.language(about.language),
            make.lastBuildDate(format_datetime(about.updated.astimezone(UTC))),
            make.generator("Tamis"),
            atom.link(rel="self", type=MEDIA_TYPES["rss"], href=about.url),
            *(_rss_item(make, about, entry) for entry in about.entries),
        )
    )
    return _bytes(root)


def _rss_item(make: Any, about: Feed, entry: Entry) -> etree._Element:
    core: Any = ElementMaker(namespace=DC, nsmap={"dc": DC})
    dated = moment(entry.dated) or about.updated
    homepage = web_url(entry.homepage)
    node: etree._Element = make.item(
        make.title(_text(entry.title)),
        make.link(_link(about, entry)),
        make.guid(_identity(about, entry), isPermaLink="false"),
        make.pubDate(format_datetime(dated.astimezone(UTC))),
        # Readers take a description for HTML, so our plain text is escaped once more than XML asks.
        *(
            [make.description(html.escape(_text(entry.summary), quote=False))]
            if entry.summary
            else []
        ),
        *(core.creator(_text(name)) for name in _authors(entry)),
        core.language(entry.language_tag),
        *(make.category(_text(theme.name)) for theme in entry.themes),
        *([make.source(_text(entry.source.name), url=homepage)] if homepage else []),
    )
    return node


def _bytes(root: etree._Element) -> bytes:
    etree.indent(root)
    body: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return body + b"\n"


def _base(url: str) -> str:
    return url if url.endswith("/") else f"{url}/"


def _tag(base_url: str, path: str) -> str:
    """An identifier for ever (RFC 4151): it names, and need not be found where it points."""
    return f"tag:{urlsplit(base_url).hostname},{TAG_DATE}:{path.removeprefix('/')}"


def _name(url: str) -> str:
    """What names a feed, whatever its format."""
    parts = urlsplit(url)
    path = parts.path.rpartition(".")[0]
    return f"{path}?{parts.query}" if parts.query else path


def _identity(about: Feed, entry: Entry) -> str:
    return _tag(about.base_url, f"article/{entry.id}")


def _page(about: Feed, entry: Entry) -> str:
    return f"{about.base_url}article/{entry.id}"


def _link(about: Feed, entry: Entry) -> str:
    """The original, or our page about it if its address is not one to click on."""
    return web_url(entry.url) or _page(about, entry)


def _authors(entry: Entry) -> tuple[str, ...]:
    """Never empty: both formats want an author, and a desk's piece is its paper's."""
    return tuple(name for name in entry.authors if name.strip()) or (entry.source.name,)


def _language(code: str) -> Mapping[str, str]:
    return {"{http://www.w3.org/XML/1998/namespace}lang": code}


def _text(text: str) -> str:
    """Without what XML 1.0 cannot hold: controls, lone surrogates, U+FFFE and U+FFFF."""
    return "".join(
        c
        for c in text
        if c in "\t\n\r"
        or (unicodedata.category(c) not in {"Cc", "Cs"} and c not in "\ufffe\uffff")
    )


def _atom_time(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
