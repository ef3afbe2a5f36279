"""The pages in a WARC file, whoever wrote it: whole records, and HTTP without its codings."""

import gzip
import importlib
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from warcio.archiveiterator import WARCIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.recordloader import ArcWarcRecord
from warcio.statusandheaders import StatusAndHeaders

from crawler import archive, clock, urls
from crawler.errors import TamisError
from crawler.items import Page
from crawler.settings import DOWNLOAD_MAXSIZE

JSON = "application/json"
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


class WarcError(TamisError):
    """A WARC file cannot be read on; names the file, how far it was, and what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A page of a WARC file, and what our own export says of it."""

    page: Page
    about: Mapping[str, Any] | None = None


class Unfit(Exception):  # noqa: N818 (a verdict on a record, no error)
    """Why a record gives no page."""


def captures(file: BinaryIO, *, every_type: bool = False) -> Iterator[Capture | str]:
    """Each record of a file in turn: a page, or why it is none. Raises WarcError where it breaks.

    A page is held back until the next record, which in our own exports describes it. Pages are
    what may hold an article, or with `every_type` documents of any content type.
    """
    held: tuple[ArcWarcRecord, bytes] | None = None
    ours = False
    try:
        for record, block in _blocks(file):
            if held:
                about = _about(record, block, of=held[0])
                yield _capture(*held, about, every_type=every_type)
            ours = ours or (record.rec_type == "warcinfo" and OURS in block)
            held = (record, block) if record.rec_type == "response" else None
            if not held:
                yield f"{record.rec_type if record.rec_type in OTHERS else 'unknown'} record"
    except WarcError:
        if held:
            # What says whose it is was cut off; the whole file will bring both.
            yield "truncated" if ours else _capture(*held, None, every_type=every_type)
        raise
    if held:
        yield _capture(*held, None, every_type=every_type)


def _blocks(file: BinaryIO) -> Iterator[tuple[ArcWarcRecord, bytes]]:
    """Each whole record and its content, one byte longer than the limit if it is too long."""
    source = _Unpacked(file)
    # HTTP is left to us: a head that warcio cannot read would end the file without a word.
    records = WARCIterator(source, no_record_parse=True, block_size=BLOCK)
    whole, problem = 0, ""
    try:
        for record in records:
            block: bytes = record.raw_stream.read(MAX_HEAD + MAX_BODY + 1)
            records.read_to_end()
            if problem := _problem(records, record) or source.torn:
                break
            whole += 1
            yield record, block
    except ArchiveLoadFailed:
        problem = "no WARC record begins here"
    problem = source.damage or problem or ("" if whole else "the file holds no record")
    if problem:
        raise WarcError(
            f"{file.name}: after {whole:,} records: {problem};"
            " what comes before it was read, what comes after it was not"
        )


def _problem(records: WARCIterator, record: ArcWarcRecord) -> str:
    """Why a record that was read to its end is not whole; empty if it is."""
    if not re.fullmatch("[0-9]{1,15}", record.rec_headers.get_header("Content-Length", "")):
        return "a record does not say how long it is"
    if record.raw_stream.limit:
        return "the file is cut off in the middle of a record"
    return "a record is longer or shorter than it says" if records.err_count else ""


class _Unpacked:
    """The bytes of a file, out of its gzip members if it has any, up to where they are damaged.

    warcio would unpack them too, but it takes a member that is cut off or corrupt for the end of
    the file, and a file of one member for many records' fault.
    """

    def __init__(self, file: BinaryIO) -> None:
        zipped = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        self._unzipped = gzip.GzipFile(fileobj=file) if zipped else None
        self._file = file
        self.damage = ""  # what is wrong with the file
        self.torn = ""  # ... and with the member that was being read, so with its records too

    def read(self, size: int) -> bytes:
        if self.damage or self._unzipped is None:
            return b"" if self.damage else self._file.read(size)
        try:
            return self._unzipped.read1(size)
        except EOFError:
            self.damage = self.torn = "the file is cut off in the middle of a gzip member"
        except (gzip.BadGzipFile, zlib.error) as error:
            self.damage = f"the gzip data is damaged ({error})"
            self.torn = "" if str(error).startswith("Not a gzipped file") else self.damage
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


def _capture(
    record: ArcWarcRecord, block: bytes, about: Mapping[str, Any] | None, *, every_type: bool
) -> Capture | str:
    ours = about is not None
    try:
        page = _page(record.rec_headers, block, ours=ours, every_type=every_type or ours)
        return Capture(page=page, about=about)
    except Unfit as reason:
        return str(reason)


def _page(warc: StatusAndHeaders, block: bytes, *, ours: bool, every_type: bool) -> Page:
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
    if kind and kind not in archive.READABLE and not every_type:
        raise Unfit("another content type")
    body = _decoded(body, headers)
    if not kind and not every_type and b"\0" in body[:1024]:
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
        try:
            body = DECODERS[name](body)
        except zlib.error:
            raise Unfit("damaged") from None
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
    """Out of its members; what follows the last is padding."""
    unpacked, rest = b"", body
    while rest.startswith(b"\x1f\x8b") and len(unpacked) <= MAX_BODY:
        member, rest = _inflated(rest, zlib.MAX_WBITS | 16)
        unpacked += member
    return unpacked if body.startswith(b"\x1f\x8b") else body


def _deflated(body: bytes) -> bytes:
    """RFC 9110 means the zlib format; some servers send it bare."""
    if _is_markup(body):
        return body
    try:
        return _inflated(body, zlib.MAX_WBITS)[0]
    except zlib.error:
        return _inflated(body, -zlib.MAX_WBITS)[0]


def _inflated(body: bytes, bits: int) -> tuple[bytes, bytes]:
    """What was packed, to the limit, and what follows it."""
    packed = zlib.decompressobj(bits)
    unpacked = packed.decompress(body, MAX_BODY + 1)
    if not packed.eof and len(unpacked) <= MAX_BODY:
        raise Unfit("truncated")
    return unpacked, packed.unused_data


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
