"""A search as it is cited: what was asked, of which snapshot, how many articles fitted, when."""

import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from crawler import clock
from crawler.citing import bibtex_entry, ris_record
from crawler.exports.addresses import Address
from crawler.labels import label
from crawler.published import countries, languages, organisations, snapshot, sources, themes
from crawler.query import FACETS, Query
from crawler.search import count
from crawler.translation import day as day_of
from crawler.translation import gettext as _
from crawler.translation import month, ngettext, number, spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A whole search, newest first. `asked` is what narrows it, in words: Theme: Housing, ...

    `base_url` is where the site is found and ends in /; `day` is the day of asking, ISO 8601;
    `versions` are those of the programs which made the snapshot.
    """

    query: Query
    asked: tuple[str, ...]
    count: int
    snapshot: str
    built: str
    level: str
    base_url: str
    day: str
    versions: Mapping[str, str]

    @property
    def address(self) -> str:
        parameters = urlencode(self.query.parameters())
        return f"{self.base_url}{'?' if parameters else ''}{parameters}"

    @property
    def feed(self) -> str:
        return f"{self.base_url}{Address(query=self.query).url}"

    @property
    def words(self) -> str:
        """What was asked, in the language spoken."""
        return " · ".join(self.asked) or _("all articles")

    @property
    def title(self) -> str:
        return f"Tamis ({self.words})"


def today() -> str:
    return clock.now()[:10]


def inquire(conn: sqlite3.Connection, query: Query, *, base_url: str, day: str) -> Inquiry:
    """`query` from its first page, newest first, as asked of this snapshot, in words.

    `base_url` is used where the snapshot names no site.
    """
    whole = replace(query, order="newest", page=None)
    told = snapshot(conn)
    return Inquiry(
        query=whole,
        asked=_asked(conn, whole),
        count=count(conn, whole),
        snapshot=told.get("id") or told["built"],
        built=told["built"],
        level=told.get("level", "public"),
        base_url=told.get("base_url") or base_url,
        day=day,
        versions={name: told[name] for name in ("tamis", "enricher") if name in told},
    )


def described(inquiry: Inquiry) -> dict[str, Any]:
    """What a file says of the search that it holds."""
    return {
        "query": inquiry.query.parameters(),
        "asked": inquiry.words,
        "address": inquiry.address,
        "articles": inquiry.count,
        "snapshot": {"id": inquiry.snapshot, "built": inquiry.built},
        "versions": dict(inquiry.versions),
    }


def _asked(conn: sqlite3.Connection, query: Query) -> tuple[str, ...]:
    language = spoken().language
    named = {
        "language": languages(conn, language),
        "theme": themes(conn, language),
        "country": countries(conn, language),
        "source": sources(conn),
        "organisation": organisations(conn, language),
        "month": {query.month: month(query.month)},
    }
    codes = {facet: getattr(query, facet) for facet in FACETS}
    found = [
        (_("Words"), query.words),
        *((label(facet, "facet"), named[facet].get(code, code)) for facet, code in codes.items()),
        (_("From"), day_of(query.after)),
        (_("To"), day_of(query.before)),
    ]
    return (
        *(
            _("%(name)s: %(value)s") % {"name": name, "value": value}
            for name, value in found
            if value
        ),
        *([_("with reprints")] if query.reprints else []),
        *([_("one article a story")] if query.stories else []),
    )


# --- Citing it -----------------------------------------------------------------------------------


def in_words(inquiry: Inquiry) -> str:
    """One paragraph, in the language spoken."""
    return _(
        "Tamis. Search (%(words)s): %(articles)s. Snapshot %(snapshot)s of %(built)s. "
        "Consulted on %(day)s. %(address)s"
    ) % {
        "words": inquiry.words,
        "articles": how_many(inquiry),
        "snapshot": inquiry.snapshot,
        "built": day_of(inquiry.built),
        "day": day_of(inquiry.day),
        "address": inquiry.address,
    }


def freezing(inquiry: Inquiry) -> str:
    """The command that writes down what it finds; an encoded query has no quote in it."""
    return f"tamis freeze '{urlencode(inquiry.query.parameters())}' --out corpus.jsonl"


def how_many(inquiry: Inquiry) -> str:
    n = inquiry.count
    return ngettext("%(number)s article", "%(number)s articles", n) % {"number": number(n)}


def bibtex(inquiry: Inquiry) -> str:
    return bibtex_entry(
        f"tamis-{inquiry.snapshot}",
        {
            "author": ("Tamis",),
            "title": inquiry.title,
            "year": inquiry.built[:4],
            "url": inquiry.address,
            "urldate": inquiry.day,
            "version": inquiry.snapshot,
            "note": how_many(inquiry),
        },
    )


def ris(inquiry: Inquiry) -> str:
    """The search itself as one record (a data set), for Zotero and its like."""
    return ris_record(
        [
            ("TY", "DATA"),
            ("TI", inquiry.title),
            ("AU", "Tamis"),
            ("PY", inquiry.built[:4]),
            ("DA", f"{inquiry.built[:10].replace('-', '/')}/"),
            ("Y2", f"{inquiry.day.replace('-', '/')}/"),
            ("ET", inquiry.snapshot),
            ("UR", inquiry.address),
            ("N1", how_many(inquiry)),
        ]
    )


def csl(inquiry: Inquiry) -> str:
    """CSL-JSON, which citeproc, pandoc and Zotero read."""
    issued, accessed = (
        {"date-parts": [[int(part) for part in text[:10].split("-")]]}
        for text in (inquiry.built, inquiry.day)
    )
    item = {
        "id": f"tamis-{inquiry.snapshot}",
        "type": "dataset",
        "title": inquiry.title,
        "author": [{"literal": "Tamis"}],
        "issued": issued,
        "accessed": accessed,
        "version": inquiry.snapshot,
        "URL": inquiry.address,
        "note": how_many(inquiry),
    }
    return json.dumps([item], ensure_ascii=False, indent=2)


# What a citation can be taken as: its media type.
FORMATS: dict[str, tuple[str, Callable[[Inquiry], str]]] = {
    "bib": ("application/x-bibtex", bibtex),
    "json": ("application/vnd.citationstyles.csl+json", csl),
    "ris": ("application/x-research-info-systems", ris),
}
