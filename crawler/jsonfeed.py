"""A JSON Feed (1.0, 1.1) in the shape that feedparser gives the others, which it does not read."""

import json
from collections.abc import Iterator
from typing import Any

from crawler.errors import FeedError

VERSION = "jsonfeed.org/version/"
MAX_SHOWN = 60  # characters of what is refused, for the log


def looks_like_json(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")


def read(text: str, url: str) -> tuple[dict[str, Any], list[str]]:
    """The feed, and what of its items was none. Raises FeedError on other or broken JSON.

    >>> feed = '{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "/a"}, 3]}'
    >>> found, refused = read(feed, "https://a.example/feed.json")
    >>> found["entries"][0]["links"], refused
    ([{'rel': 'alternate', 'href': '/a'}], ['an item that is no object (3)'])
    """
    document = _document(text, url)
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(items, list):
        raise FeedError(f'{url}: not a feed: JSON without a list of "items"')
    if VERSION not in _string(document.get("version")):
        raise FeedError(f'{url}: not a feed: JSON whose "version" names no JSON Feed')
    refused = [
        f"an item that is no object ({str(item)[:MAX_SHOWN]})"
        for item in items
        if not isinstance(item, dict)
    ]
    return {
        "version": "json",
        "feed": {
            "title": _string(document.get("title")),
            "language": _string(document.get("language")),
            "authors": _authors(document),
            "links": [
                *_links("alternate", document.get("home_page_url")),
                *_links("self", document.get("feed_url")),
                *_links("next", document.get("next_url")),
            ],
        },
        "entries": [_entry(item) for item in items if isinstance(item, dict)],
    }, refused


def _document(text: str, url: str) -> Any:
    try:
        # Not strict: line breaks and other control characters stand in strings as they are.
        return json.loads(text.lstrip("\ufeff \t\r\n"), strict=False)
    except (ValueError, RecursionError) as error:
        raise FeedError(f"{url}: not a feed: broken JSON ({error})") from error


def _entry(item: dict[str, Any]) -> dict[str, Any]:
    markup, plain = _string(item.get("content_html")), _string(item.get("content_text"))
    summary = _string(item.get("summary"))
    content = [{"type": "text/html", "value": markup}] if markup else []
    if plain:
        content.append({"type": "text/plain", "value": plain})
    return {
        "title": _string(item.get("title")),
        "summary": summary or plain or markup,
        "summary_detail": {"type": "text/plain" if summary or plain else "text/html"},
        "content": content,
        "links": list(_entry_links(item)),
        "image": {"href": _string(item.get("image")) or _string(item.get("banner_image"))},
        "published": _string(item.get("date_published")),
        "updated": _string(item.get("date_modified")),
        "authors": _authors(item),
        "tags": [{"term": _string(tag)} for tag in _list(item.get("tags"))],
        "language": _string(item.get("language")),
    }


def _entry_links(item: dict[str, Any]) -> Iterator[dict[str, str]]:
    """The page of an item is its url; old feeds give it as the id, link blogs only the other's."""
    identity = _string(item.get("id"))
    outside = item.get("external_url")
    yield from _links("alternate", item.get("url"))
    if identity.startswith(("http://", "https://")):
        yield from _links("alternate", identity)
    yield from _links("alternate", outside)
    yield from _links("via", outside)
    for attachment in _list(item.get("attachments")):
        if isinstance(attachment, dict):
            for link in _links("enclosure", attachment.get("url")):
                yield {**link, "type": _string(attachment.get("mime_type"))}


def _links(rel: str, href: object) -> list[dict[str, str]]:
    return [{"rel": rel, "href": href}] if isinstance(href, str) and href.strip() else []


def _authors(item: dict[str, Any]) -> list[dict[str, str]]:
    """Version 1.1 has a list, 1.0 one author; feeds have both, and either where one is expected."""
    found = _list(item.get("authors")) or [item.get("author")]
    return [{"name": _string(author.get("name"))} for author in found if isinstance(author, dict)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
