import pytest
from lxml import html

from enrich.claims import claims_of
from enrich.sections import Sections, _is_trail, sections_of

URL = "https://quai.example.org/fr/logement/le-centre-rouvre"
TITLE = "Le centre rouvre ses portes"


def read(body: str = "", head: str = "") -> Sections:
    tree = html.fromstring(f"<html><head>{head}</head><body>{body}</body></html>")
    return sections_of(tree, URL, claims_of(tree), title=TITLE)


HOME = '<a href="/">Accueil</a>'
FR, HOUSING = '<a href="/fr/dossiers">Dossiers</a>', '<a href="/fr/logement/">Logement</a>'
TRAILS = {
    "json-ld": '<script type="application/ld+json">{"@type": "BreadcrumbList", "itemListElement": ['
    '{"position": 3, "name": "Logement", "item": "https://quai.example.org/fr/logement/"},'
    '{"position": 1, "name": "Start", "item": "https://quai.example.org/"},'
    '{"position": 2, "item": {"@id": "/fr/dossiers", "name": "Dossiers"}},'
    '{"position": 4, "name": "Réouverture du centre"}]}</script>',
    "microdata": '<ol itemscope itemtype="https://schema.org/BreadcrumbList">'
    f'<li itemprop="itemListElement">{HOME}</li><li>{FR}</li><li>{HOUSING}</li></ol>',
    "bootstrap": f'<nav><ol class="breadcrumb"><li>{HOME}</li><li>{FR}</li><li>{HOUSING}</li>'
    f'<li class="active">{TITLE}</li></ol></nav>',
    "spip": f'<div id="hierarchie">{HOME} &gt; {FR} &gt; {HOUSING} &gt; <em>{TITLE}</em></div>',
    "arbo": f'<p class="arbo">{HOME} &gt; {FR} &gt; {HOUSING} &gt; <strong>{TITLE}</strong></p>',
    "tagdiv": f'<div class="td_block_wrap tdb_breadcrumbs"><span>{HOME}</span><span>{FR}</span>'
    f"<span>{HOUSING}</span><span>{TITLE}</span></div>",
    "ends with the page": f'<div class="breadcrumbs">{FR}{HOUSING}<a href="{URL}">Ici</a></div>',
    "shares": f'<div class="breadcrumbs">{HOME}{FR}{HOUSING}<a href="mailto:?x">Envoyer</a></div>',
    "twice": f'<div class="breadcrumbs">{FR}{HOUSING}{FR}</div><div class="crumbs">{HOME}</div>',
}  # fmt: skip


@pytest.mark.parametrize("body", TRAILS.values(), ids=TRAILS.keys())
def test_the_trail_is_without_home_and_without_the_page_itself(body: str) -> None:
    assert read(body).path == ("Dossiers", "Logement")


@pytest.mark.parametrize(
    "body",
    [
        "",
        f'<div class="breadcrumb">{HOME}</div>',
        f'<div class="breadcrumb"><a href="/x">{TITLE}</a></div>',
        '<div class="breadcrumb"><a href="/x">Le centre rouvre ses...</a></div>',
        '<nav class="menu"><a href="/fr/dossiers">Dossiers</a></nav>',
        '<div class="breadcrumb">' + '<a href="/x">Logement</a>' * 30 + "</div>",
        (
            '<script type="application/ld+json">{"@type": "BreadcrumbList", "itemListElement": 7}'
            "</script>"
        ),
    ],
)
def test_what_is_no_trail_gives_no_path(body: str) -> None:
    assert read(body).path == ()


CATEGORIES = {
    "section": '<meta property="article:section" content="Logement">',
    "json-ld": '<script type="application/ld+json">{"@type": "NewsArticle", '
    '"articleSection": ["Logement", "logement"]}</script>',
    "tags": '<meta property="article:tag" content="Logement">',
    "keywords": '<meta name="keywords" content="Logement">',
    "rel": '<a rel="category tag" href="/c/logement">Logement</a>',
    "class": '<span class="cat-links"><a href="/c/logement">Logement</a></span>',
    "joomla": '<dd><a href="/c/logement" itemprop="genre">Logement</a></dd>',
    "drupal": '<div class="field--name-field-tags"><a href="/c/logement">Logement</a></div>',
}


@pytest.mark.parametrize("body", CATEGORIES.values(), ids=CATEGORIES.keys())
def test_categories_come_from_each_of_their_places(body: str) -> None:
    assert read(f"<main>{body}</main>").categories == ("Logement",)


def test_categories_keep_their_order_and_are_named_once() -> None:
    head = (
        '<meta property="article:section" content="Dossiers">'
        '<meta property="article:tag" content="logement">'
        '<meta name="keywords" content="Sans-abri, Logement, région-du-lac">'
    )
    body = '<p class="tags"><a href="/t/logement">Logement</a> <a href="/t/lac">Lac</a></p>'
    found = read(body, head).categories
    assert found == ("Dossiers", "Logement", "Lac", "Sans-abri", "région-du-lac")


@pytest.mark.parametrize(
    "body",
    [
        '<div class="related"><p class="tags"><a href="/t/a">Autre</a></p></div>',
        '<aside><a rel="tag" href="/t/a">Autre</a></aside>',
        '<div class="tagcloud"><a rel="tag" href="/t/a">Autre</a></div>',
        '<li class="node-readmore"><a rel="tag" href="/n/2">Autre</a></li>',
        '<p class="tags"><a href="#">Autre</a></p>',
        '<p class="tags"><a href="/t/n">Non classé</a><a href="/t/2026">2026</a></p>',
        f'<p class="tags"><a href="/t/n">{TITLE}</a></p>',
        '<meta name="keywords" content="a1, b2, c3, d4, e5, f6, g7, h8, i9, j10, k11">',
    ],
)
def test_what_is_not_of_this_article_is_no_category(body: str) -> None:
    assert read(f"<main>{body}</main>").categories == ()


def test_several_names_in_one_are_parted_where_no_blank_follows_the_comma() -> None:
    head = '<meta property="article:section" content="Logement,Santé">'
    assert read(head=head).categories == ("Logement", "Santé")
    head = '<meta property="article:section" content="Arts, culture">'
    assert read(head=head).categories == ("Arts, culture",)


def test_the_sites_name_is_no_category() -> None:
    head = (
        '<meta property="og:site_name" content="Le Quai">'
        '<meta property="article:tag" content="Le Quai">'
    )
    assert read(head=head) == Sections()


def test_hostile_pages_take_linear_time() -> None:
    read("<div class='breadcrumb'>" * 2000 + f"<li>{FR}</li>" * 2000)
    read('<p class="tags">' + '<a rel="tag" href="/t">x</a>' * 20_000)


@pytest.mark.parametrize(
    "name",
    ["breadcrumbs", "bread-crumb", "ariane", "fil arianne", "hierarchie", "arbo", "kruimelpad",
     "kruimelspoor", "Brotkrumen", "brotkrume", "migas", "briciole", "crumb", "youarehere"],
)  # fmt: skip
def test_every_name_of_a_trail_is_known(name: str) -> None:
    assert _is_trail(name)
