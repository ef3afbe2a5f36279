"""Files of results as a backfill writes them, made in the process that tests."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from crawler import captures, enrichment, results, warc
from crawler.items import Source
from crawler.results import Head, Result, Tail
from crawler.warcfile import WarcError
from enrich.annotate import version


def backfilled(archive: Path, sources: Sequence[Source] = ()) -> list[Head | Result | Tail]:
    """What reading an archive away from any database gives."""
    return list(_lines(archive, warc.Sites(sources)))


def write(out: Path, *archives: Path, sources: Sequence[Source] = ()) -> list[Path]:
    """A file of results for each archive, in the folder `out`."""
    out.mkdir(exist_ok=True)
    paths = [out / f"{archive.name}{results.SUFFIX}" for archive in archives]
    for path, archive in zip(paths, archives, strict=True):
        results.write(path, backfilled(archive, sources))
    return paths


def _lines(archive: Path, sites: warc.Sites) -> Iterator[Head | Result | Tail]:
    skipped: Counter[str] = Counter()
    taken, error = 0, ""
    size = archive.stat().st_size
    yield Head(tamis="0", enricher=version(), archive=archive.name, start=0, end=size, asked={})
    with archive.open("rb") as file:
        try:
            for found in captures.captures(file):
                if isinstance(found, str):
                    skipped[found] += 1
                    continue
                taken += 1
                unread = warc.unread(found, sites.of(found))
                about = dict(found.about) if found.about is not None else None
                yield Result(
                    offset=found.offset, page=replace(found.page, body=unread.body), about=about,
                    reading=enrichment.read(unread),
                )  # fmt: skip
        except WarcError as damage:
            error = str(damage)
    yield Tail(records=taken + skipped.total(), results=taken, skipped=dict(skipped), error=error)
