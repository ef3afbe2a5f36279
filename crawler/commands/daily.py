"""The daily job and its configuration: daily, init, config."""

import json
import logging
import sys
from pathlib import Path
from typing import Any

import click

from crawler import config as configuration
from crawler.commands.options import visiting


@click.command()
@click.option("--quiet", is_flag=True, help="Say something only if a person is needed (for cron).")
@click.option(
    "--hours", type=click.FloatRange(0, min_open=True),
    help="How long it may take (default: [daily] hours of tamis.toml).",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The report as one JSON object.")
@click.pass_obj
def daily(config: configuration.Config, hours: float | None, *, quiet: bool, as_json: bool) -> None:
    """Do the whole job: crawl, publish, export, report. One line in cron.

    Everything else is said in tamis.toml (`tamis init` writes one). Killed or stopped, the next run
    goes on where this one was. Exit status: 0 if nobody needs to look at it, 1 if somebody does.

    \b
    Example: tamis daily --quiet
    """
    from crawler import progress, reports
    from crawler.daily import daily as run_daily

    settings = visiting(config["contact"], config["crawl.delay"], loopback=config["crawl.loopback"])
    settings["TAMIS_RELIEFWEB_APPNAME"] = config["crawl.reliefweb_appname"]
    if quiet:
        progress.be_silent()
        logging.disable(logging.ERROR)  # the ledger and the report have what it would say
    report = run_daily(config, settings=settings, hours=hours)
    if not quiet or not report.well:
        click.echo(reports.as_json(report) if as_json else report)
    if not report.well:
        raise SystemExit(1)


@click.command()
@click.option("--contact", help="How a webmaster reaches you; sent with every request.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), default=Path(configuration.NAME),
    show_default=True, help="The file to write.",
)  # fmt: skip
def init(contact: str | None, out: Path) -> None:
    """Write tamis.toml: every key with its default and a sentence.

    \b
    Example: tamis init --contact you@example.org
    """
    if contact is None and sys.stdin.isatty():
        contact = click.prompt("How does a webmaster reach you (an e-mail address or a page)?")
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(configuration.written(contact))
    except FileExistsError as error:
        raise click.ClickException(f"{out} is there already: edit it, or name another") from error
    configuration.load(out)
    click.echo(f"{out} is written." + ("" if contact else " Set contact in it."))
    click.echo("Next: tamis doctor, then tamis daily")


@click.command("config")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@click.pass_obj
def config(config: configuration.Config, *, as_json: bool) -> None:
    """Show every key of tamis.toml: what is in force, and from where.

    \b
    Example: tamis config
    """
    if as_json:
        told: dict[str, Any] = {
            key.name: {"value": config[key.name], "from": config.origins[key.name]}
            for key in configuration.KEYS
        }
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("key", "value", "from"):
        table.add_column(heading, overflow="fold")
    for key in configuration.KEYS:
        value = config[key.name]
        shown = "" if value in (None, []) else json.dumps(value, ensure_ascii=False)
        table.add_row(key.name, shown, config.origins[key.name])
    Console(width=None if sys.stdout.isatty() else 120).print(table)
