import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawler import records, registry
from crawler.cms import Home, System
from crawler.errors import SourceError
from crawler.records import Report
from crawler.tdmrep import Reservation
from crawler.verdicts import Finding, Sample

DAY = "2026-11-22"
FILE = """\
# Sources of Belgium.

[bastion]          # the oldest
name = "Bastion"
homepage = "https://bastion.test"
country = "BE"
organisation = "ngo"
languages = ["fr"]
category = "social"
feeds = [
  { url = "https://bastion.test/feed/", language = "fr", grade = "listed" },  # moved in 2025
  {url="https://bastion.test/rss", grade='curated', probed_on = 2026-01-01},
]
evidence = '''
[quai]
'''

# Asked for by a reader.
[smes]
name = "Smes"
homepage = "https://smes.test"
country = "BE"
organisation = "ngo"
languages = ["fr", "nl"]
category = "social"
sitemaps = [{ url = "https://smes.test/sitemap.xml", grade = "probed" }]
evidence = "A test."
"""
DEAD = """
[[dead]]
url = "https://quai.test/feed/"
name = "Quai"
reason = "answers 404"
seen_on = 2026-05-23
"""


def finding(kind: str, url: str, **fields: Any) -> Finding:
    found = Finding(
        kind=kind, url=url, origin="the page's <link>", verdict="ok", status=200, items=10,
        newest="2026-11-20T08:00:00Z", language="fr",
    )  # fmt: skip
    return replace(found, **fields)


@pytest.fixture
def report() -> Report:
    """A site with one feed that works."""
    home = Home(
        url="https://www.quai.test/accueil", base="https://www.quai.test/", name="Le « Quai »",
        language="fr", region="BE", system=System(cms="spip"),
    )  # fmt: skip
    return Report(
        url="https://quai.test/",
        home=home,
        findings=(finding("feed", "https://quai.test/feed/"),),
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "be.toml").write_text(FILE, encoding="utf-8")
    return tmp_path


def loaded(folder: Path, ident: str) -> Any:
    return next(source for source in registry.load(folder) if source.id == ident)


# The record that is proposed.


def test_the_record_that_is_proposed_loads_as_it_is(tmp_path: Path, report: Report) -> None:
    (tmp_path / "be.toml").write_text(records.proposal(report, day=DAY), encoding="utf-8")
    source = loaded(tmp_path, "quai")
    assert (source.name, source.country, source.cms) == ("Le « Quai »", "BE", "spip")
    assert (source.languages, source.evidence) == (("fr",), f"tamis sources probe, {DAY}")
    feed = source.feeds[0]
    assert (feed.url, feed.language, feed.grade, feed.probed_on) == (
        "https://quai.test/feed/", "fr", "probed", DAY,
    )  # fmt: skip


@pytest.mark.parametrize("name", ['Quai "libre" \\ ouvert', "Кай\tпривіт", "القناة\x7f", "a # b"])
def test_any_name_survives_in_toml(report: Report, name: str) -> None:
    assert report.home is not None
    odd = replace(report, home=replace(report.home, name=name))
    record = tomllib.loads(records.proposal(odd, day=DAY))
    assert next(iter(record.values()))["name"] == name


def test_a_site_without_any_channel_is_proposed_disabled(tmp_path: Path, report: Report) -> None:
    none = replace(report, findings=())
    (tmp_path / "be.toml").write_text(records.proposal(none, day=DAY), encoding="utf-8")
    assert not loaded(tmp_path, "quai").enabled


def test_a_listing_is_proposed_only_for_want_of_a_feed(report: Report) -> None:
    listing = finding("listing", "https://quai.test/news")
    both = replace(report, findings=(*report.findings, listing))
    alone = replace(report, findings=(listing,))
    assert [each.kind for each in records.proposed(both)] == ["feed"]
    assert [each.kind for each in records.proposed(alone)] == ["listing"]


def test_a_stale_channel_is_not_proposed(report: Report) -> None:
    old = finding("feed", "https://quai.test/old", verdict="stale")
    assert old not in records.proposed(replace(report, findings=(*report.findings, old)))


def test_languages_are_those_detected_the_most_frequent_first(report: Report) -> None:
    found = (
        finding("feed", "https://quai.test/nl", language="nl"),
        finding("feed", "https://quai.test/fr", language="fr", declared="fr-BE"),
        finding("listing", "https://quai.test/ar", language="ar"),
    )
    samples = (Sample(url="https://quai.test/1", language="nl"),)
    assert records.languages(replace(report, findings=found, samples=samples)) == ["nl", "fr"]


def test_a_declared_language_that_the_texts_contradict_is_not_kept(report: Report) -> None:
    wrong = finding("feed", "https://quai.test/fr", language="sw", declared="en-US")
    assert records.languages(replace(report, findings=(wrong,))) == ["sw"]


@pytest.mark.parametrize(
    ("url", "region", "country"),
    [
        ("https://quai.be/", None, "BE"),
        ("https://quay.org.uk/", None, "GB"),
        ("https://quai.eu/", "BE", "int"),
        ("https://quai.io/", None, "int"),
        ("https://quai.org/", "CH", "CH"),
        ("https://quai.org/", "US", "int"),
        ("https://quai.org/", None, "int"),
    ],
)
def test_the_country_is_that_of_the_domain_or_of_the_page(
    url: str, region: str | None, country: str
) -> None:
    assert records.country_of(Home(url=url, base=url, name="Quai", region=region)) == country


@pytest.mark.parametrize(
    ("url", "taken", "ident"),
    [
        ("https://www.quai-ouvert.be/fr/", [], "quai-ouvert"),
        ("https://news.quai.org/", [], "news-quai"),
        ("https://quai.wordpress.com/", [], "quai"),
        ("https://quai.be/", ["quai"], "quai-be"),
        ("https://quai.be/", ["quai", "quai-be"], "quai-2"),
    ],
)
def test_an_id_comes_from_the_host(url: str, taken: list[str], ident: str) -> None:
    assert records.new_id(url, "BE", taken) == ident


def test_a_licence_is_proposed_only_as_a_comment(report: Report) -> None:
    licensed = replace(report, licences=("https://creativecommons.org/licenses/by/4.0/",))
    text = records.proposal(licensed, day=DAY)
    assert "# licence: its pages link to https://creativecommons.org/licenses/by/4.0/" in text
    assert "licence" not in tomllib.loads(text)["quai"]


def test_a_reservation_is_put_down(report: Report) -> None:
    reserved = replace(report, reservation=Reservation(value=1, origin="file"))
    assert tomllib.loads(records.proposal(reserved, day=DAY))["quai"]["tdm"] == "reserved"


# Adding it.


def test_a_record_is_added_in_the_order_of_ids_and_all_else_stays(
    folder: Path, report: Report
) -> None:
    path, record = records.add_report(folder, report, day=DAY)
    before, after = FILE.split("# Asked for")
    assert path.read_text(encoding="utf-8") == f"{before}{record}\n# Asked for{after}"
    assert loaded(folder, "quai").feeds


def test_a_record_is_added_at_the_end_of_a_file_in_no_order(folder: Path, report: Report) -> None:
    (folder / "be.toml").write_text(FILE.replace("[bastion]", "[zinneke]"), encoding="utf-8")
    path, record = records.add_report(folder, report, day=DAY)
    assert path.read_text(encoding="utf-8").endswith(f"\n{record}")


def test_line_ends_of_windows_stay(folder: Path, report: Report) -> None:
    (folder / "be.toml").write_bytes(FILE.replace("\n", "\r\n").encode())
    path, _ = records.add_report(folder, report, day=DAY)
    body = path.read_bytes()
    assert body.count(b"\n") == body.count(b"\r\n") > FILE.count("\n")


def test_the_first_record_of_an_empty_folder_makes_its_file(tmp_path: Path, report: Report) -> None:
    path, _ = records.add_report(tmp_path, report, day=DAY, ident="le-quai")
    assert (path.name, loaded(tmp_path, "le-quai").country) == ("be.toml", "BE")


@pytest.mark.parametrize(
    ("feed", "says"),
    [
        ("https://bastion.test/feed/", "[bastion] has already"),
        ("https://quai.test/feed/", "is dead (answers 404, 2026-05-23)"),
    ],
)
def test_an_address_that_is_taken_or_dead_is_refused_and_nothing_written(
    folder: Path, report: Report, feed: str, says: str
) -> None:
    (folder / "dead_feeds.toml").write_text(DEAD, encoding="utf-8")
    with pytest.raises(SourceError, match="nothing was written") as error:
        records.add_report(folder, replace(report, findings=(finding("feed", feed),)), day=DAY)
    assert says in str(error.value)
    assert (folder / "be.toml").read_text(encoding="utf-8") == FILE
    assert sorted(path.name for path in folder.iterdir()) == ["be.toml", "dead_feeds.toml"]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://www.bastion.test/", r"\[bastion\]"),
        ("https://bastion.test/rss", r"\[bastion\]"),
        ("quai.test/feed", "answers 404"),
    ],
)
def test_a_known_address_is_refused_before_anybody_is_asked(
    folder: Path, url: str, says: str
) -> None:
    (folder / "dead_feeds.toml").write_text(DEAD, encoding="utf-8")
    with pytest.raises(SourceError, match=says):
        records.refuse(url, folder)


def test_an_id_in_use_is_refused(folder: Path, report: Report) -> None:
    with pytest.raises(SourceError, match="choose another id"):
        records.add_report(folder, report, day=DAY, ident="smes")


@pytest.mark.parametrize("file", ["../be.toml", "dead_feeds.toml", "be.txt"])
def test_only_files_of_records_are_written(folder: Path, report: Report, file: str) -> None:
    with pytest.raises(SourceError, match="is no file for records"):
        records.add_report(folder, report, day=DAY, file=file)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no folder"):
        records.place(tmp_path / "mine")


def test_records_that_came_with_the_program_are_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "site-packages" / "spiders" / "sources"
    installed.mkdir(parents=True)
    monkeypatch.setattr(registry, "folder", lambda: installed)
    with pytest.raises(SourceError, match="--sources"):
        records.place(None)


# Grades.

STALE = {"bastion": {("feeds", "https://bastion.test/feed/"): ("stale", DAY)}}


def test_a_grade_is_renewed_and_all_else_stays_byte_for_byte(folder: Path) -> None:
    changed = records.regrade(folder, STALE, write=True)
    assert [(each.before, each.after) for each in changed] == [("listed", "stale")]
    assert (folder / "be.toml").read_text(encoding="utf-8") == FILE.replace(
        'language = "fr", grade = "listed" }',
        f'language = "fr", grade = "stale", probed_on = {DAY} }}',
    )


def test_a_grade_in_other_spellings_is_renewed_too(folder: Path) -> None:
    grades = {
        "bastion": {("feeds", "https://bastion.test/rss"): ("dead", DAY)},
        "smes": {("sitemaps", "https://smes.test/sitemap.xml"): ("probed", DAY)},
    }
    assert len(records.regrade(folder, grades, write=True)) == 1
    text = (folder / "be.toml").read_text(encoding="utf-8")
    assert f'{{url="https://bastion.test/rss", grade="dead", probed_on = {DAY}}},' in text
    assert f'sitemap.xml", grade = "probed", probed_on = {DAY} }}]' in text
    assert not registry.check(folder)


@pytest.mark.parametrize(("mark", "newline"), [("\ufeff", "\n"), ("", "\r\n")])
def test_a_file_of_another_editor_keeps_its_ways(folder: Path, mark: str, newline: str) -> None:
    text = mark + FILE.replace("\n", newline)
    (folder / "be.toml").write_bytes(text.encode())
    records.regrade(folder, STALE, write=True)
    wanted = text.replace('"listed" }', f'"stale", probed_on = {DAY} }}')
    assert (folder / "be.toml").read_bytes().decode() == wanted


def test_a_dry_run_only_says_what_would_change(folder: Path) -> None:
    assert records.regrade(folder, STALE, write=False)
    assert (folder / "be.toml").read_text(encoding="utf-8") == FILE


def test_a_probe_older_than_the_grade_changes_nothing(folder: Path) -> None:
    older = {"bastion": {("feeds", "https://bastion.test/rss"): ("dead", "2025-12-31")}}
    assert records.regrade(folder, older, write=True) == []
    assert (folder / "be.toml").read_text(encoding="utf-8") == FILE


def test_a_grade_in_a_table_of_its_own_is_renewed_too(folder: Path) -> None:
    inline = 'sitemaps = [{ url = "https://smes.test/sitemap.xml", grade = "probed" }]\n'
    assert inline in FILE
    table = '[[smes.sitemaps]]\nurl = "https://smes.test/sitemap.xml"\ngrade = "probed"\n'
    (folder / "be.toml").write_text(FILE.replace(inline, "") + table, encoding="utf-8")
    grades = {"smes": {("sitemaps", "https://smes.test/sitemap.xml"): ("empty", DAY)}}
    records.regrade(folder, grades, write=True)
    found = loaded(folder, "smes").sitemaps[0]
    assert (found.grade, found.probed_on) == ("empty", DAY)


def test_an_address_in_a_comment_stays_as_it_is(folder: Path) -> None:
    comment = '# was: { url = "https://bastion.test/feed/", grade = "listed" }\n'
    (folder / "be.toml").write_text(comment + FILE, encoding="utf-8")
    records.regrade(folder, STALE, write=True)
    assert (folder / "be.toml").read_text(encoding="utf-8").startswith(comment)
    assert loaded(folder, "bastion").feeds[0].grade == "stale"


def test_every_grade_of_the_registry_could_be_renewed_byte_for_byte(tmp_path: Path) -> None:
    """To the same grade, so that only the days differ."""
    for path in registry.folder().glob("*.toml"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    listed = registry.load(tmp_path)
    grades = {
        source.id: {
            (name, at.url): (at.grade, DAY)
            for name in registry.CHANNELS
            for at in getattr(source, name)
        }
        for source in listed
    }
    assert records.regrade(tmp_path, grades, write=True) == []
    for path in registry.folder().glob("*.toml"):
        text = (tmp_path / path.name).read_text(encoding="utf-8")
        assert text.replace(f", probed_on = {DAY}", "") == path.read_text(encoding="utf-8")
