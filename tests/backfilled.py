"""Files of results as a backfill writes them, made in the process that tests."""

from collections.abc import Sequence
from pathlib import Path

from crawler import backfill, parts, picking
from crawler.items import Source
from crawler.parts import Job, Part
from enrich.annotate import version


def write(out: Path, *archives: Path, sources: Sequence[Source] = ()) -> list[Path]:
    """A file of results for each archive, in the folder `out`."""
    job = Job(out=out, asked=picking.Asked(), sources=tuple(sources), enricher=version())
    backfill.prepare(job)
    whole = [Part(archive=path, start=0, end=path.stat().st_size) for path in archives]
    for part in whole:
        parts.read_part(part, job, ask=lambda function, question: function(question))
    return [out / part.name for part in whole]
