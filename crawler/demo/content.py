"""What the demo's sites say: one TOML file a site, in `sites/`.

A file reads:

    [site]                                      # see Site
    id = "quai-ouvert"                          # also its host: quai-ouvert.localhost
    mould = "spip"                              # a name of moulds.MOULDS
    ...
    [site.words]                                # what the theme prints: WORDS, or DEFAULT_WORDS
    [site.words_nl]                             # the same in the site's second language, if any

    [[articles]]                                # see Article; newest last
    ...
    [[stray_links]]                             # what the feed names and should not

Classes and constants below say what each field means.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from crawler.errors import TamisError

# Every theme prints these, so every site must say them in its own language.
WORDS = frozenset(
    {
        "home",
        "published",
        "read_more",
        "related",
        "share",
        "source_link",
        "advertisement",
        "search",
        "by",
    }
)
# Only some moulds print these. Left out, they fall back to something that needs no translation.
DEFAULT_WORDS = {
    "not_found": "404",
    "members_only": "🔒",
    "next": "»",
    "contact": "✉",
    "interview": "▶",
    "weather": "16.4 C",
    "place": "",
    "root_section": "",
    "confirmed": "✓",
    "unconfirmed": "✗",
    "member_of": "",
    "partners": "",  # names with commas between
}


class ContentError(TamisError):
    """A file of the demo is wrong: names the file, the record and the field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One article. `paragraphs` are plain text; `published` has the offset of the country."""

    slug: str
    language: str
    title: str
    published: datetime
    authors: tuple[str, ...]
    category: str
    lead: str
    paragraphs: tuple[str, ...]
    pull_quote: str | None = None
    attachment: str | None = None
    via: str | None = None  # of a republished piece: https://<site id>.localhost/.../<slug>
    reprint_of: str | None = None  # <site id>/<slug>: title, lead and body are copied from there
    translation: str | None = None  # slug of the same story in the site's other language
    themes: tuple[str, ...]
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StrayLink:
    """A link of the feed that leads nowhere, or where robots.txt does not want us."""

    path: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site. `languages[0]` is its main language; articles go from old to new."""

    id: str
    name: str
    mould: str
    languages: tuple[str, ...]
    country: str
    organisation: str
    category: str
    topics: tuple[str, ...]
    tagline: str
    about: str
    contact: str
    privacy: str
    newsletter: str
    words: Mapping[str, Mapping[str, str]]  # language -> what the theme prints
    articles: tuple[Article, ...]
    stray_links: tuple[StrayLink, ...] = ()

    @property
    def host(self) -> str:
        return f"{self.id}.localhost"


@cache
def load() -> tuple[Site, ...]:
    """All sites that come with the program, by id. Raises ContentError."""
    found = sorted(
        (file for file in (files(__package__) / "sites").iterdir() if file.name.endswith(".toml")),
        key=lambda file: file.name,
    )
    sites = tuple(parse(file.name, file.read_text(encoding="utf-8")) for file in found)
    return complete(sites)


def parse(name: str, text: str) -> Site:
    """One site out of its file. `name` is the file's, for the errors."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ContentError(f"{name}: is not TOML: {error}") from error
    top = Record(name, document)
    site = Record(f"{name}: [site]", top.take("site", dict))
    languages = site.texts("languages")
    if not languages:
        raise ContentError(f"{name}: [site]: field 'languages' is empty: name at least one")
    result = Site(
        id=site.take("id", str),
        name=site.take("name", str),
        mould=site.take("mould", str),
        languages=languages,
        country=site.take("country", str),
        organisation=site.take("organisation", str),
        category=site.take("category", str),
        topics=site.texts("topics"),
        tagline=site.take("tagline", str).strip(),
        about=site.take("about", str).strip(),
        contact=site.take("contact", str).strip(),
        privacy=site.take("privacy", str).strip(),
        newsletter=site.take("newsletter", str).strip(),
        words=_words(site, languages),
        articles=tuple(
            _article(Record(f"{name}: articles[{index}]", record), languages[0])
            for index, record in enumerate(top.take("articles", list))
        ),
        stray_links=tuple(
            _stray_link(Record(f"{name}: stray_links[{index}]", record))
            for index, record in enumerate(top.take("stray_links", list, []))
        ),
    )
    site.finish()
    top.finish()
    _check(result, name)
    return result


def complete(sites: tuple[Site, ...]) -> tuple[Site, ...]:
    """The sites with the words of whole reprints copied in from where they first appeared."""

    def copied(site: Site, article: Article) -> Article:
        where = f"{site.id}.toml: article {article.slug!r}"
        if article.via:
            original(article, sites, where)
        if not article.reprint_of:
            return article
        id_, _, slug = article.reprint_of.partition("/")
        for other in sites:
            for first in other.articles:
                if (other.id, first.slug) == (id_, slug):
                    return replace(
                        article,
                        title=article.title or first.title,
                        lead=article.lead or first.lead,
                        paragraphs=first.paragraphs,
                        pull_quote=first.pull_quote,
                    )
        raise ContentError(f"{where}: field 'reprint_of' names no article: {article.reprint_of}")

    return tuple(
        replace(site, articles=tuple(copied(site, article) for article in site.articles))
        for site in sites
    )


def original(article: Article, sites: tuple[Site, ...], where: str) -> tuple[Site, int]:
    """The site that `article.via` points to, and the place of the article in it."""
    parts = urlsplit(article.via or "")
    slug = parts.path.rstrip("/").rpartition("/")[2]
    for site in sites:
        if site.host == parts.hostname:
            for index, candidate in enumerate(site.articles):
                if candidate.slug == slug:
                    return site, index
    raise ContentError(f"{where}: field 'via' names no article of the demo: {article.via}")


class Record:
    """A table of a file, read field by field, so that an error says where it is."""

    def __init__(self, where: str, table: Any) -> None:
        if not isinstance(table, dict):
            raise ContentError(f"{where}: must be a table")
        self.where = where
        self._left: dict[str, Any] = dict(table)

    def take(self, field: str, kind: type, *default: Any) -> Any:
        """The field's value; the default, if one is given and the field is missing."""
        if field not in self._left:
            if default:
                return default[0]
            raise ContentError(f"{self.where}: field {field!r} is missing")
        value = self._left.pop(field)
        if not isinstance(value, kind):
            raise ContentError(f"{self.where}: field {field!r} must be {_KINDS[kind]}: {value!r}")
        return value

    def texts(self, field: str) -> tuple[str, ...]:
        values = self.take(field, list)
        if any(not isinstance(value, str) for value in values):
            raise ContentError(f"{self.where}: field {field!r} must hold only text: {values!r}")
        return tuple(values)

    def finish(self) -> None:
        """Whatever nobody has taken is a mistake."""
        if self._left:
            raise ContentError(f"{self.where}: has unknown field {min(self._left)!r}")


_KINDS = {str: "text", list: "a list", dict: "a table", datetime: "a date with time and offset"}


def _article(record: Record, main_language: str) -> Article:
    published: datetime = record.take("published", datetime)
    if published.tzinfo is None:
        raise ContentError(f"{record.where}: field 'published' needs an offset, such as +01:00")
    result = Article(
        slug=record.take("slug", str),
        language=record.take("language", str, main_language),
        title=record.take("title", str).strip(),
        published=published,
        authors=record.texts("authors"),
        category=record.take("category", str),
        lead=record.take("lead", str).strip(),
        paragraphs=tuple(
            " ".join(paragraph.split())
            for paragraph in record.take("body", str).split("\n\n")
            if paragraph.strip()
        ),
        pull_quote=record.take("pull_quote", str, None),
        attachment=record.take("attachment", str, None),
        via=record.take("via", str, None),
        reprint_of=record.take("reprint_of", str, None),
        translation=record.take("translation", str, None),
        themes=record.texts("themes"),
        countries=record.texts("countries"),
    )
    record.finish()
    return result


def _stray_link(record: Record) -> StrayLink:
    result = StrayLink(path=record.take("path", str), title=record.take("title", str))
    record.finish()
    return result


def _words(site: Record, languages: tuple[str, ...]) -> Mapping[str, Mapping[str, str]]:
    main = site.take("words", dict)
    if missing := sorted(WORDS - main.keys()):
        raise ContentError(f"{site.where}: field 'words' lacks {missing[0]!r}")
    result = {}
    for language in languages:
        own = site.take(f"words_{language}", dict, {}) if language != languages[0] else {}
        words = DEFAULT_WORDS | main | own
        if unknown := sorted(words.keys() - WORDS - DEFAULT_WORDS.keys()):
            raise ContentError(f"{site.where}: field 'words' has unknown word {unknown[0]!r}")
        result[language] = words
    return result


def _check(site: Site, name: str) -> None:
    """What no single field can tell."""
    seen: dict[str, Article] = {}
    for article in site.articles:
        where = f"{name}: article {article.slug!r}"
        if article.slug in seen:
            raise ContentError(f"{where}: field 'slug' is used twice")
        if article.language not in site.languages:
            raise ContentError(f"{where}: field 'language' is not one of the site's languages")
        if not article.paragraphs and not article.reprint_of:
            raise ContentError(f"{where}: field 'body' is empty")
        seen[article.slug] = article
    for article in site.articles:
        if article.translation and article.translation not in seen:
            raise ContentError(
                f"{name}: article {article.slug!r}: field 'translation' names no article"
            )
    if not site.articles:
        raise ContentError(f"{name}: field 'articles' is empty")
    dates = [article.published for article in site.articles]
    if dates != sorted(dates):
        raise ContentError(f"{name}: field 'articles' must go from the oldest to the newest")
