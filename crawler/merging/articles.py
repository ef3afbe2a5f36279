"""Pages, articles and who named them, taken in from an input.

An article that both have is one: the newest page wins, and what the other read becomes a version
if it says something else, as if one crawl had looked at it again.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlite_utils import Database

from crawler import archive, channels, erasing, sifting
from crawler.merging import timelines
from crawler.merging.inputs import Input
from crawler.merging.ledger import let_best_decide
from crawler.merging.numbers import arrive, columns
from crawler.merging.timelines import State, Step, Timeline
from crawler.retention import WORDED, let_go_of_texts
from crawler.schedule import NEVER
from enrich.annotate import version

PAGES = 2_000  # taken in at a time, between two words of progress: some 30 MB
# What an article has in rows of its own, but for versions, which name pages.
OF_ARTICLE = ("article_texts", "sieved", "removed_lines")


@dataclass(slots=True)
class Changes:
    """What follows from all inputs for articles that were there: known when all are in."""

    read_again: set[int] = field(default_factory=set)  # addresses
    enrichers: dict[int, str | None] = field(default_factory=dict)
    changed: int = 0


def take_pages(db: Database, each: Input, advance: Callable[[int], None]) -> None:
    names = columns(db, "pages", "id", "url_id")
    theirs = ", ".join(f"theirs.{name}" for name in names)
    last = 0
    while True:
        (end, count) = db.execute(
            "SELECT max(id), count(*) FROM (SELECT id FROM temp.new_pages"
            " WHERE db = ? AND id > ? ORDER BY id LIMIT ?)",
            [each.number, last, PAGES],
        ).fetchone()
        if not count:
            return
        db.conn.execute(
            f"INSERT INTO main.pages (id, url_id, {', '.join(names)})"
            f" SELECT new_pages.id, new_pages.url, {theirs} FROM temp.new_pages"
            f" CROSS JOIN {each.name}.pages AS theirs ON theirs.id = old"
            " WHERE db = ? AND new_pages.id > ? AND new_pages.id <= ? ORDER BY new_pages.id",
            [each.number, last, end],
        )
        last = end
        advance(count)


def take(db: Database, each: Input, changes: Changes) -> int:
    """The articles of an input with all they have, and who named what; how many are new."""
    arrive(db, each)
    known = _known(db, each)
    _insert(db, each)
    replaced = {url for url, ours, theirs in known if _joined(db, each, ours, theirs, changes)}
    _discoveries(db, each, replaced, changes)
    (arrived,) = db.execute("SELECT count(*) FROM temp.arriving").fetchone()
    return int(arrived)


def _known(db: Database, each: Input) -> list[tuple[int, int, int]]:
    """Address, our and their number of the articles that both have, and not alike."""
    versions = "(SELECT count(*) FROM {}.versions WHERE article_id = {}.id)"
    return db.execute(
        f"""
        SELECT ids.new, ours.id, theirs.id FROM {each.name}.articles AS theirs
        JOIN temp.url_ids AS ids ON ids.db = ?1 AND ids.old = theirs.url_id
        JOIN main.articles AS ours ON ours.url_id = ids.new
        JOIN main.pages AS page ON page.id = ours.page_id
        JOIN {each.name}.pages AS other ON other.id = theirs.page_id
        JOIN main.urls AS here ON here.id = ids.new
        JOIN {each.name}.urls AS there ON there.id = ids.old
        WHERE (theirs.expired, theirs.content_hash) < (ours.expired, ours.content_hash)
        OR ours.expired IS NULL AND (
          theirs.expired IS NOT NULL OR ours.content_hash <> theirs.content_hash
          OR page.fetched <> other.fetched OR here.enricher IS NOT there.enricher
          OR {versions.format("main", "ours")} <> {versions.format(each.name, "theirs")}
        )
        """,
        [each.number],
    ).fetchall()


def _insert(db: Database, each: Input) -> None:
    names = columns(db, "articles", "id", "url_id", "page_id", "duplicate_of")
    theirs = ", ".join(f"theirs.{name}" for name in names)
    db.conn.execute(
        f"INSERT INTO main.articles (id, url_id, page_id, {', '.join(names)})"
        f" SELECT arriving.new, arriving.url, ids.new, {theirs} FROM temp.arriving"
        f" JOIN {each.name}.articles AS theirs ON theirs.id = arriving.old"
        " JOIN temp.page_ids AS ids ON ids.db = ? AND ids.old = theirs.page_id"
        " ORDER BY arriving.new",
        [each.number],
    )
    for table in OF_ARTICLE:
        _children(db, each, table, "temp.arriving")
    names = columns(db, "versions", "article_id", "page_id")
    db.conn.execute(
        f"INSERT INTO main.versions (article_id, page_id, {', '.join(names)})"
        f" SELECT arriving.new, ids.new, {', '.join(names)} FROM {each.name}.versions"
        " JOIN temp.arriving ON arriving.old = article_id"
        " JOIN temp.page_ids AS ids ON ids.db = ? AND ids.old = page_id",
        [each.number],
    )
    # What a site repeats is learnt from all its articles; if these are not all of an input, anew.
    db.conn.execute(
        "UPDATE main.sieved SET settled = NULL WHERE article_id IN ("
        " SELECT max(new) FROM temp.arriving AS found GROUP BY source HAVING"
        " (SELECT count(*) FROM main.articles WHERE source = found.source) <>"
        f" (SELECT count(*) FROM {each.name}.articles WHERE source = found.source))"
    )


def _children(db: Database, each: Input, table: str, which: str) -> None:
    names = columns(db, table, "id", "article_id")
    theirs = ", ".join(f"theirs.{name}" for name in names)
    db.conn.execute(
        f"INSERT INTO main.{table} (article_id, {', '.join(names)}) SELECT which.new, {theirs}"
        f" FROM {which} AS which JOIN {each.name}.{table} AS theirs"
        " ON theirs.article_id = which.old ORDER BY which.new, theirs.rowid"
    )


# --- Articles that both have ---------------------------------------------------------------------


def _joined(db: Database, each: Input, ours: int, theirs: int, changes: Changes) -> bool:
    """Make one article of two; whether it is theirs now."""
    url_id, expired, enricher = db.execute(
        f"SELECT new, expired, there.enricher FROM {each.name}.articles"
        f" JOIN {each.name}.urls AS there ON there.id = url_id"
        " JOIN temp.url_ids ON db = ? AND old = url_id WHERE articles.id = ?",
        [each.number, theirs],
    ).fetchone()
    if expired:
        let_go_of_texts(db, [ours])
        (page,) = db.execute(
            f"SELECT new FROM temp.page_ids JOIN {each.name}.articles ON old = page_id"
            " WHERE db = ? AND articles.id = ?",
            [each.number, theirs],
        ).fetchone()
        _set(db, each, ours, theirs, page)
        changes.enrichers[url_id] = enricher
        changes.changed += 1
        return True
    (here,) = db.execute("SELECT enricher FROM main.urls WHERE id = ?", [url_id]).fetchone()
    here = changes.enrichers.get(url_id, here)
    line = timelines.joined(
        [
            *_states(db, "main", ours, 0, here),
            *_states(db, each.name, theirs, each.number, enricher),
        ]
    )
    replaced = not line.current.ours
    if replaced:
        _replace(db, each, ours, theirs, line.current.page)
    changes.enrichers[url_id] = enricher if replaced else here
    changes.changed += _write(db, each, ours, theirs, line) or replaced
    return replaced


def _states(
    db: Database, where: str, article: int, number: int, enricher: str | None
) -> Iterator[State]:
    """What was said when, with the pages' numbers here."""
    page = (
        "pages.id"
        if where == "main"
        else "(SELECT new FROM temp.page_ids WHERE db = ? AND old = pages.id)"
    )
    told = [] if where == "main" else [number]
    for fetched, at, title, packed, *step in db.execute(
        f"SELECT fetched, {page}, title, text, seen, added, removed, diff FROM {where}.versions"
        f" JOIN {where}.pages ON pages.id = page_id WHERE article_id = ? ORDER BY number",
        [*told, article],
    ).fetchall():
        seen, added, removed, diff = step
        yield State(
            fetched=fetched, page=at, title=title, text=archive.unpack(packed).decode(),
            ours=where == "main",
            step=Step(seen=seen, added=added, removed=removed, diff=diff),
        )  # fmt: skip
    fetched, at, title, text, packed, content = db.execute(
        f"SELECT pages.fetched, {page}, title, article_texts.text, sieved.text,"
        f" content_hash FROM {where}.articles JOIN {where}.pages ON pages.id = page_id"
        f" JOIN {where}.article_texts ON article_texts.article_id = articles.id"
        f" LEFT JOIN {where}.sieved ON sieved.article_id = articles.id WHERE articles.id = ?",
        [*told, article],
    ).fetchone()
    # Before the memory of its site, which may be another one there.
    yield State(
        fetched=fetched, page=at, title=title, ours=where == "main",
        text=archive.unpack(packed).decode() if packed else text,
        tie=(enricher == version(), content),
    )  # fmt: skip


def _set(db: Database, each: Input, ours: int, theirs: int, page: int, *but: str) -> None:
    """Give our article the columns of theirs, `but` for some."""
    url_id, source, other = db.execute(
        f"SELECT ours.url_id, ours.source, theirs.source FROM main.articles AS ours,"
        f" {each.name}.articles AS theirs WHERE ours.id = ? AND theirs.id = ?",
        [ours, theirs],
    ).fetchone()
    if source != other:
        sifting.unsettle(db, url_id)
    names = columns(db, "articles", "id", "url_id", "page_id", "duplicate_of", *but)
    changes = ", ".join(f"{name} = theirs.{name}" for name in names)
    db.conn.execute(
        f"UPDATE main.articles SET page_id = ?, {changes}"
        f" FROM {each.name}.articles AS theirs WHERE theirs.id = ? AND articles.id = ?",
        [page, theirs, ours],
    )


def _replace(db: Database, each: Input, ours: int, theirs: int, page: int) -> None:
    _set(db, each, ours, theirs, page, "fetched", "updated")
    db.conn.execute("DELETE FROM main.removed_lines WHERE article_id = ?", [ours])
    db.conn.execute("DELETE FROM main.sieved WHERE article_id = ?", [ours])
    db.conn.execute(
        f"UPDATE main.article_texts SET text = theirs.text FROM {each.name}.article_texts AS theirs"
        " WHERE theirs.article_id = ? AND article_texts.article_id = ?"
        " AND article_texts.text IS NOT theirs.text",
        [theirs, ours],
    )
    for table in ("sieved", "removed_lines"):
        _children(db, each, table, f"(SELECT {theirs} AS old, {ours} AS new)")
    db.conn.execute("UPDATE main.sieved SET settled = NULL WHERE article_id = ?", [ours])


def _write(db: Database, each: Input, ours: int, theirs: int, line: Timeline) -> bool:
    """Versions and dates, where they are others now; whether they are."""
    wanted = [
        (number, state.page, step.seen, step.diff)
        for number, (state, step) in enumerate(line.versions, 1)
    ]
    there = db.execute(
        "SELECT number, page_id, seen, diff FROM main.versions WHERE article_id = ?"
        " ORDER BY number",
        [ours],
    ).fetchall()
    if wanted != there:
        db.conn.execute("DELETE FROM main.versions WHERE article_id = ?", [ours])
        db.conn.executemany(
            "INSERT INTO main.versions (article_id, number, page_id, title, text, seen, added,"
            " removed, diff) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (ours, number, state.page, state.title, archive.pack(state.text.encode()),
                 step.seen, step.added, step.removed, step.diff)
                for number, (state, step) in enumerate(line.versions, 1)
            ],
        )  # fmt: skip
    updated = line.versions[-1][1].seen if line.versions else None
    dated = db.conn.execute(
        f"UPDATE main.articles SET fetched = min(articles.fetched, theirs.fetched), updated = ?1"
        f" FROM {each.name}.articles AS theirs WHERE theirs.id = ?2 AND articles.id = ?3"
        " AND (articles.fetched > theirs.fetched OR articles.updated IS NOT ?1)",
        [updated, theirs, ours],
    ).rowcount
    return wanted != there or dated > 0


# --- Who named them ------------------------------------------------------------------------------


def _discoveries(db: Database, each: Input, replaced: set[int], changes: Changes) -> None:
    """Who named what. A page that was read without a hint that there is now is read again."""
    disputed = _disputed(db, each)
    theirs = replaced | _arrived(db, disputed)
    before = {
        url: channels.told_to_readers(*(_at(db, each, url) if url in theirs else (db, url)))
        for url in disputed | replaced
    }
    later = "EXISTS (SELECT 1 FROM temp.later_channels WHERE db = ?1 AND old = theirs.channel)"
    db.conn.execute(
        "INSERT INTO main.discoveries (url_id, channel, rank, hints, discovered)"
        f" SELECT urls.new, ids.new, rank, hints, discovered FROM {each.name}.discoveries"
        " AS theirs JOIN temp.url_ids AS urls ON urls.db = ?1 AND urls.old = theirs.url_id"
        " JOIN temp.channel_ids AS ids ON ids.db = ?1 AND ids.old = theirs.channel"
        f" WHERE {later} OR NOT EXISTS (SELECT 1 FROM main.discoveries WHERE url_id = urls.new"
        " AND channel = ids.new) ORDER BY urls.new, ids.new"
        " ON CONFLICT (url_id, channel) DO UPDATE SET rank = excluded.rank,"
        " hints = excluded.hints, discovered = min(discovered, excluded.discovered)",
        [each.number],
    )
    let_best_decide(db, disputed)
    for url, told in before.items():
        own = db.execute(
            "SELECT articles.source = urls.source FROM main.articles JOIN main.urls"
            " ON urls.id = url_id WHERE urls.id = ?",
            [url],
        ).fetchone()
        if own and (own != (1,) or channels.told_to_readers(db, url) != told):
            changes.read_again.add(url)
        elif url in replaced:
            changes.read_again.discard(url)


def _disputed(db: Database, each: Input) -> set[int]:
    """Addresses that others have named here too, in another way than this input."""
    rows = db.execute(
        f"""
        SELECT DISTINCT urls.new FROM {each.name}.discoveries AS theirs
        JOIN temp.url_ids AS urls ON urls.db = ?1 AND urls.old = theirs.url_id
        JOIN temp.channel_ids AS ids ON ids.db = ?1 AND ids.old = theirs.channel
        LEFT JOIN main.discoveries AS ours ON ours.url_id = urls.new AND ours.channel = ids.new
        WHERE (ours.rank IS NULL OR ((ours.hints, ours.rank) <> (theirs.hints, theirs.rank)
            AND EXISTS (SELECT 1 FROM temp.later_channels WHERE db = ?1 AND old = theirs.channel)))
          AND EXISTS (SELECT 1 FROM main.discoveries WHERE url_id = urls.new)
        """,
        [each.number],
    ).fetchall()
    return {url for (url,) in rows}


def _arrived(db: Database, urls: set[int]) -> set[int]:
    """Those of `urls` whose article is this input's."""
    rows = db.execute(
        "SELECT url FROM temp.arriving WHERE url IN (SELECT value FROM json_each(?))",
        [json.dumps(list(urls))],
    ).fetchall()
    return {url for (url,) in rows}


def _at(db: Database, each: Input, url: int) -> tuple[Database, int]:
    """An address as the input knows it."""
    (old,) = db.execute(
        "SELECT old FROM temp.url_ids WHERE db = ? AND new = ?", [each.number, url]
    ).fetchone()
    return each.db, int(old)


# --- When all are in -----------------------------------------------------------------------------


def finish(db: Database, changes: Changes) -> None:
    db.conn.executemany(
        "UPDATE main.urls SET enricher = ? WHERE id = ? AND enricher IS NOT ?",
        [(enricher, url, enricher) for url, enricher in changes.enrichers.items()],
    )
    _let_go(db)
    db.conn.executemany(
        "UPDATE main.urls SET outcome = 'fetched' WHERE id = ? AND outcome = 'stored'"
        f" AND enricher IS NOT NULL AND {archive.HELD}",
        [(url,) for url in sorted(changes.read_again)],
    )


def _let_go(db: Database) -> None:
    """What one of the databases has let go of for its age is let go of here."""
    gone = "SELECT url_id FROM main.articles WHERE expired IS NOT NULL"
    rows = db.execute(
        "SELECT url_id FROM main.articles WHERE url_id IN (SELECT url FROM temp.let_go)"
    ).fetchall()
    for (url_id,) in rows:
        erasing.take_out(db, url_id)
    for table in ("pages", "notices"):
        db.conn.executemany(f"DELETE FROM main.{table} WHERE url_id = ?", rows)
    db.conn.execute(
        "UPDATE main.discoveries SET hints = '{}' WHERE hints <> '{}'"
        " AND url_id IN (SELECT url FROM temp.let_go)"
    )
    db.conn.execute(
        "UPDATE main.discoveries SET hints = json_remove(hints, '$.content', '$.summary')"
        f" WHERE url_id IN ({gone}) AND ({WORDED})"
    )
    db.conn.execute(
        f"UPDATE main.pages SET body = x'' WHERE length(body) > 0 AND url_id IN ({gone})"
    )
    db.conn.execute(
        "UPDATE main.urls SET look = NULL, due = ?1 WHERE (look IS NOT NULL OR due <> ?1)"
        f" AND id IN ({gone})",
        [NEVER],
    )
