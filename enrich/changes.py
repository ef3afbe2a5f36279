"""Whether an article changed in what it says, or only in how it is set, and its diff.

Paragraphs are compared first, and words only inside those that differ.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import islice

from enrich.paragraphs import Line, Word, lines, read, single, word_set

# What is longer on both sides, once a common beginning and end are off, is said to be replaced as a
# whole: 150 words by 26,000 take 0.1 s, and 2,000 by 2,000 less.
MAX_COMPARED = 2_000 * 2_000
MAX_DIFF = 20_000  # characters; a page that changed that much is read, not compared
MAX_SENTENCES = 1000  # of one place, which fill it several times over
# Spelling: fewer letters, and one more or less makes another word (sans, dans; war, was), as it
# does at the beginning of any word (geen, een; million, billion). Scripts that leave vowels out,
# or put several letters into one, are denser.
MIN_SPELLED, MIN_SPELLED_DENSE = 5, 8
# Names differ by one letter (Irlande, Islande; Marin, Martin), long ones hardly ever.
MIN_NAME = 8
MIN_TURNED = 3  # two neighbouring letters in each other's place (teh, the)
PLAIN = re.compile(r"[\u0000-\u052f\u1e00-\u1fff]+")  # Latin, Greek, Cyrillic
SENTENCE = re.compile(r"(?<=[.!?…؟۔।])[\"'»”’)]*\s+|(?<=[。！？])")

# Articles say little: one for another, or one more, changes nothing. `die` is also an English
# verb, and UN an organisation, so that capitals are no article.
ARTICLES = word_set("le la les l un une des du de d het een the a an der das el los las il lo")
GENDERED = ARTICLES | {"die", "den", "dem", "dass", "ein", "eine", "einen", "una", "unos", "unas"}
# Never a misspelling of another word.
FIXED = word_set(
    # Negations; words of four letters or less are never one.
    "jamais aucun aucune point nicht nichts niemals keine keinen keiner nooit niets niemand never"
    " nothing nunca ninguno ninguna ningun nadie jamas nenhum nenhuma cannot without"
    # Numbers.
    " trois quatre seize quinze treize douze trente quarante cinquante soixante cents mille"
    " million millions milliard milliards zeven zestig zestien zeventig zeventien tachtig negentig"
    " twaalf dertig dertien veertig veertien vijftig vijftien miljoen miljard duizend honderd"
    " three seven eight fifth sixth sixty sixteen seventy seventeen eighty eighth eighteen ninety"
    " nineteen ninth thirty thirteen forty fourteen fifty fifteen billion trillion hundred thousand"
    " sechs sieben sechzig siebzig dreissig dreizehn vierzig vierzehn millionen milliarde"
    " milliarden siete sesenta setenta ochenta noventa cuarenta cincuenta treinta veinte"
    " sessenta oitenta"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """An article as it stood: `text` has paragraphs as lines."""

    title: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of a text. `added` and `removed` are words, cosmetic ones too (see `words`).

    `diff` shows the sentences that changed in meaning, `-` before and `+` after, under
    `@@ title @@` or the numbers of the paragraphs they are in, before and after.
    """

    meaningful: bool
    added: int
    removed: int
    diff: str


def compare(old: Text, new: Text) -> Change:
    """Whether `new` says something else than `old`, and what.

    Spacing, case, punctuation, accents, a word's spelling, articles, stamps of time, counts of
    readers, links at the end and the order of lines are no matter. Any other word is, and every
    number: comparing the other way round gives the same answer, turned round.
    """
    # One way round, so that ties are broken alike: who changed back has changed as much.
    if (old.title, old.text) > (new.title, new.text):
        back = _compare(new, old, turned=True)
        return replace(back, added=back.removed, removed=back.added)
    return _compare(old, new, turned=False)


def words(text: Text) -> int:
    """How many words of `text` are compared: without stamps and links at the end."""
    return sum(len(line.words) for line in (*single(text.title), *lines(text.text)))


def _compare(old: Text, new: Text, *, turned: bool) -> Change:
    added = removed = 0
    shown: list[str] = []
    runs = [(single(old.title), single(new.title))] if old.title != new.title else []
    for before, after in (*runs, *_runs(lines(old.text), lines(new.text))):
        a, b = _all_words(before), _all_words(after)
        matters = False
        for left, right in _differences([word.key for word in a], [word.key for word in b]):
            removed += len(a[left])
            added += len(b[right])
            matters = matters or not _cosmetic(a[left], b[right])
        if matters and sum(map(len, shown)) < MAX_DIFF:
            shown += _shown(*((after, before) if turned else (before, after)))
    return Change(meaningful=bool(shown), added=added, removed=removed, diff=_cut(shown))


# --- What differs --------------------------------------------------------------------------------


def _runs(old: list[Line], new: list[Line]) -> Iterator[tuple[list[Line], list[Line]]]:
    """Paragraphs that differ, those of one place together. What only moved does not differ."""
    runs = [
        (old[left], new[right])
        for left, right in _differences([line.key for line in old], [line.key for line in new])
    ]
    gone = Counter(line.key for before, _ in runs for line in before)
    come = Counter(line.key for _, after in runs for line in after)
    left, right = gone & come, gone & come
    kept = ((_without(before, left), _without(after, right)) for before, after in runs)
    return (run for run in kept if any(run))


def _without(lines: list[Line], moved: Counter[str]) -> list[Line]:
    """The lines less those of `moved`, which are taken from it."""
    found = []
    for line in lines:
        if moved[line.key]:
            moved[line.key] -= 1
        else:
            found.append(line)
    return found


def _differences(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[slice, slice]]:
    """The parts of `a` and of `b` between what both have in the same order."""
    start, end = _alike_ends(a, b)
    a, b = a[start : len(a) - end], b[start : len(b) - end]
    if len(a) * len(b) > MAX_COMPARED or not (a and b):
        if a or b:
            yield slice(start, start + len(a)), slice(start, start + len(b))
        return
    for tag, low, high, left, right in SequenceMatcher(None, a, b).get_opcodes():
        if tag != "equal":
            yield slice(start + low, start + high), slice(start + left, start + right)


def _alike_ends(a: Sequence[str], b: Sequence[str]) -> tuple[int, int]:
    """How much both have in common at the beginning, and at the end of what that leaves."""
    shorter = min(len(a), len(b))
    start = next((n for n in range(shorter) if a[n] != b[n]), shorter)
    rest = shorter - start
    return start, next((n for n in range(rest) if a[-1 - n] != b[-1 - n]), rest)


# --- What matters --------------------------------------------------------------------------------


def _all_words(lines: Sequence[Line]) -> list[Word]:
    return [word for line in lines for word in line.words]


def _joined(words: Sequence[Word]) -> str:
    """Equal for words that differ in spaces only; numbers stay apart from each other."""
    keys = (word.key for word in words)
    return re.sub(r"(?<=\d) (?=\d)", "\n", " ".join(keys)).replace(" ", "")


def _cosmetic(old: Sequence[Word], new: Sequence[Word]) -> bool:
    """Whether the one put for the other (or for nothing) leaves the sense as it was."""
    if _joined(old) == _joined(new):
        return True
    if len(old) == len(new) and all(map(_alike, old, new)):
        return True
    left, right = [w for w in old if _carries(w)], [w for w in new if _carries(w)]
    return len(left) == len(right) and all(map(_alike, left, right))


def _carries(word: Word) -> bool:
    return word.capitals or word.key not in ARTICLES


def _alike(a: Word, b: Word) -> bool:
    """Two articles, or two spellings of one word."""
    if a.key == b.key:
        return True
    if a.key in GENDERED and b.key in GENDERED:
        return not (a.capitals or b.capitals)
    if FIXED & {a.key, b.key} or a.key[0] != b.key[0] or not (a.key + b.key).isalpha():
        return False
    short, long = sorted((a.key, b.key), key=len)
    at = next((n for n, (x, y) in enumerate(zip(short, long, strict=False)) if x != y), len(short))
    dense = not PLAIN.fullmatch(long)
    if short[:at] + short[at : at + 2][::-1] + short[at + 2 :] == long:
        return len(long) >= (MIN_SPELLED_DENSE if dense else MIN_TURNED)
    replaced = len(short) == len(long) and short[at + 1 :] == long[at + 1 :]
    longer = short[at:] == long[at + 1 :]
    enough = MIN_SPELLED_DENSE if dense else MIN_NAME if a.name and b.name else MIN_SPELLED
    return (replaced or longer) and len(short) >= enough


# --- What is shown -------------------------------------------------------------------------------


def _shown(before: Sequence[Line], after: Sequence[Line]) -> list[str]:
    """The sentences of a run that differ, under the numbers of its paragraphs."""
    old, new = _sentences(before), _sentences(after)
    diff = [_heading(before, after)]
    for left, right in _differences(
        *([read(sentence)[2] for sentence in side] for side in (old, new))
    ):
        diff += [f"- {sentence}" for sentence in old[left]]
        diff += [f"+ {sentence}" for sentence in new[right]]
    return diff


def _sentences(lines: Sequence[Line]) -> list[str]:
    parts = (part.strip() for line in lines for part in SENTENCE.split(line.shown))
    return [part for part in islice(parts, MAX_SENTENCES) if part]


def _heading(before: Sequence[Line], after: Sequence[Line]) -> str:
    if any(line.number == 0 for line in (*before, *after)):
        return "@@ title @@"
    return "@@ " + " ".join(
        sign + (f"{side[0].number}-{side[-1].number}" if len(side) > 1 else str(side[0].number))
        for sign, side in (("-", before), ("+", after))
        if side
    ) + " @@"  # fmt: skip


def _cut(lines: list[str]) -> str:
    diff = "\n".join(lines)
    return diff if len(diff) <= MAX_DIFF else f"{diff[: MAX_DIFF - 2].rstrip()}\n…"
