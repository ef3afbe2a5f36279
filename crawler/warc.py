"""The archive as WARC files, out and in: what a page was, exactly, for other tools and other days.

An export holds each page as a response record, and beside it a metadata record of ours that says
whose it is and what the channels said of it, so that importing it gives the same articles. What
others have recorded (CC-NEWS, a browser's archive) comes in by the address of its pages.
"""

import hashlib
import importlib
import io
import json
import os
import re
import sqlite3
import uuid
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from http.client import responses
from importlib.metadata import version as installed
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlite_utils import Database
from warcio.archiveiterator import WARCIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordbuilder import RecordBuilder
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from crawler import __version__, archive, channels, clock, registry, urls
from crawler.channels import DueChannel
from crawler.errors import ConfigError, TamisError
from crawler.frontier import Frontier
from crawler.items import Link, Page, Source
from crawler.progress import Progress
from crawler.settings import DOWNLOAD_MAXSIZE

KIND = "warc"  # of the channel that imported pages come by
JSON = "application/json"
HTTP = "application/http; msgtype=response"
WHOLE = (200, 203)  # other successes have no page, or a challenge in its place
# As long as a page may be that is fetched, and what stands before it. The longest head of a
# response that browsers take has 256 KiB (Chromium).
MAX_BODY = DOWNLOAD_MAXSIZE
MAX_HEAD = 256 * 1024
# Servers apply one or two; a longer list is made to be unpacked for ever.
MAX_CODINGS = 4
OTHERS = frozenset({
    "warcinfo", "request", "metadata", "revisit", "resource", "conversion", "continuation",
})  # fmt: skip
BLOCK = 64 * 1024
END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?\r?\n")
OURS = b"software: Tamis/"  # in the warcinfo record of our exports
IS_NEW, IS_THERE = "imported", "there"
# The fields of a Link that an export may fill, by what they hold.
LISTS = frozenset(each.name for each in fields(Link) if each.default == ())
TEXTS = frozenset(each.name for each in fields(Link) if each.default is None)
# Ids are made from content, so that two exports of one archive are the same bytes.
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:tamis:warc")
IMPORTED = Source(
    id="imported",
    name="Imported pages",
    homepage="http://imported.invalid/",
    country=registry.INTERNATIONAL,
    organisation="aggregator",
    languages=("und",),
    category="media",
    enabled=False,
    reason="holds imported pages that belong to no source of the registry",
)


class WarcError(TamisError):
    """A WARC file cannot be read on; names the file, the offset in it, and what is wrong."""


# Export.


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which archived pages; all conditions hold. `since` is a day, `urls` any of these addresses.

    A language is that of the article that was read from the page; `zh` finds `zh-Hant` too.
    """

    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    since: str | None = None

    def where(self) -> tuple[str, dict[str, Any]]:
        """As SQL over `pages` and `urls`. The + keeps SQLite to the order of the pages."""
        conditions, values = ["1"], dict[str, Any]()
        if self.sources:
            conditions.append("+urls.source IN (SELECT value FROM json_each(:sources))")
            values["sources"] = json.dumps(self.sources)
        if self.languages:
            conditions.append(
                "+pages.url_id IN (SELECT url_id FROM articles, json_each(:languages)"
                " WHERE language = value OR language LIKE value || '-%')"
            )
            values["languages"] = json.dumps(self.languages)
        if self.urls:
            conditions.append("+urls.key IN (SELECT value FROM json_each(:keys))")
            values["keys"] = json.dumps([_asked(url) for url in self.urls])
        if self.since:
            conditions.append("pages.fetched >= :since")
            values["since"] = self.since
        return " AND ".join(conditions), values


def _asked(url: str) -> str:
    if urls.web_url(url) is None:
        raise ConfigError(f"{url!r} is no web address: write it as in https://example.org/a")
    return urls.key(url)


PAGES = """
    FROM pages CROSS JOIN urls ON urls.id = pages.url_id
    CROSS JOIN sources ON sources.id = urls.source WHERE {where}
"""
ROWS = f"""
    SELECT pages.url, pages.fetched, pages.status, pages.content_type, pages.headers, pages.body,
           pages.url_id, urls.url AS ledger_url, urls.discovered, sources.id AS source,
           sources.record
    {PAGES} ORDER BY pages.id
"""


def export(
    db: Database,
    out: Path,
    selection: Selection | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> int:
    """Write the archived pages of `selection` to `out`, in the order of their arrival; how many.

    `out` appears when it is complete. ConfigError if it exists (without `force`), or if its name
    does not end in .warc.gz; TamisError if there is no such page, or no room.
    """
    if not out.name.endswith(".warc.gz"):
        raise ConfigError(f"{out}: a WARC file of gzipped records is called NAME.warc.gz")
    if out.exists() and not force:
        raise ConfigError(f"{out} exists: choose another name, or replace it with --force")
    where, values = (selection or Selection()).where()
    count, newest = db.execute(
        f"SELECT count(*), max(pages.fetched) {PAGES.format(where=where)}", values
    ).fetchone()
    if not count:
        raise TamisError("no archived page is what you ask for, so nothing was written")
    if progress:
        progress.expect("exported", count)
    part = out.with_name(f"{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            writer = WARCWriter(file, gzip=True)
            writer.write_record(_warcinfo(newest))
            written = 0
            for row in db.query(ROWS.format(where=where), values):
                hints = channels.hints(db, [row["url_id"]]).get(row["url_id"], {})
                for record in _records(row, hints):
                    writer.write_record(record)
                written += 1
                if progress:
                    progress.advance("exported")
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise TamisError(f"{out} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)
    return written


class _Head(StatusAndHeaders):  # type: ignore[misc] # warcio has no types
    """A response's head in the bytes it came in; warcio would percent-encode what is not ASCII."""

    def to_ascii_bytes(self, filter_func: Any = None) -> bytes:
        head: bytes = self.to_bytes(filter_func, encoding="latin-1")
        return head


def _warcinfo(newest: str) -> ArcWarcRecord:
    """Dated as the newest page: by the clock, two exports of one archive would differ."""
    about = {
        "software": f"Tamis/{__version__} warcio/{installed('warcio')}",
        "format": "WARC File Format 1.0",
        "conformsTo": "http://bibnum.bnf.fr/WARC/WARC_ISO_28500_version1_latestdraft.pdf",
    }
    body = "".join(f"{name}: {value}\r\n" for name, value in about.items()).encode()
    of = {"url": "", "ledger_url": "", "fetched": newest}
    return _record("warcinfo", of, body, "application/warc-fields")


def _records(row: Mapping[str, Any], hints: Mapping[str, Any]) -> Iterator[ArcWarcRecord]:
    """A page's response, as it was but for its codings, which it is stored without; and ours."""
    body = archive.unpack(row["body"])
    kept = {**json.loads(row["headers"]), "content-length": str(len(body))}
    if row["content_type"] is not None:
        kept["content-type"] = row["content_type"]
    head = _Head(
        f"{row['status']} {responses.get(row['status'], '')}".strip(),
        [(name.title(), _line(value)) for name, value in sorted(kept.items())],
        protocol="HTTP/1.1",
    )
    about = {
        "tamis": __version__,
        "source": row["source"],
        "record": json.loads(row["record"]),
        "link": hints,
        "url": row["ledger_url"],
        "discovered": row["discovered"],
    }
    response = _record("response", row, body, HTTP, head=head)
    ident = response.rec_headers.get_header("WARC-Record-ID")
    yield response
    # It describes the response (Refers-To) and is of the same capture (Concurrent-To).
    refers = {"WARC-Refers-To": ident, "WARC-Concurrent-To": ident}
    yield _record("metadata", row, json.dumps(about, ensure_ascii=False).encode(), JSON, refers)


def _record(
    kind: str,
    of: Mapping[str, Any],
    body: bytes,
    content_type: str,
    headers: Mapping[str, str] = MappingProxyType({}),
    *,
    head: StatusAndHeaders | None = None,
) -> ArcWarcRecord:
    # Two addresses of the ledger may lead to one page: each has its record.
    named = (kind, of["ledger_url"], of["url"], of["fetched"], hashlib.sha256(body).hexdigest())
    return RecordBuilder().create_warc_record(
        of["url"],
        kind,
        payload=io.BytesIO(body),
        length=len(body),
        warc_content_type=content_type,
        warc_headers_dict={
            "WARC-Type": kind,
            "WARC-Record-ID": f"<urn:uuid:{uuid.uuid5(NAMESPACE, ' '.join(named))}>",
            "WARC-Date": of["fetched"],
            **headers,
        },
        http_headers=head,
    )


def _line(value: str) -> str:
    return " ".join(value.splitlines()).encode("latin-1", "replace").decode("latin-1")


# Import.


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import came to: every record is imported, there already, or skipped for a reason."""

    records: int
    imported: int
    there: int
    skipped: dict[str, int]
    errors: tuple[str, ...]
    stopped: bool = False

    @property
    def well(self) -> bool:
        return not self.errors and not self.stopped

    def __str__(self) -> str:
        counts = [f"{self.imported:,} imported", f"{self.there:,} there already"]
        skipped = ", ".join(f"{reason} {count:,}" for reason, count in self.skipped.items())
        lines = [f"{self.records:,} records: {', '.join(counts)}"]
        if skipped:
            lines.append(f"Skipped: {skipped}")
        if self.stopped:
            lines.append("Stopped; import the same files again to go on")
        return "\n".join(lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A page of a WARC file, and what our own export says of it."""

    page: Page
    about: Mapping[str, Any] | None = None


class Unfit(Exception):  # noqa: N818 (a verdict on a record, no error)
    """Why a record gives no page."""


class Sites:
    """The registry's sources by where their pages are."""

    def __init__(self, sources: Iterable[Source]) -> None:
        self.roots: dict[str, list[tuple[tuple[str, ...], bool, Source]]] = {}
        for source in sources:
            name, path = _place(source.homepage)
            self.roots.setdefault(name, []).append((path, True, source))
            for feed in source.feeds:
                name, path = _place(feed.url)
                self.roots.setdefault(name, []).append((path[:-1], False, source))

    def owner(self, url: str) -> Source | None:
        """The source of this site; of several, the one with the longest path that leads to `url`.

        None where two have the same claim: a wrong owner could give a page a wrong licence.
        """
        name, path = _place(url)
        roots = self.roots.get(name, [])
        owners = {source.id: source for _, _, source in roots}
        if len(owners) > 1:
            claims = [
                ((len(root), at_home, source.enabled), source)
                for root, at_home, source in roots
                if path[: len(root)] == root
            ]
            best = max((claim for claim, _ in claims), default=None)
            owners = {source.id: source for claim, source in claims if claim == best}
        return next(iter(owners.values())) if len(owners) == 1 else None


def load(
    frontier: Frontier,
    paths: Iterable[Path],
    sources: Iterable[Source],
    *,
    only_known: bool = False,
    progress: Progress | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Imported:
    """Archive the pages of WARC files, to be read as fetched ones are.

    `sources` is the whole registry, which says whose a page is; `only_known` leaves out pages of
    none of them. What is wrong with a file ends that file only, and what was read of it is kept.
    """
    paths = list(paths)
    known = {source.id: source for source in sources}
    importing = _Import(frontier, known, Sites(known.values()), only_known=only_known)
    counts: Counter[str] = Counter()
    errors: list[str] = []
    if progress:
        progress.expect("bytes", sum(path.stat().st_size for path in paths if path.is_file()))
    for path in paths:
        try:
            with path.open("rb") as file:
                source = Unpacked(file, str(path))
                before = 0
                for found in captures(source):
                    counts[found if isinstance(found, str) else importing.add(found)] += 1
                    if progress:
                        progress.advance("bytes", source.taken - before)
                        before = source.taken
                    if stop():
                        break
        except WarcError as error:
            errors.append(str(error))
        except sqlite3.Error as error:
            raise TamisError(
                f"{error}; the import stopped, and goes on when it is run again"
            ) from error
        except OSError as error:
            errors.append(f"{path} cannot be read: {error.strerror or error}")
        finally:
            frontier.writes.flush()
        if stop():
            break
    records = counts.total()
    imported, there = counts.pop(IS_NEW, 0), counts.pop(IS_THERE, 0)
    return Imported(
        records=records, imported=imported, there=there, skipped=dict(counts.most_common()),
        errors=tuple(errors), stopped=stop(),
    )  # fmt: skip


@dataclass(slots=True)
class _Import:
    """One import's hold on the frontier, with the channels that it has needed so far."""

    frontier: Frontier
    known: Mapping[str, Source]
    sites: Sites
    only_known: bool
    channels: dict[str, DueChannel] = field(default_factory=dict)

    def add(self, capture: Capture) -> str:
        """What became of it: IS_NEW, IS_THERE, or why it was left out."""
        source = self.source(capture)
        if self.only_known and source.id not in self.known:
            return "of no known source"
        if source.id not in self.channels:
            self.channels[source.id] = self.frontier.channels.adopt(
                source, KIND, f"{KIND}:{source.id}"
            )
        new = self.frontier.imported(self.channels[source.id], _link(capture), capture.page)
        return IS_NEW if new else IS_THERE

    def source(self, capture: Capture) -> Source:
        """Whose it is: what our export says, by today's registry if that has it; or by address."""
        if about := capture.about:
            if source := self.known.get(str(about.get("source"))):
                return source
            if source := _recorded(about.get("record")):
                return source
        return self.sites.owner(capture.page.url) or self.known.get(IMPORTED.id, IMPORTED)


def captures(source: "Unpacked") -> Iterator[Capture | str]:
    """Each record of a file in turn: a page, or why it is none.

    A page is held back until the next record, which in our own exports describes it.
    """
    held: tuple[ArcWarcRecord, bytes] | None = None
    broken: WarcError | None = None
    ours = False
    try:
        for record, block in _blocks(source):
            if held:
                yield _capture(*held, _about(record, block, of=held[0]))
                held = None
            ours = ours or (record.rec_type == "warcinfo" and OURS in block)
            if record.rec_type == "response":
                held = record, block
            else:
                yield f"{record.rec_type if record.rec_type in OTHERS else 'unknown'} record"
    except WarcError as error:
        broken = error
    if held and broken and ours:
        # What says whose it is was cut off; the whole file will bring both.
        yield "truncated"
    elif held:
        yield _capture(*held, None)
    if broken:
        raise broken


def _blocks(source: "Unpacked") -> Iterator[tuple[ArcWarcRecord, bytes]]:
    """Each whole record and its content, one byte longer than the limit if it is too long."""
    # HTTP is left to us: a head that warcio cannot read would end the file without a word.
    records = WARCIterator(source, no_record_parse=True, block_size=BLOCK)
    at = 0
    problem = ""
    try:
        for record in records:
            block: bytes = record.raw_stream.read(MAX_HEAD + MAX_BODY + 1)
            records.read_to_end()
            if problem := _problem(records, record) or source.damage(at):
                break
            at = records.offset
            yield record, block
    except ArchiveLoadFailed:
        problem = "no WARC record begins here"
    problem = source.damage(at) or problem or ("" if at else "the file holds no record")
    if problem:
        raise WarcError(
            f"{source.name}: byte {source.origin(at)}: {problem};"
            " what comes before it was read, what comes after it was not"
        )


def _problem(records: WARCIterator, record: ArcWarcRecord) -> str:
    """Why a record that was read to its end is not whole; empty if it is."""
    if not re.fullmatch("[0-9]{1,15}", record.rec_headers.get_header("Content-Length", "")):
        return "a record does not say how long it is"
    if record.raw_stream.limit:
        return "the file is cut off in the middle of a record"
    return "a record is longer or shorter than it says" if records.err_count else ""


class Unpacked:
    """The bytes of a file, out of their gzip members if it has any.

    warcio would unpack them too, but it takes a member that is cut off or corrupt for the end of
    the file, and a file of one member for many records' fault.
    """

    def __init__(self, file: io.BufferedReader, name: str) -> None:
        self.file, self.name = file, name
        self.taken = 0  # bytes of the file
        self.given = 0  # bytes out of it
        self._zipped = file.peek(2)[:2] == b"\x1f\x8b"
        self._member: Any = None
        self._rest = b""
        self._members: deque[tuple[int, int]] = deque()  # where they begin: unpacked, in the file
        self._damage = ""

    def tell(self) -> int:
        return self.given

    def origin(self, offset: int) -> int:
        """Where in the file the record is that begins at `offset` of what it holds.

        Offsets must be asked for in order.
        """
        while len(self._members) > 1 and self._members[1][0] <= offset:
            self._members.popleft()
        return self._members[0][1] if self._members else offset

    def damage(self, offset: int) -> str:
        """What is wrong with the member that holds `offset`, or with one before; or nothing.

        What comes after the damage cannot be read, and a reader sees the end of the file there.
        """
        return self._damage if self._damage and self._members[-1][0] <= offset else ""

    def read(self, size: int) -> bytes:
        data = self._unzipped(size) if self._zipped else self._more(size)
        self.given += len(data)
        return data

    def _more(self, size: int) -> bytes:
        data = self.file.read(size)
        self.taken += len(data)
        return data

    def _unzipped(self, size: int) -> bytes:
        while not self._damage:
            if self._member is None:
                self._rest = self._rest or self._more(BLOCK)
                if not self._rest:
                    return b""
                self._member = zlib.decompressobj(zlib.MAX_WBITS | 16)
                self._members.append((self.given, self.taken - len(self._rest)))
            try:
                data: bytes = self._member.decompress(self._rest, size)
            except zlib.error as error:
                self._damage = f"the gzip data is damaged ({error})"
                break
            whole = self._member.eof
            self._rest = self._member.unused_data if whole else self._member.unconsumed_tail
            if whole:
                self._member = None
            if data:
                return data
            if not whole and not self._rest:
                self._rest = self._more(BLOCK)
                if not self._rest:
                    self._damage = "the file is cut off in the middle of a gzip member"
        return b""


def _about(record: ArcWarcRecord, block: bytes, *, of: ArcWarcRecord) -> dict[str, Any] | None:
    """What our export says of the response `of`, if this is the record that does."""
    ident = of.rec_headers.get_header("WARC-Record-ID")
    refers = record.rec_headers.get_header("WARC-Refers-To")
    if record.rec_type != "metadata" or record.content_type != JSON or refers != ident:
        return None
    with suppress(ValueError, RecursionError):
        about = json.loads(block)
        json.dumps(about, ensure_ascii=False).encode()  # half a surrogate pair cannot be stored
        if isinstance(about, dict) and "tamis" in about:
            return about
    return None


def _capture(record: ArcWarcRecord, block: bytes, about: Mapping[str, Any] | None) -> Capture | str:
    try:
        return Capture(page=_page(record.rec_headers, block, ours=about is not None), about=about)
    except Unfit as reason:
        return str(reason)


def _page(warc: StatusAndHeaders, block: bytes, *, ours: bool) -> Page:
    """The page in a response record; raises Unfit."""
    if warc.get_header("WARC-Truncated") or warc.get_header("WARC-Segment-Number"):
        raise Unfit("truncated")
    status, headers, body = _response(block)
    if status not in WHOLE:
        raise Unfit(f"HTTP {status}")
    target = warc.get_header("WARC-Target-URI", "")
    url = urls.web_url(target)
    if url is None:
        raise Unfit("no web address")
    content_type = headers.get("content-type") or None
    kind = (content_type or "").partition(";")[0].strip().lower()
    # What we archived was readable then, whatever it was called.
    if kind and kind not in archive.READABLE and not ours:
        raise Unfit("another content type")
    body = _decoded(body, headers)
    if not kind and not ours and b"\0" in body[:1024]:
        raise Unfit("another content type")
    return Page(
        url=target if ours else url,
        fetched=_stamp(warc.get_header("WARC-Date", "")),
        status=status,
        content_type=content_type,
        headers={name: headers[name] for name in archive.KEPT_HEADERS if headers.get(name)},
        body=body,
    )


def _response(block: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (the last of each name, as Scrapy gives it) and what follows them."""
    end = END_OF_HEAD.search(block[: MAX_HEAD + 4])
    status = re.match(rb"HTTP/[0-9.]+ +([0-9]{3})(?![0-9])", block)
    if status is None or end is None:
        raise Unfit("no HTTP response")
    if len(block) - end.end() > MAX_BODY:
        raise Unfit("too large")
    head = re.sub(r"\r?\n[ \t]+", " ", block[: end.start()].decode("latin-1"))
    pairs = (line.partition(":") for line in re.split(r"\r?\n", head)[1:])
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return int(status[1]), headers, block[end.end() :]


def _stamp(moment: str) -> str:
    try:
        when = datetime.fromisoformat(moment)
    except ValueError:
        raise Unfit("no date") from None
    return clock.stamp(when if when.tzinfo else when.replace(tzinfo=UTC))


def _decoded(body: bytes, headers: Mapping[str, str]) -> bytes:
    """The body without the codings it travelled in, whole; raises Unfit.

    Some tools undo a coding and leave its header, so what is not in a coding passes through it.
    """
    named = ",".join(headers.get(name, "") for name in ("content-encoding", "transfer-encoding"))
    codings = [name for each in named.lower().split(",") if (name := each.strip())]
    length = headers.get("content-length", "")
    if "chunked" not in codings and length.isdecimal() and len(body) < int(length[:15]):
        raise Unfit("truncated")
    if len(codings) > MAX_CODINGS or any(name not in DECODERS for name in codings):
        raise Unfit("an unknown coding")
    for name in reversed(codings):
        body = DECODERS[name](body)
        if len(body) > MAX_BODY:
            raise Unfit("too large")
    return body


def _joined(body: bytes) -> bytes:
    """Out of its chunks."""
    parts: list[bytes] = []
    at = 0
    while found := CHUNK.match(body, at, at + 1024):
        end = found.end() + int(found[1], 16)
        if end == found.end():
            return b"".join(parts)
        parts.append(body[found.end() : end])
        at = end + (2 if body[end : end + 2] == b"\r\n" else 1)
    if at == 0:
        return body
    raise Unfit("truncated")


def _gunzipped(body: bytes) -> bytes:
    if body[:2] != b"\x1f\x8b":
        return body
    try:
        return _inflated(body, zlib.MAX_WBITS | 16)
    except zlib.error:
        raise Unfit("damaged") from None


def _deflated(body: bytes) -> bytes:
    """RFC 9110 means the zlib format; some servers send it bare."""
    if _is_markup(body):
        return body
    for bits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        with suppress(zlib.error):
            return _inflated(body, bits)
    raise Unfit("damaged")


def _inflated(body: bytes, bits: int) -> bytes:
    unpacked = b""
    while body and len(unpacked) <= MAX_BODY:
        member = zlib.decompressobj(bits)
        try:
            unpacked += member.decompress(body, MAX_BODY + 1 - len(unpacked))
        except zlib.error:
            if unpacked:
                break  # padding after the last member
            raise
        if not member.eof and len(unpacked) <= MAX_BODY:
            raise Unfit("truncated")
        body = member.unused_data if bits > zlib.MAX_WBITS else b""  # only gzip has members
    return unpacked


def _unbrotlied(body: bytes) -> bytes:
    if _is_markup(body):
        return body
    try:
        brotli = importlib.import_module("brotli")  # not everybody's
    except ImportError:
        raise Unfit("an unknown coding") from None
    member, unpacked, rest = brotli.Decompressor(), b"", body
    try:
        while not member.is_finished() and len(unpacked) <= MAX_BODY:
            more = member.process(rest, output_buffer_limit=MAX_BODY + 1 - len(unpacked))
            if not more and not rest:
                raise Unfit("truncated")
            unpacked, rest = unpacked + more, b""
    except brotli.error:
        raise Unfit("damaged") from None
    except TypeError:  # before 1.2, which cannot be limited
        raise Unfit("an unknown coding") from None
    return unpacked


def _is_markup(body: bytes) -> bool:
    """Nothing that is deflated or brotlied begins so, but for the unlikeliest of settings."""
    return body.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<")


DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "identity": lambda body: body,
    "chunked": _joined,
    "gzip": _gunzipped,
    "x-gzip": _gunzipped,
    "deflate": _deflated,
    "br": _unbrotlied,
}


def _link(capture: Capture) -> Link:
    """The link that led to the page; what a file gives in another shape is left out."""
    about = capture.about or {}
    url = urls.web_url(str(about.get("url", ""))) or capture.page.url
    said = about.get("link")
    hints: dict[str, Any] = {}
    for name, value in said.items() if isinstance(said, dict) else ():
        if name in TEXTS and isinstance(value, str):
            hints[name] = value
        elif name in LISTS and isinstance(value, list):
            hints[name] = tuple(each for each in value if isinstance(each, str))
    return Link(url=url, **hints)


def _recorded(record: Any) -> Source | None:
    """The record of a source that an export brings, if it is one by the registry's rules.

    Without its licence: a source that is in nobody's registry has nobody who answers for it.
    """
    names = {each.name for each in fields(Source)} - {"id", "licence"}
    if not isinstance(record, dict):
        return None
    try:
        plain = {name: value for name, value in _filled(record).items() if name in names}
    except (ValueError, RecursionError):
        return None
    ident = record.get("id")
    if any(registry.ID(ident)) or any(registry.SOURCE(plain)):
        return None
    return registry.from_json({"id": ident, **plain})


def _filled(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record as its TOML has it: nothing empty, and days as days."""

    def toml(name: str, value: Any) -> Any:
        if isinstance(value, dict):
            return _filled(value)
        if isinstance(value, list):
            return [toml(name, each) for each in value]
        return date.fromisoformat(value) if name.endswith("_on") else value

    return {
        name: toml(name, value)
        for name, value in record.items()
        if value is not None and value not in ("", [])
    }


def _place(url: str) -> tuple[str, tuple[str, ...]]:
    """The site of an address, and the parts of its path."""
    name, _, path = urls.key(url).partition("/")
    return name, tuple(part for part in path.partition("?")[0].split("/") if part)
