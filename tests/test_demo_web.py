import gzip
import http.client
import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

import feedparser
import pytest
import trafilatura
from lxml import etree, html

from crawler import registry
from crawler.demo.content import ContentError, Site, complete, load, parse
from crawler.demo.moulds import MOULDS, PRIVATE, Built, build, mould_of, root
from crawler.demo.moulds.answers import target_of
from crawler.demo.web import DemoWeb, sources
from enrich.extract import extract
from enrich.text import text_hash

SITES = load()
each_site = pytest.mark.parametrize("site", SITES, ids=lambda site: site.id)
TODAY = date(2026, 11, 21)

PLAIN_SITE = """
[site]
id = "plain"
name = "Plain"
mould = "wordpress"
languages = ["en"]
country = "GB"
organisation = "ngo"
category = "social"
topics = []
tagline = "A plain site"
about = "About."
contact = "Contact."
privacy = "Privacy."
newsletter = "Newsletter."
[site.words]
home = "Home"
published = "Published"
read_more = "More"
related = "Related"
share = "Share"
source_link = "Source"
advertisement = "Advertisement"
search = "Search"
by = "by"

[[articles]]
slug = "one"
title = "One"
published = 2026-10-12T09:15:00+02:00
authors = []
category = "News"
lead = "The lead."
body = "The body."
themes = []
countries = []
"""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes


@dataclass(frozen=True)
class Browser:
    port: int

    def get(self, url: str, method: str = "GET", **headers: str) -> Reply:
        """`url` is whole, or `//host/path`. Header names are written with underscores."""
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, target, headers={"Host": parts.netloc, **named})
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def follow(self, url: str) -> Reply:
        reply = self.get(url)
        return self.get(reply.headers["Location"]) if reply.status == 301 else reply


@pytest.fixture(scope="module")
def web() -> Iterator[DemoWeb]:
    with DemoWeb() as web:
        yield web


@pytest.fixture(scope="module")
def browser(web: DemoWeb) -> Browser:
    return Browser(web.port)


def built(site: Site, web: DemoWeb) -> Built:
    return build(site, web.sites, web.port, TODAY)


def paths(site: Site) -> list[str]:
    return [link.path for link in site.stray_links]


def mended(feed: bytes) -> bytes:
    """Bare ampersands escaped."""
    return re.sub(rb"&(?!(amp|lt|gt|quot|#\d+);)", b"&amp;", feed)


def first_sentence(text: str) -> str:
    return re.split(r"(?<=[.!?።؟])\s", text)[0]


# The content.


def test_every_mould_has_a_site_and_every_site_a_mould() -> None:
    assert {site.mould for site in SITES} == set(MOULDS)


def test_a_site_that_is_right_is_read() -> None:
    site = parse("plain.toml", PLAIN_SITE)
    assert (site.host, site.articles[0].paragraphs) == ("plain.localhost", ("The body.",))


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ('id = "plain"\n', "", "plain.toml: [site]: field 'id' is missing"),
        ('name = "Plain"', "name = 3", "plain.toml: [site]: field 'name' must be text: 3"),
        ('title = "One"', 'titel = "One"', "plain.toml: articles[0]: field 'title' is missing"),
        ("authors = []", "authors = []\nx = 1", "plain.toml: articles[0]: has unknown field 'x'"),
        ("authors = []", "authors = [1]", "plain.toml: articles[0]: field 'authors' must hold"),
        ("+02:00", "", "plain.toml: articles[0]: field 'published' needs an offset"),
        ('body = "The body."', 'body = ""', "plain.toml: article 'one': field 'body' is empty"),
        ('home = "Home"\n', "", "plain.toml: [site]: field 'words' lacks 'home'"),
        ('slug = "one"', 'slug = "one"\nlanguage = "fr"', "field 'language' is not one of"),
        ('id = "plain"', "id = ", "plain.toml: is not TOML"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_field(right: str, wrong: str, message: str) -> None:
    assert right in PLAIN_SITE
    with pytest.raises(ContentError, match=re.escape(message)):
        parse("plain.toml", PLAIN_SITE.replace(right, wrong))


def test_a_mould_that_does_not_exist_is_named_with_those_that_do() -> None:
    site = parse("plain.toml", PLAIN_SITE.replace('"wordpress"', '"typo3"'))
    with pytest.raises(ContentError, match=r"plain\.toml.*'mould' must be one of wordpress, "):
        build(site, (site,), 80, TODAY)


def test_a_republished_piece_must_point_to_an_article_of_the_demo() -> None:
    text = PLAIN_SITE + 'via = "https://plain.localhost/gone"'
    with pytest.raises(ContentError, match="article 'one': field 'via' names no article"):
        complete((parse("plain.toml", text),))


def test_a_whole_reprint_has_the_words_of_the_original() -> None:
    reprints = [(s, a) for s in SITES for a in s.articles if a.reprint_of]
    originals = {f"{s.id}/{a.slug}": a for s in SITES for a in s.articles}
    assert reprints
    for _, article in reprints:
        first = originals[article.reprint_of or ""]
        assert (article.title, article.paragraphs) == (first.title, first.paragraphs)


def test_translations_point_at_each_other() -> None:
    pairs = {
        (a.slug, a.translation): a.language for s in SITES for a in s.articles if a.translation
    }
    assert pairs
    assert all(pairs[other, slug] != language for (slug, other), language in pairs.items())


# The web.


@each_site
def test_home_robots_sitemap_and_lost_page_answer(site: Site, browser: Browser) -> None:
    home = f"http://{site.host}:{browser.port}"
    assert browser.follow(f"{home}/").status == 200
    robots = browser.get(f"{home}/robots.txt").body.decode()
    assert f"Disallow: {PRIVATE}\n" in robots
    assert f"Sitemap: {home}/sitemap.xml\n" in robots
    assert browser.get(f"{home}/sitemap.xml").status == 200
    lost = browser.get(f"{home}/nobody/wrote/this")
    assert lost.status == 404
    charset = "windows-1251" if site.mould == "static" else "utf-8"
    assert site.name in html.fromstring(lost.body.decode(charset)).text_content()


@each_site
def test_the_home_page_names_a_feed_that_feedparser_reads(site: Site, browser: Browser) -> None:
    home = browser.follow(f"http://{site.host}:{browser.port}/")
    (feed_url,) = html.fromstring(home.body).xpath(
        "//link[@type='application/rss+xml' or @type='application/atom+xml']/@href"
    )
    reply = browser.get(feed_url)
    headers = {"content-type": reply.headers["Content-Type"]}
    feed = feedparser.parse(reply.body, response_headers=headers)
    assert bool(feed.bozo) == (site.mould == "badfeed")
    assert feed.feed.title.startswith(site.name)


@each_site
def test_what_a_feed_names_answers(site: Site, web: DemoWeb, browser: Browser) -> None:
    """All the articles, and besides them only the stray links of the site's file."""
    (source,) = [source for source in sources(web.port) if source.id == site.id]
    at = root(site, web.port)
    feeds = {at + mould_of(site).feed.format(language=language) for language in site.languages}
    urls = {
        entry.link
        for feed in feeds
        for entry in feedparser.parse(mended(browser.get(feed).body)).entries
    }
    home = source.homepage.rstrip("/")
    strays = {home + link.path for link in site.stray_links}
    assert urls == {post.url for post in built(site, web).plan.posts} | strays
    for url in urls:
        dead = url in strays and PRIVATE not in url
        assert browser.get(url).status == (404 if dead else 200), url


def test_one_feed_names_a_dead_page_and_one_a_forbidden_page() -> None:
    forbidden = [path.startswith(PRIVATE) for site in SITES for path in paths(site)]
    assert sorted(forbidden) == [False, True]


@each_site
def test_the_listings_lead_to_every_article(site: Site, web: DemoWeb, browser: Browser) -> None:
    """Going only from page to page of the home page's list, by what its links say."""
    plan = built(site, web).plan
    found: set[str] = set()
    for language in site.languages:
        url: str | None = plan.home(language)
        while url:
            page = html.fromstring(browser.get(url).body)
            found |= set(page.xpath("//a/@href"))
            word = site.words[language]["next"]
            following = [a.get("href") for a in page.iter("a") if word in a.text_content()]
            url = following[0] if following else None
    assert {post.url for post in plan.posts} <= found
    assert {section.url for section in plan.sections} <= found


@each_site
def test_the_sitemap_names_every_article(site: Site, web: DemoWeb, browser: Browser) -> None:
    home = f"http://{site.host}:{browser.port}"
    tree = etree.fromstring(browser.get(f"{home}/sitemap.xml").body)
    if tree.tag.endswith("sitemapindex"):
        (child,) = tree.xpath("//*[local-name()='loc']/text()")
        tree = etree.fromstring(gzip.decompress(browser.get(child).body))
    urls = tree.xpath("//*[local-name()='loc']/text()")
    assert urls == [post.url for post in built(site, web).plan.posts]


def test_one_sitemap_is_an_index_with_a_compressed_child(browser: Browser) -> None:
    indexes = [
        site.id
        for site in SITES
        if b"<sitemapindex" in browser.get(f"//{site.host}/sitemap.xml").body
    ]
    assert indexes == ["smala-solidaire"]


@each_site
def test_trafilatura_finds_the_first_sentence_of_every_article(site: Site, web: DemoWeb) -> None:
    made = built(site, web)
    for post in made.plan.posts:
        text = trafilatura.extract(made.answer(target_of(post.url)).body) or ""
        sentence = first_sentence(post.article.paragraphs[0])
        assert sentence in " ".join(text.split()), post.article.slug


def test_an_address_with_parameters_nobody_knows_is_the_same_page(browser: Browser) -> None:
    for url in (
        "//quai-ouvert.localhost/spip.php?article12",
        "//jamii-leo.localhost/?p=12&lang=sw",
    ):
        assert browser.get(f"{url}&utm_source=letter").body == browser.get(url).body
    assert browser.get("//quai-ouvert.localhost/spip.php?article99999").status == 404


@pytest.mark.parametrize(
    ("host", "alias", "article"),
    [
        ("huis-en-brug", "/node/11", "/schulden/budgetcafe-schuldbemiddeling"),
        (
            "foro-barrio",
            "/index.php?option=com_content&view=article&id=11:cooperativa-vivienda-cesion-de-uso",
            "/vivienda/11-cooperativa-vivienda-cesion-de-uso",
        ),
        ("lantern-relief", "/?p=11", "/news/sorghum-prices-double-in-wad-ashari/"),
        ("jamii-leo", "/?p=11", "/?p=11&lang=sw"),
    ],
)
def test_an_article_has_the_other_addresses_its_system_gives_it(
    host: str, alias: str, article: str, browser: Browser
) -> None:
    site = f"http://{host}.localhost:{browser.port}"
    page = browser.follow(site + alias)
    assert page.status == 200
    assert page.body == browser.get(site + article).body


def test_a_page_that_has_not_changed_is_not_sent_again(browser: Browser) -> None:
    url = "//quai-ouvert.localhost/spip.php?page=backend"
    first = browser.get(url)
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    again = browser.get(url, If_None_Match=etag)
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
    assert browser.get(url, If_Modified_Since=modified).status == 304
    assert browser.get(url, If_None_Match='"other"', If_Modified_Since=modified).status == 200
    assert browser.get(url, If_Modified_Since="Mon, 01 Jan 2024 00:00:00 GMT").status == 200
    assert browser.get(url, If_Modified_Since="yesterday").status == 200


def test_a_page_is_compressed_for_who_can_read_it(browser: Browser) -> None:
    url = "//huis-en-brug.localhost/"
    packed = browser.get(url, Accept_Encoding="gzip, deflate")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == browser.get(url).body


def test_head_says_as_much_as_get_without_the_body(browser: Browser) -> None:
    url = "//huis-en-brug.localhost/"
    head, get = browser.get(url, method="HEAD"), browser.get(url)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == str(len(get.body))
    assert browser.get(url, method="POST").status == 501


def test_one_connection_takes_many_requests(browser: Browser) -> None:
    with closing(http.client.HTTPConnection("127.0.0.1", browser.port, timeout=10)) as connection:
        for _ in range(3):
            connection.request("GET", "/", headers={"Host": "huis-en-brug.localhost"})
            assert connection.getresponse().read()


def test_every_attachment_is_a_real_pdf_and_linked_from_its_page(
    web: DemoWeb, browser: Browser
) -> None:
    posts = [post for site in SITES for post in built(site, web).plan.posts if post.attachment_url]
    assert posts
    for post in posts:
        assert post.attachment_url is not None
        reply = browser.get(post.attachment_url)
        assert reply.headers["Content-Type"] == "application/pdf"
        start = int(reply.body.rsplit(b"startxref\n", 1)[1].split()[0])
        offsets = re.findall(rb"(\d{10}) 00000 n", reply.body[start:])
        for number, offset in enumerate(offsets, 1):
            assert reply.body[int(offset) :].startswith(b"%d 0 obj" % number)
        assert post.attachment_url in html.fromstring(browser.get(post.url).body).xpath("//a/@href")


# What is true to each system.


@pytest.mark.parametrize("site", [s for s in SITES if MOULDS[s.mould].rest], ids=lambda s: s.id)
def test_wordpress_gives_all_its_posts_page_by_page(
    site: Site, web: DemoWeb, browser: Browser
) -> None:
    assert 'rel="https://api.w.org/"' in browser.get(f"//{site.host}/").headers["Link"]
    base = f"//{site.host}/wp-json/wp/v2/posts"
    links: list[str] = []
    pages = int(browser.get(f"{base}?per_page=4").headers["X-WP-TotalPages"])
    for page in range(1, pages + 1):
        reply = browser.get(f"{base}?per_page=4&page={page}")
        assert reply.headers["X-WP-Total"] == str(len(site.articles))
        links += [post["link"] for post in json.loads(reply.body)]
    assert links == [post.url for post in built(site, web).plan.posts]
    past = browser.get(f"{base}?per_page=4&page={pages + 1}")
    assert (past.status, json.loads(past.body)["code"]) == (400, "rest_post_invalid_page_number")


@pytest.mark.parametrize("query", ["per_page=0", "per_page=101", "page=x", "after=lately"])
def test_wordpress_refuses_what_it_does_not_understand(query: str, browser: Browser) -> None:
    reply = browser.get(f"//lantern-relief.localhost/wp-json/wp/v2/posts?{query}")
    assert (reply.status, json.loads(reply.body)["code"]) == (400, "rest_invalid_param")


def test_wordpress_picks_posts_and_fields(browser: Browser) -> None:
    base = "//passerelles-info.localhost/wp-json/wp/v2/posts"
    reply = browser.get(f"{base}?after=2026-11-10T00:00:00&_fields=slug,date_gmt")
    assert json.loads(reply.body) == [
        {"date_gmt": "2026-11-19T07:10:00", "slug": "revenu-integration-indexation"}
    ]
    (post,) = json.loads(browser.get(f"{base}?per_page=1&order=asc&_embed").body)
    assert post["_embedded"]["wp:term"][0][0]["name"] == "Actualité"


def test_no_other_system_has_wordpress_s_interface(browser: Browser) -> None:
    reply = browser.get("//quai-ouvert.localhost/")
    assert "Link" not in reply.headers
    assert browser.get("//quai-ouvert.localhost/wp-json/wp/v2/posts").status == 404


def test_a_hand_made_site_is_in_its_old_charset_and_once_does_not_say_so(
    web: DemoWeb, browser: Browser
) -> None:
    (site,) = [site for site in SITES if site.mould == "static"]
    silent = 0
    for post in built(site, web).plan.posts:
        reply = browser.get(post.url)
        assert reply.headers["Content-Type"] == "text/html"
        silent += b"charset" not in reply.body
        assert (
            post.article.title in html.fromstring(reply.body.decode("windows-1251")).text_content()
        )
    assert silent == 1


@pytest.mark.parametrize("site", [s for s in SITES if s.mould != "static"], ids=lambda s: s.id)
def test_every_other_page_is_in_the_charset_it_declares(
    site: Site, web: DemoWeb, browser: Browser
) -> None:
    for post in built(site, web).plan.posts:
        reply = browser.get(post.url)
        assert reply.headers["Content-Type"] == "text/html; charset=UTF-8"
        text = " ".join(html.fromstring(reply.body.decode()).text_content().split())
        assert all(paragraph in text for paragraph in post.article.paragraphs)


@each_site
def test_the_page_declares_its_language_unless_its_system_does_not(
    site: Site, web: DemoWeb, browser: Browser
) -> None:
    wrong = {"badfeed": "en-US", "static": None}
    for post in built(site, web).plan.posts:
        declared = html.fromstring(browser.get(post.url).body).get("lang")
        assert declared == wrong.get(site.mould, post.article.language)


def test_arabic_pages_run_from_right_to_left(browser: Browser) -> None:
    assert html.fromstring(browser.get("//salam-awn.localhost/").body).get("dir") == "rtl"


def test_a_portal_prints_today_and_two_lists_of_teasers_around_each_article(web: DemoWeb) -> None:
    (site,) = [site for site in SITES if site.mould == "tagdiv"]
    made = built(site, web)
    for post in made.plan.posts:
        page = html.fromstring(made.answer(target_of(post.url)).body.decode())
        text = page.text_content()
        assert "samedi, novembre 21, 2026" in text
        assert not page.xpath("//article")
        teasers = page.xpath("//div[@class='td-excerpt']/text()")
        assert len(teasers) == 7
        assert all(teaser.endswith("...") for teaser in teasers)
        (time,) = page.xpath("//time/@datetime")
        assert datetime.fromisoformat(time) == post.article.published


def test_a_republished_piece_links_to_the_original_on_its_own_site(
    web: DemoWeb, browser: Browser
) -> None:
    posts = [post for site in SITES for post in built(site, web).plan.posts if post.article.via]
    assert len({urlsplit(post.url).hostname for post in posts}) == 3
    for post in posts:
        assert post.origin_url in html.fromstring(browser.get(post.url).body).xpath("//a/@href")
        assert browser.get(post.origin_url or "").status == 200


def test_every_reprint_is_read_as_the_original_s_very_text(web: DemoWeb) -> None:
    """Whether or not the site that took it put a credit line or a lead around it."""
    places = {site.id: built(site, web) for site in SITES}

    def read(place: Built, slug: str) -> str:
        (post,) = [post for post in place.plan.posts if post.article.slug == slug]
        text = extract(place.answer(target_of(post.url)).body, url=post.url).text
        assert text
        return text_hash(text)

    same = []
    for place in places.values():
        for post in place.plan.posts:
            if post.article.reprint_of:
                first, _, slug = post.article.reprint_of.partition("/")
                same.append(read(place, post.article.slug) == read(places[first], slug))
    assert len(same) >= 4
    assert all(same)


def test_a_story_in_two_languages_links_to_its_translation(browser: Browser) -> None:
    home = f"http://zenne-canal.localhost:{browser.port}"
    page = html.fromstring(browser.get(f"{home}/fr/sante/maison-medicale-deux-langues").body)
    assert page.xpath("//link[@hreflang='nl']/@href") == [
        f"{home}/nl/gezondheid/wijkgezondheidscentrum-twee-talen"
    ]


def test_spip_gives_the_date_only_as_text(browser: Browser) -> None:
    page = browser.get("//quai-ouvert.localhost/spip.php?article14").body.decode()
    assert "lundi 12 octobre 2026" in page
    assert "og:" not in page
    assert "2026-10-12" not in page


def test_the_privacy_notice_is_on_every_page_of_an_association(browser: Browser) -> None:
    (site,) = [site for site in SITES if site.mould == "pagebuilder"]
    for path in ("/", "/rapport-annuel-2025/", "/category/handicap/", "/lost"):
        page = html.fromstring(browser.get(f"//{site.host}{path}").body.decode())
        assert site.privacy in page.text_content()


def test_what_a_site_says_is_escaped_everywhere() -> None:
    site = parse("plain.toml", PLAIN_SITE)
    nasty = "<script>alert('1')</script> & \"more\" ]]>"
    article = replace(
        site.articles[0], title=nasty, lead=nasty, paragraphs=(nasty,), category=nasty
    )
    for mould in MOULDS:
        wild = replace(site, mould=mould, name=nasty, privacy=nasty, articles=(article,))
        made = build(wild, (wild,), 80, TODAY)
        for target, answer in made.answers.items():
            if "json" not in answer.type and answer.type.startswith("text/"):
                assert b"<script>alert" not in answer.body, (mould, target)
        feed = made.answers[target_of(made.plan.feed("en"))].body
        if mould != "badfeed":
            title = feedparser.parse(feed).entries[0].title_detail.value
            assert "more" in title
            etree.fromstring(feed)


# The server.


def test_an_unknown_host_gets_a_list_of_the_sites(browser: Browser) -> None:
    for host in ("127.0.0.1", "elsewhere.test"):
        links = html.fromstring(browser.get(f"//{host}/").body).xpath("//a/@href")
        assert links == [f"http://{site.host}:{browser.port}/" for site in SITES]


def test_hits_are_counted_by_host_and_path() -> None:
    with DemoWeb(SITES[:1]) as web:
        url = f"//{SITES[0].host}/robots.txt?x=1"
        Browser(web.port).get(url)
        Browser(web.port).get(url)
    assert web.hits == {(SITES[0].host, "/robots.txt?x=1"): 2}


def test_answers_are_the_same_from_one_start_to_the_next() -> None:
    first = build(SITES[0], SITES, 80, TODAY)
    assert first.answers == build(SITES[0], SITES, 80, TODAY).answers


def test_closing_frees_the_port_and_ends_the_thread_though_a_client_hangs_on() -> None:
    before = set(threading.enumerate())
    with (
        closing(http.client.HTTPConnection("127.0.0.1", timeout=10)) as connection,
        DemoWeb(SITES[:1]) as web,
    ):
        connection.port = web.port
        connection.request("GET", "/")
        assert connection.getresponse().read()
    assert set(threading.enumerate()) <= before
    with DemoWeb(SITES[:1], port=web.port) as again:
        assert again.port == web.port


def test_a_site_without_mould_does_not_keep_the_port_it_was_given() -> None:
    site = parse("plain.toml", PLAIN_SITE.replace('"wordpress"', '"typo3"'))
    with pytest.raises(ContentError, match="'mould' must be one of"), DemoWeb((site,)):
        pass


def test_a_port_in_use_is_said_so_at_once(web: DemoWeb) -> None:
    with pytest.raises(OSError, match="in use"), DemoWeb(SITES[:1], port=web.port):
        pass


def test_what_is_not_http_ends_that_connection_alone(browser: Browser) -> None:
    with socket.create_connection(("127.0.0.1", browser.port), timeout=10) as line:
        line.sendall(b"x" * 100_000)
        with suppress(ConnectionResetError):
            assert b" 414 " in line.recv(100)
    assert browser.get("//huis-en-brug.localhost/").status == 200


def test_the_sources_are_records_the_registry_would_take(web: DemoWeb) -> None:
    records = sources(web.port)
    assert [record.id for record in records] == [site.id for site in SITES]
    for record in records:
        assert record.organisation in registry.ORGANISATIONS
        assert record.category in registry.CATEGORIES
        assert record.cms is None or record.cms in registry.CMS
        assert record.tdm in registry.TDM
        channels = [at for name in registry.CHANNELS for at in getattr(record, name)]
        assert {at.grade for at in channels} <= set(registry.GRADES)
        assert {feed.language for feed in record.feeds} in (set(), set(record.languages))
        assert registry.from_json(registry.as_json(record)) == record
    assert all(any(getattr(record, name) for record in records) for name in
               ("feeds", "sitemaps", "listings", "wordpress"))  # fmt: skip
    free = [record for record in records if record.licence]
    assert {record.licence.id for record in free if record.licence} <= set(registry.LICENCES)
    assert len(free) in {len(records) // 2, len(records) // 2 + 1}


def test_today_is_the_only_thing_that_depends_on_the_clock(web: DemoWeb) -> None:
    moved = build(SITES[0], web.sites, web.port, datetime(2030, 1, 1, tzinfo=UTC).date())
    assert moved.answers == built(SITES[0], web).answers
