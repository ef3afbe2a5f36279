"""How long `extract` takes beside plain Trafilatura on the same pages; run by `make bench`.

Plain is what most would write: the body, and the metadata with the search for the first date. Both
are given the same text, page by page in turns and in one process, so that a busy machine slows
both; a page's time is the process's own, so nothing is counted while others run.

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

from golden import pages as golden_pages
from trafilatura import bare_extraction, load_html

from enrich.charset import decode
from enrich.extract import extract

# Pages read before the clock starts: both sides compile patterns and fill caches by their first.
WARM_UP = 20
DATES = {"original_date": True, "extensive_search": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """CPU seconds of one page."""

    ours: float
    plain: float


def paired(pages: Sequence[tuple[str, str]]) -> list[Pair]:
    """Each page (its HTML and its address) by both, now one first and now the other."""
    for html, url in pages[:WARM_UP]:
        _plain(html, url)
        extract(html, url)
    found = []
    for number, (html, url) in enumerate(pages):
        if number % 2:
            plain = _seconds(_plain, html, url)
            ours = _seconds(extract, html, url)
        else:
            ours = _seconds(extract, html, url)
            plain = _seconds(_plain, html, url)
        found.append(Pair(ours=ours, plain=plain))
    return found


def report(pairs: Sequence[Pair]) -> str:
    """What both took, and the ratio of the sums and the middle one of all ratios."""
    ours, plain = sum(pair.ours for pair in pairs), sum(pair.plain for pair in pairs)
    middle = median(pair.ours / pair.plain for pair in pairs)
    return (
        f"{len(pairs)} pages: {1000 * ours / len(pairs):.1f} ms a page, plain Trafilatura "
        f"{1000 * plain / len(pairs):.1f}: {ours / plain:.2f} times (median {middle:.2f})"
    )


def _plain(html: str, url: str) -> None:
    bare_extraction(
        load_html(html),
        url=url,
        include_comments=False,
        with_metadata=True,
        date_extraction_params=DATES,
    )


def _seconds(read: Callable[[str, str], object], html: str, url: str) -> float:
    start = time.process_time()
    read(html, url)
    return time.process_time() - start


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
