"""How well `tamis extract` reads pages and `tamis annotate` knows languages, and that neither ever
gets worse; run by `make quality`.

What is judged are the commands themselves, over JSON lines. The golden pages (tests/golden.py) and
half the sentences (tests/sentences.toml) are ours; `--corpora` is a folder of public sets, one
folder each with `gt.jsonl.gz` and `html.tar.xz`, and `langid/labelled.jsonl.gz` of texts. Below a
floor of tests/quality_floors.toml the exit status is 1; `--raise` writes floors that are higher.
"""

import argparse
import gzip
import json
import math
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

import tomlkit
from golden import READABLE, Golden, Paper, pages
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from crawler.progress import Progress
from crawler.urls import key as url_key

HERE = Path(__file__).resolve().parent
FLOORS = HERE / "quality_floors.toml"
SENTENCES = HERE / "sentences.toml"
# Pages written without sight of the rules, which have learnt of them since: README.md there.
UNSEEN = HERE / "unseen"
# Sets whose pages come several from a site, so that what a site repeats can be learnt.
BY_SITE = frozenset({"fundus", "fundus_eval", "cleanportaleval", "unseen"})
# A text is clean with so much of it right and so much of what is right in it.
CLEAN = 0.98
SHINGLE = 4
# Below a floor by less than this is rounding: floors are written with four digits.
SLACK = 0.00005
WORST = 5  # pages named when a floor is broken
# One token a character where there are no spaces between words (Han, kana, Thai).
ALONE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u0e00-\u0e7f"
TOKEN = re.compile(rf"[{ALONE}]|[^\W{ALONE}]+")
SPACES = re.compile(r"\s+")
# What a set without floors is held to from then on.
GATED = ("F", "clean", "segF", "leak", "title", "date", "author", "origin", "publisher",
         "attachments", "labels", "article", "not article", "language", "merged", "sure",
         "sure right")  # fmt: skip
# Languages that headlines hardly tell apart; `merged` takes one for the other.
CLOSE = ({"bs", "hr", "sr"}, {"id", "ms"}, {"rn", "rw"})
SURE = 0.9
# The most of what is right that a site's memory may cost, as a share of characters, in any set.
MOST_LOST = 0.001
# Mio is 4.9 % more than Mo, and pages mean either by both.
SIZE_SLACK = 0.06
# Where less is better.
LOWER = frozenset({"leak", "lost", "negatives", "off-topic"})
# Sets of ours: their floors hold whatever is added to them.
OURS = ("golden", "sector")

Row = Mapping[str, Any]
Shares = dict[str, float]


class QualityError(Exception):
    """What hinders measuring, and what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """What is right for one page, whichever set it comes from; None is not known, so not judged.

    `wanted` and `unwanted` are pieces of text; `optional` are parts of `body` that need not be
    found. `published` is a day. `strict`: a name or address where there is none is a mistake.
    """

    id: str
    group: str
    body: str | None = None
    optional: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    unwanted: tuple[str, ...] = ()
    title: str | None = None
    published: str | None = None
    authors: tuple[str, ...] = ()
    readable: bool | None = None
    kind: str | None = None
    language: str | None = None
    strict: bool = False
    origin_url: str | None = None
    origin_publisher: str | None = None
    relation: str | None = None
    attachments: tuple[Paper, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The marks of one page, by measure; a measure that does not apply is not there."""

    id: str
    group: str
    marks: Mapping[str, float]
    wanted: int = 0
    wanted_found: int = 0
    unwanted: int = 0
    unwanted_found: int = 0
    removed: int = 0  # characters of the body that rules of the site's memory took out
    body: int = 0


Marked = TypeVar("Marked", bound=Page)


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """A floor that is not reached."""

    where: str
    measure: str
    floor: float
    found: float
    worst: tuple[str, ...] = ()

    def __str__(self) -> str:
        worst = f"; worst: {', '.join(self.worst)}" if self.worst else ""
        what = f"{self.found:.4f}, {abs(self.found - self.floor):.4f} "
        side = "above" if self.measure in LOWER else "below"
        return f"{self.where}: {self.measure} is {what}{side} {self.floor:.4f}{worst}"


@dataclass(slots=True)
class Report:
    """Figures by set, then by part of it (`all`, a mould), and the pages behind them."""

    figures: dict[str, dict[str, Shares]] = field(default_factory=dict)
    plain: dict[str, dict[str, Shares]] = field(default_factory=dict)
    pages: dict[str, list[Page]] = field(default_factory=dict)


# Marks of one page


def tokens(text: str) -> list[str]:
    return TOKEN.findall(unicodedata.normalize("NFC", text))


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """Every run of four tokens, with how often it is there; a shorter text is one run."""
    found = tokens(text)
    if not found:
        return Counter()
    runs = range(max(1, len(found) - SHINGLE + 1))
    return Counter(tuple(found[at : at + SHINGLE]) for at in runs)


def precision_recall(
    body: str, optional: Sequence[str], text: str
) -> tuple[float | None, float | None]:
    """Shares of the text's shingles that are the body's, and of the body's that are the text's.

    What is optional may be found, and need not be. Precision is None where nothing was found that
    was needed, as the public benchmark has it; recall is None where nothing is needed.
    """
    right, found = shingles(body), shingles(text)
    needed = body
    for part in optional:
        needed = _without(needed, part)
    need = shingles(needed) if optional else right
    recall = (need & found).total() / need.total() if need else None
    if not found:
        return (None if need else 1.0), recall
    return (found & right).total() / found.total(), recall


def _without(text: str, part: str) -> str:
    """`text` without `part`, the line if it is one: pull quotes repeat sentences of the text."""
    lines = f"\n{text}\n"
    if f"\n{part}\n" in lines:
        return lines.replace(f"\n{part}\n", "\n", 1).strip("\n")
    return text.replace(part, "", 1)


def flat(text: str) -> str:
    return SPACES.sub(" ", text).strip()


def words(text: str) -> str:
    """A title or a person without case, width and punctuation."""
    return " ".join(tokens(unicodedata.normalize("NFKC", text).casefold()))


def agreement(right: Iterable[str], found: Iterable[str]) -> float:
    """F1 of two sets of persons; one is another if its words are some of the other's."""
    wanted, given = {words(one) for one in right} - {""}, {words(one) for one in found} - {""}

    def among(one: str, others: set[str]) -> bool:
        own = set(one.split())
        return any(own <= set(other.split()) or set(other.split()) <= own for other in others)

    if not wanted or not given:
        return 0.0
    precision = fmean(among(one, wanted) for one in given)
    recall = fmean(among(one, given) for one in wanted)
    return harmonic(precision, recall)


def harmonic(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def mark(gold: Gold, answer: Row) -> Page:
    """How right an answer of `tamis extract` is; an answer that is missing is an empty row."""
    text = answer.get("text") or ""
    marks: Shares = {}
    if gold.body:
        precision, recall = precision_recall(gold.body, gold.optional, text)
        shares = {"P": precision, "R": recall}
        marks |= {name: share for name, share in shares.items() if share is not None}
        marks["clean"] = float((precision or 0) >= CLEAN and (recall is None or recall >= CLEAN))
    if gold.title:
        right = words(gold.title)
        marks["title"] = float(bool(right) and right == words(answer.get("title") or ""))
    if gold.published:
        marks["date"] = float((answer.get("published") or "")[:10] == gold.published)
    # Where no person signed, to name the organisation that did is as right as nobody.
    authors = answer.get("authors") or ()
    if not gold.authors and answer.get("signed_by") == "organisation":
        authors = ()
    if gold.authors or (gold.strict and gold.readable and authors):
        marks["author"] = agreement(gold.authors, authors)
    marks |= _sources(gold, answer)
    marks |= _kinds(gold, answer)
    body = flat(text)
    return Page(
        id=gold.id,
        group=gold.group,
        marks=marks,
        wanted=len(gold.wanted),
        wanted_found=sum(flat(part) in body for part in gold.wanted),
        unwanted=len(gold.unwanted),
        unwanted_found=sum(flat(part) in body for part in gold.unwanted),
        body=len(flat(gold.body or "")),
        removed=_lost(gold, answer),
    )


def mark_language(gold: Gold, answer: Row) -> Page:
    """How right an answer of `tamis annotate` is; `sure right` only where it says it is sure."""
    said = str(answer.get("language") or "")
    right = said == gold.language
    close = right or any({said, gold.language} <= family for family in CLOSE)
    sure = (answer.get("language_confidence") or 0) >= SURE
    marks = {"language": float(right), "merged": float(close), "sure": float(sure)}
    if sure:
        marks["sure right"] = float(right)
    return Page(id=gold.id, group=gold.group, marks=marks)


def _sources(gold: Gold, answer: Row) -> Iterator[tuple[str, float]]:
    """Where it comes from and what it offers, where there is some or some was said."""
    if not gold.strict or not gold.readable:
        return
    origin = answer.get("origin_url")
    if gold.origin_url or origin:
        same = bool(gold.origin_url and origin) and _same(str(gold.origin_url), str(origin))
        yield "origin", float(same)
    if gold.origin_url and gold.origin_publisher:
        said = words(str(answer.get("origin_publisher") or ""))
        yield "publisher", float(said == words(gold.origin_publisher))
        yield "relation", float(answer.get("relation") == gold.relation)
    right = {url_key(paper.url): paper for paper in gold.attachments}
    offered = {url_key(str(paper["url"])): paper for paper in answer.get("attachments") or ()}
    both = [(paper, offered.get(url, {})) for url, paper in right.items()]
    if right or offered:
        yield "attachments", 2 * len(right.keys() & offered.keys()) / (len(right) + len(offered))
    if named := [(words(paper.label), said.get("label")) for paper, said in both if paper.label]:
        yield "labels", fmean(label == words(str(said or "")) for label, said in named)
    if sized := [(printed(paper.size), said.get("size")) for paper, said in both if paper.size]:
        close = [abs((said or 0) - size) <= SIZE_SLACK * size for size, said in sized]
        yield "sizes", fmean(close)


def printed(size: str) -> float:
    """A size as pages print it, in bytes.

    >>> printed("1,5 Mo")
    1500000.0
    """
    number, _, unit = size.partition(" ")
    return float(number.replace(",", ".")) * 1000.0 ** " kM".index(unit[0].replace("K", "k"))


def _same(one: str, other: str) -> bool:
    return url_key(one) == url_key(other)


def _kinds(gold: Gold, answer: Row) -> Iterator[tuple[str, float]]:
    said = answer.get("kind") or "empty"
    if gold.readable is True:
        yield "article", float(said in READABLE)
    if gold.readable is False:
        yield "not article", float(said not in READABLE)
    if gold.kind:
        yield "kind", float(said == gold.kind)
    if gold.language:
        yield (
            "language",
            float(str(answer.get("language") or "").partition("-")[0] == gold.language),
        )


def _lost(gold: Gold, answer: Row) -> int:
    """Characters of the body among what the site's memory removed; 0 where no row says what."""
    body = f"\n{flat(gold.body or '')}\n"
    removed = [part for part in answer.get("removed") or () if "memory" in str(part.get("rule"))]
    texts = {flat(str(part.get("text") or "")) for part in removed} - {""}
    return sum(len(text) for text in texts if text in body)


# Figures of many pages


def figures(marked: Sequence[Page]) -> Shares:
    """The measures over pages: means of marks, and counts of segments over all."""
    found: dict[str, list[float]] = {}
    for page in marked:
        for measure, value in page.marks.items():
            found.setdefault(measure, []).append(value)
    means = {measure: fmean(values) for measure, values in found.items()}
    shares: Shares = {"pages": len(marked)}
    if "P" in means and "R" in means:
        shares["F"] = harmonic(means["P"], means["R"])
    shares |= means
    wanted, unwanted = _total(marked, "wanted"), _total(marked, "unwanted")
    if wanted:
        right, wrong = _total(marked, "wanted_found"), _total(marked, "unwanted_found")
        precision = right / (right + wrong) if right + wrong else 0.0
        shares["segF"] = harmonic(precision, right / wanted)
        if unwanted:
            shares["leak"] = wrong / unwanted
    if body := _total(marked, "body"):
        shares["lost"] = _total(marked, "removed") / body
    return shares


def _total(marked: Iterable[Page], count: str) -> int:
    return sum(getattr(page, count) for page in marked)


def by_group(
    marked: Sequence[Marked], of: Callable[[Sequence[Marked]], Shares] = figures
) -> dict[str, Shares]:
    """Figures of each group, and of all."""
    groups: dict[str, list[Marked]] = {}
    for page in marked:
        groups.setdefault(page.group, []).append(page)
    parts = {group: of(rows) for group, rows in groups.items()} if len(groups) > 1 else {}
    return {**parts, "all": of(marked)}


# Sets of pages


@dataclass(frozen=True, slots=True, kw_only=True)
class Pages:
    """A set: what is right, and the lines that ask for each page of the command `task`."""

    name: str
    gold: tuple[Gold, ...]
    lines: tuple[Mapping[str, str], ...]
    by_site: bool = False
    task: str = "extract"


def golden_pages(folder: Path, *, by_site: bool) -> Pages:
    """The golden pages, written into `folder` as bytes, since their encoding is part of them."""
    lines = []
    for page in pages():
        path = folder / f"{page.id.replace('/', '-')}.html"
        path.write_bytes(page.html)
        lines.append({"id": page.id, "url": page.url, "path": str(path)})
    gold = tuple(gold_of(page) for page in pages())
    name = "golden by site" if by_site else "golden"
    return Pages(name=name, gold=gold, lines=tuple(lines), by_site=by_site)


def gold_of(page: Golden) -> Gold:
    right = page.expected
    plain = Gold(
        id=page.id, group=page.mould, kind=right.kind, readable=right.readable, strict=True
    )
    if not right.readable:
        return plain
    return replace(
        plain,
        body=right.body,
        optional=right.optional,
        wanted=right.must,
        unwanted=right.never,
        title=right.title,
        language=right.language,
        published=right.published,
        authors=right.authors,
        origin_url=right.origin_url,
        origin_publisher=right.origin_publisher,
        relation=right.relation,
        attachments=right.attachments,
    )


def corpus_pages(folder: Path, unpacked: Path) -> Pages:
    """A public set: `gt.jsonl.gz` says what is right, `html.tar.xz` has `html/<id>.html`."""
    try:
        with gzip.open(folder / "gt.jsonl.gz", "rt", encoding="utf-8") as stream:
            rows = [json.loads(line) for line in stream if line.strip()]
        with tarfile.open(folder / "html.tar.xz") as archive:
            archive.extractall(unpacked, filter="data")
    except OSError as error:
        raise QualityError(f"{folder}: {error}") from error
    lines = tuple(
        {"id": str(row["id"]), "url": row["url"], "path": str(unpacked / f"html/{row['id']}.html")}
        for row in rows
    )
    gold = tuple(
        Gold(
            id=str(row["id"]),
            group="all",
            body=row.get("body") or None,
            optional=tuple(row.get("optional") or ()),
            wanted=tuple(row.get("with") or ()),
            unwanted=tuple(row.get("without") or ()),
            title=row.get("title") or None,
            published=(row.get("date") or "")[:10] or None,
            authors=tuple(row.get("authors") or ()),
            readable=row.get("readable"),
            kind=row.get("kind") if row.get("readable") is False else None,
            strict="readable" in row,
            origin_url=row.get("origin_url"),
            attachments=tuple(
                Paper(url=url, label="", size="") for url in row.get("attachments") or ()
            ),
        )
        for row in rows
    )
    return Pages(name=folder.name, gold=gold, lines=lines, by_site=folder.name in BY_SITE)


def sentences() -> Pages:
    """Ours and those of the declaration of human rights."""
    listed = tomllib.loads(SENTENCES.read_text(encoding="utf-8"))
    texts = [
        (f"{language}/{number}", about.get("source", "ours"), language, text)
        for language, about in listed.items()
        for number, text in enumerate(about["sentences"], 1)
    ]
    return _texts("languages", texts)


def corpus_texts(path: Path) -> Pages:
    """Labelled texts of a public set, in groups of corpus and kind."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            rows = [json.loads(line) for line in stream if line.strip()]
    except OSError as error:
        raise QualityError(f"{path}: {error}") from error
    texts = [
        (str(row["id"]), f"{row['corpus']} {row['kind']}", row["lang"], row["text"]) for row in rows
    ]
    return _texts(path.parent.name, texts)


def _texts(name: str, texts: Iterable[tuple[str, str, str, str]]) -> Pages:
    listed = tuple(texts)
    return Pages(
        name=name,
        gold=tuple(
            Gold(id=ident, group=group, language=language) for ident, group, language, _ in listed
        ),
        lines=tuple({"id": ident, "text": text} for ident, _, _, text in listed),
        task="annotate",
    )


# Answers


def tamis(
    lines: Iterable[Mapping[str, str]],
    *,
    by_site: bool = False,
    task: str = "extract",
    environment: Mapping[str, str] | None = None,
) -> Iterator[dict[str, Any]]:
    """What `tamis extract --jsonl` answers, or another such command, line by line."""
    command = [sys.executable, "-m", "crawler", task, "--jsonl"]
    if by_site:
        command.append("--by-site")
    with tempfile.TemporaryFile() as asked:
        asked.writelines(json.dumps(line).encode() + b"\n" for line in lines)
        asked.seek(0)
        with subprocess.Popen(
            command,
            stdin=asked,
            stdout=subprocess.PIPE,
            cwd=HERE.parent,
            env={**os.environ, **(environment or {})},
        ) as process:
            assert process.stdout is not None
            yield from map(json.loads, process.stdout)
        if process.returncode:
            raise QualityError(f"{' '.join(command[2:])}: exit status {process.returncode}")


def learns_sites() -> bool:
    """Whether this `tamis extract` has `--by-site`."""
    command = [sys.executable, "-m", "crawler", "extract", "--help"]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=HERE.parent)
    return "--by-site" in said.stdout


def trafilatura(lines: Iterable[Mapping[str, str]]) -> Iterator[dict[str, Any]]:
    """What plain Trafilatura would answer: whatever has text is an article to it."""
    from trafilatura import bare_extraction  # noqa: PLC0415 (takes a second)
    from trafilatura.settings import Document  # noqa: PLC0415

    for line in lines:
        body = Path(line["path"]).read_bytes()
        found = bare_extraction(body, url=line["url"], include_comments=False, with_metadata=True)
        if not isinstance(found, Document):
            yield {"id": line["id"], "kind": "empty"}
            continue
        yield {
            "id": line["id"],
            "kind": "article" if found.text else "empty",
            "title": found.title,
            "text": found.text,
            "published": found.date,
            "authors": [author for author in (found.author or "").split("; ") if author],
        }


def counted(answers: Iterable[Row], progress: Progress, name: str) -> Iterator[Row]:
    for answer in answers:
        progress.advance(name)
        yield answer


def marks(
    gold: Sequence[Gold], answers: Iterable[Row], by: Callable[[Gold, Row], Page] = mark
) -> list[Page]:
    """Every page marked; pages that got no answer are marked as if it were empty."""
    answered = {str(answer["id"]): answer for answer in answers}
    return [by(one, answered.get(one.id, {})) for one in gold]


# Floors


def floors() -> dict[str, Any]:
    return tomllib.loads(FLOORS.read_text(encoding="utf-8"))


def broken(
    set_: str, found: Mapping[str, Shares], marked: Sequence[Page], least: Mapping[str, Any]
) -> Iterator[Broken]:
    """The floors of a set that its figures do not reach."""
    lost = found["all"].get("lost", 0.0)
    if lost > MOST_LOST:
        costly = tuple(page.id for page in marked if page.removed)[:WORST]
        yield Broken(where=set_, measure="lost", floor=MOST_LOST, found=lost, worst=costly)
    if not measured_on(set_, found, least):
        return
    for group, wanted in least.get(set_, {}).items():
        here = [page for page in marked if group in ("all", page.group)]
        for measure, floor in wanted.items():
            value = found.get(group, {}).get(measure, 0.0)
            below = value - floor if measure in LOWER else floor - value
            if below > SLACK:
                where = set_ if group == "all" else f"{set_}, {group}"
                yield Broken(
                    where=where, measure=measure, floor=floor, found=value,
                    worst=tuple(worst(here, measure)),
                )  # fmt: skip


def measured_on(set_: str, found: Mapping[str, Shares], least: Mapping[str, Any]) -> bool:
    """Whether these are the pages the floors were written for: another half of a set has others."""
    only = least.get(set_, {}).get("all", {}).get("pages")
    return only is None or only == found["all"]["pages"]


def worst(marked: Sequence[Page], measure: str) -> list[str]:
    """The pages that cost a measure most, with their marks."""

    def value(page: Page) -> float | None:
        if measure == "F" and "clean" in page.marks:
            return harmonic(page.marks.get("P", 0.0), page.marks.get("R", 1.0))
        if measure in {"segF", "leak"} and page.unwanted + page.wanted:
            return (page.wanted_found - page.unwanted_found) / (page.unwanted + page.wanted)
        share = page.marks.get(measure)
        return 1 - share if share is not None and measure in LOWER else share

    rated = [(share, page.id) for page in marked if (share := value(page)) is not None]
    return [f"{ident} {share:.2f}" for share, ident in sorted(rated)[:WORST] if share < 1]


def raised(
    found: Mapping[str, Mapping[str, Shares]],
    gated: Sequence[str] = GATED,
    parts: Sequence[str] = GATED[:1],
) -> str:
    """The file of floors with those that were surpassed; one that is there never gets lower.

    A set without floors gets some: measures of `gated` for the whole, and for its parts those of
    `parts` if they have them. Those of a public set say for how many pages they hold.
    """
    written = tomlkit.parse(FLOORS.read_text(encoding="utf-8"))
    for set_, groups in found.items():
        if set_ not in written:
            written[set_] = _first_floors(set_, groups, gated, parts)
        if not measured_on(set_, groups, written):
            continue
        for group, wanted in written[set_].items():
            for measure, floor in wanted.items():
                value = _floor(groups.get(group, {}), measure)
                if value is not None and (value < floor if measure in LOWER else value > floor):
                    wanted[measure] = value
    return tomlkit.dumps(written)


def _first_floors(
    set_: str, groups: Mapping[str, Shares], gated: Sequence[str], parts: Sequence[str]
) -> Any:
    first = tomlkit.table(is_super_table=True)
    for group, shares in groups.items():
        whole = group == "all" or shares.keys().isdisjoint(parts)
        measures = gated if whole else parts
        wanted = tomlkit.table()
        if not set_.startswith(OURS):
            wanted["pages"] = int(shares["pages"])
        wanted.update({name: _floor(shares, name) for name in measures if name in shares})
        first[group] = wanted
    return first


def _floor(shares: Shares, measure: str) -> float | None:
    """A figure in four digits that it reaches itself: down, or up where less is better."""
    if measure not in shares or measure == "pages":
        return None
    digits = shares[measure] * 10_000
    return (math.ceil(digits) if measure in LOWER else math.floor(digits)) / 10_000


# What is printed

COLUMNS = {
    "pages": "pages", "F": "F", "P": "P", "R": "R", "clean": "clean", "segF": "segF",
    "leak": "leak", "title": "title", "date": "date", "author": "author", "origin": "origin",
    "publisher": "publ.", "relation": "rel.", "attachments": "files", "labels": "labels",
    "sizes": "sizes", "article": "articles", "not article": "others", "kind": "kind",
    "language": "lang.", "merged": "merged", "sure": "sure", "sure right": "sure right",
    "first": "first", "R@3": "R@3", "negatives": "negatives", "off-topic": "off-topic",
    "any theme": "any theme", "countries": "countries", "organisations": "orgs P",
    "organisations R": "orgs R", "resolved": "resolved", "right": "right", "found": "found",
    "lost": "lost",
}  # fmt: skip


def table(set_: str, found: Mapping[str, Shares], plain: Mapping[str, Shares]) -> Table:
    """A row a group, Trafilatura's below ours."""
    used = [column for column in COLUMNS if any(column in row for row in found.values())]
    drawn = Table("", *(COLUMNS[column] for column in used), title=set_, box=SIMPLE, padding=0)
    for group, shares in found.items():
        drawn.add_row(group, *(_cell(shares, column) for column in used))
        if group in plain:
            cells = (_cell(plain[group], column) for column in used)
            drawn.add_row("  Trafilatura", *cells, style="dim")
    return drawn


def _cell(shares: Shares, column: str) -> str:
    if column not in shares:
        return ""
    return f"{shares[column]:.0f} " if column == "pages" else f"{shares[column]:.4f} "


# The program


def measured(sets: Iterable[Pages], *, plain: bool) -> Report:
    """Every set read and marked, by `tamis` and, if wanted, by plain Trafilatura."""
    report = Report()
    for one in sets:
        pages = one.task == "extract"
        names = [one.name, "Trafilatura"] if plain and pages else [one.name]
        with Progress(*names) as progress:
            for name in names:
                progress.expect(name, len(one.lines))
            answers = tamis(one.lines, by_site=one.by_site, task=one.task)
            ours = counted(answers, progress, names[0])
            report.pages[one.name] = marks(one.gold, ours, mark if pages else mark_language)
            report.figures[one.name] = by_group(report.pages[one.name])
            if plain and pages:
                theirs = counted(trafilatura(one.lines), progress, names[1])
                report.plain[one.name] = by_group(marks(one.gold, theirs))
    return report


def sets_of(arguments: argparse.Namespace, folder: Path, *, sites: bool) -> Iterator[Pages]:
    """The sets that were asked for, unpacked below `folder` when their turn comes."""
    others = arguments.corpora or arguments.languages or arguments.unseen
    if arguments.golden or not others:
        target = folder / "golden"
        target.mkdir(parents=True, exist_ok=True)
        yield golden_pages(target, by_site=False)
        if sites and arguments.by_site:
            yield golden_pages(target, by_site=True)
    if arguments.unseen:
        one = corpus_pages(UNSEEN, folder / UNSEEN.name)
        yield replace(one, name="unseen alone", by_site=False)
        if sites and arguments.by_site:
            yield one
    if arguments.languages:
        yield sentences()
    if arguments.corpora:
        texts = sorted(arguments.corpora.glob("*/labelled.jsonl.gz"))
        yield from map(corpus_texts, texts if arguments.languages else ())
        found = sorted(path.parent for path in arguments.corpora.glob("*/gt.jsonl.gz"))
        if not found and not texts:
            raise QualityError(f"{arguments.corpora}: no folder in it has a gt.jsonl.gz")
        for corpus in found:
            one = corpus_pages(corpus, folder / corpus.name)
            yield replace(one, by_site=one.by_site and sites)


def main(argv: Sequence[str] | None = None, say: Callable[..., None] | None = None) -> int:
    """Exit status 0: every floor holds; 1: one does not, or nothing could be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--golden", action="store_true", help="the golden pages (the default)")
    parser.add_argument("--unseen", action="store_true", help="pages of tests/unseen")
    parser.add_argument("--languages", action="store_true", help="texts whose language is known")
    parser.add_argument("--corpora", type=Path, metavar="PATH", help="a folder of public sets")
    parser.add_argument("--by-site", action="store_true", help="and let it learn what sites repeat")
    parser.add_argument("--plain", action="store_true", help="compare with plain Trafilatura")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="leave the pages there")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write figures and marks there")
    parser.add_argument("--raise", action="store_true", dest="up", help="write higher floors")
    arguments = parser.parse_args(argv)
    console = Console(width=200 if not sys.stdout.isatty() else None)
    say = say or console.print
    sites = learns_sites()
    if not sites and (arguments.by_site or arguments.corpora):
        say("This `tamis extract` has no --by-site: every page is read alone.")
    try:
        with tempfile.TemporaryDirectory() as folder:
            place = Path(arguments.keep or folder).resolve()
            report = measured(sets_of(arguments, place, sites=sites), plain=arguments.plain)
    except QualityError as error:
        say(f"quality: {error}")
        return 1
    if arguments.json:
        arguments.json.write_text(json.dumps(_json(report), ensure_ascii=False, indent=1) + "\n")
    return told(report, say, up=arguments.up)


def told(
    report: Report,
    say: Callable[..., None],
    *,
    up: bool,
    gated: Sequence[str] = GATED,
    parts: Sequence[str] = GATED[:1],
) -> int:
    """Say all figures and the floors not reached; write those that rose, if `up`. Exit status."""
    least = floors()
    for set_, found in report.figures.items():
        say(table(set_, found, report.plain.get(set_, {})))
        if not measured_on(set_, found, least):
            say(f"{set_}: the floors are those of other pages and were not applied.")
    if up:
        FLOORS.write_text(raised(report.figures, gated, parts), encoding="utf-8")
    low = [
        floor
        for set_, found in report.figures.items()
        for floor in broken(set_, found, report.pages[set_], least)
    ]
    for floor in low:
        say(str(floor))
    return 1 if low else 0


def _json(report: Report) -> dict[str, Any]:
    return {
        "figures": report.figures,
        "plain": report.plain,
        "pages": {
            set_: [{"id": page.id, **page.marks} for page in marked]
            for set_, marked in report.pages.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
