"""Archives cut anywhere: every record is in one range."""

import gzip
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcs import HERE, WARCINFO, entry, http, page, written

from crawler import ranges
from crawler.captures import captures
from crawler.warcfile import WarcError, records

NESTED = b"".join(map(gzip.compress, [page(f"{HERE}/forged", "Faux")] * 8))
RECORDS = (
    entry("warcinfo", None, WARCINFO),
    *(
        each
        for number in range(6)
        for each in (
            page(f"{HERE}/{number}", f"Avis {number}"),
            entry("metadata", f"{HERE}/{number}", b"{}", Content_Type="application/json"),
        )
    ),
    # A page that is an archive itself; what is packed already stands in it as it is.
    entry("response", f"{HERE}/nested", http(NESTED, "Content-Type: text/html")),
    page(f"{HERE}/last", "Le dernier"),
)
MEMBERS = [gzip.compress(each, 0) for each in RECORDS]


class Named(BytesIO):
    name = "a.warc.gz"


FILES = {
    "members": b"".join(MEMBERS),
    "plain": b"".join(RECORDS),
    "damaged": b"".join([*MEMBERS[:4], MEMBERS[4][:99], *MEMBERS[5:9], b"junk", *MEMBERS[9:]]),
    "padded": b"".join([*MEMBERS[:5], b"\0" * 64, *MEMBERS[5:]]),
    "one member": gzip.compress(b"".join(RECORDS)),
}


def found(file: BinaryIO, offset: int) -> list[tuple[int, str, str]]:
    seen = []
    try:
        for record in records(file, limit=0):
            url = record.headers.get("warc-target-uri", "")
            seen.append((offset + record.offset, record.kind, url))
    except WarcError:
        pass
    return seen


@pytest.mark.parametrize("name", FILES)
@given(data=st.data())
def test_however_a_file_is_cut_each_record_is_in_one_range(name: str, data: st.DataObject) -> None:
    file = Named(FILES[name])
    size = len(FILES[name])
    inner = data.draw(st.lists(st.integers(1, size - 1), max_size=4, unique=True).map(sorted))
    cuts = [0, *inner, size]
    parts = []
    for start, end in pairwise(cuts):
        window = ranges.between(file, start, end)
        own = found(cast(BinaryIO, window), window.start)
        assert not own or own[0][1] != "metadata"
        parts += own
    assert parts == found(file, file.seek(0))
    assert not any("forged" in url for _, _, url in parts)


def test_a_page_that_is_an_archive_is_not_taken_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    file = Named(FILES["members"])
    inside = FILES["members"].index(NESTED) + len(NESTED) // 2
    window = ranges.between(file, inside, len(FILES["members"]))
    assert [url for _, _, url in found(cast(BinaryIO, window), 0)] == [f"{HERE}/last"]
    monkeypatch.setattr(ranges, "LEAD", 0)  # what would be read, were it not for those before it
    window = ranges.between(file, inside, len(FILES["members"]))
    assert "forged" in found(cast(BinaryIO, window), 0)[0][2]


@pytest.mark.parametrize(
    ("name", "many"), [("members", True), ("plain", True), ("one member", False)]
)
def test_a_file_is_cut_in_ranges_unless_it_is_gzipped_as_a_whole(name: str, *, many: bool) -> None:
    size = len(FILES[name])
    cuts = ranges.cuts(Named(FILES[name]), size // 3)
    assert (cuts[0], cuts[-1], len(cuts) > 2) == (0, size, many)
    assert ranges.cuts(Named(FILES[name]), size) == [0, size]


def test_a_range_is_a_file_of_its_archives_name(tmp_path: Path) -> None:
    path = written(tmp_path / "quai.warc.gz", *RECORDS[:1], b"")
    with path.open("rb") as file:
        size = path.stat().st_size
        window = ranges.between(file, size, size)
        assert (window.read(), window.seek(0, 2), window.name) == (b"", 0, str(path))
        with pytest.raises(WarcError, match=r"quai\.warc\.gz"):
            list(captures(cast(BinaryIO, window)))
