"""How long reading a page takes beside plain Trafilatura on the same pages; run by `make bench`.

Plain is what most would write: the body, and the metadata with the search for the first date. Ours
is `extract` alone, and all that an article gets: extract, annotate, and the sketch and hash by
which copies are known. All are given the same text, page by page in turns and in one process, so
that a busy machine slows all; a page's time is the process's own, so nothing is counted while
others run.

    python tests/paired.py                    the golden pages
    python tests/paired.py pages/*.html       these
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TypeVar

from golden import pages as golden_pages
from trafilatura import bare_extraction, load_html

from enrich.annotate import annotate
from enrich.article import Extracted
from enrich.charset import decode
from enrich.duplicates import sketch, text_of
from enrich.extract import extract
from enrich.text import text_hash

# Pages read before the clock starts: both sides compile patterns and fill caches by their first,
# and ours loads what it knows of each language once.
WARM_UP = 100
NAMES = {"ours": "extract", "whole": "all of it"}
DATES = {"original_date": True, "extensive_search": True}


Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """CPU seconds of one page; `whole` is ours and what follows it."""

    ours: float
    whole: float
    plain: float


def paired(pages: Sequence[tuple[str, str]]) -> list[Pair]:
    """Each page (its HTML and its address) by both, now one first and now the other."""
    for html, url in pages[:WARM_UP]:
        _plain(html, url)
        _rest(extract(html, url))
    found = []
    for number, (html, url) in enumerate(pages):
        if number % 2:
            plain, _ = _timed(_plain, html, url)
            ours, page = _timed(extract, html, url)
        else:
            ours, page = _timed(extract, html, url)
            plain, _ = _timed(_plain, html, url)
        rest, _ = _timed(_rest, page)
        found.append(Pair(ours=ours, whole=ours + rest, plain=plain))
    return found


def report(pairs: Sequence[Pair]) -> str:
    """What all took, and the ratios of the sums and the middle ones of all ratios."""
    plain = sum(pair.plain for pair in pairs)
    lines = [f"{len(pairs)} pages: plain Trafilatura {1000 * plain / len(pairs):.1f} ms a page"]
    for name in ("ours", "whole"):
        taken = [getattr(pair, name) for pair in pairs]
        middle = median(each / pair.plain for each, pair in zip(taken, pairs, strict=True))
        lines.append(
            f"{NAMES[name]} {1000 * sum(taken) / len(pairs):.1f} ms:"
            f" {sum(taken) / plain:.2f} times (median {middle:.2f})"
        )
    return "\n".join(lines)


def _plain(html: str, url: str) -> None:
    bare_extraction(
        load_html(html),
        url=url,
        include_comments=False,
        with_metadata=True,
        date_extraction_params=DATES,
    )


def _rest(page: Extracted) -> None:
    """What follows `extract` in a reader, and is computed of its text alone when it is stored."""
    if page.is_article:
        annotate(page.title, page.text, page.declared_language)
        text_hash(page.text)
        sketch(text_of(page.title, page.text).body)


def _timed(read: Callable[..., Result], *given: object) -> tuple[float, Result]:
    start = time.process_time()
    found = read(*given)
    return time.process_time() - start, found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("files", nargs="*", type=Path, help="pages (default: the golden ones)")
    files = parser.parse_args().files
    given = (
        [(path.read_bytes(), f"https://site.example/2026/{path.stem}") for path in files]
        if files
        else [(page.html, page.url) for page in golden_pages()]
    )
    sys.stdout.write(report(paired([(decode(body)[0], url) for body, url in given])) + "\n")


if __name__ == "__main__":
    main()
