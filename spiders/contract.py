"""What a source yields: its channels visited and five of their articles read, as a probe does.

On the site itself, or in pages that were recorded, so that a test needs no network.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice, zip_longest
from pathlib import Path
from typing import Any

from crawler import urls, verdicts
from crawler.captures import Capture, captures
from crawler.cms import Candidate
from crawler.contracts import Visit
from crawler.errors import ConfigError, FeedError, TamisError
from crawler.guard import require_contact
from crawler.items import Link, Page, Source
from crawler.progress import Progress
from crawler.verdicts import Finding, Sample
from crawler.warc import Sites, link_of
from spiders.channels import addresses
from spiders.probe import SAMPLES, Got, ProbeSpider, at_once, run_probe

MISSING = "not among the recorded pages"
# All is held in memory. A visit to a source records some hundred kilobytes.
MAX_RECORDED = 256 * 1024 * 1024  # bytes

Read = Callable[[Link], Awaitable[Sample]]


def live(
    sources: Sequence[Source], *, settings: Mapping[str, Any], progress: Progress
) -> dict[str, Visit]:
    """Visit sources, those of different hosts at once. Once a process, as the reactor starts."""
    named = [at.url for source in sources for _, at in addresses(source)]
    require_contact(named, settings.get("TAMIS_CONTACT"))
    visits: dict[str, Visit] = {}

    async def work(spider: ProbeSpider) -> AsyncIterator[Any]:
        async def read(link: Link) -> Sample:
            return await spider.read_article(link, await spider.get(link.url))

        async def one(source: Source) -> None:
            findings = [await _found(spider, spider.get, *at) for at in _candidates(source)]
            visits[source.id] = await _sampled(findings, read)

        await at_once(one(source) for source in sources)
        return
        yield  # so that it is an iterator

    run_probe(work, settings=settings, progress=progress)
    if left := [source.id for source in sources if source.id not in visits]:
        raise TamisError(f"stopped before {left[0]} was visited")
    return visits


def recorded(sources: Sequence[Source], files: Iterable[Path]) -> dict[str, Visit]:
    """The same of WARC files. Of a source none of whose channels is in them, by its pages."""
    kept = _Recorded(files)
    return {source.id: asyncio.run(kept.visit(source)) for source in sources}


def _candidates(source: Source) -> list[tuple[Candidate, str | None]]:
    return [
        (Candidate(kind=kind, url=at.url, origin="its record", language=at.language), at.selector)
        for kind, at in addresses(source)
    ]


async def _found(
    spider: ProbeSpider,
    get: Callable[[str], Awaitable[Got]],
    candidate: Candidate,
    selector: str | None,
) -> Finding:
    try:
        return await spider.visit(candidate, selector=selector, get=get)
    except (ConfigError, FeedError) as error:  # of asking: something is not set
        return Finding(
            kind=candidate.kind, url=candidate.url, origin=candidate.origin, verdict="unknown",
            reason=str(error),
        )  # fmt: skip


async def _sampled(findings: Sequence[Finding], read: Read) -> Visit:
    """The newest of each channel in turn, so that each of its languages has its part."""
    named = [
        sorted(finding.links, key=lambda link: link.published or "", reverse=True)
        for finding in findings
    ]
    chosen: dict[str, Link] = {}
    for link in filter(None, chain.from_iterable(zip_longest(*named))):
        chosen.setdefault(urls.clean(link.url), link)
    samples = [(link, await read(link)) for link in islice(chosen.values(), SAMPLES)]
    return Visit(findings=tuple(findings), samples=tuple(samples))


class _Recorded:
    """The documents of WARC files, by the key of their address."""

    def __init__(self, files: Iterable[Path]) -> None:
        self.captures: dict[str, Capture] = {}
        size = 0
        for path in files:
            with path.open("rb") as file:
                for found in captures(file, every_type=True):
                    if isinstance(found, Capture):
                        size += len(found.page.body)
                        self.captures[urls.key(found.page.url)] = found
                    if size > MAX_RECORDED:
                        raise ConfigError(
                            f"{path} holds more than {MAX_RECORDED >> 20} MB of pages: give the"
                            " WARC of one visit"
                        )

    def page(self, url: str) -> Page | None:
        found = self.captures.get(urls.key(url))
        return found.page if found else None

    async def get(self, url: str) -> Got:
        page = self.page(url)
        if page is None:
            return Got(asked=url, url=url, verdict="dead", reason=MISSING)
        headers = {**page.headers, "content-type": page.content_type or ""}
        return Got(asked=url, url=url, status=page.status, body=page.body, headers=headers)

    async def read(self, link: Link) -> Sample:
        page = self.page(link.url)
        if page is None:
            return Sample(url=link.url, reason=MISSING)
        return verdicts.sample((page.url, page.body, page.content_type, link, page.fetched))

    async def visit(self, source: Source) -> Visit:
        spider = ProbeSpider(work=_nothing)
        try:
            visited = [await _found(spider, self.get, *each) for each in _candidates(source)]
            findings = [finding for finding in visited if finding.reason != MISSING]
            findings = findings or [self._pages(source)]
            visit = await _sampled([self._here(finding) for finding in findings], self.read)
            return Visit(findings=tuple(findings), samples=visit.samples)
        finally:
            spider.finish()

    def _pages(self, source: Source) -> Finding:
        """The pages of a source in the place of a channel."""
        site = Sites([source])
        links = tuple(
            link_of(found)
            for found in self.captures.values()
            if (found.about["source"] == source.id if found.about else site.owner(found.page.url))
        )
        return Finding(
            kind="warc", url=source.homepage, origin="recorded pages",
            verdict="ok" if links else "empty", reason=None if links else "no page of it",
            items=len(links), links=links,
        )  # fmt: skip

    def _here(self, finding: Finding) -> Finding:
        """A channel with its recorded links only, if any: nobody records all that it names."""
        links = tuple(link for link in finding.links if self.page(link.url))
        return replace(finding, links=links or finding.links)


async def _nothing(_: ProbeSpider) -> AsyncIterator[Any]:
    return
    yield
