"""What is known of an article before its page is read, and what reading the page gives."""

from dataclasses import dataclass

from enrich.attachments import Attachment
from enrich.chosen import Chosen
from enrich.images import LeadImage
from enrich.memory import Seen
from enrich.origins import Origin
from enrich.rights import SILENT, Signals
from enrich.sieve import Change

ARTICLES = ("article", "live")  # kinds that are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What is known of an article before its page is read: from the feed, and when we looked.

    `publisher` and `origin_url` are those of what it re-posts.
    """

    title: str | None = None
    published: str | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str | None = None
    publisher: str | None = None
    origin_url: str | None = None
    fetched: str | None = None


UNTOLD = Hints()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why it was read so.

    What else could have been the title, the date and the authors, and why not; the lines that rules
    took out of the text, and those that they put in.
    """

    title: Chosen[str]
    published: Chosen[str | None]
    authors: Chosen[tuple[str, ...]]
    removed: tuple[Change, ...] = ()
    added: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Extracted:
    """What a page holds. `kind` is one of `enrich.kinds.Kind`, and `reason` says why.

    `published` is ISO 8601, as precise as it was stated and in the zone it was stated in, since
    the day can be another one in UTC; `published_source` says who stated it (enrich.published).
    `authors` are persons; where none signed, the organisation that did, and then `signed_by` is
    `organisation` (else `persons`, or None). Paragraphs of `text` are lines. `section` is the trail
    of sections to the article. `declared_language` is the page's own claim, and
    `alternate_language` the one it has for itself among its translations. `canonicals` and `og_url`
    are the addresses that it claims for itself, as `rel=canonical` and `og:url`; any of
    them may be wrong. `rights` is what it says of its own rights. `seen` is what a memory of its
    site needs. `cut` says that the page was too long to be read whole.
    """

    kind: str
    reason: str
    title: str
    text: str
    words: int
    published: str | None = None
    published_source: str | None = None
    authors: tuple[str, ...] = ()
    signed_by: str | None = None
    image: LeadImage | None = None
    section: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    declared_language: str | None = None
    alternate_language: str | None = None
    canonicals: tuple[str, ...] = ()
    og_url: str | None = None
    attachments: tuple[Attachment, ...] = ()
    origin: Origin | None = None
    rights: Signals = SILENT
    explained: Explained | None = None
    seen: Seen | None = None
    cut: bool = False

    @property
    def is_article(self) -> bool:
        return self.kind in ARTICLES
