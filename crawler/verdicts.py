"""What the answer of a channel is worth: its verdict, its findings, a sample of its articles."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawler import clock
from crawler.cms import ANCHOR, Candidate
from crawler.items import Harvest, Link
from crawler.urls import key
from enrich import language
from enrich.article import Hints
from enrich.blocks import WORD
from enrich.extract import bcp47, extract

VERDICTS = {
    "ok": "names articles, and new ones",
    "empty": "is what it should be, and names nothing",
    "stale": "names nothing newer than half a year",
    "dead": "does not answer, or with something else",
    "blocked": "is refused to us",
    "unknown": "could not be asked just now",
}
# What of it becomes the grade of an address; `unknown` says nothing of it.
GRADE = {"ok": "probed", "empty": "empty", "stale": "stale", "dead": "dead", "blocked": "blocked"}
# Half a year: of the small organisations we collect many publish four times a year, and one issue
# may be left out; worldmonitor's list calls a feed stale by the same measure.
STALE_DAYS = 180
AHEAD = timedelta(hours=26)  # what the zones of the world are apart
# A text of so many words is a whole article's: twice the 55 words of an excerpt that WordPress
# makes, so that no teaser passes; short notices are told as teasers.
WHOLE_WORDS = 120
WHOLE_SHARE = 0.5  # of a feed's items, from which on its texts are called whole
SAMPLED_LINKS = 30  # of which titles and summaries tell the language
BLOCKED = (401, 403, 405, 451)
BUSY = (429, 503)
# What only pages say that check whether a browser asks.
CHALLENGES = (
    rb"_cf_chl_opt|/cdn-cgi/challenge-platform/h/\w+/orchestrate|cf-browser-verification",
    rb"<title>\s*(?:Just a moment\.\.\.|Attention Required! \| Cloudflare|DDoS-Guard)",
    rb"_Incapsula_Resource\?SWUDNSAI|geo\.captcha-delivery\.com|/\.well-known/sgcaptcha/",
    rb"AwsWafIntegration|window\.awsWafCookieDomainList|px-captcha|sucuri_cloudproxy_js",
    rb"anubis_challenge|checking your browser before accessing",
)
CHALLENGE = re.compile(b"|".join(CHALLENGES), re.IGNORECASE)
CHALLENGE_HEADERS = {"cf-mitigated": "challenge", "x-amzn-waf-action": "challenge"}
SNIFFED = 50_000  # bytes; a page with a challenge is short


def challenged(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether an answer, whatever its status, only asks to prove that we are a browser."""
    if any(value in headers.get(name, "") for name, value in CHALLENGE_HEADERS.items()):
        return True
    return len(body) <= SNIFFED and bool(CHALLENGE.search(body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What came of visiting a channel. `url` is where it is at last; shares are from 0 to 1.

    `language` is what its titles and summaries are in, `declared` what it says itself. `moved` is
    the address that was asked, if another one answered.
    """

    kind: str
    url: str
    origin: str
    verdict: str
    reason: str | None = None
    status: int | None = None
    items: int = 0
    newest: str | None = None
    dated: float = 0.0
    full_text: float = 0.0
    language: str | None = None
    declared: str | None = None
    defect: str | None = None
    moved: str | None = None
    links: tuple[Link, ...] = field(default=(), repr=False)


def refused(status: int | None, reason: str) -> tuple[str, str]:
    """Verdict and reason of an answer that is no document, or of none at all."""
    if status in BLOCKED:
        return "blocked", reason
    return ("unknown" if status in BUSY else "dead"), reason


def judged(candidate: Candidate, harvest: Harvest, *, url: str, status: int, now: str) -> Finding:
    """What a channel's harvest is worth at the time `now`."""
    links = harvest.links
    times = [stamp for link in links if (stamp := link.published or link.updated)]
    limit = clock.stamp(datetime.fromisoformat(now) + AHEAD)
    newest = max((max(link.published or "", link.updated or "") for link in links), default="")
    if newest > limit:
        newest = max((stamp for stamp in times if stamp <= limit), default="")
    sample = links[:SAMPLED_LINKS]
    titles = " ".join(link.title or "" for link in sample)
    # Several of its titles: one is easily a name, or in English on a French site.
    told = language.identify(titles, " ".join(link.summary or "" for link in sample))
    said = Counter(tag for link in links if link.language and (tag := bcp47(link.language)))
    verdict, reason = _verdict(len(links), len(harvest.parts), newest, now)
    return Finding(
        kind=candidate.kind,
        url=url,
        origin=candidate.origin,
        verdict=verdict,
        reason=reason,
        status=status,
        items=len(links),
        newest=newest or None,
        dated=len(times) / len(links) if links else 0.0,
        full_text=sum(map(_whole, links)) / len(links) if links else 0.0,
        language=_spoken(told),
        declared=_only(said) if said else candidate.language,
        defect=harvest.defect,
        links=links,
    )


def _only(tags: Mapping[str, int]) -> str | None:
    return next(iter(tags)) if len(tags) == 1 else None


def _verdict(items: int, parts: int, newest: str, now: str) -> tuple[str, str | None]:
    if not items:
        return "empty", f"names {parts} parts, and these no article" if parts else "no items"
    if not newest:
        return "ok", "no item has a date: whether it is in use is to be seen"
    days = (datetime.fromisoformat(now[:10]) - datetime.fromisoformat(newest[:10])).days
    if days > STALE_DAYS:
        return "stale", f"its newest item is of {newest[:10]}, {days:,} days ago"
    return "ok", None


def _whole(link: Link) -> bool:
    if link.whole:
        return True
    if not link.content:
        return False
    return len(WORD.findall(re.sub(r"<[^>]*>", " ", link.content))) >= WHOLE_WORDS


# Which of several addresses name the same articles.

SAME = 0.8  # of the links of two channels together, those of both: one comes while we ask
PREFERENCE = (
    "what the page calls its API", "the page's <link>", "a Link header", "robots.txt",
    "the page's rel=sitemap", ANCHOR,
)  # fmt: skip


def without_duplicates(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One of those that name the same articles in the same way; those that name none all stay.

    Declared is preferred to guessed, https to http, short to long.
    """
    kept: dict[str, Finding] = {}
    names: dict[str, frozenset[str]] = {}
    ranked = sorted(findings, key=_preference)
    for finding in ranked:
        own = frozenset(_key(link.url) for link in finding.links)
        same = (
            other
            for other, theirs in names.items()
            if own and kept[other].kind == finding.kind and _alike(own, theirs)
        )
        address = f"{finding.kind} {_key(finding.url)}"
        if address in kept or next(same, None):
            continue
        kept[address], names[address] = finding, own
    order = {id(finding): number for number, finding in enumerate(ranked)}
    return tuple(sorted(kept.values(), key=lambda finding: order[id(finding)]))


def _preference(finding: Finding) -> tuple[int, int, bool, int]:
    known = PREFERENCE.index(finding.origin) if finding.origin in PREFERENCE else len(PREFERENCE)
    order = list(VERDICTS).index(finding.verdict)
    return order, known, not finding.url.startswith("https:"), len(finding.url)


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(other) and len(one & other) >= SAME * len(one | other)


def _key(url: str) -> str:
    try:
        return key(url)
    except ValueError:
        return url


def settled(candidate: Candidate, asked: str, final: str) -> str:
    """The address to put down after redirections, without what the channel adds to ask.

    >>> api = Candidate(kind="wordpress", url="https://a.example/wp-json/wp/v2/posts", origin="")
    >>> settled(api, api.url + "?per_page=5", "https://www.a.example/wp-json/wp/v2/posts?per_page=5")
    'https://www.a.example/wp-json/wp/v2/posts'
    """
    if final == asked:
        return candidate.url
    parts = urlsplit(final)
    ours = dict(parse_qsl(urlsplit(asked).query)).keys() - parse_qsl_names(candidate.url)
    if not ours:
        return final
    own = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] not in ours]
    query = urlencode(own, safe="/:,[]")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def parse_qsl_names(url: str) -> set[str]:
    return {name for name, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True)}


def _spoken(told: language.Language) -> str | None:
    return told.code if told.code != language.UNDETERMINED else None


# Articles, read as the crawl would.


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What reading an article gives. `scripted`: there is no text but what a script would make."""

    url: str
    title: str = ""
    words: int = 0
    published: str | None = None
    published_source: str | None = None
    language: str | None = None
    scripted: bool = False
    licences: tuple[str, ...] = ()
    reason: str | None = None


def sample(job: tuple[str, bytes, str | None, Link, str]) -> Sample:
    """Read a page (address, body, content type, what the channel said, now), in a worker."""
    url, body, content_type, link, now = job
    # Without the channel's date, to see whether the page has one itself.
    hints = Hints(title=link.title, language=link.language, fetched=now)
    found = extract(body, url, content_type=content_type, hints=hints)
    said = language.LanguageHints(
        feed=bcp47(link.language), alternate=found.alternate_language, url=url
    )
    told = language.identify(found.title, found.text, found.declared_language, hints=said)
    return Sample(
        url=url,
        title=found.title,
        words=found.words,
        published=found.published,
        published_source=found.published_source,
        language=_spoken(told),
        scripted=found.words == 0 and b"<script" in body.lower(),
        licences=found.rights.licences,
    )
