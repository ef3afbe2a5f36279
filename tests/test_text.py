import time
import unicodedata
from collections.abc import Callable
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.text import fold, fold_cased, text_hash

FORMS: tuple[Literal["NFC", "NFD", "NFKC", "NFKD"], ...] = ("NFC", "NFD", "NFKC", "NFKD")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("L’hébergement d’urgence", "l hebergement d urgence"),
        ("Sans-abri, sans\u00a0domicile\n\nfixe !", "sans abri sans domicile fixe"),
        ("ŒUVRES & cætera", "oeuvres caetera"),
        ("Straße STRASSE", "strasse strasse"),
        ("İstanbul, Iğdır", "istanbul igdir"),
        ("co\u00adopé\u00adrative", "cooperative"),
        ("الأُسْرَة", "الاسره"),
        ("مستشفى الإغاثة ـــ آخر", "مستشفي الاغاثه اخر"),
        ("١٢ مليون", "12 مليون"),
        ("ΝΌΣΟΣ νόσος", "νοσοσ νοσοσ"),
        ("विकलांगता", "विकलांगता"),
        ("難民キャンプ", "難民キャンプ"),
        ("", ""),
    ],
)
def test_folding_keeps_plain_words(text: str, folded: str) -> None:
    assert unicodedata.normalize("NFC", fold(text)) == folded


@given(st.text())
def test_folding_does_not_depend_on_the_normal_form(text: str) -> None:
    assert {fold(unicodedata.normalize(form, text)) for form in FORMS} == {fold(text)}


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_words_are_parted_by_single_blanks(text: str) -> None:
    assert fold(text) == " ".join(fold(text).split())


def test_every_common_character_folds_alike_in_every_normal_form() -> None:
    # Alphabets, kana, a slice of Hangul, and the forms kept for compatibility.
    common = [*range(0x80, 0x3400), *range(0xAC00, 0xAE00), *range(0xF900, 0xFFFE)]
    differing = [
        chr(code)
        for code in common
        if len({fold(f"x{unicodedata.normalize(form, chr(code))}y") for form in FORMS}) > 1
    ]
    assert differing == []


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Chad, Jordan", "Chad ; Jordan"),
        ("Côte d’Ivoire", "Cote d Ivoire"),
        ("In Chad. Then Œuvres", "In Chad ; Then Oeuvres"),
        ("St. Lucia and U.S. troops", "St Lucia and U S troops"),
        ("Guinea-Bissau - Mali", "Guinea Bissau ; Mali"),
    ],
)
def test_cased_folding_keeps_capitals_and_marks_where_phrases_end(text: str, folded: str) -> None:
    assert fold_cased(text) == folded


@given(st.text())
def test_cased_folding_does_not_depend_on_the_normal_form(text: str) -> None:
    nfc, nfd = unicodedata.normalize("NFC", text), unicodedata.normalize("NFD", text)
    assert fold_cased(nfc) == fold_cased(nfd)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Le logement,  d'abord !", "le logement d’abord"),
        ("難民 キャンプ。", "難民キャンプ"),
        ("الأسرة.", "الاسره"),
    ],
)
def test_hash_ignores_punctuation_case_and_spacing(one: str, other: str) -> None:
    assert text_hash(one) == text_hash(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("12 places", "13 places"), ("un abri", "un abris"), ("難民", "移民")],
)
def test_hash_tells_different_letters_and_digits_apart(one: str, other: str) -> None:
    assert text_hash(one) != text_hash(other)


@pytest.mark.parametrize(
    "text",
    [
        "Cœur d’ÉTÉ, Straße… ½ ﬁn\u00ad — Łódź; ĲSSEL",
        "اللاجئون في ٱلقدس ـ ١٢",
        "国連の難民 Ελλάδας и жильё",
        "".join(map(chr, range(0xC0, 0x250))),
        "a\ud800b\u200bc",
    ],
)
@pytest.mark.parametrize("folding", [fold, fold_cased])
def test_a_text_folds_as_each_of_its_characters_does(
    text: str, folding: Callable[[str], str]
) -> None:
    alone = "".join(folding(f"x{char}x")[1:-1] for char in text)
    assert folding(f"x{text}x") == f"x{' '.join(alone.split())}x"


def test_hash_is_hexadecimal_and_stays_what_it_is() -> None:
    assert text_hash("Le logement d'abord") == "c51559036c96a5a89290b004ced12037"


def test_folding_a_page_takes_well_under_a_millisecond() -> None:
    page = "Les ménages précaires n’ont pas accès à l’aide. " * 60
    fold(page)  # fills the table
    best = min(_seconds(page) for _ in range(5))
    assert best < 0.002  # 0.15 ms on a quiet machine; the rest is for a loaded one


def _seconds(page: str) -> float:
    start = time.process_time()
    for _ in range(10):
        fold(page)
    return (time.process_time() - start) / 10
