"""The site in three languages: whose language a page speaks, and that nothing is left unsaid."""

import asyncio
import re
import sqlite3
import string
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from datasette import hookimpl
from datasette.plugins import pm
from datasette.utils.asgi import Response
from jinja2.ext import babel_extract
from published_fixture import make_news

from crawler import translation
from crawler.interface import route
from crawler.labels import TABLES, how, label
from crawler.registry import CATEGORIES, ORGANISATIONS
from crawler.serving import site
from crawler.translation import Interface, accepted, speaking, wanted
from enrich.stories import WEIGHTS

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "datasette"
TRANSLATED = ("fr", "nl")

Message = tuple[str, ...]  # the message, or its singular and plural


@pytest.fixture(name="db", scope="module")
def _db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_news(tmp_path_factory.mktemp("site") / "news.db")


@pytest.fixture(name="private", scope="module")
def _private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = make_news(tmp_path_factory.mktemp("private") / "news.db")
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("INSERT INTO snapshot VALUES ('level', 'private')")
    return path


def get(db: Path, *paths: str, accept: str = "") -> list[Any]:
    headers = {"Accept-Language": accept} if accept else {}

    async def answers() -> list[Any]:
        client = site(db).client
        return [await client.get(path, headers=headers) for path in paths]

    return asyncio.run(answers())


def language_of(html: str) -> str:
    (found,) = re.findall(r'<html lang="([^"]+)" dir="ltr">', html)
    return str(found)


# --- Whose language ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("nl-BE,nl;q=0.9,en;q=0.8", "nl"),
        ("en;q=0.5, FR-be;q=0.7", "fr"),
        ("de, ar;q=0.9", "en"),
        ("de,nl;q=0.1", "nl"),
        ("fr;q=0, nl;q=0.2", "nl"),
        ("fr;q=none", "en"),
        ("*", "en"),
        (",;=,;q=,", "en"),
        ("x" * 100_000, "en"),
    ],
)
def test_a_browser_gets_the_language_that_it_likes_best(header: str, language: str) -> None:
    assert accepted(header) == language


@pytest.mark.parametrize(
    ("path", "interface"),
    [
        ("/fr/article/1", Interface("fr", "/fr", "/article/1")),
        ("/nl", Interface("nl", "/nl", "/")),
        ("/en/", Interface("en", "/en", "/")),
        ("/article/1", Interface("nl", "", "/article/1")),
        ("/french/x", Interface("nl", "", "/french/x")),
    ],
)
def test_a_prefix_decides_and_without_one_the_browser(path: str, interface: Interface) -> None:
    assert wanted(path, "nl") == interface


def test_a_page_without_a_prefix_says_that_it_depends_on_the_browser(db: Path) -> None:
    (plain,) = get(db, "/article/1", accept="nl")
    (prefixed,) = get(db, "/fr/article/1", accept="nl")
    assert language_of(plain.text) == "nl"
    assert "Accept-Language" in plain.headers["vary"]
    assert language_of(prefixed.text) == "fr"
    assert "Accept-Language" not in prefixed.headers["vary"]


@pytest.mark.parametrize("path", ["/", "/article/1", "/nowhere"])
def test_links_keep_the_language_and_feeds_and_files_have_none(db: Path, path: str) -> None:
    (found,) = get(db, f"/fr{path}")
    switches = re.compile(
        r'<nav class="tongues".*?</nav>|<link rel="(?:canon|alter).*?>', re.DOTALL
    )
    links = re.findall(r'(?:href|action)="(/[^"]*)"', switches.sub("", found.text))
    ours = ("/fr/", "/static/", "/feeds/", "/news")
    assert [link for link in links if not link.startswith(ours)] == []
    assert any(link.startswith("/fr/") for link in links)


def test_a_page_names_itself_in_each_language_and_the_switch_keeps_the_question(db: Path) -> None:
    (found,) = get(db, "/nl/?q=aide&theme=housing")
    base, asked = "https://news.example.org", "?q=aide&amp;theme=housing"
    assert f'<link rel="canonical" href="{base}/nl/{asked}">' in found.text
    assert re.findall(r'hreflang="([^"]+)" href="([^"]+)"', found.text) == [
        *((code, f"{base}/{code}/{asked}") for code in ("fr", "nl", "en")),
        ("x-default", f"{base}/{asked}"),
    ]
    assert f'<a href="/fr/{asked}" lang="fr"' in found.text
    assert re.search(r'hreflang="nl" title="Nederlands" aria-current="true"', found.text)


def test_names_days_and_numbers_are_those_of_the_language(db: Path) -> None:
    french, dutch, told = get(db, "/fr/article/2", "/nl/article/2", "/fr/article/2.json")
    for shown in ("20 novembre 2026", "français", "Belgique", "Logement", "organisation non gouv"):
        assert shown in french.text
    for shown in ("20 november 2026", "Frans", "België", "niet-gouvernementele", "98%"):
        assert shown in dutch.text
    assert told.json()["language"]["name"] == "français"


def test_other_pages_can_be_told_in_each_language_by_one_line(db: Path) -> None:
    """As a plugin of a later page does."""

    async def view(_datasette: Any, _request: Any) -> Response:
        return Response.text(translation.gettext("Articles"))

    plugin = ModuleType("later")
    vars(plugin)["register_routes"] = hookimpl(lambda: [route("/later", view)])
    pm.register(plugin)
    try:
        said = [answer.text for answer in get(db, "/fr/later", "/nl/later", "/later")]
    finally:
        pm.unregister(plugin)
    assert said == ["Articles", "Artikelen", "Articles"]


# --- What is said --------------------------------------------------------------------------------


def extracted() -> dict[Message, set[str]]:
    """Every message of templates and code, and the files that have it."""
    found: dict[Message, set[str]] = {}

    def add(message: Any, path: Path) -> None:
        parts = (message,) if isinstance(message, str) else tuple(filter(None, message or ()))
        if parts:
            found.setdefault(parts, set()).add(path.name)

    for path in (FOLDER / "templates").glob("*.html"):
        with path.open("rb") as file:
            for _, _, message, _ in babel_extract(file, ["_", "gettext", "ngettext"], (), {}):
                add(message, path)
    for path in [*(FOLDER / "plugins").glob("*.py"), *(ROOT / "crawler").rglob("*.py")]:
        if "from crawler.translation import" in path.read_text(encoding="utf-8"):
            for _, message, _, _ in extract_from_file("python", path):
                add(message, path)
    return found


def catalogues(language: str) -> Iterator[tuple[Path, Catalog]]:
    for path in sorted((FOLDER / "locales" / language).glob("*.po")):
        with path.open("rb") as file:
            yield path, read_po(file, locale=language, abort_invalid=True)


def placeholders(text: str) -> set[str]:
    return set(re.findall(r"%(?:\(\w+\))?.", text))


def tags(text: str) -> list[str]:
    return sorted(re.findall(r"<[^>]*>", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated_once_and_no_translation_is_left_over(language: str) -> None:
    places: dict[Message, list[str]] = {}
    for path, catalog in catalogues(language):
        for message in catalog:
            if message.id:
                parts = (message.id,) if isinstance(message.id, str) else tuple(message.id)
                places.setdefault(parts, []).append(path.name)
        assert not catalog.obsolete, path.name
    wanted_ = extracted()
    assert len(wanted_) > 100
    assert {message: wanted_[message] for message in wanted_.keys() - places.keys()} == {}
    assert {message: places[message] for message in places.keys() - wanted_.keys()} == {}
    assert {message: where for message, where in places.items() if len(where) > 1} == {}


NAMES = {"Tamis", "Atom", "RSS", "JSON"}


@pytest.mark.parametrize(
    "path", sorted((FOLDER / "templates").glob("*.html")), ids=lambda path: path.stem
)
def test_no_word_of_a_template_stands_outside_a_message(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"{#.*?#}|{% trans.*?{% endtrans %}|{%.*?%}|{{.*?}}", " ", text, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"', text)
    words = re.sub(r"<[^>]*>|&\w+;", " ", text)
    found = {word for each in (words, *spoken) for word in re.findall(r"[^\W\d_]{2,}", each)}
    assert found - NAMES == set()


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_are_whole_sure_and_have_the_same_parts(language: str) -> None:
    forms = {"fr": "nplurals=2; plural=(n > 1);", "nl": "nplurals=2; plural=(n != 1);"}
    for path, catalog in catalogues(language):
        assert catalog.plural_forms == forms[language]
        for message in filter(lambda each: each.id, catalog):
            said = [message.string] if isinstance(message.id, str) else [*message.string]
            source = message.id if isinstance(message.id, str) else message.id[-1]
            where = f"{path.name}: {source}"
            assert len(said) == (1 if isinstance(message.id, str) else 2), where
            assert all(said), where
            assert not message.fuzzy, where
            for each in said:
                assert placeholders(each) == placeholders(source), where
                assert tags(each) == tags(source), where


def test_a_message_is_fit_for_an_attribute_unless_it_has_markup() -> None:
    """Templates do not escape a message, only what is put into it."""
    for language in TRANSLATED:
        for path, catalog in catalogues(language):
            for message in filter(lambda each: each.id, catalog):
                for said in (*_strings(message.id), *_strings(message.string)):
                    plain = re.sub(r"<(\w+)[^<>]*>|</\w+>", "", said)
                    bare = plain == said
                    assert not set("<>&") & set(plain), f"{path.name}: {said}"
                    assert not (bare and '"' in said), f"{path.name}: {said}"


def _strings(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


@pytest.mark.parametrize(
    ("language", "n", "said"),
    [
        ("fr", 0, "0 article"), ("fr", 1, "1 article"), ("fr", 2, "2 articles"),
        ("nl", 0, "0 artikelen"), ("nl", 1, "1 artikel"), ("nl", 2, "2 artikelen"),
        ("en", 0, "0 articles"), ("en", 1, "1 article"), ("en", 2, "2 articles"),
    ],
)  # fmt: skip
def test_plurals_follow_the_language(language: str, n: int, said: str) -> None:
    with speaking(Interface(language)):
        found = translation.ngettext("%(number)s article", "%(number)s articles", n)
    assert found % {"number": n} == said


WRITTEN = {
    "fr": ("21 novembre 2026", "1er août 2026", "août 2026", "1\u202f234\u202f567", "98\u00a0%",
           "1,2\u202fMo"),
    "nl": ("21 november 2026", "1 augustus 2026", "augustus 2026", "1.234.567", "98%",
           "1,2 MB"),
    "en": ("21 November 2026", "1 August 2026", "August 2026", "1,234,567", "98%",
           "1.2 MB"),
}  # fmt: skip


@pytest.mark.parametrize("language", WRITTEN)
def test_days_and_numbers_are_written_as_the_language_does(language: str) -> None:
    with speaking(Interface(language)):
        assert WRITTEN[language] == (
            translation.day("2026-11-21T23:59:00Z"),
            translation.day("2026-08-01"),
            translation.month("2026-08-31"),
            translation.number(1234567),
            translation.percent(0.979),
            translation.size(1_234_567),
        )
        assert translation.month("2026-08") == translation.month("2026-08-31")


@pytest.mark.parametrize("odd", ["", "soon", "2026-13-01", None])
def test_what_is_no_day_stands_as_it_is(odd: str | None) -> None:
    assert translation.day(odd) == (odd or "")
    assert translation.month(odd) == (odd or "")


def test_codes_of_the_program_have_a_name_for_people() -> None:
    assert TABLES["body"].keys() == ORGANISATIONS.keys()
    assert TABLES["field"].keys() == CATEGORIES.keys()
    assert TABLES["shared"].keys() >= WEIGHTS.keys()
    with speaking(Interface("fr")):
        assert label("ngo", "body") == "organisation non gouvernementale"
        assert label("unheard-of", "body") == "unheard-of"
        assert how("agreed, without pycld2") == "Les détecteurs s’accordent; sans pycld2"


# --- What every page has -------------------------------------------------------------------------

PAGES = ["/fr/", "/nl/?q=aide", "/en/?language=ar", "/fr/article/1", "/nl/article/4", "/fr/no"]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_has_landmarks_a_search_headings_in_order_and_is_light(db: Path, path: str) -> None:
    (found,) = get(db, path)
    html = found.text
    levels = [int(level) for level in re.findall(r"<h([1-6])", html)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below - above <= 1 for above, below in pairwise(levels))
    for landmark in ("<header", "<nav", "<main", "<footer", 'role="search"', 'class="skip"'):
        assert landmark in html
    ids = re.findall(r' id="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))
    assert "set-cookie" not in found.headers
    assert set(re.findall("<script[^>]*>", html)) <= {'<script type="application/ld+json">'}
    assert len(found.content) < 100_000


PAIRS = [
    *((ink, paper) for ink in ("ink", "soft", "accent") for paper in ("paper", "card", "tint")),
    ("accent-ink", "accent"),
    ("warn", "warn-tint"),
    ("ink", "mark"),
]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_pair_of_colours_can_be_read(scheme: int) -> None:
    sheet = (FOLDER / "static" / "tamis.css").read_text(encoding="utf-8")
    themes = re.findall(r":root {(.*?)}", sheet, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): #([0-9a-f]{3,6})\b", themes[scheme]))
    ratios = {pair: contrast(*(colours[name] for name in pair)) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


def contrast(*colours: str) -> float:
    """As WCAG 2 defines it."""
    lighter, darker = sorted(map(luminance, colours), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour if len(colour) == 6 else "".join(digit * 2 for digit in colour)
    parts = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/fr/", "Copie privée"), ("/nl/article/1", "Privékopie"), ("/fr/nowhere", "Copie privée"),
        ("/news", "Private copy"), ("/news/articles", "Private copy"),
    ],
)  # fmt: skip
def test_a_private_copy_says_so_on_every_page(
    db: Path, private: Path, path: str, told: str
) -> None:
    (marked,), (public,) = get(private, path), get(db, path)
    assert told in marked.text
    assert told not in public.text


# --- What cannot be answered ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/fr/nowhere", 404, "Page introuvable"),
        ("/nl/article/99", 404, "Artikel 99 bestaat niet"),
        ("/news/no_such_table", 404, "Page introuvable"),
        ("/news/articles/99999", 404, "Page introuvable"),
        ("/feeds/xx.atom", 404, "Page introuvable"),
        ("/news/articles?_sort=nothing", 400, "Demande sans réponse possible"),
        ("/news.db", 403, "Pas accessible"),
    ],
)
def test_every_failure_is_a_clear_page_in_the_readers_language_and_prints_nothing(
    db: Path, path: str, status: int, told: str, capfd: pytest.CaptureFixture[str]
) -> None:
    (found,) = get(db, path, accept="fr")
    assert (found.status_code, told in found.text) == (status, True)
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert "canonical" not in found.text
    assert capfd.readouterr() == ("", "")


def test_a_mistake_of_ours_shows_no_trace_to_readers_and_leaves_one_in_the_log(
    private: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(private)) as conn, conn:
        conn.execute("UPDATE articles SET language_claims = 'secret{' WHERE id = 13")
    page, data = get(private, "/nl/article/13", "/article/13.json")
    assert (page.status_code, data.status_code) == (500, 500)
    assert "Er ging iets mis" in page.text
    assert data.json()["ok"] is False
    for shown in (page.text, data.text):
        assert "Traceback" not in shown
        assert "JSONDecodeError" not in shown
    assert "JSONDecodeError" in caplog.text


@pytest.mark.parametrize("path", ["/news/nothing.json", "/news/articles.json?_sort=no"])
def test_a_program_is_answered_in_json_whatever_fails(db: Path, path: str) -> None:
    (found,) = get(db, path)
    assert found.json()["ok"] is False
    assert found.json()["status"] == found.status_code
    assert found.json()["error"].rstrip(string.punctuation)
