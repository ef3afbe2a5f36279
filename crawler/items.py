"""The values that travel, one type a stage: Source, Address, Answer, Harvest of Links, Page.

What comes after is in `crawler.readings` and in `enrich`. All times are UTC, as ISO 8601 text with
a final Z (`2026-11-21T08:30:00Z`), because that is how SQLite keeps and compares them.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a channel of a source is. `grade` says how that is known (see `registry.GRADES`).

    `selector` is the CSS selector of the links on a listing page that its own rules misjudge;
    `probed_on` is the day of the last `tamis sources probe`, which gave the grade.
    """

    url: str
    language: str | None = None
    grade: str
    selector: str | None = None
    probed_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What the source lets others do with its texts, and when somebody last read so."""

    id: str
    url: str | None = None
    terms_read_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a visit to a source should yield at least; what is None or empty is not looked at.

    `items` are links that its channels name; of some of them, read, `dated` is the share with a
    date, `words` the median length, `languages` those that most are in. As seen on `checked_on`.
    """

    items: int
    dated: float | None = None
    words: int | None = None
    languages: tuple[str, ...] = ()
    checked_on: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One record of spiders/sources. `country` is ISO 3166-1 alpha-2, or `int`."""

    id: str
    name: str
    homepage: str
    country: str
    organisation: str
    languages: tuple[str, ...]
    category: str
    topics: tuple[str, ...] = ()
    feeds: tuple[Address, ...] = ()
    sitemaps: tuple[Address, ...] = ()
    listings: tuple[Address, ...] = ()
    wordpress: tuple[Address, ...] = ()
    reliefweb: tuple[Address, ...] = ()
    cms: str | None = None
    licence: Licence | None = None
    tdm: str = "unknown"
    enabled: bool = True
    reason: str | None = None
    evidence: str = ""
    expect: Expectation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the address of a channel answered, and what reading it may need besides.

    `headers` have lower-case names. `cursor` is what the last Harvest of this channel left.
    `examples` are addresses of articles already known of this source, the newest first.
    """

    url: str
    body: bytes
    content_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    cursor: str | None = None
    selector: str | None = None
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One article that a channel named, with what the channel said of it (all of it hints).

    `updated` is when the channel says that it changed; `content` is its text in HTML. With `whole`
    that is the article, as an API gives it, and its page need not be fetched; without, it serves
    only if the page gives no text. `alternate` is the language that a list of translations has for
    it (hreflang). `publisher` and `origin_url` are those of a re-posted article.
    """

    url: str
    title: str | None = None
    summary: str | None = None
    published: str | None = None
    updated: str | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str | None = None
    alternate: str | None = None
    content: str | None = None
    whole: bool = False
    image: str | None = None
    attachments: tuple[str, ...] = ()
    licence: str | None = None
    publisher: str | None = None
    origin_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A document that another is made of (a sitemap of an index), and when it changed last."""

    url: str
    changed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """What one visit to a channel brought, its links in the document's own order.

    `defect` is why the document is not well-formed, or what of it was left out; `refused` are
    addresses that are none of the web's. `older` is the page that goes on with older links: it is
    visited when most links of this one are new. `cursor` is what the next visit is asked with, and
    `again` says that it is due at once. `every` is how often, in seconds, the document says that
    it changes.
    """

    links: tuple[Link, ...]
    defect: str | None = None
    refused: tuple[str, ...] = ()
    parts: tuple[Part, ...] = ()
    older: str | None = None
    cursor: str | None = None
    again: bool = False
    every: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a server answered, as it answered it: the decompressed bytes and what describes them."""

    url: str
    fetched: str
    status: int
    content_type: str | None
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
