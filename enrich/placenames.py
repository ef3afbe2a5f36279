"""What is looked for in texts as a name of a country or region, in each language and spelling.

CLDR's names of countries, and what data/*.toml adds: other names, demonyms, capitals, Belgium's
regions, and longer names that are none of these.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import ahocorasick

from enrich.names import keys
from enrich.text import fold_cased

DATA = Path(__file__).parent / "data"
FILES = ("countries", "demonyms", "capitals", "regions")

# CLDR's territories that ISO 3166-1 gives no code of its own (islets, unions, the unknown).
NOT_COUNTRIES = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ")
)
NAME, DEMONYM, CAPITAL, REGION, HALF_REGION = "name", "demonym", "capital", "region", "half region"


@dataclass(frozen=True, slots=True)
class Name:
    """A name as listed; without codes, it is a blocker, which only keeps shorter names out.

    Several codes: it is said of each. `doubtful` needs other evidence of the same place, `person`
    and `union` look at the words around, `body` at other abbreviations.
    """

    name: str
    codes: tuple[str, ...]
    kind: str = NAME
    doubtful: bool = False
    person: bool = False
    body: bool = False
    union: bool = False


@cache
def version() -> str:
    """Return 12 hex digits that change when the data does; names themselves come with Babel."""
    digest = blake2b(digest_size=6)
    for name in FILES:
        digest.update((DATA / f"{name}.toml").read_bytes() + b"\0")
    return digest.hexdigest()


@cache
def automaton(language: str) -> Any:
    """Finds the names of a language (BCP 47) in folded text, as (key, Name)."""
    found = ahocorasick.Automaton()
    for key, name in _names(language).items():
        found.add_word(key, (key, name))
    found.make_automaton()
    return found


@cache
def data(name: str) -> dict[str, Any]:
    """One of FILES."""
    return tomllib.loads((DATA / f"{name}.toml").read_text(encoding="utf-8"))


def base(language: str) -> str:
    return re.split("[-_]", language, maxsplit=1)[0].lower()


def folded(names: Any) -> frozenset[str]:
    return frozenset(fold_cased(name).lower() for name in names)


def _names(language: str) -> dict[str, Name]:
    """Map what is looked for in folded text to the name it stands for. The first of a key wins."""
    found: dict[str, Name] = {}
    for written, name in (
        *_countries(language),
        *_regions(language),
        *_capitals(language),
        *_demonyms(language),
        *_blockers(language),
    ):
        for key in keys(fold_cased(written)):
            found.setdefault(key, name)
    return found


Written = Iterator[tuple[str, Name]]


def _countries(language: str) -> Written:
    countries = data("countries")
    doubtful = folded(countries["doubtful"].get(base(language), ()))
    people, bodies = folded(countries["people"]["names"]), folded(countries["bodies"]["names"])
    own = folded(territories(language).values()) or people  # of "und", English
    foreign = folded(countries["people"]["in_english"]) - own
    words = folded(countries["words_in_capitals"].get(base(language), ()))
    # The last ones are the language's own, and it is by these that a country is shown as named.
    for name, codes in reversed(_codes(language).items()):
        plain = fold_cased(name).lower()
        if plain in words and name.isupper():
            continue
        yield (
            name,
            Name(
                name,
                tuple(sorted(codes)),
                doubtful=plain in doubtful or plain in foreign,
                person=plain in people,
                body=plain in bodies,
            ),
        )


def _codes(language: str) -> dict[str, set[str]]:
    """Map each name, in each way it is written, to its countries."""
    own = base(language)
    codes: dict[str, set[str]] = {}
    for tag in dict.fromkeys(("en", language)):
        for code, name in territories(tag).items():
            for variant in _variants(name, base(tag)):
                codes.setdefault(variant, set()).add(code)
    # Other names are of one language: in French, US is a football club.
    for tag in ("any", "en" if own == "und" else own):
        for name, those in data("countries")["aliases"].get(tag, {}).items():
            for variant in _variants(name, own):
                codes.setdefault(variant, set()).update(those)
    return codes


def _capitals(language: str) -> Written:
    own = base(language)
    for name, codes in _by_word(data("capitals")["names"], "any", own):
        for variant in _variants(name, own):
            yield variant, Name(name, codes, CAPITAL)


def _demonyms(language: str) -> Written:
    own = base(language)
    for word, codes in _by_word(data("demonyms")["words"], own):
        name = Name(word, codes, DEMONYM)
        for form in _forms(word, own):
            yield form, name
            if own == "ar":
                yield f"ال{form}", name


def _regions(language: str) -> Written:
    """Of Belgium, in its languages and English; of other languages, English alone."""
    regions, own = data("regions"), base(language)
    # In Dutch, English "Brussels" is an adjective.
    spoken = own if own in regions["doubtful"] else "en"
    doubtful, union = folded(regions["doubtful"][spoken]), folded(regions["union"]["names"])
    for word, codes in _by_word(regions["names"], spoken, "en"):
        for form in (word, word[0].upper() + word[1:]):
            for variant in _variants(form, own, brackets=True):
                yield variant, Name(word, codes, REGION)
    for group in ("halves", "adjectives"):
        for word, codes in _by_word(regions[group], spoken):
            plain = fold_cased(word).lower()
            name = Name(
                word,
                codes,
                HALF_REGION,
                doubtful=plain in doubtful,
                union=plain in union,
            )
            for form in _forms(word, spoken) if group == "adjectives" else (word,):
                for variant in _variants(form, own):
                    yield variant, name


def _by_word(
    listed: dict[str, dict[str, str | list[str]]], *languages: str
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each word of these languages, with all its codes."""
    codes: dict[str, dict[str, None]] = {}
    for tag in languages:
        for code, words in listed.get(tag, {}).items():
            for word in [words] if isinstance(words, str) else words:
                codes.setdefault(word, {})[code] = None
    return ((word, tuple(those)) for word, those in codes.items())


def _blockers(language: str) -> Written:
    for name in FILES:
        blockers = data(name).get("blockers", {})
        for tag in dict.fromkeys(("any", "en", base(language))):
            for blocker in blockers.get(tag, ()):
                for written in (blocker, blocker[0].upper() + blocker[1:], blocker.upper()):
                    yield written, Name(blocker, ())


# -- spelling

_AND = {"en": "and", "fr": "et", "nl": "en", "es": "y", "pt": "e", "it": "e", "de": "und"}
# Languages that put an s on a name ("Syriens Regierung"); English has an apostrophe there.
_GENITIVE = frozenset(("de", "sv", "da", "nb", "nn", "no"))
_SHORTEST_CAPITALS = 4


def _variants(name: str, language: str, *, brackets: bool = False) -> Iterator[str]:
    """Yield ways to write a name: no brackets, "and" for "&", Saint for St., capitals."""
    name = name if brackets else re.sub(r"\s*[(（].*", "", name).strip()
    plain = name.replace("&", _AND.get(language, "&"))
    for variant in dict.fromkeys(
        (name, plain, plain.replace("St.", "Saint"), re.sub(r"^Saint\b", "St.", plain))
    ):
        yield variant
        if language in _GENITIVE and variant[-1] not in "sxzß":
            yield variant + "s"
        if len(variant) >= _SHORTEST_CAPITALS:
            yield variant.upper()


def _forms(word: str, language: str) -> Iterator[str]:
    """Yield the inflected forms of a demonym, small and with a capital, and in capitals."""
    endings = data("demonyms")["forms"][language]
    ending = next(each for each in endings if word.endswith(each))
    for other in endings[ending]:
        form = word[: len(word) - len(ending)] + other
        yield form
        yield form[0].upper() + form[1:]
        if len(form) > _SHORTEST_CAPITALS:
            yield form.upper()


# -- CLDR


def territories(language: str) -> dict[str, str]:
    found = locale(language)
    if found is None:
        return {}
    return {
        code: name
        for code, name in found.territories.items()
        if len(code) == len("XK") and code.isalpha() and code not in NOT_COUNTRIES
    }


@cache
def locale(tag: str) -> Any:
    """Return babel's locale for a BCP 47 tag, or for its language alone; None if it has none."""
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415 (60 ms that `--help` need not pay)

    for name in (tag.replace("-", "_"), base(tag)):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return None
