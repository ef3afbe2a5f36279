"""The four filters: JSON lines in, JSON lines out, in the order they came. Stable and public."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from crawler import clock, identity, urls, workers
from enrich.annotate import annotate
from enrich.article import Hints
from enrich.duplicates import Text, relations
from enrich.extract import WORD, bcp47, extract
from enrich.language import identify
from enrich.text import text_hash

Record = dict[str, Any]
SURROGATE = re.compile("[\ud800-\udfff]")


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
        "canonical": identity.canonical((*found.canonicals, *filter(None, [found.og_url])), url),
        "origin_url": identity.origin(found.canonicals, url),
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
    lines: Iterable[bytes], answer: Callable[[Record], Record], processes: int = 1
) -> Iterator[bytes]:
    """One answer a line, in order. A line that cannot be answered gives its `id` and an `error`."""
    numbered = ((number, line, answer) for number, line in enumerate(lines, 1) if line.strip())
    if processes == 1:
        yield from map(_answered, numbered)
        return
    with workers.pool(processes) as pool:
        for job, future in workers.in_order(pool, _answered, numbered, ahead=processes * 8):
            error = future.exception()
            yield future.result() if error is None else _mistake(job[0], job[1], error)


def duplicates(lines: Iterable[bytes]) -> Iterator[bytes]:
    """`id`, `text`, optional `published` -> `cluster`, `relation`; reads all, then answers."""
    answers: list[bytes | None] = []
    ids: list[str | int] = []
    texts: list[Text] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = _parsed(line)
            words = _text(record, "text")
            published = _text(record, "published", default="")
            # Ours until answered: 1 and "1" are two ids. Nothing is the duplicate of nothing.
            ident = f"{len(texts):012}"
            digest = text_hash(words) if WORD.search(words) else ident
            texts.append(Text(id=ident, text_hash=digest, published=_moment(published)))
            ids.append(record["id"])
            answers.append(None)
        except LineError as error:
            answers.append(_mistake(number, line, error))
    found = iter(relations(texts))
    for ready in answers:
        if ready is not None:
            yield ready
            continue
        answer = next(found)
        yield _line(
            {
                "id": ids[int(answer.id)],
                "cluster": ids[int(answer.cluster)],
                "relation": answer.relation,
            }
        )


def _moment(published: str) -> str | None:
    if not published:
        return None
    try:
        datetime.fromisoformat(published)
        return clock.utc(published)
    except ValueError as error:
        raise LineError(f"published {published!r} is not an ISO 8601 date") from error


def _answered(job: tuple[int, bytes, Callable[[Record], Record]]) -> bytes:
    number, line, answer = job
    try:
        record = _parsed(line)
        return _line({"id": record["id"], **answer(record)})
    except Exception as error:  # noqa: BLE001 (whatever one line does, the stream goes on)
        return _mistake(number, line, error)


def _parsed(line: bytes) -> Record:
    try:
        record = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise LineError(f"not UTF-8: {error}") from error
    except (ValueError, RecursionError) as error:
        raise LineError(f"not JSON: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("id"), str | int):
        raise LineError('not a JSON object with an "id"')
    return record


def _line(record: Record) -> bytes:
    """As JSON in UTF-8; half an emoji, which JSON allows and UTF-8 does not, is U+FFFD."""
    text = json.dumps(record, ensure_ascii=False)
    return SURROGATE.sub("\ufffd", text).encode() + b"\n"


def _text(record: Record, name: str, *, default: str | None = None) -> str:
    value = record.get(name, default)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise LineError(f"{name} is missing" if value is None else f"{name} is not text")
    return value


def _mistake(number: int, line: bytes, error: BaseException) -> bytes:
    """The answer to a line that has none: its id where it has one, and what is wrong."""
    try:
        ident = _parsed(line)["id"]
    except LineError:
        ident = None
    what = str(error) if isinstance(error, LineError) else f"{type(error).__name__}: {error}"
    return _line({"id": ident, "error": f"line {number}: {what}"})
