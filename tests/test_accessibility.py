"""axe-core finds nothing wrong with any kind of page, in any language, by day and by night."""

from pathlib import Path

import pytest
from browsing import Look, address_, browser_, look_
from playwright.sync_api import Browser

pytestmark = pytest.mark.slow
__all__ = ["address_", "browser_", "look_"]

AXE = (Path(__file__).parent / "axe" / "axe.min.js").read_text(encoding="utf-8")
# Every kind of page, in each of the three languages somewhere.
PAGES = {
    "home": "/en/",
    "search": "/fr/?q=aide&language=fr&after=2026-01-01",
    "second-page": "/nl/?page=older~739999999999",
    "nothing-found": "/en/?q=xylophone&theme=housing",
    "problem": "/fr/?after=soon",
    "facet": "/nl/facet/month",
    "facet-sifted": "/fr/facet/organisation?find=lantern&sort=name",
    "unknown": "/nl/?theme=houssing",
    "article": "/fr/article/1",
    "article-arabic": "/nl/article/4",
    "article-hostile": "/en/article/7",
    "trends": "/fr/trends",
    "cite": "/nl/cite?q=aide",
    "coverage": "/nl/coverage",
    "sources": "/fr/sources",
    "source": "/en/source/quai",
    "method": "/fr/method",
    "feeds": "/nl/feeds",
    "lost": "/fr/nowhere",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_keeps_anybody_out(browser: Browser, address: str, look: Look, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    violations = {}
    for name, path in PAGES.items():
        page.goto(f"{address}{path}")
        page.evaluate(AXE)
        found = page.evaluate("axe.run({resultTypes: ['violations']})")
        violations[name] = [
            f"{each['id']}: {node['html']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]
        look(page, f"{name}-{scheme}")
    context.close()
    assert {name: told for name, told in violations.items() if told} == {}
