"""Stored articles that tell one story: found day after day, whatever the order they came in."""

import json
import random
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database
from test_sketches import Stored, put

from crawler import database, erasing, store
from crawler.publish import publish
from crawler.stories import MOST_OF_A_KEY
from enrich.text import text_hash

Link = tuple[str, str, float, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A report as stored; its path is its name."""

    path: str
    language: str
    title: str
    text: str
    day: str | None = "2026-10-06"
    country: str = "BE"
    source: str = "quai"


FRENCH = Told(
    path="fr",
    language="fr",
    title="La juge Vareille condamne l'État",
    text="L'État devra loger 312 personnes, a dit la juge Vareille le 14 octobre à Marchevaux.",
)
DUTCH = Told(
    path="nl",
    language="nl",
    title="Rechter Vareille veroordeelt de staat",
    text="Volgens rechter Vareille in Marchevaux moet de staat 312 mensen opvangen.",
    day="2026-10-07",
)
GERMAN = Told(
    path="de",
    language="de",
    title="Richterin Vareille verurteilt den Staat",
    text="Bis zum 14. Oktober muss der Staat 312 Menschen in Marchevaux unterbringen.",
    day="2026-10-09",
)
ELSEWHERE = Told(
    path="en",
    language="en",
    title="A school opens in the hills",
    text="Pupils came to Lokitare from 47 villages, said the teacher, Abdi Gelle.",
    country="KE",
)
ALL = [FRENCH, DUTCH, GERMAN, ELSEWHERE]


def add(db: Database, reports: Iterable[Told]) -> None:
    for told in reports:
        published = told.day and f"{told.day}T08:00:00Z"
        put(
            db,
            [
                Stored(
                    path=told.path,
                    text=told.text,
                    title=told.title,
                    published=published,
                    source=told.source,
                )
            ],
        )
        places = [{"country": told.country, "score": 1.0, "evidence": []}]
        db.execute(
            "UPDATE articles SET language = ?, countries = ? WHERE url LIKE ?",
            [told.language, json.dumps(places), f"%/{told.path}"],
        )


def links(db: Database) -> set[Link]:
    return set(
        db.execute(
            "SELECT a.url, b.url, score, evidence FROM stories"
            " JOIN articles AS a ON a.id = one JOIN articles AS b ON b.id = other"
        ).fetchall()
    )


def pairs(db: Database) -> set[tuple[str, ...]]:
    return {
        tuple(sorted((one.rpartition("/")[2], other.rpartition("/")[2])))
        for one, other, *_ in links(db)
    }


@pytest.fixture(name="db")
def _db(tmp_path: Path) -> Any:
    with closing(database.private(tmp_path / "tamis.db")) as db:
        yield db


def test_reports_of_one_story_are_linked_with_what_they_share(db: Database) -> None:
    add(db, ALL)
    assert store.settle(db) > 0
    assert pairs(db) == {("fr", "nl"), ("de", "nl"), ("de", "fr")}
    for *_, score, evidence in links(db):
        assert score > 0.5
        assert {"number", "country"} <= {each["kind"] for each in json.loads(evidence)}


def test_settling_again_changes_nothing(db: Database) -> None:
    add(db, ALL)
    store.settle(db)
    before = links(db)
    assert store.settle(db) == 0
    assert links(db) == before


@pytest.mark.parametrize("seed", range(4))
def test_the_order_in_which_articles_come_makes_no_difference(
    db: Database, tmp_path: Path, seed: int
) -> None:
    add(db, ALL)
    store.settle(db)
    shuffled = random.Random(seed).sample(ALL, len(ALL))
    with closing(database.private(tmp_path / "other.db")) as other:
        for told in shuffled:
            add(other, [told])
            store.settle(other)
        assert links(other) == links(db)


def test_a_text_that_changes_loses_its_links_and_finds_them_again(db: Database) -> None:
    add(db, ALL)
    store.settle(db)
    before = links(db)
    for text in ("Il pleut.", FRENCH.text):
        db.execute("UPDATE articles SET title = ? WHERE url LIKE '%/fr'", [
            "Il pleut" if text != FRENCH.text else FRENCH.title
        ])  # fmt: skip
        db.execute("UPDATE articles SET text_hash = ? WHERE url LIKE '%/fr'", [text_hash(text)])
        db.execute(
            "UPDATE article_texts SET text = ? WHERE article_id ="
            " (SELECT id FROM articles WHERE url LIKE '%/fr')",
            [text],
        )
        store.settle(db)
        if text != FRENCH.text:
            assert pairs(db) == {("de", "nl")}
    assert links(db) == before


def test_an_article_that_leaves_takes_its_links_with_it(db: Database) -> None:
    add(db, ALL)
    store.settle(db)
    (url_id,) = db.execute("SELECT url_id FROM articles WHERE url LIKE '%/fr'").fetchone()
    with db.atomic():
        erasing.take_out(db, url_id)
    store.settle(db)
    assert pairs(db) == {("de", "nl")}


def test_what_was_read_before_a_kill_is_told_apart_after_it(db: Database) -> None:
    add(db, ALL)
    store.settle(db)
    before = links(db)
    db.execute("DELETE FROM stories")
    db.execute("INSERT INTO story_days VALUES ('2026-10-06'), ('2026-10-07')")
    store.settle(db)
    assert links(db) == before
    assert not list(db.table("story_days").rows)


def test_an_article_without_a_date_is_linked_to_none(db: Database) -> None:
    add(db, [FRENCH, Told(path="nl", language="nl", title=DUTCH.title, text=DUTCH.text, day=None)])
    store.settle(db)
    assert not links(db)


@pytest.mark.parametrize(("source", "linked"), [("quai", False), ("pont", True)])
def test_two_articles_of_one_source_in_one_language_are_no_two_reports(
    db: Database, *, source: str, linked: bool
) -> None:
    again = replace(FRENCH, path="again", title=f"{FRENCH.title} encore", source=source)
    add(db, [FRENCH, again])
    store.settle(db)
    assert (("again", "fr") in pairs(db)) is linked


def test_what_many_write_in_these_days_finds_nobody(db: Database) -> None:
    many = [
        Told(
            path=f"{language}{number}",
            language=language,
            title="Encore" if language == "fr" else "Opnieuw",
            text=f"{opening} Vareille {number}.",
        )
        for number in range(1, MOST_OF_A_KEY)
        for language, opening in (("fr", "Ici parle"), ("nl", "Hier spreekt"))
    ]
    add(db, many)
    store.settle(db)
    assert not links(db)


def test_links_are_published_from_either_side_and_not_between_copies_of_a_text(
    tmp_path: Path,
) -> None:
    words = " ".join(f"mot{number} de suite" for number in range(120))
    copied = f"{FRENCH.text} {words}"
    with closing(database.private(tmp_path / "tamis.db")) as db:
        add(
            db,
            [
                Told(path="fr", language="fr", title=FRENCH.title, text=copied),
                Told(
                    path="copy",
                    language="fr",
                    title=FRENCH.title,
                    text=f"Reprise. {copied}",
                    source="pont",
                ),
                DUTCH,
            ],
        )
        store.settle(db)
        assert pairs(db) >= {("fr", "nl"), ("copy", "fr")}
    publish(tmp_path / "tamis.db", tmp_path / "news.db")
    with closing(Database(tmp_path / "news.db")) as news:
        rows = list(
            news.query(
                "SELECT a.url AS a, b.url AS b, evidence FROM same_story"
                " JOIN articles AS a ON a.id = article_id JOIN articles AS b ON b.id = other_id"
            )
        )
    found = {tuple(row[name].rpartition("/")[2] for name in "ab") for row in rows}
    original = next(iter({one for pair in found for one in pair} - {"nl"}))
    assert found == {(original, "nl"), ("nl", original)}
    assert {"kind": "name", "value": "Vareille"}.items() <= json.loads(rows[0]["evidence"])[
        0
    ].items()
