import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from trafilatura import load_html

from enrich.rights import (
    MAX_LICENCES,
    SILENT,
    Limits,
    Signals,
    declared,
    directives,
    limits,
    of_header,
    strictest,
)

URL = "https://quai.example.org/actualites/12"
CC = "https://creativecommons.org/licenses/by/4.0/"


def json_ld(data: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


def page(head: str = "", body: str = "") -> Signals:
    html = f"<html><head><title>Abri</title>{head}</head><body><p>Un abri.</p>{body}</body></html>"
    return declared(load_html(html), URL)


def test_a_page_that_says_nothing_declares_nothing() -> None:
    assert page('<meta name="robots" content="index, follow, max-snippet:-1">') == SILENT


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("noindex", ("noindex",)),
        ("NOINDEX,NoArchive", ("noindex", "noarchive")),
        ("noindex nosnippet", ("noindex", "nosnippet")),
        ("nofollow; none", ("none",)),
        ("noai, noimageai", ("noai", "noimageai")),
        ("nocache", ("nocache",)),
        ("max-snippet:50", ("max-snippet:50",)),
        ("max-snippet : 050 , noindex", ("max-snippet:50", "noindex")),
        ("noindex max-snippet:0", ("noindex", "max-snippet:0")),
        ("max-snippet:-1", ()),
        ("max-snippet:many", ()),
        ("max-image-preview:none, max-video-preview:0", ()),
        ("unavailable_after: 25 Jun 2027 15:00:00 PST",
         ("unavailable_after:2027-06-25T23:00:00Z",)),
        ("unavailable_after: Friday, 25-Jun-27 15:00:00 GMT, noarchive",
         ("unavailable_after:2027-06-25T15:00:00Z", "noarchive")),
        ("unavailable_after:2027-06-25", ("unavailable_after:2027-06-25T00:00:00Z",)),
        ("unavailable_after: 25 Jun 2027", ("unavailable_after:2027-06-25T00:00:00Z",)),
        ("unavailable_after: someday", ("unavailable_after:someday",)),
        ("googlebot: noindex", ()),
        ("", ()),
    ],
)  # fmt: skip
def test_directives_that_restrict_are_read_in_whatever_spelling(
    content: str, expected: tuple[str, ...]
) -> None:
    assert directives(content) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("noarchive", ("noarchive",)),
        ("noindex, noarchive\nnosnippet", ("noindex", "noarchive", "nosnippet")),
        ("googlebot: nosnippet, noarchive", ()),
        ("googlebot: nosnippet\nnoarchive", ("noarchive",)),
        ("otherbot: noindex, tamis: nosnippet, noarchive", ("nosnippet", "noarchive")),
        ("Tamis/1.0: nosnippet", ("nosnippet",)),
        ("*: noarchive", ("noarchive",)),
        ("noarchive, otherbot: nosnippet", ("noarchive",)),
        ("max-snippet: 20, max-image-preview: none", ("max-snippet:20",)),
        ("max-snippet:20\nmax-snippet:90", ("max-snippet:20",)),
        ("unavailable_after: Friday, 25 Jun 2027 15:00:00 GMT, noarchive",
         ("unavailable_after:2027-06-25T15:00:00Z", "noarchive")),
        ("tamis: unavailable_after: 25 Jun 2027 15:00:00 GMT",
         ("unavailable_after:2027-06-25T15:00:00Z",)),
        ("", ()),
    ],
)  # fmt: skip
def test_of_a_header_only_what_is_meant_for_us_counts(
    value: str, expected: tuple[str, ...]
) -> None:
    assert of_header(value) == expected


def test_metas_for_all_robots_for_googlebot_and_for_us_are_added_up() -> None:
    found = page(
        '<meta name="ROBOTS" content="noindex, max-snippet:90"><meta name="bingbot" content="none">'
        '<meta name="googlebot" content="noarchive, max-snippet:50">'
        '<meta property="tamis" content="nosnippet">'
    )
    assert found.robots == ("noindex", "noarchive", "max-snippet:50", "nosnippet")


def test_the_stricter_of_two_statements_holds() -> None:
    early, late = "unavailable_after:2027-01-01T00:00:00Z", "unavailable_after:2028-01-01T00:00:00Z"
    found = strictest(["max-snippet:90", late, "noindex"], ["noindex", "max-snippet:9", early])
    assert found == ("noindex", "max-snippet:9", early)
    assert strictest(["unavailable_after:someday", late]) == (late,)


def test_limits_are_what_directives_leave() -> None:
    assert limits([]) == Limits(snippet=None, archive=True, until=None)
    assert limits(["noindex", "noai", "unavailable_after:someday"]) == Limits()
    assert limits(["nosnippet", "max-snippet:50"]).snippet == 0
    assert limits(["none"]).snippet == 0
    assert limits(["max-snippet:50"]).snippet == 50
    assert not limits(["nocache"]).archive
    end = limits(["unavailable_after:2027-06-25T15:00:00Z"]).until
    assert end == datetime(2027, 6, 25, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('<meta name="tdm-reservation" content="1">', (1, None)),
        ('<meta name="TDM-Reservation" content=" 0 ">', (0, None)),
        ('<meta name="tdm-reservation" content="yes">', (None, None)),
        ('<meta name="tdm-reservation" content="0"><meta name="tdm-reservation" content="1">',
         (1, None)),
        ('<meta name="tdm-reservation" content="1"><meta name="tdm-policy" content="/tdm.json">',
         (1, "https://quai.example.org/tdm.json")),
        ('<meta name="tdm-policy" content="javascript:alert(1)">', (None, None)),
    ],
    ids=["reserved", "not reserved", "no such value", "both", "policy", "no web address"],
)  # fmt: skip
def test_a_reservation_in_the_page_is_read(
    head: str, expected: tuple[int | None, str | None]
) -> None:
    found = page(head)
    assert (found.tdm_reservation, found.tdm_policy) == expected


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (f'<link rel="license" href="{CC}">', ""),
        ("", f'<a rel="license noopener" href="{CC}">CC BY</a>'),
        ("", f'<a rel="noopener" href="{CC}">CC BY</a>'),
        (f'<meta name="DC.rights" content="{CC}">', ""),
        (f'<meta name="dcterms.license" content="{CC}">', ""),
        (f'<link rel="DCTERMS.license" href="{CC}">', ""),
        (json_ld({"@type": "NewsArticle", "license": CC}), ""),
        (json_ld({"@graph": [{"@type": "WebPage", "license": {"@id": CC}}]}), ""),
        (json_ld({"@type": "Article", "license": [{"@type": "CreativeWork", "url": CC}]}), ""),
    ],
    ids=["link", "a", "other rel", "dc.rights", "dcterms.license", "link dcterms", "json-ld",
         "json-ld object", "json-ld list"],
)  # fmt: skip
def test_a_licence_is_found_wherever_it_is_stated(head: str, body: str) -> None:
    assert page(head, body).licences == (CC,)


@pytest.mark.parametrize(
    ("head", "body"),
    [
        ("", f'<a href="{CC}">An article about licences</a>'),
        ("", f'<figure><figcaption><a rel="license" href="{CC}">photo</a></figcaption></figure>'),
        ('<meta name="dc.rights" content="Tous droits réservés">', ""),
        ('<link rel="license" href="javascript:alert(1)">', ""),
        ('<link rel="license" href="https://[broken">', ""),
        ('<link rel="license" href="https://user@quai.example.org/">', ""),
        (json_ld({"@type": "NewsArticle", "image": {"license": CC}}), ""),
        (json_ld([{"@type": "ImageObject", "license": CC}]), ""),
        (json_ld({"license": CC}).replace("}<", "<"), ""),
        (json_ld("license").replace(">", ">" + "[" * 100_000, 1), ""),
    ],
    ids=["no rel", "of a photograph", "words", "script", "no address", "user name", "of an image",
         "an image", "broken json", "deep json"],
)  # fmt: skip
def test_what_is_no_licence_of_the_page_is_not_taken_for_one(head: str, body: str) -> None:
    assert page(head, body).licences == ()


def test_of_many_licences_the_first_are_kept_once_each() -> None:
    links = "".join(f'<a rel="license" href="/l/{n // 2}">l</a>' for n in range(40))
    assert page(body=links).licences == tuple(
        f"https://quai.example.org/l/{n}" for n in range(MAX_LICENCES)
    )


@given(st.text())
def test_no_directive_is_too_odd_to_be_read(text: str) -> None:
    limits(directives(text))
    limits(of_header(text))
    assert strictest(of_header(text)) == of_header(text)
