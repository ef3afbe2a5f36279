"""Words as the full-text index holds them, and as a reader's query asks for them.

Text and query are folded by the same rules, so that accents, capitals, ligatures and the marks of
Arabic and Hebrew make no difference; the light inflection of some languages is met by stems, which
stand beside the words, so that a phrase stays what was typed. Pure, and it never raises.
"""

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

# Scripts written without spaces between words: Thai and Lao, Burmese, Khmer, kana, Han. Each
# character is a token, and a word is found as a phrase.
UNSPACED = (
    range(0x0E00, 0x0F00),
    range(0x1000, 0x10A0),
    range(0x1780, 0x1800),
    range(0x3005, 0x3008),
    range(0x3040, 0x3100),
    range(0x31F0, 0x3200),
    range(0x3400, 0x4DC0),
    range(0x4E00, 0xA000),
    range(0xF900, 0xFB00),
    range(0xFF66, 0xFFA0),
    range(0x20000, 0x40000),
)
LIGATURES = {"œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ı": "i"}
# One letter in several spellings, which writers of Arabic choose between freely.
ARABIC = {"أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ـ": ""}


class _Folded(dict[int, str]):
    """What each character becomes; found out when it is first met."""

    def __missing__(self, code: int) -> str:
        self[code] = found = _fold(chr(code))
        return found


def _fold(character: str) -> str:
    if any(ord(character) in block for block in UNSPACED):
        return f" {character} "
    if character in ARABIC:
        return ARABIC[character]
    folded = unicodedata.normalize("NFKD", character).casefold()
    base = unicodedata.normalize("NFKD", "".join(LIGATURES.get(c, c) for c in folded))
    latin = any("a" <= c <= "z" or "α" <= c <= "ω" for c in base)
    kept = "".join(c for c in base if not (latin and unicodedata.category(c) == "Mn"))
    kept = kept if latin else unicodedata.normalize("NFC", kept)
    return "".join(map(_part, kept)) if kept else ""


def _part(character: str) -> str:
    kind = unicodedata.category(character)
    if kind in {"Mn", "Me"} and not unicodedata.name(character, "").startswith(INDIC):
        return ""
    return character if kind[0] in "LNM" or kind == "Co" else " "


# Their vowel signs are marks too, and tell words apart.
INDIC = ("DEVANAGARI", "BENGALI", "GUR", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA",
         "MALAYALAM", "SINHALA", "TIBETAN", "MYANMAR", "KHMER", "THAI", "LAO")  # fmt: skip
_TABLE = _Folded()


def folded(text: str) -> str:
    """`text` as tokens with a space between them: small letters without accents, and digits."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "ignore").decode("utf-8"))
    return " ".join(text.translate(_TABLE).split())


# --- Inflection ----------------------------------------------------------------------------------


def stems(tokens: str, language: str) -> str:
    """The stems of folded `tokens` in `language` which are not the tokens themselves."""
    stem = STEMMERS.get(language)
    if stem is None:
        return ""
    own = set(tokens.split())
    return " ".join(sorted({stem(token) for token in own} - own))


@lru_cache(maxsize=1024)
def variants(token: str) -> tuple[str, ...]:
    """A typed token and its stems in every language that has any, itself first."""
    return tuple(dict.fromkeys((token, *(stem(token) for stem in STEMMERS.values()))))


@lru_cache(maxsize=200_000)
def _french(token: str) -> str:
    if len(token) < 4 or not token.isalpha():  # noqa: PLR2004  les, des, pas
        return token
    if token.endswith("aux"):
        return f"{token[:-3]}al"
    for ending in ("s", "x"):
        token = token.removesuffix(ending)
    return token.removesuffix("e").removesuffix("e")


@lru_cache(maxsize=200_000)
def _dutch(token: str) -> str:
    if len(token) < 5 or not token.isalpha():  # noqa: PLR2004  een, van, aan
        return token
    for ending in ("en", "s"):
        if token.endswith(ending):
            return token.removesuffix(ending)
    return token


STEMMERS: Mapping[str, Callable[[str], str]] = {"fr": _french, "nl": _dutch}
