"""kill -9 at every edge of a transaction: nothing lost, nothing twice."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from kills import site_web
from web import Web


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_kill_at_any_edge_of_a_transaction_loses_nothing_and_repeats_nothing(
    web: Web, tmp_path: Path
) -> None:
    sources = site_web(web, tmp_path, sites=1, articles=2, seconds=0)
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
            "outcomes": {"stored": 2}, "articles": 2, "distinct": 2, "texts": 2, "pages": 2,
        }
    ]  # fmt: skip
