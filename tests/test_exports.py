"""Whole searches as files: every format tells the same, whole, harmless, from one snapshot."""

import asyncio
import csv
import io
import json
import os
import socket
import sqlite3
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
import rispy
import uvicorn
from click.testing import CliRunner
from published_fixture import add, article, empty_news, index_all, labels, make_news
from pyarrow import parquet

from crawler import index
from crawler.cli import main as tamis
from crawler.exports import xlsx
from crawler.exports.articles import FORMATS
from crawler.exports.rows import BATCH, COLUMNS, without_controls
from crawler.folder import site_folder
from crawler.search import count_facets
from crawler.serving import Newest, site

MANY = 25_000
HOSTILE = [
    (20, "quai", "fr", "2026-11-01T08:00:00Z", '\x07=HYPERLINK("http://x.test")', "-1 + 1"),
    (21, "quai", "fr", "2026-11-01T09:00:00Z", "+32 «\u00a0sur deux\nlignes\u00a0»", "@tous\tdits"),
    (22, "phare", "ar", "2026-11-01T10:00:00Z", '\u202eعنوان; "x", y', "\r\nنص\x07\x00"),
    (23, "quai", "fr", "2026-11-01T11:00:00Z", "＝1+1 <b>&amp;</b> \ufffe", "\ttab"),
]


def make_hostile(path: Path) -> Path:
    make_news(path)
    with closing(sqlite3.connect(path)) as conn, conn:
        texts = dict(conn.execute("SELECT id, summary FROM articles"))
        for values in HOSTILE:
            add(conn, article(values), values[-1])
        found = [each for each in index.listings(conn) if each[2].article_id not in texts]
        index.add(conn, ((dated, each, title, title) for dated, title, each in found))
        conn.execute("UPDATE articles SET rights = 'full', authors = ? WHERE id = 21",
                     ['["=Cmd", "Zoé d’Exemple"]'])  # fmt: skip
        conn.execute("UPDATE articles SET rights = 'metadata', summary = '' WHERE id = 22")
        count_facets(conn)
    return path


def make_many(path: Path) -> Path:
    """As many articles as MANY on a week of days, all alike but for their number."""
    with closing(empty_news(path)) as conn, conn:
        labels(conn)
        values = (1, "quai", "fr", "2026-01-01T00:00:00Z", "Loyer", "Le loyer. " * 20)
        add(conn, article(values), values[-1])
        index_all(conn)
        named = [row[1] for row in conn.execute("PRAGMA table_info(articles)")]
        own = {
            "id": "n", "url_key": "'k' || n", "title": "'Loyer ' || n",
            "published": "date('2026-01-01', '+' || (n % 7) || ' days')",
            "doc": f"(n % 7 << {index.PLACES}) + {index.first_of('2026-01-01')} + n",
        }  # fmt: skip
        numbers = f"""
            WITH RECURSIVE numbers(n) AS (
              SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < {MANY}
            )
        """
        conn.execute(
            f"{numbers} INSERT INTO articles SELECT {', '.join(own.get(c, c) for c in named)}"
            " FROM numbers CROSS JOIN articles WHERE id = 1"
        )
        conn.execute(
            "INSERT INTO listed SELECT doc, id, 'fr', 'quai', '', '', '', 0, 0, 0 FROM articles"
            " WHERE id > 1"
        )
        tags = "every languagefr sourcequai"
        conn.execute(
            "INSERT INTO articles_fts(rowid, title, text, stems, tags)"
            " SELECT doc, 'loyer', 'loyer', '', ? FROM articles WHERE id > 1",
            [tags],
        )
        count_facets(conn)
    return path


@pytest.fixture(scope="module", name="hostile")
def _hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_hostile(tmp_path_factory.mktemp("exports") / "news.db")


@pytest.fixture(scope="module", name="many")
def _many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_many(tmp_path_factory.mktemp("exports") / "news.db")


def get(db: Path, path: str, method: str = "GET") -> httpx.Response:
    async def answer() -> httpx.Response:
        found: httpx.Response = await site(db).client.request(method, path)
        return found

    return asyncio.run(answer())


# --- What is in it --------------------------------------------------------------------------------


def from_csv(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def from_jsonl(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.decode().splitlines()]


def from_xlsx(body: bytes, sheet: str = "Articles") -> list[tuple[Any, ...]]:
    book = openpyxl.load_workbook(io.BytesIO(body), read_only=True)
    try:
        return list(book[sheet].iter_rows(values_only=True))
    finally:
        book.close()


def from_ris(body: bytes) -> list[dict[str, Any]]:
    loads: Any = rispy.loads
    return list(loads(body.decode()))


def flat(value: Any) -> str:
    """A value of JSON as a cell shows it."""
    text = "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return without_controls(text).decode()


def test_every_format_tells_the_same(hostile: Path) -> None:
    told = from_jsonl(get(hostile, "/export.jsonl").content)
    assert [row["id"] for row in told][:6] == [2, 9, 23, 22, 21, 20]
    cells = [{name: flat(value) for name, value in row.items()} for row in told]
    in_csv = from_csv(get(hostile, "/export.csv").content)
    freed = [{name: value.removeprefix("'") for name, value in row.items()} for row in in_csv]
    assert freed == cells
    head, *rows = from_xlsx(get(hostile, "/export.xlsx").content)
    assert head == COLUMNS
    shown = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    for row, known in zip(shown, cells, strict=True):
        # XML knows one kind of line break, and no U+FFFE.
        plain = {
            name: value.replace("\r\n", "\n").replace("\ufffe", "") for name, value in known.items()
        }
        assert {name: "" if value is None else str(value) for name, value in row.items()} == plain
    assert isinstance(shown[0]["id"], int)


def test_a_cell_that_a_spreadsheet_would_compute_is_text(hostile: Path) -> None:
    body = get(hostile, "/export.csv").content
    cells = [cell for row in from_csv(body) for cell in row.values()]
    assert '\'=HYPERLINK("http://x.test")' in cells
    assert [cell for cell in cells if cell[:1] in {*"=+-@\t\r＝＋－＠"}] == []
    book = openpyxl.load_workbook(io.BytesIO(get(hostile, "/export.xlsx").content))
    found = [cell for row in book["Articles"].rows for cell in row if "=HYPER" in str(cell.value)]
    assert [(cell.data_type, cell.quotePrefix) for cell in found] == [("s", True)] * 2


def test_a_text_is_there_only_if_it_may_be_shown_whole(hostile: Path) -> None:
    told = from_jsonl(get(hostile, "/export.jsonl").content)
    assert {row["id"] for row in told if row["text"]} == {1, 21}
    assert {row["rights"] for row in told if row["text"]} == {"full"}


def test_reprints_are_left_out_or_named_with_what_they_repeat(hostile: Path) -> None:
    assert 11 not in [row["id"] for row in from_jsonl(get(hostile, "/export.jsonl").content)]
    told = from_jsonl(get(hostile, "/export.jsonl?q=riverton&reprints=1").content)
    assert [(row["id"], row["duplicate_of"], row["relation"]) for row in told] == [
        (11, 10, "reprint"), (10, None, None),
    ]  # fmt: skip


def test_a_reference_manager_reads_every_record(hostile: Path) -> None:
    body = get(hostile, "/fr/export.ris").content
    assert b"\n" not in body.replace(b"\r\n", b"")
    read = {entry["accession_number"]: entry for entry in from_ris(body)}
    told = {str(row["id"]): row for row in from_jsonl(get(hostile, "/export.jsonl").content)}
    assert read.keys() == told.keys()
    for number, entry in read.items():
        assert entry["title"].split() == flat(told[number]["title"]).split()
        assert entry["urls"][0].startswith("https://"), "nothing to run"
    assert (read["4"]["type_of_reference"], read["1"]["type_of_reference"]) == ("NEWS", "ELEC")
    assert read["21"]["authors"] == ["=Cmd", "d’Exemple, Zoé"]
    assert read["1"]["secondary_title"] == "Quai Ouvert"
    assert (read["1"]["year"], read["1"]["date"]) == ("2026", "2026/09/01/")
    assert read["1"]["keywords"] == ["Logement"]
    assert any("CC-BY-4.0 (https://example.org/terms)" in note for note in read["1"]["notes"])
    assert "year" not in read["9"], "undated"


def test_a_theme_is_named_in_the_language_of_the_address(hostile: Path) -> None:
    for prefix, label in (("/fr", "Logement"), ("/en", "Housing")):
        (row,) = from_jsonl(get(hostile, f"{prefix}/export.jsonl?language=nl").content)
        assert (row["themes"], row["theme_labels"]) == (["housing"], [label])


def test_a_file_says_in_its_name_what_it_is(hostile: Path) -> None:
    named = get(hostile, "/export.csv?q=Été+à+Namur&language=fr").headers["content-disposition"]
    assert 'filename="tamis_ete-a-namur-fr_20' in named
    assert named.endswith("_2026-11-21T050000Z.csv")
    assert "%E9%9B%A3%E6%B0%91" in get(hostile, "/export.csv?q=難民").headers["content-disposition"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_search_that_finds_nothing_is_a_file_without_rows(hostile: Path, kind: str) -> None:
    for query in ("q=xylophone", "q=%22", "language=tlh"):
        answer = get(hostile, f"/export.{kind}?{query}")
        assert (answer.status_code, answer.headers["x-total-count"]) == (200, "0")
        if kind == "csv":
            (head,) = csv.reader([answer.content.decode("utf-8-sig")])
            assert tuple(head) == COLUMNS
        elif kind == "xlsx":
            assert from_xlsx(answer.content) == [COLUMNS]
        elif kind == "parquet":
            assert parquet.read_table(io.BytesIO(answer.content)).num_rows == 0
        elif answer.headers["content-type"] == "application/zip":
            packed = zipfile.ZipFile(io.BytesIO(answer.content))
            assert not [each for each in packed.infolist() if each.filename.endswith(".txt")
                        and each.file_size]  # fmt: skip
        else:
            assert answer.content == b""


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/export.ods", 404, "choose from csv, xlsx, jsonl, parquet, ris, iramuteq, txm"),
        ("/export.csv?after=2026-02-30", 400, "is not a day"),
        ("/cite?month=13", 400, "is not a month"),
        ("/cite.parquet", 404, "no page at this address"),
    ],
)
def test_what_cannot_be_given_says_why(hostile: Path, path: str, status: int, told: str) -> None:
    answer = get(hostile, path)
    assert answer.status_code == status
    assert told in answer.text


# --- Whole, and from one snapshot -----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_an_export_is_the_whole_search_newest_first_each_once(many: Path, kind: str) -> None:
    answer = get(many, f"/export.{kind}?q=loyer&order=best&page=older~5")
    rows: list[dict[str, Any]] = {"csv": from_csv, "jsonl": from_jsonl}[kind](answer.content)
    assert answer.headers["x-total-count"] == str(MANY)
    assert len({row["id"] for row in rows}) == len(rows) == MANY
    days = [row["published"][:10] for row in rows]
    assert days == sorted(days, reverse=True)


def test_a_question_about_an_export_gets_its_head_alone(many: Path) -> None:
    answer = get(many, "/export.csv?q=loyer", "HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["x-total-count"] == str(MANY)
    assert answer.headers["content-type"].startswith("text/csv")


def test_what_excel_cannot_hold_is_said(
    hostile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xlsx, "MOST_ROWS", 3)
    db = make_hostile(tmp_path / "news.db")
    with closing(sqlite3.connect(db)) as conn, conn:
        conn.execute("UPDATE articles SET summary = ? WHERE id = 2", ["😀" * 20_000])
    answer = get(db, "/export.xlsx")
    assert answer.headers["x-left-out"] == "13"
    head, *rows, last = from_xlsx(answer.content)
    assert len(rows) == 3
    assert last[0] == "13 more articles do not fit into a sheet of Excel: take them as CSV."
    assert rows[0][head.index("extract")] == "😀" * (32_767 // 2)
    notes = dict(from_xlsx(answer.content, "Tamis"))
    assert "16 articles" in notes["To cite this search"]
    assert notes["Left out"] == last[0]
    assert notes["Cut"].startswith("1 texts are longer")
    assert "x-left-out" not in get(hostile, "/export.csv").headers


@contextmanager
def served(db: Path) -> Iterator[int]:
    """A real server at a port of this machine, as `tamis serve` runs it."""
    server = uvicorn.Server(uvicorn.Config(Newest(db), log_level="error", lifespan="on"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


@contextmanager
def reading(port: int, path: str) -> Iterator[io.BufferedReader]:
    """An answer that is read no faster than asked for."""
    with socket.create_connection(("127.0.0.1", port)) as reader:
        reader.sendall(f"GET {path} HTTP/1.0\r\nHost: news.test\r\n\r\n".encode())
        with reader.makefile("rb") as body:
            yield body


def test_an_export_ends_on_the_snapshot_it_began_with(tmp_path: Path, many: Path) -> None:
    db = tmp_path / "news.db"
    db.write_bytes(many.read_bytes())
    with served(db) as port, reading(port, "/export.jsonl") as body:
        while body.readline().strip():
            pass
        first = json.loads(body.readline())
        for _ in range(2):  # twice: a server keeps the last snapshot, and not the one before
            os.replace(make_news(tmp_path / "draft.db"), db)  # noqa: PTH105  as publish does
            assert httpx.get(f"http://127.0.0.1:{port}/article/2.json").json()["id"] == 2
        rest = [json.loads(line) for line in body]
    assert len({first["id"], *(row["id"] for row in rest)}) == MANY


def test_nothing_is_read_any_more_for_a_reader_that_has_gone(tmp_path: Path, many: Path) -> None:
    db = tmp_path / "news.db"
    db.write_bytes(many.read_bytes())

    def open_files() -> int:
        return sum(os.path.realpath(each) == str(db) for each in Path("/proc/self/fd").iterdir())

    # Datasette keeps one open for each of its threads, once that thread has been asked something.
    kept = json.loads((site_folder() / "settings.json").read_text())["num_sql_threads"]
    with served(db) as port:
        with ExitStack() as readers:
            for _ in range(kept + 1):
                readers.enter_context(reading(port, "/export.jsonl")).read(1000)
            assert open_files() > kept
        until = time.monotonic() + 30
        while open_files() > kept and time.monotonic() < until:
            time.sleep(0.01)
        assert open_files() <= kept


# --- The command ----------------------------------------------------------------------------------


def test_the_command_writes_what_the_site_gives(hostile: Path, tmp_path: Path) -> None:
    for kind in FORMATS:
        out = tmp_path / f"corpus.{FORMATS[kind].ending}"
        query = "http://127.0.0.1:8001/?q=aide&language=fr"
        arguments = [query, "--out", str(out), "--news", str(hostile), "--format", kind]
        ran = CliRunner().invoke(tamis, ["export", "articles", *arguments])
        texts = "" if FORMATS[kind].write else ", 1 with their text"
        assert ran.stdout == f"{out}: 2 articles{texts}\n", ran.stderr
        assert out.read_bytes() == get(hostile, f"/en/export.{kind}?q=aide&language=fr").content
    assert sorted(each.name for each in tmp_path.iterdir()) == [
        f"corpus.{each}" for each in sorted(each.ending for each in FORMATS.values())
    ]


def test_the_command_writes_csv_to_standard_output(many: Path) -> None:
    ran = CliRunner().invoke(tamis, ["export", "articles", "--news", str(many)])
    assert ran.exit_code == 0
    assert len(from_csv(ran.stdout_bytes)) == MANY


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["lang=fr"], "no parameter 'lang': there are q, language"),
        (["after=yesterday"], "is not a day"),
        (["logement"], "no parameter 'logement'"),
        (
            ["--format", "ods"],
            "no format 'ods': there are csv, xlsx, jsonl, parquet, ris, iramuteq, txm",
        ),
        (["--out", "corpus.ods"], "no format 'ods'"),
        (["--out", "corpus.zip"], "no format 'zip'"),
        (
            ["--out", "corpus.ods", "--format", "csv"],
            "corpus.ods is no name for csv: give a file that ends in .csv, a folder without",
        ),
        (
            ["--out", "corpus.txt", "--format", "txm"],
            "corpus.txt is no name for txm: give a folder without an ending, or a .zip",
        ),
        (["--news", "nowhere.db"], "run `tamis publish` first"),
    ],
)
def test_the_command_refuses_what_it_would_have_to_guess(
    hostile: Path, arguments: list[str], told: str
) -> None:
    ran = CliRunner().invoke(tamis, ["export", "articles", "--news", str(hostile), *arguments])
    assert ran.exit_code != 0
    assert told in ran.output


def test_an_export_that_fails_leaves_the_file_that_was_there(
    tmp_path: Path,
) -> None:
    db, out = make_news(tmp_path / "news.db"), tmp_path / "corpus.csv"
    out.write_text("yesterday's", encoding="utf-8")
    with closing(sqlite3.connect(db)) as conn, conn:
        conn.execute("UPDATE articles SET authors = 'no JSON' WHERE id = 6")
    ran = CliRunner().invoke(tamis, ["export", "articles", "--out", str(out), "--news", str(db)])
    assert ran.exit_code != 0
    assert out.read_text(encoding="utf-8") == "yesterday's"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["corpus.csv", "news.db"]


def test_help_names_every_format() -> None:
    shown = CliRunner().invoke(tamis, ["export", "articles", "--help"]).output
    assert "|".join(sorted(FORMATS)) in shown


def test_articles_come_in_more_than_one_batch() -> None:
    assert MANY > 2 * BATCH
