"""Archives read away from the database: the same results from anywhere, whatever happens."""

import json
import os
import re
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import misbehaving
import pytest
from warcs import HERE, WARCINFO, entry, http, page, written
from web import article

from crawler import (
    apart,
    archive,
    backfill,
    cluster,
    pages,
    parts,
    picking,
    progress,
    registry,
    results,
    warc,
    workers,
)
from crawler.captures import Capture, captures
from crawler.errors import ConfigError, TamisError
from crawler.parts import Job, Part
from crawler.picking import Asked
from crawler.progress import Progress
from crawler.results import Result, Tail
from enrich.annotate import version

DUTCH = (
    "De daklozenopvang aan de kaai gaat weer open, met veertig bedden voor gezinnen.",
    "De ploegen houden er elke ochtend een zitdag, behalve op zondag.",
)
LISTING = b"<html><body>" + b"".join(
    b"<p><a href='/%d'>Avis du jour %d</a></p>" % (n, n) for n in range(40)
)
HTML = "Content-Type: text/html; charset=utf-8"


@pytest.fixture(scope="module", autouse=True)
def _reader() -> Iterator[None]:
    """The process that reads is this thread's; it stays until the last test has ended."""
    yield
    apart.mine().close()


@pytest.fixture
def quai(tmp_path: Path) -> Path:
    """An archive with pages in two languages, on two hosts, and one that is no article."""
    dutch = article("De opvang aan de kaai gaat open", *DUTCH, language="nl")
    return written(
        tmp_path / "quai.warc.gz",
        entry("warcinfo", None, WARCINFO),
        page(f"{HERE}/1", "Le centre d'hébergement rouvre pour les sans-abri"),
        entry("request", f"{HERE}/1", b"GET /1 HTTP/1.1\r\n\r\n"),
        entry("response", "http://kaai.example.net/2", http(dutch, HTML)),
        entry("response", f"{HERE}/liste", http(LISTING, HTML)),
        entry("response", f"{HERE}/gone", http(b"", HTML, status="410 Gone")),
    )


@pytest.fixture
def job(tmp_path: Path) -> Job:
    made = Job(
        out=tmp_path / "out", asked=Asked(), sources=tuple(registry.load()), enricher=version()
    )
    backfill.prepare(made)
    return made


def whole(path: Path) -> Part:
    return Part(archive=path, start=0, end=path.stat().st_size)


def lines(job: Job, part: Part) -> list[Result]:
    return [one for one in results.read(job.out / part.name) if isinstance(one, Result)]


def files(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(out.iterdir())}


def outcomes(job: Job, part: Part) -> dict[str, tuple[str, str | None]]:
    return {
        each.page.url.removeprefix(HERE): (each.reading.outcome, each.reading.reason)
        for each in lines(job, part)
    }


def test_a_page_gives_what_an_import_would_read_of_it(quai: Path, job: Job) -> None:
    report = parts.read_part(whole(quai), job)
    with quai.open("rb") as file:
        taken = [each for each in captures(file) if isinstance(each, Capture)]
    sites = warc.Sites(job.sources)
    wanted = [pages.read(warc.unread(each, sites.of(each))) for each in taken]
    found = lines(job, whole(quai))
    assert [each.reading for each in found] == wanted
    assert [each.offset for each in found] == [each.offset for each in taken]
    assert report.tail == Tail(
        records=6, results=3,
        skipped={"HTTP 410": 1, "request record": 1, "warcinfo record": 1},
    )  # fmt: skip


def test_parts_of_an_archive_give_together_what_the_whole_gives(quai: Path, job: Job) -> None:
    size = quai.stat().st_size
    reports, found = [], []
    for start, end in pairwise([0, size // 3, size // 3 + 1, size * 2 // 3, size]):
        part = Part(archive=quai, start=start, end=end)
        reports.append(parts.read_part(part, job))
        found += lines(job, part)
    assert sum(each.tail.records for each in reports) == 6
    assert [each.tail.error for each in reports] == [""] * 4
    other = replace(job, out=job.out.parent / "other")
    backfill.prepare(other)
    parts.read_part(whole(quai), other)
    assert found == lines(other, whole(quai))


@pytest.mark.parametrize(
    ("asked", "taken", "skipped"),
    [
        pytest.param({"languages": ("nl",)}, ["/2"],
                     {"another language, by its title": 1, "not_an_article": 1}, id="language"),
        pytest.param({"languages": ("fr", "nl")}, ["/1", "/2"], {"not_an_article": 1}, id="both"),
        pytest.param({"themes": ("homelessness",)}, ["/1", "/2"],
                     {"not_an_article": 1}, id="theme"),
        pytest.param({"themes": ("fair-trade",)}, [],
                     {"another theme": 2, "not_an_article": 1}, id="another theme"),
        pytest.param({"hosts": frozenset({"example.net"})}, ["/2"], {"another host": 2}, id="host"),
    ],
)  # fmt: skip
def test_only_what_is_asked_for_is_kept_and_the_rest_is_counted(
    quai: Path, job: Job, asked: dict[str, Any], taken: list[str], skipped: dict[str, int]
) -> None:
    picky = replace(job, out=job.out / "picky", asked=Asked(**asked))
    backfill.prepare(picky)
    tail = parts.read_part(whole(quai), picky).tail
    assert [each.page.url[-2:] for each in lines(picky, whole(quai))] == taken
    records = {"HTTP 410": 1, "request record": 1, "warcinfo record": 1}
    assert tail.skipped == {**records, **skipped}


@pytest.mark.parametrize(
    ("body", "language", "may"),
    [
        pytest.param(article("Le centre rouvre ses portes cet hiver", ""), "nl", False, id="sure"),
        pytest.param(article("Le centre rouvre ses portes cet hiver", ""), "fr", True, id="asked"),
        pytest.param(article("Fedasil", "", language="nl"), "nl", True, id="claimed"),
        pytest.param(article("Fedasil", "").replace(b' lang="fr"', b""), "nl", True, id="unsure"),
        pytest.param(b"<p>Sans titre", "nl", True, id="no title"),
        pytest.param(b"", "nl", True, id="empty"),
    ],
)
def test_a_page_is_left_out_by_its_title_only_where_that_is_sure(
    body: bytes, language: str, *, may: bool
) -> None:
    assert picking.may_be_in(body, "text/html", (language,)) is may


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(((), ("poverti",), ""), "'poverti' is no theme", id="theme"),
        pytest.param((("french",), (), ""), "'french' is no language", id="language"),
        pytest.param(((), (), "quai"), "'quai' is no host", id="host"),
    ],
)
def test_what_cannot_be_asked_for_is_said(arguments: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        picking.asked(*arguments)


def test_a_list_of_hosts_may_have_addresses_and_names_in_any_spelling() -> None:
    found = picking.asked((), (), "https://www.Quai.example.org/x\n\n café.example.org\n")
    assert found.hosts == {"quai.example.org", "xn--caf-dma.example.org"}
    assert picking.on_host("http://blog.quai.example.org/1", found)
    assert not picking.on_host("http://quai.example.com/1", found)


@pytest.mark.slow
def test_a_page_that_hangs_crashes_or_eats_memory_costs_only_itself(
    tmp_path: Path, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picking, "take", misbehaving.take)
    monkeypatch.setattr(workers, "SECONDS_A_PAGE", 3)
    names = ("a", "hang", "b", "crash", "c", "eat", "d", "raise", "odd", "e")
    path = written(tmp_path / "bad.warc.gz", *(page(f"{HERE}/{n}", "Le centre") for n in names))
    parts.read_part(whole(path), job)
    found = outcomes(job, whole(path))
    assert {name for name, (outcome, _) in found.items() if outcome == "stored"} == {
        "/a", "/b", "/c", "/d", "/e",
    }  # fmt: skip
    why = {name: reason or "" for name, (outcome, reason) in found.items() if outcome == "failed"}
    assert why["/hang"] == "reading took over 3 s"
    assert "the process that read it ended, 2 times" in why["/crash"]
    assert why["/eat"].startswith("MemoryError")
    assert why["/raise"] == "RecursionError: too deep"
    assert why["/odd"] == "RuntimeError: Odd: 1 and 2"
    assert all(archive.unpack(each.page.body) for each in lines(job, whole(path)))


@pytest.mark.slow
def test_the_process_that_reads_is_replaced_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PAGES_A_WORKER", 2)
    one = apart.Apart()
    pids = [one.ask(misbehaving.origin, 0)[0] for _ in range(3)]
    assert pids[0] == pids[1] != pids[2]
    assert one.close() == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pids[0], 0)


def test_a_log_says_how_fast_a_backfill_is_and_how_long_it_will_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(progress, "LOG_SECONDS", 0)
    out = StringIO()
    with Progress("bytes", out=out, steady=True) as told:
        told.expect("bytes", 3_000)
        told.advance("bytes", 1_000)
    last = out.getvalue().splitlines()[-1]
    assert re.fullmatch(r"bytes 1,000 of 3,000, [\d,]+ a second, 0:00:00 left", last)


def test_what_is_done_is_not_done_again_and_what_is_damaged_is(quai: Path, job: Job) -> None:
    part = whole(quai)
    assert not parts.read_part(part, job).there
    before = files(job.out)
    written_at = (job.out / part.name).stat().st_mtime_ns
    assert parts.read_part(part, job).there
    assert (job.out / part.name).stat().st_mtime_ns == written_at
    (job.out / part.name).write_bytes(before[part.name][:-20])
    assert not parts.read_part(part, job).there
    assert files(job.out) == before


def test_a_run_sums_up_its_parts_and_says_which_archives_were_damaged(
    quai: Path, tmp_path: Path, job: Job
) -> None:
    cut = tmp_path / "cut.warc.gz"
    cut.write_bytes(quai.read_bytes()[:-30])
    found, errors = backfill.plan([quai, cut, tmp_path / "none.warc.gz", quai])
    assert [part.archive.name for part in found] == ["quai.warc.gz", "cut.warc.gz"]
    with Progress("bytes", steady=True) as told:
        summary = backfill.run(job, found, Here(job), errors=errors, progress=told)
    assert (summary.parts, summary.done, summary.there) == (2, 2, 0)
    assert (summary.records, summary.results) == (11, 6)
    assert told.done == told.totals == {"bytes": quai.stat().st_size * 2 - 30}
    missing, damaged = summary.errors
    assert "none.warc.gz cannot be read: No such file" in missing
    assert "cut.warc.gz: after 5 records: the file is cut off" in damaged
    assert not summary.well
    again = backfill.run(job, found, Here(job))
    assert again.there == 2
    assert len(again.errors) == 1


class Here:
    """Reads parts in this process, when they are submitted."""

    def __init__(self, job: Job, *, failing: int = 0) -> None:
        self.job, self.failing = job, failing

    def submit(self, part: Part) -> "Future[parts.Report]":
        future: Future[parts.Report] = Future()
        self.failing -= 1
        if self.failing >= 0:
            future.set_exception(OSError("stale file handle"))
            return future
        try:
            future.set_result(parts.read_part(part, self.job))
        except TamisError as error:
            future.set_exception(error)
        return future

    def room(self) -> int:
        return 1


@pytest.mark.parametrize(("failing", "done"), [(backfill.TRIES - 1, 1), (backfill.TRIES, 0)])
def test_a_part_that_fails_is_tried_again_and_then_named(
    quai: Path, job: Job, failing: int, done: int
) -> None:
    summary = backfill.run(job, [whole(quai)], Here(job, failing=failing))
    assert (summary.done, summary.well) == (done, bool(done))
    assert [error.endswith("OSError: stale file handle") for error in summary.errors] == [True] * (
        1 - done
    )


def test_two_archives_of_one_name_are_refused(quai: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    twin = written(tmp_path / "other" / quai.name, b"")
    with pytest.raises(ConfigError, match=r"other/quai\.warc\.gz have one name"):
        backfill.plan([quai, twin])


def test_a_folder_holds_results_of_one_kind(job: Job) -> None:
    for other in (
        replace(job, asked=Asked(languages=("fr",))),
        replace(job, enricher="of tomorrow"),
    ):
        with pytest.raises(ConfigError, match="holds results of another kind") as caught:
            backfill.prepare(other)
        assert json.dumps(job.note()) in str(caught.value)
        assert json.dumps(other.note()) in str(caught.value)


def test_a_machine_with_another_version_or_another_disk_reads_nothing(
    quai: Path, job: Job, tmp_path: Path
) -> None:
    with pytest.raises(TamisError, match="not as of tomorrow: install the same Tamis"):
        backfill.run(job, [whole(quai)], Here(replace(job, enricher="of tomorrow")))
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(TamisError, match="a file system that all machines share"):
        backfill.run(job, [whole(quai)], Here(replace(job, out=tmp_path / "elsewhere")))


def test_without_dask_or_a_scheduler_that_answers_it_says_so(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setitem(sys.modules, "distributed", None)
        with pytest.raises(ConfigError, match=r"pip install 'tamis\[cluster\]'"):
            cluster.cluster(job, "tcp://127.0.0.1:1").__enter__()
