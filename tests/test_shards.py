"""A part of the sources for each of several machines, and together the same as one crawl of all."""

from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
import warm
from click.testing import CliRunner
from machines import a_source
from reading import read_all
from sqlite_utils import Database
from web import RSS, Answer, Web, article, feed, record

from crawler import database, registry, store
from crawler.cli import main
from crawler.errors import ConfigError
from crawler.items import Address, Source
from crawler.merging import merge
from crawler.shards import Shard, anchors, claim


def fed_by(ident: str, *urls: str) -> Source:
    return a_source(ident, feeds=tuple(Address(url=url, grade="probed") for url in urls))


@pytest.mark.parametrize("total", [1, 2, 4, 8])
def test_every_source_is_in_one_shard_and_no_shard_has_much_more_than_its_part(total: int) -> None:
    records = registry.load()
    enabled = [source for source in records if source.enabled]
    counts: Counter[str] = Counter()
    for number in range(1, total + 1):
        its = Shard(number, total).of(enabled, records)
        assert len(its) <= 1.5 * len(enabled) / total
        counts.update(source.id for source in its)
    assert counts == Counter(source.id for source in enabled)


def test_sources_that_share_a_registered_host_stay_together() -> None:
    sources = [
        fed_by("a", "http://a.test/feed", "http://feeds.service.test/a"),
        fed_by("b", "http://b.test/feed", "https://www.service.test/b"),
        fed_by("c", "http://c.test/feed"),
        fed_by("d", "http://news.c.test/feed"),
        fed_by("e", "http://notes.wordpress.com/feed"),
        fed_by("f", "http://others.wordpress.com/feed"),
    ]
    found = anchors(sources)
    assert found["a"] == found["b"] == "service.test"
    assert found["c"] == found["d"] == "c.test"
    assert found["e"] != found["f"]  # a host of blogs is not one site's


def test_one_more_source_moves_no_other_unless_it_joins_two_groups() -> None:
    sources = [fed_by(f"s{n}", f"http://feeds.service.test/{n}") for n in range(5)]
    sources += [fed_by(f"t{n}", f"http://t{n}.test/feed") for n in range(5)]
    before = anchors(sources)
    after = anchors([*sources, fed_by("aaa", "http://feeds.service.test/aaa")])
    assert after == {**before, "aaa": "service.test"}
    joining = fed_by("zzz", "http://feeds.service.test/z", "http://t1.test/feed")
    moved = {name for name, at in anchors([*sources, joining]).items() if before.get(name) != at}
    assert moved == {"t1", "zzz"}


@pytest.mark.parametrize("text", ["0/2", "3/2", "2", "a/b", "1/0", "-1/2", "1/99999"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="write I/N as in 2/8"):
        Shard.parse(text)


def test_a_database_is_crawled_as_one_shard_only(db: Database, tmp_path: Path) -> None:
    path = tmp_path / "tamis.db"
    claim(db, path, None)
    claim(db, path, Shard(1, 2))
    claim(db, path, Shard(1, 2))
    for other in (Shard(2, 2), Shard(1, 3), None):
        with pytest.raises(ConfigError, match=r"is crawled as shard 1/2, not .*say --shard 1/2"):
            claim(db, path, other)


TEXT = (
    "La permanence du canal numéro {} reçoit les familles sans rendez-vous le mardi matin.",
    "On y entre par la cour, derrière l'atelier de vélos qui porte le numéro {}.",
)
SITES, ARTICLES = 5, 3
SOURCES = "SELECT DISTINCT source FROM visits JOIN channels ON channels.id = channel"


def test_crawls_of_all_shards_give_what_one_crawl_gives(web: Web, tmp_path: Path) -> None:
    sources = tmp_path / "sources"
    sources.mkdir()
    bases = [web.url.replace("127.0.0.1", f"s{n}.localhost") for n in range(SITES)]
    shared = f"{bases[0]}/0/0"  # the last site names an article of the first
    for n, base in enumerate(bases):
        links = [f"{base}/{n}/{a}" for a in range(ARTICLES)] + [shared] * (n == SITES - 1)
        web.pages[f"/feed/{n}"] = Answer(feed(*links), content_type=RSS)
        for a in range(ARTICLES):
            text = [each.format(10 * n + a) for each in TEXT]
            web.pages[f"/{n}/{a}"] = Answer(article(f"Avis {n}-{a}", *text))
    told = "\n".join(record(f"site-{n}", at, f"{at}/feed/{n}") for n, at in enumerate(bases))
    (sources / "test.toml").write_text(told, encoding="utf-8")
    common = ["--sources", str(sources), "--delay", "0", "--loopback", "--no-enrich"]

    def crawl(name: str, *more: str) -> Path:
        path = tmp_path / f"{name}.db"
        ran = warm.run("crawl", *common, "--db", str(path), *more)
        assert ran.returncode == 0, ran.stderr
        read(path)
        return path

    def read(path: Path) -> None:
        with closing(database.private(path)) as db:
            read_all(db)
            store.settle(db)

    whole = crawl("whole")
    shards = [crawl(str(n), "--shard", f"{n}/2") for n in (1, 2)]
    merge(shards, tmp_path / "merged.db")
    read(tmp_path / "merged.db")  # what another shard says of it decides: read again

    found = []
    for path in (whole, tmp_path / "merged.db"):
        with closing(database.private(path)) as db:
            found.append(db.execute(
                "SELECT key, outcome, urls.source, articles.title, text, text_hash FROM urls"
                " LEFT JOIN articles ON url_id = urls.id LEFT JOIN article_texts"
                " ON article_id = articles.id ORDER BY key"
            ).fetchall())  # fmt: skip
    assert found[0] == found[1]
    assert len(found[0]) == SITES * ARTICLES
    visited = []
    for path in shards:
        with closing(Database(path)) as db:
            visited.append({name for (name,) in db.execute(SOURCES)})
    assert all(visited)
    assert not visited[0] & visited[1]
    again = ["crawl", *common, "--db", str(shards[0]), "--shard"]
    assert CliRunner().invoke(main, [*again, "3/2"]).exit_code == 2
    refused = CliRunner().invoke(main, [*again, "2/2"])
    assert refused.exit_code == 1
    assert "is crawled as shard 1/2, not shard 2/2: say --shard 1/2" in refused.output
