"""Probing real sites on loopback: all of them in one process, since Scrapy runs once in each."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database
from web import RSS, Answer, Web, article, record

from crawler import database, probes, records, registry
from crawler.cms import Home
from crawler.records import Report
from crawler.tdmrep import Reservation
from crawler.verdicts import Finding, Sample

XML = "application/xml"
JSON = "application/json"
TEXT = (
    "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les familles.",
    "Les équipes sociales y tiennent une permanence chaque matin, sauf le dimanche.",
    "La commune paie le loyer, et des bénévoles servent la soupe chaque soir de l'hiver.",
)
SINGLE_PAGE = (
    b'<!doctype html><html><head><title>App</title></head><body><div id="root"></div>'
    b'<script src="/app.js"></script></body></html>'
)
CHALLENGE = b"<html><head><title>Just a moment...</title></head><body></body></html>"
PROBE = """
import json, sys
from crawler import records
from crawler.demo.web import DemoWeb, sources
from spiders import probe

if __name__ == "__main__":
    settings = {"TAMIS_LOOPBACK": True, "DOWNLOAD_DELAY": 0}
    with DemoWeb() as web:
        demo = {source.homepage: source for source in sources(web.port)}
        reports = probe.probe([*demo, *sys.argv[1:]], settings=settings)
    print(json.dumps([
        {
            **probe.as_json(report),
            "record": records.proposal(report, day="2026-11-22"),
            "demo": demo[report.url].id if report.url in demo else None,
            "wanted": [
                demo[report.url].cms, *(feed.url for feed in demo[report.url].feeds)
            ] if report.url in demo else None,
        }
        for report in reports
    ]))
"""
PROBE_ALL = """
import sys
from pathlib import Path
from crawler import registry
from crawler.progress import Progress
from spiders import probe

if __name__ == "__main__":
    folder, db, again = sys.argv[1:]
    with Progress("probed") as progress:
        left = probe.probe_all(
            registry.load(Path(folder)), Path(db), again=float(again), progress=progress,
            settings={"TAMIS_LOOPBACK": True, "DOWNLOAD_DELAY": 0},
        )
    sys.exit(bool(left))
"""
PROBES = """
CREATE TABLE IF NOT EXISTS probes (
  address TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, probed TEXT NOT NULL,
  verdict TEXT NOT NULL, status INTEGER, items INTEGER NOT NULL DEFAULT 0, newest TEXT,
  dated REAL, full_text REAL, language TEXT, reason TEXT, PRIMARY KEY (source, kind, address)
) WITHOUT ROWID
"""

Pages = dict[str, Answer]


class Sites(dict[str, Any]):
    """Pages by host, as `Web` asks for them by path. The page `*` of a host answers all else."""

    def __init__(self, hosts: dict[str, Pages]) -> None:
        super().__init__()
        self.hosts = hosts
        self.asked: Counter[str] = Counter()

    def get(self, path: str, default: Any = None) -> Any:
        def answer(headers: dict[str, str]) -> Answer:
            host = headers["Host"].partition(".")[0]
            self.asked[host] += 1
            pages = self.hosts.get(host, {})
            found: Answer = pages.get(path) or pages.get("*") or default
            return found

        return answer


def rss(
    *paths: str, days: int | None = 1, title: str = "Le centre du quai rouvre ses portes"
) -> Answer:
    when = format_datetime(datetime.now(UTC) - timedelta(days=days or 0))
    date = f"<pubDate>{when}</pubDate>" if days is not None else ""
    items = "".join(
        f"<item><title>{title} ({path[1:]})</title><link>{path}</link>{date}</item>"
        for path in paths
    )
    body = f'<rss version="2.0"><channel><title>Quai</title>{items}</channel></rss>'
    return Answer(body.encode(), content_type=RSS)


def home(head: str = "", body: str = "", language: str = "fr") -> Answer:
    page = f'<!doctype html><html lang="{language}"><head><title>Quai</title>{head}</head>'
    return Answer(f"{page}<body>{body}</body></html>".encode())


def declared(path: str, more: str = "") -> str:
    return f'<link rel="alternate" type="application/rss+xml" href="{path}" {more}>'


def moved(path: str) -> Answer:
    return Answer(status=301, headers={"Location": path})


def text(body: str, kind: str = "text/plain") -> Answer:
    return Answer(body.encode(), content_type=kind)


ARTICLES: Pages = {f"/{n}": Answer(article("Le centre rouvre", *TEXT)) for n in range(1, 8)}
ITEMS = tuple(ARTICLES)
GENERATOR = '<meta name="generator" content="{}">'
# System: what its home page says, where its feed is and nobody says so.
SYSTEMS = {
    "spip": ("SPIP 4.2", "/spip.php?page=backend"),
    "drupal": ("Drupal 10", "/rss.xml"),
    "joomla": ("Joomla! - Open Source Content Management", "/?format=feed&type=rss"),
    "typo3": ("TYPO3 CMS", "/?type=9818"),
    "wix": ("Wix.com Website Builder", "/blog-feed.xml"),
    "squarespace": ("Squarespace", "/blog?format=rss"),
    "ghost": ("Ghost 5.88", "/rss/"),
}
LONG_LIST = "".join(
    f'<div class="c"><h2><a href="/2026/11/{n}/le-centre-du-quai-rouvre-{n}">Le centre du quai'
    f' rouvre ses portes pour l\'hiver {n}</a></h2><time datetime="2026-11-{n:02}">{n}/11</time>'
    f"<p>{TEXT[0]}</p></div>"
    for n in range(1, 9)
)
HOSTS: dict[str, Pages] = {
    **{
        name: {"/": home(GENERATOR.format(generator)), path: rss(*ITEMS), **ARTICLES}
        for name, (generator, path) in SYSTEMS.items()
    },
    "wordpress": {
        # As when a theme forgets the feed of articles and WordPress still links that of comments.
        "/": Answer(
            home(declared("/comments/feed/", 'title="Quai - Comments Feed"')).body,
            headers={"Link": '</wp-json/>; rel="https://api.w.org/"'},
        ),
        "/feed/": rss(*ITEMS),
        "/comments/feed/": rss("/1#comment-1"),
        **ARTICLES,
    },
    "usual": {"/": home(), "/rss": moved("/"), "/rss.xml": rss(*ITEMS), **ARTICLES},
    "single-page": {"*": Answer(SINGLE_PAGE)},
    "refusing": {"*": Answer(b"no", status=403)},
    "challenging": {"*": Answer(CHALLENGE)},
    "stale": {"/": home(declared("/rss")), "/rss": rss(*ITEMS, days=400), **ARTICLES},
    "undated": {"/": home(declared("/rss")), "/rss": rss(*ITEMS, days=None), **ARTICLES},
    "empty": {"/": home(declared("/rss")), "/rss": rss()},
    "bodiless": {"/": home(declared("/rss")), "/rss": Answer(b"", content_type=RSS)},
    "languages": {
        "/": moved("/fr/"),
        "/fr/": home(
            declared("/fr/rss")
            + '<link rel="alternate" hreflang="nl" href="/nl/">'
            + '<link rel="alternate" hreflang="fr" href="/fr/">'
        ),
        "/nl/": home(declared("/nl/rss"), language="nl"),
        "/fr/rss": rss(*ITEMS[:3]),
        "/nl/rss": rss(*ITEMS[4:], title="Het centrum opent opnieuw zijn deuren voor gezinnen"),
        **ARTICLES,
    },
    "forbidding": {
        "/": home(declared("/rss")),
        "/robots.txt": text("User-agent: *\nDisallow: /rss\nDisallow: /feed\nCrawl-delay: 0\n"),
        "/rss": rss(*ITEMS),
    },
    "moved": {
        "/": home(declared("/old")),
        "/old": moved("/new"),
        "/new": rss(*ITEMS),
        **ARTICLES,
    },
    "twice": {
        "/": home('<a href="/feed">RSS</a>' + declared("/rss")),
        "/feed": rss(*ITEMS),
        "/rss": rss(*ITEMS),
        **ARTICLES,
    },
    "listing": {
        "/": home(body='<a href="/nieuws">Nieuws</a><a href="/contact">Contact</a>'),
        "/nieuws": home(body=f"<h1>Nieuws</h1><main>{LONG_LIST}</main>"),
        **{f"/2026/11/{n}/le-centre-du-quai-rouvre-{n}": ARTICLES["/1"] for n in range(1, 9)},
    },
    "mapped": {
        "/": home(),
        "/robots.txt": text("User-agent: *\nAllow: /\nSitemap: /index.xml\n"),
        "/index.xml": text(
            "<sitemapindex><sitemap><loc>/part.xml</loc></sitemap></sitemapindex>", XML
        ),
        "/part.xml": text(
            "<urlset><url><loc>/1</loc><lastmod>2026-11-20</lastmod></url></urlset>", XML
        ),
        **ARTICLES,
    },
    "reserving": {
        "/": home(
            declared("/rss")
            + '<link rel="license" href="https://creativecommons.org/licenses/by/4.0/">'
        ),
        "/.well-known/tdmrep.json": text('[{"location": "/", "tdm-reservation": 1}]', JSON),
        "/rss": rss(*ITEMS),
        **ARTICLES,
    },
    "scripted": {
        "/": home(declared("/rss")),
        "/rss": rss(*ITEMS),
        **{path: Answer(SINGLE_PAGE) for path in ITEMS},
    },
    "indexed": {
        "/": home(body='<a href="/flux">RSS</a>'),
        "/flux": home(body='<a href="/one.rss">Un</a><a href="/flux2">RSS</a>'),
        "/one.rss": rss(*ITEMS),
        **ARTICLES,
    },
    "given": {"/": home(), "/hidden/rss": rss(*ITEMS), **ARTICLES},
}  # fmt: skip


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def probed() -> Iterator[dict[str, Any]]:
    """The reports by site, the demo's under `demo`; and requests, by path and by host."""
    with Web() as web:
        web.pages = sites = Sites(HOSTS)
        base = web.url.replace("127.0.0.1", "{}.localhost")
        urls = {name: f"{base.format(name)}/" for name in HOSTS}
        urls["given"] += "hidden/rss"
        urls["silent"] = "http://silent.localhost:1/"
        done = run(PROBE, *urls.values())
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr, done.stderr
        by_url = {report["url"]: report for report in json.loads(done.stdout)}
        ours = {name: by_url.pop(url) for name, url in urls.items()}
        demo = {report["demo"]: report for report in by_url.values()}
        yield {
            **ours,
            "demo": demo,
            "hits": web.hits,
            "asked": sites.asked,
            "port": web.url.rpartition(":")[2],
        }


def found(report: dict[str, Any], kind: str = "feed") -> dict[str, str]:
    """Path and verdict of the channels of a kind."""
    return {
        finding["url"].partition(".localhost:")[2].partition("/")[2]: finding["verdict"]
        for finding in report["findings"]
        if finding["kind"] == kind
    }


def good(report: dict[str, Any]) -> list[str]:
    return [finding["kind"] for finding in report["findings"] if finding["verdict"] == "ok"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_feed_is_found_where_its_system_usually_has_it(
    probed: dict[str, Any], system: str
) -> None:
    report = probed[system]
    assert report["home"]["system"]["cms"] == system
    assert found(report)[SYSTEMS[system][1][1:]] == "ok"


def test_a_feed_is_found_though_only_that_of_comments_is_declared(probed: dict[str, Any]) -> None:
    assert found(probed["wordpress"])["feed/"] == "ok"
    assert probed["hits"]["/comments/feed/"] == 0


def test_a_feed_where_many_sites_have_it_is_found_and_then_no_other_is_tried(
    probed: dict[str, Any],
) -> None:
    assert found(probed["usual"])["rss.xml"] == "ok"
    assert not {"atom.xml", "feed.json"} & found(probed["usual"]).keys()


def test_a_site_that_answers_everything_with_the_same_page_has_no_channel(
    probed: dict[str, Any],
) -> None:
    verdicts = {f["verdict"] for f in probed["single-page"]["findings"] if f["kind"] != "listing"}
    assert verdicts == {"dead"}
    assert good(probed["single-page"]) == []


@pytest.mark.parametrize("site", ["refusing", "challenging"])
def test_a_site_that_refuses_us_is_asked_for_nothing_more(
    probed: dict[str, Any], site: str
) -> None:
    report = probed[site]
    assert (report["home"], report["requests"]) == (None, 1)
    assert "403" in report["reason"] or "prove to be a browser" in report["reason"]


def test_a_site_that_does_not_answer_says_why(probed: dict[str, Any]) -> None:
    assert probed["silent"]["home"] is None
    assert "refused" in probed["silent"]["reason"].lower()


@pytest.mark.parametrize(
    ("site", "verdict", "reason"),
    [
        ("stale", "stale", "days ago"),
        ("undated", "ok", "no item has a date"),
        ("empty", "empty", "no items"),
        ("bodiless", "empty", "without a body"),
        ("forbidding", "blocked", "robots.txt"),
    ],
)
def test_an_answer_with_status_200_may_still_be_no_good(
    probed: dict[str, Any], site: str, verdict: str, reason: str
) -> None:
    feed = next(f for f in probed[site]["findings"] if f["url"].endswith("/rss"))
    assert feed["verdict"] == verdict
    assert reason in feed["reason"]


def test_each_language_has_its_feed(probed: dict[str, Any]) -> None:
    report = probed["languages"]
    spoken = {f["url"][-6:]: f["language"] for f in report["findings"] if f["kind"] == "feed"}
    assert (spoken["fr/rss"], spoken["nl/rss"]) == ("fr", "nl")
    assert 'languages = ["fr", "nl"]' in report["record"]


def test_an_address_that_moved_is_proposed_where_it_is(probed: dict[str, Any]) -> None:
    assert found(probed["moved"])["new"] == "ok"
    assert "old" not in found(probed["moved"])
    assert '/new"' in probed["moved"]["record"]


def test_a_feed_with_two_addresses_is_proposed_once_and_as_declared(probed: dict[str, Any]) -> None:
    assert [path for path, verdict in found(probed["twice"]).items() if verdict == "ok"] == ["rss"]


def test_a_site_without_a_feed_is_read_by_its_section_of_news(probed: dict[str, Any]) -> None:
    assert found(probed["listing"], "listing")["nieuws"] == "ok"
    assert "listings = [" in probed["listing"]["record"]


def test_an_index_of_sitemaps_is_judged_by_its_newest_part(probed: dict[str, Any]) -> None:
    assert found(probed["mapped"], "sitemap") == {"index.xml": "ok"}


def test_reservations_and_licences_are_told_and_no_licence_is_assumed(
    probed: dict[str, Any],
) -> None:
    report = probed["reserving"]
    assert report["reservation"] == {"value": 1, "policy": None, "origin": "file"}
    assert "# licence: its pages link to https://creativecommons.org" in report["record"]
    assert 'tdm = "reserved"' in report["record"]


def test_five_articles_are_read(probed: dict[str, Any]) -> None:
    samples = probed["spip"]["samples"]
    assert len(samples) == 5
    assert all(sample["words"] > 30 and sample["language"] == "fr" for sample in samples)


def test_articles_that_only_a_script_shows_are_told(probed: dict[str, Any]) -> None:
    assert all(sample["scripted"] for sample in probed["scripted"]["samples"])


def test_a_page_that_only_names_feeds_leads_to_them(probed: dict[str, Any]) -> None:
    assert found(probed["indexed"])["one.rss"] == "ok"


def test_the_address_of_a_feed_will_do(probed: dict[str, Any]) -> None:
    assert found(probed["given"])["hidden/rss"] == "ok"
    assert probed["given"]["home"]["url"].endswith(f":{probed['port']}/")


def test_a_probe_is_forty_requests_at_most_and_counts_them_all(probed: dict[str, Any]) -> None:
    reports = [probed[name] for name in HOSTS] + list(probed["demo"].values())
    assert max(report["requests"] for report in reports) <= 40
    asked = {name: probed["asked"][name] for name in ("mapped", "spip", "wordpress", "listing")}
    # And robots.txt, once.
    assert asked == {name: probed[name]["requests"] + 1 for name in asked}


def test_every_proposed_record_loads(probed: dict[str, Any], tmp_path: Path) -> None:
    reports = [probed[name] for name in HOSTS] + list(probed["demo"].values())
    (tmp_path / "int.toml").write_text("\n".join(r["record"] for r in reports), encoding="utf-8")
    assert registry.check(tmp_path) == []


def test_all_of_the_demos_sites_and_their_feeds_are_recognised(probed: dict[str, Any]) -> None:
    assert len(probed["demo"]) == 15
    for ident, report in probed["demo"].items():
        cms, *feeds = report["wanted"]
        assert report["home"]["system"]["cms"] == cms, ident
        ok = {f["url"] for f in report["findings"] if f["verdict"] == "ok"}
        assert set(feeds) <= ok, ident
        assert f"[{ident}]" in report["record"]


# For a person.


def test_a_report_says_what_a_person_must_know(capsys: pytest.CaptureFixture[str]) -> None:
    finding = Finding(
        kind="feed", url="https://quai.test/rss", origin="the page's <link>", verdict="stale",
        reason="its newest item is of 2025-01-01, 690 days ago", items=9, language="nl",
        declared="fr", moved="https://quai.test/old",
    )  # fmt: skip
    report = Report(
        url="https://quai.test/",
        home=Home(url="https://quai.test/", base="https://quai.test/", name="Quai [libre]"),
        findings=(finding, replace(finding, origin="where many sites have it", verdict="dead")),
        samples=(Sample(url="https://quai.test/1", scripted=True),),
        reservation=Reservation(value=1, origin="header"),
        passed_over=3,
    )
    probes.show(report, sys.stdout)
    said = capsys.readouterr().out
    for words in (
        "Quai [libre]", "stale", "690 days ago", "nl (fr)", "(from https://quai.test/old)",
        "made by a script", "mining is reserved (header)", "no licence seen", "3 more feeds",
        "1 usual addresses tried",
    ):  # fmt: skip
        assert words in said


# The whole registry.


def test_the_network_here_is_told_apart_from_that_of_the_sites(db: Database) -> None:
    db.execute(PROBES)
    answers = {"a": None, "b": None, "c": 404, "d": None}
    for name, status in answers.items():
        finding = Finding(kind="feed", url="", origin="", verdict="dead", status=status)
        probes.keep(db, (name, "feed", f"https://{name}.test/"), finding)
    channels = [(name, "feed", f"https://{name}.test/") for name in (*answers, "never")]
    result = probes.result(db, channels)
    assert result.silent == 0.75 > probes.MOST_SILENT
    assert str(result) == "dead 4, not probed 1"


def test_what_could_not_be_asked_keeps_its_grade_and_is_asked_again(db: Database) -> None:
    db.execute(PROBES)
    channel = ("quai", "feed", "https://quai.test/rss")
    probes.keep(db, channel, Finding(kind="feed", url="", origin="", verdict="unknown"))
    assert probes.result(db, [channel]).grades == {}
    assert probes.done(db, probes.since(7)) == set()


def prepared(path: Path) -> Path:
    """A private database with the table of probes."""
    db = database.private(path)
    db.execute(PROBES)
    db.close()
    return path


def rows(path: Path) -> list[dict[str, Any]]:
    db = Database(path)
    found = list(db.query("SELECT * FROM probes ORDER BY source, address"))
    db.close()
    return found


@pytest.fixture
def registered(web: Web, tmp_path: Path) -> Path:
    """A folder of records for some of the sites."""
    web.pages = Sites(HOSTS)
    folder = tmp_path / "sources"
    folder.mkdir()
    names = ("stale", "empty", "forbidding", "usual", "refusing")
    base = web.url.replace("127.0.0.1", "{}.localhost")
    text = "\n".join(
        record(name, base.format(name), f"{base.format(name)}/rss{'.xml' * (name == 'usual')}")
        for name in names
    )
    off = record("reserved", base.format("moved"), f"{base.format('moved')}/new")
    (folder / "be.toml").write_text(f'{text}\n{off}tdm = "reserved"\n', encoding="utf-8")
    return folder


def test_the_registry_is_probed_and_its_grades_renewed(
    web: Web, registered: Path, tmp_path: Path
) -> None:
    path = prepared(tmp_path / "tamis.db")
    done = run(PROBE_ALL, str(registered), str(path), "7")
    assert done.returncode == 0, done.stderr
    verdicts = {row["source"]: (row["verdict"], row["status"]) for row in rows(path)}
    assert verdicts == {
        "stale": ("stale", 200), "empty": ("empty", 200), "forbidding": ("blocked", None),
        "usual": ("ok", 200), "refusing": ("blocked", 403),
    }  # fmt: skip
    assert web.hits["/new"] == 0  # its terms forbid it

    hits = web.hits.total()
    assert run(PROBE_ALL, str(registered), str(path), "7").returncode == 0
    assert web.hits.total() == hits  # all were probed within the week

    db = database.private(path)
    channels = [(row["source"], row["kind"], row["address"]) for row in rows(path)]
    result = probes.result(db, channels)
    db.close()
    assert str(result) == "ok 1, empty 1, stale 1, blocked 2"
    changed = records.regrade(registered, result.grades, write=True)
    assert sorted((each.source, each.after) for each in changed) == [
        ("empty", "empty"), ("forbidding", "blocked"), ("refusing", "blocked"), ("stale", "stale"),
    ]  # fmt: skip
    grades = {source.id: source.feeds[0].grade for source in registry.load(registered)}
    assert grades["usual"] == grades["reserved"] == "probed"


def waited(condition: Callable[[], bool], seconds: float = 60) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.slow
def test_a_killed_probe_of_the_registry_goes_on_with_the_rest(web: Web, tmp_path: Path) -> None:
    hosts, each = 3, 12
    folder = tmp_path / "sources"
    folder.mkdir()
    text = ""
    for n in range(hosts):
        base = web.url.replace("127.0.0.1", f"s{n}.localhost")
        for m in range(each):

            def slowly(_: dict[str, str]) -> Answer:
                time.sleep(0.05)
                return rss(*ITEMS)

            web.pages[f"/{n}/{m}"] = slowly
            text += record(f"s-{n}-{m}", f"{base}/{n}-{m}", f"{base}/{n}/{m}")
    (folder / "be.toml").write_text(text, encoding="utf-8")
    path = prepared(tmp_path / "tamis.db")

    command = [sys.executable, "-c", PROBE_ALL, str(folder), str(path), "7"]
    with subprocess.Popen(command) as process:
        assert waited(lambda: len(rows(path)) >= each)
        process.send_signal(signal.SIGKILL)
    kept = len(rows(path))
    assert each <= kept < hosts * each

    done = run(PROBE_ALL, str(folder), str(path), "7")
    assert done.returncode == 0, done.stderr
    assert [row["verdict"] for row in rows(path)] == ["ok"] * hosts * each
    asked = [web.hits[f"/{n}/{m}"] for n in range(hosts) for m in range(each)]
    assert max(asked) <= 2
    assert asked.count(2) <= hosts  # what was under way, one request a host
