"""How much CPU a page of the site takes, by kind of page: `make pages NEWS=news.db`.

Asks the real site in this process, without a network between. What it asks for (a rare word, the
commonest word, a theme, ...) is taken from the database itself. `tests/million.py` makes one of a
million articles to publish.
"""

import argparse
import asyncio
import random
import sqlite3
import statistics
import sys
import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from crawler.published import connect, rows
from crawler.query import Query
from crawler.search import count, stored_counts
from crawler.serving import site
from crawler.words import folded

MEDIAN, WORST, TABLE = 50, 150, 300  # ms CPU: page, page, 10,000 rows
READERS = 20


@dataclass(frozen=True)
class Kind:
    """A kind of page, the addresses that are asked, and how long one may take at worst."""

    name: str
    paths: tuple[str, ...]
    median: float = MEDIAN
    worst: float = WORST
    times: list[float] = field(default_factory=list)


def words(conn: sqlite3.Connection) -> dict[str, list[str]]:
    """Words of some articles by how many have them: rare, common, and the five commonest."""
    texts = rows(
        conn,
        "SELECT title || ' ' || summary FROM articles WHERE id IN"
        " (SELECT article_id FROM listed ORDER BY doc DESC LIMIT 400)",
    )
    found = sorted({word for (text,) in texts for word in folded(text).split() if len(word) > 1})
    sample = random.Random(1).sample(found, min(400, len(found)))
    counted = sorted((count(conn, Query(words=word)), word) for word in sample)
    articles = count(conn, Query())
    return {
        "rare": [word for n, word in counted if 0 < n < articles / 1_000][:10],
        "common": [word for n, word in counted if articles / 50 < n < articles / 5][:10],
        "commonest": [word for n, word in counted[-5:]],
    }


def kinds(conn: sqlite3.Connection) -> Iterable[Kind]:
    known = words(conn)
    counts = {facet: [code for code, _ in tally.most_common(12)]
              for facet, tally in stored_counts(conn).items()}  # fmt: skip
    ids = [id_ for (id_,) in rows(conn, "SELECT article_id FROM listed ORDER BY doc DESC LIMIT 12")]
    first, other = counts["theme"][:2]
    yield Kind("home", ("/", "/fr/", "/nl/"))
    for name, some in known.items():
        yield Kind(f"search, {name} word", tuple(f"/?q={word}" for word in some))
    yield Kind("best match", tuple(f"/?order=best&q={word}" for word in known["common"]))
    yield Kind("best match, commonest", tuple(f"/?order=best&q={w}" for w in known["commonest"]))
    for facet, codes in counts.items():
        yield Kind(f"list of a {facet}", tuple(f"/?{facet}={code}" for code in codes))
    narrow = (f"/?theme={first}&language={code}&country=BE" for code in counts["language"])
    yield Kind("theme, language, country", tuple(narrow))
    yield Kind("all values of a facet", tuple(f"/facet/{name}" for name in counts))
    commonest = known["commonest"][-1]
    yield Kind("facet of a search", tuple(f"/facet/{name}?q={commonest}" for name in counts))
    yield Kind("article", tuple(f"/article/{id_}" for id_ in ids))
    yield Kind("trends", tuple(f"/trends?q={word}" for word in known["common"]))
    yield Kind("trends, commonest word", tuple(f"/trends?q={word}" for word in known["commonest"]))
    yield Kind("trends of all", ("/trends", "/trends?by=week", "/trends?split=theme"))
    yield Kind(
        "trends of a theme", (f"/trends?theme={first}&split=theme", f"/trends?theme={other}")
    )
    yield Kind("feed", tuple(f"/feeds/{code}.atom" for code in counts["language"]))
    yield Kind("feed of a theme", tuple(f"/feeds/fr/{code}.rss" for code in counts["theme"]))
    yield Kind("feed of a search", tuple(f"/feeds/search.json?q={w}" for w in known["common"]))
    yield Kind("coverage", ("/coverage", "/sources", "/method"))
    yield Kind("a year of coverage", ("/coverage?year=2025",))
    yield Kind("source", tuple(f"/source/{code}" for code in counts["source"]))
    yield Kind("CSV, 10,000 rows", tuple(tables(conn, counts)), TABLE, TABLE)


def tables(conn: sqlite3.Connection, counts: dict[str, list[str]]) -> Iterable[str]:
    """Exports of about ten thousand rows: of the themes, the one that comes nearest."""
    found = [
        (abs(count(conn, Query(theme=theme, language=language)) - 10_000), theme, language)
        for theme in counts["theme"] for language in counts["language"][:4]
    ]  # fmt: skip
    for _, theme, language in sorted(found)[:3]:
        yield f"/export.csv?theme={theme}&language={language}"


async def ask(client: httpx.AsyncClient, path: str) -> float:
    began = time.process_time()
    answer = await client.get(path)
    spent = (time.process_time() - began) * 1000
    if answer.status_code != httpx.codes.OK:
        sys.exit(f"{path} answered {answer.status_code}: {answer.text[:200]}")
    return spent


async def measure(db: Path, asked: list[Kind], rounds: int) -> float:
    """Fill in the times of each kind; returns the 95th percentile of READERS at once, in seconds.

    A page is asked once beforehand: the first one loads what all need.
    """
    transport = httpx.ASGITransport(app=site(db).app())
    async with httpx.AsyncClient(transport=transport, base_url="http://news.test") as client:
        for kind in asked:
            await ask(client, kind.paths[0])
            for path in kind.paths * rounds:
                kind.times.append(await ask(client, path))
        waits: list[float] = []

        async def reader(number: int) -> None:
            paths = [path for kind in asked for path in kind.paths if kind.worst == WORST]
            for path in random.Random(number).sample(paths, 10):
                began = time.perf_counter()
                await ask(client, path)
                waits.append(time.perf_counter() - began)

        await asyncio.gather(*map(reader, range(READERS)))
    return statistics.quantiles(waits, n=20)[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("news", type=Path, help="a published database")
    parser.add_argument("--rounds", type=int, default=3, help="how often each page is asked")
    options = parser.parse_args()
    with closing(connect(options.news)) as conn:
        asked = [kind for kind in kinds(conn) if kind.paths]
        print(f"{options.news}: {count(conn, Query(reprints=True)):,} articles")
    waited = asyncio.run(measure(options.news, asked, options.rounds))
    print(f"{'ms CPU':28} {'median':>7} {'worst':>7}")
    missed = 0
    for kind in asked:
        median, worst = statistics.median(kind.times), max(kind.times)
        over = median > kind.median or worst > kind.worst
        missed += over
        print(f"{kind.name:28} {median:7.1f} {worst:7.1f}{'  over' if over else ''}")
    print(f"{READERS} readers at once: 95 of 100 pages within {waited:.2f} s")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
