"""`tamis explain` of addresses of every outcome, on a site that was crawled twice and published."""

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import warm
from reading import read_all
from sqlite_utils import Database
from web import RSS, Answer, Web, article, record

from crawler import clock, database, store
from crawler.errors import TamisError
from crawler.explain import address, robots
from crawler.explain.shown import show
from crawler.publish import publish

Report = dict[str, Any]

# Two days later, for a second visit.
LATER = """
from datetime import timedelta
from crawler import clock
clock.moment = lambda now=clock.moment, later=timedelta(days=2): now() + later
"""
ROBOTS = """# The doors of the quay.
User-agent: *
Disallow: /prive/   # members only
Allow: /prive/ouvert
Crawl-delay: 0.01

User-agent: AutreRobot
Disallow: /
"""
SHELTER = (
    "Le centre d'hébergement du quai rouvre ses portes lundi à Bruxelles pour les familles.",
    "Le logement social manque toujours, et la Croix-Rouge de Belgique compte cent sans-abri.",
    "La commune paie le loyer, et des bénévoles servent la soupe chaque soir de l'hiver.",
)
CHANGED = "Le centre compte maintenant soixante lits, vingt de plus que l'hiver dernier."
SOUP = (
    "Une cuisine de rue sert deux cents repas par jour, le double de l'année passée.",
    "Ses volontaires cherchent un local plus grand avant le mois de décembre.",
)


@dataclass(frozen=True)
class Crawled:
    """The site at `url`, and the two databases."""

    url: str
    private: Path
    news: Path

    def explain(self, path: str) -> Report:
        with address.opened(self.private) as db:
            return address.of_address(db, f"{self.url}{path}", self.news)


def rss(web: Web, *items: tuple[str, str]) -> Answer:
    told = "".join(
        f"<item><title>{title}</title><link>{web.url}{path}</link>"
        "<pubDate>Mon, 16 Nov 2026 08:00:00 +0100</pubDate></item>"
        for path, title in items
    )
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Quai</title>{told}'
    return Answer(f"{body}</channel></rss>".encode(), content_type=RSS)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    folder = tmp_path_factory.mktemp("explained")
    sources, private, news = folder / "sources", folder / "tamis.db", folder / "news.db"
    sources.mkdir()
    with Web() as web:
        licence = 'licence = { id = "CC-BY", terms_read_on = 2026-08-13 }\n'
        records = record("quai", web.url, f"{web.url}/feed") + licence
        records += record("ami", "http://ami.example.org", f"{web.url}/ami")
        (sources / "be.toml").write_text(records, encoding="utf-8")
        shelter = article("Le centre du quai rouvre", *SHELTER)
        paths = ("/a", "/copie", "/prive/x", "/prive/ouvert", "/reserve/b", "/court", "/absent",
                 "/casse", "/ancien", "/refus")  # fmt: skip
        web.pages = {
            "/robots.txt": Answer(ROBOTS.encode(), content_type="text/plain"),
            "/.well-known/tdmrep.json": Answer(
                b'[{"location": "/reserve/", "tdm-reservation": 1}]', content_type="x/json"
            ),
            "/feed": rss(web, *((path, f"Titre {path}") for path in paths)),
            "/ami": rss(web, ("/a", "Le centre, vu par un ami")),
            "/a": Answer(shelter, headers={"X-Robots-Tag": "noai"}),
            "/copie": Answer(shelter),
            "/prive/ouvert": Answer(article("Une porte ouverte", *SOUP)),
            "/reserve/b": Answer(article("Une cuisine de rue", *SOUP, SHELTER[2])),
            "/court": Answer(article("Fermé", "Fermé.")),
            "/casse": Answer(b"", 500),
            "/ancien": Answer(b"", 301, headers={"Location": "/copie"}),
            "/refus": Answer(b"", 400),
        }
        crawl = ("crawl", "--sources", str(sources), "--db", str(private), "--loopback",
                 "--delay", "0", "--no-enrich")  # fmt: skip
        warm.run(*crawl)
        settle(private)
        web.pages["/a"] = Answer(article("Le centre du quai rouvre", *SHELTER, CHANGED))
        warm.run(*crawl, prelude=LATER)
        settle(private)
        publish(private, news, keep=2, base_url="https://news.example.org/")
        yield Crawled(web.url, private, news)


def settle(private: Path) -> None:
    with closing(database.private(private)) as db:
        read_all(db)
        store.settle(db)


def other(site: Crawled, folder: Path, sql: str, values: Sequence[Any] = ()) -> Crawled:
    """The same, but that something was done to a copy of its private database."""
    path = folder / "tamis.db"
    with closing(Database(site.private)) as db, closing(Database(path)) as copy:
        db.conn.backup(copy.conn)
        copy.execute(sql, values)
        copy.conn.commit()
    return replace(site, private=path)


def shown(report: Report) -> str:
    out = io.StringIO()
    show(report, out)
    return out.getvalue()


# Who named it, who allows it.


def test_every_channel_that_named_it_is_told_with_what_it_said_and_which_decides(
    site: Crawled,
) -> None:
    report = site.explain("/a")
    named = [(each["source"], each["decides"]) for each in report["named_by"]]
    assert named == [("quai", True), ("ami", False)]
    assert report["named_by"][1]["hints"]["title"] == "Le centre, vu par un ami"
    assert "/feed, 20" in shown(report)
    assert "which decides\n" in shown(report)


def test_the_line_of_robots_txt_that_decides_is_told_with_its_number(site: Crawled) -> None:
    forbidden, allowed, free = (
        site.explain(path)["robots"][0] for path in ("/prive/x", "/prive/ouvert", "/a")
    )
    assert forbidden["lines"] == [{"number": 3, "text": "Disallow: /prive/", "decides": True}]
    assert [(line["number"], line["decides"]) for line in allowed["lines"]] == [
        (4, True),
        (3, False),
    ]
    assert (forbidden["allowed"], allowed["allowed"], free["allowed"]) == (False, True, True)
    assert (free["lines"], free["crawl_delay"], free["delay_line"]) == ([], 0.01, 5)
    assert "robots     allowed: line 4, Allow: /prive/ouvert\n" in shown(
        site.explain("/prive/ouvert")
    )


@pytest.mark.parametrize(
    ("text", "decides", "delay"),
    [
        ("User-agent: *\nDisallow: /\nUser-agent: Tamis\nDisallow: /b", None, None),
        ("User-agent: Tamis\nUser-agent: Autre\nDisallow: /a", 3, None),
        ("User-agent: *\nDisallow: /a\nAllow: /a", 3, None),
        ("useragent *\ndisalow: /*.html$\nDisallow: /a", 3, None),
        ("User-agent: *\nDisallow:\nCrawl-delay: 3", None, 3),
        ("User-agent: *\nDisallow: /b\n\nUser-agent: *\nDisallow: /a", 5, None),
        ("Disallow: /a", None, None),
        ("<html>\x00\xff</html>", None, None),
    ],
    ids=[
        "its own group",
        "two names",
        "a tie",
        "misspelt",
        "a pace",
        "merged",
        "of nobody",
        "junk",
    ],
)
def test_lines_are_chosen_as_the_crawl_chooses(
    text: str, decides: int | None, delay: float | None
) -> None:
    told = robots.of_file(text.encode("latin-1"), "https://quai.example.org/a", "Tamis")
    deciding = [line for line in told["lines"] if line["decides"]]
    assert [line["number"] for line in deciding] == ([decides] if decides else [])
    assert all(line["text"].startswith("Allow") == told["allowed"] for line in deciding)
    assert told["crawl_delay"] == delay


# Its rights.


def test_what_was_said_of_its_rights_is_told_with_the_level_that_follows(site: Crawled) -> None:
    rights = site.explain("/reserve/b")["rights"]
    assert (rights["shown"]["level"], rights["shown"]["why"]) == (
        "extract",
        ["mining is reserved (file)"],
    )
    assert {"by": "tdmrep.json", "what": "/reserve/: tdm-reservation 1"} in rights["said"]
    assert rights["said"][0] == {
        "by": "record", "what": "licence CC-BY, terms read on 2026-08-13",
    }  # fmt: skip
    free = site.explain("/prive/ouvert")
    assert (free["rights"]["shown"]["level"], free["rights"]["shown"]["why"]) == ("full", [])
    assert "full: nothing speaks against showing all of it\n" in shown(free)


# Its fetches and versions.


def test_every_fetch_is_told_and_when_it_is_looked_at_again(site: Crawled) -> None:
    report = site.explain("/a")
    assert [page["status"] for page in report["fetches"]] == [200, 200]
    assert report["fetches"][1]["bytes"] > report["fetches"][0]["bytes"] > 0
    unchanged = site.explain("/prive/ouvert")
    assert (len(unchanged["fetches"]), unchanged["looks"]["unchanged"]) == (1, 1)
    assert "looks in a row that found nothing new: 1\n" in shown(unchanged)
    assert f"next look {unchanged['ledger']['look']}\n" in shown(unchanged)


def test_a_version_is_told_with_the_words_that_came_and_went(site: Crawled) -> None:
    (version,) = site.explain("/a")["article"]["versions"]
    assert (version["number"], version["came"], version["went"]) == (1, [CHANGED], [])
    assert version["added"] > 0 == version["removed"]
    assert f"+ {CHANGED}\n" in shown(site.explain("/a"))


# Its tags, and its relations.


def test_each_tag_is_told_with_its_evidence(site: Crawled) -> None:
    report = site.explain("/a")["article"]
    themes = {tag["theme"]: tag for tag in report["themes"]}
    clue = next(one for one in themes["housing"]["evidence"] if one["term"] == "logement social")
    assert (clue["count"], clue["where"]) == (1, "lead")
    for name, code, value in (
        ("countries", "country", "BE"),
        ("regions", "region", "BE-BRU"),
        ("organisations", "organisation", "red-cross-be"),
    ):
        assert value in [tag[code] for tag in report[name]]
    assert report["keywords"]


def test_a_copy_is_told_with_what_it_is_a_copy_of_and_why(site: Crawled) -> None:
    told = [site.explain(path)["article"] for path in ("/reserve/b", "/prive/ouvert")]
    (relation,) = (each for each in told[1]["relations"] if each["url"])
    assert (relation["url"], relation["shared"]) == (f"{site.url}/reserve/b", 1.0)
    (other,) = told[0]["others"]
    assert (other["url"], other["relation"]) == (f"{site.url}/prive/ouvert", relation["relation"])
    assert relation["reason"]


def test_articles_that_tell_the_same_story_are_told_with_what_both_have(
    site: Crawled, tmp_path: Path
) -> None:
    evidence = json.dumps([{"kind": "name", "value": "Tamouna", "weight": 1.0}])
    told = other(site, tmp_path, (
        "INSERT INTO stories SELECT a.id, b.id, '', 0.9, ? FROM articles AS a, articles AS b"
        " WHERE a.url LIKE '%/a' AND b.url LIKE '%/reserve/b'"
    ), [evidence])  # fmt: skip
    report = told.explain("/a")
    assert [each["url"] for each in report["article"]["stories"]] == [f"{site.url}/reserve/b"]
    assert "both have name Tamouna\n" in shown(report)


# Where it is published.


def test_where_an_article_is_published_is_told(site: Crawled) -> None:
    told = site.explain("/a")["publication"]
    article = told["article"]
    assert article["page"] == f"https://news.example.org/article/{article['id']}"
    assert (article["rights"], told["waits"]) == ("full", False)
    assert {"feeds/all.atom", "feeds/fr.atom", "feeds/fr/housing.atom", "feeds/country/BE.atom",
            "feeds/source/quai.atom"} <= set(article["feeds"])  # fmt: skip
    (dated,) = told["snapshots"]
    assert told["snapshot"] in dated["file"]


def test_a_hidden_copy_is_in_no_feed(site: Crawled) -> None:
    article = site.explain("/prive/ouvert")["publication"]["article"]
    assert (article["listed"], article["hidden_by"], article["feeds"]) == (
        False,
        f"{site.url}/reserve/b",
        [],
    )


def test_a_change_since_it_was_published_is_told(site: Crawled, tmp_path: Path) -> None:
    changed = "UPDATE articles SET title = 'Autre titre' WHERE title LIKE 'Le centre%'"
    report = other(site, tmp_path, changed).explain("/a")
    assert "`tamis publish` brings it\n" in shown(report)


# Every outcome.


@pytest.mark.parametrize(
    ("path", "outcome", "said"),
    [
        ("/prive/x", "robots", "forbidden: line 3"),
        ("/court", "too_short", "no article of it is published"),
        ("/absent", "not_found", "HTTP 404"),
        ("/casse", "pending", "tries "),
        ("/ancien", "duplicate", "/copie"),
        ("/refus", "failed", "HTTP 400"),
    ],
    ids=["forbidden", "too short", "not found", "to be tried again", "leads to another", "failed"],
)
def test_an_address_without_an_article_is_told_as_well(
    site: Crawled, path: str, outcome: str, said: str
) -> None:
    report = site.explain(path)
    assert (report["ledger"]["outcome"], report["article"]) == (outcome, None)
    assert report["rights"]["shown"] is None
    assert said in shown(report)
    assert len(shown(report).splitlines()) < 50


def test_an_address_that_nobody_named_is_answered_with_what_is_nearest(site: Crawled) -> None:
    with pytest.raises(TamisError, match=r"no channel has named it yet\. Nearest: \S+/copie$"):
        site.explain("/copies")
    with pytest.raises(TamisError, match=r"yet$"):
        site.explain("/something/quite/different/from/all/of/these/and/much/longer")


def test_of_an_address_that_was_taken_down_only_the_day_is_told(
    site: Crawled, tmp_path: Path
) -> None:
    taken = other(site, tmp_path, "SELECT 1")
    nowhere = str(tmp_path / "none.db")
    done = warm.run(
        "forget", f"{site.url}/a", "--db", str(taken.private), "--news", nowhere, "--yes"
    )
    assert done.returncode == 0, done.stderr
    report = taken.explain("/a")
    day = clock.now()[:10]
    assert report == {"url": f"{site.url}/a", "forgotten": day}
    assert shown(report).splitlines()[1:] == [
        f"ledger  forgotten on {day}: nothing of it is kept, and it is not collected again"
    ]


def test_of_a_page_that_was_let_go_what_is_stored_is_told(site: Crawled, tmp_path: Path) -> None:
    let_go = other(site, tmp_path, "UPDATE pages SET body = x''")
    report, short = let_go.explain("/a"), let_go.explain("/court")
    whole = site.explain("/a")
    assert [(line["what"], line["text"]) for line in report["lines"]] == [
        ("kept", line["text"]) for line in whole["lines"] if line["what"] == "kept"
    ]
    for name in ("title", "published", "authors"):
        assert report[name]["value"] == whole[name]["value"]
    assert report["language"]["votes"] == whole["language"]["votes"]
    assert "its body let go since" in shown(report)
    assert "what follows is what is stored\n" in shown(report)
    assert (short["ledger"]["outcome"], "lines" in short) == ("too_short", False)
    assert shown(short)
