"""The one sequence from a title and a text to language, themes, places, organisations, keywords."""

from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from pathlib import Path

from enrich import embedding, organisations, places, vocabulary
from enrich.keywords import MOST, keywords
from enrich.language import NO_HINTS, Language, LanguageHints, identify
from enrich.organisations import Organisation, organisations_of
from enrich.places import Places, places_of
from enrich.themes import Themes, themes_of

# Raised by hand when the code of `enrich` gives other answers; packages and data count too.
CODE = 7
# Where an extract is all that may be shown, those of the whole text are shown that stand in it.
MOST_KEYWORDS = 3 * MOST
DATA = Path(__file__).parent / "data"
# Those that results depend on. The Rust langdetect is not among them: it answers the same.
PACKAGES = ("trafilatura", "langdetect", "pycld2", "py3langid", "babel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    language: Language
    themes: Themes
    places: Places
    organisations: tuple[Organisation, ...]
    keywords: tuple[str, ...]


def annotate(
    title: str, text: str, declared: str | None = None, *, hints: LanguageHints = NO_HINTS
) -> Annotation:
    """`declared` is the language that the page claims, as BCP 47; `hints` are others' claims."""
    language = identify(title, text, declared, hints=hints)
    there = places_of(title, text, language.code)
    named = [country.country for country in there.countries]
    return Annotation(
        language=language,
        themes=themes_of(title, text, language.code),
        places=there,
        organisations=organisations_of(title, text, language.code, named),
        keywords=keywords(title, text, language.code, MOST_KEYWORDS),
    )


def version() -> str:
    """What made a result: a stored one that carries another version is older and can be redone."""
    packages = (f"{name}-{release}" for name in PACKAGES if (release := _installed(name)))
    data = (
        f"lexicon-{vocabulary.version()}",
        f"countries-{places.version()}",
        f"organisations-{organisations.version()}",
        f"words-{_words()}",
    )
    extra = filter(None, [embedding.version()])
    return " ".join([f"tamis-{CODE}", *packages, *extra, *data])


@cache
def _installed(name: str) -> str | None:
    try:
        return installed(name)
    except PackageNotFoundError:
        return None


@cache
def _words() -> str:
    """12 hex digits that change when a word or a profile does by which pages are read."""
    digest = blake2b(digest_size=6)
    for path in sorted(DATA.iterdir()):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
