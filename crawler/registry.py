"""Whom we crawl: reads spiders/sources/*.toml, finds every mistake in them, and picks from them.

A file holds a country's or a region's sources, one table each, named by the source's id.
`dead_feeds.toml` beside them lists feeds that are gone, so that nobody adds one again.

    [fdss]
    name = "Fédération des Services Sociaux"    # required, as are homepage to category
    homepage = "https://fdss.example.org"
    country = "BE"                              # ISO 3166-1 alpha-2, or int
    organisation = "federation"                 # ORGANISATIONS
    languages = ["fr", "nl"]                    # BCP 47
    category = "social"                         # CATEGORIES
    topics = ["poverty", "food-aid"]            # anything more precise
    cms = "wordpress"                           # CMS; left out when unknown
    feeds = [
      { url = "https://fdss.example.org/feed/", language = "fr", grade = "probed" },    # GRADES
    ]
    sitemaps = [{ url = "https://fdss.example.org/robots.txt", grade = "listed" }]
    listings = [
      { url = "https://fdss.example.org/actualites", grade = "listed", selector = "h2 a" },
    ]
    wordpress = [{ url = "https://fdss.example.org/wp-json/wp/v2/posts", grade = "probed" }]
    reliefweb = [
      { url = "https://api.reliefweb.int/v2/reports?query[value]=fdss", grade = "listed" },
    ]
    licence = { id = "CC-BY-ND", terms_read_on = 2026-08-13 }    # LICENCES
    tdm = "unknown"                             # TDM
    enabled = true
    reason = "..."                              # why not, when it is not enabled
    evidence = "..."                            # who says that these addresses are right, and when
    expect = { items = 10, dated = 0.5, words = 120, languages = ["fr"], checked_on = 2026-08-13 }
                                                # what `tamis sources check --live` compares with
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import babel

from crawler import urls, values
from crawler.errors import SourceError
from crawler.items import Address, Expectation, Licence, Source

GRADES = {
    "probed": "somebody fetched it and found articles",
    "curated": "a maintained list in use has it",
    "listed": "seen in public code, not known to work",
    "conventional": "guessed from what the CMS usually does, never seen",
    "empty": "somebody fetched it and found nothing",
    "stale": "its newest item was old when somebody fetched it",
    "dead": "it did not answer, or with something else",
    "blocked": "the site refused it to us",
}
CATEGORIES = {
    "social": "social work, poverty, housing, disability, care",
    "humanitarian": "crises, relief, development",
    "migration": "migration and asylum",
    "human-rights": "rights, justice, minorities",
    "health": "health and mental health",
    "media": "general press that covers the above",
}
ORGANISATIONS = {
    "media": "a news site, a review, a broadcaster",
    "ngo": "an association or non-governmental organisation",
    "igo": "an intergovernmental organisation",
    "public-body": "an administration or a public institution",
    "research": "a research centre",
    "network": "a network of organisations",
    "federation": "a federation of organisations",
    "foundation": "a foundation",
    "aggregator": "republishes or indexes the articles of others",
}
CMS = {
    "wordpress": "/feed/, /wp-json/",
    "drupal": "/rss.xml, /taxonomy/term/N/feed",
    "spip": "/spip.php?page=backend",
    "joomla": "?format=feed&type=rss",
    "typo3": "?type=9818 and other numbers",
    "wix": "/blog-feed.xml",
    "squarespace": "?format=rss",
    "ghost": "/rss/",
    "arc": "/arc/outboundfeeds/rss/",
    "ndsoft": "/rss/allArticle.xml (Korean press)",
}
TDM = {
    "unknown": "nobody has looked; what the pages' own headers reserve decides",
    "reserved": "its terms reserve text and data mining",
    "allowed": "its terms allow text and data mining",
}
# No versions: most sites do not say which, and what we may publish does not depend on it.
LICENCES = {
    "CC0": "no rights reserved",
    "public-domain": "not protected",
    "CC-BY": "with credit",
    "CC-BY-SA": "with credit, under the same licence",
    "CC-BY-ND": "with credit, whole and unchanged",
    "CC-BY-NC": "with credit, not for profit",
    "CC-BY-NC-SA": "with credit, not for profit, under the same licence",
    "CC-BY-NC-ND": "with credit, not for profit, whole and unchanged",
    "own-terms": "may be republished on the publisher's own conditions: read them at the url",
    "reserved": "its terms forbid reuse",
}

TERMS_DAYS = 365  # after which a licence is to be read again: terms are revised about as often
DEAD_FEEDS = "dead_feeds.toml"
INTERNATIONAL = "int"
# CLDR's two-letter territories that are not countries of ISO 3166-1. XK (Kosovo) is none either,
# but ISO leaves the code to its users and everybody writes it.
NOT_COUNTRIES = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
)

Files = dict[str, dict[str, Any]]  # what each file holds, by file name


# Reading and picking.


def folder() -> Path:
    """Where the records that come with the program are."""
    spec = find_spec("spiders")  # finds it without importing it: spiders stands above crawler
    places = spec.submodule_search_locations if spec else None
    if not places:
        raise SourceError("the package `spiders` is missing: install tamis again")
    return Path(places[0]) / "sources"


def load(path: Path | None = None) -> tuple[Source, ...]:
    """All sources of a folder, file by file; raises SourceError at the first mistake."""
    files, errors = _examine(path)
    if errors:
        raise errors[0]
    return tuple(
        from_json({"id": name, **record})
        for records in files.values()
        for name, record in records.items()
    )


def check(path: Path | None = None) -> list[SourceError]:
    """Every mistake in a folder, each saying the file, the record, the field and what is allowed.

    A record that breaks a rule of its own is not compared with the others until it is mended.
    """
    return _examine(path)[1]


def select(
    sources: Iterable[Source],
    *,
    countries: Collection[str] = (),
    languages: Collection[str] = (),
    categories: Collection[str] = (),
    enabled: bool | None = None,
    only: Collection[str] = (),
) -> tuple[Source, ...]:
    """The sources that meet every condition given, and of each any. `zh` finds `zh-Hant` too.

    Raises SourceError if `only` names a source that is not among `sources`.
    """
    sources = tuple(sources)
    known = [source.id for source in sources]
    for name in only:
        if name not in known:
            raise SourceError(
                f"no source is called {name!r}{values.hint(name, known)}: see `tamis sources list`"
            )
    return tuple(
        source
        for source in sources
        if (not only or source.id in only)
        and (not countries or source.country.casefold() in {each.casefold() for each in countries})
        and (
            not languages
            or any(_speaks(tag, language) for tag in source.languages for language in languages)
        )
        and (not categories or source.category in categories)
        and (enabled is None or source.enabled == enabled)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A licence to be read again: terms change, and what is shown relies on them."""

    source: str
    licence: str
    url: str | None
    read_on: str | None

    def __str__(self) -> str:
        read = f"last read on {self.read_on}" if self.read_on else "nobody wrote down when read"
        return f"{self.source}: {self.licence}, {read}" + (f", {self.url}" if self.url else "")


def to_read_again(sources: Iterable[Source], today: str, *, days: int = TERMS_DAYS) -> list[Terms]:
    """The licences of sources in use that were not read within so many days, the oldest first."""
    since = (date.fromisoformat(today[:10]) - timedelta(days=days)).isoformat()
    found = [
        Terms(
            source=source.id, licence=source.licence.id, url=source.licence.url,
            read_on=source.licence.terms_read_on,
        )
        for source in sources
        if source.enabled
        and source.licence
        and (source.licence.terms_read_on or "") < since
    ]  # fmt: skip
    return sorted(found, key=lambda terms: terms.read_on or "")


def reached(source: Source) -> frozenset[tuple[str, ...]]:
    """How a source is reached, and in which languages: what makes its days comparable."""
    return frozenset(
        (name, at.url, at.selector or "") for name in CHANNELS for at in getattr(source, name)
    ) | {(language,) for language in source.languages}


def as_json(source: Source) -> dict[str, Any]:
    """The source as a record of JSON's own types, every field present."""
    return asdict(
        source,
        dict_factory=lambda pairs: {
            name: list(value) if isinstance(value, tuple) else value for name, value in pairs
        },
    )


def from_json(record: Mapping[str, Any]) -> Source:
    """The inverse of `as_json`; fields that have a default may be missing."""

    def day(value: date | str | None) -> str | None:
        return str(value) if value else None

    plain = dict(record)
    for name in ("languages", "topics"):
        plain[name] = tuple(record.get(name, ()))
    for name in CHANNELS:
        plain[name] = tuple(
            Address(**{**found, "probed_on": day(found.get("probed_on"))})
            for found in record.get(name, ())
        )
    if licence := record.get("licence"):
        plain["licence"] = Licence(
            **{**licence, "terms_read_on": day(licence.get("terms_read_on"))}
        )
    if expect := record.get("expect"):
        told = {
            "languages": tuple(expect.get("languages", ())),
            "checked_on": day(expect["checked_on"]),
        }
        plain["expect"] = Expectation(**{**expect, **told})
    return Source(**plain)


def _speaks(tag: str, language: str) -> bool:
    return f"{tag}-".casefold().startswith(f"{language}-".casefold())


# What the fields must be.


def _country(value: Any) -> Iterator[values.Problem]:
    if value not in (INTERNATIONAL, *_countries()):
        yield "", f"is {value!r}, but must be an ISO 3166-1 code such as 'BE', or 'int'"


@cache
def _countries() -> frozenset[str]:
    found = babel.Locale("en").territories
    return frozenset(code for code in found if re.fullmatch("[A-Z]{2}", code)) - NOT_COUNTRIES


ID = values.shaped(
    "[a-z0-9]+(-[a-z0-9]+)*", "small letters a-z and digits, joined by single hyphens"
)
TOPIC = ID
# Language, script and region: what a feed or a page declares. No other part occurs here.
LANGUAGE = values.shaped(
    "[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?", "a BCP 47 tag such as 'fr' or 'zh-Hant'"
)
ADDRESS = values.table(
    required={"url": values.address, "grade": values.one_of(GRADES)},
    optional={"language": LANGUAGE, "probed_on": values.day},
)
LISTING = values.table(
    required={"url": values.address, "grade": values.one_of(GRADES)},
    optional={"language": LANGUAGE, "probed_on": values.day, "selector": values.text},
)
# The fields that hold channels, which `spiders.channels` reads.
CHANNELS = {
    "feeds": ADDRESS,
    "sitemaps": ADDRESS,
    "listings": LISTING,
    "wordpress": ADDRESS,
    "reliefweb": ADDRESS,
}
LICENCE = values.table(
    required={"id": values.one_of(LICENCES)},
    optional={"url": values.address, "terms_read_on": values.day},
)
EXPECT = values.table(
    required={
        "items": values.number("a whole number of at least 1", least=1, whole=True),
        "checked_on": values.day,
    },
    optional={
        "dated": values.number("a share from 0 to 1", most=1),
        "words": values.number("a whole number of at least 1", least=1, whole=True),
        "languages": values.list_of(LANGUAGE),
    },
)
SOURCE = values.table(
    required={
        "name": values.text,
        "homepage": values.address,
        "country": _country,
        "organisation": values.one_of(ORGANISATIONS),
        "languages": values.list_of(LANGUAGE),
        "category": values.one_of(CATEGORIES),
    },
    optional={
        "topics": values.list_of(TOPIC),
        "cms": values.one_of(CMS),
        **{name: values.list_of(address) for name, address in CHANNELS.items()},
        "licence": LICENCE,
        "tdm": values.one_of(TDM),
        "enabled": values.flag,
        "reason": values.text,
        "evidence": values.text,
        "expect": EXPECT,
    },
)
DEAD = values.table(
    required={
        "dead": values.list_of(
            values.table(
                {
                    "url": values.address,
                    "name": values.text,
                    "reason": values.text,
                    "seen_on": values.day,
                }
            )
        )
    }
)


# Finding every mistake.


def _examine(path: Path | None) -> tuple[Files, list[SourceError]]:
    """What the files hold (to be trusted only if nothing is wrong), and all that is wrong."""
    files, errors = _read(path or folder())
    dead: dict[str, str] = {}
    if DEAD_FEEDS in files:
        graves = files.pop(DEAD_FEEDS)
        problems = [f"{DEAD_FEEDS}: {values.sentence(problem)}" for problem in DEAD(graves)]
        errors += map(SourceError, problems)
        if not problems:
            dead = {
                urls.key(grave["url"]): f"{grave['reason']}, {grave['seen_on']}"
                for grave in graves["dead"]
            }
    errors += map(SourceError, _mistakes(files, dead))
    return files, errors


def _read(place: Path) -> tuple[Files, list[SourceError]]:
    paths = sorted(place.glob("*.toml"))
    if not any(path.name != DEAD_FEEDS for path in paths):
        return {}, [
            SourceError(f"{place} holds no sources: give a folder with be.toml or the like")
        ]
    files: Files = {}
    errors = []
    for path in paths:
        try:
            # -sig: some editors on Windows put a byte order mark first, which TOML forbids.
            files[path.name] = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError) as error:  # ValueError: neither TOML nor UTF-8
            errors.append(SourceError(f"{path.name} cannot be read: {_with_line(error, path)}"))
    return files, errors


def _with_line(error: Exception, path: Path) -> str:
    """Of a file that was half saved, tomllib says only that it ends too soon."""
    end = "at end of document"
    told = str(error)
    if end in told:
        told = told.replace(end, f"{end}, line {len(path.read_bytes().splitlines())}")
    return told


def _mistakes(files: Files, dead: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each mistake. `dead` says of an address's key why the feed is gone."""
    ids: dict[str, str] = {}
    owners: dict[str, str] = {}  # of an address's key
    for file, records in files.items():
        for name, record in records.items():
            me = f"{file}: [{name}]"
            problems = [*ID(name), *SOURCE(record)] or [*_rules(record)]
            if not problems:
                if (other := ids.setdefault(name, file)) != file:
                    problems.append(("", f"has the id of a source in {other}: choose another"))
                problems += _conflicts(me, record, owners, dead)
            yield from (f"{me} {values.sentence(problem)}" for problem in problems)


def _rules(record: Mapping[str, Any]) -> Iterator[values.Problem]:
    """What the fields of a well-formed record must be to each other."""
    if not record.get("enabled", True):
        if "reason" not in record:
            yield "", "is not enabled, but lacks the field 'reason' that says why"
    elif not any(name in record for name in CHANNELS):
        yield "", f"is enabled, but has none of {', '.join(CHANNELS)}: add one, or disable it"


def _conflicts(
    me: str, record: Mapping[str, Any], owners: dict[str, str], dead: Mapping[str, str]
) -> Iterator[values.Problem]:
    """Addresses that are dead or that a record before has; enters the others into `owners`."""
    for where, url in (
        (f".{name}[{number}].url", address["url"])
        for name in CHANNELS
        for number, address in enumerate(record.get(name, ()), 1)
    ):
        key = urls.key(url)
        if key in dead:
            yield where, f"is {url!r}, which is dead ({dead[key]}): if it lives, edit {DEAD_FEEDS}"
        if key in owners:
            yield where, f"is {url!r}, which {owners[key]} has already"
        owners.setdefault(key, me)
