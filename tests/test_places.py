import pickle
import subprocess
import sys
import time
import unicodedata
from concurrent.futures import ThreadPoolExecutor

import pytest

from enrich import placenames
from enrich.places import (
    Region,
    countries_of,
    country_name,
    known_regions,
    language_name,
    main_country,
    places_of,
    region_name,
)
from enrich.text import Evidence


def codes(text: str, language: str = "en") -> list[str]:
    return [country.country for country in countries_of("", text, language)]


def regions(text: str, language: str = "fr") -> list[str]:
    return [region.region for region in places_of("", text, language).regions]


def scores(text: str, language: str = "en") -> dict[str, float]:
    return {country.country: country.score for country in countries_of("", text, language)}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        # the longest name at its place
        ("en", "Guinea, Guinea-Bissau, Equatorial Guinea and Papua New Guinea", "GN GW GQ PG"),
        ("en", "From South Sudan to Sudan", "SS SD"),
        ("en", "New Jersey, New Mexico, the Niger Delta and the Gulf of Guinea", ""),
        ("en", "Niger and Nigeria", "NE NG"),
        ("fr", "La province de Luxembourg recrute", "BE"),
        ("fr", "Le Luxembourg et le delta du Niger", "LU"),
        ("nl", "De provincie Luxemburg ligt naast Luxemburg", "LU BE"),
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
    placenames.automaton.cache_clear()
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
    known = set(placenames.territories("en"))
    aliases = placenames.data("countries")["aliases"].values()
    assert {code for names in aliases for those in names.values() for code in those} <= known
    for listed in (placenames.data("demonyms")["words"], placenames.data("capitals")["names"]):
        for language, words in listed.items():
            assert (language, set(words) - known) == (language, set())


def test_every_region_has_a_name_in_four_languages_and_a_way_to_be_found() -> None:
    listed = placenames.data("regions")
    assert len(known_regions()) == 13
    for language in ("fr", "nl", "de", "en"):
        assert set(listed["labels"][language]) == set(known_regions())
        assert set(listed["names"][language]) == set(known_regions())
    for group in ("halves", "adjectives"):
        assert {code for words in listed[group].values() for code in words} <= set(known_regions())


@pytest.mark.parametrize("language", ["fr", "nl", "en", "de", "es", "pt", "ar"])
def test_every_demonym_is_found_beside_its_country(language: str) -> None:
    missed = []
    for code, words in placenames.data("demonyms")["words"][language].items():
        name = country_name(code, language)
        for word in [words] if isinstance(words, str) else words:
            found = countries_of("", f"{name} ; {word} ; {name}", language)
            if not any(one.country == code and len(one.evidence) > 1 for one in found):
                missed.append((code, word))
    assert missed == []


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "En Syrie, un Syrien, une Syrienne, des réfugiés syriens, les familles syriennes"),
        ("nl", "In Syrië: een Syriër, de Syriërs, een Syrisch gezin, de Syrische vluchtelingen"),
        ("en", "In Syria, a Syrian family, two Syrians, SYRIAN REFUGEES, the Syrian border"),
        ("de", "Syrien: ein Syrer, eine Syrerin, die syrischen Familien, Syrische Hilfe"),
        ("es", "En Siria, un sirio, una familia siria, los sirios, las familias sirias"),
        ("pt", "Na Síria, um sírio, uma família síria, os sírios, as famílias sírias"),
        ("ar", "في سوريا طفل سوري وعائلة سورية واللاجئون السوريون مع السوريين"),
    ],
)
def test_a_demonym_counts_half_in_all_its_forms_where_its_country_is_named(
    language: str, text: str
) -> None:
    assert scores(text, language) == {"SY": 2.0}  # the name once, and four halves


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "Des familles syriennes et des mères congolaises"),
        ("en", "Three Somali boys, a Cuban woman and the Norwegian Refugee Council"),
        ("en", "Talks in Nairobi, then in Geneva"),
        ("ar", "عائلة سورية في المكتب القطري"),
        ("nl", "Syrische gezinnen, Franse lessen"),
    ],
)
def test_a_demonym_or_a_capital_alone_names_no_country(language: str, text: str) -> None:
    assert codes(text, language) == []


@pytest.mark.parametrize(
    ("language", "text", "code"),
    [
        ("fr", "Les autorités burkinabè, à Ouagadougou", "BF"),
        ("en", "Afghan families in Kabul", "AF"),
        ("nl", "Syrische gezinnen in Damascus", "SY"),
        ("es", "Familias venezolanas en Caracas", "VE"),
        ("ar", "عائلات سورية في دمشق", "SY"),
    ],
)
def test_a_demonym_and_its_capital_together_name_a_country_with_less_certainty(
    language: str, text: str, code: str
) -> None:
    assert scores(text, language) == {code: 0.585}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Most were Nigerian (n=12), followed by Ghanaian (n=11) and Chadian.", "TD GH NG"),
        ("fr", "Des Syriens, des Afghanes et des Ukrainiens y dorment.", "AF SY UA"),
        ("nl", "Syrische, Afghaanse en Eritrese gezinnen", "AF ER SY"),
        ("ar", "لاجئون سوريون وعراقيون", "IQ SY"),
        # languages, bodies, far apart, one alone
        ("en", "Leaflets in English, French, Spanish and Turkish", ""),
        ("en", "The Canadian Red Cross and the Australian Red Cross", ""),
        ("fr", "Un Malien. La halte ouvre ce soir au bord de l'eau. Un Togolais.", ""),
        ("en", "A Congolese and a Malian family", ""),
    ],
)  # fmt: skip
def test_demonyms_that_stand_together_name_countries_with_the_least_certainty(
    language: str, text: str, expected: str
) -> None:
    assert sorted(codes(text, language)) == sorted(expected.split())
    assert set(scores(text, language).values()) <= {0.322}


def test_names_of_people_and_states_are_countries_in_the_languages_that_call_them_so() -> None:
    assert codes("Jordan, Georgia and Chad; England's nurses") == ["JO", "GE", "TD", "GB"]
    assert codes("Robert Hooke, ein Biologe aus England", "de") == ["GB"]
    assert codes("Georgia y Israel", "es") == ["GE", "IL"]


@pytest.mark.parametrize(
    ("language", "text", "code"),
    [
        ("fr", "Le Congo accueille ; Kinshasa remercie.", "CD"),
        ("fr", "Le Congo accueille ; Brazzaville remercie les Congolais.", "CG"),
        ("en", "Floods in the Congo. Congolese families left Kinshasa.", "CD"),
        ("en", "Korea votes, says Seoul", "KR"),
        ("ar", "الوضع مالي في باماكو", "ML"),
    ],
)
def test_a_capital_says_which_country_a_shared_name_means(
    language: str, text: str, code: str
) -> None:
    assert codes(text, language) == [code]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "The French signed the Paris Agreement"),
        ("fr", "Les Français et l'accord de Paris"),
        ("fr", "Le Washington Post interroge des Américains"),
        ("en", "The Pan American Health Organization in Washington"),
        ("nl", "De Fransen en het Akkoord van Parijs"),
        ("en", "Atlanta, Georgia; the State of Georgia"),
        ("fr", "Jordan a douze ans, Georgia en a dix"),
        ("nl", "Georgia ligt in Amerika"),
        ("de", "Von Long Island nach Rhode Island"),
        ("fr", "DATE DE LA RÉUNION"),
        ("fr", "L'ordre de Malte, à l'encre de Chine"),
        ("en", "MSF, DRC and IRC work there; IOM, DRC said"),
        ("en", "The view of USAID or the United States Government"),
        ("sr", "Mali princ"),
    ],
)  # fmt: skip
def test_treaties_states_people_words_and_bodies_are_no_countries(language: str, text: str) -> None:
    assert codes(text, language) == []


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "La Wallonie et la Région flamande", "BE-VLG BE-WAL"),
        ("fr", "La Fédération Wallonie-Bruxelles", "BE-BRU BE-WAL"),
        ("fr", "Province de Liège, PROVINCE DE NAMUR", "BE-WLG BE-WNA"),
        ("fr", "Le Brabant wallon et le Brabant flamand", "BE-VBR BE-WBR"),
        ("fr", "Communes namuroises, liégeoises, wallonnes", "BE-WAL BE-WLG BE-WNA"),
        ("fr", "La Communauté germanophone, à Liège", "BE-WLG"),
        ("nl", "Vlaanderen, Oost-Vlaanderen en West-Vlaanderen", "BE-VLG BE-VOV BE-VWV"),
        ("nl", "De Vlaamse en de Waalse regering in het Brussels Gewest", "BE-BRU BE-VLG BE-WAL"),
        ("nl", "Antwerpse scholen, Luik en Henegouwen", "BE-VAN BE-WHT BE-WLG"),
        ("nl", "Zeeuws-Vlaanderen en Noord-Brabant", ""),
        ("nl", "Namen en adressen", ""),
        ("de", "Ostbelgien und die Provinz Luxemburg; wallonische Dörfer", "BE-WAL BE-WLG BE-WLX"),
        ("en", "Flanders, Wallonia and the Brussels-Capital Region", "BE-BRU BE-VLG BE-WAL"),
        ("en", "In Flanders Fields; Brussels sprouts", ""),
        ("fr", "Choux de Bruxelles et bouchons de liège", ""),
        # the country, the town in Germany, the provinces of the Netherlands, France's parts
        ("fr", "Le Luxembourg, au Luxembourg", ""),
        ("fr", "La Flandre et le Hainaut, en France", ""),
        ("fr", "La Flandre et le Hainaut, en Belgique", "BE-VLG BE-WHT"),
        ("nl", "Limburg", ""),
        ("nl", "Limburg in België", "BE-VLI"),
        ("de", "Limburg an der Lahn in Belgien", ""),
        ("nl", "Luik 2: de aanpak", ""),
        # the Union
        ("fr", "À Bruxelles, la Commission européenne propose", ""),
        ("fr", "À Bruxelles, un abri ouvre", "BE-BRU"),
        ("nl", "Brussel en de EU", ""),
        ("fr", "À Bruxelles, la Commission communautaire flamande", "BE-BRU BE-VLG"),
        ("en", "Brussels decides", ""),
        ("en", "A shelter in Brussels, Belgium", "BE-BRU"),
        ("und", "Vlaanderen", ""),
        ("ar", "Wallonia", "BE-WAL"),
    ],
)  # fmt: skip
def test_regions_of_belgium_are_found_where_they_are_named(
    language: str, text: str, expected: str
) -> None:
    assert sorted(regions(text, language)) == expected.split()


def test_a_region_tells_of_belgium_and_counts_half_beside_its_name() -> None:
    assert scores("La Wallonie", "fr") == {"BE": 0.585}
    assert scores("Le gouvernement wallon, à Namur", "fr") == {"BE": 1.0}
    assert scores("La Wallonie, en Belgique", "fr") == {"BE": 1.322}
    assert scores("Le gouvernement wallon", "fr") == {}


def test_a_region_has_its_evidence_and_half_of_it_scores_less() -> None:
    found = places_of("Namur", "La province de Namur", "fr").regions
    assert found == (
        Region(
            region="BE-WNA",
            score=1.459,
            evidence=(
                Evidence(term="province de Namur", count=1, where="text"),
                Evidence(term="Namur", count=1, where="title"),
            ),
        ),
    )


@pytest.mark.parametrize(
    ("code", "locale", "name"),
    [
        ("BE-WAL", "nl", "Waals Gewest"),
        ("BE-VLG", "de", "Flämische Region"),
        ("BE-BRU", "es", "Brussels-Capital Region"),
        ("BE-XXX", "fr", "BE-XXX"),
    ],
)
def test_regions_have_names_in_the_interface(code: str, locale: str, name: str) -> None:
    assert region_name(code, locale) == name


def test_the_country_of_the_source_counts_only_where_the_text_names_none() -> None:
    assert main_country([("SY", 1.0), ("BE", 1.0)], "BE") == ("SY", "text")
    assert main_country([], "BE") == ("BE", "source")
    assert main_country([], None) == (None, None)


def test_the_country_of_the_source_goes_before_one_that_is_hardly_told_of() -> None:
    (afghan, syrian) = countries_of("", "Des familles afghanes et syriennes", "fr")
    assert main_country([(afghan.country, afghan.score)], "BE") == ("BE", "source")
    assert main_country([(syrian.country, syrian.score)], None) == ("SY", "text")
    (congo, _) = countries_of("", "Le Congo", "fr")
    assert main_country([(congo.country, congo.score)], "BE") == ("CD", "text")


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "SÉISME EN SYRIE ET EN TURQUIE : LE MALI AIDE", "SY TR ML"),
        ("fr", "Senegal, Ethiopie, Cote d'Ivoire, Bresil", "SN ET CI BR"),
        ("ar", "الأردن والاردن وأفغانستان وافغانستان وإيران وايران", "JO AF IR"),
        ("ar", "سافر إلى سورية ثم للسودان والسودان", "SD SY"),
        ("fr", "<p>Au S&eacute;n&eacute;gal</p>", "SN"),
        ("fr", '<a href="/pays/Mali" title="Chad">Un pays</a>', ""),
        ("en", "See https://reliefweb.test/country/Mali or www.relief.test/Chad/Togo", ""),
        ("fr", "Un nombre < 5 au Mali, un autre > 3", "ML"),
        ("en", "<" * 9 + " Mali", "ML"),
        ("und", "syrien Syrian syrisch wallon", ""),
        ("und", "\x00\ud800 Mali \u202e", "ML"),
        ("", "Mali", "ML"),
        ("blockers", "Mali", "ML"),
        ("fr", " ; - . ; ", ""),
    ],
)
def test_texts_that_are_badly_written_are_read_as_well_as_can_be(
    language: str, text: str, expected: str
) -> None:
    assert codes(text, language) == expected.split()


def test_a_very_long_text_takes_no_longer_than_its_length() -> None:
    """A million names in a row, each looked at with its surroundings."""
    line = "Chad, Jordan and the DRC; Brussels, Congolese <b>Mali</b> & Bruxelles. "

    def seconds(times: int) -> float:
        start = time.process_time()
        places_of("", line * times, "en")
        return time.process_time() - start

    seconds(1)
    # Twenty times the length; looking at all of it each time would take four hundred times as long.
    assert seconds(8_000) < 150 * max(seconds(400), 0.01)
