"""Day after day: what a second and a third crawl of the same sites ask, find and keep."""

import json
import re
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlite_utils import Database
from web import RSS, XML, Answer, Crawl, Web, article, feed

from crawler import archive
from crawler.publish import publish

TEXT = (
    "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les familles.",
    "Les équipes sociales y tiennent une permanence chaque matin, sauf le dimanche.",
)
JSON = "application/json; charset=utf-8"

Stored = Callable[[], Database]


def tomorrow(path: Path) -> None:
    """As if a day had passed, and every article were due for another look."""
    with closing(Database(path)) as db:
        db.execute("UPDATE channels SET due = ''")
        db.execute("UPDATE urls SET look = '', first_fetched = '2026-01-01T00:00:00Z'"
                   " WHERE look IS NOT NULL")  # fmt: skip


def later(path: Path) -> None:
    """As if enough time had passed for the channels, and none for the articles."""
    with closing(Database(path)) as db:
        db.execute("UPDATE channels SET due = ''")


def with_record(tmp_path: Path, feeds: str) -> None:
    """Give the source another channel than its feed."""
    path = tmp_path / "sources" / "test.toml"
    path.write_text(re.sub(r"feeds = .*", feeds, path.read_text("utf-8")), encoding="utf-8")


# What is asked again.


def test_a_day_without_news_costs_one_request_a_channel(
    web: Web, crawl: Crawl, tmp_path: Path
) -> None:
    def conditional(headers: dict[str, str]) -> Answer:
        if headers.get("If-None-Match") == '"7"':
            return Answer(status=304)
        return Answer(feed(f"{web.url}/a"), content_type=RSS, headers={"ETag": '"7"'})

    web.pages = {"/feed": conditional, "/a": Answer(article("Le centre rouvre", *TEXT))}
    crawl("--no-enrich")
    assert web.hits["/robots.txt"] == web.hits["/.well-known/tdmrep.json"] == 1
    web.hits.clear()
    later(tmp_path / "tamis.db")
    assert crawl("--no-enrich").returncode == 0
    assert web.hits == {"/feed": 1}


def test_a_server_that_knows_no_304_is_known_by_its_bytes(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path
) -> None:
    web.pages = {
        "/feed": Answer(feed(f"{web.url}/a"), content_type=RSS),
        "/a": Answer(article("Le centre rouvre", *TEXT)),
    }
    crawl()
    tomorrow(tmp_path / "tamis.db")
    crawl()
    (channel,) = stored().table("channels").rows
    assert channel["outcome"] == "unchanged"
    (url,) = stored().table("urls").rows
    assert (url["outcome"], url["unchanged"], web.hits["/a"]) == ("stored", 1, 2)
    assert stored().table("pages").count == 1


def test_what_robots_txt_forbids_is_remembered_for_the_day(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path
) -> None:
    web.pages = {
        "/robots.txt": Answer(b"User-agent: *\nDisallow: /b\n", content_type="text/plain"),
        "/feed": Answer(feed(f"{web.url}/a"), content_type=RSS),
        "/a": Answer(article("Le centre rouvre", *TEXT)),
        "/b": Answer(article("Privé", *TEXT)),
    }
    crawl("--no-enrich")
    web.pages["/feed"] = Answer(feed(f"{web.url}/b"), content_type=RSS)
    later(tmp_path / "tamis.db")
    crawl("--no-enrich")
    assert (web.hits["/robots.txt"], web.hits["/b"]) == (1, 0)
    assert "robots" in {row["outcome"] for row in stored().table("urls").rows}


# What is found at a later look.


def looked_at_again(web: Web, crawl: Crawl, path: Path, first: Answer, second: Answer) -> None:
    web.pages = {"/feed": Answer(feed(f"{web.url}/a"), content_type=RSS), "/a": first}
    crawl()
    web.pages["/a"] = second
    tomorrow(path)
    assert crawl().returncode == 0
    assert web.hits["/a"] == 2


def test_what_an_article_says_now_is_a_version_with_its_difference(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path
) -> None:
    path = tmp_path / "tamis.db"
    before = Answer(article("Le centre rouvre", *TEXT))
    after = Answer(article("Le centre rouvre", TEXT[0].replace("quarante", "60"), TEXT[1]))
    looked_at_again(web, crawl, path, before, after)
    db = stored()
    (row,) = db.table("articles").rows
    (text,) = db.table("article_texts").rows
    (version,) = db.table("versions").rows
    assert "60 lits" in text["text"]
    assert "quarante lits" in archive.unpack(version["text"]).decode()
    assert (version["added"], version["removed"]) == (1, 1)
    assert "quarante" in version["diff"]
    assert "60" in version["diff"]
    assert row["fetched"] < row["updated"] == version["seen"] or row["fetched"] == row["updated"]
    news = tmp_path / "news.db"
    publish(path, news, level="private")
    with closing(Database(news)) as published:
        (shown,) = published.table("article_versions").rows
        assert (shown["number"], shown["diff"]) == (1, version["diff"])
        assert next(published.table("articles").rows)["versions"] == 1
    publish(path, news)
    with closing(Database(news)) as published:
        assert next(published.table("article_versions").rows)["diff"] is None


def test_a_change_of_looks_makes_no_version_and_keeps_no_page(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path
) -> None:
    before = Answer(article("Le centre rouvre", *TEXT))
    after = Answer(article("Le centre rouvre", *TEXT).replace(b"'", "’".encode()) + b"<!-- 2 -->")
    looked_at_again(web, crawl, tmp_path / "tamis.db", before, after)
    db = stored()
    assert (db.table("versions").count, db.table("pages").count) == (0, 1)
    assert "d'hébergement" in next(db.table("article_texts").rows)["text"]
    assert next(db.table("urls").rows)["unchanged"] == 1


@pytest.mark.parametrize(
    "page", [b"<html><body><p>Acceptez les cookies</p></body></html>", b""], ids=["wall", "nothing"]
)
def test_a_later_page_without_text_takes_no_article_away(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path, page: bytes
) -> None:
    before = Answer(article("Le centre rouvre", *TEXT))
    looked_at_again(web, crawl, tmp_path / "tamis.db", before, Answer(page))
    db = stored()
    assert db.table("articles").count == 1
    (url,) = db.table("urls").rows
    assert (url["outcome"], url["reason"]) == (
        "stored", "a later visit found no article (too_short)",
    )  # fmt: skip


@pytest.mark.parametrize("status", [404, 410])
def test_the_day_on_which_an_article_vanished_is_published(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path, status: int
) -> None:
    path = tmp_path / "tamis.db"
    before = Answer(article("Le centre rouvre", *TEXT))
    looked_at_again(web, crawl, path, before, Answer(b"", status))
    (url,) = stored().table("urls").rows
    assert (url["outcome"], url["gone"] is not None) == ("stored", True)
    publish(path, tmp_path / "news.db")
    with closing(Database(tmp_path / "news.db")) as published:
        assert next(published.table("articles").rows)["gone"] == url["gone"]
    tomorrow(path)
    crawl()
    assert web.hits["/a"] == 2


def test_a_page_that_has_not_changed_is_not_sent_again(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path
) -> None:
    page = article("Le centre rouvre", *TEXT)

    def conditional(headers: dict[str, str]) -> Answer:
        same = headers.get("If-None-Match") == '"a"'
        return Answer(status=304) if same else Answer(page, headers={"ETag": '"a"'})

    web.pages = {"/feed": Answer(feed(f"{web.url}/a"), content_type=RSS), "/a": conditional}
    crawl()
    tomorrow(tmp_path / "tamis.db")
    crawl()
    assert web.hits["/a"] == 2
    assert stored().table("pages").count == 1


# Other channels than feeds.


def test_an_index_of_sitemaps_is_followed_and_only_what_changed_is_asked_again(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path
) -> None:
    with_record(tmp_path, f'sitemaps = [{{ url = "{web.url}/robots.txt", grade = "probed" }}]')

    def index(day: str) -> Answer:
        entries = "".join(
            f"<sitemap><loc>{web.url}/{name}</loc><lastmod>{date}</lastmod></sitemap>"
            for name, date in (("old.xml", "2026-01-01"), ("new.xml", day))
        )
        schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
        return Answer(
            f'<sitemapindex xmlns="{schema}">{entries}</sitemapindex>'.encode(), content_type=XML
        )

    def urls(*names: str) -> Answer:
        entries = "".join(f"<url><loc>{web.url}/{name}</loc></url>" for name in names)
        schema = "http://www.sitemaps.org/schemas/sitemap/0.9"
        return Answer(f'<urlset xmlns="{schema}">{entries}</urlset>'.encode(), content_type=XML)

    web.pages = {
        "/robots.txt": Answer(f"Sitemap: {web.url}/index.xml".encode(), content_type="text/plain"),
        "/index.xml": index("2026-11-20"), "/old.xml": urls("a"), "/new.xml": urls("b"),
        **{f"/{name}": Answer(article(f"Avis {name}", *TEXT, name)) for name in "abc"},
    }  # fmt: skip
    ran = crawl()
    assert "1 channels visited, 0 failed" in ran.stdout
    assert stored().table("articles").count == 2
    web.pages |= {"/index.xml": index("2026-11-21"), "/new.xml": urls("b", "c")}
    with closing(Database(tmp_path / "tamis.db")) as db:
        db.execute("UPDATE channels SET due = '' WHERE url LIKE '%robots.txt'"
                   " OR url LIKE '%index.xml'")  # fmt: skip
    crawl()
    assert stored().table("articles").count == 3
    assert (web.hits["/old.xml"], web.hits["/new.xml"]) == (1, 2)


def test_a_site_without_feed_is_read_from_its_list_of_articles_and_the_pages_before(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path
) -> None:
    with_record(tmp_path, f'listings = [{{ url = "{web.url}/actus", grade = "probed" }}]')

    def listing(names: range, onward: str) -> Answer:
        cards = "".join(
            f'<article class="card"><h2><a href="/spip.php?article{n}">Le quai ouvre sa permanence'
            f" numéro {n}</a></h2><time datetime='2026-11-{n:02}'></time></article>"
            for n in names
        )
        more = f'<nav class="pagination"><a rel="next" href="{onward}">Suivant</a></nav>'
        head = '<nav><a href="/contact">Contact</a><a href="/">Accueil</a></nav>'
        return Answer(
            f"<html lang=fr><body>{head}<main>{cards}</main>{more}</body></html>".encode()
        )

    web.pages = {
        "/actus": listing(range(11, 19), "/actus?page=2"),
        "/actus?page=2": listing(range(3, 11), "/actus?page=3"),
        **{f"/spip.php?article{n}": Answer(article(f"Avis {n}", *TEXT, f"Avis {n}."))
           for n in range(3, 20)},
    }  # fmt: skip
    assert crawl().returncode == 0
    assert stored().table("articles").count == 16
    web.pages["/actus"] = listing(range(12, 20), "/actus?page=2")
    later(tmp_path / "tamis.db")
    crawl()
    assert stored().table("articles").count == 17
    assert web.hits["/actus?page=2"] == 1  # most of the first page was known


class Posts(dict[str, Answer]):
    """Answers /wp-json/..., whatever is asked, with one post and nothing after it."""

    def __init__(self, web: Web, pages: dict[str, Answer]) -> None:
        super().__init__(pages)
        self.post = {
            "id": 7, "status": "publish", "link": f"{web.url}/le-centre-rouvre/",
            "date": "2026-11-20T09:00:00", "date_gmt": "2026-11-20T08:00:00",
            "modified": "2026-11-20T09:00:00", "modified_gmt": "2026-11-20T08:00:00",
            "title": {"rendered": "Le centre rouvre"}, "excerpt": {"rendered": TEXT[0]},
            "content": {
                "rendered": "".join(f"<p>{text}</p>" for text in TEXT * 3), "protected": False,
            },
        }  # fmt: skip

    def get(self, path: str, default: object = None) -> object:  # type: ignore[override]
        if not path.startswith("/wp-json/"):
            return super().get(path, default)
        first = "modified_after" not in path and "offset" not in path and "before" not in path
        return Answer(json.dumps([self.post] if first else []).encode(), content_type=JSON)


PAGE = (
    b"<html lang=fr><head><meta name=robots content='noarchive, max-snippet:0'></head>"
    b"<body>Le centre rouvre. Le reste pour qui a des scripts seulement.</body></html>"
)


@pytest.fixture
def wordpress(web: Web, tmp_path: Path) -> str:
    """The source is a WordPress site; where the page of its one post is."""
    at = f"{web.url}/wp-json/wp/v2/posts"
    with_record(tmp_path, f'wordpress = [{{ url = "{at}", grade = "probed" }}]')
    return "/le-centre-rouvre/"


def test_an_article_that_an_api_gives_has_the_apis_text_and_the_rights_of_its_page(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path, wordpress: str
) -> None:
    answer = Answer(PAGE, headers={"TDM-Reservation": "1", "ETag": '"1"'})
    web.pages = Posts(web, {wordpress: answer})  # type: ignore[assignment]
    assert crawl().returncode == 0
    (row,) = stored().table("articles").rows
    assert (row["title"], row["published"]) == ("Le centre rouvre", "2026-11-20T08:00:00Z")
    (text,) = stored().table("article_texts").rows
    assert TEXT[1] in text["text"]
    assert web.hits[wordpress] == 1
    publish(tmp_path / "tamis.db", tmp_path / "news.db")
    with closing(Database(tmp_path / "news.db")) as news:
        (shown,) = news.table("articles").rows
    assert (shown["rights"], shown["tdm"]) == ("metadata", "reserved (header)")
    assert "noarchive" in shown["robots"]


def test_the_page_of_such_an_article_is_looked_at_again_and_makes_no_version(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path, wordpress: str
) -> None:
    web.pages = Posts(web, {wordpress: Answer(PAGE)})  # type: ignore[assignment]
    crawl()
    tomorrow(tmp_path / "tamis.db")
    web.pages[wordpress] = Answer(b"<html><body>Autre chose.</body></html>")
    crawl()
    assert web.hits[wordpress] == 2
    assert stored().table("versions").count == 0
    assert stored().table("pages").count == 1
    (notice,) = stored().table("notices").rows
    assert json.loads(notice["signals"])["robots"] == []


@pytest.mark.parametrize(
    "second",
    [
        Answer(b"%PDF-1.7", content_type="application/pdf"),
        Answer(b""),
        Answer(b"", 302, headers={"Location": "/"}),
    ],
    ids=["a document", "nothing", "the home page"],
)
def test_an_answer_that_is_not_its_page_takes_none_of_its_rights_back(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path, *, wordpress: str, second: Answer
) -> None:
    pages = {wordpress: Answer(PAGE), "/": Answer(b"<html><body>Accueil.</body></html>")}
    web.pages = Posts(web, pages)  # type: ignore[assignment]
    crawl()
    tomorrow(tmp_path / "tamis.db")
    web.pages[wordpress] = second
    crawl()
    assert web.hits[wordpress] == 2
    (notice,) = stored().table("notices").rows
    assert "noarchive" in json.loads(notice["signals"])["robots"]
    (url,) = stored().table("urls").rows
    assert url["outcome"] == "stored"


def test_the_day_on_which_the_page_of_such_an_article_vanished_is_kept(
    web: Web, crawl: Crawl, stored: Stored, tmp_path: Path, wordpress: str
) -> None:
    web.pages = Posts(web, {wordpress: Answer(PAGE)})  # type: ignore[assignment]
    crawl()
    tomorrow(tmp_path / "tamis.db")
    web.pages[wordpress] = Answer(b"", 410)
    crawl()
    (url,) = stored().table("urls").rows
    assert (url["outcome"], url["look"]) == ("stored", None)
    assert url["gone"]


def test_a_page_that_shows_its_text_to_scripts_alone_has_that_of_its_feed(
    web: Web, crawl: Crawl, stored: Stored
) -> None:
    content = f"<p>{TEXT[0]}</p><p>{TEXT[1]}</p>"
    whole = f"<description>Un avis.</description><content:encoded><![CDATA[{content}]]>"
    told = feed(f"{web.url}/a").replace(
        b"</link></item>", f"</link>{whole}</content:encoded></item>".encode()
    )
    web.pages = {
        "/feed": Answer(told, content_type=RSS),
        "/a": Answer(b"<html><body><div id=app></div></body></html>"),
    }
    assert crawl().returncode == 0
    (text,) = stored().table("article_texts").rows
    assert TEXT[1] in text["text"]


# Rights.


def test_a_sites_reservation_is_asked_for_once_and_published(
    web: Web, crawl: Crawl, tmp_path: Path
) -> None:
    web.pages = {
        "/feed": Answer(feed(f"{web.url}/a", f"{web.url}/b"), content_type=RSS),
        "/a": Answer(article("Le centre rouvre", *TEXT)),
        "/b": Answer(article("Ouvert à tous", *TEXT, "Trois."), headers={"TDM-Reservation": "0"}),
        "/.well-known/tdmrep.json": Answer(
            b'[{"location": "/", "tdm-reservation": 1}]', content_type=JSON
        ),
    }
    crawl()
    assert web.hits["/.well-known/tdmrep.json"] == 1
    publish(tmp_path / "tamis.db", tmp_path / "news.db")
    with closing(Database(tmp_path / "news.db")) as news:
        said = {row["title"]: row["tdm"] for row in news.table("articles").rows}
    assert said == {"Le centre rouvre": "reserved (file)", "Ouvert à tous": "allowed (header)"}


def test_a_host_that_refuses_its_reservation_file_is_left_alone_and_the_crawl_ends(
    web: Web, crawl: Crawl, stored: Stored
) -> None:
    web.pages = {
        "/feed": Answer(feed(f"{web.url}/a", f"{web.url}/b"), content_type=RSS),
        "/.well-known/tdmrep.json": Answer(b"", 429, headers={"Retry-After": "7200"}),
    }
    ran = crawl("--no-enrich", "--delay", "0.05")
    assert "asked to be left alone: 120 minutes" in ran.stdout
    assert (web.hits["/a"], web.hits["/b"]) == (0, 0)
    assert {row["outcome"] for row in stored().table("urls").rows} == {"pending"}


# What a person does meanwhile.


def test_a_record_half_saved_during_a_crawl_is_the_next_ones_error_with_file_and_line(
    web: Web, crawl: Crawl, tmp_path: Path
) -> None:
    record = tmp_path / "sources" / "test.toml"
    whole = record.read_text("utf-8")
    half = whole[: whole.index("feeds = ") + len("feeds = [{ url = ")]

    def saved(_: dict[str, str]) -> Answer:
        record.write_text(half, encoding="utf-8")
        return Answer(feed(f"{web.url}/a"), content_type=RSS)

    web.pages = {"/feed": saved, "/a": Answer(article("Le centre rouvre", *TEXT))}
    assert crawl("--no-enrich").returncode == 0
    assert web.hits["/a"] == 1
    ran = crawl("--no-enrich")
    assert (ran.returncode, web.hits["/feed"]) == (1, 1)
    assert re.search(rf"test\.toml.* line {half.count(chr(10)) + 1}\b", ran.stderr), ran.stderr
    assert "Traceback" not in ran.stderr
    record.write_text(whole, encoding="utf-8")
    assert crawl("--no-enrich").returncode == 0
