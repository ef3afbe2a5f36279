"""The daily check on a real database; what a crawl leaves for it; what is shown and published."""

import json
import sqlite3
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import feed_rules
import pytest
import warm
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lxml import etree
from sqlite_utils import Database
from web import RSS, Answer, Crawl, Web, article, feed, record

from crawler import advice, alarms, clock, database, health, measures
from crawler.channels import Channels
from crawler.health import check
from crawler.items import Address, Source
from crawler.publish import publish
from crawler.writes import Writes

ONE = timedelta(days=1)
FIRST = date(2026, 2, 2)
TODAY = date(2026, 5, 20)
LONG = (
    "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les familles, et les"
    " équipes sociales y tiennent une permanence chaque matin, sauf le dimanche."
)
FEED = "http://quai.example.org/feed/"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> Callable[[date], None]:
    def be(day: date) -> None:
        moment = datetime(day.year, day.month, day.day, 8, tzinfo=UTC)
        monkeypatch.setattr(clock, "moment", lambda: moment)

    be(TODAY)
    return be


def register(db: Database, *sources: Source) -> None:
    Channels(Writes(db)).sync(sources, lambda source: [("feed", at) for at in source.feeds])


def visit(db: Database, day: date, *, source: str = "quai", failed: bool = False) -> None:
    """One visit to each of its channels."""
    how, at = "failed" if failed else "answered", f"{day}T06:00:00Z"
    db.execute(
        f"INSERT INTO visits (channel, day, {how}, failing, reason) SELECT id, ?, 1, ?, ?"
        " FROM channels WHERE source = ?",
        (str(day), *(("hard", "HTTP 410") if failed else (None, None)), source),
    )
    db.execute(
        "UPDATE channels SET failures = iif(?1, failures + 1, 0), failing = iif(?1, 'hard', NULL),"
        " reason = iif(?1, 'HTTP 410', NULL), succeeded = iif(?1, succeeded, ?2) WHERE source = ?3",
        (failed, at, source),
    )


def find(db: Database, day: date, n: int = 2, outcome: str = "stored", **more: Any) -> None:
    """So many pages of a day; `more` are columns of their articles."""
    for number in range(n):
        (channel,) = db.execute("SELECT id FROM channels ORDER BY id").fetchone()
        ident = db.execute("SELECT coalesce(max(id), 0) + 1 FROM urls").fetchone()[0]
        url, at = f"http://quai.example.org/{ident}", f"{day}T06:0{number % 10}:00Z"
        db.table("urls").insert(
            {"id": ident, "key": url, "url": url, "host": "quai.example.org", "source": "quai",
             "channel": channel, "discovered": at, "first_fetched": at, "outcome": outcome}
        )  # fmt: skip
        if outcome != "stored":
            continue
        db.table("pages").insert(
            {"id": ident, "url_id": ident, "url": url, "fetched": at, "status": 200,
             "headers": "{}", "body": b""}
        )  # fmt: skip
        plain = {
            "id": ident, "url_id": ident, "page_id": ident, "source": "quai", "url": url,
            "title": "Un abri", "authors": '["A. B."]', "published": at, "fetched": at,
            "language": "fr", "language_method": "agreed", "words": 100 + number,
            **dict.fromkeys(("language_votes", "attachments", "categories"), "[]"),
            **dict.fromkeys(("themes", "countries"), "[]"), "text_hash": url, "content_hash": url,
        }  # fmt: skip
        db.table("articles").insert({**plain, **more})


def live(db: Database, *, until: date = TODAY, silent: int = 0) -> None:
    """Two articles a day from FIRST on, but for the last `silent` days."""
    for number in range((until - FIRST).days + 1):
        day = FIRST + number * ONE
        visit(db, day)
        if day <= until - silent * ONE:
            find(db, day)


def rows(db: Database) -> list[dict[str, Any]]:
    return list(db.table("measures").rows)


# --- Measures -----------------------------------------------------------------------------------


def test_a_day_is_counted_from_what_is_there_and_twice_the_same(
    db: Database, source: Source
) -> None:
    register(db, source)
    visit(db, TODAY - ONE, failed=True)
    visit(db, TODAY)
    find(db, TODAY, 3)
    find(db, TODAY, 1, published=None, authors="[]", language="nl", words=9)
    find(db, TODAY, 2, outcome="too_short")
    find(db, TODAY, 1, outcome="fetched")
    line = {"line": 4, "text": "Soutenez cette maison", "rule": "memory", "articles": 3}
    for ident in (1, 2, 4):
        db.table("removed_lines").insert({"article_id": ident, **line})
    measures.measure(db, TODAY)
    failed, well = first = rows(db)
    assert (failed["day"], failed["hard"], failed["reason"]) == (str(TODAY - ONE), 1, "HTTP 410")
    assert {name: well[name] for name in ("visits", "failed", "found", "read", "stored")} == {
        "visits": 1, "failed": 0, "found": 7, "read": 6, "stored": 4,
    }  # fmt: skip
    assert [well[name] for name in ("words", "dated", "signed")] == [100, 3, 3]
    assert [json.loads(well[name]) for name in ("languages", "blocks", "others")] == [
        {"fr": 3, "nl": 1}, {"Soutenez cette maison": 3}, {"too_short": 2},
    ]  # fmt: skip
    measures.measure(db, TODAY)
    assert rows(db) == first


def test_a_page_that_is_read_later_counts_on_the_day_on_which_it_was_fetched(
    db: Database, source: Source
) -> None:
    register(db, source)
    find(db, TODAY - 2 * ONE, 1, outcome="fetched")
    measures.measure(db, TODAY - 2 * ONE)
    assert rows(db)[0]["read"] == 0
    db.execute("UPDATE urls SET outcome = 'too_short'")
    measures.measure(db, TODAY)
    assert [row["read"] for row in rows(db)] == [1]


def with_line(db: Database, day: date, line: str = "Suivez-nous") -> None:
    """One article, of which a line was taken out."""
    find(db, day, 1)
    (ident,) = db.execute("SELECT max(id) FROM articles").fetchone()
    db.table("removed_lines").insert(
        {"article_id": ident, "line": 4, "text": line, "rule": "memory", "articles": 9}
    )


@pytest.mark.parametrize(
    ("every", "n", "until"),
    [(1, 2, 28), (3, 1, 90)],  # four weeks of two articles a day, or 30 articles
)
def test_a_line_that_a_site_has_repeated_for_weeks_and_in_many_articles_is_no_longer_new(
    db: Database, source: Source, every: int, n: int, until: int
) -> None:
    register(db, source)
    for number in range(0, until + 12, every):
        for _ in range(n):
            with_line(db, FIRST + number * ONE)
        measures.measure(db, FIRST + number * ONE)
    told = [bool(json.loads(row["blocks"])) for row in rows(db)]
    assert told == [number < until for number in range(0, until + 12, every)]


# --- The check ----------------------------------------------------------------------------------


def test_a_silence_is_told_of_once_and_ends_with_news(
    db: Database, source: Source, today: Callable[[date], None]
) -> None:
    register(db, source)
    live(db, silent=10)
    found = check(db)
    assert [alarm.kind for alarm in found.new] == ["silence"]
    assert not found.well
    assert check(db) == found  # twice a day, the same
    today(TODAY + ONE)
    visit(db, TODAY + ONE)
    found = check(db)
    assert ([alarm.kind for alarm in found.open], found.new) == (["silence"], ())
    today(TODAY + 2 * ONE)
    visit(db, TODAY + 2 * ONE)
    find(db, TODAY + 2 * ONE)
    found = check(db)
    assert (found.well, [alarm.kind for alarm in found.ended]) == (True, ["silence"])
    assert check(db) == found
    assert db.table("alarms").count == 1


def test_a_new_block_is_told_of_a_source_of_two_articles_a_week(
    db: Database, source: Source, today: Callable[[date], None]
) -> None:
    register(db, source)
    began, told = FIRST + 130 * ONE, []
    for number in range(0, 260, 7):
        for day in (FIRST + number * ONE, FIRST + (number + 3) * ONE):
            visit(db, day)
            # In the first two of them nobody can know that it is one.
            if day > began + 6 * ONE:
                with_line(db, day, "Soutenez cette maison fictive")
            else:
                find(db, day, 1)
            today(day)
            told += [(day - began).days for alarm in check(db).new if alarm.kind == "block"]
    assert len(told) == 1
    assert told[0] <= 7 * 7


def test_one_alarm_stands_for_all_when_nobody_answers(
    db: Database, source: Source, today: Callable[[date], None]
) -> None:
    names = [f"quai-{number}" for number in range(6)]
    register(
        db,
        *(
            replace(source, id=name, feeds=(Address(url=f"{FEED}{name}", grade="probed"),))
            for name in names
        ),
    )
    for number in range(10):
        day = TODAY - (9 - number) * ONE
        for name in names:
            visit(db, day, source=name, failed=number > 4)
    found = check(db)
    (alarm,) = found.new
    assert (alarm.kind, alarm.source, alarm.since) == ("network", "", TODAY - 4 * ONE)
    today(TODAY + ONE)
    for name in names:
        visit(db, TODAY + ONE, source=name)
    assert [each.kind for each in check(db).ended] == ["network"]


def test_a_source_with_another_channel_or_none_is_judged_anew(db: Database, source: Source) -> None:
    register(db, source)
    live(db, silent=10)
    other = Address(url="http://quai.example.org/rss", language="fr", grade="probed")
    register(db, replace(source, name="Le Quai ouvert"))
    assert [alarm.kind for alarm in check(db).open] == ["silence"]
    register(db, replace(source, feeds=(other,)))
    register(db, source)
    assert next(db.table("sources").rows)["edited"] == clock.now()
    db.execute("DELETE FROM alarms")
    assert check(db).well
    db.execute("UPDATE sources SET edited = NULL")
    assert [alarm.kind for alarm in check(db).open] == ["silence"]
    register(db, replace(source, enabled=False))
    assert check(db).well


# --- Shown and published ------------------------------------------------------------------------


@pytest.fixture
def ill(db: Database, source: Source) -> Database:
    """A source that is silent, checked."""
    register(db, source)
    live(db, silent=10)
    check(db)
    return db


def test_the_feed_of_alarms_is_valid_and_its_ids_stay(
    ill: Database, today: Callable[[date], None]
) -> None:
    def entries(body: bytes) -> list[tuple[str, str, str]]:
        assert feed_rules.faults("atom", body) == []
        told = etree.fromstring(body).findall("{*}entry")
        return [tuple(each.findtext(f"{{*}}{name}") for name in ("id", "title", "updated"))
                for each in told]  # fmt: skip

    ((ident, title, updated),) = entries(health.feed(ill, "https://news.example.org/"))
    assert (ident, title) == ("tag:news.example.org,2026:alarm/1", "silence: Le Quai")
    today(TODAY + ONE)
    visit(ill, TODAY + ONE)
    find(ill, TODAY + ONE)
    check(ill)
    ((again, over, later),) = entries(health.feed(ill, "https://news.example.org/"))
    assert (again, over) == (ident, "Over: silence: Le Quai")
    assert later > updated
    today(TODAY + 90 * ONE)
    assert entries(health.feed(ill)) == []


@pytest.mark.usefixtures("ill")
def test_health_says_who_is_in_trouble_and_what_to_do(tmp_path: Path) -> None:
    options, file = ["--db", str(tmp_path / "tamis.db")], tmp_path / "alarms.atom"
    prelude = f"from crawler import clock; clock.moment = lambda: __import__('datetime').datetime.fromisoformat('{TODAY}T08:00:00+00:00')"  # noqa: E501
    shown = warm.run("health", *options, "--feed", str(file), prelude=prelude)
    assert (shown.returncode, shown.stderr) == (1, "")
    heading, line, sentence, summary = shown.stdout.splitlines()
    assert heading.split() == ["source", "last", "answer", "last", "article", "failed", "yield",
                               "alarms"]  # fmt: skip
    assert line.split() == ["quai", str(TODAY), str(TODAY - 10 * ONE), "0/30", "40/40", "silence"]
    assert "tamis sources probe" in sentence
    assert summary == f"1 sources, 1 alarms; last checked: {TODAY}"
    assert feed_rules.faults("atom", file.read_bytes()) == []
    told = json.loads(warm.run("health", *options, "--json", prelude=prelude).stdout)
    assert [alarm["kind"] for alarm in told["alarms"]] == ["silence"]
    assert told["sources"][0]["stored"] == 40


def test_each_channel_of_a_source_is_told_of_apart(web: Web, crawl: Crawl, tmp_path: Path) -> None:
    both = f'{web.url}/feed", grade = "probed" }}, {{ url = "{web.url}/gone'
    text = record("quai", web.url, both)
    (tmp_path / "sources" / "test.toml").write_text(text, encoding="utf-8")
    web.pages = {
        "/feed": Answer(feed(f"{web.url}/a"), content_type=RSS),
        "/a": Answer(article("Le centre rouvre ses portes aux familles du quai", LONG)),
    }
    crawl()
    db = str(tmp_path / "tamis.db")
    told = json.loads(warm.run("health", "quai", "--json", "--db", db).stdout)
    counts = {row["url"]: (row["found"], row["stored"], row["hard"]) for row in told["channels"]}
    assert counts == {f"{web.url}/feed": (1, 1, 0), f"{web.url}/gone": (0, 0, 1)}
    shown = warm.run("health", "quai", "--db", db).stdout
    assert f"feed {web.url}/gone\n  0 addresses, 0 articles; last answer never" in shown
    assert "failed 1/1 1 hard (HTTP 404" in shown
    assert warm.run("health", "pont", "--db", db).returncode == 2


@pytest.mark.usefixtures("db")
def test_without_alarms_all_is_well(tmp_path: Path) -> None:
    shown = warm.run("health", "--db", str(tmp_path / "tamis.db"))
    assert (shown.returncode, shown.stdout.splitlines()) == (
        0, ["0 sources, 0 alarms; last checked: never: `tamis daily` does it"],
    )  # fmt: skip


def test_health_is_published_and_again_by_what_has_changed(ill: Database, tmp_path: Path) -> None:
    for table in ("articles", "pages", "urls"):  # made by hand, and not whole
        ill.execute(f"DELETE FROM {table}")
    news = tmp_path / "news.db"

    def published() -> tuple[Any, Any]:
        publish(tmp_path / "tamis.db", news)
        with closing(sqlite3.connect(news)) as conn:
            return (
                conn.execute("SELECT source, visits, stored, alarms FROM source_health").fetchall(),
                conn.execute("SELECT kind, source, about, until FROM alarms").fetchall(),
            )

    assert published() == ([("quai", 30, 40, 1)], [("silence", "quai", None, None)])
    ill.execute("UPDATE alarms SET until = ?", (str(TODAY),))
    assert published() == ([("quai", 30, 40, 0)], [("silence", "quai", None, str(TODAY))])


# --- What a crawl leaves for it -----------------------------------------------------------------


def test_a_channel_that_leads_elsewhere_for_good_is_known_until_it_does_not(
    web: Web, crawl: Crawl, tmp_path: Path
) -> None:
    def again() -> tuple[str | None, bool]:
        assert crawl("--no-enrich").returncode == 0
        with closing(Database(tmp_path / "tamis.db")) as db:
            ((to, since),) = db.execute("SELECT moved_to, moved FROM channels").fetchall()
            db.execute("UPDATE channels SET due = ''")
        return to, since is not None

    there = Answer(feed(), content_type=RSS)
    web.pages = {"/feed": Answer(status=302, headers={"Location": "/new"}), "/new": there}
    assert again() == (None, False)
    web.pages["/feed"] = Answer(status=301, headers={"Location": "/new"})
    assert again() == (f"{web.url}/new", True)
    web.pages["/new"] = Answer(status=302, headers={"Location": "/new/today"})
    web.pages["/new/today"] = there
    assert again() == (f"{web.url}/new", True)
    web.pages["/feed"] = there
    assert again() == (None, False)


def test_how_a_channel_failed_is_kept_with_the_day(
    web: Web, crawl: Crawl, stored: Callable[[], Database]
) -> None:
    web.pages = {"/feed": Answer(status=410)}
    assert crawl("--no-enrich").returncode == 1
    told = stored().execute("SELECT failed, failing, reason FROM visits").fetchall()
    assert told == [(1, "hard", "HTTP 410")]


@pytest.fixture
def secure(web: Web, tmp_path: Path) -> Iterator[tuple[str, Path, datetime]]:
    """The web over TLS: its address, whom to believe, and until when its certificate holds."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "A test's own authority")])
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC).replace(microsecond=0)
    ends = now + 9 * ONE
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - 81 * ONE)
        .not_valid_after(ends)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("quai.localhost")]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority, both = tmp_path / "ca.pem", tmp_path / "server.pem"
    authority.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    both.write_bytes(private + authority.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    web.server.socket = context.wrap_socket(web.server.socket, server_side=True)
    yield f"https://quai.localhost:{web.server.server_port}", authority, ends
    web.server.socket.close()


def test_until_when_a_certificate_holds_is_seen_and_told_of_in_time(
    web: Web, secure: tuple[str, Path, datetime], today: Callable[[date], None], tmp_path: Path
) -> None:
    address, authority, ends = secure
    web.pages = {
        "/feed": Answer(feed(f"{address}/a"), content_type=RSS),
        "/a": Answer(article("Le quai rouvre", "Le centre du quai rouvre avec quarante lits.")),
    }
    (tmp_path / "sources").mkdir()
    told = record("quai", address, f"{address}/feed")
    (tmp_path / "sources" / "test.toml").write_text(told, encoding="utf-8")
    ran = warm.run(
        "crawl", "--sources", str(tmp_path / "sources"), "--db", str(tmp_path / "tamis.db"),
        "--delay", "0", "--no-enrich", "--loopback",
        prelude=f"import os; os.environ['SSL_CERT_FILE'] = {str(authority)!r}",
    )  # fmt: skip
    assert (ran.returncode, web.hits["/a"]) == (0, 1), ran.stderr
    with closing(database.private(tmp_path / "tamis.db")) as db:
        (host,) = (row for row in db.table("hosts").rows if row["certificate_ends"])
        assert host["certificate_ends"] == clock.stamp(ends)
        today(ends.date() - 9 * ONE)
        (alarm,) = check(db).open
    assert (alarm.kind, alarm.about) == ("certificate", host["host"])
    assert alarm.evidence["ends"] == ends.date().isoformat()


def test_every_kind_of_alarm_has_a_judge_a_sentence_and_a_line_in_the_readme() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    assert set(alarms.KINDS) == {"network", *alarms.LOOKS} == set(advice.SENTENCES)
    assert {kind for kind in alarms.KINDS if f"`{kind}`" not in readme} == set()
