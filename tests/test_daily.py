"""The daily job on sites of our own: whole, again, late, stopped, killed, and what it says."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import feedparser
import pytest
import warm
from sqlite_utils import Database
from web import RSS, Answer, Web, article, feed, record

from crawler import database, reports, runs

TEXT = (
    "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les familles.",
    "Les équipes sociales y tiennent une permanence chaque matin, sauf le dimanche.",
)
SYLLABLES = [
    "la",
    "me",
    "ton",
    "vi",
    "rou",
    "se",
    "pa",
    "lier",
    "quai",
    "nu",
    "do",
    "fran",
    "chi",
    "be",
]
# As if it were so many days later.
AHEAD = (
    "from datetime import timedelta; from crawler import clock;"
    " clock.moment = lambda now=clock.moment, by=timedelta(days={}): now() + by"
)
# As if it were that day of March 2027, of which the first is a Monday.
AT = (
    "from datetime import UTC, datetime; from crawler import clock;"
    " clock.moment = lambda now=clock.moment, by=datetime(2027, 3, {}, 6, tzinfo=UTC)"
    " - clock.moment(): now() + by"
)
Daily = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(web: Web, tmp_path: Path) -> Path:
    """A folder with a tamis.toml, for one site of three articles."""
    (tmp_path / "sources").mkdir()
    text = record("quai", web.url, f"{web.url}/feed")
    (tmp_path / "sources" / "test.toml").write_text(text, encoding="utf-8")
    (tmp_path / "tamis.toml").write_text(
        "[files]\nsources = 'sources'\npublished = 'news.db'\n"
        "[crawl]\nloopback = true\ndelay = 0\nworkers = 1\n"
        "[feeds]\nout = 'feeds'\nlanguages = ['fr']\nformats = ['atom']\n"
        "[[exports]]\nquery = 'language=fr'\nout = 'exports/fr.csv'\n",
        encoding="utf-8",
    )
    web.pages = {"/feed": Answer(feed(*(f"{web.url}/{n}" for n in range(3))), content_type=RSS)}
    for n in range(3):
        web.pages[f"/{n}"] = Answer(article(f"Le centre numéro {n} rouvre", *TEXT))
    return tmp_path


@pytest.fixture
def daily(folder: Path) -> Daily:
    def run(*arguments: str, prelude: str = "") -> subprocess.CompletedProcess[str]:
        config = str(folder / "tamis.toml")
        return warm.run("--config", config, "daily", *arguments, prelude=prelude)

    return run


@pytest.fixture
def private(folder: Path) -> Iterator[Callable[[], Database]]:
    opened = []

    def database_() -> Database:
        opened.append(database.private(folder / "data" / "tamis.db"))
        return opened[-1]

    yield database_
    for db in opened:
        db.close()


def later(db: Database) -> None:
    db.execute("UPDATE channels SET due = ''")


def report(folder: Path) -> dict[str, object]:
    text = (folder / "data" / "reports" / "latest.json").read_text(encoding="utf-8")
    told: dict[str, object] = json.loads(text)
    return told


# What it does.


def test_one_run_does_everything_and_says_so(folder: Path, daily: Daily) -> None:
    ran = daily()
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "new articles 3" in ran.stdout
    with closing(Database(folder / "news.db")) as news:
        assert news.table("articles").count == 3
        (row,) = news.table("runs").rows
        assert (row["status"], row["stored"], row["needs"]) == ("running", 3, 0)
    assert (folder / "feeds" / "fr.atom").is_file()
    assert (folder / "exports" / "fr.csv").read_text("utf-8").count("\n") == 4
    told = report(folder)
    assert (told["status"], told["sources"], told["needs"]) == ("done", {"quai": 3}, [])
    page = (folder / "data" / "reports" / "latest.html").read_text(encoding="utf-8")
    assert "Nobody needs to do anything." in page
    assert "<script" not in page


def test_a_second_run_brings_nothing_twice_and_says_nothing_if_quiet(
    folder: Path, daily: Daily, private: Callable[[], Database]
) -> None:
    daily()
    later(private())
    feed_before = (folder / "feeds" / "fr.atom").stat().st_mtime_ns
    ran = daily("--quiet")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert private().table("articles").count == 3
    assert (folder / "feeds" / "fr.atom").stat().st_mtime_ns == feed_before
    with closing(Database(folder / "news.db")) as news:
        assert [row["status"] for row in news.table("runs").rows] == ["done", "running"]


def test_when_no_channel_answers_a_person_is_asked_even_if_quiet(web: Web, daily: Daily) -> None:
    web.pages["/feed"] = Answer(b"", 500)
    ran = daily("--quiet")
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "None of 1 channels gave an answer" in ran.stdout


def test_a_step_that_fails_is_told_and_those_that_need_it_are_left(
    folder: Path, daily: Daily
) -> None:
    (folder / "news.db").write_bytes(b"not a database, and nobody's to replace")
    ran = daily()
    assert ran.returncode == 1
    assert "The step publish failed: " in ran.stdout
    told = report(folder)
    told_of = {step["name"]: step["status"] for step in told["steps"]}  # type: ignore[attr-defined]
    after = {name for name, status in told_of.items() if status == "left"}
    assert (told_of["crawl"], told_of["publish"], after) == (
        "done", "failed", {"feeds", "exports"}
    )  # fmt: skip
    assert told["status"] == "failed"
    (folder / "news.db").unlink()
    assert daily().returncode == 0
    with closing(Database(folder / "news.db")) as news:
        assert news.table("articles").count == 3


def test_a_wrong_record_fails_the_crawl_and_what_is_there_is_published(
    folder: Path, daily: Daily, private: Callable[[], Database]
) -> None:
    daily()
    (folder / "news.db").unlink()
    path = folder / "sources" / "test.toml"
    path.write_text(path.read_text("utf-8")[:-20], encoding="utf-8")  # half saved
    ran = daily()
    assert ran.returncode == 1
    assert "The step crawl failed: test.toml cannot be read" in ran.stdout
    with closing(Database(folder / "news.db")) as news:
        assert news.table("articles").count == 3
    assert private().table("articles").count == 3


def test_an_export_that_cannot_be_fails_alone(folder: Path, daily: Daily) -> None:
    path = folder / "tamis.toml"
    path.write_text(path.read_text("utf-8").replace("language=fr'", "langue=fr'"), "utf-8")
    ran = daily()
    assert ran.returncode == 1
    assert "The step exports failed: no parameter 'langue'" in ran.stdout
    assert (folder / "feeds" / "fr.atom").is_file()


# Enough of them that texts made from them do not pack well.
WORDS = [f"{a}{b}{c}" for a in SYLLABLES for b in SYLLABLES for c in SYLLABLES]


def test_what_an_older_version_has_read_is_read_again(
    daily: Daily, private: Callable[[], Database]
) -> None:
    daily()
    private().execute("UPDATE urls SET enricher = 'tamis-1'")
    private().execute("UPDATE articles SET title = 'Lu autrement', content_hash = ''")
    ran = daily()
    assert "enrich" in ran.stdout
    assert "3 pages read by this version" in ran.stdout
    titles = {row["title"] for row in private().table("articles").rows}
    assert titles == {f"Le centre numéro {n} rouvre" for n in range(3)}


def test_a_clock_that_was_set_back_wants_a_person_once(
    web: Web, daily: Daily, private: Callable[[], Database]
) -> None:
    assert daily(prelude=AHEAD.format(400)).returncode == 0
    web.pages["/feed"] = Answer(feed(f"{web.url}/0", f"{web.url}/new"), content_type=RSS)
    web.pages["/new"] = Answer(article("Le centre numéro quatre rouvre", *TEXT))
    ran = daily()
    assert (ran.returncode, "the clock says" in ran.stdout) == (1, True)
    assert private().table("articles").count == 4, "nothing waits for the day that never came"
    ran = daily()
    assert (ran.returncode, "the clock says" in ran.stdout) == (0, False)


def test_an_alarm_wants_a_person_on_its_first_day_and_in_each_week(
    web: Web, folder: Path, daily: Daily
) -> None:
    other = record("pont", web.url, f"{web.url}/other")
    (folder / "sources" / "other.toml").write_text(other, encoding="utf-8")
    web.pages["/other"] = Answer(feed(f"{web.url}/0"), content_type=RSS)
    daily(prelude=AT.format(2))
    del web.pages["/feed"]
    wanted = [daily("--quiet", prelude=AT.format(day)) for day in (3, 4, 5, 5, 6, 8)]
    said = ["failing" in ran.stdout for ran in wanted]
    assert said == [False, False, True, False, False, True], "after three days, and on Monday"
    assert [ran.returncode for ran in wanted] == [int(each) for each in said]
    alarms = feedparser.parse((folder / "data" / "reports" / "alarms.atom").read_bytes())
    assert [entry.title for entry in alarms.entries if "quai" in entry.title.lower()]
    with closing(Database(folder / "news.db")) as news:
        (row,) = news.table("alarms").rows
        assert (row["kind"], row["source"], row["until"]) == ("failing", "quai", None)


def test_what_is_too_old_is_let_go_of_and_no_longer_published(
    folder: Path, daily: Daily, private: Callable[[], Database]
) -> None:
    daily()
    path = folder / "tamis.toml"
    path.write_text(path.read_text("utf-8") + "[retention]\ntext = 30\n", "utf-8")
    ran = daily(prelude=AHEAD.format(31))
    assert "3 texts" in ran.stdout
    assert [row["text"] for row in private().table("article_texts").rows] == [""] * 3
    with closing(Database(folder / "news.db")) as news:
        assert {row["summary"] for row in news.table("articles").rows} == {""}


# A file may grow no larger: what a full disk is to SQLite.
FULL = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({}, resource.RLIM_INFINITY))
"""


def test_on_a_disk_that_fills_up_nothing_is_lost_and_the_next_run_does_the_rest(
    web: Web, daily: Daily, private: Callable[[], Database]
) -> None:
    assert daily().returncode == 0
    later(private())
    size = private().execute("PRAGMA page_count").fetchone()[0] * 4096
    noise = random.Random(8)
    web.pages["/feed"] = Answer(feed(*(f"{web.url}/{n}" for n in range(8))), content_type=RSS)
    for n in range(8):
        text = " ".join(noise.choices(WORDS, k=4_000))
        web.pages[f"/{n}"] = Answer(article(f"Le centre numéro {n} rouvre", text, *TEXT))
    ran = daily(prelude=FULL.format(size + 100_000))
    assert ran.returncode == 1
    assert "The step crawl failed: " in ran.stdout
    assert "goes on from what was" in ran.stdout
    kept = private().table("articles").count
    assert daily().returncode == 0
    assert kept < private().table("articles").count == 8
    assert [hits for path, hits in web.hits.items() if path[1:].isdigit() and hits > 2] == []


# Time, and being stopped.

SLOW = "User-agent: *\nCrawl-delay: 1\n"


def slowly(web: Web, n: int = 40) -> None:
    """A site that takes a second an article."""
    web.pages["/robots.txt"] = Answer(SLOW.encode(), content_type="text/plain")
    web.pages["/feed"] = Answer(feed(*(f"{web.url}/{i}" for i in range(n))), content_type=RSS)
    for i in range(n):
        web.pages[f"/{i}"] = Answer(article(f"Le centre numéro {i} rouvre", *TEXT))


def test_a_run_whose_time_is_up_publishes_and_says_what_is_left(
    web: Web, folder: Path, daily: Daily, private: Callable[[], Database]
) -> None:
    slowly(web)
    ran = daily("--hours", str(8 / 3600))
    assert ran.returncode == 0
    told = report(folder)
    assert told["status"] == "unfinished"
    assert "addresses to fetch or to read" in str(told["left"])
    with closing(Database(folder / "news.db")) as news:
        published = news.table("articles").count
    counts = dict(private().execute("SELECT outcome, count(*) FROM urls GROUP BY 1").fetchall())
    assert sum(counts.values()) == 40
    assert published == counts.get("stored", 0) < 40


def test_too_little_time_again_and_again_wants_a_person(
    web: Web, daily: Daily, private: Callable[[], Database]
) -> None:
    slowly(web)
    db = private()
    for _ in range(2):
        runs.end(db, runs.begin(db), "unfinished", ())
    ran = daily("--hours", str(4 / 3600))
    assert ran.returncode == 1
    assert "3 runs in a row had too little time" in ran.stdout


def begun(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "crawler", "--config", str(folder / "tamis.toml"), "daily"]
    return subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def until_fetched(web: Web, n: int) -> None:
    """Until so many articles were asked for."""
    patience = time.monotonic() + 60
    while sum(hits for path, hits in web.hits.items() if path[1:].isdigit()) < n:
        assert time.monotonic() < patience
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.parametrize("signals", [1, 2])
def test_stopped_once_or_twice_it_ends_and_the_next_goes_on(
    web: Web, folder: Path, daily: Daily, private: Callable[[], Database], signals: int
) -> None:
    slowly(web, 6)
    process = begun(folder)
    until_fetched(web, 2)
    for _ in range(signals):
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
    out, _ = process.communicate(timeout=60)
    assert (process.returncode, "stopped" in out) == (1, True)
    web.pages["/robots.txt"] = Answer(b"", content_type="text/plain")
    with closing(database.private(folder / "data" / "tamis.db")) as db:
        db.execute("UPDATE hosts SET robots_checked = NULL, rests = NULL")
    assert daily().returncode == 0
    assert private().table("articles").count == 6
    assert [row["status"] for row in private().table("runs").rows] == ["stopped", "done"]


@pytest.mark.slow
def test_killed_it_is_known_to_be_and_a_second_one_beside_it_is_refused(
    web: Web, folder: Path, daily: Daily, private: Callable[[], Database]
) -> None:
    slowly(web, 30)
    process = begun(folder)
    until_fetched(web, 2)
    second = daily("--quiet")
    assert (second.returncode, "another tamis is at work" in second.stderr) == (1, True)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    web.pages["/robots.txt"] = Answer(b"", content_type="text/plain")
    with closing(database.private(folder / "data" / "tamis.db")) as db:
        db.execute("UPDATE hosts SET robots_checked = NULL, rests = NULL")
    assert daily().returncode == 0
    assert [row["status"] for row in private().table("runs").rows] == ["killed", "done"]
    assert private().table("articles").count == 30
    assert web.hits["/29"] == 1


# The reports.


def test_reports_beyond_the_limit_go_the_oldest_first(tmp_path: Path) -> None:
    for n in range(1, 5):
        told = reports.Report(
            run=n, started=f"2026-11-{20 + n}T05:30:00Z", ended=f"2026-11-{20 + n}T05:40:00Z",
            status="done", steps=(), figures={},
        )  # fmt: skip
        reports.keep(told, tmp_path, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "2026-11-23-000003.html", "2026-11-23-000003.json",
        "2026-11-24-000004.html", "2026-11-24-000004.json", "latest.html", "latest.json",
    ]  # fmt: skip


def test_what_a_site_says_cannot_break_the_page_of_a_report() -> None:
    told = reports.Report(
        run=1, started="2026-11-22T05:30:00Z", ended="2026-11-22T05:40:00Z", status="failed",
        steps=(runs.Step(name="crawl", status="failed", seconds=1.0, told="<script>x</script>"),),
        figures={"stored": 1}, needs=("<img src=x>",),
    )  # fmt: skip
    page = reports.as_html(told)
    assert "<script>" not in page
    assert "<img" not in page
