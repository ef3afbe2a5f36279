"""The command `tamis`: its commands, and how it says what went wrong."""

from pathlib import Path
from typing import Any

import click

from crawler import __version__
from crawler import config as configuration
from crawler.commands import (
    archives,
    crawling,
    daily,
    doctor,
    exporting,
    filters,
    forgetting,
    health,
    merging,
    publishing,
    schedule,
    sources,
)
from crawler.errors import TamisError

COMMANDS = (
    daily.config, daily.daily, daily.init, doctor.doctor, schedule.schedule,
    crawling.crawl, crawling.enrich, crawling.import_, crawling.load, archives.backfill,
    merging.merge,
    publishing.demo, publishing.publish, publishing.serve,
    exporting.export, exporting.freeze, exporting.verify,
    forgetting.forget, forgetting.prune,
    sources.sources, health.health,
    filters.annotate, filters.duplicates, filters.explain, filters.extract, filters.urls,
)  # fmt: skip


class Group(click.Group):
    """Turns our errors into one sentence and exit status 1, without a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except TamisError as error:
            raise click.ClickException(str(error)) from error
        except ValueError as error:
            from enrich.embedding import EmbeddingError
            from enrich.vocabulary import LexiconError

            if not isinstance(error, LexiconError | EmbeddingError):
                raise
            raise click.ClickException(str(error)) from error
        except OSError as error:
            # A file that cannot be read or written; a reader that went away is click's affair.
            if error.filename is None:
                raise
            raise click.ClickException(f"{error.filename}: {error.strerror}") from error


def _settings(ctx: click.Context, file: Path | None) -> None:
    """What tamis.toml says becomes the default of every option that has a key there."""
    ctx.obj = configuration.load(file)
    ctx.default_map = {}
    for command, parameter, value in configuration.options(ctx.obj):
        _preset(ctx.command, "", ctx.default_map, (command, parameter, value))


def _preset(
    command: click.Command, name: str, presets: dict[str, Any], told: tuple[str, str, Any]
) -> None:
    wanted, parameter, value = told
    if isinstance(command, click.Group):
        for each, child in command.commands.items():
            below = presets.setdefault(each, {})
            _preset(child, f"{name} {each}".strip(), below, told)
    elif wanted in {"", name} and any(each.name == parameter for each in command.params):
        presets[parameter] = value


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tamis")
@click.option(
    "--config", "file", type=click.Path(dir_okay=False, path_type=Path), envvar="TAMIS_CONFIG",
    show_envvar=True, help="How the job is done here (default: tamis.toml, if there is one).",
)  # fmt: skip
@click.pass_context
def main(ctx: click.Context, file: Path | None) -> None:
    """Collect, sieve and publish news of the social sector, in many languages.

    \b
    Try it, offline:    tamis demo
    A real crawl:       tamis crawl --only alter-echos --contact you@example.org
                        tamis publish
                        tamis serve
    Every day:          tamis init, then tamis daily
    """
    _settings(ctx, file)


for command in COMMANDS:
    main.add_command(command)
