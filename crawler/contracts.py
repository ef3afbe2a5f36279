"""What a source yields against what its record expects, line by line. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from crawler.items import Expectation, Link, Source
from crawler.verdicts import Finding, Sample

# What is recorded is a floor: so much of what was seen that a quiet week or five short notices
# break nothing, and so little that a redesign, which loses all dates or texts, does.
CAUTION = 0.5
STATES = {True: "kept", False: "broke", None: "-"}
UNREAD = "article"
BROKEN = ("dead", "blocked", "empty")
MOST_OTHERS = 0.5  # of the articles read may be in other languages: one in five is quoted or wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What the channels of a source named, and what reading some of it gave."""

    findings: tuple[Finding, ...]
    samples: tuple[tuple[Link, Sample], ...] = ()

    @property
    def items(self) -> int:
        return len({link.url for finding in self.findings for link in finding.links})

    @property
    def read(self) -> tuple[tuple[Link, Sample], ...]:
        """Those that were answered."""
        return tuple(each for each in self.samples if each[1].reason is None)

    @property
    def dated(self) -> float:
        """The share that a channel or the page itself dates."""
        dates = [bool(link.published or sample.published) for link, sample in self.read]
        return sum(dates) / len(dates) if dates else 0.0

    @property
    def words(self) -> int:
        return int(median([sample.words for _, sample in self.read] or [0]))

    @property
    def languages(self) -> list[str]:
        """Of each article whose language is known."""
        return [sample.language for _, sample in self.read if sample.language]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing that was looked at. `kept` is None where nothing is expected or could be said."""

    what: str
    kept: bool | None
    said: str


def compared(source: Source, visit: Visit) -> tuple[Line, ...]:
    """Each channel, then each thing that the record expects, or that it could expect."""
    expect = source.expect
    lines = [*_channels(visit), *_told(expect, visit), *_unread(visit)]
    if expect is None:
        return tuple(Line(what=line.what, kept=None, said=line.said) for line in lines)
    if any(finding.verdict == "unknown" for finding in visit.findings):
        # Too little may be all that the others have.
        lines = [Line(what=each.what, kept=each.kept or None, said=each.said) for each in lines]
    return tuple(lines)


def well(source: Source, lines: Iterable[Line]) -> bool:
    """Whether all that is expected was looked at and kept."""
    return source.expect is None or all(line.kept for line in lines if line.what != UNREAD)


def told(source: Source, lines: Sequence[Line], proposed: str | None) -> Iterator[str]:
    """For a person; `proposed` is what the record could expect, as TOML."""
    if source.expect is None:
        yield f"{source.id}: its record expects nothing yet. Found:"
    elif well(source, lines):
        yield f"{source.id}: as expected since {source.expect.checked_on}"
    else:
        broke = list(dict.fromkeys(line.what for line in lines if line.kept is False))
        yield f"{source.id}: {' and '.join(broke) + ' broke' if broke else 'could not be judged'}"
    for line in lines:
        yield f"  {STATES[line.kept]:<6} {line.what:<10} {line.said}"
    if source.expect is None:
        yield f"  to be written into its record (--record does it): {proposed or 'nothing'}"


def _channels(visit: Visit) -> Iterator[Line]:
    for finding in visit.findings:
        said = f"{finding.kind} {finding.url}: "
        said += f"names {finding.items:,}" if finding.items else finding.reason or finding.verdict
        kept = None if finding.verdict == "unknown" else finding.verdict not in BROKEN
        yield Line(what="channel", kept=kept, said=said)


def _told(expect: Expectation | None, visit: Visit) -> Iterator[Line]:
    of = f"of {len(visit.read)} articles read"
    floors: list[tuple[str, float, float | None, str, str]] = [
        ("items", visit.items, expect.items if expect else None, "{:,.0f} named", "{:,.0f}"),
        ("dated", visit.dated, expect.dated if expect else None, f"{{:.0%}} {of}", "{:.0%}"),
        ("words", visit.words, expect.words if expect else None, f"{{:,.0f}}, median {of}",
         "{:,.0f}"),
    ]  # fmt: skip
    for what, found, floor, said, expected in floors:
        if expect is None or floor is not None:
            least = f"; at least {expected.format(floor)} expected" if floor is not None else ""
            kept = floor is None or found >= floor
            yield Line(what=what, kept=kept, said=said.format(found) + least)
    if expect is None or expect.languages:
        yield _languages(expect, visit)


def _languages(expect: Expectation | None, visit: Visit) -> Line:
    found = visit.languages
    wanted = {_primary(tag) for tag in expect.languages} if expect else set(found)
    others = [tag for tag in found if _primary(tag) not in wanted]
    counted = ", ".join(f"{tag} {found.count(tag)}" for tag in sorted(set(found))) or "none known"
    expected = f"; {', '.join(sorted(wanted))} expected" if expect else ""
    kept = bool(found) and len(others) <= MOST_OTHERS * len(found)
    return Line(what="languages", kept=kept, said=f"{counted}{expected}")


def _unread(visit: Visit) -> Iterator[Line]:
    for link, sample in visit.samples:
        if sample.reason:
            yield Line(what=UNREAD, kept=None, said=f"{link.url}: {sample.reason}")


def _primary(tag: str) -> str:
    return tag.partition("-")[0]


def expectation(source: Source, visit: Visit, day: str) -> Expectation | None:
    """What to expect from now on: CAUTION of what was found, and its languages or the record's.

    None of a source that named nothing, or nothing that could be read.
    """
    if not visit.read or not visit.items:
        return None
    spoken = {_primary(tag) for tag in (*source.languages, *visit.languages)} - {"und"}
    return Expectation(
        items=max(1, int(visit.items * CAUTION)),
        dated=round(visit.dated * CAUTION, 2) or None,
        words=int(visit.words * CAUTION) or None,
        languages=tuple(sorted(spoken)),
        checked_on=day,
    )
