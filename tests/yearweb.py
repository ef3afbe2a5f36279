"""The web of a year on loopback: what the sites of `yearsites` answer on the day it is.

It stands on the demo's server and moulds, and keeps book of what it named and what it gave, which
is what a crawler can be held to.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from html import escape, unescape
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from yearsites import START, Kind, Story, YearSite

from crawler.demo.content import Article
from crawler.demo.moulds import HTML, Answer, mould_of, pages, rest, root
from crawler.demo.moulds.answers import target_of, text_answer
from crawler.demo.moulds.plan import FIRST_NUMBER, Plan, Post, Section, _sections
from crawler.demo.web import DemoWeb

WINDOW = 20  # articles that a feed, a sitemap and the front pages name
BESIDE = 3  # earlier articles beside each, always the same: most pages never change
# What a site adds to each of its texts when it is redesigned, in whatever language.
APPEAL = (
    "Soutenez la rédaction de ce site fictif : un don de quatre euros par mois paie une journée"
    " d'enquête, et chaque virement compte pour ceux qui écrivent ici sans publicité depuis des"
    " années, avec vous et grâce à vous, au service des quartiers et de leurs habitants."
)
SHORTENED = 14  # words that a page shows of its text
MOVED = "/fil/nouveau.xml"
DATES = re.compile(
    r"<(time|pubDate|dc:date|published|updated|lastmod|lastBuildDate)\b[^>]*>.*?</\1>"
    r'|<meta (?:property="article:published_time"|name="DCTERMS.issued")[^>]*>'
    r'|"date(?:Published|Modified)": "[^"]*", ?'
    r'|(?<=<p class="info-publi">)[^<]*',
    re.DOTALL,
)


class DownError(OSError):
    """The network is down: the connection ends without an answer."""


@dataclass
class Host:
    """A site as it is served. All addresses are whole."""

    year: YearSite
    port: int

    @cached_property
    def root(self) -> str:
        return root(self.year.site, self.port)

    @cached_property
    def sections(self) -> dict[tuple[str, str], Section]:
        return _sections(self.year.site, mould_of(self.year.site), self.root)

    @cached_property
    def by_target(self) -> dict[str, Story]:
        return {target_of(self.url(story)): story for story in self.year.stories}

    def section(self, story: Story) -> Section:
        language = self.language(story)
        own = [section for (spoken, _), section in self.sections.items() if spoken == language]
        return own[story.number % len(own)]

    def language(self, story: Story) -> str:
        languages = self.year.site.languages
        return languages[story.number % len(languages)]

    def url(self, story: Story) -> str:
        section = self.section(story)
        return self.root + mould_of(self.year.site).article.format(
            number=FIRST_NUMBER + story.number, slug=f"avis-{story.number}",
            section=section.number, section_slug=section.slug, language=self.language(story),
            year=story.moment.year, month=story.moment.month,
        )  # fmt: skip

    def window(self, day: int) -> list[Story]:
        """What its channels name, from old to new; all of the last day, however many."""
        there = [story for story in self.year.stories if story.there(day)]
        return there[-max(WINDOW, sum(story.day >= day - 1 for story in there)) :]


class YearWeb(DemoWeb):
    """`day` is today's number; `down` ends every connection.

    `named` has the first day each address was named, `given` the versions of each article that
    were answered, in turn, and `missed` those asked for after they had vanished.
    """

    def __init__(self, years: tuple[YearSite, ...]) -> None:
        super().__init__(sites=())
        self.years = years
        self.day = 0
        self.down = False
        self.named: dict[str, int] = {}
        self.given: defaultdict[str, list[int]] = defaultdict(list)
        self.missed: set[str] = set()
        self.asked: Counter[str] = Counter()  # today's requests: channel, article, other
        self._today: dict[tuple[str, int], tuple[Plan, dict[str, Answer]]] = {}

    def __enter__(self) -> Self:
        super().__enter__()
        self.hosts = {year.site.host: Host(year, self.port) for year in self.years}
        return self

    @staticmethod
    def date(day: int) -> date:
        return START + timedelta(days=day)

    def turn(self, day: int) -> None:
        """A new day: its feeds and lists are made before anybody asks."""
        self.day, self.asked = day, Counter()
        self._today.clear()
        for host in self.hosts.values():
            self._channels(host)

    def answer(self, host: str, target: str) -> Answer:
        if self.down:
            raise DownError
        with self._counting:
            self.hits[host, target] += 1
        site = self.hosts.get(host)
        if site is None:
            return _plain(404)
        return self._answer(site, target)

    def _answer(self, host: Host, target: str) -> Answer:
        year, day = host.year, self.day
        if target in ("/robots.txt", "/.well-known/tdmrep.json"):
            self.asked["other"] += 1
        elif target in host.by_target:
            self.asked["article"] += 1
        else:
            self.asked["channel"] += 1
        if year.ails(day, Kind.REFUSED):
            return _plain(403)
        if year.ails(day, Kind.BROKEN):
            return _plain(500)
        if story := host.by_target.get(target):
            return self._article(host, story)
        return self._channel(host, target)

    def _article(self, host: Host, story: Story) -> Answer:
        if not story.there(self.day):
            self.missed.add(host.url(story))
            return _plain(story.status if story.vanished(self.day) else 404)
        beside = [s for s in host.year.stories[: story.number] if s.there(self.day)][-BESIDE:]
        post = _post(host, story, self.day, self.hosts)
        posts = (post, *(_post(host, other, other.day, self.hosts) for other in reversed(beside)))
        made = _plan(host, self.day, posts)
        page = pages._page(
            made, post.article.language, modified=story.moment, post=post,
            others=posts[1:], json_ld=pages._json_ld(made, post),
        )  # fmt: skip
        with self._counting:
            self.given[post.url].append(story.version(self.day))
        return self._redesigned(host, page)

    def _channel(self, host: Host, target: str) -> Answer:
        made, answers = self._channels(host)
        feeds = {target_of(made.feed(language)) for language in host.year.site.languages}
        if host.year.ails(self.day, Kind.DEAD) and target != "/robots.txt":
            return _plain(404)
        if host.year.ails(self.day, Kind.MOVED):
            if target in feeds:
                return Answer(body=b"", status=301, location=host.root + MOVED)
            target = min(feeds) if target == MOVED else target
        answer = answers.get(target)
        if answer is None and made.mould.rest and target.startswith("/wp-json/wp/v2/posts"):
            answer = rest.posts(made, dict(parse_qsl(urlsplit(target).query)))
        if answer is None:
            return _plain(404)
        answer = self._redesigned(host, answer)
        shown = unescape(answer.body.decode("utf-8", "replace"))
        with self._counting:
            for post in made.posts:
                if post.url in shown:
                    self.named.setdefault(post.url, self.day)
        return answer

    def _channels(self, host: Host) -> tuple[Plan, dict[str, Answer]]:
        """All that is not an article, as it is today."""
        key = host.year.site.id, self.day
        if key not in self._today:
            day = self.day
            posts = (_post(host, s, day, self.hosts) for s in reversed(host.window(day)))
            made = _plan(host, day, tuple(posts), filled=True)
            self._today[key] = made, dict(_named(made))
        return self._today[key]

    def _redesigned(self, host: Host, answer: Answer) -> Answer:
        if not host.year.ails(self.day, Kind.UNDATED):
            return answer
        text = DATES.sub("", answer.body.decode())
        return replace(answer, body=text.encode(), modified=None)


def _named(made: Plan) -> Iterator[tuple[str, Answer]]:
    yield "/robots.txt", text_answer(made, pages._robots(made), "text/plain; charset=UTF-8")
    for channel, make in (
        ("listings", pages._listings), ("feeds", pages._feeds), ("sitemaps", pages._sitemaps),
    ):  # fmt: skip
        if channel in made.mould.channels:
            yield from make(made)


def _plan(host: Host, day: int, posts: tuple[Post, ...], *, filled: bool = False) -> Plan:
    """`filled` has only sections of these posts: the others' lists would be empty."""
    sections, own = host.sections.values(), [post.section for post in posts]
    return Plan(
        site=host.year.site,
        mould=mould_of(host.year.site),
        root=host.root,
        today=YearWeb.date(day),
        sections=tuple(each for each in sections if not filled or each in own),
        posts=posts,
    )


def _post(host: Host, story: Story, day: int, hosts: dict[str, Host]) -> Post:
    section = host.section(story)
    origin = hosts[f"{story.original.site}.localhost"] if story.original else None
    # Every other copy says where it comes from.
    credited = origin if story.number % 2 else None
    texts = story.paragraphs(day)
    if host.year.ails(day, Kind.SHORT):
        texts = (" ".join(texts[0].split()[:SHORTENED]) + " …",)
    if host.year.ails(day, Kind.BLOCK):
        texts = (*texts, APPEAL)
    article = Article(
        slug=f"avis-{story.number}",
        language=section.language,
        title=story.title,
        published=story.moment,
        authors=host.year.site.articles[story.number % len(host.year.site.articles)].authors,
        category=section.name,
        lead="" if host.year.ails(day, Kind.SHORT) else story.lead,
        paragraphs=texts,
        themes=(),
        countries=(),
    )
    return Post(
        article=article,
        number=FIRST_NUMBER + story.number,
        url=host.url(story),
        section=section,
        attachment_url=None,
        origin_url=credited.url(story.original) if credited and story.original else None,
        origin_name=credited.year.site.name if credited else None,
        translation_url=None,
    )


def _plain(status: int) -> Answer:
    return Answer(body=f"<h1>{escape(str(status))}</h1>".encode(), type=HTML, status=status)
