"""A private database of a million invented articles, to measure what publishing and reading cost.

    .venv/bin/python tests/million.py OUT.db [--articles 1000000] [--words FOLDER]

Words of 13 languages stand as often as they really do (package `wordfreq`, for this alone: install
it in a folder with `pip install --target FOLDER wordfreq`, and name that with --words). Everything
else is drawn: 300 sources, a thousand articles a day, 15 % reprints (a third of them edited), some
with versions, a ledger a quarter longer, a line that every article of a source ends with before the
memory of its site. Nothing is settled yet. The same numbers give the same database. Pages have no
body.
"""

import argparse
import importlib
import json
import multiprocessing
import random
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from sqlite_utils import Database

from crawler import archive, database, registry
from crawler.items import Address, Licence, Source
from crawler.writes import transaction
from enrich import annotate, memory
from enrich.blocks import Layout
from enrich.organisations import gazetteer
from enrich.text import text_hash
from enrich.vocabulary import lexicon

# Shares as of a project that is mostly about Belgium.
SPOKEN = {
    "fr": 30, "nl": 22, "en": 20, "ar": 6, "de": 5, "es": 5, "pt": 3, "it": 2, "uk": 2, "ru": 2,
    "tr": 1, "fa": 1, "zh": 1,
}  # fmt: skip
COUNTRIES = [
    "BE", "FR", "NL", "GB", "DE", "SY", "UA", "CD", "SD", "ES",
    "PT", "IT", "TR", "AF", "HT", "LB", "JO", "MA", "RW", "BI",
]  # fmt: skip
OPEN = ("CC-BY", None, None, None, None, None)  # one source in six lets its texts be shown
SOURCES = 300
A_DAY = 1000
VOCABULARY = 50_000
WORDS = 380  # of a text, in the mean: 2.4 kB, as those of real articles
BATCH = 1000
END = datetime(2026, 11, 21, 6, tzinfo=UTC)
REPRINTS, TOLD, LOST = 0.15, 0.04, 0.25
EDITED, OTHER_WORDS = 0.3, 0.1  # of reprints, and of their words
SHOWN = 60  # lines of menus and the like around each article, the same for all of a source
BARE = Layout(blocks=(), boxes=())

NAMES = [
    "".join(random.Random(n).choices("aeioubdklmnrstv", k=7)).capitalize() for n in range(20_000)
]


class Tongue:
    """Draws words of a language as often as it uses them; one in fifty is a name or a number."""

    def __init__(self, code: str) -> None:
        known = importlib.import_module("wordfreq").get_frequency_dict(code)
        common = sorted(known, key=lambda word: -known[word])[:VOCABULARY]
        weights = np.array([known[word] for word in common])
        self.join = "" if code == "zh" else " "
        marks = ("，", "。", "\n") if code == "zh" else (",", ".", "\n")
        self.words = np.array([*common, *NAMES, *map(str, range(2000)), *marks], object)
        rare = len(self.words) - len(common) - len(marks)
        shares = [0.9 * weights / weights.sum(), np.full(rare, 0.02 / rare), [0.04, 0.035, 0.005]]
        self.bounds = np.cumsum(np.concatenate(shares))
        self.bounds /= self.bounds[-1]

    def draw(self, rng: np.random.Generator, count: int) -> str:
        found = self.words[np.searchsorted(self.bounds, rng.random(count))]
        return self.join.join(found).replace(" ,", ",").replace(" .", ".").strip() or "x"


TONGUES: dict[str, Tongue] = {}


def sources() -> list[Source]:
    rng = np.random.default_rng(1)
    shares = np.array(list(SPOKEN.values())) / sum(SPOKEN.values())
    languages = rng.choice(list(SPOKEN), SOURCES, p=shares)
    return [
        Source(
            id=f"source-{n:03}", name=f"Source {n:03}", homepage=f"https://s{n:03}.example.org/",
            country=COUNTRIES[n % 5], organisation="ngo", languages=(str(languages[n]),),
            category="social",
            feeds=(Address(url=f"https://s{n:03}.example.org/feed", grade="probed"),),
            licence=Licence(id=licence) if (licence := OPEN[n % len(OPEN)]) else None,
        )
        for n in range(SOURCES)
    ]  # fmt: skip


def batches(total: int, words: Path | None) -> Iterator[dict[str, list[tuple[Any, ...]]]]:
    starts = ((start, min(total, start + BATCH), total) for start in range(1, total + 1, BATCH))
    processes = multiprocessing.get_context("spawn")
    with processes.Pool(2, ready, [words and str(words)]) as pool:
        yield from pool.imap(_batch, starts)


def ready(words: str | None) -> None:
    if words:
        sys.path.append(words)
    TONGUES.update({code: Tongue(code) for code in SPOKEN})


def _batch(span: tuple[int, int, int]) -> dict[str, list[tuple[Any, ...]]]:
    first, end, total = span
    rng = np.random.default_rng(first)
    made: dict[str, list[tuple[Any, ...]]] = {name: [] for name in INSERT}
    text, language, original = "", "fr", first
    weights = 1 / (np.arange(SOURCES) + 5.0)
    chosen = rng.choice(SOURCES, end - first, p=weights / weights.sum())
    known = sources()
    for number, of in zip(range(first, end + (end == total)), [*chosen, 0], strict=False):
        source = known[of]
        copy = number > first and rng.random() < REPRINTS
        if not copy:
            language, original = source.languages[0], number
            words = max(20, int(rng.lognormal(np.log(WORDS) - 0.18, 0.6)))
            text = TONGUES[language].draw(rng, words)
        elif rng.random() < EDITED:
            text = edited(text, language, rng)
        _article(
            made, rng, number, total,
            source=source, language=language, text=text, original=original,
        )  # fmt: skip
        for lost in range(int(rng.random() < LOST)):
            _ledger(made, total + 4 * number + lost, source, "not_an_article", _day(number, total))
    return made


def edited(text: str, language: str, rng: np.random.Generator) -> str:
    """The text with other words here and there; the lines stay."""
    return "\n".join(
        " ".join(
            TONGUES[language].draw(rng, 1) if rng.random() < OTHER_WORDS else word
            for word in line.split(" ")
        )
        for line in text.split("\n")
    )


def _day(number: int, total: int) -> datetime:
    return END - timedelta(days=(total - number) / A_DAY)


def _told(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _ledger(
    made: dict[str, list[tuple[Any, ...]]], ident: int, source: Source, outcome: str, at: datetime
) -> None:
    when = _told(at)
    key = f"s{source.id[-3:]}.example.org/{ident}"
    made["urls"].append(
        (ident, key, f"https://{key}", key.partition("/")[0], source.id, int(source.id[-3:]) + 1,
         when, outcome, when, VERSION, when)
    )  # fmt: skip


VERSION = annotate.version()
THEMES = sorted(lexicon())
BODIES = sorted(gazetteer())


def _article(
    made: dict[str, list[tuple[Any, ...]]],
    rng: np.random.Generator,
    number: int,
    total: int,
    *,
    source: Source,
    language: str,
    text: str,
    original: int,
) -> None:
    at = _day(number, total)
    url = f"https://s{source.id[-3:]}.example.org/{number}"
    _ledger(made, number, source, "stored", at)
    made["pages"].append((number, number, url, _told(at)))
    published = (
        _told(at - timedelta(hours=float(rng.exponential(9)))) if rng.random() > 0.03 else None
    )
    votes = [
        {"detector": name, "language": language, "probability": 0.99}
        for name in ("langdetect", "pycld2")
    ]
    title = TONGUES[language].draw(rng, 10).replace("\n", " ").capitalize()[:120]
    organisations = [
        {**each, "name": each["organisation"]} for each in _tags(rng, "organisation", BODIES, 0.8)
    ]
    made["articles"].append((
        number, number, number, source.id, url, title, _json(["La rédaction"]), published,
        "feed" if published else None, _told(at), language, 0.99, "agreed", _json(votes),
        language, language, _json({"page": language}), "[]", "[]", "[]", len(text.split()),
        _json(_tags(rng, "theme", THEMES, 2.2)), _json(_tags(rng, "country", COUNTRIES, 1.2)),
        _json(organisations), _json(list(dict.fromkeys(text.split()))[:24]),
        text_hash(text), f"{rng.integers(2**63):032x}",
        None if original == number else original, f"https://s{source.id[-3:]}.example.org/image/{number}.jpg",
    ))  # fmt: skip
    made["article_texts"].append((number, text))
    if original != number:
        made["duplicates"] += [
            (number, original, "reprint", 0.97, "date"),
            (original, original, "original", None, "date"),
        ]
    elif rng.random() < TOLD and number > BATCH:
        shared = [{"kind": "country", "value": "BE", "weight": 0.5}]
        made["stories"].append((number - 40, number, published or "2026", 0.8, _json(shared)))
    footer = f"{source.name} vous remercie de votre fidélité"
    last = text.count("\n") + 1
    made["removed_lines"].append((number, last, footer, "memory", 40))
    whole = f"{text}\n{footer}"
    made["sieved"].append((
        number, archive.pack(whole.encode()),
        memory.pack(_seen(url, title, whole.split("\n"), published, source)),
    ))  # fmt: skip
    if rng.random() < 0.05:
        old = archive.pack(text.encode())
        made["versions"].append((number, 1, number, title, old, _told(at), 9, 4, "- un\n+ deux"))


def _seen(
    url: str, title: str, lines: list[str], published: str | None, source: Source
) -> memory.Seen:
    seen = memory.seen(url, lines, BARE, title=title, canonical=url, published=published)
    shown = (memory.mark(f"{source.id} {line}") for line in range(SHOWN))
    return replace(seen, shown=tuple(shown))


def _tags(
    rng: np.random.Generator, kind: str, codes: list[str], mean: float
) -> list[dict[str, Any]]:
    """A few tags with their evidence; the first codes are the commonest."""
    ranks = np.minimum(rng.zipf(1.35, rng.poisson(mean)) - 1, len(codes) - 1)
    evidence = [{"term": "hébergement d'urgence", "count": 2, "where": "text"},
                {"term": "sans-abri", "count": 1, "where": "title"}]  # fmt: skip
    return [
        {kind: codes[rank], "score": round(float(rng.random()), 3), "evidence": evidence}
        for rank in sorted(set(ranks.tolist()))
    ]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


INSERT = {
    "urls": "urls (id, key, url, host, source, channel, discovered, outcome, decided, enricher,"
    " first_fetched)",
    "pages": "pages (id, url_id, url, fetched, status, headers, body)",
    "articles": "articles (id, url_id, page_id, source, url, title, authors, published,"
    " published_source, fetched, language, language_confidence, language_method, language_votes,"
    " language_declared, language_tag, language_claims, language_shares, attachments, categories,"
    " words, themes, countries, organisations, keywords, text_hash, content_hash, duplicate_of,"
    " image)",
    "article_texts": "article_texts",
    "duplicates": "duplicates",
    "stories": "stories",
    "sieved": "sieved (article_id, text, seen)",
    "removed_lines": "removed_lines (article_id, line, text, rule, articles)",
    "versions": "versions",
}


def fill(db: Database, total: int, words: Path | None) -> None:
    records = sources()
    with transaction(db):
        for n, record in enumerate(records, 1):
            told = _json(registry.as_json(record))
            db.execute("INSERT INTO sources (id, record) VALUES (?, ?)", [record.id, told])
            db.execute(
                "INSERT INTO channels (id, source, kind, url, checked, succeeded, found, outcome)"
                " VALUES (?, ?, 'feed', ?, ?, ?, ?, 'ok')",
                [n, record.id, record.feeds[0].url, *[_told(END)] * 3],
            )
    began = time.monotonic()
    for number, made in enumerate(batches(total, words)):
        made["pages"] = [(*row, 200, "{}", b"") for row in made["pages"]]
        with transaction(db):
            for table, rows in made.items():
                marks = ", ".join("?" * len(rows[0])) if rows else ""
                if rows:
                    db.conn.executemany(
                        f"INSERT OR IGNORE INTO {INSERT[table]} VALUES ({marks})", rows
                    )
        if number % 50 == 0:
            print(f"{number * BATCH:,} articles, {time.monotonic() - began:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--articles", type=int, default=1_000_000)
    parser.add_argument("--words", type=Path, help="folder with the package wordfreq")
    asked = parser.parse_args()
    with closing(database.private(asked.out)) as db:
        db.execute("PRAGMA synchronous = OFF")
        fill(db, asked.articles, asked.words)
    print(f"{asked.out}: {asked.out.stat().st_size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
