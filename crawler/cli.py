"""The command `tamis`: parses, calls one function, prints. Heavy imports wait for their command."""

import json
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from crawler import __version__
from crawler.errors import TamisError
from crawler.exports.formats import FORMATS

Command = TypeVar("Command", bound=Callable[..., Any])


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


def _visiting(contact: str | None, delay: float | None, *, loopback: bool) -> dict[str, Any]:
    settings: dict[str, Any] = {"TAMIS_CONTACT": contact, "TAMIS_LOOPBACK": loopback}
    return settings if delay is None else {**settings, "DOWNLOAD_DELAY": delay}


def address_options(command: Command) -> Command:
    host = click.option(
        "--host", default="127.0.0.1", show_default=True, help="Address to serve on."
    )
    port = click.option(
        "--port", type=click.IntRange(0, 65535), show_default="8001, or a free one if it is taken",
        help="Port to serve on; 0 takes any free one.",
    )  # fmt: skip
    return host(port(command))


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


@main.command()
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


@main.command()
@click.option("--only", "names", multiple=True, metavar="ID", help="Only this source (repeatable).")
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
    names: tuple[str, ...],
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
    chosen = registry.select(records, enabled=None if names else True, only=names)
    settings = _visiting(contact, delay, loopback=loopback)
    settings["TAMIS_RELIEFWEB_APPNAME"] = reliefweb_appname
    from spiders.run import crawl as run_crawl

    summary = run_crawl(
        chosen, db, settings=settings, known=records, enrich=enrich, workers=workers
    )
    click.echo(summary)
    if not summary.well:
        raise SystemExit(1)


@main.command("import")
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


@main.command()
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


@main.command()
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

    if private and ctx.get_parameter_source("news") is ParameterSource.DEFAULT:
        news = Path("data/news.db")  # not where the site is served from
    with Progress(*PHASES) as progress:
        summary = build(
            db, news, level=PRIVATE if private else PUBLIC, base_url=base_url, force=force,
            rebuild=rebuild, keep=keep, progress=progress,
        )  # fmt: skip
    click.echo(summary)


@main.command()
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


@main.group()
def export() -> None:
    """Write what is published to files."""


def repeatable(name: str, to: str, metavar: str, help_: str) -> Callable[[Command], Command]:
    return click.option(name, to, multiple=True, metavar=metavar, help=f"{help_} (repeatable).")


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


def query_argument(command: Command) -> Command:
    """What comes after the ? in the address of a search, or the whole address."""
    return click.argument("query", metavar="[QUERY]", default="", callback=_query)(command)


def _query(_: click.Context, __: click.Parameter, typed: str) -> Any:
    """Refuses what the site passes over: a file of more than was meant is worse than none."""
    from urllib.parse import parse_qsl

    from crawler.query import PARAMETERS, parse, refused

    given = dict(parse_qsl(typed.rpartition("?")[2], keep_blank_values=True))
    if typed and not given:
        raise click.BadParameter(f"{typed!r} is no query: write it as q=loyer&language=fr")
    if unknown := sorted(given.keys() - set(PARAMETERS)):
        raise click.BadParameter(f"no parameter {unknown[0]!r}: there are {', '.join(PARAMETERS)}")
    if problems := refused(given):
        raise click.BadParameter(" ".join(problems))
    query, remarks = parse(given)
    for remark in remarks:
        click.echo(remark, err=True)
    return query


@export.command("articles")
@query_argument
@click.option(
    "--format", "format_", metavar="csv|jsonl|ris|xlsx",
    help="What to write (default: what --out ends in, or csv).",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path),
    help="File to write, replaced in one step (default: standard output).",
)  # fmt: skip
@news_option
def export_articles(query: Any, format_: str | None, out: Path | None, news: Path) -> None:
    """Write all articles of a search, the newest first: the file that the site gives.

    QUERY is what comes after the ? in the address of a search, or the whole address; without one,
    all articles are written, reprints left out.

    \b
    Example: tamis export articles 'q=logement&language=fr' --out logement.xlsx
    """
    from crawler.exports import articles
    from crawler.exports.feeds import BASE_URL
    from crawler.exports.inquiry import today
    from crawler.progress import Progress

    chosen = format_ or (out.suffix[1:] if out else "csv")
    if chosen not in articles.FORMATS:
        raise click.UsageError(f"no format {chosen!r}: --format {'|'.join(articles.FORMATS)}")
    with Progress("articles") as progress:
        inquiry = articles.export_articles(
            news, query, out or sys.stdout.buffer, chosen,
            base_url=BASE_URL, day=today(), progress=progress,
        )  # fmt: skip
    if out:
        click.echo(f"{out}: {inquiry.count:,} articles")


@main.command()
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


@main.command()
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


@main.group()
def sources() -> None:
    """Look at the records of spiders/sources, find what a site offers, and add it."""


@sources.command("list")
@click.option("--country", help="ISO 3166-1 code, or int.")
@click.option("--language", help="BCP 47 code.")
@click.option("--category", help="As in the records.")
@click.option("--enabled/--disabled", default=None, help="Only those crawled, or only the others.")
@click.option("--json", "as_json", is_flag=True, help="Whole records, as a JSON array.")
@sources_option
def list_sources(
    country: str | None,
    language: str | None,
    category: str | None,
    folder: Path | None,
    *,
    enabled: bool | None,
    as_json: bool,
) -> None:
    """List sources, those of a country, a language or a category.

    \b
    Example: tamis sources list --country BE --language fr
    """
    from crawler import registry

    found = registry.select(
        registry.load(folder),
        country=country,
        language=language,
        category=category,
        enabled=enabled,
    )
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
@sources_option
def check_sources(folder: Path | None) -> None:
    """Validate every record; say file, record and field of each mistake.

    \b
    Example: tamis sources check --sources my-sources
    """
    from crawler import registry

    mistakes = registry.check(folder)
    for mistake in mistakes:
        click.echo(mistake, err=True)
    if mistakes:
        raise SystemExit(1)
    click.echo(f"{len(registry.load(folder))} records, no mistake")


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
    settings = _visiting(contact, delay, loopback=loopback)
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

    settings = _visiting(contact, delay, loopback=loopback)
    with Progress(probing.REQUESTS) as progress:
        report = probing.probe([address], settings=settings, progress=progress)[0]
    if not report.ok:
        probes.show(report, sys.stdout)
        raise click.ClickException(f"{address}: no channel works, so nothing was written")
    path, record = records.add_report(chosen, report, day=clock.now()[:10], file=file, ident=ident)
    click.echo(f"{record}\nwritten to {path}. Check by hand what is marked so, and its rights.")


def jsonl_option(command: Command) -> Command:
    return click.option(
        "--jsonl", is_flag=True, help="Read JSON lines on standard input, write JSON lines."
    )(command)


def _answers(lines: Iterable[bytes]) -> None:
    for line in lines:
        click.echo(line, nl=False)


@main.command()
@click.argument(
    "page", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@click.option("--url", default="http://page.invalid/", help="The address PAGE comes from.")
@click.option(
    "--explain", "why", is_flag=True,
    help="Show what was kept and removed by which rule, and every candidate that did not win.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="With --explain: as one JSON object.")
@jsonl_option
@click.option(
    "--by-site", is_flag=True,
    help="With --jsonl: read all lines before answering, and leave out what their sites repeat.",
)  # fmt: skip
@workers_option
def extract(
    page: Path | None,
    url: str,
    workers: int | None,
    *,
    why: bool,
    as_json: bool,
    jsonl: bool,
    by_site: bool,
) -> None:
    """Print the article on a saved page; or answer JSON lines with id, url and path or html.

    \b
    Examples: tamis extract page.html --url https://example.org/a
              tamis extract --explain page.html --url https://example.org/a
              tamis extract --jsonl --by-site < pages.jsonl > articles.jsonl
    """
    from crawler import filters
    from crawler import workers as processes

    if by_site and not jsonl:
        raise click.UsageError("--by-site learns from the lines of --jsonl: say that too")
    if jsonl == (page is not None):
        raise click.UsageError("give a PAGE, or --jsonl and lines on standard input")
    if why and jsonl:
        raise click.UsageError("--explain tells of one PAGE, not of the lines of --jsonl")
    if as_json and not why:
        raise click.UsageError("--json goes with --explain; for articles as JSON, say --jsonl")
    if page is None:
        answers = (
            filters.by_site(sys.stdin.buffer, workers or processes.cores())
            if by_site
            else filters.each(sys.stdin.buffer, filters.extract_line, workers or processes.cores())
        )
        _answers(answers)
        return
    if why:
        from crawler import explain as explaining

        _explained(explaining.of_page(page.read_bytes(), url), as_json=as_json)
        return
    found = filters.extract_line({"id": "", "url": url, "path": str(page)})
    for name in ("title", "published", "authors", "language", "kind"):
        value = found[name]
        click.echo(
            f"{name + ':':<11}{', '.join(value) if isinstance(value, tuple) else value or ''}"
        )
    click.echo(f"\n{found['text']}")


@main.command()
@click.argument("address", metavar="URL")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@db_option
def explain(address: str, db: Path, *, as_json: bool) -> None:
    """Say why the page at URL became what it is: its lines, its choices, and who named it.

    Changes nothing, so it can be asked while a crawl is running.

    \b
    Example: tamis explain https://example.org/a
    """
    from crawler import explain as explaining

    with explaining.opened(db) as private:
        report = explaining.of_article(private, address)
    _explained(report, as_json=as_json)


def _explained(report: dict[str, Any], *, as_json: bool) -> None:
    from crawler import explain as explaining

    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        explaining.show(report, sys.stdout)


@main.command()
@jsonl_option
@workers_option
@embed_option
@click.option("--keywords", is_flag=True, help="Also up to eight key phrases of each text.")
def annotate(workers: int | None, *, jsonl: bool, keywords: bool) -> None:
    """Say language, themes, countries, organisations of texts: JSON lines with id and text.

    Belgium's regions too. A line's country, if it has one, is that of its source: the answer's
    where the text names none, with country_from "source" instead of "text".

    \b
    Example: tamis annotate --jsonl < texts.jsonl
    """
    from crawler import filters
    from crawler import workers as processes

    _only_jsonl(jsonl=jsonl)
    answer = filters.keyed_line if keywords else filters.annotate_line
    _answers(filters.each(sys.stdin.buffer, answer, workers or processes.cores()))


@main.command()
@jsonl_option
def urls(*, jsonl: bool) -> None:
    """Give the identity and the clean form of URLs: JSON lines with id and url.

    \b
    Example: tamis urls --jsonl < urls.jsonl
    """
    from crawler import filters

    _only_jsonl(jsonl=jsonl)
    _answers(filters.each(sys.stdin.buffer, filters.urls_line))


@main.command()
@jsonl_option
def duplicates(*, jsonl: bool) -> None:
    """Say which texts are the same: JSON lines with id, text and maybe title and published.

    A line may also have url and origin_url, by which the original is known. Answers have the id of
    the original (cluster), what the text is to it (relation), how much of the shorter stands in the
    longer (containment) and why that one is the original (reason). Issues of a series are related
    (series_of), but not the same.

    \b
    Example: tamis duplicates --jsonl < texts.jsonl
    """
    from crawler import filters

    _only_jsonl(jsonl=jsonl)
    _answers(filters.duplicates(sys.stdin.buffer))


def _only_jsonl(*, jsonl: bool) -> None:
    if not jsonl:
        raise click.UsageError("this filter reads JSON lines: say --jsonl")
