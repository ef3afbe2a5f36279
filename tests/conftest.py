import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import warm
from hypothesis import HealthCheck, settings
from reading import read_all
from sqlite_utils import Database
from web import Crawl, Web, record

from crawler import database, store
from crawler.items import Address, Source

# How fast inputs are drawn and tried depends on what else the machine does: no matter of ours.
settings.register_profile(
    "tamis", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip
settings.load_profile("tamis")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no process is left with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as running:
        yield running


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    """A private database, migrated and empty."""
    opened = database.private(tmp_path / "tamis.db")
    yield opened
    opened.close()


@pytest.fixture
def source() -> Source:
    """The plainest source there can be."""
    return Source(
        id="quai",
        name="Le Quai",
        homepage="http://quai.example.org/",
        country="BE",
        organisation="ngo",
        languages=("fr",),
        category="social",
        feeds=(Address(url="http://quai.example.org/feed/", language="fr", grade="probed"),),
    )


@pytest.fixture
def crawl(web: Web, tmp_path: Path) -> Crawl:
    """Runs `tamis crawl` on the feed at /feed; further arguments are its own.

    Pages are read afterwards and here, unless told `--no-enrich`: a process that reads takes a
    second to start.
    """
    sources, path = tmp_path / "sources", tmp_path / "tamis.db"
    sources.mkdir()
    (sources / "test.toml").write_text(record("quai", web.url, f"{web.url}/feed"), encoding="utf-8")

    def run(*arguments: str, loopback: bool = True) -> subprocess.CompletedProcess[str]:
        options = ["--sources", str(sources), "--db", str(path), "--delay", "0", "--no-enrich"]
        ran = warm.run("crawl", *options, *(["--loopback"] if loopback else []), *arguments)
        if "--no-enrich" not in arguments:
            with closing(database.private(path)) as opened:
                read_all(opened)
                store.settle(opened)
        return ran

    return run


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Callable[[], Database]]:
    """Opens the private database that the crawl has written."""
    opened: list[Database] = []

    def read() -> Database:
        opened.append(Database(tmp_path / "tamis.db"))
        return opened[-1]

    yield read
    for db in opened:
        db.close()
