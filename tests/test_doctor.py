"""What the doctor finds where something is planted, and that it finds nothing where nothing is."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlite_utils import Database
from web import Web, record

from crawler import clock, config, database, doctor, schema
from crawler.cli import main as tamis
from crawler.doctor import Case, Finding, State
from crawler.doctor.case import CHECKS

ROOT = Path(__file__).parent.parent
TOML = '[files]\nsources = "sources"\n[crawl]\nloopback = true\ndelay = 0\n'
Examine = Callable[..., list[Finding]]


@pytest.fixture(name="folder")
def _folder(web: Web, tmp_path: Path) -> Path:
    """An installation for one site on this machine, with an empty database."""
    (tmp_path / "sources").mkdir()
    text = record("quai", web.url, f"{web.url}/feed")
    (tmp_path / "sources" / "test.toml").write_text(text, encoding="utf-8")
    (tmp_path / "tamis.toml").write_text(TOML, encoding="utf-8")
    database.private(tmp_path / "data" / "tamis.db").close()
    return tmp_path


@pytest.fixture(name="found")
def _found(folder: Path) -> Examine:
    def found(check: str, *, deep: bool = False, online: bool = False) -> list[Finding]:
        told = config.load(folder / "tamis.toml")
        return doctor._found(check, Case(told, deep=deep, online=online))

    return found


def test_where_nothing_is_wrong_the_doctor_finds_no_problem_and_says_so(
    folder: Path, web: Web
) -> None:
    ran = CliRunner().invoke(tamis, ["--config", str(folder / "tamis.toml"), "doctor", "--json"])
    told = json.loads(ran.output)
    assert (ran.exit_code, told["well"]) == (0, True)
    assert list(told["checks"]) == list(CHECKS)
    said = {name: each["said"] for name, findings in told["checks"].items() for each in findings}
    assert said["contact"] == "none, and none is needed for sites on this machine"
    assert said["sources"] == "1 to visit"
    assert said["private database"].startswith(f"{folder / 'data/tamis.db'}: 0 articles")
    assert web.hits == {}  # nothing is asked unless told to
    assert {path.name.partition("-")[0] for path in (folder / "data").iterdir()} == {"tamis.db"}


def test_a_person_reads_what_is_and_what_to_do(folder: Path) -> None:
    (folder / "sources" / "test.toml").write_text("[quai]\nname = 7\n", encoding="utf-8")
    ran = CliRunner().invoke(tamis, ["--config", str(folder / "tamis.toml"), "doctor"])
    assert ran.exit_code == 1
    lines = ran.output.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("problem  sources: test.toml: "))
    assert lines[at + 1].startswith("         -> mend it")


def with_toml(folder: Path, text: str) -> None:
    (folder / "tamis.toml").write_text(text, encoding="utf-8")


def no_contact(folder: Path) -> None:
    with_toml(folder, "")


def nobodys_contact(folder: Path) -> None:
    with_toml(folder, 'contact = "you@example.org"\n')


def unlikely_contact(folder: Path) -> None:
    with_toml(folder, 'contact = "the webmaster"\n')


def no_source(folder: Path) -> None:
    with_toml(folder, f'{TOML}countries = ["NL"]\n')


def no_folder(folder: Path) -> None:
    (folder / "reports").write_text("a file", encoding="utf-8")
    with_toml(folder, TOML.replace("[crawl]", 'reports = "reports"\n[crawl]'))


def newer(folder: Path) -> None:
    with closing(Database(folder / "data/tamis.db")) as db:
        told = {"migration_set": schema.private.name, "name": "m900_x", "applied_at": ""}
        db.table("_sqlite_migrations").insert(told)


def older(folder: Path) -> None:
    (folder / "data/tamis.db").unlink()
    with closing(Database(folder / "data/tamis.db")) as db:
        schema.private.apply(db, stop_before="m009_sketches")


def no_published(folder: Path) -> None:
    (folder / "datasette").mkdir()
    (folder / "datasette/news.db").write_bytes(b"nothing of the kind" * 99)


def half_published(folder: Path) -> None:
    (folder / "datasette").mkdir()
    (folder / "datasette/news.db.new").write_bytes(b"")


def old_copy(folder: Path) -> None:
    path = folder / "data/tamis.db.before-0.0.9-m007"
    path.write_bytes(b"")
    os.utime(path, (1e9, 1e9))


@pytest.mark.parametrize(
    ("plant", "check", "wrong"),
    [
        (no_contact, "contact", "problem: none is set, and no public site is visited"),
        (nobodys_contact, "contact", "warning: you@example.org is nobody's"),
        (unlikely_contact, "contact", "warning: 'the webmaster' is neither an e-mail address"),
        (no_source, "sources", "problem: none is enabled of those"),
        (no_folder, "writable", "problem: {folder}/reports: Not a directory"),
        (newer, "private database", "problem: {folder}/data/tamis.db was made by a newer Tamis"),
        (older, "private database", "warning: {folder}/data/tamis.db is of an older version"),
        (no_published, "published database", "problem: {folder}/datasette/news.db is not a"),
        (half_published, "leftovers", "warning: {folder}/datasette/news.db.new is of a publish"),
        (old_copy, "leftovers", "warning: {folder}/data/tamis.db.before-0.0.9-m007 is what an"),
    ],
)
def test_what_is_planted_is_found(
    folder: Path, found: Examine, plant: Callable[[Path], None], check: str, wrong: str
) -> None:
    assert {each.state for each in found(check)} == {State.OK}
    plant(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (finding, *_) = found(check)
    assert f"{finding.state}: {finding.said}".startswith(wrong.format(folder=folder))
    assert finding.do
    for path, body in before.items():
        assert path.read_bytes() == body, "the doctor changes nothing"


def test_damage_is_found_by_one_who_looks_deep(folder: Path, found: Examine) -> None:
    path = folder / "data/tamis.db"
    with closing(Database(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'urls'").fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * 64)
    (finding,) = found("private database", deep=True)
    assert finding.state == State.PROBLEM


def test_another_tamis_at_work_is_named_and_a_lock_that_nobody_holds_is_not(
    folder: Path, found: Examine
) -> None:
    lock = sqlite3.connect(folder / "data/tamis.db.lock", isolation_level=None)
    with closing(lock):  # as another process holds it: this one may ask again
        lock.execute("BEGIN EXCLUSIVE")
        (finding,) = found("at work")
    assert (finding.state, "data/tamis.db" in finding.said) == (State.WARNING, True)
    assert (folder / "data/tamis.db.lock").is_file()
    assert found("at work") == [Finding(State.OK, "no other tamis")]


@pytest.mark.parametrize(
    ("year", "check", "wrong"),
    [(1999, "clock", "problem: the clock says 1999"),
     (2027, "private database", "warning: the clock says 2027-01-02T00:00:00Z, but there are")],
)  # fmt: skip
def test_a_clock_that_is_wrong_is_found(
    folder: Path, monkeypatch: pytest.MonkeyPatch, year: int, check: str, wrong: str
) -> None:
    with closing(Database(folder / "data/tamis.db")) as db:
        db.table("sources").insert({"id": "quai", "record": "{}"})
        db.table("channels").insert(
            {"source": "quai", "kind": "feed", "url": "u", "checked": "2031-01-01T00:00:00Z"}
        )
    monkeypatch.setattr(clock, "moment", lambda: datetime(year, 1, 2, tzinfo=UTC))
    (finding,) = doctor._found(check, Case(config.load(folder / "tamis.toml")))
    assert f"{finding.state}: {finding.said}".startswith(wrong)


def test_online_the_first_source_is_asked_for_its_robots_txt_once(
    web: Web, folder: Path, found: Examine
) -> None:
    (finding,) = found("network", online=True)
    assert finding == Finding(State.OK, f"{web.url}/robots.txt answers (404)")
    assert web.hits == {"/robots.txt": 1}
    assert {agent.split("/")[0] for agent in web.agents} == {"Tamis"}
    text = record("quai", "http://127.0.0.1:9", "http://127.0.0.1:9/feed")
    (folder / "sources" / "test.toml").write_text(text, encoding="utf-8")
    (finding,) = found("network", online=True)
    assert finding.state == State.PROBLEM
    assert "does not answer" in finding.said


def test_online_without_a_contact_nobody_is_asked(folder: Path, found: Examine) -> None:
    text = record("quai", "http://quai.test", "http://quai.test/feed")
    (folder / "sources" / "test.toml").write_text(text, encoding="utf-8")
    (finding,) = found("network", online=True)
    assert finding.state == State.PROBLEM
    assert "no contact is set" in finding.said


def test_a_datasette_of_others_a_poor_locale_and_few_files_are_found(
    folder: Path, tmp_path: Path
) -> None:
    shadow = tmp_path / "shadow"
    (shadow / "datasette").mkdir(parents=True)
    (shadow / "datasette" / "__init__.py").write_text("", encoding="utf-8")
    poor = {
        "LC_ALL": "C",
        "PYTHONUTF8": "0",
        "PYTHONCOERCECLOCALE": "0",
        "PATH": os.environ["PATH"],
    }
    told = ["--config", str(folder / "tamis.toml"), "doctor", "--json"]
    ran = subprocess.run(
        ["sh", "-c", 'ulimit -n 300; exec "$@"', "sh", sys.executable, "-m", "crawler", *told],
        env={**poor, "PYTHONPATH": f"{shadow}:{ROOT}"}, cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stderr
    checks = json.loads(ran.stdout)["checks"]
    said = {name: (checks[name][0]["state"], checks[name][0]["said"]) for name in checks}
    assert said["datasette"] == ("problem", f"`datasette` is not Datasette, but {shadow}/datasette")
    assert said["texts"][0] == "warning"
    assert said["open files"] == ("warning", "only 300 may be open at once")


@pytest.fixture(name="small_disk")
def _small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root may mount")
    disk = tmp_path / "small"
    disk.mkdir()
    with ExitStack() as stack:
        mounting = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
        if (ran := subprocess.run(mounting, capture_output=True, check=False)).returncode:
            pytest.skip(ran.stderr.decode().strip())
        stack.callback(subprocess.run, ["umount", str(disk)], check=True)
        yield disk


def test_a_disk_without_room_for_the_next_run_is_found(
    folder: Path, found: Examine, small_disk: Path
) -> None:
    with_toml(folder, TOML.replace("[crawl]", 'published = "small/news.db"\n[crawl]'))
    findings = [each for each in found("disk") if str(small_disk) in each.said]
    assert [each.state for each in findings] == [State.PROBLEM]
    assert "1 MB free" in findings[0].said
