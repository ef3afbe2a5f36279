"""Who is asked which language a text is in: detectors, and which languages each covers.

A detector is a record with a function from text to (code, probability) pairs, best first, and one
line in DETECTORS. langdetect comes first and always runs; it is the only one that must be there.
"""

import importlib
import importlib.util
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from types import ModuleType
from typing import Any

from enrich.paragraphs import word_set
from enrich.profiles import all_profiles, sizes
from enrich.scripts import leading

Ranked = list[tuple[str, float]]
LOADING = threading.RLock()
# Codes that mean one of ours: aliases, members of a language, and dialects that are written as it.
ALIASES = {
    "iw": "he", "in": "id", "jw": "jv", "ji": "yi", "mo": "ro", "fil": "tl", "nb": "no", "nn": "no",
    "zh-cn": "zh", "zh-tw": "zh", "cmn": "zh", "yue": "zh", "wuu": "zh", "prs": "fa", "pes": "fa",
    "arb": "ar", "ary": "ar", "arz": "ar", "plt": "mg", "gaz": "om", "fuv": "ff", "gug": "gn",
    "uzs": "uz", "kik": "ki", "sr-Latn": "sr", "sr-me": "sr", "zsm": "ms", "swh": "sw", "als": "sq",
    "azj": "az", "npi": "ne", "pbt": "ps", "lvs": "lv", "ekk": "et", "khk": "mn", "uzn": "uz",
    "sdh": "ckb", "gom": "kok", "hbo": "he",
}  # fmt: skip
# No language, or one of py3langid that the CLDR has no name for.
NO_LANGUAGE = re.compile(r"un|und|zxx|mul|mis|xxx|unknown|xx-.*|zz.*|tlh|bcl|gcf|gcr|guw")
ARABIC = re.compile("[\u0600-\u06ff]")


@dataclass(frozen=True, slots=True)
class Detector:
    """`covers` and `rank` load what they need when first asked, once for all threads.

    `floor` is the least that a language which it knows gets: how much an answer of its is worth
    when it is sure, and wrong.
    """

    name: str
    covers: Callable[[], frozenset[str]]
    rank: Callable[[str], Ranked]
    floor: float


def canonical(code: str, text: str = "") -> str | None:
    """Our code for a language; None for what is no language. Kurdish is two, told by its script."""
    if code == "ku":
        return "ckb" if ARABIC.search(text) else "kmr"
    return _canonical(code)


@lru_cache(maxsize=1000)
def _canonical(code: str) -> str | None:
    if NO_LANGUAGE.fullmatch(code):
        return None
    base = code.partition("-")[0]
    return ALIASES.get(code) or ALIASES.get(base, base)


def merged(ranked: Ranked, text: str) -> Ranked:
    """In our codes, each once, best first."""
    found: dict[str, float] = {}
    for code, probability in ranked:
        if ours := canonical(code, text):
            found[ours] = found.get(ours, 0.0) + probability
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


@cache
def package(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


# langdetect. The Rust one gives the same answers to the last bit, sixty times faster.


def _langdetect() -> str:
    return "langdetect_rs" if package("langdetect_rs") else "langdetect"


@cache
def _factories(library: str) -> dict[str, Any]:
    """A factory a script, so that a text is compared only with languages that look like it.

    langdetect would give Traditional Chinese headlines to Korean, and doubles its time with each
    fifty languages. The order of profiles is ours: theirs is that of files on a disk, which moves
    the last bits.
    """
    module = importlib.import_module(f"{library}.detector_factory")
    profile = importlib.import_module(f"{library}.utils.lang_profile").LangProfile
    alike = sizes()
    made: dict[str, Any] = {}
    for one in all_profiles():
        if one.script not in made:
            made[one.script] = module.DetectorFactory()
            # Seeded, or 20 of 450 titles change label from pass to pass.
            made[one.script].set_seed(0)
        factory = made[one.script]
        # Where there is nothing to compare with, single letters say as much, in 15 MB less.
        alone = alike[one.script] == 1
        counts = {gram: n for gram, n in one.counts.items() if len(gram) == 1 or not alone}
        counted = profile(one.name, counts, list(one.totals))
        factory.add_profile(counted, len(factory.get_lang_list()), alike[one.script])
    return made


def factories(library: str | None = None) -> dict[str, Any]:
    # langdetect publishes its own before the profiles are in it: of 16 threads whose first call
    # came at once, 15 were answered wrongly.
    with LOADING:
        return _factories(library or _langdetect())


def by_langdetect(text: str, library: str | None = None) -> Ranked:
    """No answer for a script it does not know, or for no letters at all."""
    factory = factories(library).get(leading(text) or "")
    if factory is None:
        return []
    detector = factory.create()
    detector.append(text)
    try:
        ranked = detector.get_probabilities()
    except Exception as error:
        if type(error).__name__ != "LangDetectException":  # there is one in each library
            raise
        return []
    return merged([(guess.lang, guess.prob) for guess in ranked], text)


@cache
def langdetect_covers() -> frozenset[str]:
    names = (name for factory in factories().values() for name in factory.get_lang_list())
    return frozenset(code for name in names if (code := canonical(name)))


# pycld2

# Those of its 80 full languages and of its extended table that it finds in text; the rest of what
# it lists are scripts, jokes, and languages it hardly ever names.
CLD2 = word_set(
    """ab af am ar as ay az ba be bg bi bn bo br bs ca ceb chr ckb co cs cy da de dv dz el en eo es
    et eu fa fi fj fo fr fy ga gd gl gn gu gv ha haw he hi hmn hr ht hu hy ia id ie ig ik is
    it iu ja jv ka kha kk kl km kn ko ky la lb lg ln lo lt lv mfe mg mi mk ml mn mr ms mt my
    na ne nl no nr nso ny oc om or pa pl ps pt qu rm rn ro ru rw sa sco sd sg si sk sl sm sn
    so sq sr ss st su sv sw syr ta te tg th ti tk tl tn to tr ts tt ug uk ur uz ve vi vo war
    wo xh yi yo za zh zu"""
)
# It raises on these; the text that we give it has most of them no more, but others call it too.
UNWANTED = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(
        chr(plane + last) for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)
    )
    + "]"
)
# A headline is read twice, as it stands and without words with capitals: names make it English.
HEADLINE, MIN_REST = 200, 15
QUOTES = "\"'«»“”„‘’([¿¡-–—"


def by_cld2(text: str) -> Ranked:
    cld2 = package("pycld2")
    if cld2 is None:
        return []
    plain = UNWANTED.sub(" ", text)
    readings = [plain]
    if len(plain) <= HEADLINE:
        rest = " ".join(word for word in plain.split() if not word.lstrip(QUOTES)[:1].isupper())
        if sum(map(str.isalpha, rest)) >= MIN_REST:
            readings.append(rest)
    found: Ranked = []
    for reading in readings:
        try:
            _, _, details = cld2.detect(reading, isPlainText=True, bestEffort=True)
        except cld2.error:
            return []
        found += [(code, percent / 100 / len(readings)) for _, code, percent, _ in details]
    return merged(found, text)


# py3langid


@cache
def _langid() -> Any:
    # Imports numpy and 90 MB of model: only when the others disagree.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def langid() -> Any:
    with LOADING:
        return _langid()


def by_langid(text: str) -> Ranked:
    if package("py3langid") is None:
        return []
    ranked = langid().rank(text)[:6]
    # Without one feature it knows, all its languages are as probable as each other.
    if ranked[0][1] <= ranked[-1][1]:
        return []
    return merged([(code, float(probability)) for code, probability in ranked], text)


# Its labels in our codes, so that they are known before it is loaded.
LANGID = word_set(
    """ace af am an ar as az ba be bg bn br bs ca ckb crh cs cy da de dz el en eo es et eu ext fa
    ff fi fo fr fy ga gd gl gn grc gu ha he hi hr ht hu hy id ig is it ja jv ka kab ki kk km
    kmr kn ko kok ky la lb lg lij ln lo lt ltg lv mg mk ml mn mr ms mt my ne nl no nso oc om
    or pa pcm pl ps pt qu ro ru rw sa se si sk sl sn so sq sr st sv sw ta te tg th tk tl tr
    tt ug uk ur uz vec vi vo wa xh yo zh zu"""
)


def langid_covers() -> frozenset[str]:
    return LANGID


def cld2_covers() -> frozenset[str]:
    return CLD2


# Floors were tried from .005 to .1 on the development half: between .01 and .05 nothing moves by
# more than .2 points. langdetect's is higher since it says .9999 of most languages it confuses.
DETECTORS = {
    "langdetect": Detector("langdetect", langdetect_covers, by_langdetect, 0.03),
    "pycld2": Detector("pycld2", cld2_covers, by_cld2, 0.01),
    "py3langid": Detector("py3langid", langid_covers, by_langid, 0.01),
}


@cache
def absent() -> tuple[str, ...]:
    """The detectors that are not installed."""
    names = ("pycld2", "py3langid")
    return tuple(name for name in names if importlib.util.find_spec(name) is None)
