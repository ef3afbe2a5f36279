"""Probing: what a site offers a crawler, and whether the registry's channels still work.

It asks as politely as the crawl does, with the same settings, and in order: one request of ours at
a time to a host, each decided by what the last one answered.
"""

import asyncio
from collections import defaultdict
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from concurrent.futures import TimeoutError as FutureTimeoutError
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import scrapy
from pebble import ProcessExpired, ProcessPool
from protego import Protego
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.http import Response
from sqlite_utils import Database
from twisted.python.failure import Failure

from crawler import clock, cms, database, probes, tdmrep, verdicts, workers
from crawler.cms import Candidate, Home
from crawler.errors import ConfigError, FeedError, TamisError
from crawler.feedxml import FEED_START
from crawler.guard import require_contact
from crawler.hosts import Hosts, Robots
from crawler.items import Answer, Link, Source
from crawler.politeness import HostRests, Waits
from crawler.progress import Progress
from crawler.records import Report
from crawler.robots import RobotsUnavailableError
from crawler.urls import host, key, web_url
from crawler.verdicts import Finding, Sample
from crawler.writes import Writes
from spiders.channels import CHANNELS, addresses
from spiders.reader import Reader
from spiders.run import project_settings
from spiders.verdict import FORBIDDEN, verdict

WHOLE = (200, 203)
# At a second apart a probe takes under a minute; redirections and repeats come on top.
MAX_REQUESTS = 40
REQUESTS = "requests"  # what progress counts, of a few sites
SAMPLES = 5  # articles that are read
PART_DEPTH = 2  # robots.txt, an index, its newest part
# Hosts that are asked at once for the whole registry: as many as the crawl has requests under way.
HOSTS = 64
# A page is asked of a WordPress API, where the crawl asks for 50: enough to judge by.
POSTS = "per_page=10"


@dataclass(frozen=True, slots=True, kw_only=True)
class Got:
    """What an address answered. Without a document, `verdict` and `reason` say why."""

    asked: str
    url: str
    status: int | None = None
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    verdict: str | None = None
    reason: str | None = None

    @property
    def content_type(self) -> str | None:
        return self.headers.get("content-type")


class Seen:
    """What is known of hosts for the time of a probe, in the place of the frontier's table."""

    def __init__(self) -> None:
        self.hosts = self
        self.known: dict[str, Robots] = {}

    def robots(self, place: str) -> Robots | None:
        return self.known.get(place)

    def keep_robots(self, place: str, robots: Robots) -> None:
        self.known[place] = robots


@dataclass
class Kept:
    """The frontier's table of hosts: a robots.txt that was asked for today is not asked again."""

    hosts: Hosts


Get = Callable[[str], Awaitable[Got]]
Work = Callable[["ProbeSpider"], AsyncIterator[Any]]


class ProbeSpider(scrapy.Spider):
    """`scrapy crawl probe -a url=https://example.org -O report.json`; or `tamis sources probe`."""

    name = "probe"

    def __init__(
        self, *, work: Work, hosts: Any = None, progress: Progress | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.work, self.progress = work, progress
        self.frontier = hosts or Seen()
        self.waits = Waits()
        self.reader = Reader()
        self.articles: ProcessPool | None = None
        self.options: dict[str, str] = {}
        self.error: Exception | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        settings = crawler.settings
        if url := kwargs.pop("url", None):
            require_contact([url], settings.get("TAMIS_CONTACT"))
            kwargs["work"] = lambda spider: _reports(spider, [url])
        if contact := settings.get("TAMIS_CONTACT"):
            agent = f"{settings['USER_AGENT']} (+{contact})"
            settings.set("USER_AGENT", agent, priority="spider")
        spider = super().from_crawler(crawler, *args, **kwargs)
        if appname := settings.get("TAMIS_RELIEFWEB_APPNAME"):
            spider.options["reliefweb_appname"] = appname
        crawler.signals.connect(spider.waits.answered, signals.response_downloaded)
        crawler.signals.connect(spider.finish, signals.spider_closed)
        return spider

    def finish(self) -> None:
        self.reader.close()
        if self.articles is not None:
            self.articles.stop()
            self.articles.join()

    async def start(self) -> AsyncIterator[Any]:
        """Not through Scrapy's queue: what is asked next depends on what was answered."""
        try:
            async for item in self.work(self):
                yield item
        except Exception as error:  # noqa: BLE001 (raised again when Scrapy has come to its end)
            self.error = error

    async def get(self, url: str, **meta: Any) -> Got:
        """The answer of an address, after redirections; never raises for what a server does."""
        request = scrapy.Request(url, meta=meta, dont_filter=True)
        engine = self.crawler.engine
        if engine is None:
            raise RuntimeError("the spider is not under way")
        if self.progress:
            self.progress.expect(REQUESTS)
        try:
            response = await engine.download_async(request)
        except Exception as error:  # noqa: BLE001 (of the download, whatever it was)
            return _failed(url, error)
        finally:
            if self.progress:
                self.progress.advance(REQUESTS)
        return _answered(url, response)

    async def visit(
        self,
        candidate: Candidate,
        *,
        got: Got | None = None,
        selector: str | None = None,
        get: Get | None = None,
    ) -> Finding:
        """What a channel is worth, read as the crawl reads it; `get` fetches what it needs."""
        get = get or self.get
        got = got or await get(_asked(candidate, self.options))
        url = verdicts.settled(candidate, got.asked, got.url)
        finding = await self._read(candidate, got, url, selector, get)
        return replace(finding, moved=candidate.url if url != candidate.url else None)

    async def _read(
        self, candidate: Candidate, got: Got, url: str, selector: str | None, get: Get
    ) -> Finding:
        for depth in range(PART_DEPTH + 1):
            if got.verdict:
                reason = got.reason if depth == 0 else f"its part {got.url}: {got.reason}"
                return _no_document(candidate, url, got, reason)
            answer = Answer(
                url=got.url, body=got.body, content_type=got.content_type,
                headers=dict(got.headers), selector=selector,
            )  # fmt: skip
            try:
                harvest = await self.reader.read(candidate.kind, answer)
            except FeedError as error:
                return _unreadable(candidate, url, got, str(error))
            if harvest.links or not harvest.parts or depth == PART_DEPTH:
                break
            got = await get(harvest.parts[0].url)
        return verdicts.judged(candidate, harvest, url=url, status=got.status or 0, now=clock.now())

    async def read_article(self, link: Link, got: Got) -> Sample:
        """An article, read in a process with a time limit."""
        if got.verdict:
            return Sample(url=link.url, reason=got.reason)
        if self.articles is None:
            self.articles = workers.pool(1)
        job = (got.url, got.body, got.content_type, link, clock.now())
        try:
            return await asyncio.wrap_future(workers.schedule(self.articles, verdicts.sample, job))
        except (FutureTimeoutError, TimeoutError):
            return Sample(url=link.url, reason=f"reading took over {workers.SECONDS_A_PAGE:.0f} s")
        except (ProcessExpired, BrokenProcessPool) as error:
            return Sample(url=link.url, reason=f"the process that read it ended ({error})")


def _asked(candidate: Candidate, options: Mapping[str, str]) -> str:
    """What to request. An API gives fewer posts than to the crawl, unless its address says."""
    url = candidate.url
    if candidate.kind == "wordpress" and "per_page=" not in url:
        url += f"{'&' if '?' in url else '?'}{POSTS}"
    return CHANNELS[candidate.kind].ask(url, None, options)


def _answered(asked: str, response: Response) -> Got:
    headers = {
        name.decode("latin-1").lower(): ", ".join(
            value.decode("latin-1").strip() for value in values
        )
        for name, values in response.headers.items()
    }
    got = Got(
        asked=asked, url=response.url, status=response.status, body=response.body, headers=headers
    )
    if verdicts.challenged(response.body, headers):
        reason = f"HTTP {response.status}, with a page that asks to prove to be a browser"
        return replace(got, verdict="blocked", reason=reason)
    if response.status not in WHOLE:
        found, reason = verdicts.refused(response.status, f"HTTP {response.status}")
        return replace(got, verdict=found, reason=reason)
    return got


def _failed(url: str, error: Exception) -> Got:
    outcome, reason, _ = verdict(Failure(error))  # type: ignore[no-untyped-call]
    if outcome in ("blocked", "robots"):
        return Got(asked=url, url=url, verdict="blocked", reason=reason)
    # A robots.txt that cannot be had is that of a host that does not answer, or is troubled now.
    if isinstance(error, RobotsUnavailableError | HostRests):
        reason = str(error)
    busy = isinstance(error, HostRests) or "robots.txt answers HTTP" in reason
    return Got(asked=url, url=url, verdict="unknown" if busy else "dead", reason=reason)


def _no_document(candidate: Candidate, url: str, got: Got, reason: str | None) -> Finding:
    return Finding(
        kind=candidate.kind, url=url, origin=candidate.origin, verdict=got.verdict or "dead",
        reason=reason, status=got.status, declared=candidate.language,
    )  # fmt: skip


def _unreadable(candidate: Candidate, url: str, got: Got, reason: str) -> Finding:
    """A page without articles, or a body without anything, is empty; other nonsense is dead."""
    listless = candidate.kind == "listing" and "no article links" in reason
    empty = listless or not got.body.strip()
    return Finding(
        kind=candidate.kind, url=url, origin=candidate.origin,
        verdict="empty" if empty else "dead",
        reason="an answer without a body" if not got.body.strip() else reason,
        status=got.status, declared=candidate.language,
    )  # fmt: skip


# A site.


class SiteProbe:
    """One site: its home page, what that leads to, and five articles; MAX_REQUESTS at most."""

    def __init__(self, spider: ProbeSpider, url: str) -> None:
        self.spider, self.url = spider, url
        self.left = MAX_REQUESTS
        self.seen: dict[str, str] = {}
        self.index: str | None = None
        self.findings: list[Finding] = []

    async def run(self) -> Report:
        got = await self._get(self.url)
        given: Candidate | None = None
        if not got.verdict and FEED_START.search(got.body[:500].decode("latin-1")):
            given = Candidate(kind="feed", url=self.url, origin="the address given")
            await self._try([given], got=got)
            got = await self._get(web_url("/", got.url) or got.url)
        home = self._home(got)
        # Other addresses may be open where robots.txt forbids the home page, and finding out
        # costs nothing; who is silent or refuses us is not asked again.
        closed = got.status is None or got.verdict in ("blocked", "unknown")
        if home is None and closed and got.reason != FORBIDDEN:
            return self._report(None, got)
        page = home or Home(url=got.url, base=cms.base_of(self.url, got.url), name=host(self.url))
        robots = self._robots(page.url)
        await self._try((*page.feeds[: cms.MAX_FEEDS], *cms.conventions(page)))
        await self._versions(page)
        if not any(finding.verdict == "ok" for finding in self.findings):
            await self._general(page)
        await self._try(cms.sitemaps(page, robots.decode("utf-8", "replace")))
        if home is not None:
            here = Candidate(
                kind="listing", url=home.url, origin="the home page", language=home.language
            )
            await self._try([here], got=got)
        await self._try(page.sections)
        rights = await self._rights(page, got)
        findings = verdicts.without_duplicates(self.findings)
        samples = await self._samples(findings)
        licences = [*page.signals.licences, *(each for s in samples for each in s.licences)]
        return replace(
            self._report(home, got),
            findings=findings,
            samples=samples,
            reservation=rights,
            licences=tuple(dict.fromkeys(licences)),
            passed_over=max(0, len(page.feeds) - cms.MAX_FEEDS),
            requests=MAX_REQUESTS - self.left,
        )

    async def _get(self, url: str) -> Got:
        self.left -= 1
        return await self.spider.get(url)

    def _home(self, got: Got) -> Home | None:
        if got.verdict:
            return None
        return cms.page(
            got.body, got.url,
            content_type=got.content_type, headers=got.headers, asked=self.url,
        )  # fmt: skip

    async def _try(self, candidates: Iterable[Candidate], *, got: Got | None = None) -> bool:
        """Visit those that were not yet; returns whether one of them is worth it."""
        good = False
        for candidate in candidates:
            address = f"{candidate.kind} {_key(candidate.url)}"
            if address in self.seen or (got is None and self.left <= SAMPLES + 1):
                continue
            self.seen[address] = candidate.url
            answer = got or await self._get(_asked(candidate, self.spider.options))
            finding = await self.spider.visit(candidate, got=answer, get=self._get)
            self.findings.append(finding)
            good = good or finding.verdict == "ok"
            if finding.verdict == "dead" and candidate.origin == cms.ANCHOR:
                await self._feeds_of(self._home(answer))
        return good

    async def _feeds_of(self, page: Home | None) -> None:
        """A page called `RSS` that names feeds: one of them, as it may name others like itself."""
        if page is None or self.index:
            return
        self.index = page.url
        await self._try(page.feeds[: cms.MAX_FEEDS])

    async def _versions(self, page: Home) -> None:
        """Home pages in other languages: their feeds, and what they list."""
        for language, url in page.versions:
            if self.left <= SAMPLES + 1:
                return
            got = await self._get(url)
            other = self._home(got)
            if other is None:
                continue
            other = replace(other, base=cms.base_of(url, got.url), language=other.language)
            if other.system.cms is None:
                other = replace(other, system=page.system)
            feeds = (*other.feeds, *cms.conventions(other))
            spoken = [replace(each, language=each.language or language) for each in feeds]
            await self._try(spoken)
            here = Candidate(
                kind="listing", url=other.url, origin=f"the home page in {language}",
                language=language,
            )  # fmt: skip
            await self._try([here], got=got)

    async def _general(self, page: Home) -> None:
        for candidate in cms.general(page):
            if await self._try([candidate]):
                return

    async def _rights(self, page: Home, got: Got) -> tdmrep.Reservation:
        answer = await self._get(web_url(tdmrep.PATH, page.url) or page.url)
        rules = tdmrep.parse(answer.body).rules if not answer.verdict else ()
        return tdmrep.combined(tdmrep.reservation(rules, page.url), got.headers, page.signals)

    async def _samples(self, findings: Sequence[Finding]) -> tuple[Sample, ...]:
        order = ("wordpress", "feed", "listing", "sitemap")
        usable = [f for f in findings if f.links and f.verdict in ("ok", "stale")]
        usable.sort(key=lambda f: (f.verdict != "ok", order.index(f.kind)))
        if not usable:
            return ()
        newest = sorted(usable[0].links, key=lambda link: link.published or "", reverse=True)
        few = newest[: min(SAMPLES, self.left)]
        samples = [await self.spider.read_article(at, await self._get(at.url)) for at in few]
        return tuple(samples)

    def _robots(self, url: str) -> bytes:
        hosts = self.spider.frontier.hosts
        found: Robots | None = hosts.robots(host(url))
        return found.body if found else b""

    def _report(self, home: Home | None, got: Got) -> Report:
        agent = self.spider.settings["ROBOTSTXT_USER_AGENT"]
        return Report(
            url=self.url,
            home=home,
            reason=None if home else (got.reason or "no HTML page"),
            findings=tuple(self.findings),
            robots=robots_said(self._robots(got.url), got.url, agent),
            requests=MAX_REQUESTS - self.left,
        )


def robots_said(body: bytes, url: str, agent: str) -> str:
    """What a robots.txt means for us, in a sentence."""
    if not body.strip():
        return "there is none: nothing is forbidden"
    rules = Protego.parse(body.decode("utf-8", "replace"))
    leave = "the home page may be visited" if rules.can_fetch(url, agent) else "forbids us the site"
    delay = rules.crawl_delay(agent)
    return leave + (f", {delay:g} seconds apart" if delay else "")


def _key(url: str) -> str:
    try:
        return key(url)
    except ValueError:
        return url


async def _reports(spider: ProbeSpider, urls: Sequence[str]) -> AsyncIterator[dict[str, Any]]:
    for url in urls:
        yield as_json(await SiteProbe(spider, url).run())


def as_json(report: Report) -> dict[str, Any]:
    """The report in JSON's own types; of a channel's links only their number."""
    plain = asdict(report)
    for finding in plain["findings"]:
        del finding["links"]
    return plain


def probe(
    urls: Sequence[str], *, settings: Mapping[str, Any], progress: Progress | None = None
) -> tuple[Report, ...]:
    """Probe sites, those of different hosts at once. Once a process, as Scrapy's reactor starts."""
    wanted = [_home_address(url) for url in urls]
    require_contact(wanted, settings.get("TAMIS_CONTACT"))
    reports: dict[str, Report] = {}

    async def work(spider: ProbeSpider) -> AsyncIterator[Any]:
        async def one(url: str) -> None:
            reports[url] = await SiteProbe(spider, url).run()

        await at_once(one(url) for url in dict.fromkeys(wanted))
        return
        yield  # so that it is an iterator

    run_probe(work, settings=settings, progress=progress)
    if left := [url for url in wanted if url not in reports]:
        raise TamisError(f"stopped before {left[0]} was probed")
    return tuple(reports[url] for url in wanted)


async def at_once(jobs: Iterable[Coroutine[Any, Any, None]]) -> None:
    """So many hosts at a time; the first error ends them all."""
    free = asyncio.Semaphore(HOSTS)

    async def in_turn(job: Coroutine[Any, Any, None]) -> None:
        async with free:
            await job

    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(in_turn(job))
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None


def _home_address(url: str) -> str:
    found = web_url(url if "://" in url else f"https://{url}")
    if found is None:
        raise ConfigError(f"{url!r} is no web address: give one such as https://example.org")
    return found


# The whole registry.


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A channel of the registry to visit."""

    source: str
    candidate: Candidate
    selector: str | None = None

    @property
    def channel(self) -> probes.Channel:
        return self.source, self.candidate.kind, self.candidate.url


def tasks(sources: Iterable[Source]) -> Iterator[Task]:
    """Every channel, but of sources whose terms forbid to visit them by machine."""
    for source in sources:
        if source.tdm == "reserved":
            continue
        for kind, at in addresses(source):
            candidate = Candidate(kind=kind, url=at.url, origin="its record", language=at.language)
            yield Task(source=source.id, candidate=candidate, selector=at.selector)


def probe_all(
    sources: Sequence[Source],
    db: Path,
    *,
    settings: Mapping[str, Any],
    again: float,
    progress: Progress,
) -> int:
    """Visit every channel that was not within `again` days, and keep what came of it, row by row.

    Hosts at once, one request at a time to each. Killed and run again, it goes on with the rest.
    Returns how many are left, if it was stopped.
    """
    require_contact((t.candidate.url for t in tasks(sources)), settings.get("TAMIS_CONTACT"))
    with database.alone(db), closing(database.private(db)) as private:
        fresh = probes.done(private, probes.since(again))
        waiting: defaultdict[str, list[Task]] = defaultdict(list)
        for task in tasks(sources):
            if task.channel not in fresh:
                waiting[host(task.candidate.url)].append(task)
        wanted = sum(map(len, waiting.values()))
        progress.expect("probed", wanted)
        if not waiting:
            return 0
        writes = Writes(private)
        try:
            run_probe(
                lambda spider: _visits(spider, private, list(waiting.values()), progress),
                settings=settings,
                hosts=Kept(Hosts(writes)),
            )
        finally:
            writes.flush()
        return wanted - progress.done.get("probed", 0)


async def _visits(
    spider: ProbeSpider, db: Database, by_host: list[list[Task]], progress: Progress
) -> AsyncIterator[Any]:
    async def one(waiting: list[Task]) -> None:
        for task in waiting:
            try:
                finding = await spider.visit(task.candidate, selector=task.selector)
            except (ConfigError, FeedError) as error:  # of asking: something is not set
                finding = Finding(
                    kind=task.candidate.kind, url=task.candidate.url,
                    origin=task.candidate.origin, verdict="unknown", reason=str(error),
                )  # fmt: skip
            probes.keep(db, task.channel, finding)
            progress.advance("probed")

    await at_once(one(waiting) for waiting in by_host)
    return
    yield  # so that it is an iterator


def run_probe(
    work: Work, *, settings: Mapping[str, Any], hosts: Any = None, progress: Progress | None = None
) -> None:
    process = AsyncCrawlerProcess(project_settings(settings))
    crawler = process.create_crawler(ProbeSpider)
    crawling = process.crawl(crawler, work=work, hosts=hosts, progress=progress)
    process.start()
    if crawling.done():
        crawling.result()
    if isinstance(crawler.spider, ProbeSpider) and crawler.spider.error:
        raise crawler.spider.error
