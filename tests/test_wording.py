import tomllib

import pytest

from enrich.blocks import key
from enrich.wording import (
    DATA,
    closes,
    credits_picture,
    heads_others,
    is_body,
    is_furniture,
    is_standfirst,
    points_away,
)

TABLES = tomllib.loads(DATA.read_text(encoding="utf-8"))
LANGUAGES = TABLES.keys() - {"any", "classes"}
MORE = {"closes", "legal", "appeals"}  # of the languages that most of the sites are in


def test_there_are_words_of_at_least_twenty_languages_and_each_has_every_list() -> None:
    assert len(LANGUAGES) >= 20
    for language in LANGUAGES:
        assert TABLES[language].keys() - MORE == {
            "opens", "whole", "holds", "heads", "labels", "credits",
        }, language  # fmt: skip
    for name in MORE:
        assert {"en", "fr", "nl", "de", "es", "ar"} <= {n for n in LANGUAGES if name in TABLES[n]}


@pytest.mark.parametrize("language", sorted(TABLES))
def test_every_phrase_has_words_and_stands_once_in_its_list(language: str) -> None:
    for name, phrases in TABLES[language].items():
        keys = [key(phrase) for phrase in phrases]
        assert all(keys), name
        assert sorted(set(keys)) == sorted(keys), name


@pytest.mark.parametrize(
    "line",
    [
        "Publicité",
        "À lire aussi : la grève des éboueurs",
        "Lees ook: Meer plaatsen in de nachtopvang",
        "Lesen Sie auch: Mehr Betten für Familien",
        "Subscribe to our newsletter",
        "اقرأ أيضًا: توزيع المساعدات",
        "関連記事",
        "Inscrivez-vous à notre newsletter",
        "Abonnez-vous à notre newsletter pour ne rien manquer",
    ],
)
def test_a_line_that_leads_away_from_the_article_is_known_by_its_words(line: str) -> None:
    assert points_away(line, key(line))


@pytest.mark.parametrize(
    "line",
    [
        "Inscrivez-vous avant le 5 mai au 02 000 00 00.",
        "Plus d'informations auprès de la permanence, rue du Quai 4.",
        "Schrijf je in voor 5 mei via het onthaal.",
        "Weitere Informationen erteilt Frau Muster unter 0000 12.",
        "More beds are needed before the winter, says the shelter.",
        "Related costs are paid by the region.",
        "Source : rapport annuel de l'association",
        "Faites un don de vêtements chauds le samedi matin.",
    ],
)
def test_what_a_notice_asks_of_its_readers_stays(line: str) -> None:
    assert points_away(line, key(line)) is None


def test_a_long_line_may_begin_as_it_likes() -> None:
    line = "Read more " + "about what the shelter does in winter and why it has to close " * 5
    assert points_away(line, key(line)) is None


@pytest.mark.parametrize(
    ("line", "heads"),
    [("Autres articles", True), ("Mehr zum Thema", True), ("Autres articles de loi", True),
     ("Une nuit au centre", False)],
)  # fmt: skip
def test_the_heading_of_a_list_of_other_articles_is_known(line: str, heads: bool) -> None:  # noqa: FBT001
    assert heads_others(line, key(line)) is heads


@pytest.mark.parametrize(
    ("line", "credit"),
    [
        ("Photo : A. Diallo", True),
        ("Foto: Jan Peeters / Belga", True),
        ("© Agence du Quai 2026, tous droits réservés", True),
        ("J. Doe/Getty Images", True),
        ("dpa, Rivebourg, 4.11.26", True),
        ("Photo de famille au foyer du quai", False),
        ("EPA : 245 km d'autonomie", False),
        ("Le photographe de l'AFP raconte sa nuit.", False),
    ],
)
def test_the_credit_of_a_picture_is_known(line: str, credit: bool) -> None:  # noqa: FBT001
    assert credits_picture(line, key(line)) is credit


@pytest.mark.parametrize("names", ["author-bio", "authorBio", "c-author_bio dark", "x newsletter"])
def test_class_names_are_read_word_by_word_in_every_spelling(names: str) -> None:
    assert is_furniture(names)


def test_class_names_do_not_match_inside_words() -> None:
    assert not is_furniture("shareholder socialhousing")
    assert not is_furniture("")


def test_class_names_tell_standfirst_and_body() -> None:
    assert is_standfirst("crayon article-chapo-12 chapo surlignable")
    assert is_body("com-content-article__body")
    assert is_body("td_block_wrap tdb_single_content")
    assert not is_body("site-header")


@pytest.mark.parametrize(
    "line",
    ["Nous contacter", "Openingsuren :", "Jetzt spenden!", "اتصل بنا",
     "Wij gaan zorgvuldig om met wat u ons toevertrouwt, volgens de AVG. " * 8],
    ids=["fr", "nl", "de", "ar", "on rights"],
)  # fmt: skip
def test_what_a_site_sets_below_its_articles_is_known(line: str) -> None:
    assert closes(line, key(line))
    assert not closes(f"{line[:40]} est ouvert", key(f"{line[:40]} est ouvert"))
