"""kill -9 in the middle of a crawl, again and again: nothing is lost, nothing comes twice."""

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database
from web import RSS, Answer, Web, article, feed, record

SITES, ARTICLES, KILLS = 12, 50, 20
WANTED = SITES * ARTICLES


def counted(path: Path, what: str) -> int:
    if not path.exists():
        return 0
    with closing(Database(path)) as db:
        try:
            return int(db.execute(what).fetchone()[0])
        except Exception:  # noqa: BLE001 (the tables may not be there yet)
            return 0


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes in /proc")
def test_twenty_kills_lose_nothing_repeat_nothing_and_leave_no_process(
    web: Web, tmp_path: Path
) -> None:
    rng = random.Random(20261121)
    sources, path = tmp_path / "sources", tmp_path / "tamis.db"
    sources.mkdir()
    bases = [web.url.replace("127.0.0.1", f"s{n}.localhost") for n in range(SITES)]
    records = (record(f"site-{n}", base, f"{base}/feed/{n}") for n, base in enumerate(bases))
    (sources / "test.toml").write_text("\n".join(records), encoding="utf-8")
    for n, base in enumerate(bases):
        web.pages[f"/feed/{n}"] = Answer(
            feed(*(f"{base}/{n}/{a}" for a in range(ARTICLES))), content_type=RSS
        )
        for a in range(ARTICLES):
            page = article(
                f"Avis {n}-{a}", f"La permanence numéro {n} ouvre {a} jours de plus cet hiver."
            )

            def slowly(_: dict[str, str], page: bytes = page) -> Answer:
                time.sleep(0.15)
                return Answer(page)

            web.pages[f"/{n}/{a}"] = slowly
    command = [sys.executable, "-m", "crawler", "crawl", "--delay", "0", "--loopback"]
    command += ["--sources", str(sources), "--db", str(path), "--workers", "1"]
    landed = 0
    for _ in range(KILLS):
        before = counted(path, "SELECT count(*) FROM urls WHERE outcome <> 'pending'")
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        hits, goal = web.hits.total(), rng.randint(3, WANTED // KILLS)
        while process.poll() is None and web.hits.total() < hits + goal:
            time.sleep(0.01)
        time.sleep(rng.random() * 0.3)
        offspring = children(process.pid) if process.poll() is None else []
        landed += process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        deadline = time.monotonic() + 10
        while any(map(alive, offspring)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not [pid for pid in offspring if alive(pid)]
        assert counted(path, "SELECT count(*) FROM urls WHERE outcome <> 'pending'") >= before
    assert landed == KILLS
    # Each crawl got somewhere before its kill, so that it was in the middle.
    assert counted(path, "SELECT count(*) FROM urls WHERE outcome <> 'pending'") > KILLS

    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=120)

    with closing(Database(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert dict(db.execute("SELECT outcome, count(*) FROM urls GROUP BY 1").fetchall()) == {
            "stored": WANTED
        }
        assert db.execute("SELECT count(*), count(DISTINCT url) FROM articles").fetchone() == (
            WANTED,
            WANTED,
        )
        assert db.execute("SELECT count(*) FROM article_texts").fetchone() == (WANTED,)
        assert db.table("pages").count == WANTED
