"""What a year should have left in the databases, told from what the web named and gave.

Each check gives sentences on what is not as it should be; none is well.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from sqlite_utils import Database
from yearsites import REDESIGNS, Kind, Story, YearSite
from yearweb import Host, YearWeb

from crawler import archive
from crawler.frontier import OUTCOMES
from crawler.urls import key

# A host that refuses is not left for the next day, but tried for some more (schedule.MAX_TRIES).
STILL_TRIED = 6  # days
WHOLE = 30  # days between two looks at every page of both files


@dataclass
class Book:
    """What is known of the year so far; `forgotten` are articles that were taken down."""

    web: YearWeb
    db: Path
    news: Path
    dark: int
    forgotten: list[Story] = field(default_factory=list)
    _known: set[str] = field(default_factory=set)

    def stories(self) -> Iterator[tuple[Host, Story]]:
        for host in self.web.hosts.values():
            for story in host.year.stories:
                yield host, story

    # --- Every day -------------------------------------------------------------------------------

    def check_day(self, day: int) -> list[str]:
        with closing(Database(self.db)) as db, closing(Database(self.news)) as news:
            return [
                *self._ledger(db, news, day),
                *self._discovered(db, day),
                *self._snapshot(db, news, day),
            ]

    def _ledger(self, db: Database, news: Database, day: int) -> Iterator[str]:
        """Every address has one outcome, an article if it says so, and its line where it is shown."""
        counts = dict(db.execute("SELECT outcome, count(*) FROM urls GROUP BY 1").fetchall())
        discovered = sum(counts.values())
        if strange := counts.keys() - OUTCOMES.keys():
            yield f"outcomes that are none: {strange}"
        (articles,) = _one(
            db, "SELECT count(*) FROM articles JOIN urls ON urls.id = url_id WHERE outcome = 'stored'"
        )
        if articles != counts.get("stored", 0) or articles != db.table("articles").count:
            yield f"{counts.get('stored')} stored, {db.table('articles').count} articles"
        shown = [
            _one(news, f"SELECT {what}")[0] or 0
            for what in (
                "count(*) FROM ledger", "sum(n) FROM ledger_counts", "sum(found) FROM source_days",
            )
        ]  # fmt: skip
        if set(shown) != {discovered}:
            yield f"{discovered} addresses, of which the published ledger counts {shown}"
        if self.web.down:
            return
        waiting = db.execute(
            "SELECT source, count(*) FROM urls WHERE outcome IN ('pending', 'fetched') GROUP BY 1"
        ).fetchall()
        ailing = {host.year.site.id for host in self.web.hosts.values() if _refused(host, day)}
        left = {source: n for source, n in waiting if source not in ailing}
        if left and day - self.dark > 1:
            yield f"left for tomorrow: {left}"

    def _discovered(self, db: Database, day: int) -> Iterator[str]:
        """Whatever a channel has named is in the ledger the same day."""
        named = {key(url): url for url in self.web.named.keys() - self._known}
        rows = db.execute("SELECT key FROM urls WHERE discovered >= ?", [_day(self.web, day)])
        missing = named.keys() - {found for (found,) in rows.fetchall()}
        missing -= {key(url) for url in self._gone()}
        if missing:
            yield f"named and not in the ledger: {[named[lost] for lost in sorted(missing)][:5]}"
        self._known |= self.web.named.keys()

    def _gone(self) -> set[str]:
        return {self._url(story) for story in self.forgotten}

    def _url(self, story: Story) -> str:
        return self.web.hosts[f"{story.site}.localhost"].url(story)

    def _snapshot(self, db: Database, news: Database, day: int) -> Iterator[str]:
        """What is published is what is stored, once each, found by its words, and sound."""
        for what, other in (("articles", "articles"), ("listed", "articles")):
            if news.table(what).count != db.table(other).count:
                yield f"{news.table(what).count} {what} of {db.table(other).count} are published"
        for host, story in self.stories():
            if story.day == day and story.token and story not in self.forgotten:
                if not self.web.given.get(host.url(story)):
                    continue
                (found,) = _one(
                    news, "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH ?", story.token
                )
                copies = 1 + sum(other.original == story for _, other in self.stories())
                if not 1 <= found <= copies:
                    yield f"{found} articles are found by the word of {host.url(story)}"
                break
        if day % WHOLE == 0:
            for name, each in (("private", db), ("published", news)):
                (sound,) = _one(each, "PRAGMA integrity_check")
                if sound != "ok":
                    yield f"the {name} database: {sound}"

    # --- At the end ------------------------------------------------------------------------------

    def check_year(self) -> list[str]:
        with closing(Database(self.db)) as db, closing(Database(self.news)) as news:
            ledger = {row["key"]: row for row in db.query("SELECT * FROM urls")}
            rows = {row["url_id"]: row for row in db.query("SELECT * FROM articles")}
            checks: tuple[Iterator[str], ...] = (
                self._lost(ledger),
                self._twice(db, news),
                self._versions(db, ledger, rows),
                self._copies(news),
                self._taken_down(db, news),
            )
            return [what for check in checks for what in check]

    def _lost(self, ledger: dict[str, Any]) -> Iterator[str]:
        """Everything that could be had is had."""
        last = self.web.day
        for host, story in self.stories():
            url = host.url(story)
            if story in self.forgotten:
                continue
            row = ledger.get(key(url))
            outcome = row and row["outcome"]
            if self.web.given.get(url):
                allowed = {"stored"}
                if host.year.fault and host.year.fault.kind is Kind.SHORT:
                    allowed |= {"too_short", "not_an_article"}
                if outcome not in allowed:
                    yield f"{url} was given, and is {outcome} ({row and row['reason']})"
            elif row is None and not host.year.fault and story.there(last) and story.day < last - 1:
                if story.day != self.dark:
                    yield f"{url} was there from day {story.day}, and nobody knows it"

    def _twice(self, db: Database, news: Database) -> Iterator[str]:
        for name, each, what in (
            ("private", db, "url"), ("private", db, "url_id"), ("published", news, "url"),
            ("published", news, "url_key"),
        ):  # fmt: skip
            rows, distinct = _one(each, f"SELECT count(*), count(DISTINCT {what}) FROM articles")
            if rows != distinct:
                yield f"{rows - distinct} articles of the {name} database share their {what}"
        (many,) = _one(db, "SELECT count(*) FROM articles")
        own = {host.url(story) for host, story in self.stories()}
        strange = {url for (url,) in db.execute("SELECT url FROM articles").fetchall()} - own
        if strange:
            yield f"{len(strange)} of {many} articles are none of the web: {sorted(strange)[:3]}"

    def _versions(
        self, db: Database, ledger: dict[str, Any], rows: dict[int, Any]
    ) -> Iterator[str]:
        """A version for each change of what an article says that a visit could see; no other."""
        have = dict(
            db.execute("SELECT article_id, count(*) FROM versions GROUP BY article_id").fetchall()
        )
        for host, story in self.stories():
            url = host.url(story)
            row = ledger.get(key(url))
            article = row and rows.get(row["id"])
            if not article or (host.year.fault and host.year.fault.kind in REDESIGNS):
                continue
            wanted = sum(one != other for one, other in pairwise(self.web.given[url]))
            if have.get(article["id"], 0) != wanted:
                yield f"{url} has {have.get(article['id'], 0)} versions of {wanted}"

    def _copies(self, news: Database) -> Iterator[str]:
        """A copy is known as one, of what it copies; nothing else is."""
        ids = {url: (ident, copy) for url, ident, copy in
               news.execute("SELECT url, id, duplicate_of FROM articles").fetchall()}  # fmt: skip
        planted: set[str] = set()
        for host, story in self.stories():
            if story.original is None or host.url(story) not in ids:
                continue
            original = ids.get(self._url(story.original))
            planted.add(host.url(story))
            if original and ids[host.url(story)][1] != original[0]:
                found = ids[host.url(story)][1]
                yield f"{host.url(story)} copies {original[0]}, and is said to copy {found}"
        wrong = [url for url, (_, copy) in ids.items() if copy is not None and url not in planted]
        if wrong:
            yield f"{len(wrong)} articles are called copies and are none: {wrong[:3]}"

    def _taken_down(self, db: Database, news: Database) -> Iterator[str]:
        for story in self.forgotten:
            yield from (f"{self._url(story)} is taken down, and its word is in {where}"
                        for where in traces(story.token, (db, news), (self.db, self.news)))  # fmt: skip


def traces(word: str, databases: tuple[Database, ...], files: tuple[Path, ...]) -> Iterator[str]:
    """Where a word still stands: in files to the byte, and in what is packed in databases."""
    needle = word.encode()
    for path in files:
        for each in (path, path.with_name(f"{path.name}-wal")):
            if each.exists() and needle in each.read_bytes():
                yield each.name
    for db in databases:
        for table in db.table_names():
            for row in db.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, bytes) and needle in _unpacked(value):
                        yield f"{table} (packed)"


def _unpacked(value: bytes) -> bytes:
    try:
        return archive.unpack(value)
    except Exception:  # noqa: BLE001 (not packed)
        return value


def _refused(host: Host, day: int) -> bool:
    """Whether it does not answer these days, or did not lately."""
    return any(
        host.year.ails(each, Kind.REFUSED, Kind.BROKEN)
        for each in range(day - STILL_TRIED, day + 1)
    )


def _day(web: YearWeb, day: int) -> str:
    return web.date(day).isoformat()


def _one(db: Database, sql: str, *values: Any) -> tuple[Any, ...]:
    row: tuple[Any, ...] = db.execute(sql, values).fetchone()
    return row
