"""Bytes of a page into text, deciding for ourselves which encoding they are in.

A server's or a page's word is often wrong in this sector: old SPIP and hand-made sites declare
nothing or UTF-8 over Windows-1252 bytes, and a guesser reads French as Czech ("élčves"). Valid
UTF-8 is UTF-8 whatever is declared; other text is what it declares if it decodes strictly, and if
it does not, what was usual for its language before UTF-8, as browsers do by their own language.
"""

import codecs
import re

BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
DECLARED = re.compile(
    rb"""(?:charset|encoding)\s*=\s*["']?\s*([A-Za-z0-9_.:-]{2,40})""", re.IGNORECASE
)
# The HTML standard looks at the first 1,024 bytes; themes that print long comments first put the
# declaration later, and looking further costs nothing.
DECLARATION_WITHIN = 4096
# Text in a one-byte encoding that is read as UTF-8 breaks at nearly each byte that is not ASCII; a
# UTF-8 page with some broken characters at few.
MAX_BROKEN = 0.05
FALLBACK = "cp1252"
# The legacy encoding of each language that Windows-1252 cannot write, as the HTML standard's
# table of fallbacks by locale has them.
LEGACY = {
    **dict.fromkeys(["be", "bg", "ky", "mk", "mn", "ru", "sr", "tg", "tt", "uk"], "cp1251"),
    **dict.fromkeys(["bs", "cs", "hr", "hu", "pl", "ro", "sk", "sl", "sq"], "cp1250"),
    **dict.fromkeys(["az", "ku", "tr"], "cp1254"),
    **dict.fromkeys(["ar", "fa", "ps", "ur"], "cp1256"),
    **dict.fromkeys(["et", "lt", "lv"], "cp1257"),
    "el": "cp1253", "he": "cp1255", "vi": "cp1258", "th": "cp874",
    "ja": "cp932", "ko": "cp949", "zh": "gb18030",
}  # fmt: skip
NOT_OF_TEXT = frozenset({"undefined", "unicode-escape", "raw-unicode-escape", "punycode", "idna"})
HTML_LANG = re.compile(rb"""<html\b[^>]*?\slang\s*=\s*["']?\s*([A-Za-z]{2,3})\b""", re.IGNORECASE)
# The HTML standard: what calls itself Latin-1 or ASCII is Windows-1252.
READ_AS = {
    "iso8859-1": FALLBACK,
    "ascii": FALLBACK,
    "iso8859-9": "cp1254",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}


def decode(
    body: bytes, content_type: str | None = None, language: str | None = None
) -> tuple[str, str]:
    """The text and the Python name of the encoding it was read with; never raises.

    `content_type` is the HTTP header, `language` a BCP 47 code that is expected (of the feed, say);
    the page's own `html lang` goes before it. Bytes that fit no encoding become U+FFFD.
    """
    for bom, encoding in BOMS:
        if body.startswith(bom):
            return body[len(bom) :].decode(encoding, "replace"), encoding
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    header = (content_type or "").encode("latin-1", "replace")
    for place in (header, body[:DECLARATION_WITHIN]):
        for name in DECLARED.findall(place):
            declared = _known(name.decode("ascii"))
            if declared is None:
                continue
            try:
                return body.decode(declared), declared
            except UnicodeDecodeError:
                continue
    mostly_utf8 = body.decode("utf-8", "replace")
    # One bad byte in a UTF-8 page (a cut emoji, a pasted word) is no reason to mangle the rest.
    if mostly_utf8.count("\ufffd") < MAX_BROKEN * sum(byte >= 0x80 for byte in body):  # noqa: PLR2004 (not ASCII)
        return mostly_utf8, "utf-8"
    stated = HTML_LANG.search(body, 0, DECLARATION_WITHIN)
    expected = stated[1].decode("ascii") if stated else (language or "").partition("-")[0]
    encoding = LEGACY.get(expected.lower(), FALLBACK)
    return body.decode(encoding, "replace"), encoding


def _known(name: str) -> str | None:
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError):
        return None
    # UTF-8 was tried; UTF-16 without a mark is never what a page in bytes says of itself. Python
    # also calls things encodings that are none of the web's.
    if found.name.startswith("utf") or found.name in NOT_OF_TEXT or not found._is_text_encoding:  # noqa: SLF001 (told nowhere else)
        return None
    return READ_AS.get(found.name, found.name)
