"""Options that several commands share, declared once."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from crawler.errors import ConfigError

Command = TypeVar("Command", bound=Callable[..., Any])


def db_option(command: Command) -> Command:
    return click.option(
        "--db", type=click.Path(dir_okay=False, path_type=Path), default=Path("data/tamis.db"),
        envvar="TAMIS_DB", show_default=True, show_envvar=True, help="The private database.",
    )(command)  # fmt: skip


def news_option(command: Command) -> Command:
    return click.option(
        "--news", type=click.Path(dir_okay=False, path_type=Path),
        default=Path("datasette/news.db"), envvar="TAMIS_NEWS", show_default=True,
        show_envvar=True, help="The published database.",
    )(command)  # fmt: skip


def sources_option(command: Command) -> Command:
    return click.option(
        "--sources", "folder", type=click.Path(file_okay=False, path_type=Path),
        help="A folder of source records to use instead of the packaged ones.",
    )(command)  # fmt: skip


def workers_option(command: Command) -> Command:
    return click.option(
        "--workers", type=click.IntRange(1), help="Processes that read pages (default: one a core)."
    )(command)


def embed_option(command: Command) -> Command:
    return click.option(
        "--embed", is_flag=True, envvar="TAMIS_EMBED", show_envvar=True, expose_value=False,
        callback=_embed, help="Ask sentence embeddings too what a text is about: surer, ten times"
        " the time, and themes in eight more languages (pip install 'tamis[embed]').",
    )(command)  # fmt: skip


def _embed(_: click.Context, __: click.Parameter, wanted: bool) -> None:  # noqa: FBT001 (click's)
    """Processes that read pages inherit it."""
    from enrich import embedding

    if wanted:
        os.environ[embedding.SWITCH] = "1"
        try:
            embedding.version()
        except embedding.EmbeddingError as error:
            raise click.UsageError(str(error)) from error


def visiting_options(command: Command) -> Command:
    """How sites are visited, for whoever visits any."""
    contact = click.option(
        "--contact", envvar="TAMIS_CONTACT", show_envvar=True,
        help="How a webmaster reaches you; sent with every request.",
    )  # fmt: skip
    delay = click.option(
        "--delay", type=click.FloatRange(0),
        help="Seconds between two requests to a host, at least; slow ones and those whose "
        "robots.txt asks for it get more (default: 1).",
    )  # fmt: skip
    loopback = click.option(
        "--loopback", is_flag=True, help="Allow sites on this machine, for a test web."
    )
    return contact(delay(loopback(command)))


def visiting(contact: str | None, delay: float | None, *, loopback: bool) -> dict[str, Any]:
    settings: dict[str, Any] = {"TAMIS_CONTACT": contact, "TAMIS_LOOPBACK": loopback}
    return settings if delay is None else {**settings, "DOWNLOAD_DELAY": delay}


def selecting_options(command: Command) -> Command:
    """Which of the records are visited."""
    only = repeatable("--only", "only", "ID", "Only this source, enabled or not")
    language = repeatable("--language", "languages", "CODE", "Only sources that write in it")
    country = repeatable("--country", "countries", "CODE", "Only sources of it")
    category = repeatable("--category", "categories", "NAME", "Only sources of it")
    return only(language(country(category(command))))


def address_options(command: Command) -> Command:
    host = click.option(
        "--host", default="127.0.0.1", show_default=True, help="Address to serve on."
    )
    port = click.option(
        "--port", type=click.IntRange(0, 65535), show_default="8001, or a free one if it is taken",
        help="Port to serve on; 0 takes any free one.",
    )  # fmt: skip
    return host(port(command))


def repeatable(name: str, to: str, metavar: str, help_: str) -> Callable[[Command], Command]:
    return click.option(name, to, multiple=True, metavar=metavar, help=f"{help_} (repeatable).")


def query_argument(command: Command) -> Command:
    """What comes after the ? in the address of a search, or the whole address."""
    return click.argument("query", metavar="[QUERY]", default="", callback=_query)(command)


def _query(_: click.Context, __: click.Parameter, typed: str) -> Any:
    from crawler.query import written

    try:
        query, remarks = written(typed)
    except ConfigError as error:
        raise click.BadParameter(str(error)) from error
    for remark in remarks:
        click.echo(remark, err=True)
    return query


def jsonl_option(command: Command) -> Command:
    return click.option(
        "--jsonl", is_flag=True, help="Read JSON lines on standard input, write JSON lines."
    )(command)
