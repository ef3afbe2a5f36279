import re
import time
import tomllib
import tracemalloc

import pytest
from lxml.html import HtmlElement
from trafilatura import bare_extraction, load_html
from trafilatura.settings import Document

from enrich import bodies, kinds, looks
from enrich.blocks import layout
from enrich.bodies import readable, refuse, uncrowded
from enrich.claims import claims_of
from enrich.kinds import Kind, kind_of, signs
from enrich.text import fold

ROOT = "https://quai.example.org"
LANGUAGES = 20  # at least, in each table that has words of a language
NOTICE = "La permanence du quai est fermée lundi et mardi. Elle rouvre mercredi à neuf heures."
SENTENCES = (
    "Le relais du quai accueille chaque soir des familles qui n'ont pas de logement.",
    "Une équipe de bénévoles y prépare trente repas, et la commune paie le chauffage.",
    "Les travailleurs sociaux demandent deux postes de plus avant l'hiver.",
)
MENU = """<nav><ul><li><a href="/">Accueil</a></li><li><a href="/actualites/">Actualités</a></li>
<li><a href="/le-reseau/">Le réseau</a></li><li><a href="/qui-sommes-nous/">Qui sommes-nous</a></li>
<li><a href="/contact/">Contact</a></li></ul></nav>"""
FOOTER = (
    "<footer><p>Le Quai Fictif, 12 quai du Nord, Ville-sur-Eau. Tous droits réservés.</p></footer>"
)


def site(
    body: str, *, title: str = "Le Quai Fictif", head: str = "", classes: str = "", menu: str = MENU
) -> str:
    return (
        f'<!DOCTYPE html><html lang="fr"><head><title>{title}</title>{head}</head>'
        f'<body class="{classes}"><header>{menu}</header><main>{body}</main>{FOOTER}</body></html>'
    )


def teasers(number: int, more: str = "Lire la suite") -> str:
    return "".join(
        f'<div class="teaser"><h2><a href="/nouvelle-{index}/">Nouvelle du quai, numéro {index}</a>'
        f"</h2><p>Ce qui se passe au port en {index} jours, et ce que la ville en dit.</p>"
        f'<a href="/nouvelle-{index}/">{more}</a></div>'
        for index in range(number)
    )


def paragraphs(number: int) -> str:
    return "".join(f"<p>{SENTENCES[index % 3]}</p>" for index in range(number))


def kind(page: str, path: str = "/une-nouvelle/", **known: str) -> Kind:
    tree, text, title = read(page, path)
    url = f"{ROOT}{path}"
    return kind_of(tree, layout(tree), claims_of(tree), url=url, text=text, title=title, **known)  # type: ignore[arg-type]


def read(page: str, path: str) -> tuple[HtmlElement, str, str]:
    found = bare_extraction(
        load_html(page), url=f"{ROOT}{path}", include_comments=False, with_metadata=True
    )
    title = re.search("<title>(.*?)</title>", page)
    text = found.text if isinstance(found, Document) else ""
    return load_html(page), text or "", title[1] if title else ""


def test_an_article_is_an_article_and_the_reason_names_what_speaks_for_it() -> None:
    found = kind(site(f"<h1>Le relais du quai rouvre</h1>{paragraphs(9)}"))
    assert found.name == "article"
    assert "words of running text" in found.reason


def test_a_notice_of_two_sentences_without_date_or_author_is_an_article() -> None:
    assert kind(site(f"<h1>Fermeture</h1><p>{NOTICE}</p>"), "/avis-12.html").name == "article"


def test_a_notice_of_one_sentence_on_a_page_of_nothing_else_is_an_article() -> None:
    page = f"<html><head><title>Avis</title></head><body><p>{NOTICE[:48]}</p></body></html>"
    assert kind(page, "/avis-13.html").name == "article"


def test_a_notice_is_an_article_though_related_teasers_are_longer_than_it() -> None:
    page = site(f"<h1>La permanence du quai est fermée</h1><p>{NOTICE}</p>{teasers(4)}")
    assert kind(page).name == "article"


def test_a_long_article_stays_one_under_a_long_list_of_others() -> None:
    page = site(f"<h1>Le relais rouvre</h1>{paragraphs(12)}{teasers(20)}")
    assert kind(page).name == "article"


def test_an_article_made_of_a_numbered_list_stays_one() -> None:
    items = "".join(
        f'<h2>{n}. <a href="https://livres.example.com/{n}">Le livre {n}</a></h2>{paragraphs(3)}'
        for n in range(8)
    )
    assert kind(site(f"<h1>Huit livres sur le logement</h1>{items}")).name == "article"


@pytest.mark.parametrize("path", ["/", "", "/fr/", "/index.html", "/nl", "/accueil", "/?lang=fr"])
def test_the_address_of_a_home_page_makes_a_home_page(path: str) -> None:
    assert kind(site(paragraphs(5)), path).name == "home"


@pytest.mark.parametrize("path", ["/?p=12", "/spip.php?article12", "/fr/node/12"])
def test_an_address_with_a_number_is_not_a_home_page(path: str) -> None:
    assert kind(site(f"<h1>Le relais rouvre</h1>{paragraphs(5)}"), path).name == "article"


@pytest.mark.parametrize(
    ("path", "title", "lead"),
    [
        ("/actualites/", "Actualités", ""),
        ("/category/logement/", "Logement", "<p>Tout ce que nous savons du logement.</p>"),
        ("/actualites/page/3/", "Actualités", ""),
        ("/?s=logement", "Résultats de recherche pour logement", ""),
        ("/tag/logement/", "Étiquette : logement", ""),
        (
            "/author/mireille/",
            "Mireille Quoidbach",
            "<p>Elle écrit pour nous depuis longtemps.</p>",
        ),
        ("/spip.php?rubrique3", "Nos dossiers", ""),
        ("/agenda/", "Agenda", ""),
    ],
)
def test_a_page_of_teasers_is_a_listing(path: str, title: str, lead: str) -> None:
    page = site(f"<h1>{title}</h1>{lead}{teasers(8)}", title=f"{title} - Le Quai Fictif")
    assert kind(page, path).name == "listing"


def test_a_listing_of_one_teaser_is_one_too() -> None:
    page = site(f"<h1>Logement</h1>{teasers(1)}", title="Logement", classes="archive category")
    assert kind(page, "/category/logement/").name == "listing"


def test_a_listing_in_a_language_that_has_no_words_here_is_told_by_its_cards() -> None:
    cards = "".join(
        f'<li class="c"><h3><a href="/k{n}">Zuru belem okta nari {n}</a></h3>'
        f"<p>Belem okta nari zuru, temal orin sabe katu ni belem.</p></li>"
        for n in range(9)
    )
    assert kind(site(f"<h1>Zuru</h1><ul>{cards}</ul>", title="Zuru"), "/zuru/").name == "listing"


def test_a_collection_that_says_so_is_a_listing() -> None:
    head = '<script type="application/ld+json">{"@type": "CollectionPage"}</script>'
    page = site(f"<h1>Dossiers</h1>{teasers(3)}", head=head)
    assert kind(page, "/dossiers-du-quai/").name == "listing"


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/qui-sommes-nous/", "Qui sommes-nous ?"),
        ("/over-ons", "Over ons"),
        ("/about", "About us"),
        ("/page-4.html", "Mentions légales"),
        ("/contact/", "Contact"),
        ("/ueber-uns", "Über uns"),
        ("/quienes-somos", "Quiénes somos"),
        ("/quem-somos", "Quem somos"),
        ("/kuhusu-sisi", "Kuhusu sisi"),
        ("/about", "من نحن"),
        ("/privacy", "سياسة الخصوصية"),
    ],
)
def test_a_page_called_as_standing_pages_are_is_static(path: str, title: str) -> None:
    page = site(f"<h1>{title}</h1>{paragraphs(10)}", title=f"{title} | Le Quai Fictif")
    assert kind(page, path).name == "static"


def test_a_short_page_of_the_menu_is_static_whatever_its_name() -> None:
    head = '<meta property="og:type" content="website">'
    page = site(f"<h1>Le réseau</h1>{paragraphs(4)}", head=head, classes="page page-id-7")
    assert kind(page, "/le-reseau/").name == "static"


def test_an_article_is_not_static_because_a_menu_links_to_it() -> None:
    page = site(f"<h1>Le réseau</h1>{paragraphs(30)}")
    assert kind(page, "/le-reseau/").name == "article"


def test_an_article_on_an_office_called_contact_is_not_static() -> None:
    head = '<meta property="article:published_time" content="2026-10-02T08:00:00Z">'
    page = site(f"<h1>Contact</h1><p>2 octobre 2026</p>{paragraphs(6)}", head=head)
    assert kind(page, "/2026/10/un-lieu-nomme-contact/", published="2026-10-02").name == "article"


@pytest.mark.parametrize(
    "lines",
    [
        ("Nous et nos partenaires utilisons des cookies sur votre appareil.",
         "Vous pouvez retirer votre consentement à tout moment."),
        ("We and our partners use cookies to store and access information.",
         "You can withdraw your consent at any time, or reject all."),
        ("Wij en onze partners gebruiken cookies op uw toestel.",
         "U kunt uw toestemming altijd intrekken, of alles weigeren."),
        ("نستخدم نحن وشركاؤنا ملفات تعريف الارتباط على جهازك.", "يمكنك سحب موافقتك في أي وقت."),
    ],
)  # fmt: skip
def test_a_page_of_consent_alone_is_a_consent_wall(lines: tuple[str, str]) -> None:
    wall = "".join(f"<p>{line}</p>" for line in lines)
    page = site(f'<div id="didomi-host"><div role="dialog">{wall}</div></div>')
    assert kind(page).name == "consent"


def test_an_article_on_cookies_is_no_consent_wall() -> None:
    page = site(
        "<h1>Une commune renonce aux cookies</h1><p>La commune n'utilisera plus de cookies.</p>"
        + paragraphs(6)
    )
    assert kind(page).name == "article"


@pytest.mark.parametrize(
    "asks",
    [
        "Cet article est réservé aux abonnés.",
        "Subscribe to continue reading.",
        "Dit artikel is voor abonnees.",
        "Suscríbete para seguir leyendo.",
        "هذا المحتوى للمشتركين فقط",
    ],
)
def test_a_teaser_before_a_request_to_subscribe_is_a_paywall(asks: str) -> None:
    page = site(f"<h1>Le relais rouvre</h1>{paragraphs(2)}<div><h3>{asks}</h3></div>")
    assert kind(page).name == "paywall"


def test_a_text_that_is_cut_off_before_a_call_beside_it_is_a_paywall() -> None:
    call = "<aside><h2>This post is for paying subscribers only</h2></aside>"
    page = site(
        f"<h1>Le relais</h1>{paragraphs(1)}<p>Le plus grand coût, dit-elle, était…</p>{call}"
    )
    assert kind(page).name == "paywall"


def test_a_whole_article_that_is_not_free_is_an_article() -> None:
    head = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Le relais",'
        '"isAccessibleForFree": false}</script>'
    )
    assert kind(site(f"<h1>Le relais</h1>{paragraphs(12)}", head=head)).name == "article"


def test_a_few_words_of_what_is_not_free_are_a_paywall() -> None:
    head = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "headline": "Le relais",'
        '"isAccessibleForFree": "False"}</script>'
    )
    assert kind(site(f"<h1>Le relais</h1>{paragraphs(1)}", head=head)).name == "paywall"


@pytest.mark.parametrize(
    "body",
    [
        '<div id="root"></div><noscript>You need to enable JavaScript to run this app.</noscript>',
        '<div id="app"><div class="spinner"></div></div>',
        '<h1>Rapport</h1><iframe src="/viewer?file=rapport.pdf"></iframe>',
        '<embed src="/rapport-2026.pdf" type="application/pdf">',
    ],
    ids=["noscript", "empty root", "viewer", "embedded"],
)
def test_a_page_that_only_a_program_would_fill_is_a_shell(body: str) -> None:
    assert kind(site(body)).name == "shell"


def test_a_set_of_frames_is_a_shell() -> None:
    page = (
        '<html><frameset cols="20%,80%"><frame src="a.html"><frame src="b.html"></frameset></html>'
    )
    assert kind(page) == Kind(name="shell", reason="a set of frames without a text of its own")


def test_a_live_blog_that_says_so_is_live() -> None:
    head = '<script type="application/ld+json">{"@type": "LiveBlogPosting"}</script>'
    assert kind(site(f"<h1>Le conseil</h1>{paragraphs(8)}", head=head)).name == "live"


def test_a_title_and_lines_with_hours_make_a_live_report_and_the_title_alone_does_not() -> None:
    hours = "".join(f"<p>1{n}h0{n} {SENTENCES[n % 3]}</p>" for n in range(6))
    title = "En direct : le conseil communal vote"
    assert kind(site(f"<h1>{title}</h1>{hours}", title=title)).name == "live"
    assert kind(site(f"<h1>{title}</h1>{paragraphs(6)}", title=title)).name == "article"


@pytest.mark.parametrize(
    "title",
    ["Page introuvable", "Erreur 404 : la page demandée", "Page not found", "الصفحة غير موجودة"],
)
def test_a_missing_page_with_status_200_is_not_found(title: str) -> None:
    page = site(f"<h1>{title}</h1><p>Essayez la recherche ou le menu.</p>", title=title)
    assert kind(page, "/a/b").name == "not_found"


def test_a_page_whose_only_text_is_the_sites_footer_is_empty() -> None:
    tree = load_html(site("<h1>Rapport</h1>"))
    footer = "Le Quai Fictif, 12 quai du Nord, Ville-sur-Eau. Tous droits réservés."
    found = kind_of(
        tree, layout(tree), claims_of(tree), url=f"{ROOT}/rapport", text=footer, title="Rapport"
    )
    assert found == Kind(name="empty", reason="0 words outside menus and footers")


@pytest.mark.parametrize(
    ("body", "name", "reason"),
    [
        (b"", "empty", "no content"),
        (b" \r\n\t", "empty", "no content"),
        (b"\x00\x00", "empty", "no content"),
        (b"%PDF-1.7\n%\xe2", "not_html", "a PDF"),
        (b"\n%PDF-1.4", "not_html", "a PDF"),
        (b"PK\x03\x04\x14\x00", "not_html", "a ZIP"),
        (b"\x89PNG\r\n\x1a\n", "not_html", "a picture"),
        (b"\xff\xd8\xff\xe0", "not_html", "a picture"),
        (b"\x1f\x8b\x08", "not_html", "compressed"),
        (b"ab\x00\x01\x00\x02" * 50, "not_html", "binary"),
        (b'{"title": "x"}', "not_html", "JSON"),
        ('[{"title": "x"}]', "not_html", "JSON"),
        (b'<?xml version="1.0"?>\n<!-- x -->\n<rss version="2.0">', "not_html", "a feed"),
        ('\ufeff<feed xmlns="http://www.w3.org/2005/Atom">', "not_html", "a feed"),
        (b'<?xml version="1.0"?><urlset>', "not_html", "a feed"),
        (b'<?xml version="1.0"?><NewsML>', "not_html", "XML"),
    ],
)
def test_what_is_no_page_is_refused_with_a_reason(
    body: bytes | str, name: str, reason: str
) -> None:
    found = refuse(body)
    assert found is not None
    assert found.name == name
    assert reason in found.reason


@pytest.mark.parametrize(
    "body",
    [
        b"<p>Bonjour",
        b"\xef\xbb\xbf<!DOCTYPE html><html>",
        b'<?xml version="1.0"?><!DOCTYPE html><html xmlns="http://www.w3.org/1999/xhtml">',
        "<html><p>a\x00b</p>" + "mot " * 99,
        "<html>".encode("utf-16"),
        b"[Publicite] <p>Bonjour",
    ],
)
def test_what_may_be_a_page_is_not_refused(body: bytes | str) -> None:
    assert refuse(body) is None


def test_a_picture_by_its_header_is_refused_unless_it_is_a_page_after_all() -> None:
    assert refuse(b"abc", "image/webp") is not None
    assert refuse(b"<html><p>abc", "image/webp") is None


def test_an_ordinary_page_is_read_as_it_is() -> None:
    page = site(paragraphs(3))
    assert readable(page) == (page, False)


def test_a_huge_page_loses_first_what_holds_no_text() -> None:
    ld = '<script type="application/ld+json">{"@type": "NewsArticle"}</script>'
    padding = f"<script>{'var a = 1; ' * 400_000}</script><!--{' x' * 100_000}-->"
    page = f"<html><head>{ld}{padding}</head><body><p>{NOTICE}</p></body></html>"
    assert readable(page) == (f"<html><head>{ld}</head><body><p>{NOTICE}</p></body></html>", False)


def test_a_page_of_twenty_megabytes_is_cut_and_says_so() -> None:
    page = f"<html><body>{f'<p>{NOTICE}</p>' * 220_000}</body></html>"
    assert len(page) > 20_000_000
    tracemalloc.start()
    started = time.process_time()
    html, cut = readable(page)
    spent, (_, peak) = time.process_time() - started, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert cut
    assert len(html) <= bodies.MAX_CHARACTERS
    assert html.count("<") <= bodies.MAX_TAGS
    assert spent < 5
    assert peak < 300_000_000


def test_a_tag_of_a_hundred_thousand_attributes_does_not_reach_the_parser() -> None:
    attributes = " ".join(f'a{n}="b"' for n in range(100_000))
    html, _ = readable(f"<html><body><div {attributes}><p>{NOTICE}</p></div></body></html>")
    assert html == f"<html><body><div><p>{NOTICE}</p></div></body></html>"


@pytest.mark.parametrize(
    "page",
    [
        f"<html><body>{'<div>' * 100_000}{NOTICE}{'</div>' * 100_000}</body></html>",
        f"<html><body>{'<ul><li>' * 20_000}{NOTICE}</body></html>",
        "<!--" * 500_000 + NOTICE,
        "<script>" * 300_000 + NOTICE,
        "<" * 2_000_000,
        "<a " * 500_000,
    ],
    ids=["nested", "lists", "comments", "scripts", "brackets", "links"],
)
def test_hostile_pages_get_a_kind_in_time(page: str) -> None:
    started = time.process_time()
    html, _ = readable(page)
    tree = load_html(html)
    if tree is not None:
        found = kind_of(tree, layout(tree), claims_of(tree), url=f"{ROOT}/x", text="", title="")
        assert found.name == "empty"
    assert time.process_time() - started < 5


def test_a_page_nested_too_deep_to_be_read_says_so() -> None:
    tree = load_html(f"<html><body>{'<div>' * 1_000}{NOTICE}</body></html>")
    found = kind_of(tree, layout(tree), claims_of(tree), url=f"{ROOT}/x", text="", title="")
    assert found.reason == "its elements are nested deeper than can be read"


@pytest.mark.parametrize(
    "url", ["", "hard::x", "https://[::1", "https://e.example.org/%ff?%zz&&=", "/"]
)
def test_odd_addresses_do_no_harm(url: str) -> None:
    tree = load_html(site(f"<h1>Le relais</h1>{paragraphs(5)}<a href='http://[x'>a</a>"))
    kind_of(
        tree, layout(tree), claims_of(tree), url=url, text=" ".join(SENTENCES), title="Le relais"
    )


def test_reading_a_page_changes_nothing_in_it() -> None:
    tree, text, title = read(site(f"<h1>Nouvelles</h1>{teasers(5)}"), "/x/")
    before = tree.text_content()
    kind_of(tree, layout(tree), claims_of(tree), url=f"{ROOT}/x/", text=text, title=title)
    assert tree.text_content() == before


def test_the_signs_of_each_side_can_be_asked_for() -> None:
    page = site(f"<h1>Actualités</h1>{teasers(8)}", title="Actualités")
    tree, text, title = read(page, "/actualites/")
    found = signs(
        tree, layout(tree), claims_of(tree), url=f"{ROOT}/actualites/", text=text, title=title
    )
    assert "the address is a list's" in [sign.what for sign in found["listing"]]
    assert sum(sign.points for sign in found["listing"]) >= kinds.THRESHOLD


def test_the_words_are_in_many_languages_and_none_is_empty_when_folded() -> None:
    tables = tomllib.loads(kinds.DATA.read_text(encoding="utf-8"))
    del tables["classes"]
    for name, phrases in tables.items():
        assert all(fold(phrase) for found in phrases.values() for phrase in found), name
        assert "any" in phrases or len(phrases) >= LANGUAGES, name


def test_a_page_with_too_many_runs_in_one_element_is_cut() -> None:
    page = site("<p>" + "mot <b>gras</b> " * (bodies.MAX_RUNS + 1) * 3 + "</p>")
    less = uncrowded(page, load_html(page))
    assert less is not None
    assert less.count("<") < bodies.MAX_CROWDED < page.count("<")
    assert page.startswith(less)


@pytest.mark.parametrize("part", ["<p>mot</p>", "<p>mot <b>gras</b> mot</p>"])
def test_a_page_of_many_paragraphs_is_not(part: str) -> None:
    page = site(part * (bodies.MAX_RUNS + 1))
    assert uncrowded(page, load_html(page)) is None


@pytest.mark.parametrize(
    "name",
    ["site-footer", "Colophon", "pied de page", "bottom-bar", "main-menu", "navigation",
     "fil-ariane", "breadcrumb", "kruimelpad", "migas", "langues", "pager", "pagination",
     "nav-links", "page-num", "wp-pagenavi"],
)  # fmt: skip
def test_what_a_class_says_is_not_passed_over(name: str) -> None:
    assert looks._says(name) is not None
