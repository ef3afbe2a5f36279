"""What a site repeats leaves the stored texts, whatever the order in which its pages came."""

import random
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from reading import read_all
from sqlite_utils import Database

from crawler import archive, changes, clock, database, enrichment, store
from crawler.frontier import Frontier
from crawler.items import Harvest, Link, Page, Source
from crawler.publish import publish
from crawler.readings import Reading
from enrich.blocks import WORD

HERE = "http://quai.example.org"
STANDING = (
    "Le Quai est une association sans but lucratif agréée par la commune de Rivebourg.",
    "Chaque don de plus de quarante euros ouvre droit à une attestation fiscale au printemps.",
)
TEXTS = {
    "/lits": "Quarante lits de plus attendent les familles au centre du quai dès lundi soir.",
    "/repas": "La cantine du pont sert désormais un repas chaud à midi, du lundi au samedi.",
    "/juristes": "Deux juristes tiennent une permanence gratuite pour les locataires expulsés.",
    "/velos": "L'atelier prête trente vélos aux personnes qui reprennent un travail de nuit.",
}
BY_MEMORY = "SELECT text, articles FROM removed_lines WHERE articles IS NOT NULL"
MORE = "Les inscriptions se prennent sur place, sans rendez-vous, auprès de l'équipe d'accueil {}."


def page(path: str, *, standing: Iterable[str] = STANDING) -> bytes:
    paragraphs = [TEXTS[path], MORE.format(path.strip("/")), *standing]
    body = "".join(f"<p>{text}</p>" for text in paragraphs)
    return (
        f'<html lang="fr"><head><title>Avis {path[1:]}</title></head><body><main><article>'
        f"<h1>Avis {path[1:]}</h1>{body}</article></main></body></html>"
    ).encode()


def visit(db: Database, source: Source, pages: dict[str, bytes]) -> None:
    """As a crawl that fetches these pages, reads them and settles everything."""
    frontier = Frontier(db)
    frontier.channels.sync([source], lambda s: [("feed", s.feeds[0])])
    db.execute("UPDATE channels SET due = ''")
    (channel,) = frontier.channels.due([source.feeds[0].url], now="9999")
    links = tuple(Link(url=f"{HERE}{path}", published="2026-11-20T08:00:00Z") for path in pages)
    frontier.channels.harvested(channel, Harvest(links=links))
    for url in frontier.draw([source.id], now=clock.now(), limit=99):
        frontier.fetched(
            url,
            Page(url=url.url, fetched=clock.now(), status=200, content_type="text/html",
                 body=pages[url.url.removeprefix(HERE)]),
        )  # fmt: skip
    frontier.writes.flush()
    read_all(db)
    store.settle(db)


def look_again(db: Database, source: Source, path: str, body: bytes) -> None:
    """As a later crawl that finds this there."""
    frontier = Frontier(db)
    db.execute("UPDATE urls SET look = '' WHERE url = ?", [f"{HERE}{path}"])
    (url,) = frontier.draw([source.id], now=clock.now(), limit=9)
    frontier.fetched(
        url, Page(url=url.url, fetched=clock.now(), status=200, content_type=None, body=body)
    )
    frontier.writes.flush()
    read_all(db)
    store.settle(db)


def texts(db: Database) -> dict[str, str]:
    rows = db.query("SELECT url, text FROM articles JOIN article_texts ON article_id = articles.id")
    return {row["url"].removeprefix(HERE): row["text"] for row in rows}


def state(db: Database) -> list[dict[str, Any]]:
    """All that settling decides, without numbers that tell the order of arrival."""
    return list(
        db.query(
            "SELECT articles.url, article_texts.text, words, text_hash, themes, countries,"
            " organisations,"
            " (SELECT json_group_array(json_array(line, removed.text, rule, removed.articles))"
            "  FROM (SELECT * FROM removed_lines WHERE article_id = articles.id ORDER BY id)"
            "  AS removed) AS removed"
            " FROM articles JOIN article_texts ON article_id = articles.id ORDER BY articles.url"
        )
    )


def test_what_two_pages_repeat_leaves_both_from_the_first_day(db: Database, source: Source) -> None:
    visit(db, source, {path: page(path) for path in ("/lits", "/repas")})
    assert texts(db) == {
        path: f"{TEXTS[path]}\n{MORE.format(path[1:])}" for path in ("/lits", "/repas")
    }
    removed = {(row["text"], row["articles"]) for row in db.query(BY_MEMORY)}
    assert removed == {(text, 2) for text in STANDING}
    words = {row["url"].removeprefix(HERE): row["words"] for row in db.table("articles").rows}
    assert words == {path: len(WORD.findall(text)) for path, text in texts(db).items()}


def test_a_first_article_is_settled_again_when_a_second_shows_what_the_site_repeats(
    db: Database, source: Source
) -> None:
    visit(db, source, {"/lits": page("/lits")})
    assert STANDING[0] in texts(db)["/lits"]
    visit(db, source, {"/repas": page("/repas")})
    assert STANDING[0] not in texts(db)["/lits"]


@pytest.mark.parametrize("seed", range(4))
def test_the_order_and_the_days_on_which_pages_came_change_nothing(
    db: Database, source: Source, tmp_path: Path, seed: int
) -> None:
    visit(db, source, {path: page(path) for path in TEXTS})
    rng = random.Random(seed)
    paths = rng.sample(list(TEXTS), len(TEXTS))
    cut = rng.randrange(1, len(paths))
    with closing(database.private(tmp_path / "other.db")) as other:
        visit(other, source, {path: page(path) for path in paths[:cut]})
        visit(other, source, {path: page(path) for path in paths[cut:]})
        assert state(other) == state(db)


def test_texts_that_their_site_changes_are_read_again_by_other_processes(
    db: Database, source: Source
) -> None:
    visit(db, source, {path: page(path) for path in TEXTS})
    here = state(db)
    db.execute("UPDATE urls SET outcome = 'fetched'")
    db.execute("UPDATE articles SET content_hash = ''")
    assert enrichment.run(db, processes=2) == len(TEXTS)
    assert store.settle(db) == 0
    assert state(db) == here
    assert STANDING[0] not in here[0]["text"]


def test_one_more_page_of_a_site_changes_nothing_of_what_is_published_of_many_others(
    db: Database, source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(3)
    for number in range(12):
        text = " ".join("".join(rng.choices("aeilmnorst", k=8)) for _ in range(90))
        monkeypatch.setitem(TEXTS, f"/avis-{number}", text)
    *paths, new = (path for path in TEXTS if path.startswith("/avis-"))
    for start in range(0, len(paths), 4):  # of one host so many are drawn, and more
        visit(db, source, {path: page(path) for path in paths[start : start + 4]})
    before = changes.last(db)
    visit(db, source, {new: page(new)})
    changed = changes.since(db, before)
    assert [row["url"] for row in db.table("urls").rows if row["id"] in changed] == [HERE + new]
    assert {row["articles"] for row in db.query(BY_MEMORY)} == {10}


def test_settling_again_changes_nothing(db: Database, source: Source) -> None:
    visit(db, source, {path: page(path) for path in TEXTS})
    before = [*db.table("sieved").rows], state(db)
    assert store.settle(db) == 0
    assert ([*db.table("sieved").rows], state(db)) == before


def test_what_only_one_article_is_left_to_say_comes_back(db: Database, source: Source) -> None:
    visit(db, source, {path: page(path) for path in ("/lits", "/repas")})
    (gone,) = db.query("SELECT url_id FROM articles WHERE url LIKE '%/repas'")
    store.save(db, [Reading(url_id=gone["url_id"], outcome="too_short")], "later")
    store.settle(db)
    assert STANDING[0] in texts(db)["/lits"]
    assert list(db.query(BY_MEMORY)) == []


def test_the_whole_text_before_is_kept(db: Database, source: Source) -> None:
    visit(db, source, {path: page(path) for path in ("/lits", "/repas")})
    (row,) = db.query(
        "SELECT sieved.text FROM sieved JOIN articles ON id = article_id WHERE url LIKE '%/lits'"
    )
    assert archive.unpack(row["text"]).decode().endswith(STANDING[1])


def test_a_later_page_that_differs_in_what_was_removed_shows_none_of_it(
    db: Database, source: Source
) -> None:
    visit(db, source, {path: page(path) for path in TEXTS})
    look_again(db, source, "/lits", page("/lits").replace(b"midi", b"soir"))
    assert STANDING[0] not in texts(db)["/lits"]


NEW_STANDING = (
    "Le Quai est une association sans but lucratif agréée par la ville de Rivebourg.",
    "Chaque don de plus de cinquante euros ouvre droit à une attestation fiscale en automne.",
)


@pytest.mark.parametrize(
    ("look", "new"),
    [
        ("{}", NEW_STANDING),
        (
            "</p><div class='maison'><p>{}</p></div><p>",
            ["Écrivez au bureau du pont, ouvert le jour."],
        ),
    ],
    ids=["reworded", "another in its place"],
)
def test_what_a_site_writes_anew_below_all_its_articles_is_no_version_of_any(
    db: Database, source: Source, look: str, new: Iterable[str]
) -> None:
    visit(db, source, {path: page(path, standing=map(look.format, STANDING)) for path in TEXTS})
    before = texts(db)
    assert all(STANDING[0] not in text for text in before.values())
    for path in TEXTS:
        look_again(db, source, path, page(path, standing=map(look.format, new)))
    assert db.table("versions").count == 0
    assert texts(db) == before


def test_a_change_of_the_article_is_a_version_that_says_nothing_of_the_footer(
    db: Database, source: Source
) -> None:
    visit(db, source, {path: page(path) for path in TEXTS})
    changed = page("/lits", standing=NEW_STANDING).replace(b"Quarante", b"Soixante")
    look_again(db, source, "/lits", changed)
    (version,) = db.table("versions").rows
    assert "Soixante" in version["diff"]
    assert "attestation" not in version["diff"]
    assert archive.unpack(version["text"]).decode().endswith(STANDING[1])


def test_a_paragraph_that_an_article_gains_above_a_new_footer_is_a_version(
    db: Database, source: Source
) -> None:
    visit(db, source, {path: page(path) for path in TEXTS})
    more = "Depuis hier, la commune a ajouté dix places dans l'ancienne poste ce jeudi."
    look_again(db, source, "/lits", page("/lits", standing=(more, *NEW_STANDING)))
    (version,) = db.table("versions").rows
    assert more in version["diff"]


def test_what_was_removed_is_published_with_how_often_the_site_has_it(
    db: Database, source: Source, tmp_path: Path
) -> None:
    visit(db, replace(source), {path: page(path) for path in TEXTS})
    publish(tmp_path / "tamis.db", tmp_path / "news.db")
    with closing(Database(tmp_path / "news.db")) as news:
        rows = [*news.query("SELECT text, articles, removed FROM boilerplate")]
    assert {(row["text"], row["articles"], row["removed"]) for row in rows} == {
        (text, len(TEXTS), len(TEXTS)) for text in STANDING
    }


def test_what_a_newer_version_reads_is_settled_by_it_though_the_text_is_the_same(
    db: Database, source: Source
) -> None:
    visit(db, source, {path: page(path) for path in TEXTS})
    store.mark_stale(db, "newer")
    store.save(db, [enrichment.read(each) for each in store.unread(db, 50)], "newer")
    assert {row["settled"] for row in db.table("sieved").rows} == {None}
    store.settle(db)
    assert STANDING[0] not in texts(db)["/lits"]
