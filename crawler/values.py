"""What a value of a TOML file must be: checks that yield what is wrong with it, or nothing."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from math import inf
from typing import Any

from crawler import urls

Problem = tuple[str, str]  # where in the table (".feeds[2].url", or "" for all of it), what
Check = Callable[[Any], Iterator[Problem]]


def text(value: Any) -> Iterator[Problem]:
    if not isinstance(value, str) or not value.strip():
        yield "", f"is {value!r}, but must be a text that is not empty"


def flag(value: Any) -> Iterator[Problem]:
    if not isinstance(value, bool):
        yield "", f"is {value!r}, but must be true or false"


def day(value: Any) -> Iterator[Problem]:
    if type(value) is not date:  # not isinstance: a datetime is a date, too
        yield "", f"is {value!r}, but must be a date without quotes, such as 2026-08-13"


def address(value: Any) -> Iterator[Problem]:
    if not isinstance(value, str) or urls.web_url(value) != value:
        yield "", f"is {value!r}, but must be an http or https address with a host"


def number(what: str, *, least: float = 0, most: float = inf, whole: bool = False) -> Check:
    def check(value: Any) -> Iterator[Problem]:
        kinds = (int,) if whole else (int, float)
        if type(value) not in kinds or not least <= value <= most:  # not isinstance: True is an int
            yield "", f"is {value!r}, but must be {what}"

    return check


def shaped(pattern: str, what: str) -> Check:
    def check(value: Any) -> Iterator[Problem]:
        if not isinstance(value, str) or not re.fullmatch(pattern, value):
            yield "", f"is {value!r}, but must be {what}"

    return check


def one_of(allowed: Mapping[str, str]) -> Check:
    def check(value: Any) -> Iterator[Problem]:
        if not isinstance(value, str) or value not in allowed:
            choice = ", ".join(allowed)
            yield "", f"is {value!r}, but must be one of {choice}{hint(value, allowed)}"

    return check


def list_of(item: Check) -> Check:
    def check(value: Any) -> Iterator[Problem]:
        if not isinstance(value, list) or not value:
            yield "", f"is {value!r}, but must be a list of at least one"
            return
        for number, each in enumerate(value, 1):
            yield from ((f"[{number}]{where}", what) for where, what in item(each))

    return check


def table(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    fields = {**required, **(optional or {})}

    def check(value: Any) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield "", f"is {value!r}, but must be a table with {', '.join(required)}"
            return
        for name in value:
            if name not in fields:
                yield "", f"has unknown field {name!r}{hint(name, fields)}"
        for name, check_field in fields.items():
            if name in value:
                yield from ((f".{name}{where}", what) for where, what in check_field(value[name]))
            elif name in required:
                yield "", f"lacks the field {name!r}"

    return check


def hint(word: object, known: Iterable[str]) -> str:
    near = get_close_matches(str(word), list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def sentence(problem: Problem) -> str:
    where, what = problem
    return f"{where.removeprefix('.')} {what}" if where else what
