import re
from dataclasses import replace

import pytest
from trafilatura.xpaths import AUTHOR_XPATHS
from web import article

from enrich.article import Hints
from enrich.attachments import Attachment
from enrich.engine import engine_tree
from enrich.extract import _may_sign, extract
from enrich.rights import Signals

URL = "https://quai.example.org/spip.php?article12"
PARAGRAPHS = (
    "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les familles.",
    "Les équipes sociales y tiennent une permanence chaque matin, sauf le dimanche.",
)
PAGE = article("Le centre rouvre", *PARAGRAPHS).decode()
FETCHED = "2026-11-21T08:00:00Z"


def with_head(head: str, *, body: str = "") -> str:
    return PAGE.replace("</head>", f"{head}</head>").replace("</article>", f"{body}</article>")


def test_an_article_is_its_paragraphs_as_lines_and_not_its_headline_again() -> None:
    found = extract(PAGE, URL)
    assert (found.kind, found.title, found.declared_language) == (
        "article",
        "Le centre rouvre",
        "fr",
    )
    assert found.text.splitlines() == list(PARAGRAPHS)
    assert found.words == 27


def test_a_notice_of_two_sentences_is_an_article() -> None:
    found = extract(article("Avis", "La permanence est fermée lundi. Elle rouvre mardi."), URL)
    assert found.kind == "article"
    assert "La permanence est fermée lundi. Elle rouvre mardi." in found.text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "empty"),
        (b"   ", "empty"),
        (b"\x00", "empty"),
        (b"<html></html>", "empty"),
        (b"<p></p>", "empty"),
        (article("", "Chargement..."), "shell"),
        (b"%PDF-1.7 x", "not_html"),
    ],
    ids=["nothing", "spaces", "nul", "no body", "no text", "loading", "a pdf"],
)
def test_a_page_without_text_says_what_it_is_and_keeps_what_the_feed_said(
    body: bytes, kind: str
) -> None:
    found = extract(body, URL, hints=Hints(title="Titre du flux"))
    assert (found.kind, found.title, found.published) == (kind, "Titre du flux", None)


def test_a_home_page_is_no_article() -> None:
    assert extract(PAGE, "https://quai.example.org/").kind == "home"
    assert extract(PAGE, "https://quai.example.org/?p=12").kind == "article"


META = '<meta property="article:published_time" content="2026-10-12T09:15:00+02:00">'
JSON_LD = """<script type="application/ld+json">{"@graph": [
 {"@type": "WebSite", "datePublished": "2001-01-01"},
 {"@type": ["NewsArticle"], "datePublished": "2026-10-11T22:30:00-01:00"}]}</script>"""
PRINTED = "<p>Publié le 9 octobre 2026</p>"


@pytest.mark.parametrize(
    ("head", "printed", "feed", "expected"),
    [
        (META + JSON_LD, PRINTED, "2026-10-13T06:00:00Z", ("2026-10-13T06:00:00Z", "feed")),
        (META + JSON_LD, PRINTED, None, ("2026-10-11T22:30:00-01:00", "json-ld")),
        (META, PRINTED, None, ("2026-10-12T09:15:00+02:00", "meta")),
        ("", PRINTED, None, ("2026-10-09", "page")),
        ("", "", None, (None, None)),
        (META, "", "2031-01-01T00:00:00Z", ("2026-10-12T09:15:00+02:00", "meta")),
        (META, "", "1970-01-01T00:00:00Z", ("2026-10-12T09:15:00+02:00", "meta")),
        ('<script type="application/ld+json">{"@type": "NewsArticle", </script>' + META, "", None,
         ("2026-10-12T09:15:00+02:00", "meta")),
        ('<meta name="dc.date" content="hier">', PRINTED, None, ("2026-10-09", "page")),
        ('<meta name="dc.date" content="2026-10-08">', "", None, ("2026-10-08", "meta")),
    ],
    ids=["feed", "json-ld", "meta", "page", "none", "feed in the future", "feed of the epoch",
         "broken json-ld", "meta in words", "meta without time"],
)  # fmt: skip
def test_the_date_comes_from_the_best_witness_who_is_named(
    head: str, printed: str, feed: str | None, expected: tuple[str | None, str | None]
) -> None:
    hints = Hints(published=feed, fetched=FETCHED)
    found = extract(with_head(head, body=printed), URL, hints=hints)
    assert (found.published, found.published_source) == expected


def test_the_same_page_gives_the_same_article_whenever_it_is_read() -> None:
    page, hints = with_head(META, body=PRINTED), Hints(fetched=FETCHED)
    assert extract(page, URL, hints=hints) == extract(page, URL, hints=hints)


def test_the_feeds_title_is_taken_where_the_page_adds_its_sites_name() -> None:
    page = PAGE.replace("Le centre rouvre", "Le centre rouvre - Le Quai")
    assert extract(page, URL, hints=Hints(title="Le centre rouvre")).title == "Le centre rouvre"
    assert extract(page, URL, hints=Hints(title="Autre chose")).title.startswith("Le centre rouvre")


def test_a_title_may_hold_a_script_and_stays_text() -> None:
    page = article("Un &lt;script&gt;alert(1)&lt;/script&gt; dans le titre", *PARAGRAPHS)
    assert extract(page, URL).title == "Un <script>alert(1)</script> dans le titre"


def test_documents_are_listed_with_their_labels_but_not_those_of_the_footer() -> None:
    links = '<a href="/rapport%202025.pdf"> Rapport  2025 </a><a href="javascript:x.pdf">x</a>'
    page = with_head("", body=links).replace(
        "</body>", '<footer><a href="/confidentialite.pdf">RGPD</a></footer></body>'
    )
    assert extract(page, URL).attachments == (
        Attachment(
            url="https://quai.example.org/rapport%202025.pdf",
            label="Rapport 2025",
            media_type="application/pdf",
        ),
    )


def test_the_addresses_that_a_page_claims_for_itself_are_kept_apart() -> None:
    head = '<link rel="canonical" href="/spip.php?article12"><meta property="og:url" content="/b">'
    found = extract(with_head(head), URL)
    assert (found.canonicals, found.og_url) == ((URL,), "https://quai.example.org/b")


def test_what_a_page_says_of_its_rights_is_kept_even_where_it_has_no_text() -> None:
    head = '<meta name="robots" content="noarchive"><link rel="license" href="/licence">'
    declared = Signals(robots=("noarchive",), licences=("https://quai.example.org/licence",))
    assert extract(with_head(head), URL).rights == declared
    empty = extract(f"<html><head>{head}</head><body><p>x</p></body></html>", URL)
    assert (empty.kind, empty.rights) == ("empty", declared)


def test_an_undeclared_encoding_is_read() -> None:
    page = PAGE.replace("hébergement", "hébergement d’été").encode("cp1252")
    assert "hébergement d’été" in extract(page, URL, content_type="text/html").text


def test_authors_and_categories_fall_back_on_the_feed() -> None:
    hints = Hints(authors=("La rédaction du Quai",), categories=("Logement",))
    found = extract(PAGE, URL, hints=hints)
    assert (found.authors, found.categories) == (hints.authors, hints.categories)
    assert extract(PAGE, URL, hints=replace(hints, authors=())).authors == ()


def named(path: str) -> list[tuple[str, str]]:
    """The attributes, and words in them, that an XPath of Trafilatura asks for."""
    found = re.findall(r"@([\w-]+)\s*(?:=|,)\s*'([^']+)'", path)
    return [
        (attribute, word.replace("-?", "-"))
        for attribute, said in found
        for word in said.split("|")
    ]


def test_whatever_trafilatura_takes_for_a_signature_is_searched() -> None:
    asked = [pair for xpath in AUTHOR_XPATHS for pair in named(xpath.path)]
    assert len(asked) > 20
    for attribute, word in asked:
        tree = engine_tree(f'<html><body><p {attribute}="{word}">Awa Sylla</p></body></html>')
        assert tree is not None
        assert _may_sign(tree), (attribute, word)
