"""What is not kept: take-downs, and what is too old."""

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import click

from crawler.commands.options import db_option, news_option
from crawler.config import Config


def _code(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    """Letters, digits and a few signs: a sentence would hold what is to be forgotten."""
    import re

    if value is not None and not re.fullmatch(r"[\w./#-]{1,60}", value, re.ASCII):
        raise click.BadParameter(f"{value!r} is no code: write it without spaces, as in gdpr-17")
    return value


@click.command()
@click.argument("url", required=False)
@click.option("--host", metavar="HOST", help="All that is on this host and those below it.")
@click.option("--author", metavar="NAME", help="All that is signed by this name.")
@click.option("--with-copies", is_flag=True, help="Erase the text at other addresses as well.")
@click.option(
    "--reason", metavar="CODE", default="request", show_default=True, callback=_code,
    help="Why, as a code (gdpr-17, licence): it is kept, so no names.",
)  # fmt: skip
@click.option(
    "--ref", metavar="CODE", callback=_code,
    help="Your own number of the request; it is kept.",
)  # fmt: skip
@click.option(
    "--exports", "exports", multiple=True, metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="A file or a folder of exports, besides those of tamis.toml: what holds it is deleted"
    " (repeatable).",
)  # fmt: skip
@click.option(
    "--records", metavar="FOLDER", type=click.Path(file_okay=False, path_type=Path),
    help="Where to write what was done (default: `forgotten`, beside the private database).",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only say what would be erased.")
@click.option("--yes", is_flag=True, help="Do not ask before erasing.")
@click.option("--list", "listed", is_flag=True, help="List the tombstones.")
@click.option("--lift", metavar="ID", type=int, help="Remove a tombstone that was a mistake.")
@db_option
@news_option
@click.pass_obj
def forget(
    config: Config,
    url: str | None,
    host: str | None,
    author: str | None,
    reason: str,
    ref: str | None,
    exports: tuple[Path, ...],
    records: Path | None,
    lift: int | None,
    db: Path,
    news: Path,
    *,
    with_copies: bool,
    dry_run: bool,
    yes: bool,
    listed: bool,
) -> None:
    """Erase the article at URL, a host or an author, everywhere, and never collect it again.

    \b
    Example: tamis forget https://example.org/article --reason gdpr-17 --exports public/feeds
    """
    from crawler import forget as take_down
    from crawler.takedowns import Wanted

    if listed or lift is not None:
        _tombstones(db, lift)
        return
    named = {"url": url, "host": host, "author": author}
    given = [(kind, name) for kind, name in named.items() if name]
    if len(given) != 1:
        raise click.UsageError("name one thing to forget: a URL, a --host or an --author")
    wanted = Wanted(kind=given[0][0], name=given[0][1], reason=reason, ref=ref)
    planned = _planned(db, wanted)
    for line in _foreseen(planned, with_copies=with_copies):
        click.echo(line)
    if dry_run:
        return
    if not yes:
        click.confirm("Erase it for good?", abort=True)
    places = take_down.Places(
        private=db, published=_published(db, news), exports=(*exports, *_exported(config)),
        records=records or db.parent / "forgotten",
    )  # fmt: skip
    done = take_down.forget(places, wanted, with_copies=with_copies)
    click.echo(done)
    if not done.well:
        raise SystemExit(1)


@click.command()
@click.option(
    "--raw-pages", type=click.IntRange(0), default=0, metavar="DAYS",
    help="Keep pages as they came so long (default: for ever).",
)  # fmt: skip
@click.option(
    "--text", type=click.IntRange(0), default=0, metavar="DAYS",
    help="Keep texts and their versions so long, then title, link and tags alone.",
)  # fmt: skip
@click.option(
    "--metadata", type=click.IntRange(0), default=0, metavar="DAYS",
    help="Keep articles so long, then their addresses alone.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only say how much is too old.")
@db_option
def prune(db: Path, raw_pages: int, text: int, metadata: int, *, dry_run: bool) -> None:
    """Let go of what is too old, counted from the day it was fetched. Publish afterwards.

    \b
    Example: tamis prune --raw-pages 30 --text 365 && tamis publish
    """
    from crawler import database, store
    from crawler import workers as workers_
    from crawler.progress import Progress
    from crawler.retention import Retention
    from crawler.retention import prune as let_go

    retention = Retention(raw_pages=raw_pages, text=text, metadata=metadata)
    if retention == Retention():
        raise click.UsageError("say what is too old: --raw-pages, --text or --metadata DAYS")
    with (
        database.told(db),
        database.alone(db),
        closing(database.private(db, create=False)) as private,
        Progress("pruned") as progress,
        workers_.asked_to_stop() as asked,
    ):
        done = let_go(private, retention, dry_run=dry_run, progress=progress, stop=asked.is_set)
        if not dry_run:
            store.settle(private)
        stopped = asked.is_set()
    click.echo(f"{'Not done: ' * dry_run}{done}")
    if stopped:
        raise SystemExit(1)


def _planned(db: Path, wanted: Any) -> Any:
    from crawler import database
    from crawler.forget import plan

    with database.told(db), closing(database.private(db, create=False)) as private:
        return plan(private, wanted)


def _foreseen(planned: Any, *, with_copies: bool) -> Sequence[str]:
    found = [f"{len(planned.targets):,} addresses"]
    found += [f"  {each.url}  {each.title or ''}" for each in planned.targets]
    if planned.copies:
        too = "erased too" if with_copies else "kept; --with-copies erases them too"
        found.append(f"{len(planned.copies):,} copies at other addresses, {too}")
        found += [f"  {each.url}  ({each.source})" for each in planned.copies]
    return found


def _exported(config: Config) -> list[Path]:
    """What the daily job writes of what is published."""
    written = [config.path("feeds.out"), config.path("files.reports")]
    written += [config.below(each["out"]) for each in config["exports"]]
    return [path for path in written if path and path.exists()]


def _published(db: Path, news: Path) -> tuple[Path, ...]:
    """The published database, and the private one for oneself that `publish --private` makes."""
    return tuple(dict.fromkeys((news, db.parent / "news.db")))


def _tombstones(db: Path, lift: int | None) -> None:
    from crawler import database, tombstones
    from crawler.errors import ConfigError
    from crawler.forget import unfinished
    from crawler.writes import transaction

    with (
        database.told(db),
        database.alone(db),
        closing(database.private(db, create=False)) as private,
    ):
        if lift is not None:
            try:
                with transaction(private):
                    freed = tombstones.lift(private, lift)
            except ValueError as error:
                raise ConfigError(str(error)) from error
            click.echo(f"Tombstone {lift} is gone; {freed:,} addresses may be collected again")
            return
        left = unfinished(private)
        for stone in tombstones.all_of(private):
            if stone.part_of is None:
                told = f"{stone.id}  {stone.day}  {stone.kind}  {stone.reason}  {stone.ref or '-'}"
                click.echo(told + "  (killed before its end: run it again)" * (stone.id in left))
