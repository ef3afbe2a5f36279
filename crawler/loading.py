"""Results of a backfill, taken into the private database as if it had read the archives itself.

All pages are archived first, as an import does; then those that wait have their readings saved. A
page of which more is known here than where it was read keeps waiting, and is read here.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import zstandard

from crawler import archive, channels, results, store, urls, warc
from crawler.captures import Capture
from crawler.enrichment import BATCH
from crawler.errors import ConfigError
from crawler.frontier import Frontier
from crawler.items import Source
from crawler.progress import Progress
from crawler.readings import Reading, Unread
from crawler.results import Head, Result, ResultsError, Tail
from enrich import annotate

CODE = re.compile(r"tamis-(\d+)")  # in enrich.annotate.version()


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """Files of results; `unfinished` are of a backfill that is at work, or was ended."""

    whole: tuple[Path, ...]
    unfinished: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What became of the records, and how many of the readings were of use."""

    records: warc.Imported
    readings: int


def find(paths: Iterable[Path]) -> Files:
    """The files at `paths`, and those in the folders there. ConfigError for a folder without."""
    whole: list[Path] = []
    unfinished = 0
    for path in paths:
        inside, parts = [path], list[Path]()
        if path.is_dir():
            inside = sorted(path.glob(f"*{results.SUFFIX}"))
            parts = list(path.glob(f"*{results.SUFFIX}.*.part"))
        if not inside and not parts:
            raise ConfigError(
                f"{path} holds no file of results (*{results.SUFFIX}): name the folder that"
                " `tamis backfill` had as --out"
            )
        whole += inside
        unfinished += len(parts)
    return Files(whole=tuple(whole), unfinished=unfinished)


def load(
    frontier: Frontier,
    paths: Sequence[Path],
    sources: Iterable[Source],
    *,
    only_known: bool = False,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Loaded:
    """Archive the pages of files of results, and save the readings of those that wait for one.

    A file that is damaged gives what comes before that; one that a newer version read, nothing.
    What waits after it is for `enrichment.run`, and the rest for `store.settle`. To load what was
    loaded changes nothing, so it may be stopped, or killed, at any moment.
    """
    importing = warc.Import(frontier, sources, only_known=only_known)
    counts: Counter[str] = Counter()
    errors: list[str] = []
    if progress:
        progress.expect("files", 2 * len(paths))
    for path in paths:
        try:
            for line in _lines(path, stop):
                if isinstance(line, Result):
                    counts[importing.add(_unpacked(line, path), packed=line.page.body)] += 1
                elif isinstance(line, Tail):
                    counts.update(line.skipped)
                    errors += [f"{path}: {line.error}"] if line.error else []
        except ResultsError as error:
            errors.append(str(error))
        if progress:
            progress.advance("files")
    readings = 0
    for path in paths:
        readings += _save(frontier, path, stop)
        if progress:
            progress.advance("files")
    return Loaded(records=warc.Imported.of(counts, errors, stopped=stop()), readings=readings)


def _lines(path: Path, stop: Callable[[], bool]) -> Iterator[Head | Result | Tail]:
    """Those of a file, until it is time to stop. ResultsError if they are none to be loaded."""
    for line in results.read(path):
        if stop():
            return
        if isinstance(line, Head) and _code(line.enricher) > _code(annotate.version()):
            raise ResultsError(
                f"{path} was made by Tamis {line.tamis}, which reads pages as this one does not"
                " yet: upgrade, and load it then"
            )
        if isinstance(line, Result) and urls.web_url(line.page.url) is None:
            raise ResultsError(f"{path}: {line.page.url!r} is no web address")
        yield line


def _code(version: str) -> int:
    found = CODE.match(version)
    return int(found[1]) if found else 0


def _unpacked(result: Result, path: Path) -> Capture:
    try:
        body = archive.unpack(result.page.body)
    except zstandard.ZstdError as error:
        raise ResultsError(f"{path}: the body of {result.page.url} is damaged: {error}") from error
    capture = _capture(result)
    return replace(capture, page=replace(capture.page, body=body))


def _capture(result: Result) -> Capture:
    """Its page has its body packed."""
    return Capture(offset=result.offset, page=result.page, about=result.about)


def _save(frontier: Frontier, path: Path, stop: Callable[[], bool]) -> int:
    """Save the readings of a file that stand for what waits here; how many these are."""
    saved, version, batch = 0, "", list[Result]()
    with suppress(ResultsError):  # what is wrong has been told
        for line in _lines(path, stop):
            if isinstance(line, Head):
                version = line.enricher
            elif isinstance(line, Result):
                batch.append(line)
            if len(batch) == BATCH:
                saved += _save_batch(frontier, batch, version)
                batch = []
    return saved + _save_batch(frontier, batch, version)


def _save_batch(frontier: Frontier, batch: Sequence[Result], version: str) -> int:
    links = [warc.link_of(_capture(result)) for result in batch]
    keys = [urls.key(link.url) for link in links]
    waiting = store.waiting(frontier.db, keys, version)
    readings = [
        _here(result.reading, page)
        for key, link, result in zip(keys, links, batch, strict=True)
        if (page := waiting.get(key)) and _stands(result, channels.hints_of(link), page)
    ]
    if readings:
        store.save(frontier.db, readings, version)
    return len(readings)


def _stands(result: Result, hints: dict[str, Any], page: Unread) -> bool:
    """Whether the page that waits is that which was read, and no more is known of it than was."""
    read, reading = result.page, result.reading
    if (read.url, read.fetched, read.content_type, read.body, hints) != (
        page.url, page.fetched, page.content_type, page.body, page.hints,
    ):  # fmt: skip
        return False
    # Whose it is, and what that says of its language, is of no matter where there is no article.
    whose = (reading.source, reading.claims.source)
    return reading.outcome != "stored" or whose == (page.source, page.languages)


def _here(reading: Reading, page: Unread) -> Reading:
    """With the ids that it has in this database; one that failed is of no page."""
    page_id = None if reading.page_id is None else page.page_id
    return replace(reading, url_id=page.url_id, page_id=page_id)
