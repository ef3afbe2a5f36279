"""Key phrases: what is among them, what never is, and that any text may come."""

import json
import random

import pytest

from crawler.filters import annotate_line, keyed_line
from enrich import keywords as module
from enrich.keywords import LONGEST, MOST, UNSPACED, keywords

TITLE = "Une maison d'accueil de plus pour les jeunes à Valbrume"
TEXT = """
La Ligue des Voisins ouvre une deuxième maison d'accueil à Valbrume. Elle reçoit des jeunes sans
logement, envoyés par l'aide à la jeunesse ou par le CPAS. La première maison d'accueil affiche
complet depuis mars.

« Nous refusons trois jeunes par semaine », dit la directrice. Le logement social manque, les
logements sociaux que la commune promet ne sont pas construits, et l'aide à la jeunesse n'a plus de
famille à proposer.

La Ligue des Voisins demande au CPAS un budget pour deux éducateurs. Le conseil en débat jeudi.
"""
FRENCH = keywords(TITLE, TEXT, "fr")


def test_what_is_said_in_the_title_and_often_comes_first() -> None:
    assert FRENCH[0] == "maison d'accueil"


def test_small_words_may_stand_inside_a_phrase_and_never_at_its_ends() -> None:
    assert "aide à la jeunesse" in FRENCH
    small = {"la", "le", "de", "d'", "à", "des", "une", "du"}
    for phrase in FRENCH:
        assert not small & {phrase.split()[0], phrase.split()[-1]}


def test_names_keep_their_capitals() -> None:
    assert {"Ligue des Voisins", "CPAS", "Valbrume"} <= set(FRENCH)


def test_no_phrase_stands_inside_another() -> None:
    assert not [(one, other) for one in FRENCH for other in FRENCH if one != other and one in other]


def test_singular_and_plural_count_as_one() -> None:
    folded = [phrase.casefold() for phrase in FRENCH]
    assert ("logement social" in folded) + ("logements sociaux" in folded) <= 1


@pytest.mark.parametrize(
    ("language", "title", "text", "wanted"),
    [
        ("nl", "Nachtopvang in Lindewater sluit", """De nachtopvang van Stichting De Kade sluit. De
         stad zegt dat de nachtopvang te duur is.""", {"nachtopvang", "Stichting De Kade"}),
        ("en", "Food bank at Riverton runs dry", """The food bank of the Lantern Trust has no rice.
         Riverton asks for rice.""", {"Food bank", "Lantern Trust", "Riverton"}),
        ("de", "Schuldnerberatung hat Wartelisten", """Die Schuldnerberatung in Altenquell hat lange
         Wartelisten.""", {"Schuldnerberatung", "Altenquell"}),
        ("es", "El comedor social de Valdelomas", """El comedor social de Valdelomas atiende a la
         Asociación de Vecinos.""", {"Asociación de Vecinos"}),
        ("pt", "Casa de abrigo em Vale Sereno", "A casa de abrigo de Vale Sereno recebe mulheres.",
         {"Casa de abrigo", "Vale Sereno"}),
        ("ar", "مخيم الرمل بلا ماء", """أعلنت وزارة الصحة أن مخيم الرمل بلا ماء. وقالت وزارة الصحة
         إن العيادة مغلقة.""", {"مخيم الرمل", "وزارة الصحة"}),
        ("uk", "Притулок у Вербівці", """Новий притулок у Вербівці прийняв родини. Притулок у
         Вербівці має кухню.""", {"Притулок", "Вербівці"}),
        ("it", "Un dormitorio per chi vive all'aperto", """Il dormitorio della Caritas di Valchiara
         apre.""", {"dormitorio"}),
    ],
)  # fmt: skip
def test_each_language_gives_what_the_text_is_about(
    language: str, title: str, text: str, wanted: set[str]
) -> None:
    found = keywords(title, " ".join(text.split()), language)
    missing = wanted - set(found)
    assert not missing, found


@pytest.mark.parametrize("language", sorted(UNSPACED))
def test_without_spaces_between_words_there_are_none(language: str) -> None:
    assert keywords("难民营的新学校", "河边镇为难民儿童开办了一所学校。WHO", language) == ()


def test_a_text_in_such_a_script_gives_none_whatever_its_language_is_said_to_be() -> None:
    assert keywords("难民营的新学校", "ที่พักใหม่สำหรับผู้ลี้ภัย", "und") == ()


@pytest.mark.parametrize(
    ("title", "text"),
    [("", ""), (" ", "\n\n"), ("3 + 4 = 7", "12 34 56"), ("…", "« »"), ("le la les", "de du des")],
)
def test_a_text_that_says_nothing_gives_none(title: str, text: str) -> None:
    assert keywords(title, text, "fr") == ()


def test_a_text_in_capitals_gives_the_same_phrases_in_small_letters() -> None:
    found = keywords(TITLE.upper(), TEXT.upper(), "fr")
    assert "maison d'accueil" in found
    assert "CPAS" in found  # four letters may be an abbreviation


def test_markup_and_addresses_give_no_phrases() -> None:
    page = f'<p class="lead">{TEXT}</p><script src="https://example.org/track.js"></script>'
    told = " ".join(keywords(TITLE, f"{page} redaction@example.org &amp; &nbsp;", "fr"))
    assert "accueil" in told
    assert not [each for each in ("lead", "script", "example", "track", "amp", "<") if each in told]


def test_a_very_long_text_costs_as_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ", len(TEXT))
    assert keywords(TITLE, TEXT + "Le tracteur rouge. " * 100_000, "fr") == FRENCH
    assert keywords("", "x" * 1_000_000, "fr") == ()
    assert keywords("", "a'" * 500_000, "en") == ()


def test_the_same_text_always_gives_the_same_phrases() -> None:
    module._words.cache_clear()
    assert keywords(TITLE, TEXT, "fr") == FRENCH


def test_words_that_are_no_longer_remembered_are_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module._words.cache_clear()
    monkeypatch.setattr(module, "KNOWN_WORDS", 3)
    assert keywords(TITLE, TEXT, "fr") == FRENCH
    assert len(module._words("fr")) <= 3


def test_canonically_equal_texts_give_the_same_phrases() -> None:
    decomposed = TEXT.replace("é", "e\u0301")
    assert keywords(TITLE, decomposed, "fr") == FRENCH


@pytest.mark.parametrize("language", ["fr", "nl", "en", "de", "ar", "sw", "ko", "und", "xx", ""])
def test_any_text_gives_at_most_eight_phrases_of_at_most_four_words(language: str) -> None:
    chance = random.Random(language)
    signs = (
        "aàéßœñعلوال한국дещо  ,.;:'’«»-–&<>/()0123456789\n\t\u200b\u00ad\u0301ABCDE漢字ไทย\ud800"
    )
    words = [*TEXT.split(), *("".join(chance.choices(signs, k=5)) for _ in range(200))]
    for length in range(60):
        text = " ".join(chance.choices(words, k=length))
        found = keywords(text[: length * 2], text, language)
        assert len(found) <= MOST
        assert len(set(found)) == len(found)
        assert all(1 <= len(phrase.split()) <= LONGEST for phrase in found)


def test_annotate_gives_keywords_only_where_they_are_asked_for() -> None:
    asked = {"id": 1, "title": TITLE, "text": TEXT}
    assert "keywords" not in annotate_line(dict(asked))
    assert json.loads(json.dumps(keyed_line(asked)))["keywords"] == [*FRENCH]
