import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from reading import read_all
from sqlite_utils import Database
from web import article

from crawler import archive, clock, database, store
from crawler.cli import main
from crawler.explain import address, reading
from crawler.explain.page_facts import MAX_OTHERS
from crawler.explain.shown import MAX_FACT, PLAIN_WIDTH, show
from crawler.frontier import Frontier
from crawler.items import Address, Harvest, Link, Page, Source
from crawler.schema import published
from enrich.article import Hints

URL = "https://quai.example.org/actu/le-centre-du-quai-rouvre-lundi"
LEAD = "Après deux ans de travaux, quarante lits attendent les familles qui n'ont plus de toit."
FIRST = (
    "Le centre d'hébergement du quai rouvre ses portes lundi avec quarante lits pour les familles."
)
SECOND = (
    "La commune a trouvé deux cent mille euros pour refaire les douches, la cuisine et la cour."
)
THIRD = "Les bénévoles seront formés avant l'ouverture, et les inscriptions sont ouvertes à tous."
TEASER = "Lire aussi : La juge suspend l'expulsion de douze familles"
PAGE = f"""<!doctype html><html lang="fr-BE"><head>
<title>Le centre du quai rouvre lundi | Le Quai</title>
<meta property="og:title" content="Le centre du quai rouvre lundi">
<meta property="og:site_name" content="Le Quai"><meta name="robots" content="noarchive">
<meta name="description" content="{LEAD}">
<meta property="article:published_time" content="2026-03-12T09:00:00+01:00">
<script type="application/ld+json">{{"@type": "NewsArticle", "headline": "Le centre du quai rouvre
lundi", "datePublished": "2026-03-11T09:00:00+01:00",
"author": {{"@type": "Person", "name": "Nadia Example"}}}}</script></head>
<body><header><a href="/">Accueil</a></header><h1>Le centre du quai rouvre lundi</h1>
<div class="chapo"><p>{LEAD}</p></div><main><article>
<p>{FIRST}</p><p>{SECOND}</p><p><a href="/autre">{TEASER}</a></p><p>{THIRD}</p>
<p><a href="/rapport.pdf">Le rapport annuel (PDF, 1,2 Mo)</a></p>
<p>Source : <a href="https://agence.example.net/depeches/le-centre-rouvre">Agence Autre</a></p>
</article></main></body></html>"""
FOOT = "Le Quai vit des dons de ses membres et du soutien de la commune depuis trente ans."

Put = Callable[..., None]


def lines(report: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    return [(line["what"], line["rule"], line["text"]) for line in report["lines"]]


def shown(report: dict[str, Any]) -> str:
    out = io.StringIO()
    show(report, out)
    return out.getvalue()


def explained(db: Database, url: str) -> dict[str, Any]:
    """Where nothing is published yet."""
    return address.of_address(db, url, Path("none.db"))


def test_every_line_is_told_in_the_order_of_the_page_with_the_rule_that_moved_it() -> None:
    told = lines(reading.of_page(PAGE, URL))
    assert [text for what, _, text in told if what != "removed"] == [LEAD, FIRST, SECOND, THIRD]
    places = {text: number for number, (_, _, text) in enumerate(told)}
    assert places[LEAD] < places[FIRST] < places[SECOND] < places[TEASER] < places[THIRD]
    rules = {text: (what, rule) for what, rule, text in told}
    assert rules[FIRST] == ("kept", None)
    assert rules[TEASER][0] == "removed"
    assert rules[TEASER][1] in {"wording", "links"}
    assert rules["Source : Agence Autre"] == ("removed", "origin")


def test_a_line_that_a_rule_put_in_is_told_so() -> None:
    assert lines(reading.of_page(PAGE, URL))[0] == ("added", "lead", LEAD)


def test_a_line_that_stands_twice_is_told_at_both_places() -> None:
    page = PAGE.replace(f"<p>{SECOND}", f"<h2>Contexte</h2><p>{SECOND}").replace(
        f"<p>{THIRD}", f"<h2>Contexte</h2><p>{THIRD}"
    )
    told = [text for _, _, text in lines(reading.of_page(page, URL))]
    assert told[1:7] == [FIRST, "Contexte", SECOND, TEASER, "Contexte", THIRD]


def test_a_date_that_was_only_found_in_the_page_is_no_sign_of_an_article() -> None:
    dated = article("Le centre rouvre", FIRST, SECOND).replace(
        b"</h1>", b"</h1><p>12 mars 2026</p>"
    )
    report = reading.of_page(dated, URL)
    assert (report["published"]["value"], report["published"]["source"]) == ("2026-03-12", "page")
    assert "it is dated" not in {sign["what"] for sign in report["signs"].get("article", ())}


def test_the_language_of_the_feed_counts_where_the_text_has_none() -> None:
    figures = ", ".join(str(n * 977) for n in range(60))
    body = f"<article><h1>2026</h1><p>{figures}.</p></article>"
    assert reading.of_page(body, URL, hints=Hints(language="nl"))["language"]["code"] == "nl"


def test_who_said_what_of_the_language_is_told() -> None:
    dutch = (
        "De stad opent morgen honderd plaatsen voor mensen zonder dak boven het hoofd, zegt zij.",
        "Vrijwilligers koken er elke avond soep en brengen dekens naar wie buiten blijft.",
        "Wie er wil slapen, meldt zich vanaf zeven uur aan de poort in de straat achter de kaai.",
        "Vorige winter waren er te weinig bedden, en gezinnen met kinderen gingen altijd voor.",
    )
    mixed = article("Le centre rouvre", FIRST, SECOND, *dutch)
    report = reading.of_page(mixed, URL.replace("org/", "org/nl/"), hints=Hints(language="fr"))
    told = report["language"]
    assert (told["code"], told["claims"]["feed"]) == ("nl", "fr")
    assert told["likelier"]["fr"] > told["likelier"]["nl"] > 1
    assert [each["language"] for each in told["shares"]] == ["nl", "fr"]
    text = shown(report)
    for said in ("paragraphs: nl ", "langdetect: nl ", "also claimed: feed fr", "likelier: fr 540"):
        assert said in text


def test_a_fact_without_end_is_cut_for_a_person() -> None:
    assert shown({"url": "x" * 9_000}).count("x") == MAX_FACT


def test_the_winner_its_source_and_every_other_candidate_are_told() -> None:
    report = reading.of_page(PAGE, URL)
    assert (report["title"]["value"], report["published"]["source"]) == (
        "Le centre du quai rouvre lundi",
        "json-ld",
    )
    assert {
        "value": "2026-03-12T09:00:00+01:00",
        "source": "meta",
        "why_not": "another day from a less sure source",
    } in report["published"]["candidates"]
    assert (report["authors"]["value"], report["authors"]["signed_by"]) == (
        ["Nadia Example"],
        "persons",
    )


def test_what_the_page_says_of_itself_is_told() -> None:
    report = reading.of_page(PAGE, URL)
    assert report["language"]["declared"] == "fr-BE"
    assert report["declared"]["robots"] == ["noarchive"]
    assert report["origin"]["publisher"] == "Agence Autre"
    assert (report["attachments"][0]["url"], report["attachments"][0]["size"]) == (
        "https://quai.example.org/rapport.pdf",
        1_200_000,
    )


def test_the_kind_is_told_with_the_signs_for_it_and_against_it() -> None:
    report = reading.of_page(PAGE, URL)
    assert report["kind"] == "article"
    assert {"points": 3, "what": "its JSON-LD is an article's"} in report["signs"]["article"]
    cards = "".join(
        f"<li><a href='/{n}'>Une autre nouvelle du quai, la {n}e</a> en deux mots</li>"
        for n in range(9)
    )
    listing = f"<h1>Actualités</h1><ul>{cards}</ul>"
    report = reading.of_page(listing, "https://quai.example.org/actualites/")
    assert report["kind"] == "listing"
    assert report["signs"]["listing"]


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"%PDF-1.7 binary", "not_html"), (b"", "empty"), (b"<!-- -->", "empty")],
    ids=["a PDF", "nothing", "a comment"],
)
def test_what_is_no_page_is_told_as_well(body: bytes, kind: str) -> None:
    report = reading.of_page(body, URL, hints=Hints(title="Le centre rouvre"))
    assert (report["kind"], report["lines"], report["signs"]) == (kind, [], report["signs"])
    assert (report["title"]["value"], report["title"]["source"]) == ("Le centre rouvre", "feed")
    assert kind in shown(report)


def test_a_report_is_read_as_columns_and_says_why_each_choice_was_made() -> None:
    told = shown(reading.of_page(PAGE, URL))
    assert f"url        {URL}\n" in told
    assert "title      Le centre du quai rouvre lundi [" in told
    assert "not 2026-03-12T09:00:00+01:00 [meta]: another day from a less sure source\n" in told
    assert "for an article: its JSON-LD is an article's (3)" in told
    assert "source: Agence Autre https://agence.example.net/depeches/le-centre-rouvre\n" in told
    assert "Le rapport annuel, application/pdf, 1,200,000 bytes\n" in told
    assert f"+ lead     {LEAD}\n  kept     {FIRST}\n" in told
    assert "- origin   Source : Agence Autre\n" in told


def test_no_line_is_wider_than_the_page_of_a_person_and_none_ends_in_blanks() -> None:
    long = article("Un titre " * 40, "mot " * 300, "漢字" * 300, "x" * 700)
    told = shown(reading.of_page(long, URL)).splitlines()
    assert max(map(len, told)) <= PLAIN_WIDTH
    assert not [line for line in told if line != line.rstrip()]


def test_no_character_that_harms_a_terminal_comes_through_and_markup_is_text() -> None:
    hostile = PAGE.replace(FIRST, f"[bold]Gras[/bold] &#155;31m \u202eà l'envers :smile: {FIRST}")
    hostile = hostile.replace('content="Le centre', 'content="\u009b31m[red]Le centre')
    report = reading.of_page(hostile, URL)
    told = shown(report) + json.dumps(report, ensure_ascii=False)
    assert "[bold]Gras[/bold]" in told
    assert ":smile:" in told
    assert not set("\x1b\x9b\u202e") & set(told)


def test_many_candidates_are_counted_rather_than_shown() -> None:
    headings = "".join(f"<h1>Une autre nouvelle, la {n}e du mois</h1>" for n in range(55))
    report = reading.of_page(PAGE.replace("<main>", f"{headings}<main>"), URL)
    others = [each for each in report["title"]["candidates"] if each["why_not"]]
    told = shown(report)
    assert f"and {len(others) - MAX_OTHERS} others: see --json\n" in told
    assert told.count("Une autre nouvelle") <= MAX_OTHERS < len(others)


# -- of an archived page


@pytest.fixture
def put(db: Database, source: Source) -> Put:
    """Archives pages (path -> body) as a crawl does, and reads them."""
    frontier = Frontier(db)
    frontier.channels.sync([source], lambda s: [("feed", s.feeds[0])])
    (channel,) = frontier.channels.due([source.feeds[0].url], now="9999")

    def archive(pages: dict[str, bytes], *, read: bool = True, **hints: Any) -> None:
        found = {f"http://quai.example.org{path}": body for path, body in pages.items()}
        links = tuple(Link(url=url, **hints) for url in found)
        frontier.channels.harvested(channel, Harvest(links=links))
        for url in frontier.draw(["quai"], now=clock.now(), limit=99):
            page = Page(url=url.url, fetched="2026-11-21T08:00:00Z", status=200,
                        content_type="text/html", headers={"x-robots-tag": "noai"},
                        body=found[url.url])  # fmt: skip
            frontier.fetched(url, page)
        frontier.writes.flush()
        if read:
            read_all(db)
            store.settle(db)

    return archive


def test_an_archived_page_is_told_as_the_database_read_it(db: Database, put: Put) -> None:
    put({"/a": article("Le centre rouvre", FIRST, SECOND)}, published="2026-10-12T07:15:00Z")
    report = explained(db, "https://www.quai.example.org/a?utm_source=x")
    (row,) = db.table("articles").rows
    assert (report["title"]["value"], report["published"]["value"]) == (
        row["title"],
        row["published"],
    )
    assert report["published"]["source"] == "feed"
    assert [line["text"] for line in report["lines"] if line["what"] == "kept"] == [FIRST, SECOND]
    assert report["ledger"]["outcome"] == "stored"
    assert report["page"]["fetched"] == "2026-11-21T08:00:00Z"
    assert report["text_from"] == "page"


def test_an_article_is_found_where_a_redirect_ended_as_well(db: Database, put: Put) -> None:
    put({"/a": article("Le centre rouvre", FIRST)}, read=False)
    db.execute("UPDATE pages SET url = 'http://quai.example.org/actu/le-centre-rouvre'")
    read_all(db)
    store.settle(db)
    report = explained(db, "http://quai.example.org/actu/le-centre-rouvre")
    assert report["ledger"]["url"] == "http://quai.example.org/a"
    assert report["page"]["url"] == "http://quai.example.org/actu/le-centre-rouvre"
    assert "           http://quai.example.org/actu/le-centre-rouvre\n" in shown(report)


def test_the_newest_page_is_told(db: Database, put: Put) -> None:
    put({"/a": article("Le centre rouvre", FIRST)})
    db.execute(
        "INSERT INTO pages (url_id, url, fetched, status, content_type, headers, body)"
        " SELECT url_id, url, '2026-11-20T08:00:00Z', status, content_type, headers, ?"
        " FROM pages",
        [archive.pack(b"older")],
    )
    report = explained(db, "http://quai.example.org/a")
    assert report["page"]["fetched"] == "2026-11-21T08:00:00Z"


def test_who_named_it_is_told(db: Database, put: Put) -> None:
    put({"/a": article("Le centre rouvre", FIRST)})
    report = explained(db, "http://quai.example.org/a")
    (named,) = report["named_by"]
    assert (named["source"], named["kind"], named["channel"]) == (
        "quai",
        "feed",
        "http://quai.example.org/feed/",
    )
    assert "quai, feed http://quai.example.org/feed/, 20" in shown(report)


def test_the_outcome_of_a_page_that_is_no_article_is_told_with_its_reason(
    db: Database, put: Put
) -> None:
    put({"/a": b"%PDF-1.7"})
    report = explained(db, "http://quai.example.org/a")
    (row,) = db.table("urls").rows
    assert (report["ledger"]["outcome"], report["ledger"]["reason"]) == (
        row["outcome"],
        row["reason"],
    )
    assert f"{row['outcome']}: {row['reason']}" in shown(report)


def test_duplicates_are_told_of_both(db: Database, put: Put) -> None:
    put({"/a": article("Le centre rouvre", FIRST), "/b": article("Le centre rouvre", FIRST)})
    told = [explained(db, f"http://quai.example.org/{name}")["article"] for name in "ab"]
    assert sorted((each["duplicate_of"] or "", len(each["others"])) for each in told) == [
        ("", 1),
        ("http://quai.example.org/a", 0),
    ]
    report = explained(db, "http://quai.example.org/b")
    assert "duplicate of http://quai.example.org/a\n" in shown(report)
    assert "exact of http://quai.example.org/a, 100% shared" in shown(report)
    assert [each["relation"] for each in told[0]["relations"]] == ["original"]
    assert "original of these" in shown(explained(db, "http://quai.example.org/a"))


def test_a_page_that_shows_no_text_is_told_from_the_feed(db: Database, put: Put) -> None:
    content = f"<p>{FIRST}</p><p>{SECOND}</p>"
    put({"/a": b"<html><body></body></html>"}, title="Le centre", content=content)
    report = explained(db, "http://quai.example.org/a")
    assert report["text_from"] == "feed"
    assert [line["text"] for line in report["lines"] if line["what"] == "kept"] == [FIRST, SECOND]
    assert "what the feed has of it was read" in shown(report)


def test_what_only_the_feed_gives_is_told(db: Database, put: Put) -> None:
    put(
        {"/a": article("Le centre rouvre", FIRST)},
        image="https://quai.example.org/lits.jpg",
        attachments=("https://quai.example.org/r.pdf",),
    )
    report = explained(db, "http://quai.example.org/a")
    assert (report["image"]["source"], report["image"]["url"]) == (
        "feed",
        "https://quai.example.org/lits.jpg",
    )
    assert [each["url"] for each in report["attachments"]] == ["https://quai.example.org/r.pdf"]


def test_what_the_memory_of_the_site_took_out_is_told_where_it_stood(
    db: Database, put: Put
) -> None:
    bodies = (FIRST, SECOND, THIRD)
    put(
        {
            f"/{number}": article(f"Numéro {number} du journal", LEAD[number:], body, FOOT)
            for number, body in enumerate(bodies)
        }
    )
    report = explained(db, "http://quai.example.org/1")
    (gone,) = (line for line in report["lines"] if line["text"] == FOOT)
    assert gone == {"text": FOOT, "what": "removed", "rule": "memory", "articles": 3}
    assert report["lines"][-1] is gone
    assert f"- memory (3 articles)  {FOOT}\n" in shown(report)


def test_a_line_of_an_earlier_reading_that_memory_took_out_comes_last(
    db: Database, put: Put
) -> None:
    put({"/a": article("Le centre rouvre", FIRST, SECOND)})
    db.table("removed_lines").insert(
        {"article_id": 1, "line": 7, "text": FOOT, "rule": "memory", "articles": 4}
    )
    report = explained(db, "http://quai.example.org/a")
    assert [line["text"] for line in report["lines"]][-1] == FOOT


def test_what_the_server_said_of_rights_is_told(db: Database, put: Put) -> None:
    body = article("Le centre rouvre", FIRST).replace(
        b"</head>", b'<meta name="tdm-reservation" content="0"></head>'
    )
    put({"/a": body})
    report = explained(db, "http://quai.example.org/a")
    told = shown(report)
    assert "header: x-robots-tag: noai\n           page: tdm-reservation 0\n" in told


def test_a_url_that_waits_is_told_without_a_page(db: Database, source: Source) -> None:
    frontier = Frontier(db)
    frontier.channels.sync([source], lambda s: [("feed", s.feeds[0])])
    (channel,) = frontier.channels.due([source.feeds[0].url], now="9999")
    frontier.channels.harvested(channel, Harvest(links=(Link(url="http://quai.example.org/a"),)))
    report = explained(db, "http://quai.example.org/a")
    assert (report["ledger"]["outcome"], report["page"], report["article"]) == (
        "pending",
        None,
        None,
    )
    assert "fetches   no page is archived" in shown(report)


# -- the command


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["explain", *arguments], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def test_the_command_tells_a_person_and_a_program_the_same(
    db: Database, put: Put, tmp_path: Path
) -> None:
    put({"/a": article("Le centre rouvre", FIRST)})
    expected = explained(db, "http://quai.example.org/a")
    asked = ("http://quai.example.org/a", "--db", str(tmp_path / "tamis.db"), "--news", "none.db")
    assert run(*asked) == (0, shown(expected), "")
    status, out, _ = run(*asked, "--json")
    assert (status, json.loads(out)) == (0, expected)


def test_a_url_that_the_ledger_does_not_know_is_one_clear_sentence(tmp_path: Path) -> None:
    database.private(tmp_path / "tamis.db").close()
    asked = ("https://nobody.example.org/a", "--db", str(tmp_path / "tamis.db"))
    status, out, err = run(*asked)
    assert (status, out) == (1, "")
    assert err == (
        "Error: https://nobody.example.org/a is not in the ledger: no channel has named it yet\n"
    )
    status, _, err = run("nonsense", *asked[1:])
    assert (status, "'nonsense' is no web address" in err) == (1, True)


def test_it_answers_while_others_write_and_changes_nothing(
    db: Database, put: Put, tmp_path: Path
) -> None:
    put({"/a": article("Le centre rouvre", FIRST)})
    path = tmp_path / "tamis.db"
    before = "".join(db.conn.iterdump())
    with database.alone(path), closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE urls SET reason = 'half way'")
        status, out, _ = run("http://quai.example.org/a", "--db", str(path))
        writer.execute("ROLLBACK")
    assert (status, "half way" in out) == (0, False)
    assert "".join(db.conn.iterdump()) == before
    with address.opened(path) as opened:
        assert opened.table("urls").count == 1
        db.execute("UPDATE urls SET reason = 'later'")
        assert [row["reason"] for row in opened.table("urls").rows] == [None]
    with address.opened(path) as opened, pytest.raises(sqlite3.OperationalError, match="readonly"):
        opened.execute("DELETE FROM urls")


def test_a_file_that_is_no_private_database_is_said_so(tmp_path: Path) -> None:
    names = ("text.db", "news.db", "old.db", "newer.db")
    text, other, old, newer = (tmp_path / name for name in names)
    text.write_text("This is no database at all, but long enough to be looked at as one. " * 20)
    with closing(Database(other)) as db:
        published.apply(db)
    with closing(Database(old)) as db:
        db.execute("CREATE TABLE _sqlite_migrations (id, migration_set, name, applied_at)")
        db.execute("INSERT INTO _sqlite_migrations VALUES (1, 'tamis.private', 'm001_crawl', '')")
        db.conn.commit()
    with closing(database.private(newer)) as db:
        db.execute("UPDATE _sqlite_migrations SET name = 'm999_later' WHERE name = 'm001_crawl'")
        db.conn.commit()
    for path, message in (
        (text, "text.db cannot be used as the private database: file is not a database"),
        (other, "news.db is no private database of Tamis (it has a table '"),
        (newer, "newer.db was made by a newer Tamis"),
        (old, "old.db is of an older version: run `tamis enrich` once"),
        (tmp_path / "none.db", "none.db does not exist: `tamis crawl` makes it"),
    ):
        status, out, err = run("http://quai.example.org/a", "--db", str(path))
        assert (status, out) == (1, "")
        assert message in err


def test_the_best_channel_comes_first_among_those_that_named_it(
    db: Database, source: Source
) -> None:
    more = replace(
        source,
        sitemaps=(Address(url="http://quai.example.org/sitemap.xml", grade="probed"),),
    )
    frontier = Frontier(db)
    frontier.channels.sync([more], lambda s: [("sitemap", s.sitemaps[0]), ("feed", s.feeds[0])])
    for url in ("http://quai.example.org/sitemap.xml", "http://quai.example.org/feed/"):
        (channel,) = frontier.channels.due([url], now="9999")
        link = Link(url="http://quai.example.org/a")
        frontier.channels.harvested(channel, Harvest(links=(link,)))
    named = explained(db, "http://quai.example.org/a")["named_by"]
    assert [each["kind"] for each in named] == ["feed", "sitemap"]
