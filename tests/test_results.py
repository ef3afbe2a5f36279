import json
from pathlib import Path

import msgspec
import pytest
import zstandard

from crawler import archive, pages, results
from crawler.items import Page
from crawler.readings import Unread
from crawler.results import Head, Result, ResultsError, Tail

HEAD = Head(tamis="0", enricher="x", archive="a.warc.gz", start=0, end=9, asked={})
TAIL = Tail(records=2, results=1, skipped={"request record": 1})
HTML = """<html lang="fr"><body><article><h1>Une permanence au quai</h1>
<p>Un service social ouvre ce soir au quai pour les familles sans abri de la ville.</p>
</article></body></html>"""


@pytest.fixture(scope="module")
def result() -> Result:
    body = archive.pack(HTML.encode())
    url, fetched, html = "https://quai.example.org/1", "2026-11-01T00:00:00Z", "text/html"
    page = Page(url=url, fetched=fetched, status=200, content_type=html, body=body)
    unread = Unread(
        url_id=0, page_id=0, source="quai", url=url, fetched=fetched, content_type=html, body=body,
        hints={},
    )  # fmt: skip
    return Result(offset=12, page=page, about=None, reading=pages.read(unread))


def test_what_is_written_is_read_back_as_it_was(tmp_path: Path, result: Result) -> None:
    results.write(tmp_path / "a.jsonl.zst", [HEAD, result, TAIL])
    assert list(results.read(tmp_path / "a.jsonl.zst")) == [HEAD, result, TAIL]
    assert result.reading.extracted is not None
    assert result.reading.annotation is not None


def test_a_line_is_json_that_others_can_read(tmp_path: Path, result: Result) -> None:
    results.write(tmp_path / "a.jsonl.zst", [HEAD, result, TAIL])
    lines = zstandard.decompress((tmp_path / "a.jsonl.zst").read_bytes(), 10**7).splitlines()
    assert [json.loads(line)["type"] for line in lines] == ["head", "result", "tail"]
    assert json.loads(lines[1])["reading"]["annotation"]["language"]["code"] == "fr"


def test_a_failure_in_the_middle_leaves_nothing_and_the_file_before_it(
    tmp_path: Path, result: Result
) -> None:
    path = tmp_path / "a.jsonl.zst"
    results.write(path, [HEAD, TAIL])

    def failing() -> object:
        yield HEAD
        yield result
        raise RuntimeError

    with pytest.raises(RuntimeError):
        results.write(path, failing())  # type: ignore[arg-type]
    assert [each.name for each in tmp_path.iterdir()] == [path.name]
    assert list(results.read(path)) == [HEAD, TAIL]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param(lambda data: data[:-20], "cut off", id="cut off"),
        pytest.param(lambda data: b"no zstd" + data, "line 0", id="not packed"),
        pytest.param(lambda _: zstandard.compress(b'{"type": "result"}\n'), "line 1", id="other"),
        pytest.param(lambda _: zstandard.compress(b""), "cut off", id="empty"),
        pytest.param(
            lambda _: zstandard.compress(msgspec.json.encode(TAIL)), "begins with", id="headless"
        ),
    ],
)
def test_a_file_that_is_damaged_is_named_with_the_line(
    tmp_path: Path, result: Result, change: object, said: str
) -> None:
    path = tmp_path / "a.jsonl.zst"
    results.write(path, [HEAD, result, TAIL])
    path.write_bytes(change(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(ResultsError, match=said) as error:
        list(results.read(path))
    assert str(path) in str(error.value)
