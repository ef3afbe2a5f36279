"""How often key phrases hold the main theme's own words and the names of organisations.

Over the half of tests/sector that does not judge, beside the most frequent words of each text:
`python tests/keyphrases.py`. `--other FILE` adds another program's, as lines with id and keywords;
`--print N` prints those of N texts, evenly drawn, to be read by eye.
"""

import argparse
import json
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from hashlib import sha1
from pathlib import Path
from typing import Any

from enrich.keywords import CONTENT, MOST, _said, keywords
from enrich.text import fold
from enrich.vocabulary import lexicon

GOLD = Path(__file__).parent / "sector"
Row = dict[str, Any]
Ways = dict[str, Callable[[Row], Sequence[str]]]


def rows() -> list[Row]:
    read = [
        {**json.loads(line), "language": path.stem}
        for path in sorted(GOLD.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
    return [row for row in read if not judges(row["id"])]


def judges(ident: str) -> bool:
    """As tests/learn.py says it, which needs packages that this does not."""
    return int(sha1(ident.encode(), usedforsecurity=False).hexdigest()[:8], 16) % 2 == 1


def ours(row: Row) -> Sequence[str]:
    return keywords(row["title"], row["text"], row["language"])


def frequent(row: Row) -> Sequence[str]:
    """As many of the most frequent words that are no stop words, the first of equals."""
    said = _said(row["title"], row["text"], row["language"])
    counts = Counter(word.key for word in said.words if word.kind == CONTENT)
    forms = dict(zip((word.key for word in said.words[::-1]), said.tokens[::-1], strict=True))
    return [forms[key] for key, _ in counts.most_common(max(len(ours(row)), 1))]


@cache
def terms(theme: str, language: str) -> re.Pattern[str]:
    written = [term.lstrip("+") for term in lexicon()[theme].terms[language] if term[0] != "-"]
    ways = [re.escape(fold(term.replace("*", "zzz"))).replace("zzz", r"\w*") for term in written]
    return re.compile(rf"\b(?:{'|'.join(ways)})\b")


def measure(read: Sequence[Row], way: Callable[[Row], Sequence[str]]) -> tuple[float, float, float]:
    """Shares: texts whose phrases hold a term of the main theme (of those that hold one), names of
    organisations that a phrase holds or is part of, and phrases that are neither."""
    themed = hit = named = found = neither = phrases = 0
    for row in read:
        given = [fold(phrase) for phrase in way(row)]
        bodies = [fold(name) for name in row["organisations"]]
        of_theme: set[str] = set()
        if row["main"]:
            own = terms(row["main"], row["language"])
            if own.search(fold(f"{row['title']} {row['text']}")):
                themed += 1
                of_theme = {phrase for phrase in given if own.search(phrase)}
                hit += bool(of_theme)
        named += len(bodies)
        found += sum(any(_same(phrase, name) for phrase in given) for name in bodies)
        if row["main"]:
            phrases += len(given)
            neither += sum(
                phrase not in of_theme and not any(_same(phrase, name) for name in bodies)
                for phrase in given
            )
    return hit / max(themed, 1), found / max(named, 1), neither / max(phrases, 1)


def cost(read: Sequence[Row], size: int = 3000) -> float:
    """Milliseconds an article of `size` characters, made of several texts."""
    texts = "\n".join(row["text"] for row in read if row["language"] == "fr")
    articles = [texts[start : start + size] for start in range(0, len(texts) - size, size)]
    started = time.process_time()
    for text in articles * 5:
        keywords(text[:70], text, "fr")
    return (time.process_time() - started) / len(articles) / 5 * 1000


def _same(phrase: str, name: str) -> bool:
    """Whether one is a part of the other, by more than a short word."""
    inside = f" {phrase} " in f" {name} " or f" {name} " in f" {phrase} "
    return inside and max(map(len, phrase.split())) > 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--other", type=Path, help="JSON lines of another program")
    parser.add_argument("--print", type=int, default=0, help="so many texts, to be read")
    asked = parser.parse_args()
    read = rows()
    ways: Ways = {"most frequent words": frequent, "keywords": ours}
    if asked.other:
        lines = asked.other.read_text(encoding="utf-8").splitlines()
        told = {row["id"]: row["keywords"] for row in map(json.loads, lines)}
        ways[asked.other.stem] = lambda row: told[row["id"]][:MOST]
    languages = sorted({row["language"] for row in read})
    print("way                  language  texts  theme  organisations  neither")
    for name, way in ways.items():
        for language in (*languages, "all"):
            some = [row for row in read if language in (row["language"], "all")]
            theme, bodies, neither = measure(some, way)
            print(
                f"{name:20} {language:8} {len(some):6} {theme:6.2f} {bodies:14.2f} {neither:8.2f}"
            )
    print(f"{cost(read):.2f} ms of user time an article of 3,000 characters")
    for row in read[:: max(1, len(read) // asked.print)] if asked.print else []:
        print(f"\n{row['id']} {row['title']}\n    {' · '.join(ours(row))}")


if __name__ == "__main__":
    main()
