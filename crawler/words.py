"""Words as the full-text index holds them, and as a reader's query asks for them.

Text and query are folded by the same rules, so that accents, capitals, ligatures, widths and the
marks of Arabic and Hebrew make no difference; the light inflection of some languages is met by
stems, which stand beside the words, so that a phrase stays what was typed. Pure, and it never
raises.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Literal

from crawler.inflection import STEMMERS

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
    range(0xA9E0, 0xAA00),
    range(0xAA60, 0xAA80),
    range(0xF900, 0xFB00),
    range(0x20000, 0x40000),
)
# Letters that Unicode does not take apart, and which are typed without their mark or as two.
LETTERS = {
    "œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ħ": "h", "ı": "i",
    "ŋ": "n", "ё": "е", "ґ": "г", "ʼ": " ",
    # One letter in several spellings, which writers of Arabic choose between freely; and those that
    # keyboards for Persian and Urdu have for letters of Arabic.
    "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ة": "ه", "ؤ": "و", "ئ": "ي", "ـ": "",
    "ک": "ك", "ی": "ي", "ے": "ي", "ہ": "ه", "ھ": "ه", "ۀ": "ه",
}  # fmt: skip
# Their vowel signs are marks too, and tell words apart.
INDIC = ("DEVANAGARI", "BENGALI", "GUR", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA",
         "MALAYALAM", "SINHALA", "TIBETAN", "MYANMAR", "KHMER", "THAI", "LAO")  # fmt: skip
# Their voice marks are characters beside them, and NFC leaves them there.
HALF_WIDTH_KANA = re.compile("[\uff66-\uff9f]")
KEPT = 1 << 16  # characters: those of all living scripts; they take 10 MB


class _Folded(dict[int, str]):
    """What each character becomes; found out when it is first met."""

    def __missing__(self, code: int) -> str:
        found = _fold(chr(code))
        if len(self) < KEPT:
            self[code] = found
        return found


def _fold(character: str) -> str:
    folded = unicodedata.normalize("NFKD", character).casefold()
    base = unicodedata.normalize("NFKD", _plain(folded))
    latin = any("a" <= c <= "z" or "α" <= c <= "ω" for c in base)
    kept = "".join(c for c in base if not (latin and unicodedata.category(c) == "Mn"))
    kept = kept if latin else _plain(unicodedata.normalize("NFC", kept))
    return "".join(map(_part, kept))


def _plain(letters: str) -> str:
    return "".join(LETTERS.get(letter, letter) for letter in letters)


def _part(character: str) -> str:
    if (digit := unicodedata.decimal(character, None)) is not None:
        return str(digit)
    kind = unicodedata.category(character)
    if kind == "Cf":  # soft hyphens, joiners, marks of direction
        return ""
    if not (kind[0] in "LNM" or kind == "Co"):
        return " "
    if any(ord(character) in block for block in UNSPACED):
        return f" {character} "
    if kind in {"Mn", "Me"} and not unicodedata.name(character, "").startswith(INDIC):
        return ""
    return character


_TABLE = _Folded()
# What is written within a word and is none of its letters: the endings of inclusive writing
# (réfugié·e·s, réfugié.e.s, réfugié(e)s, réfugié-e-s, enfant(s)), the apostrophe of Ukrainian, that
# of entr'aide, the point of Catalan (col·lectiu).
WITHIN = re.compile(
    r"""
    ['’ʼ·•‧∙⋅.(-] (?:
      (?<=[Ѐ-ӿ]['’ʼ]) (?=[Ѐ-ӿ])
    | (?<=\b[Ee]ntr['’]) (?=\w)
    | (?<=l·) (?=l)
    | (?<=[^\W\d_]{2}[·•‧∙⋅])
      (?i: (?:e|le|ne|te|ve|fe|re|sse|esse|ère|ière|rice|trice|euse|eure|aux|ales)
        s? (?:[·•‧∙⋅]s)? | s | x ) \b
    | (?<=[^\W\d_]{2}\.)
      (?: (?i: (?:e|le|ne|te|ve|sse|rice|trice|euse) s? \.s ) | es? ) \b (?!['’.]\w)
    | (?<=[^\W\d_]{2}\() (?i: (?:e|le|ne|te|ve|sse|rice|trice|euse) \) s? | (?:e?s|x) \) )
    | (?<=[^\W\d_]{2}-) (?i:e|ne|le|te|ve|trice|euse) -s \b
    )
    """,
    re.VERBOSE,
)


def folded(text: str) -> str:
    """`text` as tokens with a space between them: small letters without accents, and digits."""
    form: Literal["NFKC", "NFC"] = "NFKC" if HALF_WIDTH_KANA.search(text) else "NFC"
    text = unicodedata.normalize(form, text.encode("utf-8", "ignore").decode("utf-8"))
    return " ".join(WITHIN.sub("", text).translate(_TABLE).split())


def stems(tokens: str, language: str) -> str:
    """The stems of folded `tokens` in `language` which are not the tokens themselves."""
    stem = STEMMERS.get(language)
    if stem is None:
        return ""
    own = set(tokens.split())
    return " ".join(sorted(set(map(stem, own)) - own))


@lru_cache(maxsize=1024)
def variants(token: str) -> dict[str, tuple[str, ...]]:
    """The stems of a typed token that are not the token, each with the languages it is one in."""
    found: dict[str, list[str]] = {}
    for language, stem in STEMMERS.items():
        if stem(token) != token:
            found.setdefault(stem(token), []).append(language)
    return {stem: tuple(languages) for stem, languages in found.items()}
