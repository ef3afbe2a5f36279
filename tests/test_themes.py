import pickle
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from enrich import embedding, terms, themes
from enrich.embedding import EmbeddingError
from enrich.judging import judge, weighed
from enrich.terms import terms_in
from enrich.text import Evidence
from enrich.themes import Theme, themes_of
from enrich.vocabulary import LANGUAGES, lexicon


def sentences(kind: str) -> list[tuple[str, str, str]]:
    return [
        (slug, language, sentence)
        for slug, record in lexicon().items()
        for language, examples in record.examples.items()
        for sentence in getattr(examples, kind)
    ]


def found(title: str, text: str, language: str) -> tuple[Theme, ...]:
    return themes_of(title, text, language).themes


def said(title: str, text: str, language: str) -> list[str]:
    return [theme.theme for theme in found(title, text, language)]


@pytest.mark.parametrize(("slug", "language", "sentence"), sentences("yes"))
def test_a_sentence_about_a_theme_has_that_theme_before_others(
    slug: str, language: str, sentence: str
) -> None:
    judged = judge(weighed(terms_in("", sentence, language), "", sentence), language)
    assert slug in sorted(judged.themes, key=judged.themes.__getitem__)[-2:]


def test_of_sentences_about_a_theme_nine_in_ten_are_enough_to_be_tagged_alone() -> None:
    # One sentence is less than an article: of the others it is not sure enough.
    asked, tagged = Counter[str](), Counter[str]()
    for slug, language, sentence in sentences("yes"):
        asked[language] += 1
        tagged[language] += slug in said("", sentence, language)
    low = {name: tagged[name] / asked[name] for name in LANGUAGES}
    assert min(low.values()) >= 0.84, low


@pytest.mark.parametrize(("slug", "language", "sentence"), sentences("no"))
def test_a_sentence_that_only_sounds_like_a_theme_is_not_tagged_with_it(
    slug: str, language: str, sentence: str
) -> None:
    assert slug not in said("", sentence, language)


def test_a_strong_term_in_one_sentence_is_enough_and_a_weak_one_is_not() -> None:
    assert said("", "Le surendettement augmente.", "fr") == ["debt-energy-poverty"]
    assert said("", "Le loyer augmente.", "fr") == []
    assert said("", "Le loyer du locataire augmente.", "fr") == ["housing"]


def test_one_mention_deep_in_a_long_text_is_no_theme() -> None:
    filler = "Le conseil s'est réuni jeudi soir dans la grande salle. " * 60
    assert said("Conseil de jeudi", filler + "On parla de surendettement.", "fr") == []


def test_a_term_in_the_title_weighs_more_than_in_the_text() -> None:
    filler = " Le conseil s'est réuni jeudi soir dans la grande salle." * 10
    above = themes_of("Le surendettement augmente", filler, "fr")[0].score
    below = themes_of("Le conseil du jeudi", "Surendettement et surendettés." + filler, "fr")[0]
    assert above > 0.75 * below.score


def test_a_title_repeated_by_the_text_is_not_read_twice() -> None:
    title, rest = "Le surendettement augmente", "\nLe conseil en parle."
    assert themes_of(title, title + rest, "fr") == themes_of(title, rest, "fr")


def test_evidence_names_term_count_and_place() -> None:
    themed = themes_of("Les sans-abri attendent", "Les sans-abri. Un sans-abri.", "fr")
    assert themed[0].theme == "homelessness"
    assert themed[0].evidence[0] == Evidence(term="sans-abri", count=1, where="title")
    assert Evidence(term="sans-abri", count=2, where="text") in themed[0].evidence


def test_a_longer_term_hides_the_shorter_one_inside_it() -> None:
    (housing,) = themes_of("", "Le logement social manque.", "fr")
    assert [evidence.term for evidence in housing.evidence] == ["logement social"]


def test_a_word_that_two_terms_fit_counts_once() -> None:
    (homelessness,) = themes_of("De daklozen", "Over hen.", "nl")
    assert [(e.count, e.where) for e in homelessness.evidence] == [(1, "title")]


def test_a_strong_term_counts_rather_than_a_longer_weak_one() -> None:
    (homelessness,) = themes_of("", "Dak- en thuislozen wachten.", "nl")
    assert [evidence.term for evidence in homelessness.evidence] == ["thuisloze"]


def test_a_hiding_term_hides_strong_ones_as_well() -> None:
    assert said("Migration de données", "La migration des données avance.", "fr") == []


def test_terms_side_by_side_both_count() -> None:
    (homelessness,) = themes_of("", "Sans-abri, sdf, sans-abri.", "fr")
    assert [(e.term, e.count) for e in homelessness.evidence] == [("sans-abri", 2), ("sdf", 1)]


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        ("", "Le loyer baisse. Le loyer monte. Le loyer baisse.", []),
        ("Le loyer", "Il baisse.", ["housing"]),
        ("", "Le loyer baisse pour les locataires.", ["housing"]),
        ("", "Le logement social manque.", ["housing"]),
    ],
)
def test_a_further_theme_wants_two_terms_or_the_title_or_a_strong_one(
    title: str, text: str, expected: list[str]
) -> None:
    # Without a title, the first line stands for one: so another line begins the text.
    title = title or "Le conseil du jeudi"
    assert said(title, text + " Surendettement, surendettés.", "fr")[1:] == expected


def test_terms_match_whole_words_unless_they_end_in_a_star() -> None:
    assert said("", "Le projet Asblixo est lancé.", "fr") == []
    assert said("", "Les surendettés s'organisent.", "fr") == ["debt-energy-poverty"]


def test_arabic_terms_are_found_with_what_is_written_onto_them() -> None:
    for sentence in ("اللاجئين في المخيم", "وصلت مساعدات للاجئين", "تحدث عن لاجئين ونازحين"):
        assert "displacement" in said("", sentence, "ar")


@pytest.mark.parametrize("language", ["fr", "fr-BE", "fr-Latn-FR", "FR"])
def test_a_language_may_come_with_its_region(language: str) -> None:
    assert said("", "Le surendettement augmente.", language) == ["debt-energy-poverty"]


@pytest.mark.parametrize("language", ["zh-Hans", "und", "sw", ""])
def test_a_language_without_lexicon_has_no_themes(language: str) -> None:
    assert said("", "Le surendettement augmente.", language) == []


def test_other_languages_words_are_not_looked_for() -> None:
    assert said("", "Le surendettement augmente.", "nl") == []


def test_best_comes_first_and_no_more_than_six() -> None:
    text = " ".join(sentence for _, language, sentence in sentences("yes") if language == "fr")
    found = themes_of("", text, "fr")
    assert len(found) == themes.MOST
    assert [theme.score for theme in found] == sorted((t.score for t in found), reverse=True)


@pytest.mark.parametrize(("title", "text"), [("", ""), (" ", "\n"), ("", "!!!"), ("?", "٪")])
def test_nothing_has_no_themes(title: str, text: str) -> None:
    assert said(title, text, "fr") == []


def test_the_same_article_always_has_the_same_themes_in_any_thread() -> None:
    article = ("Logement", "La crise du logement et le sans-abrisme s'aggravent.", "fr")
    themes._automaton.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        results = set(pool.map(lambda _: themes_of(*article), range(64)))
    assert len(results) == 1


def test_results_and_records_can_be_sent_to_another_process() -> None:
    found = themes_of("", "Le surendettement augmente.", "fr")
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 (our own bytes)
