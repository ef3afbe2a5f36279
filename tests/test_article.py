"""One article: all that is known of it, its page, its JSON, and what must stay inert on them."""

import asyncio
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from published_fixture import make_news
from sqlite_utils import Database

from crawler.article import Clue, article
from crawler.labels import NOT_CHOSEN, RULES, label
from crawler.marks import marked, sought, typed
from crawler.published import Label
from crawler.revisions import passages
from crawler.serving import site
from enrich.changes import Text, compare
from enrich.sieve import RULES as SIEVE


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_news(tmp_path_factory.mktemp("article") / "news.db")


@pytest.fixture(name="db")
def _db(made: Path, tmp_path: Path) -> Path:
    """A copy, to be changed."""
    return Path(shutil.copy(made, tmp_path / "news.db"))


@pytest.fixture(name="conn")
def _conn(db: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(db)) as conn:
        yield conn


def get(db: Path, *paths: str) -> list[Any]:
    async def answers() -> list[Any]:
        client = site(db).client
        return [await client.get(path) for path in paths]

    return asyncio.run(answers())


def page(db: Path, path: str) -> str:
    (answer,) = get(db, path)
    assert answer.status_code == 200
    return str(answer.text)


def change(db: Path, sql: str, *values: Any) -> None:
    with closing(sqlite3.connect(db)) as conn, conn:
        conn.execute(sql, values)


# --- What is known of it -------------------------------------------------------------------------


def test_an_article_says_all_that_is_known_of_it(conn: sqlite3.Connection) -> None:
    one = article(conn, 1)
    assert one is not None
    assert one.text is not None
    assert one.text.startswith("La halte")
    assert (one.source.name, one.source.country.name) == ("Quai Ouvert", "Belgium")
    assert one.language == Label("fr", "French")
    (vote,) = one.language_votes
    assert (vote.detector, vote.language.name, vote.probability) == ("pycld2", "French", 0.98)
    assert [(each.language.name, each.share) for each in one.language_shares] == [
        ("French", 0.7), ("Dutch", 0.3),
    ]  # fmt: skip
    assert one.language_claims == {"page": "fr", "source": ["fr", "nl"]}
    assert one.themes[0].evidence == (Clue("halte de nuit"), Clue("loyer"))
    assert one.countries[0].name == "Belgium"
    assert (one.country, one.country_from) == (Label("BE", "Belgium"), "text")
    assert [(each.code, each.name) for each in one.regions] == [
        ("BE-BRU", "Brussels-Capital Region"),
    ]  # fmt: skip
    (named,) = one.organisations
    assert (named.code, named.name, named.evidence) == (
        "red-cross", "Red Cross", (Clue("Croix-Rouge", 1, "text"),),
    )  # fmt: skip


def test_the_country_of_a_source_is_no_country_of_its_article(conn: sqlite3.Connection) -> None:
    one = article(conn, 3, "fr")
    assert one is not None
    assert one.country is not None
    assert (one.country.name, one.country_from, one.countries) == ("Belgique", "source", ())


def test_the_text_of_an_article_is_withheld_unless_its_rights_are_full(
    conn: sqlite3.Connection,
) -> None:
    assert [one.text for one in (article(conn, 2),) if one] == [None]


def test_a_reprint_names_its_original_and_the_original_its_reprints(
    conn: sqlite3.Connection,
) -> None:
    reprint, original = article(conn, 11), article(conn, 10)
    assert reprint is not None
    assert original is not None
    assert reprint.original is not None
    assert reprint.original.id == 10
    assert [entry.id for entry in original.reprints] == [11]
    for one in (reprint.original, *original.reprints):
        assert (one.relation, one.shared, one.reason) == ("reprint", 0.97, "date")


def test_issues_of_a_series_and_what_quotes_an_article_are_named_and_stand_for_themselves(
    conn: sqlite3.Connection,
) -> None:
    first, second, quoted = (article(conn, number) for number in (1, 2, 9))
    assert first
    assert second
    assert quoted
    assert [(one.id, one.relation) for one in first.series] == [(2, "series")]
    assert [one.id for one in second.series] == [1]
    assert [one.id for one in quoted.quoted_in] == [2]
    assert [one.id for one in second.quotes] == [9]
    assert {first.original, second.original, quoted.original} == {None}


def test_articles_that_tell_one_story_name_each_other_and_what_they_share(
    conn: sqlite3.Connection,
) -> None:
    one, other = (article(conn, number, "nl") for number in (1, 4))
    assert one
    assert other
    (found,) = one.same_story
    assert (found.id, found.language, found.score) == (4, "ar", 0.81)
    assert [(each.kind, each.value) for each in found.evidence] == [
        ("name", "Vareille"), ("country", "België"),
    ]  # fmt: skip
    assert [each.id for each in other.same_story] == [1]
    assert one.original is None


def test_of_a_long_series_the_nearest_are_named(conn: sqlite3.Connection) -> None:
    with closing(sqlite3.connect(":memory:")) as longer:
        conn.backup(longer)
        longer.executemany(
            "INSERT OR IGNORE INTO duplicates VALUES (?, 1, 'series', 0.9, 'date')",
            [(number,) for number in range(1, 14)],
        )
        found = article(longer, 10)
        assert found
        assert len(found.series) == 10
        dated = [one.dated for one in found.series]
        assert dated == sorted(dated)
        assert 1 not in {one.id for one in found.series}


@pytest.mark.parametrize("number", [0, 99, 2**63, 10**30])
def test_there_is_no_article_of_an_unknown_number(conn: sqlite3.Connection, number: int) -> None:
    assert article(conn, number) is None


def test_evidence_may_be_any_json_or_plain_words(conn: sqlite3.Connection) -> None:
    conn.execute(
        "UPDATE article_themes SET evidence = ? WHERE article_id = 1",
        (json.dumps([{"term": "halte", "count": 2}]),),
    )
    one, two = article(conn, 1), article(conn, 2)
    assert one is not None
    assert two is not None
    assert one.themes[0].evidence == (Clue("halte", 2),)
    assert two.themes[-1].evidence == (Clue("plain words"),)


# --- Its page ------------------------------------------------------------------------------------


def test_an_article_is_there_as_json_with_all_that_its_page_has(db: Path) -> None:
    found, none = get(db, "/article/1.json", "/article/99.json")
    told = found.json()
    assert told["language"] == {"code": "fr", "name": "French", "n": 0}
    assert [each["language"]["name"] for each in told["language_shares"]] == ["French", "Dutch"]
    assert told["language_votes"][0]["detector"] == "pycld2"
    assert (none.status_code, none.json()["ok"]) == (404, False)


def test_an_article_page_tells_where_each_value_comes_from(db: Path) -> None:
    html = page(db, "/article/1")
    for told in (
        "Les réfugiés et les sans-abri y dorment.",
        "https://quai.example.org/1",
        "(from its feed)",
        "halte de nuit",
        "98%",
        "The detectors agreed",
        "French 70%, Dutch 30%",
        "<dt>Source said</dt><dd>fr, nl</dd>",
        "<td>pycld2</td><td>French</td>",
        "Belgium",
        "La rédaction",
        "CC-BY-4.0",
        "/article/1.json",
    ):
        assert told in html, told


def test_an_article_tells_its_key_phrases_as_text_and_as_json(db: Path) -> None:
    with closing(sqlite3.connect(db)) as conn, conn:
        conn.execute("UPDATE articles SET keywords = ? WHERE id = 1", ['["halte de nuit", "<b>"]'])
    page, told = get(db, "/article/1", "/article/1.json")
    assert "<bdi>halte de nuit</bdi> · <bdi>&lt;b&gt;</bdi>" in page.text
    assert told.json()["keywords"] == ["halte de nuit", "<b>"]


def test_an_article_page_tells_regions_and_a_country_that_is_only_the_sources(db: Path) -> None:
    told = page(db, "/article/1")
    assert "Brussels-Capital Region" in told
    assert "that of its source" not in told
    assert "No country was found in it; that of its source: Belgium." in page(db, "/article/3")


def test_evidence_shows_each_term_how_often_and_where(db: Path) -> None:
    evidence = [{"term": "لاجيين", "count": 3, "where": "title"}]
    with closing(Database(db)) as news:
        news.execute(
            "UPDATE article_themes SET evidence = ? WHERE article_id = 4", [json.dumps(evidence)]
        )
        news.conn.commit()
    assert '<q><bdi>لاجيين</bdi></q> <span lang="en">× 3, title</span>' in page(db, "/article/4")


def test_an_organisation_leads_to_the_articles_that_name_it(db: Path) -> None:
    html = page(db, "/article/10")
    assert (
        'href="/news/articles_on_an_organisation?organisation=lantern">Lantern Relief</a>' in html
    )
    assert '<q><bdi>Lantern Relief</bdi></q> <span lang="en">× 2, text</span>' in html
    assert "None that we know was found in it." in page(db, "/article/9")
    (listed,) = get(db, "/news/articles_on_an_organisation.json?organisation=lantern&_shape=array")
    assert [row["id"] for row in listed.json()] == [10]


def test_an_extract_says_why_there_is_no_more(db: Path) -> None:
    html = page(db, "/article/2")
    assert "An extract: <bdi>Quai Ouvert</bdi> has not licensed its full texts" in html
    assert 'href="https://quai.example.org/2"' in html


def test_a_story_links_its_reprints_both_ways(db: Path) -> None:
    assert 'href="/article/11"' in page(db, "/article/10")
    assert 'href="/article/10"' in page(db, "/article/11")


def test_a_story_says_what_each_is_to_the_other_how_much_they_share_and_why(db: Path) -> None:
    reprint, original = page(db, "/article/11"), page(db, "/article/10")
    assert "A reprint of" in reprint
    for each in (reprint, original):
        assert "97% of the words of the shorter in common" in each
        assert "It is the earliest." in each
    (answer,) = get(db, "/article/11.json")
    found = answer.json()["original"]
    assert (found["id"], found["relation"], found["shared"], found["reason"]) == (
        10, "reprint", 0.97, "date",
    )  # fmt: skip


def test_a_story_that_is_told_elsewhere_is_linked_with_its_language_and_what_is_shared(
    db: Path,
) -> None:
    html = page(db, "/article/1")
    assert "The same story elsewhere" in html
    assert ", Arabic" in html
    assert "name <q><bdi>Vareille</bdi></q>" in html
    assert "country <q><bdi>Belgium</bdi></q>" in html
    (answer,) = get(db, "/article/4.json")
    (found,) = answer.json()["same_story"]
    assert (found["id"], found["language"], found["score"]) == (1, "fr", 0.81)
    assert found["evidence"][0] == {"kind": "name", "value": "Vareille", "weight": 0.9}


def test_a_series_and_a_quoting_article_are_linked(db: Path) -> None:
    assert "In the same series" in page(db, "/article/1")
    assert "Quoted whole in" in page(db, "/article/9")
    assert "Quotes whole" in page(db, "/article/2")


def test_every_article_page_works_with_little_known(db: Path) -> None:
    answers = get(db, *(f"/article/{number}" for number in range(1, 14)))
    assert {answer.status_code for answer in answers} == {200}
