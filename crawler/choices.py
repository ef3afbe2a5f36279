"""The page of a facet: every value that a search has there, sorted, sifted and in parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crawler.published import Label
from crawler.words import folded

PART = 150  # values: with their links, half of the 100 kB that a page may weigh
SORTS = ("number", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A part of the values; `found` are those that fit, of `total`."""

    facet: str
    find: str
    sort: str
    start: int
    found: int
    total: int
    shown: tuple[Label, ...]

    @property
    def previous(self) -> int | None:
        return max(0, self.start - PART) if self.start else None

    @property
    def next(self) -> int | None:
        return self.start + PART if self.start + PART < self.found else None


def choices(facet: str, labels: Sequence[Label], parameters: Mapping[str, str]) -> Choices:
    """Those that an address asks for; what in it is not understood asks for the usual.

    `labels` are by number (months: the latest first).
    """
    find, sort = " ".join(parameters.get("find", "").split())[:100], parameters.get("sort", "")
    wanted = folded(find)
    found = [each for each in labels if wanted in folded(f"{each.name} {each.code}")]
    if sort == "name":
        found.sort(key=lambda each: (folded(each.name) or each.name, each.code))
    text = parameters.get("from", "")
    start = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0  # noqa: PLR2004  no facet has a million
    start = min(start, max(0, len(found) - 1)) // PART * PART
    return Choices(
        facet=facet,
        find=find,
        sort=sort if sort in SORTS else SORTS[0],
        start=start,
        found=len(found),
        total=len(labels),
        shown=tuple(found[start : start + PART]),
    )
