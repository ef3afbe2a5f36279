"""The site in a real browser: as a reader walks through it, on a desk and on a telephone."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright
from published_fixture import make_news

pytestmark = pytest.mark.slow

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


@pytest.fixture(name="address", scope="module")
def _address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    db = make_news(tmp_path_factory.mktemp("site") / "news.db")
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
def _browser() -> Iterator[Browser]:
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


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)], ids=["desk", "telephone"])
def test_a_reader_searches_narrows_reads_and_subscribes(
    browser: Browser, address: str, width: int, height: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": height})
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))

    def fits() -> bool:
        return bool(page.evaluate("document.documentElement.scrollWidth <= innerWidth"))

    page.goto(address)
    assert fits()
    page.get_by_role("searchbox", name="Words").fill("l'aide")
    page.get_by_role("button", name="Search").click()
    assert page.locator("article.entry").count() == 2
    page.locator("#filters").get_by_role("link", name=re.compile("French")).click()
    assert page.get_by_role("link", name="Remove Language: French").count() == 1
    assert fits()
    page.get_by_role("link", name="Remove Words").click()

    page.get_by_role("link", name="Le quai ouvre une halte de nuit").click()
    assert page.locator("h1").inner_text() == "Le quai ouvre une halte de nuit"
    assert page.locator("h1").get_attribute("lang") == "fr"
    assert fits()
    page.go_back()

    feed = page.get_by_role("link", name="Subscribe: Atom").get_attribute("href")
    answer = page.request.get(f"{address}{feed}")
    assert answer.headers["content-type"].startswith("application/atom+xml")

    for path in ("/article/4", "/article/7", "/article/8", "/no-such-page"):
        page.goto(f"{address}{path}")
        assert fits()
    # Chromium itself reports a page that is not there; nothing else may complain.
    assert [told for told in complaints if "404" not in told] == []
    page.close()


def test_no_line_begins_with_the_dot_that_parts_two_facts(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    dots = "[...document.querySelectorAll('.meta > *')].map(e => getComputedStyle(e, '{}').content)"
    for path in ("/", "/article/1", "/article/4"):
        page.goto(f"{address}{path}")
        assert set(page.evaluate(dots.replace("{}", "::before"))) == {"none"}
        assert '"·"' in page.evaluate(dots.replace("{}", "::after"))
    page.close()


def test_the_keyboard_reaches_the_list_past_the_header(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.close()


def test_a_reader_changes_the_language_and_keeps_the_question(
    browser: Browser, address: str
) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, locale="nl-BE", java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{address}/?q=aide")
    assert page.get_by_role("heading", name="2 artikelen").count() == 1
    page.get_by_role("navigation", name="Taal van de site").get_by_role(
        "link", name="Français"
    ).click()
    assert page.url == f"{address}/fr/?q=aide"
    page.get_by_role("link", name="Le quai ouvre une halte de nuit").click()
    assert page.url == f"{address}/fr/article/1"
    page.get_by_role("searchbox", name="Chercher des articles").fill("loyer")
    page.get_by_role("button", name="Chercher").click()
    assert page.url == f"{address}/fr/?q=loyer"
    page.close()
    context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_is_wider_than_the_window_in_any_language(
    browser: Browser, address: str, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 740})
    for path in ("/fr/", "/nl/?q=aide&language=fr", "/fr/article/4", "/nl/article/1", "/fr/none"):
        page.goto(f"{address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.close()
