"""How well `tamis annotate` tags and `tamis duplicates` finds copies, and that neither ever gets
worse; run by `make quality`.

What is judged are the commands themselves, over JSON lines. The half of tests/sector that judges is
ours; `--corpora` is a folder of public sets, `tagging/*.jsonl.gz` and `duplicates/*.jsonl.gz`.
The weights of themes were learnt from the same posts of ReliefWeb and news of MasakhaNEWS
(tests/learn.py), so that the figures of "reliefweb themes", "reliefweb posts" and "masakhanews
topics" flatter: they say that nothing broke, not how well unknown texts are tagged. `--embed`
judges with sentence embeddings too. Below a floor of tests/quality_floors.toml the exit status is
1; `--raise` writes floors that are higher.
"""

import argparse
import gzip
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import quality
from babel.core import get_global
from learn import OFF, judges
from quality import QualityError, Row, Shares
from rich.console import Console

from crawler.progress import Progress
from enrich.embedding import SWITCH
from enrich.text import fold

SECTOR = Path(__file__).resolve().parent / "sector"
# What a set without floors is held to from then on: the whole, and each part of it. R is not: more
# is tagged for it at the cost of P, and F says whether that is worth it.
PARTS = ("F", "first", "R@3", "negatives", "off-topic", "any theme", "countries", "organisations",
         "resolved", "right", "found")  # fmt: skip
GATED = (*PARTS, "P")
# Measures that are the harmonic mean of two others.
HARMONIC = {"F": ("P", "R"), "countries": ("countries P", "countries R")}

# By measure, how many are right of how many.
Counts = Mapping[str, tuple[int, int]]
Answers = Mapping[str, Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(quality.Page):
    """A text and what counts of it; its marks are the shares of that."""

    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """A set: the labelled rows, the command that is asked about them, and how it is judged.

    `themes`: whether embeddings have a say in what is judged.
    """

    name: str
    rows: tuple[Row, ...]
    by: Callable[[Sequence[Row], Answers], Iterable[Text]]
    task: str = "annotate"
    themes: bool = True
    embed: bool = False

    @property
    def lines(self) -> Iterator[dict[str, str]]:
        kept = ("id", "title", "text", "html_language")
        return ({name: row[name] for name in kept if name in row} for row in self.rows)


# Counting


def shares(counts: Counts) -> Shares:
    """What there was nothing of has no share."""
    found = {measure: right / of for measure, (right, of) in counts.items() if of}
    for measure, two in HARMONIC.items():
        if found.keys() & set(two):
            found[measure] = quality.harmonic(*(found.get(one, 0.0) for one in two))
    return found


def figures(texts: Sequence[Text]) -> Shares:
    """Micro averages: every theme, country or pair counts as much, not every text."""
    total: dict[str, tuple[int, int]] = {}
    for text in texts:
        for measure, (right, of) in text.counts.items():
            before = total.get(measure, (0, 0))
            total[measure] = (before[0] + right, before[1] + of)
    return {"pages": len(texts), **shares(total)}


def _text(row: Row, group: str, counts: Counts) -> Text:
    return Text(id=str(row["id"]), group=group, counts=counts, marks=shares(counts))


def _agreed(wanted: set[str], given: set[str]) -> tuple[tuple[int, int], tuple[int, int]]:
    """For precision and for recall."""
    right = len(wanted & given)
    return (right, len(given)), (right, len(wanted))


def _themes(answer: Row) -> list[str]:
    """Best first, as they are answered."""
    return [theme["theme"] for theme in answer.get("themes") or ()]


def _countries(answer: Row) -> list[str]:
    return [country["country"] for country in answer.get("countries") or ()]


# Judging


def sector_texts(rows: Sequence[Row], answers: Answers) -> Iterator[Text]:
    for row in rows:
        answer = answers.get(row["id"], {})
        yield _text(row, row["lang"], sector_counts(row, answer))


def sector_counts(row: Row, answer: Row) -> Counts:
    """Themes that are acceptable count neither way, but the first one is right or it is not."""
    main, ranked = row["main"], _themes(answer)
    wanted = {main, *row["themes"]} - {None}
    precision, recall = _agreed(wanted, set(ranked) - set(row["acceptable"]))
    counts = {"P": precision, "R": recall}
    if main:
        counts["first"] = (int(ranked[:1] == [main]), 1)
    if row["near"]:
        counts["negatives"] = (int(bool(ranked)), 1)
    there = _agreed(set(row["countries"]), set(_countries(answer)))
    counts["countries P"], counts["countries R"] = there
    counts["organisations"], counts["organisations R"] = _named(
        row["organisations"], answer.get("organisations") or ()
    )
    return counts


def _named(labelled: Sequence[str], tagged: Sequence[Row]) -> tuple[tuple[int, int], ...]:
    """A name that was found is right if its words stand in a label, or a label's in it.

    Recall is for information: many that are labelled are invented, so that no gazetteer has them.
    """
    labels = [f" {fold(label)} " for label in labelled]
    named = [[f" {fold(evidence['term'])} " for evidence in one["evidence"]] for one in tagged]

    def meant(names: Sequence[str], label: str) -> bool:
        return any(name in label or label in name for name in names)

    right = sum(any(meant(names, label) for label in labels) for names in named)
    found = sum(any(meant(names, label) for names in named) for label in labels)
    return (right, len(named)), (found, len(labels))


def labelled_posts(rows: Sequence[Row], answers: Answers) -> Iterator[Text]:
    """Editors' themes; ours that no editor gave anywhere are passed over."""
    known = {theme for row in rows for theme in row["gold"]}
    for row in rows:
        wanted = set(row["gold"])
        ranked = [theme for theme in _themes(answers.get(row["id"], {})) if theme in known]
        precision, recall = _agreed(wanted, set(ranked))
        first = (int(bool(wanted & set(ranked[:1]))), 1)
        three = (len(wanted & set(ranked[:3])), len(wanted))
        yield _text(row, "all", {"P": precision, "R": recall, "first": first, "R@3": three})


def tagged_texts(measure: str) -> Callable[[Sequence[Row], Answers], Iterator[Text]]:
    """How many have a theme, whichever."""

    def judged(rows: Sequence[Row], answers: Answers) -> Iterator[Text]:
        for row in rows:
            tagged = int(bool(_themes(answers.get(row["id"], {}))))
            yield _text(row, row["lang"], {measure: (tagged, 1)})

    return judged


def texts_of_countries(rows: Sequence[Row], answers: Answers) -> Iterator[Text]:
    for row in rows:
        given = set(_countries(answers.get(row["id"], {})))
        precision, recall = _agreed(set(row["gold"]), given)
        yield _text(row, "all", {"P": precision, "R": recall})


def names_of_disasters(rows: Sequence[Row], answers: Answers) -> Iterator[Text]:
    """`right` of those that have a country; the first is what counts."""
    codes = get_global("territory_aliases")
    for row in rows:
        said = _countries(answers.get(row["id"], {}))
        counts = {"resolved": (int(bool(said)), 1)}
        if said:
            counts["right"] = (int(said[0] in codes.get(row["iso3"], ())), 1)
        yield _text(row, "all", counts)


def copies(rows: Sequence[Row], answers: Answers) -> Iterator[Text]:
    """Pairs in one cluster; `found`: copies in the cluster of their original, by kind of copy.

    A pair counts for both its texts, which leaves the shares as they are.
    """
    right = _together({row["id"]: row["cluster"] for row in rows})
    said = _together(
        {row["id"]: answers.get(row["id"], {}).get("cluster") or row["id"] for row in rows}
    )
    original = {row["cluster"]: row["id"] for row in rows if row["kind"] == "original"}
    for row in rows:
        ident = row["id"]
        precision, recall = _agreed(right[ident] - {ident}, said[ident] - {ident})
        counts = {"P": precision, "R": recall}
        if row["kind"] != "original":
            counts["found"] = (int(original[row["cluster"]] in said[ident]), 1)
        yield _text(row, row["kind"], counts)


def _together(cluster_of: Mapping[str, Any]) -> dict[str, set[str]]:
    """By text, those of its cluster."""
    clusters: defaultdict[str, set[str]] = defaultdict(set)
    for ident, cluster in cluster_of.items():
        clusters[str(cluster)].add(ident)
    return {ident: clusters[str(cluster)] for ident, cluster in cluster_of.items()}


# Sets of texts


def sector() -> Texts:
    """The half that judges: nothing was learnt from it."""
    rows = (
        row | {"lang": path.stem}
        for path in sorted(SECTOR.glob("*.jsonl"))
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    )
    kept = tuple(row for row in rows if judges(row["id"]))
    return Texts(name="sector", rows=kept, by=sector_texts)


PUBLIC = {
    "tagging/themes_reliefweb_en": Texts(name="reliefweb themes", rows=(), by=labelled_posts),
    "tagging/topics_masakhanews": Texts(
        name="masakhanews topics", rows=(), by=tagged_texts("off-topic")
    ),
    "tagging/posts_by_language_reliefweb": Texts(
        name="reliefweb posts", rows=(), by=tagged_texts("any theme")
    ),
    "tagging/countries_humset": Texts(
        name="humset countries", rows=(), by=texts_of_countries, themes=False
    ),
    "tagging/disaster_names_glide": Texts(
        name="disaster names", rows=(), by=names_of_disasters, themes=False
    ),
    "duplicates/constructed": Texts(
        name="duplicates", rows=(), by=copies, task="duplicates", themes=False
    ),
}


def public_sets(folder: Path) -> Iterator[Texts]:
    """Those that the folder has."""
    for name, texts in PUBLIC.items():
        path = folder / f"{name}.jsonl.gz"
        if path.exists():
            yield replace(texts, rows=tuple(_rows(path)))


def _rows(path: Path) -> Iterator[Row]:
    """Of news with a topic, only those off the sector; names of disasters are texts in English."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            rows = [json.loads(line) for line in stream if line.strip()]
    except OSError as error:
        raise QualityError(f"{path}: {error}") from error
    for number, row in enumerate(rows, 1):
        if "label" in row and row["label"] not in OFF:
            continue
        if "name" in row:
            yield {"id": str(number), "text": row["name"], "html_language": "en", **row}
        else:
            yield row | {"id": str(row["id"])}


# The program


def measured(sets: Iterable[Texts]) -> quality.Report:
    """Every set asked about and judged."""
    report = quality.Report()
    for one in sets:
        name = f"{one.name}, embedded" if one.embed else one.name
        with Progress(name) as progress:
            progress.expect(name, len(one.rows))
            said = quality.tamis(
                one.lines, task=one.task, environment={SWITCH: "1" if one.embed else "0"}
            )
            answers = {
                str(answer["id"]): answer for answer in quality.counted(said, progress, name)
            }
        for ident, answer in answers.items():
            if "error" in answer:
                raise QualityError(f"{name}, {ident}: {answer['error']}")
        texts = list(one.by(one.rows, answers))
        report.figures[name] = quality.by_group(texts, figures)
        report.pages[name] = [*texts]
    return report


def main(argv: Sequence[str] | None = None, say: Callable[..., None] | None = None) -> int:
    """Exit status 0: every floor holds; 1: one does not, or nothing could be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, metavar="FOLDER", help="a folder of public sets")
    parser.add_argument("--embed", action="store_true", help="and with sentence embeddings")
    parser.add_argument("--raise", action="store_true", dest="up", help="write higher floors")
    arguments = parser.parse_args(argv)
    say = say or Console(width=200 if not sys.stdout.isatty() else None).print
    try:
        public = list(public_sets(arguments.corpora)) if arguments.corpora else []
        sets = [sector(), *public]
        if arguments.embed:
            sets += [replace(one, embed=True) for one in sets if one.themes]
        if arguments.corpora and not public:
            say(f"{arguments.corpora} has none of {', '.join(PUBLIC)}: only tests/sector judges.")
        report = measured(sets)
    except QualityError as error:
        say(f"tagging: {error}")
        return 1
    return quality.told(report, say, up=arguments.up, gated=GATED, parts=PARTS)


if __name__ == "__main__":
    sys.exit(main())
