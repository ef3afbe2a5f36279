"""Where a site keeps everything: the moulds as records, and a site's addresses worked out."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from crawler.demo.content import Article, ContentError, Site, original

# Few, so that even a site of eight articles has a second page to find.
CARDS_PER_PAGE = 4
# The first number a site gives to an article: nobody's first article is still there.
FIRST_NUMBER = 11
RSS, ATOM = "application/rss+xml; charset=UTF-8", "application/atom+xml; charset=UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mould:
    """One kind of site. The addresses are patterns for `str.format`.

    article, aliases, moved: {number} {slug} {section} (its number) {section_slug} {language}
                             {year} {month}
    section: {section} {section_slug} {language};  home, feed: {language}
    page, a listing's address from its second page on: {listing} {stem} (the listing without
    `.html`) {also} (`?` or `&`) {page} {index} (page - 1) {offset} (cards before it)
    """

    template: str
    article: str
    section: str
    page: str
    feed: str
    feed_template: str
    feed_type: str = RSS
    home: str = "/"
    aliases: tuple[str, ...] = ()  # the same page again; its canonical link says which is right
    moved: tuple[str, ...] = ()  # redirected to the article
    cms: str | None = None  # as registry.CMS
    rest: bool = False  # has WordPress's /wp-json/
    shortcodes: bool = False  # a page builder's marks are left in what /wp-json/ gives
    sitemap_index: bool = False  # its sitemap names another one, compressed
    legacy_charset: bool = False  # said in a <meta> alone, and on one page not even there
    channels: tuple[str, ...] = ("feeds", "sitemaps")  # those that its record names
    declared: str | None = None  # the wrong language that every page's <html> declares


WORDPRESS = Mould(
    template="wordpress.html",
    article="/news/{slug}/",
    section="/category/{section_slug}/",
    page="{listing}page/{page}/",
    feed="/feed/",
    feed_template="wordpress.xml",
    moved=("/?p={number}",),
    cms="wordpress",
    rest=True,
)
DRUPAL = Mould(
    template="drupal.html",
    article="/{section_slug}/{slug}",
    section="/taxonomy/term/{section}",
    page="{listing}{also}page={index}",
    feed="/rss.xml",
    feed_template="plain.xml",
    aliases=("/node/{number}",),
    cms="drupal",
    channels=("sitemaps",),
)
MOULDS = {
    "wordpress": WORDPRESS,
    "tagdiv": replace(WORDPRESS, template="tagdiv.html", article="/{year}/{month:02}/{slug}/"),
    "pagebuilder": replace(
        WORDPRESS,
        template="pagebuilder.html",
        article="/{slug}/",
        sitemap_index=True,
        shortcodes=True,
        channels=("wordpress",),
    ),
    "reprints": replace(WORDPRESS, article="/archives/{number}"),
    "badfeed": replace(
        WORDPRESS,
        article="/?p={number}&lang={language}",
        section="/?cat={section}&lang={language}",
        page="{listing}{also}paged={page}",
        feed_template="broken.xml",
        declared="en-US",
    ),
    "drupal": DRUPAL,
    "bilingual": replace(
        DRUPAL,
        home="/{language}",
        article="/{language}/{section_slug}/{slug}",
        section="/{language}/taxonomy/term/{section}",
        feed="/{language}/rss.xml",
        aliases=("/{language}/node/{number}",),
    ),
    "spip": Mould(
        template="spip.html",
        article="/spip.php?article{number}",
        section="/spip.php?rubrique{section}",
        page="{listing}{also}debut_articles={offset}",
        feed="/spip.php?page=backend",
        feed_template="spip.xml",
        cms="spip",
    ),
    "joomla": Mould(
        template="joomla.html",
        article="/{section_slug}/{number}-{slug}",
        section="/{section_slug}",
        page="{listing}{also}start={offset}",
        feed="/?format=feed&type=rss",
        feed_template="plain.xml",
        aliases=("/index.php?option=com_content&view=article&id={number}:{slug}",),
        cms="joomla",
    ),
    "notices": Mould(
        template="notices.html",
        article="/{number}/{slug}",
        section="/{section_slug}",
        page="{listing}{also}p={page}",
        feed="/feed.rss",
        feed_template="plain.xml",
    ),
    "static": Mould(
        template="static.html",
        article="/news/{slug}.html",
        section="/section-{section}.html",
        page="{stem}-{page}.html",
        feed="/atom.xml",
        feed_template="atom.xml",
        feed_type=ATOM,
        legacy_charset=True,
        channels=("listings",),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    name: str
    slug: str
    number: int
    language: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """An article in its place. All addresses are whole."""

    article: Article
    number: int
    url: str
    section: Section
    attachment_url: str | None
    origin_url: str | None  # of a republished piece
    origin_name: str | None
    translation_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A site with an address for everything. `posts` go from new to old."""

    site: Site
    mould: Mould
    root: str  # http://quai-ouvert.localhost:8080
    today: date  # what some themes print at the top of every page
    sections: tuple[Section, ...]
    posts: tuple[Post, ...]

    def home(self, language: str) -> str:
        return self.root + self.mould.home.format(language=language)

    def feed(self, language: str) -> str:
        return self.root + self.mould.feed.format(language=language)

    def trees(self) -> tuple[tuple[str, tuple[Post, ...]], ...]:
        """The posts by language where each language has a home of its own, else all in one."""
        if "{language}" not in self.mould.home:
            return ((self.site.languages[0], self.posts),)
        return tuple(
            (language, tuple(post for post in self.posts if post.article.language == language))
            for language in self.site.languages
        )

    def headers(self) -> Mapping[str, str]:
        if not self.mould.rest:
            return {}
        return {"Link": f'<{self.root}/wp-json/>; rel="https://api.w.org/"'}


def root(site: Site, port: int) -> str:
    return f"http://{site.host}:{port}"


def mould_of(site: Site) -> Mould:
    if site.mould not in MOULDS:
        known = ", ".join(MOULDS)
        raise ContentError(f"{site.id}.toml: [site]: field 'mould' must be one of {known}")
    return MOULDS[site.mould]


def plan(site: Site, sites: tuple[Site, ...], port: int, today: date) -> Plan:
    """The site laid out. `sites` are all there are: a republished piece links to another."""
    mould, at = mould_of(site), root(site, port)
    sections = _sections(site, mould, at)
    by_slug = {article.slug: index for index, article in enumerate(site.articles)}
    posts = []
    for index, article in enumerate(site.articles):
        origin_url = origin_name = None
        if article.via:
            where = f"{site.id}.toml: article {article.slug!r}"
            other, place = original(article, sites, where)
            origin_url, origin_name = _address(other, place, port), other.name
        translation = by_slug[article.translation] if article.translation else None
        posts.append(
            Post(
                article=article,
                number=FIRST_NUMBER + index,
                url=_address(site, index, port),
                section=sections[article.language, article.category],
                attachment_url=article.attachment and f"{at}/media/{article.attachment}",
                origin_url=origin_url,
                origin_name=origin_name,
                translation_url=None if translation is None else _address(site, translation, port),
            )
        )
    return Plan(
        site=site,
        mould=mould,
        root=at,
        today=today,
        sections=tuple(sections.values()),
        posts=tuple(reversed(posts)),
    )


def _sections(site: Site, mould: Mould, at: str) -> dict[tuple[str, str], Section]:
    """The site's sections, numbered as they first appear, by language and name."""
    sections: dict[tuple[str, str], Section] = {}
    for article in site.articles:
        key = article.language, article.category
        if key in sections:
            continue
        number = len(sections) + 1
        slug = _slug(article.category) or f"section-{number}"
        path = mould.section.format(section=number, section_slug=slug, language=article.language)
        sections[key] = Section(
            name=article.category,
            slug=slug,
            number=number,
            language=article.language,
            url=at + path,
        )
    return sections


def _address(site: Site, index: int, port: int) -> str:
    mould, at = mould_of(site), root(site, port)
    return at + fill(mould.article, site, index, _sections(site, mould, at))


def fill(pattern: str, site: Site, index: int, sections: Mapping[tuple[str, str], Section]) -> str:
    article = site.articles[index]
    section = sections[article.language, article.category]
    return pattern.format(
        number=FIRST_NUMBER + index,
        slug=article.slug,
        section=section.number,
        section_slug=section.slug,
        language=article.language,
        year=article.published.year,
        month=article.published.month,
    )


def _slug(name: str) -> str:
    """ASCII and dashes; empty for a script that has no ASCII in it."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def page_url(made: Plan, listing: str, page: int) -> str:
    """The address of a listing's second page, and those after it."""
    stem = listing.removesuffix(".html")
    return made.mould.page.format(
        listing=listing,
        stem=f"{stem}index" if stem.endswith("/") else stem,
        also="&" if "?" in listing else "?",
        page=page,
        index=page - 1,
        offset=(page - 1) * CARDS_PER_PAGE,
    )
