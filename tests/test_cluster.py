"""A backfill in other processes, on a pool and on a Dask cluster, some of which are killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from kills import alive, descendants
from warcs import HERE, page, written

from crawler import apart, backfill, parts, picking, ranges, registry
from crawler.parts import Job, Part
from enrich.annotate import version

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks at processes in /proc"),
]
SMALL = 6000  # bytes of a part: some ten pages
SECONDS = 240
QUIET = ["--host", "127.0.0.1", "--no-dashboard"]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("archives")
    return [
        written(folder / f"{n}.warc.gz", *(page(f"{HERE}/{n}/{m}", f"Avis {m}") for m in range(80)))
        for n in range(3)
    ]


@pytest.fixture(scope="module")
def wanted(archives: list[Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files that one process writes, one part after another."""
    out = tmp_path_factory.mktemp("out")
    sources = tuple(registry.load())
    job = Job(out=out, asked=picking.Asked(), sources=sources, enricher=version())
    backfill.prepare(job)
    for path in archives:
        with path.open("rb") as file:
            for start, end in pairwise(ranges.cuts(file, SMALL)):
                parts.read_part(Part(archive=path, start=start, end=end), job)
    apart.mine().close()
    return files(out)


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def done(out: Path) -> int:
    return len(list(out.glob("*.zst")))


def until(true: Callable[[], object], process: "subprocess.Popen[str] | None" = None) -> None:
    """Wait for it, while the process runs."""
    end = time.monotonic() + SECONDS
    while not true():
        assert process is None or process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def started(archives: list[Path], out: Path, *options: str) -> "subprocess.Popen[str]":
    """`tamis backfill`, which cuts archives in small parts."""
    code = (
        f"from crawler import backfill, cli, cluster; backfill.RANGE = {SMALL}; backfill.AHEAD = 1;"
        "cluster.SECONDS = 10; cli.main(prog_name='tamis')"
    )
    command = [sys.executable, "-c", code, "backfill", *map(str, archives), "--out", str(out)]
    return subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=SECONDS)
    return process.returncode, out, err


# What Dask asks itself all the time, less often, as the README has it: of two cores, it took a
# twelfth (`python tests/backfills.py FOLDER`: 87 % of the pool's pages a second, then 93 %).
CALM = {
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",
    "DASK_DISTRIBUTED__WORKER__MEMORY__MONITOR_INTERVAL": "2s",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s",
    "DASK_DISTRIBUTED__ADMIN__TICK__CYCLE": "5s",
    "DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__INTERVAL": "10s",
}


@contextmanager
def dask(folder: Path) -> Iterator[tuple[str, "subprocess.Popen[str]", "subprocess.Popen[str]"]]:
    """A cluster of two workers, as its operator starts it: address, scheduler, workers."""
    told = folder / "scheduler.json"
    log = (folder / "log").open("w")

    def start(*arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(told), *QUIET]
        environment = {**os.environ, **CALM}
        return subprocess.Popen(command, stdout=log, stderr=log, text=True, env=environment)

    scheduler = start("scheduler", "--port", "0")
    until(lambda: told.exists() and told.read_text(), scheduler)
    workers = start(
        "worker", "--nworkers", "2", "--nthreads", "1", "--local-directory", str(folder)
    )
    try:
        yield json.loads(told.read_text())["address"], scheduler, workers
    finally:
        for process in (workers, scheduler):
            process.terminate()
        for process in (workers, scheduler):
            process.wait(SECONDS)
        log.close()


def test_a_killed_backfill_goes_on_and_ends_with_the_files_of_one_process(
    archives: list[Path], wanted: dict[str, bytes], tmp_path: Path
) -> None:
    first = started(archives, tmp_path, "--workers", "2")
    until(lambda: done(tmp_path) > 2, first)
    below = descendants(first.pid)
    first.kill()
    finished(first)
    before = done(tmp_path)
    assert 2 < before < len(wanted) - 1
    status, out, _ = finished(started(archives, tmp_path, "--workers", "2"))
    assert status == 0, out
    assert f", {before} of them before" in out
    assert files(tmp_path) == wanted
    until(lambda: not any(map(alive, below)))


def test_ctrl_c_ends_a_backfill_at_once_and_says_that_it_goes_on(
    archives: list[Path], wanted: dict[str, bytes], tmp_path: Path
) -> None:
    process = started(archives, tmp_path, "--workers", "1")
    until(lambda: done(tmp_path), process)
    process.send_signal(signal.SIGINT)
    status, out, err = finished(process)
    assert status == 1
    assert "Traceback" not in err
    assert "Run it again to go on" in out
    assert 0 < done(tmp_path) < len(wanted) - 1


def test_a_cluster_writes_the_same_files_though_a_worker_is_killed(
    archives: list[Path], wanted: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with dask(tmp_path) as (address, _, workers):
        process = started(archives, out, "--scheduler", address)
        until(lambda: done(out) > 2, process)
        readers = [pid for pid in descendants(workers.pid) if b"apart.serve" in command_of(pid)]
        assert len(readers) == 2
        os.kill(parent_of(readers[0]), signal.SIGKILL)
        at_kill = done(out)
        assert finished(process)[0] == 0
    assert at_kill < len(wanted) - 1
    assert files(out) == wanted


def test_a_scheduler_that_goes_is_named_and_what_is_done_stays(
    archives: list[Path], wanted: dict[str, bytes], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with dask(tmp_path) as (address, scheduler, _):
        process = started(archives, out, "--scheduler", address)
        until(lambda: done(out) > 2, process)
        scheduler.kill()
        status, _, err = finished(process)
        assert status == 1
        assert "the Dask scheduler has gone" in err.replace("\n", " ")
    before = done(out)
    status, text, _ = finished(started(archives, out))
    assert status == 0
    assert f", {before} of them before" in text
    assert files(out) == wanted
    status, _, err = finished(started(archives, out, "--scheduler", address))
    assert status == 1
    assert f"no Dask scheduler answers at {address}" in err


def command_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
