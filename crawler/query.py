"""What a reader asks for: the query in an address, and the expression that FTS5 answers it with.

It never raises, whatever a reader typed: it is cleaned, quoted and bound.
"""

import re
import unicodedata
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal, Self
from urllib.parse import parse_qsl

from crawler import index
from crawler.errors import ConfigError
from crawler.translation import N_, word
from crawler.translation import gettext as _
from crawler.words import folded, variants

# More is a paste by mistake; FTS5 itself refuses an expression some 250 terms deep.
MAX_WORDS = 500  # characters
MAX_TERMS = 32
# Fewer letters begin so many words that no list of them is of use.
MIN_PREFIX = 4

FACETS = ("language", "theme", "country", "source", "organisation", "month")
TAGGED = ("language", "theme", "country", "source", "organisation")  # as words of the index
ORDERS = ("newest", "best")
FLAGS = ("reprints", "stories")
PARAMETERS = ("q", *FACETS, "after", "before", *FLAGS, "order", "page")  # of an address
DAYS = {"after": N_("From"), "before": N_("To")}


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: beside this document of the index, exclusive, in the order of dates.

    Of the best matches (`best`), `doc` is how many stand on the pages before.
    """

    direction: Literal["older", "newer", "best"]
    doc: int

    def __str__(self) -> str:
        return f"{self.direction}~{self.doc}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        match = re.fullmatch(r"(older|newer|best)~(\d{1,18})", text, re.ASCII)
        if match is None:
            return None
        direction: Any = match[1]
        return cls(direction, int(match[2]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What a reader asks for. Empty strings mean "any". `after` and `before` are days, inclusive.

    Reprints are left out unless `reprints` is set, so that each article is listed once; `stories`
    leaves out as well what tells again what another has told (in that language, if one is asked).
    """

    words: str = ""
    language: str = ""
    theme: str = ""
    country: str = ""
    source: str = ""
    organisation: str = ""
    month: str = ""
    after: str = ""
    before: str = ""
    reprints: bool = False
    stories: bool = False
    order: str = "newest"
    page: Cursor | None = None

    def parameters(self) -> dict[str, str]:
        """The query string of the address which asks this; `parse` reads it back."""
        named = {"q": self.words} | {
            name: getattr(self, name) for name in (*FACETS, "after", "before")
        }
        named |= {name: "1" if getattr(self, name) else "" for name in FLAGS}
        named |= {
            "order": self.order if self.order != ORDERS[0] else "",
            "page": str(self.page or ""),
        }
        return {name: value for name, value in named.items() if value}

    def only(self, name: str, value: str) -> Self:
        """The same, from its first page, with one field set (or lifted, if `value` is empty)."""
        changes: dict[str, Any] = {name: value, "page": None}
        return replace(self, **changes)

    def at(self, page: Cursor | None) -> Self:
        """The same, at another page; None is the first."""
        return replace(self, page=page)

    @property
    def plain(self) -> bool:
        """Whether nothing narrows the list, so that the counts made by `publish` hold."""
        return self == type(self)(page=self.page, order=self.order)

    @property
    def expression(self) -> str | None:
        """What FTS5 is asked; None if something was typed, and nothing in it is a word."""
        words = match(self.words)
        if self.words and not (words.wanted or words.unwanted):
            return None
        wanted = [words.wanted] if words.wanted else []
        wanted += [_tag(name, value) for name in TAGGED if (value := getattr(self, name))]
        unwanted = [words.unwanted] if words.unwanted else []
        unwanted += [] if self.reprints else [f"tags : {index.COPY}"]
        told = index.RETOLD_IN_ITS_LANGUAGE if self.language else index.RETOLD
        unwanted += [f"tags : {told}"] if self.stories else []
        every = " AND ".join(wanted) or f"tags : {index.EVERY}"
        return f"({every}) NOT ({' OR '.join(unwanted)})" if unwanted else every

    @property
    def documents(self) -> tuple[int, int]:
        """The numbers of the days asked for: from, and up to but not including."""
        first, last = self.after or str(date.min), self.before or str(date.max)
        if self.month:
            first = max(first, f"{self.month}-01")
            last = min(last, f"{self.month}-{_length(self.month):02}")
        return index.first_of(first), index.after(last)


def _length(month: str) -> int:
    return monthrange(int(month[:4]), int(month[5:]))[1]


def _tag(name: str, value: str) -> str:
    return f'tags : "{index.tag(name, value)}"'


def parse(parameters: Mapping[str, str]) -> tuple[Query, tuple[str, ...]]:
    """The query in an address, and what in it was not understood (and is ignored).

    Problems are sentences in the language spoken.
    """
    given = {name: _clean(value) for name, value in parameters.items()}
    problems = [*match(given.get("q", "")).problems]
    days = dict.fromkeys(DAYS, "")
    for name in days:
        text = given.get(name, "")
        try:
            days[name] = date.fromisoformat(text).isoformat() if text else ""
        except ValueError:
            problems.append(
                _("“%(text)s” is not a day for “%(name)s”: write 2026-01-31.")
                % {"text": text[:40], "name": word(DAYS, name)}
            )
    month = given.get("month", "")
    if month and not re.fullmatch(r"(?!0000)\d{4}-(0[1-9]|1[0-2])", month, re.ASCII):
        problems.append(_("“%(text)s” is not a month: write 2026-01.") % {"text": month[:40]})
        month = ""
    order = given.get("order", "")
    query = Query(
        words=given.get("q", "")[:MAX_WORDS],
        month=month,
        reprints=given.get("reprints") == "1",
        stories=given.get("stories") == "1",
        order=order if order in ORDERS else ORDERS[0],
        page=Cursor.parse(given.get("page", "")),
        **{facet: given.get(facet, "")[:100] for facet in TAGGED},
        **days,
    )
    return query, tuple(problems)


def refused(parameters: Mapping[str, str]) -> tuple[str, ...]:
    """What in an address makes a search another one than was meant; odd words only widen it."""
    query, problems = parse(parameters)
    return tuple(each for each in problems if each not in match(query.words).problems)


def written(typed: str) -> tuple[Query, tuple[str, ...]]:
    """A query as it stands in the address of a search, or after its ?, and remarks on it.

    Refuses, by a ConfigError, what the site passes over: a file of more than was meant is worse
    than none.
    """
    given = dict(parse_qsl(typed.rpartition("?")[2], keep_blank_values=True))
    if typed and not given:
        raise ConfigError(f"{typed!r} is no query: write it as q=loyer&language=fr")
    if unknown := sorted(given.keys() - set(PARAMETERS)):
        raise ConfigError(f"no parameter {unknown[0]!r}: there are {', '.join(PARAMETERS)}")
    if problems := refused(given):
        raise ConfigError(" ".join(problems))
    return parse(given)


def _clean(text: str) -> str:
    """NFC, one line, and nothing that SQLite or FTS5 cannot hold (NUL, lone surrogates)."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode("utf-8"))
    return " ".join("".join(" " if unicodedata.category(c) == "Cc" else c for c in text).split())


@dataclass(frozen=True, slots=True)
class Match:
    """FTS5 expressions: what must be there and what must not; either may be empty.

    `problems` says what was typed and is ignored.
    """

    wanted: str
    unwanted: str
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """One of the things typed: a word, or (`phrase`) several that stand side by side."""

    minus: bool
    title: bool
    phrase: bool
    prefix: bool
    typed: str
    tokens: str

    @property
    def operator(self) -> bool:
        return self.typed == "OR" and not (self.minus or self.title or self.phrase)


TERM = re.compile(r"""([-–−]?)(?:(title):)?(?:"([^"]*)"|([^\s"]+))""", re.IGNORECASE)
QUOTES = re.compile("[“”„‟«»‹›＂「」『』《》〈〉]")
# What French, Italian and Catalan join to a word by an apostrophe; aujourd'hui is one word.
ELIDED = re.compile(
    r"^(?:[cdjlmnstv]|qu|jusqu|lorsqu|puisqu|quoiqu|quelqu|presqu|gl|un"
    r"|[dn]?[ae]ll|coll|sull|quell|quest)['’ʼ](?=\w)",
    re.IGNORECASE,
)


def match(words: str) -> Match:
    """Typed words as FTS5 expressions: all must occur, in any inflection, and -word must not.

    "A phrase" is meant as it stands; title:word must stand in the title; of one OR another, either
    is enough; begin* is any word that begins so. All is quoted, so that no operator, column name or
    stray quote reaches FTS5's parser.
    """
    cleaned = _clean(words)
    asked = _asked(cleaned)
    usable = _usable(asked)
    return Match(
        " AND ".join(f"({' OR '.join(map(_expression, group))})" for group in _groups(usable)),
        " OR ".join(_expression(term) for term in usable if term.minus),
        tuple(_problems(cleaned, asked)),
    )


def sought(words: str) -> list[list[Term]]:
    """What `match` wants: something of each group."""
    return _groups(_usable(_asked(_clean(words))))


def _asked(cleaned: str) -> list[Term]:
    straight = QUOTES.sub('"', cleaned[:MAX_WORDS])
    return [_term(*found.groups()) for found in TERM.finditer(straight)]


def _usable(asked: Sequence[Term]) -> list[Term]:
    return [term for term in asked if term.tokens][:MAX_TERMS]


def _term(minus: str, title: str | None, phrase: str | None, word: str | None) -> Term:
    typed = ELIDED.sub("", word or "") if phrase is None else phrase
    tokens = folded(typed)
    long = len(tokens.rpartition(" ")[2]) >= MIN_PREFIX
    return Term(
        minus=bool(minus),
        title=bool(title),
        phrase=phrase is not None,
        prefix=phrase is None and typed.endswith("*") and long,
        typed=typed,
        tokens=tokens,
    )


def _groups(terms: Sequence[Term]) -> list[list[Term]]:
    """The terms wanted, with those together of which one is enough.

    OR is a word like others where it does not stand between two that are wanted.
    """
    groups: list[list[Term]] = []
    either = False
    for before, term, following in zip((None, *terms), terms, (*terms[1:], None), strict=False):
        between = before and following and not (before.minus or following.minus)
        if term.operator and between and not either:
            either = True
        elif either:
            groups[-1].append(term)
            either = False
        elif not term.minus:
            groups.append([term])
    return groups


def _expression(term: Term) -> str:
    shown = "title" if term.title else "title text"
    if term.phrase or term.prefix:
        return f'{{{shown}}} : "{term.tokens}"{" *" if term.prefix else ""}'
    if term.title or " " in term.tokens:  # stems are of single words, and of the whole article
        either = " OR ".join(f'"{each}"' for each in numbers(term.tokens))
        asked = [f"{{{shown}}} : ({either})"]
    else:
        shown = "title text stems"
        asked = [f'{{{shown}}} : "{term.tokens}"']
    for stem, spoken in variants(term.tokens).items():
        tags = " OR ".join(f'"{index.tag("language", each)}"' for each in spoken)
        asked.append(f'({{{shown}}} : "{stem}" AND tags : ({tags}))')
    return f"({' OR '.join(asked)})"


def numbers(tokens: str) -> tuple[str, ...]:
    """Words as typed and, where -s may make the plural, in the other number: sans-abris."""
    other = tokens[:-1] if tokens.endswith("s") else f"{tokens}s"
    plural = re.search(r"[a-z]{3}$", tokens)
    return (tokens, other) if plural else (tokens,)


def _problems(cleaned: str, asked: Sequence[Term]) -> Iterator[str]:
    if len(cleaned) > MAX_WORDS:
        yield _("Only the first %(number)s characters were searched for.") % {"number": MAX_WORDS}
    if sum(bool(term.tokens) for term in asked) > MAX_TERMS:
        yield _("Only the first %(number)s words were searched for.") % {"number": MAX_TERMS}
    for term in asked:
        if term.typed.endswith("*") and term.tokens and not (term.prefix or term.phrase):
            yield _(
                "The star of “%(word)s” was ignored: write at least %(number)s letters before it."
            ) % {"word": term.typed[:40], "number": MIN_PREFIX}
