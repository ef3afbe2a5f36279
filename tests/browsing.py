"""The site for tests in a real browser: one server and one Chromium for all tests of a file."""

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from published_fixture import add, article, index_all, make_news

ROOT = Path(__file__).parent.parent
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without sandbox, since containers forbid it; without anything that would call home.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
BULLETINS = 30  # more articles, older than all others: two pages, and more months than are listed

Look = Callable[[Page, str], None]


def make_site(path: Path) -> Path:
    """The dozen articles and some bulletins."""
    make_news(path)
    with closing(sqlite3.connect(path)) as conn, conn:
        for n in range(BULLETINS):
            day = f"20{10 + n // 12}-{n % 12 + 1:02}-15"
            text = f"The ferry of Riverton sailed on {n + 1} days, whatever the weather."
            add(conn, article((100 + n, "lantern", "en", day, f"Ferry bulletin {n}", text)), text)
        conn.execute("INSERT OR IGNORE INTO article_texts SELECT id, title FROM articles")
        index_all(conn)
        conn.execute("DELETE FROM article_texts WHERE article_id <> 1")
    return path


@pytest.fixture(name="address", scope="module")
def address_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    db = make_site(tmp_path_factory.mktemp("site") / "news.db")
    code = "import sys, pathlib, crawler.serving as s; s.serve(pathlib.Path(sys.argv[1]), port=0)"
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", code, str(db)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout
        found = re.search(r"http://[\d.]+:\d+", process.stdout.readline())
        assert found
        yield found[0]
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.fixture(name="browser", scope="module")
def browser_() -> Iterator[Browser]:
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        if os.environ.get("TAMIS_NO_BROWSER"):
            pytest.skip("TAMIS_NO_BROWSER is set")
        pytest.fail(
            "no Chromium found: install it (apt-get install chromium, or brew install chromium), "
            "or set TAMIS_NO_BROWSER=1 to go without this test"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(name="look", scope="module")
def look_(tmp_path_factory: pytest.TempPathFactory) -> Look:
    """Keeps what a page looks like, for a person to see: in $TAMIS_SCREENSHOTS, if that is set."""
    folder = Path(os.environ.get("TAMIS_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)

    def keep(page: Page, name: str) -> None:
        page.screenshot(path=folder / f"{name}.png", full_page=True)

    return keep
