"""What is known of a source day by day, and of what it is reached by: what alarms are judged on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

NOTHING: Mapping[str, int] = {}


class Day(NamedTuple):
    """A source on a day (UTC). A tuple, since a year of 800 sources has 290,000."""

    day: date
    visits: int = 0  # to its channels
    failed: int = 0  # of these
    found: int = 0  # addresses seen for the first time
    read: int = 0  # pages first fetched then, of which it is known what they are
    stored: int = 0  # of these, articles
    words: int = 0  # median of these, as all that follows
    dated: int = 0
    signed: int = 0
    languages: Mapping[str, int] = NOTHING
    blocks: Mapping[str, int] = NOTHING  # lines that the site has only begun to repeat
    others: Mapping[str, int] = NOTHING  # outcomes of the pages that are no articles

    @property
    def answered(self) -> bool:
        return self.visits > self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel as its last visits left it. `tried` are the days since its last answer."""

    url: str
    failing: str | None = None  # crawler.schedule.Failing
    reason: str | None = None
    tried: tuple[date, ...] = ()
    moved: date | None = None  # since then it leads elsewhere for good
    moved_to: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a host shows to prove itself, and from when to when that holds."""

    host: str
    begins: date
    ends: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A source up to `today`. `days` are in order, those without a visit left out.

    Days before `edited`, when its record was given other channels, are of another source; those of
    `lost` say nothing, since no source answered.
    """

    source: str
    name: str
    country: str
    today: date
    days: tuple[Day, ...]
    channels: tuple[Channel, ...] = ()
    certificates: tuple[Certificate, ...] = ()
    edited: date | None = None
    lost: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What is wrong with a source, or with one of its channels or hosts, and since when.

    `evidence` has the figures that speak for it; `raised` is the day on which they sufficed, and
    `until` that on which it was no longer so.
    """

    kind: str
    source: str
    about: str = ""  # a channel's address or a host, where it is one
    since: date
    raised: date | None = None
    until: date | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    sentence: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        return self.kind, self.source, self.about
