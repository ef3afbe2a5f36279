"""Which two texts are the same text: to the letter, edited, shortened, or one form filled in twice.

A text is known again by its shingles, runs of five words. A sample of them (`sketch`) finds who may
share a text, `relation` then reads both.
"""

import re
import sys
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, lru_cache
from itertools import accumulate, product
from zlib import crc32

from enrich.published import month_numbers
from enrich.text import fold

SHINGLE = 5
# Of a long text one shingle in eight is kept, of a short one more: at least so many, or all. Of 600
# pairs of copies, 1 shares too few to be found; with 16 instead of 32 it is 2, with 64 still 1.
LEAST_KEPT, MOST_LEFT_OUT = 32, 8
# Two sketches worth reading both texts for: so many hashes in common, and so large a share of the
# smaller text by their count. A copy with every seventh word changed keeps .44 of its shingles, and
# the count is off by .09; a paragraph that is quoted in an article of its usual length is less.
MIN_HASHES, MIN_ESTIMATE = 2, 0.15

# What is common is counted in words that stand in runs of so many in both texts. Edits break few
# such runs (every seventh word changed leaves .7 of the words, and .4 of the shingles), while a
# paragraph that both quote is no more than it is. Characters say less than words.
RUN, RUN_OF_CHARACTERS = 3, 6
# The same text if so much of the smaller stands in the larger. Above are copies with 15 % of their
# words changed and cut (the least: .68), below articles that share a paragraph (the most: .53) and
# most reports of one form; those above are told by what differs.
SAME = 0.62
# What is shared below beginnings that have nothing in common, and is no longer than a paragraph or
# two, is what somebody writes below all they publish, however short the rest is.
PARAGRAPH = 100
BEGINNING = 6
# An excerpt rather than a reprint if it is less than this share of the larger text, and so much of
# it stands there: a shorter version is cut, not written anew.
EXCERPT, CUT = 0.5, 0.68
# Of so few words nearly all stand there: a dozen that share a beginning with a long text, and the
# phrases that everybody uses, had .71 of them in it by chance (once in a simulated year of 60
# sites), while the teasers that sites cut off are whole but for an ellipsis.
BRIEF, NEARLY_ALL = 30, 0.9
# One form filled in twice: so many numbers differ in places that correspond, a fifth of all of
# them; or in a short text half, and one in so many words, the first and the last left out (the date
# above a copy is no reason).
# Edited copies keep nine of ten, and the bulletins that were read keep up to four of five.
MANY_NUMBERS, SOME = 3, 0.2
MOST, WORDS_A_NUMBER = 0.5, 150
# Places that correspond are no longer than so many words; what is longer was written anew.
MAX_SLOT, MAX_TITLE_SLOT = 8, 4
# Names in places that correspond are two spellings of one (Kiev, Kyiv) if they are so alike.
SPELLING = 0.6
NEVER = sys.maxsize  # times
# Without a title, the beginning of the text says what it is about.
OPENING = 25

# Words between the same words, on either side.
Slot = tuple[Sequence[str], Sequence[str]]

# Scripts written without spaces: Thai and Lao, Burmese, Khmer, kana, Han.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff"
)
_ANY_UNSPACED = re.compile(f"[{_UNSPACED}]")
_TOKEN = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")


def tokens(text: str) -> list[str]:
    """The folded words; in scripts without spaces, one a character."""
    folded = fold(text)
    return _TOKEN.findall(folded) if _ANY_UNSPACED.search(folded) else folded.split()


@dataclass(frozen=True, slots=True)
class Sketch:
    """`hashes` of some of the `size` different shingles of a text, one in `rate` of them."""

    hashes: frozenset[int]
    size: int

    @property
    def rate(self) -> int:
        return rate(self.size)


def rate(size: int) -> int:
    """One shingle in so many is kept of a text that has `size`."""
    kept = MOST_LEFT_OUT
    while kept > 1 and size < LEAST_KEPT * kept:
        kept //= 2
    return kept


def sketch(words: Sequence[str]) -> Sketch:
    """A sample by hash, so that two texts keep the same ones of the shingles they share.

    CRC-32 is the fastest fixed hash at hand and spreads text evenly; that two of a billion meet by
    chance does no harm, since no pair is believed on its hashes.
    """
    encoded = [word.encode() for word in words]
    whole = b" ".join(encoded)
    starts = list(accumulate((len(word) + 1 for word in encoded), initial=0))
    ends = starts[SHINGLE:] or starts[-1:]
    every = {crc32(whole[start : end - 1]) for start, end in zip(starts, ends, strict=False)}
    kept = rate(len(every))
    return Sketch(frozenset(each for each in every if not each % kept), len(every))


def promising(shared: int, one: int, other: int) -> bool:
    """Whether texts of so many shingles that have `shared` hashes in common are worth reading."""
    least_rate = max(rate(one), rate(other))
    return shared >= MIN_HASHES and shared * least_rate >= MIN_ESTIMATE * min(one, other)


@dataclass(frozen=True, slots=True, order=True)
class Text:
    """A text to compare, as words."""

    title: tuple[str, ...]
    body: tuple[str, ...]

    @property
    def opening(self) -> tuple[str, ...]:
        return self.title or self.body[:OPENING]


def text_of(title: str, text: str) -> Text:
    return Text(tuple(tokens(title)), tuple(tokens(text)))


@dataclass(frozen=True, slots=True)
class Relation:
    """What two texts are to each other: `exact`, `reprint`, `excerpt` or `series`.

    `shared` is the share of the words of the smaller that stand in the larger, `of_larger` that of
    the larger's. `first_is_smaller` says which of the two is which.
    """

    kind: str
    shared: float
    of_larger: float
    first_is_smaller: bool


def issues(titles: Iterable[tuple[str, Sequence[str]]]) -> list[tuple[str, str, str]]:
    """Texts that are the same to the letter, by id and title: which are one, and which a series.

    Returns (id, id of the first like it, `exact`) and (id, first id of another, `series`): a notice
    "Agenda, March" and one "Agenda, April" with nothing but a link to a document are two.
    """
    first: list[tuple[str, Sequence[str]]] = []
    found = []
    for ident, title in sorted(titles):
        parts = []
        for like, its_title in first:
            if not _is_another_issue(title, its_title):
                found.append((ident, like, "exact"))
                break
            parts.append((ident, like, "series"))
        else:
            found += parts
            first.append((ident, title))
    return found


def relation(one: Text, other: Text) -> Relation | None:
    """What two texts are to each other; None if they are two texts."""
    first_is_smaller = (len(one.body), one) <= (len(other.body), other)
    small, large = (one, other) if first_is_smaller else (other, one)
    if small.body == large.body:
        kind = "series" if _is_another_issue(small.title, large.title) else "exact"
        return Relation(kind, 1.0, 1.0, first_is_smaller)
    run = _run(small.body)
    runs = _all_runs(small.body, run)
    if run * len(runs & _all_runs(large.body, run)) < SAME * len(runs):
        return None  # no word stands in more than so many runs: the quickest no
    shared = _covered(small.body, large.body, run)
    if shared < SAME:
        return None
    if shared * len(small.body) < PARAGRAPH and not _begin_alike(small, large, run):
        return None
    of_larger = _covered(large.body, small.body, run)
    if _is_series(small, large):
        kind = "series"
    else:
        kind = "reprint" if of_larger >= EXCERPT else "excerpt"
        if kind == "excerpt" and shared < (CUT if len(small.body) >= BRIEF else NEARLY_ALL):
            return None
    return Relation(kind, round(shared, 3), round(of_larger, 3), first_is_smaller)


def _run(words: Sequence[str]) -> int:
    characters = sum(len(word) == 1 for word in words)
    return RUN_OF_CHARACTERS if characters * 2 > len(words) else RUN


def _runs(words: Sequence[str], run: int) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(run)), strict=False)


@lru_cache(maxsize=64)  # a new text is read beside several
def _all_runs(words: tuple[str, ...], run: int) -> frozenset[tuple[str, ...]]:
    return frozenset(_runs(words, run))


def _covered(words: tuple[str, ...], other: tuple[str, ...], run: int) -> float:
    """The share of `words` that stand in runs which `other` has too."""
    there = _all_runs(other, run)
    covered, end = 0, 0
    for start, each in enumerate(_runs(words, run)):
        if each in there:
            covered += start + run - max(start, end)
            end = start + run
    return covered / max(1, len(words))


def _begin_alike(one: Text, other: Text, run: int) -> bool:
    """Whether the beginning of either text, or most of its title, is the other's too."""
    if 2 * len({*one.title} & {*other.title}) > min(len(one.title), len(other.title)):
        return True
    return any(
        not _all_runs(words, run).isdisjoint(_runs(beginning.body[:BEGINNING], run))
        for words, beginning in ((one.body, other), (other.body, one))
    )


# One form, filled in twice


def _is_series(one: Text, other: Text) -> bool:
    """Whether what differs is what a form leaves open: numbers, or what the title names."""
    if _is_another_issue(one.title, other.title):
        return True
    slots = list(_slots(one.body, other.body))
    inside = [slot for slot in slots if not _is_edge(slot, one.body, other.body)]
    changed, changed_inside = _changed(slots), _changed(inside)
    ours, theirs = _numbers(one.body), _numbers(other.body)
    same, gone = (ours & theirs).total(), min(_apart(ours, theirs))
    enough = max(1, min(len(one.body), len(other.body)) / WORDS_A_NUMBER)
    if changed >= MANY_NUMBERS and changed >= SOME * (same + changed):
        return True
    if changed_inside >= enough and changed_inside >= MOST * (same + changed_inside):
        return True
    if one.title and other.title:
        return _names_differ(one, other, slots, again=1, alone=1)
    # What stands first may be a date line; of a form, more has changed than that.
    if changed > 1 or (gone > 1 and gone >= SOME * (same + gone)):
        return _is_another_issue(one.opening, other.opening) or _names_differ(
            one, other, slots, again=2, alone=2
        )
    return _names_differ(one, other, slots, again=2, alone=NEVER)


def _changed(slots: Iterable[Slot]) -> int:
    """How many numbers stand in the places of others."""
    return sum(min(_apart(_numbers(left), _numbers(right))) for left, right in slots)


def _is_edge(slot: Slot, one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether it is where both begin or both end: there sites put the date of their own."""
    left, right = slot
    begins = one[: len(left)] == left and other[: len(right)] == right
    return begins or (one[-len(left) :] == left and other[-len(right) :] == right)


def _is_another_issue(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two titles are one but for a number or a month."""
    return one != other and any(_is_counted(*slot) for slot in _title_slots(one, other))


def _title_slots(one: Sequence[str], other: Sequence[str]) -> Iterator[Slot]:
    """Where two titles differ, if they are one otherwise."""
    found = SequenceMatcher(None, one, other, autojunk=False)
    kept = sum(block.size for block in found.get_matching_blocks())
    if kept * 2 < min(len(one), len(other)) or not kept:
        return
    for what, a, b, c, d in found.get_opcodes():
        if what == "replace" and max(b - a, d - c) <= MAX_TITLE_SLOT:
            yield one[a:b], other[c:d]


def _apart(one: Counter[str], other: Counter[str]) -> tuple[int, int]:
    """How many each has that the other has not."""
    return (one - other).total(), (other - one).total()


def _is_counted(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether one number stands in the other's place, or one month in the other's."""
    here, there = _numbers(left), _numbers(right)
    if (here - there) and (there - here):
        return True
    months = _months().intersection(left), _months().intersection(right)
    return all(months) and months[0] != months[1]


@cache
def _months() -> frozenset[str]:
    return frozenset(fold(name) for name in month_numbers() if len(name) > 2)  # noqa: PLR2004


def _numbers(words: Iterable[str]) -> Counter[str]:
    # Folded digits sort before all letters, and stand at an end: 31, 2e, q3.
    return Counter(word for word in words if word[0] <= "9" or word[-1] <= "9")


def _names_differ(one: Text, other: Text, slots: Iterable[Slot], *, again: int, alone: int) -> bool:
    """Whether the titles name two things in one place, and the texts below go on to do so.

    A place, a person, a weekday ...; what was only given another title has the same words below.
    They go on if they name one where the other names the other, `again` times, or if each names its
    own `alone` times and never the other's. Without titles, the opening is itself a part of them.
    """
    ours, theirs = Counter(one.body), Counter(other.body)
    changes = Counter(
        (word, there) for left, right in slots for word in set(left) for there in set(right)
    )
    for left, right in _title_slots(one.opening, other.opening):
        for word, there in product(left, right):
            here, instead = ours[word], theirs[there]
            times = changes[word, there]
            mostly = times >= again and 2 * times >= max(here, instead)
            apart = not theirs[word] and not ours[there] and min(here, instead) >= alone
            if (mostly or apart) and not _alike(word, there):
                return True
    return False


def _alike(one: str, other: str) -> bool:
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= SPELLING


def _slots(one: Sequence[str], other: Sequence[str], run: int = RUN) -> Iterator[Slot]:
    """What stands on either side between the same two runs, where it is not the same."""
    before = (0, 0)
    for here, there in [*_anchors(one, other, run), (len(one), len(other))]:
        left, right = one[before[0] : here], other[before[1] : there]
        if left and right and max(len(left), len(right)) <= MAX_SLOT and left != right:
            yield left, right
        before = max(before[0], here + run), max(before[1], there + run)


def _anchors(one: Sequence[str], other: Sequence[str], run: int) -> list[tuple[int, int]]:
    """The longest chain of runs that stand in the same order in both, each once in either."""
    places = _once(other, run)
    pairs = [(here, places[each]) for each, here in _once(one, run).items() if each in places]
    pairs.sort()
    # Patience: the best chain so far of each length, by where it ends.
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_, there) in enumerate(pairs):
        at = bisect_left(ends, there)
        before.append(last[at - 1] if at else -1)
        if at == len(ends):
            ends.append(there)
            last.append(number)
        else:
            ends[at], last[at] = there, number
    chain: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _once(words: Sequence[str], run: int) -> dict[tuple[str, ...], int]:
    places: dict[tuple[str, ...], int] = {}
    again: set[tuple[str, ...]] = set()
    for place, each in enumerate(_runs(words, run)):
        if each in places:
            again.add(each)
        places[each] = place
    for each in again:
        del places[each]
    return places
