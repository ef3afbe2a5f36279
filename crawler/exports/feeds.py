"""Which feeds there are, and what each says.

The bytes are the same for the site's route and for the files of `export`. They depend on the
articles alone (no clock, no day of publishing), so an unchanged snapshot gives unchanged feeds.

Written with lxml rather than feedgen: that offers no per-entry title and link in `<source>`, no
dc:language on an item, and stamps the feed with the time of day.
"""

import difflib
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from crawler.exports.addresses import OF_A_PAGE, Address, NoSuchFeed
from crawler.exports.formats import FORMATS
from crawler.exports.items import Feed
from crawler.exports.periods import (
    Period,
    entries_in,
    following,
    newest,
    page_of,
    previous,
)
from crawler.exports.reading import items
from crawler.exports.texts import line
from crawler.published import (
    PRIVATE,
    countries,
    languages,
    organisations,
    rows,
    snapshot,
    sources,
    themes,
)
from crawler.query import Query, parse
from crawler.search import feed_entries

# Until the operator says where the site is (the `base_url` of the snapshot table).
BASE_URL = "http://127.0.0.1:8001/"
SIZE = 50  # entries: some days of a busy language, and 60 to 100 KB
LICENCE = {
    "en": "Titles, extracts and links; each article belongs to its publisher.",
    "fr": "Titres, extraits et liens ; chaque article appartient à son éditeur.",
    "nl": "Titels, uittreksels en links; elk artikel is van zijn uitgever.",
}
# Said of a snapshot with texts that are not to be shown (its `level` in the table snapshot).
WARNING = {
    "en": "Private copy: full texts, not for publication.",
    "fr": "Copie privée\u00a0: textes complets, à ne pas publier.",
    "nl": "Privékopie: volledige teksten, niet voor publicatie.",
}
# How a title is put together, and how what was searched for is quoted.
TITLES = {
    "en": ("Tamis: {}", "“{}”"),
    "fr": ("Tamis\u00a0: {}", "«\u00a0{}\u00a0»"),
    "nl": ("Tamis: {}", "‘{}’"),
}
# For those who look at a feed in a browser; served, and exported, beside the feeds.
STYLESHEET = Path(__file__).with_name("feed.css")
# Characters of codes that an error lists; of more it names the closest. Errors are cut at 300.
MOST_LISTED = 180


def feed(conn: sqlite3.Connection, address: Address) -> bytes:
    """The bytes of one feed, or of a page of its archive. Raises NoSuchFeed."""
    return written(read(conn, address))


def written(told: Feed) -> bytes:
    return FORMATS[told.address.format].write(told)


def read(conn: sqlite3.Connection, address: Address) -> Feed:
    """What a feed says. Raises NoSuchFeed if what it is about is not known.

    A language or theme without articles has a valid, empty feed, so that a subscription outlives a
    quiet month. A page of the archive that is divided by now, or no longer, is answered by the one
    where its newest articles are: the `address` of what is returned tells.
    """
    address = settled(conn, address)
    query = address.query
    language = query.language or None
    spoken = language or "en"
    names = Names(conn, spoken)
    page = Period.parse(address.period)
    if page:
        found = entries_in(conn, query, page, spoken)
        newer, older = following(conn, query, page), previous(conn, query, page)
    else:
        found = feed_entries(conn, query, SIZE, spoken)
        newer, older = None, newest(conn, query)
    base_url = site_url(conn)
    title = names.title(query)
    note = WARNING if snapshot(conn).get("level") == PRIVATE else LICENCE
    return Feed(
        title=title,
        description=f"{title}. {note[names.interface]}",
        interface=names.interface,
        language=language,
        address=address,
        page=page_url(base_url, query),
        base_url=base_url,
        items=items(conn, found, base_url, spoken),
        newer=newer.name if newer else None,
        older=older.name if older else None,
    )


def settled(conn: sqlite3.Connection, address: Address) -> Address:
    """Where this feed is: itself, or the page where what it once held is now.

    Raises NoSuchFeed with what there is instead.
    """
    if address.format not in FORMATS:
        raise NoSuchFeed(f"There are no feeds as .{address.format}, but as {', '.join(FORMATS)}.")
    for field, code in address.query.parameters().items():
        if field in KNOWN and code not in (known := KNOWN[field](conn, "en")):
            raise NoSuchFeed(_unknown(field, code, known))
    if not address.period:
        return address
    period = Period.parse(address.period)
    page = page_of(conn, address.query, period) if period else None
    if page is None:
        current = replace(address, period="").url
        raise NoSuchFeed(
            f"No articles of {address.period} are in this feed; it begins at /{current}"
        )
    return replace(address, period=page.name)


def site_url(conn: sqlite3.Connection) -> str:
    """Where the site is, with a slash at the end."""
    return f"{(snapshot(conn).get('base_url') or BASE_URL).rstrip('/')}/"


def page_url(base_url: str, query: Query) -> str:
    """The page that lists what a query asks for."""
    parameters = urlencode(query.parameters())
    return f"{base_url}?{parameters}" if parameters else base_url


def every(conn: sqlite3.Connection) -> Iterator[Address]:
    """The feeds that have articles: of all, of languages and their themes, countries, sources."""
    held: dict[str, set[str]] = {}
    for language, slugs in rows(
        conn, "SELECT DISTINCT language, themes FROM listed WHERE NOT copy"
    ):
        held.setdefault(language, set()).update(slugs.split())
    asked: list[dict[str, str]] = [{}]
    for language, slugs in sorted(held.items()):
        asked.append({"language": language})
        asked += [{"language": language, "theme": slug} for slug in sorted(slugs)]
    counted = "SELECT facet, value FROM facet_counts WHERE facet IN ('country', 'source')"
    asked += [{facet: code} for facet, code in sorted(rows(conn, counted))]
    for parameters in asked:
        yield Address(query=parse(parameters)[0])


@dataclass(frozen=True, slots=True)
class Alternate:
    """A feed as a page offers it (`<link rel="alternate">`); `path` has no slash before it."""

    media_type: str
    title: str
    path: str


def alternates(conn: sqlite3.Connection, query: Query, language: str) -> tuple[Alternate, ...]:
    """The feed of what a page lists, in every format; titled in `language`."""
    title = Names(conn, language).title(query)
    asked = {name: value for name, value in query.parameters().items() if name not in OF_A_PAGE}
    address = Address(query=parse(asked)[0])
    return tuple(
        Alternate(each.media_type, f"{title} ({each.name})", replace(address, format=name).url)
        for name, each in FORMATS.items()
    )


# --- Names ---------------------------------------------------------------------------------------


KNOWN = {
    "language": languages,
    "theme": themes,
    "country": countries,
    "source": lambda conn, _: sources(conn),
    "organisation": organisations,
}


class Names:
    """What feeds are called in one language, or in English if it is none of the site's."""

    def __init__(self, conn: sqlite3.Connection, language: str) -> None:
        self.conn = conn
        self.language = language
        self.interface = language if language in LICENCE else "en"
        self._known: dict[str, Mapping[str, str]] = {}

    def title(self, query: Query) -> str:
        asked = query.parameters()
        whole, quoted = TITLES[self.interface]
        words = asked.get("q", "")
        topics = [words if '"' in words else quoted.format(words)] if words else []
        topics += [self.of(field, asked[field]) for field in KNOWN if field in asked]
        topics += [asked["month"]] if "month" in asked else []
        days = [asked.get(end, "…") for end in ("after", "before")]
        topics += [" – ".join(days)] if days != ["…", "…"] else []
        return line(whole.format(", ".join(topics)) if topics else "Tamis")

    def of(self, field: str, code: str) -> str:
        if field not in self._known:
            self._known[field] = KNOWN[field](self.conn, self.language)
        return self._known[field].get(code, code)


def _unknown(field: str, code: str, known: Mapping[str, str]) -> str:
    some = ", ".join(sorted(known))
    if len(some) > MOST_LISTED:
        near = difflib.get_close_matches(code.casefold(), known, cutoff=0.5) or sorted(known)[:5]
        some = f"{', '.join(near)} and {len(known) - len(near)} others"
    return f"There is no {field} {code[:30]!r}. There are: {some}. /feeds.opml lists every feed."
