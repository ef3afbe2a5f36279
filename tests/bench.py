"""How fast the crawl is, as shares of what this machine could do; run by `make bench`.

Pages are served by a process of its own on loopback: written for this purpose from the demo's
articles (or, with --pages, all *.html below a folder). Every step of the ladder fetches or reads
the same pages within one run, so compare the rows with each other, not with another day's.
The limit is what all cores, busy with nothing else, could give: cores / CPU seconds a page, server
included. With --peers, other collectors read the same pages. With --record, the table goes to
tests/ladder.json, from which `make readme` takes it.
"""

import argparse
import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from bench_ladder import PLAIN, WHOLE, ladder
from bench_peers import peers
from bench_run import HEAD, Run, machine
from bench_web import SITES, folder_pages, served, written_pages

LADDER = Path(__file__).with_name("ladder.json")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help=f"pages of each step, from {SITES}")
    parser.add_argument("--pages", type=Path, help="a folder of *.html instead of our own pages")
    parser.add_argument("--fetch-only", action="store_true", help="leave out what reads pages")
    parser.add_argument("--peers", metavar="PYTHON", help="a Python that has other collectors")
    parser.add_argument("--record", action="store_true", help="write the table for README.md")
    asked = parser.parse_args(arguments)
    if asked.count < SITES:
        parser.error(f"--count {asked.count}: there are {SITES} sites, so at least as many pages")
    pages = folder_pages(asked.pages) if asked.pages else written_pages()
    if not pages:
        parser.error(f"--pages {asked.pages}: no *.html below it")
    size = sum(map(len, pages)) / len(pages) / 1000
    with tempfile.TemporaryDirectory() as place, served(pages, asked.count) as web:
        kind = "real pages" if asked.pages else "pages of our own"
        about = f"{web.count:,} {kind} of {web.sites} sites, {size:.0f} kB each; {machine()}"
        print(f"{about}\n\n{HEAD}")
        runs = {}
        for run in ladder(web, Path(place), fetch_only=asked.fetch_only):
            print(run.line(), flush=True)
            runs[run.name] = run
        if WHOLE in runs:
            share = runs[WHOLE].speed / runs[PLAIN].speed
            print(f"\n{WHOLE}: {share:.0%} of plain Trafilatura's pages a second")
        if WHOLE in runs and asked.peers:
            print(f"\n{HEAD}")
            for peer in peers(web, asked.peers, Path(place)):
                print(peer.line(runs[WHOLE].speed), flush=True)
                if peer.run:
                    runs[peer.package] = peer.run
    if asked.record:
        write(about, [*runs.values()])


def write(about: str, runs: list[Run]) -> None:
    told = {"about": f"{datetime.now(UTC):%Y-%m-%d}, {about}", "rows": [r.cells() for r in runs]}
    LADDER.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
