"""What Scrapy leaves to be added, each a few lines."""

import zlib

from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

ENCODINGS = frozenset({b"gzip", b"x-gzip", b"deflate", b"br", b"zstd"})
# How often a body may be packed. Nobody packs twice but by mistake; each time more costs the
# reactor 11 ms for 7.5 MB, and a header line has room for 3,000.
MAX_ENCODINGS = 2
PACKED = "tamis_packed"  # in a request's meta, while its response is unpacked
GZIP = b"\x1f\x8b"


class CutOffError(OSError):
    """A body that is not whole: to be fetched again later."""


class TooOftenPackedError(IgnoreRequest):
    """A body packed so often that it is a trap."""


class UndecodedBody:
    """Keep Scrapy from guessing the charset of a body that is still compressed.

    HttpCompression's `Response.replace` reads `.encoding`, which runs charset_normalizer over the
    gzipped bytes of every page without a declared charset: 28 % of the crawl's time (2.19.0).
    Encodings that nobody knows are taken off, since Scrapy leaves such bodies packed.
    """

    def process_response(self, request: Request, response: Response) -> Response:
        named = b",".join(response.headers.getlist("Content-Encoding")).lower().split(b",")
        known = [each for name in named if (each := name.strip()) in ENCODINGS]
        if len(known) > MAX_ENCODINGS:
            raise TooOftenPackedError(f"packed {len(known)} times")
        if not known:
            response.headers.pop("Content-Encoding", None)
            return response
        response.headers.setlist("Content-Encoding", known)
        request.meta[PACKED] = response.body  # for WholeBody
        if type(response) is Response:
            return response
        return Response(
            response.url,
            status=response.status,
            headers=response.headers,
            body=response.body,
            flags=response.flags,
            request=response.request,
            certificate=response.certificate,
            ip_address=response.ip_address,
            protocol=response.protocol,
        )


class WholeBody:
    """See a gzipped body that was cut off, which Scrapy takes for a shorter page.

    gzip ends with the length of what it packed; only where that differs is the body looked at
    again, since some servers send several such pieces one after another.
    """

    def process_response(self, request: Request, response: Response) -> Response:
        packed: bytes = request.meta.pop(PACKED, b"")
        if packed.startswith(GZIP) and not _ends(packed, len(response.body)):
            raise CutOffError(f"the body ends after {len(packed):,} bytes, in the middle")
        return response


def _ends(packed: bytes, length: int) -> bool:
    if int.from_bytes(packed[-4:], "little") == length % 2**32:
        return True
    unpacking = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)  # 16: gzip's own frame
    try:
        unpacking.decompress(packed, length + 1)
    except zlib.error:
        return False
    return unpacking.eof
