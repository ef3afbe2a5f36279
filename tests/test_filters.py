import json
from pathlib import Path

import pytest
from web import article

from crawler.filters import annotate_line, duplicates, each, extract_line, urls_line

TEXT = "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les sans-abri."


def answers(records: list[object], answer: object, processes: int = 1) -> list[dict[str, object]]:
    lines = (line if isinstance(line, str) else json.dumps(line) for line in records)
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
    found = [json.loads(line) for line in duplicates(lines)]
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
