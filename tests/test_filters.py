import json
from pathlib import Path

import pytest
from web import article

from crawler.filters import annotate_line, duplicates, each, extract_line, urls_line

TEXT = "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les sans-abri."


def answers(records: list[object], answer: object, processes: int = 1) -> list[dict[str, object]]:
    texts = (line if isinstance(line, str) else json.dumps(line) for line in records)
    lines = (line.encode() for line in texts)
    return [json.loads(line) for line in each(lines, answer, processes)]  # type: ignore[arg-type] # any filter


def test_extract_answers_with_the_article_on_a_page(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(article("Le centre rouvre", TEXT))
    by_path = {"id": 1, "url": "https://quai.example.org/a", "path": str(page)}
    by_html = {"id": "2", "url": "https://quai.example.org/a", "html": page.read_text()}
    first, second = answers([by_path, by_html], extract_line)
    assert first == {**second, "id": 1}
    assert {name: first[name] for name in ("kind", "title", "text", "language", "url")} == {
        "kind": "article",
        "title": "Le centre rouvre",
        "text": TEXT,
        "language": "fr",
        "url": "https://quai.example.org/a",
    }
    assert {"published", "authors", "origin_url", "attachments"} <= first.keys()


def test_annotate_answers_with_language_themes_and_countries() -> None:
    (found,) = answers([{"id": "a", "title": "En Belgique", "text": TEXT}], annotate_line)
    assert (found["id"], found["language"]) == ("a", "fr")
    assert found["language_confidence"] == pytest.approx(1, abs=0.01)
    themes = {theme["theme"]: theme for theme in found["themes"]}  # type: ignore[attr-defined] # JSON
    assert themes["homelessness"]["evidence"][0].keys() == {"term", "count", "where"}
    assert [place["country"] for place in found["countries"]] == ["BE"]  # type: ignore[attr-defined] # JSON


def test_urls_answers_with_a_key_and_a_clean_address() -> None:
    asked = {"id": 7, "url": "https://www.a.test/spip.php?article12&utm_source=rss#x"}
    assert answers([asked], urls_line) == [
        {
            "id": 7,
            "key": "a.test/spip.php?article12",
            "url": "https://www.a.test/spip.php?article12",
        }
    ]


def test_duplicates_answers_with_clusters() -> None:
    lines = [
        json.dumps({"id": "b", "text": "Même texte.", "published": "2026-10-02"}),
        "nonsense",
        json.dumps({"id": "a", "text": "même TEXTE", "published": "2026-10-01"}),
        json.dumps({"id": "c", "text": "Autre."}),
    ]
    found = [json.loads(line) for line in duplicates(line.encode() for line in lines)]
    assert found[0] == {"id": "b", "cluster": "a", "relation": "exact"}
    assert found[1]["error"].startswith("line 2: not JSON")
    assert found[2:] == [
        {"id": "a", "cluster": "a", "relation": "original"},
        {"id": "c", "cluster": "c", "relation": "original"},
    ]


@pytest.mark.parametrize(
    ("line", "ident", "error"),
    [
        ("{", None, "line 1: not JSON"),
        ("[1]", None, 'line 1: not a JSON object with an "id"'),
        ('{"url": "http://a.test/"}', None, 'line 1: not a JSON object with an "id"'),
        ('{"id": "x"}', "x", "line 1: url is missing"),
        ('{"id": "x", "url": 3}', "x", "line 1: url is not text"),
        ('{"id": "x", "url": "javascript:1"}', "x", "line 1: not a web address: 'javascript:1'"),
    ],
)
def test_a_bad_line_is_answered_with_its_id_and_what_is_wrong_and_the_stream_goes_on(
    line: str, ident: str | None, error: str
) -> None:
    bad, good = answers([line, {"id": 2, "url": "http://a.test/"}], urls_line)
    assert bad["id"] == ident
    assert str(bad["error"]).startswith(error)
    assert good["key"] == "a.test/"


def test_a_page_that_cannot_be_opened_is_said_by_name(tmp_path: Path) -> None:
    path = str(tmp_path / "none.html")
    (bad,) = answers([{"id": 1, "url": "http://a.test/", "path": path}], extract_line)
    assert bad["error"] == f"line 1: path {path!r}: No such file or directory"


def test_several_processes_give_the_same_answers_in_the_same_order() -> None:
    records: list[object] = [{"id": n, "text": TEXT, "title": f"Numéro {n}"} for n in range(40)]
    records[7] = "not json"
    assert answers(records, annotate_line, 2) == answers(records, annotate_line)


def test_blank_lines_are_passed_over() -> None:
    assert answers(["", "\n", {"id": 1, "url": "http://a.test/"}], urls_line)[0]["id"] == 1


@pytest.mark.parametrize(
    ("line", "error"),
    [
        (b'{"id": 1, "url": "http://a.test/\xe9"}', "line 1: not UTF-8"),
        (b"[" * 100_000, "line 1: not JSON: RecursionError"),
        (b'{"id": 1, "url": "http://a.test/\\ud800"}', "line 1: not a web address"),
    ],
    ids=["latin-1", "deep", "half an emoji"],
)
def test_no_byte_ends_the_stream(line: bytes, error: str) -> None:
    bad, good = map(json.loads, each([line, b'{"id": 2, "url": "http://a.test/"}'], urls_line))
    assert bad["error"].startswith(error.partition(": RecursionError")[0])
    assert good["id"] == 2


def test_a_byte_order_mark_and_half_an_emoji_in_an_id_do_no_harm() -> None:
    lines = [b'\xef\xbb\xbf{"id": "\\ud83d", "url": "http://a.test/"}']
    assert json.loads(next(each(lines, urls_line)))["id"] == "\ufffd"


def test_ids_come_back_as_they_were_and_the_earliest_moment_wins_in_any_zone() -> None:
    lines = [
        b'{"id": 1, "text": "Un texte.", "published": "2026-10-12T01:00:00+05:00"}',
        b'{"id": "1", "text": "Un texte.", "published": "2026-10-11T22:00:00Z"}',
        b'{"id": 2, "text": ""}',
        b'{"id": 3, "text": " ... "}',
        b'{"id": 4, "text": "x", "published": "hier"}',
    ]
    found = [json.loads(line) for line in duplicates(lines)]
    assert [(line["id"], line.get("cluster")) for line in found] == [
        (1, 1), ("1", 1), (2, 2), (3, 3), (4, None),
    ]  # fmt: skip
    assert found[4]["error"] == "line 5: published 'hier' is not an ISO 8601 date"
