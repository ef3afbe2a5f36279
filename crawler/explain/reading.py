"""Why a page was read as it was: lines kept and removed, and every candidate that did not win."""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import accumulate
from math import exp
from typing import Any

from sqlite_utils import Database

from crawler import identity, pages
from crawler.readings import Unread
from enrich import bodies, kinds
from enrich.article import UNTOLD, Extracted, Hints
from enrich.blocks import Block, key, layout, visible
from enrich.charset import decode
from enrich.chosen import Chosen
from enrich.claims import claims_of
from enrich.engine import engine_tree
from enrich.extract import bcp47, extract
from enrich.language import LanguageHints, identify, priors
from enrich.sieve import MAX_SEARCHED, MIN_FOUND
from enrich.text import printable

Report = dict[str, Any]

STORED = """
    SELECT articles.*, article_texts.text FROM articles
    LEFT JOIN article_texts ON article_texts.article_id = articles.id WHERE articles.id = ?
"""


def of_page(
    body: bytes | str, url: str, *, content_type: str | None = None, hints: Hints = UNTOLD
) -> Report:
    """Read a page and say why so. Never raises for what a page may hold."""
    found = extract(body, url, content_type=content_type, hints=hints)
    said = LanguageHints(feed=bcp47(hints.language), alternate=found.alternate_language, url=url)
    return _report(found, body, url, content_type, said)


def of_archived(page: Unread) -> Report:
    found, body = pages.extracted(page)
    own = isinstance(body, bytes)
    said = pages.claims(page, found)
    report = _report(found, body, page.url, page.content_type if own else None, said)
    return {**report, "text_from": "page" if own else "feed"}


def of_stored(db: Database, article: int) -> Report:
    """What is stored of an article whose raw page was let go: no rule can be asked again."""
    (row,) = db.query(STORED, [article])
    lost = json.loads(row["candidates"])

    def chosen(name: str, value: Any, source: str | None = None) -> Report:
        others = lost.get(name, [])
        return {"value": value, "source": source, "why": "as it is stored", "candidates": others}

    authors = json.loads(row["authors"])
    text = row["text"] or ""
    kept = [{"text": line, "what": "kept", "rule": None} for line in text.split("\n") if line]
    return {
        "url": row["url"],
        "kind": row["kind"],
        "reason": "as it is stored",
        "title": chosen("title", row["title"]),
        "published": chosen("published", row["published"], row["published_source"]),
        "authors": {
            **chosen("authors", authors), "signed": authors, "signed_by": row["signed_by"],
        },
        "language": _language_stored(row),
        "section": json.loads(row["section"]),
        "categories": json.loads(row["categories"]),
        "canonical": row["canonical"],
        "declared": json.loads(row["signals"]),
        "words": row["words"],
        "lines": kept,
        "text_from": "database",
    }  # fmt: skip


def _language_stored(row: Report) -> Report:
    return {
        "code": row["language"],
        "tag": row["language_tag"],
        "confidence": row["language_confidence"] or 0.0,
        "method": row["language_method"],
        "declared": row["language_declared"],
        "claims": json.loads(row["language_claims"]),
        "likelier": {},
        "votes": json.loads(row["language_votes"]),
        "shares": json.loads(row["language_shares"]),
    }


def _report(
    found: Extracted, body: bytes | str, url: str, content_type: str | None, said: LanguageHints
) -> Report:
    tree = _tree(body, content_type, said.feed)
    explained = found.explained
    report = {
        "url": url,
        "kind": found.kind,
        "reason": found.reason,
        "signs": _signs(found, tree, url),
        "title": _chosen(explained.title if explained else None, found.title),
        "published": _chosen(explained.published if explained else None, found.published),
        "authors": {
            **_chosen(explained.authors if explained else None, ()),
            "signed": found.authors,
            "signed_by": found.signed_by,
        },
        "language": _language_of(found, said),
        "image": found.image and asdict(found.image),
        "section": found.section,
        "categories": found.categories,
        "canonical": identity.canonical((*found.canonicals, *filter(None, [found.og_url])), url),
        "origin": found.origin and asdict(found.origin),
        "attachments": [asdict(attachment) for attachment in found.attachments],
        "declared": asdict(found.rights),
        "words": found.words,
        "cut": found.cut,
        "lines": _lines(found, visible(tree) if tree is not None else ()),
    }
    return clean(report)


def _language_of(found: Extracted, said: LanguageHints) -> Report:
    """What language it is in, who said so, and how much likelier each claim makes its language."""
    language = identify(found.title, found.text, found.declared_language, hints=said)
    worth = priors(found.declared_language, said)
    return {
        "code": language.code,
        "tag": language.tag,
        "confidence": language.confidence,
        "method": language.method,
        "declared": found.declared_language,
        "claims": {"feed": said.feed, "alternate": said.alternate, "source": said.source},
        "likelier": {code: round(exp(each)) for code, each in worth.items()},
        "votes": [asdict(vote) for vote in language.votes],
        "shares": [asdict(share) for share in language.shares],
    }


def _tree(body: bytes | str, content_type: str | None, language: str | None) -> Any:
    """The page's tree as `enrich.extract` has it, or None."""
    if bodies.refuse(body, content_type):
        return None
    html = body if isinstance(body, str) else decode(body, content_type, language)[0]
    return engine_tree(bodies.readable(html)[0])


def _signs(found: Extracted, tree: Any, url: str) -> dict[str, list[Report]]:
    """The signs for a kind that hold, under what they speak for."""
    if tree is None or found.explained is None:
        return {}
    published = found.published if found.published_source != "page" else None
    given = kinds.signs(
        tree, layout(tree), claims_of(tree), url=url, text=found.text, title=found.title,
        published=published, authors=found.explained.authors.value,
    )  # fmt: skip
    return {name: [asdict(sign) for sign in signs] for name, signs in given.items() if signs}


def _chosen(chosen: Chosen[Any] | None, value: Any) -> Report:
    """How a value won; where no page was read, the value that the feed gives."""
    return asdict(chosen or Chosen(value=value, source="feed" if value else None, why="no page"))


# -- the lines in the order of the page


def _lines(found: Extracted, blocks: Sequence[Block]) -> list[Report]:
    """The lines kept, in the order of the text, and between them those removed, where they stood.

    A line that is nowhere on the page follows the one before it.
    """
    explained = found.explained
    places = _Places(blocks)
    rules = {change.text: change.rule for change in explained.added} if explained else {}
    gone: list[tuple[int, Report]] = []
    last = 0
    for change in explained.removed if explained else ():
        at = places.find(change.text)
        last = last if at is None else at
        gone.append((last, {"text": change.text, "what": "removed", "rule": change.rule}))
    waiting = sorted(gone, key=lambda line: line[0], reverse=True)
    told: list[Report] = []
    here = 0
    for line in found.text.split("\n") if found.text else ():
        at = places.find(line, here)
        here = here if at is None else max(here, at)
        while waiting and at is not None and waiting[-1][0] < at:
            told.append(waiting.pop()[1])
        rule = rules.get(line)
        told.append({"text": line, "what": "added" if rule else "kept", "rule": rule})
    return [*told, *(line for _, line in reversed(waiting))]


class _Places:
    """Where lines stand on a page, as the number of letters and digits before them.

    Spaces do not count: the engine loses and adds some.
    """

    def __init__(self, blocks: Sequence[Block]) -> None:
        compacts = [block.key.replace(" ", "") for block in blocks]
        self.whole = "".join(compacts)
        self.starts: defaultdict[str, list[int]] = defaultdict(list)
        for start, compact in zip(
            accumulate(map(len, compacts), initial=0), compacts, strict=False
        ):
            self.starts[compact].append(start)
        self.searched = 0

    def find(self, line: str, after: int = 0) -> int | None:
        """The first place from `after` on, or else the last before it."""
        compact = key(line).replace(" ", "")
        if starts := self.starts.get(compact):
            return starts[min(bisect_left(starts, after), len(starts) - 1)]
        if len(compact) < MIN_FOUND or self.searched > MAX_SEARCHED:
            return None
        self.searched += len(self.whole)
        at = self.whole.find(compact, after)
        at = at if at >= 0 else self.whole.rfind(compact)
        return at if at >= 0 else None


def forget(report: Report, gone: Iterable[Report]) -> None:
    """Mark these among the lines of the report; one that the page no longer has comes last."""
    lines = report.setdefault("lines", [])
    kept = [line for line in lines if line["what"] != "removed"]
    for removed in gone:
        number = removed["line"]
        told = {"what": "removed", "rule": removed["rule"], "articles": removed["articles"]}
        if number < len(kept) and kept[number]["text"].startswith(printable(removed["text"])):
            kept[number].update(told)
        else:
            lines.append({"text": removed["text"], **told})


def clean(report: Report) -> Report:
    """The same without the characters that would harm a terminal."""
    return {name: _printable(value) for name, value in report.items()}


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {name: _printable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(each) for each in value]
    return value
