"""What knowing copies costs: CPU a text, with as many stored as four months of 1,600 a day.

    .venv/bin/python tests/copies.py [--texts 200000] [--new 10000]

Of those stored there are only sketches, as large as those of texts are. The new texts are of
invented words, as frequent as words are. One in ten is an edited copy, one in twenty an issue of
one of five series, one in ten has a paragraph that 100 others have too.
"""

import argparse
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import accumulate
from pathlib import Path

from sqlite_utils import Database

from crawler import clusters, database, sketches
from enrich.text import text_hash

WORDS = 60_000
DAY = "2026-11-20T08:00:00Z"


def texts(rng: random.Random, count: int) -> Iterator[str]:
    words = ["".join(rng.choices("aeioubcdfglmnprstv", k=rng.randint(2, 9))) for _ in range(WORDS)]
    weights = list(accumulate(1 / (rank + 3) for rank in range(WORDS)))

    def draw(n: int) -> list[str]:
        return rng.choices(words, cum_weights=weights, k=n)

    paragraphs = [draw(60) for _ in range(max(1, count // 1000))]
    forms = [draw(300) for _ in range(5)]
    recent: list[list[str]] = []
    for number in range(count):
        if recent and number % 10 == 0:
            text = [
                word if rng.random() > 0.1 else rng.choice(words) for word in rng.choice(recent)
            ]
        elif number % 20 == 1:
            text = [
                word if place % 12 else str(rng.randint(1, 9999))
                for place, word in enumerate(forms[number % 5])
            ]
        else:
            text = draw(rng.randint(150, 750))
            if number % 10 == 2:
                text += rng.choice(paragraphs)
        recent = [*recent[-200:], text]
        yield " ".join(text)


def before(db: Database, rng: random.Random, count: int) -> None:
    """Sketches of texts that nobody has, put in over some days."""
    for part in range(10):
        rows = [
            (rng.getrandbits(29) * 8, number + 10**7)
            for number in range(count * part // 10, count * (part + 1) // 10)
            for _ in range(58)
        ]
        with db.atomic():
            db.conn.executemany("INSERT OR IGNORE INTO sketches VALUES (?, ?)", sorted(rows))


def store(db: Database, first: int, found: Iterator[str]) -> None:
    with db.atomic():
        for number, text in enumerate(found, first):
            url = f"https://quai.example.org/{number}"
            db.conn.execute(
                "INSERT INTO urls (id, key, url, host, source, channel, discovered)"
                " VALUES (?, ?, ?, 'quai.example.org', 'quai', 1, ?)",
                (number, url, url, DAY),
            )
            db.conn.execute(
                "INSERT INTO pages VALUES (?, ?, ?, ?, 200, NULL, '{}', '')",
                (number, number, url, DAY),
            )
            db.conn.execute(
                "INSERT INTO articles (id, url_id, page_id, source, url, title, authors, fetched,"
                " language, language_method, language_votes, attachments, categories, words,"
                " themes, countries, text_hash, content_hash) VALUES (?, ?, ?, 'quai', ?, ?, '[]',"
                " ?, 'fr', 'agreed', '[]', '[]', '[]', ?, '[]', '[]', ?, '')",
                (
                    number, number, number, url, f"Titre {text[:30]}", DAY, text.count(" "),
                    text_hash(text),
                ),
            )  # fmt: skip
            db.conn.execute("INSERT INTO article_texts VALUES (?, ?)", (number, text))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=200_000)
    parser.add_argument("--new", type=int, default=10_000)
    args = parser.parse_args()
    rng = random.Random(5)
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(database.private(Path(folder) / "tamis.db")) as db,
    ):
        db.execute("INSERT INTO sources (id, record) VALUES ('quai', '{\"name\": \"Quai\"}')")
        db.execute("INSERT INTO channels (id, source, kind, url) VALUES (1, 'quai', 'feed', 'x')")
        found = texts(rng, args.new)
        before(db, rng, args.texts)
        store(db, 1, found)
        start = time.process_time()
        sketches.settle(db)
        read = time.process_time() - start
        clusters.settle(db)
        whole = time.process_time() - start
        print(
            f"{args.new:,} texts beside {args.texts:,}: {read / args.new * 1000:.2f} ms of CPU a"
            f" text, and {whole - read:.1f} s for which is the first of which"
        )
        (rows,) = db.execute("SELECT count(*) FROM sketches").fetchone()
        for table in ("pairs", "duplicates"):
            print(f"{table}: {db.table(table).count:,} rows")
        pages = db.execute(
            "SELECT sum(pgsize) FROM dbstat WHERE name IN ('sketches', 'sketched', 'sketched_kept')"
        ).fetchone()
        total = args.texts + args.new
        print(f"{rows / total:.0f} hashes and {pages[0] / total:,.0f} bytes a text")


if __name__ == "__main__":
    main()
