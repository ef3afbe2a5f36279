"""The four filters: JSON lines in, JSON lines out, in the order they came. Stable and public."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crawler import urls, workers
from enrich.annotate import annotate
from enrich.duplicates import Text, relations
from enrich.extract import Hints, bcp47, extract
from enrich.language import identify
from enrich.text import text_hash

Record = dict[str, Any]


class LineError(ValueError):
    """What is wrong with one line, said in its answer."""


def extract_line(record: Record) -> Record:
    """`id`, `url` and `path` or `html` -> the article on that page."""
    url = _text(record, "url")
    if "html" in record:
        body: str | bytes = _text(record, "html")
    else:
        try:
            body = Path(_text(record, "path")).read_bytes()
        except OSError as error:
            raise LineError(f"path {record['path']!r}: {error.strerror}") from error
    found = extract(body, url, content_type=record.get("content_type"), hints=Hints())
    language = identify(found.title, found.text, found.declared_language)
    return {
        "url": url,
        "kind": found.kind,
        "title": found.title,
        "text": found.text,
        "published": found.published,
        "published_source": found.published_source,
        "authors": found.authors,
        "language": language.code,
        "declared_language": found.declared_language,
        "image": found.image,
        "categories": found.categories,
        "canonical": found.canonical,
        "origin_url": found.origin_url,
        "attachments": [asdict(attachment) for attachment in found.attachments],
    }


def annotate_line(record: Record) -> Record:
    """`id`, `text`, optional `title`, `html_language` -> language, themes and countries."""
    notes = annotate(
        _text(record, "title", default=""),
        _text(record, "text"),
        bcp47(_text(record, "html_language", default="")),
    )
    return {
        "language": notes.language.code,
        "language_confidence": notes.language.confidence,
        "language_method": notes.language.method,
        "votes": [asdict(vote) for vote in notes.language.votes],
        "themes": [asdict(theme) for theme in notes.themes],
        "countries": [asdict(country) for country in notes.countries],
    }


def urls_line(record: Record) -> Record:
    """`id`, `url` -> `key` for identity, and `url` as it should be requested."""
    address = urls.web_url(_text(record, "url"))
    if address is None:
        raise LineError(f"not a web address: {record['url']!r}")
    return {"key": urls.key(address), "url": urls.clean(address)}


def each(
    lines: Iterable[str], answer: Callable[[Record], Record], processes: int = 1
) -> Iterator[str]:
    """One answer a line, in order. A line that cannot be answered gives its `id` and an `error`."""
    numbered = ((number, line, answer) for number, line in enumerate(lines, 1) if line.strip())
    if processes == 1:
        yield from map(_answered, numbered)
        return
    with workers.pool(processes) as pool:
        for job, future in workers.in_order(pool, _answered, numbered, ahead=processes * 8):
            error = future.exception()
            yield future.result() if error is None else _mistake(job[0], job[1], error)


def duplicates(lines: Iterable[str]) -> Iterator[str]:
    """`id`, `text`, optional `published` -> `cluster`, `relation`; reads all, then answers."""
    answers: list[str | None] = []
    texts = []
    for number, line in enumerate((line for line in lines if line.strip()), 1):
        try:
            record = _parsed(line)
            texts.append(
                Text(
                    id=str(record["id"]),
                    text_hash=text_hash(_text(record, "text")),
                    published=_text(record, "published", default="") or None,
                )
            )
            answers.append(None)
        except LineError as error:
            answers.append(_mistake(number, line, error))
    found = iter(relations(texts))
    for ready in answers:
        yield ready or json.dumps(asdict(next(found)), ensure_ascii=False)


def _answered(job: tuple[int, str, Callable[[Record], Record]]) -> str:
    number, line, answer = job
    try:
        record = _parsed(line)
        return json.dumps({"id": record["id"], **answer(record)}, ensure_ascii=False)
    except LineError as error:
        return _mistake(number, line, error)


def _parsed(line: str) -> Record:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise LineError(f"not JSON: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("id"), str | int):
        raise LineError('not a JSON object with an "id"')
    return record


def _text(record: Record, name: str, *, default: str | None = None) -> str:
    value = record.get(name, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise LineError(f"{name} is missing" if value is None else f"{name} is not text")
    return value


def _mistake(number: int, line: str, error: BaseException) -> str:
    """The answer to a line that has none: its id where it has one, and what is wrong."""
    try:
        ident = json.loads(line)["id"]
    except (ValueError, TypeError, KeyError):
        ident = None
    what = str(error) if isinstance(error, LineError) else f"{type(error).__name__}: {error}"
    return json.dumps({"id": ident, "error": f"line {number}: {what}"}, ensure_ascii=False)
