"""What the channels that read an API share: its JSON, the texts in it, the cursor, the address."""

import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from w3lib.html import remove_tags, replace_entities

from crawler.errors import FeedError
from crawler.items import Answer
from enrich.text import printable

Cursor = TypeVar("Cursor")


def document(answer: Answer, where: str, expected: str) -> Any:
    """The JSON of an answer. Raises FeedError on anything else."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        what = "an HTML page" if b"<html" in answer.body[:2000].lower() else "no JSON"
        raise FeedError(f"{where}: {what}, where {expected}") from error


def fields(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def objects(values: Any) -> list[dict[str, Any]]:
    return [value for value in values if isinstance(value, dict)] if type(values) is list else []


def string(value: Any) -> str:
    """A text, without what JSON can spell and no text has; empty if the value is none."""
    return printable(value) if isinstance(value, str) else ""


def plain(html: Any) -> str:
    """Titles, names and excerpts come with tags, entities and line breaks in them."""
    return " ".join(string(replace_entities(remove_tags(string(html)))).split())


def unique(names: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))


def cursor(kind: type[Cursor], text: str | None) -> Cursor:
    """What `written` wrote; anything else starts anew, which costs requests and loses nothing."""
    try:
        return kind(**json.loads(text or "{}"))
    except (ValueError, TypeError):
        return kind()


def written(cursor: Any) -> str:
    unset = asdict(type(cursor)())
    return json.dumps({name: v for name, v in asdict(cursor).items() if v != unset[name]})


def with_query(url: str, pairs: Iterable[tuple[str, str]]) -> str:
    query = urlencode(list(pairs), quote_via=quote, safe="/:,[]")
    return urlsplit(url)._replace(query=query, fragment="").geturl()


def number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isdecimal() else otherwise
