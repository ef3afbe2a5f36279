"""Other collectors on the pages of the benchmark, as far as a Python has them; see tests/peer.py.

Top images, which two of them fetch from third parties while they parse, are off.
"""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench_run import Run, timed
from bench_web import Served

PEER = Path(__file__).with_name("peer.py")
# Packages, and what they are called in the table.
FETCHING = {"news-please": "news-please from_urls", "newspaper4k": "newspaper4k, 2 threads"}
TRAFILATURA = "trafilatura --parallel 2, files"  # it refuses hosts that are IP addresses
# Our pages a second should be at least so many times theirs, with more work done.
TARGETS = {"news-please": 4.0, "newspaper4k": 3.0, "trafilatura": 1.2}
INSTALLED = "import sys, importlib.metadata as m; print(m.version(sys.argv[1]))"


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """What a peer took, and how many pages gave it text; `run` is None if it is not installed."""

    package: str
    run: Run | None = None
    version: str = ""
    texts: int = 0

    def line(self, ours: float) -> str:
        """`ours` are the pages a second to compare with."""
        if self.run is None:
            return f"{self.package} is not installed there: left out"
        times = ours / self.run.speed
        return (
            f"{self.run.line()}   {self.package} {self.version}: {self.texts:,} of"
            f" {self.run.pages:,} pages gave text; ours {times:.1f} times as fast"
            f" (target {TARGETS[self.package]:g})"
        )


def peers(web: Served, python: str, folder: Path) -> Iterator[Peer]:
    """Each peer that `python` has, over all that is served."""
    addresses, told = folder / "peer-urls.txt", folder / "peer.json"
    addresses.write_text("\n".join(web.urls()), encoding="utf-8")
    for package, name in FETCHING.items():
        if not (version := _installed(python, package)):
            yield Peer(package=package)
            continue
        command = [python, str(PEER), package, str(addresses), str(told)]
        run = timed(name, web.count, command, server=web.pid)
        texts = json.loads(told.read_text(encoding="utf-8"))
        yield Peer(package=package, run=run, version=version, texts=texts)
    yield _trafilatura(web, python, folder)


def _trafilatura(web: Served, python: str, folder: Path) -> Peer:
    program = shutil.which(Path(python).with_name("trafilatura"))
    if not (program and (version := _installed(python, "trafilatura"))):
        return Peer(package="trafilatura")
    pages, out = folder / "peer-pages", folder / "peer-texts"
    count = min(web.count, len(web.pages))  # it names what it writes by the text: each page once
    for path in web.write_pages(pages)[count:]:
        path.unlink()
    options = ["--input-dir", str(pages), "--output-dir", str(out), "--parallel", "2"]
    run = timed(TRAFILATURA, count, [program, *options])
    # It begins a new folder for every thousand.
    texts = sum(path.is_file() and path.stat().st_size > 0 for path in out.rglob("*"))
    return Peer(package="trafilatura", run=run, version=version, texts=texts)


def _installed(python: str, package: str) -> str:
    """Its version; empty if it is not there."""
    asked = [python, "-c", INSTALLED, package]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
