"""Light inflection: one stem for the number, the gender and the case of a word, no derivation.

Rules of our own on folded words, in the manner of J. Savoy's light stemmers (Light stemming
approaches for the French, Portuguese, German and Hungarian languages, 2006) and, for Dutch, of
Snowball's steps, but back to the singular as it is written, so that "bomen" meets "boom" and not
"bom". Arabic is light10 (L. Larkey and others, Light stemming for Arabic information retrieval,
2007). Chosen over the package snowballstemmer on tests/inflections.toml: see tests/test_words.py.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

# How many stems are kept a language, the last used: the 30,000 words of its texts in tests/sector
# are 6,900 different ones in French. As many of eight letters take 7.6 MB.
KEPT = 1 << 15
VOWELS = "aeiouy"
Stemmer = Callable[[str], str]


def _lightly(shortest: int) -> Callable[[Stemmer], Stemmer]:
    """A stemmer for words of at least `shortest` letters, which remembers the last."""

    def wrap(rules: Stemmer) -> Stemmer:
        @lru_cache(maxsize=KEPT)
        def stem(token: str) -> str:
            return rules(token) if len(token) >= shortest and token.isalpha() else token

        return stem

    return wrap


def _swap(token: str, endings: Mapping[str, str]) -> str | None:
    """`token` with the first of `endings` that it has replaced; None if it has none of them."""
    for ending, other in endings.items():
        if token.endswith(ending):
            return token[: -len(ending)] + other
    return None


# --- Romance -------------------------------------------------------------------------------------

FEMININE = {
    "iv": "if", "eus": "eu", "iqu": "ic", "ell": "el", "eill": "eil", "enn": "en", "ett": "et",
    "ionn": "ion", "llonn": "llon",
}  # fmt: skip


@_lightly(4)
def _french(token: str) -> str:
    if len(token) > 4 and token.endswith("aux"):
        return token[:-1] if token.endswith("eaux") else f"{token[:-3]}al"
    if token.endswith(("eux", "oux")):
        return token[:-1]
    if token.endswith("s") and token[-2] != "s":
        token = token[:-1]
    if len(token) > 5 and token.endswith("ail"):  # travail, travaux
        return f"{token[:-3]}al"
    if len(token) > 6 and token.endswith("er") and not token.endswith(("ier", "ager", "nger")):
        return token[:-2]  # héberger; but ouvrier, usager, étranger
    if len(token) > 7 and token.endswith("ir"):
        return token[:-1]
    token = token[:-1] if len(token) > 4 and token.endswith("ee") else token
    if len(token) > 4 and token.endswith("e"):
        token = token[:-1]
        return _swap(token, FEMININE) or token
    return token


@_lightly(4)
def _spanish(token: str) -> str:
    if token.endswith("ces"):
        return f"{token[:-3]}z"
    return _participle(_singular(token))


@_lightly(4)
def _portuguese(token: str) -> str:
    endings = {"oes": "ao", "aes": "ao", "ns": "m"}
    if len(token) > 4:
        endings |= {"ais": "al", "eis": "el"}
    return _swap(token, endings) or _participle(_singular(token))


def _singular(token: str) -> str:
    """Without -s, and without an -e after a consonant, which may be of the plural."""
    if len(token) > 4 and token.endswith("s") and token[-2] in "aeo":
        token = token[:-1]
    return token[:-1] if len(token) > 4 and re.search("[^aeiou]e$", token) else token


def _participle(token: str) -> str:
    """Without its gender: refugiado and refugiada, trabajador and trabajadora; casa is not caso."""
    if len(token) > 5 and token.endswith(("ado", "ada", "ido", "ida")):
        return token[:-1]
    return token[:-1] if token.endswith("dora") else token


@_lightly(5)
def _italian(token: str) -> str:
    if token[-1] in "aeio":
        token = token[:-1]
        return token[:-1] if token[-1] in "ih" else token
    return token


# --- Germanic ------------------------------------------------------------------------------------

# Plurals which change more than their ending, compounds of theirs included.
DUTCH = {
    "kinderen": "kind", "goederen": "goed", "bladeren": "blad", "liederen": "lied",
    "volkeren": "volk", "heden": "heid", "steden": "stad", "leden": "lid", "dagen": "dag",
    "wegen": "weg", "daken": "dak", "glazen": "glas", "schepen": "schip", "spelen": "spel",
    "verslagen": "verslag", "bedragen": "bedrag", "verboden": "verbod",
}  # fmt: skip
DUTCH_PLURALS = ("ers", "els", "ems", "aars", "eurs", "oors", "oons", "ops", "ums", "ies")
GERMAN = {
    "kinder": "kind", "hauser": "haus", "lander": "land", "manner": "mann", "bucher": "buch",
    "amter": "amt", "worter": "wort", "bilder": "bild", "felder": "feld", "dorfer": "dorf",
    "glieder": "glied", "rader": "rad",
}  # fmt: skip
ADJECTIVE = ("ig", "lich", "isch", "al", "los", "bar", "sam")


@_lightly(4)
def _dutch(token: str) -> str:
    if irregular := _swap(token, DUTCH):
        return irregular
    if token.endswith(DUTCH_PLURALS) and not token.endswith("vies"):
        return token[:-1]
    if len(token) > 5 and token.endswith("ens"):
        return token[:-1]
    if len(token) > 5 and token.endswith("es") and token[-3] not in VOWELS:
        token = token[:-1]
    if re.search("[^aeiouy]eren$", token):  # ouderen are oudere, not ouders
        return token[:-1]
    if len(token) > 4 and token.endswith("en") and token[-3] not in "eo":
        return _closed(token[:-2])
    if token.endswith("e") and token[-2] not in "eio" and not token.endswith("ere"):
        return _closed(token[:-1])
    return token


def _closed(base: str) -> str:
    """A Dutch syllable that an ending had opened, as it is written without: bom- is boom."""
    if base[-1] == base[-2] and base[-1] not in VOWELS:
        return base[:-1]
    if re.search(r"(?:^|[^aeiouy]|i(?=a))[aeou][^aeiouyjwx]$", base) and not re.search(
        r"[aeiouy].*e[lr]$|ctor$", base
    ):
        base = f"{base[:-1]}{base[-2:]}"
    return base[:-1] + {"v": "f", "z": "s"}.get(base[-1], base[-1])


@_lightly(4)
def _german(token: str) -> str:
    if len(token) > 5 and token.endswith("ern"):
        token = token[:-1]
    if irregular := _swap(token, GERMAN):
        return irregular
    if token.endswith("er"):
        return token[:-2] if token[:-2].endswith(ADJECTIVE) else token
    for ending in ("en", "em", "es", "e"):
        if token.endswith(ending) and len(token) - len(ending) > 2:
            return token.removesuffix(ending)
    return token


ENGLISH = {"children": "child", "women": "woman", "news": "news", "series": "series"}


@_lightly(4)
def _english(token: str) -> str:
    if token in ENGLISH:
        return ENGLISH[token]
    if len(token) > 4 and token.endswith("ies"):
        return f"{token[:-3]}y"
    if token.endswith(("sses", "xes", "ches", "shes", "zzes")):
        return token[:-2]
    if token.endswith("s") and not token.endswith(("ss", "us", "is")):
        return token[:-1]
    return token


# --- Arabic --------------------------------------------------------------------------------------

ARTICLES = ("ال", "وال", "بال", "كال", "فال", "لل")
ENDINGS = ("ها", "ان", "ات", "ون", "ين", "يه", "ه", "ي")  # ة and ى are folded


@_lightly(3)
def _arabic(token: str) -> str:
    for article in ARTICLES:
        if token.startswith(article) and len(token) - len(article) > 1:
            token = token.removeprefix(article)
            break
    if token.startswith("و") and len(token) > 3:  # after the article, so that الولادة is ولادة
        token = token[1:]
    for ending in ENDINGS:
        if token.endswith(ending) and len(token) - len(ending) > 1:
            token = token.removesuffix(ending)
    return token


STEMMERS: Mapping[str, Stemmer] = {
    "ar": _arabic, "de": _german, "en": _english, "es": _spanish, "fr": _french,
    "it": _italian, "nl": _dutch, "pt": _portuguese,
}  # fmt: skip
