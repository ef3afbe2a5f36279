"""The pages in a WARC file, whoever wrote it: whole records, and HTTP without its codings."""

import base64
import hashlib
import importlib
import json
import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from crawler import archive, clock, urls
from crawler.items import Page
from crawler.settings import DOWNLOAD_MAXSIZE
from crawler.warcfile import Record, WarcError, records

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
END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,8})[ \t]*(?:;.*)?\r?\n")
ALGORITHMS = ("md5", "sha1", "sha256", "sha384", "sha512")
OURS = b"software: Tamis/"  # in the warcinfo record of our exports


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A page of a WARC file, and what our own export says of it.

    `offset` is where its record begins in the file: itself, or the gzip member that it is in.
    """

    offset: int
    page: Page
    about: Mapping[str, Any] | None = None


class Unfit(Exception):  # noqa: N818 (a verdict on a record, no error)
    """Why a record gives no page."""


def captures(
    file: BinaryIO, *, every_type: bool = False, ours: bool = False
) -> Iterator[Capture | str]:
    """Each record of a file in turn: a page, or why it is none.

    Raises WarcError at the end if something was damaged. A page is held back until the next record,
    which in our own exports describes it. Pages are what may hold an article, or with `every_type`
    documents of any content type. `ours`: these are records of an export of ours.
    """
    held: Record | None = None
    damage: WarcError | None = None
    try:
        for record in records(file, limit=MAX_HEAD + MAX_BODY + 1):
            if held:
                about = _about(record, of=held)
                yield _capture(held, about, ours=ours, every_type=every_type)
            if record.kind == "warcinfo":
                ours = OURS in record.block
            held = record if record.kind == "response" else None
            if not held:
                yield f"{record.kind if record.kind in OTHERS else 'unknown'} record"
    except WarcError as error:
        damage = error
    if held:
        yield _capture(held, None, ours=ours, every_type=every_type)
    if damage:
        raise damage


def is_export(file: BinaryIO) -> bool:
    """Whether a file begins as our exports do."""
    file.seek(0)
    with suppress(WarcError):
        first = next(records(file, limit=MAX_HEAD), None)
        return first is not None and first.kind == "warcinfo" and OURS in first.block
    return False


def _about(record: Record, *, of: Record) -> dict[str, Any] | None:
    """What our export says of the response `of`, if this is the record that does."""
    ident, refers = of.headers.get("warc-record-id"), record.headers.get("warc-refers-to")
    kind = record.headers.get("content-type")
    if record.kind != "metadata" or kind != JSON or refers != ident:
        return None
    with suppress(ValueError, RecursionError):
        about = json.loads(record.block)
        json.dumps(about, ensure_ascii=False).encode()  # half a surrogate pair cannot be stored
        if isinstance(about, dict) and "tamis" in about:
            return about
    return None


def _capture(
    record: Record, about: Mapping[str, Any] | None, *, ours: bool, every_type: bool
) -> Capture | str:
    if ours and about is None:
        return "truncated"  # what says whose it is was lost; the whole file will bring both
    ours = about is not None
    try:
        page = _page(record, ours=ours, every_type=every_type or ours)
        return Capture(offset=record.offset, page=page, about=about)
    except Unfit as reason:
        return str(reason)


def _page(record: Record, *, ours: bool, every_type: bool) -> Page:
    """The page in a response record; raises Unfit."""
    warc = record.headers
    if warc.get("warc-truncated") or warc.get("warc-segment-number"):
        raise Unfit("truncated")
    status, headers, raw = _response(record.block)
    if status not in WHOLE:
        raise Unfit(f"HTTP {status}")
    target = warc.get("warc-target-uri", "").removeprefix("<").removesuffix(">")  # as Wget has it
    url = urls.web_url(target)
    if url is None:
        raise Unfit("no web address")
    content_type = headers.get("content-type") or None
    kind = (content_type or "").partition(";")[0].strip().lower()
    # What we archived was readable then, whatever it was called.
    if kind and kind not in archive.READABLE and not every_type:
        raise Unfit("another content type")
    body = _decoded(raw, headers)
    if not kind and not every_type and b"\0" in body[:1024]:
        raise Unfit("another content type")
    _verify(record, raw, body)
    return Page(
        url=target if ours else url,
        fetched=_stamp(warc.get("warc-date", "")),
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


def _verify(record: Record, raw: bytes, body: bytes) -> None:
    """Raises Unfit if digests are given that can be checked, and none of them is right.

    By the standard, a payload is without its transfer coding; tools that write it as it came, or
    as it is read, are known. A block's digest can be wrong where only the head was rewritten.
    """
    wrong = False
    for told, content in _digested(record, raw, body):
        right = _agrees(told, content)
        if right:
            return
        wrong = wrong or right is False
    if wrong:
        raise Unfit("wrong digest")


def _digested(record: Record, raw: bytes, body: bytes) -> Iterator[tuple[str, bytes]]:
    """The digests of a record, each with what it may be of."""
    yield record.headers.get("warc-block-digest", ""), record.block
    payload = record.headers.get("warc-payload-digest", "")
    yield payload, raw
    yield payload, body
    with suppress(Unfit):
        yield payload, _joined(raw)


def _agrees(told: str, content: bytes) -> bool | None:
    """Whether a digest, as `sha1:` and base32 or hexadecimal, is of `content`; None: unknown."""
    label, _, value = told.partition(":")
    name = label.strip().lower().replace("-", "")
    if name not in ALGORITHMS:
        return None
    digest = hashlib.new(name, content, usedforsecurity=False).digest()
    spelt = (digest.hex(), base64.b32encode(digest).decode().rstrip("=").lower())
    value = value.strip().rstrip("=").lower()
    return value in spelt if len(value) in map(len, spelt) else None


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
