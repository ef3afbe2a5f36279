"""Where feeds are: /feeds/NAME.FORMAT, their archives at /feeds/NAME/PERIOD.FORMAT."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlencode

from crawler.errors import TamisError
from crawler.query import Query
from crawler.query import parse as parse_query

SHAPES = (
    "/feeds/all.atom, /feeds/LANGUAGE.atom, /feeds/LANGUAGE/THEME.atom, /feeds/country/CODE.atom,"
    " /feeds/source/ID.atom, /feeds/search.atom?q=WORDS"
)
# First parts of an address that are no language; one that has such a code is asked for as a search.
RESERVED = frozenset({"all", "country", "search", "source"})
PERIOD = re.compile(r"\d{4}-\d{2}(-\d{2})?")
# What leaves open which articles belong in it, or only says how a page shows them.
OPTIONS = ("reprints", "stories")
OF_A_PAGE = ("order", "page")
# File systems take 255 bytes a name; beyond this a search is named by its hash.
MOST_OF_A_NAME = 150


class NoSuchFeed(TamisError):  # noqa: N818  what it says, and where it is raised it reads so
    """Nothing is at an address; the text says what there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One feed in one format, or with a `period` one page of its archive.

    A query has one address: a search for nothing but a language is that language's feed.
    """

    query: Query
    period: str = ""
    format: str = "atom"

    @property
    def name(self) -> str:
        asked = self._asked()
        match sorted(asked):
            case []:
                return "all"
            case ["language"] if asked["language"] not in RESERVED:
                return _quoted(asked["language"])
            case ["language", "theme"] if asked["language"] not in RESERVED:
                return f"{_quoted(asked['language'])}/{_quoted(asked['theme'])}"
            case ["country"] | ["source"]:
                ((kind, code),) = asked.items()
                return f"{kind}/{_quoted(code)}"
        return "search"

    @property
    def identity(self) -> str:
        """The same in every format, and for the pages of the archive."""
        return self._with_parameters(f"feeds/{self.name}")

    @property
    def url(self) -> str:
        """Relative to where the site is."""
        period = f"/{self.period}" if self.period else ""
        return self._with_parameters(f"feeds/{self.name}{period}.{self.format}")

    @property
    def file(self) -> PurePosixPath:
        """Where a static copy lies, so that a plain web server finds it under `url`.

        A search has no such place, since those look at no parameters.
        """
        name = self.name
        if name == "search":
            asked = urlencode(self._asked())
            if len(asked) > MOST_OF_A_NAME:
                asked = hashlib.sha256(asked.encode()).hexdigest()[:16]
            name = f"search/{asked}"
        return PurePosixPath(f"{name}/{self.period}.{self.format}" if self.period else
                             f"{name}.{self.format}")  # fmt: skip

    def _asked(self) -> dict[str, str]:
        return {
            name: value for name, value in self.query.parameters().items() if name not in OPTIONS
        }

    def _with_parameters(self, path: str) -> str:
        parameters = self.query.parameters()
        if self.name != "search":
            parameters = {name: parameters[name] for name in OPTIONS if name in parameters}
        return f"{path}?{urlencode(parameters)}" if parameters else path


def parse(path: str, parameters: Mapping[str, str]) -> Address:
    """The feed at /feeds/`path`. Raises NoSuchFeed if no feed could be there."""
    stem, _, format_ = path.rpartition(".")
    parts = [unquote(part) for part in stem.split("/")]
    period = parts.pop() if PERIOD.fullmatch(parts[-1]) else ""
    match parts:
        case ["all"]:
            asked: dict[str, str] = {}
        case ["search"]:
            asked = {name: value for name, value in parameters.items() if name not in OF_A_PAGE}
        case ["country" | "source" as kind, code] if code:
            asked = {kind: code}
        case [language] if language and language not in RESERVED:
            asked = {"language": language}
        case [language, theme] if language and theme and language not in RESERVED:
            asked = {"language": language, "theme": theme}
        case _:
            raise NoSuchFeed(
                f"There is no feed at /feeds/{path}. Feeds are at {SHAPES}; feeds.opml lists them."
            )
    asked |= {name: parameters[name] for name in OPTIONS if name in parameters}
    return Address(query=parse_query(asked)[0], period=period, format=format_ or "none")


def _quoted(part: str) -> str:
    return quote(part, safe="")
