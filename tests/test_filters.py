import json
import tempfile
from pathlib import Path

import pytest
from test_duplicates import APRIL, BULLETIN, MARCH, NOTICE, STORY, edited
from web import article

from crawler import filters, sketches
from crawler.errors import TamisError
from crawler.filters import annotate_line, by_site, duplicates, each, extract_line, urls_line
from enrich import memory

FOOT = "Le Quai vit des dons de ses membres et du soutien de la commune depuis trente ans."
BODIES = (
    "Les bénévoles ont servi huit cents repas chauds pendant les trois semaines de gel de janvier.",
    "La juge de paix a suspendu l'expulsion de douze familles de la rue des Tanneurs jusqu'en mai.",
    "Un médecin reçoit désormais sans rendez-vous, le mardi et le jeudi, dans la salle du fond.",
    "De gemeente betaalt voortaan de helft van het abonnement van wie een laag inkomen heeft.",
)
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


def site(bodies: tuple[str, ...] = BODIES) -> list[object]:
    """A line for each article of one site, with the same last paragraph on all of them."""
    return [
        {
            "id": number,
            "url": f"https://quai.example.org/{number}",
            "html": article(
                f"Numéro {number} du journal", TEXT[: -number - 2], body, FOOT
            ).decode(),
        }
        for number, body in enumerate(bodies)
    ]


def sifted(records: list[object], processes: int = 1) -> list[dict[str, object]]:
    lines = (line if isinstance(line, str) else json.dumps(line) for line in records)
    return [json.loads(line) for line in by_site((line.encode() for line in lines), processes)]


def test_what_a_site_repeats_leaves_the_texts_of_its_articles_and_is_named() -> None:
    found = sifted(site())
    assert [line["id"] for line in found] == [0, 1, 2, 3]
    for line, body in zip(found, BODIES, strict=True):
        assert body in str(line["text"])
        assert FOOT not in str(line["text"])
        assert line["removed"][-1] == {"text": FOOT, "rule": "memory", "articles": 4}  # type: ignore[index] # JSON
        assert line["removed"][0]["rule"] == "headline"  # type: ignore[index] # JSON


def test_the_fields_are_those_of_a_line_alone() -> None:
    alone, of_site = answers(site(), extract_line), sifted(site())
    assert [line.keys() for line in of_site] == [line.keys() for line in alone]
    assert FOOT in str(alone[0]["text"])


def test_an_article_alone_on_its_site_keeps_all_it_has() -> None:
    records = [{**line, "url": f"https://quai{line['id']}.test/a"} for line in site()]  # type: ignore[dict-item, index] # JSON
    assert sifted(records) == answers(records, extract_line)  # type: ignore[arg-type] # JSON


def test_mistakes_keep_their_place_among_the_lines_of_sites() -> None:
    first, *others = site()
    found = sifted([first, "nonsense", "", {"id": "x"}, *others])
    assert [line["id"] for line in found] == [0, None, "x", 1, 2, 3]
    assert str(found[1]["error"]).startswith("line 2: not JSON")
    assert found[2]["error"] == "line 4: url is missing"
    assert FOOT not in str(found[0]["text"])


def test_what_is_learnt_of_a_site_depends_on_neither_order_nor_processes() -> None:
    records = site()
    forwards, backwards = sifted(records, 2), sifted(records[::-1])
    assert forwards == backwards[::-1]


def test_only_articles_teach_and_lose_lines() -> None:
    home = {"id": "home", "url": "https://quai.example.org/", "html": site()[0]["html"]}  # type: ignore[index] # JSON
    told, *_ = sifted([home, *site()[1:]])
    assert told["kind"] == "home"
    assert FOOT in str(told["text"])


def test_the_language_is_that_of_the_text_without_what_the_site_repeats() -> None:
    # Figures have no language, so what the page declares counts, unless French stands below them.
    records: list[object] = [
        {
            "id": year,
            "url": f"https://telling.example.org/{year}",
            "html": article(str(year), *figures(year), FOOT, language="nl").decode(),
        }
        for year in (2023, 2024, 2025)
    ]
    assert {line["language"] for line in answers(records, extract_line)} == {"fr"}
    assert {line["language"] for line in sifted(records)} == {"nl"}


def figures(year: int) -> list[str]:
    return [", ".join(str(year * row * n % 9973) for n in range(1, 30)) + "." for row in (3, 5)]


def test_pages_beyond_those_that_are_counted_lose_what_is_repeated_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "MAX_PAGES", 2)
    assert [FOOT in str(line["text"]) for line in sifted(site())] == [False] * 4


def test_more_answers_than_memory_should_hold_wait_in_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    expected = sifted(site())
    monkeypatch.setattr(filters, "MAX_IN_MEMORY", 100)
    assert sifted(site()) == expected


def test_the_same_address_twice_is_one_article() -> None:
    first, *_ = site()
    found = sifted([first, {**first, "id": "again"}])  # type: ignore[dict-item] # JSON
    assert [FOOT in str(line["text"]) for line in found] == [True, True]


def test_lines_that_give_one_address_for_all_pages_teach_as_well() -> None:
    url = "https://quai.example.org/lire"
    records = [{**line, "url": url} for line in site()]  # type: ignore[dict-item] # JSON
    assert [FOOT in str(line["text"]) for line in sifted(records)] == [False] * 4  # type: ignore[arg-type] # JSON


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path("/dev/full").open("r+b", 0) as full:
        monkeypatch.setattr(tempfile, "SpooledTemporaryFile", lambda _: full)
        with pytest.raises(TamisError, match="No space left on device: answers wait there"):
            sifted(site())


def test_annotate_answers_with_language_themes_countries_and_organisations() -> None:
    (found,) = answers([{"id": "a", "title": "En Belgique", "text": TEXT}], annotate_line)
    assert (found["id"], found["language"]) == ("a", "fr")
    assert found["language_confidence"] == pytest.approx(1, abs=0.01)
    themes = {theme["theme"]: theme for theme in found["themes"]}  # type: ignore[attr-defined] # JSON
    assert themes["homelessness"]["evidence"][0].keys() == {"term", "count", "where"}
    assert [place["country"] for place in found["countries"]] == ["BE"]  # type: ignore[attr-defined] # JSON
    (line,) = answers([{"id": "a", "text": "L'Unicef aide des enfants."}], annotate_line)
    evidence = [{"term": "UNICEF", "count": 1, "where": "text"}]
    assert [(one["organisation"], one["evidence"]) for one in line["organisations"]] == [  # type: ignore[attr-defined] # JSON
        ("unicef", evidence)
    ]


def test_annotate_says_apart_which_country_is_only_that_of_the_source() -> None:
    named, unnamed, nowhere = answers(
        [
            {"id": 1, "text": "Une halte ouvre en Wallonie, en Belgique.", "country": "FR"},
            {"id": 2, "text": TEXT, "country": "FR"},
            {"id": 3, "text": TEXT},
        ],
        annotate_line,
    )
    assert (named["country"], named["country_from"]) == ("BE", "text")
    regions = [each["region"] for each in named["regions"]]  # type: ignore[attr-defined] # JSON
    assert regions == ["BE-WAL"]
    assert (unnamed["country"], unnamed["country_from"], unnamed["countries"]) == (
        "FR", "source", [],
    )  # fmt: skip
    assert (nowhere["country"], nowhere["country_from"]) == (None, None)


def test_annotate_takes_no_country_that_is_none() -> None:
    (found,) = answers([{"id": 1, "text": TEXT, "country": "UK"}], annotate_line)
    assert found["error"] == "line 1: country 'UK' is not an ISO 3166-1 code such as 'BE'"


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
    assert found[0] == {
        "id": "b", "cluster": "a", "relation": "exact", "containment": 1.0, "reason": "date",
        "series_of": None,
    }  # fmt: skip
    assert found[1]["error"].startswith("line 2: not JSON")
    alone = {"relation": "original", "containment": None, "series_of": None}
    assert found[2:] == [
        {"id": "a", "cluster": "a", "reason": "date", **alone},
        {"id": "c", "cluster": "c", "reason": None, **alone},
    ]


def same(*records: dict[str, object]) -> list[dict[str, object]]:
    return [json.loads(line) for line in duplicates(json.dumps(each).encode() for each in records)]


EARLY, LATE = "2026-10-01", "2026-10-03"


def test_an_edited_and_a_shortened_copy_name_their_original_and_how_much_they_share() -> None:
    found = same(
        {"id": 1, "text": edited(STORY, 9), "published": LATE},
        {"id": 2, "text": STORY[:400], "published": LATE},
        {"id": 3, "text": STORY, "published": EARLY},
    )
    assert [(line["cluster"], line["relation"], line["reason"]) for line in found] == [
        (3, "reprint", "date"), (3, "excerpt", "date"), (3, "original", "date"),
    ]  # fmt: skip
    assert found[0]["containment"] == pytest.approx(8 / 9, abs=0.05)
    assert (found[1]["containment"], found[2]["containment"]) == (pytest.approx(1, abs=0.02), None)


def test_what_names_its_origin_is_no_original_whatever_its_date() -> None:
    found = same(
        {"id": "b", "text": STORY, "published": LATE, "url": "https://quai.example.org/a"},
        {"id": "a", "text": edited(STORY, 9), "published": EARLY, "url": "https://pont.test/1",
         "origin_url": "https://quai.example.org/"},
    )  # fmt: skip
    assert {(line["cluster"], line["reason"]) for line in found} == {("b", "origin")}


def test_issues_of_a_series_are_clusters_of_their_own_and_name_the_first() -> None:
    found = same(
        {"id": "april", "title": "Suivi d'avril", "text": BULLETIN.format(**APRIL)},
        {"id": "march", "title": "Suivi de mars", "text": BULLETIN.format(**MARCH),
         "published": EARLY},
        {"id": "copy", "title": "Suivi d'avril", "text": "Lu : " + BULLETIN.format(**APRIL)},
    )  # fmt: skip
    assert [(line["cluster"], line["relation"], line["series_of"]) for line in found] == [
        ("april", "original", "march"),
        ("march", "original", None),
        ("april", "reprint", "march"),
    ]
    alone = same(
        {"id": 1, "text": BULLETIN.format(**MARCH)}, {"id": 2, "text": BULLETIN.format(**APRIL)}
    )
    assert [(line["cluster"], line["relation"]) for line in alone] == [
        (1, "original"), (2, "series"),
    ]  # fmt: skip
    assert alone[1]["series_of"] == 1


def test_the_order_of_the_lines_and_how_many_are_read_at_a_time_change_no_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    records: list[dict[str, object]] = [
        {"id": n, "text": text}
        for n, text in enumerate(
            [STORY, edited(STORY, 8), STORY[:400], STORY[:450], NOTICE, f"Lu : {NOTICE}", "", "…",
             BULLETIN.format(**MARCH), BULLETIN.format(**APRIL)]
        )
    ]  # fmt: skip
    expected = same(*records)
    assert len({str(line["cluster"]) for line in expected}) == 6
    assert same(*records[::-1]) == expected[::-1]
    monkeypatch.setattr(sketches, "BATCH", 3)
    assert same(*records) == expected


def test_a_line_that_cannot_be_compared_is_said_and_the_others_are_answered() -> None:
    found = same({"id": 1, "text": STORY}, {"id": 2}, {"id": 3, "text": STORY, "title": 4})
    assert [line.get("error") for line in found] == [
        None, "line 2: text is missing", "line 3: title is not text",
    ]  # fmt: skip


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
