"""What two texts are to each other."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.duplicates import (
    LEAST_KEPT,
    MOST_LEFT_OUT,
    Relation,
    issues,
    promising,
    rate,
    relation,
    sketch,
    text_of,
    tokens,
)

# Twelve sentences, 250 words.
STORY = """\
La halte de nuit du quai rouvre ses portes lundi avec quarante lits de plus que l'hiver dernier.
Les bénévoles ont servi huit cents repas chauds pendant les trois semaines de gel de janvier.
La juge de paix a suspendu l'expulsion de douze familles de la rue des Tanneurs jusqu'en mai.
Un médecin reçoit désormais sans rendez-vous, le mardi et le jeudi, dans la salle du fond.
Deux juristes tiennent une permanence gratuite pour les locataires qui ont reçu un congé.
« Personne ne devrait dormir dehors quand des bureaux restent vides », dit la directrice du centre.
L'atelier prête des vélos aux personnes qui reprennent un travail de nuit loin de tout arrêt.
La commune promet une réponse avant l'été, mais elle n'a encore voté aucun budget pour cela.
Les habitants du quartier apportent des couvertures, des livres et parfois un gâteau le dimanche.
Une ancienne pensionnaire y travaille comme cuisinière depuis le printemps, et forme des apprentis.
Le bâtiment, une école fermée faute d'élèves, appartient à une fondation qui le loue pour rien.
Au conseil, l'opposition demande que la halte reste ouverte toute l'année et pas seulement l'hiver.
"""
ABOUT = (
    "Le Quai est une association sans but lucratif agréée par la commune de Rivebourg. Chaque don "
    "de plus de quarante euros ouvre droit à une attestation fiscale, envoyée au printemps à tous "
    "ceux qui nous ont laissé leur adresse complète avant la fin du mois de décembre."
)
OTHER = """\
De gemeente betaalt voortaan de helft van het abonnement van wie een laag inkomen heeft.
De bus naar het ziekenhuis rijdt weer om het kwartier, ook in het weekend en tot middernacht.
Wie slecht ziet, krijgt aan het loket een kaart in grote letters en een uur lang uitleg.
"""


def said(one: str, other: str, *, titles: tuple[str, str] = ("", "")) -> str | None:
    """The kind of relation, which is the same from either side."""
    first, second = text_of(titles[0], one), text_of(titles[1], other)
    found, backwards = relation(first, second), relation(second, first)
    assert (found and found.kind) == (backwards and backwards.kind)
    assert (found and found.shared) == (backwards and backwards.shared)
    return found.kind if found else None


def edited(text: str, every: int) -> str:
    """Each so many-th word is another."""
    words = text.split()
    return " ".join("autrement" if n % every == every - 1 else w for n, w in enumerate(words))


def test_the_same_words_are_exact_whatever_their_case_signs_and_accents() -> None:
    assert said(STORY, STORY.upper().replace("É", "E").replace(",", "")) == "exact"


@pytest.mark.parametrize("every", [20, 10, 7])
def test_an_edited_copy_is_a_reprint(every: int) -> None:
    assert said(STORY, edited(STORY, every)) == "reprint"


def test_a_copy_with_a_new_lead_and_a_line_below_is_a_reprint() -> None:
    lead = "À Rivebourg, ceux qui dorment dehors auront bientôt un toit, annonce le collectif."
    below = "Lire aussi : les loyers de la ville."
    assert said(STORY, "\n".join([lead, *STORY.splitlines()[2:], below])) == "reprint"


def test_the_first_half_and_more_is_a_reprint_and_the_first_third_an_excerpt() -> None:
    lines = STORY.splitlines()
    assert said(STORY, "\n".join(lines[:8])) == "reprint"
    assert said(STORY, "\n".join(lines[:4])) == "excerpt"
    assert said(STORY, edited("\n".join(lines[:4]), 9)) == "excerpt"


def test_a_dozen_words_are_an_excerpt_only_if_nearly_all_of_them_stand_in_the_text() -> None:
    words = STORY.split()
    teaser = words[:14]
    assert said(STORY, f"{' '.join(teaser)} …") == "excerpt"
    phrases = ["Bienvenue", *words[1:6], "demain", "partout", *words[30:35], "enfin"]
    assert said(STORY, " ".join(phrases)) is None


@pytest.mark.parametrize("place", ["{date}\n{story}", "{story}\n{date}"])
def test_a_copy_with_the_date_of_its_own_site_is_no_series(place: str) -> None:
    dates = "Publié le 30.11.2027 par la rédaction", "Publié le 02.12.2027 par le bureau"
    one, other = (place.format(story=STORY, date=date) for date in dates)
    assert said(one, other, titles=("La halte de nuit du quai",) * 2) == "reprint"


def test_it_is_said_which_is_the_shorter_and_how_much_of_it_is_shared() -> None:
    part = text_of("", "\n".join(STORY.splitlines()[:4]))
    found = relation(text_of("", STORY), part)
    assert found is not None
    assert found == Relation("excerpt", 1.0, found.of_larger, first_is_smaller=False)
    assert found.of_larger == pytest.approx(len(part.body) / len(tokens(STORY)), abs=0.02)


def test_two_articles_of_one_subject_are_two() -> None:
    assert said(STORY, STORY.translate(str.maketrans("aeiou", "eioua"))) is None
    assert said(STORY, OTHER) is None


@pytest.mark.parametrize("count", [2, 3, 12])
def test_a_paragraph_about_us_below_two_articles_is_no_reprint(count: int) -> None:
    first = "\n".join(STORY.splitlines()[:count])
    assert said(f"{first}\n{ABOUT}", f"{OTHER}\n{ABOUT}") is None


def test_a_quote_that_two_articles_have_is_no_reprint() -> None:
    quote = STORY.splitlines()[5]
    assert said(f"{OTHER}\n{quote}", "\n".join(STORY.splitlines()[5:9])) is None


NOTICE = "La permanence du quai est fermée pour cause de travaux dans la cage d'escalier."


def test_notices_of_a_sentence_or_two_are_compared_too() -> None:
    assert said(NOTICE, f"Attention : {NOTICE}") == "reprint"
    other = "La permanence du pont est ouverte à tous ceux qui cherchent un logement en ville."
    assert said(NOTICE, other) is None
    words = [tokens(NOTICE), tokens(f"Attention : {NOTICE}")]
    one, two = map(sketch, words)
    assert promising(len(one.hashes & two.hashes), one.size, two.size)


BULLETIN = (
    "Point de suivi de {place}, {month} 2026. Les équipes ont compté {a} arrivées et {b} départs à "
    "{place} pendant le mois. {c} familles dorment au centre, dont {d} depuis plus de trois mois. "
    "La cantine a servi {e} repas, et le médecin a vu {f} malades. Les chiffres sont ceux de la "
    "main courante, vérifiés avec la commune, et ne disent rien de ceux qui ne sont que passés."
)
MARCH = {
    "place": "Rivebourg",
    "month": "mars",
    "a": 41,
    "b": 15,
    "c": 23,
    "d": 7,
    "e": 912,
    "f": 60,
}
APRIL = MARCH | {"month": "avril", "a": 52, "b": 19, "c": 27, "d": 9, "e": 1014, "f": 71}


@pytest.mark.parametrize(
    "titles",
    [
        ("Suivi de mars", "Suivi d'avril"),
        ("Suivi mensuel", "Suivi mensuel"),
        ("", ""),
    ],
    ids=["another month", "the same title", "none"],
)
def test_a_form_with_other_numbers_is_a_series(titles: tuple[str, str]) -> None:
    assert said(BULLETIN.format(**MARCH), BULLETIN.format(**APRIL), titles=titles) == "series"


def test_a_form_for_another_place_is_a_series() -> None:
    there = MARCH | {"place": "Sablonville"}
    for titles in [("", ""), ("Point de suivi de Rivebourg", "Point de suivi de Sablonville")]:
        found = said(BULLETIN.format(**MARCH), BULLETIN.format(**there), titles=titles)
        assert found == "series"


REPORT = (
    "Situation report no. {n} on the storm, as of {hour} on {day} December. The office counted {a} "
    "families in the centres of the valley and {b} with relatives. Roads number 12, 17 and 23 are "
    "closed at kilometres 4, 9 and 31, and the bridge of 1964 can bear 7 tonnes. The 15 clinics of "
    "the district have stocks for 20 days, and 3 of them work at night. The office asks those who "
    "live below 200 metres to stay where they are until the water has fallen by 2 metres or more."
)


def test_reports_that_grow_from_one_to_the_next_are_a_series_though_most_numbers_stay() -> None:
    first = {"n": 8, "hour": "8 pm", "day": 25, "a": 1204, "b": 377}
    then = {"n": 9, "hour": "8 am", "day": 26, "a": 1310, "b": 402}
    assert said(REPORT.format(**first), REPORT.format(**then)) == "series"


def test_a_copy_with_its_own_date_line_is_no_issue_of_a_series() -> None:
    first = {"n": 8, "hour": "8 pm", "day": 25, "a": 1204, "b": 377}
    text = REPORT.format(**first)
    assert said(f"Rivebourg, 25 December. {text}", f"Rivebourg, 26 December. {text}") == "reprint"


def test_background_that_two_articles_have_in_common_makes_no_excerpt() -> None:
    background = STORY.splitlines()[3:7]
    own, news = STORY.splitlines()[7:9], STORY.splitlines()[9:] * 3
    assert said("\n".join([*own, *background]), "\n".join([*news, *background])) is None


def test_another_spelling_of_a_name_is_no_series() -> None:
    there = STORY.replace("Rivebourg", "Riveburg").replace("Tanneurs", "Taneurs")
    titles = ("La halte de Rivebourg rouvre", "La halte de Riveburg rouvre")
    assert said(f"{STORY}\nÀ Rivebourg.", f"{there}\nÀ Riveburg.", titles=titles) == "reprint"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("La halte de nuit rouvre", "Rivebourg : quarante lits de plus pour l'hiver"),
        ("La halte de nuit rouvre", "La halte du quai rouvre"),
        ("La halte rouvre avec 40 lits", "La halte rouvre avec quarante lits"),
    ],
)
def test_another_title_on_the_same_text_makes_no_series(one: str, other: str) -> None:
    assert said(STORY, edited(STORY, 20), titles=(one, other)) == "reprint"


def test_a_copy_with_one_number_corrected_is_a_reprint() -> None:
    assert said(f"{STORY} Le 12 mars.", f"{STORY} Le 13 mars.") == "reprint"


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("Agenda mars 2026", "Agenda avril 2026", "series"),
        ("Bulletin n° 12", "Bulletin n° 13", "series"),
        ("النشرة 12", "النشرة 13", "series"),
        ("Agenda", "Agenda", "exact"),
        ("Agenda mars 2026", "Le programme du printemps", "exact"),
        ("Le centre rouvre", "RÉOUVERTURE du centre", "exact"),
    ],
)
def test_issues_with_the_same_words_below_are_told_apart_by_number_or_month(
    one: str, other: str, kind: str
) -> None:
    assert said("Voir le document.", "Voir le document.", titles=(one, other)) == kind
    titles = [("a", tokens(one)), ("b", tokens(other))]
    assert issues(titles) == issues(titles[::-1]) == [("b", "a", kind)]


def test_copies_of_each_issue_are_put_to_their_own() -> None:
    titles = [
        (ident, tokens(f"Agenda {month}"))
        for ident, month in zip("abcd", ["mars", "mai"] * 2, strict=True)
    ]
    assert issues(titles) == [
        ("b", "a", "series"), ("c", "a", "exact"), ("d", "b", "exact"),
    ]  # fmt: skip


CHINESE = (
    "河边镇的临时住所本周一重新开放,比去年冬天多了四十张床。志愿者在一月的三周寒潮里送出了八百份热饭。"
    "法官决定十二个家庭可以住到五月。医生每周二和周四在后面的房间看病,不需要预约。两名律师免费帮助租户。"
)


def test_scripts_without_spaces_are_compared_character_by_character() -> None:
    assert tokens("住所 abc") == ["住", "所", "abc"]
    assert said(CHINESE, f"本报讯 {CHINESE}"[:-12]) == "reprint"
    assert said(CHINESE, CHINESE[:36]) == "excerpt"
    assert (
        said(CHINESE, "联合国难民署说,去年有很多人因为战争离开家园,需要食物、水和住所,也需要医生。")
        is None
    )


def test_a_sketch_is_the_same_everywhere_and_always() -> None:
    assert sorted(sketch(["un", "deux", "trois", "quatre", "cinq", "six"]).hashes) == [
        474568203,
        4007184735,
    ]


@given(st.lists(st.text("abc", min_size=1), max_size=40))
def test_a_short_text_keeps_all_its_shingles(words: list[str]) -> None:
    found = sketch(words)
    assert len(found.hashes) == found.size == len({*map(tuple, shingles(words))})


def shingles(words: list[str]) -> list[list[str]]:
    return [words[n : n + 5] for n in range(max(1, len(words) - 4))]


def test_of_a_long_text_one_shingle_in_eight_is_kept_and_never_too_few() -> None:
    assert rate(LEAST_KEPT * MOST_LEFT_OUT) == MOST_LEFT_OUT
    for shorter, longer in pairwise(range(1, 4000)):
        assert rate(shorter) <= rate(longer)
        assert shorter < 2 * LEAST_KEPT or shorter / rate(shorter) >= LEAST_KEPT
    words = [str(number) for number in range(2000)]
    assert len(sketch(words).hashes) == pytest.approx(2000 / MOST_LEFT_OUT, rel=0.2)


@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
def test_texts_that_share_enough_have_enough_hashes_in_common(share: float) -> None:
    rng = random.Random(3)
    for length in (30, 100, 300, 900):
        words = [str(rng.randrange(10**6)) for _ in range(length)]
        part = words[: int(length * share)]
        copy = [word if n % 10 else "x" for n, word in enumerate(part)]
        one, two = sketch(words), sketch(copy)
        assert promising(len(one.hashes & two.hashes), one.size, two.size)


texts = st.text("abcde 1234", max_size=60)


@given(texts, texts)
def test_a_relation_is_the_same_from_either_side(one: str, other: str) -> None:
    assert said(one, other, titles=(other[:9], one[:9])) in {
        None, "exact", "reprint", "excerpt", "series",
    }  # fmt: skip
