"""RSS, RDF, Atom and JSON feeds."""

from collections.abc import Mapping

from crawler import feeds
from crawler.items import Address, Answer, Harvest, Source


def addresses(source: Source) -> tuple[Address, ...]:
    return source.feeds


def ask(url: str, cursor: str | None, options: Mapping[str, str]) -> str:  # noqa: ARG001 (a channel's arguments)
    return cursor or url


def read(answer: Answer) -> Harvest:
    return feeds.parse(answer.body, answer.url, content_type=answer.content_type)
