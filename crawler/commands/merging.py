"""Joining what several machines have collected: merge."""

from pathlib import Path

import click


@click.command()
@click.argument(
    "files", nargs=-1, required=True, metavar="FILE...",
    type=click.Path(dir_okay=False, path_type=Path),
)  # fmt: skip
@click.option(
    "--into", required=True, type=click.Path(dir_okay=False, path_type=Path),
    help="The private database that takes them in; made if it is not there.",
)  # fmt: skip
def merge(files: tuple[Path, ...], into: Path) -> None:
    """Join private databases, of shards say, into one. Merging again adds what is new.

    Articles that are there keep their numbers. In any order, and at once or one by one, the result
    is the same; killed, nothing of it is done. FILEs are only read.

    \b
    Example: tamis merge shard-1.db shard-2.db --into data/tamis.db
    """
    from crawler.merging import merge as run_merge
    from crawler.progress import Progress

    with Progress("merged") as progress:
        merged = run_merge(files, into, progress=progress)
    click.echo(merged)
