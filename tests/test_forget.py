"""A take-down erases every byte of what is meant, and it does not come back, whoever brings it."""

import json
import os
import shutil
import sqlite3
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from html import escape
from pathlib import Path

import backfilled
import pytest
import warm
from reading import read_all
from sqlite_utils import Database
from web import RSS, Answer, Web, record

from crawler import archive, database, erasing, remains, store, tombstones
from crawler.errors import ConfigError
from crawler.publish import publish
from crawler.takedowns import Wanted
from crawler.tombstones import Tombstones

SECRET = (
    "Monsieur Vermeillon a quitté hier la maison de la rue des Ormeaux sans laisser d'adresse.",
    "Ses voisins du troisième étage racontent les soirées passées autour d'un poêle emprunté.",
    "La propriétaire réclamait depuis quatorze mois un arriéré de loyer que personne ne payait.",
    "Une assistante sociale du quartier avait ouvert un dossier dont il ne reste qu'une copie.",
    "Le juge de paix entendra les parties en décembre, dans la petite salle du premier étage.",
)
OTHER = (
    "La bibliothèque du port prête désormais des outils de jardinage aux habitants du quartier.",
    "Trois bénévoles réparent les bêches le samedi matin et tiennent un registre des emprunts.",
)
TITLE = "Le départ de Vermeillon, rue des Ormeaux"
API = "/wp-json/wp/v2/posts"
# Words of it that stand nowhere else.
WORDS = ("Vermeillon", "Ormeaux", "poêle emprunté", "arriéré de loyer", "petite salle")


def page(title: str, *paragraphs: str, author: str = "", canonical: str = "") -> Answer:
    text = "".join(f"<p>{each}</p>" for each in paragraphs)
    head = f'<meta name="author" content="{author}">' * bool(author)
    head += f'<link rel="canonical" href="{canonical}">' * bool(canonical)
    return Answer(
        f'<!doctype html><html lang="fr"><head><title>{title}</title>{head}</head>'
        f"<body><main><article><h1>{title}</h1>{text}</article></main></body></html>".encode()
    )


def feed(*items: tuple[str, str, str]) -> Answer:
    listed = "".join(
        f"<item><title>{title}</title><link>{escape(link)}</link>"
        f"<description>{told}</description></item>"
        for link, title, told in items
    )
    return Answer(
        f'<rss version="2.0"><channel><title>Fil</title>{listed}</channel></rss>'.encode(),
        content_type=RSS,
    )


class Pages(dict[str, Answer]):
    """What is answered by address; by an API, whatever it is asked."""

    def get(self, path: str, default: object = None) -> object:  # type: ignore[override]
        return super().get(API if path.startswith(API) else path, default)


@dataclass
class World:
    """Two sites, and what was crawled, published and exported of them."""

    web: Web
    folder: Path

    @property
    def db(self) -> Path:
        return self.folder / "tamis.db"

    @property
    def news(self) -> Path:
        return self.folder / "site" / "news.db"

    @property
    def exports(self) -> Path:
        return self.folder / "exports"

    def url(self, path: str, site: str = "quai") -> str:
        return self.web.url.replace("127.0.0.1", f"{site}.localhost") + path

    def crawl(self, days: int = 0) -> None:
        options = ["--sources", str(self.folder / "sources"), "--db", str(self.db)]
        ran = warm.run(
            "crawl", *options, "--delay", "0", "--loopback", "--no-enrich", prelude=after(days)
        )
        assert ran.returncode == 0, ran.stderr
        with closing(database.private(self.db)) as db:
            read_all(db)
            store.settle(db)

    def forget(self, *arguments: str, prelude: str = "") -> tuple[int, str]:
        places = ["--db", str(self.db), "--news", str(self.news), "--exports", str(self.exports)]
        ran = warm.run("forget", *arguments, "--yes", *places, prelude=prelude)
        return ran.returncode, ran.stdout + ran.stderr

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.db)) as conn:
            return conn.execute(sql).fetchall()

    def outcomes(self) -> dict[object, object]:
        return dict(self.ask("SELECT outcome, count(*) FROM urls GROUP BY 1"))  # type: ignore[arg-type]

    def holding(self, *words: str) -> list[str]:
        """The files that hold any of these words, plain, zipped or in a packed column."""
        return [
            path.name
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and any(_holds(path, word.encode()) for word in words)
        ]


def _holds(path: Path, word: bytes) -> bool:
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as zipped:
            return any(word in zipped.read(name) for name in zipped.namelist())
    return word in path.read_bytes() or (path.suffix == ".db" and _packed(path, word))


def _packed(path: Path, word: bytes) -> bool:
    """Every row of every table, unpacked where it is packed."""
    with closing(sqlite3.connect(path)) as conn:
        for table in remains.tables(conn):
            for row in conn.execute(f'SELECT * FROM "{table}"'):
                for value in row:
                    if isinstance(value, bytes) and value[:4] == b"\x28\xb5\x2f\xfd":
                        value = archive.unpack(value)  # noqa: PLW2901
                    if isinstance(value, bytes) and word in value:
                        return True
    return False


def after(days: int) -> str:
    """What a process runs that lives so many days later."""
    return (
        "from crawler import clock; from datetime import timedelta; clock.moment ="
        f" (lambda now, far: lambda: now() + far)(clock.moment, timedelta(days={days}))"
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Crawled twice, with a version between; published with a snapshot, exported."""
    with Web() as web:
        web.pages = Pages()  # type: ignore[assignment]
        world = World(web, tmp_path_factory.mktemp("world"))
        (world.folder / "sources").mkdir()
        (world.folder / "sources" / "test.toml").write_text(
            "\n".join(
                record(name, world.url("", name), world.url("/feed", name))
                for name in ("quai", "pont")
            ),
            encoding="utf-8",
        )
        secret = (world.url("/vermeillon?a=1&b=2"), TITLE, SECRET[0])
        other = (world.url("/outils"), "Des outils au port", OTHER[0])
        signed = (world.url("/signe"), "Un carnet du port", "Le carnet de la semaine au port.")
        moved = (world.url("/ancien"), TITLE, "Voir la nouvelle adresse.")
        amp = (world.url("/amp/vermeillon"), TITLE, SECRET[1])
        copy = (world.url("/repris", "pont"), "Repris du quai", SECRET[2])
        first = (world.url("/premier"), "Une autre nouvelle du port", "Les pêcheurs rentrent.")

        def hosted(path: str) -> None:
            web.pages[path] = lambda headers: (
                feed(secret, other, signed, moved, amp, first)
                if headers["Host"].startswith("quai")
                else feed(copy)
            )

        hosted("/feed")
        web.pages |= {
            "/vermeillon?a=1&b=2": page(TITLE, *SECRET),
            "/amp/vermeillon": page(TITLE, *SECRET[:4], canonical=world.url("/vermeillon?a=1&b=2")),
            "/ancien": Answer(status=301, headers={"Location": "/vermeillon?a=1&b=2"}),
            "/outils": page("Des outils au port", *OTHER),
            "/signe": page("Un carnet du port", *reversed(OTHER), author="Odile Brandt"),
            "/premier": page("Une autre nouvelle", "Les pêcheurs rentrent.", *OTHER[1:]),
            "/repris": page("Repris du quai", "Lu chez nos voisins.", *SECRET[:4]),
        }
        world.crawl()
        publish(world.db, world.news, keep=3)
        web.pages["/vermeillon?a=1&b=2"] = page(
            TITLE, "Monsieur Vermeillon est revenu ce matin, dit-on aux Ormeaux.", *SECRET[1:]
        )
        world.crawl(days=2)
        publish(world.db, world.news, keep=3)
        for name in ("jsonl", "xlsx"):
            out = world.exports / f"articles.{name}"
            ran = warm.run(
                "export", "articles", "--news", str(world.news), "--out", str(out),
                "--format", name,
            )  # fmt: skip
            assert ran.returncode == 0, ran.stderr
        ran = warm.run(
            "export",
            "feeds",
            "--no-archives",
            "--out",
            str(world.exports / "feeds"),
            "--news",
            str(world.news),
        )
        assert ran.returncode == 0, ran.stderr
        yield world


@pytest.fixture
def world(built: World, tmp_path: Path) -> World:
    """A copy of that world, to do with what one likes."""
    shutil.copytree(built.folder, tmp_path, dirs_exist_ok=True)
    return World(built.web, tmp_path)


def test_every_byte_of_an_article_goes_with_its_versions_snapshots_and_exports(
    world: World,
) -> None:
    before = world.outcomes()
    assert len(world.holding(*WORDS)) > 8  # databases, snapshots, exports: the test can fail
    assert world.ask("SELECT count(*) FROM versions")[0][0] == 1
    status, said = world.forget(world.url("/vermeillon?b=2&a=1#x"), "--with-copies")
    assert status == 0, said
    assert world.holding(*WORDS, "vermeillon") == []
    after_ = world.outcomes()
    assert after_["forgotten"] == 4  # with what led to it, what says it is it, and the copy
    assert sum(map(int, map(str, after_.values()))) == sum(map(int, map(str, before.values())))
    with closing(sqlite3.connect(world.news)) as news:
        addresses = news.execute("SELECT url FROM ledger WHERE outcome = 'forgotten'").fetchall()
        assert addresses == [("forgotten",)] * 4
        counted = "SELECT sum(n) FROM ledger_counts WHERE outcome = 'forgotten'"
        assert news.execute(counted).fetchone() == (4,)
    asked = world.url("/vermeillon?a=1&b=2")
    explained = warm.run("explain", asked, "--db", str(world.db), "--news", str(world.news))
    assert "nothing of it is kept" in explained.stdout
    (record_,) = (world.folder / "forgotten").iterdir()
    told = json.loads(record_.read_text("utf-8"))
    assert (told["kind"], told["addresses"], told["remains"]) == ("url", 4, [])
    assert told["erased"]["versions"] == 1
    assert json.loads(str(world.ask("SELECT record FROM erasures")[0][0])) == told


def test_copies_elsewhere_are_others_and_find_an_original_among_them(world: World) -> None:
    status, said = world.forget(world.url("/vermeillon?a=1&b=2"))
    assert status == 0
    assert "1 copies at other addresses, kept" in said
    assert world.url("/repris", "pont") in said
    assert "Words of it stand in other articles too" in said
    ((duplicate, title),) = world.ask(
        "SELECT duplicate_of, title FROM articles WHERE url LIKE '%/repris'"
    )
    assert (duplicate, title) == (None, "Repris du quai")


def test_a_dry_run_says_what_it_would_erase_and_erases_nothing(world: World) -> None:
    held = world.holding(*WORDS)
    status, said = world.forget(world.url("/vermeillon?a=1&b=2"), "--dry-run")
    assert status == 0
    assert TITLE in said
    assert world.holding(*WORDS) == held
    assert world.ask("SELECT count(*) FROM tombstones") == [(0,)]


def test_what_was_forgotten_does_not_come_back_by_feed_redirect_or_canonical(
    world: World,
) -> None:
    assert world.forget(world.url("/vermeillon?a=1&b=2"), "--with-copies")[0] == 0
    fresh = {
        "/detour": Answer(status=302, headers={"Location": "/vermeillon?a=1&b=2"}),
        "/mobile": page(TITLE, *SECRET, canonical=world.url("/vermeillon?a=1&b=2")),
        "/neuf": page("Du neuf au port", "Un quai de plus ouvrira au printemps.", *OTHER[:1]),
    }
    items = [(world.url(path), TITLE, SECRET[0]) for path in (*fresh, "/vermeillon?b=2&a=1")]
    feeds = world.web.pages["/feed"]
    world.web.pages |= fresh
    world.web.pages["/feed"] = feed(*items)
    try:
        world.web.hits.clear()
        world.crawl(days=4)
        assert world.web.hits["/vermeillon?a=1&b=2"] == 1  # where a redirect led, unknown before
    finally:
        world.web.pages["/feed"] = feeds
    assert world.outcomes()["forgotten"] == 6
    articles = [url for (url,) in world.ask("SELECT url FROM articles WHERE url LIKE '%/neuf'")]
    assert articles == [world.url("/neuf")]
    with closing(database.private(world.db)) as db:
        db.execute("VACUUM")
    # The feed gave the title of `/neuf`, too, and its words.
    world_words = {word for (hints,) in world.ask(
        "SELECT hints FROM discoveries JOIN urls ON urls.id = url_id WHERE url NOT LIKE '%/neuf'"
    ) for word in WORDS if word in str(hints)}  # fmt: skip
    assert world_words == set()


def test_what_a_warc_file_brings_back_is_left_out(world: World) -> None:
    warc = world.folder / "all.warc.gz"
    assert warm.run("export", "warc", str(warc), "--db", str(world.db)).returncode == 0
    status, said = world.forget(world.url("/vermeillon?a=1&b=2"), "--with-copies")
    assert status == 0, said
    held = world.ask("SELECT count(*) FROM pages")
    ran = warm.run(
        "import", str(warc), "--db", str(world.db), "--no-enrich",
        "--sources", str(world.folder / "sources"),
    )  # fmt: skip
    assert "forgotten" in ran.stdout
    assert world.ask("SELECT count(*) FROM pages") == held
    (results,) = backfilled.write(world.folder / "results", warc)
    ran = warm.run(
        "load", str(results), "--db", str(world.db), "--sources", str(world.folder / "sources")
    )
    assert "forgotten" in ran.stdout
    assert world.ask("SELECT count(*) FROM pages") == held
    warc.rename(world.exports / warc.name)
    status, said = world.forget(world.url("/vermeillon?a=1&b=2"))
    assert (world.exports / warc.name).exists()  # the operator's own archive


def test_an_author_is_forgotten_now_and_whenever_a_page_is_signed_so(world: World) -> None:
    status, said = world.forget("--author", "ODILE  Brandt", "--reason", "gdpr-17", "--ref", "T/7")
    assert status == 0, said
    assert world.ask("SELECT kind, reason, ref FROM tombstones") == [("author", "gdpr-17", "T/7")]
    assert world.holding("Odile Brandt") == []
    world.web.pages["/carnet"] = page("Le carnet suivant", *OTHER, author="Odile Brandt")
    world.web.pages["/mention"] = page("Un hommage", "Odile Brandt a écrit ce carnet.", *OTHER)
    feeds = world.web.pages["/feed"]
    named = ("/signe", "/carnet", "/mention")
    world.web.pages["/feed"] = feed(*((world.url(path), "Carnet", "") for path in named))
    try:
        world.crawl(days=4)
    finally:
        world.web.pages["/feed"] = feeds
    assert world.outcomes()["forgotten"] == 2
    kept = world.ask("SELECT title FROM articles WHERE authors LIKE '%Brandt%'")
    assert kept == []
    # Who only is named in a text signs nothing.
    assert world.ask("SELECT count(*) FROM articles WHERE url LIKE '%/mention'") == [(1,)]
    assert world.ask("SELECT count(*) FROM pages WHERE url LIKE '%/carnet'") == [(0,)]


def test_a_host_is_forgotten_with_all_below_it_and_asked_for_nothing(world: World) -> None:
    with closing(Database(world.db)) as db:
        of = "SELECT source FROM articles WHERE url LIKE '%//quai.localhost%'"
        ((source,),) = set(db.execute(of).fetchall())
        # What health knows of the lines that the site repeats.
        db.execute("INSERT INTO blocks VALUES (?, ?, '2026-01-01', '2026-10-01')",
                   [source, SECRET[0][:60]])  # fmt: skip
        db.conn.commit()
    status, said = world.forget("--host", "quai.localhost")
    assert status == 0, said
    assert "tombstone 1" in said
    assert world.ask("SELECT DISTINCT host FROM urls WHERE outcome <> 'forgotten'") == [
        (world.url("", "pont").removeprefix("http://"),)
    ]
    assert world.ask("SELECT count(*) FROM blocks") == [(0,)]
    world.web.hits.clear()
    world.crawl(days=4)
    assert set(world.web.hits) <= {"/feed", "/robots.txt", "/repris"}
    with closing(Database(world.db)) as db:
        stones = Tombstones(db)
        under = ("http://quai.localhost/x", "http://www.a.quai.localhost/y", "http://lequai.test/")
        assert [stones.of(url) for url in under] == [1, 1, None]


def test_an_article_that_an_api_gives_stays_forgotten(world: World) -> None:
    posts = [
        {"id": 1, "link": world.url("/vermeillon?a=1&b=2"), "date_gmt": "2026-10-01T08:00:00",
         "modified_gmt": "2026-10-01T08:00:00", "title": {"rendered": TITLE},
         "content": {"rendered": "".join(f"<p>{each}</p>" for each in SECRET)},
         "excerpt": {"rendered": ""}},
    ]  # fmt: skip
    assert world.forget(world.url("/vermeillon?a=1&b=2"), "--with-copies")[0] == 0
    path = world.folder / "sources" / "test.toml"
    told = path.read_text("utf-8")
    channel = f'wordpress = [{{ url = "{world.url(API)}", grade = "probed" }}]\nfeeds = ['
    path.write_text(told.replace("feeds = [", channel, 1), encoding="utf-8")
    world.web.pages[API] = Answer(json.dumps(posts).encode(), content_type="application/json")
    world.crawl(days=4)
    assert any(path.startswith(API) for path in world.web.hits)
    assert world.holding("Vermeillon") == []


def test_an_open_log_and_pages_freed_long_ago_hold_nothing_of_it(world: World) -> None:
    with closing(sqlite3.connect(world.db)) as conn:
        conn.execute("PRAGMA secure_delete = OFF")
        conn.execute("CREATE TABLE lost (text)")
        rows = [(text,) for text in SECRET for _ in range(200)]
        conn.executemany("INSERT INTO lost VALUES (?)", rows)
        conn.commit()
        conn.execute("DROP TABLE lost")
        conn.commit()
        with closing(sqlite3.connect(world.db)) as idle:  # holds the log open, reads nothing
            idle.execute("SELECT count(*) FROM urls").fetchall()
            status, said = world.forget(world.url("/vermeillon?a=1&b=2"), "--with-copies")
            assert status == 0, said
            assert "after VACUUM" in said
            assert world.holding(*WORDS) == []


def test_a_reader_that_holds_an_old_state_is_named(world: World) -> None:
    with closing(sqlite3.connect(world.db, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM urls").fetchall()
        status, said = world.forget(
            world.url("/vermeillon?a=1&b=2"), "--with-copies",
            prelude="import crawler.forget as f; f.PATIENCE = 50",
        )  # fmt: skip
        assert status == 1
        assert "tamis.db-wal: another program reads the database" in said
    status, said = world.forget(world.url("/vermeillon?a=1&b=2"))
    assert status == 0, said
    assert world.holding(*WORDS) == []


def test_a_copy_of_the_database_beside_it_is_named(world: World) -> None:
    ours, another = (f"tamis.db.{name}" for name in ("before-0.1.0-m013", "copy"))
    for name in (ours, another):
        shutil.copyfile(world.db, world.folder / name)
    status, said = world.forget(world.url("/vermeillon?a=1&b=2"), "--with-copies")
    assert status == 1
    assert f"STILL THERE: {world.folder / another}" in said
    assert world.holding(*WORDS) == [another]  # what an upgrade had left is gone


def test_a_table_that_the_eraser_does_not_know_is_no_quotation(world: World) -> None:
    with closing(sqlite3.connect(world.db)) as conn:
        conn.execute("CREATE TABLE overlooked AS SELECT text FROM article_texts")
        conn.commit()
    status, said = world.forget(world.url("/vermeillon?a=1&b=2"), "--with-copies")
    assert status == 1
    assert f"STILL THERE: {world.db}" in said


@pytest.mark.slow
@pytest.mark.parametrize(
    "where",
    ["_removed", "_erase", "publish.publish", "_verify"],
)
def test_a_kill_at_any_step_leaves_the_rest_to_the_next_run(world: World, where: str) -> None:
    dying = (
        "import os, signal; from crawler import forget, publish, store; "
        f"forget.{where} = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)"
    )
    url = world.url("/vermeillon?a=1&b=2")
    status, _ = world.forget(url, "--with-copies", prelude=dying)
    assert status == -9
    begun = world.ask("SELECT count(*) FROM erasures WHERE finished IS NULL")
    assert begun == [(1,)]
    status, said = world.forget(url, "--with-copies")
    assert status == 0, said
    assert world.holding(*WORDS) == []
    assert world.ask("SELECT count(*) FROM erasures WHERE finished IS NULL") == [(0,)]
    assert os.listdir(world.folder / "forgotten")  # noqa: PTH208


# Tombstones.


def test_a_tombstone_says_nothing_and_holds_for_every_spelling(tmp_path: Path) -> None:
    with closing(database.private(tmp_path / "tamis.db")) as db:
        for kind, name in (
            ("url", "https://www.quai.example.org/a?x=1&utm_source=rss"),
            ("host", "https://pont.example.org/"),
            ("author", "Odile Brandt"),
        ):
            tombstones.lay(db, kind, name, reason="request", ref=None)
            assert tombstones.lay(db, kind, name, reason="request", ref=None) == len(
                tombstones.all_of(db)
            )
        stones = Tombstones(db)
        table = " ".join(map(str, db.execute("SELECT * FROM tombstones").fetchall()))
        assert not any(word in table.lower() for word in ("quai", "pont", "odile", "example"))
        assert stones.of("http://quai.example.org/a/?x=1#top") == 1
        assert stones.of("http://quai.example.org/b") is None
        assert stones.of(None, "http://a.pont.example.org/") == 2
        assert stones.of_authors(["Jean", "ODILE BRANDT"]) == 3
        assert stones.of_authors(["Odile"]) is None


def test_tombstones_hold_in_another_database_too(tmp_path: Path) -> None:
    with (
        closing(database.private(tmp_path / "one.db")) as one,
        closing(database.private(tmp_path / "other.db")) as other,
    ):
        tombstones.lay(one, "host", "quai.example.org", reason="request", ref=None)
        tombstones.lay(other, "author", "Odile Brandt", reason="request", ref=None)
        assert [tombstones.join(other, one), tombstones.join(other, one)] == [1, 0]
        stones = Tombstones(other)
        assert stones.of("http://quai.example.org/1") == 2
        assert stones.of_authors(["Odile Brandt"]) == 1


def test_a_tombstone_that_was_a_mistake_is_lifted(world: World) -> None:
    address = world.url("/outils")
    assert world.forget(address, "--ref", "T-9")[0] == 0
    listed = warm.run("forget", "--list", "--db", str(world.db)).stdout
    assert listed.split()[2:] == ["url", "request", "T-9"]
    lifted = warm.run("forget", "--lift", "1", "--db", str(world.db))
    assert "1 addresses may be collected again" in lifted.stdout
    assert warm.run("forget", "--lift", "1", "--db", str(world.db)).returncode == 1
    world.web.hits.clear()
    world.crawl(days=4)
    assert world.web.hits["/outils"] == 1
    assert world.ask("SELECT count(*) FROM articles WHERE url LIKE '%/outils'") == [(1,)]


@pytest.mark.parametrize(
    ("kind", "name"),
    [("url", "no address"), ("host", "org"), ("host", "co.uk"), ("host", ""), ("author", " - ")],
)
def test_what_names_nothing_or_too_much_is_refused(kind: str, name: str) -> None:
    with pytest.raises(ConfigError):
        Wanted(kind=kind, name=name, reason="request")


@pytest.mark.parametrize("place", [0, 1, 7, 8, 100, 4_190, 4_199, 8_385])
def test_a_piece_is_found_wherever_it_stands(tmp_path: Path, place: int) -> None:
    """Also where it lies over the edge of a block."""
    pieces = remains.Pieces()
    pieces.text("Le poêle emprunté du troisième étage")
    pieces.address("http://quai.example.org/1?a=1&b=2")
    search = pieces.search()
    assert len(search.pieces) == 3
    path = tmp_path / "file"
    for piece in search.pieces:
        path.write_bytes(b"x" * place + piece + b"0" * 50)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(remains, "BLOCK", 4_200)
            assert search.file(path) == {piece}
            # Of an address, this is the beginning of a longer one.
            assert search.file(path, exact=True) == ({piece} - {*addresses(search)})
            path.write_bytes(b"x" * place + piece)
            assert search.file(path, exact=True) == {piece}


def addresses(search: remains.Search) -> list[bytes]:
    return [piece for piece, is_address in search.pieces.items() if is_address]


def test_every_table_that_may_hold_words_is_known_to_the_eraser(built: World) -> None:
    """A new table that names an address or an article is erased from, or hashes and numbers."""
    known = {*erasing.OF_ADDRESS, *erasing.OF_ARTICLE}
    numbers = {"sketches", "pairs", "stories", "changes"}  # sketches and links go with an article
    with closing(sqlite3.connect(built.db)) as conn:
        naming = {
            table
            for table in remains.tables(conn)
            for (_, column, *_) in conn.execute(f"PRAGMA table_info({table})")
            if column in {"url_id", "article_id", "one", "small"}
        }
    assert naming <= known | numbers
