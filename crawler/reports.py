"""The report of a daily job: for a terminal or a mail, as a page, and for programs."""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from jinja2 import Environment, Template

from crawler import __version__
from crawler.runs import FIGURES, STATUSES, Step

MOST_SOURCES = 20  # named in the text; the page and the JSON name all
# The names of crawler.runs.FIGURES, for a line.
BRIEF = {
    "channels": "channels", "failed": "failed", "discovered": "new addresses",
    "stored": "new articles", "changed": "read anew", "waiting": "waiting",
}  # fmt: skip
TEMPLATE = Path(__file__).with_name("report.html")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one run did. Times are UTC, ISO 8601.

    `needs` are sentences for a person, one thing to do each; `notices` can wait; `left` is what the
    next run goes on with. `sources` are the new articles of each.
    """

    run: int
    started: str
    ended: str
    status: str
    steps: tuple[Step, ...]
    figures: dict[str, int]
    sources: dict[str, int] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    version: str = __version__

    @property
    def well(self) -> bool:
        """Whether nobody needs to look at it."""
        return not self.needs and self.status != "stopped"

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def _lines(report: Report) -> Iterator[str]:
    yield f"Tamis, {report.started}: {report.status}, {STATUSES[report.status]}"
    yield from _list("To do", report.needs)
    yield ", ".join(f"{BRIEF[name]} {n:,}" for name, n in report.figures.items()) or "Nothing yet"
    if report.sources:
        named = [f"{name} {n:,}" for name, n in report.sources.items()]
        more = f" and {len(named) - MOST_SOURCES} others" if len(named) > MOST_SOURCES else ""
        yield f"New articles: {', '.join(named[:MOST_SOURCES])}{more}"
    for step in report.steps:
        status = "" if step.status == "done" else f" {step.status}:"
        told = step.told.replace("\n", "\n  ")
        yield f"{step.name} ({step.seconds:,.1f} s):{status} {told}"
    yield from _list("Left for the next time", report.left)
    yield from _list("To know", report.notices)


def _list(heading: str, sentences: tuple[str, ...]) -> Iterator[str]:
    if sentences:
        yield f"{heading}:"
        yield from (f"- {sentence}" for sentence in sentences)


def as_json(report: Report) -> str:
    return json.dumps(asdict(report), ensure_ascii=False, indent=2) + "\n"


def as_html(report: Report) -> str:
    """A page that needs nothing else."""
    return _template().render(report=report, figures=FIGURES, statuses=STATUSES)


@cache
def _template() -> Template:
    return Environment(autoescape=True).from_string(TEMPLATE.read_text(encoding="utf-8"))


def keep(report: Report, folder: Path, most: int) -> Path:
    """Write the report into `folder`, as page and as JSON; the oldest beyond `most` go.

    Returns the page. `latest.html` and `latest.json` are always the newest.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"{report.started[:10]}-{report.run:06}"
    for ending, text in (("html", as_html(report)), ("json", as_json(report))):
        for each in (f"{name}.{ending}", f"latest.{ending}"):
            draft = folder / f".{each}.part"
            draft.write_text(text, encoding="utf-8")
            os.replace(draft, folder / each)  # noqa: PTH105  says what it does: replaces
    for ending in ("html", "json"):
        kept = sorted(folder.glob(f"[0-9]*-[0-9]*-[0-9]*-[0-9]*.{ending}"))
        for old in kept[:-most]:
            old.unlink()
    return folder / f"{name}.html"
