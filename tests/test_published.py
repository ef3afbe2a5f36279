"""Reading the published database: what a query finds, and that nothing typed can hurt."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from published_fixture import ARTICLES, add, article, empty_news, index_all, labels, make_news

from crawler import index, published
from crawler import search as searching
from crawler.query import FACETS, Cursor, Query, parse
from crawler.search import search


@pytest.fixture(name="conn")
def _conn(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(make_news(tmp_path / "news.db"))) as conn:
        yield conn


@pytest.fixture(name="empty")
def _empty(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(empty_news(tmp_path / "empty.db")) as conn:
        yield conn


@pytest.fixture(name="shared", scope="module")
def _shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """One for all examples of a property, which only read."""
    path = make_news(tmp_path_factory.mktemp("shared") / "news.db")
    with closing(sqlite3.connect(path)) as conn:
        yield conn


def found(conn: sqlite3.Connection, words: str = "", **narrow: str) -> list[int]:
    return [entry.id for entry in search(conn, Query(words=words, **narrow)).entries]  # type: ignore[arg-type]  # only text fields are narrowed here


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("aide", [2, 1]),  # inside l’aide and L'aide alike
        ("l'aide", [2, 1]),
        ("l’aide", [2, 1]),
        ("refugies", [1]),
        ("RÉFUGIÉS", [1]),
        ("sans-abri", [1]),
        ("aujourd’hui loyer", [2]),
        ('"social housing"', [10]),
        ("“social housing”", [10]),
        ("«housing social»", []),
        ("housing social", [10]),
        ("night -housing", []),
        ("opvang -loyer", [3]),
        ("-а -housing -loyer -markup", [9, 13, 12, 8, 6, 5, 4, 3, 1]),
        ("难民", [5]),
        ("住房", [5]),
        ("学校", [5]),
        ("民住", []),  # both characters occur, but not side by side
        ("ผู้ลี้ภัย", [6]),
        ("المركز", [4]),
        ("ПРИТУЛОК", [12]),
        ("shelter NOT", []),  # operators are words like others
        ("title:quay", [10]),
        ("title:riverton", []),
        ('title:"night shelter" riverton', [10]),
        ("loyers", [2]),
        ("logements", [2]),
        ('"logements"', []),  # a phrase is meant as it stands
        ("quay)", [10]),
        ('quay"', [10]),
        ("quay*", [10]),
        ("NEAR(quay", []),
        ("qu\0ay", []),
        ("***", []),
        ("- –", []),
    ],
)
def test_words_find_the_articles_they_should(
    conn: sqlite3.Connection, words: str, expected: list[int]
) -> None:
    assert found(conn, words) == expected


@settings(deadline=None)  # a busy machine is no fault of the parser
@given(
    words=st.text(max_size=80) | st.text(alphabet="\"'-*:^()+{}[]NEAROT \0“”«»l’a难", max_size=60)
)
def test_nothing_that_can_be_typed_is_an_error(shared: sqlite3.Connection, words: str) -> None:
    results = search(shared, parse({"q": words})[0])
    assert 0 <= results.total <= len(ARTICLES)


@settings(deadline=None)  # a busy machine is no fault of the parser
@given(
    given_parameters=st.dictionaries(
        st.sampled_from(["q", *FACETS, "after", "before", "order", "page", "reprints", "stories"]),
        st.text(max_size=30)
        | st.sampled_from(["older~775000000000", "best~20", "9999-12-31", "2026-10", "best", "1"]),
    )
)
def test_no_address_is_an_error_and_what_is_understood_is_read_back(
    shared: sqlite3.Connection, given_parameters: dict[str, str]
) -> None:
    query, _ = parse(given_parameters)
    search(shared, query)
    assert parse(query.parameters())[0] == query


def test_a_day_that_is_none_is_named_and_ignored() -> None:
    query, problems = parse({"after": "yesterday", "before": "2026-10-31"})
    assert (query.after, query.before) == ("", "2026-10-31")
    assert len(problems) == 1
    assert "yesterday" in problems[0]


def test_the_newest_come_first_and_undated_articles_stand_where_they_were_found(
    conn: sqlite3.Connection,
) -> None:
    assert found(conn) == [2, 9, 13, 12, 10, 8, 7, 6, 5, 4, 3, 1]


def test_a_reprint_is_listed_only_when_asked_for(conn: sqlite3.Connection) -> None:
    assert found(conn, "riverton") == [10]
    with_reprints = search(conn, Query(words="riverton", reprints=True))
    assert [entry.id for entry in with_reprints.entries] == [11, 10]


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        ({"language": "fr"}, [2, 1]),
        ({"theme": "housing"}, [2, 10, 3, 1]),
        ({"theme": "housing", "language": "fr"}, [2, 1]),
        ({"theme": "housing", "country": "BE"}, [2, 1]),
        ({"country": "JO"}, [4]),
        ({"source": "quai"}, [2, 3, 1]),
        ({"after": "2026-10-09", "before": "2026-10-11"}, [10, 8]),
        ({"before": "2026-09-01"}, [1]),
        ({"language": "tlh"}, []),
        ({"theme": "no-such-theme"}, []),
    ],
)
def test_facets_and_days_narrow_the_list(
    conn: sqlite3.Connection, narrow: dict[str, str], expected: list[int]
) -> None:
    assert found(conn, **narrow) == expected


def test_words_and_facets_narrow_together(conn: sqlite3.Connection) -> None:
    assert found(conn, "aide", theme="migration", country="BE", source="quai") == [2]


def test_the_stored_counts_are_those_of_the_rows(conn: sqlite3.Connection) -> None:
    stored = search(conn, Query()).facets
    conn.execute("DELETE FROM facet_counts")
    assert search(conn, Query()).facets == stored
    assert [(label.code, label.name, label.n) for label in stored["theme"]] == [
        ("housing", "Housing", 4),
        ("migration", "Migration", 3),
    ]


def test_counts_of_a_search_are_of_its_hits(conn: sqlite3.Connection) -> None:
    facets = search(conn, Query(words="aide")).facets
    assert {name: [(x.code, x.n) for x in facets[name]] for name in facets} == {
        "language": [("fr", 2)],
        "theme": [("housing", 2), ("migration", 1)],
        "country": [("BE", 2)],
        "source": [("quai", 2)],
        "organisation": [("red-cross", 1)],
        "month": [("2026-11", 1), ("2026-09", 1)],
    }
    named = search(conn, Query(words="aide"), "nl").facets
    assert (named["language"][0].name, named["country"][0].name) == ("Frans", "België")


def test_pages_lead_through_everything_once_and_back(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "PAGE", 5)
    first = search(conn, Query())
    second = search(conn, Query(page=first.older))
    third = search(conn, Query(page=second.older))
    pages = [[entry.id for entry in page.entries] for page in (first, second, third)]
    assert pages == [[2, 9, 13, 12, 10], [8, 7, 6, 5, 4], [3, 1]]
    assert (first.newer, third.older) == (None, None)
    assert search(conn, Query(page=third.newer)).entries == second.entries
    assert search(conn, Query(page=second.newer)).entries == first.entries


def test_a_page_stays_where_it_was_when_a_newer_article_arrives(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "PAGE", 5)
    page = Query(page=search(conn, Query()).older)
    before = search(conn, page).entries
    newer = (14, "quai", "fr", "2026-11-21T08:00:00Z", "Une nouvelle", "Elle vient d'arriver.")
    add(conn, article(newer), newer[-1])
    index_all(conn)
    assert search(conn, page).entries == before


def test_a_total_beyond_the_cap_is_said_to_be_so(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "CAP", 1)
    results = search(conn, Query(language="fr"))
    assert results.capped
    assert [entry.id for entry in results.entries] == [2, 1]


def test_an_empty_database_answers_with_nothing(empty: sqlite3.Connection) -> None:
    results = search(empty, Query())
    assert (results.entries, results.total) == ((), 0)


def test_regions_are_named_in_the_language_of_the_reader(conn: sqlite3.Connection) -> None:
    named = [published.regions(conn, language)["BE-BRU"] for language in ("nl", "de", "es")]
    assert named == [
        "Brussels Hoofdstedelijk Gewest", "Region Brüssel-Hauptstadt", "Brussels-Capital Region",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "expected"),
    [("ar", "rtl"), ("fa-AF", "rtl"), ("fr", "ltr"), ("pa-Arab", "rtl"), ("az-Latn-IR", "ltr"),
     ("und", "auto"), ("", "auto")],
)  # fmt: skip
def test_a_language_says_which_way_it_runs(code: str, expected: str) -> None:
    assert published.direction(code) == expected


def test_the_index_stays_whole_when_articles_leave_and_change(empty: sqlite3.Connection) -> None:
    def whole() -> None:
        empty.execute("INSERT INTO articles_fts(articles_fts) VALUES('integrity-check')")

    labels(empty)
    for values in ARTICLES:
        add(empty, article(values), values[-1])
    index_all(empty)
    whole()
    before = index.indexed(empty, 2)
    assert before is not None
    index.remove(empty, before.doc, index.document(before.title, ARTICLES[1][-1], before.listed))
    empty.execute("UPDATE articles SET title = 'Le loyer rebaptisé' WHERE id = 2")
    empty.execute("UPDATE article_texts SET text = 'corrigé' WHERE article_id = 2")
    index_all(empty)
    whole()
    assert (found(empty, "rebaptisé"), found(empty, "corrige")) == ([2], [2])
    assert found(empty, "loyer moyen") == found(empty, "aujourd'hui") == []
    words = empty.execute("SELECT count(*) FROM articles_fts WHERE articles_fts MATCH 'moyen'")
    assert words.fetchone() == (0,)


def test_no_text_can_be_read_from_the_index(conn: sqlite3.Connection) -> None:
    rows = conn.execute("SELECT title, text, stems, tags FROM articles_fts").fetchall()
    assert {value for row in rows for value in row} == {None}
    tables = {name for (name,) in conn.execute("SELECT name FROM sqlite_schema")}
    assert "articles_fts_content" not in tables


@pytest.mark.parametrize(
    "query",
    [
        Query(language="fr", page=Cursor("older", 2**50)),
        Query(theme="housing", country="BE", source="quai", organisation="red-cross"),
        Query(words="aide -pluie title:quai", language="fr", after="2020-01-01"),
    ],
)
def test_lists_come_straight_from_the_index_without_sorting(
    conn: sqlite3.Connection, query: Query
) -> None:
    statements: list[str] = []
    conn.set_trace_callback(statements.append)
    search(conn, query)
    conn.set_trace_callback(None)
    asked = [sql for sql in statements if "MATCH" in sql]
    assert len(asked) == 2
    for sql in asked:
        plan = " ".join(row[3] for row in conn.execute(f"EXPLAIN QUERY PLAN {sql}"))
        assert "VIRTUAL TABLE INDEX" in plan
        assert "TEMP B-TREE" not in plan


def test_the_best_match_has_the_word_in_its_title(conn: sqlite3.Connection) -> None:
    best = search(conn, Query(words="shelter", order="best"))
    assert [entry.id for entry in best.entries] == [9, 10]
    assert found(conn, "shelter") == [9, 10]
    assert found(conn, "quay riverton", order="best") == [10]


def test_pages_of_the_best_lead_through_everything_once(
    conn: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "PAGE", 5)
    query, seen = Query(order="best", reprints=True), []
    while True:
        page = search(conn, query)
        seen += [entry.id for entry in page.entries]
        if page.older is None:
            break
        query = query.at(page.older)
    assert sorted(seen) == list(range(1, 14))
    assert page.newer == Cursor("best", 5)


@pytest.mark.parametrize(
    ("narrow", "expected"),
    [
        ({"month": "2026-10", "language": "nl"}, [3]),
        ({"month": "2026-11", "after": "2026-11-15"}, [2]),
        ({"month": "2026-02"}, []),
        ({"organisation": "lantern"}, [10]),
    ],
)
def test_months_and_organisations_narrow_the_list(
    conn: sqlite3.Connection, narrow: dict[str, str], expected: list[int]
) -> None:
    assert found(conn, **narrow) == expected


def test_a_story_is_listed_once_when_asked(conn: sqlite3.Connection) -> None:
    told = [entry.id for entry in search(conn, Query(stories=True)).entries]
    assert (1 in told, 4 in told) == (True, False)  # 1 told it first


def test_of_one_language_a_story_is_listed_by_the_first_of_that_language(
    conn: sqlite3.Connection,
) -> None:
    told = search(conn, Query(stories=True, language="ar"))
    assert [entry.id for entry in told.entries] == [4]


def test_a_cursor_is_read_back_from_an_address_and_nonsense_is_none() -> None:
    cursor = Cursor("older", 775_012_345_678)
    assert Cursor.parse(str(cursor)) == cursor
    assert Cursor.parse("sideways~2026") is None


def test_a_facet_is_set_and_lifted_from_the_first_page() -> None:
    query = Query(words="aide", page=Cursor("older", 2026))
    french = query.only("language", "fr")
    assert french == replace(query, language="fr", page=None)
    assert french.only("language", "") == Query(words="aide")
