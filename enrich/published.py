"""When an article appeared: what its page and its feed state, the surest first.

ISO 8601, as precise as it was stated and in the zone it was stated in, since the day can be another
one in UTC. A modified date is no published one, and a date counts only near the headline: not the
header's "today", a related card's or a comment's.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from babel import Locale
from babel.dates import get_month_names

from enrich.chosen import Candidate, Chosen
from enrich.claims import Claims, types
from enrich.front import Front, Spot, is_elsewhere, text_of

# Metas that state when the article appeared, surest first.
METAS = (
    "article:published_time", "og:article:published_time", "datepublished", "article:published",
    "og:published_time", "rnews:datepublished", "dc.date.issued", "dcterms.issued",
    "citation_publication_date", "citation_online_date", "pubdate", "publish-date", "publish_date",
    "publishdate", "published_date", "sailthru.date", "parsely-pub-date", "og:pubdate",
    "article.published", "shareaholic:article_published_time", "cxenseparse:recs:publishtime",
)  # fmt: skip
# Metas that as often state when the page was last touched; what stands by the headline is surer.
WEAK_METAS = (
    "date", "dc.date", "dc.date.created", "dcterms.date", "dcterms.created", "citation_date",
    "creation_date", "datecreated",
)  # fmt: skip
MODIFIED_METAS = ("article:modified_time", "og:updated_time", "datemodified", "last-modified")
PAGE_TYPES = frozenset(("webpage", "itempage", "collectionpage", "creativework", "podcastepisode"))
MODIFIED = re.compile(r"modif|updat|aktualis|maj|bijgewerkt|actualiz|oppdater", re.IGNORECASE)
MAIL_DATE = re.compile(r"[A-Za-z]{3}, \d")
URL_DAY = re.compile(
    r"/((?:19|20)\d\d)[/-](\d{1,2})[/-](\d{1,2})(?=[/\-_.]|$)|/((?:19|20)\d{6})(?!\d)"
)
# htmldate's own lower bound: there was no news on the web before.
OLDEST = date(1995, 1, 1)
# Further ahead of the visit than any time zone explains is a mistake.
MAX_AHEAD = timedelta(days=2)
# Elements between the headline and its date, in document order. Half or twice as many after it
# change one page of 815; none before it loses five.
AFTER, BEFORE = 40, 30
# A dateline is short; 60 to 80 letters are best on 815 dated pages, 120 loses two of them.
MAX_DATELINE = 70
MAX_TEXT = 160
# The languages whose month names are read beside the page's own, as CLDR writes them; where two
# disagree ("listopad") the page's own decides, then the first of these.
LANGUAGES = (
    "en", "fr", "nl", "de", "es", "pt", "it", "sw", "ar", "ar_LB", "ar_DZ", "ar_MA", "ca", "cs",
    "da", "el", "fi", "hr", "hu", "id", "nb", "pl", "ro", "ru", "sk", "sl", "sr_Latn", "sv", "tr",
    "uk", "bg", "vi", "so", "rw", "am", "fa", "ur", "hi", "he", "lt", "lv", "et", "eu", "gl",
)  # fmt: skip
DAY_MONTH = re.compile(
    r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|er|re|e|º|ª|°|\.)?[\s\-/.]{1,3}(?:de |d['’]|of |i )?"
    r"([^\W\d]{2,20})\.?,?[\s\-/.]{1,3}(?:de |del |of )?((?:19|20)\d\d)(?!\d)"
)
MONTH_DAY = re.compile(
    r"(?<!\w)([^\W\d]{2,20})\.?[\s\-]{1,3}(\d{1,2})(?:st|nd|rd|th|er|º|\.)?,?[\s\-]{1,3}"
    r"((?:19|20)\d\d)(?!\d)"
)
YEAR_FIRST = re.compile(
    r"(?<!\d)((?:19|20)\d\d)\s?(?:[-/.年]|년)\s?(\d{1,2})\s?(?:[-/.月]|월)\s?(\d{1,2})(?!\d)"
)
NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([./\-])\s?(\d{1,2})\2\s?((?:19|20)\d\d|\d\d)(?!\d)")


def published_of(
    claims: Claims,
    front: Front,
    url: str,
    *,
    title: str = "",
    feed: str | None = None,
    visited: str | None = None,
    language: str | None = None,
    search: Callable[[], str | None] | None = None,
) -> Chosen[str | None]:
    """Return when it appeared, or None. Sources: feed, json-ld, meta, time, url, page.

    `visited` is ISO 8601 and `language` BCP 47. `search`, asked last and only where nothing surer
    is found, answers an ISO day, as htmldate's `find_date` does. Never raises.
    """
    believable = _Believable(visited)
    at = _headline(front, title)
    found: list[tuple[str, str]] = []
    for source, stated in (
        ("feed", iter([feed] if feed else [])),
        ("json-ld", _json_ld(claims)),
        ("meta", _metas(claims, METAS)),
        ("time", _times(front, at, visited, language)),
        ("url", _in_url(url)),
        ("page", _lines(front, at, visited, language)),
        ("meta", _metas(claims, WEAK_METAS)),
    ):
        for text in stated:
            value = moment(text, language)
            if value and believable(value):
                found.append((value, source))
    refused: list[Candidate[str | None]] = []
    if not found and search and (value := search()) and believable(value):
        if why := _why_not(value, claims, front, at, visited=visited, language=language):
            refused.append(Candidate(value=value, source="page", why_not=why))
        else:
            found.append((value, "page"))
    if not found:
        return Chosen(value=None, source=None, why="no date", candidates=tuple(refused))
    value, source = found[0]
    local = next((other for other, _ in found[1:] if _is_local_form(other, value)), None)
    why = f"{source} is the surest source that states one"
    if local:
        value, why = local, f"{why}; in the zone that the page writes it in"
    return Chosen(
        value=value,
        source=source,
        why=why,
        candidates=tuple(
            Candidate(
                value=other,
                source=origin,
                why_not=None if other[:10] == value[:10] else "another day from a less sure source",
            )
            for other, origin in dict.fromkeys(found)
        ),
    )


def precision(value: str) -> str:
    """`day` or `time`: how precisely an ISO 8601 value was stated."""
    return "day" if len(value) <= len("2026-11-21") else "time"


def moment(text: str, language: str | None = None) -> str | None:
    """A stated date as ISO 8601 (a day where it has no time), or None.

    >>> moment("3 mars 2024", "fr"), moment("Sat, 19 Oct 2019 00:04:00 +0200")
    ('2024-03-03', '2019-10-19T00:04:00+02:00')
    """
    text = _digits(" ".join(text.split()))[:MAX_TEXT]
    with suppress(ValueError):
        when = datetime.fromisoformat(re.sub(r" (?=[+-]\d\d:?\d\d$)", "", text))
        return _iso(when, day_only=len(text) <= len("2026-11-21"))
    with suppress(ValueError, TypeError, IndexError):
        if MAIL_DATE.match(text):
            return _iso(parsedate_to_datetime(text))
    return next(days_in(text, language), None)


def days_in(text: str, language: str | None = None) -> Iterator[str]:
    """The days that a short text names, in the order of their patterns, as ISO dates."""
    months = month_numbers(language)
    text = _digits(text)
    for several, one in _long_months():
        if several in text:
            text = text.replace(several, one)
    for match in DAY_MONTH.finditer(text):
        yield from _day(match[3], months.get(match[2].casefold()), match[1])
    for match in MONTH_DAY.finditer(text):
        yield from _day(match[3], months.get(match[1].casefold()), match[2])
    for match in YEAR_FIRST.finditer(text):
        yield from _day(match[1], match[2], match[3])
    for match in NUMBERS.finditer(text):
        year = match[4] if len(match[4]) > 2 else f"20{match[4]}"  # noqa: PLR2004
        first, second = int(match[1]), int(match[3])
        order = _order(language, match[2])
        if order == "mdy" or second > 12:  # noqa: PLR2004  (months)
            first, second = second, first
        elif order is None and first <= 12 and first != second:  # noqa: PLR2004
            continue
        yield from _day(year, second, first)


def _order(language: str | None, mark: str) -> str | None:
    """Whether the day (`dmy`) or the month (`mdy`) comes first, or None where English may do both.

    No language says nothing of it, and most of the world writes the day first.
    """
    tag = (language or "").replace("_", "-").casefold()
    if mark != "/" or not tag.startswith("en"):
        return "dmy"
    if tag == "en-us":
        return "mdy"
    return None if tag == "en" else "dmy"


def _day(year: Any, month: Any, day: Any) -> Iterator[str]:
    try:
        yield date(int(year), int(month), int(day)).isoformat()
    except (ValueError, TypeError):
        return


@cache
def month_numbers(language: str | None = None) -> dict[str, int]:
    """Small-letter month names of the language, then of LANGUAGES, as CLDR writes them."""
    found: dict[str, int] = {}
    for code in ((language or "en").replace("-", "_"), *LANGUAGES):
        try:
            locale = Locale.parse(code)
        except (ValueError, LookupError):
            continue
        for width in ("wide", "abbreviated"):
            for context in ("format", "stand-alone"):
                for number, name in get_month_names(width, context, locale).items():
                    key = name.casefold().strip(". ").replace(" ", "_")
                    if len(key) > 1 and not key[0].isdigit():
                        found.setdefault(key, number)
    return found


@cache
def _long_months() -> tuple[tuple[str, str], ...]:
    """Month names of several words, and what `month_numbers` calls them."""
    # "de març" of Catalan is read as any other: its "de" stands before a Spanish month too.
    names = (name for name in month_numbers() if "_" in name and not name.startswith("de_"))
    return tuple((name.replace("_", " "), name) for name in names)


class _Believable:
    """Whether a date can be that of an article seen on the day of the visit."""

    def __init__(self, visited: str | None) -> None:
        self.latest: date | None = None
        if visited:
            try:
                self.latest = datetime.fromisoformat(visited).date() + MAX_AHEAD
            except ValueError:
                self.latest = None

    def __call__(self, value: str) -> bool:
        try:
            day = date.fromisoformat(value[:10])
        except ValueError:
            return False
        return day >= OLDEST and (self.latest is None or day <= self.latest)


def _iso(when: datetime, *, day_only: bool = False) -> str:
    if day_only:
        return when.date().isoformat()
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def _is_local_form(other: str, value: str) -> bool:
    """Whether `other` is the same moment as `value`, which is in UTC, in a zone of its own."""
    if not value.endswith("Z") or precision(other) == "day" or other.endswith("Z"):
        return False
    a, b = datetime.fromisoformat(other), datetime.fromisoformat(value)
    return a.tzinfo is not None and abs(a - b.astimezone(UTC)) < timedelta(minutes=2)


def _json_ld(claims: Claims) -> Iterator[str]:
    for article in claims.articles():
        if isinstance(stated := article.get("datePublished"), str):
            yield stated


def _json_ld_pages(claims: Claims) -> Iterator[str]:
    for thing in claims.things:
        if types(thing) & PAGE_TYPES and isinstance(stated := thing.get("datePublished"), str):
            yield stated


def _metas(claims: Claims, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        yield from claims.metas.get(name, ())[:1]
    if names is METAS:
        yield from _json_ld_pages(claims)


def _times(front: Front, at: int, visited: str | None, language: str | None) -> Iterator[str]:
    """What `time` elements by the headline state (SPIP: `abbr`), the nearest first."""
    for spot in _near(front.times, at):
        element = spot.element
        if _is_modified(element) or is_elsewhere(element):
            continue
        claims = map(element.get, ("datetime", "content", "title"))
        stated = next(filter(None, claims), None) or text_of(element, MAX_TEXT)
        value = moment(stated, language) or moment(text_of(element, MAX_TEXT), language)
        if value and not (spot.at < at and visited and value[:10] == visited[:10]):
            yield value


def _lines(front: Front, at: int, visited: str | None, language: str | None) -> Iterator[str]:
    """Days in short lines by the headline, the nearest first."""
    lines = [
        Spot(element, number)
        for number, element in enumerate(
            front.elements[max(0, at - BEFORE) : at + AFTER], max(0, at - BEFORE)
        )
        if isinstance(element.tag, str) and element.tag not in ("script", "style", "title", "h1")
    ]
    for spot in _near(lines, at):
        own = [spot.element.text or "", *(child.tail or "" for child in spot.element[:8])]
        text = " ".join(own)
        if len(text) > MAX_DATELINE or not any(map(str.isdigit, text)):
            continue
        if _is_modified(spot.element) or MODIFIED.search(text) or is_elsewhere(spot.element):
            continue
        for day in days_in(" ".join(text.split()), language):
            if not (spot.at < at and visited and day == visited[:10]):
                yield day
                return


def _why_not(
    value: str,
    claims: Claims,
    front: Front,
    at: int,
    *,
    visited: str | None,
    language: str | None,
) -> str | None:
    """Why a day that was found somewhere in the page is not the article's, or None."""
    if value[5:10] == "01-01":
        return "a year alone"  # right on none of 4 pages of 815, and copyright lines on two of them
    modified = [claims.meta(*MODIFIED_METAS), *(t.get("dateModified") for t in claims.things)]
    if any(isinstance(stated, str) and stated[:10] == value[:10] for stated in modified):
        return "the day it was modified"
    if visited and value[:10] == visited[:10]:
        places = [
            number
            for number, element in enumerate(front.elements)
            if isinstance(element.tag, str)
            and (text := element.text)
            and len(text) <= MAX_DATELINE
            and value[:10] in days_in(text, language)
        ]
        if places and max(places) < at:
            return "the day of the visit, above the headline"
    return None


def _near(spots: Any, at: int) -> list[Spot]:
    near = [spot for spot in spots if -BEFORE <= spot.at - at <= AFTER]
    return sorted(near, key=lambda spot: (spot.at < at, abs(spot.at - at)))


def _is_modified(element: Any) -> bool:
    parent = element.getparent()
    return any(
        MODIFIED.search(f"{each.get('class', '')} {each.get('itemprop', '')} {each.get('id', '')}")
        for each in (element, parent)
        if each is not None and isinstance(each.tag, str) and each.tag not in ("body", "html")
    )


def _in_url(url: str) -> Iterator[str]:
    try:
        match = URL_DAY.search(urlsplit(url).path)
    except ValueError:
        return
    if match and match[1]:
        yield from _day(match[1], match[2], match[3])
    elif match:
        yield from _day(match[4][:4], match[4][4:6], match[4][6:])


def _headline(front: Front, title: str) -> int:
    key = "".join(re.findall(r"\w+", title.casefold()))
    for spot in (*front.headings, *front.subheadings):
        if key and key in "".join(re.findall(r"\w+", text_of(spot.element).casefold())):
            return spot.at
    if front.headings:
        return front.headings[0].at
    # A page of tables: its headline is an element like any other.
    shown = (
        at
        for at, element in enumerate(front.elements)
        if element.tag not in ("title", "a", "script", "style")
        and isinstance(element.text, str)
        and len(element.text) <= 2 * len(title) + MAX_TEXT
        and "".join(re.findall(r"\w+", element.text.casefold())) == key
    )
    return next(shown, 0) if key else 0


def _digits(text: str) -> str:
    """`text` with the digits of every script as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)
