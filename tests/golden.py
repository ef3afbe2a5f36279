"""Pages of ten invented sites, in the moulds of real content managers, with what is right for each.

One folder under tests/golden a site: `site.toml` has its words, `page.html` (Jinja) its markup. The
pages are made when asked for, and are the same every time. What is right is known exactly, since
the paragraphs of a body are data; so is what must not survive, since what stands on every page
(`standing`) and what other articles' cards say are data too. All of it is invented.

A body is paragraphs with an empty line between them. The first characters of one say what it is:
`##` a heading, `-` an item of a list, `|` a row of a table, `>>` a quotation, `>` a pull quote that
repeats the text, `^` the caption of a picture, `+` a link to another article, `@` an entry of a
live blog. Inside there are `**bold**`, `*italic*` and `[links](https://a.example/)`.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

FOLDER = Path(__file__).parent / "golden"
# Kinds of page that hold an article. What a wall lets through is a stub of one.
READABLE = frozenset({"article", "live"})
MARKS = {"##": "h2", "-": "li", "|": "tr", ">>": "blockquote", ">": "pull", "^": "figure",
         "+": "also", "@": "live"}  # fmt: skip
# Blocks that a reader may count as the article or not: repeated sentences, captions.
OPTIONAL = frozenset({"pull", "figure"})
# Blocks whose words must survive, but not as one piece: there are other ways to write them.
LOOSE = frozenset({"tr", "live"})
INLINE = re.compile(r"\*\*([^*]+)\*\*|\*([^*]+)\*|\[([^\]]+)\]\(([^)]+)\)")
TAG = re.compile("(<[^>]*>|&[^;]+;)")
LONG_WORD = re.compile(r"\b([^\W\d_]{6})([^\W\d_]{6,})")
# What a page says unless it says otherwise; see the templates for what each is used for.
PLAIN: Mapping[str, Any] = {
    "kind": "article", "body": "", "lead": "", "kicker": "", "authors": [], "byline": "",
    "published": "", "modified": "", "section": "", "origin": None, "attachments": [],
    "short_title": "", "traits": [],
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A file that an article offers; `size` as the page prints it."""

    url: str
    label: str
    size: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What is right for a page.

    `body` is the whole text a line a paragraph; each of `optional` is a line of it that may as well
    be missing. `must` are paragraphs that have to survive, `never` phrases that must not.
    `published` is a day (ISO 8601), `authors` persons, `relation` a word of the answers.
    """

    kind: str
    title: str
    body: str
    optional: tuple[str, ...]
    must: tuple[str, ...]
    never: tuple[str, ...]
    published: str | None
    authors: tuple[str, ...]
    origin_url: str | None
    origin_publisher: str | None
    relation: str | None
    attachments: tuple[Paper, ...]
    language: str

    @property
    def readable(self) -> bool:
        return self.kind in READABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """One page as a server would send it; `mould` is the folder of its site."""

    id: str
    mould: str
    url: str
    html: bytes
    expected: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of a body: what it is, and its inner markup and plain text, one each line."""

    kind: str
    lines: tuple[Markup, ...]
    texts: tuple[str, ...]

    @property
    def line(self) -> Markup:
        return self.lines[0]


def moulds() -> tuple[str, ...]:
    return tuple(sorted(path.parent.name for path in FOLDER.glob("*/site.toml")))


@cache
def pages() -> tuple[Golden, ...]:
    """Every page, site after site."""
    return tuple(page for mould in moulds() for page in _site(mould))


def _site(mould: str) -> Iterator[Golden]:
    data = tomllib.loads((FOLDER / mould / "site.toml").read_text(encoding="utf-8"))
    site = data["site"]
    every = [{**PLAIN, "language": site["language"], **page} for page in data["pages"]]
    for number, page in enumerate(every):
        page["url"] = urljoin(site["url"], page["path"])
        page["number"] = 4100 + 7 * number
        page["blocks"] = tuple(blocks(page["body"]))
        # Who stands in the by-line; only persons among them are `authors`.
        page.setdefault("signed", page["authors"])
    template = _environment().get_template(f"{mould}/page.html")
    for page in every:
        near = [
            other
            for other in every
            if other is not page
            and other["kind"] == "article"
            and other["language"] == page["language"]
        ]
        standing = site["standing"][page["language"]]
        text = template.render(
            site=site,
            page=page,
            say=standing["words"],
            standing=standing,
            others=near,
            older=standing["older"],
            today=datetime.fromisoformat(site["today"]),
        )
        yield Golden(
            id=f"{mould}/{page['id']}",
            mould=mould,
            url=page["url"],
            html=text.replace("\n", site.get("newline", "\n")).encode(
                site.get("encoding", "utf-8"), "xmlcharrefreplace"
            ),
            expected=_expected(page, standing, near),
        )


def _expected(
    page: Mapping[str, Any], standing: Mapping[str, Any], near: Sequence[Mapping[str, Any]]
) -> Expected:
    readable = page["kind"] in READABLE
    origin = page["origin"] or {}
    shown = [(block.kind, text) for block in page["blocks"] for text in block.texts]
    lead = [("p", page["lead"])] if page["lead"] else []
    body = [(kind, text) for kind, text in lead + shown if kind != "also"] if readable else []
    also = [text for kind, text in shown if kind == "also"]
    cards = [card["excerpt"] for card in standing["older"]] + [_teaser(other) for other in near]
    return Expected(
        kind=page["kind"],
        title=page["title"] if readable else "",
        body="\n".join(text for _, text in body),
        optional=tuple(text for kind, text in body if kind in OPTIONAL),
        must=tuple(text for kind, text in body if kind not in OPTIONAL | LOOSE),
        never=(*_phrases(standing["blocks"]), *standing["labels"], *cards, *also),
        published=page["published"][:10] or None if readable else None,
        authors=tuple(page["authors"]) if readable else (),
        origin_url=origin.get("url"),
        origin_publisher=origin.get("publisher"),
        relation=origin.get("relation"),
        attachments=tuple(
            Paper(
                url=urljoin(page["url"], paper["url"]),
                label=paper["label"],
                size=paper.get("size", ""),
            )
            for paper in page["attachments"]
        ),
        language=page["language"],
    )


def _phrases(blocks_on_every_page: Mapping[str, str]) -> Iterator[str]:
    for text in blocks_on_every_page.values():
        yield from (line.strip() for line in text.splitlines() if line.strip())


def blocks(body: str) -> Iterator[Block]:
    """The blocks of a body; items and rows that follow each other are one block."""
    parts = [
        _part(line.strip())
        for part in body.strip().split("\n\n")
        if part.strip()
        for line in ([part] if part.strip()[0] not in "-|@" else part.strip().splitlines())
    ]
    for (kind, _), group in groupby(enumerate(parts), key=lambda pair: _group(*pair)):
        words = [text for _, (_, text) in group]
        if kind == "tr":
            cells = [tuple(map(str.strip, text.strip("|").split("|"))) for text in words]
            rows = (Markup("").join(map(_cell, row)) for row in cells)
            yield Block(kind=kind, lines=tuple(rows), texts=tuple(" ".join(c) for c in cells))
        else:
            yield Block(
                kind=kind,
                lines=tuple(_inline(text) for text in words),
                texts=tuple(plain(text) for text in words),
            )


def _cell(text: str) -> Markup:
    return Markup("<td>{}</td>").format(_inline(text))


def _part(text: str) -> tuple[str, str]:
    mark, _, rest = " ".join(text.split()).partition(" ")
    return (MARKS[mark], rest) if mark in MARKS else ("p", f"{mark} {rest}".strip())


def _group(index: int, part: tuple[str, str]) -> tuple[str, int]:
    kind, _ = part
    return kind, 0 if kind in {"li", "tr", "live"} else index


def plain(text: str) -> str:
    """The words without their markup."""
    return INLINE.sub(lambda found: found[1] or found[2] or found[3], text)


def _inline(text: str) -> Markup:
    def tag(found: re.Match[str]) -> str:
        bold, italic, label, href = found.groups()
        if bold:
            return f"<strong>{bold}</strong>"
        return f"<em>{italic}</em>" if italic else f'<a href="{href}">{label}</a>'

    return Markup(INLINE.sub(tag, str(escape(text))))  # noqa: S704 (escaped in this line)


def _teaser(page: Mapping[str, Any], words: int = 14) -> str:
    """The first words of an article and three dots, as cards have them."""
    first = next((text for block in page["blocks"] for text in block.texts), "")
    return " ".join((page["lead"] or first).split()[:words]) + "..."


def _summary(page: Mapping[str, Any], most: int = 155) -> str:
    """What search plugins put into the description: a lead, or the first words of a body."""
    first = next((text for block in page["blocks"] for text in block.texts), "")
    text = str(page["lead"] or first)
    return text if len(text) <= most else text[:most].rpartition(" ")[0] + "…"


def _day(moment: str | datetime, pattern: str, language: str) -> str:
    """A day as a person of that language writes it. `pattern` is CLDR's."""
    when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return str(format_date(when, pattern, locale=language))


def _soft(markup: Markup) -> Markup:
    """Long words with a soft hyphen in them, as German and Dutch editors put them."""
    parts = TAG.split(str(markup))
    parts[::2] = [LONG_WORD.sub("\\1\xad\\2", part) for part in parts[::2]]
    return Markup("".join(parts))  # noqa: S704 (it was markup before)


def _drop_cap(markup: Markup) -> Markup:
    """The first letter in an element of its own."""
    text = str(markup)
    if not text or text[0] in "<&":
        return markup
    return Markup(f'<span class="drop-cap dropcap">{text[0]}</span>{text[1:]}')  # noqa: S704


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "teaser": _teaser,
        "summary": _summary,
        "day": _day,
        "soft": _soft,
        "drop_cap": _drop_cap,
    }
    return environment


def by_mould(rows: Sequence[Golden]) -> dict[str, list[Golden]]:
    return {mould: [row for row in rows if row.mould == mould] for mould in moulds()}
