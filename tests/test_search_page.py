"""The search page and its states: what is marked, what narrows, what helps where nothing is found.

And the site's own pages under bad input: a page with a clear sentence, whatever is asked.
"""

import asyncio
import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from published_fixture import add, article, index_all, make_news

from crawler import choices, search
from crawler.serving import site

Fetch = Callable[..., Any]
DEEP = "An annex, far below, speaks of greenhouses and of lemons."


@pytest.fixture(name="fetch", scope="module")
def _fetch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fetch]:
    """Asks one Datasette, whose database has a text too of which only the beginning is shown."""
    path = make_news(tmp_path_factory.mktemp("site") / "news.db")
    with closing(sqlite3.connect(path)) as conn, conn:
        row = article((50, "quai", "en", "2026-09-02", "A report on gardens", f"It opens.\n{DEEP}"))
        add(conn, row, f"It opens.\n{DEEP}")
        conn.execute("INSERT OR IGNORE INTO article_texts SELECT id, title FROM articles")
        index_all(conn)
        conn.execute("DELETE FROM article_texts WHERE article_id <> 1")
    client = site(path).client
    with asyncio.Runner() as runner:
        yield lambda path, **options: runner.run(client.get(path, **options))


def shown(html: str) -> list[int]:
    return [
        int(number) for number in re.findall(r'<h3[^>]*>\s*<a href="[^"]*/article/(\d+)[?"]', html)
    ]


def links(html: str) -> list[str]:
    return [unescape(address) for address in re.findall(r'href="([^"]*)"', html)]


# --- What is marked ------------------------------------------------------------------------------


def test_a_list_marks_words_and_says_which_articles_have_them_further_on(fetch: Fetch) -> None:
    html = fetch("/?q=shelter").text
    assert "Night <mark>shelter</mark> opens" in html
    assert "found further on" not in html
    (marked,) = re.findall(r'<a href="(/article/[^"]*)">Night <mark>', html)
    assert "Night <mark>shelter</mark> opens" in fetch(marked).text
    html = fetch("/?q=greenhouse").text
    assert shown(html) == [50]
    assert "found further on in its text" in html
    assert "annex" not in html
    plain = fetch("/").text
    assert "<mark" not in plain
    assert not [address for address in links(plain) if re.search(r"/article/\d+\?", address)]


# --- What narrows --------------------------------------------------------------------------------


def test_a_list_leads_to_the_best_matches_and_to_one_article_a_story(fetch: Fetch) -> None:
    html = fetch("/?q=shelter&order=best&stories=1").text
    assert '<option value="best" selected>' in html
    assert 'name="stories" value="1" checked' in html
    assert "<select" not in fetch("/").text  # nothing matches better without words


def test_a_facet_has_a_page_with_all_its_values_that_keeps_the_search(fetch: Fetch) -> None:
    html = fetch("/fr/facet/language?q=shelter&reprints=1").text
    assert "/fr/?q=shelter&language=en&reprints=1" in links(html)
    assert 'content="noindex"' in html


def test_the_values_of_a_facet_are_sorted_and_sifted(fetch: Fetch) -> None:
    def names(question: str) -> list[str]:
        html = fetch(f"/en/facet/language{question}").text
        return re.findall(r"<li><a[^>]*><span><bdi>([^<]*)", html)

    assert names("")[0] == "English"
    assert names("?sort=name")[:3] == ["Arabic", "Chinese", "Dutch"]
    assert names("?find=utch") == ["Dutch"]
    assert names("?find=nobody") == []
    assert names("?from=-1&sort=x") == names("?from=999999") == names("")


def test_the_values_of_a_facet_are_told_in_parts(
    fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choices, "PART", 3)
    html, seen = fetch("/facet/language").text, 0
    while True:
        seen += len(re.findall(r"<li><a[^>]*><span><bdi>", html))
        if not (further := re.search(r'rel="next" href="([^"]*)"', html)):
            break
        html = fetch(unescape(further[1])).text
    assert seen == 8
    assert 'rel="prev"' in html


def test_counts_say_so_where_they_are_of_the_newest_only(
    fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "CAP", 2)
    for path in ("/?language=en", "/facet/theme?language=en"):
        html = fetch(path).text
        assert "More than 2 articles" in html
        assert "Counted over the newest" in html


def test_a_whole_search_can_be_taken_cited_and_followed(fetch: Fetch) -> None:
    found = links(fetch("/fr/?q=shelter&order=best&page=best~0").text)
    for path in ("/fr/export.csv", "/fr/export.ris", "/fr/cite", "/fr/trends"):
        (address,) = (link for link in found if link.startswith(f"{path}?"))
        assert fetch(address).status_code == 200
        assert "page=" not in address
    assert "/feeds/search.atom?q=shelter" in found


def test_deep_pages_and_searches_are_kept_out_of_search_engines(fetch: Fetch) -> None:
    assert "noindex" not in fetch("/").text
    for path in ("/?q=shelter", "/?page=older~739999999999"):
        assert '<meta name="robots" content="noindex">' in fetch(path).text


# --- What helps ----------------------------------------------------------------------------------


def test_where_nothing_is_found_what_to_leave_out_is_said_with_how_many_there_are(
    fetch: Fetch,
) -> None:
    html = fetch("/en/?q=aide+loyer&theme=migration&language=nl").text
    assert shown(html) == []
    assert 'href="/en/?q=aide+loyer&amp;theme=migration">without the filter “Language”</a>' in html
    assert 'href="/en/?q=aide+loyer">with no filter at all</a> <span class="n">1</span>' in html
    assert "Migration</bdi></b>" in html  # by its name, though nothing has it


def test_filters_are_offered_without_words_that_nothing_has(fetch: Fetch) -> None:
    html = fetch("/en/?q=xylophone&theme=housing").text
    assert 'href="/en/?theme=housing">without any word</a> <span class="n">4</span>' in html


def test_a_word_that_keeps_all_others_from_being_found_is_named(fetch: Fetch) -> None:
    html = fetch("/fr/?q=aide+xylophone").text
    assert 'href="/fr/?q=aide">sans le mot « xylophone »</a> <span class="n">2</span>' in html
    assert "sans le mot « aide »" not in html


@pytest.mark.parametrize(
    ("path", "told", "offered"),
    [
        ("/en/?theme=housin&q=aide", "Theme: nothing here is called", "/en/?q=aide&theme=housing"),
        ("/fr/?language=tlh", "Langue : rien ici ne s’appelle", "/fr/?language=fr"),
        ("/nl/?country=Belgi%C3%AB", "Land: niets heet hier", "/nl/?country=BE"),
        ("/facet/theme?source=nobody", "Source: nothing here is called", "/?source=lantern"),
        ("/?organisation=%3Cscript%3E", "Organisation: nothing", "/?organisation=lantern"),
    ],
)
def test_what_is_not_known_is_a_page_that_offers_what_is(
    fetch: Fetch, path: str, told: str, offered: str
) -> None:
    answer = fetch(path)
    assert answer.status_code == 404
    assert told in answer.text
    assert offered in links(answer.text)
    assert "<script" not in answer.text


def test_codes_are_known_in_capitals_and_small(fetch: Fetch) -> None:
    html = fetch("/?country=be&language=FR").text
    assert shown(html) == [2, 1]
    assert "<bdi>Belgium</bdi></b>" in html


def test_what_was_not_understood_is_said_in_the_language_of_the_page(fetch: Fetch) -> None:
    html = fetch("/fr/?after=demain&month=2026-13&q=a*").text
    assert "« demain » n’est pas une date pour « Du »" in html
    assert "« 2026-13 » n’est pas un mois" in html
    assert "L’étoile de « a* » n’a pas compté" in html
    assert 'lang="en"' not in html.partition("<main")[2].partition("columns")[0]


def test_home_says_what_is_here(fetch: Fetch) -> None:
    html = fetch("/en/").text
    assert "<b>13</b> articles from <b>3</b> sources in <b>8</b> languages" in html
    assert "Snapshot of 21 November 2026" in html.partition("</main>")[0]


# --- Bad input -----------------------------------------------------------------------------------

# Data for engines (JSON-LD) are in a script that browsers do not run.
RUN = r"<script(?! type=.application/ld)|<img src=x|javascript:alert"
QUESTIONS = [
    "q=%22", "q=%00", "q=a%00b", "q=AND+OR+NOT", "q=title%3Ax+NEAR(", "q=%2A%2A", "q=-", "q=OR",
    "q=" + "a+" * 5_000, "q=" + "x" * 10_000, "q=" + "%22" * 999, "q=%ED%A0%80", "q=%C3%28", "q=%",
    "q=%zz", "q=a&q=b", "q[]=a", "=&&==", "q=%3Cscript%3Ealert(1)%3C/script%3E", "q=%E2%80%AE",
    "q='; DROP TABLE articles; --", "q=NEAR(a b, 9999)", "q=%F0%9F%98%80", "q=" + "(" * 400,
    "page=-1", "page=older~-1", "page=older~~", "page=best~999999999999999999", "page=newer~0",
    "page=older~999999999999999999", "page=99999999999999999999", "order=best", "order=worst",
    "after=0000-00-00", "after=9999-12-31&before=0001-01-01", "before=2026-02-30", "month=0000-01",
    "month=9999-12", "after=٢٠٢٦-٠١-٠١", "reprints=2&stories=x", "find=%00%ED%A0%80&from=1e9",
    "from=-5", "from=99999999999999999999", "sort=%27", "by=%27&split=%00",
    "_where=1=1", "sql=select+1", "_search=%22", "theme=" + "y" * 10_000, "language=%00",
    "source=%ED%A0%80", "country=../../etc/passwd", "organisation=%22%3E%3Cimg%20src=x%3E",
]  # fmt: skip


@pytest.mark.parametrize(
    "path",
    ["/", "/nl/facet/organisation", "/fr/trends", "/en/article/7", "/coverage", "/sources",
     "/nl/source/quai", "/method", "/fr/feeds", "/cite"],
)  # fmt: skip
def test_any_question_gets_a_page(
    fetch: Fetch, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """None is an error of ours, and nothing that was asked becomes markup."""
    bad = {}
    for question in QUESTIONS:
        answer = fetch(f"{path}?{question}")
        sound = answer.status_code in {200, 400, 404} and "<main" in answer.text
        inert = not re.search(
            r"<script(?! type=.application/ld)|<img src=x|javascript:alert", answer.text
        )
        if not (sound and inert and len(answer.content) < 100_000):
            bad[question[:60]] = answer.status_code, len(answer.content)
    assert bad == {}
    assert caplog.text == ""


@pytest.mark.parametrize(
    "path",
    [
        "/facet/", "/facet/nothing", "/facet/language/x", "/article/0", "/article/-1",
        "/article/" + "9" * 18, "/article/" + "9" * 40, "/article/1%00", "/article/%ED%A0%80",
        "/article/1/../../x", "/%00", "/%ED%A0%80", "/%C3%28", "/%", "/fr/nl/", "/FR/",
        "/sitemap/9999.xml", "/sitemap/-1.xml", "/" + "x" * 5_000, "/fr/facet/theme%00",
        "/..%2f..%2fetc%2fpasswd", "/fr//",
    ],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_a_page_that_says_so(
    fetch: Fetch, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = fetch(path)
    assert answer.status_code in {302, 404}
    assert answer.status_code == 302 or "<main" in answer.text
    assert caplog.text == ""


HOSTILE = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}{% raw %}",
    "\u202egnp.exe", "\x07\x1b[31m", "x" * 1_000_000, "%(words)s %s", "</mark></title></style>",
]  # fmt: skip


def test_hostile_titles_stay_text_on_every_list(tmp_path: Path) -> None:
    path = make_news(tmp_path / "news.db")
    with closing(sqlite3.connect(path)) as conn, conn:
        for number, title in enumerate(HOSTILE, 60):
            add(conn, article((number, "lantern", "en", "2026-11-20", title, title[:500])), title)
        conn.execute("UPDATE sources SET name = ? WHERE id = 'lantern'", (HOSTILE[1],))
        conn.execute("UPDATE themes SET label_en = ? WHERE slug = 'housing'", (HOSTILE[0],))
        conn.execute("INSERT OR IGNORE INTO article_texts SELECT id, title FROM articles")
        index_all(conn)
    client = site(path).client

    async def answers() -> list[str]:
        paths = ("/", "/?q=script+alert", "/facet/theme", "/facet/source", "/?theme=x")
        return [(await client.get(path)).text for path in paths]

    for html in asyncio.run(answers()):
        assert not re.search(r"<script|<img src=x|>49", html)
        assert len(html) < 100_000


def test_what_took_too_long_says_what_to_do(fetch: Fetch, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(conn: sqlite3.Connection, *_: Any) -> None:
        conn.execute("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n")

    monkeypatch.setattr("crawler.serving.TIME_LIMIT", 50)
    monkeypatch.setattr("crawler.search._counts", slow)
    found = fetch("/en/facet/theme?q=aide")
    assert found.status_code == 503
    assert "Add a rarer word, a language or a date" in found.text
    assert "etag" not in found.headers


def test_what_is_here_is_counted_whole_though_facets_show_the_most_frequent(
    fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.search.SHOWN", 1)
    html = fetch("/en/").text
    assert "<b>13</b> articles from <b>3</b> sources in <b>8</b> languages" in html
