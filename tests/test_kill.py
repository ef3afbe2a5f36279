"""kill -9 at random moments: nothing lost, nothing twice."""

import random
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from kills import command, kill_again_and_again, site_web
from sqlite_utils import Database
from web import Web

SITES, ARTICLES, KILLS = 12, 30, 8
WANTED = SITES * ARTICLES


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes in /proc")
def test_kills_lose_nothing_repeat_nothing_and_leave_no_process(web: Web, tmp_path: Path) -> None:
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
