"""A search frozen for ever, as a file that can be cited, and what has become of it since.

JSON lines: the first is the manifest, then one article a line, the newest first. The corpus's id
is the hash of all that is in the file but the id itself.
"""

import gzip
import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crawler.errors import CorpusError
from crawler.exports.articles import COUNTED
from crawler.exports.inquiry import described, inquire
from crawler.exports.replacing import replace_file
from crawler.progress import Progress
from crawler.published import connect, rows, snapshot
from crawler.query import Cursor, Query, parse
from crawler.search import documents

FORMAT = "tamis-corpus-1"
BATCH = 1000  # articles asked for at a time; their lines are some 200 kB


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """An article of a corpus; `original` is what it was a copy of."""

    id: int
    url: str
    content_hash: str
    original: int | None = None


# --- Freezing ------------------------------------------------------------------------------------


def freeze(
    db: Path,
    query: Query,
    out: Path,
    *,
    base_url: str,
    day: str,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Write the whole search to `out`, compressed if that ends in .gz; returns its manifest."""
    with closing(connect(db)) as conn:
        inquiry = inquire(conn, query, base_url=base_url, day=day)
        if progress:
            progress.expect(COUNTED, inquiry.count)
        about = {"format": FORMAT, "frozen": day, **described(inquiry)}
        # Read twice, so that the manifest can stand first and nothing is kept in memory.
        digest = hashlib.sha256(_line(about))
        for part in _lines(conn, inquiry.query):
            digest.update(part)
        manifest = {"id": digest.hexdigest(), **about}
        replace_file(out, _packed(out, _file(conn, manifest, inquiry.query, progress)))
    return manifest


def _file(
    conn: sqlite3.Connection, manifest: Mapping[str, Any], query: Query, progress: Progress | None
) -> Iterator[bytes]:
    yield _line(manifest)
    for part in _lines(conn, query):
        yield part
        if progress:
            progress.advance(COUNTED, part.count(b"\n"))


def _lines(conn: sqlite3.Connection, query: Query) -> Iterator[bytes]:
    for batch in _hits(conn, query):
        found = _articles(conn, batch)
        yield b"".join(_line(_fields(found[id_])) for id_ in batch)


def _hits(conn: sqlite3.Connection, query: Query) -> Iterator[list[int]]:
    place: Cursor | None = None
    while found := documents(conn, query.at(place), BATCH):
        yield [id_ for _, id_ in found]
        place = Cursor("older", found[-1][0])


def _articles(conn: sqlite3.Connection, ids: list[int]) -> dict[int, Frozen]:
    sql = """
        SELECT articles.id, url, content_hash, duplicate_of
        FROM json_each(?) AS hit CROSS JOIN articles ON articles.id = hit.value
    """
    return {
        id_: Frozen(id=id_, url=url, content_hash=hash_, original=original)
        for id_, url, hash_, original in rows(conn, sql, (json.dumps(ids),))
    }


def _fields(article: Frozen) -> dict[str, Any]:
    told = {"id": article.id, "url": article.url, "content_hash": article.content_hash}
    return told if article.original is None else {**told, "original": article.original}


def _line(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


def _packed(out: Path, chunks: Iterator[bytes]) -> Iterator[bytes]:
    return map(_member, chunks) if out.suffix == ".gz" else chunks


def _member(chunk: bytes) -> bytes:
    """Gzip's members one after the other are one file; of no time, so that it is the same again."""
    return gzip.compress(chunk, mtime=0)


# --- Verifying -----------------------------------------------------------------------------------

# What has become of an article; of several, the first.
FATES = {
    "gone": "no longer published",
    "changed": "published with other content",
    "reprint": "now held to be a copy of another",
    "unchanged": "as it was frozen",
}


@dataclass(kw_only=True)
class Verdict:
    """What has become of a corpus. `articles` are those that are not as they were."""

    manifest: dict[str, Any]
    snapshot: str
    counts: Counter[str] = field(default_factory=Counter)
    articles: list[dict[str, Any]] = field(default_factory=list)
    new: list[int] = field(default_factory=list)

    @property
    def same(self) -> bool:
        """Every article is as it was; what the query finds besides, since then, changes nothing."""
        return not self.articles


def verify(corpus: Path, db: Path, progress: Progress | None = None) -> Verdict:
    """Compare a corpus with the database at `db`. Raises CorpusError if the file is not whole."""
    manifest = _checked(corpus)
    known: set[int] = set()
    with closing(connect(db)) as conn:
        told = snapshot(conn)
        verdict = Verdict(manifest=manifest, snapshot=told.get("id") or told["built"])
        if progress:
            progress.expect(COUNTED, manifest["articles"])
        for batch in _batches(corpus):
            now = _articles(conn, [old.id for old in batch])
            for old in batch:
                known.add(old.id)
                _judge(verdict, old, now.get(old.id))
            if progress:
                progress.advance(COUNTED, len(batch))
        query, _ = parse(manifest["query"])
        verdict.new = [id_ for ids in _hits(conn, query) for id_ in ids if id_ not in known]
    return verdict


def told(verdict: Verdict) -> dict[str, Any]:
    """The verdict as JSON."""
    return {
        "corpus": verdict.manifest["id"],
        "frozen": {"day": verdict.manifest["frozen"], "snapshot": verdict.manifest["snapshot"]},
        "snapshot": verdict.snapshot,
        "same": verdict.same,
        "counts": {fate: verdict.counts[fate] for fate in FATES},
        "articles": verdict.articles,
        "new": verdict.new,
    }


MOST_SHOWN = 20  # a screen; --json has all


def shown(verdict: Verdict) -> Iterator[str]:
    """The verdict as lines for people."""
    manifest = verdict.manifest
    yield f"corpus {manifest['id'][:16]}, frozen on {manifest['frozen']}: {manifest['asked']}"
    yield f"{manifest['snapshot']['id']} then, {verdict.snapshot} now"
    for fate, meaning in FATES.items():
        yield f"{verdict.counts[fate]:>9,}  {fate:<9}  {meaning}"
    yield f"{len(verdict.new):>9,}  {'new':<9}  found by its query since"
    for each in verdict.articles[:MOST_SHOWN]:
        original = f" of {each['original']}" if "original" in each else ""
        yield f"{each['fate']}{original}: {each['id']} {each['url']}"
    if (more := len(verdict.articles) - MOST_SHOWN) > 0:
        yield f"... and {more:,} more: --json names all"


def _judge(verdict: Verdict, old: Frozen, now: Frozen | None) -> None:
    fate = _fate(old, now)
    verdict.counts[fate] += 1
    if fate != "unchanged":
        told = {"id": old.id, "url": old.url, "fate": fate}
        verdict.articles.append(
            {**told, "original": now.original} if now and fate == "reprint" else told
        )


def _fate(old: Frozen, now: Frozen | None) -> str:
    if now is None:
        return "gone"
    if now.content_hash != old.content_hash:
        return "changed"
    return "reprint" if now.original not in {None, old.original} else "unchanged"


def _checked(corpus: Path) -> dict[str, Any]:
    """The manifest, once the file is found to be what its id says."""
    try:
        with _opened(corpus) as file:
            manifest = json.loads(next(file, b"null"))
            if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
                raise CorpusError(f"{corpus} is no corpus that `tamis freeze` wrote")
            told = manifest.copy()
            digest = hashlib.sha256(_line({name: told[name] for name in told if name != "id"}))
            for line in file:
                digest.update(line)
    except (EOFError, gzip.BadGzipFile, ValueError) as error:
        raise CorpusError(f"{corpus} cannot be read: {error}") from error
    if digest.hexdigest() != manifest.get("id"):
        raise CorpusError(
            f"{corpus} is not what was frozen: its content does not fit its id "
            f"{str(manifest.get('id'))[:16]}; take the file that was deposited"
        )
    return manifest


def _batches(corpus: Path) -> Iterator[list[Frozen]]:
    with _opened(corpus) as file:
        next(file)
        batch: list[Frozen] = []
        for line in file:
            batch.append(Frozen(**json.loads(line)))
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch


def _opened(corpus: Path) -> Any:
    return gzip.open(corpus) if corpus.suffix == ".gz" else corpus.open("rb")
