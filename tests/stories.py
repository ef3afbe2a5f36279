"""The set of stories in several languages, and how well their reports are linked.

    python tests/stories.py [--held-out] [--show] [--embed FILE]
"""

import argparse
import itertools
import json
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


@dataclass(frozen=True, slots=True)
class Report:
    number: int
    group: str
    story: str
    language: str
    near: str | None
    title: str
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


def is_development(group: str) -> bool:
    return int(sha1(group.encode(), usedforsecurity=False).hexdigest(), 16) % 2 == 0


@cache
def reports(*, development: bool) -> list[Report]:
    found = []
    for number, line in enumerate(SET.read_text(encoding="utf-8").splitlines()):
        row = json.loads(line)
        if is_development(row["group"]) != development:
            continue
        text = (row["title"], row["text"], row["language"])
        countries = [(each.country, each.score) for each in countries_of(*text)]
        named = organisations_of(*text, [code for code, _ in countries])
        found.append(
            Report(
                number,
                row["group"],
                row["story"],
                row["language"],
                row.get("near"),
                row["title"],
                signature(
                    *text,
                    row["published"],
                    countries=countries,
                    organisations={
                        each.organisation: [one.term for one in each.evidence] for each in named
                    },
                    themes=[each.theme for each in themes_of(*text).themes],
                ),
            )
        )
    return found


Close = Mapping[tuple[int, int], float]


def judged(
    of: list[Report], close: Close | None = None
) -> Iterator[tuple[Report, Report, Match | None]]:
    """Every pair, of which any may be linked."""
    window = [*reports(development=True), *reports(development=False)]
    counts = Counter(key for report in window for key in report.signature.keys)
    rare = rarity(lambda key: counts[key], len(window))
    for one, other in itertools.combinations(of, 2):
        closeness = close[one.number, other.number] if close else None
        yield one, other, same_story(
            one.signature, other.signature, rare=rare, closeness=closeness
        )


def measure(of: list[Report], close: Close | None = None) -> Measure:
    right = wrong = missed = 0
    for one, other, match in judged(of, close):
        same = one.story == other.story
        right += same and match is not None
        missed += same and match is None
        wrong += not same and match is not None
    return Measure(right, wrong, missed)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--close", type=Path)
    options = parser.parse_args()
    close = None
    if options.close:
        close = {(a, b): c for a, b, c in json.loads(options.close.read_text())}
    of = reports(development=not options.held_out)
    if options.show:
        for one, other, match in judged(of, close):
            if (one.story == other.story) != (match is not None):
                what = "MISSED" if match is None else "WRONG"
                c = close[one.number, other.number] if close else 0
                print(f"{what} {one.story} {one.language} | {other.story} {other.language} | c={c:.2f}")
                print("   ", one.title, "|", other.title)
                if match:
                    print("   ", match.score, [(r.kind, r.value, r.weight) for r in match.reasons])
                else:
                    print("   ", [n.written for n in one.signature.names], [n.written for n in other.signature.names])
                    print("   ", sorted(map(str, one.signature.numbers)), sorted(map(str, other.signature.numbers)), dict(one.signature.countries), dict(other.signature.countries))
    found = measure(of, close)
    print(f"precision {found.precision:.3f} recall {found.recall:.3f} {found}")


if __name__ == "__main__":
    main()
