"""How an article is cited: in three styles, as BibTeX, and in lines of RIS. Pure.

The words around it (undated, consulted on) are in the language of whoever cites.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from babel.dates import format_date

from crawler.article import Article
from crawler.published import moment
from crawler.urls import web_url


@dataclass(frozen=True, slots=True)
class Citation:
    """`italic` is what is printed so; the whole is `text`."""

    style: str
    before: str
    italic: str
    after: str

    @property
    def text(self) -> str:
        return f"{self.before}{self.italic}{self.after}"


class Style(Protocol):
    def __call__(self, work: "Work", words: "Words", day: date) -> tuple[str, str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What the styles say in a language. `quotes` hold a title, `stop` is its full stop."""

    undated: str
    also: str
    ampersand: str
    retrieved: str
    accessed: str
    viewed: str
    online: str
    available: str
    quotes: tuple[str, str]
    stop_inside: bool
    locale: str
    iso_locale: str
    month_day: str


WORDS = {
    "fr": Words(
        undated="s. d.", also="et", ampersand="et",
        retrieved="Consulté le {}, à l’adresse {}", accessed="Consulté le {}.",
        viewed="Consulté le", online="en ligne", available="Disponible à l’adresse : ",
        quotes=("«\u00a0", "\u00a0»"), stop_inside=False,
        locale="fr_BE", iso_locale="fr_BE", month_day="d MMMM",
    ),
    "nl": Words(
        undated="z.d.", also="en", ampersand="&",
        retrieved="Geraadpleegd op {}, van {}", accessed="Geraadpleegd op {}.",
        viewed="geraadpleegd op", online="online", available="Beschikbaar op: ",
        quotes=("‘", "’"), stop_inside=False,
        locale="nl_BE", iso_locale="nl_BE", month_day="d MMMM",
    ),
    "en": Words(
        undated="n.d.", also="and", ampersand="&",
        retrieved="Retrieved {}, from {}", accessed="Accessed {}.",
        viewed="viewed", online="online", available="Available from: ",
        quotes=("“", "”"), stop_inside=True,
        locale="en_US", iso_locale="en_GB", month_day="MMMM d",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A person's; a body's is all `family`."""

    family: str
    given: str = ""

    @property
    def inverted(self) -> str:
        return f"{self.family}, {self.given}" if self.given else self.family

    @property
    def straight(self) -> str:
        return f"{self.given} {self.family}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is cited. Without authors its source is the author, and then not named again."""

    authors: tuple[Name, ...]
    title: str
    site: str
    published: date | None
    url: str


def styles(article: Article, language: str, day: date) -> tuple[Citation, ...]:
    """The article in each style, consulted on `day`, with words of `language` (fr, nl, en)."""
    words = WORDS.get(language, WORDS["en"])
    work = _work(article)
    return tuple(Citation(name, *style(work, words, day)) for name, style in STYLES.items())


def bibtex(article: Article, day: date) -> str:
    """The article as an entry that BibTeX and biblatex read."""
    work = _work(article)
    when = work.published
    return bibtex_entry(
        f"{re.sub(r'[^a-z0-9]', '', article.source.id)}-{article.id}",
        {
            "author": tuple(tex(name.inverted) if name.given else f"{{{tex(name.family)}}}"
                            for name in work.authors),
            "title": work.title,
            "howpublished": work.site,
            "year": str(when.year) if when else "",
            "month": f"{when:%b}".lower() if when else "",
            "url": work.url,
            "urldate": day.isoformat(),
            "langid": article.language.code,
        },
    )  # fmt: skip


def _work(article: Article) -> Work:
    when = moment(article.published)
    site = _line(article.source.name)
    names = names_of(article.authors, article.signed_by, site)
    return Work(
        authors=names or (Name(site),),
        title=_line(article.title),
        site="" if not names or names == (Name(site),) else site,
        published=when.date() if when else None,
        url=web_url(article.url) or "",
    )


# --- Names ---------------------------------------------------------------------------------------

# With these a family name begins, in French, Dutch, German, Italian, Spanish, Portuguese, Arabic.
PARTICLES = frozenset(
    ["al", "aan", "ben", "bin", "d", "da", "de", "del", "della", "den", "der", "des", "di", "do",
     "dos", "du", "el", "het", "ibn", "in", "la", "le", "op", "te", "ten", "ter", "van", "vander",
     "vanden", "von", "zu"]
)  # fmt: skip
# Longer ones, and those that begin with an article, are bodies': La rédaction, The editors.
MOST_WORDS = 6
BODY = r"(?:de|het|la|las|le|les|los|the) |l['’]"


def names_of(
    authors: Iterable[str], signed_by: str | None = None, source: str = ""
) -> tuple[Name, ...]:
    """Authors as they signed, with family names told from given ones where that can be told.

    `signed_by` is that of the table articles: an organisation's name is never taken apart, nor are
    the name of the `source` itself and one that is not in Latin letters.
    """
    lines = filter(None, map(_line, authors))
    return tuple(
        Name(line) if signed_by == "organisation" or line == source else _name(line)
        for line in lines
    )


def _name(line: str) -> Name:
    if line.count(", ") == 1:
        family, given = line.split(", ")
        return Name(family, given)
    parts = line.split()
    body = (
        not 1 < len(parts) <= MOST_WORDS
        or re.match(BODY, line, re.IGNORECASE)
        or any(word[0].islower() and not _particle(word) for word in parts[1:])
        or (re.fullmatch(r"[A-Z]{3,}", parts[0]) and not line.isupper())  # AFP Bruxelles
        or re.search(r"[^\u0000-\u024f\u1e00-\u1eff\u2010-\u2019]|[&/@\d(]", line)
    )
    if body:
        return Name(line)
    first = next(
        (place for place, word in enumerate(parts) if place and _particle(word)), len(parts) - 1
    )
    return Name(" ".join(parts[first:]), " ".join(parts[:first]))


def _particle(word: str) -> bool:
    return word.lower() in PARTICLES or bool(re.match(r"d['’]\w", word))


def _initials(given: str) -> str:
    return " ".join(
        "-".join(f"{part[0]}." for part in word.split("-") if part) for word in given.split()
    )


def _joined(names: Sequence[str], last: str) -> str:
    *others, final = names
    return f"{', '.join(others)}{last}{final}" if others else final


# --- The styles ----------------------------------------------------------------------------------


def apa(work: Work, words: Words, day: date) -> tuple[str, str, str]:
    """American Psychological Association, seventh edition: a page of a website."""
    names = [f"{name.family}, {_initials(name.given)}" if name.given else name.family
             for name in work.authors]  # fmt: skip
    when = work.published
    dated = (
        f"{when.year}, {format_date(when, words.month_day, locale=words.locale)}"
        if when
        else words.undated
    )
    at = work.url if when or not work.url else words.retrieved.format(_day(day, words), work.url)
    return (
        f"{_stopped(_joined(names, f', {words.ampersand} '))} ({_first(dated, words)}). ",
        work.title,
        _sentences("" if work.title.endswith(("?", "!", "…", ".")) else ".", work.site, at),
    )


def chicago(work: Work, words: Words, day: date) -> tuple[str, str, str]:
    """Chicago, seventeenth edition, author and date: an article of a website."""
    first, *others = work.authors
    names = [first.inverted, *(name.straight for name in others)]
    opening, closing = words.quotes
    ended = work.title.endswith(("?", "!", "…", "."))
    stop = "" if ended else "."
    title = (
        f"{opening}{work.title}{stop}{closing} "
        if words.stop_inside
        else f"{opening}{work.title}{closing}. "
    )
    when = work.published
    year = str(when.year) if when else words.undated
    last = f", {words.also} " if words.locale == "en_US" else f" {words.also} "
    end = _day(when, words) if when else ""
    accessed = "" if when else words.accessed.format(_day(day, words))
    url = f"{work.url}." if work.url else ""
    after = f"{', ' if work.site and end else ''}{end}"
    return (
        f"{_stopped(_joined(names, last))} {_stopped(year)} {title}",
        work.site,
        " ".join(filter(None, (f"{after}." if after or work.site else "", accessed, url))),
    )


def iso690(work: Work, words: Words, day: date) -> tuple[str, str, str]:
    """ISO 690, name and date, as libraries in Belgium and France print it."""
    names = [f"{name.family.upper()}, {name.given}" if name.given else name.family.upper()
             for name in work.authors]  # fmt: skip
    when = work.published
    year = str(when.year) if when else f"[{words.undated}]"
    stop = "" if work.title.endswith(("?", "!", "…", ".")) else "."
    consulted = f"[{words.viewed} {_day(day, words, iso=True)}]."
    dated = f"{_day(when, words, iso=True)}." if when else ""
    found = f"{words.available}{work.url}" if work.url else ""
    rest = " ".join(filter(None, (f"[{words.online}].", dated, consulted, found)))
    start = f"{_joined(names, f' {words.also} ')}, {year}. "
    if work.site:
        return f"{start}{work.title}{stop} ", work.site, f" {rest}"
    return start, work.title, f" {rest}"


STYLES: Mapping[str, Style] = {
    "APA": apa,
    "Chicago": chicago,
    "ISO 690": iso690,
}


def _day(when: date, words: Words, *, iso: bool = False) -> str:
    locale = words.iso_locale if iso else words.locale
    return _first(str(format_date(when, "long", locale=locale)), words)


def _first(written: str, words: Words) -> str:
    """CLDR has no ordinals: in French, the first of a month is one."""
    return re.sub(r"\b1(?= [^\W\d])", "1er", written) if words.locale == "fr_BE" else written


def _stopped(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _sentences(stop: str, site: str, url: str) -> str:
    return stop + (f" {_stopped(site)}" if site else "") + (f" {url}" if url else "")


# --- BibTeX and RIS ------------------------------------------------------------------------------

TEX = str.maketrans(
    {
        "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
        **{c: f"\\{c}" for c in "&%$#_{}"},
    }
)  # fmt: skip
# Read by programs as they stand.
VERBATIM = frozenset(["author", "url", "urldate", "month", "langid"])


def tex(text: str) -> str:
    """Text as TeX prints it; UTF-8, as every TeX of our days reads it."""
    return _line(text).translate(TEX)


def bibtex_entry(key: str, fields: Mapping[str, str | tuple[str, ...]]) -> str:
    """An @misc, which every BibTeX knows. Braces around a title keep its capitals."""
    lines = []
    for name, value in fields.items():
        text = " and ".join(value) if isinstance(value, tuple) else value
        if text and name == "month":
            lines.append(f"  month = {text},")
        elif text:
            kept = text if name in VERBATIM else tex(text)
            lines.append(f"  {name} = {{{f'{{{kept}}}' if name == 'title' else kept}}},")
    safe = re.sub(r"[^\w.-]", "-", key, flags=re.ASCII)
    return "\n".join((f"@misc{{{safe},", *lines, "}\n"))


def ris_record(fields: Iterable[tuple[str, str]]) -> str:
    """A record of RIS: a line a field, CRLF; empty ones are left out, line breaks are spaces."""
    lines = (f"{tag}  - {line}" for tag, value in fields if (line := _line(value)))
    return "\r\n".join((*lines, "ER  - ", "", ""))


def _line(text: str) -> str:
    return " ".join(text.split())
