"""The vocabulary: themes and their terms, one file each, and the words of other subjects.

A theme is one file of `lexicon/`; adding a theme is adding a file. Its terms are written

    "word"          counts, but wants company
    "+word"         strong: it means the theme wherever it stands
    "-word"         not this theme: hides what other terms find there ("-migration de donnees")
    "pref* suff*"   a star stands for any end of a word

A file of `elsewhere/` holds the words of a subject that is none of ours (sport, cooking, software):
a text that is full of them means something else by "refuge", "foyer" or "migration".
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

from enrich.text import fold

LEXICON = Path(__file__).parent / "lexicon"
ELSEWHERE = Path(__file__).parent / "elsewhere"
LANGUAGES = ("fr", "nl", "en", "de", "es", "pt", "ar")
GROUPS = ("social", "health", "rights", "humanitarian")


class LexiconError(ValueError):
    """A file of the vocabulary is wrong: names the file, the field and what to do."""


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


@cache
def lexicon() -> Mapping[str, ThemeRecord]:
    """Read all themes once: slug -> record, in the order of the slugs.

    Raises LexiconError for the first file that is wrong.
    """
    return {path.stem: _record(path) for path in _files(LEXICON)}


@cache
def elsewhere() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Read the other subjects once: slug -> language -> terms, in the order of the slugs.

    Raises LexiconError for the first file that is wrong.
    """
    return {path.stem: _subject(path) for path in _files(ELSEWHERE)}


@cache
def version() -> str:
    """Return 12 hex digits that change when a term does: stored results redo then."""
    digest = blake2b(digest_size=6)
    for path in (*_files(LEXICON), *_files(ELSEWHERE)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


# -- reading

_SLUG = re.compile(r"[a-z]+(?:-[a-z]+)*")
_IPTC = re.compile(r"medtop:\d{8}")


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.toml"))


def _data(path: Path) -> dict[str, Any]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LexiconError(f"{path.name}: not a TOML file in UTF-8 ({error}); mend it") from error
    if not _SLUG.fullmatch(path.stem):
        raise LexiconError(f"{path.name}: the file's name is the slug; use a-z and hyphens only")
    return data


def _subject(path: Path) -> Mapping[str, tuple[str, ...]]:
    data = _data(path)
    if data.keys() != {"terms"}:
        raise LexiconError(f"{path.name}: a subject that is no theme has [terms], nothing else")
    return {key: _terms(path, key, value) for key, value in _table(path, data, "terms")}


def _record(path: Path) -> ThemeRecord:
    data = _data(path)
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
