"""One article as two databases have it: what was seen when, in one order. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from enrich.changes import Text, compare


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """From one state to the next, as the table `versions` has it."""

    seen: str
    added: int
    removed: int
    diff: str


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a page said. `page` is its number in the merged database.

    `step` is what came next, where that is known; without one it is the article as it stands in
    `ours` or in theirs. `tie` decides between two readings of one page: whether it is of this
    version, and then its hash.
    """

    fetched: str
    page: int
    title: str
    text: str
    ours: bool
    step: Step | None = None
    tie: tuple[bool, str] = (False, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    current: State
    versions: tuple[tuple[State, Step], ...] = ()


def joined(states: Iterable[State]) -> Timeline:
    """The newest page is the article; what was said before is a version if it differs in words."""
    by_page: dict[str, State] = {}
    for state in sorted(states, key=_precedence):
        kept = by_page.get(state.fetched)
        if kept is None or (kept.step is None and state.step is None):
            by_page[state.fetched] = state
    ordered = [by_page[fetched] for fetched in sorted(by_page)]
    current = max((each for each in ordered if each.step is None), key=lambda each: each.fetched)
    before, *others = [each for each in ordered if each.fetched <= current.fetched]
    versions: list[tuple[State, Step]] = []
    for state in others:
        if (step := _step(before, state)) is not None:
            versions.append((before, step))
            before = state
    return Timeline(current=current, versions=tuple(versions))


def _precedence(state: State) -> tuple[bool, str, tuple[bool, str], bool]:
    """Of one page: what came next soonest, or else the better of the readings."""
    return state.step is None, state.step.seen if state.step else "", state.tie, state.ours


def _step(one: State, other: State) -> Step | None:
    """What has changed; None if nothing that is said."""
    if one.step is not None and one.step.seen == other.fetched:
        return one.step
    change = compare(Text(title=one.title, text=one.text), Text(title=other.title, text=other.text))
    if not change.meaningful:
        return None
    return Step(
        seen=other.fetched, added=change.added, removed=change.removed, diff=change.diff
    )  # fmt: skip
