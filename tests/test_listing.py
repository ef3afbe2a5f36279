# ruff: noqa: E501, ISC004  (pages, in one piece each)
import os
import random
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from crawler import ranking
from crawler.anchors import MAX_ANCHORS, anchors_of
from crawler.demo.web import DemoWeb
from crawler.errors import FeedError
from crawler.items import Address, Answer, Harvest, Source
from crawler.urls import key
from spiders.channels import listing

SITE = "https://quai.example.org"
WORDS = "Un nouveau toit pour les familles du port"


def page(body: str, *, language: str = "fr", head: str = "") -> bytes:
    return f'<!doctype html><html lang="{language}"><head>{head}</head><body>{body}</body></html>'.encode()


def read(body: str, url: str = f"{SITE}/actualites", **more: str) -> Harvest:
    return listing.read(Answer(url=url, body=page(body, **more)))


def urls(harvest: Harvest) -> list[str]:
    return [link.url.removeprefix(SITE) for link in harvest.links]


def entries(*links: str, date: str = "21 novembre 2026") -> str:
    """A list of cards, the plainest there can be."""
    return "".join(
        f'<div class="item"><h3><a href="{link}">{WORDS} {n}</a></h3><p>{date}</p></div>'
        for n, link in enumerate(links)
    )


MENU = (
    '<nav><a href="/">Accueil</a><a href="/logement">Logement</a>'
    '<a href="/qui-sommes-nous">Notre projet et notre équipe</a></nav>'
)
FOOT = '<footer><a href="/mentions-legales">Mentions légales de notre association</a></footer>'

SYSTEMS = {
    "spip": (
        "/spip.php?rubrique3",
        '<ul class="nav"><li><a href="spip.php?rubrique4">Les droits des locataires du quai</a></li></ul>'
        '<div class="liste articles"><ul>'
        '<li><h3><a href="spip.php?article12">Une péniche pour les sans-abri du canal</a></h3>'
        "<p>21 novembre 2026</p></li>"
        '<li><h3><a href="spip.php?article13">Le marché couvert distribue des repas</a></h3>'
        "<p>14 novembre 2026</p></li></ul>"
        '<p class="pagination"><a href="spip.php?rubrique3&amp;debut_articles=10">10</a></p></div>',
        ["/spip.php?article12", "/spip.php?article13"],
    ),
    "wordpress": (
        "/blog/",
        '<main><article class="post-12 post hentry"><header class="entry-header">'
        '<h2><a href="/?p=12" rel="bookmark">Huit logements ouverts près du canal</a></h2>'
        '<time datetime="2026-11-21T09:30:00+01:00">21 novembre 2026</time></header>'
        "<p>Les clés ont été remises samedi matin par la régie du quartier des Tanneurs.</p>"
        '<footer class="entry-footer"><a href="/category/logement/" rel="category tag">Logement</a>'
        '</footer></article><article class="post-13 post hentry"><header class="entry-header">'
        '<h2><a href="/?p=13" rel="bookmark">Ateliers</a></h2>'
        '<time datetime="2026-11-20T09:30:00+01:00">20 novembre 2026</time></header></article></main>',
        ["/?p=12", "/?p=13"],
    ),
    "joomla": (
        "/index.php?option=com_content&view=category&id=3",
        '<ul class="mod-menu"><li><a href="/index.php?option=com_content&amp;view=category&amp;id=4">'
        "Toutes nos actions dans le quartier</a></li></ul>"
        '<table class="category"><tr><td class="list-title">'
        '<a href="/index.php?option=com_content&amp;view=article&amp;id=12:un-toit">'
        "Un toit pour les marins retraités</a></td><td>21.11.2026</td></tr>"
        '<tr><td class="list-title">'
        '<a href="/index.php?option=com_content&amp;view=article&amp;id=13:soupe">'
        "La soupe du vendredi soir change de quai</a></td><td>14.11.2026</td></tr></table>",
        [
            "/index.php?option=com_content&view=article&id=12:un-toit",
            "/index.php?option=com_content&view=article&id=13:soupe",
        ],
    ),
    "drupal": (
        "/nl/nieuws",
        '<div class="block-language"><a href="/fr/actualites" hreflang="fr">Français</a></div>'
        '<div class="views-row"><h2><a href="/node/12" rel="bookmark">'
        "Buurthuis opent nachtopvang aan de kaai</a></h2>"
        '<ul class="links"><li><a href="/node/12" rel="tag" hreflang="nl">Lees meer</a></li></ul></div>'
        '<div class="views-row"><h2><a href="/nl/nieuws/vrijwilligers-gezocht-in-de-haven">'
        "Vrijwilligers gezocht voor de soep in de haven</a></h2>"
        '<ul class="links"><li><a href="/nl/nieuws/vrijwilligers-gezocht-in-de-haven" rel="tag">'
        "Lees meer</a></li></ul></div>",
        ["/node/12", "/nl/nieuws/vrijwilligers-gezocht-in-de-haven"],
    ),
    "typo3": (
        "/aktuelles/",
        '<div class="news-list-view"><div class="article"><span class="news-list-date">21.11.2026</span>'
        '<a title="Neue Wohnungen am Kanal" href="/aktuelles/detail/neue-wohnungen-am-kanal">'
        '<img src="/fileadmin/a.jpg" width="200"></a><div class="teaser-text">Am Kanal stehen acht '
        "neue Wohnungen für Familien bereit, teilt der Verein mit. "
        '<a class="more" href="/aktuelles/detail/neue-wohnungen-am-kanal">Weiterlesen</a></div></div>'
        '<div class="article"><span class="news-list-date">14.11.2026</span>'
        '<a title="Suppe am Freitag im Hafen" href="/aktuelles/detail/suppe-am-freitag">'
        '<img src="/fileadmin/b.jpg" width="200"></a><div class="teaser-text">Der Verein kocht jetzt '
        "auch freitags für alle, die in den Hafen kommen. "
        '<a class="more" href="/aktuelles/detail/suppe-am-freitag">Weiterlesen</a></div></div></div>',
        ["/aktuelles/detail/neue-wohnungen-am-kanal", "/aktuelles/detail/suppe-am-freitag"],
    ),
    "hand-made": (
        "/index.htm",
        '<table><tr><td width="150"><a href="qui.htm">Qui sommes-nous ?</a><br>'
        '<a href="liens.htm">Liens</a></td><td>'
        '<font size="2">21/11/2026</font> <a href="peniche.htm">Une péniche pour les sans-abri</a><br>'
        "Le bateau accueille vingt personnes depuis samedi soir, dit la capitainerie.<br>"
        '<font size="2">14/11/2026</font> <a href="soupe.htm">La soupe change de quai</a><br>'
        "Elle sera servie devant la halle aux grains dès le mois prochain, et jusqu'au soir.<br>"
        "</td></tr></table>",
        ["/peniche.htm", "/soupe.htm"],
    ),
    "right to left": (
        "/akhbar",
        '<div class="views-row"><a href="/node/12">مركز جديد يستقبل العائلات النازحة قرب الميناء</a>'
        "<span>٢١ نوفمبر ٢٠٢٦</span></div>"
        '<div class="views-row"><a href="/node/13">ثلاث مدارس تفتح أبوابها في بلدة النهر</a>'
        "<span>14 تشرين الثاني 2026</span></div>",
        ["/node/12", "/node/13"],
    ),
}


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_articles_of_each_system_are_found_and_its_menus_are_not(system: str) -> None:
    path, body, expected = SYSTEMS[system]
    found = read(MENU + body + FOOT, SITE + path, language="ar" if "left" in system else "fr")
    assert urls(found) == expected


def test_a_card_gives_headline_date_teaser_and_picture() -> None:
    _, body, _ = SYSTEMS["typo3"]
    first = read(body, f"{SITE}/aktuelles/", language="de").links[0]
    assert first.title == "Neue Wohnungen am Kanal"
    assert first.published == "2026-11-21"
    assert first.summary is not None
    assert first.summary.startswith("Am Kanal stehen acht neue Wohnungen")
    assert first.image == f"{SITE}/fileadmin/a.jpg"
    assert first.language == "de"


def test_dates_that_stand_between_headlines_go_with_the_right_one() -> None:
    _, body, _ = SYSTEMS["hand-made"]
    before = read(body, f"{SITE}/index.htm")
    assert [link.published for link in before.links] == ["2026-11-21", "2026-11-14"]
    after = read(
        '<h3><a href="/n/1">Une péniche pour les sans-abri</a></h3><p>21/11/2026</p>'
        '<h3><a href="/n/2">La soupe change de quai</a></h3><p>14/11/2026</p>'
    )
    assert [link.published for link in after.links] == ["2026-11-21", "2026-11-14"]


def test_a_section_of_the_card_is_neither_its_headline_nor_an_article() -> None:
    found = read(
        "".join(
            f'<div class="card"><a href="/logement-social">Le logement social</a>'
            f'<h3><a href="/n/{n}">{WORDS} {n}</a></h3><span class="date">2{n}.11.2026</span></div>'
            for n in range(4)
        )
    )
    assert urls(found) == [f"/n/{n}" for n in range(4)]
    assert [link.published for link in found.links] == [f"2026-11-2{n}" for n in range(4)]


def test_a_read_more_link_takes_the_heading_of_its_card() -> None:
    found = read(
        "".join(
            f"<div><h3>{WORDS} {n}</h3><p>21 novembre 2026</p>"
            f'<a href="/n/{n}">Lire la suite</a></div>'
            for n in range(3)
        )
    )
    assert [link.title for link in found.links] == [f"{WORDS} {n}" for n in range(3)]


def test_known_articles_tell_which_links_are_articles() -> None:
    body = page('<p><a href="/doc/7">Rapport annuel</a> <a href="/lieu/8">Notre maison</a></p>')
    answer = Answer(url=f"{SITE}/docs", body=body)
    with pytest.raises(FeedError):
        listing.read(answer)
    found = listing.read(replace(answer, examples=(f"{SITE}/doc/3", f"{SITE}/doc/4")))
    assert urls(found) == ["/doc/7"]


def test_other_sites_files_and_services_are_no_articles_but_sub_domains_are_the_site() -> None:
    found = read(
        entries(
            "/n/1",
            "https://nieuws.quai.example.org/n/2",
            "https://elsewhere.test/n/3",
            "/n/4.pdf",
            "/tag/n-5",
            "/contact",
            "mailto:quai@example.org",
            "javascript:void(0)",
            "#n6",
            "/actualites",
        )
    )
    assert urls(found) == ["/n/1", "https://nieuws.quai.example.org/n/2"]


def test_links_follow_the_base_and_keep_the_sites_spelling() -> None:
    found = read(
        entries("spip.php?Le-Quai-s-ouvre&amp;lang=fr", "Été/Une-fête"),
        head='<base href="https://quai.example.org/site/">',
    )
    assert urls(found) == ["/site/spip.php?Le-Quai-s-ouvre&lang=fr", "/site/Été/Une-fête"]


def test_a_headline_without_spaces_counts_by_its_characters() -> None:
    found = read(
        '<ul><li><a href="/news/1">港の近くに家族のための新しい住宅が完成</a> 2026年11月21日</li>'
        '<li><a href="/about/">案内</a></li></ul>',
        language="ja",
    )
    assert [(link.url, link.published) for link in found.links] == [
        (f"{SITE}/news/1", "2026-11-21")
    ]


def test_a_selector_takes_exactly_its_links() -> None:
    body = '<nav><a class="x" href="/a">A</a></nav><p class="y"><a href="/b">B</a></p>' + entries(
        "/n/1"
    )
    answer = Answer(url=SITE, body=page(body))
    assert urls(listing.read(replace(answer, selector="a.x, .y"))) == ["/a", "/b"]


@pytest.mark.parametrize(
    ("selector", "said"), [("a[", "not valid"), (".none", "matches nothing"), ("hr", "no link")]
)
def test_a_selector_that_gives_nothing_is_named(selector: str, said: str) -> None:
    answer = Answer(url=SITE, body=page("<hr>" + entries("/n/1")), selector=selector)
    with pytest.raises(FeedError, match=said) as error:
        listing.read(answer)
    assert selector in str(error.value)


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"", "text/html", "no HTML"),
        (b"%PDF-1.4 ...", "application/pdf", "application/pdf"),
        (b'{"a": "<html>"}', "application/json", "application/json"),
        (b'<?xml version="1.0"?><rss version="2.0"></rss>', "text/xml", "a feed"),
        (page(MENU + FOOT), "text/html", "give a selector"),
        (b"Only words.", "text/html", "give a selector"),
        (b"x" * (listing.MAX_BYTES + 1), "text/html", "more than"),
    ],
)
def test_what_is_no_listing_is_an_error(body: bytes, kind: str, said: str) -> None:
    with pytest.raises(FeedError, match=said):
        listing.read(Answer(url=SITE, body=body, content_type=kind))


@pytest.mark.parametrize(
    ("url", "pager", "older"),
    [
        ("/news", '<link rel="next" href="/news?page=2">', "/news?page=2"),
        ("/news", '<a rel="next" href="/news/page/2/">&raquo;</a>', "/news/page/2/"),
        ("/news", '<p><a href="/news-2.html">Page suivante »</a></p>', "/news-2.html"),
        ("/news", '<a href="/news?p=2">Volgende</a>', "/news?p=2"),
        ("/news", '<a href="/news?s=20" title="التالي">..</a>', "/news?s=20"),
        ("/news", '<ul class="pager"><li><a href="/news?o=9">›</a></ul>', "/news?o=9"),
        ("/news", '<p><a href="/elsewhere">›</a></p>', None),
        (
            "/news?page=1",
            '<a href="/news?page=0">1</a><a href="/news?page=2">3</a>',
            "/news?page=2",
        ),
        ("/news", '<a href="/news?page=0">1</a><a href="/news?page=1">2</a>', "/news?page=1"),
        (
            "/spip.php?rubrique3&debut_articles=10",
            '<a href="spip.php?rubrique3&amp;debut_articles=0">0</a>'
            '<a href="spip.php?rubrique3&amp;debut_articles=20">20</a>',
            "/spip.php?rubrique3&debut_articles=20",
        ),
        ("/news?page=3", '<a rel="next" href="/news?page=2">Suivant</a>', None),
        ("/news", '<a rel="next" href="/news">Suivant</a>', None),
        ("/news", '<a rel="next" href="https://elsewhere.test/2">Suivant</a>', None),
        ("/news", "".join(f'<a href="/n/{n}">weiter</a>' for n in range(3)), None),
    ],
)
def test_the_page_with_older_articles_is_on_the_site_and_further_on(
    url: str, pager: str, older: str | None
) -> None:
    found = read(entries("/n/1", "/n/2", "/n/3") + pager, SITE + url)
    assert found.older == (SITE + older if older else None)
    assert urls(found) == ["/n/1", "/n/2", "/n/3"]


@pytest.mark.parametrize(
    ("text", "language", "day"),
    [
        ("21 novembre 2026", "fr", "2026-11-21"),
        ("Samedi 1er août 2026", "fr", "2026-08-01"),
        ("zaterdag 21 november 2026", "nl", "2026-11-21"),
        ("Nov. 21, 2026", "en", "2026-11-21"),
        ("21. März 2026", "de", "2026-03-21"),
        ("21 de marzo de 2026", "es", "2026-03-21"),
        ("21 de março de 2026", "pt", "2026-03-21"),
        ("٢١ نوفمبر ٢٠٢٦", "ar", "2026-11-21"),
        ("21 листопада 2026 р.", "uk", "2026-11-21"),
        ("2026年11月21日", "ja", "2026-11-21"),
        ("2026. 11. 21.", "ko", "2026-11-21"),
        ("21 november 2026", "en-US", "2026-11-21"),
        ("5 maart 2026", "en-US", "2026-03-05"),
        ("03/04/2026", "fr", "2026-04-03"),
        ("03/04/2026", "en-US", "2026-03-04"),
        ("03/04/2026", "en-GB", "2026-04-03"),
        ("03.04.2026", "en-US", "2026-04-03"),
        ("21 novembre", "fr", None),
        ("31 février 2026", "fr", None),
        ("21/11/26", "fr", None),
    ],
)
def test_a_day_is_read_as_the_page_writes_it(text: str, language: str, day: str | None) -> None:
    found = read(entries("/n/1", "/n/2", "/n/3", date=text), language=language)
    assert [link.published for link in found.links] == [day] * 3


def test_another_date_of_the_page_tells_the_order_of_day_and_month() -> None:
    body = entries("/n/1", date="03/04/2026") + entries("/n/2", date="25/04/2026")
    assert read(body, language="en-US").links[0].published == "2026-04-03"


def test_a_time_is_given_in_utc_and_a_day_as_a_day() -> None:
    stamps = ["2026-11-21T09:30:00+01:00", "2026-11-21T00:00:00+01:00", "2026-11-21", "soon"]
    times = [f'<time datetime="{stamp}">20 mars 2026</time>' for stamp in stamps]
    body = "".join(entries(f"/n/{n}", date=times[n]) for n in range(4))
    assert [link.published for link in read(body).links] == [
        "2026-11-21T08:30:00Z", "2026-11-21", "2026-11-21", "2026-03-20",
    ]  # fmt: skip


def test_what_speaks_for_a_link_has_a_name() -> None:
    answer = Answer(url=f"{SITE}/actualites", body=page(MENU + entries("/2026/11/21/un-toit-neuf")))
    tree = listing._page(answer)
    ranked = ranking.ranked(tree, anchors_of(tree, answer.url), answer.url)
    reasons = {one.card.url.removeprefix(SITE): one.reasons for one in ranked}
    assert {"a heading", "a date beside it", "a date in its address"} <= set(
        reasons["/2026/11/21/un-toit-neuf"]
    )
    assert "in a menu" in reasons["/logement"]


def test_the_record_names_the_pages_and_the_cursor_goes_before(source: Source) -> None:
    address = Address(url=f"{SITE}/actualites", grade="probed", selector="h3 a")
    assert listing.addresses(replace(source, listings=(address,))) == (address,)
    assert listing.ask(SITE, None, {}) == SITE
    assert listing.ask(SITE, f"{SITE}/?page=2", {}) == f"{SITE}/?page=2"


def test_the_demos_home_pages_give_their_articles_and_where_older_ones_are() -> None:
    with DemoWeb() as web:
        for site in web.sites:
            plan = web._built[site.host].plan
            for language, posts in plan.trees():
                home = plan.home(language)
                got = web.answer(site.host, home.removeprefix(plan.root))
                found = listing.read(Answer(url=home, body=got.body, content_type=got.type))
                titles = {key(post.url): post.article.title for post in posts}
                named = {key(link.url): link.title for link in found.links}
                assert named.items() <= titles.items(), site.id
                assert {key(post.url) for post in posts[:4]} <= named.keys(), site.id
                days = {
                    key(post.url): post.article.published.date().isoformat() for post in posts[:4]
                }
                dated = {key(link.url): (link.published or "")[:10] for link in found.links}
                assert days.items() <= dated.items(), site.id
                assert bool(found.older) == (len(posts) > 4), site.id


@pytest.mark.parametrize(
    "body",
    [
        entries(*(f"/n/{n}" for n in range(20_000))),
        "".join(f'21.11.2026 <a href="/n/{n}">{WORDS}</a><br>' for n in range(20_000)),
        '<div class="menu">' * 50_000 + f'<a href="/n/1">{WORDS}</a>',
        "".join(f'<div><a href="/n/{n}">{WORDS} ' for n in range(10_000)),
        f'<a href="/n/1">{"mot " * 500_000}</a>',
        "".join(f'<a href="/{"a/" * 900}{n}">{WORDS}</a>' for n in range(3_000)),
    ],
    ids=["cards", "text", "deep", "nested", "long", "traps"],
)
def test_a_huge_page_takes_no_more_than_seconds(body: str) -> None:
    start = time.process_time()
    with suppress(FeedError):
        assert len(read(body).links) <= MAX_ANCHORS
    assert time.process_time() - start < 5


def test_a_page_with_too_many_links_says_so() -> None:
    found = read(entries(*(f"/n/{n}" for n in range(MAX_ANCHORS + 1))))
    assert found.defect is not None
    assert "only the first 3,000 links" in found.defect


def test_no_page_raises_anything_but_a_feed_error() -> None:
    chance = random.Random(20261121)
    whole = [page(MENU + body + FOOT) for _, body, _ in SYSTEMS.values()]
    odd = [b'<a href="http://[">', b"\x00", b"</body>", b'<a href="//">x y z w', b"\xff\xfe", b"<time datetime=9999-12-31T23:59:59-14:00>", b'<base href="http://[x">', b"<table><a><h1>", b'<a href="?\xed\xa0\x80=1">a b c d</a>', b'<html lang="x_&#0;">', b"99/99/9999 0 0 0000", b"<svg><a xlink:href=/x>", b'<a rel=next href="data:x">']  # fmt: skip
    for _ in range(400):
        body = bytearray(chance.choice(whole))
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(len(body))
            body[at : at + chance.randrange(30)] = chance.choice(odd)
        answer = Answer(
            url=chance.choice([SITE, f"{SITE}/news?page=2", "http://127.0.0.1:80/"]),
            body=bytes(body),
            selector=chance.choice([None, None, "a", "li > *", ":not("]),
            examples=chance.choice([(), ("http://[", "x", f"{SITE}/node/1")]),
        )
        with suppress(FeedError):
            listing.read(answer)


@pytest.mark.skipif(
    "TAMIS_CORPORA" not in os.environ, reason="needs TAMIS_CORPORA, a folder of pages"
)
def test_real_listings_give_their_documents() -> None:
    web = Path(os.environ["TAMIS_CORPORA"]) / "web"
    answer = Answer(
        url="https://data2.unhcr.org/en/search?page=2",
        body=(web / "deep-unhcr-page-1.html").read_bytes(),
    )
    found = listing.read(answer)
    assert found.older == "https://data2.unhcr.org/en/search?page=3"
    assert all("/documents/details/" in link.url for link in found.links)
    assert all(link.published == "2022-04-20" for link in found.links)
