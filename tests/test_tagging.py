from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
import quality
import tagging

from enrich.vocabulary import lexicon

GATE = [
    (group, measure) for group, wanted in quality.floors()["sector"].items() for measure in wanted
]
ROW: Mapping[str, Any] = {
    "id": "a", "lang": "fr", "main": "housing", "themes": ["poverty"], "acceptable": ["health"],
    "countries": ["BE"], "organisations": ["CPAS du Quai", "Ligue des Marées"], "near": None,
}  # fmt: skip
EVERYTHING = {
    "themes": [{"theme": slug} for slug in lexicon()],
    "countries": [{"country": code} for code in ("BE", "FR", "NL", "ES", "TN")],
    "organisations": [{"evidence": [{"term": "Croix-Rouge"}]}],
}


@pytest.fixture(name="report", scope="module")
def _report() -> quality.Report:
    """Every text of the half that judges, tagged once by the command itself."""
    return tagging.measured([tagging.sector()])


@pytest.mark.parametrize(("group", "measure"), GATE, ids=["-".join(part) for part in GATE])
def test_the_sector_is_tagged_no_worse_than_before(
    report: quality.Report, group: str, measure: str
) -> None:
    least = {"sector": {group: {measure: quality.floors()["sector"][group][measure]}}}
    low = quality.broken("sector", report.figures["sector"], report.pages["sector"], least)
    assert not (said := [str(floor) for floor in low]), said


def test_every_language_of_the_sector_has_floors() -> None:
    languages = {row["lang"] for row in tagging.sector().rows}
    assert quality.floors()["sector"].keys() == languages | {"all"}


@pytest.mark.parametrize(
    ("answer", "broken"),
    [
        pytest.param({}, {"F", "P", "first", "countries", "organisations"}, id="nothing"),
        pytest.param(
            EVERYTHING, {"F", "P", "first", "negatives", "countries", "organisations"},
            id="everything",
        ),
    ],
)  # fmt: skip
def test_to_tag_nothing_or_everything_is_below_the_floors(
    answer: quality.Row, broken: set[str]
) -> None:
    texts = tagging.sector()
    marked = list(texts.by(texts.rows, {row["id"]: answer for row in texts.rows}))
    found = quality.by_group(marked, tagging.figures)
    low = list(quality.broken("sector", found, marked, quality.floors()))
    assert {floor.measure for floor in low if floor.where == "sector"} == broken
    assert {floor.where for floor in low if floor.measure == "F"} == {
        "sector" if group == "all" else f"sector, {group}" for group in quality.floors()["sector"]
    }


def _said(*themes: str, organisation: str = "Quai", country: str = "BE") -> quality.Row:
    return {
        "themes": [{"theme": theme} for theme in themes],
        "countries": [{"country": country}],
        "organisations": [{"evidence": [{"term": organisation}]}],
    }


@pytest.mark.parametrize(
    ("themes", "precision", "recall", "first"),
    [
        (("housing", "poverty"), (2, 2), (2, 2), (1, 1)),
        (("housing", "health"), (1, 1), (1, 2), (1, 1)),
        (("health", "housing", "poverty"), (2, 2), (2, 2), (0, 1)),
        (("housing", "education"), (1, 2), (1, 2), (1, 1)),
        ((), (0, 0), (0, 2), (0, 1)),
    ],
    ids=["right", "an acceptable one", "an acceptable one first", "a wrong one", "none"],
)
def test_themes_that_are_acceptable_count_neither_way(
    themes: tuple[str, ...], precision: tuple[int, int], recall: tuple[int, int],
    first: tuple[int, int],
) -> None:  # fmt: skip
    counts = tagging.sector_counts(ROW, _said(*themes))
    assert (counts["P"], counts["R"], counts["first"]) == (precision, recall, first)


def test_a_hard_negative_that_has_any_theme_is_counted() -> None:
    negative = {**ROW, "main": None, "themes": [], "acceptable": [], "near": "housing"}
    tagged, bare = (tagging.sector_counts(negative, _said(*said)) for said in (["housing"], []))
    assert (tagged["negatives"], bare["negatives"]) == ((1, 1), (0, 1))
    assert "first" not in tagged


@pytest.mark.parametrize(
    ("term", "right"),
    [("CPAS", 1), ("le CPAS du Quai", 1), ("ligue des marees", 1), ("Mar", 0), ("UNICEF", 0)],
)
def test_an_organisation_is_right_if_its_words_stand_among_the_labels(
    term: str, right: int
) -> None:
    counts = tagging.sector_counts(ROW, _said(organisation=term))
    assert counts["organisations"] == (right, 1)
    assert counts["organisations R"] == (right, 2)


def test_figures_count_every_theme_as_much_and_not_every_text() -> None:
    texts = [
        tagging.Text(id=str(number), group="fr", counts=counts, marks={})
        for number, counts in enumerate([{"P": (1, 1), "R": (1, 4)}, {"P": (0, 3), "R": (0, 0)}])
    ]
    assert tagging.figures(texts) == {"pages": 2, "P": 0.25, "R": 0.25, "F": 0.25}


def _copies(cluster: Callable[[str], str]) -> quality.Shares:
    rows = [
        {"id": "1", "cluster": "1", "kind": "original"},
        {"id": "1/excerpt", "cluster": "1", "kind": "excerpt"},
        {"id": "2", "cluster": "2", "kind": "original"},
    ]
    answers = {row["id"]: {"cluster": cluster(row["id"])} for row in rows}
    return tagging.figures(list(tagging.copies(rows, answers)))


@pytest.mark.parametrize(
    ("cluster", "shares"),
    [
        (lambda ident: ident[0], {"P": 1.0, "R": 1.0, "F": 1.0, "found": 1.0}),
        (lambda ident: ident, {"R": 0.0, "F": 0.0, "found": 0.0}),
        (lambda _: "1", {"P": 1 / 3, "R": 1.0, "F": 0.5, "found": 1.0}),
    ],
    ids=["right", "all apart", "all together"],
)
def test_copies_are_judged_by_pairs(cluster: Callable[[str], str], shares: quality.Shares) -> None:
    assert _copies(cluster) == {"pages": 3, **shares}


def test_the_worst_texts_are_named_where_less_is_better() -> None:
    negative = {**ROW, "main": None, "themes": [], "acceptable": [], "near": "housing"}
    rows = [{**negative, "id": "bare"}, {**negative, "id": "tagged"}]
    marked = list(tagging.sector_texts(rows, {"bare": _said(), "tagged": _said("housing")}))
    found = quality.by_group(marked, tagging.figures)
    (low,) = quality.broken("sector", found, marked, {"sector": {"all": {"negatives": 0.1}}})
    assert str(low) == "sector: negatives is 0.5000, 0.4000 above 0.1000; worst: tagged 0.00"


def test_a_folder_without_public_sets_leaves_ours(tmp_path: Any) -> None:
    assert list(tagging.public_sets(tmp_path)) == []


def test_a_text_that_could_not_be_tagged_ends_the_measuring_and_says_why() -> None:
    texts = replace(tagging.sector(), rows=({**ROW, "text": None},))
    with pytest.raises(quality.QualityError, match=r"sector, a: .*text"):
        tagging.measured([texts])
