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
from crawler.labels import NOT_CHOSEN, RULES
from crawler.published import Label
from crawler.revisions import passages
from crawler.serving import site
from enrich import sieve
from enrich.changes import Text, compare


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


def pages(db: Path, *paths: str) -> list[str]:
    answers = get(db, *paths)
    assert {answer.status_code for answer in answers} == {200}
    return [str(answer.text) for answer in answers]


def page(db: Path, path: str) -> str:
    return pages(db, path)[0]


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
    assert 'href="/?organisation=lantern">Lantern Relief</a>' in html
    assert '<q><bdi>Lantern Relief</bdi></q> <span lang="en">× 2, text</span>' in html
    assert "None that we know was found in it." in page(db, "/article/9")


def test_a_story_says_what_each_is_to_the_other_how_much_they_share_and_why(db: Path) -> None:
    reprint, original = pages(db, "/article/11", "/article/10")
    assert "A reprint of" in reprint
    assert 'href="/article/10"' in reprint
    assert 'href="/article/11"' in original
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
    one, nine, two = pages(db, "/article/1", "/article/9", "/article/2")
    assert "In the same series" in one
    assert "Quoted whole in" in nine
    assert "Quotes whole" in two


def test_every_article_page_works_with_little_known(db: Path) -> None:
    answers = get(db, *(f"/article/{number}" for number in range(1, 14)))
    assert {answer.status_code for answer in answers} == {200}


def test_an_address_with_zeros_leads_to_the_one_that_stays(db: Path) -> None:
    async def answer() -> Any:
        return await site(db).client.get("/fr/article/0001?q=quai", follow_redirects=False)

    found = asyncio.run(answer())
    assert (found.status_code, found.headers["location"]) == (301, "/fr/article/1?q=quai")


def test_the_original_comes_first_and_what_is_gone_is_said_to_be(db: Path) -> None:
    change(db, "UPDATE articles SET gone = '2026-11-19T05:00:00Z', kind = 'live' WHERE id = 1")
    html = page(db, "/article/1")
    assert html.index('href="https://quai.example.org/1"') < html.index('id="text"')
    assert "Since 19 November 2026, its address answers that nothing is there" in html
    assert "A live report" in html


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("rights = 'metadata', summary = ''", "Its page asks that nothing of its text be shown."),
        ("rights = 'extract'", "Its source has not licensed its texts for republication."),
        ("robots = 'noarchive'", "Its page asks that no more be shown."),
        ("tdm = 'reserved (meta)'", "Text and data mining of it is reserved."),
        ("tdm = NULL", "It is not known whether the licence of its source covers this page."),
    ],
)
def test_an_extract_says_why_there_is_no_more_of_it(db: Path, columns: str, told: str) -> None:
    if "rights" not in columns:
        change(db, "UPDATE sources SET publish = 'full'")
    change(db, f"UPDATE articles SET {columns} WHERE id = 2")
    assert told in page(db, "/article/2")


def test_dates_say_where_they_come_from_and_what_lost(db: Path) -> None:
    lost = {"value": "2026-08-30", "source": "url", "why_not": next(iter(NOT_CHOSEN))}
    change(db, "UPDATE articles SET candidates = ? WHERE id = 1", json.dumps({"published": [lost]}))
    html, told = (answer.text for answer in get(db, "/fr/article/1", "/article/1.json"))
    assert "pas 2026-08-30 d’après son adresse : un autre jour, d’une source moins sûre" in html
    assert json.loads(told)["candidates"]["published"] == [lost]


def test_rights_are_told_with_their_links_and_their_reasons(db: Path) -> None:
    change(
        db,
        "UPDATE articles SET robots = 'noarchive, max-snippet:50', tdm = 'reserved (header)',"
        """ licences = '["https://creativecommons.org/licenses/by/4.0/"]' WHERE id = 3""",
    )
    html = page(db, "/article/3")
    assert '<code lang="en">noarchive, max-snippet:50</code>' in html
    assert "reserved, as its server says" in html
    assert 'href="https://creativecommons.org/licenses/by/4.0/"' in html
    assert 'href="/source/quai"' in html


def test_documents_tell_their_kind_and_size_and_removed_lines_the_rule(db: Path) -> None:
    change(
        db,
        "INSERT INTO attachments VALUES (1, 0, 'https://quai.example.org/a.pdf', 'Le bilan',"
        " 'application/pdf', 234567), (1, 1, 'javascript:alert(9)', 'Un piège', NULL, NULL)",
    )
    change(db, "INSERT INTO removed_lines VALUES (1, 0, 'Partager', 'memory', 8),"
               " (1, 1, 'À lire aussi', 'wording', NULL), (1, 2, 'Don', 'memory', 50)")  # fmt: skip
    html = page(db, "/article/1")
    assert '<span class="n">PDF</span> <span class="n">235 kB</span>' in html
    assert '<span class="unsafe">javascript:alert(9)</span>' in html
    assert "this site repeats it: on 8 articles of this site" in html
    assert "on 50+ articles of this site" in html
    assert "its words send the reader elsewhere" in html


def test_every_rule_that_removes_a_line_has_words() -> None:
    assert RULES.keys() >= {*sieve.RULES, "memory", "memory-place", "origin", "vote", "script"}


def test_many_reprints_are_counted_and_the_first_are_named(db: Path) -> None:
    with closing(sqlite3.connect(db)) as conn, conn:
        columns = [row[1] for row in conn.execute("PRAGMA table_info(articles)")]
        others = ", ".join(name for name in columns if name not in {"id", "url_key", "doc"})
        for number in range(100, 130):
            conn.execute(
                f"INSERT INTO articles (id, url_key, {others})"
                f" SELECT ?1, 'key ' || ?1, {others} FROM articles WHERE id = 11",
                (number,),
            )
            conn.execute("INSERT INTO duplicates VALUES (?, 10, 'reprint', 0.9, 'date')", (number,))
    html, told = (answer.text for answer in get(db, "/article/10", "/article/10.json"))
    assert "31 in all" in html
    assert (len(json.loads(told)["reprints"]), json.loads(told)["reprints_in_all"]) == (20, 31)


def test_who_told_a_story_first_is_said_if_all_are_dated(db: Path) -> None:
    first, later = pages(db, "/article/1", "/article/4")
    assert "Of those that we know, this one told it first." in first
    assert "<strong>the first that we know</strong>" in later
    change(db, "UPDATE articles SET published = NULL WHERE id = 1")
    assert "the first that we know" not in page(db, "/article/4")


# --- What is marked ------------------------------------------------------------------------------


def test_a_tag_leads_to_its_evidence_marked_and_back(db: Path) -> None:
    plain, html = pages(db, "/fr/article/1", "/fr/article/1?highlight=housing")
    assert 'href="/fr/article/1?highlight=housing#text"' in plain
    assert "<mark>" not in plain
    assert "Le quai ouvre une <mark>halte de nuit</mark></h1>" in html
    assert "1 passage marqué, indice pour : Logement." in html
    assert '<link rel="canonical" href="https://news.example.org/fr/article/1">' in html
    assert '<a href="/fr/article/1">Ôter les marques</a>' in html


def test_names_and_words_are_marked_too_and_an_extract_says_what_it_is(db: Path) -> None:
    words, extract, name, hostile = pages(
        db, "/article/1?q=réfugié", "/article/2?q=loyer", "/article/1?highlight=red-cross",
        "/article/1?q=<script>x</script>&highlight=nothing",
    )  # fmt: skip
    assert "<mark>réfugiés</mark>" in words
    assert "there may be more in what is not shown here" in extract
    assert "0 places marked that speak for Red Cross" in name
    assert "<q>&lt;script&gt;x&lt;/script&gt;</q>" in hostile


def test_odd_questions_still_give_the_article(db: Path) -> None:
    odd = ("q=%22", "q=%00", "q=%ED%A0%80", "q=" + "a+" * 5000, "highlight=%00", "q=-a+OR&q=b", "q")
    for html in pages(db, *(f"/article/1?{question}" for question in odd)):
        assert "Le quai ouvre une halte de nuit" in html
        assert len(html) < 100_000


# --- What changed --------------------------------------------------------------------------------


def revise(db: Path, diff: str | None, number: int = 1) -> None:
    change(db, "UPDATE articles SET versions = 1, updated = '2026-11-12T05:00:00Z' WHERE id = 1")
    change(
        db, "INSERT INTO article_versions VALUES (1, ?, 'Avant', '2026-11-12T05:00:00Z', 1, 2, ?)",
        number, diff,
    )  # fmt: skip


def test_a_change_is_read_word_by_word_newest_first(db: Path) -> None:
    before = Text(title="Le quai ouvre", text="La halte ouvre lundi. Elle a dix lits.\nRien.")
    after = Text(title="Le quai ferme", text="La halte ouvre mardi. Elle a dix lits.")
    revise(db, compare(before, after).diff, 2)
    revise(db, None)
    html = page(db, "/article/1")
    assert "Le quai <del>ouvre</del><ins>ferme</ins>" in html
    assert "La halte ouvre <del>lundi.</del><ins>mardi.</ins>" in html
    assert "<del>Rien.</del>" in html
    assert "1 word added" in html
    assert html.index("<ins>") < html.index("its words may not be shown here")


def test_whatever_changed_both_sides_can_be_read_back() -> None:
    before = Text(title="Un", text="Des lits. Une cour.\nUn jardin clos et calme, avec des bancs.")
    after = Text(title="Un", text="Des lits chauds. Une rue.\nUn potager.\nUne cave.")
    found = passages(compare(before, after).diff)
    for sign, text in (("-", before.text), ("+", after.text)):
        for passage in found:
            for line in passage.lines:
                said = "".join(piece.text for piece in line if piece.change in {"", sign})
                assert said.strip() in text


@pytest.mark.parametrize("diff", ["", "no diff", "@@ -1 +1 @@", "@@ title @@\n…", "@@ @@\n? x\n-"])
def test_what_is_no_diff_is_no_error(db: Path, diff: str) -> None:
    revise(db, diff)
    assert "What changed" in page(db, "/article/1")


# --- What is heavy, and what is hostile ----------------------------------------------------------


def test_a_long_text_is_whole_and_leaves_the_rest_to_tables(db: Path) -> None:
    change(db, "UPDATE article_texts SET text = ?", "Une phrase assez longue du quai.\n" * 2000)
    revise(db, "@@ title @@\n- Avant\n+ Après")
    change(db, "INSERT INTO removed_lines VALUES (1, 0, 'Partager', 'memory', 8)")
    html = page(db, "/article/1")
    assert html.count("Une phrase assez longue du quai.") == 2000
    assert "A long text" in html
    assert 'href="/news/article_versions/1,1"' in html
    assert 'href="/news/removed_lines?article_id=1"' in html
    assert "<del>" not in html


def test_a_page_with_all_that_can_be_heavy_is_under_100_kb(db: Path) -> None:
    change(db, "UPDATE article_texts SET text = ?", "Une phrase du quai, sans fin.\n" * 1400)
    for number in range(40):
        revise(db, "@@ -1 +1 @@\n- " + "avant " * 300 + "\n+ " + "après " * 300, number)
        change(db, "INSERT INTO removed_lines VALUES (1, ?, ?, 'memory', 8)", number, "x" * 220)
    (answer,) = get(db, "/article/1?highlight=housing")
    assert answer.status_code == 200
    assert len(answer.content) < 100_000


def test_a_title_of_a_megabyte_or_that_turns_the_page_round_does_no_harm(db: Path) -> None:
    change(
        db, "UPDATE articles SET title = ? WHERE id = 10", "\u202egnp.exe\x00 " + "a" * 1_000_000
    )
    for path in ("/article/10", "/article/11"):
        (answer,) = get(db, path)
        assert len(answer.content) < 100_000
        assert "\u202e" not in answer.text
        assert "gnp.exe a" in answer.text


def test_an_article_without_most_of_what_is_known_still_has_a_page(db: Path) -> None:
    change(
        db,
        "UPDATE articles SET candidates = '{}', section = '[]', robots = '', licences = '[]',"
        " language_confidence = NULL, authors = 'plain', keywords = '[]' WHERE id = 13",
    )
    change(db, "DELETE FROM ledger")
    assert "plain" in page(db, "/article/13")


# --- What machines read --------------------------------------------------------------------------


def test_reference_managers_find_title_author_day_and_address(db: Path) -> None:
    html = page(db, "/nl/article/1")
    found = dict(re.findall(r'<meta (?:name|property)="([^"]+)" content="([^"]*)">', html))
    assert found["citation_title"] == found["DC.title"] == "Le quai ouvre une halte de nuit"
    assert found["citation_author"] == "La rédaction"
    assert found["citation_publication_date"] == "2026/09/01"
    assert found["citation_public_url"] == found["DC.identifier"] == "https://quai.example.org/1"
    assert found["og:url"] == "https://news.example.org/article/1"
    assert (found["DC.subject"], found["DC.language"]) == ("Housing", "fr")


def test_search_engines_find_a_news_article_and_no_script_gets_out_of_it(db: Path) -> None:
    html = page(db, "/article/7")
    (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
    told = json.loads(data)
    assert (told["@type"], told["url"]) == ("NewsArticle", "https://lantern.example.org/7")
    assert told["headline"] == "<script>alert('title')</script> & other inputs"
    assert "url" not in json.loads(
        re.findall(r"ld\+json\">(.*?)</script>", page(db, "/article/8"))[0]
    )


def test_an_article_names_the_feeds_of_its_language_and_its_source(db: Path) -> None:
    html = page(db, "/article/1")
    for address in ("/feeds/fr.atom", "/feeds/source/quai.rss", "/article/1.json"):
        assert re.search(rf'<link rel="alternate"[^>]+href="{address}"', html)


def test_json_names_everything_in_the_language_asked_for_beside_its_code(db: Path) -> None:
    (answer,) = get(db, "/fr/article/1.json")
    told = answer.json()
    assert told["source"]["country"] == {"code": "BE", "name": "Belgique", "n": 0}
    assert (told["themes"][0]["code"], told["themes"][0]["name"]) == ("housing", "Logement")
    assert told["discovery"]["outcome"] == "stored"
    assert told["text"].startswith("La halte")


def test_an_article_is_cited_in_three_styles_and_as_files_for_reference_managers(db: Path) -> None:
    html, bib, ris = pages(db, "/fr/article/1", "/article/1.bib", "/article/1.ris")
    assert re.findall(r"<dt>(APA|Chicago|ISO 690)</dt>", html) == ["APA", "Chicago", "ISO 690"]
    assert (
        "La rédaction. (2026, 1er septembre). <i><bdi>Le quai ouvre une halte de nuit</bdi></i>"
        in html
    )
    assert bib.startswith("@misc{quai-1,")
    assert bib.strip() in html
    assert "UR  - https://quai.example.org/1" in ris
    assert "DA  - 2026/09/01/" in ris
