"""Files of what is published: export, freeze, verify."""

import json
import sys
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from crawler.commands.options import db_option, news_option, query_argument, repeatable
from crawler.errors import ConfigError
from crawler.exports.formats import FORMATS


@click.group()
def export() -> None:
    """Write what is published to files."""


@export.command()
@news_option
@repeatable("--language", "languages", "CODE", "The feeds of this language and of its themes")
@repeatable("--theme", "themes", "SLUG", "The feed of this theme, in those languages or in each")
@repeatable("--country", "countries", "CODE", "The feed of this country")
@repeatable("--source", "sources", "ID", "The feed of this source")
@repeatable("--search", "searches", "QUERY", "The feed of this search, as in its address")
@click.option(
    "--format",
    "formats",
    multiple=True,
    type=click.Choice(sorted(FORMATS)),
    help="Only this format (repeatable; default: all).",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("data/feeds"),
    show_default=True,
    help="Folder to write to.",
)
@click.option("--reprints", is_flag=True, help="With reprints and excerpts, not only originals.")
@click.option("--stories", is_flag=True, help="Of articles that tell one story only the first.")
@click.option(
    "--archives/--no-archives", default=True, show_default=True,
    help="With the older articles too, month by month.",
)  # fmt: skip
def feeds(news: Path, out: Path, **selected: Any) -> None:
    """Write the feeds that the site serves, byte for byte, to files.

    All of them, unless some are named. A file is replaced only if what it says has changed.

    \b
    Example: tamis export feeds --language fr --search "q=loyer&country=BE" --out public/feeds
    """
    from crawler.exports.files import Selection, export_feeds
    from crawler.progress import Progress

    with Progress("feeds") as progress:
        done = export_feeds(news, out, Selection(**selected), progress=progress)
    for path in done.written:
        click.echo(path)
    for path in done.gone:
        click.echo(f"{path}: no such feed any more; left as it is", err=True)


@export.command("articles")
@query_argument
@click.option(
    "--format", "format_", metavar="csv|iramuteq|jsonl|parquet|ris|txm|xlsx",
    help="What to write (default: what --out ends in, or csv).",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path),
    help="File to write (default: standard output); without an ending a folder, with .zip the same"
    " in one file. Replaced in one step, if what it says has changed.",
)  # fmt: skip
@news_option
def export_articles(query: Any, format_: str | None, out: Path | None, news: Path) -> None:
    """Write all articles of a search, the newest first: the file that the site gives.

    QUERY is what comes after the ? in the address of a search, or the whole address; without one,
    all articles are written, reprints left out. A folder or zip is a data package: beside the
    articles, datapackage.json says what they are, whose, and how they were found.

    \b
    Example: tamis export articles 'q=logement&language=fr' --out logement.xlsx
             tamis export articles 'theme=housing' --format parquet --out housing
    """
    from crawler.exports import articles
    from crawler.exports.feeds import BASE_URL
    from crawler.exports.inquiry import today
    from crawler.progress import Progress

    try:
        chosen = articles.format_of(out, format_)
    except ConfigError as error:
        raise click.UsageError(f"{error} (--format)") from error
    with Progress("articles") as progress:
        written = articles.export_articles(
            news, query, out or sys.stdout.buffer, chosen,
            base_url=BASE_URL, day=today(), progress=progress,
        )  # fmt: skip
    if out:
        texts = (
            "" if articles.FORMATS[chosen].write else f", {written.tally.texts:,} with their text"
        )
        click.echo(f"{out}: {written.inquiry.count:,} articles{texts}")


@click.command()
@query_argument
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), required=True,
    help="File to write, JSON lines; compressed if it ends in .gz.",
)  # fmt: skip
@news_option
def freeze(query: Any, out: Path, news: Path) -> None:
    """Write down what a search finds today, as a corpus that can be cited.

    OUT has a manifest (query, snapshot, day, versions, and an id made from all that is in the file)
    and number, address and content hash of every article, never their texts.

    \b
    Example: tamis freeze 'theme=housing&language=fr&before=2026-10-31' --out corpus.jsonl
    """
    from crawler.exports import corpus
    from crawler.exports.feeds import BASE_URL
    from crawler.exports.inquiry import today
    from crawler.progress import Progress

    with Progress("articles") as progress:
        manifest = corpus.freeze(
            news, query, out, base_url=BASE_URL, day=today(), progress=progress
        )
    click.echo(f"{out}: {manifest['articles']:,} articles, id {manifest['id']}")


@click.command()
@click.argument("corpus", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@news_option
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
def verify(corpus: Path, news: Path, *, as_json: bool) -> None:
    """Say what has become of the articles of a frozen corpus.

    Exit status: 0 if all are as they were, 1 if some are not. What its query finds since then is
    told, and changes nothing.

    \b
    Example: tamis verify corpus.jsonl
    """
    from crawler.exports import corpus as corpora
    from crawler.progress import Progress

    with Progress("articles") as progress:
        verdict = corpora.verify(corpus, news, progress)
    if as_json:
        click.echo(json.dumps(corpora.told(verdict), ensure_ascii=False, indent=2))
    else:
        for line in corpora.shown(verdict):
            click.echo(line)
    if not verdict.same:
        raise SystemExit(1)


@export.command("warc")
@click.argument("out", metavar="OUT", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--source", "names", multiple=True, metavar="ID", help="Only pages of this source (repeatable)."
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="Only pages fetched on this day (UTC) or later.",
)
@click.option(
    "--language",
    "languages",
    multiple=True,
    metavar="CODE",
    help="Only pages whose article is in this language (repeatable).",
)
@click.option("--url", "urls", multiple=True, help="Only the page at this address (repeatable).")
@click.option("--force", is_flag=True, help="Replace OUT if it exists.")
@db_option
def export_warc(
    out: Path,
    names: tuple[str, ...],
    since: datetime | None,
    languages: tuple[str, ...],
    urls: tuple[str, ...],
    db: Path,
    *,
    force: bool,
) -> None:
    """Write archived pages to a WARC file, for other tools or for `tamis import` elsewhere.

    For the operator, not for publishing: OUT holds whole pages, of sources that reserve their
    rights too. Its name ends in .warc.gz.

    \b
    Example: tamis export warc data/alter-echos.warc.gz --source alter-echos --since 2026-01-01
    """
    from crawler import database, warc
    from crawler.progress import Progress

    selection = warc.Selection(
        sources=names, languages=languages, urls=urls,
        since=since.date().isoformat() if since else None,
    )  # fmt: skip
    with (
        closing(database.private(db, create=False)) as private,
        Progress("exported") as progress,
    ):
        count = warc.export(private, out, selection, force=force, progress=progress)
    click.echo(f"{out}: {count:,} pages")
