"""The canned queries: each answers its question, and none is asked in vain."""

import asyncio
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from published_fixture import make_news

from crawler.serving import site

METADATA = Path(__file__).parent.parent / "datasette/metadata.yml"
QUERIES: dict[str, Any] = yaml.safe_load(METADATA.read_text(encoding="utf-8"))["databases"]["news"][
    "queries"
]
ASKED = {
    "theme": "housing", "language": "fr", "since": "2026-01-01", "organisation": "lantern",
    "label": "rapport", "source": "quai",
}  # fmt: skip


@pytest.fixture(name="db", scope="module")
def _db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dozen articles, with something of each kind that a query asks for."""
    path = make_news(tmp_path_factory.mktemp("queries") / "news.db")
    with closing(sqlite3.connect(path)) as conn:
        conn.executescript(
            """
            UPDATE articles SET gone = '2026-11-20T06:00:00Z', origin_publisher = 'Pont Neuf',
              origin_url = 'https://pont.example.org/1', relation = 'reprint',
              keywords = '["halte de nuit"]' WHERE id = 1;
            UPDATE article_themes SET evidence =
              '[{"term": "loyer", "count": 2, "where": "title"}]' WHERE article_id = 2;
            INSERT INTO article_themes VALUES (1, 'migration', 0.9, '[]');
            INSERT INTO article_organisations VALUES (1, 'lantern', 1.0, '[]');
            INSERT INTO language_votes VALUES (1, 'langdetect', 'nl', 0.6);
            INSERT INTO article_versions
              VALUES (1, 1, 'Avant', '2026-09-02T06:00:00Z', 12, 3, NULL);
            INSERT INTO attachments VALUES (1, 0, 'https://quai.example.org/r.pdf',
              'Le rapport annuel', 'application/pdf', 1000);
            """
        )
        conn.commit()
    return path


def rows(db: Path, name: str) -> list[dict[str, Any]]:
    asked = {word: ASKED[word] for word in QUERIES[name].get("params", ())}

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=site(db).app())
        async with httpx.AsyncClient(transport=transport, base_url="http://news.test") as client:
            return await client.get(f"/news/{name}.json", params={"_shape": "array", **asked})

    answer = asyncio.run(ask())
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_every_canned_query_runs_and_finds_something(db: Path, name: str) -> None:
    assert rows(db, name)
    assert QUERIES[name]["title"]
    assert QUERIES[name]["description"]


def test_there_are_queries_for_every_part_of_the_work() -> None:
    assert len(QUERIES) >= 25


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_a_query_names_what_must_be_given_and_gives_an_example_of_it(name: str) -> None:
    query = QUERIES[name]
    given = set(re.findall(r"(?<!\w):(\w+)", re.sub(r"'[^']*'", "", query["sql"])))
    assert given == set(query.get("params", ()))
    assert all(word in query["description"] for word in given - {"since"})


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_the_order_of_the_rows_is_the_same_each_time(name: str) -> None:
    assert "ORDER BY" in QUERIES[name]["sql"]


def test_shares_are_of_the_articles_that_could_have_had_a_theme(db: Path) -> None:
    found = {
        (row["language"], row["theme"]): row["share"] for row in rows(db, "themes_by_language")
    }
    assert found["fr", "Housing"] == 1.0
    assert found["fr", "Migration"] == 1.0
    assert found["en", "Housing"] == 0.25  # of four that are no reprint


def test_who_takes_from_whom_counts_texts_and_days(db: Path) -> None:
    assert rows(db, "who_takes_from_whom") == [
        {"first": "lantern", "later": "quai", "texts": 1, "days": 1.0}
    ]


def test_what_another_had_first_is_not_ones_own(db: Path) -> None:
    (quai,) = [row for row in rows(db, "own_and_taken_texts") if row["source"] == "quai"]
    assert quai == {"source": "quai", "articles": 4, "own": 3, "taken": 1, "share_taken": 0.25}


def test_detectors_that_disagree_are_told_with_both_answers(db: Path) -> None:
    assert rows(db, "detectors_that_disagree") == [
        {"detector": "langdetect", "language": "nl", "other_detector": "pycld2",
         "other_language": "fr", "articles": 1, "example": 1}
    ]  # fmt: skip


def test_what_was_not_collected_is_told_with_its_reason(db: Path) -> None:
    (row,) = rows(db, "not_collected")
    assert (row["outcome"], row["reason"]) == ("not_an_article", "static")
