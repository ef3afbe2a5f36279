from dataclasses import replace
from datetime import date

import pytest
import stories

from enrich.stories import Number, Signature, as_json, from_json, rarity, same_story, signature

# The least that links may be worth without embeddings, on the half that judges.
PRECISION, RECALL = 0.95, 0.92


def read(title: str, text: str, language: str, day: str = "2026-10-06") -> Signature:
    return signature(title, text, language, day, countries=[("BE", 1.0)], themes=["migration"])


FRENCH = read(
    "La juge Vareille condamne l'État",
    "L'État devra loger 312 personnes, a dit la juge Vareille le 14 octobre à Marchevaux.",
    "fr",
)
DUTCH = read(
    "Rechter Vareille veroordeelt de staat",
    "Volgens rechter Vareille in Marchevaux moet de staat 312 mensen opvangen tegen 14 oktober.",
    "nl",
)


def rare(key: str) -> float:  # noqa: ARG001
    return 1.0


def numbers(text: str, language: str = "fr") -> set[str]:
    return set(map(str, signature("", text, language).numbers))


def test_the_set_is_large_enough_and_has_near_misses() -> None:
    rows = stories.reports()
    told = [each for each in rows if each.near is None]
    assert len({each.story for each in told}) >= 60
    assert sum(each.near is not None for each in rows) >= 80
    assert {each.near for each in rows} == {None, "same-topic", "follow-up", "yearly"}
    assert {each.language for each in rows} == {"fr", "nl", "en", "ar", "es", "de"}
    for group in {each.group for each in rows}:
        assert len({each.language for each in told if each.group == group}) >= 2, group


def test_reports_of_one_story_are_linked_and_hardly_any_other() -> None:
    found = stories.measure(stories.half(development=False))
    assert found.precision >= PRECISION, found
    assert found.recall >= RECALL, found


def test_a_link_says_what_both_have_best_first() -> None:
    found = same_story(FRENCH, DUTCH, rare=rare)
    assert found
    shared = {(reason.kind, reason.value) for reason in found.reasons}
    assert shared == {
        ("name", "Vareille"), ("name", "Marchevaux"), ("number", "312"), ("date", "10-14"),
        ("country", "BE"), ("theme", "migration"),
    }  # fmt: skip
    weights = [reason.weight for reason in found.reasons]
    assert weights == sorted(weights, reverse=True)
    assert 0.5 < found.score < 1


def test_which_article_comes_first_makes_no_difference() -> None:
    of = stories.half(development=True)[:40]
    for one, other, match in stories.judged(of):
        again = same_story(other.signature, one.signature, rare=rare)
        first = same_story(one.signature, other.signature, rare=rare)
        assert (first and first.score) == (again and again.score), (one.title, other.title)
        assert match is None or 0.5 < match.score < 1


def test_what_everybody_writes_links_nothing() -> None:
    assert same_story(FRENCH, DUTCH, rare=lambda key: 0.0) is None  # noqa: ARG005


@pytest.mark.parametrize("days", [4, 365])
def test_what_is_days_apart_is_another_story(days: int) -> None:
    later = replace(DUTCH, published=date.fromordinal(date(2026, 10, 6).toordinal() + days))
    assert same_story(FRENCH, later, rare=rare) is None


def test_an_article_without_a_date_tells_no_story() -> None:
    assert same_story(FRENCH, replace(DUTCH, published=None), rare=rare) is None


def test_without_a_country_or_a_number_in_common_there_is_no_story_however_close() -> None:
    other = replace(DUTCH, countries={"NL": 2.0}, numbers=frozenset({Number(7.0)}))
    assert same_story(FRENCH, other, rare=rare, closeness=0.99) is None


def test_one_town_alone_is_no_story() -> None:
    town = tuple(name for name in DUTCH.names if name.written == "Marchevaux")
    other = replace(DUTCH, names=town, numbers=frozenset(), dates=frozenset())
    assert same_story(FRENCH, other, rare=rare) is None


def test_in_one_language_names_alone_are_no_story_and_with_a_number_they_are() -> None:
    again = read(
        "Vareille tranche", "À Marchevaux, a dit hier la juge Vareille, il faut 312 lits.", "fr"
    )
    assert same_story(FRENCH, again, rare=rare)
    assert same_story(FRENCH, replace(again, numbers=frozenset()), rare=rare) is None


def test_shares_of_something_alone_are_no_number_in_common() -> None:
    shares = frozenset({Number(37.0, percent=True), Number(47.0, percent=True)})
    one, other = (replace(each, numbers=shares) for each in (FRENCH, DUTCH))
    assert same_story(one, other, rare=rare)
    assert same_story(one, replace(other, countries={}), rare=rare) is None


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("Quelque 1.200 ménages, 1 350 lits, 1,450 euros", "fr", {"1200", "1350", "1450"}),
        ("1,2 million de personnes", "fr", {"1200000"}),
        ("1.2 million people and 3 billion euros", "en", {"1200000", "3000000000"}),
        ("12 000 Menschen, 3,5 Millionen Euro", "de", {"12000", "3500000"}),
        ("٣٤٠ مليون دولار و12 ألف شخص", "ar", {"340000000", "12000"}),
        ("9,2 % ; 9 procent", "nl", {"9.2 %", "9 %"}),
        ("6 per cent, 27 Prozent", "en", {"6 %", "27 %"}),
        ("Trente-cinq mineurs, vingt-deux communes", "fr", {"35", "22"}),
        ("Sixty thousand people, thirty-five buses", "en", {"60000", "35"}),
        ("vijfendertig huizen", "nl", {"35"}),
        ("en 2026, à 14h30, le 3 octobre, la 4e fois", "fr", set()),
    ],
)
def test_numbers_are_read_in_every_language_and_years_days_and_times_are_none(
    text: str, language: str, expected: set[str]
) -> None:
    assert numbers(text, language) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("le 14 octobre", "fr"), ("op 14 oktober 2026", "nl"), ("October 14, 2026", "en"),
        ("am 14. Oktober", "de"), ("el 14 de octubre", "es"), ("في 14 أكتوبر", "ar"),
    ],
)  # fmt: skip
def test_a_day_is_the_same_in_every_language(text: str, language: str) -> None:
    assert signature("", text, language).dates == {"10-14"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("en", "a court in Karamesh and Zelenopil"), ("fr", "à Karamech et à Zelenopil")),
        (("en", "the mayor, Oksana Hrebeniuk"), ("fr", "la maire, Oksana Hrebeniouk")),
        (("en", "the director, Samir Abu Jarad"), ("ar", "قال سمير أبو جراد إن الوقود نفد")),
    ],
)
def test_names_are_known_again_in_other_spellings_and_scripts(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    day = "2026-10-06"
    left, right = (
        signature("", f"312 {text}", language, day, countries=[("IR", 1.0)])
        for language, text in (one, other)
    )
    found = same_story(left, right, rare=rare)
    assert found
    assert sum(reason.kind == "name" for reason in found.reasons) >= 2


def test_what_begins_a_sentence_and_names_of_countries_days_and_bodies_are_no_names() -> None:
    found = signature(
        "", "Students met on Monday. Teachers in Kenya told Amnesty and the Senate of Lokitare.",
        "en",
        organisations={"amnesty": ["Amnesty"]},
    )  # fmt: skip
    assert [name.written for name in found.names] == ["Lokitare"]


def test_what_few_others_have_is_rarer_and_reports_of_one_story_do_not_spoil_it() -> None:
    having = {"a": 2, "b": 4, "c": 60}
    of = rarity(having.__getitem__, 1000)
    assert of("a") == of("b") == 1.0
    assert 0 < of("c") < 0.5


def test_a_signature_can_be_stored() -> None:
    assert from_json(as_json(FRENCH)) == FRENCH
