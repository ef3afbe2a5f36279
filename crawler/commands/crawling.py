"""Collecting: crawl, import, load, enrich."""

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from crawler.commands.options import (
    db_option,
    embed_option,
    selecting_options,
    sources_option,
    visiting,
    visiting_options,
    workers_option,
)
from crawler.errors import ConfigError


def _shard(_: click.Context, __: click.Parameter, typed: str | None) -> Any:
    from crawler.shards import Shard

    if typed is None:
        return None
    try:
        return Shard.parse(typed)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from error


@click.command()
@selecting_options
@click.option(
    "--shard", metavar="I/N", callback=_shard,
    help="Only the I-th part of N of these sources, divided by their hosts: one a machine.",
)  # fmt: skip
@visiting_options
@click.option(
    "--reliefweb-appname",
    envvar="TAMIS_RELIEFWEB_APPNAME",
    show_envvar=True,
    help="Approved at apidoc.reliefweb.int; needed for sources of its API.",
)
@click.option(
    "--enrich/--no-enrich", default=True, help="Read pages beside the crawl, or only fetch them."
)
@sources_option
@db_option
@workers_option
@embed_option
def crawl(
    only: tuple[str, ...],
    languages: tuple[str, ...],
    countries: tuple[str, ...],
    categories: tuple[str, ...],
    shard: Any,
    contact: str | None,
    delay: float | None,
    reliefweb_appname: str | None,
    folder: Path | None,
    db: Path,
    workers: int | None,
    *,
    loopback: bool,
    enrich: bool,
) -> None:
    """Fetch what is due from every enabled source, and read it beside the crawl.

    Stop it whenever you like (Ctrl-C, or worse): the next crawl goes on where this one was.

    \b
    Example: tamis crawl --only alter-echos --contact you@example.org
    """
    from crawler import registry

    records = registry.load(folder)
    chosen = registry.select(
        records, enabled=None if only else True, only=only, languages=languages,
        countries=countries, categories=categories,
    )  # fmt: skip
    settings = visiting(contact, delay, loopback=loopback)
    settings["TAMIS_RELIEFWEB_APPNAME"] = reliefweb_appname
    from spiders.run import crawl as run_crawl

    summary = run_crawl(
        chosen, db, settings=settings, known=records, shard=shard, enrich=enrich, workers=workers
    )
    click.echo(summary)
    if not summary.well:
        raise SystemExit(1)


@click.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(dir_okay=False, path_type=Path),
)
@click.option("--only-known", is_flag=True, help="Leave out pages of no source of the registry.")
@click.option("--enrich/--no-enrich", default=True, help="Read the pages, or only archive them.")
@sources_option
@db_option
@workers_option
def import_(
    files: tuple[Path, ...],
    folder: Path | None,
    db: Path,
    workers: int | None,
    *,
    only_known: bool,
    enrich: bool,
) -> None:
    """Take in the pages of WARC files: exports of Tamis, CC-NEWS, a browser's archive.

    Fetches nothing. What a file of `tamis export warc` says of its pages is kept; pages of others
    belong to the source on whose site they are, or to a source called `imported`. A page that is
    there already changes nothing, so an import that was stopped is run again.

    \b
    Example: tamis import CC-NEWS-20261012071500-00001.warc.gz --only-known
    """
    from crawler import database, enrichment, registry, store, warc
    from crawler import workers as workers_
    from crawler.frontier import Frontier
    from crawler.progress import Progress

    records = registry.load(folder)
    with (
        database.told(db),
        database.alone(db),
        closing(database.private(db)) as private,
        Progress("bytes", *(["read"] if enrich else [])) as progress,
        workers_.asked_to_stop() as asked,
    ):
        summary = warc.load(
            Frontier(private), files, records,
            only_known=only_known, progress=progress, stop=asked.is_set,
        )  # fmt: skip
        if enrich:
            progress.expect("read", store.count_unread(private))
            enrichment.run(private, processes=workers, progress=progress, stop=asked.is_set)
            store.settle(private)
        stopped = asked.is_set()
    for error in summary.errors:
        click.echo(error, err=True)
    click.echo(summary)
    if stopped or not summary.well:
        raise SystemExit(1)


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="DIR...", type=click.Path(path_type=Path))
@click.option("--only-known", is_flag=True, help="Leave out pages of no source of the registry.")
@sources_option
@db_option
@workers_option
def load(
    paths: tuple[Path, ...],
    folder: Path | None,
    db: Path,
    workers: int | None,
    *,
    only_known: bool,
) -> None:
    """Take in what a backfill has read of archives: its folders, or some of their files.

    Gives what importing these archives would, without reading the pages again; but for those of
    which more is known here (another channel names them, their source has another record), which
    are. What is there already changes nothing, so a load that was stopped is run again.

    \b
    Example: tamis load results
    """
    from crawler import database, enrichment, loading, registry, store
    from crawler import workers as workers_
    from crawler.frontier import Frontier
    from crawler.progress import Progress

    records = registry.load(folder)
    files = loading.find(paths)
    with (
        database.told(db),
        database.alone(db),
        closing(database.private(db)) as private,
        Progress("files", "read") as progress,
        workers_.asked_to_stop() as asked,
    ):
        loaded = loading.load(
            Frontier(private), files.whole, records,
            only_known=only_known, progress=progress, stop=asked.is_set,
        )  # fmt: skip
        progress.expect("read", store.count_unread(private))
        here = enrichment.run(private, processes=workers, progress=progress, stop=asked.is_set)
        store.settle(private)
        stopped = asked.is_set()
    for error in loaded.records.errors:
        click.echo(error, err=True)
    if files.unfinished:
        click.echo(
            f"{files.unfinished:,} files of a backfill that is at work, or was ended, left out:"
            " load the folder again when it is done",
            err=True,
        )
    click.echo(loaded.records)
    click.echo(f"Read: {loaded.readings:,} by the backfill, {here:,} here")
    if stopped or not loaded.records.well:
        raise SystemExit(1)


@click.command()
@db_option
@workers_option
@embed_option
def enrich(db: Path, workers: int | None) -> None:
    """Read again every archived page that an older version has read. Fetches nothing.

    \b
    Example: tamis enrich
    """
    from crawler import database, enrichment, store
    from crawler import workers as workers_
    from crawler.progress import Progress
    from enrich.annotate import version

    with (
        database.told(db),
        database.alone(db),
        closing(database.private(db, create=False)) as private,
        Progress("read") as progress,
        workers_.asked_to_stop() as asked,
    ):
        store.mark_stale(private, version())
        progress.expect("read", store.count_unread(private))
        done = enrichment.run(private, processes=workers, progress=progress, stop=asked.is_set)
        store.settle(private)
        left = store.count_unread(private)
    click.echo(f"{done:,} pages read" + (f", {left:,} left for the next time" if left else ""))
    if left:
        raise SystemExit(1)
