"""How the sources do, as the last check found them."""

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from crawler.commands.options import db_option

LISTED = ("sources", "channels", "alarms")


@click.command()
@click.argument("source", metavar="[SOURCE]", required=False)
@click.option("--json", "as_json", is_flag=True, help="All of it, as a JSON object.")
@click.option("--all", "everything", is_flag=True, help="Sources that do well too.")
@click.option(
    "--feed", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write the alarms to this file too, as an Atom feed.",
)  # fmt: skip
@click.option(
    "--base-url", envvar="TAMIS_BASE_URL", show_envvar=True,
    help="Where the site will be found: the feed repeats it, and its ids are made from it.",
)  # fmt: skip
@db_option
def health(
    source: str | None,
    feed: Path | None,
    base_url: str | None,
    db: Path,
    *,
    as_json: bool,
    everything: bool,
) -> None:
    """Say which sources are in trouble, since when, and what to do about it.

    As the last `tamis daily` found them. Of a SOURCE, each of its channels is shown. Exit status 1
    if there is an alarm.

    \b
    Example: tamis health --all
    """
    from crawler import database, standing
    from crawler.health import feed as written

    with closing(database.private(db, create=False)) as private:
        told = standing.as_json(private)
        if feed:
            feed.write_bytes(written(private, base_url))
    if source is not None:
        told = _of_one(told, source)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _show(told, everything=everything or source is not None)
    if told["alarms"]:
        raise SystemExit(1)


def _of_one(told: dict[str, Any], source: str) -> dict[str, Any]:
    kept = {name: [row for row in told[name] if row["source"] == source] for name in LISTED}
    if not kept["sources"]:
        raise click.UsageError(f"no source {source!r} is crawled: `tamis health --all` lists them")
    return {**told, **kept, "one": source}


def _show(told: dict[str, Any], *, everything: bool) -> None:
    import sys

    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("source", "last answer", "last article", "failed", "yield", "alarms"):
        table.add_column(heading, overflow="fold")
    kinds: dict[str, list[str]] = {}
    for alarm in told["alarms"]:
        kinds.setdefault(alarm["source"], []).append(alarm["kind"])
    shown = [row for row in told["sources"] if everything or row["alarms"] or row["failed"]]
    for row in shown:
        table.add_row(
            row["source"], (row["last_answer"] or "never")[:10], row["last_article"] or "never",
            _failures(row), _yield(row), " ".join(kinds.get(row["source"], ())),
        )  # fmt: skip
    if shown:
        Console(width=None if sys.stdout.isatty() else 120).print(table)
    if "one" in told:
        _show_channels(told["channels"])
    for alarm in told["alarms"]:
        click.echo(f"{alarm['since']} {alarm['kind']}: {alarm['sentence']}")
    checked = told["checked"] or "never: `tamis daily` does it"
    click.echo(
        f"{len(told['sources'])} sources, {len(told['alarms'])} alarms; last checked: {checked}"
    )


def _failures(row: dict[str, Any]) -> str:
    """Of the visits lately, how many failed, and how."""
    ways = (f"{row[way]} {way}" for way in ("hard", "soft", "temporary") if row[way])
    return f"{row['failed']}/{row['visits']} {', '.join(ways)}".strip()


def _yield(row: dict[str, Any]) -> str:
    return f"{row['stored']}/{row['pages']}" if row["pages"] else ""


def _show_channels(channels: list[dict[str, Any]]) -> None:
    for row in channels:
        days = ", ".join(
            f"{name.replace('_', ' ')} {(row[name] or 'never')[:10]}"
            for name in ("last_answer", "last_news")
        )
        reason = f" ({row['reason']})" if row["reason"] else ""
        click.echo(f"{row['kind']} {row['url']}")
        click.echo(f"  {row['found']:,} addresses, {row['stored']:,} articles; {days}")
        click.echo(f"  failed {_failures(row)}{reason}")
