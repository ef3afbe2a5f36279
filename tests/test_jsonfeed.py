"""JSON Feed, which feedparser does not read, through the one door of all feeds."""

import json
from typing import Any

import pytest

from crawler.errors import FeedError
from crawler.feeds import MAX_CONTENT, parse
from crawler.feedxml import MAX_ENTRIES
from crawler.items import Harvest, Link

HERE = "https://quai.example.org/feed.json"


def read(*items: object, **feed: Any) -> Harvest:
    document = {"version": "https://jsonfeed.org/version/1.1", "items": items, **feed}
    return parse(json.dumps(document).encode(), HERE, content_type="application/feed+json")


def test_every_field_of_an_item_reaches_its_link() -> None:
    item = {
        "id": "12",
        "url": "https://quai.example.org/12",
        "external_url": "https://port.example.org/original",
        "title": "Une nuit &amp; un lit",
        "summary": "Le refuge ouvre.",
        "content_html": "<p>Le refuge ouvre ses portes ce soir.</p>",
        "image": "/photos/12.jpg",
        "date_published": "2026-10-12T09:15:00+02:00",
        "date_modified": "2026-10-13T09:15:00Z",
        "authors": [{"name": "Ana"}, {"name": "Bo"}, {"url": "https://x.test"}],
        "tags": ["Logement", "Santé"],
        "language": "fr-BE",
        "attachments": [
            {"url": "https://quai.example.org/12.pdf", "mime_type": "application/pdf"},
            {"url": "https://quai.example.org/12.png", "mime_type": "image/png"},
            {"url": ""},
        ],
    }
    assert read(item).links == (
        Link(
            url="https://quai.example.org/12",
            title="Une nuit & un lit",
            summary="Le refuge ouvre.",
            published="2026-10-12T07:15:00Z",
            updated="2026-10-13T09:15:00Z",
            authors=("Ana", "Bo"),
            categories=("Logement", "Santé"),
            language="fr-BE",
            content="<p>Le refuge ouvre ses portes ce soir.</p>",
            image="https://quai.example.org/photos/12.jpg",
            attachments=("https://quai.example.org/12.pdf",),
            origin_url="https://port.example.org/original",
        ),
    )


def test_version_1_0_has_one_author_and_the_feed_speaks_for_its_items() -> None:
    found = read(
        {"url": "/1", "author": {"name": "Ana"}},
        {"url": "/2"},
        author={"name": "La rédaction"},
        language="fr",
    )
    assert [(link.authors, link.language) for link in found.links] == [
        (("Ana",), "fr"),
        (("La rédaction",), "fr"),
    ]


def test_the_page_of_an_item_is_its_url_or_its_id_or_the_page_it_points_to() -> None:
    found = read(
        {"id": "https://quai.example.org/1", "url": "https://quai.example.org/a"},
        {"id": "https://quai.example.org/2"},
        {"id": "3", "external_url": "https://port.example.org/3"},
    )
    assert [link.url for link in found.links] == [
        "https://quai.example.org/a",
        "https://quai.example.org/2",
        "https://port.example.org/3",
    ]


def test_the_next_page_goes_on_with_older_links_on_the_same_host_only() -> None:
    assert read(next_url="/feed.json?page=2").older == "https://quai.example.org/feed.json?page=2"
    assert read(next_url="https://elsewhere.test/2").older is None


def test_items_that_are_none_are_refused_and_cost_no_other() -> None:
    found = read(3, None, {"title": "Sans page"}, {"url": "/1", "tags": 4, "authors": {"a": []}})
    assert [link.url for link in found.links] == ["https://quai.example.org/1"]
    assert found.refused == (
        "an item that is no object (3)",
        "an item that is no object (None)",
        "an entry without link (Sans page)",
    )


def test_control_characters_half_emojis_and_a_byte_order_mark_are_no_obstacle() -> None:
    body = (
        b'\xef\xbb\xbf{"version":"https://jsonfeed.org/version/1","items":[{"url":"/1",'
        b'"title":"Un\tdeux\\u0000 \\ud800trois\x01"}]}'
    )
    (link,) = parse(body, HERE).links
    assert link.title == "Un deux trois"


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b'{"version": "https://jsonfeed.org/version/1", "items": [', "broken JSON .*char 56"),
        (b'{"items": [{"url": "/1"}]}', "names no JSON Feed"),
        (b'[{"link": "/1"}]', 'without a list of "items"'),
        (b'{"version": "https://jsonfeed.org/version/1", "items": {}}', "without a list"),
        (b"[" * 100_000, "broken JSON"),
    ],
    ids=["cut off", "another JSON", "a list", "items", "deep"],
)
def test_other_json_is_refused_with_the_reason(body: bytes, what: str) -> None:
    with pytest.raises(FeedError, match=what):
        parse(body, HERE)


def test_a_feed_of_too_many_items_says_how_many_were_left_out() -> None:
    found = read(*({"url": f"/{number}"} for number in range(MAX_ENTRIES + 5)))
    assert len(found.links) == MAX_ENTRIES
    assert found.defect == "5 entries after the first 1,000 left out"


def test_content_as_text_becomes_html_where_the_summary_is_shorter() -> None:
    (link,) = read({"url": "/1", "summary": "Court.", "content_text": "Plus long : 1 < 2."}).links
    assert (link.summary, link.content) == ("Court.", "Plus long : 1 &lt; 2.")


def test_content_has_a_limit() -> None:
    (link,) = read({"url": "/1", "content_html": "é" * 250_000}).links
    assert len(link.content or "") == MAX_CONTENT
