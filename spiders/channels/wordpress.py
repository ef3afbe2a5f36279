"""A WordPress site's own API: every post whole, what changed since, and what came out since.

It is walked by date, not by page number: each request goes on from the last date seen, so posts
that come, go or change meanwhile move nothing. A scheduled post comes out with the change date of
the day it was written, so `modified_after` alone would lose it: each visit asks by both dates.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from w3lib.html import remove_tags, replace_entities

from crawler import clock
from crawler.errors import FeedError
from crawler.items import Address, Answer, Harvest, Link, Source
from crawler.urls import web_url
from enrich.text import printable
from spiders.channels.sitemap import server_time

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
    here = _cursor(cursor)
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
    parts = urlsplit(url)
    # An `after` of the record bounds how far back all posts are walked.
    ours = {"orderby", "order", "page", "offset", "before", "modified_after", bound}
    own = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in ours]
    # `rest_route` stays first: without pretty permalinks it is the path.
    fixed = {"per_page": str(PER_PAGE), "_embed": EMBEDDED, "_fields": FIELDS}
    query = {**fixed, **dict(own), **walk}
    ordered = [*own, *((name, query[name]) for name in query if name not in dict(own))]
    text = urlencode(ordered, quote_via=quote, safe="/:,[]")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, text, ""))


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
    here = _cursor(answer.cursor)
    defect = None
    if here.walk == "changed" and not here.deaf and here.at and _ignored(posts, here.at):
        # All posts from the first on: they would come so at every visit.
        here = replace(here, deaf=True)
        return Harvest(
            links=(), refused=tuple(refused), cursor=_written(replace(here, offset=0)), again=True
        )
    if here.deaf and here.walk == "changed" and _all_since(posts, here.changed):
        defect = "WordPress older than 5.7: more changes than one answer holds, some are not seen"
    onward, again = _onward(here, posts, answer)
    return Harvest(
        links=tuple(links),
        refused=tuple(refused),
        defect=defect,
        cursor=_written(onward),
        again=again,
    )


def _posts(answer: Answer) -> list[dict[str, Any]]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        what = "an HTML page" if b"<html" in answer.body[:2000].lower() else "no JSON"
        raise FeedError(f"{answer.url}: {what}, where a list of posts was expected") from error
    if isinstance(found, dict):
        said = ": ".join(filter(None, (string(found.get("code")), string(found.get("message")))))
        raise FeedError(
            f"{answer.url}: {said or 'one object'}, where a list of posts was expected"
            " (the address should end in /wp/v2/posts)"
        )
    if not isinstance(found, list) or not all(isinstance(post, dict) for post in found):
        raise FeedError(f"{answer.url}: no list of posts")
    return found


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
    asked = dict(parse_qsl(urlsplit(answer.url).query)).get("per_page", "")
    full = count >= (int(asked) if asked.isdecimal() else PER_PAGE)
    return count > 0 and (moved or full)


def _ignored(posts: list[dict[str, Any]], at: str) -> bool:
    return any(date < (_time(at) - SECOND).isoformat() for date in _dates(posts, "modified"))


def _all_since(posts: list[dict[str, Any]], mark: str | None) -> bool:
    return bool(posts and mark) and all(date > (mark or "") for date in _dates(posts, "modified"))


def _dates(posts: list[dict[str, Any]], name: str) -> list[str]:
    """The dates that the posts bear, those that are none left out."""
    found = (string(post.get(name)) or "" for post in posts)
    return [date for date in found if _sound(date)]


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


def _cursor(text: str | None) -> Cursor:
    """What `_written` wrote; anything else starts anew, which costs requests and loses nothing."""
    try:
        return Cursor(**json.loads(text or "{}"))
    except (ValueError, TypeError):
        return Cursor()


def _written(cursor: Cursor) -> str:
    kept = {name: getattr(cursor, name) for name in Cursor.__slots__}
    plain = Cursor()
    return json.dumps({name: v for name, v in kept.items() if v != getattr(plain, name)})


def _link(post: dict[str, Any], address: str) -> Link:
    content, protected = _rendered(post, "content")
    excerpt, _ = _rendered(post, "excerpt")
    html = without_shortcodes(content)
    summary = plain(without_shortcodes(excerpt))
    text = plain(html) or ""
    terms = [
        term
        for group in _embedded(post, "wp:term")
        for term in _objects(group)
        if term.get("taxonomy") not in NO_SUBJECTS
    ]
    media = [each for each in _embedded(post, "wp:featuredmedia") if "source_url" in each]
    authors = (plain(string(author.get("name"))) for author in _embedded(post, "author"))
    named = (plain(string(term.get("name"))) for term in terms)
    return Link(
        url=address,
        title=plain(_rendered(post, "title")[0]),
        summary=summary[:MAX_SUMMARY] if summary else None,
        published=_when(post, "date"),
        updated=_when(post, "modified"),
        authors=tuple(dict.fromkeys(name for name in authors if name)),
        categories=tuple(dict.fromkeys(name for name in named if name)),
        language=_language(post),
        content=html.strip() or None if not protected else None,
        whole=not protected and len(text) >= MIN_TEXT and not CUT_OFF.search(html),
        image=_address(media[0]["source_url"], address) if media else None,
    )


def _address(value: Any, base: str) -> str | None:
    named = string(value)
    return web_url(named, base) if named else None


def _rendered(post: dict[str, Any], name: str) -> tuple[str, bool]:
    """A text as the site shows it, and whether it asks for a password first."""
    value = post.get(name)
    if not isinstance(value, dict):
        return string(value) or "", False
    return string(value.get("rendered")) or "", bool(value.get("protected"))


def _embedded(post: dict[str, Any], name: str) -> list[Any]:
    """What is embedded under a name; what could not be is an error there, and left out."""
    found = post.get("_embedded")
    values = found.get(name) if isinstance(found, dict) else None
    return [
        value
        for value in (values if isinstance(values, list) else ())
        if isinstance(value, list) or (isinstance(value, dict) and "code" not in value)
    ]


def _objects(values: Any) -> Iterator[dict[str, Any]]:
    """WordPress wraps an error of a whole group in a list or not, as it comes."""
    return (v for v in (values if isinstance(values, list) else ()) if isinstance(v, dict))


def _when(post: dict[str, Any], name: str) -> str | None:
    """UTC where the post says it, else the site's own time, which names no zone."""
    given, local = string(post.get(f"{name}_gmt")) or "", string(post.get(name)) or ""
    if _sound(given):
        return clock.stamp(_time(given).replace(tzinfo=UTC))
    return _time(local).isoformat() if _sound(local) else None


LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


def _language(post: dict[str, Any]) -> str | None:
    yoast = post.get("yoast_head_json")
    locale = yoast.get("og_locale") if isinstance(yoast, dict) else None
    for value in (post.get("lang"), locale):
        if isinstance(value, str) and LANGUAGE.fullmatch(value):
            return value.replace("_", "-")
    return None


def string(value: Any) -> str | None:
    """A JSON value if it is a text, without what JSON can spell and no text has."""
    return printable(value) if isinstance(value, str) else None


def plain(html: str | None) -> str | None:
    """Titles, names and excerpts come with tags, entities and line breaks in them."""
    text = printable(replace_entities(remove_tags(html or "")))
    return " ".join(text.split()) or None


# What a site ends a text with that goes on elsewhere.
CUT_OFF = re.compile(
    r"\[(?:…|\.{3}|&hellip;|&#8230;)\]\s*(?:<[^>]*>\s*)*$|class=[\"'][^\"']*\bmore-link\b"
)
# Shortcodes that WordPress itself has (wp-includes/shortcodes.php, media.php), and two without
# underscore or arguments that are seen where their plugin has been removed.
KNOWN = frozenset(
    {"audio", "caption", "embed", "gallery", "playlist", "video", "toc", "contact-form-7"}
)
# Those whose content is encoded, or for machines.
RAW = re.compile(r"\[(vc_raw_html|vc_raw_js)\b[^\[\]]*\][^\[\]]*\[/\1\]")
CLOSING = re.compile(r"\[/([A-Za-z][\w-]*)\]")
# A tag, or what could be a mark; an excerpt may end within one, and then it has no end.
MARK = re.compile(
    r"<[^<>]*>|\[(?P<closing>/?)(?P<name>[A-Za-z][\w-]*)(?P<args>(?:\s[^\[\]]*|/)?)(?P<end>\]|(?=\[)|$)"
)
# The first argument, in any quotes that WordPress or an editor makes of straight ones.
QUOTED = re.compile(
    r"\s+[\w-]+=(?:[\"'“”„″‘’′«]"
    r"|&(?:quot|[lrb]dquo|[lr]squo|Prime|prime|laquo|apos|#\d+|#x[0-9A-Fa-f]+);)"
)
UNDERSCORED = re.compile(r"[a-z][a-z0-9-]*(?:_[a-z0-9-]+)+")


def without_shortcodes(html: str) -> str:
    """The page builder's marks taken out, what they enclose and other square brackets left.

    A mark is known by its shape: a closing `[/x]` and its opening, a name with an underscore
    (`vc_row`), quoted arguments in any quotes. Tags are stepped over: an address may have brackets.

    >>> without_shortcodes("<p>[vc_row type=&#8221;x&#8221;]Un abri [sic] [...][/vc_row]</p>")
    '<p>Un abri [sic] [...]</p>'
    """
    if "[" not in html:
        return html
    html = RAW.sub("", html)
    known = KNOWN.union(CLOSING.findall(html))
    return MARK.sub(lambda found: _unmarked(found, known), html)


def _unmarked(found: re.Match[str], known: frozenset[str]) -> str:
    name, args = found["name"], found["args"]
    if name is None:
        return found[0]
    if not found["end"]:
        # Cut off within its arguments: they end at the next tag.
        return "".join(args.partition("<")[1:]) if QUOTED.match(args) else found[0]
    sure = name in known or UNDERSCORED.fullmatch(name) or QUOTED.match(args)
    return "" if sure or found["closing"] else found[0]
