"""What came of probes: told to a person, and kept in a table for who writes grades."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.table import Table
from sqlite_utils import Database

from crawler import clock
from crawler.records import FIELD_OF, Grades, Report
from crawler.verdicts import GRADE, PREFERENCE, VERDICTS, Finding, Sample
from crawler.writes import transaction

Channel = tuple[str, str, str]  # source, kind, address as the record has it

KEEP = (
    "INSERT INTO probes (source, kind, address, probed, verdict, status, items, newest, dated,"
    " full_text, language, reason) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (source, kind, address) DO UPDATE SET probed = excluded.probed,"
    " verdict = excluded.verdict, status = excluded.status, items = excluded.items,"
    " newest = excluded.newest, dated = excluded.dated, full_text = excluded.full_text,"
    " language = excluded.language, reason = excluded.reason"
)
LAST = "SELECT source, kind, address, verdict, probed, status FROM probes"
NOT_PROBED = "not probed"
DAY_SECONDS = 24 * 3600
# Without any answer from more than this part, the network here is down, not theirs: of lists that
# were probed 11 to 17 in 100 were broken, and most of these did answer something.
MOST_SILENT = 0.3


def keep(db: Database, channel: Channel, finding: Finding) -> None:
    """One row, committed at once: a kill loses at most what is under way."""
    with transaction(db):
        db.conn.execute(
            KEEP,
            (
                *channel, clock.now(), finding.verdict, finding.status, finding.items,
                finding.newest, round(finding.dated, 3), round(finding.full_text, 3),
                finding.language or finding.declared, finding.reason,
            ),
        )  # fmt: skip


def since(days: float) -> str:
    return clock.after(-days * DAY_SECONDS)


def done(db: Database, when: str) -> set[Channel]:
    """The channels that were probed since `when`, but for those that could not be asked."""
    return {
        (source, kind, address)
        for source, kind, address, verdict, probed, _ in db.conn.execute(LAST)
        if verdict != "unknown" and probed >= when
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the channels came to. `grades` are for `records.regrade`: by source, of each address.

    `silent` is the share that gave no answer at all.
    """

    counts: Mapping[str, int]
    grades: Mapping[str, Grades]
    silent: float

    def __str__(self) -> str:
        return ", ".join(f"{name} {count:,}" for name, count in self.counts.items()) or "none"


def result(db: Database, channels: Sequence[Channel]) -> Result:
    """What the last probe of each of these channels came to."""
    rows = {tuple(row[:3]): row[3:] for row in db.conn.execute(LAST)}
    counts: Counter[str] = Counter()
    grades: dict[str, dict[tuple[str, str], tuple[str, str]]] = {}
    silent = 0
    for channel in channels:
        verdict, probed, status = rows.get(channel, (None, "", None))
        counts[verdict or NOT_PROBED] += 1
        silent += status is None and verdict in ("dead", "unknown")
        if grade := GRADE.get(verdict or ""):
            source, kind, address = channel
            grades.setdefault(source, {})[FIELD_OF[kind], address] = grade, probed[:10]
    order = [*VERDICTS, NOT_PROBED]
    return Result(
        counts={name: counts[name] for name in order if counts[name]},
        grades=grades,
        silent=silent / max(1, counts.total() - counts[NOT_PROBED]),
    )


# For a person.

PLAIN_WIDTH = 160  # columns, where there is no terminal: addresses are not broken


def show(report: Report, out: TextIO) -> None:
    """The report as a person reads it: the site, its channels, what was read of its articles."""
    console = Console(file=out, width=None if out.isatty() else PLAIN_WIDTH, highlight=False)
    for line in told(report):
        console.print(line, markup=False, soft_wrap=True)
    guessed = [f for f in report.findings if f.verdict == "dead" and f.origin not in PREFERENCE]
    shown = [finding for finding in report.findings if finding not in guessed]
    if shown:
        table = Table(box=None, pad_edge=False)
        for heading in ("verdict", "kind", "items", "newest", "dated", "whole", "language"):
            table.add_column(heading, no_wrap=True)
        table.add_column("address, and why", overflow="fold")
        for finding in shown:
            table.add_row(*_row(finding))
        console.print(table, markup=False)
    if report.passed_over:
        console.print(f"{report.passed_over} more feeds are named there, and were not visited")
    if guessed:
        console.print(f"{len(guessed)} usual addresses tried besides: none of them is a channel")
    for sample in report.samples:
        console.print(_sampled(sample), markup=False, soft_wrap=True)


def told(report: Report) -> Iterator[str]:
    """What the home page and the site's own files say, in sentences."""
    home = report.home
    if home is None:
        yield f"{report.url}: {report.reason}"
        return
    yield f"{home.name}: {home.url}"
    system = home.system
    if system.cms:
        theme = f" with the theme {system.theme}" if system.theme else ""
        yield f"made by {system.cms}{theme} ({'; '.join(system.signs)})"
    else:
        yield "made by a system that does not show"
    if report.robots:
        yield f"robots.txt: {report.robots}"
    yield from rights(report)


def rights(report: Report) -> Iterator[str]:
    """What the site reserves or allows, and what follows for publishing."""
    reservation = report.reservation
    if reservation.value:
        where = f", see {reservation.policy}" if reservation.policy else ""
        yield f"rights: text and data mining is reserved ({reservation.origin}{where})"
    elif reservation.value == 0:
        yield f"rights: text and data mining is expressly not reserved ({reservation.origin})"
    if report.home and (said := report.home.signals.robots):
        yield f"rights: its page tells robots {', '.join(said)}"
    for licence in report.licences:
        yield f"rights: its pages link to the licence {licence}; read its terms before you add it"
    if not report.licences:
        yield "rights: no licence seen, so title, link and a short extract may be published"


def _row(finding: Finding) -> tuple[str, ...]:
    moved = f" (from {finding.moved})" if finding.moved else ""
    reason = "".join(f"\n{why}" for why in (finding.reason, finding.defect) if why)
    share = (f"{finding.dated:.0%}", f"{finding.full_text:.0%}") if finding.items else ("", "")
    spoken = finding.language or ""
    if finding.declared and finding.declared != finding.language:
        spoken = f"{spoken or '?'} ({finding.declared})"
    return (
        finding.verdict, finding.kind, str(finding.items) if finding.items else "",
        (finding.newest or "")[:10], *share, spoken, f"{finding.url}{moved}{reason}",
    )  # fmt: skip


def _sampled(sample: Sample) -> str:
    if sample.reason:
        return f"article {sample.url}: {sample.reason}"
    dated = f"{sample.published} ({sample.published_source})" if sample.published else "no date"
    text = f"{sample.words:,} words"
    if sample.scripted:
        text = "no words: its text is made by a script, which we do not run"
    return f"article: {text}, {dated}, {sample.language or 'language not known'}: {sample.title}"
