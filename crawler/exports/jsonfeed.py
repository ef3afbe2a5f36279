"""JSON Feed 1.1, with what it has no words for under `_tamis`, as it provides."""

import json
from typing import Any

from crawler.exports.items import Feed, Item
from crawler.exports.xmltext import attributes, timestamp

MEDIA_TYPE = "application/feed+json"
VERSION = "https://jsonfeed.org/version/1.1"


def write(feed: Feed) -> bytes:
    told = {
        "version": VERSION,
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.url,
        "description": feed.description,
        **attributes(language=feed.language),
        "authors": [{"name": "Tamis", "url": feed.base_url}],
        # The newest page of the archive repeats the entries of the feed, under the same ids.
        **({"next_url": feed.at(feed.older)} if feed.older else {}),
        "_tamis": {
            "about": feed.base_url,
            "id": feed.id,
            "archive": bool(feed.address.period),
            **({"newer_url": feed.at(feed.newer)} if feed.newer else {}),
        },
        "items": [_item(item) for item in feed.items],
    }
    # No `<` at all, so that nobody can take it for HTML; JSON readers see no difference.
    text = json.dumps(told, ensure_ascii=False, indent=1).replace("<", "\\u003c")
    return f"{text}\n".encode()


def _item(item: Item) -> dict[str, Any]:
    origin = item.origin
    return {
        "id": item.id,
        "url": item.url,
        **({"external_url": origin.url} if origin else {}),
        "title": item.title,
        # One of both is a must, so where only the title may be shown it is empty.
        **({"content_html": item.html} if item.html else {"content_text": item.summary}),
        **attributes(summary=item.summary),
        "date_published": timestamp(item.dated),
        "date_modified": timestamp(item.updated),
        "authors": [{"name": name} for name in item.authors],
        "tags": [category.name for category in item.categories],
        "language": item.language,
        **({"attachments": attachments} if (attachments := _attachments(item)) else {}),
        "_tamis": {
            "page": item.page,
            "source": attributes(name=item.publisher.name, url=item.publisher.homepage),
            **({"origin_publisher": origin.publisher} if origin and origin.publisher else {}),
            "categories": [
                {"scheme": c.scheme, "term": c.code, "label": c.name} for c in item.categories
            ],
        },
    }


def _attachments(item: Item) -> list[dict[str, Any]]:
    return [
        {
            "url": each.url,
            "mime_type": each.media_type,
            **attributes(title=each.title),
            **({"size_in_bytes": each.size} if each.size is not None else {}),
        }
        for each in item.enclosures
    ]
