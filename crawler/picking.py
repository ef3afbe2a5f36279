"""Which pages of an archive are asked for: by what costs little first, and exactly once read."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b
from html import unescape
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from crawler import pages, warc
from crawler.captures import Capture
from crawler.errors import ConfigError
from crawler.items import Page, Source
from crawler.readings import Reading
from enrich import charset, language, neighbours
from enrich.detectors import canonical
from enrich.extract import bcp47
from enrich.hosts import site
from enrich.vocabulary import lexicon

SCAN = 256 * 1024  # of a page, in which its title is looked for; some have as much style before it
TITLE = re.compile(r"<title\b[^>]*>([^<]{1,1000})", re.IGNORECASE)
META = re.compile(
    r"""<meta\b[^>]{0,300}?\b(?:property|name)\s*=\s*["']?(?:og:)?(title|description)["'\s][^>]*>""",
    re.IGNORECASE,
)
CONTENT = re.compile(r"""\bcontent\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
LANG = re.compile(
    r"""<html\b[^>]*?\s(?:xml:)?lang\s*=\s*["']?\s*([A-Za-z-]{2,20})""", re.IGNORECASE
)
# How sure it must be that a title and a description are in no language that is asked for. Of 1,177
# real articles each asked for by its language, 4 are lost by it, and 99 % of the others are
# left out, in 1 ms instead of 50; with the title alone it is 7 and 97 %, by what pages claim
# alone 20 and 92 %. (tests/backfills.py)
SURE = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What pages must be; all conditions hold, and one that names nothing always does.

    A language is that of the article; `zh` means `zh-Hant` too. A host is as in `tamis forget`:
    with all below it.
    """

    languages: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    hosts: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.languages or self.themes or self.hosts)

    def as_json(self) -> dict[str, Any]:
        """To say and compare; of many hosts only how many there are, and what tells them apart."""
        hosts = sorted(self.hosts)
        digest = blake2b("\n".join(hosts).encode(), digest_size=6).hexdigest()
        return {
            "languages": sorted(self.languages), "themes": sorted(self.themes),
            "hosts": f"{len(hosts)}, {digest}" if hosts else "",
        }  # fmt: skip


Question = tuple[Capture, Source, Asked]
Answer = tuple[Page, Reading] | str


def asked(languages: Iterable[str], themes: Iterable[str], hosts: str = "") -> Asked:
    """`hosts` is a text with a host a line. Raises ConfigError on what cannot be meant."""
    known = lexicon()
    if unknown := sorted(set(themes) - known.keys()):
        raise ConfigError(f"{unknown[0]!r} is no theme: it is one of {', '.join(known)}")
    for code in languages:
        if bcp47(code) != code:
            raise ConfigError(f"{code!r} is no language: write a code such as fr or zh-Hant")
    return Asked(
        languages=tuple(languages), themes=tuple(themes),
        hosts=frozenset(map(_host, filter(None, map(str.strip, hosts.splitlines())))),
    )  # fmt: skip


def on_host(url: str, asked: Asked) -> bool:
    """Whether its host is asked for, or one above it."""
    if not asked.hosts:
        return True
    labels = site(urlsplit(url).hostname or "").split(".")
    return any(".".join(labels[start:]) in asked.hosts for start in range(len(labels)))


def take(question: Question) -> Answer:
    """The page, its body packed, and its reading; or why it is not what is asked for.

    Runs in a process of its own.
    """
    capture, source, asked = question
    if asked.languages and not may_be_in(
        capture.page.body, capture.page.content_type, asked.languages
    ):
        return "another language, by its title"
    page = warc.unread(capture, source)
    reading = pages.read(page)
    if why := asked and _unfit(reading, asked):
        return why
    return replace(capture.page, body=page.body), reading


def _unfit(reading: Reading, asked: Asked) -> str:
    found = reading.annotation
    if found is None:
        return reading.outcome
    tag = found.language.tag
    if asked.languages and not any(f"{tag}-".startswith(f"{one}-") for one in asked.languages):
        return "another language"
    if asked.themes and not any(each.theme in asked.themes for each in found.themes.themes):
        return "another theme"
    return ""


def may_be_in(body: bytes, content_type: str | None, languages: tuple[str, ...]) -> bool:
    """Whether the article may be in one of these, by its title and description."""
    text, _ = charset.decode(body[:SCAN], content_type)
    claim = LANG.search(text)
    declared = bcp47(claim[1]) if claim else None
    wanted = {code.partition("-")[0] for code in languages}
    if declared and canonical(declared) in wanted:
        return True
    found = language.identify(_said(text, "title"), _said(text, "description"), declared)
    near = {found.code, *neighbours.family_of(found.code)}
    return found.confidence < SURE or not wanted.isdisjoint(near)


def _said(text: str, name: str) -> str:
    """The longest that the head of a page gives as this."""
    found = [title[1] for title in islice(TITLE.finditer(text), 1) if name == "title"]
    found += [
        content[1] or content[2] or ""
        for meta in META.finditer(text)
        if meta[1].lower() == name and (content := CONTENT.search(meta[0]))
    ]
    return unescape(max(found, key=len, default="")).strip()


def _host(line: str) -> str:
    name = site(urlsplit(line if "//" in line else f"//{line}").hostname or "")
    if "." not in name:
        raise ConfigError(f"{line!r} is no host: write one a line, as in example.org")
    return name
