"""From the private database to readers: publish, serve; and the whole job as a demo."""

from pathlib import Path

import click
from click.core import ParameterSource

from crawler.commands.options import address_options, db_option, news_option, workers_option
from crawler.config import RIGHTS

# Sources of a value that nobody gave for this run.
UNSAID = (ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)


@click.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path("data/demo"),
    show_default=True, help="Folder for the demo's two databases, made anew each time.",
)  # fmt: skip
@click.option("--serve/--no-serve", default=True, help="Serve the result until Ctrl-C.")
@address_options
@workers_option
def demo(out: Path, *, serve: bool, host: str, port: int | None, workers: int | None) -> None:
    """Run the whole job on bundled sites, offline, and serve the result.

    \b
    Example: tamis demo --no-serve
    """
    from crawler.demo import run

    run.demo(out, say=click.echo, serve_it=serve, host=host, port=port, workers=workers)


@click.command()
@db_option
@news_option
@click.option(
    "--base-url",
    envvar="TAMIS_BASE_URL",
    show_envvar=True,
    help="Where the site will be found: its feeds repeat it, and their ids are made from it"
    " (default: as published last).",
)
@click.option(
    "--force",
    is_flag=True,
    help="Replace the published database even by one with far fewer articles.",
)
@click.option(
    "--private",
    is_flag=True,
    help="Show every text whole, for yourself alone: to data/news.db, unless --news says where.",
)
@click.option(
    "--rights", type=click.Choice([*RIGHTS]), default="licensed", show_default=True,
    help="How much of a text is shown at most, whatever its licence lets.",
)  # fmt: skip
@click.option("--rebuild", is_flag=True, help="Build all anew, not only what has changed.")
@click.option(
    "--keep", type=click.IntRange(0), default=0, metavar="N",
    help="Keep so many dated snapshots in a folder beside it (default: none).",
)  # fmt: skip
@click.pass_context
def publish(
    ctx: click.Context,
    db: Path,
    news: Path,
    base_url: str | None,
    keep: int,
    rights: str,
    *,
    private: bool,
    rebuild: bool,
    force: bool,
) -> None:
    """Build the published database from the private one, check it and swap it in.

    \b
    Example: tamis publish --keep 7 && tamis serve
    """
    from crawler.progress import Progress
    from crawler.publish import PHASES, PUBLIC
    from crawler.publish import publish as build
    from crawler.published import PRIVATE

    if private and ctx.get_parameter_source("news") in UNSAID:
        news = Path("data/news.db")  # not where the site is served from
    with Progress(*PHASES) as progress:
        summary = build(
            db, news, level=PRIVATE if private else PUBLIC, base_url=base_url, force=force,
            rights=rights, rebuild=rebuild, keep=keep, progress=progress,
        )  # fmt: skip
    click.echo(summary)


@click.command()
@news_option
@address_options
@click.option(
    "--yes-private", is_flag=True, help="Serve even a private snapshot to others than yourself."
)
def serve(news: Path, host: str, port: int | None, *, yes_private: bool) -> None:
    """Serve the published database with Datasette.

    \b
    Example: tamis serve --port 8080
    """
    from crawler.serving import serve as run_server

    run_server(news, host, port, private=yes_private)
