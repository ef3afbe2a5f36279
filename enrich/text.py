"""One way to fold text, for matching and for hashing, and the evidence that matching leaves."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from urllib.parse import urljoin, urlsplit

# What decomposition alone does not bring together.
_LETTERS = {
    "œ": "oe", "æ": "ae", "ß": "ss", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ı": "i", "þ": "th",
    "ς": "σ", "ħ": "h",
    # Arabic: wasla, alef maksura and ta marbuta as they are read, Persian letters as Arabic ones;
    # tatweel only stretches. (Hamza seats and short vowels are marks, and marks go.)
    "ٱ": "ا", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ـ": "",
    # Letters by Unicode's reckoning, apostrophes by everybody else's.
    "ʼ": " ", "ʻ": " ", "ʾ": " ", "ʿ": " ", "ʹ": " ",
}  # fmt: skip


# What no text needs, and what harms terminals, databases and feeds: control characters but tab and
# line feed, halves of characters, what is no character, and marks that turn the direction round.
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202d\u202e\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A term that was found: as its list writes it, how often, and `where`: `title` or `text`."""

    term: str
    count: int
    where: str


def printable(text: str) -> str:
    """The text without UNPRINTABLE characters."""
    return UNPRINTABLE.sub("", text)


def fold(text: str) -> str:
    """Return lower-case words of plain letters and digits with one space between.

    Two texts that differ only in Unicode normal form fold alike, and folding twice changes nothing.
    """
    return " ".join(_translated(text, _LOWER).split())


@lru_cache(maxsize=4)  # a title and a text, read for places and for organisations
def fold_cased(text: str) -> str:
    """As `fold`, but capitals stay, and what parts phrases (comma, line end ...) becomes ` ; `.

    For names, where a capital is evidence and `Chad, Jordan` is two countries, not a person.
    """
    marked = _translated(_SENTENCE_END.sub(";", text), _CASED)
    return " ".join(marked.replace(";", " ; ").split())


def text_hash(text: str) -> str:
    """Return 32 hex digits of the folded letters and digits: for finding exact duplicates.

    Punctuation, case and spacing do not count, so scripts written without spaces hash as well.
    """
    return blake2b(fold(text).replace(" ", "").encode(), digest_size=16).hexdigest()


# A stop after a short word is an abbreviation (St. Lucia, U.S. troops), not an end, and a hyphen
# between blanks is a dash. (What is looked for comes first in it, which is seven times faster.)
_SENTENCE_END = re.compile(r"\.(?<=\w\w\w\.)(?=\s|$)|-(?<=\s-)(?=\s)")
# Joins words rather than parting them: "Guinea-Bissau", "Côte d'Ivoire".
_JOINERS = frozenset(" .'’‘`´-‐‑\u00a0\u202f\u2009\u200b")


class _Table(dict[int, str]):
    """A `str.translate` table that works each character out when it first meets it.

    Each entry depends on its character alone, so threads that race write the same thing.
    """

    def __init__(self, *, cased: bool) -> None:
        super().__init__()
        self.cased = cased

    def __missing__(self, codepoint: int) -> str:
        folded = self._fold(chr(codepoint))
        self[codepoint] = folded
        return folded

    def _fold(self, char: str) -> str:
        if self.cased and char in _JOINERS:
            return " "
        out = char
        # Decomposing can give capitals, and lowering can give marks (İ): repeat until it rests.
        while (again := "".join(map(self._plain, unicodedata.normalize("NFKD", out)))) != out:
            out = again
        return out

    def _plain(self, char: str) -> str:
        """Return a decomposed character as it is kept: nothing, a letter or two, or a blank."""
        lower = char.lower()
        if lower in _LETTERS:
            plain = _LETTERS[lower]
            return plain.title() if self.cased and char != lower else plain
        if not self.cased:
            char = lower
        kind = "".join(unicodedata.category(one)[0] for one in char)
        if set(kind) <= {"L", "N"}:
            return "".join(str(unicodedata.decimal(one, one)) for one in char)
        if kind == "M":
            # Accents have a combining class; the vowel signs of Indic scripts have none and stay,
            # as do the marks that make another kana (class 8).
            stays = unicodedata.combining(char) in (0, 8) and not _INVISIBLE.match(char)
            return char if stays else ""
        if unicodedata.category(char[0]) == "Cf" and char != "\u200b":
            return ""  # soft hyphen, joiners, direction marks
        return ";" if self.cased and char != " " else " "


# Different characters beyond ASCII: of 1,955 texts, those in Latin letters have up to 46.
_FEW = 64
_ASCII = bytes(range(128))


def _translated(text: str, table: _Table) -> str:
    """As `str.translate`, which is fast where all is ASCII and stays as long: so make it that.

    Each character is replaced wherever it stands, since what it becomes becomes itself.
    """
    if not text.isascii():
        rest = text.encode(errors="surrogatepass").translate(None, _ASCII)
        others = {char: table[ord(char)] for char in set(rest.decode(errors="surrogatepass"))}
        if len(others) <= _FEW and all(map(str.isascii, others.values())):
            for char, plain in others.items():
                text = text.replace(char, plain)
    return text.translate(table)


# Marks with no look of their own (variation selectors, the grapheme joiner) or around a letter.
_INVISIBLE = re.compile(
    "[\u034f\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef\u0488\u0489\u1abe\u20dd-\u20e4\ua670-\ua672]"
)
_LOWER = _Table(cased=False)
_CASED = _Table(cased=True)


def absolute(base: str, href: str | None) -> str | None:
    """A link made whole, if it leads to the web."""
    if not href or UNPRINTABLE.search(href):
        return None
    try:
        found = urljoin(base, href.strip())
        parts = urlsplit(found)
    except ValueError:
        return None
    return found if parts.scheme in ("http", "https") and parts.hostname else None
