"""Every text without what its site repeats, settled again when the site has shown more of itself.

What is repeated is learnt from what is stored, for each year from the pages of that year and the
one before, so that the order in which pages came does not matter, and old years stay as they are.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache, partial
from itertools import islice
from typing import Any

from sqlite_utils import Database

from crawler import archive
from crawler.writes import transaction
from enrich import memory
from enrich.annotate import Annotation, annotate, version
from enrich.article import Extracted
from enrich.blocks import WORD
from enrich.language import LanguageHints
from enrich.memory import Memory, Removed, Seen
from enrich.text import text_hash

# Texts settled in one transaction; another process waits for it no longer than for a batch of
# readings.
BATCH = 50
# Of how many articles have a line, the nearest of these below is kept where they are more: a number
# that each day's news moves would be written anew on every article of a site, and published anew.
# 500 new articles changed 52,000 of 100,000 so, and what is published was built from nothing.
ABOUT = (100, 50, 20, 10)
# Of a removed line so much is kept, and so many a page: the text before is kept whole.
MAX_LINE, MAX_LINES = 500, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An article of one source. `content` tells one state of it from another."""

    id: int
    key: str
    dated: str
    content: str
    settled: str | None

    @property
    def year(self) -> int:
        return int(self.dated[:4])


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """An article whose text is another one now; `claims` as articles.language_claims has them."""

    id: int
    title: str
    text: str
    url: str
    claims: str


# From texts to what is noted of each, in their order: here, or by other processes.
Annotate = Callable[[Sequence[Changed]], Iterable[Annotation]]


def annotated(changed: Changed) -> Annotation:
    told = json.loads(changed.claims)
    hints = LanguageHints(
        feed=told.get("feed"), alternate=told.get("alternate"), url=changed.url,
        source=tuple(told.get("source", ())),
    )  # fmt: skip
    return annotate(changed.title, changed.text, told.get("page"), hints=hints)


def here(changed: Sequence[Changed]) -> Iterator[Annotation]:
    return map(annotated, changed)


def keep(db: Database, article: int, text: str, seen: Seen) -> None:
    """Remember the text before any memory; what it was settled with before counts no more."""
    db.conn.execute(
        "INSERT INTO sieved (article_id, text, seen) VALUES (?, ?, ?)"
        " ON CONFLICT (article_id) DO UPDATE SET text = excluded.text, seen = excluded.seen,"
        " settled = NULL",
        (article, archive.pack(text.encode()), memory.pack(seen)),
    )


def to_compare(db: Database, article: int, page: Extracted) -> tuple[str, str] | None:
    """The article's text as stored and as `page` has it now, both without what the site repeats.

    So that a new footer is no new version of every article above it. None if the memory of its
    site has not cut anything from it.
    """
    found = db.execute("SELECT text, seen FROM sieved WHERE article_id = ?", [article]).fetchone()
    gone = dict(
        db.execute(
            "SELECT line, text FROM removed_lines WHERE article_id = ? AND line IS NOT NULL"
            " ORDER BY line",
            [article],
        ).fetchall()
    )
    if not found or not gone or page.seen is None:
        return None
    text, seen = archive.unpack(found[0]).decode(), memory.unpack(found[1], "", None)
    kept = (line for number, line in enumerate(text.split("\n")) if number not in gone)
    return "\n".join(kept), "\n".join(memory.later(page.text.split("\n"), page.seen, seen, gone))


def unsettle(db: Database, url_id: int) -> None:
    """Have the others of its source settled again: the article at this URL leaves them."""
    db.conn.execute(
        "UPDATE sieved SET settled = NULL WHERE article_id = ("
        " SELECT other.id FROM articles AS other JOIN sieved ON sieved.article_id = other.id"
        " WHERE other.source = (SELECT source FROM articles WHERE url_id = ?1)"
        " AND other.url_id <> ?1 ORDER BY other.id DESC LIMIT 1)",
        (url_id,),
    )


def sift(db: Database, notes_of: Annotate = here) -> int:
    """Settle the texts of all sources that have changed; returns how many texts are others now."""
    sources = db.execute(
        "SELECT DISTINCT source FROM sieved JOIN articles ON id = article_id"
        " WHERE settled IS NULL ORDER BY 1"
    ).fetchall()
    waiting = (each for (source,) in sources for each in _waiting(db, source))
    count = 0
    while batch := list(islice(waiting, BATCH)):
        with transaction(db):
            settled = [_settle(db, row, learnt(), digest) for row, learnt, digest in batch]
            changed = [each for each in settled if each]
            for each, notes in zip(changed, notes_of(changed), strict=True):
                _rewrite(db, each, notes)
        count += len(changed)
    return count


def claimed(page: str | None, hints: LanguageHints) -> str:
    """The claims of an article's language, as articles.language_claims has them."""
    claims = {
        "page": page, "feed": hints.feed, "alternate": hints.alternate, "source": hints.source,
    }  # fmt: skip
    return _json({name: claim for name, claim in claims.items() if claim})


def noted(text: str, notes: Annotation) -> dict[str, Any]:
    """The columns of `articles` that follow from the text and what was noted of it."""
    language = notes.language
    return {
        "language": language.code,
        "language_confidence": language.confidence,
        "language_method": language.method,
        "language_tag": language.tag,
        "language_shares": _json([asdict(share) for share in language.shares]),
        "language_votes": _json([asdict(vote) for vote in language.votes]),
        "words": len(WORD.findall(text)),
        "themes": _json([asdict(theme) for theme in notes.themes.themes]),
        "themes_method": notes.themes.method,
        "countries": _json([asdict(country) for country in notes.places.countries]),
        "regions": _json([asdict(region) for region in notes.places.regions]),
        "organisations": _json([asdict(one) for one in notes.organisations]),
        "keywords": _json(notes.keywords),
        "text_hash": text_hash(text),
    }


def _waiting(db: Database, source: str) -> Iterator[tuple[Row, Callable[[], Memory], str]]:
    """What is to be settled of a source: each with the memory of its year, and its digest."""
    years: dict[int, list[Row]] = defaultdict(list)
    for row in _rows(db, source):
        years[row.year].append(row)
    chosen = {year: _chosen(years, year) for year in years}
    digests = {year: _digest(rows) for year, rows in chosen.items()}

    @lru_cache(maxsize=2)
    def learnt(year: int) -> Memory:
        return memory.learn(_seen(db, chosen[year]))

    waiting = [row for rows in years.values() for row in rows if row.settled != digests[row.year]]
    # Those never settled come last: by them the source is found again after a kill.
    waiting.sort(key=lambda row: (row.settled is None, row.year, row.id))
    for row in waiting:
        yield row, partial(learnt, row.year), digests[row.year]


def _rows(db: Database, source: str) -> Iterator[Row]:
    found = db.execute(
        "SELECT articles.id, urls.key, coalesce(articles.published, articles.fetched),"
        " content_hash, settled FROM articles JOIN sieved ON article_id = articles.id"
        " JOIN urls ON urls.id = articles.url_id WHERE articles.source = ?",
        [source],
    ).fetchall()
    return (Row(**dict(zip(Row.__slots__, row, strict=True))) for row in found)


def _chosen(years: dict[int, list[Row]], year: int) -> list[Row]:
    """The pages from which that year learns."""
    pool = {row.key: row for row in (*years.get(year - 1, ()), *years[year])}
    ids = memory.chosen_ids((row.key, row.dated[:7]) for row in pool.values())
    return [pool[ident] for ident in ids]


def _digest(rows: Iterable[Row]) -> str:
    told = "\n".join([version(), *sorted(f"{row.key} {row.content}" for row in rows)])
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def _seen(db: Database, rows: Sequence[Row]) -> Iterator[Seen]:
    for row in rows:
        (blob,) = db.execute("SELECT seen FROM sieved WHERE article_id = ?", [row.id]).fetchone()
        yield memory.unpack(blob, row.key, row.dated)


def _settle(db: Database, row: Row, learnt: Memory, digest: str) -> Changed | None:
    """Say what memory takes out of it; what it is then, if the text is another one now."""
    packed, blob, claims, title, url, before = db.execute(
        "SELECT sieved.text, seen, language_claims, title, url, article_texts.text FROM sieved"
        " JOIN articles ON articles.id = sieved.article_id"
        " JOIN article_texts ON article_texts.article_id = articles.id"
        " WHERE sieved.article_id = ?",
        [row.id],
    ).fetchone()
    lines = archive.unpack(packed).decode().split("\n")
    sifted = memory.sift(lines, memory.unpack(blob, row.key, row.dated), learnt)
    text = "\n".join(sifted.kept)
    db.conn.execute("UPDATE sieved SET settled = ? WHERE article_id = ?", (digest, row.id))
    _say(db, row.id, sifted.removed)
    if text == before:
        return None
    return Changed(id=row.id, title=title, text=text, url=url, claims=claims)


def _rewrite(db: Database, changed: Changed, notes: Annotation) -> None:
    columns = noted(changed.text, notes)
    sets = ", ".join(f"{name} = ?" for name in columns)
    db.conn.execute(f"UPDATE articles SET {sets} WHERE id = ?", (*columns.values(), changed.id))
    db.conn.execute(
        "UPDATE article_texts SET text = ? WHERE article_id = ?", (changed.text, changed.id)
    )


def _say(db: Database, article: int, removed: Sequence[Removed]) -> None:
    """Write what memory took out, unless it is what was written before."""
    wanted = [
        (each.number, each.text[:MAX_LINE], each.rule, _about(each.articles)) for each in removed
    ]
    there = db.execute(
        "SELECT line, text, rule, articles FROM removed_lines"
        " WHERE article_id = ? AND line IS NOT NULL ORDER BY line",
        [article],
    ).fetchall()
    if wanted == there:
        return
    db.conn.execute(
        "DELETE FROM removed_lines WHERE article_id = ? AND line IS NOT NULL", [article]
    )
    db.conn.executemany(
        "INSERT INTO removed_lines (article_id, line, text, rule, articles) VALUES (?, ?, ?, ?, ?)",
        [(article, *each) for each in wanted],
    )


def _about(articles: int) -> int:
    return next((least for least in ABOUT if articles >= least), articles)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
