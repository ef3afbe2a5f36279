"""The documents that an article offers: reports as PDF and the like."""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from lxml.html import HtmlElement

from enrich.text import absolute, printable
from enrich.tree import names_of

DATA = Path(__file__).parent / "data" / "attachments.toml"

# What an address ends with, or a link's `type` says, and the media type that is.
TYPES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "ppt": "application/vnd.ms-powerpoint",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "rtf": "application/rtf",
    "epub": "application/epub+zip",
    "zip": "application/zip",
}
MEDIA_TYPES = frozenset(TYPES.values())
_ENDINGS = "|".join(TYPES)
ENDING = re.compile(rf"\.({_ENDINGS})$", re.IGNORECASE)
# What a class of a link, or of the element around it, calls a document.
CLASSED = re.compile(
    r"(?:^|[\s_-])pdf(?=$|[\s_-])|file--(?:mime-)?application|spip_doc_lien|wp-block-file"
    r"|phocadownload",
    re.IGNORECASE,
)
SAYS_TYPE = re.compile(rf"(?<![^\W_])({_ENDINGS})(?![^\W_])", re.IGNORECASE)
# What shows a document within a page, and the parameter that names the document there.
VIEWER = re.compile(r"viewer|gview|pdfjs|pdf\.js|embed|flipbook|officeapps", re.IGNORECASE)
PARAMETERS = frozenset(("file", "url", "src", "pdf", "document", "doc", "f"))
EMBEDS = {"object": "data", "embed": "src", "iframe": "src"}
# Most links of a page are none of it, which must be seen at little cost: an ending somewhere in the
# address, a class, or an address without an ending that speaks of files.
MAYBE = re.compile(rf"\.(?:{_ENDINGS})(?![a-z0-9])")
MAYBE_CLASS = re.compile(r"pdf|spip_doc|file|download", re.IGNORECASE)
MAYBE_FILE = re.compile(r"download|telecharg|/file|/document|/media|getfile|attachment")
FURNITURE = frozenset(("header", "footer", "nav", "aside", "form"))
# Class and id words of what stands on every page of a site.
STANDING = frozenset(
    ("menu", "nav", "navbar", "navigation", "sidebar", "footer", "header", "widget", "cookie",
     "cookies", "gdpr", "newsletter", "colophon", "topbar", "offcanvas", "comment", "comments",
     "related", "mentions", "subscribe", "banner", "ad", "ads", "advert", "rec", "sponsor")
)  # fmt: skip
# Class and id words of an article's own files, which may stand in its foot or be called related.
OFFERED = frozenset(
    ("documents", "joints", "files", "attachments", "pieces-jointes", "downloads", "bijlagen",
     "telechargements", "descargas", "adjuntos", "anhang", "dateien")
)  # fmt: skip
# "1.2 Mo", "350 kB", "2,4 MiB", "890 ko", "12 345 octets"; in Arabic and Russian too.
SIZE = re.compile(
    r"(?<![\d.,])(\d{1,4}(?:[.,]\d{1,3})?)[\s\xa0]?"
    r"(octets?|bytes?|[kmg]i?[bo]|кб|мб|гб|كيلوبايت|ميغابايت|ميجابايت|ك\.ب|م\.ب)(?![^\W\d_])",
    re.IGNORECASE,
)
UNITS = {"k": 1_000, "m": 1_000_000, "g": 1_000_000_000, "к": 1_000, "м": 1_000_000,
         "г": 1_000_000_000, "ك": 1_000, "م": 1_000_000}  # fmt: skip
# Around a link, text this long is a paragraph; what it says of sizes may be of something else.
# So many children make a list; so many links to documents are looked at, the same ones or others.
MAX_BESIDE, MAX_LOOKED = 30, 500
MAX_AROUND, MAX_LABEL, MAX_FOUND, ALL_LEVELS, CLASS_LEVELS = 160, 200, 100, 60, 8
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A document that an article offers. `url` is absolute; `size` is in bytes, as stated there.

    `label` is what the page calls it, or else the document's own name or the heading above it.
    """

    url: str
    label: str
    media_type: str | None = None
    size: int | None = None


def attachments_of(tree: HtmlElement, url: str) -> tuple[Attachment, ...]:
    """The documents that the page at `url` links or shows, in order. Never raises for a page."""
    found: dict[str, Attachment] = {}
    looked = 0
    for element in tree.iter("a", *EMBEDS):
        if len(found) >= MAX_FOUND:
            break
        href = (element.get(EMBEDS.get(element.tag, "href")) or "").strip()
        kind = _kind(element, href)
        if not kind:
            continue
        target = absolute(url, _shown(href))
        if not target or _is_standing(element):
            continue
        looked += 1
        if looked > MAX_LOOKED:
            break
        label = _label(element, target)
        if _words().standing.search(f"{label} {unquote(urlsplit(target).path)}"):
            continue
        document = Attachment(
            url=target,
            label=label,
            media_type=kind if kind in MEDIA_TYPES else None,
            size=_size(element),
        )
        # A picture of its cover may link to it first; the words come with the second link.
        before = found.get(target)
        if before is None or (before.label == _name(target) and label != before.label):
            found[target] = document
    return tuple(found.values())


def _kind(element: HtmlElement, href: str) -> str | None:  # noqa: PLR0911 - a table of cases
    """The media type of what a link leads to, `?` for a document of unknown type, or None."""
    if not href or href[0] == "#" or href[:11].lower() in ("javascript:", "mailto:"):
        return None
    declared = (element.get("type") or "").strip().lower()
    if element.tag != "a":
        # A page within the page is no document unless its address or type says so.
        shown = _shown(href)
        ending = _ending(shown)
        return ending or (declared if declared in MEDIA_TYPES else None)
    if declared in MEDIA_TYPES:
        return declared
    low = href.lower()
    if MAYBE.search(low) and (ending := _ending(href) or _ending(_shown(href))):
        return ending
    classes = element.get("class") or ""
    is_download = element.get("download") is not None
    if not (is_download or MAYBE_CLASS.search(classes) or MAYBE_FILE.search(low)):
        return None
    parent = element.getparent()
    around = (parent.get("class") or "") if parent is not None else ""
    if not (is_download or CLASSED.search(classes) or CLASSED.search(around)):
        return None
    # What is called a document or a download may still be a picture, a page or a program.
    said = f"{classes} {around} {element.get('download') or ''} {element.get('title') or ''} "
    said += (element.text or "")[:MAX_LABEL] + (element.tail or "")[:30]
    named = SAYS_TYPE.search(said)
    if re.search(r"\.[a-z]{2,5}$", _path(href)) and not is_download:
        return None
    return TYPES[named[1].lower()] if named else None


def _path(href: str) -> str:
    """The path of an address that may be broken."""
    return re.split("[?#]", href, maxsplit=1)[0].lower()


def _ending(href: str) -> str | None:
    path, _, query = href.partition("#")[0].partition("?")
    found = ENDING.search(path.rstrip())
    if not found and "." in query:
        values = (value for name, value in parse_qsl(query) if name.lower() in PARAMETERS)
        found = next((m for value in values if (m := ENDING.search(value))), None)
    return TYPES[found[1].lower()] if found else None


def _shown(href: str) -> str:
    """The document that a viewer's address names, or the address itself."""
    path, _, query = href.partition("#")[0].partition("?")
    if query and VIEWER.search(path):
        for name, value in parse_qsl(query):
            if name.lower() in PARAMETERS and ENDING.search(value.partition("?")[0]):
                return value
    return href


def _is_standing(element: HtmlElement) -> bool:
    for level, above in enumerate(element.iterancestors()):
        if level > ALL_LEVELS or above.tag in FURNITURE:
            return True
        if level < CLASS_LEVELS and above.tag not in ("body", "html", "main", "article"):
            words = names_of(above)
            if not OFFERED.isdisjoint(words):
                return False
            if not STANDING.isdisjoint(words):
                return True
    return False


def _label(element: HtmlElement, target: str) -> str:
    """What the page calls the document, without its type and size where that leaves a name."""
    texts = (_text(element), element.get("title") or element.get("aria-label") or "")
    for text in texts:
        clean = " ".join(printable(text).split())
        if (
            clean
            and not clean.startswith(("http://", "https://", "www."))
            and not _words().is_nameless(clean)
        ):
            return _bare(clean)[:MAX_LABEL]
    if titled := _titled(element):
        return titled[:MAX_LABEL]
    if not _words().is_nameless(name := _name(target)) and re.search(r"[^\W\d_]{3}", name):
        return name[:MAX_LABEL]
    return (_heading(element) or name)[:MAX_LABEL]


def _titled(element: HtmlElement) -> str | None:
    """The title that SPIP sets beside a document's icon."""
    for above, _ in zip(element.iterancestors(), range(3), strict=False):
        if "spip_doc" in (above.get("class") or ""):
            for part, _ in zip(above.iter(), range(20), strict=False):
                if "spip_doc_titre" in (part.get("class") or ""):
                    return " ".join(printable(_text(part)).split()) or None
    return None


def _text(element: HtmlElement) -> str:
    parts, length = [], 0
    for part in element.itertext():
        parts.append(part)
        length += len(part)
        if length > 4 * MAX_LABEL:
            break
    text = " ".join(parts)
    if text.strip():
        return text
    image = next(element.iter("img"), None)
    return (image.get("alt") or "") if image is not None else ""


def _bare(label: str) -> str:
    """A label without "(PDF - 1.2 Mo)" at its end and "Télécharger :" at its beginning."""
    bare = re.sub(
        rf"\s?[(\[–—-]\s?(?:{_ENDINGS})?[\s,;:–—/-]{{0,3}}"
        rf"(?:{SIZE.pattern})?[\s,;:–—/-]{{0,3}}(?:{_ENDINGS})?\s?[)\]]?$",
        "",
        label,
        flags=re.IGNORECASE,
    ).strip()
    # "Le rapport PDF 1,2 Mo": the size alone says that the end is no name.
    bare = re.sub(
        rf"\s(?:{_ENDINGS})?[\s,;:–—/-]{{0,3}}(?:{SIZE.pattern})$", "", bare, flags=re.IGNORECASE
    ).strip()
    first, colon, rest = bare.partition(":")
    bare = rest.strip() if colon and _words().is_nameless(first) else bare
    return bare if bare and not _words().is_nameless(bare) else label


def _name(target: str) -> str:
    """The document's own name in its address."""
    return unquote(urlsplit(target).path.rstrip("/").rpartition("/")[2], errors="replace")


def _heading(element: HtmlElement) -> str | None:
    """The nearest heading before a link: a sibling of what it is in, a few levels up."""
    steps = 0
    for above in (element, *(a for a, _ in zip(element.iterancestors(), range(5), strict=False))):
        for before in above.itersiblings(preceding=True):
            steps += 1
            if steps > MAX_AROUND:
                return None
            if before.tag in HEADINGS:
                return " ".join(printable(_text(before)).split()) or None
    return None


def _size(element: HtmlElement) -> int | None:
    """The size stated in a link, after it, or in the small element around it."""
    parent = element.getparent()
    texts = [_text(element), element.tail or "", element.get("title") or ""]
    following = element.getnext()
    if following is not None and isinstance(following.tag, str):
        texts.append(_text(following)[:MAX_AROUND] if following.tag != "a" else "")
    if parent is not None and parent.getnext() is not None:
        beside = parent.getnext()
        size = _text(beside) if beside.tag in ("dd", "small", "span", "td", "div") else ""
        texts.append(size if len(size) <= MAX_AROUND // 4 else "")
    # What is around the link speaks of it, if it is short and of no other document.
    for above, _ in zip(element.iterancestors(), range(3), strict=False):
        if sum(1 for _ in zip(above, range(MAX_BESIDE + 1), strict=False)) > MAX_BESIDE:
            break
        links = [link.get("href") for link, _ in zip(above.iter("a"), range(4), strict=False)]
        around = _text(above)
        if len(set(links)) > 1 or len(around) > MAX_AROUND:
            break
        texts.append(around)
    for text in texts:
        if found := SIZE.search(text[: 4 * MAX_LABEL]):
            number = float(found[1].replace(",", "."))
            return round(number * UNITS.get(found[2][0].lower(), 1))
    return None


@dataclass(frozen=True, slots=True)
class _Words:
    nameless: frozenset[str]
    standing: re.Pattern[str]

    def is_nameless(self, label: str) -> bool:
        """Whether a label consists of words that name no document, types and sizes."""
        words = re.findall(r"[^\W\d_]+", SIZE.sub(" ", label.lower()))
        return all(word in self.nameless for word in words)


@cache
def _words() -> _Words:
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    standing = "|".join(re.escape(word).replace("\\ ", "[\\s_-]?") for word in data["standing"])
    return _Words(
        nameless=frozenset((*data["nameless"], *TYPES)),
        standing=re.compile(rf"(?<![^\W_])(?:{standing})", re.IGNORECASE),
    )
