"""What a page says of its own rights, for machines: robots directives, TDMRep, licence links.

Recorded as it was said; what follows from it is decided where something is shown.
"""

import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml.html import HtmlElement

AGENT = "tamis"
# Whose directives we follow. A page that names googlebot means "search engines" more often than
# not; a server that names it (X-Robots-Tag) has set one rule for it and others for the rest.
META_AGENTS = frozenset({"robots", "googlebot", AGENT})
HEADER_AGENTS = frozenset({"*", "robots", AGENT})
# Directives that restrict. Others (`nofollow`, `max-image-preview` ...) say nothing of texts.
# `nocache` is how Bing spells noarchive.
FLAGS = frozenset(
    {"noindex", "noarchive", "nocache", "nosnippet", "none", "noai", "noimageai", "noimageindex"}
)
SNIPPET, UNTIL = "max-snippet", "unavailable_after"
# What may come before a colon without being the name of a robot.
VALUED = frozenset({SNIPPET, UNTIL, "max-image-preview", "max-video-preview"})
ROBOT = re.compile(r"[a-z*][\w*./-]*")
WEEKDAY = re.compile(
    "(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
)  # `Friday, 25 Jun 2027 ...`: a comma that parts nothing
LICENCE_RELS = frozenset(
    {"license", "licence", "dc.rights", "dc.license", "dcterms.rights", "dcterms.license"}
)
LICENCE_METAS = LICENCE_RELS | {"dc.rights.license", "dcterms.rights.license", "copyright-license"}
CREATIVE_COMMONS = re.compile(r"(?:www\.)?creativecommons\.org")
# A photograph's licence is not the article's.
MEDIA_TAGS = frozenset({"figure", "figcaption", "picture", "video", "audio"})
MEDIA_TYPES = frozenset({"imageobject", "videoobject", "audioobject", "mediaobject", "photograph"})
MEDIA_KEYS = frozenset({"image", "logo", "thumbnail", "video", "audio", "associatedMedia", "photo"})
# A page has one licence, stated in up to four ways; many more are a gallery's.
MAX_LICENCES = 5
MAX_LENGTH = 2048  # of an address, as for those that are requested
MAX_NODES = 10_000  # of JSON-LD: a hundred times what the largest real ones hold


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """What a page declares. `robots` are directives in one spelling (`max-snippet:50`).

    `tdm_reservation` is 0, 1 or None (nothing said); `licences` are absolute web addresses.
    """

    robots: tuple[str, ...] = ()
    tdm_reservation: int | None = None
    tdm_policy: str | None = None
    licences: tuple[str, ...] = ()


SILENT = Signals()  # of a page that declares nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What robots directives leave: `snippet` characters (None: no limit), a copy or not."""

    snippet: int | None = None
    archive: bool = True
    until: datetime | None = None


def declared(tree: HtmlElement, url: str) -> Signals:
    """What the page at `url` declares. Never raises for what it may hold, and changes nothing."""
    robots: list[str] = []
    reservations: list[int] = []
    policies: list[str] = []
    links: list[str] = []
    for meta in tree.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").strip().lower()
        content = (meta.get("content") or "").strip()
        if name in META_AGENTS:
            robots += directives(content)
        elif name == "tdm-reservation":
            reservations += [value] if (value := reserved(content)) is not None else []
        elif name == "tdm-policy":
            policies += _addresses(url, [content])
        elif name in LICENCE_METAS and re.match("https?://", content, re.IGNORECASE):
            links.append(content)
    links += _linked(tree)
    links += _json_ld(tree)
    return Signals(
        robots=strictest(robots),
        tdm_reservation=max(reservations, default=None),
        tdm_policy=next(iter(policies), None),
        licences=tuple(dict.fromkeys(_addresses(url, links)))[:MAX_LICENCES],
    )


def reserved(value: str) -> int | None:
    """A `tdm-reservation`: 0 or 1; several, as a header may hold, count as the strictest of them.

    Any other value is an error, by TDMRep as good as nothing said.
    """
    stated = {part.strip() for part in re.split(r"[,\n]", value)}
    return 1 if "1" in stated else 0 if "0" in stated else None


def directives(content: str) -> tuple[str, ...]:
    """The directives of a robots meta that restrict anything, each in one spelling.

    >>> directives("index, NoArchive, max-image-preview:none, max-snippet: 50")
    ('noarchive', 'max-snippet:50')
    """
    return tuple(found for _, found in _stated(content))


def of_header(value: str) -> tuple[str, ...]:
    """The directives of `X-Robots-Tag` that are meant for us: for all robots, or for ours.

    Several such headers are lines of `value`: a robot's name holds until another, or the end of
    its line (`googlebot: nosnippet, noarchive` is for googlebot alone).
    """
    return strictest(
        found
        for line in value.splitlines()
        for agent, found in _stated(line, named=True)
        if agent in HEADER_AGENTS
    )


def strictest(*lists: Iterable[str]) -> tuple[str, ...]:
    """All directives that were stated, once; of two limits or two dates the narrower."""
    found = list(dict.fromkeys(one for stated in lists for one in stated))
    for name, narrowness in ((SNIPPET, _characters), (UNTIL, _end)):
        valued = [one for one in found if one.startswith(f"{name}:")]
        kept = min(valued, key=narrowness, default=None)
        found = [one for one in found if one not in valued or one == kept]
    return tuple(found)


def limits(robots: Iterable[str]) -> Limits:
    """What directives, as `directives` spells them, leave."""
    robots = tuple(robots)
    # `none` is noindex and nofollow by the book; who writes it wants to be left alone.
    if {"nosnippet", "none"} & set(robots):
        snippet: int | None = 0
    else:
        snippet = min((_characters(one) for one in robots if one.startswith(SNIPPET)), default=None)
    ends = [_end(one) for one in robots if one.startswith(f"{UNTIL}:")]
    return Limits(
        snippet=snippet,
        archive=not {"noarchive", "nocache"} & set(robots),
        until=min((end for end in ends if end < NEVER), default=None),
    )


def _stated(text: str, *, named: bool = False) -> Iterator[tuple[str, str]]:
    """(robot, directive) pairs; with `named`, `name:` before a directive changes the robot."""
    agent = "*"
    parts = re.split("[,;]", re.sub(r"\s*:\s*", ":", text.lower()))
    for place, part in enumerate(parts):
        # Some part directives with blanks, but a date has blanks of its own.
        for stated in [part.strip()] if UNTIL in part else part.split():
            name, colon, value = stated.partition(":")
            if named and colon and name not in VALUED and ROBOT.fullmatch(name):
                agent = name.partition("/")[0]
                name, colon, value = value.partition(":")
            if name == UNTIL and colon:
                if WEEKDAY.fullmatch(value):
                    value = ",".join(parts[place + 1 : place + 2]).strip()
                yield agent, f"{UNTIL}:{_iso(value) or value[:40]}"
            elif name == SNIPPET and value.isascii() and value.isdigit():
                yield agent, f"{SNIPPET}:{int(value[:9])}"
            elif name in FLAGS and not colon:
                yield agent, name


def _iso(value: str) -> str | None:
    """A moment in RFC 822, RFC 850 or ISO 8601 as UTC; one without a zone is taken for UTC."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        # The first wants a T, the second a time.
        for spelled in (value.upper(), f"{value} 00:00:00"):
            try:
                when = read(spelled)
                when = when if when.tzinfo else when.replace(tzinfo=UTC)
                return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            except (ValueError, OverflowError, TypeError, IndexError):
                continue
    return None


NEVER = datetime.max.replace(tzinfo=UTC)


def _characters(directive: str) -> int:
    return int(directive.rpartition(":")[2])


def _end(directive: str) -> datetime:
    """The moment of an `unavailable_after`; one that nobody can read never comes."""
    try:
        when = datetime.fromisoformat(directive.partition(":")[2])
    except ValueError:
        return NEVER
    return when if when.tzinfo else NEVER


def _linked(tree: HtmlElement) -> Iterator[str]:
    for link in tree.iter("link", "a"):
        if not (stated := link.get("rel")):
            continue  # most links, at no cost
        rels = stated.lower().split()
        href = (link.get("href") or "").strip()
        if not rels or not href:
            continue
        if not LICENCE_RELS & set(rels) and not CREATIVE_COMMONS.search(href.lower()):
            continue
        if not any(above.tag in MEDIA_TAGS for above in link.iterancestors()):
            yield href


def _json_ld(tree: HtmlElement) -> Iterator[str]:
    for script in tree.iter("script"):
        # Most pages state none, and need not be parsed to find that out.
        if "ld+json" not in (script.get("type") or "") or '"license"' not in (script.text or ""):
            continue
        try:
            data = json.loads(script.text, strict=False)
        except (ValueError, RecursionError):
            continue
        waiting: deque[Any] = deque([data])
        for _ in range(MAX_NODES):
            if not waiting:
                break
            node = waiting.popleft()
            if isinstance(node, list):
                waiting += node
            elif isinstance(node, dict) and not MEDIA_TYPES & _types(node):
                yield from _urls_of(node.get("license"))
                waiting += [value for key, value in node.items() if key not in MEDIA_KEYS]


def _types(node: dict[str, Any]) -> set[str]:
    kinds = node.get("@type")
    return {str(kind).lower() for kind in (kinds if isinstance(kinds, list) else [kinds])}


def _urls_of(licence: Any) -> Iterator[str]:
    for one in licence if isinstance(licence, list) else [licence]:
        stated = one.get("url") or one.get("@id") if isinstance(one, dict) else one
        if isinstance(stated, str) and re.match("https?://", stated.strip(), re.IGNORECASE):
            yield stated


def _addresses(base: str, found: Iterable[str]) -> Iterator[str]:
    """Those that lead to the web, made whole."""
    for href in found:
        try:
            absolute = urljoin(base, href.strip())
            parts = urlsplit(absolute)
        except ValueError:
            continue
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            continue
        if len(absolute) <= MAX_LENGTH:
            yield absolute
