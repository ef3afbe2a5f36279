"""ReliefWeb's API, version 2: what its editors changed since the last visit, in that order.

ReliefWeb holds a million documents of others. The first visit takes the newest, one answer of them;
each later one walks on by `date.changed`, so nothing is lost however long a crawl rests.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from crawler import clock
from crawler.errors import ConfigError, FeedError
from crawler.items import Address, Answer, Harvest, Link, Source
from crawler.urls import web_url
from spiders.channels import json_api
from spiders.channels.json_api import fields, objects, plain, string, unique

# The API allows 1,000 a call and 1,000 calls a day. A report with its text in HTML takes some
# 13 kB and situation reports up to 100: 200 of them stay below the download limit of 8 MiB up to a
# mean of 40 kB. English, the most frequent, has 200 documents a day: one or two calls.
LIMIT = 200
# A document may enter the index later than its change date says; an hour costs no further call.
OVERLAP = timedelta(hours=1)
MAX_SUMMARY = 1000
REGISTER = "https://apidoc.reliefweb.int/parameters#appname"
# What the API answers by its status, for the operator.
MEANINGS = {
    400: f": the request names nobody, or asks wrongly; an appname is requested at {REGISTER}",
    403: f": the appname is not approved; request one at {REGISTER}",
    410: ": this version of the API is gone; the address should have /v2/",
}
# A body that says no more than where the text is: shorter than this, and it names attached files
# in one of ReliefWeb's four languages. Such a sentence has 40 to 110 characters.
MAX_NOTE = 200
ATTACHED = re.compile(
    r"attach(?:ed|ment)|(?:pi[eè]ces?|fichiers?|documents?)\s+(?:ci-)?joint|archivos?\s+adjunto"
    r"|adjuntos?\b|المرفق|الملف",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where to go on: with what changed at `since` or later, past the first `offset` of them."""

    since: str | None = None
    offset: int = 0


def addresses(source: Source) -> tuple[Address, ...]:
    return source.reliefweb


def ask(url: str, cursor: str | None, options: Mapping[str, str]) -> str:
    """The record's filter and query stay, and are joined with the date.

    `options["reliefweb_appname"]` names who asks; raises ConfigError if neither it nor the record
    does, since the API has answered nothing without since November 2025.
    """
    own = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    if appname := options.get("reliefweb_appname"):
        own = [*(pair for pair in own if pair[0] != "appname"), ("appname", appname)]
    elif not dict(own).get("appname"):
        raise ConfigError(
            f"{url}: ReliefWeb answers only who is registered: request an appname at {REGISTER}"
            " and set TAMIS_RELIEFWEB_APPNAME"
        )
    here = json_api.cursor(Cursor, cursor)
    kept = [pair for pair in own if not re.match(r"(?:limit|offset|sort|filter)(?:\[|$)", pair[0])]
    filters = [pair for pair in own if pair[0].startswith("filter[")]
    if here.since:
        joined = [(name.replace("filter", "filter[conditions][0]", 1), v) for name, v in filters]
        date = f"filter[conditions][{1 if joined else 0}]"
        filters = [
            ("filter[operator]", "AND"),
            *joined,
            (f"{date}[field]", "date.changed"),
            # As the API's documentation writes it: it has no Z.
            (f"{date}[value][from]", here.since.replace("Z", "+00:00")),
        ]
    if not {"profile", "fields[include][]"} & dict(kept).keys():
        kept += [("profile", "full"), ("fields[exclude][]", "body")]
    query = [
        *kept,
        *filters,
        ("sort[]", "date.changed:asc" if here.since else "date.changed:desc"),
        ("limit", str(_limit(url))),
        *([("offset", str(here.offset))] if here.offset else []),
    ]
    return json_api.with_query(url, query)


def read(answer: Answer) -> Harvest:
    """The documents of one answer. Raises FeedError on an error, also one that says 200."""
    rows, onward = _rows(answer)
    found = [(row, _link(fields(row.get("fields")))) for row in rows]
    links = tuple(link for _, link in found if link)
    refused = tuple(f"document {row.get('id')} has no address" for row, link in found if not link)
    here = json_api.cursor(Cursor, answer.cursor)
    changed = [date for row in rows if (date := _date(fields(row.get("fields")), "changed"))]
    if here.since and any(date < here.since for date in changed):
        raise FeedError(
            f"{_public(answer.url)}: answers with what changed before {here.since}:"
            " the filter was not applied"
        )
    newest = max(changed, default=here.since)
    more = bool(rows) and (onward or len(rows) >= _limit(answer.url))
    if here.since is None or not more:
        # Nothing at all since then: asked again from the same moment, not from ever earlier ones.
        rest = _resting(newest) if changed or here.offset else answer.cursor
        return Harvest(links=links, refused=refused, cursor=rest)
    # Forward by date, so that what changes meanwhile moves nothing; the documents of the last
    # second come again. Where one second fills an answer, past half of what was seen: what is
    # changed just then leaves that second, and the others move up.
    moved = newest is not None and newest > here.since
    offset = 0 if moved else here.offset + (len(rows) + 1) // 2
    onward_from = json_api.written(Cursor(since=newest, offset=offset))
    return Harvest(links=links, refused=refused, cursor=onward_from, again=True)


def _rows(answer: Answer) -> tuple[list[dict[str, Any]], bool]:
    """The documents, and whether the API names a next page."""
    where = _public(answer.url)
    expected = (
        "ReliefWeb's API was expected (so it answers when the 1,000 calls of a day are used up)"
    )
    found = json_api.document(answer, where, expected)
    if not isinstance(found, dict):
        raise FeedError(f"{where}: no answer of ReliefWeb's API")
    if found.get("error") or not isinstance(found.get("data"), list):
        raise FeedError(f"{where}: {_refusal(found)}")
    # Version 1 nested it in `links`; what version 2 does is not documented with an example.
    return objects(found["data"]), bool(found.get("next") or fields(found.get("links")).get("next"))


def _refusal(found: dict[str, Any]) -> str:
    """Why the API refuses, and what to do about it."""
    error = found.get("error")
    error = error if isinstance(error, dict) else {"message": error}
    parts = (found.get("status"), error.get("type"), error.get("message") or found.get("message"))
    said = " ".join(str(part) for part in parts if part) or "no documents"
    if "AccessDenied" in said or "appname" in said or found.get("status") == 403:  # noqa: PLR2004
        return f"{said}: request an appname at {REGISTER} and set TAMIS_RELIEFWEB_APPNAME"
    if found.get("status") == 410:  # noqa: PLR2004 (Gone)
        return f"{said}: version 1 of the API has ended, the address should have /v2/"
    return said


def _link(found: dict[str, Any]) -> Link | None:
    url = web_url(string(found.get("url_alias"))) or web_url(string(found.get("url")))
    if url is None:
        return None
    content = string(found.get("body-html")) or string(found.get("description-html"))
    text = plain(content)
    note = len(text) < MAX_NOTE and ATTACHED.search(text)
    sources = tuple(_names(found, "source", "name", "shortname", "longname"))
    languages = set(_names(found, "language", "code"))
    images = map(web_url, _names(found, "image", "url"))
    return Link(
        url=url,
        title=plain(found.get("title")) or plain(found.get("name")) or None,
        summary=plain(fields(found.get("headline")).get("summary"))[:MAX_SUMMARY] or None,
        published=_date(found, "original") or _date(found, "created"),
        updated=_date(found, "changed"),
        authors=sources,
        categories=unique(
            name for k in ("theme", "format", "country") for name in _names(found, k)
        ),
        language=languages.pop() if len(languages) == 1 else None,
        content=content or None,
        whole=bool(text) and not note,
        image=next(filter(None, images), None),
        attachments=unique(map(web_url, _names(found, "file", "url"))),
        publisher=", ".join(sources) or None,
        origin_url=web_url(string(found.get("origin"))),
    )


def _names(found: dict[str, Any], kind: str, *keys: str) -> Iterator[str]:
    """Of each value of a field, the first of the keys that has a text."""
    values = found.get(kind)
    for value in objects(values if isinstance(values, list) else [values]):
        names = (" ".join(string(value.get(key)).split()) for key in keys or ("name",))
        if name := next(filter(None, names), None):
            yield name


def _date(found: dict[str, Any], name: str) -> str | None:
    try:
        when = datetime.fromisoformat(string(fields(found.get("date")).get(name)))
    except ValueError:
        return None
    if when.year in (1, 9999):
        return None
    return clock.stamp(when if when.tzinfo else when.replace(tzinfo=UTC))


def _resting(newest: str | None) -> str | None:
    if newest is None:
        return None
    since = datetime.fromisoformat(newest) - OVERLAP
    return json_api.written(Cursor(since=clock.stamp(since)))


def _limit(url: str) -> int:
    """What the record asks, if less than ours."""
    return min(
        json_api.number(dict(parse_qsl(urlsplit(url).query)).get("limit"), 0) or LIMIT, LIMIT
    )


def _public(url: str) -> str:
    """For messages: the appname is the operator's, and logs travel."""
    return re.sub(r"(?<=[?&])appname=[^&]*&?", "", url).rstrip("?&")
