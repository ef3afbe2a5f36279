"""The site in a real browser: as a reader walks through it, on a desk and on a telephone."""

import re

import pytest
from browsing import BULLETINS, Look, address_, browser_, look_
from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow
__all__ = ["address_", "browser_", "look_"]


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)], ids=["desk", "telephone"])
def test_a_reader_searches_narrows_reads_and_subscribes(
    browser: Browser, address: str, look: Look, width: int, height: int
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

    look(page, f"list-{width}")

    feed = page.get_by_role("link", name="Atom", exact=True).get_attribute("href")
    answer = page.request.get(f"{address}{feed}")
    assert answer.headers["content-type"].startswith("application/atom+xml")

    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "Le quai ouvre une halte de nuit" in download.value.path().read_text(encoding="utf-8")

    for path in ("/article/4", "/article/7", "/article/8", "/no-such-page"):
        page.goto(f"{address}{path}")
        assert fits()
    # Chromium itself reports a page that is not there; nothing else may complain.
    assert [told for told in complaints if "404" not in told] == []
    page.close()


def test_without_a_script_a_reader_pages_sifts_a_facet_and_comes_back(
    browser: Browser, address: str, look: Look
) -> None:
    context = browser.new_context(
        viewport={"width": 360, "height": 740}, locale="en-GB", java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{address}/?q=ferry")
    assert page.locator("mark").first.inner_text() == "Ferry"
    page.get_by_role("link", name="Older").click()
    assert page.locator("article.entry").count() == BULLETINS - 20
    page.get_by_role("link", name="First page").click()
    assert page.locator("article.entry").count() == 20
    look(page, "phone-without-script")
    page.get_by_role("link", name="All 30").click()
    page.get_by_role("link", name="oldest first").click()
    look(page, "phone-facet")
    page.locator("ol.values a").first.click()
    assert page.locator("article.entry h3").all_inner_texts() == ["Ferry bulletin 0"]
    page.get_by_role("link", name="Remove Month").click()
    assert page.url == f"{address}/?q=ferry"
    page.get_by_text("How to ask").click()
    assert page.get_by_text("finds a word in titles only").is_visible()
    context.close()


def test_the_keyboard_alone_searches_and_opens_an_article(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/en/")
    reach(page, "q")
    page.keyboard.type("halte")
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/?q=halte**")
    reach(page, "Le quai ouvre une halte de nuit")
    page.keyboard.press("Enter")
    page.wait_for_url("**/en/article/1?q=halte")
    page.close()


def reach(page: Page, wanted: str) -> None:
    """Press Tab until what has the focus is called so; what has it must show it."""
    for _ in range(60):
        page.keyboard.press("Tab")
        called, outline = page.evaluate(
            "(e => [e.name || e.textContent.trim(), getComputedStyle(e).outlineStyle])"
            "(document.activeElement)"
        )
        # The parts of a date have marks of their own.
        assert outline != "none" or called in {"after", "before"}, called
        if called == wanted:
            return
    raise AssertionError(f"{wanted} cannot be reached")


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
    assert page.url == f"{address}/fr/article/1?q=aide"
    assert page.locator("mark").first.inner_text() == "aide"
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
    for path in (
        "/fr/",
        "/nl/?q=aide&language=fr",
        "/fr/facet/month",
        "/nl/?theme=x",
        "/fr/article/4",
        "/nl/article/1",
        "/fr/none",
    ):
        page.goto(f"{address}{path}")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    page.close()
