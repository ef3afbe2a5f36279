"""A snapshot made from what has changed is the one that is made from nothing; each has its name."""

import asyncio
import json
import random
import re
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from published_fixture import make_news
from sqlite_utils import Database

from crawler import archive, database, publish, registry, serving
from crawler.errors import ConfigError, TamisError
from crawler.items import Licence, Source
from crawler.published import connect, snapshot

ARTICLES, SOURCES = 90, 15
DAY = "2026-11-20T08:00:00Z"
WORDS = ["abri", "logement", "nuit", "quai", "loyer", "aide", "centre", "ville", "enfants", "école"]
TAG = {"score": 0.5, "evidence": [{"term": "abri", "count": 1, "where": "text"}]}


def a_text(number: int) -> str:
    return f"Texte{number} " + " ".join(random.Random(number).choices(WORDS, k=40))


def add(db: Database, number: int) -> None:
    """The plainest article, of one of the sources by turns, with the ledger's row."""
    name = f"s{number % SOURCES}"
    host = f"{name}.example.org"
    url = f"https://{host}/{number}"
    db.execute(
        "INSERT INTO urls (id, key, url, host, source, channel, discovered, outcome, decided,"
        " enricher) VALUES (?, ?, ?, ?, ?, 1, ?, 'stored', ?, 'v')",
        [number, url[8:], url, host, name, DAY, DAY],
    )
    db.execute(
        "INSERT INTO pages (id, url_id, url, fetched, status, headers, body)"
        " VALUES (?, ?, ?, ?, 200, '{}', '')",
        [number, number, url, DAY],
    )
    language = "nl" if number % 3 else "fr"
    row = {
        "id": number, "url_id": number, "page_id": number, "source": name, "url": url,
        "title": f"Titre {number} du quai", "published": f"2026-10-{1 + number % 9:02}T08:00:00Z",
        "published_source": "feed", "fetched": DAY, "language": language, "language_tag": language,
        "language_method": "agreed", "words": 40, "text_hash": str(number),
        "content_hash": str(number), "themes": json.dumps([{"theme": "housing", **TAG}]),
        "language_votes": json.dumps(
            [{"detector": "pycld2", "language": language, "probability": 0.9}]
        ),
        "countries": json.dumps([{"country": "BE", **TAG}]),
        **dict.fromkeys(("authors", "attachments", "categories"), "[]"),
    }  # fmt: skip
    db.table("articles").insert(row)
    db.execute("INSERT INTO article_texts VALUES (?, ?)", [number, a_text(number)])


@pytest.fixture
def private(tmp_path: Path, source: Source) -> Path:
    path = tmp_path / "tamis.db"
    with closing(database.private(path)) as db:
        for n in range(SOURCES):
            record = replace(source, id=f"s{n}", homepage=f"https://s{n}.example.org/", feeds=())
            told = json.dumps(registry.as_json(record))
            db.execute("INSERT INTO sources (id, record) VALUES (?, ?)", [record.id, told])
        db.execute(
            "INSERT INTO channels (id, source, kind, url)"
            " VALUES (1, 's0', 'feed', 'https://s0.example.org/feed')"
        )
        for number in range(1, ARTICLES + 1):
            add(db, number)
        db.execute("INSERT INTO stories VALUES (30, 31, '2026-10-04', 0.7, '[]')")
    return path


def updates(**columns: object) -> Callable[[Database, int], None]:
    """A change of some columns of an article."""

    def change(db: Database, number: int) -> None:
        db.table("articles").update(number, columns)

    return change


def text(db: Database, number: int) -> None:
    db.execute("UPDATE article_texts SET text = text || ' corrigé' WHERE article_id = ?", [number])
    db.execute("UPDATE articles SET content_hash = content_hash || '+' WHERE id = ?", [number])


def twice(db: Database, number: int) -> None:
    text(db, number)
    text(db, number)


def copied(db: Database, number: int) -> None:
    db.execute("UPDATE articles SET duplicate_of = 1 WHERE id = ?", [number])
    db.execute("INSERT OR IGNORE INTO duplicates VALUES (1, 1, 'original', NULL, 'date')")
    db.execute("INSERT OR IGNORE INTO duplicates VALUES (?, 1, 'reprint', 0.9, 'date')", [number])


def linked(db: Database, number: int) -> None:
    one, other = sorted((number, ARTICLES + 1 - number))
    db.execute("INSERT OR REPLACE INTO stories VALUES (?, ?, '', 0.8, '[]')", [one, other])


def paired(db: Database, number: int) -> None:
    linked(db, number)
    one, other = sorted((number, ARTICLES + 1 - number))
    db.execute("INSERT OR REPLACE INTO pairs VALUES (?, ?, 'reprint', 0.9)", [one, other])


def unlinked(db: Database, _: int) -> None:
    db.execute("DELETE FROM stories")


def new(db: Database, number: int) -> None:
    add(db, 1000 + number)


def refused(db: Database, number: int) -> None:
    db.execute("UPDATE urls SET gone = ?, decided = ? WHERE id = ?", [DAY, DAY[:10], number])


def record(db: Database, number: int) -> None:
    """Its texts may be shown from now on."""
    (row,) = db.query("SELECT * FROM sources WHERE id = ?", [f"s{number % SOURCES}"])
    told = replace(registry.from_json(json.loads(row["record"])), licence=Licence(id="CC0"))
    db.table("sources").update(row["id"], {"record": json.dumps(registry.as_json(told))})


def mined(db: Database, number: int) -> None:
    rule = json.dumps([{"location": "/", "tdm-reservation": 1}])
    db.table("hosts").insert(
        {"host": f"s{number % SOURCES}.example.org", "tdmrep": rule}, pk="host", replace=True
    )


def noticed(db: Database, number: int) -> None:
    db.execute("UPDATE urls SET given = 1 WHERE id = ?", [number])
    signals = json.dumps({"robots": ["noarchive"]})
    row = [number, DAY, "{}", signals]
    db.execute("INSERT OR REPLACE INTO notices VALUES (?, ?, ?, ?)", row)


def lines(db: Database, number: int) -> None:
    db.execute(
        "INSERT INTO removed_lines (article_id, text, rule, articles) VALUES (?, ?, 'memory', 9)",
        [number, "Lire aussi"],
    )


def version(db: Database, number: int) -> None:
    old = archive.pack(b"avant")
    db.execute(
        "INSERT OR REPLACE INTO versions VALUES (?, 1, ?, 'Avant', ?, ?, 3, 2, '+ mot')",
        [number, number, old, DAY],
    )


HIDDEN = json.dumps({"robots": ["nosnippet"]})
SPOKEN = json.dumps([{"language": "uk", "share": 1.0}])
CHANGES: dict[str, Callable[[Database, int], None]] = {
    "new": new, "text": text, "text twice": twice, "copy": copied, "story": linked,
    "one text after all": paired, "no story": unlinked, "gone": refused, "record": record,
    "reservation": mined, "notice": noticed, "lines": lines, "version": version,
    "title": updates(title="Un autre titre", content_hash="t"),
    "themes": updates(themes=json.dumps([{"theme": "migration", **TAG}])),
    "countries": updates(countries=json.dumps([{"country": "JO", **TAG}])),
    "language": updates(language="uk", language_tag="uk", language_shares=SPOKEN),
    "day": updates(published="2026-10-15T08:00:00Z"),
    "hour": updates(published="2026-10-04T23:00:00Z"),
    "no date": updates(published=None),
    "hidden": updates(signals=HIDDEN),
    "shown": updates(signals="{}"),
}  # fmt: skip


def content(path: Path) -> dict[str, Any]:
    """All that a reader can find in a snapshot, save when and in which order it was put there."""
    with closing(sqlite3.connect(path)) as conn:
        names = [name for (name,) in conn.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'articles_fts%'"
            " AND name NOT LIKE 'sqlite_%'"
        )]  # fmt: skip
        found: dict[str, Any] = {}
        for name in names:
            columns = [row[1] for row in conn.execute(f"PRAGMA table_info({name})")]
            kept = ", ".join(column for column in columns if column != "doc")
            found[name] = sorted(conn.execute(f"SELECT {kept} FROM {name}"), key=repr)
        passing = {"built", "token", "previous"}
        found["snapshot"] = [row for row in found["snapshot"] if row[0] not in passing]
        found["days"] = sorted(conn.execute("SELECT article_id, doc >> 20 FROM listed"))
        conn.execute(
            "CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'articles_fts', 'instance')"
        )
        places = conn.execute(
            "SELECT term, article_id, col, offset FROM words JOIN listed USING (doc)"
        )
        found["words"] = sorted(places)
        conn.execute("INSERT INTO articles_fts(articles_fts) VALUES ('integrity-check')")
    return found


@pytest.mark.parametrize("seed", range(2))
def test_what_is_made_from_changes_is_what_is_made_from_nothing(
    private: Path, tmp_path: Path, seed: int
) -> None:
    rng = random.Random(seed)
    news = tmp_path / "news.db"
    publish.publish(private, news)
    kinds = [*CHANGES]
    rng.shuffle(kinds)
    while kinds:
        # A few at a time, often of the same article.
        with closing(database.private(private)) as db:
            for _ in range(min(len(kinds), rng.randint(2, 4))):
                CHANGES[kinds.pop()](db, rng.choice([4, 5, 30, 31]))
        way = publish.publish(private, news).way
        assert way.startswith("from what has changed"), way
    name = publish.publish(private, news).id
    other = tmp_path / "other.db"
    assert publish.publish(private, other).id == name
    mine, theirs = content(news), content(other)
    assert mine.keys() == theirs.keys()
    for table in mine:
        assert mine[table] == theirs[table], table


def without_an_article(private: Path, _: Path) -> None:
    with closing(database.private(private)) as db:
        db.execute("DELETE FROM articles WHERE id = 5")
        db.execute("UPDATE urls SET outcome = 'gone' WHERE id = 5")


def with_a_forgotten_text(private: Path, _: Path) -> None:
    with closing(database.private(private)) as db:
        text(db, 5)
        db.execute("DELETE FROM replaced_texts")


def of_a_backup(private: Path, _: Path) -> None:
    with closing(database.private(private)) as db:
        db.execute("DELETE FROM snapshots")


def of_another_version(_: Path, news: Path) -> None:
    with closing(sqlite3.connect(news)) as conn, conn:
        conn.execute("UPDATE snapshot SET value = '0' WHERE name = 'tamis'")


def of_other_tables(_: Path, news: Path) -> None:
    with closing(sqlite3.connect(news)) as conn, conn:
        conn.execute("ALTER TABLE sources ADD COLUMN colour TEXT")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (without_an_article, "an article has been taken out"),
        (with_a_forgotten_text, "the former text of an article is not known"),
        (of_a_backup, "the old one is of another database, or too old"),
        (of_another_version, "tamis was 0"),
        (of_other_tables, "its tables were others"),
    ],
)
def test_all_is_made_anew_where_the_old_file_is_no_ground(
    private: Path, tmp_path: Path, change: Callable[[Path, Path], None], why: str
) -> None:
    news = tmp_path / "news.db"
    publish.publish(private, news)
    assert "texte5" in {word for word, *_ in content(news)["words"]}
    change(private, news)
    assert publish.publish(private, news).way == f"from nothing ({why})"
    gone = change is without_an_article
    assert ("texte5" not in {word for word, *_ in content(news)["words"]}) is gone


def test_a_snapshot_names_what_is_in_it_and_the_one_before(private: Path, tmp_path: Path) -> None:
    news = tmp_path / "news.db"
    first = publish.publish(private, news).id
    assert publish.publish(private, news, rebuild=True).id == first
    assert publish.publish(private, tmp_path / "w.db", level="private").id != first
    with closing(database.private(private)) as db:
        text(db, 5)
    second = publish.publish(private, news).id
    with closing(connect(news)) as conn:
        told = snapshot(conn)
    assert (told["id"], told["previous"], told["level"]) == (second, first, "public")
    assert re.fullmatch(r"[0-9a-f]{16}", second)
    assert second != first


def test_dated_snapshots_are_kept_and_no_other_file_is_touched(
    private: Path, tmp_path: Path
) -> None:
    news, folder = tmp_path / "news.db", tmp_path / "snapshots"
    folder.mkdir()
    strange = folder / "news-2026-01-01-mine.db"
    strange.write_text("not ours")
    older = folder / "news-2020-01-01-0123456789abcdef.db"
    older.write_text("ours, and old")
    ids = []
    for number in (5, 6):
        with closing(database.private(private)) as db:
            text(db, number)
        ids.append(publish.publish(private, news, keep=2).id)
    kept = sorted(path.name for path in folder.iterdir())
    assert [name[-19:-3] for name in kept if name != strange.name] == sorted(ids)
    newest = next(path for path in folder.iterdir() if ids[-1] in path.name)
    assert newest.read_bytes() == news.read_bytes()


def test_a_private_snapshot_takes_no_public_ones_place(private: Path, tmp_path: Path) -> None:
    publish.publish(private, tmp_path / "news.db")
    with pytest.raises(ConfigError, match=r"news\.db is public: give whole texts another file"):
        publish.publish(private, tmp_path / "news.db", level="private")


def test_a_private_snapshot_is_served_to_nobody_else(private: Path, tmp_path: Path) -> None:
    news, whole = tmp_path / "news.db", tmp_path / "whole.db"
    publish.publish(private, news)
    publish.publish(private, whole, level="private")
    with pytest.raises(ConfigError, match="shows whole texts, for yourself alone"):
        serving.serve(whole, "0.0.0.0", 0)  # noqa: S104 (refused)
    site = serving.Newest(news, private=False)
    whole.replace(news)

    async def asked() -> list[int]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(site)) as client:
            paths = ("/news/snapshot.json", "/article/5")
            return [(await client.get(f"http://localhost{path}")).status_code for path in paths]

    assert asyncio.run(asked()) == [503, 503]


@pytest.mark.parametrize(
    "table", ["listed", *(f"articles_fts_{name}" for name in ("data", "idx", "docsize", "config"))]
)
def test_what_the_index_is_made_of_cannot_be_read(news_site: Any, table: str) -> None:
    async def status(path: str) -> int:
        answer = await news_site.client.get(path)
        return int(answer.status_code)

    asked = [f"/news/{table}", f"/news/{table}.json", f"/news/{table}/1", f"/news/{table}.csv"]
    assert {asyncio.run(status(path)) for path in asked} == {403}


@pytest.fixture(scope="module")
def news_site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return serving.site(make_news(tmp_path_factory.mktemp("site") / "news.db"))


def test_a_reader_never_meets_an_error_or_half_a_state(private: Path, tmp_path: Path) -> None:
    """A hundred swaps between two snapshots, as `publish` makes them."""
    news = tmp_path / "news.db"
    publish.publish(private, news)
    states = [news.read_bytes()]
    with closing(database.private(private)) as db:
        new(db, 7)
        text(db, 4)
    publish.publish(private, news)
    states.append(news.read_bytes())
    seen: set[tuple[str, int, int, int]] = set()
    over = threading.Event()
    problems: list[Exception] = []

    def keep_reading() -> None:
        while not over.is_set():
            try:
                with closing(connect(news)) as conn:
                    seen.add(
                        conn.execute(
                            "SELECT (SELECT value FROM snapshot WHERE name = 'articles'),"
                            " (SELECT count(*) FROM articles), (SELECT count(*) FROM articles_fts"
                            " WHERE articles_fts MATCH 'every'), (SELECT count(*) FROM ledger)"
                        ).fetchone()
                    )
            except (sqlite3.Error, TamisError) as error:
                problems.append(error)

    reader = threading.Thread(target=keep_reading)
    reader.start()
    for turn in range(100):
        beside = news.with_name("news.db.new")
        beside.write_bytes(states[turn % 2])
        beside.replace(news)
        time.sleep(0.005)
    over.set()
    reader.join()
    assert problems == []
    assert seen == {("90", 90, 90, 90), ("91", 91, 91, 91)}


@pytest.mark.slow
def test_a_killed_publish_leaves_the_old_snapshot_and_the_next_one_works(
    private: Path, tmp_path: Path
) -> None:
    news, rng = tmp_path / "news.db", random.Random(20261122)
    publishing = ["-m", "crawler", "publish", "--db", str(private), "--news", str(news)]
    command = [sys.executable, *publishing]
    began = time.monotonic()
    subprocess.run(command, check=True, capture_output=True)
    whole = time.monotonic() - began
    for turn in range(8):
        with closing(database.private(private)) as db:
            text(db, 1 + turn)
        with closing(connect(news)) as conn:
            before = snapshot(conn)
        again = [*command, *["--rebuild"] * (turn % 2)]
        process = subprocess.Popen(again, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(whole * rng.uniform(0.3, 1))
        process.kill()
        process.wait()
        with closing(connect(news)) as conn:
            now = snapshot(conn)
            assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        if now["token"] == before["token"]:
            assert now == before
    last = publish.publish(private, news)
    assert publish.publish(private, tmp_path / "other.db").id == last.id
    assert not news.with_name("news.db.new").exists()
