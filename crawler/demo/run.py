"""The demo: the whole job on the bundled sites, with the code that crawls the real web.

Only two settings differ from those of a real crawl, both said here: loopback is allowed, and
nothing has to wait. It belongs to the command line, so it may import the spiders.
"""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlite_utils import Database

from crawler.demo import web
from crawler.errors import ConfigError, TamisError
from crawler.progress import Progress
from crawler.publish import PHASES, publish
from crawler.serving import serve
from spiders.run import crawl

SETTINGS = {
    "TAMIS_LOOPBACK": True,
    "DOWNLOAD_DELAY": 0,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
}


def demo(
    out: Path,
    *,
    say: Callable[[str], None],
    serve_it: bool,
    host: str,
    port: int | None,
    workers: int | None,
) -> None:
    """Crawl the bundled sites into `out`, publish, say what came of it, and serve it if asked."""
    began = time.monotonic()
    private, news = out / "tamis.db", out / "news.db"
    out.mkdir(parents=True, exist_ok=True)
    with web.DemoWeb() as sites:
        records = web.sources(sites.port)
        _make_way(private, news, {record.id for record in records})
        say(f"Crawling {len(records)} bundled sites on this machine ...")
        ledger = crawl(records, private, settings=SETTINGS, workers=workers)
        if ledger.stopped:
            raise TamisError("stopped before anything was published")
        with Progress(*PHASES) as progress:
            publish(private, news, progress=progress)
        say(summary(news, seconds=time.monotonic() - began))
        say(f"{ledger}\n")
        if serve_it:
            # The sites stay up, so that the link to an original leads somewhere.
            serve(news, host, port)


def _make_way(private: Path, news: Path, demo: set[str]) -> None:
    """Remove the databases of an earlier demo, and nobody else's."""
    if private.exists():
        with closing(Database(private)) as db:
            others = {row["id"] for row in db.table("sources").rows} - demo
        if others:
            raise ConfigError(
                f"{private} is no demo's ({min(others)} is in it): choose another folder with --out"
            )
    for path in (private, news):
        for suffix in ("", "-wal", "-shm", "-journal", ".lock", ".new"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def summary(news: Path, *, seconds: float) -> str:
    """A few lines on what was published."""
    with closing(Database(news)) as db:
        counts = {
            facet: db.execute(
                "SELECT value, n FROM facet_counts WHERE facet = ? ORDER BY n DESC, value", (facet,)
            ).fetchall()
            for facet in ("language", "theme", "country", "source")
        }
        (articles,) = db.execute("SELECT count(*) FROM articles").fetchone()
        (again,) = db.execute(
            "SELECT count(*) FROM articles WHERE duplicate_of IS NOT NULL"
        ).fetchone()
    languages = ", ".join(f"{code} {n}" for code, n in counts["language"])
    return (
        f"{articles} articles from {len(counts['source'])} sites in {seconds:.0f} s,"
        f" {again} of them the text of another\n"
        f"{len(counts['language'])} languages: {languages}\n"
        f"{len(counts['theme'])} themes, {len(counts['country'])} countries\n"
        f"Private database: {news.with_name('tamis.db')}; published: {news}"
    )
