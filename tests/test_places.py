import pickle
import subprocess
import sys
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest

from enrich import places
from enrich.places import countries_of, country_name, language_name
from enrich.text import Evidence


def codes(text: str, language: str = "en") -> list[str]:
    return [country.country for country in countries_of("", text, language)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        # the longest name at its place
        ("en", "Guinea, Guinea-Bissau, Equatorial Guinea and Papua New Guinea", "GN GW GQ PG"),
        ("en", "From South Sudan to Sudan", "SS SD"),
        ("en", "New Jersey, New Mexico, the Niger Delta and the Gulf of Guinea", ""),
        ("en", "Niger and Nigeria", "NE NG"),
        ("fr", "La province de Luxembourg recrute", ""),
        ("fr", "Le Luxembourg et le delta du Niger", "LU"),
        ("nl", "De provincie Luxemburg ligt naast Luxemburg", "LU"),
        ("en", "The US Agency paid US$ 5 million", ""),
        # two Congos
        ("en", "The Democratic Republic of the Congo", "CD"),
        ("en", "The Congo and Congo-Brazzaville", "CG"),
        ("fr", "Le Congo", "CD CG"),
        # people
        ("en", "Chad Example met Michael Jordan", ""),
        ("en", "Floods in Chad Kill Dozens", "TD"),
        ("en", "Chad, Jordan and Georgia", "TD JO GE"),
        ("fr", "Dominique Exemple et Maurice Exemple", ""),
        ("fr", "L'île Maurice", "MU"),
        # plain words, and names that need company
        ("en", "Cold turkey in a jersey, on fine china", ""),
        ("fr", "Réunion publique : la réunion de Grenade", ""),
        ("es", "Reunión en Granada", ""),
        ("en", "CONTACT US NOW", ""),
        ("en", "The US and the U.K.", "US GB"),
        ("fr", "L'US Exemple gagne", ""),
        # ways to write
        ("en", "TÜRKIYE: EARTHQUAKE", "TR"),
        ("en", "Cote d'Ivoire / Côte d’Ivoire / Ivory Coast", "CI"),
        ("en", "Saint Lucia or St. Lucia; Trinidad and Tobago", "LC TT"),
        ("en", "Gaza and the West Bank", "PS"),
        ("fr", "La RD Congo et la Centrafrique", "CD CF"),
        ("nl", "De VS, Zuid-Soedan en Syrië", "US SS SY"),
        ("de", "Syriens Nachbar und Island", "SY IS"),
        ("es", "Perú, México y EE. UU.", "PE MX US"),
        ("pt-BR", "Enchentes no Brasil e em Moçambique", "BR MZ"),
        ("fr", "Kenya, et en anglais Ethiopia", "KE ET"),
        # scripts without capitals
        ("ar", "من السودان وللأردن وبلبنان", "SD JO LB"),
        ("ar", "دعم مالي كبير", ""),
        ("ar", "الوضع في مالي", "ML"),
        ("ar", "صينية بقطر ثلاثة أمتار", ""),
        ("ar", "وصل الوفد إلى قطر ثم غادر قطر", "QA"),
        ("ar", "مدرسة بنين وكوباً من الشاي", ""),
        ("ar", "دول المغرب العربي بعد صلاة المغرب", ""),
        ("am", "በኢትዮጵያ እና በሱዳን", "ET SD"),
        ("am", "በኢትዮጵያና በሱዳን፣ ከሶማሊያም ኬንያን", "ET SD SO KE"),
        ("am", "የየመን እና ለየመን", "YE"),
        ("am", "የመንደር ጎተራዎች የመንግስት ናቸው", ""),
        ("zh-Hans", "印度尼西亚和尼日尔，印度洋", "ID NE"),
        ("zh-Hant", "蘇丹與南蘇丹", "SD SS"),
        ("ja", "シリアとトルコで地震", "SY TR"),
        ("ko", "한국은 일본에", "KR JP"),
        ("ko", "인도적 지원, 인도에서", "IN"),
        ("uk", "В Україні та з України", "UA"),
        ("th", "ประเทศไทยและลาว", "TH LA"),
        ("he", "לסוריה ובלבנון", "SY LB"),
        ("ru", "Сирия и Йемен", "SY YE"),
        # nothing
        ("und", "Mali", "ML"),
        ("xx-Invented", "Mali", "ML"),
        ("en", "", ""),
    ],
)
def test_countries_are_found_where_they_are_named(language: str, text: str, expected: str) -> None:
    assert codes(text, language) == expected.split()


def test_normal_form_does_not_matter() -> None:
    text = "Perú, Türkiye, Côte d’Ivoire"
    nfd = unicodedata.normalize("NFD", text)
    assert codes(nfd, "es") == codes(text, "es") == ["PE", "TR", "CI"]


def test_a_shared_name_goes_to_the_country_that_the_text_names_otherwise() -> None:
    (congo,) = countries_of("", "Le Congo accueille. En RDC, la pluie.", "fr")
    assert (congo.country, congo.score) == ("CD", 1.585)


def test_a_shared_name_alone_scores_less_than_a_sure_one() -> None:
    assert max(one.score for one in countries_of("", "Congo", "en")) < 1.0


def test_a_doubtful_name_counts_beside_a_sure_one() -> None:
    found = countries_of("", "L'île Maurice vote. Maurice compte ses voix.", "fr")
    assert [(one.country, len(one.evidence)) for one in found] == [("MU", 2)]


def test_more_mentions_and_the_title_score_higher() -> None:
    found = countries_of("Mali", "Niger, Niger, Niger, Mali, Togo", "en")
    assert [one.country for one in found] == ["NE", "ML", "TG"]
    assert found[1].score > found[2].score


def test_evidence_names_the_name_its_count_and_place() -> None:
    (kenya,) = countries_of("Kenya", "Kenya and Kenya", "en")
    assert kenya.evidence == (
        Evidence(term="Kenya", count=2, where="text"),
        Evidence(term="Kenya", count=1, where="title"),
    )


def test_the_same_text_has_the_same_countries_in_any_thread() -> None:
    places._automaton.cache_clear()
    with ThreadPoolExecutor(8) as pool:
        results = set(pool.map(lambda _: countries_of("Mali", "Togo, Niger", "fr"), range(32)))
    assert len(results) == 1


def test_results_can_be_sent_to_another_process() -> None:
    found = countries_of("", "Kenya", "en")
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 (our own bytes)


@pytest.mark.parametrize(
    ("code", "locale", "name"),
    [
        ("BE", "fr", "Belgique"),
        ("be", "nl", "België"),
        ("CD", "en", "Congo - Kinshasa"),
        ("BE", "fr-BE", "Belgique"),
        ("BE", "qqq", "Belgium"),
        ("ZQ", "fr", "ZQ"),
    ],
)
def test_countries_have_names_in_the_interface(code: str, locale: str, name: str) -> None:
    assert country_name(code, locale) == name


@pytest.mark.parametrize(
    ("code", "locale", "name"),
    [
        ("nl", "fr", "néerlandais"),
        ("zh-Hans", "fr", "chinois simplifié"),
        ("fr-ZZ", "en", "French"),
        ("ar", "ar", "العربية"),
        ("qqq", "fr", "qqq"),
    ],
)
def test_languages_have_names_in_the_interface(code: str, locale: str, name: str) -> None:
    assert language_name(code, locale) == name


def test_importing_costs_no_babel() -> None:
    code = "import enrich.places, sys; sys.exit('babel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_listed_code_is_a_country() -> None:
    listed = {
        code
        for names in places._data()["aliases"].values()
        for those in names.values()
        for code in those
    }
    assert listed <= set(places._territories("en"))
