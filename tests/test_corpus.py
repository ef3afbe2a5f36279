"""Corpora: a search frozen in a file, and what became of it."""

import gzip
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from published_fixture import add, article, index_all, make_news

from crawler.cli import main as tamis

QUERY = "language=en"  # finds 10, 9, 8 and 7; 11 is a reprint of 10


@pytest.fixture(name="news")
def _news(tmp_path: Path) -> Path:
    return make_news(tmp_path / "news.db")


@pytest.fixture(name="run")
def _run(news: Path) -> Callable[..., Result]:
    def run(*arguments: object) -> Result:
        return CliRunner().invoke(tamis, [*map(str, arguments), "--news", str(news)])

    return run


def change(news: Path, *statements: str) -> None:
    with closing(sqlite3.connect(news)) as conn, conn:
        for statement in statements:
            conn.execute(statement)


def verified(run: Callable[..., Result], corpus: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(run("verify", corpus, "--json").stdout)
    return told


def test_a_corpus_says_what_it_is_and_names_every_article(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus.jsonl"
    ran = run("freeze", QUERY, "--out", corpus)
    manifest, *articles = map(json.loads, corpus.read_text(encoding="utf-8").splitlines())
    assert ran.stdout == f"{corpus}: 4 articles, id {manifest['id']}\n"
    assert [each["id"] for each in articles] == [9, 10, 8, 7]
    assert articles[1] == {
        "id": 10, "url": "https://lantern.example.org/10", "content_hash": f"{10:064x}",
    }  # fmt: skip
    assert manifest["query"] == {"language": "en"}
    assert manifest["asked"] == "Language: English"
    assert manifest["articles"] == 4
    assert manifest["snapshot"]["built"] == "2026-11-21T05:00:00Z"


def test_freezing_twice_gives_the_same_bytes_compressed_or_not(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    names = ("a.jsonl", "b.jsonl", "a.jsonl.gz", "b.jsonl.gz")
    for name in names:
        run("freeze", QUERY, "--out", tmp_path / name)
    a, b, packed, again = [(tmp_path / name).read_bytes() for name in names]
    assert a == b == gzip.decompress(packed)
    assert packed == again


@pytest.mark.parametrize("name", ["corpus.jsonl", "corpus.jsonl.gz"])
def test_a_corpus_that_is_as_it_was_passes(
    run: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    run("freeze", QUERY, "--out", tmp_path / name)
    ran = run("verify", tmp_path / name)
    assert ran.exit_code == 0
    assert "4  unchanged" in ran.stdout


def test_what_became_of_each_article_is_told(
    run: Callable[..., Result], news: Path, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus.jsonl"
    run("freeze", QUERY, "--out", corpus)
    change(
        news,
        "UPDATE articles SET content_hash = 'other' WHERE id = 7",
        "UPDATE articles SET duplicate_of = 10 WHERE id = 8",
        "UPDATE ledger SET article_id = NULL WHERE article_id = 9",
        "DELETE FROM duplicates WHERE article_id = 9",
        "DELETE FROM listed WHERE article_id = 9",
        "DELETE FROM articles WHERE id = 9",
    )
    ran = run("verify", corpus)
    assert ran.exit_code == 1
    assert "reprint of 10: 8 javascript:alert(1)" in ran.stdout
    told = verified(run, corpus)
    assert told["counts"] == {"gone": 1, "changed": 1, "reprint": 1, "unchanged": 1}
    assert {each["id"]: each["fate"] for each in told["articles"]} == {
        9: "gone", 8: "reprint", 7: "changed",
    }  # fmt: skip


def test_a_reprint_that_was_one_already_is_unchanged(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    run("freeze", f"{QUERY}&reprints=1", "--out", tmp_path / "corpus.jsonl")
    assert verified(run, tmp_path / "corpus.jsonl")["counts"]["unchanged"] == 5


def test_what_the_query_finds_since_then_is_told_and_changes_nothing(
    run: Callable[..., Result], news: Path, tmp_path: Path
) -> None:
    run("freeze", "q=riverton", "--out", tmp_path / "corpus.jsonl")
    with closing(sqlite3.connect(news)) as conn, conn:
        texts = conn.execute("SELECT id, summary FROM articles WHERE id <> 1").fetchall()
        conn.executemany("INSERT INTO article_texts VALUES (?, ?)", texts)
        values = (30, "quai", "en", "2026-11-19T08:00:00Z", "Riverton again", "Riverton.")
        add(conn, article(values), values[-1])
        index_all(conn)
    ran = run("verify", tmp_path / "corpus.jsonl")
    assert (ran.exit_code, verified(run, tmp_path / "corpus.jsonl")["new"]) == (0, [30])
    assert "1  new" in ran.stdout


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (b"lantern.example.org/10", b"lantern.example.org/11", "not what was frozen"),
        (b'"language": "en"', b'"language": "fr"', "not what was frozen"),
        (b"tamis-corpus-1", b"tamis-corpus-9", "no corpus that `tamis freeze` wrote"),
        (b"{", b"<", "cannot be read"),
    ],
)
def test_a_file_that_was_touched_is_no_corpus(
    run: Callable[..., Result], tmp_path: Path, before: bytes, after: bytes, told: str
) -> None:
    corpus = tmp_path / "corpus.jsonl"
    run("freeze", QUERY, "--out", corpus)
    corpus.write_bytes(corpus.read_bytes().replace(before, after))
    ran = run("verify", corpus)
    assert ran.exit_code == 1
    assert told in ran.output


def test_a_file_that_was_cut_is_no_corpus(run: Callable[..., Result], tmp_path: Path) -> None:
    corpus = tmp_path / "corpus.jsonl.gz"
    run("freeze", QUERY, "--out", corpus)
    corpus.write_bytes(corpus.read_bytes()[:-20])
    ran = run("verify", corpus)
    assert ran.exit_code == 1
    assert "cannot be read" in ran.output
