"""Who signed an article: persons, never desks, agencies or the site itself.

In the order of who is right most often: JSON-LD, metas, by-lines by their class or their words,
then Trafilatura's own search.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import Any

from lxml.html import HtmlElement

from enrich.chosen import Candidate, Chosen
from enrich.claims import Claims, plain, types
from enrich.front import Front, Spot, is_elsewhere, text_of
from enrich.published import month_numbers
from enrich.titles import site_names, squeezed

DATA = Path(__file__).parent / "data" / "bylines.toml"

# Metas that name who wrote, surest first.
AUTHOR_METAS = (
    "parsely-author", "sailthru.author", "citation_author", "dc.creator", "dcterms.creator",
    "dc.creator.aut", "article:author_name", "article:author", "og:article:author", "og:author",
    "author", "authors", "byl", "creator",
)  # fmt: skip
ORGANISATION = re.compile(r"organi[sz]ation|corporation|ngo|brand")
# Longer than this, a line near the headline is a sentence.
MAX_BYLINE = 160
# A name has at most six words ("María del Carmen de la Fuente") and sixty letters.
MAX_WORDS, MAX_LETTERS = 6, 60
# Elements between the headline and a by-line, in document order. On 711 signed pages half as many
# after it lose three and twice as many find two; 20 to 80 before it are the same, none loses one.
AFTER, BEFORE = 120, 40
# Share of a by-line's letters in its links from which these are the names in it.
MOSTLY = 0.6
# Names taken from one claim: a page with more has another kind of list.
MAX_NAMES = 12
# Claims looked at in one place.
MAX_CLAIMS = 60
APART = re.compile(r"\s*[|•·\n;/]\s*|\s+[-–—]\s+|\s*[,،、，]\s*(?!\s|Jr\b|Sr\b)")
ADDRESS = re.compile(r"https?:|www\.|@|\.(?:com|org|net|de|fr|be|nl|html?)\b|\[at\]", re.IGNORECASE)
LINK = re.compile(r"https?://\S+")
HANDLE = re.compile(r"@\w+")
PARENTHESIS = re.compile(r"\([^()]{0,80}\)|\[[^\[\]]{0,80}\]")
LETTER = re.compile(r"[^\W\d_]")
WORDS = re.compile(r"\w+")
WAW = re.compile(r"\sو(?=[^\W\d_]{2})")

AN_ORGANISATION = "an organisation"
AN_AGENCY = "an agency"
AN_ACCOUNT = "an account"
THE_SITE = "the site itself"
TOO_LONG = "too long for a name"

# Before a name that JSON-LD types as an organisation; no text has this character (`printable`).
MARK = "\ufffe"
# What the names of metas for other programs begin with.
SHARED = ("og:", "twitter:", "article:", "dc.", "dcterms.", "citation_")
PAGE_TYPES = frozenset(("webpage", "itempage", "aboutpage", "creativework", "podcastepisode"))

Names = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Words:
    by: re.Pattern[str]
    conjunction: re.Pattern[str]
    letters: re.Pattern[str]
    with_waw: frozenset[str]
    end: re.Pattern[str]
    weekday: re.Pattern[str]  # "op vr, 11/03/2016"
    roles: re.Pattern[str]
    organisations: frozenset[str]
    agencies: frozenset[str]
    accounts: frozenset[str]
    particles: frozenset[str]
    given: frozenset[str]


@cache
def _words() -> _Words:
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    by = sorted({word for words in data["by"].values() for word in words}, key=len, reverse=True)
    end = data["end"]
    roles = sorted(data["roles"]["words"], key=len, reverse=True)

    def any_of(words: Iterable[str]) -> str:
        return "|".join(re.escape(word) for word in words)

    return _Words(
        by=re.compile(rf"(?:{any_of(by)})(?:\s*[:：/]\s*|\s+|$)", re.IGNORECASE),
        conjunction=re.compile(rf"\s+(?:{any_of(data['and']['words'])})\s+|\s*&\s*"),
        letters=re.compile(rf"\s+(?:{any_of(data['and']['letters'])})\s+"),
        with_waw=frozenset(data["and"]["with_waw"]),
        end=re.compile(
            rf"(?:^|\s)(?:(?i:{any_of(end['words'])})(?!\w)|(?:{any_of(end['small'])})(?!\w)"
            rf"|(?:(?:{any_of(end['before_numbers'])})\s+)?(?<=\s)\d)"
        ),
        weekday=re.compile(
            rf"\s(?:{any_of(end['before_numbers'])})\s[^\W\d]{{2,9}}\.?,?\s\d.*", re.IGNORECASE
        ),
        roles=re.compile(
            rf"^(?:{any_of(roles)})(?!\w)[\s:]*|[\s]*(?<!\w)(?:{any_of(roles)})$", re.IGNORECASE
        ),
        organisations=frozenset(data["organisations"]["words"]),
        agencies=frozenset(data["agencies"]["names"]),
        accounts=frozenset(data["accounts"]["names"]),
        particles=frozenset(data["particles"]["words"]),
        given=frozenset(data["given"]["names"]),
    )


@cache
def _months() -> frozenset[str]:
    """Words that are a month and no first name."""
    return frozenset(month_numbers()) - _words().given


def authors_of(
    claims: Claims,
    front: Front,
    url: str,
    *,
    title: str = "",
    feed: Names = (),
    search: Callable[[], str | None] | None = None,
) -> Chosen[Names]:
    """Persons, in the order they signed, NFC; empty where none did.

    `search` is asked last, and only where nothing else names a person; it answers names parted by
    semicolons, as Trafilatura's `extract_author` does. Never raises.
    """
    sites = site_names(claims, url)
    seen: list[Candidate[Names]] = []
    won: tuple[Names, str] | None = None
    places: tuple[tuple[str, Iterator[str]], ...] = (
        ("json-ld", _json_ld(claims)),
        ("meta", _metas(claims)),
        ("byline", _bylines(front, title)),
        ("feed", iter(feed)),
    )
    for source, texts in places:
        persons, others = _persons(texts, sites, signed=source == "byline")
        if persons:
            seen.append(Candidate(value=persons, source=source))
            # The name of an account only until a place has a name with a capital; and what is
            # stated for machines often names the first of several alone.
            if (
                won is None
                or (source == "byline" and _folded(won[0]) < _folded(persons))
                or (_are_accounts(won[0]) and not _are_accounts(persons))
            ):
                won = persons, source
        seen += [Candidate(value=(name,), source=source, why_not=why) for name, why in others]
    signed_by_others = any(c.why_not in (AN_ORGANISATION, AN_AGENCY, AN_ACCOUNT) for c in seen)
    if not won and search and not signed_by_others:
        persons, others = _persons(iter((search() or "").split(";")), sites, signed=True)
        if persons:
            seen.append(Candidate(value=persons, source="page"))
            won = persons, "page"
        seen += [Candidate(value=(name,), source="page", why_not=why) for name, why in others]
    value = won[0] if won else ()
    return Chosen(
        value=value,
        source=won[1] if won else None,
        why="the surest place that names persons" if won else "no person signed",
        candidates=tuple(
            candidate
            if candidate.why_not or _folded(candidate.value) == _folded(value)
            else Candidate(
                value=candidate.value, source=candidate.source, why_not="a less sure place"
            )
            for candidate in seen
        ),
    )


def organisations_in(chosen: Chosen[Names]) -> Names:
    """The organisations that signed, by the surest place that names one."""
    found = [c for c in chosen.candidates if c.why_not in (AN_ORGANISATION, AN_AGENCY, THE_SITE)]
    # The name of an account only where no place writes it out.
    found = [c for c in found if not _are_accounts(c.value)] or found
    names = dict.fromkeys(c.value[0] for c in found if c.source == found[0].source)
    # "Newsroom", and "Newsroom of the hills since 1999" from the box that holds both.
    return tuple(name for name in names if not any(name.startswith(f"{n} ") for n in names))


def _persons(
    texts: Iterator[str], sites: frozenset[str], *, signed: bool
) -> tuple[Names, list[tuple[str, str]]]:
    """The persons among what was stated, each once, and the others with the reason."""
    persons: dict[str, str] = {}
    others: list[tuple[str, str]] = []
    for text in islice(texts, MAX_CLAIMS):
        if text.startswith(MARK):
            others.append((text[1:], AN_ORGANISATION))
            continue
        names = names_in(text, byline=signed)
        reasons = [_why_not(name, sites) for name in names]
        alone = not any(" " in name for name in names) and not any(reasons)
        if signed and TOO_LONG in reasons:
            # An account of the author; what else it enumerates are no names.
            reasons = [why or TOO_LONG for why in reasons]
        for name, reason in zip(names, reasons, strict=True):
            why = reason
            if not why and not alone and " " not in name and name.isascii():
                why = "one word beside a full name: a place or an agency"
            key = " ".join(WORDS.findall(name.casefold()))
            if why:
                others.append((name, why))
            elif key not in persons and len(persons) < MAX_NAMES:
                persons[key] = name
        if signed and persons:
            break
    return tuple(persons.values()), others[:MAX_NAMES]


def names_in(text: str, *, byline: bool = True) -> Names:
    """The names of a by-line or a claim: without by-words, roles, dates and addresses.

    Elsewhere than in a by-line, one comma between single words parts a last from a first name.

    >>> names_in("Par Awa Sylla, Jan Peeters et Léa Noir | 3 mars 2024")
    ('Awa Sylla', 'Jan Peeters', 'Léa Noir')
    """
    words = _words()
    text = unicodedata.normalize("NFC", " ".join(text.split()))[: 4 * MAX_BYLINE]
    if ADDRESS.search(text) and " " not in text:
        return (text,)
    text = HANDLE.sub(" ", PARENTHESIS.sub(" ", text)).strip()
    text = words.weekday.sub("", LINK.sub(" ", text))
    text = _without_by(text, byline=byline)
    if not byline and (flipped := _flipped(text)):
        return (flipped,)
    found: list[str] = []
    for part in APART.split(text):
        for each in words.conjunction.split(part):
            both = _with_waw(each) or words.letters.split(each)
            two = len(both) > 1 and all(" " in half.strip() for half in both)
            found += map(_clean, both if two else (each,))
    return tuple(dict.fromkeys(name for name in found if name))


def _with_waw(text: str) -> list[str]:
    """Two full names that the Arabic "and", written onto the second, joins; else nothing."""
    for mark in WAW.finditer(text):
        first, second = text[: mark.start()].strip(), text[mark.end() :].strip()
        word = second.split(" ")[0]
        names = " " in first and " " in second and f"و{word}" not in _words().with_waw
        if names and not (_why_not(first, frozenset()) or _why_not(second, frozenset())):
            return [first, second]
    return []


def _without_by(text: str, *, byline: bool) -> str:
    """`text` without its by-words; "" if it is nothing else.

    In a claim, a by-word that is also a particle is one only before a full name ("Von Trier"), and
    nowhere before another particle ("Von der Leyen").
    """
    words = _words()
    while by := words.by.match(text):
        rest = text[by.end() :].strip()
        first = rest.split()[0] if rest else ""
        if by[0].strip().casefold() in words.particles and (
            first in words.particles or not (byline or " " in rest)
        ):
            break
        text = rest
    return text


def _flipped(text: str) -> str | None:
    """`Peeters, Jan` as `Jan Peeters`; None where the comma parts two persons."""
    last, comma, first = text.partition(", ")
    if not comma or "," in first or " " in last or not LETTER.match(last):
        return None
    given = first.split()
    if not 1 <= len(given) <= 2 or not all(part[0].isupper() for part in given):  # noqa: PLR2004
        return None
    if _why_not(first, frozenset()) or _why_not(last, frozenset()):
        return None
    return f"{first} {last}"


def _clean(name: str) -> str:
    words = _words()
    name = _without_by(name, byline=False)
    name = name.rpartition(": ")[2]
    if end := words.end.search(name):
        cut = name[: end.start()].split()
        # "Awa Sylla Nov 12": the month goes with the day.
        if (
            end[0].strip()[-1:].isdigit()
            and cut
            and cut[-1].strip(".").casefold() in month_numbers()
        ):
            cut = cut[:-1]
        name = " ".join(cut)
    name = name.strip(" \t.,:;-–—*\"'“”„«»()<>‚‘’")
    if name.casefold() in words.agencies | words.accounts or not any(map(str.isalpha, name)):
        return name if name[:1].isalpha() else ""
    while (shorter := words.roles.sub("", name).strip(" ,:-–—")) != name:
        name = shorter
    return name


def is_agency(name: str) -> bool:
    """Whether a credit is that of a news agency, alone or beside a paper's: `AFP / Le Quai`."""
    parts = re.split(r"[/,&()|]|\s[-–—]\s", name.casefold())
    return any(part.strip(" .©") in _words().agencies for part in parts)


def _are_accounts(names: Names) -> bool:
    return all(name.islower() and " " not in name for name in names)


def _is_written_as_a_name(name: str) -> bool:
    """Each word has a capital, is a particle (`van`, `de`), or is of a script without capitals."""
    particles = _words().particles
    if name.count(" ") == 1 and name[0].isupper():
        return True
    return all(
        not word[0].islower() or word in particles or word[:2] in ("d'", "d’", "l'", "l’")
        for word in name.split()
    )


def _why_not(name: str, sites: frozenset[str]) -> str | None:
    """Why this cannot be a person's name, or None."""
    words = _words()
    folded = name.casefold()
    each = re.split(r"[\s\-]+", folded)
    desk = any(word.strip(".,:") in words.organisations for word in each)
    odd = len(name) < 2 or "_" in name or any(map(str.isdigit, name)) or folded in _months()  # noqa: PLR2004
    reasons = (
        ("an address", ADDRESS.search(name)),
        (AN_AGENCY, folded in words.agencies),
        (AN_ACCOUNT, folded in words.accounts),
        (AN_ORGANISATION, desk),
        (THE_SITE, squeezed(name) in sites),
        ("no name", odd or not LETTER.match(name)),
        (TOO_LONG, len(name) > MAX_LETTERS or len(each) > MAX_WORDS),
        ("not written as a name", " " in name and not _is_written_as_a_name(name)),
    )
    return next((why for why, holds in reasons if holds), None)


def _json_ld(claims: Claims) -> Iterator[str]:
    """Names of the article's authors; else of the page's, else of the only person it describes."""
    pages = (thing for thing in claims.things if types(thing) & PAGE_TYPES)
    for thing in chain(claims.articles(), pages):
        found = [name for name in _names_of(thing.get("author"), claims) if name]
        if found:
            yield from found
            return
    persons = {plain(t.get("name")) for t in claims.things if types(t) == {"person"}} - {""}
    # A check of facts describes who made the claim.
    checked = any(types(thing) & {"claim", "claimreview"} for thing in claims.things)
    if len(persons) == 1 and not checked:
        yield from persons


def _names_of(value: Any, claims: Claims) -> Iterator[str]:
    """Names of authors as JSON-LD states them; `MARK` before what it calls an organisation."""
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str):
            yield plain(each)
        elif isinstance(each, dict):
            thing = each if each.get("name") else claims.named(each) or {}
            kinds = types(thing)
            # Both at once: a site that is a person, as one widespread plugin says it.
            organisation = (
                any(ORGANISATION.search(kind) for kind in kinds) and "person" not in kinds
            )
            mark = MARK if organisation else ""
            names = thing.get("name")
            for name in names if isinstance(names, list) else [names]:
                if text := plain(name):
                    yield mark + text


def _metas(claims: Claims) -> Iterator[str]:
    says_more = bool(claims.things) or any(name.startswith(SHARED) for name in claims.metas)
    for name in AUTHOR_METAS:
        for text in claims.metas.get(name, ())[:MAX_NAMES]:
            # A page that tells no machine anything else has it from the program it was written in.
            if says_more or " " in text.strip():
                yield text


def _bylines(front: Front, title: str) -> Iterator[str]:
    """Texts of places that are named as by-lines, the nearest to the headline first.

    Then lines near the headline that begin with a by-word and a capital.
    """
    at = _headline(front, title)
    near = [spot for spot in front.signed if -BEFORE <= spot.at - at <= AFTER]
    for spot in sorted(near, key=lambda spot: (spot.at < at, abs(spot.at - at))):
        text = "; ".join(map(_signed, _alike(spot.element, near)))
        if text and len(text) <= MAX_BYLINE and not is_elsewhere(spot.element):
            yield text
    by = _words().by
    for element in front.elements[max(0, at - 10) : at + AFTER]:
        text = (element.text or "").strip()
        if not isinstance(element.tag, str) or not text or len(text) > MAX_BYLINE:
            continue
        if by.match(text) and not is_elsewhere(element):
            whole = text_of(element, MAX_BYLINE)
            if (match := by.match(whole)) and match.end() == len(whole):
                parent = element.getparent()
                whole = text_of(parent, MAX_BYLINE) if parent is not None else ""
                match = by.match(whole)
            rest = whole[match.end() :] if match else ""
            names = takewhile(_is_full, names_in(rest)) if len(whole) <= MAX_BYLINE else ()
            if line := "; ".join(names):
                yield line


def _alike(element: HtmlElement, near: Sequence[Spot]) -> list[HtmlElement]:
    """The by-line, and those beside it that are named as it is: each has one of several names.

    Only with a comma or an "and" between: what stands below each other are author and editor.
    """
    parent, named = element.getparent(), element.get("class")
    if parent is None or not named:
        return [element]
    beside = (spot.element for spot in near if spot.element.getparent() is parent)
    alike = [other for other in beside if other.get("class") == named and other.tag == element.tag]
    if element is not alike[0]:
        return [element]
    joined = list(takewhile(lambda other: _joins(other.tail), alike))
    return alike[: min(len(joined) + 1, MAX_NAMES)]


def _joins(tail: str | None) -> bool:
    """Whether what follows a name leads to another one."""
    text = f" {(tail or '').strip()} "
    return bool(text.strip()) and not _words().conjunction.sub("", text).strip(" ,;/&·|")


def _signed(element: HtmlElement) -> str:
    """The text of a by-line; its links one by one if it is little else: they may touch."""
    text = text_of(element, MAX_BYLINE)
    links = [text_of(link, MAX_BYLINE) for link in islice(element.iter("a"), MAX_NAMES)]
    named = [name for name in links if " " in name]
    if len(named) > 1 and sum(map(len, named)) >= MOSTLY * len(text):
        return "; ".join(named)
    return text


def _is_full(name: str) -> bool:
    return " " in name and _is_written_as_a_name(name)


def _headline(front: Front, title: str) -> int:
    """The number of the heading that shows the title, or of the first one, or 0."""
    key = "".join(WORDS.findall(title.casefold()))
    for spot in (*front.headings, *front.subheadings):
        if key and key in "".join(WORDS.findall(text_of(spot.element).casefold())):
            return spot.at
    return front.headings[0].at if front.headings else 0


def _folded(names: Names) -> set[str]:
    return {" ".join(WORDS.findall(name.casefold())) for name in names}
