"""A WordPress site's own API: every post whole, what changed since, and what came out since.

It is walked by date, not by page number: each request goes on from the last date seen, so posts
that come, go or change meanwhile move nothing. A scheduled post comes out with the change date of
the day it was written, so `modified_after` alone would lose it: each visit asks by both dates.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from crawler import clock
from crawler.errors import FeedError
from crawler.items import Address, Answer, Harvest, Link, Source
from crawler.urls import web_url
from spiders.channels import json_api
from spiders.channels.json_api import fields, objects, plain, string, unique
from spiders.channels.server_time import server_time
from spiders.channels.shortcodes import without_shortcodes

# The API allows 100. A post takes 30 to 40 kB with what is embedded in it, and page builders make
# some of 200 kB: 50 of them stay below the download limit of 8 MiB up to a mean of 160 kB, and a
# site's 1,000 posts are 20 requests. A record whose posts are larger says `per_page=10` itself.
PER_PAGE = 50
EMBEDDED = "author,wp:term,wp:featuredmedia"
# Half of an answer is what we never read (`yoast_head`, `meta`); _links is what _embed follows.
FIELDS = (
    "id,date,date_gmt,modified,modified_gmt,link,status,title,content,excerpt,lang"
    ",yoast_head_json.og_locale,_links,_embedded"
)
# The API compares and gives dates in the site's own time. What a change of the site's zone, or of
# summer time, could put back at most is the distance between the world's zones.
OVERLAP = timedelta(hours=26)
SECOND = timedelta(seconds=1)
# Characters of text below which `content` is taken for a teaser, and the page is fetched: the
# excerpt that WordPress makes itself has 55 words, about 350 characters with its markup, 300
# without.
MIN_TEXT = 300
MAX_SUMMARY = 1000
# Taxonomies that say how a post is shown or translated (WordPress, Polylang), not what it is about.
NO_SUBJECTS = frozenset({"post_format", "language", "post_translations"})

LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
# What a site ends a text with that goes on elsewhere.
CUT_OFF = re.compile(
    r"\[(?:…|\.{3}|&hellip;|&#8230;)\]\s*(?:<[^>]*>\s*)*$|class=[\"'][^\"']*\bmore-link\b"
)

Walk = Literal["all", "changed", "published"]
# What each walk goes by: the field, the parameter that bounds it, the order.
WALKS: dict[Walk, tuple[str, str, str]] = {
    "all": ("date", "before", "desc"),
    "changed": ("modified", "modified_after", "asc"),
    "published": ("date", "after", "asc"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where to go on. Dates are the site's own time, as the API gives them.

    `at` is the last date seen on this walk; `offset` counts posts already seen, where more of them
    than fit one answer bear that date. `changed` and `published` are the newest dates seen so far.
    `deaf` says that the site's WordPress, older than 5.7, does not know `modified_after`.
    """

    walk: Walk = "all"
    at: str | None = None
    offset: int = 0
    changed: str | None = None
    published: str | None = None
    deaf: bool = False


def addresses(source: Source) -> tuple[Address, ...]:
    return source.wordpress


def ask(url: str, cursor: str | None, options: Mapping[str, str]) -> str:  # noqa: ARG001 (a channel's arguments)
    """What the record's address says wins (`per_page`, `categories`), but for the walk itself."""
    here = json_api.cursor(Cursor, cursor)
    by, bound, order = WALKS[here.walk]
    walk = {"orderby": by, "order": order}
    if here.deaf and here.walk == "changed":
        walk["order"] = "desc"
    elif here.at:
        edge = _time(here.at) + (SECOND if order == "desc" else -SECOND)
        walk[bound] = edge.isoformat(timespec="seconds")
    if here.offset:
        # Not `page`: a page past the end is an error, and posts may go between two requests.
        walk["offset"] = str(here.offset)
    # An `after` of the record bounds how far back all posts are walked.
    ours = {"orderby", "order", "page", "offset", "before", "modified_after", bound}
    asked = parse_qsl(urlsplit(url).query, keep_blank_values=True)
    own = [pair for pair in asked if pair[0] not in ours]
    # `rest_route` stays first: without pretty permalinks it is the path.
    fixed = {"per_page": str(PER_PAGE), "_embed": EMBEDDED, "_fields": FIELDS}
    query = {**fixed, **dict(own), **walk}
    ordered = [*own, *((name, query[name]) for name in query if name not in dict(own))]
    return json_api.with_query(url, ordered)


def read(answer: Answer) -> Harvest:
    """The posts of one answer, and where to go on. Raises FeedError on what is no list of posts."""
    posts = _posts(answer)
    links, refused = [], []
    for post in posts:
        address = _address(post.get("link"), answer.url)
        if address is None:
            refused.append(f"post {post.get('id')} has no link")
        elif post.get("status", "publish") != "publish":
            refused.append(f"{address} ({post['status']})")
        else:
            links.append(_link(post, address))
    here = json_api.cursor(Cursor, answer.cursor)
    defect = None
    if here.walk == "changed" and not here.deaf and here.at and _ignored(posts, here.at):
        # All posts from the first on: they would come so at every visit.
        links, onward, again = [], replace(here, deaf=True, offset=0), True
    else:
        if here.deaf and here.walk == "changed" and _all_since(posts, here.changed):
            defect = (
                "WordPress older than 5.7: more changes than one answer holds, some are not seen"
            )
        onward, again = _onward(here, posts, answer)
    return Harvest(
        links=tuple(links),
        refused=tuple(refused),
        defect=defect,
        cursor=json_api.written(onward),
        again=again,
    )


def _posts(answer: Answer) -> list[dict[str, Any]]:
    found = json_api.document(answer, answer.url, "a list of posts was expected")
    if isinstance(found, dict):
        said = ": ".join(filter(None, (string(found.get("code")), string(found.get("message")))))
        raise FeedError(
            f"{answer.url}: {said or 'one object'}, where a list of posts was expected"
            " (the address should end in /wp/v2/posts)"
        )
    posts = objects(found)
    if not isinstance(found, list) or len(posts) < len(found):
        raise FeedError(f"{answer.url}: no list of posts")
    return posts


def _onward(here: Cursor, posts: list[dict[str, Any]], answer: Answer) -> tuple[Cursor, bool]:
    """The next request of this walk, or the first of the next one, and whether it is due now."""
    here = _marked(here, posts, server_time(answer))
    by, _, order = WALKS[here.walk]
    dates = _dates(posts, by)
    sorted_ = len(dates) == len(posts) and dates == sorted(dates, reverse=order == "desc")
    moved = sorted_ and bool(dates) and dates[-1] != here.at
    if not (here.deaf and here.walk == "changed") and _goes_on(answer, here, len(posts), moved):
        if moved:
            return replace(here, at=dates[-1], offset=0), True
        # Half of what was seen comes again: posts that go meanwhile let the others move up.
        return replace(here, offset=here.offset + (len(posts) + 1) // 2), True
    after: dict[Walk, tuple[Walk, str | None]] = {
        "all": ("changed", here.changed),
        "changed": ("published", here.published),
        "published": ("changed", here.changed),
    }
    walk, seen = after[here.walk]
    if seen is None:  # an empty site is walked from the start until it has a post
        return Cursor(), False
    at = (_time(seen) - OVERLAP).isoformat(timespec="seconds")
    # A visit goes by both dates. The first has seen all, and what changed meanwhile is the next's.
    return replace(here, walk=walk, at=at, offset=0), here.walk == "changed"


def _marked(here: Cursor, posts: list[dict[str, Any]], now: datetime | None) -> Cursor:
    """Only a walk by a date moves the mark of that date; the walk through all sets both at first.

    What changes while all is walked, for days if it is stopped, bears a later date than its first
    answer; and what another walk shows by chance says nothing of what lies between.
    """
    first = here.walk == "all" and here.at is None and not here.offset
    if first or here.walk == "changed":
        here = replace(here, changed=_newest(here.changed, _dates(posts, "modified"), now))
    if first or here.walk == "published":
        here = replace(here, published=_newest(here.published, _dates(posts, "date"), now))
    return here


def _goes_on(answer: Answer, here: Cursor, count: int, moved: bool) -> bool:  # noqa: FBT001
    """Whether this walk has more: the API says so, and without its headers, a full answer does."""
    total = answer.headers.get("x-wp-total", "")
    if total.isdecimal():
        return count > 0 and here.offset + count < int(total)
    if 'rel="next"' in answer.headers.get("link", ""):
        return True
    asked = dict(parse_qsl(urlsplit(answer.url).query)).get("per_page")
    return count > 0 and (moved or count >= json_api.number(asked, PER_PAGE))


def _ignored(posts: list[dict[str, Any]], at: str) -> bool:
    return any(date < (_time(at) - SECOND).isoformat() for date in _dates(posts, "modified"))


def _all_since(posts: list[dict[str, Any]], mark: str | None) -> bool:
    return bool(posts and mark) and all(date > (mark or "") for date in _dates(posts, "modified"))


def _dates(posts: list[dict[str, Any]], name: str) -> list[str]:
    """The dates that the posts bear, those that are none left out."""
    return [date for post in posts if _sound(date := string(post.get(name)))]


def _newest(mark: str | None, dates: Iterable[str], now: datetime | None) -> str | None:
    """The newest, but for what is still to come: it would hide all until then."""
    limit = (now + OVERLAP).replace(tzinfo=None).isoformat() if now else "9"
    return max((date for date in (mark, *dates) if date and date < limit), default=None)


def _sound(date: str) -> bool:
    try:
        return _time(date).year > 1  # WordPress keeps "none" as 0000-00-00, and -0001-11-30 of it
    except ValueError:
        return False


def _time(date: str) -> datetime:
    return datetime.fromisoformat(date).replace(tzinfo=None, microsecond=0)


def _link(post: dict[str, Any], address: str) -> Link:
    rendered = {name: _rendered(post, name) for name in ("title", "content", "excerpt")}
    protected = fields(post.get("content")).get("protected")
    html = without_shortcodes(rendered["content"])
    whole = len(plain(html)) >= MIN_TEXT and not CUT_OFF.search(html)
    groups = fields(post.get("_embedded")).get("wp:term")
    terms = [
        term
        for group in (groups if isinstance(groups, list) else ())
        for term in objects(group)
        if term.get("taxonomy") not in NO_SUBJECTS
    ]
    media = [image for image in _embedded(post, "wp:featuredmedia") if "source_url" in image]
    return Link(
        url=address,
        title=plain(rendered["title"]) or None,
        summary=plain(without_shortcodes(rendered["excerpt"]))[:MAX_SUMMARY] or None,
        published=_when(post, "date"),
        updated=_when(post, "modified"),
        authors=unique(plain(author.get("name")) for author in _embedded(post, "author")),
        categories=unique(plain(term.get("name")) for term in terms),
        language=_language(post),
        content=None if protected else html.strip() or None,
        whole=not protected and whole,
        image=_address(media[0]["source_url"], address) if media else None,
    )


def _address(value: Any, base: str) -> str | None:
    return web_url(string(value), base) if value else None


def _rendered(post: dict[str, Any], name: str) -> str:
    """A text as the site shows it."""
    value = post.get(name)
    return string(value["rendered"] if isinstance(value, dict) and "rendered" in value else value)


def _embedded(post: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """What is embedded under a name; what could not be is an error there, and left out."""
    found = objects(fields(post.get("_embedded")).get(name))
    return [each for each in found if "code" not in each]


def _when(post: dict[str, Any], name: str) -> str | None:
    """UTC where the post says it, else the site's own time, which names no zone."""
    given, local = string(post.get(f"{name}_gmt")), string(post.get(name))
    if _sound(given):
        return clock.stamp(_time(given).replace(tzinfo=UTC))
    return _time(local).isoformat() if _sound(local) else None


def _language(post: dict[str, Any]) -> str | None:
    for value in (post.get("lang"), fields(post.get("yoast_head_json")).get("og_locale")):
        if LANGUAGE.fullmatch(code := string(value)):
            return code.replace("_", "-")
    return None
