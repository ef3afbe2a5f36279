import os
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from enrich import detectors
from enrich.detectors import DETECTORS, by_langdetect, canonical
from enrich.extract import bcp47
from enrich.language import (
    UNDETERMINED,
    UNSURE,
    LanguageHints,
    Share,
    identify,
    priors,
)
from enrich.places import language_name

HERE = Path(__file__).parent
KNOWN = tomllib.loads((HERE / "sentences.toml").read_text(encoding="utf-8"))
SENTENCES = {language: about["sentences"][0] for language, about in KNOWN.items()}
FRENCH = (
    "Les autorités de la ville ont annoncé hier un plan pour les personnes sans abri, avec cent "
    "places de plus dans les centres d'accueil et des équipes dans les rues."
)
DUTCH = (
    "De stad kondigde gisteren een plan aan voor mensen zonder dak boven het hoofd, met honderd "
    "extra plaatsen in de opvang en teams op straat."
)


def run(script: str, **environment: str) -> str:
    ran = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=True, env={**os.environ, **environment},
    )  # fmt: skip
    return ran.stdout


# Languages


@pytest.mark.parametrize("language", SENTENCES)
def test_a_sentence_is_in_its_language_whatever_the_page_declares(language: str) -> None:
    found = identify("", SENTENCES[language], declared="en-US")
    if language == "bs":  # the sentence could be Croatian, and the answer says so
        assert (found.code, found.confidence < 0.9) == ("hr", True)
    else:
        assert (found.code, found.declared) == (language, "en-US")
    assert found.votes[0].detector == "langdetect"


@pytest.mark.parametrize("name", DETECTORS)
def test_every_detector_knows_most_of_the_languages_it_says_it_covers(name: str) -> None:
    detector = DETECTORS[name]
    asked = [language for language in SENTENCES if language in detector.covers()]
    right = [code for code in asked if code in dict(detector.rank(SENTENCES[code])[:1])]
    assert len(asked) > 55
    assert len(right) >= 0.9 * len(asked)


def test_what_py3langid_covers_is_what_its_model_has() -> None:
    labels = {code for label in detectors.langid().labels if (code := canonical(label))}
    assert labels == DETECTORS["py3langid"].covers()


def test_both_langdetects_give_the_same_answers_with_our_profiles() -> None:
    assert detectors.package("langdetect_rs"), "make dev installs it"
    texts = [*SENTENCES.values(), "Samen sterk: ensemble, we can.", "", "12", FRENCH + DUTCH]
    assert [by_langdetect(text, "langdetect_rs") for text in texts] == [
        by_langdetect(text, "langdetect") for text in texts
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Predsjednica vlade putuje idući tjedan u posjet Europi", "hr"),
        ("Predsednica vlade putuje sledeće nedelje u posetu Evropi", "sr"),
        ("Predsjednica vlade naredne sedmice putuje u posjetu Evropi", "bs"),
        ("Председница владе путује следеће недеље у посету", "sr"),
        ("Menteri mengatakan bahwa polisi bisa datang hari Jumat", "id"),
        ("Menteri berkata bahawa polis akan datang pada hari Jumaat", "ms"),
        ("Abantu bathi urhulumente akakhange athethe nabo ngoku", "xh"),
        ("Abantu bathi uhulumeni akazange akhulume nabo manje futhi", "zu"),
        ("Abategetsi bavuga ko ivyo bintu vyose bizoba vyiza cane", "rn"),
        ("Abayobozi bavuga ko ibyo bintu byose bizaba byiza cyane", "rw"),
        ("Di pipol wey dey village say dem never see moni", "pcm"),
        ("ትምህርት ቤቱ በአዲሱ ዓመት ተከፈተ።", "am"),
        ("እቲ ቤት ትምህርቲ ኣብ ሓድሽ ዓመት ተኸፊቱ እዩ።", "ti"),
        ("کوردستان وڵاتێکی جوانە و خەڵکەکەی دڵخۆشن", "ckb"),
    ],
)
def test_neighbours_are_told_apart_by_words_of_their_own(text: str, code: str) -> None:
    assert identify(text, "").code == code


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("国家统计局说经济发展很快", "zh-Hans"),
        ("國家統計局說經濟發展很快", "zh-Hant"),
        ("山水人口", "zh"),
        ("Председник је у посети", "sr-Cyrl"),
        ("Predsednik je ove nedelje u poseti", "sr-Latn"),
        ("Les enfants vont à l'école", "fr"),
    ],
)
def test_the_script_is_said_where_a_language_has_several(text: str, tag: str) -> None:
    assert identify("", text).tag == tag


def test_a_claim_tells_the_script_that_the_characters_do_not() -> None:
    assert identify("", "山水人口", "zh-TW").tag == "zh-Hant"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ព័ត៌មានថ្មី Johnny English Strikes", "km"),
        ("日本の首相が訪問する", "ja"),
        ("서울 Seoul 뉴스", "ko"),
        ("Հայաստանի կառավարությունը", "hy"),
        ("English only, with one Ελληνικά word among many others here", "en"),
    ],
)
def test_a_script_decides_before_any_detector_though_names_are_latin(text: str, code: str) -> None:
    found = identify(text, "")
    assert found.code == code
    assert found.method.startswith("script") == (code != "en")


def test_every_language_there_is_has_a_name() -> None:
    codes = {code for detector in DETECTORS.values() for code in detector.covers()} | {*KNOWN}
    assert sorted(code for code in codes if language_name(code, "en") == code) == []


# Doubt


def test_neighbours_without_a_mark_are_in_doubt_and_a_claim_settles_it() -> None:
    headline = "Novi njemački ratni brod ponovno na čekanju"
    plain = "Trumpov skup u Virginiji"
    assert identify(plain, "").confidence < identify(headline, "").confidence
    declared = identify(plain, "", "bs-BA")
    assert (declared.code, declared.method) == ("bs", "declared")


@pytest.mark.parametrize("text", ["Xq zrrt kkw", "for (i=0; i<n; i++) { x[i] = f(y); }", "a b c d"])
def test_what_is_hardly_a_language_is_undetermined_or_in_doubt(text: str) -> None:
    found = identify("", text)
    assert found.confidence < 0.9
    assert (found.code == UNDETERMINED) == (found.confidence < UNSURE)


def test_a_script_no_detector_knows_is_what_the_page_declares_and_says_so() -> None:
    found = identify("", "ⵜⴰⵎⴰⵣⵉⵖⵜ ⵜⵓⵜⵍⴰⵢⵜ", declared="zgh")
    assert (found.code, found.method, found.votes) == ("zgh", "declared", ())


def test_a_language_that_shares_the_script_of_another_is_taken_at_its_word() -> None:
    hebrew = SENTENCES["he"]
    assert identify("", hebrew, "yi").code == "yi"
    assert identify("", hebrew, "fr").code == "he"


# Claims


def test_claims_are_worth_what_they_were_right_and_the_strongest_counts() -> None:
    everywhere = priors(
        "fr-BE", LanguageHints(feed="fr", url="https://a.example/fr/actus", source=("fr", "nl"))
    )
    assert everywhere["fr"] == priors("fr")["fr"] > everywhere["nl"] > 0
    assert priors("en")["en"] < priors("fr")["fr"]
    assert priors(None, LanguageHints(url="https://fr.example/be/news")) == {}
    assert priors("ku") == priors("kmr")
    assert set(priors("nb-NO")) == {"no"}


@pytest.mark.parametrize(
    "hints",
    [
        LanguageHints(feed="sr"),
        LanguageHints(alternate="sr-RS"),
        LanguageHints(url="https://a.example/sr/1"),
        LanguageHints(source=("sr",)),
    ],
)
def test_any_claim_settles_what_the_text_leaves_open(hints: LanguageHints) -> None:
    open_ = "Trumpov skup u Virginiji"
    assert identify(open_, "").code != "sr"
    found = identify(open_, "", hints=hints)
    assert (found.code, found.method) == ("sr", "declared")


# Several languages on one page


def test_a_page_in_two_languages_names_both_and_how_much_of_each() -> None:
    found = identify("Bruxelles", f"{FRENCH}\n{DUTCH}\n{DUTCH}\n{FRENCH}\n{DUTCH}")
    assert found.code == "nl"
    assert [share.language for share in found.shares] == ["nl", "fr"]
    assert sum(share.share for share in found.shares) == pytest.approx(1, abs=0.02)


def test_what_most_of_the_text_is_decides_though_it_begins_otherwise() -> None:
    found = identify("", "\n".join([*[FRENCH] * 14, *[DUTCH] * 30]))
    assert (found.code, found.shares[0].language) == ("nl", "nl")


def test_a_quotation_is_no_second_language() -> None:
    quoted = f"{FRENCH}\n« We will not go home », dit-elle.\n{FRENCH}\n{FRENCH}"
    assert identify("", quoted).shares == ()
    assert isinstance(identify("", f"{FRENCH}\n{DUTCH}").shares[0], Share)


# The same every time


def test_threads_and_processes_whose_first_call_comes_at_once_all_say_the_same() -> None:
    script = f"""
from concurrent.futures import ThreadPoolExecutor
from enrich.language import identify
texts = {[SENTENCES["fr"], "Samen sterk: ensemble, we can. Zusammen stark."]!r}
with ThreadPoolExecutor(16) as threads:
    print(*set(threads.map(lambda number: identify("", texts[number % 2]), range(160))), sep="\\n")
"""
    first, second = (sorted(run(script, PYTHONHASHSEED=seed).splitlines()) for seed in "12")
    assert first == second
    assert len(first) == 2
    assert "code='fr'" in "".join(first)


def test_a_thousand_runs_in_sixteen_threads_are_one_answer() -> None:
    mixed = "Samen sterk: ensemble, we can. Zusammen stark."
    with ThreadPoolExecutor(16) as threads:
        assert len(set(threads.map(lambda _: identify(mixed, ""), range(1000)))) == 1


def test_without_the_others_langdetect_answers_and_the_method_says_who_is_missing() -> None:
    script = f"""
import sys
sys.modules |= dict.fromkeys(["pycld2", "py3langid", "langdetect_rs"])
from enrich.language import identify
found = identify("", {SENTENCES["fr"]!r})
print(found.code, {{vote.detector for vote in found.votes}}, found.method, sep="|")
"""
    assert run(script).strip() == ("fr|{'langdetect'}|voted, without pycld2, without py3langid")


# Bad input


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "12 345,67", "https://example.org/", "🙂🙂🙂", "OK", "\ud800\x00\ufffe",
        "redaction@example.org www.example.org",
    ],
)  # fmt: skip
def test_what_has_no_language_is_undetermined(text: str) -> None:
    found = identify("", text)
    assert (found.code, found.confidence, found.method) == (UNDETERMINED, 0.0, "none")


@pytest.mark.parametrize(
    "text",
    [
        "Bonjour", "\x00\x01\ud800 bonjour le monde \udfff\ufffe\U0001ffff",
        "e" + "\u0301" * 100_000, "Les familles attendent une place. " * 300_000,
        "x" * 10_000_000, "a\n" * 5_000_000, "Hello мир שלום 世界 สวัสดี",
        '<div class="a">{{ x }}</div>', "a." * 100_000 + "@", "@" * 100_000,
    ],
    ids=range(10),
)  # fmt: skip
def test_odd_text_has_an_answer_soon(text: str) -> None:
    identify("", "")  # loaded
    began = time.process_time()
    found = identify(text, text)
    assert time.process_time() - began < 2
    assert 0 <= found.confidence <= 1


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        ("fr", "fr"), ("FR-be", "fr-BE"), ("fr_BE", "fr-BE"), ("zh-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"), (" nl ", "nl"), ("utf-8", None), ("Deutsch", None), ("", None),
        (None, None), ("fr-", None),
    ],
)  # fmt: skip
def test_a_declared_language_is_a_bcp_47_code_or_nothing(
    declared: str | None, code: str | None
) -> None:
    assert bcp47(declared) == code
