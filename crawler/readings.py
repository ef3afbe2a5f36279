"""A page that waits to be read, and what reading it gave."""

from dataclasses import dataclass
from typing import Any

from enrich.annotate import Annotation
from enrich.article import Extracted
from enrich.language import NO_HINTS, LanguageHints


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """An archived page that waits to be read; `body` is as it is stored, packed.

    `hints` is what its channels say of it: the fields of Link that have a value. `languages` are
    those of its source's record.
    """

    url_id: int
    page_id: int
    source: str
    url: str
    fetched: str
    content_type: str | None
    body: bytes
    hints: dict[str, Any]
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What became of a page: an article (outcome `stored`), or the reason why it is none.

    `updated` is the visit that found the article changed, None if none has. `canonical` is another
    address than its own that the page claims for itself, `claims` what is said of its language
    around it.
    """

    url_id: int
    outcome: str
    reason: str | None = None
    page_id: int | None = None
    source: str = ""
    url: str = ""
    fetched: str = ""
    updated: str | None = None
    extracted: Extracted | None = None
    annotation: Annotation | None = None
    canonical: str | None = None
    claims: LanguageHints = NO_HINTS
