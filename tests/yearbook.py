"""What a year should have left in the databases, told from what the web named and gave.

Each check gives sentences on what is not as it should be; none is well.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

from sqlite_utils import Database
from yearsites import REDESIGNS, START, Kind, Story
from yearweb import Host, YearWeb

from crawler import archive
from crawler.drift import weight
from crawler.frontier import OUTCOMES
from crawler.urls import key

# What each fault is told as.
TOLD_AS = {
    Kind.DEAD: {"failing"}, Kind.REFUSED: {"failing"}, Kind.BROKEN: {"failing"},
    Kind.SILENT: {"silence"}, Kind.UNDATED: {"date"}, Kind.SHORT: {"length", "yield"},
    Kind.BLOCK: {"block"}, Kind.LANGUAGE: {"language"}, Kind.FLOOD: {"flood"},
    Kind.MOVED: {"moved"},
}  # fmt: skip
# Within so many days; a redesign within so many articles, of which those of one day weigh less than
# as many of several days; silence after so many of the longest pauses, in months that are not
# quiet ones.
SOON = {Kind.DEAD: 7, Kind.REFUSED: 7, Kind.BROKEN: 12, Kind.FLOOD: 1, Kind.MOVED: 10}
ARTICLES, PAUSES, SILENT, QUIET = 30, 4, 14, (7, 8)
MOST_FALSE = 1  # alarms of a source a year
# Days for which an article may wait: a site that refuses is tried so often (schedule.MAX_TRIES).
STILL_TRIED = 6
WHOLE = 30  # days between two looks at every page of both files
PACKED = "{} (packed)"
LATELY = 10  # days in which an article appeared that somebody wants to be taken down


@dataclass
class Book:
    """What is known of the year so far; `forgotten` are articles that were taken down."""

    web: YearWeb
    folder: Path
    dark: int
    forgotten: list[Story] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.db, self.news = self.folder / "tamis.db", self.folder / "news.db"
        self.stories = [
            (host, story) for host in self.web.hosts.values() for story in host.year.stories
        ]
        self.copied = Counter(
            story.original.seed for _, story in self.stories if story.original is not None
        )
        self.known: set[str] = set()
        self.alarmed: list[str] = []
        self.counts: Counter[str] = Counter()

    def url(self, story: Story) -> str:
        return self.web.hosts[f"{story.site}.localhost"].url(story)

    def lately(self, day: int) -> list[Story]:
        """Articles of the last days that were given, and are nobody else's: in French, if any."""
        found = [
            story
            for host, story in self.stories
            if day - LATELY <= story.day < day and story.token and not self.copied[story.seed]
            and self.web.given.get(host.url(story)) and not host.year.fault
        ]  # fmt: skip
        return [story for story in found if story.language == "fr"] or found

    def told(self) -> list[str]:
        """What was checked, counted, and when each fault was told."""
        return [*(f"{name}: {n:,}" for name, n in self.counts.items()), *self.alarmed]

    # --- Every day -------------------------------------------------------------------------------

    def check_day(self, day: int) -> list[str]:
        with closing(Database(self.db)) as db, closing(Database(self.news)) as news:
            return [
                *self._ledger(db, news, day),
                *self._discovered(db, day),
                *self._snapshot(db, news, day),
            ]

    def _ledger(self, db: Database, news: Database, day: int) -> Iterator[str]:
        """Every address has one outcome, an article if it says so, and its published line."""
        counts = dict(db.execute("SELECT outcome, count(*) FROM urls GROUP BY 1").fetchall())
        discovered = sum(counts.values())
        if strange := counts.keys() - OUTCOMES.keys():
            yield f"outcomes that are none: {strange}"
        (articles,) = _one(
            db,
            "SELECT count(*) FROM articles JOIN urls ON urls.id = url_id WHERE outcome = 'stored'",
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
        if left and day - self.dark not in (0, 1):
            yield f"left for tomorrow: {left}"

    def _discovered(self, db: Database, day: int) -> Iterator[str]:
        """Whatever a channel has named is in the ledger the same day."""
        named = {key(url): url for url in self.web.named.keys() - self.known}
        rows = db.execute("SELECT key FROM urls WHERE discovered >= ?", [_day(self.web, day)])
        missing = named.keys() - {found for (found,) in rows.fetchall()}
        missing -= {key(url) for url in self._gone()}
        if missing:
            yield f"named and not in the ledger: {[named[lost] for lost in sorted(missing)][:5]}"
        self.known |= self.web.named.keys()

    def _gone(self) -> set[str]:
        return {self.url(story) for story in self.forgotten}

    def _of(self, day: int) -> Iterator[tuple[str, Story]]:
        """The articles that appeared and were given that day."""
        for host, story in self.stories:
            if story.day == day and story.token and self.web.given.get(host.url(story)):
                yield host.url(story), story

    def _snapshot(self, db: Database, news: Database, day: int) -> Iterator[str]:
        """What is published is what is stored, once each, found by its words, and sound."""
        for what, other in (("articles", "articles"), ("listed", "articles")):
            if news.table(what).count != db.table(other).count:
                yield f"{news.table(what).count} {what} of {db.table(other).count} are published"
        for url, story in self._of(day):
            (found,) = _one(
                news, "SELECT count(*) FROM articles_fts WHERE articles_fts MATCH ?", story.word
            )
            if not 1 <= found <= 1 + self.copied[story.seed]:
                yield f"{found} articles are found by the word of {url}"
        if day % WHOLE == 0:
            for name, each in (("private", db), ("published", news)):
                (sound,) = _one(each, "PRAGMA integrity_check")
                if sound != "ok":
                    yield f"the {name} database: {sound}"

    # --- At the end ------------------------------------------------------------------------------

    def check_year(self, *, killed: int) -> list[str]:
        with closing(Database(self.db)) as db, closing(Database(self.news)) as news:
            ledger = {row["key"]: row for row in db.query("SELECT * FROM urls")}
            rows = {row["url_id"]: row for row in db.query("SELECT * FROM articles")}
            checks: tuple[Iterator[str], ...] = (
                self._lost(ledger),
                self._twice(db, news),
                self._versions(db, ledger, rows),
                self._copies(news),
                self._taken_down(db, news),
                self._runs(db, killed),
                self._alarms(db),
            )
            return [what for check in checks for what in check]

    def _lost(self, ledger: dict[str, Any]) -> Iterator[str]:
        """Everything that could be had is had."""
        last = self.web.day
        for host, story in self.stories:
            url = host.url(story)
            if story in self.forgotten:
                continue
            row = ledger.get(key(url))
            outcome = row and row["outcome"]
            if self.web.given.get(url):
                self.counts["articles given"] += 1
                allowed = {"stored"}
                if host.year.fault and host.year.fault.kind is Kind.SHORT:
                    allowed |= {"too_short", "not_an_article"}
                if outcome not in allowed:
                    yield f"{url} was given, and is {outcome} ({row and row['reason']})"
                if row and outcome == "stored" and (url in self.web.missed) != bool(row["gone"]):
                    yield f"{url} is said to be gone since {row['gone']}"
                self.counts["vanished"] += url in self.web.missed
            elif row is None and self._could_be_seen(host, story, last):
                yield f"{url} was there from day {story.day}, and nobody knows it"

    def _could_be_seen(self, host: Host, story: Story, last: int) -> bool:
        return not host.year.fault and story.there(last) and story.day not in (self.dark, last)

    def _twice(self, db: Database, news: Database) -> Iterator[str]:
        for name, each, what in (
            ("private", db, "url"), ("private", db, "url_id"), ("published", news, "url"),
            ("published", news, "url_key"),
        ):  # fmt: skip
            rows, distinct = _one(each, f"SELECT count(*), count(DISTINCT {what}) FROM articles")
            if rows != distinct:
                yield f"{rows - distinct} articles of the {name} database share their {what}"
        (many,) = _one(db, "SELECT count(*) FROM articles")
        own = {host.url(story) for host, story in self.stories}
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
        for host, story in self.stories:
            url = host.url(story)
            row = ledger.get(key(url))
            article = row and rows.get(row["id"])
            if not article or (host.year.fault and host.year.fault.kind in REDESIGNS):
                continue
            wanted = sum(one != other for one, other in pairwise(self.web.given[url]))
            self.counts["versions"] += wanted
            if have.get(article["id"], 0) != wanted:
                yield f"{url} has {have.get(article['id'], 0)} versions of {wanted}"

    def _copies(self, news: Database) -> Iterator[str]:
        """A copy is known as one, of what it copies; nothing else is."""
        ids = {url: (ident, copy) for url, ident, copy in
               news.execute("SELECT url, id, duplicate_of FROM articles").fetchall()}  # fmt: skip
        planted: set[str] = set()
        for host, story in self.stories:
            if story.original is None or host.url(story) not in ids:
                continue
            original = ids.get(self.url(story.original))
            planted.add(host.url(story))
            self.counts["copies"] += 1
            if original and ids[host.url(story)][1] != original[0]:
                found = ids[host.url(story)][1]
                yield f"{host.url(story)} copies {original[0]}, and is said to copy {found}"
        wrong = [url for url, (_, copy) in ids.items() if copy is not None and url not in planted]
        if wrong:
            yield f"{len(wrong)} articles are called copies and are none: {wrong[:3]}"

    def _taken_down(self, db: Database, news: Database) -> Iterator[str]:
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        for story in self.forgotten:
            self.counts["take-downs"] += 1
            for where in traces(story.word, (db, news), files):
                yield f"{self.url(story)} is taken down, and its text is in {where}"
            for where in traces(story.token, (db, news), files):
                # Beside other articles, on their pages, its title stood too.
                if where != PACKED.format("pages"):
                    yield f"{self.url(story)} is taken down, and its title is in {where}"

    def _runs(self, db: Database, killed: int) -> Iterator[str]:
        """Every run has ended or is known to have been killed."""
        found = Counter(status for (status,) in db.execute("SELECT status FROM runs").fetchall())
        self.counts.update({f"runs {status}": n for status, n in found.items()})
        if found["killed"] > killed or found["running"]:
            yield f"runs: {dict(found)}, with {killed} kills"
        for day, steps in db.execute("SELECT started, steps FROM runs WHERE status = 'failed'"):
            yield f"the run of {day} failed: {steps}"

    def _alarms(self, db: Database) -> Iterator[str]:
        """Every fault is told in time; hardly anything else is."""
        raised: dict[str, list[tuple[str, int]]] = {}
        for source, kind, day in db.execute("SELECT source, kind, raised FROM alarms").fetchall():
            number = (date.fromisoformat(day[:10]) - START).days
            raised.setdefault(source, []).append((kind, number))
        if (network := len(raised.pop("", []))) != 1:
            yield f"the network was down once, and {network} alarms say it"
        for host in self.web.hosts.values():
            found = raised.get(host.year.site.id, [])
            yield from self._of_fault(host, found)
            fault = host.year.fault
            wrong = [each for each in found if not fault or each[1] < fault.since]
            self.counts["false alarms"] += len(wrong)
            if len(wrong) > MOST_FALSE:
                yield f"{host.year.site.id} ({host.year.rhythm.name}): false alarms {wrong}"

    def _of_fault(self, host: Host, found: list[tuple[str, int]]) -> Iterator[str]:
        fault = host.year.fault
        if fault is None:
            return
        due = _due(host, self.web.day)
        days = [day - fault.since for kind, day in found
                if kind in TOLD_AS[fault.kind] and day >= fault.since]  # fmt: skip
        told = (
            f"{fault.kind} at {host.year.site.id} ({host.year.rhythm.name}) from day {fault.since}"
        )
        after = f"after {min(days)} days" if days else "never"
        self.alarmed.append(f"{told}: told {after}")
        if due is not None and (not days or fault.since + min(days) > due):
            yield f"{told}: told {after}, and not by day {due}"


def traces(word: str, databases: Iterable[Database], files: Iterable[Path]) -> Iterator[str]:
    """Where a word still stands: in files to the byte, and in what is packed in databases."""
    needle = word.encode()
    yield from (path.name for path in files if needle in path.read_bytes())
    for db in databases:
        for table in db.table_names():
            for row in db.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, bytes) and needle in _unpacked(value):
                        yield PACKED.format(table)


def _unpacked(value: bytes) -> bytes:
    try:
        return archive.unpack(value)
    except Exception:  # noqa: BLE001 (not packed)
        return value


def _due(host: Host, last: int) -> int | None:
    """The day by which its fault is to be told; None if the year ends before, or it is mended."""
    fault = host.year.fault
    assert fault
    days = range(fault.since, min(fault.until, last + 1))
    if fault.kind in SOON:
        due = fault.since + SOON[fault.kind]
        return due if fault.kind is Kind.FLOOD or due in days else None
    if fault.kind is Kind.SILENT:
        known = [story.day for story in host.year.stories if story.day < fault.since]
        longest = max(after - before for before, after in pairwise(known))
        loud = [day for day in days if YearWeb.date(day).month not in QUIET]
        wait = max(SILENT, PAUSES * longest)
        return loud[wait] if wait < len(loud) else None
    since = Counter(story.day for story in host.year.stories if story.day >= fault.since)
    enough = (
        day
        for number, (day, of) in enumerate(zip(since, accumulate(since.values()), strict=True))
        if weight(of, number + 1) >= ARTICLES
    )
    return next(enough, None)


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
