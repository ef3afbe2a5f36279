"""What the page of an article shows of it: what is marked in it, how it changed, how much fits."""

from collections.abc import Mapping
from dataclasses import dataclass

from crawler.article import Article, Evidence, Version
from crawler.described import plain
from crawler.marking import Parts, Sought, evidence, sought
from crawler.query import parse
from crawler.revisions import Passage, passages

# A page is to stay under 100 kB. Beside a text and changes of these sizes, in bytes, there is room
# for all the rest.
LONG = 45_000
MOST_CHANGES = 15_000
MARKUP = 25  # of a paragraph
MOST_REMOVED = 40  # lines of at most 220 characters
MEANING = "meaning"  # evidence that is a probability, not a word


@dataclass(frozen=True, slots=True)
class Revision:
    """A version and how the next one differs; no passages where they may not or cannot be shown."""

    version: Version
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An article on its page.

    `tag` is the one whose evidence is marked, or `words` are; `text` are the paragraphs that may be
    shown, `marks` how many places are marked in them and in the title. `long`: the text alone fills
    a page, so removed lines and changes are left to their tables. `removed` lines are shown at the
    most. `withheld` says why no more of the text is (crawler.labels.WITHHELD); empty if all of it.
    """

    title: Parts
    text: tuple[Parts, ...]
    marks: int
    tag: Evidence | None
    words: str
    revisions: tuple[Revision, ...]
    removed: int
    withheld: str
    long: bool


def shown(article: Article, asked: Mapping[str, str], most: str = "licensed") -> Shown:
    """`asked` may name a tag to `highlight` (the code of a theme, country, ...) or words (`q`).

    `most` is what this site shows of any text (the fact `rights` of the table snapshot).
    """
    tag = next((each for each in _tags(article) if each.code == asked.get("highlight")), None)
    words = "" if tag else parse({"q": asked.get("q", "")})[0].words
    wanted = _evidence(tag, article) if tag else sought(words)
    text = article.text if article.text is not None else article.summary
    paragraphs = [line for line in text.split("\n") if line.strip()]
    marked = wanted.mark(plain(article.title), paragraphs, article.language.code)
    long = len(text.encode("utf-8", "replace")) + MARKUP * len(paragraphs) > LONG
    return Shown(
        title=marked.title,
        text=marked.lines,
        marks=marked.places,
        tag=tag,
        words=words,
        revisions=_revisions(article, 0 if long else MOST_CHANGES),
        removed=0 if long else MOST_REMOVED,
        withheld=_withheld(article, most),
        long=long,
    )


def _tags(article: Article) -> tuple[Evidence, ...]:
    return (*article.themes, *article.countries, *article.regions, *article.organisations)


def _evidence(tag: Evidence, article: Article) -> Sought:
    """Terms of themes are beginnings of words; names are whole (Niger, Nigeria)."""
    terms = [clue.term for clue in tag.evidence if clue.where != MEANING]
    return evidence(terms, prefix=tag in article.themes)


def _revisions(article: Article, room: int) -> tuple[Revision, ...]:
    """As many changes as there is room for, newest first."""
    found = []
    for version in article.versions:
        room -= len((version.diff or "").encode("utf-8", "replace"))
        fits = version.diff is not None and room >= 0
        found.append(Revision(version, passages(version.diff or "") if fits else ()))
    return tuple(found)


def _withheld(article: Article, most: str) -> str:
    if article.text is not None or article.expired:
        return "age" if article.expired else ""
    if most == "title" or (most == "extract" and article.source.publish == "full"):
        return "site"
    if article.rights == "metadata":
        return "nothing"
    if article.source.publish != "full":
        return "licence"
    if article.robots:
        return "robots"
    return "mining" if (article.tdm or "").startswith("reserved") else "page"
