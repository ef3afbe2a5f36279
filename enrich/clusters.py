"""Which texts are one story in lists, and which of them is the first, with the reason.

From what each two of them are to each other; nothing here depends on the order they are given in.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

# From the surest on: what a page says of itself, then what was read.
KINDS = ("same_page", "exact", "reprint", "excerpt", "series")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A text that is something to another.

    `id` is the caller's, and of two that nothing else tells apart the smaller comes first.
    `published` is ISO 8601. `names` are what others may call it by (its site, its publisher),
    `origins` what it says that it comes from, `agency` whether it is signed by a news agency.
    """

    id: str
    published: str | None = None
    names: frozenset[str] = frozenset()
    origins: frozenset[str] = frozenset()
    agency: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What `one` is to `other`, one of KINDS: `one` is the copy of a page, the smaller text.

    `shared` is the share of the words of `one` that stand in `other`.
    """

    one: str
    other: str
    kind: str
    shared: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A text and the one that stands for it, `cluster`.

    `relation` is `original` (for itself), `same_page`, `exact`, `reprint` or `excerpt`; the two
    that put nothing into a cluster are `series` (`cluster` is the first of the series) and `quoted`
    (it stands in `cluster`, which is no longer version of it). `reason` says why that one comes
    first: `address` (the other pages name its), `origin` (a text names it as where it comes from),
    `agency` (it is signed by one), `date` (the earliest) or `found` (none of these).
    """

    id: str
    cluster: str
    relation: str
    shared: float | None
    reason: str


def rows(members: Iterable[Member], links: Iterable[Link]) -> list[Row]:
    """All that is known of every member that is something to another; by id and relation."""
    known = {member.id: member for member in members}
    ordered = sorted(
        links, key=lambda link: (KINDS.index(link.kind), -link.shared, link.one, link.other)
    )
    groups = _Groups(known)
    copies = {link.one for link in ordered if link.kind == "same_page"}
    for link in ordered:
        if link.kind == "series":
            groups.part(link.one, link.other)
    for link in ordered:
        if link.kind in {"same_page", "exact", "reprint"}:
            groups.join(link.one, link.other, whatever=link.kind == "same_page")
    found = [*_excerpts(groups, ordered, copies)]
    touching: dict[str, list[Link]] = defaultdict(list)
    for link in ordered:
        if link.kind != "series" and groups.of(link.one) is groups.of(link.other):
            touching[link.one].append(link)
            touching[link.other].append(link)
    for group in groups.all():
        if len(group.members) > 1:
            found += _cluster(group, copies, touching)
    found += _series(known, ordered)
    return sorted(found, key=lambda row: (row.id, row.relation, row.cluster))


class _Group:
    """One story: `members` tell it whole, `shorter` a part of it. `never` are no members of it."""

    def __init__(self, member: Member) -> None:
        self.whole = {member.id: member}
        self.shorter: dict[str, Member] = {}
        self.never: set[str] = set()

    @property
    def members(self) -> dict[str, Member]:
        return self.whole | self.shorter


class _Groups:
    def __init__(self, known: Mapping[str, Member]) -> None:
        self._group = {ident: _Group(member) for ident, member in known.items()}

    def of(self, ident: str) -> _Group:
        return self._group[ident]

    def all(self) -> Iterator[_Group]:
        """Each once, by its smallest id."""
        yield from dict.fromkeys(self._group[ident] for ident in sorted(self._group))

    def part(self, one: str, other: str) -> None:
        self.of(one).never.add(other)
        self.of(other).never.add(one)

    def join(self, one: str, other: str, *, whatever: bool, shorter: bool = False) -> bool:
        """Put two groups into one, `one` into `other`, unless they hold parts of a series."""
        small, large = self.of(one), self.of(other)
        if small is large:
            return True
        if not whatever and (
            not small.never.isdisjoint(large.members) or not large.never.isdisjoint(small.members)
        ):
            return False
        (large.shorter if shorter else large.whole).update(small.whole)
        large.shorter.update(small.shorter)
        large.never |= small.never
        for ident in (*small.whole, *small.shorter):
            self._group[ident] = large
        return True


def _excerpts(groups: _Groups, links: Iterable[Link], copies: set[str]) -> Iterator[Row]:
    """Put each shorter version to the text that it is one of; yields those that are none.

    No shorter version is what was there on an earlier day, a statement that later articles quote;
    nor what stands in a text together with another that has nothing to do with it, since that is
    a digest. Neither of them makes one story of all that it stands in.
    """
    best: dict[_Group, Link] = {}
    inside: dict[_Group, dict[_Group, Link]] = defaultdict(dict)
    excerpts = [link for link in links if link.kind == "excerpt"]
    for link in excerpts:
        small, large = groups.of(link.one), groups.of(link.other)
        if small is not large:
            inside[large].setdefault(small, link)
            if link.one in small.whole and _may_shorten(small, large):
                best.setdefault(small, link)
    related = {
        frozenset((groups.of(link.one), groups.of(link.other)))
        for link in links
        if link.kind != "series"
    }
    digests = {
        large
        for large, parts in inside.items()
        if any(
            frozenset((one, other)) not in related
            for one in parts
            for other in parts
            if one is not other
        )
    }
    for small, link in sorted(best.items(), key=lambda item: _strength(item[1])):
        large = groups.of(link.other)
        if large not in digests or _names(small, large):
            groups.join(link.one, link.other, whatever=False, shorter=True)
    quoted: set[tuple[str, str]] = set()
    for link in excerpts:
        first, reason = _first(groups.of(link.other).whole, copies)
        if groups.of(link.one) is groups.of(link.other) or (link.one, first.id) in quoted:
            continue
        quoted.add((link.one, first.id))
        yield Row(
            id=link.one, cluster=first.id, relation="quoted", shared=link.shared, reason=reason
        )


def _strength(link: Link) -> tuple[float, str, str]:
    return (-link.shared, link.one, link.other)


def _may_shorten(small: _Group, large: _Group) -> bool:
    if _names(small, large):
        return True
    days = [
        min((one.published[:10] for one in group.whole.values() if one.published), default=None)
        for group in (small, large)
    ]
    return days[0] is None or days[1] is None or days[0] >= days[1]


def _names(small: _Group, large: _Group) -> bool:
    """Whether one of `small` says that it comes from one of `large`."""
    origins = frozenset[str]().union(*(one.origins for one in small.whole.values()))
    return any(origins & other.names for other in large.whole.values())


def _first(members: Mapping[str, Member], copies: set[str]) -> tuple[Member, str]:
    """Who stands for the others, and why."""

    def from_another(member: Member) -> bool:
        return any(
            member.origins & other.names - member.names
            for other in members.values()
            if other is not member
        )

    derived = {ident for ident, member in members.items() if from_another(member)}
    dates = {member.published for member in members.values()}

    def rank(member: Member) -> tuple[bool, bool, bool, bool, str, str]:
        date = member.published
        told = member.id in copies, member.id in derived, not member.agency
        return *told, date is None, date or "", member.id

    first = min(members.values(), key=rank)
    others = [member for member in members.values() if member is not first]
    if any(other.origins & first.names - other.names for other in others):
        reason = "origin"
    elif any(other.id in copies for other in others) and first.id not in copies:
        reason = "address"
    elif first.agency and not all(other.agency for other in others):
        reason = "agency"
    elif (
        first.published
        and first.published == min(date for date in dates if date)
        and len([one for one in members.values() if one.published == first.published]) == 1
    ):
        reason = "date"
    else:
        reason = "found"
    return first, reason


def _cluster(group: _Group, copies: set[str], touching: Mapping[str, list[Link]]) -> Iterator[Row]:
    first, reason = _first(group.whole, copies)
    yield Row(id=first.id, cluster=first.id, relation="original", shared=None, reason=reason)
    for ident in group.members.keys() - {first.id}:
        links = touching[ident]
        # What it is to the first, else to the one that it is most to.
        link = next((each for each in links if first.id in {each.one, each.other}), links[0])
        if ident in group.shorter:
            relation = "excerpt"
        elif ident in copies and link.kind != "exact":
            relation = "same_page"
        else:
            relation = "reprint" if link.kind == "excerpt" else link.kind
        yield Row(id=ident, cluster=first.id, relation=relation, shared=link.shared, reason=reason)


def _series(known: Mapping[str, Member], links: Iterable[Link]) -> Iterator[Row]:
    """The parts of each series, the first of them too."""
    groups = _Groups(known)
    shared: dict[str, float] = {}
    for link in links:
        if link.kind == "series":
            groups.join(link.one, link.other, whatever=True)
            for ident in (link.one, link.other):
                shared[ident] = max(shared.get(ident, 0.0), link.shared)
    for group in groups.all():
        if len(group.whole) > 1:
            first = min(
                group.whole.values(),
                key=lambda one: (one.published is None, one.published or "", one.id),
            )
            reason = "date" if first.published else "found"
            for ident in group.whole:
                yield Row(
                    id=ident, cluster=first.id, relation="series", shared=shared[ident],
                    reason=reason,
                )  # fmt: skip
