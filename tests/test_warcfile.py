"""What can be wrong with a WARC file, and what is read of it all the same."""

import base64
import gzip
import hashlib
import io
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcs import HERE, entry, http, page, written
from web import article

from crawler import captures, warcfile
from crawler.captures import Capture
from crawler.warcfile import WarcError

HTML = "Content-Type: text/html"
A, B, C = (page(f"{HERE}/{name}", f"Le {name}") for name in "abc")
LONGER = B.replace(b"Content-Length: ", b"Content-Length: 1")
SHORTER = entry("response", f"{HERE}/b", http(b"<p>b</p>" * 9, HTML)).replace(
    b"Content-Length: 1", b"Content-Length: "
)
ENDLESS = B.replace(b"Content-Length: ", b"Content-Size: ")
LONG_HEAD = B.replace(b"WARC-Date:", b"WARC-Note: " + bytes(300_000) + b"\r\nWARC-Date:")
MANY_HEADS = B.replace(b"WARC-Date:", b"WARC-Note: abc\r\n" * 30_000 + b"WARC-Date:")


def pack(record: bytes) -> bytes:
    return gzip.compress(record, mtime=0)


def harmed(record: bytes) -> bytes:
    packed = pack(record)
    half = len(packed) // 2
    return (
        packed[:half] + bytes(each ^ 0xFF for each in packed[half : half + 9]) + packed[half + 9 :]
    )


def read(content: bytes) -> tuple[list[str], str]:
    """The last part of the address of each record that is read, and what is said of the file."""
    file = io.BytesIO(content)
    file.name = "a.warc"
    found: list[str] = []
    try:
        found.extend(
            record.headers.get("warc-target-uri", "").rpartition("/")[2]
            for record in warcfile.records(file, limit=10_000)
        )
    except WarcError as error:
        return found, str(error)
    return found, ""


@pytest.mark.parametrize(
    ("content", "names", "why"),
    [
        pytest.param(pack(A) + pack(B) + pack(C), "abc", "", id="nothing"),
        pytest.param(pack(A) + bytes(99) + pack(C) + bytes(9), "ac", "", id="padding"),
        pytest.param(pack(A) + harmed(B) + pack(C), "ac", "gzip data is damaged", id="damaged"),
        pytest.param(pack(A) + b"#" * 99 + pack(C), "ac", "no member begins", id="garbage"),
        pytest.param(b"#" * 99 + pack(C), "", "no WARC record begins", id="garbage first"),
        pytest.param(pack(A) + pack(B)[:99] + pack(C), "ac", "damaged", id="member cut short"),
        pytest.param(pack(A) + pack(B) + pack(C)[:-5], "ab", "cut off in", id="cut"),
        pytest.param(pack(A) + pack(b"<p>b</p>") + pack(C), "ac", "no WARC", id="no record"),
        pytest.param(pack(A) + pack(LONGER) + pack(C), "ac", "longer or", id="too long"),
        pytest.param(pack(A) + pack(SHORTER) + pack(C), "ac", "longer or", id="too short"),
        pytest.param(pack(A) + pack(ENDLESS) + pack(C), "ac", "how long it is", id="no length"),
        pytest.param(pack(A) + pack(LONG_HEAD) + pack(C), "ac", "line of a", id="long line"),
        pytest.param(pack(A) + pack(MANY_HEADS) + pack(C), "ac", "head of a", id="long head"),
        pytest.param(A + LONGER + C, "ac", "cut off in", id="plain, too long"),
        pytest.param(A + LONGER + C * 30, "a" + "c" * 30, "longer or", id="plain, far too long"),
        pytest.param(A + SHORTER + C, "ac", "longer or", id="plain, too short"),
        pytest.param(A + ENDLESS + C, "ac", "how long it is", id="plain, no length"),
        pytest.param(A + B[:-60] + C, "ac", "longer or", id="plain, cut short"),
        pytest.param(A + b"\n\n" + C[:-2], "ac", "", id="plain, blank lines"),
        pytest.param(A + b"# \n" + C, "c", "longer or", id="plain, garbage"),
    ],
)
def test_all_records_that_are_whole_are_read_and_damage_is_told(
    content: bytes, names: str, why: str
) -> None:
    found, said = read(content)
    assert "".join(found) == names
    assert why in said
    assert bool(said) == bool(why)


def test_it_is_told_where_each_damage_is_and_how_much_was_lost_by_it() -> None:
    first, second = pack(A), harmed(B)
    _, said = read(first + second + pack(C) + b"#" * 70)
    assert "after 1 records: the gzip data is damaged" in said
    assert f"{len(second)} bytes lost from byte {len(first)}" in said
    assert "after 2 records: the gzip data is damaged (no member begins here): 70 bytes" in said
    _, said = read(pack(A) + (b"#" * 70 + pack(C)) * 9)
    assert said.endswith("; and 6 more; what else it holds was read")


@pytest.mark.parametrize("version", ["0.17", "0.18", "1.0", "1.1"])
def test_every_version_of_the_format_is_read(version: str) -> None:
    assert read(A.replace(b"WARC/1.0", f"WARC/{version}".encode()) + B) == (["a", "b"], "")


def test_another_format_is_none() -> None:
    found, said = read(A.replace(b"WARC/1.0", b"WARC/7.0"))
    assert (found, "no WARC record begins here" in said) == ([], True)


RECORDS = [page(f"{HERE}/{n}", f"Le {n}", HTML, "X: " + "x" * n * 30) for n in range(6)]
MEMBERS = [pack(each) for each in RECORDS]
PACKED = b"".join(MEMBERS)


@given(st.data())
def test_damage_costs_the_records_that_it_touches_and_no_others(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(PACKED) - 1))
    end = data.draw(st.integers(start + 1, len(PACKED)))
    put = data.draw(st.sampled_from([b"", b"\n", random.Random(start).randbytes(end - start)]))
    found, _ = read(PACKED[:start] + put + PACKED[end:])
    ends = [sum(map(len, MEMBERS[: n + 1])) for n in range(len(MEMBERS))]
    untouched = [
        str(n) for n, after in enumerate(ends) if after <= start or after - len(MEMBERS[n]) >= end
    ]
    # What is put in the place of the file's first bytes can make it another kind of file.
    if start > 2:
        assert [name for name in found if name in untouched] == untouched
    assert found == sorted(set(found))


@pytest.mark.parametrize("size", [1, 7, 100, 5000])
def test_members_can_begin_anywhere_in_a_record(size: int) -> None:
    whole = b"".join(RECORDS)
    packed = [pack(whole[at : at + size]) for at in range(0, len(whole), size)]
    assert read(b"".join(packed)) == ([str(n) for n in range(6)], "")


def test_a_capture_says_where_it_begins(tmp_path: Path) -> None:
    long = entry("resource", f"{HERE}/x", bytes(warcfile.BLOCK * 3))
    for path in (tmp_path / "a.warc.gz", tmp_path / "a.warc"):
        written(path, A, long, B, C)
        with path.open("rb") as file:
            found = [each for each in captures.captures(file) if isinstance(each, Capture)]
        for capture in found:
            (tmp_path / "rest").write_bytes(path.read_bytes()[capture.offset :])
            with (tmp_path / "rest").open("rb") as file:
                again = next(captures.captures(file))
            assert isinstance(again, Capture)
            assert again.page == capture.page
        assert len(found) == 3


def test_of_a_record_that_is_too_long_no_more_is_held_than_of_a_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captures, "MAX_BODY", 100_000)
    huge = entry("response", f"{HERE}/huge", http(bytes(50_000_000), HTML))
    paths = [written(tmp_path / name, huge, A) for name in ("a.warc.gz", "a.warc")]
    del huge
    for path in paths:
        tracemalloc.start()
        with path.open("rb") as file:
            found = list(captures.captures(file))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert found[0] == "too large"
        assert isinstance(found[1], Capture)
        assert peak < 3_000_000


# Digests.

BODY = article("Le centre")
CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
ZIPPED = gzip.compress(BODY, mtime=0)
RAW = http(CHUNKED, HTML, "Transfer-Encoding: chunked")


def sha1(content: bytes) -> str:
    return "sha1:" + base64.b32encode(hashlib.sha1(content).digest()).decode()  # noqa: S324


@pytest.mark.parametrize(
    ("block", "digests", "taken"),
    [
        pytest.param(RAW, {"Block": sha1(RAW)}, True, id="base32"),
        pytest.param(RAW, {"Block": f"md5:{hashlib.md5(RAW).hexdigest()}"}, True, id="hex"),  # noqa: S324
        pytest.param(RAW, {"Block": f"SHA-256:{hashlib.sha256(RAW).hexdigest().upper()}"}, True,
                     id="sha256"),
        pytest.param(RAW, {"Block": sha1(b"")}, False, id="wrong"),
        pytest.param(RAW, {"Block": f"sha256:{hashlib.sha256(b'').hexdigest()}"}, False,
                     id="wrong sha256"),
        pytest.param(RAW, {"Block": "blake9:abc"}, True, id="unknown"),
        pytest.param(RAW, {"Block": "sha1:abc"}, True, id="none"),
        pytest.param(RAW, {"Block": sha1(b""), "Payload": sha1(BODY)}, True, id="other head"),
        pytest.param(RAW, {"Block": sha1(RAW), "Payload": sha1(b"")}, True, id="other payload"),
        pytest.param(RAW, {"Payload": sha1(BODY)}, True, id="without chunks"),
        pytest.param(RAW, {"Payload": sha1(CHUNKED)}, True, id="with chunks"),
        pytest.param(RAW, {"Payload": sha1(b"")}, False, id="wrong payload"),
        pytest.param(http(ZIPPED, HTML, "Content-Encoding: gzip"), {"Payload": sha1(ZIPPED)}, True,
                     id="packed"),
        pytest.param(http(ZIPPED, HTML, "Content-Encoding: gzip"), {"Payload": sha1(BODY)}, True,
                     id="unpacked"),
    ],
)  # fmt: skip
def test_a_page_with_a_wrong_digest_is_not_taken(
    tmp_path: Path, block: bytes, digests: dict[str, str], *, taken: bool
) -> None:
    named = {f"WARC_{name}_Digest": value for name, value in digests.items()}
    path = written(tmp_path / "a.warc.gz", entry("response", f"{HERE}/a", block, **named))
    with path.open("rb") as file:
        (found,) = captures.captures(file)
    if taken:
        assert isinstance(found, Capture)
        assert found.page.body == BODY
    else:
        assert found == "wrong digest"
