"""A site poured into its mould: every address it has, with the whole answer."""

import gzip
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from crawler.demo.content import Site
from crawler.demo.moulds import rest
from crawler.demo.moulds.answers import (
    HTML,
    XML,
    Answer,
    file_answer,
    json_answer,
    moved,
    target_of,
    text_answer,
)
from crawler.demo.moulds.files import pdf, png
from crawler.demo.moulds.plan import (
    CARDS_PER_PAGE,
    FIRST_NUMBER,
    Plan,
    Post,
    Section,
    fill,
    page_url,
    plan,
)
from crawler.demo.moulds.templates import summary, template

PRIVATE = "/prive/"  # what every robots.txt forbids
PICTURE = "/media/image.png"

# Hand-made sites that old are in the charset of their script.
LEGACY_CHARSETS = {"uk": "windows-1251", "ru": "windows-1251", "el": "iso-8859-7"}
WESTERN_CHARSET = "windows-1252"
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ps", "ur"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A site poured into its mould."""

    plan: Plan
    answers: Mapping[str, Answer]  # by path and query
    missing: Answer
    parameters: frozenset[str]  # what the site's own addresses have in their queries

    def answer(self, target: str) -> Answer:
        """The answer for a path and query. Parameters the site does not know change nothing."""
        if target in self.answers:
            return self.answers[target]
        parts = urlsplit(target)
        query = parse_qsl(parts.query, keep_blank_values=True)
        if self.plan.mould.rest and parts.path.rstrip("/") == "/wp-json/wp/v2/posts":
            return rest.posts(self.plan, dict(query))
        known = [pair for pair in query if _parameter(pair[0]) in self.parameters]
        # urlencode would write SPIP's `?article12` as `?article12=`.
        kept = "&".join(urlencode([pair]) if pair[1] else pair[0] for pair in known)
        return self.answers.get(f"{parts.path}?{kept}" if kept else parts.path, self.missing)


def build(site: Site, sites: tuple[Site, ...], port: int, today: date) -> Built:
    """Everything `site` answers. `today` is what some themes print at the top of every page."""
    made = plan(site, sites, port, today)
    answers = dict(_answers(made))
    parameters = frozenset(
        _parameter(name)
        for target in answers
        for name, _ in parse_qsl(urlsplit(target).query, keep_blank_values=True)
    )
    missing = replace(_message(made, "not_found"), status=404)
    return Built(plan=made, answers=answers, missing=missing, parameters=parameters)


def _parameter(name: str) -> str:
    """The parameter's name without SPIP's number, which it writes into the name."""
    return name.rstrip("0123456789")


def _answers(made: Plan) -> Iterator[tuple[str, Answer]]:
    """Every address of the site, as path and query, with its answer."""
    yield from _articles(made)
    yield from _listings(made)
    yield from _feeds(made)
    yield from _sitemaps(made)
    yield "/robots.txt", text_answer(made, _robots(made), "text/plain; charset=UTF-8")
    yield PICTURE, file_answer(made, png(), "image/png")
    yield PRIVATE, _message(made, "members_only")
    for stray in made.site.stray_links:
        if stray.path.startswith(PRIVATE):
            yield stray.path, _message(made, "members_only")
    if made.mould.rest:
        yield "/wp-json/", json_answer(made, rest.root(made))


def _articles(made: Plan) -> Iterator[tuple[str, Answer]]:
    site = made.site
    sections = {(section.language, section.name): section for section in made.sections}
    for post in made.posts:
        others = [
            other
            for other in made.posts
            if other is not post and other.article.language == post.article.language
        ]
        # The oldest page of a hand-made site comes from before its <meta> line.
        page = _page(
            made,
            post.article.language,
            modified=post.article.published,
            charset_declared=post is not made.posts[-1],
            post=post,
            others=others,
            json_ld=_json_ld(made, post),
        )
        index = post.number - FIRST_NUMBER
        yield target_of(post.url), page
        for pattern in made.mould.aliases:
            yield fill(pattern, site, index, sections), page
        for pattern in made.mould.moved:
            yield fill(pattern, site, index, sections), moved(post.url)
        if post.attachment_url:
            paper = pdf(f"{site.name}: {post.article.title}")
            yield target_of(post.attachment_url), file_answer(made, paper, "application/pdf")


def _listings(made: Plan) -> Iterator[tuple[str, Answer]]:
    for language, posts in made.trees():
        yield from _listing(made, made.home(language), language, posts)
    for section in made.sections:
        posts = tuple(post for post in made.posts if post.section == section)
        yield from _listing(made, section.url, section.language, posts, section)
    if "{language}" in made.mould.home:
        yield "/", moved(made.home(made.site.languages[0]))


def _listing(
    made: Plan, url: str, language: str, posts: Sequence[Post], section: Section | None = None
) -> Iterator[tuple[str, Answer]]:
    pages = -(-len(posts) // CARDS_PER_PAGE)
    urls = [url, *(page_url(made, url, page) for page in range(2, pages + 1))]
    for index, address in enumerate(urls):
        yield (
            target_of(address),
            _page(
                made,
                language,
                modified=posts[0].article.published,
                cards=posts[index * CARDS_PER_PAGE :][:CARDS_PER_PAGE],
                section=section,
                next_url=urls[index + 1] if index + 1 < pages else None,
            ),
        )


def _feeds(made: Plan) -> Iterator[tuple[str, Answer]]:
    for language, posts in made.trees():
        text = template(made.mould.feed_template).render(
            plan=made,
            site=made.site,
            language=language,
            url=made.feed(language),
            home_url=made.home(language),
            posts=posts,
            # They have the date of the newest article, as if somebody had just put them there.
            stray_links=made.site.stray_links,
            updated=posts[0].article.published,
        )
        answer = text_answer(made, text, made.mould.feed_type)
        yield target_of(made.feed(language)), replace(answer, modified=posts[0].article.published)


def _sitemaps(made: Plan) -> Iterator[tuple[str, Answer]]:
    posts = template("sitemap.xml").render(plan=made, posts=made.posts)
    if not made.mould.sitemap_index:
        yield "/sitemap.xml", text_answer(made, posts, XML)
        return
    children = [f"{made.root}/post-sitemap.xml.gz"]
    index = template("sitemap_index.xml").render(plan=made, children=children)
    yield "/sitemap.xml", text_answer(made, index, XML)
    packed = gzip.compress(posts.encode(), mtime=0)
    yield target_of(children[0]), file_answer(made, packed, "application/gzip")


def _robots(made: Plan) -> str:
    lines = ["User-agent: *", f"Disallow: {PRIVATE}"]
    if made.mould.rest:
        lines += ["Disallow: /wp-admin/", "Allow: /wp-admin/admin-ajax.php"]
    return "\n".join([*lines, "", f"Sitemap: {made.root}/sitemap.xml", ""])


def _message(made: Plan, word: str) -> Answer:
    """A page with one sentence and all the site's furniture."""
    language = made.site.languages[0]
    return _page(made, language, message=made.site.words[language][word])


def _page(
    made: Plan,
    language: str,
    *,
    modified: datetime | None = None,
    charset_declared: bool = True,
    **shown: Any,
) -> Answer:
    """A page out of the mould's template; `shown` holds `post`, or `cards`, or `message`."""
    site, mould = made.site, made.mould
    charset = LEGACY_CHARSETS.get(language, WESTERN_CHARSET) if mould.legacy_charset else "UTF-8"
    nothing = dict.fromkeys(("post", "cards", "message", "section", "next_url", "json_ld"))
    text = template(mould.template).render(
        **nothing
        | {
            "plan": made,
            "site": site,
            "words": site.words[language],
            "language": mould.declared or language,
            "written_in": language,
            "direction": "rtl" if language in RIGHT_TO_LEFT else "ltr",
            "sections": [section for section in made.sections if section.language == language],
            "home_url": made.home(language),
            "feed_url": made.feed(language),
            "picture_url": made.root + PICTURE,
            "newest": [post for post in made.posts if post.article.language == language],
            "today": made.today,
            "charset": charset if charset_declared else None,
            "others": [],
        }
        | shown
    )
    return Answer(
        body=text.encode(charset, "xmlcharrefreplace"),
        type="text/html" if mould.legacy_charset else HTML,
        headers=made.headers(),
        modified=modified,
    )


def _json_ld(made: Plan, post: Post) -> dict[str, Any]:
    """What the search plugins of WordPress put into a page."""
    article = post.article
    return {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": article.title,
        "description": summary(article),
        "datePublished": article.published.isoformat(),
        "dateModified": article.published.isoformat(),
        "author": [{"@type": "Person", "name": name} for name in article.authors],
        "publisher": {"@type": "Organization", "name": made.site.name},
        "mainEntityOfPage": post.url,
        "articleSection": article.category,
        "inLanguage": made.mould.declared or article.language,
    }
