"""Stored articles that share text: found again day after day, whatever the order they came in."""

import json
import random
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database
from test_duplicates import ABOUT, APRIL, BULLETIN, MARCH, NOTICE, STORY, edited

from crawler import clusters, database, sketches, store
from crawler.publish import publish
from crawler.readings import Reading
from enrich.text import text_hash

HERE = "https://quai.example.org"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An article as stored; its path is its name, in whatever order it came."""

    path: str
    text: str
    title: str = "Titre"
    published: str | None = "2026-03-01T08:00:00Z"
    fetched: str = "2026-03-02T08:00:00Z"
    source: str = "quai"
    origin: str | None = None
    authors: str = "[]"


def put(db: Database, found: Iterable[Stored]) -> None:
    with db.atomic():
        for source in ("quai", "pont"):
            record = {
                "id": source, "name": f"Le {source}", "homepage": f"https://{source}.example",
                "country": "BE", "organisation": "ngo", "languages": ["fr"], "category": "social",
            }  # fmt: skip
            db.execute(
                "INSERT OR IGNORE INTO sources (id, record) VALUES (?, ?)",
                [source, json.dumps(record)],
            )
        db.execute(
            "INSERT OR IGNORE INTO channels (id, source, kind, url) VALUES (1, 'quai', 'f', 'x')"
        )
        for each in found:
            url = f"https://{each.source}.example/{each.path}"
            ((url_id,),) = db.execute(
                "INSERT INTO urls (key, url, host, source, channel, discovered, outcome, enricher)"
                " VALUES (?, ?, 'h', ?, 1, '', 'stored', 'v') RETURNING id",
                [url.removeprefix("https://"), url, each.source],
            ).fetchall()
            db.execute(
                "INSERT INTO pages VALUES (?, ?, ?, ?, 200, NULL, '{}', '')",
                [url_id, url_id, url, each.fetched],
            )
            ((article,),) = db.execute(
                "INSERT INTO articles (url_id, page_id, source, url, title, authors, published,"
                " fetched, language, language_method, language_votes, attachments, categories,"
                " words, themes, countries, text_hash, content_hash, origin_url)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'fr', 'agreed', '[]', '[]', '[]', 1, '[]', '[]',"
                " ?, '', ?) RETURNING id",
                [
                    url_id, url_id, each.source, url, each.title, each.authors, each.published,
                    each.fetched, text_hash(each.text), each.origin,
                ],
            ).fetchall()  # fmt: skip
            db.execute("INSERT INTO article_texts VALUES (?, ?)", [article, each.text])


def change(db: Database, path: str, text: str) -> None:
    (article,) = db.execute("SELECT id FROM articles WHERE url LIKE ?", [f"%/{path}"]).fetchone()
    db.execute("UPDATE articles SET text_hash = ? WHERE id = ?", [text_hash(text), article])
    db.execute("UPDATE article_texts SET text = ? WHERE article_id = ?", [text, article])


def told(db: Database) -> set[tuple[Any, ...]]:
    """What each article is to which, by their paths."""
    return set(
        db.execute(
            "SELECT substr(one.url, instr(one.url, '.example') + 9), duplicates.relation,"
            " substr(other.url, instr(other.url, '.example') + 9), reason"
            " FROM duplicates JOIN articles AS one ON one.id = article_id"
            " JOIN articles AS other ON other.id = cluster"
        ).fetchall()
    )


def behind(db: Database) -> dict[str, str]:
    rows = db.execute(
        "SELECT one.url, other.url FROM articles AS one"
        " JOIN articles AS other ON other.id = one.duplicate_of"
    ).fetchall()
    return {one.rpartition("/")[2]: other.rpartition("/")[2] for one, other in rows}


STORED = (
    Stored(path="first", text=STORY),
    Stored(path="copy", text=edited(STORY, 12), source="pont", published="2026-03-02T08:00:00Z"),
    Stored(path="exact", text=STORY.upper(), published="2026-03-03T08:00:00Z"),
    Stored(path="teaser", text=STORY[:400], source="pont", published="2026-03-02T08:00:00Z"),
    Stored(path="march", text=BULLETIN.format(**MARCH), title="Suivi de mars"),
    Stored(path="april", text=BULLETIN.format(**APRIL), title="Suivi d'avril", published=None),
    Stored(path="notice", text=NOTICE),
    Stored(path="notice-too", text=f"Attention : {NOTICE}", published="2026-02-28T08:00:00Z"),
    Stored(path="about", title="Fermeture", text=f"Fermeture ce lundi, pour des travaux.\n{ABOUT}"),
    Stored(
        path="about-too",
        title="Consultations",
        text=f"Un médecin reçoit le mardi et le jeudi, sans rendez-vous.\n{ABOUT}",
    ),
)
WANTED = {
    ("first", "original", "first", "date"),
    ("copy", "reprint", "first", "date"),
    ("exact", "exact", "first", "date"),
    ("teaser", "excerpt", "first", "date"),
    ("march", "series", "march", "date"),
    ("april", "series", "march", "date"),
    ("notice-too", "original", "notice-too", "date"),
    ("notice", "reprint", "notice-too", "date"),
}


def test_what_articles_are_to_each_other_is_found_from_their_texts(db: Database) -> None:
    put(db, STORED[:-2])
    store.settle(db)
    assert told(db) == WANTED
    assert behind(db) == {
        "copy": "first", "exact": "first", "teaser": "first", "notice": "notice-too",
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(5))
def test_the_order_and_the_days_on_which_articles_came_change_nothing(
    db: Database, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    put(db, STORED)
    store.settle(db)
    with closing(database.private(tmp_path / "other.db")) as other:
        shuffled = rng.sample(STORED, len(STORED))
        cuts = sorted(rng.sample(range(len(STORED)), 3))
        for start, end in zip([0, *cuts], [*cuts, None], strict=True):
            put(other, shuffled[start:end])
            store.settle(other)
        assert told(other) == told(db)
        assert behind(other) == behind(db)


def test_settling_again_changes_nothing_and_reads_no_text(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(db, STORED)
    store.settle(db)
    before = [[*db.table(name).rows] for name in ("sketches", "sketched", "pairs", "duplicates")]
    monkeypatch.delattr(sketches._Settling, "_text")
    assert store.settle(db) == 0
    after = [[*db.table(name).rows] for name in ("sketches", "sketched", "pairs", "duplicates")]
    assert after == before


def test_a_day_with_one_new_article_reads_its_text_and_those_that_share_text_with_it(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(db, STORED)
    store.settle(db)
    read: list[int] = []
    whole = sketches._Settling._text

    def noting(self: sketches._Settling, article: int) -> object:
        read.append(article)
        return whole(self, article)

    monkeypatch.setattr(sketches._Settling, "_text", noting)
    put(db, [Stored(path="new", text=f"Attention, {NOTICE} Merci.", published=None)])
    store.settle(db)
    assert len(read) == 3
    assert behind(db)["new"] == "notice-too"


def test_what_has_changed_into_another_text_leaves_its_story(db: Database) -> None:
    put(db, STORED)
    store.settle(db)
    change(db, "first", "Deux juristes tiennent une permanence gratuite pour les locataires.")
    store.settle(db)
    assert "first" not in {*behind(db), *behind(db).values()}
    assert behind(db)["exact"] == "copy"
    change(db, "first", STORY)
    store.settle(db)
    assert told(db) == WANTED


def test_hashes_that_a_program_left_behind_do_no_harm(db: Database) -> None:
    put(db, STORED)
    store.settle(db)
    db.execute("PRAGMA foreign_keys = OFF")
    for name, column in (("sketched", "article_id"), ("article_texts", "article_id"),
                         ("articles", "id")):  # fmt: skip
        db.execute(f"DELETE FROM {name} WHERE {column} = 1")
    put(db, [Stored(path="new", text=edited(STORY, 15))])
    db.execute("DELETE FROM pairs WHERE 1 IN (small, large)")
    db.execute("DELETE FROM duplicates WHERE 1 IN (article_id, cluster)")
    store.settle(db)
    assert behind(db)["copy"] == "new"


def test_what_a_kill_left_half_done_is_done_again(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(db, STORED)
    with monkeypatch.context() as context:
        context.setattr(sketches, "relation", None)
        with pytest.raises(TypeError):
            store.settle(db)
    assert db.table("sketched").count == len(STORED)
    store.settle(db)
    assert told(db) == WANTED


def test_another_title_tells_an_issue_from_the_one_before(db: Database) -> None:
    link = "Voir le document joint."
    put(db, [Stored(path="a", text=link), Stored(path="b", text=link, title="Agenda mars")])
    store.settle(db)
    assert behind(db) == {"b": "a"}
    db.execute("UPDATE articles SET title = 'Agenda avril' WHERE url LIKE '%/a'")
    store.settle(db)
    assert behind(db) == {}
    assert {row[:3] for row in told(db)} == {("a", "series", "a"), ("b", "series", "a")}


def test_an_article_that_leaves_takes_all_its_rows_along(db: Database) -> None:
    put(db, STORED)
    store.settle(db)
    for row in list(db.table("articles").rows):
        store.save(db, [Reading(url_id=row["url_id"], outcome="too_short")], "later")
    store.settle(db)
    for name in ("sketches", "sketched", "pairs", "duplicates"):
        assert db.table(name).count == 0, name


def test_who_is_named_as_the_origin_or_is_signed_by_an_agency_comes_first(db: Database) -> None:
    earlier, later = "2026-03-01T08:00:00Z", "2026-03-05T08:00:00Z"
    signed = Stored(path="signed", text=NOTICE, published=later, authors='["AFP"]')
    put(
        db,
        [
            Stored(path="from", text=STORY, published=earlier, origin="https://pont.example/x"),
            Stored(path="here", text=edited(STORY, 15), published=later, source="pont"),
            signed,
            replace(signed, path="not", published=earlier, authors="[]"),
        ],
    )
    store.settle(db)
    assert behind(db) == {"from": "here", "not": "signed"}
    assert {reason for *_, reason in told(db)} == {"origin", "agency"}


def days(count: int, first: str = "2026-03-01") -> str:
    (day,) = (
        Database(memory=True)
        .execute("SELECT strftime('%Y-%m-%dT%H:%M:%SZ', ?, ?)", [first, f"+{count} days"])
        .fetchone()
    )
    return str(day)


def test_sketches_of_long_ago_are_dropped_and_what_was_found_stays(db: Database) -> None:
    put(db, [replace(each, fetched=days(0)) for each in STORED])
    store.settle(db)
    before = told(db)
    put(db, [Stored(path="now", text="Un texte.", fetched=days(sketches.WINDOW + 1))])
    store.settle(db)
    assert told(db) == before
    assert {row["article_id"] for row in db.table("sketches").rows} == {len(STORED) + 1}


def settled(path: Path, found: Sequence[Stored], *, at_once: bool) -> set[tuple[Any, ...]]:
    with closing(database.private(path)) as db:
        for each in [found] if at_once else [[one] for one in found]:
            put(db, each)
            store.settle(db)
        return told(db)


def test_what_lies_more_than_the_window_apart_is_not_compared_on_whatever_day_it_is_settled(
    tmp_path: Path,
) -> None:
    long_after = [
        replace(STORED[0], fetched=days(0)),
        replace(STORED[1], fetched=days(sketches.WINDOW + 1)),
    ]
    for number, order in enumerate([long_after, long_after[::-1]]):
        for at_once in (True, False):
            assert settled(tmp_path / f"{number}{at_once}.db", order, at_once=at_once) == set()


def test_an_archive_taken_in_late_is_compared_with_its_own_time(tmp_path: Path) -> None:
    now = Stored(path="now", text="Un texte.", fetched=days(1000))
    first, copy = (replace(each, fetched=days(n)) for n, each in enumerate(STORED[:2]))
    found = settled(tmp_path / "a.db", [first, now, copy], at_once=False)
    assert found == settled(tmp_path / "b.db", [first, copy, now], at_once=True)
    assert {row[:3] for row in found} == {
        ("first", "original", "first"), ("copy", "reprint", "first"),
    }  # fmt: skip


def test_years_that_wait_are_settled_as_if_day_by_day_and_leave_the_index_as_they_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sketches, "BATCH", 2)
    years = [
        replace(each, path=f"{each.path}-{year}", fetched=days(365 * year + n))
        for year in range(3)
        for n, each in enumerate(STORED[:2])
    ]
    with closing(database.private(tmp_path / "once.db")) as db:
        db.execute("CREATE TEMP TABLE peak (articles)")
        db.execute(
            "CREATE TEMP TRIGGER growing AFTER INSERT ON main.sketches BEGIN"
            " INSERT INTO peak SELECT count(DISTINCT article_id) FROM sketches; END"
        )
        put(db, years[::-1])
        store.settle(db)
        (most,) = db.execute("SELECT max(articles) FROM peak").fetchone()
        pairs = db.execute("SELECT count(*) FROM pairs").fetchone()
    assert most == 2
    assert pairs == (3,)
    assert settled(tmp_path / "a.db", years[::-1], at_once=True) == settled(
        tmp_path / "b.db", years, at_once=False
    )


def test_many_articles_of_one_form_are_read_beside_a_few_each(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sketches, "MOST_READ", 2)
    numbers = [{name: n * step + 5 for step, name in enumerate("abcdef", 1)} for n in range(40)]
    put(
        db,
        [
            Stored(path=f"{n:02}", text=BULLETIN.format(**(MARCH | values)), title=f"Suivi {n}")
            for n, values in enumerate(numbers)
        ],
    )
    store.settle(db)
    assert db.table("pairs").count <= 2 * 40
    assert {row[1:3] for row in told(db)} == {("series", "00")}
    assert len(told(db)) == 40


def test_a_first_settling_reads_what_an_earlier_version_stored(db: Database) -> None:
    put(db, STORED)
    for name in ("sketches", "sketched", "pairs", "duplicates"):
        db.execute(f"DELETE FROM {name}")
    store.settle(db)
    assert told(db) == WANTED


def test_what_articles_are_to_each_other_is_published(db: Database, tmp_path: Path) -> None:
    put(db, STORED)
    store.settle(db)
    publish(tmp_path / "tamis.db", tmp_path / "news.db")
    with closing(Database(tmp_path / "news.db")) as news:
        assert told(news) == told(db)
        assert behind(news) == behind(db)


def test_what_comes_first_is_worked_out_anew_without_reading(db: Database) -> None:
    put(db, STORED)
    store.settle(db)
    db.execute("UPDATE articles SET published = '2026-01-01' WHERE url LIKE '%/copy'")
    assert clusters.settle(db) == 4
    assert behind(db)["first"] == "copy"
