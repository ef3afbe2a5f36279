"""The three languages of the site: which one a reader wants, and what it calls things.

English is the source text; the others are in the `.po` files of datasette/locales, one a group of
pages. What is said, and how days and numbers are written, follows the language of the context
(`spoken`), which is English unless `speaking` says otherwise.
"""

import gettext as catalogues
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from io import BytesIO

from babel.dates import format_date
from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from crawler.folder import site_folder

INTERFACES = ("fr", "nl", "en")
NATIVE = {"fr": "Français", "nl": "Nederlands", "en": "English"}
DEFAULT = "en"
# How days and numbers are written: as in Belgium, and in English with the day first.
LOCALES = {"fr": "fr_BE", "nl": "nl_BE", "en": "en_GB"}


@dataclass(frozen=True, slots=True)
class Interface:
    """The language of a page, and where it was asked for.

    `prefix` is `/fr` if the address names the language, else empty; `path` is the address without
    it, the same in every language.
    """

    language: str = DEFAULT
    prefix: str = ""
    path: str = "/"


_current: ContextVar[Interface] = ContextVar("interface", default=Interface())  # noqa: B039  frozen


def spoken() -> Interface:
    """That of the page which is being made."""
    return _current.get()


@contextmanager
def speaking(interface: Interface) -> Iterator[None]:
    """Inside, everything is said in the language of `interface`."""
    token = _current.set(interface)
    try:
        yield
    finally:
        _current.reset(token)


def wanted(path: str, accept: str = "") -> Interface:
    """The interface for a path; `accept` is the header Accept-Language, for paths that name none.

    The path is one below the site's base.
    """
    first, _, rest = path.removeprefix("/").partition("/")
    if first in INTERFACES:
        return Interface(first, f"/{first}", f"/{rest}")
    return Interface(accepted(accept), "", path)


def accepted(header: str) -> str:
    """The language of ours that an Accept-Language header likes best; English if it likes none."""
    liked = []
    for place, part in enumerate(header[:500].split(",")):
        tag, _, weight = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        quality = _quality(weight)
        if language in INTERFACES and quality > 0:
            liked.append((-quality, place, language))
    return min(liked, default=(0, 0, DEFAULT))[2]


def _quality(weight: str) -> float:
    name, _, value = weight.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


# --- What is said --------------------------------------------------------------------------------


@lru_cache
def catalogue(language: str) -> catalogues.NullTranslations:
    """All translations into a language. English needs none."""
    if language == DEFAULT:
        return catalogues.NullTranslations()
    merged = Catalog(locale=language)
    for path in sorted((site_folder() / "locales" / language).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                if message.id:
                    merged[message.id] = message
    compiled = BytesIO()
    write_mo(compiled, merged)
    compiled.seek(0)
    return catalogues.GNUTranslations(compiled)


def gettext(message: str) -> str:
    return catalogue(spoken().language).gettext(message)


def ngettext(one: str, many: str, n: int) -> str:
    return catalogue(spoken().language).ngettext(one, many, n)


def pgettext(context: str, message: str) -> str:
    return catalogue(spoken().language).pgettext(context, message)


def npgettext(context: str, one: str, many: str, n: int) -> str:
    return catalogue(spoken().language).npgettext(context, one, many, n)


def N_(message: str) -> str:  # noqa: N802  what gettext's tools look for
    """Mark a message that is translated later, where it is shown."""
    return message


def word(words: Mapping[str, str], code: str | None) -> str:
    """What a table of messages (see N_) calls a code; a code that it lacks stands for itself."""
    message = words.get(code or "")
    return gettext(message) if message else code or ""


# --- Days and numbers ----------------------------------------------------------------------------


def day(when: date | str | None) -> str:
    """A day, or the day of a stored time, for people: 21 November 2026."""
    found = _date(when)
    return _day(found, spoken().language) if found else str(when or "")


def month(when: date | str | None) -> str:
    """The month of a day or of a stored time (2026-11 is one too), for people: November 2026."""
    found = _date(f"{when}-01" if len(str(when)) == len("2026-11") else when)
    return _month(found.replace(day=1), spoken().language) if found else str(when or "")


def month_name(when: date) -> str:
    """The month of a day without its year, in short: Nov."""
    return _month_name(when.month, spoken().language)


def number(n: float) -> str:
    """A number with its thousands apart."""
    return _number(n, spoken().language)


def percent(share: float) -> str:
    """A share of 1 in whole percents."""
    return _percent(round(share, 2), spoken().language)


def size(bytes_: float) -> str:
    """The size of a file; a kB has 1,000 bytes."""
    kilo = bytes_ / 1000
    if kilo < 1000:  # noqa: PLR2004  where the next unit begins
        return _unit(max(1, round(kilo)), "digital-kilobyte", spoken().language)
    return _unit(round(kilo / 1000, 1), "digital-megabyte", spoken().language)


def _date(when: date | str | None) -> date | None:
    if isinstance(when, date):
        return when
    try:
        return datetime.fromisoformat(when or "").date()
    except ValueError:
        return None


# Babel takes some 30 µs for each, and a page has hundreds.
@lru_cache(maxsize=4096)
def _day(when: date, language: str) -> str:
    written: str = format_date(when, "long", locale=LOCALES[language])
    # CLDR has no ordinals: in French, the first of a month is one.
    return f"1er{written[1:]}" if language == "fr" and when.day == 1 else written


@lru_cache(maxsize=1024)
def _month(when: date, language: str) -> str:
    written: str = format_date(when, "MMMM y", locale=LOCALES[language])
    return written


@lru_cache
def _month_name(month: int, language: str) -> str:
    written: str = format_date(date(2000, month, 1), "LLL", locale=LOCALES[language])
    return written


@lru_cache(maxsize=4096)
def _number(n: float, language: str) -> str:
    written: str = format_decimal(n, locale=LOCALES[language])
    return written


@lru_cache(maxsize=256)
def _percent(share: float, language: str) -> str:
    written: str = format_percent(share, locale=LOCALES[language])
    return written


@lru_cache(maxsize=1024)
def _unit(n: float, unit: str, language: str) -> str:
    written: str = format_unit(n, unit, "short", locale=LOCALES[language])
    return written
