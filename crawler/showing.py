"""What may be shown of a text: by its licence, and by what pages and hosts ask for."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import urlsplit

from sqlite_utils import Database

from crawler import clock, tdmrep
from crawler.items import Source
from crawler.urls import host
from enrich.hosts import site
from enrich.rights import SILENT, Signals, limits, of_header, strictest

# What may be shown of a text that is not freely licensed: "very short extracts" are outside the
# press publishers' right (Directive 2019/790, art. 15), and a search engine's snippet is as long.
EXTRACT_CHARACTERS = 220
# Licences that let anybody republish a text cut down to its body. NonCommercial ones need to know
# who publishes, and NoDerivatives ones forbid even our leaving out the furniture around it.
OPEN_LICENCES = frozenset({"CC0", "CC-BY", "CC-BY-SA", "public-domain"})

Rules = tuple[tdmrep.Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What may be shown of a text, and what was said of that.

    `level` is `full`, `extract` (of at most `characters`) or `metadata`: title and link alone.
    `tdm` is whether mining is reserved and who says so (`reserved (header)`, `allowed (record)`),
    `robots` the directives that hold, `why` what keeps the level below `full`.
    """

    level: str
    characters: int = EXTRACT_CHARACTERS
    tdm: str | None = None
    robots: tuple[str, ...] = ()
    why: tuple[str, ...] = ()


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
    why = (
        *_against(source, url),
        *([f"mining is reserved ({tdm.origin})"] if tdm.value == 1 else ()),
        # `noindex` alone changes nothing: it is about search results, and WordPress sends it with
        # every answer of its REST API. `noai` speaks of training, and is recorded only.
        *([] if left.archive else ["noarchive"]),
        *([] if left.snippet is None else [f"a snippet of {left.snippet} characters at most"]),
        *(["its time (unavailable_after) is over"] if over else ()),
    )
    if over or left.snippet == 0:
        level, characters = "metadata", 0
    else:
        level = "extract" if why else "full"
        characters = min(EXTRACT_CHARACTERS, left.snippet or EXTRACT_CHARACTERS)
    return Rights(
        level=level, characters=characters, tdm=_reserved(source, tdm), robots=robots, why=why
    )


def _against(source: Source, url: str) -> Iterator[str]:
    """What the record of a source has against showing a whole text."""
    if source.licence is None:
        yield "the record names no licence"
    elif source.licence.id not in OPEN_LICENCES:
        yield f"the licence {source.licence.id} does not let anybody republish it"
    if _site(url) not in _own(source.homepage, tuple(feed.url for feed in source.feeds)):
        yield "the page is not on the source's own site"
    if source.tdm == "reserved":
        yield "the record says that mining is reserved"


def capped(shown: Rights, most: str) -> Rights:
    """No more than `most`, a name of crawler.config.RIGHTS."""
    why = (*shown.why, f"no more than {most} is published (--rights)")
    if most == "title":
        return replace(shown, level="metadata", characters=0, why=why)
    if most == "extract" and shown.level == "full":
        return replace(shown, level="extract", why=why)
    return shown


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
    return _site_of(urlsplit(url).hostname or "")


@lru_cache(maxsize=1_000)
def _own(homepage: str, feeds: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_site, (homepage, *feeds)))


_site_of = lru_cache(maxsize=10_000)(site)


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


def reservations(source: Database) -> dict[str, Rules]:
    """The rules of every host that has a tdmrep.json, read once however many its articles."""
    rows = source.execute("SELECT host, tdmrep FROM hosts WHERE tdmrep IS NOT NULL")
    return {name: tdmrep.parse(text).rules for name, text in rows.fetchall()}


def rules(known: Mapping[str, Rules], url: str, asked: str) -> Rules:
    """Those of the host that answered, or of the one that was asked for the same site."""
    answered = known.get(host(url))
    if answered is None and _site(url) == _site(f"//{asked}"):
        answered = known.get(asked)
    return answered or ()


def signals_of(stored: str) -> Signals:
    told = json.loads(stored)
    return Signals(
        robots=tuple(told.get("robots", ())),
        tdm_reservation=told.get("tdm_reservation"),
        tdm_policy=told.get("tdm_policy"),
        licences=tuple(told.get("licences", ())),
    )
