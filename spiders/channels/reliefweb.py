"""ReliefWeb's API, version 2: what its editors changed since the last visit, in that order.

ReliefWeb holds a million documents of others. The first visit takes the newest, one answer of them;
each later one walks on by `date.changed`, so nothing is lost however long a crawl rests.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from crawler import clock
from crawler.errors import ConfigError, FeedError
from crawler.items import Address, Answer, Harvest, Link, Source
from crawler.urls import web_url
from spiders.channels.wordpress import plain, string

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
    does, since the API then answers nothing.
    """
    if appname := options.get("reliefweb_appname"):
        url = with_appname(url, appname)
    elif not dict(parse_qsl(urlsplit(url).query)).get("appname"):
        raise ConfigError(
            f"{url}: ReliefWeb answers only who is registered: request an appname at {REGISTER}"
            " and set TAMIS_RELIEFWEB_APPNAME"
        )
    here = _cursor(cursor)
    parts = urlsplit(url)
    own = parse_qsl(parts.query, keep_blank_values=True)
    kept = [pair for pair in own if not re.match(r"(?:limit|offset|sort|filter)(?:\[|$)", pair[0])]
    filters = [pair for pair in own if pair[0].startswith("filter[")]
    if here.since:
        joined = [(name.replace("filter", "filter[conditions][0]", 1), v) for name, v in filters]
        date = f"filter[conditions][{1 if joined else 0}]"
        filters = [
            ("filter[operator]", "AND"),
            *joined,
            (f"{date}[field]", "date.changed"),
            (f"{date}[value][from]", _as_asked(here.since)),
        ]
    named = {name for name, _ in kept}
    ours = [("profile", "full"), ("fields[exclude][]", "body")]
    query = [
        *kept,
        *(pair for pair in ours if not {"profile", "fields[include][]"} & named),
        *filters,
        ("sort[]", "date.changed:asc" if here.since else "date.changed:desc"),
        ("limit", str(_limit(url))),
        *([("offset", str(here.offset))] if here.offset else []),
    ]
    text = urlencode(query, quote_via=quote, safe="[]:,")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, text, ""))


def with_appname(url: str, appname: str) -> str:
    """The same request, naming who asks: since November 2025 the API answers none without.

    >>> with_appname("https://api.reliefweb.int/v2/reports?limit=1", "tamis-x1")
    'https://api.reliefweb.int/v2/reports?limit=1&appname=tamis-x1'
    """
    parts = urlsplit(url)
    pairs = [pair for pair in parts.query.split("&") if pair.partition("=")[0] != "appname"]
    query = "&".join([*filter(None, pairs), urlencode({"appname": appname})])
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def read(answer: Answer) -> Harvest:
    """The documents of one answer. Raises FeedError on an error, also one that says 200."""
    rows, onward = _rows(answer)
    links, refused = [], []
    for row in rows:
        if link := _link(row):
            links.append(link)
        else:
            refused.append(f"document {row.get('id')} has no address")
    here = _cursor(answer.cursor)
    changed = [date for row in rows if (date := _changed(row))]
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
        return Harvest(links=tuple(links), refused=tuple(refused), cursor=rest)
    # Forward by date, so that what changes meanwhile moves nothing; the documents of the last
    # second come again. Where one second fills an answer, past half of what was seen: what is
    # changed just then leaves that second, and the others move up.
    moved = newest is not None and newest > here.since
    nxt = (
        Cursor(since=newest)
        if moved
        else Cursor(since=newest, offset=here.offset + (len(rows) + 1) // 2)
    )
    return Harvest(links=tuple(links), refused=tuple(refused), cursor=_written(nxt), again=True)


def _rows(answer: Answer) -> tuple[list[dict[str, Any]], bool]:
    """The documents, and whether the API names a next page."""
    where = _public(answer.url)
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        what = "an HTML page" if b"<html" in answer.body[:2000].lower() else "no JSON"
        raise FeedError(
            f"{where}: {what}, where ReliefWeb's API was expected"
            " (so it answers when the 1,000 calls of a day are used up)"
        ) from error
    if not isinstance(found, dict):
        raise FeedError(f"{where}: no answer of ReliefWeb's API")
    if found.get("error") or not isinstance(found.get("data"), list):
        raise FeedError(f"{where}: {_refusal(found)}")
    rows = [row for row in found["data"] if isinstance(row, dict)]
    # Version 1 nested it in `links`; what version 2 does is not documented with an example.
    links = found.get("links")
    return rows, bool(found.get("next") or (isinstance(links, dict) and links.get("next")))


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


def _link(row: dict[str, Any]) -> Link | None:
    found = row.get("fields")
    fields: dict[str, Any] = found if isinstance(found, dict) else {}
    url = web_url(_text(fields, "url_alias") or "") or web_url(_text(fields, "url") or "")
    if url is None:
        return None
    content = _text(fields, "body-html") or _text(fields, "description-html")
    text = plain(content) or ""
    note = len(text) < MAX_NOTE and ATTACHED.search(text)
    sources = tuple(_names(fields, "source", "name", "shortname", "longname"))
    languages = set(_names(fields, "language", "code"))
    categories = (name for kind in ("theme", "format", "country") for name in _names(fields, kind))
    files = (web_url(file) for file in _names(fields, "file", "url"))
    images = [image for name in _names(fields, "image", "url") if (image := web_url(name))]
    headline = fields.get("headline")
    summary = plain(_text(headline, "summary")) if isinstance(headline, dict) else None
    return Link(
        url=url,
        title=plain(_text(fields, "title") or _text(fields, "name")),
        summary=summary[:MAX_SUMMARY] if summary else None,
        published=_date(fields, "original") or _date(fields, "created"),
        updated=_date(fields, "changed"),
        authors=sources,
        categories=tuple(dict.fromkeys(categories)),
        language=languages.pop() if len(languages) == 1 else None,
        content=content,
        whole=bool(text) and not note,
        image=images[0] if images else None,
        attachments=tuple(dict.fromkeys(file for file in files if file)),
        publisher=", ".join(sources) or None,
        origin_url=web_url(_text(fields, "origin") or ""),
    )


def _names(fields: dict[str, Any], kind: str, *keys: str) -> Iterator[str]:
    """Of each value of a field, the first of the keys that has a text."""
    values = fields.get(kind)
    for value in values if isinstance(values, list) else [values]:
        if isinstance(value, dict):
            names = (" ".join((_text(value, key) or "").split()) for key in keys or ("name",))
            if name := next(filter(None, names), None):
                yield name


def _date(fields: dict[str, Any], name: str) -> str | None:
    dates = fields.get("date")
    value = _text(dates, name) if isinstance(dates, dict) else None
    try:
        when = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    if when.year in (1, 9999):
        return None
    return clock.stamp(when if when.tzinfo else when.replace(tzinfo=UTC))


def _changed(row: dict[str, Any]) -> str | None:
    fields = row.get("fields")
    return _date(fields, "changed") if isinstance(fields, dict) else None


def _as_asked(moment: str) -> str:
    """As the API's documentation writes it: it has no Z."""
    return moment.replace("Z", "+00:00")


def _resting(newest: str | None) -> str | None:
    if newest is None:
        return None
    since = datetime.fromisoformat(newest) - OVERLAP
    return _written(Cursor(since=clock.stamp(since)))


def _cursor(text: str | None) -> Cursor:
    """What `_written` wrote; anything else starts anew, with the newest."""
    try:
        return Cursor(**json.loads(text or "{}"))
    except (ValueError, TypeError):
        return Cursor()


def _written(cursor: Cursor) -> str:
    return json.dumps({"since": cursor.since, "offset": cursor.offset})


def _limit(url: str) -> int:
    """What the record asks, if less than ours."""
    asked = dict(parse_qsl(urlsplit(url).query)).get("limit", "")
    return min(int(asked), LIMIT) if asked.isdecimal() and int(asked) else LIMIT


def _public(url: str) -> str:
    """For messages: the appname is the operator's, and logs travel."""
    parts = urlsplit(url)
    pairs = [pair for pair in parts.query.split("&") if pair.partition("=")[0] != "appname"]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "&".join(pairs), ""))


def _text(fields: dict[str, Any], name: str) -> str | None:
    return string(fields.get(name))
