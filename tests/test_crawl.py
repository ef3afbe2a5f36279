"""A real crawl: `tamis crawl` in a process of its own, on a web of our own on loopback."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database
from web import HTML, RSS, Answer, Crawl, Web, article, feed

from crawler import archive

TEXT = (
    "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les familles.",
    "Les équipes sociales y tiennent une permanence chaque matin, sauf le dimanche.",
)


def started(folder: Path) -> "subprocess.Popen[str]":
    """The same crawl, under way, in a process group of its own as a terminal makes one."""
    options = ["--sources", str(folder / "sources"), "--db", str(folder / "tamis.db")]
    options += ["--delay", "0", "--loopback", "--workers", "1"]
    return subprocess.Popen(
        [sys.executable, "-m", "crawler", "crawl", *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def by_path(db: Database) -> dict[str, tuple[str, str | None]]:
    rows = db.query("SELECT url, outcome, reason FROM urls")
    return {path_of(row["url"]): (row["outcome"], row["reason"]) for row in rows}


def test_a_crawl_stores_each_kind_of_page_with_its_one_outcome(
    web: Web, crawl: Crawl, stored: Callable[[], Database]
) -> None:
    good = article("Le centre rouvre", *TEXT)
    undeclared = article("L’été au centre", *TEXT).decode().encode("cp1252")
    web.pages = {
        "/robots.txt": Answer(b"User-agent: *\nDisallow: /prive/\n", content_type="text/plain"),
        "/a": Answer(good),
        "/spip.php?article12": Answer(article("Douze", "Un autre texte, assez long pour un avis.")),
        "/cp1252": Answer(undeclared, content_type="text/html"),
        "/script": Answer(article("&lt;script&gt;alert(1)&lt;/script&gt;", *TEXT, "Troisième.")),
        "/empty": Answer(b""),
        "/rapport.pdf": Answer(b"%PDF-1.7", content_type="application/pdf"),
        "/gone": Answer(b"", 410),
        "/forbidden": Answer(b"", 403),
        "/broken": Answer(b"", 500),
        "/away": Answer(b"", 302, headers={"Location": "http://10.0.0.1/secret"}),
        "/moved": Answer(b"", 301, headers={"Location": "/a2"}),
        "/a2": Answer(
            article(
                "Déplacé", *TEXT, "Avec un paragraphe de plus que les autres.", language="en-US"
            )
        ),
        "/huge": Answer(b"<p>" + b"x" * (9 * 1024 * 1024)),
    }
    names = ["/a", "/a?utm_source=rss", "/spip.php?article12", "/cp1252", "/script", "/empty",
             "/rapport.pdf", "/gone", "/missing", "/forbidden", "/broken", "/away", "/moved",
             "/prive/x", "/huge"]  # fmt: skip
    links = [f"{web.url}{name}" for name in names]
    web.pages["/feed"] = Answer(feed(*links, "javascript:alert(1)"), content_type=RSS)

    ran = crawl()

    assert ran.returncode == 0, ran.stderr
    db = stored()
    outcomes = {path: outcome for path, (outcome, _) in by_path(db).items()}
    assert outcomes == {
        "/a": "stored", "/spip.php?article12": "stored", "/cp1252": "stored", "/script": "stored",
        "/moved": "stored", "/empty": "too_short", "/rapport.pdf": "not_an_article",
        "/gone": "gone", "/missing": "not_found", "/forbidden": "blocked", "/broken": "pending",
        "/away": "blocked", "/prive/x": "robots", "/huge": "too_large",
    }  # fmt: skip
    reasons = {path: reason for path, (_, reason) in by_path(db).items()}
    assert reasons["/broken"] == "HTTP 500"
    assert reasons["/away"] == "not a public address: 10.0.0.1"
    assert "javascript:alert(1)" in ran.stderr
    assert "14 URLs discovered" in ran.stdout
    titles = {row["title"] for row in db.query("SELECT title FROM articles")}
    assert titles == {
        "Le centre rouvre",
        "Douze",
        "L’été au centre",
        "<script>alert(1)</script>",
        "Déplacé",
    }
    (moved,) = db.query("SELECT * FROM articles WHERE title = 'Déplacé'")
    assert (moved["language"], moved["language_declared"]) == ("fr", "en-US")
    assert json.loads(moved["language_claims"]) == {
        "page": "en-US", "feed": "fr", "source": ["fr"],
    }  # fmt: skip
    (original, copy) = db.query(
        "SELECT id, duplicate_of FROM articles WHERE title LIKE '%centre%'"
        " ORDER BY url LIKE '%cp1252'"
    )
    assert (original["duplicate_of"], copy["duplicate_of"]) == (None, original["id"])
    (raw,) = db.query(
        "SELECT body FROM pages JOIN urls ON urls.id = url_id WHERE urls.url LIKE '%cp1252'"
    )
    assert archive.unpack(raw["body"]) == undeclared
    assert web.hits["/prive/x"] == 0
    assert web.hits["/broken"] == 3


def test_crawling_again_with_nothing_new_changes_no_byte_of_any_article(
    web: Web, crawl: Crawl, stored: Callable[[], Database]
) -> None:
    def conditional(headers: dict[str, str]) -> Answer:
        if headers.get("If-None-Match") == '"7"':
            return Answer(status=304)
        return Answer(feed(f"{web.url}/a"), content_type=RSS, headers={"ETag": '"7"'})

    web.pages = {"/feed": conditional, "/a": Answer(article("Le centre rouvre", *TEXT))}
    crawl()
    db = stored()
    before = [
        list(db.query(f"SELECT * FROM {name}")) for name in ("articles", "article_texts", "urls")
    ]
    with closing(Database(db.conn.execute("PRAGMA database_list").fetchone()[2])) as other:
        other.execute("UPDATE channels SET due = ''")
    assert crawl().returncode == 0
    assert [
        list(db.query(f"SELECT * FROM {name}")) for name in ("articles", "article_texts", "urls")
    ] == before
    assert (web.hits["/feed"], web.hits["/a"]) == (2, 1)
    assert next(db.query("SELECT outcome FROM channels"))["outcome"] == "unchanged"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer(b"<html>Maintenance</html>"), "an HTML page"),
        (Answer(b"", content_type=RSS), "not a feed"),
        (Answer(b"", 404), "HTTP 404"),
        (Answer(b"\x89PNG\r\n", content_type="image/png"), "not a feed"),
    ],
    ids=["html", "nothing", "missing", "image"],
)
def test_a_feed_that_is_none_is_said_in_log_and_database_and_stops_nothing(
    web: Web, crawl: Crawl, stored: Callable[[], Database], answer: Answer, reason: str
) -> None:
    web.pages = {"/feed": answer}
    ran = crawl("--no-enrich")
    assert ran.returncode == 1  # the only feed there is
    assert "1 channels visited, 1 failed" in ran.stdout
    assert f"{web.url}/feed" in ran.stderr
    assert reason in ran.stderr
    (channel,) = stored().table("channels").rows
    assert reason in channel["reason"]
    assert channel["failures"] == 1


def test_an_ill_formed_feed_is_salvaged_and_its_defect_kept(
    web: Web, crawl: Crawl, stored: Callable[[], Database]
) -> None:
    web.pages = {
        "/feed": Answer(feed(f"{web.url}/?p=1&lang=fr", title="Pain & sel"), content_type=RSS),
        "/?p=1&lang=fr": Answer(article("Le centre rouvre", *TEXT)),
    }
    ran = crawl()
    assert by_path(stored()) == {"/?p=1&lang=fr": ("stored", None)}
    assert "not well-formed" in next(stored().table("channels").rows)["defect"]
    assert "ill-formed, salvaged" in ran.stderr


def test_a_server_that_asks_for_time_gets_it(
    web: Web, crawl: Crawl, stored: Callable[[], Database]
) -> None:
    web.pages = {
        "/feed": Answer(feed(*(f"{web.url}/{n}" for n in range(5))), content_type=RSS),
        **{f"/{n}": Answer(b"", 429, headers={"Retry-After": "7200"}) for n in range(5)},
    }
    assert crawl("--no-enrich", "--delay", "0.05").returncode == 0
    rows = list(
        stored().query(
            "SELECT outcome, due > strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '+1 hour') AS later"
            " FROM urls"
        )
    )
    assert rows == [{"outcome": "pending", "later": 1}] * 5
    assert sum(web.hits[f"/{n}"] for n in range(5)) == 1
    before = web.hits.copy()
    again = crawl("--no-enrich")
    assert web.hits == before
    assert "No channel is due before 20" in again.stdout


def test_this_machine_is_not_visited_unless_asked(web: Web, crawl: Crawl) -> None:
    web.pages = {"/feed": Answer(feed(), content_type=RSS)}
    ran = crawl("--no-enrich", loopback=False)
    assert "not a public address: 127.0.0.1" in ran.stderr
    assert not web.hits


def test_the_visitor_says_who_it_is(web: Web, crawl: Crawl) -> None:
    web.pages = {"/feed": Answer(feed(), content_type=RSS)}
    crawl("--no-enrich", "--contact", "you@example.org")
    assert all("Tamis/" in agent and "(+you@example.org)" in agent for agent in web.agents)
    assert web.agents


@pytest.mark.usefixtures("crawl")
def test_scrapy_users_find_what_they_expect(web: Web, tmp_path: Path) -> None:
    web.pages = {
        "/feed": Answer(feed(f"{web.url}/a"), content_type=RSS),
        "/a": Answer(b"<p>a</p>", content_type=HTML),
    }
    root = Path(__file__).parent.parent
    scrapy = [sys.executable, "-m", "scrapy"]
    listed = subprocess.run([*scrapy, "list"], capture_output=True, text=True, cwd=root, check=True)
    assert listed.stdout.split() == ["news", "probe"]
    options = [
        f"TAMIS_SOURCES={tmp_path / 'sources'}",
        f"TAMIS_DB={tmp_path / 'scrapy.db'}",
        "TAMIS_LOOPBACK=1",
    ]
    command = [
        *scrapy,
        "crawl",
        "news",
        "-a",
        "only=quai",
        *(word for option in options for word in ("-s", option)),
    ]
    subprocess.run(command, capture_output=True, cwd=root, check=True, timeout=60)
    with closing(Database(tmp_path / "scrapy.db")) as db:
        assert by_path(db) == {"/a": ("fetched", None)}


def test_ctrl_c_ends_a_crawl_cleanly_and_the_next_one_goes_on(
    web: Web, crawl: Crawl, stored: Callable[[], Database], tmp_path: Path
) -> None:
    names = [f"/{n}" for n in range(40)]
    web.pages = {"/feed": Answer(feed(*(web.url + name for name in names)), content_type=RSS)}
    for n, name in enumerate(names):
        page = article(f"Avis {n}", f"La permanence ouvre {n} jours de plus cet hiver.")

        def slowly(_: dict[str, str], page: bytes = page) -> Answer:
            time.sleep(0.1)
            return Answer(page)

        web.pages[name] = slowly
    process = started(tmp_path)
    while web.hits.total() < 8 and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    out, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    assert "Traceback" not in err
    assert "Stopped; the next crawl goes on from here\n1 channels visited, 0 failed\n40 URLs" in out
    counts = dict(stored().execute("SELECT outcome, count(*) FROM urls GROUP BY 1").fetchall())
    assert counts["pending"] > 10
    assert crawl().returncode == 0
    assert dict(stored().execute("SELECT outcome, count(*) FROM urls GROUP BY 1").fetchall()) == {
        "stored": 40
    }


def test_a_database_that_fails_stops_the_crawl_and_says_so(
    web: Web, crawl: Crawl, stored: Callable[[], Database]
) -> None:
    web.pages = {
        "/feed": Answer(feed(f"{web.url}/a"), content_type=RSS),
        "/a": Answer(article("Le centre rouvre", *TEXT)),
    }
    crawl("--no-enrich")
    db = stored()
    db.execute("UPDATE urls SET outcome = 'pending'")
    db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON pages BEGIN SELECT raise(ABORT, 'disk full'); END"
    )
    ran = crawl("--no-enrich")
    assert ran.returncode == 1
    assert "disk full; the crawl stopped, and goes on from what was committed" in ran.stderr
    assert web.hits["/a"] < 5
    db.execute("DROP TRIGGER full")
    assert crawl().returncode == 0
    assert by_path(db) == {"/a": ("stored", None)}


@pytest.mark.parametrize("seconds", [0.3, 1.3, 2.2])
def test_ctrl_c_at_any_moment_leaves_no_trace_and_loses_nothing(
    web: Web, crawl: Crawl, stored: Callable[[], Database], tmp_path: Path, seconds: float
) -> None:
    names = [f"/{n}" for n in range(30)]
    web.pages = {"/feed": Answer(feed(*(web.url + name for name in names)), content_type=RSS)}
    for n, name in enumerate(names):
        text = f"La permanence ouvre {n} jours de plus cet hiver."
        web.pages[name] = Answer(article(f"Avis {n}", text))
    process = started(tmp_path)
    time.sleep(seconds)
    for _ in range(2):  # an impatient person
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.1)
    _, err = process.communicate(timeout=30)
    assert "InvalidStateError" not in err
    assert "BrokenProcessPool" not in err
    assert crawl().returncode == 0
    assert dict(stored().execute("SELECT outcome, count(*) FROM urls GROUP BY 1").fetchall()) == {
        "stored": 30
    }


def test_odd_addresses_and_answers_each_get_their_outcome_and_stop_nothing(
    web: Web, crawl: Crawl, stored: Callable[[], Database]
) -> None:
    page = article("Le centre rouvre", *TEXT)
    refresh = page.replace(b"<head>", b'<head><meta http-equiv="refresh" content="1; url=/live">')
    web.pages = {
        "/old": Answer(b"", 301, headers={"Location": "/new"}),
        "/new": Answer(page),
        "/live": Answer(refresh),
        "/mon%20rapport.html": Answer(article("Mon rapport", *TEXT, "Annexe.")),
        "/wait": Answer(b"checking your browser", 202),
        "/image": Answer(b"<svg/>", content_type="image/svg+xml"),
        "/undefined": Answer(page, content_type="text/html; charset=undefined"),
    }
    long = "/" + "é" * 1000
    links = [*web.pages, "/mon rapport.html", long]
    web.pages["/feed"] = Answer(feed(*(web.url + link for link in links)), content_type=RSS)
    assert crawl().returncode == 0
    outcomes = {path: outcome for path, (outcome, _) in by_path(stored()).items()}
    assert outcomes == {
        "/old": "duplicate", "/new": "stored", "/live": "stored", "/wait": "pending",
        "/mon%20rapport.html": "stored", "/image": "not_an_article", "/undefined": "stored",
    }  # fmt: skip
    assert web.hits["/live"] == 1


def test_a_host_that_refuses_once_is_not_asked_again_at_once(web: Web, crawl: Crawl) -> None:
    names = [f"/{n}" for n in range(20)]
    web.pages = {"/feed": Answer(feed(*(web.url + name for name in names)), content_type=RSS)}
    web.pages |= {name: Answer(b"", 503, headers={"Retry-After": "0"}) for name in names}
    crawl("--no-enrich", "--delay", "0.05")
    assert sum(web.hits[name] for name in names) == 1


def test_a_feed_cut_off_is_asked_for_whole_the_next_time(
    web: Web, crawl: Crawl, stored: Callable[[], Database]
) -> None:
    whole = feed(*(f"{web.url}/{n}" for n in range(3)))
    cut = whole[: whole.index(b"/1</link>")]

    def conditional(headers: dict[str, str]) -> Answer:
        if headers.get("If-None-Match"):
            return Answer(status=304)
        first = web.hits["/feed"] == 1
        return Answer(cut if first else whole, content_type=RSS, headers={"ETag": '"7"'})

    web.pages = {"/feed": conditional}
    crawl("--no-enrich")
    with closing(Database(stored().conn.execute("PRAGMA database_list").fetchone()[2])) as db:
        db.execute("UPDATE channels SET due = ''")
    crawl("--no-enrich")
    assert {"/0", "/1", "/2"} <= by_path(stored()).keys()


def test_a_gzipped_page_that_is_cut_off_is_not_taken_for_whole(
    web: Web, crawl: Crawl, stored: Callable[[], Database]
) -> None:
    page = article("Le centre rouvre", *TEXT * 50)
    packed = gzip.compress(page)
    halves = gzip.compress(page[:2000]) + gzip.compress(page[2000:])
    encoded = {"Content-Encoding": "gzip"}
    web.pages = {
        "/whole": Answer(packed, headers=encoded),
        "/cut": Answer(packed[: len(packed) // 2], headers=encoded),
        "/halves": Answer(halves, headers=encoded),
    }
    links = [web.url + path for path in web.pages]
    web.pages["/feed"] = Answer(feed(*links), content_type=RSS)
    assert crawl().returncode == 0
    found = by_path(stored())
    assert (found["/whole"][0], found["/halves"][0], found["/cut"][0]) == (
        "stored", "stored", "pending",
    )  # fmt: skip
    assert "in the middle" in (found["/cut"][1] or "")


def test_a_site_whose_robots_txt_fails_is_left_alone_for_now(
    web: Web, crawl: Crawl, stored: Callable[[], Database]
) -> None:
    web.pages = {
        "/feed": Answer(feed(f"{web.url}/a"), content_type=RSS),
        "/a": Answer(article("Le centre rouvre", *TEXT)),
        "/robots.txt": Answer(b"<h1>Maintenance</h1>", 503),
    }
    crawl("--no-enrich")
    assert (web.hits["/feed"], web.hits["/a"]) == (0, 0)
    (channel,) = stored().table("channels").rows
    assert "its robots.txt answers HTTP 503" in channel["reason"]
    del web.pages["/robots.txt"]
    stored().execute("UPDATE channels SET due = ''")
    crawl()
    assert by_path(stored()) == {"/a": ("stored", None)}
