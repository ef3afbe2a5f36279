"""Exports for work: data packages, Parquet, texts for IRaMuTeQ and TXM."""

import csv
import filecmp
import hashlib
import io
import json
import sqlite3
import tracemalloc
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_type_hints

import frictionless
import pytest
from click.testing import CliRunner
from published_fixture import BASE_URL, add, article, make_news
from pyarrow import parquet

from crawler import index
from crawler.cli import main as tamis
from crawler.exports import textometry
from crawler.exports.articles import FORMATS, Written, export_articles
from crawler.exports.inquiry import Inquiry
from crawler.exports.parquet import write_parquet
from crawler.exports.parts import Part
from crawler.exports.rows import COLUMNS, Batch, Row
from crawler.query import Query, parse
from crawler.search import count_facets

GOLDEN = Path(__file__).parent / "exports_golden"
MARKED = (
    "**** *source_false *id_1\n-*theme\u2028**** *x_y\x85**** deux\x0b**** trois\n"
    "1234 *x coûte 10 $ et reste_là _mot_ \x00\u202eنص\u2069.\r\nFin."
)
HOSTILE = [
    (30, "quai", "fr", "2026-11-02T08:00:00Z", "**** *x_y\n**** *z", MARKED),
    (31, "quai", "nl", "2026-11-03", "=HYPERLINK('http://x.test')", "woord " * 170_000),
    (32, "phare", "ar", "2026-11-04T08:00:00Z", "Des signes", "*** $$ _ …"),
    (33, "lantern", "und", None, '\u202e=1 "cité",\r\nle titre', "Sans date; avec « guillemets »."),
]


def make_hostile(path: Path) -> Path:
    make_news(path)
    with closing(sqlite3.connect(path)) as conn, conn:
        for values in HOSTILE:
            add(conn, article(values) | {"rights": "full"}, values[-1])
        new = [each for each in index.listings(conn) if each[2].article_id >= HOSTILE[0][0]]
        index.add(conn, ((dated, each, title, title) for dated, title, each in new))
        conn.execute("UPDATE sources SET licence = 'CC-BY-SA' WHERE id = 'quai'")
        conn.execute("UPDATE sources SET licence = NULL, licence_url = NULL WHERE id = 'lantern'")
        # The surest theme and country of article 1 are the last by name.
        conn.execute("INSERT INTO article_themes VALUES (1, 'migration', 0.99, '[]')")
        conn.execute("INSERT INTO article_countries VALUES (1, 'GB', 2.5, '[]')")
        count_facets(conn)
    return path


@pytest.fixture(scope="module", name="news")
def _news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_hostile(tmp_path_factory.mktemp("packages") / "news.db")


Export = Callable[..., Written]


@pytest.fixture(name="export")
def _export(news: Path) -> Export:
    def export(out: Path, format_: str, query: str = "", day: str = "2026-11-22") -> Written:
        asked, _ = parse(dict(part.split("=") for part in query.split("&") if part))
        return export_articles(news, asked, out, format_, base_url=BASE_URL, day=day)

    return export


def described(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    return told


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


# --- The package ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMATS)
def test_a_package_is_valid_and_says_what_each_file_is(
    export: Export, tmp_path: Path, kind: str
) -> None:
    export(tmp_path / kind, kind)
    told = described(tmp_path / kind)
    assert frictionless.Package.validate_descriptor(told).valid
    files = set()
    for each in told["resources"]:
        paths = each["path"] if isinstance(each["path"], list) else [each["path"]]
        body = b"".join((tmp_path / kind / path).read_bytes() for path in paths)
        assert (each["bytes"], each["hash"]) == (
            len(body), f"sha256:{hashlib.sha256(body).hexdigest()}",
        )  # fmt: skip
        assert all(field["description"] for field in each.get("schema", {"fields": ()})["fields"])
        files.update(paths)
    assert {each.name for each in (tmp_path / kind).iterdir()} == {*files, "datapackage.json"}


@pytest.mark.parametrize("kind", ["csv", "iramuteq", "txm"])
def test_every_cell_is_of_the_type_that_its_column_has(
    export: Export, tmp_path: Path, kind: str
) -> None:
    export(tmp_path / kind, kind)
    report = frictionless.validate(str(tmp_path / kind / "datapackage.json"))
    assert report.valid, report.flatten(["note"])
    with (tmp_path / kind / "datapackage.json").open("a") as file:
        file.write(" ")
    for path in (tmp_path / kind).glob("*.csv"):
        path.write_bytes(path.read_bytes().replace(b"quai", b"kade"))
    assert not frictionless.validate(str(tmp_path / kind / "datapackage.json")).valid


def test_the_lines_of_a_package_have_the_columns_that_it_names(
    export: Export, tmp_path: Path
) -> None:
    export(tmp_path / "all", "jsonl")
    schema = described(tmp_path / "all")["resources"][0]["schema"]
    rows = lines(tmp_path / "all/articles.jsonl")
    assert [field["name"] for field in schema["fields"]] == [*rows[0]] == [*COLUMNS]
    table = {"name": "articles", "data": rows, "schema": schema}
    report = frictionless.Resource.from_descriptor(table).validate()
    assert report.valid, report.flatten(["note"])


def test_a_package_says_how_its_articles_were_found_and_whose_they_are(
    export: Export, tmp_path: Path
) -> None:
    export(tmp_path / "fr", "csv", "language=fr")
    told = described(tmp_path / "fr")
    assert told["tamis"] == {
        "query": {"language": "fr"}, "asked": "Language: French",
        "address": f"{BASE_URL}?language=fr", "articles": 3,
        "snapshot": {"id": "2026-11-21T05:00:00Z", "built": "2026-11-21T05:00:00Z"},
        "versions": {}, "level": "public", "texts": 2,
        "without_text": {"may be shown in part only": 1}, "languages": {"fr": 3},
        "licences": {"CC-BY-SA": 3}, "day": "2026-11-22",
    }  # fmt: skip
    assert told["licenses"] == [
        {
            "name": "CC-BY-SA", "title": "with credit, under the same licence", "articles": 3,
            "texts": 2,
        },
    ]  # fmt: skip
    assert [(each["title"], each["articles"]) for each in told["sources"]] == [("Quai Ouvert", 3)]
    (first, *_) = csv.DictReader(io.StringIO((tmp_path / "fr/articles.csv").read_text("utf-8-sig")))
    assert first["credit"] == (
        "Aujourd'hui, le loyer augmente encore. Quai Ouvert. CC-BY-SA (https://example.org/terms)."
        " https://quai.example.org/2"
    )


def test_a_package_of_a_private_snapshot_warns_of_itself(tmp_path: Path) -> None:
    news = make_hostile(tmp_path / "news.db")
    with closing(sqlite3.connect(news)) as conn, conn:
        conn.execute("INSERT INTO snapshot VALUES ('level', 'private')")
    export_articles(news, Query(), tmp_path / "own", "txm", base_url=BASE_URL, day="2026-11-22")
    told = described(tmp_path / "own")
    assert told["title"].endswith("PRIVATE")
    assert "not for redistribution" in told["description"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_zip_has_the_files_of_the_folder(export: Export, tmp_path: Path, kind: str) -> None:
    export(tmp_path / "package", kind)
    export(tmp_path / "package.zip", kind)
    with zipfile.ZipFile(tmp_path / "package.zip") as packed:
        names = packed.namelist()
        assert packed.testzip() is None
        packed.extractall(tmp_path / "unpacked")
    assert sorted(names) == sorted(each.name for each in (tmp_path / "package").iterdir())
    for name in names:
        assert filecmp.cmp(tmp_path / "package" / name, tmp_path / "unpacked" / name, shallow=False)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_search_that_finds_nothing_is_a_valid_package(
    export: Export, tmp_path: Path, kind: str
) -> None:
    written = export(tmp_path / "none", kind, "q=xylophone")
    assert (written.inquiry.count, written.tally.articles) == (0, 0)
    assert frictionless.Package.validate_descriptor(described(tmp_path / "none")).valid


# --- Replacing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["out", "out.zip", "out.parquet"])
def test_what_says_the_same_on_another_day_is_left_as_it_is(
    export: Export, tmp_path: Path, name: str
) -> None:
    def state() -> list[tuple[str, int, int]]:
        return sorted((str(each), each.stat().st_mtime_ns, each.stat().st_ino)
                      for each in tmp_path.rglob("*"))  # fmt: skip

    assert export(tmp_path / name, "parquet").changed
    before = state()
    assert not export(tmp_path / name, "parquet", day="2026-11-23").changed
    assert state() == before
    assert export(tmp_path / name, "parquet", "language=fr").changed
    assert state() != before


def test_a_text_that_is_as_it_was_keeps_its_time_in_a_folder_that_changes(
    export: Export, tmp_path: Path
) -> None:
    out = tmp_path / "txm"
    export(out, "txm")
    kept = out / "2026-09-01_000000001.txt"
    before = kept.stat().st_mtime_ns
    assert export(out, "txm", "q=halte").changed
    assert kept.stat().st_mtime_ns == before
    assert [each.name for each in out.glob("*.txt")] == [kept.name]
    assert [each.name for each in tmp_path.iterdir()] == ["txm"], "nothing is left beside it"


@pytest.mark.parametrize("name", ["mine.txt", "datapackage.json"])
def test_a_folder_with_something_else_in_it_is_not_replaced(
    export: Export, news: Path, tmp_path: Path, name: str
) -> None:
    export(tmp_path / "out", "csv")
    (tmp_path / "out" / name).write_text("{}", encoding="utf-8")
    arguments = ["export", "articles", "--format", "csv", "--out", str(tmp_path / "out")]
    ran = CliRunner().invoke(tamis, [*arguments, "--news", str(news)])
    assert ran.exit_code == 1
    assert "which would be lost: name a folder for this export alone" in ran.output
    assert (tmp_path / "out" / name).read_text(encoding="utf-8") == "{}"


def test_a_package_that_fails_leaves_the_one_that_was_there(tmp_path: Path) -> None:
    news, out = make_news(tmp_path / "news.db"), tmp_path / "out"
    arguments = ["export", "articles", "--format", "txm", "--out", str(out), "--news", str(news)]
    assert CliRunner().invoke(tamis, arguments).exit_code == 0
    before = {each.name: each.read_bytes() for each in out.iterdir()}
    with closing(sqlite3.connect(news)) as conn, conn:
        conn.execute("UPDATE articles SET authors = 'no JSON' WHERE id = 6")
    assert CliRunner().invoke(tamis, arguments).exit_code != 0
    assert {each.name: each.read_bytes() for each in out.iterdir()} == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["news.db", "out"]


# --- Parquet --------------------------------------------------------------------------------------


def test_parquet_reads_back_as_the_lines_of_json(export: Export, tmp_path: Path) -> None:
    export(tmp_path / "all.parquet", "parquet")
    export(tmp_path / "all.jsonl", "jsonl")
    table = parquet.read_table(tmp_path / "all.parquet")
    read = table.to_pylist()
    moments = [row.pop("published_at") for row in read]
    fetched = [row.pop("fetched") for row in read]
    told = lines(tmp_path / "all.jsonl")
    assert {row.pop("fetched") for row in told} == {"2026-11-10T06:00:00Z"}
    assert {*fetched} == {datetime(2026, 11, 10, 6, tzinfo=UTC)}
    assert read == told
    of = dict(zip((row["id"] for row in read), moments, strict=True))
    assert of[1] == datetime(2026, 9, 1, 8, tzinfo=UTC)
    assert of[8] == datetime(2026, 10, 9, tzinfo=UTC), "a day is its midnight"
    assert of[9] is None
    stated = json.loads(table.schema.metadata[b"tamis"])
    assert stated["snapshot"]["id"] == "2026-11-21T05:00:00Z"
    assert stated["query"] == {}
    assert table.schema.field("title").metadata[b"description"] == b"Title, plain text"


def test_parquet_that_is_not_installed_says_how_it_is(
    news: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.exports.parquet.find_spec", lambda _: None)
    out = tmp_path / "all.parquet"
    ran = CliRunner().invoke(tamis, ["export", "articles", "--out", str(out), "--news", str(news)])
    assert ran.exit_code == 1
    assert "pip install 'tamis[parquet]'" in ran.output


# --- IRaMuTeQ and TXM -----------------------------------------------------------------------------


def starred(body: bytes) -> list[tuple[dict[str, str], str]]:
    """Variables and text of each text, as IRaMuTeQ takes a file apart."""
    found: list[tuple[dict[str, str], list[str]]] = []
    for line in body.decode().splitlines():
        if line.startswith("****"):
            words = line.split()[1:]
            assert all(word.startswith("*") for word in words)
            pairs = [word[1:].split("_", 1) for word in words]
            assert len(dict(pairs)) == len(pairs), "a variable has one value"
            found.append((dict(pairs), []))
        else:
            assert not line.startswith("-*"), "a theme"
            found[-1][1].append(line)
    return [(variables, " ".join(text).partition("$")[0]) for variables, text in found]


def test_a_text_of_iramuteq_can_pass_for_nothing_else(export: Export, tmp_path: Path) -> None:
    written = export(tmp_path / "all", "iramuteq")
    read = starred((tmp_path / "all/articles.txt").read_bytes())
    assert [variables["id"] for variables, _ in read] == ["33", "31", "30", "1"]
    texts = {variables["id"]: text for variables, text in read}
    assert texts["30"] == (
        "x y z source false id 1 - theme x y deux trois 1234 x coûte 10 et reste là mot نص. Fin."
    )
    assert len(texts["31"]) > 1_000_000
    variables = read[-1][0]
    assert variables == {
        "id": "1", "source": "quai", "language": "fr", "year": "2026", "month": "2026_09",
        "theme": "migration", "country": "GB",
    }  # fmt: skip
    assert read[0][0]["month"] == "2026_11", "an undated one stands where it was found"
    assert written.tally.texts == 4
    assert described(tmp_path / "all")["tamis"]["without_text"]["its text has no word"] == 1


def test_txm_has_a_row_for_each_file_and_a_file_for_each_row(
    export: Export, tmp_path: Path
) -> None:
    export(tmp_path / "all", "txm")
    body = (tmp_path / "all/metadata.csv").read_bytes().decode()
    assert body.startswith('"id",'), "no byte order mark"
    head, *rows = csv.reader(io.StringIO(body, newline=""), strict=True)
    assert all(name.isascii() and name.isalpha() and name.islower() for name in head)
    assert {f"{row[0]}.txt" for row in rows} == {
        each.name for each in (tmp_path / "all").glob("*.txt")
    }
    assert [row[0] for row in rows] == [
        "2026-11-10_000000033", "2026-11-03_000000031", "2026-11-02_000000030",
        "2026-09-01_000000001",
    ]  # fmt: skip
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell[:1] in {*"=+-@"} or not cell.isprintable()]
    text = (tmp_path / "all/2026-11-02_000000030.txt").read_text(encoding="utf-8")
    assert text.split("\n")[:2] == ["**** *x_y", "**** *z"], "TXM takes these for text"
    assert not [c for c in text if not c.isprintable() and c != "\n"]


@pytest.mark.parametrize("kind", ["iramuteq", "txm"])
def test_a_package_of_texts_is_as_it_was_laid_down(tmp_path: Path, kind: str) -> None:
    news, out = make_news(tmp_path / "news.db"), tmp_path / kind
    query = Query(language="fr")
    export_articles(news, query, out, kind, base_url=BASE_URL, day="2026-11-22")
    names = {each.name for each in out.iterdir()}
    assert names == {each.name for each in (GOLDEN / kind).iterdir()}
    for name in names:
        assert (out / name).read_bytes() == (GOLDEN / kind / name).read_bytes(), name


# --- Of any size ----------------------------------------------------------------------------------


def many(batches: int) -> Iterator[Batch]:
    """So many batches of 500 articles with texts, none of which is kept here."""
    hints = get_type_hints(Row)
    values: dict[str, Any] = {
        name: ("a", "b") if hints[name] == tuple[str, ...] else "x" for name in COLUMNS
    }
    values |= {"published": "2026-11-02", "fetched": "2026-11-03T00:00:00Z", "duplicate_of": None}
    for n in range(batches):
        yield [
            Row(**values | {"id": number, "words": 1, "text": f"{number:09}" * 60})
            for number in range(n * 500, n * 500 + 500)
        ]


def of_parquet(about: Inquiry, found: Iterable[Batch]) -> Iterator[Part]:
    yield Part("articles.parquet", write_parquet(about, found))


@pytest.mark.parametrize("parts", [of_parquet, textometry.iramuteq, textometry.txm])
def test_memory_does_not_grow_with_the_number_of_articles(parts: Any) -> None:
    about = Inquiry(
        query=Query(), asked=(), count=0, snapshot="a", built="b", level="public",
        base_url=BASE_URL, day="2026-11-22", versions={},
    )  # fmt: skip

    tracemalloc.start()
    try:
        for part in parts(about, many(40)):
            for _ in part.chunks:
                pass
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # Were they kept, the texts of 20,000 alone would be 12 MB; Parquet has 5,000 at a time.
    assert peak < 8_000_000
