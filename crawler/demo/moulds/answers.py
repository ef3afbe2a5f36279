"""What a server answers, whole."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from crawler.demo.moulds.plan import Plan

HTML, XML = "text/html; charset=UTF-8", "text/xml; charset=UTF-8"
JSON = "application/json; charset=UTF-8"
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One whole answer of a server."""

    body: bytes
    type: str = HTML
    status: int = 200
    location: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    modified: datetime | None = None


def text_answer(made: Plan, text: str, kind: str) -> Answer:
    return file_answer(made, text.encode(), kind)


def file_answer(made: Plan, body: bytes, kind: str) -> Answer:
    return Answer(body=body, type=kind, modified=made.posts[0].article.published)


def json_answer(
    made: Plan, value: Any, status: int = 200, headers: Mapping[str, str] = NO_HEADERS
) -> Answer:
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(
        body=body,
        type=JSON,
        status=status,
        headers={**made.headers(), **headers},
    )


def moved(url: str) -> Answer:
    return Answer(body=b"", status=301, location=url)


def target_of(url: str) -> str:
    """Path and query, as a browser sends them."""
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
