import gzip
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from scrapy import Request

from crawler.guard import refusal
from crawler.urls import MAX_LENGTH, clean, domain, key, web_url

SAME = [
    ("http://www.a.test/x", "https://a.test/x/"),
    ("https://a.test/x?utm_source=rss&utm_medium=feed", "https://a.test/x"),
    ("https://a.test/x?fbclid=1&b=2", "https://a.test/x?b=2"),
    ("https://a.test/x?b=2&a=1", "https://a.test/x?a=1&b=2"),
    ("https://A.TEST:443/x#commentaires", "http://a.test:80/x"),
    ("https://a.test/caf%C3%A9", "https://a.test/café"),
    ("https://a.test//x//y", "https://a.test/x/y"),
    ("https://a.test/x/amp/", "https://a.test/x"),
    ("https://a.test/index.php?id=12", "https://a.test/?id=12"),
    ("https://m.a.test/x", "https://a.test/x"),
    ("https://a.test/spip.php?article12&xtor=RSS-1", "https://a.test/spip.php?article12"),
    ("https://a.test/?", "https://a.test"),
    ("https://münchen.test/x", "https://xn--mnchen-3ya.test/x"),
    ("https://a.test/caf%e9", "https://a.test/caf%E9"),
    ("https://XN--MNCHEN-3YA.test/x", "https://MÜNCHEN.test/x"),
    ("https://www.münchen。test/x", "https://xn--mnchen-3ya.test/x"),
    ("https://a.test./x", "https://a.test/x"),
    ("https://a.test/%64ossier/x", "https://a.test/dossier/x"),
    ("https://a.test/?q=node%2F12", "https://a.test/?q=node%2f12"),
    ("https://a.test/dossier/index.htm", "https://a.test/dossier"),
    ("https://a.test/dossier/Default.aspx?id=3", "https://a.test/dossier/?id=3"),
    ("https://a.test/dossier/index.html/amp", "https://a.test/dossier"),
    ("https://a.test/x;jsessionid=3F2A?b=2", "https://a.test/x?b=2"),
    ("https://a.test/x?b=2&PHPSESSID=3f2a", "https://a.test/x?b=2"),
    ("https://a.test/x?a=1&amp;b=2", "https://a.test/x?a=1&b=2"),
]
DIFFERENT = [
    ("https://a.test/spip.php?article12", "https://a.test/spip.php?article13"),
    ("https://a.test/spip.php?article12", "https://a.test/spip.php"),
    ("https://a.test/?Le-logement-en-crise", "https://a.test/?L-aide-sociale"),
    ("https://a.test/?p=12", "https://a.test/?p=13"),
    ("https://a.test/index.php?id=12", "https://a.test/index.php?id=13"),
    ("https://a.test/x?lang=fr", "https://a.test/x?lang=nl"),
    ("https://a.test/x?page=2", "https://a.test/x"),
    ("https://fr.a.test/x", "https://a.test/x"),
    ("https://a.test/Abri", "https://a.test/abri"),
    ("https://a.test:8080/x", "https://a.test/x"),
    ("https://m.test/x", "https://test/x"),
    ("https://a.test/caf%E9", "https://a.test/caf%E8"),
    ("https://a.test/a%2Fb", "https://a.test/a/b"),
    ("https://a.test/a%2Fb", "https://a.test/a%252Fb"),
    ("https://a.test/?q=pain%26b=2", "https://a.test/?q=pain&b=2"),
    ("https://a.test/?q=a%2Bb", "https://a.test/?q=a+b"),
    ("https://a.test/x?sort=date", "https://a.test/x?sort=title"),
    ("https://a.test/x?pk_id=3", "https://a.test/x?pk_id=4"),
    ("https://a.test/x?ncid=31", "https://a.test/x?ncid=32"),
    ("https://a.test/x?source=12", "https://a.test/x?source=13"),
    ("https://a.test/x?amp=31", "https://a.test/x"),
    ("https://a.test/x;3", "https://a.test/x;4"),
    ("https://a.test/~r/Abri", "https://a.test/~r/abri"),
    ("https://feeds.a.test/Abri", "https://feeds.a.test/abri"),
    ("https://blog.a.test/x", "https://news.a.test/x"),
    ("https://a.test/amphi/x", "https://a.test/x"),
    ("https://a.test/http://b.test/x", "https://a.test/x"),
    ("https://www.google.com/amphibia/s/a.test/x", "https://a.test/x"),
]
TRACKERS = [
    "utm_source=rss", "UTM_Medium=feed", "fbclid=IwAR0", "gclid=abc", "mc_cid=1", "mc_eid=2",
    "at_medium=RSS", "at_campaign=x", "at_custom1=y", "at_bbc_team=editorial", "xtor=RSS-1",
    "wt_mc=rss.x", "wt.mc_id=rss", "srsltid=Afm", "igsh=1", "_hsenc=p2", "mkt_tok=3",
    "pk_campaign=x", "mtm_source=x", "PHPSESSID=1", "doing_wp_cron=1711.2", "replytocom=12",
    "ref=rss", "partner=rss", "CMP=share_btn_tw", "maca=de-rss-x", "__twitter_impression=true",
    "amp=1", "amp", "outputType=amp", "no_cache=1", "amp_js_v=0.1",
]  # fmt: skip
# Ways to write an address wrong, each after those that Media Cloud's tests name; all lead to one.
FAULTY = [
    ("http://http://www.quai.example/dossier", "http://quai.example/dossier"),
    ("https://https//www.quai.example/dossier", "http://quai.example/dossier"),
    ("http://https://www.quai.example/dossier", "http://quai.example/dossier"),
    ("http:/www.quai.example/", "http://quai.example/"),
    ("//www.quai.example/", "http://quai.example/"),
    ("http:\\\\www.quai.example/", "http://quai.example/"),
    ("http:\\\\\\\\www.quai.example/", "http://quai.example/"),
    (r"https:\/\/www.quai.example\/dossier\/x", "http://quai.example/dossier/x"),
    ("https://www.quai.example\\dossier\\x", "http://quai.example/dossier/x"),
    ("https://www.quai.example:/Dossier/PL", "http://quai.example/Dossier/PL"),
    ("https://www.quai.example:443:443/dossier", "http://quai.example/dossier"),
    ("http://www.quai.example:80:80", "http://quai.example/"),
    ("http://quai.example?page=2", "http://quai.example/?page=2"),
    ("http://quai.EXAMPLE/mon-article", "http://quai.example/mon-article"),
    ("https://www.videos.example/watch?v=aFC0w7Id", "http://videos.example/watch?v=aFC0w7Id"),
    ("\x00 https://quai.example/x\xa0", "https://quai.example/x"),
]
AMP = [
    "https://www-quai-example.cdn.ampproject.org/c/s/www.quai.example/amp/doc.html",
    "https://www-quai-example.cdn.ampproject.org/c/www.quai.example/amp/doc.html",
    "https://www-quai-example.cdn.ampproject.org/v/s/www.quai.example/amp/doc.html?amp_js_v=0.1",
    "https://www.google.com/amp/s/www.quai.example/amp/doc.html",
    "https://www.google.co.uk/amp/www.quai.example/amp/doc.html#x",
    "https://www.bing.com/amp/s/www.quai.example/amp/doc.html",
    "https://www.google.be/amp/s/x.cdn.ampproject.org/c/s/www.quai.example/amp/doc.html",
]
DOMAINS = [
    ("https://observers.quai24.com/en/20190826-a-journey", "quai24.com"),
    ("https://www.quai.org/news/2019/jul/09/a-protest/", "quai.org"),
    ("https://www.quai-today.com/media/x#comments", "quai-today.com"),
    ("https://quainotes.wordpress.com/2019/03/13/x/", "quainotes.wordpress.com"),
    ("https://wordpress.com/blog/2022/05/19/x/", "wordpress.com"),
    ("https://www-quai-org.cdn.ampproject.org/c/www.quai.org/amp/doc.html", "quai.org"),
    ("https://www.quaijournals.com/quaijournals/news/2022/06/02/x.html", "quaijournals.com"),
    ("https://news.quai.co.uk/x", "quai.co.uk"),
    ("https://quai.github.io/x", "quai.github.io"),
    ("https://www.over-blog.com/x", "over-blog.com"),
    ("http://http://www.quai.gouv.fr:/x", "quai.gouv.fr"),
    ("https://a.b.test/x", "b.test"),
    ("https://www.münchen.de/x", "xn--mnchen-3ya.de"),
    ("http://93.184.215.14/x", "93.184.215.14"),
    ("http://[2606:4700::1]/x", "2606:4700::1"),
    ("http://localhost:8000/x", "localhost"),
]
# Of the guard's own tests: addresses of this machine and its network.
INSIDE = [
    "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]",
    "10.0.0.1", "169.254.169.254", "LOCALHOST.", "intranet.localhost",
    "127。0。0。1", "１２７.0.0.1",
]  # fmt: skip
WRONGLY = [
    "http://{}/", "http:\\\\{}\\", "http:/{}/", "//{}/", "https://http://{}/", "http://https//{}/",
    "http://{}:/", "http://{}:80:80/", "\thttp://\n{}/",
]  # fmt: skip
PIECES = [
    "http", "https", ":", "/", "//", "\\", "a.test", "www.", "localhost", "javascript", "file",
    "user:pw@", ":443", "?", "#", "&", "amp;", "amp", "utm_source=1", "a=1", "%2F", "%26", "%",
    ";jsessionid=1", " ", "\t", "\x00", "\xa0", "é", "www.google.com/amp/s/", "[::1]", "~r", ".",
    "index.html", "x.cdn.ampproject.org/c/", "feeds.a.test", "+", "X",
]  # fmt: skip
urls = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.lists(st.sampled_from(PIECES), max_size=12).map(lambda p: "http://" + "".join(p)),
    st.text(max_size=40),
)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_addresses_of_one_article_have_one_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_addresses_of_two_articles_have_two_keys(one: str, other: str) -> None:
    assert key(one) != key(other)


@pytest.mark.parametrize("tracker", TRACKERS)
def test_how_a_reader_came_makes_no_other_article(tracker: str) -> None:
    assert key(f"https://a.test/x?{tracker}&id=3") == "a.test/x?id=3"
    assert clean(f"https://a.test/x?id=3&{tracker}") == "https://a.test/x?id=3"


@pytest.mark.parametrize(("found", "meant"), FAULTY)
def test_a_faulty_address_is_requested_and_known_as_what_was_meant(found: str, meant: str) -> None:
    assert key(found) == key(meant)
    address = web_url(found)
    assert address is not None
    assert key(address) == key(meant)
    assert key(clean(found)) == key(meant)
    assert refusal(clean(found), loopback=False) is None


def test_of_two_protocols_the_one_next_to_the_name_is_requested() -> None:
    assert web_url("http://https://a.test/x") == "https://a.test/x"
    assert clean("https://http://a.test/x") == "http://a.test/x"


@pytest.mark.parametrize("copy", AMP)
def test_a_search_engines_copy_is_the_document_of_its_site(copy: str) -> None:
    assert key(copy) == "quai.example/amp/doc.html"
    assert (
        clean(copy).removeprefix("https").removeprefix("http") == "://www.quai.example/amp/doc.html"
    )


def test_feedburner_ids_are_the_same_in_either_case_and_requested_as_found() -> None:
    found = "http://feeds.quai.example/~r/quai/topNews/~3/NacH/the-quay-idQUAI1"
    assert key(found) == key(found.lower())
    assert clean(found) == found


@pytest.mark.parametrize(("url", "registered"), DOMAINS)
def test_the_domain_is_what_an_owner_registered(url: str, registered: str) -> None:
    assert domain(url) == registered


def test_an_address_without_host_has_no_domain() -> None:
    with pytest.raises(ValueError, match="not a web address"):
        domain("spip.php")


def test_a_domain_is_found_without_network_and_without_a_file(tmp_path: Path) -> None:
    program = """
import sys
def watch(event, args):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise SystemExit(f"{event} {args}")
    if event in ("os.mkdir", "os.rename") or event == "open" and set(str(args[1])) & set("wax+"):
        raise SystemExit(f"{event} {args}")
from crawler import urls
sys.dont_write_bytecode = True
sys.addaudithook(watch)
assert urls.domain("https://a.wordpress.com/x") == "a.wordpress.com"
"""
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize("wrongly", WRONGLY)
def test_no_fault_hides_an_address_of_our_own_from_the_guard(inside: str, wrongly: str) -> None:
    address = web_url(wrongly.format(inside))
    if address is not None:
        assert refusal(Request(clean(address)).url, loopback=False)


@pytest.mark.parametrize("inside", ["127.0.0.1", "127.1", "0x7f.1", "10.0.0.1"])
def test_no_search_engines_copy_hides_it_either(inside: str) -> None:
    for copy in ("https://www.google.com/amp/s", "https://x.cdn.ampproject.org/c"):
        assert refusal(clean(f"{copy}/{inside}/x"), loopback=False)


@pytest.mark.parametrize(
    "part",
    [" ", "\t ", ":1", "http://", "/\\", "%E9", "%", "&amp;", "www.google.com/amp/s/", "a.", "~"],
)
def test_a_trap_of_a_million_characters_costs_no_time(part: str) -> None:
    long = part * (1_000_000 // len(part))
    began = time.process_time()
    for found in (f"http://a.test{long}x", f"http://a.test/{long}\\", long, long[:8000] + "\\"):
        address = web_url(found)
        assert address is None or len(address) <= MAX_LENGTH
    assert time.process_time() - began < 2


@given(urls)
@example("//http//")
def test_whatever_is_found_is_an_address_or_none(found: str) -> None:
    for base in ("", "http://a.test/b/c"):
        address = web_url(found, base)
        assert address is None or key(address)


@given(urls)
@example("https://a.test/x #top")
@example("http://http/;jsessionid=1/a.test")
@example("HTTP:/HTTP:")
@example("http://a.test:80:80:")
def test_to_clean_twice_is_to_clean_once(found: str) -> None:
    try:
        once = clean(found)
    except ValueError:
        return
    assert clean(once) == once


@given(urls)
@example("http://x.cdn.ampproject.org/c/a.test;jsessionid=1")
def test_the_key_of_what_is_requested_is_the_key_of_what_was_found(found: str) -> None:
    try:
        expected = key(found)
    except ValueError:
        return
    assert key(clean(found)) == expected


@given(urls)
def test_what_is_requested_is_still_a_web_address(found: str) -> None:
    address = web_url(found)
    if address is not None:
        assert web_url(clean(address)) is not None


@pytest.mark.skipif("TAMIS_CORPORA" not in os.environ, reason="TAMIS_CORPORA names no corpora")
def test_every_variant_of_a_real_address_has_its_key_and_no_two_articles_share_one() -> None:
    corpus = Path(os.environ["TAMIS_CORPORA"]) / "urls/articles_and_variants.jsonl.gz"
    with gzip.open(corpus, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    keys = {row["id"]: key(row["url"]) for row in rows}
    assert [row["url"] for row in rows if keys[row["id"]] != keys[row["article"]]] == []
    articles = {row["article"] for row in rows}
    assert len({keys[article] for article in articles}) == len(articles)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.test/spip.php?article12",
        "https://a.test/?Le-logement-en-crise",
        "https://a.test/x?b=2&a=1&vide=",
        "https://a.test/%C3%A9t%C3%A9",
    ],
)
def test_an_address_without_trackers_is_requested_byte_for_byte(url: str) -> None:
    assert clean(url) == url


def test_trackers_and_fragment_are_not_requested() -> None:
    assert (
        clean("https://a.test/x?id=1&utm_campaign=z&at_medium=RSS#top") == "https://a.test/x?id=1"
    )


@pytest.mark.parametrize(
    "found",
    [
        "javascript:alert(1)",
        "JavaScript&colon;alert(1)",
        "data:text/html,<script>",
        "file:///etc/passwd",
        "ftp://a.test/x",
        "mailto:a@example.org",
        "https:///x",
        "https://user:secret@a.test/",
        "https://a.test:0/",
        "https://a.test:99999/",
        "http://[::1",
        "",
        "https://a.test/" + "x" * MAX_LENGTH,
        "https://a.test/" + "é" * (MAX_LENGTH // 4),
        "https://a.test/\ud800",
        "http://javascript:alert(1)",
        "http://javascript:/alert(1)",
        "https://https://javascript:alert(1)",
        "http:\\\\file:///etc/passwd",
        "http:\\\\\\\\file:///etc/passwd",
        "http://file:///etc/passwd",
        "http://data:,x",
        "http://ftp://a.test/x",
        "https://https://user:pw@a.test/",
        "https:/user:pw@a.test/",
        "//user@a.test/",
        "https://www.google.com/amp/s/a.test:0/",
        "https://a.test:443:80/",
        "http://%31%32%37.0.0.1/",
        "http://./",
        "http://https://",
        "java\nscript:alert(1)",
    ],
)
def test_what_is_no_web_address_is_none(found: str) -> None:
    assert web_url(found) is None


def test_a_relative_link_is_read_from_its_page() -> None:
    assert web_url("../b?x=1", "https://a.test/dir/page") == "https://a.test/b?x=1"


def test_on_a_page_one_slash_leads_to_a_folder_of_its_site_unless_a_host_follows() -> None:
    page = "http://a.test/dir/page"
    assert web_url("http:/dossier/x", page) == "http://a.test/dossier/x"
    assert web_url("http:/index.html", page) == "http://a.test/index.html"
    assert web_url("http:/www.b.test/x", page) == "http://www.b.test/x"
    assert web_url("//b.test/x", "https://a.test/") == "https://b.test/x"
    assert web_url("dossier\\x.html?q=a\\b", page) == "http://a.test/dir/dossier/x.html?q=a\\b"


def test_a_space_in_an_address_is_encoded_and_entities_that_are_parameters_stay() -> None:
    assert web_url("https://a.test/mon rapport.html") == "https://a.test/mon%20rapport.html"
    assert web_url("https://a.test/?a=1&amp;b=2&copy=3") == "https://a.test/?a=1&b=2&copy=3"


def test_line_breaks_inside_an_address_are_dropped() -> None:
    assert web_url(" https://a.test/lo\n  ng ") == "https://a.test/long"


def test_an_address_without_host_has_no_key() -> None:
    with pytest.raises(ValueError, match=re.escape("not a web address: 'spip.php'")):
        key("spip.php")
