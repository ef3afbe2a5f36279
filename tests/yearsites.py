"""The sites of a year: what each publishes, changes and breaks on which day, by the seed alone.

Texts are drawn from the words of the demo's sites, so that each is in its language and no two are
alike. Days are numbered from START; those before 0 are what a site had when Tamis came.
"""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import cache, lru_cache
from itertools import count

from crawler.demo import content
from crawler.demo.moulds import mould_of

START = date(2027, 1, 4)  # a Monday
BACKLOG = 8  # articles a site has before day 0, a week apart
# Of all articles. The web has more of each on some days; so many make each happen every day.
EDITED, VANISHED, REPRINTED = 0.16, 0.03, 0.05
LATE = 20  # days after which nothing is edited any more
FLOOD = 200
WORDS = (30, 45)  # of a paragraph
PARAGRAPHS = (4, 6)
HOLIDAYS = {(1, 1), (5, 1), (12, 25), (12, 26)}


class Kind(StrEnum):
    """What goes wrong with a site."""

    DEAD = "dead"  # its channels answer 404
    SILENT = "silent"  # its channels answer, with nothing new
    REFUSED = "refused"  # 403 to everything
    BROKEN = "broken"  # 500 to everything
    UNDATED = "undated"  # redesigned: no date anywhere
    SHORT = "short"  # redesigned: pages have the beginning of a text
    BLOCK = "block"  # redesigned: the same appeal in every text
    LANGUAGE = "language"  # writes in another language
    FLOOD = "flood"  # so many articles in a day
    MOVED = "moved"  # its feed redirects for good


REDESIGNS = (Kind.UNDATED, Kind.SHORT, Kind.BLOCK, Kind.LANGUAGE)
# Days until it is mended; None is never.
LASTS = {
    Kind.DEAD: 60, Kind.SILENT: 100, Kind.REFUSED: 25, Kind.BROKEN: 25, Kind.FLOOD: 1,
    Kind.UNDATED: None, Kind.SHORT: None, Kind.BLOCK: None, Kind.LANGUAGE: None, Kind.MOVED: None,
}  # fmt: skip
# Moulds whose addresses and dashboards hold no date, and whose only channels are a feed of one
# language and a sitemap.
PLAIN = ("wordpress", "spip", "joomla", "notices", "reprints", "badfeed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """From day `since` until the day before `until`."""

    kind: Kind
    since: int
    until: int

    def on(self, day: int) -> bool:
        return self.since <= day < self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """`real` says something new; the other sets the same words otherwise."""

    day: int
    real: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One article through the year. Its text is drawn from `seed`.

    `token` stands in its title and `word` in its text, and both in no other; copies have theirs of
    what they copy.
    """

    site: str
    seed: str
    number: int
    day: int
    moment: datetime
    language: str  # of its words
    title: str
    token: str
    edits: tuple[Edit, ...] = ()
    vanishes: int | None = None
    status: int = 404
    original: "Story | None" = None

    def there(self, day: int) -> bool:
        return self.day <= day and not self.vanished(day)

    def vanished(self, day: int) -> bool:
        return self.vanishes is not None and self.vanishes <= day

    def version(self, day: int) -> int:
        """How many real edits it has seen."""
        return sum(edit.real for edit in self.edits if edit.day <= day)

    @property
    def word(self) -> str:
        return self.token[::-1]

    @property
    def lead(self) -> str:
        return self.original.lead if self.original else sentences(f"{self.seed}/lead", self, 20)

    def paragraphs(self, day: int) -> tuple[str, ...]:
        """Its text as it stands that day."""
        if self.original:
            return self.original.paragraphs(self.original.day)
        texts = list(draft(self))
        for number, edit in enumerate(edit for edit in self.edits if edit.day <= day):
            if edit.real:
                texts.append(sentences(f"{self.seed}/edit/{number}", self, 25))
            else:
                texts = [text.replace(". ", " … ") for text in texts]
        return tuple(texts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Articles to expect from Monday to Sunday; `monthly` is one, on a day of the month."""

    name: str
    weekdays: tuple[float, ...] = (0.0,) * 7
    august: float = 0.6
    monthly: bool = False


RHYTHMS = (
    Rhythm(name="several a day", weekdays=(2, 2, 2, 2, 2, 0.6, 0.4)),
    Rhythm(name="daily", weekdays=(1, 1, 1, 1, 1, 0, 0)),
    Rhythm(name="twice a week", weekdays=(0, 1, 0, 0, 1, 0, 0), august=0.0),
    Rhythm(name="weekly", weekdays=(0, 0, 0, 1, 0, 0, 0)),
    Rhythm(name="now and then", weekdays=(0.3, 0.3, 0.3, 0.3, 0.3, 0, 0), august=0.0),
    Rhythm(name="monthly", monthly=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearSite:
    site: content.Site
    rhythm: Rhythm
    fault: Fault | None
    stories: tuple[Story, ...]  # from old to new

    def ails(self, day: int, *kinds: Kind) -> bool:
        return bool(self.fault and self.fault.kind in kinds and self.fault.on(day))


# --- Words ---------------------------------------------------------------------------------------


@cache
def vocabulary(language: str) -> tuple[str, ...]:
    """The words of the demo's articles in that language, in their order, bare."""
    texts = [
        text
        for site in content.load()
        for article in site.articles
        if article.language == language
        for text in (article.title, article.lead, *article.paragraphs)
    ]
    bare = (word.strip(".,;:!?«»“”„\"'()–—-…؟،؛።፣") for text in texts for word in text.split())
    return tuple(word for word in bare if word and not any(map(str.isdigit, word)))


def words(rng: random.Random, language: str, most: int) -> list[str]:
    """Pieces of what the demo says, two words long on average."""
    known = vocabulary(language)
    found: list[str] = []
    at = 0
    for _ in range(most):
        at = at + 1 if rng.random() < 0.5 and at + 1 < len(known) else rng.randrange(len(known))
        found.append(known[at])
    return found


@lru_cache(maxsize=20_000)
def _sentences(seed: str, language: str, most: int) -> str:
    rng = random.Random(seed)
    drawn = words(rng, language, most)
    text = []
    while drawn:
        size = rng.randint(8, 15)
        sentence = " ".join(drawn[:size])
        text.append(sentence[:1].upper() + sentence[1:] + ".")
        drawn = drawn[size:]
    return " ".join(text)


def sentences(seed: str, story: Story, most: int) -> str:
    return _sentences(seed, story.language, most)


def draft(story: Story) -> tuple[str, ...]:
    """The text as it first appears; it begins with a word of its own."""
    rng = random.Random(f"{story.seed}/text")
    texts = [
        sentences(f"{story.seed}/{number}", story, rng.randint(*WORDS))
        for number in range(rng.randint(*PARAGRAPHS))
    ]
    return (f"{story.word.capitalize()}. {texts[0]}", *texts[1:])


def token(seed: str) -> str:
    """Ten letters that no other text has."""
    rng = random.Random(f"{seed}/token")
    return "zq" + "".join(rng.choices("bcdfghjklmnpqrstvwxz", k=8))


# --- Sites ---------------------------------------------------------------------------------------


def sites_of(how_many: int, days: int, seed: int) -> tuple[YearSite, ...]:
    """Sites that copy the demo's moulds and languages, each with a rhythm, some with a fault."""
    rng = random.Random(seed)
    bases = content.load()
    shuffled = rng.sample(range(how_many), how_many)
    rhythms = [RHYTHMS[index % len(RHYTHMS)] for index in shuffled]
    sites = [_copy(bases[index % len(bases)], index) for index in range(how_many)]
    faults = _faults(sites, rhythms, days, rng)
    years = [
        YearSite(
            site=site,
            rhythm=rhythm,
            fault=faults.get(index),
            stories=tuple(_stories(site, rhythm, faults.get(index), days, f"{seed}/{site.id}")),
        )
        for index, (site, rhythm) in enumerate(zip(sites, rhythms, strict=True))
    ]
    return _with_reprints(years, rng)


def _copy(base: content.Site, index: int) -> content.Site:
    """The demo's site under another name. Its articles stay, for the sections they are in."""
    return replace(base, id=f"{base.id}-{index}", name=f"{base.name} {index}", stray_links=())


def _faults(
    sites: list[content.Site], rhythms: list[Rhythm], days: int, rng: random.Random
) -> Mapping[int, Fault]:
    """Each kind on as many sites, a third of all of them in the end."""
    found: dict[int, Fault] = {}
    first, last = max(days // 4, 3), max(days - days // 5, 4)
    for kind in list(Kind) * max(1, len(sites) // (3 * len(Kind))):
        steady = [
            index
            for index, (site, rhythm) in enumerate(zip(sites, rhythms, strict=True))
            if index not in found
            and site.mould in PLAIN
            and (rhythm in RHYTHMS[:3] if kind in REDESIGNS else not rhythm.monthly)
        ]
        if not steady or len(found) >= len(sites) // 2:
            break
        # Drift shows after many articles.
        since = rng.randrange(first, max(days // 2, first + 1) if kind in REDESIGNS else last)
        lasts = LASTS[kind]
        until = days if lasts is None else since + min(lasts, max(10, days // 4))
        found[rng.choice(steady)] = Fault(kind=kind, since=since, until=until)
    return found


def _stories(
    site: content.Site, rhythm: Rhythm, fault: Fault | None, days: int, seed: str
) -> Iterator[Story]:
    rng = random.Random(seed)
    monthly = rng.randint(1, 28)
    numbers = count()
    other = "en" if site.languages[0] != "en" else "fr"
    for day in (*range(-7 * BACKLOG, 0, 7), *range(days)):
        many = 1 if day < 0 else _articles(rhythm, day, monthly, rng)
        if fault and fault.on(day):
            many = {Kind.SILENT: 0, Kind.FLOOD: FLOOD}.get(fault.kind, many)
        switched = fault and fault.kind is Kind.LANGUAGE and fault.on(day)
        for hour in sorted(rng.uniform(5, 16) for _ in range(many)):
            number = next(numbers)
            language = other if switched else site.languages[number % len(site.languages)]
            moment = datetime.combine(START, time(), UTC) + timedelta(days=day, hours=hour)
            yield _story(site, day, moment, language=language, number=number, seed=seed)


def _articles(rhythm: Rhythm, day: int, monthly: int, rng: random.Random) -> int:
    when = START + timedelta(days=day)
    if rhythm.monthly:
        return int(when.day == monthly)
    expected = rhythm.weekdays[when.weekday()]
    if (when.month, when.day) in HOLIDAYS:
        expected = 0
    elif when.month == 8 and when.day <= 25:
        expected *= rhythm.august
    elif (when.month, when.day) >= (12, 24) or (when.month, when.day) <= (1, 2):
        expected *= 0.3
    return int(expected) + (rng.random() < expected % 1)


def _story(
    site: content.Site, day: int, moment: datetime, *, language: str, number: int, seed: str
) -> Story:
    seed = f"{seed}/{number}"
    rng = random.Random(seed)
    # An API's page is asked for its rights only: what it gave is looked at by nobody again.
    edited = rng.random() < EDITED and mould_of(site).channels != ("wordpress",)
    edits = sorted(day + rng.randint(1, LATE) for _ in range(rng.randint(1, 2))) if edited else ()
    title = " ".join(words(rng, language, rng.randint(5, 8)))
    return Story(
        site=site.id,
        seed=seed,
        number=number,
        day=day,
        moment=moment.replace(microsecond=0),
        language=language,
        title=f"{title[:1].upper()}{title[1:]} {token(seed)}",
        token=token(seed),
        edits=tuple(Edit(day=day, real=rng.random() < 0.5) for day in edits),
        vanishes=max(day, 0) + rng.randint(2, LATE) if rng.random() < VANISHED else None,
        status=rng.choice((404, 410)),
    )


def _with_reprints(years: list[YearSite], rng: random.Random) -> tuple[YearSite, ...]:
    """Some articles are those of another site, a day or three later, word for word."""
    written: dict[tuple[str, int], list[Story]] = {}
    for year in years:
        if not (year.fault and year.fault.kind in REDESIGNS):
            for story in year.stories:
                written.setdefault((story.language, story.day), []).append(story)
    reprinted: set[str] = set()  # what is a copy, which no other site copies
    taken: set[str] = set()  # what is copied, which is no copy itself

    def copied(story: Story) -> Story:
        if rng.random() > REPRINTED or story.day < 0 or story.seed in taken:
            return story
        earlier = [
            other
            for ago in (1, 2, 3)
            for other in written.get((story.language, story.day - ago), ())
            if other.site != story.site and other.seed not in reprinted
        ]
        if not earlier:
            return story
        original = rng.choice(earlier)
        reprinted.add(story.seed)
        taken.add(original.seed)
        return replace(story, title=original.title, original=original, edits=(), token="")

    return tuple(
        year
        if year.fault and year.fault.kind in REDESIGNS
        else replace(year, stories=tuple(map(copied, year.stories)))
        for year in years
    )
