"""Which pages are one article by what they declare: a page's own word, and what others make of it.

A page tells its address (`rel=canonical`, `og:url`), and templates tell it wrongly: every page
of a site is then its home page, or its section. So a word is believed only if the page alone does
not contradict it (`canonical`) and not too many other articles say the same (`same`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from crawler.urls import domain, key, web_url

# Pages with more texts than this do not all show one article, whatever they declare. An article
# has its AMP, mobile and print pages, whose texts may each differ from its own by a caption.
MANY = 3
# The page that a site opens with, alone or in one of its languages.
_LANGUAGE = "(?:/[a-z]{2}(?:[-_](?:[a-z]{2}|hans|hant|latn|cyrl))?)?"
HOME = re.compile(
    rf"{_LANGUAGE}/?(?:(?:home|accueil|startseite|startpagina|inicio)(?:\.\w{{2,5}})?)?"
    r"(?:\?(?:lang|language|locale|hl)=[\w-]*)?",
    re.IGNORECASE,
)
# No article's address unless the page's own is of this kind: where a server sends those whose
# page it does not find or show, lists of pages, and what a template that failed left.
ELSEWHERE = re.compile(
    rf"{_LANGUAGE}/(?:error|erreur|fehler|[45]0\d|(?:error|erreur|page)[-_]?40\d"
    r"|(?:page[-_])?(?:not[-_]?found|introuvable|non[-_]trouvee)"
    r"|log-?in|sign-?in|connexion|wp-login|consent"
    r"|search|recherche|rechercher|zoeken|suche|buscar|tags?|author|auteur|feed|rss"
    r")(?:\.\w{2,5})?(?:[/?]|$)"
    rf"|{_LANGUAGE}/\?s=|.*(?:%7B|/(?:undefined|null|none)(?:[/?]|$))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One stored page, and the page that it says it is.

    `key` and `canonical_key` are crawler.urls.key of its own address and of what `canonical`
    gave; `text_hash` is that of enrich.text; `published` (ISO 8601) says which came first.
    """

    key: str
    canonical_key: str | None
    text_hash: str
    published: str | None = None


def canonical(declared: Iterable[str], url: str) -> str | None:
    """The address that the page at `url` claims for itself, if the page alone lets us believe it.

    `declared` are its claims as they stand there, the best first; the first that can be believed
    is the answer. Not believed are addresses of another domain, home pages, errors and lists.

    >>> canonical(["https://a.example/", "/dossier/abri"], "https://m.a.example/dossier/abri?v=2")
    'https://m.a.example/dossier/abri'
    """
    return next((address for claim in declared if (address := _believed(claim, url))), None)


def _believed(claim: str, url: str) -> str | None:
    if not claim.strip():
        return None  # or it would be the page itself, read as a relative link
    address = web_url(claim, url)
    try:
        if address is None or domain(address) != domain(url):
            return None
        own, claimed = _path(url), _path(address)
    except ValueError:
        return None
    if HOME.fullmatch(claimed) or (ELSEWHERE.match(claimed) and not ELSEWHERE.match(own)):
        return None
    return address


def _path(url: str) -> str:
    """What follows the host in a URL's key, which has neither trackers nor `index.html`."""
    whole = key(url)
    return whole[whole.index("/") :]


def same(pages: Iterable[Declared]) -> dict[str, str]:
    """For each page that says it is another's copy, by key: the key of the page that is kept.

    What is kept is the page that the others point to, be it over several steps; if that one is
    not stored or they point to each other, the earliest published of those that are nearest.
    The order of `pages` does not matter.
    """
    known: dict[str, Declared] = {}
    for page in sorted(pages, key=_order):
        known.setdefault(page.key, page)
    leads = _leads(known.values())
    ends = _ends(leads)
    nearest = defaultdict(list)
    for name, leads_to in leads.items():
        end = ends[name]
        if name in end or (leads_to in end and not end & known.keys()):
            nearest[end].append(known[name])
    kept = {end: min(candidates, key=_order).key for end, candidates in nearest.items()}
    return {name: kept[end] for name in leads if kept[end := ends[name]] != name}


def _leads(pages: Iterable[Declared]) -> dict[str, str]:
    """Where each page points: to the page that it says it is, or to itself if that is no use."""
    pages = list(pages)
    texts = defaultdict(set)
    for page in pages:
        if page.canonical_key != page.key:
            texts[page.canonical_key].add(page.text_hash)
    return {
        page.key: page.canonical_key
        if page.canonical_key and len(texts[page.canonical_key]) <= MANY
        else page.key
        for page in pages
    }


def _ends(leads: Mapping[str, str]) -> dict[str, frozenset[str]]:
    """Where one arrives from each page: at one page, or at several that point round in a ring."""
    ends: dict[str, frozenset[str]] = {}
    for start in leads:
        way: dict[str, int] = {}
        here = start
        while here not in ends and here not in way:
            way[here] = len(way)
            here = leads.get(here, here)
        end = ends[here] if here in ends else frozenset(list(way)[way[here] :])
        ends.update(dict.fromkeys(way, end))
    return ends


def _order(page: Declared) -> tuple[bool, str, str, str, str]:
    date, claim = page.published, page.canonical_key
    return date is None, date or "", page.key, claim or "", page.text_hash
