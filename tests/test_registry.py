import json
import tomllib
from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from crawler import registry
from crawler.cli import main
from crawler.errors import SourceError
from crawler.items import Address, Licence, Source

PLAIN = """
[smes]
name = "Smes"
homepage = "https://smes.test"
country = "BE"
organisation = "ngo"
languages = ["fr", "nl"]
category = "social"
feeds = [{ url = "https://smes.test/feed/", language = "fr", grade = "probed" }]
"""
DEAD = """
[[dead]]
url = "https://gone.test/rss"
name = "Gone"
reason = "answers 404"
seen_on = 2026-05-23
"""


@pytest.fixture
def place(tmp_path: Path) -> Callable[..., Path]:
    """Writes files named by keyword (be=..., dead_feeds=...) and returns their folder."""

    def write(**files: str) -> Path:
        for name, text in files.items():
            (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture
def source() -> Source:
    return Source(
        id="smes",
        name="Smes",
        homepage="https://smes.test",
        country="BE",
        organisation="ngo",
        languages=("fr", "zh-Hant"),
        category="social",
        feeds=(Address(url="https://smes.test/feed/", language="fr", grade="probed"),),
    )


def test_a_plain_record_becomes_a_source_with_the_defaults(place: Callable[..., Path]) -> None:
    (source,) = registry.load(place(be=PLAIN))
    assert source == Source(
        id="smes",
        name="Smes",
        homepage="https://smes.test",
        country="BE",
        organisation="ngo",
        languages=("fr", "nl"),
        category="social",
        feeds=(Address(url="https://smes.test/feed/", language="fr", grade="probed"),),
    )


def test_every_optional_field_arrives(place: Callable[..., Path]) -> None:
    more = """
topics = ["mental-health"]
cms = "wordpress"
sitemaps = [{ url = "https://smes.test/sitemap.xml", grade = "listed", probed_on = 2026-11-20 }]
listings = [{ url = "https://smes.test/actus", grade = "listed", selector = "h2 a" }]
licence = { id = "CC-BY-ND", url = "https://smes.test/reuse", terms_read_on = 2026-08-13 }
tdm = "reserved"
enabled = false
reason = "terms not read"
evidence = "a list"
"""
    (source,) = registry.load(place(be=PLAIN + more))
    assert source.topics == ("mental-health",)
    assert source.cms == "wordpress"
    assert source.sitemaps == (
        Address(url="https://smes.test/sitemap.xml", grade="listed", probed_on="2026-11-20"),
    )
    assert source.listings == (
        Address(url="https://smes.test/actus", grade="listed", selector="h2 a"),
    )
    assert source.licence == Licence(
        id="CC-BY-ND", url="https://smes.test/reuse", terms_read_on="2026-08-13"
    )
    assert (source.tdm, source.enabled) == ("reserved", False)
    assert (source.reason, source.evidence) == ("terms not read", "a list")


def test_the_fields_of_a_record_are_those_of_a_source(place: Callable[..., Path]) -> None:
    """An empty record is told what it lacks: what Source itself cannot do without."""
    lacking = [str(error) for error in registry.check(place(be="[smes]\n"))]
    required = [f.name for f in fields(Source) if f.default is MISSING and f.name != "id"]
    assert lacking == [f"be.toml: [smes] lacks the field {name!r}" for name in required]


FEED = 'feeds = [{ url = "https://smes.test/feed/", language = "fr", grade = "probed" }]'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (FEED, FEED.replace("feeds", "feed"), "has unknown field 'feed' (did you mean 'feeds'?)"),
        ('name = "Smes"\n', "", "lacks the field 'name'"),
        ('"Smes"', '" "', "name is ' ', but must be a text that is not empty"),
        ('"Smes"', "3", "name is 3, but must be a text that is not empty"),
        ('"BE"', '"UK"', "country is 'UK', but must be an ISO 3166-1 code such as 'BE', or 'int'"),
        ('"BE"', '"be"', "country is 'be', but must be an ISO 3166-1 code such as 'BE', or 'int'"),
        ('"BE"', '"EU"', "country is 'EU', but must be an ISO 3166-1 code such as 'BE', or 'int'"),
        ('"BE"', '["BE"]', "country is ['BE'], but must be an ISO 3166-1 code"),
        ('"BE"', "false", "country is False, but must be an ISO 3166-1 code"),
        ('"social"', '"socail"', "category is 'socail', but must be one of social, humanitarian"),
        ('"social"', '"socail"', "(did you mean 'social'?)"),
        ('"social"', "[]", "category is [], but must be one of social"),
        ('"ngo"', '"club"', "organisation is 'club', but must be one of media, ngo"),
        ('["fr", "nl"]', '"fr"', "languages is 'fr', but must be a list of at least one"),
        ('["fr", "nl"]', "[]", "languages is [], but must be a list of at least one"),
        ('"nl"]', '"nl_BE"]', "languages[2] is 'nl_BE', but must be a BCP 47 tag such as 'fr'"),
        ('"nl"]', '"Dutch"]', "languages[2] is 'Dutch', but must be a BCP 47 tag"),
        ('"nl"]', "false]", "languages[2] is False, but must be a BCP 47 tag"),
        (
            "https://smes.test/f",
            "ftp://smes.test/f",
            "feeds[1].url is 'ftp://smes.test/feed/', but",
        ),
        ("https://smes.test/f", "/f", "feeds[1].url is '/feed/', but must be an http or https"),
        ("https://smes.test/f", "http:///f", "feeds[1].url is 'http:///feed/', but must be an"),
        ("https://smes.test/f", "https://smes .test/f", "but must be an http or https address"),
        ("https://smes.test/f", "https://[smes/f", "but must be an http or https address"),
        ('"probed"', '"seen"', "feeds[1].grade is 'seen', but must be one of probed, curated"),
        (', grade = "probed"', "", "feeds[1] lacks the field 'grade'"),
        ("language =", "lang =", "feeds[1] has unknown field 'lang' (did you mean 'language'?)"),
        (FEED, 'feeds = ["https://smes.test/"]', "feeds[1] is 'https://smes.test/', but must be"),
        (
            FEED,
            "",
            "is enabled, but has none of feeds, sitemaps, listings",
        ),
        (FEED, "enabled = false", "is not enabled, but lacks the field 'reason' that says why"),
        (FEED, FEED + '\nenabled = "no"', "enabled is 'no', but must be true or false"),
        (FEED, FEED + '\ncms = "word-press"', "(did you mean 'wordpress'?)"),
        (FEED, FEED + '\ntdm = "yes"', "tdm is 'yes', but must be one of unknown, reserved"),
        (FEED, FEED + '\ntopics = ["Food aid"]', "topics[1] is 'Food aid', but must be small"),
        (FEED, FEED + '\nlicence = "CC-BY"', "licence is 'CC-BY', but must be a table with id"),
        (FEED, FEED + '\nlicence = { id = "CC BY" }', "licence.id is 'CC BY', but must be one of"),
        (
            FEED,
            FEED + '\nlicence = { id = "CC-BY", terms_read_on = "2026" }',
            "licence.terms_read_on is '2026', but must be a date without quotes",
        ),
        (
            FEED,
            FEED + '\nlicence = { id = "CC-BY", terms_read_on = 2026-08-13T10:00:00 }',
            "but must be a date without quotes",
        ),
        (
            FEED,
            FEED + '\nsitemaps = [{ url = "http://www.smes.test/feed", grade = "listed" }]',
            "sitemaps[1].url is 'http://www.smes.test/feed', which be.toml: [smes] has already",
        ),
        (
            "https://smes.test/feed/",
            "http://www.gone.test/rss/",
            "feeds[1].url is 'http://www.gone.test/rss/', which is dead (answers 404, 2026-05-23)",
        ),
    ],
)
def test_a_mistake_says_where_it_is_and_what_is_allowed(
    place: Callable[..., Path], old: str, new: str, message: str
) -> None:
    assert old in PLAIN
    folder = place(be=PLAIN.replace(old, new), dead_feeds=DEAD)
    errors = [str(error) for error in registry.check(folder)]
    assert all(error.startswith("be.toml: [smes] ") for error in errors)
    assert message in "\n".join(errors)
    with pytest.raises(SourceError) as raised:
        registry.load(folder)
    assert str(raised.value) == errors[0]


@pytest.mark.parametrize("country", ["NO", "XK", "SS", "int"])
def test_a_source_may_be_of_any_country_or_of_none(
    place: Callable[..., Path], country: str
) -> None:
    (source,) = registry.load(place(any=PLAIN.replace('"BE"', f'"{country}"')))
    assert source.country == country


@pytest.mark.parametrize("name", ["Smes", "smes_be", "sm--es", '"é"', "-smes", '"a b"'])
def test_an_id_is_plain_ascii_in_kebab_case(place: Callable[..., Path], name: str) -> None:
    (error,) = registry.check(place(be=PLAIN.replace("[smes]", f"[{name}]")))
    assert "must be small letters a-z and digits, joined by single hyphens" in str(error)


def test_an_id_belongs_to_one_file(place: Callable[..., Path]) -> None:
    other = PLAIN.replace("/feed/", "/other/")
    (error,) = registry.check(place(be=PLAIN, fr=other))
    assert str(error) == "fr.toml: [smes] has the id of a source in be.toml: choose another"


def test_two_sources_do_not_share_a_feed(place: Callable[..., Path]) -> None:
    other = PLAIN.replace("[smes]", "[smes-brussels]").replace("https://smes.test/feed/", "HTTP")
    other = other.replace("HTTP", "http://www.smes.test/feed")
    (error,) = registry.check(place(be=PLAIN + other))
    assert str(error) == (
        "be.toml: [smes-brussels] feeds[1].url is 'http://www.smes.test/feed', "
        "which be.toml: [smes] has already"
    )


def test_check_finds_all_mistakes_of_all_files(place: Callable[..., Path]) -> None:
    folder = place(
        be=PLAIN.replace('"social"', '"x"').replace('"probed"', '"y"'),
        fr="[oops\n",
        nl=PLAIN.replace("[smes]", "[smes-nl]").replace('"BE"', '"XX"'),
        dead_feeds=DEAD.replace("2026-05-23", '"May"'),
    )
    starts = ["fr.toml", "dead_feeds.toml: dead[1].seen_on", "be.toml: [smes] category"]
    starts += ["be.toml: [smes] feeds[1].grade", "nl.toml: [smes-nl] country"]
    errors = [str(error) for error in registry.check(folder)]
    assert len(errors) == len(starts)
    assert all(map(str.startswith, errors, starts))


def test_a_file_that_is_not_toml_is_named_with_the_line(place: Callable[..., Path]) -> None:
    (error,) = registry.check(place(be="\n[smes]\nname = Smes\n"))
    assert str(error).startswith("be.toml cannot be read: ")
    assert "line 3" in str(error)


def test_a_file_that_is_not_utf8_is_named(place: Callable[..., Path]) -> None:
    folder = place(be=PLAIN)
    (folder / "fr.toml").write_bytes('[é]\nname = "é"\n'.encode("latin-1"))
    (error,) = registry.check(folder)
    assert str(error).startswith("fr.toml cannot be read: 'utf-8' codec")


def test_a_byte_order_mark_does_no_harm(place: Callable[..., Path]) -> None:
    (source,) = registry.load(place(be="\ufeff" + PLAIN))
    assert source.id == "smes"


def test_without_the_spiders_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "find_spec", lambda _: None)
    with pytest.raises(SourceError, match="install tamis again"):
        registry.load()


def test_a_table_twice_in_a_file_is_an_error(place: Callable[..., Path]) -> None:
    (error,) = registry.check(place(be=PLAIN + PLAIN))
    assert "be.toml cannot be read" in str(error)
    assert "smes" in str(error)


def test_a_value_outside_any_table_is_an_error(place: Callable[..., Path]) -> None:
    (error,) = registry.check(place(be='version = "1"\n' + PLAIN))
    assert str(error).startswith("be.toml: [version] is '1', but must be a table with name,")


@pytest.mark.parametrize("files", [{}, {"dead_feeds": DEAD}])
def test_a_folder_without_sources_says_what_to_give(
    place: Callable[..., Path], files: dict[str, str]
) -> None:
    folder = place(**files)
    with pytest.raises(SourceError, match=r"holds no sources: give a folder with be\.toml"):
        registry.load(folder)


def test_a_source_survives_json_whole(source: Source, place: Callable[..., Path]) -> None:
    (full,) = registry.load(
        place(be=PLAIN + 'licence = { id = "CC-BY", terms_read_on = 2026-08-13 }\n')
    )
    for each in (source, full):
        record = json.loads(json.dumps(registry.as_json(each)))
        assert record == registry.as_json(each)
        assert registry.from_json(record) == each


def test_a_stored_record_may_lack_what_has_a_default(source: Source) -> None:
    record = registry.as_json(source)
    for name in ("topics", "sitemaps", "cms", "licence", "tdm", "enabled", "reason", "evidence"):
        del record[name]
    assert registry.from_json(record) == source


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ({}, 1),
        ({"countries": ["BE"]}, 1),
        ({"countries": ["be"]}, 1),
        ({"countries": ["FR"]}, 0),
        ({"languages": ["fr"]}, 1),
        ({"languages": ["f"]}, 0),
        ({"languages": ["zh"]}, 1),
        ({"languages": ["ZH-hant"]}, 1),
        ({"languages": ["zh-Hans"]}, 0),
        ({"categories": ["social"]}, 1),
        ({"categories": ["media"]}, 0),
        ({"enabled": True}, 1),
        ({"enabled": False}, 0),
        ({"only": ["smes"]}, 1),
        ({"only": ["smes"], "countries": ["FR"]}, 0),
    ],
)
def test_select_keeps_what_meets_every_condition(
    source: Source, condition: dict[str, Any], found: int
) -> None:
    assert len(registry.select([source], **condition)) == found


def test_select_does_not_guess_an_unknown_id_but_offers_a_near_one(source: Source) -> None:
    with pytest.raises(SourceError) as raised:
        registry.select([source], only=["smess"])
    assert str(raised.value) == (
        "no source is called 'smess' (did you mean 'smes'?): see `tamis sources list`"
    )


def test_the_example_at_the_top_of_the_module_is_a_right_record() -> None:
    assert registry.__doc__
    example = registry.__doc__.partition("\n\n")[2].partition("\n\n")[2]
    lines = [line.removeprefix("    ") for line in example.splitlines()]
    ((_, record),) = tomllib.loads("\n".join(lines)).items()
    assert list(registry.SOURCE(record)) == []
    assert record.keys() == {f.name for f in fields(Source)} - {"id"}


# Terms.


@pytest.mark.parametrize(
    ("read_on", "enabled", "again"),
    [
        (None, True, 1),
        ("2025-11-21", True, 1),
        ("2025-11-22", True, 0),
        ("2026-11-22", True, 0),
        (None, False, 0),
    ],
    ids=["never", "a year and a day ago", "a year ago", "today", "not in use"],
)
def test_terms_are_to_be_read_again_after_a_year(
    source: Source, read_on: str | None, enabled: int, again: int
) -> None:
    licence = Licence(id="CC-BY", url="https://quai.example.org/terms", terms_read_on=read_on)
    listed = [source, replace(source, id="ami", licence=licence, enabled=bool(enabled))]
    found = registry.to_read_again(listed, "2026-11-22T05:00:00Z")
    assert [terms.source for terms in found] == ["ami"] * again
    assert all(str(terms).endswith(", https://quai.example.org/terms") for terms in found)


def test_the_terms_that_were_read_longest_ago_come_first(source: Source) -> None:
    days = {"b": "2025-01-01", "c": "2024-01-01", "a": None}
    listed = [
        replace(source, id=name, licence=Licence(id="CC-BY", terms_read_on=day))
        for name, day in days.items()
    ]
    assert [str(terms) for terms in registry.to_read_again(listed, "2026-11-22")] == [
        "a: CC-BY, nobody wrote down when read",
        "c: CC-BY, last read on 2024-01-01",
        "b: CC-BY, last read on 2025-01-01",
    ]


def test_terms_to_be_read_again_are_a_notice_and_no_mistake(place: Callable[..., Path]) -> None:
    folder = place(be=f'{PLAIN}licence = {{ id = "CC-BY", terms_read_on = 2020-01-01 }}\n')
    said = [
        CliRunner().invoke(main, ["sources", *arguments, "--sources", str(folder)])
        for arguments in (["check"], ["list", "--terms-older-than", "365"])
    ]
    assert [result.exit_code for result in said] == [0, 0]
    assert "Licences to be read again: 1, not read within 365 days" in said[0].output
    assert said[1].output == "smes: CC-BY, last read on 2020-01-01\n"
