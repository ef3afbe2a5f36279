"""The records that come with the program keep their promises; nothing here reaches the network."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from crawler import registry
from crawler.items import Source

FILES = sorted(path for path in registry.folder().glob("*.toml"))
COUNTRIES = [path for path in FILES if path.name != registry.DEAD_FEEDS]
SOURCES = registry.load()
# fmt: off
ORDER = [
    "name", "homepage", "country", "organisation", "languages", "category", "topics", "cms",
    "feeds", "sitemaps", "licence", "tdm", "enabled", "reason", "evidence",
]
# fmt: on


def by_id(name: str) -> Source:
    (source,) = registry.select(SOURCES, only=[name])
    return source


def test_no_record_has_a_mistake() -> None:
    assert [str(error) for error in registry.check()] == []


def test_there_are_as_many_sources_as_were_gathered() -> None:
    # 279 gathered with their feeds, and 39 wanted ones that wait for an address.
    assert len(SOURCES) >= 279 + 39
    assert len(registry.select(SOURCES, enabled=True)) >= 200
    assert len(registry.select(SOURCES, enabled=True, languages=["fr"])) >= 50
    assert len({language for source in SOURCES for language in source.languages}) >= 66


@pytest.mark.parametrize("path", COUNTRIES, ids=lambda path: path.stem)
def test_a_file_holds_its_country_by_id_with_the_fields_in_order(path: Path) -> None:
    records = tomllib.loads(path.read_text(encoding="utf-8"))
    assert list(records) == sorted(records)
    for record in records.values():
        assert record["country"].lower() == path.stem
        assert list(record) == sorted(record, key=ORDER.index)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_file_opens_with_what_it_is(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("# ")


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.id)
def test_a_source_keeps_the_contract(source: Source) -> None:
    assert registry.from_json(json.loads(json.dumps(registry.as_json(source)))) == source
    assert {feed.language for feed in source.feeds} <= set(source.languages)
    assert len(source.evidence) <= 140
    if source.enabled:
        assert source.reason is None
        assert source.evidence
        assert source.tdm != "reserved"
        # Guessed addresses cost the site requests for nothing: they wait until probed.
        assert all(feed.grade != "conventional" for feed in source.feeds)


def test_norway_is_not_read_as_no() -> None:
    (norway,) = registry.select(SOURCES, countries=["NO"])
    assert norway.country == "NO"


def test_norwegian_is_not_read_as_no(tmp_path: Path) -> None:
    text = (registry.folder() / "no.toml").read_text(encoding="utf-8")
    (tmp_path / "no.toml").write_text(text.replace('"en"', '"no"'), encoding="utf-8")
    assert {source.languages for source in registry.load(tmp_path)} == {("no",)}


def test_sources_whose_terms_forbid_collection_stay_off() -> None:
    for name in ("france24", "rfi", "mc-doualiya"):
        source = by_id(name)
        assert not source.enabled
        assert source.tdm == "reserved"
        assert source.licence
        assert source.licence.terms_read_on == "2026-08-13"


def test_un_news_uses_only_the_feeds_that_have_items() -> None:
    feeds = by_id("un-news").feeds
    assert len(feeds) == 9
    assert all("/news/all/" in feed.url for feed in feeds)


def test_reliefweb_has_a_way_in_that_its_robots_txt_allows() -> None:
    assert [a.url for a in by_id("reliefweb").sitemaps] == ["https://reliefweb.int/sitemap.xml"]


def test_a_feed_known_to_be_dead_cannot_be_added(tmp_path: Path) -> None:
    dead = (registry.folder() / registry.DEAD_FEEDS).read_text(encoding="utf-8")
    (tmp_path / registry.DEAD_FEEDS).write_text(dead, encoding="utf-8")
    urls = [entry["url"] for entry in tomllib.loads(dead)["dead"]]
    assert len(urls) >= 6
    be = (registry.folder() / "be.toml").read_text(encoding="utf-8")
    for url in urls:
        text = be.replace("https://www.alterechos.be/feed/", url)
        (tmp_path / "be.toml").write_text(text, encoding="utf-8")
        (error,) = registry.check(tmp_path)
        assert "be.toml: [alter-echos] feeds[1].url" in str(error)
        assert "is dead" in str(error)


def test_reading_the_registry_does_not_import_the_spiders() -> None:
    program = (
        "import sys; from crawler import registry; registry.load(); "
        "sys.exit(any(name.split('.')[0] == 'spiders' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
