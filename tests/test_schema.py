"""A private database made by an earlier version is brought up to date, and loses nothing."""

import json
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sqlite_utils import Database

from crawler import archive, channels, clock, database, registry, schema
from crawler.frontier import Frontier
from crawler.items import Address, Source

DAY = "2026-11-20T08:00:00Z"


def first_version(path: Path, source: Source) -> None:
    """What the first version left: one article, one URL that waits, and an old kind of record."""
    record = {**registry.as_json(source), "sitemaps": ["http://quai.example.org/sitemap.xml"]}
    for name in ("listings", "wordpress", "reliefweb"):
        del record[name]
    for feed in record["feeds"]:
        del feed["selector"], feed["probed_on"]
    with closing(Database(path)) as db:
        schema.private.apply(db, stop_before="m002_day_after_day")
        db.table("sources").insert({"id": "quai", "record": json.dumps(record)})
        db.table("channels").insert(
            {"id": 1, "source": "quai", "kind": "feed", "url": source.feeds[0].url,
             "etag": '"7"', "checked": DAY, "outcome": "ok"}
        )  # fmt: skip
        for ident, name, outcome in ((1, "a", "stored"), (2, "b", "pending")):
            db.table("urls").insert(
                {"id": ident, "key": f"quai.example.org/{name}", "outcome": outcome,
                 "url": f"http://quai.example.org/{name}", "host": "quai.example.org",
                 "source": "quai", "channel": 1, "hints": '{"title": "Un abri"}',
                 "discovered": DAY, "enricher": "v1" if outcome == "stored" else None}
            )  # fmt: skip
        db.table("pages").insert(
            {"id": 1, "url_id": 1, "url": "http://quai.example.org/a", "fetched": DAY,
             "status": 200, "headers": "{}", "body": archive.pack(b"<p>Un abri.</p>")}
        )  # fmt: skip


def test_what_was_there_is_there(tmp_path: Path, source: Source) -> None:
    first_version(tmp_path / "old.db", source)
    with closing(database.private(tmp_path / "old.db")) as db:
        stored, waiting = db.table("urls").rows
        assert (stored["outcome"], waiting["outcome"]) == ("stored", "pending")
        assert stored["first_fetched"] == stored["last_fetched"] == DAY
        assert waiting["first_fetched"] is None
        assert channels.hints(db, [1, 2])[2] == {"title": "Un abri"}
        assert next(db.table("channels").rows)["succeeded"] == DAY
        (record,) = (json.loads(row["record"]) for row in db.table("sources").rows)
        (site_map,) = registry.from_json(record).sitemaps
        assert site_map == Address(url="http://quai.example.org/sitemap.xml", grade="listed")


def test_a_crawl_goes_on_from_there(tmp_path: Path, source: Source) -> None:
    first_version(tmp_path / "old.db", source)
    with closing(database.private(tmp_path / "old.db")) as db:
        frontier = Frontier(db)
        named = replace(source, languages=("fr",))
        frontier.channels.sync([named], lambda s: [("feed", at) for at in s.feeds])
        (channel,) = frontier.channels.due([source.feeds[0].url], now=clock.now())
        assert channel.etag == '"7"'
        (url,) = frontier.draw(["quai"], now=clock.now(), limit=9)
        assert url.url == "http://quai.example.org/b"


def test_what_an_api_gave_is_looked_at_for_its_rights(tmp_path: Path, source: Source) -> None:
    path = tmp_path / "old.db"
    first_version(path, source)
    with closing(Database(path)) as db:
        db.execute("UPDATE channels SET kind = 'wordpress'")
    with closing(database.private(path)) as db:
        drawn = Frontier(db).draw(["quai"], now=clock.now(), limit=9)
    assert {(url.url[-1], url.given) for url in drawn} == {("a", 1), ("b", 0)}


def test_what_was_known_of_a_language_stays_and_its_script_goes_apart(
    tmp_path: Path, source: Source
) -> None:
    path = tmp_path / "old.db"
    first_version(path, source)
    with closing(Database(path)) as db:
        schema.private.apply(db, stop_before="m005_languages")
        for ident, code, declared in ((1, "zh-Hant", "zh-TW"), (2, "fr", None)):
            article = {
                "id": ident, "url_id": ident, "page_id": 1, "source": "quai", "url": f"http://{ident}",
                "title": "Un abri", "fetched": DAY, "language": code, "language_confidence": 0.9,
                "language_method": "voted", "language_votes": '[{"detector": "pycld2"}]',
                "language_declared": declared, "words": 2,
                **dict.fromkeys(("authors", "attachments", "categories", "themes"), "[]"),
                **dict.fromkeys(("countries", "text_hash", "content_hash"), ""),
            }  # fmt: skip
            db.table("articles").insert(article)
            sieved = {"article_id": ident, "text": b"", "seen": b"", "declared": declared or "fr"}
            db.table("sieved").insert(sieved)
    with closing(database.private(path)) as db:
        first, second = db.table("articles").rows
    assert (first["language"], first["language_tag"]) == ("zh", "zh-Hant")
    assert (first["language_votes"], first["language_shares"]) == (
        '[{"detector": "pycld2"}]', "[]",
    )  # fmt: skip
    assert [row["regions"] for row in (first, second)] == ["[]", "[]"]  # until it is read again
    assert [json.loads(row["language_claims"]) for row in (first, second)] == [
        {"page": "zh-TW"}, {"feed": "fr"},
    ]  # fmt: skip
    assert (first["organisations"], second["organisations"]) == ("[]", "[]")
