"""The picture that a page leads with, and what is said of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from lxml.html import HtmlElement

from enrich.claims import Claims, Thing, plain
from enrich.text import absolute, printable
from enrich.tree import names_of

# Words in a file's name that make it the site's picture, not the article's.
NOT_LEAD = frozenset(
    ("logo", "logos", "logotype", "avatar", "avatars", "gravatar", "placeholder", "default",
     "sprite", "icon", "icons", "favicon", "blank", "spacer", "pixel", "noimage", "noimg",
     "fallback", "dummy", "opengraph", "transparent", "1x1", "loading", "loader", "spinner",
     "share", "sharing", "socialshare", "facebook", "twitter", "banner", "button", "smiley",
     "emoji", "advert", "badge", "lazy", "empty", "nophoto", "missing", "spot", "blason",
     "siteicon")
)  # fmt: skip
NOT_LEAD_PAIRS = re.compile(
    r"no[-_]image|no[-_]photo|og[-_](?:image|default|img)|social[-_](?:share|image|card|preview)"
    r"|share[-_]?image|site[-_]?(?:image|icon|logo)|generic[-_]|apple-touch|spot_img",
    re.IGNORECASE,
)
FOLDERS = re.compile(
    r"/(?:logos?|avatars?|icons?|sprites?|emoji|smilies|placeholders?)/", re.IGNORECASE
)
# Hosts that count visits, draw faces or sell advertisements.
HOSTS = re.compile(
    r"(?:^|\.)(?:gravatar\.com|doubleclick\.net|facebook\.com|scorecardresearch\.com|wp\.com/g\.gif"
    r"|pixel\.wp\.com|google-analytics\.com|googlesyndication\.com|quantserve\.com|adnxs\.com"
    r"|feedburner\.com|paypal(?:objects)?\.com|addtoany\.com|s\.w\.org)$"
)
LAZY = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-img-src", "src")
FURNITURE = frozenset(("nav", "aside", "form", "footer", "header"))
# Class and id words: of what an article's pictures stand in, of what others' do, of a caption.
WITHIN = frozenset(
    ("article", "post", "entry", "content", "texte", "body", "story", "node", "single", "spip",
     "chapo", "main", "featured", "hero", "detail", "field")
)  # fmt: skip
OTHERS = frozenset(
    ("related", "teaser", "teasers", "sidebar", "widget", "loop", "menu", "footer", "carousel",
     "recommended", "comments", "comment", "author", "bio", "logo", "branding", "share", "social",
     "ad", "ads", "advert", "advertisement", "rec", "sponsor", "sponsors", "partners", "newsletter",
     "cookie", "popular", "trending", "td_module_wrap", "module", "banner", "gravatar", "promo")
)  # fmt: skip
FRAME = frozenset(
    ("figure", "caption", "image", "img", "picture", "photo", "media", "spip", "document", "doc")
)
CAPTION = frozenset(
    ("caption", "figcaption", "legende", "legend", "bildunterschrift", "descriptif")
)
CREDIT = frozenset(("credit", "credits", "copyright", "photographer", "fotograf", "rights"))
CREDIT_WORDS = re.compile(
    r"(?:^|[\s.,;|(\[–—/-])(?:©|\(c\)|ⓒ|"
    r"(?:crédits?|credits?|photos?|fotos?|bild|image|foto'?s|crédito|créditos|fotografía|fotografia"
    r"|zdjęcie|zdj|fot|kuva|фото|صورة|تصوير)"
    r"(?:[\s-](?:photos?|credit|crédits?|by|par|von|door|de|di|por|courtesy of|image))?\s?[:©/])"
    r"\s?(?P<name>[^\s:].{0,100})$",
    re.IGNORECASE,
)
MIN_SIDE, MAX_TEXT, MAX_IMAGES, LEVELS = 100, 500, 300, 14


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadImage:
    """A page's lead picture. `url` is absolute; the sides are in pixels, as stated.

    `source` says who names it: `json-ld`, `meta` or `page` (the first in the article). `caption`
    and `alt` are the page's own words for it, `credit` whose picture it is, if stated.
    """

    url: str
    source: str
    caption: str | None = None
    alt: str | None = None
    credit: str | None = None
    width: int | None = None
    height: int | None = None


def lead_image(tree: HtmlElement, url: str, claims: Claims) -> LeadImage | None:
    """The lead picture of the page at `url`, or None. Never raises for what a page may hold."""
    found = next(_stated(url, claims), None)
    wanted = _key(found.url) if found else None
    for image, _ in zip(tree.iter("img"), range(MAX_IMAGES), strict=False):
        source = _source(image)
        if not source:
            continue
        if wanted is not None and found is not None:
            if _key(source) == wanted:
                return _described(found, image)
            continue
        target = absolute(url, source)
        if target and _is_picture(target) and not _is_small(image) and _is_in_article(image):
            return _described(LeadImage(url=target, source="page"), image)
    return found


def _stated(url: str, claims: Claims) -> Iterator[LeadImage]:
    for thing in claims.articles():
        for image in _things(thing.get("image"), claims):
            address = image.get("url") or image.get("contentUrl") or image.get("@id")
            if isinstance(address, list):
                address = address[0] if address else None
            target = absolute(url, plain(address))
            if target and _is_picture(target) and not _tiny(image.get("width")):
                yield LeadImage(
                    url=target,
                    source="json-ld",
                    caption=plain(image.get("caption"))[:MAX_TEXT] or None,
                    credit=_credit_of(image),
                    width=_pixels(image.get("width")),
                    height=_pixels(image.get("height")),
                )
    metas = claims.metas
    for name in ("og:image", "og:image:secure_url", "og:image:url", "twitter:image",
                 "twitter:image:src", "image", "thumbnailurl"):  # fmt: skip
        for at, address in enumerate(metas.get(name, ())):
            target = absolute(url, address)
            width = claims.meta("og:image:width") if at == 0 else None
            if target and _is_picture(target) and not _tiny(width):
                yield LeadImage(
                    url=target,
                    source="meta",
                    alt=(claims.meta("og:image:alt", "twitter:image:alt") if at == 0 else None),
                    width=_pixels(width),
                    height=_pixels(claims.meta("og:image:height")) if at == 0 else None,
                )


def _things(value: Any, claims: Claims) -> Iterator[Thing]:
    """The images of a JSON-LD property: addresses, objects or references to objects."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield {"url": one}
        elif isinstance(one, dict):
            ident = one.get("@id")
            whole = one if "url" in one or "contentUrl" in one or not ident else None
            yield whole or next(
                (t for t in claims.things if t.get("@id") == ident and len(t) > 1), one
            )


def _credit_of(image: Thing) -> str | None:
    for name in ("creditText", "copyrightNotice", "creator", "author", "copyrightHolder"):
        value = image.get(name)
        value = value[0] if isinstance(value, list) and value else value
        value = value.get("name") if isinstance(value, dict) else value
        if text := plain(value):
            return text[:MAX_TEXT]
    return None


def _is_picture(target: str) -> bool:
    """Whether an address is of a picture that may be an article's, as far as it tells."""
    parts = urlsplit(target)
    path = unquote(parts.path)
    name = path.rstrip("/").rpartition("/")[2].lower()
    words = set(re.split(r"[^a-z0-9]+", name))
    return not (
        words & NOT_LEAD
        or NOT_LEAD_PAIRS.search(name)
        or FOLDERS.search(path)
        or name.endswith((".svg", ".ico"))
        or HOSTS.search(parts.hostname or "")
        or path in ("", "/")
    )


def _is_small(image: HtmlElement) -> bool:
    return _tiny(image.get("width")) or _tiny(image.get("height"))


def _tiny(value: Any) -> bool:
    side = _pixels(value)
    return side is not None and side < MIN_SIDE


def _pixels(value: Any) -> int | None:
    if isinstance(value, dict):
        value = value.get("value")
    found = re.fullmatch(r"\s*(\d{1,5})(?:\.\d*)?\s*(?:px)?\s*", str(value)) if value else None
    return int(found[1]) or None if found else None


def _is_in_article(image: HtmlElement) -> bool:
    is_within = False
    for level, above in enumerate(image.iterancestors()):
        if level >= LEVELS or above.tag == "body":
            break
        if above.tag in FURNITURE and not (above.tag == "header" and _is_owned(above)):
            return False
        words = names_of(above)
        if not OTHERS.isdisjoint(words):
            return False
        is_within = is_within or above.tag in ("article", "main") or not WITHIN.isdisjoint(words)
    return is_within


def _is_owned(header: HtmlElement) -> bool:
    return any(
        above.tag == "article"
        for above, _ in zip(header.iterancestors(), range(LEVELS), strict=False)
    )


def _source(image: HtmlElement) -> str | None:
    for name in LAZY:
        value = (image.get(name) or "").strip()
        if value and not value.startswith("data:"):
            return value
    first = (image.get("srcset") or image.get("data-srcset") or "").split()
    return first[0] if first and not first[0].startswith("data:") else None


def _key(address: str) -> str:
    """What the versions of one picture have in common: its name without size and ending."""
    path = re.split("[?#]", address, maxsplit=1)[0].rstrip("/")
    name = unquote(path.rpartition("/")[2]).lower()
    return re.sub(r"(?:[-_]\d{2,4}x\d{2,4}|-scaled|@2x)?(?:\.\w{2,5})?$", "", name)


def _described(found: LeadImage, image: HtmlElement) -> LeadImage:
    """A picture with what the page says of it where it shows it."""
    caption, credit = _caption(image)
    alt = " ".join(printable(image.get("alt") or "").split())[:MAX_TEXT] or found.alt
    if caption is None and found.caption and found.caption != alt:
        caption = found.caption
    return replace(
        found,
        caption=caption,
        alt=alt,
        credit=credit or found.credit,
        width=found.width or _pixels(image.get("width")),
        height=found.height or _pixels(image.get("height")),
    )


def _caption(image: HtmlElement) -> tuple[str | None, str | None]:
    for level, above in enumerate(image.iterancestors()):
        if level > 5 or above.tag in ("body", "main", "article"):  # noqa: PLR2004
            break
        if above.tag != "figure" and FRAME.isdisjoint(names_of(above)):
            continue
        captions, owners = [], []
        for element, _ in zip(above.iter(), range(80), strict=False):
            if not isinstance(element.tag, str) or element is above:
                continue
            words = names_of(element)
            if not CREDIT.isdisjoint(words):
                owners.append(_text(element))
            elif element.tag == "figcaption" or not CAPTION.isdisjoint(words):
                captions.append(_text(element))
        if any(captions) or any(owners):
            return _parted(next(filter(None, captions), ""), next(filter(None, owners), ""))
        if above.tag == "figure":
            break
    return None, None


def _parted(caption: str, credit: str) -> tuple[str | None, str | None]:
    """A caption without its credit, and the credit."""
    if credit and credit in caption:
        caption = caption.replace(credit, " ")
    if not credit and (found := CREDIT_WORDS.search(caption)):
        credit, caption = found["name"].strip(" )]."), caption[: found.start()]
    credit = re.sub(r"^(?:©|(?:photo )?credits?\s?:|crédits?\s?(?:photo)?\s?:)\s?", "", credit,
                    flags=re.IGNORECASE)  # fmt: skip
    caption = " ".join(caption.split()).strip(" |–—-/(")
    return caption[:MAX_TEXT] or None, " ".join(credit.split())[:MAX_TEXT] or None


def _text(element: HtmlElement) -> str:
    parts, length = [], 0
    for child, _ in zip(element.itertext(), range(60), strict=False):
        parts.append(child)
        length += len(child)
        if length > 2 * MAX_TEXT:
            break
    return " ".join(" ".join(printable(part) for part in parts).split())
