"""What the addresses of one site's articles share, and what names lists and services in them."""

import re
from urllib.parse import unquote, urlsplit


def _set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


HEADLINE_PARTS = 3  # parts between hyphens that make a headline of an address
# Parts of an address that lists or serves rather than tells: anywhere in it ...
LISTS = _set(
    "tag tags category categories categorie categorieen kategorie categoria taxonomy author authors"
    " auteur auteurs autor user users account login signin signup register search recherche zoeken"
    " suche buscar feed feeds rss cart wp-login wp-admin prive keyword keywords mot mots"
)
# ... or at its end.
SERVICES = _set(
    "contact contacts contactez-nous contacto contato kontakt about about-us over-ons a-propos"
    " qui-sommes-nous ueber-uns sobre quienes-somos mentions-legales legal privacy privacy-policy"
    " privacybeleid politique-de-confidentialite cookies cookie-policy disclaimer impressum"
    " imprint datenschutz terms terms-of-use terms-and-conditions accessibility sitemap"
    " plan-du-site newsletter nieuwsbrief subscribe donate don faire-un-don jobs vacancies faq"
    " help"
)
QUERY_LISTS = re.compile(
    r"(?:cat|tag|author|s|q|search|recherche|keys|share|replytocom|print|feed|sort|order"
    r"|rubrique\d*|mot\d*|auteur\d*|site\d+)=?.*"
    r"|view=(?:category|categories|tag|tags|archive|contact|login|registration|search)"
    r"|option=com_(?:users|search|finder|tags|contact)|task=.*|format=.*|tmpl=component"
    r"|page=(?:backend.*|plan|recherche|login|contact|sommaire|forum)",
    re.IGNORECASE,
)
MEDIA = re.compile(
    r"\.(?:pdf|docx?|xlsx?|pptx?|od[tsp]|rtf|epub|zip|rar|gz|7z|jpe?g|png|gif|webp|avif|svg|bmp"
    r"|tiff?|ico|mp[34]|m4[av]|og[gv]|wav|avi|mov|webm|ics|csv|xml|rss|json|css|js|woff2?|exe|apk)$",
    re.IGNORECASE,
)
TOLD = re.compile(r"[^=]*(?:#|\{headline\})[^=]*|.*=#")
ONE_OR_TWO_WORDS = re.compile(r"[^\W\d_]+(?:[-_][^\W\d_]+)?")


def shape(url: str) -> str:
    """An address with its numbers and headlines left out: what articles of one site share.

    >>> shape("https://a.example/spip.php?article12"), shape("https://a.example/?p=7&lang=fr")
    ('/spip.php?article#', '/?p=#&lang=fr')
    >>> shape("https://a.example/2026/11/21/un-toit-pour-tous/"), shape("https://a.example/node/9")
    ('/#/#/#/{headline}', '/node/#')
    """
    parts = urlsplit(url)
    *folders, last = parts.path.strip("/").split("/")
    name, dot, ending = last.rpartition(".")
    named = _abstract(name) + dot + ending if dot and ending.isalpha() else _abstract(last)
    path = "/" + "/".join([*map(_abstract, folders), named])
    pairs = [_pair(*pair.partition("=")) for pair in parts.query.split("&") if pair]
    return path + ("?" + "&".join(pairs) if pairs else "")


def _abstract(segment: str) -> str:
    text = unquote(segment)
    if text.isdigit():
        return "#"
    parts = [part for part in re.split(r"[-_+ ,.:]+", text) if part]
    if len(parts) >= HEADLINE_PARTS or not text.isascii():
        return "#-{headline}" if parts and parts[0].isdigit() else "{headline}"
    return re.sub(r"\d+", "#", text)


def _pair(name: str, equals: str, value: str) -> str:
    if not equals:
        return _abstract(name)
    numbered = re.match(r"\d+(?:\D|$)", value)
    return re.sub(r"\d+", "#", name) + "=" + ("#" if numbered else _abstract(value))


def kind(shape: str) -> str:
    """A shape with less told apart: its folders may be sections, and a headline may be short."""
    path, question, query = shape.partition("?")
    *folders, last = path.split("/")
    kept = [folder if folder in {"", "#"} else "*" for folder in folders]
    if len(kept) > 1 and ONE_OR_TWO_WORDS.fullmatch(last):
        last = "{headline}"
    return "/".join([*kept, last]) + question + query


def is_specific(shape: str) -> bool:
    """Does the shape say more than `/{headline}`, which pages of every kind have?"""
    return "#" in shape or shape.count("/") > 1 or "?" in shape


def tells(shape: str) -> bool:
    """Does the end of the shape, or its query, hold a number or a headline?"""
    path, _, query = shape.partition("?")
    return any(map(TOLD.fullmatch, [path.rpartition("/")[2], *query.split("&")]))


def names_a_list(path: str, query: str) -> bool:
    segments = [segment for segment in unquote(path).lower().split("/") if segment]
    if any(segment.strip("_") in LISTS for segment in segments):
        return True
    last = segments[-1] if segments else ""
    # SPIP writes the addresses of its sections `/-Logement-`.
    if last.rpartition(".")[0] in SERVICES or last in SERVICES or re.fullmatch("-.+-", last):
        return True
    return any(map(QUERY_LISTS.fullmatch, query.split("&")))
