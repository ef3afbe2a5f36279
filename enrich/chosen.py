"""An answer that explains itself: what won, why, and everything that spoke against it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Generic[Value]):
    """A value that a place states. `why_not` is None where it agrees with the winner."""

    value: Value
    source: str
    why_not: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen(Generic[Value]):
    """`source` is None where nothing was found; `why` says in words how the value won."""

    value: Value
    source: str | None
    why: str
    candidates: tuple[Candidate[Value], ...] = ()
