import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from enrich.extract import bcp47
from enrich.language import DETECTORS, UNDETERMINED, identify

SENTENCES = {
    "fr": "Les familles sans logement attendent une place dans un centre d'hébergement.",
    "nl": "Gezinnen zonder woning wachten op een plaats in een opvangcentrum.",
    "en": "Families without a home are waiting for a place in a shelter.",
    "de": "Familien ohne Wohnung warten auf einen Platz in einer Unterkunft.",
    "es": "Las familias sin vivienda esperan una plaza en un centro de acogida.",
    "pt": "As famílias sem habitação esperam uma vaga num centro de acolhimento.",
    "ar": "تنتظر الأسر التي لا مأوى لها مكانا في مركز للإيواء.",
    "uk": "Родини без житла чекають на місце у притулку.",
    "sw": "Familia zisizo na makazi zinasubiri nafasi katika kituo cha kuwapokea.",
}


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("detector", DETECTORS)
def test_every_detector_knows_the_languages_it_is_there_for(detector: str, language: str) -> None:
    assert DETECTORS[detector](SENTENCES[language])[0][0] == language


@pytest.mark.parametrize("language", SENTENCES)
def test_the_text_decides_whatever_the_page_declares(language: str) -> None:
    found = identify("", SENTENCES[language], declared="en-US")
    assert (found.code, found.method) == (language, "detected")
    assert found.votes[0].language == language


def test_a_script_no_detector_knows_is_what_the_page_declares_and_says_so() -> None:
    amharic = "ትምህርት ቤቱ በአዲሱ ዓመት ተከፈተ።"
    found = identify("", amharic, declared="am")
    assert (found.code, found.method, found.votes) == ("am", "declared", ())
    assert identify("", amharic).code == UNDETERMINED


@pytest.mark.parametrize("text", ["", "   ", "12 345,67", "https://example.org/", "🙂🙂🙂"])
def test_what_has_no_language_is_undetermined(text: str) -> None:
    found = identify("", text)
    assert (found.code, found.confidence, found.method) == (UNDETERMINED, 0.0, "none")


def test_sixteen_threads_whose_first_call_comes_at_once_all_read_french() -> None:
    script = f"""
from concurrent.futures import ThreadPoolExecutor
from enrich.language import identify
with ThreadPoolExecutor(16) as threads:
    print(*set(threads.map(lambda _: identify("", {SENTENCES["fr"]!r}), range(160))), sep="\\n")
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert len(ran.stdout.splitlines()) == 1
    assert "code='fr'" in ran.stdout


def test_the_same_text_gives_the_same_votes_every_time() -> None:
    mixed = "Samen sterk: ensemble, we can. Zusammen stark."
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(lambda _: identify(mixed, ""), range(50)))) == 1


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
