"""A report for a person: facts from general to detail, then the lines of the text."""

from collections.abc import Callable, Iterator
from typing import Any, TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from crawler.explain import address_facts, page_facts
from crawler.explain.page_facts import Said

Report = dict[str, Any]

PLAIN_WIDTH = 120  # columns, where there is no terminal
MAX_FACT = 1_000  # characters of one fact; real pages have less
STYLES = {"kept": "", "removed": "red", "added": "green"}
MARKS = {"kept": " ", "removed": "-", "added": "+"}
# In the order in which they are shown.
FACTS: dict[str, Callable[[Report], Said]] = {
    "url": address_facts.address,
    "ledger": address_facts.ledger,
    "site": address_facts.publication,
    "rights": address_facts.rights,
    "named by": address_facts.named_by,
    "robots": address_facts.robots,
    "fetches": address_facts.fetches,
    "page": address_facts.archived,
    "kind": page_facts.kind,
    "title": page_facts.choice("title"),
    "published": page_facts.choice("published"),
    "authors": page_facts.choice("authors"),
    "language": page_facts.language_of,
    "themes": address_facts.tags("themes", "theme"),
    "countries": address_facts.tags("countries", "country"),
    "regions": address_facts.tags("regions", "region"),
    "bodies": address_facts.tags("organisations", "organisation"),
    "keywords": address_facts.keywords,
    "copies": address_facts.copies,
    "stories": address_facts.stories,
    "versions": address_facts.versions,
    "section": page_facts.joined("section", " > "),
    "categories": page_facts.joined("categories", ", "),
    "origin": page_facts.origin,
    "canonical": page_facts.canonical,
    "image": page_facts.image,
    "documents": page_facts.attachments,
    "lines": page_facts.counted,
}


def show(report: Report, out: TextIO) -> None:
    """Print the report: what became of the address, what led to it, each choice, every line."""
    console = Console(
        file=out, width=None if out.isatty() else PLAIN_WIDTH, highlight=False, markup=False,
        emoji=False,
    )  # fmt: skip
    facts, lines = _columns(), _columns()
    for name, told in _facts(report):
        for number, line in enumerate(told):
            facts.add_row(Text(name if number == 0 else "", "bold"), line)
    for line in report.get("lines", ()):
        style = STYLES[line["what"]]
        lines.add_row(Text(_mark(line), style), Text(_flat(line["text"]), style))
    with console.capture() as captured:
        console.print(facts)
        if lines.row_count:
            console.print()
            console.print(lines)
    # Tables fill their lines with blanks.
    out.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _columns() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _mark(line: Report) -> str:
    others = f" ({line['articles']} articles)" if line.get("articles") else ""
    return f"{MARKS[line['what']]} {line['rule'] or 'kept'}{others}"


def _facts(report: Report) -> Iterator[tuple[str, list[Text]]]:
    """Names with what is to be said of them, line by line; those with nothing are left out."""
    for name, tell in FACTS.items():
        if told := [Text(_flat(line)[:MAX_FACT], style) for line, style in tell(report)]:
            yield name, told


def _flat(text: str) -> str:
    return " ".join(text.split())
