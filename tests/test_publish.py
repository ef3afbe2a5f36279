import json
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlite_utils import Database

from crawler import clock, database, publish, rows, store, tdmrep
from crawler.errors import ConfigError, PublishError
from crawler.exports.addresses import parse
from crawler.exports.feeds import feed
from crawler.frontier import Frontier
from crawler.items import Harvest, Licence, Link, Source
from crawler.published import connect, languages
from crawler.query import Query
from crawler.readings import Reading
from crawler.search import search
from crawler.showing import EXTRACT_CHARACTERS, extract_of, rights, rules
from enrich.annotate import annotate, version
from enrich.extract import extract
from enrich.rights import SILENT, Signals

LONG = " ".join(["Le centre d'hébergement des sans-abri rouvre ses portes en Belgique."] * 20)


@pytest.fixture
def private(tmp_path: Path, source: Source) -> Path:
    """Two sources with an article each: `quai` lets its texts be shown, `pont` does not."""
    path = tmp_path / "tamis.db"
    free = replace(source, licence=Licence(id="CC-BY"))
    closed = replace(
        source,
        id="pont",
        name="Le Pont",
        feeds=(replace(source.feeds[0], url="http://pont.example.org/feed"),),
    )
    with closing(database.private(path)) as db:
        frontier = Frontier(db)
        frontier.channels.sync([free, closed], lambda s: [("feed", s.feeds[0])])
        for channel in frontier.channels.due([s.feeds[0].url for s in (free, closed)], now="9999"):
            link = Link(
                url=f"http://{channel.source}.example.org/1", published="2026-10-12T07:15:00Z"
            )
            lost = Link(url=f"http://{channel.source}.example.org/lost")
            frontier.channels.harvested(channel, Harvest(links=(link, lost)))
        for url in frontier.draw(["quai", "pont"], now=clock.now(), limit=9):
            if url.url.endswith("lost"):
                frontier.decided(url, "not_found", "HTTP 404")
        frontier.writes.flush()
        rows = list(db.query("SELECT id, url, source, channel FROM urls WHERE outcome = 'pending'"))
        for row in rows:
            db.execute(
                "INSERT INTO pages (id, url_id, url, fetched, status, headers, body)"
                " VALUES (?, ?, ?, ?, 200, '{}', '')",
                (row["id"], row["id"], row["url"], "2026-11-21T08:00:00Z"),
            )
            body = f"<p>{LONG}</p><p>Ceci n'est que dans SEUL-{row['source'].upper()}.</p>"
            page = f"<html lang=fr><title>Abri</title><article>{body}</article>"
            found = extract(page, row["url"])
            reading = Reading(
                url_id=row["id"], outcome="stored", page_id=row["id"], source=row["source"],
                url=row["url"], fetched="2026-11-21T08:00:00Z", extracted=found,
                annotation=annotate(found.title, found.text, "fr"),
            )  # fmt: skip
            store.save(db, [reading], version())
    return path


def test_a_language_is_published_with_its_votes_its_claims_and_the_others(
    private: Path, tmp_path: Path
) -> None:
    with closing(database.private(private)) as db:
        votes = [{"detector": "pycld2", "language": "pcm", "probability": 0.6}]
        shares = [{"language": "fr", "share": 0.7}, {"language": "nl", "share": 0.3}]
        db.execute(
            "UPDATE articles SET language_votes = ?, language_shares = ?,"
            " language_declared = 'en-US' WHERE source = 'quai'",
            (json.dumps(votes), json.dumps(shares)),
        )
        db.execute("UPDATE articles SET language = 'und' WHERE source = 'pont'")
    news = tmp_path / "news.db"
    publish.publish(private, news)
    told = {row["source"]: row for row in read(news, "SELECT * FROM articles")}
    assert (told["quai"]["language_tag"], told["quai"]["language_conflict"]) == ("fr", 1)
    assert json.loads(told["quai"]["language_claims"]) == {"page": "fr"}
    assert told["pont"]["language_conflict"] is None
    spoken = (
        "SELECT source, spoken.language, share FROM article_languages AS spoken"
        " JOIN articles ON id = article_id"
    )
    assert sorted(map(tuple, read(news, spoken))) == [
        ("pont", "und", 1.0), ("quai", "fr", 0.7), ("quai", "nl", 0.3),
    ]  # fmt: skip
    said = (
        "SELECT name_fr FROM language_votes JOIN languages ON code = language"
        " WHERE probability = 0.6"
    )
    assert [row["name_fr"] for row in read(news, said)] == ["pidgin nigérian"]
    with closing(connect(news)) as conn:
        assert languages(conn, "nl")["und"] == "onbekende taal"
        assert search(conn, Query(language="und")).total == 1
        assert feed(conn, parse("und.rss", {}))


def test_a_declared_language_is_compared_as_the_language_it_names() -> None:
    def conflict(declared: str | None, found: str) -> bool | None:
        return rows._conflict({"language_declared": declared, "language": found, "title": "Bê"})

    same = (("nb-NO", "no"), ("zh-TW", "zh"), ("ku", "kmr"), ("fr-BE", "fr"))
    assert {conflict(*pair) for pair in same} == {False}
    assert (conflict("en", "fr"), conflict(None, "fr"), conflict("und", "fr")) == (True, None, None)


def read(path: Path, sql: str) -> list[sqlite3.Row]:
    with closing(sqlite3.connect(path)) as conn:
        conn.row_factory = sqlite3.Row
        return conn.execute(sql).fetchall()


def test_only_what_may_be_shown_is_published(private: Path, tmp_path: Path) -> None:
    news = tmp_path / "site" / "news.db"
    assert publish.publish(private, news).counts["articles"] == 2
    shown = {
        row["source"]: row
        for row in read(news, "SELECT * FROM articles LEFT JOIN article_texts ON article_id = id")
    }
    assert (shown["quai"]["rights"], shown["pont"]["rights"]) == ("full", "extract")
    assert len(shown["quai"]["text"]) > len(LONG)
    assert shown["pont"]["text"] is None
    assert len(shown["pont"]["summary"]) <= EXTRACT_CHARACTERS
    with closing(sqlite3.connect(news)) as conn:
        everything = "".join(conn.iterdump())
    assert "SEUL-QUAI" in everything
    assert "SEUL-PONT" not in everything
    assert b"SEUL-PONT" not in news.read_bytes()
    with closing(connect(news)) as conn:  # found by words that may not be shown
        (entry,) = search(conn, Query(words="SEUL-PONT")).entries
    assert entry.source.code == "pont"


@pytest.mark.parametrize(
    ("most", "levels", "texts"), [("extract", {"extract"}, 0), ("title", {"metadata"}, 0)]
)
def test_a_site_may_show_less_than_licences_let(
    private: Path, tmp_path: Path, most: str, levels: set[str], texts: int
) -> None:
    news = tmp_path / "news.db"
    publish.publish(private, news)
    publish.publish(private, news, rights=most)  # what has not changed since is shown otherwise too
    assert {row["rights"] for row in read(news, "SELECT rights FROM articles")} == levels
    assert len(read(news, "SELECT * FROM article_texts")) == texts
    shown = {row["summary"] for row in read(news, "SELECT summary FROM articles")}
    assert (shown == {""}) == (most == "title")


def test_a_private_instance_may_show_every_text(private: Path, tmp_path: Path) -> None:
    publish.publish(private, tmp_path / "news.db", level="private")
    assert {row["rights"] for row in read(tmp_path / "news.db", "SELECT rights FROM articles")} == {
        "full"
    }


def test_organisations_are_published_save_those_that_the_gazetteer_has_dropped(
    private: Path, tmp_path: Path
) -> None:
    evidence = [{"term": "HCR", "count": 1, "where": "text"}]
    found = [
        {"organisation": name, "name": name, "score": 1.0, "evidence": evidence}
        for name in ("unhcr", "dropped-since")
    ]
    with closing(database.private(private)) as db:
        db.execute(
            "UPDATE articles SET organisations = ? WHERE source = 'quai'", [json.dumps(found)]
        )
    news = tmp_path / "news.db"
    publish.publish(private, news)
    tags = (
        "SELECT organisation, score, evidence, name_nl FROM article_organisations"
        " JOIN organisations ON organisations.id = organisation"
    )
    ((unhcr, score, why, name),) = map(tuple, read(news, tags))
    assert (unhcr, score, name) == ("unhcr", 1.0, "VN-vluchtelingenorganisatie")
    assert json.loads(why) == evidence


def test_themes_countries_and_ledger_are_published_with_their_evidence(
    private: Path, tmp_path: Path
) -> None:
    news = tmp_path / "news.db"
    publish.publish(private, news)
    themes = read(news, "SELECT * FROM article_themes WHERE theme = 'homelessness'")
    assert len(themes) == 2
    terms = {evidence["term"] for row in themes for evidence in json.loads(row["evidence"])}
    assert any(term.startswith(("sans abri", "sans-abri")) for term in terms)
    assert {row["country"] for row in read(news, "SELECT country FROM articles")} == {"BE"}
    columns = "name_fr, name_nl, name_en, acronym, kind, country, source"
    (fedasil,) = read(news, f"SELECT {columns} FROM organisations WHERE id = 'fedasil'")
    assert tuple(fedasil) == (*("Fedasil",) * 3, None, "public-body", "BE", None)
    flow = read(
        news,
        "SELECT outcome, count(*), count(article_id) FROM ledger GROUP BY 1 ORDER BY 1",
    )
    assert [tuple(row) for row in flow] == [("not_found", 2, 0), ("stored", 2, 2)]
    names = dict(tuple(row) for row in read(news, "SELECT name, value FROM snapshot"))
    assert (names["articles"], names["enricher"]) == ("2", version())
    counts = {
        (row["facet"], row["value"]): row["n"] for row in read(news, "SELECT * FROM facet_counts")
    }
    assert counts["language", "fr"] == 2
    assert counts["theme", "homelessness"] == 2


def test_a_country_is_that_of_the_text_else_of_the_source_and_says_which(
    private: Path, tmp_path: Path
) -> None:
    region = {
        "region": "BE-WAL",
        "score": 1.0,
        "evidence": [{"term": "Wallonie", "count": 1, "where": "text"}],
    }
    with closing(database.private(private)) as db:
        db.execute("UPDATE articles SET countries = '[]' WHERE source = 'pont'")
        db.execute(
            "UPDATE articles SET countries = json_set(countries, '$[0].country', 'FR'),"
            " regions = ? WHERE source = 'quai'",
            [json.dumps([region])],
        )
    news = tmp_path / "news.db"
    publish.publish(private, news)
    told = "SELECT source, country, country_from FROM articles ORDER BY source"
    assert [tuple(row) for row in read(news, told)] == [
        ("pont", "BE", "source"), ("quai", "FR", "text"),
    ]  # fmt: skip
    tagged = "SELECT country FROM article_countries"
    assert [row["country"] for row in read(news, tagged)] == ["FR"]
    regions = "SELECT region, name_de, evidence FROM article_regions JOIN regions ON region = code"
    ((code, name, evidence),) = read(news, regions)
    assert (code, name, json.loads(evidence)) == (
        "BE-WAL", "Wallonische Region", region["evidence"],
    )  # fmt: skip


def test_an_international_source_gives_its_articles_no_country(
    private: Path, tmp_path: Path
) -> None:
    with closing(database.private(private)) as db:
        db.execute("UPDATE sources SET record = json_set(record, '$.country', 'int')")
        db.execute("UPDATE articles SET countries = '[]'")
    news = tmp_path / "news.db"
    publish.publish(private, news)
    told = {(row["country"], row["country_from"]) for row in read(news, "SELECT * FROM articles")}
    assert told == {(None, None)}


def test_the_full_text_index_is_whole(private: Path, tmp_path: Path) -> None:
    news = tmp_path / "news.db"
    publish.publish(private, news)
    hits = read(news, "SELECT rowid FROM articles_fts WHERE articles_fts MATCH 'hebergement'")
    assert len(hits) == 2
    with closing(sqlite3.connect(news)) as conn:
        conn.execute("INSERT INTO articles_fts(articles_fts, rank) VALUES ('integrity-check', 1)")


def test_publishing_again_changes_no_article(private: Path, tmp_path: Path) -> None:
    news = tmp_path / "news.db"
    publish.publish(private, news)
    before = [
        [tuple(row) for row in read(news, f"SELECT * FROM {name}")]
        for name in ("articles", "article_texts", "article_themes", "ledger")
    ]
    publish.publish(private, news)
    assert [
        [tuple(row) for row in read(news, f"SELECT * FROM {name}")]
        for name in ("articles", "article_texts", "article_themes", "ledger")
    ] == before


def test_a_database_that_fails_its_checks_is_not_published(private: Path, tmp_path: Path) -> None:
    news = tmp_path / "news.db"
    publish.publish(private, news)
    before = news.read_bytes()
    with closing(Database(private)) as db:
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("DELETE FROM articles WHERE source = 'pont'")
    with pytest.raises(PublishError, match="1 URLs are said to be stored but have no article"):
        publish.publish(private, news)
    assert news.read_bytes() == before


def test_a_reader_sees_the_old_or_the_new_database_and_never_a_lock(
    private: Path, tmp_path: Path
) -> None:
    news = tmp_path / "news.db"
    publish.publish(private, news)
    seen: list[int] = []
    problems: list[Exception] = []
    over = threading.Event()

    def keep_reading() -> None:
        while not over.is_set():
            try:
                seen.append(
                    read(
                        news,
                        "SELECT count(*) AS n FROM articles_fts WHERE articles_fts MATCH 'centre'",
                    )[0]["n"]
                )
            except sqlite3.Error as error:
                problems.append(error)

    reader = threading.Thread(target=keep_reading)
    reader.start()
    for _ in range(10):
        publish.publish(private, news)
    over.set()
    reader.join()
    assert problems == []
    assert set(seen) == {2}


def test_what_a_killed_publish_left_behind_is_in_nobodys_way(private: Path, tmp_path: Path) -> None:
    (tmp_path / "news.db.new").write_bytes(b"half a database")
    publish.publish(private, tmp_path / "news.db")
    assert not (tmp_path / "news.db.new").exists()


def test_without_a_private_database_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.db does not exist: `tamis crawl` makes it"):
        publish.publish(tmp_path / "none.db", tmp_path / "news.db")


def test_the_sites_address_is_kept_for_its_feeds(private: Path, tmp_path: Path) -> None:
    publish.publish(private, tmp_path / "news.db", base_url="https://news.example.org")
    assert (
        read(tmp_path / "news.db", "SELECT value FROM snapshot WHERE name = 'base_url'")[0][0]
        == "https://news.example.org/"
    )


@pytest.mark.parametrize(
    ("licence", "tdm", "expected"),
    [
        (None, "unknown", "extract"),
        ("CC-BY", "unknown", "full"),
        ("CC-BY-SA", "allowed", "full"),
        ("CC0", "unknown", "full"),
        ("public-domain", "unknown", "full"),
        ("CC-BY", "reserved", "extract"),
        ("CC-BY-NC", "allowed", "extract"),
        ("CC-BY-ND", "unknown", "extract"),
        ("own-terms", "unknown", "extract"),
        ("reserved", "reserved", "extract"),
    ],
)
def test_a_text_is_shown_whole_only_where_its_licence_lets_anybody(
    source: Source, licence: str | None, tdm: str, expected: str
) -> None:
    record = replace(source, licence=Licence(id=licence) if licence else None, tdm=tdm)
    assert rights(record, "http://quai.example.org/1").level == expected


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("Un abri.", "Un abri."),
        ("  Un\n abri.  ", "Un abri."),
        ("mot " * 100, ("mot " * 54).strip() + "…"),
        ("家" * 300, "家" * 219 + "…"),
        ("", ""),
        ("x" * 300, "x" * 219 + "…"),
    ],
)
def test_an_extract_is_one_line_cut_between_words(text: str, cut: str) -> None:
    assert extract_of(text) == cut
    assert len(extract_of(text)) <= EXTRACT_CHARACTERS


def test_an_extract_may_be_asked_to_be_shorter() -> None:
    assert extract_of("Le centre rouvre ses portes", 12) == "Le centre…"
    assert extract_of("Le centre rouvre", 1) == ""


def test_a_licence_does_not_cover_the_pages_of_others(source: Source) -> None:
    record = replace(source, licence=Licence(id="CC-BY"))
    assert rights(record, "https://www.quai.example.org/1").level == "full"
    assert rights(record, "http://pont.example.org/1").level == "extract"


@pytest.mark.parametrize(
    ("headers", "signals", "expected"),
    [
        ({}, {}, ("full", EXTRACT_CHARACTERS)),
        ({"x-robots-tag": "noindex"}, {"robots": ("noindex",)}, ("full", EXTRACT_CHARACTERS)),
        ({"x-robots-tag": "max-image-preview:none"}, {}, ("full", EXTRACT_CHARACTERS)),
        ({"x-robots-tag": "otherbot: noarchive, nosnippet"}, {}, ("full", EXTRACT_CHARACTERS)),
        ({}, {"robots": ("noai",)}, ("full", EXTRACT_CHARACTERS)),
        ({"x-robots-tag": "noindex, NoArchive"}, {}, ("extract", EXTRACT_CHARACTERS)),
        ({}, {"robots": ("noarchive",)}, ("extract", EXTRACT_CHARACTERS)),
        ({"x-robots-tag": "max-snippet:50"}, {"robots": ("max-snippet:90",)}, ("extract", 50)),
        ({}, {"robots": ("max-snippet:900",)}, ("extract", EXTRACT_CHARACTERS)),
        ({"x-robots-tag": "nosnippet"}, {}, ("metadata", 0)),
        ({}, {"robots": ("max-snippet:0",)}, ("metadata", 0)),
        ({}, {"robots": ("none",)}, ("metadata", 0)),
        ({}, {"robots": ("unavailable_after:2026-11-20T00:00:00Z",)}, ("metadata", 0)),
        ({}, {"robots": ("unavailable_after:2026-11-22T00:00:00Z",)}, ("full", 220)),
        ({"tdm-reservation": "1"}, {}, ("extract", EXTRACT_CHARACTERS)),
        ({"tdm-reservation": "0"}, {}, ("full", EXTRACT_CHARACTERS)),
        ({"tdm-reservation": "0"}, {"tdm_reservation": 1}, ("extract", EXTRACT_CHARACTERS)),
        ({"tdm-reservation": "1"}, {"tdm_reservation": 0}, ("full", EXTRACT_CHARACTERS)),
    ],
)
def test_what_a_page_asks_for_is_what_it_gets(
    source: Source, headers: dict[str, str], signals: dict[str, Any], expected: tuple[str, int]
) -> None:
    record = replace(source, licence=Licence(id="CC-BY"))
    shown = rights(
        record, "http://quai.example.org/1", headers,
        signals=Signals(**signals), now="2026-11-21T08:00:00Z",
    )  # fmt: skip
    assert (shown.level, shown.characters) == expected


def test_a_licence_linked_on_the_page_is_no_reason_to_show_more(source: Source) -> None:
    signals = Signals(licences=("https://creativecommons.org/licenses/by/4.0/",))
    assert rights(source, "http://quai.example.org/1", signals=signals).level == "extract"


@pytest.mark.parametrize(
    ("record", "headers", "signals", "path", "expected"),
    [
        ("unknown", {}, SILENT, "/1", (None, "full")),
        ("unknown", {}, SILENT, "/presse/1", ("reserved (file)", "extract")),
        ("unknown", {}, SILENT, "/libre/1", ("allowed (file)", "full")),
        ("allowed", {}, SILENT, "/1", ("allowed (record)", "full")),
        ("allowed", {}, SILENT, "/presse/1", ("reserved (file)", "extract")),
        ("allowed", {"tdm-reservation": "1"}, SILENT, "/1", ("reserved (header)", "extract")),
        ("reserved", {}, SILENT, "/1", ("reserved (record)", "extract")),
        ("reserved", {}, Signals(tdm_reservation=0), "/1", ("reserved (record)", "extract")),
        ("unknown", {}, Signals(tdm_reservation=0), "/presse/1", ("allowed (meta)", "full")),
    ],
)
def test_the_page_is_heard_before_the_record_and_a_reservation_before_all(
    *,
    source: Source,
    record: str,
    headers: dict[str, str],
    signals: Signals,
    path: str,
    expected: tuple[str | None, str],
) -> None:
    told = tdmrep.parse(
        '[{"location": "/presse/", "tdm-reservation": 1},'
        ' {"location": "/libre/", "tdm-reservation": 0}]'
    )
    shown = rights(
        replace(source, licence=Licence(id="CC-BY"), tdm=record),
        f"http://quai.example.org{path}",
        headers,
        signals=signals,
        rules=told.rules,
    )
    assert (shown.tdm, shown.level) == expected


def test_what_pages_and_hosts_declare_is_published_and_respected(
    private: Path, tmp_path: Path
) -> None:
    signals = {
        "robots": ["noindex", "nosnippet"],
        "tdm_reservation": None,
        "tdm_policy": None,
        "licences": ["https://creativecommons.org/licenses/by/4.0/", "javascript:alert(1)"],
    }
    with closing(Database(private)) as db:
        db.execute("UPDATE articles SET signals = ? WHERE source = 'pont'", [json.dumps(signals)])
        db.table("hosts").insert(
            {"host": "quai.example.org", "tdmrep": '[{"location": "/", "tdm-reservation": 1}]'}
        )
    news = tmp_path / "news.db"
    publish.publish(private, news)
    shown = {
        row["source"]: row
        for row in read(news, "SELECT * FROM articles LEFT JOIN article_texts ON article_id = id")
    }
    quai, pont = shown["quai"], shown["pont"]
    assert (quai["rights"], quai["tdm"], quai["robots"]) == ("extract", "reserved (file)", None)
    assert quai["text"] is None
    assert (pont["rights"], pont["robots"]) == ("metadata", "noindex, nosnippet")
    assert (pont["summary"], pont["text"], pont["keywords"]) == ("", None, "[]")
    assert json.loads(quai["keywords"])
    assert json.loads(pont["licences"]) == ["https://creativecommons.org/licenses/by/4.0/"]
    with closing(connect(news)) as conn:  # but not where nothing may be
        found = search(conn, Query(words="hebergement")).entries
    assert [entry.id for entry in found] == [quai["id"]]


def test_the_rules_are_those_of_the_host_that_answered_or_of_the_same_site() -> None:
    rule = tdmrep.Rule(location="/", reservation=1)
    known = {"quai.example.org": (rule,), "pont.example.org": ()}
    assert rules(known, "https://quai.example.org/1", "pont.example.org") == (rule,)
    assert rules(known, "https://www.quai.example.org/1", "quai.example.org") == (rule,)
    assert rules(known, "https://phare.example.org/1", "quai.example.org") == ()


def test_the_private_database_is_never_replaced_by_the_published_one(private: Path) -> None:
    before = private.read_bytes()
    with pytest.raises(ConfigError, match="is the private database"):
        publish.publish(private, private)
    assert private.read_bytes() == before


def test_a_file_that_is_no_published_database_is_left_alone(private: Path, tmp_path: Path) -> None:
    (tmp_path / "letters.db").write_text("Mes lettres")
    with pytest.raises(ConfigError, match="not a database that `tamis publish` made"):
        publish.publish(private, tmp_path / "letters.db")
    assert (tmp_path / "letters.db").read_text() == "Mes lettres"


def test_a_database_that_lost_most_articles_is_published_only_by_force(
    private: Path, tmp_path: Path
) -> None:
    news, empty = tmp_path / "news.db", tmp_path / "empty.db"
    publish.publish(private, news)
    database.private(empty).close()
    with pytest.raises(PublishError, match=r"0 articles and .* has 2: .* say --force"):
        publish.publish(empty, news)
    assert len(read(news, "SELECT 1 FROM articles")) == 2
    assert publish.publish(empty, news, force=True).counts["articles"] == 0


def test_the_sites_address_outlives_a_publish_that_does_not_name_it(
    private: Path, tmp_path: Path
) -> None:
    for address in ("https://news.example.org", None):
        publish.publish(private, tmp_path / "news.db", base_url=address)
    told = dict(tuple(row) for row in read(tmp_path / "news.db", "SELECT * FROM snapshot"))
    assert told["base_url"] == "https://news.example.org/"
    with pytest.raises(ConfigError, match="not a web address: 'javascript:alert'"):
        publish.publish(private, tmp_path / "news.db", base_url="javascript:alert")


def test_an_article_of_an_api_whose_page_was_not_seen_is_shown_in_part(
    private: Path, tmp_path: Path
) -> None:
    news = tmp_path / "news.db"
    with closing(Database(private)) as db:
        db.execute("UPDATE urls SET given = 1")
    publish.publish(private, news)
    assert {row["rights"] for row in read(news, "SELECT rights FROM articles")} == {"extract"}
    with closing(Database(private)) as db:
        db.execute("INSERT INTO notices SELECT id, '', '{}', '{}' FROM urls")
    publish.publish(private, news)
    levels = {row["rights"] for row in read(news, "SELECT rights FROM articles")}
    assert levels == {"extract", "full"}


def test_captions_labels_and_removed_lines_show_no_more_than_the_text(
    private: Path, tmp_path: Path
) -> None:
    news, words = tmp_path / "news.db", "Un mot du quai. " * 60
    paper = json.dumps([{"url": "http://quai.example.org/r.pdf", "label": words}])
    with closing(Database(private)) as db:
        db.execute("UPDATE articles SET image_caption = ?, attachments = ?", [words, paper])
        db.execute("UPDATE articles SET signals = ?", ['{"robots": ["max-snippet:60"]}'])
        db.execute(
            "INSERT INTO removed_lines (article_id, text, rule, articles)"
            " SELECT id, ?, 'memory', 2 FROM articles", [words]
        )  # fmt: skip
    publish.publish(private, news)
    for row in read(
        news, "SELECT image_caption, label FROM articles JOIN attachments ON article_id = id"
    ):
        assert len(row["image_caption"]) <= 60
        assert len(row["label"]) <= 60
    assert read(news, "SELECT * FROM removed_lines") == []
