import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.urls import MAX_LENGTH, clean, key, web_url

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
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_addresses_of_one_article_have_one_key(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_addresses_of_two_articles_have_two_keys(one: str, other: str) -> None:
    assert key(one) != key(other)


@given(st.text(st.sampled_from("abé12=&?%/+;_~- "), max_size=30))
def test_the_key_of_what_is_requested_is_the_key_of_what_was_found(rest: str) -> None:
    url = web_url(f"https://a.test/{rest}") or ""
    assert key(clean(url)) == key(url)


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
    ],
)
def test_what_is_no_web_address_is_none(found: str) -> None:
    assert web_url(found) is None


def test_a_relative_link_is_read_from_its_page() -> None:
    assert web_url("../b?x=1", "https://a.test/dir/page") == "https://a.test/b?x=1"


def test_a_space_in_an_address_is_encoded_and_entities_that_are_parameters_stay() -> None:
    assert web_url("https://a.test/mon rapport.html") == "https://a.test/mon%20rapport.html"
    assert web_url("https://a.test/?a=1&amp;b=2&copy=3") == "https://a.test/?a=1&b=2&copy=3"


def test_line_breaks_inside_an_address_are_dropped() -> None:
    assert web_url(" https://a.test/lo\n  ng ") == "https://a.test/long"


def test_an_address_without_host_has_no_key() -> None:
    with pytest.raises(ValueError, match=re.escape("not a web address: 'spip.php'")):
        key("spip.php")
