"""A disk that is full, a file that is read-only, one that another process holds: all of it real.

Whatever it is, the command ends with one sentence that names the file, nothing committed is lost,
and the next crawl does the rest.
"""

import ctypes
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import warm
from web import RSS, Answer, Web, article, feed, record

# So much is there before; so much more makes the database grow beyond what is allowed it.
SMALL, LARGE = 3, 32
PAGE = 20_000  # characters of a large page, which zstd makes half as long
KIB = 1024
# Bytes beyond what is there: some pages fit in.
ROOM = 100 * KIB
SECONDS = 90.0
# Of Linux's prctl and capabilities: root without the second is bound by modes like anybody.
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
# Words by which a sentence says what to do.
ADVICE = re.compile(r"\b(?:again|next time|wait|free|make|close|name another|mount)\b")
TAMIS = [sys.executable, "-m", "crawler"]
# `tamis` that waits a tenth of a second for a lock, not a minute.
IMPATIENT = "from crawler import database; database.BUSY_MILLISECONDS = 100"

Ran = subprocess.CompletedProcess[str]


@dataclass(frozen=True, slots=True)
class Site:
    """A web with a small source and a large one, and a database after a crawl of the small one."""

    web: Web
    folder: Path

    @property
    def warc(self) -> Path:
        return self.folder / "small.warc.gz"

    def sources(self) -> Path:
        return self.folder / "both"

    def copy(self, folder: Path) -> Path:
        """The database as it was after that crawl, somewhere else."""
        folder.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(self.folder / "tamis.db", folder))


def words(rng: random.Random, length: int) -> str:
    return "Le quai ouvre ses portes. " + rng.randbytes(length // 2).hex()


@pytest.fixture(name="site", scope="module")
def _site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("disk")
    rng = random.Random(20261122)
    with Web() as web:
        records = []
        for name, pages, length in (("small", SMALL, 100), ("large", LARGE, PAGE)):
            base = web.url.replace("127.0.0.1", f"{name}.localhost")
            links = [f"{base}/{name}/{n}" for n in range(pages)]
            web.pages[f"/{name}"] = Answer(feed(*links), content_type=RSS)
            for n in range(pages):
                page = article(f"Avis {name} {n}", words(rng, length))
                web.pages[f"/{name}/{n}"] = Answer(page)
            records.append(record(name, base, f"{base}/{name}"))
        for name, chosen in (("first", records[:1]), ("both", records)):
            (folder / name).mkdir()
            (folder / name / "test.toml").write_text("\n".join(chosen), encoding="utf-8")
        site = Site(web, folder)
        ran = run(crawl(folder / "first", folder / "tamis.db"))
        assert ran.returncode == 0, ran.stderr
        assert rows(folder / "tamis.db", "SELECT count(*) FROM articles") == [(SMALL,)]
        ran = run(["export", "warc", str(site.warc), "--db", str(folder / "tamis.db")])
        assert ran.returncode == 0, ran.stderr
        yield site


def crawl(sources: Path, db: Path, *options: str) -> list[str]:
    told = ["--sources", str(sources), "--db", str(db), "--loopback", "--delay", "0"]
    return ["crawl", *told, "--workers", "1", *options]


def on(site: Site, path: Path) -> dict[str, list[str]]:
    """Each command that writes to the private database, on the one at `path`."""
    return {
        "crawl": crawl(site.sources(), path),
        "enrich": ["enrich", "--db", str(path), "--workers", "1"],
        "import": ["import", str(site.warc), "--db", str(path), "--workers", "1"],
    }


def run(arguments: list[str], *, prelude: str = "") -> Ran:
    return warm.run(*arguments, prelude=prelude)


def run_as_anybody(arguments: list[str]) -> Ran:
    """As one for whom modes hold: everybody but root."""

    def drop() -> None:
        if os.geteuid() == 0:
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)

    return subprocess.run(
        [*TAMIS, *arguments], preexec_fn=drop,
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(sql).fetchall()


def kept(path: Path) -> dict[str, set[tuple[Any, ...]]]:
    """All that must outlive a fault: archived pages, articles, and what was decided."""
    assert rows(path, "PRAGMA integrity_check") == [("ok",)]
    return {
        table: set(rows(path, sql))
        for table, sql in {
            "pages": "SELECT id, url_id, fetched, body FROM pages",
            "articles": "SELECT id, url_id, content_hash FROM articles",
            "texts": "SELECT article_id, text FROM article_texts",
            "urls": "SELECT id, url FROM urls",
            "decided": "SELECT id FROM urls WHERE outcome NOT IN ('pending', 'fetched')",
        }.items()
    }


def assert_said(ran: Ran, *names: Path | str) -> None:
    """One sentence that says what it is about and what to do, status 1, and nothing else."""
    assert ran.returncode == 1, ran.stderr
    assert "Traceback" not in ran.stderr
    told = [line for line in ran.stderr.splitlines() if line.startswith("Error: ")]
    assert len(told) == 1, ran.stderr
    assert ran.stderr.endswith(told[0] + "\n")
    for name in names:
        assert str(name) in told[0]
    assert ADVICE.search(told[0]), told[0]


def assert_lost_nothing(before: dict[str, set[tuple[Any, ...]]], path: Path) -> None:
    after = kept(path)
    for table, there in before.items():
        assert there <= after[table], table


def assert_goes_on(site: Site, path: Path, *options: str) -> None:
    """The fault is over: what was committed stays, the rest comes, each page once."""
    before = kept(path)
    ran = run(crawl(site.sources(), path, *options))
    assert ran.returncode == 0, ran.stderr
    assert_lost_nothing(before, path)
    everything = SMALL + LARGE
    outcomes = dict(rows(path, "SELECT outcome, count(*) FROM urls GROUP BY 1"))
    assert outcomes.keys() <= {"stored", "fetched"}
    assert sum(outcomes.values()) == everything
    assert rows(path, "SELECT count(*), count(DISTINCT url_id) FROM pages") == [
        (everything, everything)
    ]
    if "--no-enrich" not in options:
        assert outcomes == {"stored": everything}
        assert rows(path, "SELECT count(*), count(DISTINCT url) FROM articles") == [
            (everything, everything)
        ]
        assert rows(path, "SELECT count(*) FROM article_texts") == [(everything,)]


def no_larger_than(size: int) -> str:
    """A prelude: no file of the process can grow beyond `size` (Python ignores SIGXFSZ)."""
    return f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))"


@contextmanager
def mounted(*arguments: str | Path) -> Iterator[None]:
    """Mount for a while, or skip the test."""
    words = [str(argument) for argument in arguments]
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root may mount")
    if (
        made := subprocess.run(["mount", *words], capture_output=True, text=True, check=False)
    ).returncode:
        pytest.skip(made.stderr.strip())
    try:
        yield
    finally:
        subprocess.run(["umount", words[-1]], check=True)


@pytest.fixture(name="busy")
def _busy(site: Site, tmp_path: Path) -> Iterator[Path]:
    """A database that a crawl is at work on, which ends when these tests have looked at it."""
    path = site.copy(tmp_path)
    asked = "/large/0"
    answer, go_on, there = site.web.pages[asked], threading.Event(), threading.Event()
    assert isinstance(answer, Answer)

    def waiting(_: dict[str, str]) -> Answer:
        there.set()
        go_on.wait(SECONDS)
        return answer

    site.web.pages[asked] = waiting
    first = subprocess.Popen(
        [*TAMIS, *crawl(site.sources(), path)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert there.wait(SECONDS)
        yield path
        go_on.set()
        _, err = first.communicate(timeout=SECONDS)
        assert first.returncode == 0, err
        assert rows(path, "SELECT count(*) FROM articles") == [(SMALL + LARGE,)]
    finally:
        go_on.set()
        site.web.pages[asked] = answer
        first.kill()
        first.communicate()


@pytest.fixture(name="unread")
def _unread(fetched: Path, tmp_path: Path) -> Path:
    """A database whose large pages are archived, and still to be read."""
    return Path(shutil.copy(fetched, tmp_path / "unread.db"))


@pytest.fixture(name="fetched", scope="module")
def _fetched(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = site.copy(tmp_path_factory.mktemp("fetched"))
    ran = run(crawl(site.sources(), path, "--no-enrich"))
    assert ran.returncode == 0, ran.stderr
    return path


# A full disk.


@pytest.mark.slow
def test_a_disk_that_fills_up_ends_the_crawl_and_costs_nothing(site: Site, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    size = (site.folder / "tamis.db").stat().st_size + ROOM
    with mounted("-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk):
        path = site.copy(disk)
        before = kept(path)
        ran = run(crawl(site.sources(), path))
        assert_said(ran, path, "disk is full")
        assert_lost_nothing(before, path)
        subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
        assert_goes_on(site, path)


def test_a_file_that_may_not_grow_ends_the_crawl_and_costs_nothing(
    site: Site, tmp_path: Path
) -> None:
    """Without enrichment beside it, so that it is the crawl whose writes fail."""
    path = site.copy(tmp_path)
    before = kept(path)
    limit = no_larger_than(path.stat().st_size + ROOM)
    ran = run(crawl(site.sources(), path, "--no-enrich"), prelude=limit)
    assert_said(ran, path)
    assert_lost_nothing(before, path)
    assert_goes_on(site, path)


@pytest.mark.slow
def test_enrich_on_a_full_disk_leaves_the_pages_to_be_read_later(site: Site, unread: Path) -> None:
    before = kept(unread)
    ran = run(
        ["enrich", "--db", str(unread), "--workers", "1"],
        prelude=no_larger_than(unread.stat().st_size + ROOM // 4),
    )
    # The first to fail is the process that reads, which unpacks a model to a file.
    assert_said(ran, tempfile.gettempdir())
    assert_lost_nothing(before, unread)
    assert_goes_on(site, unread)


def test_an_import_on_a_full_disk_is_run_again(site: Site, unread: Path, tmp_path: Path) -> None:
    file = tmp_path / "all.warc.gz"
    assert run(["export", "warc", str(file), "--db", str(unread)]).returncode == 0
    path = site.copy(tmp_path / "other")
    # What is imported anew waits to be read again, so it is no longer decided.
    before = {name: found for name, found in kept(path).items() if name != "decided"}
    importing = ["import", str(file), "--db", str(path), "--sources", str(site.sources())]
    importing += ["--no-enrich"]
    assert_said(run(importing, prelude=no_larger_than(path.stat().st_size + ROOM)), path)
    assert_lost_nothing(before, path)
    assert run(importing).returncode == 0
    assert_lost_nothing(before, path)
    assert rows(path, "SELECT count(*), count(DISTINCT url_id) FROM pages") == [
        (SMALL + LARGE, SMALL + LARGE)
    ]


def test_publishing_on_a_full_disk_leaves_the_old_database_as_it_was(
    site: Site, tmp_path: Path
) -> None:
    path, news = site.copy(tmp_path), tmp_path / "news.db"
    publishing = ["publish", "--db", str(path), "--news", str(news)]
    assert run(publishing).returncode == 0
    old = news.read_bytes()
    assert_said(run(publishing, prelude=no_larger_than(len(old) // 2)), news)
    assert news.read_bytes() == old
    assert rows(news, "SELECT count(*) FROM articles") == [(SMALL,)]
    assert run(publishing).returncode == 0


# Read-only.


@pytest.mark.skipif(
    sys.platform != "linux" and os.geteuid() == 0, reason="root may write everything"
)
@pytest.mark.parametrize("shut", ["file", "folder"])
@pytest.mark.parametrize("command", ["crawl", "enrich", "import"])
def test_what_may_not_be_written_is_named_and_stays_as_it_is(
    site: Site, tmp_path: Path, command: str, shut: str
) -> None:
    path = site.copy(tmp_path / "data")
    was = path.read_bytes()
    path.chmod(0o444)
    path.parent.chmod(0o755 if shut == "file" else 0o555)
    try:
        ran = run_as_anybody(on(site, path)[command])
    finally:
        path.parent.chmod(0o755)
        path.chmod(0o644)
    assert_said(ran, path)
    assert path.read_bytes() == was
    if (command, shut) == ("crawl", "file"):
        assert_goes_on(site, path, "--no-enrich")


def test_publishing_where_nothing_may_be_written_says_where(site: Site, tmp_path: Path) -> None:
    path, news = site.copy(tmp_path), tmp_path / "site/news.db"
    news.parent.mkdir()
    publishing = ["publish", "--db", str(path), "--news", str(news)]
    assert run(publishing).returncode == 0
    old = news.read_bytes()
    news.parent.chmod(0o555)
    try:
        ran = run_as_anybody(publishing)
    finally:
        news.parent.chmod(0o755)
    assert_said(ran, news)
    assert news.read_bytes() == old


def test_a_disk_that_is_mounted_read_only_is_named(site: Site, tmp_path: Path) -> None:
    path = site.copy(tmp_path / "disk")
    was = path.read_bytes()
    with mounted("--bind", path.parent, path.parent):
        subprocess.run(["mount", "-o", "remount,ro,bind", str(path.parent)], check=True)
        assert_said(run(crawl(site.sources(), path)), path)
        assert_said(run(["enrich", "--db", str(path)]), path)
    assert path.read_bytes() == was


# Locked.


@pytest.mark.parametrize("command", ["crawl", "enrich", "import"])
def test_a_database_that_another_program_holds_is_named(
    site: Site, tmp_path: Path, command: str
) -> None:
    path = site.copy(tmp_path)
    before = kept(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        assert_said(run(on(site, path)[command], prelude=IMPATIENT), path, "locked")
        holder.execute("ROLLBACK")
    assert kept(path) == before


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["/large", "/large/9"])
def test_a_database_that_another_program_takes_in_the_middle_ends_the_crawl(
    site: Site, tmp_path: Path, asked: str
) -> None:
    path = site.copy(tmp_path)
    before = kept(path)
    answer = site.web.pages[asked]
    assert isinstance(answer, Answer)
    with closing(
        sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=SECONDS)
    ) as holder:

        def take(_: dict[str, str]) -> Answer:
            if not holder.in_transaction:
                holder.execute("BEGIN EXCLUSIVE")
            return answer

        site.web.pages[asked] = take
        try:
            assert_said(run(crawl(site.sources(), path), prelude=IMPATIENT), path, "locked")
        finally:
            site.web.pages[asked] = answer
        assert holder.in_transaction
        holder.execute("ROLLBACK")
    assert_lost_nothing(before, path)
    assert_goes_on(site, path, "--no-enrich")


@pytest.mark.slow
def test_a_second_process_on_the_same_database_is_refused_at_once(
    site: Site, busy: Path, tmp_path: Path
) -> None:
    """The first one is a crawl under way, which the fixture sees to its end undisturbed."""
    for command in on(site, busy).values():
        began = time.monotonic()
        ran = run(command)
        assert time.monotonic() - began < SECONDS / 4  # who waits for a lock waits a minute
        assert_said(ran, f"another tamis is at work on {busy}: wait until it is done, or stop it")
        assert ran.stdout == ""
    # Publishing only reads there.
    news = tmp_path / "news.db"
    ran = run(["publish", "--db", str(busy), "--news", str(news)])
    assert ran.returncode == 0, ran.stderr
    assert rows(news, "SELECT count(*) FROM articles")[0][0] >= SMALL


@pytest.mark.slow
def test_a_program_that_writes_there_too_now_and_then_is_waited_for(
    site: Site, tmp_path: Path
) -> None:
    """SQLite refuses a transaction that has read, and writes after another's commit, at once."""
    path = site.copy(tmp_path)
    over = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=SECONDS)) as other:
            other.execute("CREATE TABLE diary (day TEXT)")
            while not over.wait(0.001):
                other.execute("INSERT INTO diary VALUES ('today')")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        assert_goes_on(site, path)
    finally:
        over.set()
        writer.join()
