"""kill -9 in the middle of a crawl, again and again, and then let it finish.

    python tests/kills.py --kills 100 --sites 50 --articles 100

prints what came of it. `tests/test_kill.py` does the same with fewer.
"""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

from sqlite_utils import Database
from web import RSS, Answer, Web, article, feed, record

DECIDED = "SELECT count(*) FROM urls WHERE outcome <> 'pending'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Killed:
    """What `kills` did: how many met a running crawl, and how often they lost or left something."""

    kills: int
    requests: int
    orphans: int
    steps_back: int
    decided_meanwhile: int


def site_web(web: Web, folder: Path, *, sites: int, articles: int, seconds: float) -> Path:
    """Sites of one feed and some articles each, which answer after `seconds`; their records."""
    sources = folder / "sources"
    sources.mkdir()
    bases = [web.url.replace("127.0.0.1", f"s{n}.localhost") for n in range(sites)]
    records = (record(f"site-{n}", base, f"{base}/feed/{n}") for n, base in enumerate(bases))
    (sources / "test.toml").write_text("\n".join(records), encoding="utf-8")
    for n, base in enumerate(bases):
        web.pages[f"/feed/{n}"] = Answer(
            feed(*(f"{base}/{n}/{a}" for a in range(articles))), content_type=RSS
        )
        for a in range(articles):
            page = article(
                f"Avis {n}-{a}", f"La permanence numéro {n} ouvre {a} jours de plus cet hiver."
            )

            def slowly(_: dict[str, str], page: bytes = page) -> Answer:
                time.sleep(seconds)
                return Answer(page)

            web.pages[f"/{n}/{a}"] = slowly
    return sources


def command(sources: Path, path: Path) -> list[str]:
    options = ["--delay", "0", "--loopback", "--workers", "1"]
    options += ["--sources", str(sources), "--db", str(path)]
    return [sys.executable, "-m", "crawler", "crawl", *options]


def kill_again_and_again(
    web: Web, run: list[str], path: Path, *, kills: int, most: int, rng: random.Random
) -> Killed:
    """`kills` crawls, each killed after up to `most` more requests and a moment."""
    landed = orphans = back = 0
    for _ in range(kills):
        before = counted(path, DECIDED)
        process = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        hits, goal = web.hits.total(), rng.randint(3, most)
        while process.poll() is None and web.hits.total() < hits + goal:
            time.sleep(0.01)
        time.sleep(rng.random())  # commits are a second apart
        offspring = descendants(process.pid) if process.poll() is None else []
        landed += process.poll() is None
        process.kill()
        process.wait()
        deadline = time.monotonic() + 10
        while any(map(alive, offspring)) and time.monotonic() < deadline:
            time.sleep(0.05)
        orphans += sum(map(alive, offspring))
        back += counted(path, DECIDED) < before
    return Killed(
        kills=landed, requests=web.hits.total(), orphans=orphans, steps_back=back,
        decided_meanwhile=counted(path, DECIDED),
    )  # fmt: skip


def counted(path: Path, what: str) -> int:
    if not path.exists():
        return 0
    with closing(Database(path)) as db:
        try:
            return int(db.execute(what).fetchone()[0])
        except Exception:  # noqa: BLE001 (the tables may not be there yet)
            return 0


def descendants(pid: int) -> list[int]:
    """Its children, and theirs."""
    return [each for child in children(pid) for each in (child, *descendants(child))]


def children(pid: int) -> list[int]:
    """Whichever thread began them."""
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended
            found += map(int, listed.read_text().split())
    return found


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--sites", type=int, default=50)
    parser.add_argument("--articles", type=int, default=100, help="of each site")
    parser.add_argument("--seconds", type=float, default=0.05, help="until a page is answered")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    told = parser.parse_args()
    wanted = told.sites * told.articles
    with tempfile.TemporaryDirectory() as folder, Web() as web:
        path = Path(folder) / "tamis.db"
        sources = site_web(
            web, Path(folder), sites=told.sites, articles=told.articles, seconds=told.seconds
        )
        run = command(sources, path)
        began = time.monotonic()
        done = kill_again_and_again(
            web, run, path, kills=told.kills, most=wanted // told.kills,
            rng=random.Random(told.seed),
        )  # fmt: skip
        subprocess.run(run, stdout=subprocess.DEVNULL, check=True)
        stored = counted(path, "SELECT count(*) FROM urls WHERE outcome = 'stored'")
        articles = counted(path, "SELECT count(*) FROM articles")
        distinct = counted(path, "SELECT count(DISTINCT url) FROM articles")
        with closing(Database(path)) as db:
            sound = db.execute("PRAGMA integrity_check").fetchone()[0]
        print(f"seed {told.seed}: {done.kills} kills of {told.kills} met a running crawl")
        print(f"{done.decided_meanwhile:,} of {wanted:,} articles decided before the last kill")
        print(f"lost {wanted - stored}, twice {articles - distinct}, integrity_check {sound}")
        print(f"processes left {done.orphans}, decisions taken back {done.steps_back}")
        print(f"{web.hits.total():,} requests in {time.monotonic() - began:,.0f} s")


if __name__ == "__main__":
    main()
