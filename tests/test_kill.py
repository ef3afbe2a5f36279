"""kill -9 at random moments and at every edge of a transaction: nothing lost, nothing twice."""

import json
import random
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from kills import command, kill_again_and_again, site_web
from sqlite_utils import Database
from web import Web

SITES, ARTICLES, KILLS = 12, 50, 10
WANTED = SITES * ARTICLES


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes in /proc")
def test_ten_kills_lose_nothing_repeat_nothing_and_leave_no_process(
    web: Web, tmp_path: Path
) -> None:
    path = tmp_path / "tamis.db"
    sources = site_web(web, tmp_path, sites=SITES, articles=ARTICLES, seconds=0.3)
    run = command(sources, path)

    done = kill_again_and_again(
        web, run, path, kills=KILLS, most=WANTED // KILLS // 2, rng=random.Random(20261121)
    )

    assert (done.kills, done.orphans, done.steps_back) == (KILLS, 0, 0)
    # Each crawl got somewhere before its kill, so that it was in the middle.
    assert KILLS < done.decided_meanwhile < WANTED
    subprocess.run(run, stdout=subprocess.DEVNULL, check=True, timeout=120)
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


@pytest.mark.slow
@pytest.mark.skipif(
    not hasattr(sys, "getswitchinterval") or sys.platform == "win32", reason="forks"
)
def test_a_kill_at_any_edge_of_a_transaction_loses_nothing_and_repeats_nothing(
    web: Web, tmp_path: Path
) -> None:
    sources = site_web(web, tmp_path, sites=1, articles=3, seconds=0)
    program = Path(__file__).with_name("edges.py")
    ran = subprocess.run(
        [sys.executable, str(program), str(sources), str(tmp_path)],
        capture_output=True, text=True, timeout=200, check=True,
    )  # fmt: skip
    results = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len(results) > 15, ran.stderr  # edges
    assert [result["killed"] for result in results] == [*[True] * (len(results) - 1), False]
    ends = {json.dumps({**result, "edge": 0, "killed": None}) for result in results}
    assert [json.loads(end) for end in ends] == [
        {
            "edge": 0, "killed": None, "again": False, "integrity": "ok",
            "outcomes": {"stored": 3}, "articles": 3, "distinct": 3, "texts": 3, "pages": 3,
        }
    ]  # fmt: skip
