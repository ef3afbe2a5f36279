"""Archives read away from the database: backfill."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TextIO

import click

from crawler.commands.options import repeatable, sources_option, workers_option


@click.command()
@click.argument(
    "archives",
    nargs=-1,
    required=True,
    metavar="WARC...",
    type=click.Path(dir_okay=False, path_type=Path),
)
@click.option(
    "--out", required=True, type=click.Path(file_okay=False, path_type=Path),
    help="A folder for the results; what is there already is not read again.",
)  # fmt: skip
@click.option(
    "--scheduler", metavar="ADDRESS",
    help="Of a Dask cluster that reads (pip install 'tamis[cluster]'); without, this machine does.",
)  # fmt: skip
@repeatable("--language", "languages", "CODE", "Only articles in this language")
@repeatable("--theme", "themes", "SLUG", "Only articles on this theme")
@click.option(
    "--host-list", "hosts", type=click.File(encoding="utf-8"),
    help="A file with a host a line: only pages of these, and of hosts below them.",
)  # fmt: skip
@sources_option
@workers_option
def backfill(
    archives: tuple[Path, ...],
    out: Path,
    scheduler: str | None,
    languages: tuple[str, ...],
    themes: tuple[str, ...],
    hosts: TextIO | None,
    folder: Path | None,
    workers: int | None,
) -> None:
    """Read the pages of WARC files into files of results, here or on a cluster.

    Fetches nothing and needs no database: `tamis load` takes the results into one, and others can
    query them. Files are read in parts, side by side. A part that is done is not done again, so a
    run that was stopped is run again. With a filter, only articles are kept.

    \b
    Example: tamis backfill CC-NEWS-*.warc.gz --out results --language fr --theme poverty
    """
    from crawler import backfill as backfilling
    from crawler import picking, registry
    from crawler import workers as workers_
    from crawler.parts import Job
    from crawler.progress import Progress
    from enrich.annotate import version

    if scheduler and workers:
        raise click.UsageError("--workers is for this machine; a scheduler has its own.")
    job = Job(
        out=out.absolute(),
        asked=picking.asked(languages, themes, hosts.read() if hosts else ""),
        sources=tuple(registry.load(folder)),
        enricher=version(),
    )
    parts, errors = backfilling.plan(archives)
    backfilling.prepare(job)
    readers: AbstractContextManager[backfilling.Workers]
    if scheduler:
        from crawler.cluster import cluster

        readers = cluster(job, scheduler)
    else:
        readers = backfilling.pool(job, workers)
    with (
        readers as reading,
        Progress("bytes", steady=True) as progress,
        workers_.asked_to_stop() as asked,
    ):
        summary = backfilling.run(
            job, parts, reading, errors=errors, progress=progress, stop=asked.is_set
        )
    for error in summary.errors:
        click.echo(error, err=True)
    click.echo(summary)
    if not summary.well:
        raise SystemExit(1)
