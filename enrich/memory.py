"""What a site repeats: a line that stands on several of its articles belongs to none of them.

What is learnt of a site depends on the set of its pages alone, never on the order in which they
came. All of this works on `mark`s, 64 bits a line, so a page is remembered in some 1.5 kB.
"""

import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

from enrich.blocks import Layout, key

# The thresholds were chosen on 1,105 labelled pages, some 300 of them with others of their site.
# Figures are F (and clean), in the order fundus_eval, fundus, cleanportaleval, over Trafilatura's
# own lines: .9314 (.43), .9365 (.24), .9388 (.33) without memory, and .9500 (.70), .9394 (.28),
# .9415 (.33) with it; .021 % of all reference text is lost, most of it notices that annotators of
# two-page sites kept. Over the rules of enrich.sieve memory adds .001 to .002. To check one again,
# change it and run `make quality CORPORA=path`.

# A line is boilerplate if it stands on so many other articles: on one while the site is FEW
# articles, on two later. Two from the start: .9441 .9367 .9415; one for ever: no difference
# here, but of 200 articles two share a sentence by chance.
FEW, OTHERS_OF_FEW, OTHERS_OF_MANY = 10, 1, 2
# Shorter lines can be headings of the article (`Contexte`): they go only from three articles, and
# from above or below its paragraphs (a kicker, a by-line, `Partager`). As long ones: .33 % lost
# on scrapinghub, not .27.
MIN_WORDS, OTHERS_OF_SHORT = 4, 2
# Short lines above one that goes, and that another article has too: `Do it now`, `Donate`.
MAX_HEADINGS = 2
# Prose, with a paragraph of the article after it, can be its lead, which siblings show as a
# teaser, or background that an editor repeats. It goes if half of the articles, and three, have
# it, or in a run of lines that go. Without this .33 % is lost on cleanportaleval, and .9387 .32.
PROSE, RUN, MOST, MIN_MOST = 12, 3, 0.5, 3
# What one other article alone has in the very place of the text's paragraphs may be text of both:
# less than a RUN of lines among them (`Here's the thing:`), or a passage of so many lines, as in
# two announcements of one event. Without, .27 % is lost on scrapinghub, not .02 (one-line notes).
PASSAGE = 5
# A line that often in one text is a heading of its parts (`What we liked`).
REPEATED = 3
# Share of the words of two lines (Dice) from which one is the other reworded: a fund-raiser's new
# total, another year, a word more. So alike are two lines of one article in two of a thousand.
REWORDED = 0.5
# A place in the layout (PLACE nested elements, by tag and class) is no article's if so much of
# what the texts of the site have there was cut, on so many articles: the teasers of a list of
# which some recur. Half cannot be the place of the paragraphs, of which MAX_CUT leaves most.
# Without: .9478 .9394 .9415, .63 clean on fundus_eval. Nothing of the reference is lost down to
# .2; at .1 a whole page is.
PLACE, SPOILT, MIN_SPOILT = 4, 0.5, 2
# More than this share of a text is not boilerplate but another version of it. .2: .9388
# on fundus and .9392 on cleanportaleval; .5 is the same as this, and less safe.
MAX_CUT = 0.35
# Unless it stands around what is the text's own: below a notice of one sentence a site may repeat
# nine times as much. So many long lines may be those of one other article alone: more are its text.
MAX_LONG_AROUND = 2

# Versions of one article have the same canonical address; or share SHARED of the long lines of
# the one that has fewer, and MIN_SHARED; or have one title and share less.
LONG, MIN_SHARED, SHARED, SHARED_OF_TITLED = 80, 3, 0.6, 0.4
# Long lines at the beginning of which versions share one.
FIRST = 2
# What pages of more titles have says nothing of versions: a standing notice, a canonical address
# that is always the home page. Nor does a title of more pages: it is the name of the site.
MAX_TITLES, MAX_TITLED = 3, 2

# Pages of a site that are counted: to learn them takes .1 s and some 10 MB.
MAX_PAGES = 200
# Lines of a site that are remembered, those on most articles.
MAX_MARKS = 20_000
# Lines of a page that are counted, and that tell versions; one page of 1,105 shows more.
MAX_SHOWN, MAX_LONG = 1_000, 100
# What a page claims to be its title or lead: so many claims, characters each, and first lines.
MAX_CLAIMS, MAX_CLAIM, MAX_OWN = 20, 2_000, 20
MIN_BEGINNING = 8  # words of a claim that was cut off
CUT_OFF = ("…", "...", "…]", "...]")

# Format 1: title, canonical, how many `lines`, `own` and `shown`; then each.
_HEAD, _LINE = struct.Struct("<BQQHHH"), struct.Struct("<QIHQ")
_MOST_WORDS = 65_535  # that fit


class Line(NamedTuple):
    """A line of a text: its mark, its characters and words, and the mark of its place or 0."""

    mark: int
    chars: int
    words: int
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a page showed, as marks.

    `id` tells the pages of a site apart, and `month` (`2026-11`, or empty) says when it appeared.
    `title` and `canonical` are 0 where it has none. `lines` are those of its text, in order, `own`
    those that it says of itself and that are never cut; `shown` is what else a reader of the page
    can see.
    """

    id: str
    month: str
    title: int
    canonical: int
    lines: tuple[Line, ...]
    own: tuple[int, ...]
    shown: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What tells whether another page is a version of the article on this one."""

    id: str
    title: int
    canonical: int
    long: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What is known of a site: its number of `articles`, and `where` each mark stands on them.

    `where` is a bit an article; what one article alone has is not in it. `pages` are those that
    were counted, `having` the places among them of
    those with such a mark, and `article` the bit of each by its id. `common` is what too many
    titles have for it to tell versions. `spoilt` are places where no article stands, and the
    number of articles that show it; in those of `standing` the same few lines stand on all.
    """

    articles: int
    where: Mapping[int, int]
    pages: tuple[Version, ...]
    having: Mapping[int, tuple[int, ...]]
    article: Mapping[str, int]
    common: frozenset[int]
    spoilt: Mapping[int, int]
    standing: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """A line that was cut: its `number` among all lines, from 0, and the `rule`.

    `memory`: so many `articles` have the line. `memory-place`: so many have what the site repeats
    in the place where it stands.
    """

    number: int
    text: str
    rule: str
    articles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """The lines of a text that were kept, and those that were not, each in their order."""

    kept: tuple[str, ...]
    removed: tuple[Removed, ...]


EMPTY = Memory(
    articles=0, where={}, pages=(), having={}, article={}, common=frozenset(), spoilt={},
    standing=frozenset(),
)  # fmt: skip


def mark(text: str) -> int:
    """64 bits of a text, never 0, the same on every machine."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()) or 1


def seen(
    ident: str,
    lines: Sequence[str],
    layout: Layout,
    *,
    title: str = "",
    claims: Iterable[str] = (),
    canonical: str = "",
    published: str | None = None,
) -> Seen:
    """What to remember of a page.

    `lines` are those of its text before any memory, `claims` its titles and descriptions for
    machines and its headings. `published` is ISO 8601.
    """
    keys = [key(line) for line in lines[:MAX_SHOWN]]
    marks = [mark(named) for named in keys]
    said = [claim for claim in (title, *claims) if claim][:MAX_CLAIMS]
    titled = key(title)
    boxes: dict[str, int] = {}
    for block in layout.blocks:
        boxes.setdefault(block.key, block.box)
    texts = set(keys)
    return Seen(
        id=ident,
        month=(published or "")[:7],
        title=mark(titled) if titled else 0,
        canonical=mark(canonical) if canonical else 0,
        lines=tuple(
            Line(
                mark=marked,
                chars=len(line),
                words=min(len(named.split()), _MOST_WORDS),
                place=_place(boxes[named], layout) if named in boxes else 0,
            )
            for line, named, marked in zip(lines, keys, marks, strict=False)
        ),
        own=tuple(mark(own) for own in _own_lines(keys, said)),
        shown=tuple(
            mark(named) for named in islice((b for b in boxes if b not in texts), MAX_SHOWN)
        ),
    )


def _place(number: int, layout: Layout) -> int:
    looks = []
    for _ in range(PLACE):
        box = layout.boxes[number]
        looks.append(box.look)
        number = box.parent
    return mark("<".join(looks))


def pack(page: Seen) -> bytes:
    """All of `page` but its id and month, in 22 bytes a line and 8 a mark, for a database."""
    counts = len(page.lines), len(page.own), len(page.shown)
    return b"".join(
        [
            _HEAD.pack(1, page.title, page.canonical, *counts),
            *(_LINE.pack(*line) for line in page.lines),
            struct.pack(f"<{counts[1] + counts[2]}Q", *page.own, *page.shown),
        ]
    )


def unpack(blob: bytes, ident: str, published: str | None) -> Seen:
    """The page that was packed. ValueError if `blob` is nothing that `pack` made."""
    try:
        version, title, canonical, lines, own, shown = _HEAD.unpack_from(blob)
        end = _HEAD.size + lines * _LINE.size
        marks = struct.unpack(f"<{own + shown}Q", blob[end:])
        found = tuple(map(Line._make, _LINE.iter_unpack(blob[_HEAD.size : end])))
    except struct.error as error:
        raise ValueError(f"page {ident!r}: not a packed page: {error}") from error
    if version != 1:
        raise ValueError(f"page {ident!r}: packed in format {version}, not 1")
    return Seen(
        id=ident,
        month=(published or "")[:7],
        title=title,
        canonical=canonical,
        lines=found,
        own=marks[:own],
        shown=marks[own:],
    )


def sample(pages: Iterable[Seen]) -> tuple[Seen, ...]:
    """Up to MAX_PAGES of the pages, as many of each month as of any other that has them.

    Pages can be added later: `sample([*sample(a), *b])` is `sample([*a, *b])`.
    """
    by_id = {page.id: page for page in sorted(pages, key=_order)}
    chosen = chosen_ids((page.id, page.month) for page in by_id.values())
    return tuple(by_id[ident] for ident in chosen)


def chosen_ids(pages: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """The ids of the pages that `sample` takes, from the id and the month of each."""
    months: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for ident, month in pages:
        months[month].append((mark(ident), ident))
    ranked = sorted(
        (rank, *drawn)
        for month in months.values()
        for rank, drawn in enumerate(sorted(month)[:MAX_PAGES])
    )
    return tuple(ident for _, _, ident in ranked[:MAX_PAGES])


def learn(pages: Iterable[Seen]) -> Memory:
    """What the pages of one site tell of its boilerplate."""
    counted = sample(pages)
    titles: dict[int, set[int]] = defaultdict(set)
    for page in counted:
        for feature in {page.canonical, *_long(page)}:
            titles[feature].add(page.title)
    common = frozenset(feature for feature, under in titles.items() if len(under) > MAX_TITLES)
    titled = Counter(page.title for page in counted)
    common |= {title for title, times in titled.items() if times > MAX_TITLED}
    versions = tuple(_version(page, common) for page in counted)
    having: dict[int, list[int]] = defaultdict(list)
    for place, version in enumerate(versions):
        for feature in {version.canonical, *version.long} - {0}:
            having[feature].append(place)
    article = _articles(versions, having)
    where: dict[int, int] = defaultdict(int)
    for page in counted:
        bit = 1 << article[page.id]
        for shown in {*(line.mark for line in page.lines), *page.shown}:
            where[shown] |= bit
    repeated = sorted(
        ((shown, bits) for shown, bits in where.items() if bits.bit_count() > 1),
        key=lambda line: (-line[1].bit_count(), line[0]),
    )
    memory = Memory(
        articles=len(set(article.values())),
        where=dict(repeated[:MAX_MARKS]),
        pages=versions,
        having={feature: tuple(places) for feature, places in having.items()},
        article=article,
        common=common,
        spoilt={},
        standing=_standing(counted, article),
    )
    return replace(memory, spoilt=_spoilt(counted, memory))


def sift(lines: Sequence[str], page: Seen, memory: Memory) -> Sifted:
    """The text without what the site repeats; `page` is what was `seen` with these lines.

    The page need not be among those that were learnt; its own article never counts.
    """
    found = _cut(page, memory)
    return Sifted(
        kept=tuple(line for number, line in enumerate(lines) if number not in found),
        removed=tuple(
            Removed(number=number, text=lines[number], rule=rule, articles=articles)
            for number, (rule, articles) in sorted(found.items())
        ),
    )


def restore(sifted: Sifted) -> tuple[str, ...]:
    """The lines as they were before `sift`."""
    gone = {removed.number: removed.text for removed in sifted.removed}
    kept = iter(sifted.kept)
    return tuple(
        gone[number] if number in gone else next(kept)
        for number in range(len(sifted.kept) + len(gone))
    )


def later(
    lines: Sequence[str], page: Seen, before: Seen, cut: Mapping[int, str]
) -> tuple[str, ...]:
    """The lines of a later reading of a page without what was cut from the reading `before`.

    That is the lines themselves (`cut` has them by their number), the same reworded, and others in
    a place of the layout where all was cut. `page` is what was `seen` with `lines`.
    """
    marks = {line.mark for line in before.lines}
    gone = {before.lines[number].mark for number in cut if number < len(before.lines)}
    places = {line.place for line in before.lines if line.mark in gone}
    places -= {line.place for line in before.lines if line.mark not in gone} | {0}
    words = [set(key(text).split()) for text in cut.values()]

    def goes(line: Line, text: str) -> bool:
        if line.mark in marks:
            return line.mark in gone
        if line.place in places:
            return True
        own = set(key(text).split())
        return any(2 * len(own & one) >= REWORDED * (len(own) + len(one)) for one in words if own)

    pairs = zip(page.lines, lines, strict=False)
    kept = tuple(text for line, text in pairs if not goes(line, text))
    return (*kept, *lines[len(page.lines) :])


def _own_lines(keys: Sequence[str], claims: Iterable[str]) -> list[str]:
    """The first lines that a claim holds, or whose beginning it is."""
    first = list(dict.fromkeys(keys))[:MAX_OWN]
    own = set()
    for claim in claims:
        named = key(claim[:MAX_CLAIM])
        cut_off = len(claim) > MAX_CLAIM or claim.rstrip().endswith(CUT_OFF)
        words = named.split()
        # The last word of a claim that was cut off may be half of one.
        beginning = " ".join(words[:-1] if cut_off else words)
        for line in first:
            if line == named or (
                (len(line.split()) >= MIN_WORDS and f" {line} " in f" {named} ")
                or (len(words) >= MIN_BEGINNING and line.startswith(beginning))
            ):
                own.add(line)
    return [line for line in first if line in own]


def _long(page: Seen) -> tuple[int, ...]:
    long = dict.fromkeys(line.mark for line in page.lines if line.chars >= LONG)
    return tuple(long)[:MAX_LONG]


def _order(page: Seen) -> tuple[object, ...]:
    """Any order that is always the same: two pages with one id are a mistake of the caller."""
    return (page.id, page.month, page.title, page.canonical, page.lines, page.own, page.shown)


def _version(page: Seen, common: frozenset[int]) -> Version:
    return Version(
        id=page.id,
        title=0 if page.title in common else page.title,
        canonical=0 if page.canonical in common else page.canonical,
        long=tuple(one for one in _long(page) if one not in common),
    )


def _articles(pages: Sequence[Version], having: Mapping[int, Sequence[int]]) -> dict[str, int]:
    """A number for each page by its id, from 0; versions of one article have the same."""
    first = list(range(len(pages)))
    for place, page in enumerate(pages):
        for other in _versions(page, pages, having):
            into, gone = sorted((first[place], first[other]))
            if into != gone:
                first = [into if number == gone else number for number in first]
    numbers = {number: place for place, number in enumerate(sorted(set(first)))}
    return {page.id: numbers[number] for page, number in zip(pages, first, strict=True)}


def _versions(
    page: Version, pages: Sequence[Version], having: Mapping[int, Sequence[int]]
) -> Iterator[int]:
    """The places of those of `pages` that are versions of the page's article."""
    same = set(having.get(page.canonical, ()))
    shared = Counter(place for one in page.long for place in having.get(one, ()))
    yield from same
    for place, lines in shared.items():
        other = pages[place]
        fewer = min(len(page.long), len(other.long))
        if page.title and page.title == other.title:
            alike = lines >= SHARED_OF_TITLED * fewer
        else:
            alike = lines >= MIN_SHARED and lines >= SHARED * fewer and _begin_alike(page, other)
        if alike and place not in same:
            yield place


def _begin_alike(page: Version, other: Version) -> bool:
    """Whether one of the first long lines of each is on the other.

    Notices share all but their first line: what is written around them.
    """
    return not (
        set(page.long[:FIRST]).isdisjoint(other.long)
        or set(other.long[:FIRST]).isdisjoint(page.long)
    )


def _own_articles(page: Seen, memory: Memory) -> int:
    """The bits of the articles that the page is one of, or a version of."""
    if page.id in memory.article:
        return 1 << memory.article[page.id]
    bits = 0
    for place in _versions(_version(page, memory.common), memory.pages, memory.having):
        bits |= 1 << memory.article[memory.pages[place].id]
    return bits


def _cut(page: Seen, memory: Memory) -> dict[int, tuple[str, int]]:
    """The numbers of lines to cut, each with the rule and how many articles speak for it."""
    repeated, short = _repeated(page, memory)
    found = _without_prose(page, repeated, memory)
    found = dict(sorted({**_headings(found, short), **found}.items()))
    limit = MAX_CUT * sum(line.chars for line in page.lines)
    if sum(page.lines[number].chars for number in found) > limit:
        if not _is_around(page, found):
            return {}
        return {number: ("memory", articles) for number, articles in found.items()}
    kept = _without_passages(page, found, short)
    cut = {number: ("memory", articles) for number, articles in kept.items()}
    own = frozenset(page.own)
    more = {
        number: ("memory-place", memory.spoilt[line.place])
        for number, line in enumerate(page.lines)
        if line.place in memory.spoilt and number not in cut and line.mark not in own
    }
    both = {**cut, **more}
    return cut if sum(page.lines[number].chars for number in both) > limit else both


def _is_around(page: Seen, found: Mapping[int, int]) -> bool:
    """Whether what repeats stands around a text of its own, as around a notice, and is no version.

    It may stand in the text, and be long, if so many articles have it that it can be none's.
    """
    kept = [number for number in range(len(page.lines)) if number not in found]
    if not kept or max(page.lines[number].words for number in kept) < PROSE:
        return False
    doubtful = [number for number, articles in found.items() if articles < MIN_MOST]
    long = sum(page.lines[number].chars >= LONG for number in doubtful)
    inside = any(kept[0] < number < kept[-1] for number in doubtful)
    return long <= MAX_LONG_AROUND and not inside


def _repeated(page: Seen, memory: Memory) -> tuple[dict[int, int], dict[int, int]]:
    """The numbers of lines that enough other articles have, and how many have it, own included.

    Then those of short ones that fewer have, or that stand among the text's own.
    """
    known = [number for number, line in enumerate(page.lines) if line.mark in memory.where]
    if not known:
        return {}, {}
    own_articles = _own_articles(page, memory)
    articles = memory.articles + (not own_articles)
    enough = OTHERS_OF_FEW if articles < FEW else OTHERS_OF_MANY
    own, times = frozenset(page.own), Counter(line.mark for line in page.lines)
    found, short, few = {}, {}, {}
    for number in known:
        line = page.lines[number]
        others = (memory.where[line.mark] & ~own_articles).bit_count()
        if others < enough or line.mark in own or times[line.mark] >= REPEATED:
            continue
        if line.words >= MIN_WORDS:
            found[number] = others + 1
        elif others >= OTHERS_OF_SHORT:
            short[number] = others + 1
        else:
            few[number] = others + 1
    kept = [n for n, line in enumerate(page.lines) if line.chars >= LONG and n not in found]
    outside = {n: count for n, count in short.items() if not kept or not kept[0] < n < kept[-1]}
    return dict(sorted({**found, **outside}.items())), {**few, **short}


def _headings(found: Mapping[int, int], short: Mapping[int, int]) -> dict[int, int]:
    """The short lines, up to MAX_HEADINGS, right above each line that goes: its headings."""
    above: dict[int, int] = {}
    for number in found:
        for step in range(1, MAX_HEADINGS + 1):
            if number - step not in short:
                break
            above[number - step] = short[number - step]
    return above


def _without_prose(page: Seen, found: dict[int, int], memory: Memory) -> dict[int, int]:
    """`found` without prose that a paragraph of the article follows and that may be its own."""
    last = max(
        (n for n, line in enumerate(page.lines) if line.chars >= LONG and n not in found), default=0
    )
    runs = _runs(found)
    most = max(MIN_MOST, MOST * memory.articles)
    return {
        n: count
        for n, count in found.items()
        if n > last
        or count >= most
        or runs[n] >= RUN
        or page.lines[n].words < PROSE
        or page.lines[n].place in memory.standing
    }


def _without_passages(
    page: Seen, found: dict[int, int], short: Mapping[int, int]
) -> dict[int, int]:
    """`found` without what two articles have in common, in the place of their paragraphs."""
    kept = [n for n, line in enumerate(page.lines) if line.chars >= LONG and n not in found]
    places = {page.lines[number].place for number in kept} - {0}
    shared = {number for number, count in {**short, **found}.items() if count == OTHERS_OF_FEW + 1}
    runs = _runs(n for n in sorted(shared) if page.lines[n].place in places)
    inside = range(kept[0], kept[-1]) if kept else ()
    return {
        number: count
        for number, count in found.items()
        if number not in runs
        or (runs[number] < PASSAGE and (number not in inside or runs[number] >= RUN))
    }


def _runs(numbers: Iterable[int]) -> dict[int, int]:
    """How many of the numbers, which are in order, follow on each other around each."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return {number: len(run) for run in runs for number in run}


def _standing(pages: Iterable[Seen], article: Mapping[str, int]) -> frozenset[int]:
    """The places of which two articles or more have each line on average: appeals, notes."""
    lines: dict[int, set[int]] = defaultdict(set)
    articles: dict[int, set[int]] = defaultdict(set)
    for page in pages:
        for line in page.lines:
            lines[line.place].add(line.mark)
            articles[line.place].add(article[page.id])
    return frozenset(
        place for place, on in articles.items() if place and len(on) >= 2 * len(lines[place])
    )


def _spoilt(pages: Iterable[Seen], memory: Memory) -> dict[int, int]:
    """The places where enough of what the pages' texts have is cut, and on how many articles."""
    cut: dict[int, int] = defaultdict(int)
    chars: dict[int, int] = defaultdict(int)
    articles: dict[int, set[int]] = defaultdict(set)
    for page in pages:
        gone = _cut(page, memory)
        for number, line in enumerate(page.lines):
            chars[line.place] += line.chars
            if number in gone:
                cut[line.place] += line.chars
                articles[line.place].add(memory.article[page.id])
    return {
        place: len(on)
        for place, on in articles.items()
        if place and len(on) >= MIN_SPOILT and cut[place] >= SPOILT * chars[place]
    }
