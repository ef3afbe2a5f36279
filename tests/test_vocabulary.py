from pathlib import Path

import pytest

from enrich import vocabulary
from enrich.text import fold
from enrich.vocabulary import (
    LANGUAGES,
    LexiconError,
    ThemeRecord,
    elsewhere,
    lexicon,
    version,
)


@pytest.mark.parametrize("record", list(lexicon().values()), ids=lambda record: record.slug)
class TestRecord:
    def test_has_a_label_and_terms_in_every_language(self, record: ThemeRecord) -> None:
        assert set(record.labels) == set(record.terms) == set(LANGUAGES)

    def test_has_sixty_terms_in_french_and_dutch_and_forty_in_the_others(
        self, record: ThemeRecord
    ) -> None:
        for language, terms in record.terms.items():
            finding = [term for term in terms if term[0] != "-"]
            assert len(finding) >= (60 if language in {"fr", "nl"} else 40), language

    def test_has_a_strong_term_in_every_language(self, record: ThemeRecord) -> None:
        assert all(any(term[0] == "+" for term in terms) for terms in record.terms.values())

    def test_has_no_term_twice(self, record: ThemeRecord) -> None:
        for terms in record.terms.values():
            folded = [fold(term.lstrip("+-")) for term in terms]
            assert all(folded)
            assert len(set(folded)) == len(folded)

    def test_has_examples_in_every_language(self, record: ThemeRecord) -> None:
        counts = {lang: (len(each.yes), len(each.no)) for lang, each in record.examples.items()}
        assert set(counts) == set(LANGUAGES)
        assert all(yes for yes, _ in counts.values())
        assert counts["fr"] >= (2, 2)
        assert counts["nl"][1]
        assert counts["en"][1]


@pytest.mark.parametrize("subject", elsewhere())
class TestSubject:
    def test_has_terms_in_every_language(self, subject: str) -> None:
        assert set(elsewhere()[subject]) == set(LANGUAGES)

    def test_is_no_theme(self, subject: str) -> None:
        assert subject not in lexicon()

    def test_has_no_strong_term_that_is_one_of_a_theme(self, subject: str) -> None:
        for language, terms in elsewhere()[subject].items():
            ours = {
                term
                for record in lexicon().values()
                for term in record.terms[language]
                if term[0] == "+"
            }
            assert not [term for term in terms if term[0] == "+" and term in ours]


PLAIN = """
group = "social"
iptc = ["medtop:20000799"]
reliefweb = []
[labels]
fr = "Jardins"
nl = "Tuinen"
en = "Gardens"
de = "Gärten"
es = "Jardines"
pt = "Jardins"
ar = "حدائق"
[terms]
fr = ["+jardin partagé", "potager*"]
[examples.fr]
yes = ["Un jardin partagé ouvre."]
"""


def read(tmp_path: Path, text: str, name: str = "gardens.toml") -> ThemeRecord:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return vocabulary._record(path)


def test_a_theme_is_one_file(tmp_path: Path) -> None:
    assert read(tmp_path, PLAIN).terms["fr"] == ("+jardin partagé", "potager*")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('group = "social"', "group = ", "not a TOML file"),
        ('group = "social"', "", "group is missing"),
        ('"social"', '"garden"', "choose one of"),
        ("reliefweb", "relief", "reliefweb is missing"),
        ("reliefweb = []", 'reliefweb = ["4"]', "theme numbers"),
        ("reliefweb = []", "reliefweb = []\ncolour = 1", "unknown field 'colour'"),
        ("medtop:20000799", "20000799", "write medtop:"),
        ('en = "Gardens"', 'en = ""', "has no en"),
        ("[terms]\nfr", "[terms]\nfy", "language 'fy'"),
        ('"potager*"', '"!*"', "has no letter"),
        ('"potager*"', '"jardin-partage"', "again; keep one"),
        ('["+jardin partagé", "potager*"]', "[]", "is empty"),
        ('["+jardin partagé", "potager*"]', '"jardin"', "list of texts"),
        ("yes =", "oui =", "must have yes"),
    ],
)
def test_a_wrong_file_says_where_and_what_to_do(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    with pytest.raises(LexiconError, match=message) as caught:
        read(tmp_path, PLAIN.replace(old, new))
    assert str(caught.value).startswith("gardens.toml: ")


def test_a_wrong_file_name_says_so(tmp_path: Path) -> None:
    with pytest.raises(LexiconError, match="a-z and hyphens"):
        read(tmp_path, PLAIN, "My Gardens.toml")


def test_version_changes_with_the_lexicon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(version()) == 12
    read(tmp_path, PLAIN)
    monkeypatch.setattr(vocabulary, "LEXICON", tmp_path)
    before = version.__wrapped__()
    read(tmp_path, PLAIN.replace("potager", "verger"))
    assert before != version.__wrapped__() != version()
