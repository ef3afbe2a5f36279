"""What a text is about: terms of a lexicon, matched whole, scored, and shown as evidence.

A theme is one file of `lexicon/`; adding a theme is adding a file. Its terms are written

    "word"          counts, but wants company: a second term or a place in the title
    "+word"         strong: in a title or a single sentence it is enough
    "-word"         not this theme: hides what other terms find there ("-migration de donnees")
    "pref* suff*"   a star stands for any end of a word

A lexicon can do no more than its terms: it knows no irony, no negation and no new word.
"""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import ahocorasick

from enrich.text import Evidence, fold

LEXICON = Path(__file__).parent / "lexicon"
LANGUAGES = ("fr", "nl", "en", "de", "es", "pt", "ar")
GROUPS = ("social", "health", "rights", "humanitarian")

# A text has themes when its best one reaches this. Checked on news about sport, shows and
# technology (MasakhaNEWS, half of it): some theme is said of one English text in ten and of one
# French in fifteen, some of them rightly (a play by refugees); of ReliefWeb posts, nine
# in ten have a theme.
THRESHOLD = 2.0
# Once a text has a theme, others need less to stand beside it: that these subjects go together
# is itself evidence. On the same English posts, editors' themes among our first three are 36 % when
# 2.0 is asked of all, 49 % at 0.55 and 0.3; of what we say, editors said 43, 32 and 32 % (at the
# least, since they labelled some themes of a post only). One plain word in the text is never enough
# (of 40 themes that this takes away there, editors had given four).
SECOND = 0.55
# More than six themes say nothing; editors of ReliefWeb seldom give more than three.
MOST = 6
# A term in the title counts for one and a half, which also earns the bonus for coming back.
TITLE = 1.5
# A term that is not strong: two of them make a theme of a title or of one sentence.
WEAK = 0.35
REPEATED = 0.5
# Long texts hit more terms by chance, so scores shrink with length, gently, and a few words
# never count for more than a short paragraph would. These four and TITLE hardly matter for the
# order (100 settings moved the first theme's accuracy by .02); they were set so that THRESHOLD
# is a round figure and the examples of the lexicon come out right.
USUAL_WORDS = 180
FEWEST_WORDS = 50
LENGTH = 0.35
# Where no title is given, the first line stands for one, as far as a long headline goes.
# So a single strong term in a single sentence is enough, and a single weak one is not.
HEADLINE = 160
# Raise it when scores change for another reason than the lexicon.
_RULES = 2


class LexiconError(ValueError):
    """A file of the lexicon is wrong: names the file, the field and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """A theme of one text: SECOND or more (the first: THRESHOLD); strongest terms first.

    Each place in the text is evidence once in a theme, however many terms fit it.
    """

    theme: str
    score: float
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Sentences of one language that must (yes) and must not (no) be tagged with their theme."""

    yes: tuple[str, ...]
    no: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ThemeRecord:
    """One file of the lexicon. `terms` keep their signs; keys of the mappings are languages."""

    slug: str
    group: str
    iptc: tuple[str, ...]
    reliefweb: tuple[int, ...]
    labels: Mapping[str, str]
    terms: Mapping[str, tuple[str, ...]]
    examples: Mapping[str, Examples]


def themes_of(title: str, text: str, language: str) -> tuple[Theme, ...]:
    """Return the themes of an article, best first, at most MOST; none without a lexicon.

    `language` is BCP 47; only its own terms are looked for, since a third of the words that
    mean something in one language mean something else in another. An empty `title` is allowed.
    """
    language = re.split("[-_]", language, maxsplit=1)[0].lower()
    if not any(language in record.terms for record in lexicon().values()):
        return ()
    head, body = _parts(title, text)
    found: dict[_Pattern, dict[str, int]] = {}
    words = 0
    for where, part in (("title", head), ("text", body)):
        tokens = _tokens(part, language)
        words += tokens.count(" ") - 1
        for pattern in _matches(tokens, language):
            counts = found.setdefault(pattern, {})
            counts[where] = counts.get(where, 0) + 1
    length = (USUAL_WORDS / max(FEWEST_WORDS, words)) ** LENGTH
    weighed: dict[str, list[tuple[float, _Pattern]]] = {}
    for pattern, counts in found.items():
        weighed.setdefault(pattern.theme, []).append((length * _weight(pattern, counts), pattern))
    scores = {slug: sum(weight for weight, _ in terms) for slug, terms in weighed.items()}
    if max(scores.values(), default=0.0) < THRESHOLD:
        return ()
    best = sorted(
        (-score, slug)
        for slug, score in scores.items()
        if score >= SECOND and _vouched({pattern: found[pattern] for _, pattern in weighed[slug]})
    )
    return tuple(
        Theme(
            theme=slug,
            score=round(-score, 3),
            evidence=tuple(
                Evidence(term=pattern.term.lstrip("+").replace("*", ""), count=count, where=where)
                for _, pattern in sorted(weighed[slug], key=lambda w: (-w[0], w[1].term))
                for where, count in found[pattern].items()
            ),
        )
        for score, slug in best[:MOST]
    )


@cache
def lexicon() -> Mapping[str, ThemeRecord]:
    """Read all files of the lexicon once: slug -> record, in the order of the slugs.

    Raises LexiconError for the first file that is wrong.
    """
    return {path.stem: _record(path) for path in _files()}


@cache
def version() -> str:
    """Return 12 hex digits that change when a theme or a rule does: stored results redo then."""
    digest = blake2b(str(_RULES).encode(), digest_size=6)
    for path in _files():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


# -- matching


@dataclass(frozen=True, slots=True)
class _Pattern:
    """A term of one theme; `rest` is what must follow the automaton's key, if anything."""

    theme: str
    term: str
    rest: re.Pattern[str] | None


def _weight(pattern: _Pattern, counts: Mapping[str, int]) -> float:
    hits = TITLE * counts.get("title", 0) + counts.get("text", 0)
    repeated = REPEATED if hits >= TITLE else 0.0
    return (1.0 if pattern.term[0] == "+" else WEAK) * (1 + math.log(hits) + repeated)


def _vouched(found: Mapping[_Pattern, Mapping[str, int]]) -> bool:
    """Tell whether the terms of a further theme are more than one plain word of the text."""
    return len(found) > 1 or any(
        "title" in counts or pattern.term[0] == "+" for pattern, counts in found.items()
    )


def _parts(title: str, text: str) -> tuple[str, str]:
    """Split into head and body; a title that the text repeats on top is not read twice."""
    if title.strip():
        return title, text.lstrip().removeprefix(title.strip())
    first = text.lstrip()[:HEADLINE].partition("\n")[0]
    # A word cut in two would be found in neither part.
    if len(first) == HEADLINE and " " in first:
        first = first.rpartition(" ")[0]
    return first, text.lstrip()[len(first) :]


def _matches(tokens: str, language: str) -> Iterator[_Pattern]:
    """Yield a pattern for each place where a theme is found: one hit, however many terms fit.

    What counts is a "-" term, then a strong one, then the longest. So "logement social" is one
    piece of evidence, not two, and so is "daklozen", which both "dakloze*" and "daklozen" fit.
    """
    hits: dict[str, list[tuple[int, int, _Pattern]]] = {}
    for end, (length, patterns) in _automaton(language).iter(tokens):
        for pattern in patterns:
            stop = end + 1
            if pattern.rest is not None:
                rest = pattern.rest.match(tokens, stop)
                if rest is None:
                    continue
                stop = rest.end()
            # The blank before the word may be the one that ends the word before.
            hits.setdefault(pattern.theme, []).append((end + 2 - length, stop, pattern))
    for found in hits.values():
        taken: set[int] = set()
        for start, stop, pattern in sorted(found, key=_precedence):
            place = range(start, stop)
            if taken.isdisjoint(place):
                taken.update(place)
                if pattern.term[0] != "-":
                    yield pattern


def _precedence(hit: tuple[int, int, _Pattern]) -> tuple[int, int, int, str]:
    start, stop, pattern = hit
    return {"-": 0, "+": 1}.get(pattern.term[0], 2), start - stop, start, pattern.term


@cache
def _automaton(language: str) -> Any:
    """Build the automaton of a language; keys start with a blank, the border of a word."""
    patterns: dict[str, list[_Pattern]] = {}
    for slug, record in lexicon().items():
        for term in record.terms.get(language, ()):
            head, *rest = _expression(term, language)
            pattern = _Pattern(slug, term, re.compile("".join(rest)) if rest else None)
            for key in _with_proclitics(head, language):
                patterns.setdefault(key, []).append(pattern)
    automaton = ahocorasick.Automaton()
    for key, same in patterns.items():
        automaton.add_word(key, (len(key), tuple(same)))
    automaton.make_automaton()
    return automaton


def _expression(term: str, language: str) -> list[str]:
    """Return the literal head of a term, then, where a star stands inside, an expression."""
    head, *rest = term.lstrip("+-").split("*")
    open_end = term.endswith("*")
    if not rest:
        return [_tokens(head, language)]
    pieces = [_tokens(piece, language).strip() for piece in rest if piece]
    if not pieces:
        return [_tokens(head, language)[:-1]]
    expression = r"\w* " + r"\w* ".join(map(re.escape, pieces)) + ("" if open_end else " ")
    return [_tokens(head, language)[:-1], expression]


# -- Arabic

# The article, alone or after a conjunction or preposition, is no part of the word. Words that
# begin like it (ألغام) lose their head, but in terms and texts alike.
_ARTICLE = re.compile(r" (?:[وف]?[بك]?(?:ال)+|[وف]?لل)(?=\w\w)")
# And, so, in, as, for: written onto the word.
_PROCLITICS = ("", "و", "ب", "ل", "وب", "ول")
# In shorter words a proclitic too often makes another word (بري is wild, not "in irrigation").
_SHORTEST_WITH_PROCLITIC = 4


def _tokens(text: str, language: str) -> str:
    """Fold and put a blank at both ends, so that a blank marks each word's border."""
    tokens = f" {fold(text)} "
    return _ARTICLE.sub(" ", tokens) if language == "ar" else tokens


def _with_proclitics(key: str, language: str) -> Iterator[str]:
    if language != "ar" or len(key.split(maxsplit=1)[0]) < _SHORTEST_WITH_PROCLITIC:
        yield key
        return
    for proclitic in _PROCLITICS:
        yield f" {proclitic}{key[1:]}"
    if key[1] == "ل":  # "for the" melts into it: للاجئين
        yield f" {key[2:]}"


# -- reading

_SLUG = re.compile(r"[a-z]+(?:-[a-z]+)*")
_IPTC = re.compile(r"medtop:\d{8}")


def _files() -> list[Path]:
    return sorted(LEXICON.glob("*.toml"))


def _record(path: Path) -> ThemeRecord:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LexiconError(f"{path.name}: not a TOML file in UTF-8 ({error}); mend it") from error
    if not _SLUG.fullmatch(path.stem):
        raise LexiconError(
            f"{path.name}: the file's name is the theme's slug; use a-z and hyphens only"
        )
    fields = {"group", "iptc", "reliefweb", "labels", "terms", "examples"}
    for field in sorted(fields - data.keys()):
        raise LexiconError(f"{path.name}: {field} is missing; add it (another theme shows how)")
    for field in sorted(data.keys() - fields):
        raise LexiconError(f"{path.name}: unknown field {field!r}; known: {', '.join(fields)}")
    if data["group"] not in GROUPS:
        raise LexiconError(
            f"{path.name}: group is {data['group']!r}; choose one of {', '.join(GROUPS)}"
        )
    return ThemeRecord(
        slug=path.stem,
        group=data["group"],
        iptc=_codes(path, data["iptc"]),
        reliefweb=_numbers(path, data["reliefweb"]),
        labels=_labels(path, data["labels"]),
        terms={key: _terms(path, key, value) for key, value in _table(path, data, "terms")},
        examples={
            key: _examples(path, key, value) for key, value in _table(path, data, "examples")
        },
    )


def _table(path: Path, data: Mapping[str, Any], field: str) -> list[tuple[str, Any]]:
    table = data[field]
    if not isinstance(table, dict) or not table:
        raise LexiconError(f"{path.name}: [{field}] must be a table with one entry a language")
    for language in table:
        if language not in LANGUAGES:
            raise LexiconError(
                f"{path.name}: [{field}] has language {language!r}; "
                f"choose among {', '.join(LANGUAGES)}"
            )
    return list(table.items())


def _strings(path: Path, field: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise LexiconError(f"{path.name}: {field} must be a list of texts, none of them empty")
    return tuple(value)


def _codes(path: Path, value: object) -> tuple[str, ...]:
    codes = _strings(path, "iptc", value)
    for code in codes:
        if not _IPTC.fullmatch(code):
            raise LexiconError(f"{path.name}: iptc has {code!r}; write medtop: and eight digits")
    return codes


def _numbers(path: Path, value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(type(one) is int for one in value):
        raise LexiconError(f"{path.name}: reliefweb must be a list of theme numbers, or []")
    return tuple(value)


def _labels(path: Path, value: object) -> Mapping[str, str]:
    labels = value if isinstance(value, dict) else {}
    for language in LANGUAGES:
        if not isinstance(labels.get(language), str) or not labels[language].strip():
            raise LexiconError(f"{path.name}: [labels] has no {language}; give the theme's name")
    return {language: labels[language] for language in LANGUAGES}


def _terms(path: Path, language: str, value: object) -> tuple[str, ...]:
    terms = _strings(path, f"[terms] {language}", value)
    seen: dict[str, str] = {}
    for term in terms:
        key = fold(term.lstrip("+-"))
        if not key:
            raise LexiconError(f"{path.name}: [terms] {language} has {term!r}, which has no letter")
        if key in seen:
            raise LexiconError(
                f"{path.name}: [terms] {language} has {term!r}, which is {seen[key]!r} again; "
                "keep one"
            )
        seen[key] = term
    if not terms:
        raise LexiconError(f"{path.name}: [terms] {language} is empty; add a term or leave it out")
    return terms


def _examples(path: Path, language: str, value: object) -> Examples:
    field = f"[examples.{language}]"
    if not isinstance(value, dict) or not {"yes"} <= value.keys() <= {"yes", "no"}:
        raise LexiconError(f"{path.name}: {field} must have yes and may have no, nothing else")
    return Examples(
        yes=_strings(path, f"{field} yes", value["yes"]),
        no=_strings(path, f"{field} no", value.get("no", [])),
    )
