"""What a body must be to be read as a page, and how much of it: before and just after parsing.

`refuse` looks at how it begins, `readable` cuts it to what can be read in time, `uncrowded` cuts
what the parsed page shows to be too much.
"""

import re

from lxml import etree
from lxml.html import HtmlElement

from enrich.blocks import BLOCKS as LINES
from enrich.kinds import Kind

# Trafilatura needs some 1.4 s and 50 MB for each million characters of short paragraphs, and as
# much for each 25,000 tags however short: 8 MB of paragraphs took 16 s, 250,000 times `<p>x</p>`
# 14 s, 20 MB 37 s and 1 GB. Cut here, the same pages take 4 s and 200 MB at most. The largest of
# 1,185 real pages has 2.2 million characters and 13,000 tags, so none is cut. To check again: time
# `bare_extraction` on as many paragraphs.
MAX_CHARACTERS, MAX_TAGS = 3_000_000, 50_000
# Trafilatura joins the runs of text in one element (`a <b>b</b> c`) in quadratic time: 4,000 take
# 1.4 s, 25,000 more than a minute. The most that one of 1,185 real pages has is 312. A page with
# more in one element is cut at MAX_CROWDED tags, which take a second or two if they are all runs.
MAX_RUNS, MAX_CROWDED = 2_000, 8_000
CROWDED = etree.XPath(f"//*[*[{MAX_RUNS + 1}]]")
# The parser compares each attribute of a tag with all others: 100,000 of them take minutes.
MAX_ATTRIBUTES = 2_000
LONG_TAG = 4 * MAX_ATTRIBUTES  # characters: an attribute has a blank, a name, a "=" and a value
# What a body begins with that is no page, and what it then is.
SIGNATURES = (
    (b"%PDF", "a PDF"), (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"),
    (b"RIFF", "a picture or a sound"), (b"\x1f\x8b", "compressed data"),
    (b"\xd0\xcf\x11\xe0", "an office document"), (b"{\\rtf", "an office document"),
    (b"ID3", "a sound"), (b"OggS", "a sound or a film"), (b"\x00\x00\x00", "a film"),
    (b"wOF", "a font"), (b"%!PS", "a PostScript file"), (b"7z\xbc\xaf", "an archive"),
)  # fmt: skip
FEED_ROOTS = ("<rss", "<feed", "<rdf:rdf", "<urlset", "<sitemapindex", "<opml")
BEGINNING = 4_096  # characters in which a page shows what it is
BLANKS = b"\xef\xbb\xbf \t\r\n"
JSON = re.compile(r"\{\s{0,99}[\"}]|\[\s{0,99}[{\[\"\d]")
NO_PAGES = (
    "image/", "audio/", "video/", "font/", "application/pdf", "application/zip",
    "application/json", "text/plain", "text/csv", "text/css",
)  # fmt: skip
UTF16 = (b"\xff\xfe", b"\xfe\xff")
# One NUL in a page is an accident that the parser passes over; binary data have one in ten.
MAX_NULS = 0.01


def refuse(body: bytes | str, content_type: str | None = None) -> Kind | None:
    """Why `body` cannot be a page, or None if it may be one. Looks at its beginning only."""
    start = body[:BEGINNING]
    raw = (start if isinstance(start, bytes) else start.encode("utf-8", "replace")).lstrip(BLANKS)
    text = raw.replace(b"\0", b"").decode("utf-8", "replace").lower()
    what = next((what for signature, what in SIGNATURES if raw.startswith(signature)), None)
    stated = (content_type or "").partition(";")[0].strip().lower()
    if not text.strip():
        return Kind(name="empty", reason="the answer has no content")
    if what is None and not raw.startswith(UTF16) and raw.count(0) > MAX_NULS * len(raw):
        what = "binary data"
    elif text[0] in "{[" and JSON.match(text):
        what = "JSON"
    elif _after_prolog(text).startswith(FEED_ROOTS):
        what = "a feed or a sitemap"
    elif text.startswith("<?xml") and "<html" not in text and "<!doctype html" not in text:
        what = "XML of another kind"
    elif stated.startswith(NO_PAGES) and "<" not in text:
        what = stated
    return Kind(name="not_html", reason=f"it is {what}, not a page") if what else None


def _after_prolog(text: str) -> str:
    """The text from its first element on: without declarations and comments."""
    while text.startswith(("<?", "<!")):
        end = text.find("-->") + 3 if text.startswith("<!--") else text.find(">") + 1
        if text.startswith("<!doctype html") or end < len("-->"):
            return text
        text = text[end:].lstrip()
    return text


def readable(html: str) -> tuple[str, bool]:
    """The page as far as it can be read in time, and whether its end was cut off.

    Ordinary pages come back as they are. Larger ones first lose what holds no text: programs,
    styles, comments and pictures inside addresses. In linear time.
    """
    if html.count("=") > MAX_ATTRIBUTES and _has_long_tag(html):
        html = _few_attributes(html)
    if not _large(html):
        return html, False
    html = _without(html, "<!--", "-->")
    html = _without(html, "<style", "</style>")
    html = _without(html, "<script", "</script>", keep="ld+json")
    html = re.sub(r"data:[a-z]{3,12}/[^\s\"'<>)]{200,}", "", html)
    return (_cut(html, MAX_TAGS), True) if _large(html) else (html, False)


def uncrowded(html: str, tree: HtmlElement) -> str | None:
    """The beginning of the page `tree` if an element in it has more runs of text than can be read.

    None for all others: no real page has such an element.
    """
    if html.count("<") <= MAX_RUNS:
        return None
    runs = (sum(part.tag not in LINES for part in element) for element in CROWDED(tree))
    return _cut(html, MAX_CROWDED) if any(each > MAX_RUNS for each in runs) else None


def _cut(html: str, most: int) -> str:
    """The page up to its tag of that number, and to MAX_CHARACTERS."""
    cut = html[:MAX_CHARACTERS]
    if cut.count("<") > most:
        position = -1
        for _ in range(most):
            position = cut.index("<", position + 1)
        cut = cut[:position]
    # Not in the middle of a tag.
    return cut[: cut.rfind("<")] if cut.rfind("<") > cut.rfind(">") else cut


def _large(html: str) -> bool:
    return len(html) > MAX_CHARACTERS or html.count("<") > MAX_TAGS


def _has_long_tag(html: str) -> bool:
    """Whether a tag may have LONG_TAG characters: seen at a fifth of what the pattern costs."""
    # Nearly all windows of half that length have the end of a tag, so few pages are searched.
    window = LONG_TAG // 2
    if all(html.find(">", at, at + window) >= 0 for at in range(0, len(html) - window, window)):
        return False
    longest = [piece for piece in html.split("<") if len(piece) > LONG_TAG]
    return any(">" not in piece[:LONG_TAG] for piece in longest)


def _few_attributes(html: str) -> str:
    """The page without tags of so many attributes that the parser would not end in time."""
    return re.sub(
        rf"<[A-Za-z][^<>]{{{LONG_TAG},}}",
        lambda tag: tag[0] if tag[0].count("=") <= MAX_ATTRIBUTES else "<div",
        html,
    )


def _without(html: str, start: str, end: str, keep: str | None = None) -> str:
    """The page without what stands from `start` to `end`, unless its first words have `keep`."""
    lower = html.lower()
    if len(lower) != len(html):  # a few capitals have small letters of two characters
        lower = html
    parts, at = [], 0
    while (first := lower.find(start, at)) >= 0:
        last = lower.find(end, first)
        if last < 0:
            break
        stays = keep is not None and keep in lower[first : first + 200].partition(">")[0]
        parts.append(html[at : last + len(end) if stays else first])
        at = last + len(end)
    return "".join([*parts, html[at:]])
