"""What is marked in a text: the words of a search, and what an article was tagged for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.marking import Sought, evidence, sought, tokens
from crawler.words import folded


def shown(text: str, wanted: Sought, language: str) -> str:
    (line,) = wanted.mark("", [text], language).lines
    assert "".join(part.text for part in line) == text
    return "".join(f"[{part.text}]" if part.marked else part.text for part in line)


@pytest.mark.parametrize(
    ("words", "language", "expected"),
    [
        ("loyer", "fr", "Le [loyer], les [LOYERS]"),
        ("loyer", "ar", "Le [loyer], les LOYERS"),
        ("l'aide", "fr", "L’[aide] d’ici, (l’[AIDE])"),
        ("refugie", "fr", "Des [réfugiés], [réfugié·e·s], ou [réfugié(e)s]"),
        ('"halte de"', "fr", "La [halte de] nuit, haltes de jour"),
        ("sans-abri", "fr", "Les [sans-abris], un [sans abri], sans-abrisme"),
        ("sans-abri", "ar", "Les [sans-abris]"),
        ("住房", "zh", "难民,[住房]也"),
        ("soci*", "en", "[Social] work, asocial"),
        ("soc*", "en", "Social work, [soc]"),
        ("rent OR lease", "en", "the [lease], or not"),
        ("-night shelter", "en", "night [shelter]"),
        ("title:night shelter", "en", "night [shelter]"),
        ("b", "en", "<[b]>[b]</[b]> & [b]"),
        ("", "en", "as it is"),
        ('"', "en", "as it is"),
    ],
)
def test_the_words_of_a_search_are_marked_as_the_index_finds_them(
    words: str, language: str, expected: str
) -> None:
    text = expected.replace("[", "").replace("]", "")
    assert shown(text, sought(words), language) == expected


@pytest.mark.parametrize(
    ("term", "language", "expected"),
    [
        ("logement social", "fr", "Les [logements sociaux]."),
        ("sans-abri", "fr", "[sans-abri] et [sans abri]"),
        ("Niger", "en", "Nigeria, [Niger]"),
        ("难民", "zh", "[难民]营的新学校"),
        ("ที่พัก", "th", "เมืองสมมติเปิด[ที่พัก]"),
        ("لاجئين", "ar", "مَركز [اللاجئين]"),
        ("café", "fr", "[Cafe\u0301] et [café]"),
        ("oeuvre", "fr", "<b>[œuvre]</b>"),
        ("", "en", "a b c"),
        ("a", "en", ""),
    ],
)
def test_a_term_is_found_however_it_is_written(term: str, language: str, expected: str) -> None:
    text = expected.replace("[", "").replace("]", "")
    assert shown(text, evidence([term], prefix=False), language) == expected


def test_terms_of_themes_may_go_on_and_overlaps_are_one_mark() -> None:
    wanted = evidence(["hopit", "hôpital public"], prefix=True)
    assert shown("Un hôpital public, des hôpitaux", wanted, "fr") == (
        "Un [hôpital public], des [hôpitaux]"
    )


def test_what_is_shown_is_whole_if_each_thing_asked_for_is_there() -> None:
    def whole(words: str) -> bool:
        return sought(words).mark("Night shelter", ["It opens.", "Rents rise."], "en").whole

    assert whole("")
    assert whole("shelter rent OR lease")
    assert whole("title:night opens")
    assert not whole("shelter lease")
    assert not whole("title:opens")


@pytest.mark.parametrize(
    "text",
    ["L'été à Liège, œuvre", "难民营的新学校 a", "ที่พัก ใหม่", "اللاجئين في", "ﬁn Ǆ a-b", "",
     "d'enfant(s), réfugié·e·s et entr’aide"],
)  # fmt: skip
def test_tokens_are_those_of_the_index_and_stand_where_they_say(text: str) -> None:
    found = list(tokens(text))
    assert " ".join(token.word for token in found) == folded(text)
    for word, start, end in found:
        assert folded(text[start:end]) == word


@given(text=st.text(max_size=60), words=st.text(max_size=30))
def test_whatever_is_marked_the_text_stays_as_it_is(text: str, words: str) -> None:
    shown(text, sought(words), "fr")
    shown(text, evidence([words], prefix=True), "fr")
