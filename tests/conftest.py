from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils import Database
from web import Web

from crawler import database
from crawler.items import Address, Source


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
