"""What work costs with 1,000, 10,000 and 100,000 articles, and so with a million: `make growth`.

    .venv/bin/python tests/growth.py --words FOLDER [--sizes 1000 10000] [--folder DIR]

A database of tests/million.py is settled and published for real; then three days bring it 0, 500
and 5,000 articles, which are crawled on loopback, read, stored, settled and published by the
commands. Adds the CPU seconds to tests/growth.json, from which `make readme` makes a table; exit
status 1 if a cost grows faster than n log n. Takes twenty minutes on two cores, and 3 GB of DIR.
"""

import argparse
import random
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import costs
import million
import numpy as np
from bench_ladder import crawl
from bench_run import machine, timed
from bench_web import SITES, Served, served
from readme import table
from sqlite_utils import Database

from crawler import clusters, database, sifting, sketches, stories

NEW = (0, 500, 5_000)  # from SITES of the 300 sources
STORED = 0.95  # of the new pages, at least: or they are no articles, and nothing is measured
# Says how many CPU seconds the settling took, and has the clock that the invented articles have.
TAMIS = """
import time
from datetime import timedelta
from pathlib import Path
from crawler import clock, store
clock.moment = lambda real=clock.moment, ahead=timedelta(seconds={ahead}): real() + ahead
def settle(db, settle=store.settle):
    began = time.process_time()
    try:
        return settle(db)
    finally:
        Path({settled!r}).write_text(str(time.process_time() - began))
store.settle = settle
from crawler.cli import main
main(prog_name="tamis")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the files of one size are."""

    folder: Path

    @property
    def db(self) -> Path:
        return self.folder / "tamis.db"

    @property
    def news(self) -> Path:
        return self.folder / "news.db"

    @property
    def settled(self) -> Path:
        return self.folder / "settled.txt"

    def cpu(self, name: str, day: int, *arguments: str) -> float:
        """CPU seconds of `tamis`, run so many days after the last invented article."""
        ahead = (million.END + timedelta(days=day) - datetime.now(UTC)).total_seconds()
        program = TAMIS.format(ahead=ahead, settled=str(self.settled))
        return timed(name, 1, [sys.executable, "-c", program, *arguments]).cpu

    def publish(self, day: int) -> float:
        files = ["--db", str(self.db), "--news", str(self.news)]
        return self.cpu("tamis publish", day, "publish", *files)


def measure(size: int, folder: Path, words: Path | None) -> dict[str, float]:
    """Every cost (costs.COSTS) with so many articles."""
    place = Place(folder=folder)
    found = {"crawl_memory": _crawl_memory(size, folder / "crawl")}
    with closing(database.private(place.db)) as db:
        db.execute("PRAGMA synchronous = OFF")
        million.fill(db, size, words)
        found |= _settled(db)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    found["private_bytes"] = place.db.stat().st_size / size / 1000
    port, first = 0, 0
    # The day before makes the sources those of the records, and is published from nothing.
    for day, new in enumerate((0, *NEW), 1):
        with served(pages(new, day), new, first=first, port=port) as web:
            port = web.port
            crawled = _visit(place, web, day=day)
        published = place.publish(day)
        print(f"{size:,}: {new:,} new: {crawled:.1f} s and {published:.1f} s", flush=True)
        if day == 1:
            found["publish"] = published
            found["public_bytes"] = place.news.stat().st_size / size / 1000
        else:
            found[f"day_{new}"] = crawled + published
            found[f"publish_{new}"] = published
        first += web.per_site
    _check(place, sum(NEW))
    settled = float(place.settled.read_text(encoding="utf-8"))
    found["settle_5000"] = settled
    found["read_5000"] = crawled - settled
    found["publish_5000"] -= found["publish_0"]
    return {name: found[name] for name in costs.COSTS}


def _crawl_memory(size: int, folder: Path) -> float:
    """MB of a crawl that fetches so many pages and reads none."""
    folder.mkdir()
    with served(pages(400, 1), size) as web:
        command = crawl(web.write_records(folder / "sources"), folder / "tamis.db")
        run = timed("tamis crawl", web.count, [*command, "--no-enrich"], watch=True)
    for path in folder.glob("tamis.db*"):
        path.unlink()
    print(f"{run.line()}", flush=True)
    return max(run.memory)


def _settled(db: Database) -> dict[str, float]:
    """CPU seconds of each part of crawler.store.settle.

    The lines that sites repeat are looked for twice: the first time, texts of sites that have only
    one are read again, which is none of it.
    """
    sifting.sift(db)
    db.execute("UPDATE sieved SET settled = NULL")
    db.conn.commit()
    parts = {
        "sites": (sifting.sift,),
        "duplicates": (sketches.settle, clusters.settle),
        "stories": (stories.settle,),
    }
    found = {}
    for name, steps in parts.items():
        began = time.process_time()
        for step in steps:
            step(db)
        found[name] = time.process_time() - began
        print(f"{name}: {found[name]:.1f} s", flush=True)
    return found


def _visit(place: Place, web: Served, *, day: int) -> float:
    sources = place.folder / "sources"
    _write_records(sources, web)
    return place.cpu("tamis crawl", day, *crawl(sources, place.db)[3:])


def _check(place: Place, new: int) -> None:
    with closing(database.private(place.db, create=False)) as db:
        (count,) = db.execute(
            "SELECT count(*) FROM articles WHERE url LIKE 'http://127.%'"
        ).fetchone()
    if count < STORED * new:
        raise SystemExit(f"{place.db}: only {count:,} of {new:,} new pages were stored")


# --- New articles ---------------------------------------------------------------------------------


def pages(count: int, day: int) -> list[bytes]:
    """Pages with texts as those of tests/million.py, published on that day."""
    rng, drawn = np.random.default_rng(day), random.Random(day)
    published = f"{million.END + timedelta(days=day, hours=-4):%Y-%m-%dT%H:%M:%SZ}"
    found, text, language = [], "", "fr"
    for _ in range(count):
        if not text or rng.random() > million.REPRINTS:
            language = drawn.choices([*million.SPOKEN], [*million.SPOKEN.values()])[0]
            words = max(60, int(rng.lognormal(np.log(million.WORDS) - 0.18, 0.6)))
            text = million.TONGUES[language].draw(rng, words)
        elif rng.random() < million.EDITED:
            text = million.edited(text, language, rng)
        title = million.TONGUES[language].draw(rng, 10).replace("\n", " ")[:120]
        found.append(_page(title, text, language, published))
    return found


def _page(title: str, text: str, language: str, published: str) -> bytes:
    menu = "".join(f'<li><a href="/s/{n}">Rubrique {n}</a></li>' for n in range(40))
    body = "".join(f"<p>{line}</p>" for line in text.split("\n"))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta property="og:type" content="article">'
        f'<meta property="article:published_time" content="{published}"></head>'
        f"<body><nav><ul>{menu}</ul></nav><main><article><h1>{title}</h1>{body}</article></main>"
        "<footer><p>Une maison de quartier, pour tous et avec tous.</p></footer></body></html>"
    ).encode()


def _write_records(folder: Path, web: Served) -> None:
    """The 300 sources as they are stored, of which SITES have a feed on loopback."""
    folder.mkdir(exist_ok=True)
    text = ""
    for number, source in enumerate(million.sources()):
        here = number < SITES
        feed = web.feed(number) if here else source.feeds[0].url
        licence = f'licence = {{ id = "{source.licence.id}" }}\n' if source.licence else ""
        text += (
            f'[{source.id}]\nname = "{source.name}"\nhomepage = "{source.homepage}"\n'
            f'country = "{source.country}"\norganisation = "{source.organisation}"\n'
            f'languages = ["{source.languages[0]}"]\ncategory = "{source.category}"\n{licence}'
            f'feeds = [{{ url = "{feed}", grade = "probed" }}]\n'
            + ("" if here else 'enabled = false\nreason = "nothing new"\n')
        )
    (folder / "growth.toml").write_text(text, encoding="utf-8")


# --- The command ----------------------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--words", type=Path, help="folder with the package wordfreq")
    parser.add_argument("--sizes", type=int, nargs="+", choices=costs.SIZES, default=costs.SIZES)
    parser.add_argument("--folder", type=Path, help="where the databases are made, for a while")
    asked = parser.parse_args()
    million.ready(asked.words and str(asked.words))
    measured = costs.read()
    about = {"day": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine()}
    for size in asked.sizes:
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            found = measure(size, Path(folder), asked.words)
        rounded = {name: round(value, 3) for name, value in found.items()}
        measured = {**costs.read(), str(size): {**about, **rounded}}
        costs.write(measured)
    if any(str(size) not in measured for size in costs.SIZES):
        return
    print(table(costs.headings(), costs.rows(measured)))
    if fast := [each.cost.what for each in costs.growths(measured) if each.too_fast]:
        raise SystemExit(f"faster than n log n: {'; '.join(fast)}")


if __name__ == "__main__":
    main()
