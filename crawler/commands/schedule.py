"""The daily job on a machine: files for its scheduler."""

from pathlib import Path

import click

from crawler.config import Config
from crawler.schedulers import SCHEDULERS


@click.command()
@click.argument("scheduler", type=click.Choice([*SCHEDULERS]))
@click.option(
    "--out", "folder", type=click.Path(file_okay=False, path_type=Path),
    help="Write the files below this folder, instead of printing them.",
)  # fmt: skip
@click.pass_obj
def schedule(config: Config, scheduler: str, folder: Path | None) -> None:
    """Write the files by which systemd, cron, GitHub or a container runs `tamis daily`.

    They hold this installation's paths and the time of day of tamis.toml, and say at their head
    how to install them.

    \b
    Example: tamis schedule systemd --out .
    """
    from crawler import schedulers

    texts = schedulers.written(scheduler, schedulers.installation(config))
    if folder is not None:
        for path in schedulers.save(texts, folder):
            click.echo(f"{path}: it says how to install it")
        return
    for name, text in texts.items():
        click.echo(text if len(texts) == 1 else f"# ---- {name}\n{text}")
