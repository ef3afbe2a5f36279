"""The values that travel, one type a stage: Source -> Link -> Page.

What comes after (Extracted, Annotated) belongs to `enrich`. All times are UTC, as ISO 8601 text
with a final Z (`2026-11-21T08:30:00Z`), because that is how SQLite keeps and compares them.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One feed of a source. `grade` says how its address is known (see `registry.GRADES`)."""

    url: str
    language: str | None = None
    grade: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What the source lets others do with its texts, and when somebody last read so."""

    id: str
    url: str | None = None
    terms_read_on: str | None = None


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
    feeds: tuple[Feed, ...] = ()
    sitemaps: tuple[str, ...] = ()
    cms: str | None = None
    licence: Licence | None = None
    tdm: str = "unknown"
    enabled: bool = True
    reason: str | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One article that a channel named, with what the channel said of it (all of it hints)."""

    url: str
    title: str | None = None
    summary: str | None = None
    published: str | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What a server answered, as it answered it: the decompressed bytes and what describes them."""

    url: str
    fetched: str
    status: int
    content_type: str | None
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
