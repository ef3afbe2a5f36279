"""Databases of several machines are joined into one: in any order, nothing lost, nothing twice."""

import os
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from machines import Machine, a_page, a_source, collected, shown
from reading import read_all
from sqlite_utils import Database

from crawler import database, forget, schema, store, takedowns
from crawler.cli import main
from crawler.errors import ConfigError
from crawler.merging import merge
from crawler.merging.timelines import State, Step, joined
from crawler.progress import Progress
from crawler.retention import Retention, prune

QUAI, PHARE, TOUR = (a_source(name) for name in ("quai", "phare", "tour"))
ALL = (QUAI, PHARE, TOUR)
MON, TUE, WED, THU = (f"2026-11-{day}T06:00:00+00:00" for day in (16, 17, 18, 19))
SHARED = "http://guichet.test/partout"
FOOTER = "Lire aussi : la lettre du quartier paraît chaque vendredi, abonnez-vous au guichet."

Collected = dict[str, list[tuple[Any, ...]]]


def pages_of(name: str, *numbers: int) -> dict[str, bytes | None]:
    return {f"http://{name}.test/{number}": a_page(number, FOOTER) for number in numbers}


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patched:
        yield patched


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> list[Path]:
    """Three machines over some days, with an address that all three know, each in another state."""
    folder = tmp_path_factory.mktemp("shards")
    first, second, third = (
        Machine(folder / f"{source.id}.db", [source], patch, registry=ALL) for source in ALL
    )
    first.crawl(MON, {"quai": {**pages_of("quai", 1, 2, 3), SHARED: a_page(70)}})
    second.crawl(TUE, {"phare": {**pages_of("phare", 2, 4), SHARED: a_page(70, "On y danse.")}})
    third.crawl(WED, {"tour": {**pages_of("tour", 5, 6), SHARED: None}})
    first.crawl(THU, {"quai": {
        **pages_of("quai", 7, 8), "http://quai.test/1": a_page(1, FOOTER, "Complet depuis lundi."),
    }})  # fmt: skip
    third.crawl(THU, {"tour": pages_of("tour", 9)}, read=False)
    with closing(database.private(first.path)) as db:  # other tables of a day
        day = {"day": "2026-11-16", "blocks": "{}", "languages": "{}", "others": "{}"}
        counts = dict.fromkeys(
            ("failed", "temporary", "soft", "hard", "read", "stored", "words", "dated", "signed"), 0
        )
        db.table("measures").insert({"source": "quai", "visits": 2, "found": 4, **day, **counts})
        db.table("blocks").insert(
            {"source": "quai", "line": FOOTER, "first": "2026-11-16", "last": "2026-11-19"}
        )
        db.table("runs").insert({"started": MON, "ended": TUE, "status": "done"})
        db.table("alarms").insert(
            {"kind": "silence", "source": "quai", "about": "", "since": "2026-11-16",
             "raised": "2026-11-17", "told": TUE, "evidence": "{}", "sentence": "Silence."}
        )  # fmt: skip
        db.table("hosts").insert({"host": "quai.test", "robots_checked": TUE, "robots_status": 404})
    return [first.path, second.path, third.path]


@pytest.fixture(scope="module")
def whole(shards: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("whole") / "whole.db"
    merge(shards, into)
    return into


@pytest.mark.parametrize("order", list(permutations(range(3)))[1:], ids=str)
def test_in_any_order_and_one_by_one_the_result_is_the_same(
    order: tuple[int, ...], shards: list[Path], whole: Path, tmp_path: Path
) -> None:
    into = tmp_path / "one-by-one.db"
    for number in order:
        merge([shards[number]], into)
    assert collected(into) == collected(whole)


def test_what_is_published_is_the_same_to_the_number(
    shards: list[Path], whole: Path, tmp_path: Path
) -> None:
    renamed = [tmp_path / f"{9 - number}.db" for number in range(3)]
    for path, name in zip(shards, renamed, strict=True):
        shutil.copy(path, name)
    merge(renamed, tmp_path / "other.db")
    there = shown(tmp_path / "other.db", tmp_path)
    assert there == shown(whole, tmp_path)
    assert [len(there[name]) for name in ("articles", "runs", "alarms")] == [10, 1, 1]


def test_merging_again_changes_nothing(shards: list[Path], whole: Path) -> None:
    before = whole.read_bytes()
    merged = merge(shards, whole)
    assert (merged.new, merged.changed, merged.erased) == (0, 0, 0)
    assert whole.read_bytes()[100:] == before[100:]  # but for SQLite's own counter of commits


def test_inputs_are_only_read(shards: list[Path], tmp_path: Path) -> None:
    before = [path.read_bytes() for path in shards]
    merge(shards, tmp_path / "c.db")
    assert [path.read_bytes() for path in shards] == before


def test_an_article_of_two_is_the_newest_page_with_what_was_said_before(whole: Path) -> None:
    with closing(database.private(whole, create=False)) as db:
        (found,) = db.query(
            "SELECT fetched, articles.updated, urls.outcome, gone, urls.source, article_texts.text"
            " FROM articles JOIN urls ON urls.id = url_id JOIN article_texts"
            " ON article_id = articles.id WHERE urls.url = ?",
            [SHARED],
        )
        (version_of,) = db.query(
            "SELECT number, seen, diff FROM versions JOIN articles ON articles.id = article_id"
            " JOIN urls ON urls.id = url_id WHERE urls.url = ?",
            [SHARED],
        )
    assert "On y danse" in found.pop("text")
    assert found == {
        "fetched": "2026-11-16T06:00:00Z", "updated": "2026-11-17T06:00:00Z", "outcome": "stored",
        "gone": "2026-11-18T06:00:00Z", "source": "phare",
    }  # fmt: skip
    assert (version_of["number"], version_of["seen"]) == (1, "2026-11-17T06:00:00Z")
    assert "On y danse" in version_of["diff"]


def test_the_counts_reconcile(shards: list[Path], tmp_path: Path) -> None:
    merged = merge(shards, tmp_path / "c.db")
    with closing(database.private(tmp_path / "c.db")) as db:
        assert sum(each.new for each in merged.addresses.values()) == db.table("urls").count == 11
        assert sum(each.new for each in merged.articles.values()) == merged.total == 10
    for path in shards:
        with closing(Database(path)) as db:
            for table, taken in (
                ("urls", merged.addresses[path]), ("articles", merged.articles[path]),
            ):  # fmt: skip
                assert taken.new + taken.known + taken.forgotten == db.table(table).count
    assert merged.unread == 1
    assert "quai.db: addresses 6 (5 new, 1 known, 0 forgotten)" in str(merged)
    assert "1 pages are to be read" in str(merged)


def test_numbers_that_are_there_stay_and_new_ones_come_after(
    shards: list[Path], tmp_path: Path
) -> None:
    into = tmp_path / "c.db"
    merge(shards[2:], into)
    numbers = "SELECT urls.url, articles.id FROM articles JOIN urls ON urls.id = url_id"
    with closing(Database(into)) as db:
        before = dict(db.execute(numbers).fetchall())
    merge(shards, into)
    with closing(Database(into)) as db:
        after = dict(db.execute(numbers).fetchall())
        arrived = db.execute(
            "SELECT fetched FROM articles WHERE id > ? ORDER BY id", [max(before.values())]
        ).fetchall()
    assert before.items() <= after.items()
    assert len(arrived) == 8
    assert arrived == sorted(arrived)


def test_what_a_site_repeats_is_learnt_from_all_of_its_articles(
    tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    """Each machine has seen too few pages to know; a source that moved was crawled by both."""
    one, two, both = (Machine(tmp_path / f"{name}.db", [QUAI], patch) for name in "abc")
    numbers = range(1, 13)
    for machine, some in ((one, numbers[:6]), (two, numbers[6:]), (both, numbers)):
        machine.crawl(MON, {"quai": pages_of("quai", *some)})
    merge([one.path, two.path], tmp_path / "m.db")
    assert collected(tmp_path / "m.db") == collected(both.path)
    with closing(Database(tmp_path / "m.db")) as db:
        assert db.execute("SELECT count(*) FROM article_texts WHERE instr(text, ?)", [FOOTER]
                          ).fetchone() == (0,)  # fmt: skip


def test_a_hint_of_another_machine_has_the_page_read_again(
    tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    """The one that names it on its own site is the better, as it is in one crawl."""
    url = "http://quai.test/1"
    own, other = (Machine(tmp_path / f"{each.id}.db", [each], patch) for each in (QUAI, PHARE))
    other.crawl(MON, {"phare": {url: a_page(1)}})
    own.crawl(TUE, {"quai": {url: None}})
    merged = merge([own.path, other.path], tmp_path / "c.db")
    assert merged.unread == 1
    with closing(database.private(tmp_path / "c.db")) as db:
        read_all(db)
        assert db.execute("SELECT source FROM articles").fetchall() == [("quai",)]


def test_what_an_older_version_read_is_read_again(shards: list[Path], tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    shutil.copy(shards[1], old)
    with closing(Database(old)) as db, db.conn:
        db.execute("UPDATE urls SET enricher = 'v0' WHERE enricher IS NOT NULL")
    assert merge([old], tmp_path / "c.db").unread == 3
    # One that this version has read is there: no need.
    for order in ([old, shards[1]], [shards[1], old]):
        into = tmp_path / f"{order[0].stem}-first.db"
        for path in order:
            merged = merge([path], into)
        with closing(Database(into)) as db:
            found = {row[0] for row in db.execute("SELECT enricher FROM urls")}
        assert len(found) == 1
        assert merged.unread in (0, 3)


# --- Take-downs and retention --------------------------------------------------------------------


TOGETHER, FIRST, LAST = "together", "it comes first", "it comes last"


@pytest.mark.parametrize(
    ("kind", "name", "order"),
    [
        ("url", SHARED, TOGETHER), ("url", SHARED, FIRST), ("url", SHARED, LAST),
        ("host", "quai.test", TOGETHER), ("author", "Ada Quai", TOGETHER),
    ],
)  # fmt: skip
def test_what_one_has_taken_down_is_erased_from_all(
    kind: str, name: str, order: str, tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    body = a_page(3).replace(b"<title>", b'<meta name="author" content="Ada Quai"><title>')
    named = {SHARED: a_page(70), "http://quai.test/1": a_page(1), "http://quai.test/3": body}
    one, two = (Machine(tmp_path / f"{each.id}.db", [each], patch) for each in (QUAI, PHARE))
    one.crawl(MON, {"quai": named})
    two.crawl(TUE, {"phare": named})
    places = forget.Places(private=one.path, records=tmp_path / "records")
    wanted = takedowns.Wanted(kind=kind, name=name, reason="privacy")
    assert forget.forget(places, wanted).well
    into = tmp_path / "c.db"
    paths = {TOGETHER: [[one.path, two.path]], FIRST: [[one.path], [two.path]],
             LAST: [[two.path], [one.path]]}[order]  # fmt: skip
    for each in paths:
        merged = merge(each, into)
    left = {"url": 2, "host": 1, "author": 2}[kind]
    with closing(Database(into)) as db:
        forgotten = db.execute("SELECT count(*) FROM urls WHERE outcome = 'forgotten'").fetchone()
        assert (forgotten, db.table("urls").count) == ((3 - left,), 3)
        assert db.table("articles").count == left
        gone = SHARED if kind == "url" else "http://quai.test/3"
        assert not list(db.query("SELECT 1 FROM pages WHERE url = ?", [gone]))
    assert merged.erased == (3 - left if order == LAST else 0)
    taken = merged.addresses.get(two.path)
    assert taken is None or taken.forgotten == (0 if order == LAST else 3 - left)
    again = merge([one.path, two.path], into)
    assert (again.new, again.erased) == (0, 0)


@pytest.mark.parametrize("days", [{"text": 1}, {"metadata": 1}], ids=str)
def test_what_one_has_let_go_of_for_its_age_does_not_come_back(
    days: dict[str, int], tmp_path: Path, patch: pytest.MonkeyPatch
) -> None:
    one, two = (Machine(tmp_path / f"{each.id}.db", [each], patch) for each in (QUAI, PHARE))
    one.crawl(MON, {"quai": {SHARED: a_page(70)}})
    two.crawl(TUE, {"phare": {SHARED: a_page(70)}})
    one.at(WED)
    with closing(database.private(one.path)) as db:
        prune(db, Retention(**days))
    for number, order in enumerate(permutations((one.path, two.path))):
        for path in order:
            merge([path], tmp_path / f"{number}.db")
    first, second = collected(tmp_path / "0.db"), collected(tmp_path / "1.db")
    assert first == second
    with closing(Database(tmp_path / "0.db")) as db:
        texts = [row[0] for row in db.execute("SELECT text FROM article_texts")]
        assert texts == ([""] if "text" in days else [])
        assert not any(row[0] for row in db.execute("SELECT body FROM pages"))
    assert first[next(iter(first))][0][4] == ("stored" if "text" in days else "expired")


# --- Nothing half, and what is refused -----------------------------------------------------------


class _Killing(Progress):
    """Ends its process in the middle of the work."""

    def advance(self, name: str, by: int = 1) -> None:
        super().advance(name, by)
        if self.done[name] > 15:
            os.kill(os.getpid(), signal.SIGKILL)


def _settle_not(_: Database) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def _killed(work: Callable[[], object]) -> None:
    """Do it in a process of its own, which must be killed."""
    child = os.fork()
    if not child:
        work()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_a_kill_in_the_middle_leaves_nothing_of_the_merge(
    shards: list[Path], whole: Path, tmp_path: Path
) -> None:
    into = tmp_path / "c.db"
    merge(shards[:1], into)
    before = collected(into)
    _killed(lambda: merge(shards, into, progress=_Killing("merged")))
    assert collected(into) == before
    merge(shards, into)
    assert collected(into) == collected(whole)


def test_a_kill_before_all_is_settled_is_made_up_for(
    shards: list[Path], whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    into = tmp_path / "c.db"
    with monkeypatch.context() as patched:
        patched.setattr(store, "settle", _settle_not)
        _killed(lambda: merge(shards, into))
    ran = CliRunner().invoke(main, ["merge", *map(str, shards), "--into", str(into)])
    assert ran.exit_code == 0, ran.output
    assert f"{into}: 10 articles, 0 new, 0 changed, 0 erased" in ran.output.splitlines()
    assert collected(into) == collected(whole)


def _missing(path: Path) -> None:
    path.unlink()


def _text(path: Path) -> None:
    path.write_text("Ceci est une liste de courses, et pas une base de données. " * 90)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE courses (pain TEXT)")


def _newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("UPDATE _sqlite_migrations SET name = 'm999_demain' WHERE name LIKE 'm002%'")


def _older(path: Path) -> None:
    path.unlink()
    with closing(Database(path)) as db:
        schema.private.apply(db, stop_before="m016_forgetting")


REFUSED: list[tuple[Callable[[Path], None], str]] = [
    (_missing, "does not exist"), (_text, "is no private database of Tamis"),
    (_empty, "is empty"), (_foreign, "has a table 'courses'"), (_newer, "made by a newer Tamis"),
    (_older, "made by an older Tamis, and is not changed by a merge"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "why"), REFUSED)
def test_what_cannot_be_merged_is_named_and_nothing_is_merged(
    spoil: Callable[[Path], None], why: str, shards: list[Path], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.db"
    shutil.copy(shards[1], bad)
    spoil(bad)
    with pytest.raises(ConfigError, match=why) as told:
        merge([shards[0], bad], tmp_path / "c.db")
    assert "bad.db" in str(told.value)
    with closing(Database(tmp_path / "c.db")) as db:
        assert db.table("urls").count == 0


def test_names_that_make_no_sense_are_refused(shards: list[Path], whole: Path) -> None:
    with pytest.raises(ConfigError, match="is what the others are merged into"):
        merge([shards[0], whole], whole)
    with pytest.raises(ConfigError, match="named twice"):
        merge([shards[0], shards[0]], whole)
    with pytest.raises(ConfigError, match="11 databases are more than 10 at a time"):
        merge([Path(f"{number}.db") for number in range(11)], whole)


def test_a_database_at_work_is_refused(shards: list[Path], tmp_path: Path) -> None:
    with closing(sqlite3.connect(f"{shards[0]}.lock", isolation_level=None)) as lock:
        lock.execute("BEGIN EXCLUSIVE")
        with pytest.raises(ConfigError, match=r"another tamis is at work on .*quai\.db"):
            merge(shards, tmp_path / "c.db")


# Tables that a merge leaves alone, or that follow from others (crawler.store.settle, triggers).
OWN = {"changes", "snapshots", "replaced_texts", "erasures", "shard"}
FOLLOWING = {"sketches", "sketched", "pairs", "duplicates", "signatures", "story_days", "stories"}
TAKEN = {
    "sources", "channels", "urls", "discoveries", "pages", "notices", "articles", "article_texts",
    "sieved", "removed_lines", "versions", "hosts", "probes", "visits", "measures", "blocks",
    "alarms", "runs", "tombstones",
}  # fmt: skip


def test_every_table_is_taken_in_or_has_a_reason_not_to_be(db: Database) -> None:
    tables = {name for name in db.table_names() if not name.startswith(("sqlite_", "_sqlite"))}
    assert tables == OWN | FOLLOWING | TAKEN


# --- Two timelines -------------------------------------------------------------------------------


def state(day: int, text: str, *, ours: bool = True, until: int | None = None) -> State:
    step = Step(seen=f"day {until}", added=1, removed=1, diff="kept") if until else None
    return State(fetched=f"day {day}", page=day, title="Un avis", text=text, ours=ours, step=step)


HERE, THERE = "Le guichet ouvre lundi.", "Le guichet ferme en août, faute de bras."
OURS, THEIRS = True, False
TIMELINES: list[tuple[str, list[State], tuple[int, bool], list[tuple[int, str]]]] = [
    ("the newest wins", [state(1, HERE), state(2, THERE, ours=False)],
     (2, THEIRS), [(1, "day 2")]),
    ("what says the same is no version", [state(1, HERE), state(2, HERE, ours=False)],
     (2, THEIRS), []),
    ("the older comes before", [state(3, HERE), state(1, THERE, ours=False)],
     (3, OURS), [(1, "day 3")]),
    ("a later state of the same", [state(1, HERE), state(1, HERE, ours=False, until=2),
     state(2, THERE, ours=False)], (2, THEIRS), [(1, "day 2")]),
    ("an earlier state of the same", [state(1, HERE, until=2), state(2, THERE),
     state(1, HERE, ours=False)], (2, OURS), [(1, "day 2")]),
    ("one between", [state(1, HERE, until=4), state(4, HERE + " Enfin."),
     state(2, THERE, ours=False)], (4, OURS), [(1, "day 2"), (2, "day 4")]),
    ("one that says nothing new between", [state(1, HERE, until=4), state(4, THERE),
     state(2, HERE, ours=False)], (4, OURS), [(1, "day 4")]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "states", "current", "versions"), TIMELINES, ids=[case[0] for case in TIMELINES]
)
def test_two_timelines_are_one(
    told: str, states: list[State], current: tuple[int, bool], versions: list[tuple[int, str]]
) -> None:
    for order in permutations(states):
        line = joined(order)
        assert (line.current.page, line.current.ours) == current, told
        assert [(each.page, step.seen) for each, step in line.versions] == versions


def test_of_two_readings_of_a_page_that_of_this_version_holds() -> None:
    early, late = (
        State(fetched="day 1", page=1, title="Un avis", text=text, ours=ours, tie=(current, "hash"))
        for text, ours, current in ((HERE, True, False), (THERE, False, True))
    )
    assert joined([early, late]).current == joined([late, early]).current == late
