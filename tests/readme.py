"""Pastes real output into README.md: `make readme`. tests/test_readme.py checks with the same code.

A block of the kind `console` is a session: a command after `$`, with more lines of it after `>`,
then what it prints. Sessions run in the order they stand in, in one temporary folder, so that
later ones find the databases of `tamis demo`. Between `<!-- table: NAME -->` and `<!-- end -->`
goes a table of TABLES.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import click
import costs
import month
import yaml

from crawler import settings
from crawler.cli import main as tamis
from crawler.frontier import OUTCOMES
from crawler.schedule import FLOOR
from enrich.vocabulary import GROUPS, lexicon

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SESSION = re.compile(r"(```console\n)(\$ [^\n]*\n(?:> [^\n]*\n)*)(.*?)(```\n)", re.DOTALL)
TABLE = re.compile(r"(<!-- table: )(\w+)( -->\n)(.*?)(<!-- end -->\n)", re.DOTALL)
# What differs from run to run or from machine to machine, and says nothing about the program.
VOLATILE = (
    (re.compile(r"\b\d+ s\b"), "N s"),
    (re.compile(r":\d{4,5}\b"), ":PORT"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "TIME"),
    (re.compile(r"\b(lexicon|countries|organisations)-[0-9a-f]+"), r"\1-VERSION"),
)
SECONDS = 300  # for one command; the demo takes 8 to 15


def masked(text: str) -> str:
    for pattern, name in VOLATILE:
        text = pattern.sub(name, text)
    return text


def shown(text: str) -> dict[str, str]:
    """What stands in a README: the output under each command, the rows of each table."""
    sessions = {match[2]: match[3] for match in SESSION.finditer(text)}
    return sessions | {match[2]: match[4] for match in TABLE.finditer(text)}


def filled(text: str, folder: Path) -> str:
    """`text` with all output made anew; what differs only in what is volatile stays."""

    def ran(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}{_newer(match[3], run(match[2], folder))}{match[4]}"

    def listed(match: re.Match[str]) -> str:
        return f"{match[1]}{match[2]}{match[3]}{_newer(match[4], TABLES[match[2]]())}{match[5]}"

    return TABLE.sub(listed, SESSION.sub(ran, text))


def _newer(old: str, new: str) -> str:
    return old if masked(old) == masked(new) else new


def run(session: str, folder: Path) -> str:
    """The standard output of a command written as in SESSION; exits if it fails."""
    command = "\n".join(line[2:] for line in session.splitlines())
    # The environment's own programs first, and no setting of whoever runs this.
    environment = {name: value for name, value in os.environ.items() if name[:6] != "TAMIS_"}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    ran = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env=environment,
        timeout=SECONDS,
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise SystemExit(f"README.md: this failed:\n{session}{ran.stderr}")
    return "".join(f"{line.rstrip()}\n" for line in ran.stdout.strip("\n").split("\n"))


# --- Tables ---------------------------------------------------------------------------------------


def commands(
    group: click.Group = tamis, name: str = "tamis"
) -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, with its whole name."""
    for word, command in sorted(group.commands.items()):
        if isinstance(command, click.Group):
            yield from commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


def options(command: click.Command) -> list[click.Option]:
    return [option for option in command.params if isinstance(option, click.Option)]


def environment() -> dict[str, click.Option]:
    """The environment variables that the command line reads, each with the option it stands for."""
    return {
        option.envvar: option
        for _, command in [("tamis", tamis), *commands()]
        for option in options(command)
        if isinstance(option.envvar, str)
    }


def table(headings: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    lines = [headings, ["---"] * len(list(headings)), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


def of_commands() -> str:
    rows = ((f"`{name}`", (each.help or "").split("\n")[0]) for name, each in commands())
    return table(["command", "what it does"], rows)


def of_environment() -> str:
    rows = (
        (f"`{name}`", f"`{option.opts[0]}`", option.help, f"`{option.default}`")
        if isinstance(option.default, str | Path)
        else (f"`{name}`", f"`{option.opts[0]}`", option.help, "")
        for name, option in sorted(environment().items())
    )
    return table(["variable", "option", "what it is", "default"], rows)


def of_outcomes() -> str:
    return table(["outcome", "meaning"], ((f"`{name}`", what) for name, what in OUTCOMES.items()))


def of_politeness() -> str:
    asked = "yes" if settings.ROBOTSTXT_OBEY else "no"
    rows = (
        ("robots.txt is obeyed", asked),
        ("requests at a time to a host", settings.CONCURRENT_REQUESTS_PER_DOMAIN),
        ("seconds between two of them, at least", f"{settings.DOWNLOAD_DELAY:g}"),
        ("minutes between two visits to a channel, at least", int(FLOOR // 60)),
        ("seconds until an answer is given up", settings.DOWNLOAD_TIMEOUT),
        ("largest page read, MiB", settings.DOWNLOAD_MAXSIZE // 2**20),
        ("cookies are sent", "yes" if settings.COOKIES_ENABLED else "no"),
    )
    return table(["what", "how much"], rows)


def of_tables() -> str:
    rows = (
        (f"`{name}`", each["description"])
        for name, each in metadata()["tables"].items()
        if not each.get("hidden")
    )
    return table(["table", "what a row is"], rows)


def of_queries() -> str:
    rows = (
        (f"`{name}`", each["title"], ", ".join(f"`{word}`" for word in each.get("params", ())))
        for name, each in metadata()["queries"].items()
    )
    return table(["query", "what it answers", "parameters"], rows)


def of_themes() -> str:
    rows = (
        (group, ", ".join(f"`{slug}`" for slug, each in lexicon().items() if each.group == group))
        for group in GROUPS
    )
    return table(["group", "themes"], rows)


def of_ladder() -> str:
    """What `make bench BENCH_ARGS=--record` last found."""
    told = json.loads((ROOT / "tests/ladder.json").read_text(encoding="utf-8"))
    headings = ["step", "pages a second", "CPU s a 1,000 pages", "of the limit", "memory"]
    return f"{table(headings, told['rows'])}\nMeasured {told['about']}.\n"


def of_growth() -> str:
    """What `make growth` last found."""
    measured = costs.read()
    body = table(costs.headings(), costs.rows(measured))
    return f"{body}\nMeasured {costs.about(measured)}.\n"


def of_month() -> str:
    """What a month of others' archive would take, by what was measured here."""
    return table(month.headings(), month.rows())


def metadata() -> dict[str, dict[str, dict[str, str]]]:
    """What datasette/metadata.yml says of the published database."""
    text = (ROOT / "datasette/metadata.yml").read_text(encoding="utf-8")
    described: dict[str, dict[str, dict[str, str]]] = yaml.safe_load(text)["databases"]["news"]
    return described


TABLES: dict[str, Callable[[], str]] = {
    "commands": of_commands,
    "environment": of_environment,
    "growth": of_growth,
    "ladder": of_ladder,
    "month": of_month,
    "outcomes": of_outcomes,
    "politeness": of_politeness,
    "queries": of_queries,
    "tables": of_tables,
    "themes": of_themes,
}


def main() -> None:
    before = README.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        after = filled(before, Path(folder))
    README.write_text(after, encoding="utf-8")
    changed = [name for name, body in shown(after).items() if body != shown(before)[name]]
    print(f"{README.name}: {len(changed)} changed", *changed, sep="\n")


if __name__ == "__main__":
    main()
