import json
import time

import pytest
from trafilatura import load_html

from enrich.chosen import Chosen
from enrich.claims import claims_of
from enrich.front import front_of
from enrich.published import days_in, moment, precision, published_of

URL = "https://quai.example.org/spip.php?article12"
VISITED = "2026-11-21T08:00:00Z"


def published(
    head: str = "",
    after: str = "",
    *,
    before: str = "",
    end: str = "",
    url: str = URL,
    feed: str | None = None,
    visited: str | None = VISITED,
    language: str = "fr",
    search: str | None = None,
) -> Chosen[str | None]:
    paragraphs = "<p>Les équipes tiennent une permanence chaque matin.</p>" * 12
    tree = load_html(
        f"<!doctype html><html><head>{head}</head><body><header>{before}</header><main>"
        f"<h1>Le centre rouvre</h1>{after}<div>{paragraphs}</div>{end}</main></body></html>"
    )
    return published_of(
        claims_of(tree),
        front_of(tree),
        url,
        title="Le centre rouvre",
        feed=feed,
        visited=visited,
        language=language,
        search=lambda: search,
    )


def json_ld(kind: str, day: str) -> str:
    data = {"@type": kind, "datePublished": day}
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


META = '<meta property="article:published_time" content="2026-10-12T09:15:00+02:00">'
ARTICLE = json_ld("NewsArticle", "2026-10-11T22:30:00-01:00")
TIME = '<time datetime="2026-10-10T08:00">10 octobre</time>'
LINE = "<p>Publié le 9 octobre 2026</p>"


@pytest.mark.parametrize(
    ("head", "after", "url", "feed", "expected"),
    [
        (
            META + ARTICLE,
            TIME + LINE,
            URL,
            "2026-10-13T06:00:00Z",
            ("2026-10-13T06:00:00Z", "feed"),
        ),
        (META + ARTICLE, TIME + LINE, URL, None, ("2026-10-11T22:30:00-01:00", "json-ld")),
        (META, TIME + LINE, URL, None, ("2026-10-12T09:15:00+02:00", "meta")),
        ("", TIME + LINE, URL, None, ("2026-10-10T08:00:00", "time")),
        ("", LINE, "https://x.test/2026/10/8/centre", None, ("2026-10-08", "url")),
        ("", LINE, URL, None, ("2026-10-09", "page")),
        (META, "", URL, "2031-01-01T00:00:00Z", ("2026-10-12T09:15:00+02:00", "meta")),
        (META, "", URL, "1970-01-01T00:00:00Z", ("2026-10-12T09:15:00+02:00", "meta")),
        (META, "", URL, "hier", ("2026-10-12T09:15:00+02:00", "meta")),
        (json_ld("WebSite", "2001-02-03"), "", URL, None, (None, None)),
    ],
    ids=["feed", "json-ld", "meta", "time", "url", "line", "future", "epoch", "word", "the site's"],
)
def test_the_surest_source_states_the_date(
    head: str, after: str, url: str, feed: str | None, expected: tuple[str | None, str | None]
) -> None:
    found = published(head, after, url=url, feed=feed)
    assert (found.value, found.source) == expected


def test_the_search_is_asked_only_where_nothing_surer_is_found() -> None:
    assert published("", LINE, search="2026-01-02").value == "2026-10-09"
    found = published(search="2026-10-02")
    assert (found.value, found.source) == ("2026-10-02", "page")


def test_every_conflicting_candidate_is_kept_with_the_reason() -> None:
    found = published(META + ARTICLE, LINE)
    assert [(c.source, c.value, c.why_not is None) for c in found.candidates] == [
        ("json-ld", "2026-10-11T22:30:00-01:00", True),
        ("meta", "2026-10-12T09:15:00+02:00", False),
        ("page", "2026-10-09", False),
    ]


def test_the_header_s_today_never_wins() -> None:
    header = "<p>samedi, novembre 21, 2026</p>"
    assert published("", LINE, before=header).value == "2026-10-09"
    assert published(before=header).value is None
    refused = published(before=header, search="2026-11-21")
    assert refused.value is None
    assert [c.why_not for c in refused.candidates] == ["the day of the visit, above the headline"]


def test_spip_states_the_moment_in_the_title_of_an_abbreviation() -> None:
    after = '<abbr class="published" title="2026-10-03T10:00:00Z">3 octobre 2026</abbr>'
    found = published("", f"<p>Publié le {after}</p>")
    assert (found.value, found.source) == ("2026-10-03T10:00:00Z", "time")


def test_an_article_of_the_day_of_the_visit_has_that_day() -> None:
    assert published("", "<p>Publié le 21 novembre 2026</p>").value == "2026-11-21"


@pytest.mark.parametrize(
    "after",
    [
        '<p class="updated">Mis à jour le 4 novembre 2026</p>',
        '<time itemprop="dateModified" datetime="2026-11-04">4 novembre</time>',
        "<p>Dernière mise à jour (updated) : 4/11/2026</p>",
    ],
)
def test_a_modified_date_is_no_published_one(after: str) -> None:
    assert published("", after).value is None


def test_a_modified_day_that_the_search_brings_is_refused() -> None:
    head = '<meta property="article:modified_time" content="2026-11-04T10:00:00Z">'
    found = published(head, search="2026-11-04")
    assert (found.value, found.candidates[0].why_not) == (None, "the day it was modified")


@pytest.mark.parametrize(
    "end",
    [
        '<section class="related"><time datetime="2026-05-04">4 mai 2026</time></section>',
        '<div class="comments"><time datetime="2026-10-30">30 octobre</time></div>',
        "<aside><p>12 mars 2026</p></aside>",
        "<footer><p>© 2019-2026 Quai</p></footer>",
    ],
    ids=["related", "comment", "aside", "copyright"],
)
def test_dates_of_other_things_do_not_count(end: str) -> None:
    assert published("", end).value is None
    assert published("", "", end=end).value is None


def test_a_year_in_the_title_or_alone_is_no_date() -> None:
    assert published("<title>Rapport annuel 2024</title>", "<p>Rapport 2024</p>").value is None
    assert published(search="2024-01-01").candidates[0].why_not == "a year alone"


def test_the_same_moment_is_kept_in_the_zone_of_the_page() -> None:
    head = json_ld("NewsArticle", "2026-10-11T22:30:00Z")
    found = published(head, '<time datetime="2026-10-12T00:30:00+02:00">12 octobre</time>')
    assert (found.value, found.source) == ("2026-10-12T00:30:00+02:00", "json-ld")
    assert published(head).value == "2026-10-11T22:30:00Z"


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("Publié le 3 mars 2024", "fr", "2024-03-03"),
        ("1er février 2024", "fr", "2024-02-01"),
        ("dinsdag 5 maart 2024", "nl", "2024-03-05"),
        ("5. März 2024, 10:30 Uhr", "de", "2024-03-05"),
        ("05.03.2024", "de", "2024-03-05"),
        ("27.04.24", "de", "2024-04-27"),
        ("5 de marzo de 2024", "es", "2024-03-05"),
        ("5 de março de 2024", "pt", "2024-03-05"),
        ("5 marzo 2024", "it", "2024-03-05"),
        ("Machi 5, 2024", "sw", "2024-03-05"),
        ("5 Machi 2024", "sw", "2024-03-05"),
        ("٥ مارس ٢٠٢٤", "ar", "2024-03-05"),
        ("5 آذار 2024", "ar", "2024-03-05"),
        ("5 كانون الثاني 2024", "ar", "2024-01-05"),
        ("2024년 3월 5일", "ko", "2024-03-05"),
        ("2024年3月5日", "ja", "2024-03-05"),
        ("5 listopada 2024", "pl", "2024-11-05"),
        ("5. listopada 2024.", "hr", "2024-10-05"),
        ("March 5th, 2024", "en", "2024-03-05"),
        ("03/05/2024", "en-US", "2024-03-05"),
        ("03/05/2024", "fr", "2024-05-03"),
        ("13/05/2024", "en", "2024-05-13"),
        ("5 марта 2024", "ru", "2024-03-05"),
    ],
)
def test_dates_are_read_in_many_languages(text: str, language: str, day: str) -> None:
    assert next(days_in(text, language), None) == day


@pytest.mark.parametrize(
    "text", ["03/05/2024", "2024", "mars 2024", "31 février 2024", "12 personnes 2024", "1.2.3"]
)
def test_what_is_no_sure_day_in_english_is_none(text: str) -> None:
    assert next(days_in(text, "en"), None) is None


@pytest.mark.parametrize(
    ("text", "value", "how"),
    [
        ("2024-03-05", "2024-03-05", "day"),
        ("2024-03-05T10:00:00+01:00", "2024-03-05T10:00:00+01:00", "time"),
        ("2024-03-05 10:00:00 +0100", "2024-03-05T10:00:00+01:00", "time"),
        ("Tue, 05 Mar 2024 10:00:00 GMT", "2024-03-05T10:00:00Z", "time"),
        ("2024-03-05T10:00:00.123Z", "2024-03-05T10:00:00Z", "time"),
        ("5 mars 2024", "2024-03-05", "day"),
    ],
)
def test_a_moment_is_as_precise_as_it_was_stated(text: str, value: str, how: str) -> None:
    assert moment(text, "fr") == value
    assert precision(value) == how


@pytest.mark.parametrize("text", ["", "demain", "0000-00-00", "9" * 400, "2024-13-45", "\x00"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert moment(text) is None


@pytest.mark.parametrize(
    "after",
    [
        f"<p>{'1 ' * 500_000}</p>",
        "<p>1 mars </p>" * 50_000,
        f"<time datetime='{'2024-' * 200_000}'></time>",
        f"<p class='{'x ' * 500_000}'>9 octobre 2026</p>",
    ],
    ids=["digits", "lines", "datetime", "class"],
)
def test_a_hostile_page_costs_little(after: str) -> None:
    begun = time.process_time()
    published("", after)
    assert time.process_time() - begun < 3


def test_the_foot_of_an_article_may_state_its_day_and_another_foot_not() -> None:
    day = '<div class="footer"><time datetime="2026-10-22">22.10.2026</time></div>'
    head = '<meta name="date" content="2026-11-17">'
    assert published(head, f'<div class="article">{day}</div>').value == "2026-10-22"
    assert published(head, day).value == "2026-11-17"
