"""JSON lines in, JSON lines out: extract, annotate, urls, duplicates; and explain."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from crawler.commands.options import (
    db_option,
    embed_option,
    jsonl_option,
    news_option,
    workers_option,
)


def _answers(lines: Iterable[bytes]) -> None:
    for line in lines:
        click.echo(line, nl=False)


@click.command()
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
        from crawler.explain import reading

        _explained(reading.of_page(page.read_bytes(), url), as_json=as_json)
        return
    found = filters.extract_line({"id": "", "url": url, "path": str(page)})
    for name in ("title", "published", "authors", "language", "kind"):
        value = found[name]
        click.echo(
            f"{name + ':':<11}{', '.join(value) if isinstance(value, tuple) else value or ''}"
        )
    click.echo(f"\n{found['text']}")


@click.command()
@click.argument("address", metavar="URL")
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@db_option
@news_option
def explain(address: str, db: Path, news: Path, *, as_json: bool) -> None:
    """Say why the page at URL became what it is: from who named it to where it is published.

    Also what its robots.txt and its rights allow, each fetch, each tag with its evidence, each
    line kept or removed. Changes nothing, so it can be asked while a crawl is running.

    \b
    Example: tamis explain https://example.org/a
    """
    from crawler.explain import address as explaining

    with explaining.opened(db) as private:
        report = explaining.of_address(private, address, news)
    _explained(report, as_json=as_json)


def _explained(report: dict[str, Any], *, as_json: bool) -> None:
    from crawler.explain import shown

    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        shown.show(report, sys.stdout)


@click.command()
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


@click.command()
@jsonl_option
def urls(*, jsonl: bool) -> None:
    """Give the identity and the clean form of URLs: JSON lines with id and url.

    \b
    Example: tamis urls --jsonl < urls.jsonl
    """
    from crawler import filters

    _only_jsonl(jsonl=jsonl)
    _answers(filters.each(sys.stdin.buffer, filters.urls_line))


@click.command()
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
