import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crawler import clock, cms, verdicts
from crawler.cms import Candidate, Home, System
from crawler.items import Harvest, Link, Part
from crawler.verdicts import Finding

NOW = "2026-11-22T12:00:00Z"
FEED = Candidate(kind="feed", url="https://quai.test/feed/", origin="the page's <link>")

PLAIN = '<!doctype html><html lang="fr"><head><title>Le Quai</title>{}</head><body>{}</body></html>'


def home(
    head: str = "", body: str = "", *, url: str = "https://quai.test/", asked: str = "",
    html: str = PLAIN, **headers: str,
) -> Home:  # fmt: skip
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    found = cms.page(
        html.format(head, body).encode(), url, content_type="text/html", headers=named, asked=asked
    )
    assert found is not None
    return found


def judged(*links: Link, parts: tuple[Part, ...] = ()) -> Finding:
    harvest = Harvest(links=links, parts=parts)
    return verdicts.judged(FEED, harvest, url=FEED.url, status=200, now=NOW)


def link(number: int, *, days: int | None = None, **fields: object) -> Link:
    when = None
    if days is not None:
        when = clock.stamp(datetime(2026, 11, 22, tzinfo=UTC) - timedelta(days=days))
    found = Link(url=f"https://quai.test/{number}", title=f"Avis {number}", published=when)
    return replace(found, **fields)  # type: ignore[arg-type] # a test's own


# Which system.


@pytest.mark.parametrize(
    ("system", "head"),
    [
        ("wordpress", '<meta name="generator" content="WordPress 6.6">'),
        ("wordpress", '<link rel="stylesheet" href="/wp-content/themes/quai/style.css">'),
        ("spip", '<link rel="stylesheet" href="/local/cache-css/a1.css">'),
        ("spip", '<meta name="generator" content="SPIP 4.2.9">'),
        ("drupal", '<script src="/sites/default/files/js/js_a.js"></script>'),
        ("drupal", '<meta name="Generator" content="Drupal 10 (https://www.drupal.org)">'),
        ("joomla", '<script src="/media/jui/js/jquery.min.js"></script>'),
        ("typo3", '<link rel="stylesheet" href="/typo3conf/ext/quai/main.css">'),
        ("typo3", '<script src="/_assets/0123456789abcdef0123456789abcdef/main.js"></script>'),
        ("wix", '<meta name="generator" content="Wix.com Website Builder">'),
        ("wix", '<script id="wix-warmup-data" type="application/json">{}</script>'),
        ("squarespace", "<!-- This is Squarespace. -->"),
        ("ghost", '<meta name="generator" content="Ghost 5.88">'),
        ("arc", '<script src="/pf/dist/engine/react.js?d=12"></script>'),
        ("ndsoft", '<a href="/news/articleView.html?idxno=12">기사</a>'),
    ],
)
def test_a_system_shows_by_what_it_leaves_in_a_page(system: str, head: str) -> None:
    found = home(head).system
    assert found.cms == system
    assert found.signs


@pytest.mark.parametrize(
    ("system", "headers"),
    [
        ("wordpress", {"link": '<https://quai.test/wp-json/>; rel="https://api.w.org/"'}),
        ("wordpress", {"x_pingback": "https://quai.test/xmlrpc.php"}),
        ("spip", {"composed_by": "SPIP 4.2.9 @ www.spip.net"}),
        ("drupal", {"x_generator": "Drupal 10 (https://www.drupal.org)"}),
        ("wix", {"x_wix_request_id": "1700000000.1"}),
        ("squarespace", {"server": "Squarespace"}),
        (
            "typo3",
            {"set_cookie": "fe_typo_user=1; Path=/, be_typo_user=2", "x_typo3_parsetime": "1"},
        ),
    ],
)
def test_a_system_shows_by_the_headers_of_its_answer(system: str, headers: dict[str, str]) -> None:
    assert home(**headers).system.cms == system


def test_a_theme_is_told_apart_from_its_system() -> None:
    head = '<link rel="stylesheet" href="/wp-content/plugins/td-composer/style.css">'
    assert home(head).system.cms == "wordpress"
    assert home(head).system.theme == "tagDiv"


def test_a_picture_kept_at_another_sites_system_is_no_sign() -> None:
    body = '<img src="https://other.test/wp-content/uploads/a.jpg">'
    body += '<img src="https://static.wixstatic.com/media/a.jpg">'
    assert home(body=body).system == System()


def test_a_cookies_name_adds_to_other_signs_and_its_value_does_not() -> None:
    head = '<img src="/fileadmin/a.jpg">'
    assert "cookie: fe_typo_user" in home(head, set_cookie="fe_typo_user=1; Path=/").system.signs
    assert not home(set_cookie="a=wordpress_logged_in; Path=/, b=fe_typo_user").system.signs


def test_a_page_of_very_many_links_is_read_in_time() -> None:
    body = '<a href="/feed/nl">RSS</a>' + '<a href="/x/y">News of the day</a>' * 50_000
    began = time.monotonic()
    assert feeds(home(body=body))
    assert time.monotonic() - began < 10  # 0.9 s; without a limit 12 s and more


def test_the_system_with_most_signs_wins() -> None:
    head = (
        '<meta name="generator" content="WordPress 6.6"><script src="/wp-includes/a.js"></script>'
    )
    body = '<a href="/archive/spip.php?article1">Ancien site</a>'
    assert home(head, body).system.cms == "wordpress"


# Where its channels may be.


def feeds(found: Home) -> list[tuple[str, str | None]]:
    return [(each.url, each.language) for each in found.feeds]


def test_feeds_are_found_in_links_headers_and_anchors() -> None:
    found = home(
        '<link rel="alternate" type="application/rss+xml" href="/rss">'
        '<link rel="alternate" type="application/feed+json" href="/feed.json">',
        '<a href="/spip.php?page=backend&amp;id_rubrique=3">Logement</a><a href="/x">RSS</a>',
        link='</atom>; rel="alternate"; type="application/atom+xml"',
    )
    assert [url for url, _ in feeds(found)] == [
        "https://quai.test/rss",
        "https://quai.test/feed.json",
        "https://quai.test/atom",
        "https://quai.test/spip.php?page=backend&id_rubrique=3",
        "https://quai.test/x",
    ]


@pytest.mark.parametrize(
    ("title", "href"),
    [
        ("Le Quai &raquo; Flux des commentaires", "/tous/feed/"),
        ("Quay - Comments Feed", "/all/feed/"),
        ("", "/comments/feed/"),
        ("", "/?feed=comments-rss2"),
        ("oEmbed", "/wp-json/oembed/1.0/embed?url=x"),
    ],
)
def test_feeds_of_comments_are_left_out(title: str, href: str) -> None:
    head = f'<link rel="alternate" type="application/rss+xml" title="{title}" href="{href}">'
    assert feeds(home(head)) == []


def test_the_api_of_a_page_is_no_json_feed() -> None:
    head = '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">'
    assert feeds(home(head)) == []


@pytest.mark.parametrize(
    ("attributes", "language"),
    [
        ('hreflang="nl-BE" href="/rss"', "nl-BE"),
        ('title="Flux RSS (Nederlands)" href="/rss"', "nl"),
        ('title="RSS NL" href="/rss"', "nl"),
        ('href="/nl/rss.xml"', "nl"),
        ('href="/rss.xml?lang=nl"', "nl"),
        ('href="/rss.xml"', None),
    ],
)
def test_a_feed_says_its_language_in_several_ways(attributes: str, language: str | None) -> None:
    head = f'<link rel="alternate" type="application/rss+xml" {attributes}>'
    assert [spoken for _, spoken in feeds(home(head))] == [language]


def test_links_to_feeds_of_other_sites_are_not_ours() -> None:
    body = (
        '<a href="https://other.test/feed/">RSS</a><a href="https://feeds.feedburner.com/q">RSS</a>'
    )
    assert [url for url, _ in feeds(home(body=body))] == ["https://feeds.feedburner.com/q"]


@pytest.mark.parametrize(
    ("system", "url"),
    [
        ("wordpress", "https://quai.test/feed/"),
        ("wordpress", "https://quai.test/wp-json/wp/v2/posts"),
        ("spip", "https://quai.test/spip.php?page=backend"),
        ("joomla", "https://quai.test/?format=feed&type=rss"),
        ("typo3", "https://quai.test/?type=9818"),
        ("squarespace", "https://quai.test/blog?format=rss"),
    ],
)
def test_every_system_has_its_usual_addresses(system: str, url: str) -> None:
    found = replace(home(), system=System(cms=system))
    assert url in [each.url for each in cms.conventions(found)]


def test_a_wordpress_without_pretty_permalinks_is_asked_where_it_says() -> None:
    head = '<link rel="https://api.w.org/" href="https://quai.test/?rest_route=/">'
    urls = [each.url for each in cms.conventions(home(head))]
    assert "https://quai.test/?rest_route=/wp/v2/posts" in urls


def test_sitemaps_are_guessed_only_where_none_is_named() -> None:
    named = cms.sitemaps(home(), "User-agent: *\nSitemap: /plan.xml\n")
    assert [each.url for each in named] == ["https://quai.test/plan.xml"]
    assert [each.url for each in cms.sitemaps(home(), "")] == [
        "https://quai.test/sitemap.xml",
        "https://quai.test/sitemap_index.xml",
    ]


@pytest.mark.parametrize("word", ["Actualités", "NIEUWS", "Noticias", "الأخبار", "новини", "News"])
def test_the_section_of_news_is_known_by_its_name(word: str) -> None:
    found = home(body=f'<nav><a href="/a">Contact</a><a href="/b">{word}</a></nav>')
    assert [each.url for each in found.sections] == ["https://quai.test/b"]


def test_home_pages_in_other_languages_are_found_and_translated_articles_are_not() -> None:
    found = home(
        '<link rel="alternate" hreflang="fr" href="/fr/">'
        '<link rel="alternate" hreflang="nl" href="/nl/">'
        '<link rel="alternate" hreflang="x-default" href="/">',
        '<a hreflang="ar" href="/ar/akhbar/12">x</a><a href="/de/">Deutsch</a>',
        url="https://quai.test/fr/",
    )
    assert found.versions == (("nl", "https://quai.test/nl/"), ("de", "https://quai.test/de/"))


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ('<meta property="og:site_name" content="Quai asbl">', "Quai asbl"),
        ("", "Le Quai"),
    ],
)
def test_a_site_is_called_as_it_calls_itself(head: str, name: str) -> None:
    assert home(head).name == name


def test_of_a_title_in_parts_the_name_is_the_one_like_the_host() -> None:
    page = PLAIN.replace("<title>Le Quai", "<title>Accueil - Quai")
    assert home(html=page).name == "Quai"


# What an answer is worth.


@pytest.mark.parametrize(
    ("links", "verdict"),
    [
        ((link(1, days=3), link(2, days=400)), "ok"),
        ((link(1, days=179),), "ok"),
        ((link(1, days=181),), "stale"),
        ((link(1),), "ok"),
        ((), "empty"),
    ],
    ids=["new", "just not old", "old", "undated", "none"],
)
def test_a_channel_is_judged_by_its_newest_item(links: tuple[Link, ...], verdict: str) -> None:
    assert judged(*links).verdict == verdict


def test_undated_items_are_said_to_be_so() -> None:
    found = judged(link(1), link(2))
    assert (found.newest, found.dated) == (None, 0.0)
    assert "no item has a date" in str(found.reason)


def test_a_date_to_come_does_not_make_a_channel_new() -> None:
    assert judged(link(1, days=-300), link(2, days=300)).verdict == "stale"


def test_shares_of_dates_and_of_whole_texts() -> None:
    words = "<p>" + "mot " * verdicts.WHOLE_WORDS + "</p>"
    found = judged(
        link(1, days=1, content=words), link(2, content="<p>Un chapeau.</p>"), link(3, days=2),
        link(4, days=2, whole=True),
    )  # fmt: skip
    assert (found.dated, found.full_text) == (0.75, 0.5)


def test_the_language_is_that_of_titles_and_summaries() -> None:
    texts = (
        "Le centre d'hébergement rouvre ses portes aux familles sans logement",
        "Les équipes sociales tiennent une permanence chaque matin",
        "La commune annonce de nouvelles places d'accueil pour cet hiver",
    )
    found = judged(*(link(n, title=text, language="en-US") for n, text in enumerate(texts)))
    assert (found.language, found.declared) == ("fr", "en-US")


def test_a_channel_of_several_languages_declares_none() -> None:
    assert judged(link(1, language="fr"), link(2, language="nl")).declared is None


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(404, "dead"), (410, "dead"), (500, "dead"), (401, "blocked"), (403, "blocked"),
     (451, "blocked"), (429, "unknown"), (503, "unknown"), (None, "dead")],
)  # fmt: skip
def test_a_refusal_is_told_apart_from_a_grave(status: int | None, verdict: str) -> None:
    assert verdicts.refused(status, "why")[0] == verdict


def test_a_challenge_is_known_whatever_the_status() -> None:
    assert verdicts.challenged(b"<title>Just a moment...</title>", {})
    assert verdicts.challenged(b"", {"cf-mitigated": "challenge"})


def test_a_page_behind_a_guard_that_let_us_in_is_none() -> None:
    script = b'<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>'
    assert not verdicts.challenged(script, {})


# Several addresses of the same.


def found_at(url: str, *links: Link, origin: str = "where many sites have it") -> Finding:
    return replace(judged(*links), url=url, origin=origin)


def test_of_two_addresses_of_one_feed_the_declared_one_stays() -> None:
    links = [link(n, days=n) for n in range(10)]
    guessed = found_at("https://quai.test/rss", *links)
    told = found_at("https://quai.test/feed/long/", *links[1:], origin="the page's <link>")
    assert [f.url for f in verdicts.without_duplicates([guessed, told])] == [told.url]


def test_feeds_of_different_articles_both_stay() -> None:
    french = found_at("https://quai.test/fr/rss", *(link(n, days=n) for n in range(5)))
    dutch = found_at("https://quai.test/nl/rss", *(link(n, days=n) for n in range(10, 15)))
    assert set(verdicts.without_duplicates([french, dutch])) == {french, dutch}


def test_an_address_that_moved_is_put_down_as_where_it_is() -> None:
    assert (
        verdicts.settled(FEED, FEED.url, "https://quai.test/rss.xml") == "https://quai.test/rss.xml"
    )


def test_what_only_the_asking_added_is_no_part_of_an_address() -> None:
    api = Candidate(kind="wordpress", url="https://quai.test/?rest_route=/wp/v2/posts", origin="")
    asked = f"{api.url}&per_page=10&orderby=date"
    final = asked.replace("quai.test", "www.quai.test")
    assert verdicts.settled(api, asked, final) == "https://www.quai.test/?rest_route=/wp/v2/posts"


# An article.


def test_a_page_that_a_script_would_fill_says_so() -> None:
    body = b'<html><body><div id="root"></div><script src="/app.js"></script></body></html>'
    found = verdicts.sample(("https://quai.test/1", body, "text/html", link(1), NOW))
    assert (found.words, found.scripted) == (0, True)
