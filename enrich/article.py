"""What is known of an article before its page is read, and what reading the page gives."""

from dataclasses import dataclass

from enrich.rights import SILENT, Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is known of an article before its page is read: from the feed, and when we looked."""

    title: str | None = None
    published: str | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str | None = None
    fetched: str | None = None


UNTOLD = Hints()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    url: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What a page holds. `kind` is `article`, `home` or `empty`.

    `published` is ISO 8601, as precise as it was stated and in the zone it was stated in, since
    the day can be another one in UTC; `published_source` says who stated it: `feed`, `json-ld`,
    `meta` or `page` (found in the page by htmldate). Paragraphs of `text` are lines.
    `declared_language` is the page's own claim. `canonicals` and `og_url` are the addresses that it
    claims for itself, as `rel=canonical` and `og:url`; any of them may be wrong. `rights`
    is what it says of its own rights.
    """

    kind: str
    title: str
    text: str
    words: int
    published: str | None
    published_source: str | None
    authors: tuple[str, ...]
    image: str | None
    categories: tuple[str, ...]
    declared_language: str | None
    canonicals: tuple[str, ...]
    og_url: str | None
    attachments: tuple[Attachment, ...]
    rights: Signals = SILENT
