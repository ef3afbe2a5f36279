"""What a backfill has read, loaded: the same as importing the archives and reading them here."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import backfilled
import misbehaving
import msgspec
import pytest
import warm
import zstandard
from reading import read_all
from sqlite_utils import Database
from warcs import HERE, entry, http, written
from web import record

from crawler import clock, database, loading, picking, results, store, warc
from crawler.errors import ConfigError
from crawler.frontier import Frontier
from crawler.items import Address, Harvest, Link, Page, Source
from crawler.loading import Loaded
from crawler.results import Result
from enrich.annotate import version

STANDING = (
    "Le Quai est une association sans but lucratif agréée par la commune de Rivebourg.",
    "Chaque don de plus de quarante euros ouvre droit à une attestation fiscale au printemps.",
)
LITS = "Quarante lits de plus attendent les familles au centre du quai dès lundi soir."
REPAS = "La cantine du pont sert désormais un repas chaud à midi, du lundi au samedi."
DROITS = "Deux juristes tiennent une permanence gratuite pour les locataires expulsés."
VELOS = "L'atelier prête trente vélos aux personnes qui reprennent un travail de nuit."
LATER = "Vingt autres lits ouvriront au printemps dans l'ancienne école de la rue du Bac."
MORE = "Les inscriptions se prennent sur place, sans rendez-vous, à l'accueil de l'avis {}."
ELSEWHERE = "http://ailleurs.example.org"


def response(url: str, *paragraphs: str, day: int = 1, status: str = "200 OK") -> bytes:
    name = url.rpartition("/")[2]
    body = "".join(f"<p>{text}</p>" for text in (*paragraphs, *STANDING) if paragraphs)
    html = (
        f'<html lang="fr"><head><title>Avis {name}</title></head><body><main><article>'
        f"<h1>Avis {name}</h1>{body}</article></main></body></html>"
    )
    block = http(html.encode(), "Content-Type: text/html; charset=utf-8", status=status)
    return entry("response", url, block, WARC_Date=f"2026-11-{day:02}T08:00:00Z")


def about(name: str, text: str, **options: Any) -> bytes:
    return response(f"{HERE}/{name}", text, MORE.format(name), **options)


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "moment", lambda: datetime(2026, 11, 22, 9, tzinfo=UTC))


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Two archives of others, and one of ours, which says more of its pages."""
    folder = tmp_path_factory.mktemp("archives")
    first = written(
        folder / "a.warc.gz", about("1", LITS), about("2", REPAS),
        response(f"{ELSEWHERE}/1", LITS, MORE.format("1")), response(f"{HERE}/bref"),
        response(f"{HERE}/404", LITS, status="404 Not Found"), entry("request", HERE, b"GET /"),
        about("3", DROITS),
    )  # fmt: skip
    second = written(folder / "b.warc.gz", about("3", LATER, day=2), about("4", VELOS, day=2))
    with closing(database.private(folder / "ours.db")) as ours:
        frontier = Frontier(ours)
        channel = frontier.channels.adopt(quai(), "feed", quai().feeds[0].url)
        for name in "567":
            made = Page(
                url=f"{HERE}/{name}", fetched=f"2026-11-0{name}T08:00:00Z", status=200,
                content_type="text/html", body=about(name, VELOS).partition(b"\r\n\r\n<")[2],
            )  # fmt: skip
            link = Link(url=made.url, title=f"Le titre {name}", language="fr", authors=("A. B.",))
            frontier.imported(channel, link, replace(made, body=b"<" + made.body))
        warc.export(ours, folder / "c.warc.gz")
    return first, second, folder / "c.warc.gz"


def quai(**changes: Any) -> Source:
    plain = Source(
        id="quai", name="Quai", homepage=f"{HERE}/", country="BE", organisation="ngo",
        languages=("fr",), category="social", evidence="A test.",
        feeds=(Address(url=f"{HERE}/feed", language="fr", grade="probed"),),
    )  # fmt: skip
    return replace(plain, **changes)


@pytest.fixture(scope="module")
def folder(archives: tuple[Path, ...], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a backfill of the archives leaves."""
    out = tmp_path_factory.mktemp("results")
    backfilled.write(out, *archives, sources=[quai()])
    return out


@pytest.fixture
def new(tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Makes private databases."""
    made: list[Database] = []

    def private() -> Database:
        made.append(database.private(tmp_path / f"{len(made)}.db"))
        return made[-1]

    yield private
    for db in made:
        db.close()


def load(db: Database, *paths: Path, **options: Any) -> Loaded:
    """As `tamis load`."""
    sources = options.pop("sources", [quai()])
    loaded = loading.load(Frontier(db), loading.find(paths).whole, sources, **options)
    read_all(db)
    store.settle(db)
    return loaded


def import_(db: Database, *paths: Path, sources: Sequence[Source] = ()) -> warc.Imported:
    """As `tamis import`."""
    imported = warc.load(Frontier(db), paths, sources or [quai()])
    read_all(db)
    store.settle(db)
    return imported


def tables(db: Database) -> dict[str, list[Any]]:
    """All that a database holds, but for times that SQLite itself has written."""
    rows = {table.name: list(table.rows) for table in db.tables}
    del rows["_sqlite_migrations"]
    for row in rows["replaced_texts"]:
        del row["replaced"]
    return {name: sorted(rows[name], key=repr) for name in rows}


def outcomes(db: Database) -> dict[str, tuple[str, str | None]]:
    rows = db.execute("SELECT url, outcome, reason FROM urls ORDER BY id")
    return {url.rpartition("/")[2]: (outcome, reason) for url, outcome, reason in rows.fetchall()}


def texts(db: Database) -> list[Any]:
    """Texts and what was removed from them, by the address of the article."""
    sql = (
        "SELECT a.url, a.words, a.language, t.text, (SELECT group_concat(line || rule || l.text)"
        " FROM (SELECT * FROM removed_lines ORDER BY article_id, line) AS l"
        " WHERE l.article_id = a.id) FROM articles a JOIN article_texts t ON t.article_id = a.id"
        " ORDER BY a.url"
    )
    return db.execute(sql).fetchall()


def headed(path: Path, **changes: str) -> None:
    """Change what a file of results says of itself."""
    head, *lines = results.read(path)
    results.write(path, [msgspec.structs.replace(head, **changes), *lines])


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    """The folder of results, to be spoilt."""
    made = tmp_path / "results"
    made.mkdir()
    for path in folder.iterdir():
        (made / path.name).write_bytes(path.read_bytes())
    return made


# The same database.


def test_a_loaded_backfill_is_the_same_database_as_an_import_of_its_archives(
    archives: tuple[Path, ...], folder: Path, new: Callable[[], Database]
) -> None:
    one, other = new(), new()
    imported, loaded = import_(one, *archives), load(other, folder)
    assert loaded.records == imported
    assert loaded.readings == 9  # all but the page that has a newer one
    expected, found = tables(one), tables(other)
    assert {name: found[name] for name in found if found[name] != expected[name]} == {}
    assert len(expected["articles"]) == 8
    assert outcomes(other)["bref"][0] == "too_short"
    assert any(row["articles"] for row in other.table("removed_lines").rows)


def test_loading_again_changes_nothing(folder: Path, new: Callable[[], Database]) -> None:
    db = new()
    before = load(db, folder)
    expected = tables(db)
    again = load(db, folder)
    assert (again.records.imported, again.records.there) == (0, before.records.imported)
    assert again.readings == 0
    assert tables(db) == expected


@pytest.mark.parametrize("count", [1, 4, 11, 17])
def test_a_load_that_was_ended_anywhere_is_run_again(
    count: int, folder: Path, new: Callable[[], Database]
) -> None:
    one, other = new(), new()
    load(one, folder)

    class KilledError(Exception):
        pass

    steps = itertools.count()

    def killed() -> bool:
        if next(steps) == count:
            raise KilledError
        return False

    with pytest.raises(KilledError):
        loading.load(Frontier(other), loading.find([folder]).whole, [quai()], stop=killed)
    stopped = loading.load(
        Frontier(other), loading.find([folder]).whole, [quai()], stop=lambda: True
    )
    assert not stopped.records.well
    load(other, folder)
    assert tables(other) == tables(one)


def test_pages_of_a_site_lose_what_it_repeats_however_they_are_spread_over_loads(
    archives: tuple[Path, ...], folder: Path, new: Callable[[], Database]
) -> None:
    whole = new()
    import_(whole, *archives)
    expected = texts(whole)
    assert not any(STANDING[0] in text for url, _, _, text, _ in expected if HERE in url)
    files = loading.find([folder]).whole
    together, apart = new(), new()
    load(together, *reversed(files))
    assert texts(together) == expected
    for path in (files[1], files[2], files[0]):
        load(apart, path)
    assert texts(apart) == expected


def test_a_newer_page_that_says_nothing_new_is_loaded_once(
    folder: Path, tmp_path: Path, new: Callable[[], Database]
) -> None:
    db = new()
    load(db, folder)
    same = written(tmp_path / "d.warc.gz", about("1", LITS, day=9))
    (path,) = backfilled.write(tmp_path / "out", same, sources=[quai()])
    assert load(db, path).records.imported == 1
    expected = tables(db)
    assert load(db, path).records.there == 1
    assert tables(db) == expected
    assert not expected["versions"]


# What is known here and was not there.


def test_a_page_that_a_feed_names_too_is_read_here_with_what_that_says(
    folder: Path, new: Callable[[], Database]
) -> None:
    db = new()
    frontier = Frontier(db)
    frontier.channels.sync([quai()], lambda source: [("feed", source.feeds[0])])
    (channel,) = frontier.channels.due([quai().feeds[0].url], now="9999")
    link = Link(url=f"{HERE}/1", authors=("Anne Petit",), published="2026-10-30")
    frontier.channels.harvested(channel, Harvest(links=(link,)))
    assert load(db, folder).readings == 8
    rows = {row["url"]: row["authors"] for row in db.table("articles").rows}
    assert rows[f"{HERE}/1"] == '["Anne Petit"]'


def test_pages_of_a_source_whose_record_has_changed_are_read_here(
    archives: tuple[Path, ...], folder: Path, new: Callable[[], Database]
) -> None:
    one, other = new(), new()
    changed = quai(languages=("nl", "fr"))
    import_(one, *archives, sources=[changed])
    assert load(other, folder, sources=[changed]).readings == 2  # of another, and of none
    assert texts(one) == texts(other)
    renamed = load(new(), folder, sources=[quai(id="berge")])
    assert renamed.readings == 5  # and of an export, which says whose they are


def test_a_newer_page_than_those_of_the_archives_stays_the_one_that_is_read(
    folder: Path, new: Callable[[], Database]
) -> None:
    db = new()
    frontier = Frontier(db)
    channel = frontier.channels.adopt(quai(), warc.KIND, f"{warc.KIND}:quai")
    html = about("1", LATER).partition(b"\r\n\r\n<")[2]
    newer = Page(
        url=f"{HERE}/1", fetched="2026-11-20T08:00:00Z", status=200, content_type="text/html",
        body=b"<" + html,
    )  # fmt: skip
    frontier.imported(channel, Link(url=newer.url), newer)
    assert load(db, folder).readings == 8
    assert any(LATER in text for url, _, _, text, _ in texts(db) if url == f"{HERE}/1")


def test_pages_of_no_known_source_can_be_left_out(
    folder: Path, new: Callable[[], Database]
) -> None:
    loaded = load(new(), folder, only_known=True)
    assert loaded.records.skipped["of no known source"] == 1


def test_a_page_that_could_not_be_read_is_in_the_ledger_with_the_reason(
    tmp_path: Path, new: Callable[[], Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a.warc.gz", about("raise", LITS), about("1", LITS))

    monkeypatch.setattr(picking, "take", misbehaving.take)
    backfilled.write(tmp_path / "out", path, sources=[quai()])
    db = new()
    load(db, tmp_path / "out")
    assert outcomes(db) == {
        "raise": ("failed", "RecursionError: too deep"), "1": ("stored", None),
    }  # fmt: skip


# Files of other versions, and files that are none.


def test_what_an_older_version_read_is_marked_so_and_read_again_when_asked(
    copy: Path, new: Callable[[], Database]
) -> None:
    db, older = new(), "tamis-1 trafilatura-1"
    headed(copy / "a.warc.gz.000000000000.jsonl.zst", enricher=older)
    load(db, copy)
    versions = "SELECT enricher = ?, count(*) FROM urls GROUP BY 1 ORDER BY 1"
    assert db.execute(versions, [older]).fetchall() == [(0, 5), (1, 4)]
    assert store.mark_stale(db, version()) == 4


def test_a_file_of_a_newer_version_is_refused_and_the_others_are_loaded(
    copy: Path, new: Callable[[], Database]
) -> None:
    db = new()
    headed(copy / "a.warc.gz.000000000000.jsonl.zst", enricher="tamis-999 x", tamis="9.9")
    (error,) = load(db, copy).records.errors
    assert "a.warc.gz.000000000000.jsonl.zst was made by Tamis 9.9" in error
    assert set(outcomes(db)) == set("34567")


def test_a_change_is_not_told_by_readings_of_two_versions(
    copy: Path, new: Callable[[], Database]
) -> None:
    db = new()
    load(db, copy / "a.warc.gz.000000000000.jsonl.zst")
    headed(copy / "b.warc.gz.000000000000.jsonl.zst", enricher="tamis-1 trafilatura-1")
    assert load(db, copy / "b.warc.gz.000000000000.jsonl.zst").readings == 1  # of what is new in it
    assert db.table("versions").count == 1


@pytest.mark.parametrize(
    ("harm", "why", "read"),
    [
        (lambda data: data[:-9], "cut off", "34567"),
        (lambda data: b"{}" + data, "line 0", "4567"),
        (lambda _: b"", "cut off", "4567"),
        (lambda _: zstandard.compress(b'{"id": 7}\n'), "line 1", "4567"),
    ],
    ids=["cut off", "not packed", "empty", "of another tool"],
)
def test_of_a_damaged_file_what_can_be_read_is_loaded_and_it_is_named(
    copy: Path,
    new: Callable[[], Database],
    harm: Callable[[bytes], bytes],
    why: str,
    read: str,
) -> None:
    db, spoilt = new(), copy / "a.warc.gz.000000000000.jsonl.zst"
    whole = spoilt.read_bytes()
    spoilt.write_bytes(harm(whole))
    (error,) = load(db, copy).records.errors
    assert str(spoilt) in error
    assert why in error
    assert set(read) <= set(outcomes(db))
    spoilt.write_bytes(whole)
    assert load(db, copy).records.well
    assert set("1234567") <= set(outcomes(db))


@pytest.mark.parametrize(
    ("change", "why"),
    [({"url": "javascript:alert(1)"}, "no web address"), ({"body": b"<p>"}, "body of http")],
    ids=["address", "body"],
)
def test_a_page_that_is_none_ends_its_file(
    change: dict[str, Any], why: str, folder: Path, tmp_path: Path, new: Callable[[], Database]
) -> None:
    head, first, second, *_, tail = results.read(folder / "a.warc.gz.000000000000.jsonl.zst")
    assert isinstance(second, Result)
    spoilt = msgspec.structs.replace(second, page=replace(second.page, **change))
    db, path = new(), tmp_path / "a.jsonl.zst"
    results.write(path, [head, first, spoilt, tail])
    loaded = load(db, path)
    assert why in loaded.records.errors[0]
    assert (loaded.readings, list(outcomes(db))) == (1, ["1"])


def test_what_the_backfill_left_out_and_what_was_damaged_is_told(
    archives: tuple[Path, ...], tmp_path: Path, new: Callable[[], Database]
) -> None:
    spoilt = tmp_path / "a.warc.gz"
    spoilt.write_bytes(archives[0].read_bytes() + b"#")
    (path,) = backfilled.write(tmp_path / "out", spoilt, sources=[quai()])
    loaded = load(new(), path)
    (error,) = loaded.records.errors
    assert f"{path}: {spoilt}: after 7 records: the gzip data is damaged" in error
    assert loaded.records.skipped == {"HTTP 404": 1, "request record": 1}
    assert loaded.records.records == 7


def test_a_folder_without_results_is_no_folder_of_results(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds no file of results \(\*\.jsonl\.zst\)"):
        loading.find([tmp_path])


def test_the_command_loads_a_folder_while_a_backfill_goes_on(copy: Path, tmp_path: Path) -> None:
    (copy / "d.warc.gz.000000000000.jsonl.zst.77.part").write_bytes(b"")
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "test.toml").write_text(record("quai", HERE, f"{HERE}/feed"))
    told = [
        "load", str(copy), "--sources", str(tmp_path / "sources"), "--db", str(tmp_path / "x.db"),
        "--workers", "1",
    ]  # fmt: skip
    done = warm.run(*told)
    assert done.stdout == (
        "16 records: 10 imported, 0 there already\n"
        "Skipped: metadata record 3, HTTP 404 1, request record 1, warcinfo record 1\n"
        "Read: 9 by the backfill, 0 here\n"
    )
    assert "1 files of a backfill that is at work" in done.stderr
    assert done.returncode == 0
    with database.alone(tmp_path / "x.db"):
        refused = warm.run(*told)
    assert refused.returncode == 1
    assert "another tamis is at work" in refused.stderr
