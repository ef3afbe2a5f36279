"""The records of sources: list, check, probe, add."""

import json
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from crawler.commands.options import db_option, sources_option, visiting, visiting_options
from crawler.items import Source


@click.group()
def sources() -> None:
    """Look at the records of spiders/sources, find what a site offers, and add it."""


@sources.command("list")
@click.option("--country", help="ISO 3166-1 code, or int.")
@click.option("--language", help="BCP 47 code.")
@click.option("--category", help="As in the records.")
@click.option("--enabled/--disabled", default=None, help="Only those crawled, or only the others.")
@click.option(
    "--terms-older-than", "days", type=click.IntRange(0), metavar="DAYS",
    help="Instead: the licences in use whose terms nobody has read within so many days.",
)  # fmt: skip
@click.option("--feeds", is_flag=True, help="Instead: addresses of feeds, one a line.")
@click.option("--json", "as_json", is_flag=True, help="Whole records, as a JSON array.")
@sources_option
def list_sources(
    country: str | None,
    language: str | None,
    category: str | None,
    days: int | None,
    folder: Path | None,
    *,
    enabled: bool | None,
    feeds: bool,
    as_json: bool,
) -> None:
    """List sources, those of a country, a language or a category.

    \b
    Example: tamis sources list --country BE --language fr
    """
    from crawler import clock, registry

    found = registry.select(
        registry.load(folder),
        countries=(country,) if country else (),
        languages=(language,) if language else (),
        categories=(category,) if category else (),
        enabled=enabled,
    )
    if days is not None:
        for terms in registry.to_read_again(found, clock.now(), days=days):
            click.echo(terms)
        return
    if feeds:
        for address in (at for source in found for at in source.feeds):
            click.echo(address.url)
        return
    if as_json:
        click.echo(
            json.dumps([registry.as_json(source) for source in found], ensure_ascii=False, indent=2)
        )
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for heading in ("id", "name", "country", "languages", "category", "feeds", ""):
        table.add_column(heading, overflow="fold")
    for source in found:
        table.add_row(
            source.id, source.name, source.country, " ".join(source.languages), source.category,
            str(len(source.feeds)), "" if source.enabled else "disabled",
        )  # fmt: skip
    Console(width=None if sys.stdout.isatty() else 120).print(table)
    click.echo(f"{len(found)} sources")


@sources.command("check")
@click.argument("only", metavar="[ID]...", nargs=-1)
@click.option(
    "--live", is_flag=True, help="Visit the channels of these sources, and read five articles."
)
@click.option("--all", "everything", is_flag=True, help="With --live: every source that is on.")
@click.option(
    "--warc", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read a visit that was recorded, instead of the site: no network (repeatable).",
)  # fmt: skip
@click.option(
    "--record", is_flag=True, help="Write into the records what to expect: half of what was found."
)
@visiting_options
@sources_option
def check_sources(
    only: tuple[str, ...],
    warc: tuple[Path, ...],
    contact: str | None,
    delay: float | None,
    folder: Path | None,
    *,
    live: bool,
    everything: bool,
    record: bool,
    loopback: bool,
) -> None:
    """Validate every record; say file, record and field of each mistake.

    With --live or --warc, compare what sources yield with what their records expect, and say
    what broke.

    \b
    Examples: tamis sources check --sources my-sources
              tamis sources check --live quai-ouvert --contact you@example.org
              tamis sources check --warc quai.warc.gz quai-ouvert
    """
    if live and warc:
        raise click.UsageError("--live or --warc: a visit is made or was recorded")
    if not live and not warc:
        if only or everything or record:
            raise click.UsageError("ID, --all and --record go with --live or --warc")
        _check_records(folder)
        return
    if everything == bool(only):
        raise click.UsageError("name the sources by ID, or say --all")
    from crawler import registry

    chosen = registry.select(registry.load(folder), only=only, enabled=True if everything else None)
    settings = visiting(contact, delay, loopback=loopback)
    _check_contracts(folder, chosen, warc, settings, record=record)


def _check_records(folder: Path | None) -> None:
    from crawler import clock, registry

    mistakes = registry.check(folder)
    for mistake in mistakes:
        click.echo(mistake, err=True)
    if mistakes:
        raise SystemExit(1)
    listed = registry.load(folder)
    click.echo(f"{len(listed)} records, no mistake")
    if terms := registry.to_read_again(listed, clock.now()):
        days = registry.TERMS_DAYS
        click.echo(
            f"Licences to be read again: {len(terms)}, not read within {days} days:"
            f" `tamis sources list --terms-older-than {days}`"
        )


def _check_contracts(
    folder: Path | None,
    chosen: Sequence[Source],
    warc: tuple[Path, ...],
    settings: dict[str, Any],
    *,
    record: bool,
) -> None:
    from crawler import clock, contracts, expectations, records, registry
    from crawler.progress import Progress
    from spiders import contract
    from spiders import probe as probing

    place = records.place(folder) if record else folder or registry.folder()
    asked = [source for source in chosen if warc or source.tdm != "reserved"]
    for source in chosen:
        if source not in asked:
            click.echo(f"{source.id}: not visited, since its terms reserve mining")
    if warc:
        visits = contract.recorded(asked, warc)
    else:
        with Progress(probing.REQUESTS) as progress:
            visits = contract.live(asked, settings=settings, progress=progress)
    broke = False
    found: dict[str, Any] = {}
    for source in asked:
        lines = contracts.compared(source, visits[source.id])
        expect = contracts.expectation(source, visits[source.id], clock.now()[:10])
        found |= {source.id: expect} if expect else {}
        proposed = expectations.text_of(expect) if expect else None
        click.echo("\n".join(contracts.told(source, lines, proposed)))
        broke = broke or not contracts.well(source, lines)
    if record and found:
        expectations.write(place, found)
        click.echo(f"written into {place}: what to expect of {', '.join(found)}")
    elif broke:
        raise SystemExit(1)


@sources.command("probe")
@click.argument("addresses", metavar="[URL]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Visit every channel of the registry.")
@click.option(
    "--again", type=click.FloatRange(0), default=7, show_default=True, metavar="DAYS",
    help="With --all: leave out what was probed within so many days.",
)  # fmt: skip
@click.option(
    "--write/--dry-run", default=False, help="With --all: set the grades in the records' files."
)
@click.option("--json", "as_json", is_flag=True, help="A JSON array, one report a site.")
@visiting_options
@sources_option
@db_option
def probe_sources(
    addresses: tuple[str, ...],
    again: float,
    contact: str | None,
    delay: float | None,
    folder: Path | None,
    db: Path,
    *,
    everything: bool,
    write: bool,
    as_json: bool,
    loopback: bool,
) -> None:
    """Find a site's feeds and the like, say what they are worth, and propose a record.

    With --all, visit every channel of the registry once and say which grades change. Killed, and
    run again, it goes on with the rest.

    \b
    Examples: tamis sources probe https://example.org --contact you@example.org
              tamis sources probe --all --write --contact you@example.org
    """
    if everything == bool(addresses):
        raise click.UsageError("give the URL of a site, or --all")
    if write and not everything:
        raise click.UsageError("--write goes with --all; to add one source, `tamis sources add`")
    settings = visiting(contact, delay, loopback=loopback)
    from crawler import clock, probes, records
    from crawler.progress import Progress
    from spiders import probe as probing

    if everything:
        _probe_all(folder, db, settings, again=again, write=write)
        return
    with Progress(probing.REQUESTS) as progress:
        reports = probing.probe(addresses, settings=settings, progress=progress)
    day = clock.now()[:10]
    if as_json:
        told = [
            {
                **probing.as_json(report),
                "record": records.proposal(report, day=day) if report.ok else None,
            }
            for report in reports
        ]
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        for report in reports:
            probes.show(report, sys.stdout)
            record = records.proposal(report, day=day) if report.ok else "no channel works"
            click.echo(f"\n{record}")
    if not all(report.ok for report in reports):
        raise SystemExit(1)


def _probe_all(
    folder: Path | None, db: Path, settings: dict[str, Any], *, again: float, write: bool
) -> None:
    from crawler import database, probes, records, registry
    from crawler.progress import Progress
    from spiders import probe as probing

    if write:
        records.place(folder)
    listed = registry.load(folder)
    with Progress("probed") as progress:
        left = probing.probe_all(listed, db, settings=settings, again=again, progress=progress)
    with closing(database.private(db)) as private:
        result = probes.result(private, [task.channel for task in probing.tasks(listed)])
    click.echo(result)
    if write and result.silent > probes.MOST_SILENT:
        raise click.ClickException(
            f"{result.silent:.0%} of the channels gave no answer at all, as if the network here"
            " were down: nothing is written. Look, and run it again with --again 0"
        )
    changes = records.regrade(folder or registry.folder(), result.grades, write=write)
    for change in changes:
        click.echo(f"{change.source}: {change.url}: {change.before} -> {change.after}")
    click.echo(f"{len(changes)} grades {'changed' if write else 'would change: say --write'}")
    if left:
        raise SystemExit(1)


@sources.command("add")
@click.argument("address", metavar="URL")
@click.option("--file", help="The file to add to, such as be.toml (default: the country's).")
@click.option("--id", "ident", help="The source's id (default: from its host).")
@visiting_options
@sources_option
def add_source(
    address: str,
    file: str | None,
    ident: str | None,
    contact: str | None,
    delay: float | None,
    folder: Path | None,
    *,
    loopback: bool,
) -> None:
    """Probe a site and write its record into a folder of records.

    Nothing is written if no channel works, or if the registry would find a mistake in it.

    \b
    Example: tamis sources add https://example.org --sources my-sources --contact you@example.org
    """
    from crawler import clock, probes, records
    from crawler.progress import Progress

    chosen = records.place(folder)
    records.refuse(address, chosen)
    from spiders import probe as probing

    settings = visiting(contact, delay, loopback=loopback)
    with Progress(probing.REQUESTS) as progress:
        report = probing.probe([address], settings=settings, progress=progress)[0]
    if not report.ok:
        probes.show(report, sys.stdout)
        raise click.ClickException(f"{address}: no channel works, so nothing was written")
    path, record = records.add_report(chosen, report, day=clock.now()[:10], file=file, ident=ident)
    click.echo(f"{record}\nwritten to {path}. Check by hand what is marked so, and its rights.")
