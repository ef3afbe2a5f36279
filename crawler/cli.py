"""The command `tamis`: its commands, and how it says what went wrong."""

from typing import Any

import click

from crawler import __version__
from crawler.commands import crawling, exporting, filters, publishing, sources
from crawler.errors import TamisError

COMMANDS = (
    crawling.crawl, crawling.enrich, crawling.import_,
    publishing.demo, publishing.publish, publishing.serve,
    exporting.export, exporting.freeze, exporting.verify,
    sources.sources,
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


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tamis")
def main() -> None:
    """Collect, sieve and publish news of the social sector, in many languages.

    \b
    Try it, offline:    tamis demo
    A real crawl:       tamis crawl --only alter-echos --contact you@example.org
                        tamis publish
                        tamis serve
    """


for command in COMMANDS:
    main.add_command(command)
