"""What sources yield against what their records expect: on loopback sites and in WARC files."""

import gzip
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import warm
from click.testing import CliRunner
from sqlite_utils import Database
from web import HTML, RSS, Answer, Crawl, Web, article, record

from crawler import contracts, expectations, registry, warc
from crawler.cli import main
from crawler.contracts import Visit
from crawler.items import Expectation, Link, Source
from crawler.verdicts import Finding, Sample

FRENCH = (
    "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les familles.",
    "Les équipes sociales y tiennent une permanence chaque matin, sauf le dimanche.",
    "La commune paie le loyer, et des bénévoles servent la soupe chaque soir de l'hiver.",
)
DUTCH = (
    "De opvang aan de kade opent opnieuw haar deuren met veertig bedden voor gezinnen.",
    "Het sociale team houdt er elke ochtend een permanentie, behalve op zondag.",
    "De gemeente betaalt de huur, en vrijwilligers schenken elke winteravond soep.",
)
EXPECT = 'expect = {{ items = {}, dated = 0.5, words = 20, languages = ["fr"],{} }}\n'
DAY = " checked_on = 2026-08-13"


def rss(base: str, *, dated: bool = True, items: int = 6) -> Answer:
    date = "<pubDate>Mon, 16 Nov 2026 08:00:00 +0100</pubDate>" if dated else ""
    named = "".join(
        f"<item><title>Le centre, numéro {n}</title><link>{base}/{n}</link>{date}</item>"
        for n in range(items)
    )
    body = f'<rss version="2.0"><channel><title>Quai</title>{named}</channel></rss>'
    return Answer(body.encode(), content_type=RSS)


def site(web: Web, name: str, *text: str, **of_feed: Any) -> dict[str, Answer]:
    base = f"{web.url}/{name}"
    pages = {f"/{name}/{n}": Answer(article(f"Le centre, {n}", *text)) for n in range(6)}
    return {f"/{name}/feed": rss(base, **of_feed), **pages}


def records_of(web: Web, *names: str) -> str:
    return "\n".join(record(name, web.url, f"{web.url}/{name}/feed") for name in names)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "records"
    made.mkdir()
    return made


def check(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["sources", "check", *arguments], catch_exceptions=False)
    return result.exit_code, result.output


def live(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return warm.run(
        "sources", "check", "--live", "--loopback", "--delay", "0", "--sources", str(folder),
        *arguments,
    )  # fmt: skip


# In the record.


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ('{ items = "ten", checked_on = 2026-08-13 }', ".items is 'ten', but must be a whole"),
        ("{ items = 0, checked_on = 2026-08-13 }", ".items is 0, but must be a whole"),
        ("{ items = 1, dated = 50, checked_on = 2026-08-13 }", ".dated is 50, but must be a share"),
        ("{ items = 1, words = 1.5, checked_on = 2026-08-13 }", ".words is 1.5, but must be a"),
        ("{ items = 1, languages = [], checked_on = 2026-08-13 }", "list of at least one"),
        ('{ items = 1, languages = ["French"], checked_on = 2026-08-13 }', "BCP 47"),
        ('{ items = 1, checked_on = "2026" }', "must be a date without quotes"),
        ("{ items = 1 }", "expect lacks the field 'checked_on'"),
        ("{ item = 1, checked_on = 2026-08-13 }", "field 'item' (did you mean 'items'?)"),
    ],
    ids=["a word", "none", "per cent", "a part of a word", "no language", "a name", "a year",
         "no day", "misspelt"],
)  # fmt: skip
def test_an_expectation_that_cannot_be_meant_is_a_mistake(
    folder: Path, field: str, said: str
) -> None:
    text = record("quai", "https://quai.example.org", "https://quai.example.org/feed")
    (folder / "be.toml").write_text(f"{text}expect = {field}\n", encoding="utf-8")
    mistakes = [str(mistake) for mistake in registry.check(folder)]
    assert any(said in mistake for mistake in mistakes)


def test_an_expectation_goes_with_its_source_through_the_database(source: Source) -> None:
    expect = Expectation(items=3, languages=("fr",), checked_on="2026-08-13")
    expecting = replace(source, expect=expect)
    assert registry.from_json(registry.as_json(expecting)) == expecting


@pytest.mark.parametrize("newline", ["\n", "\r\n"], ids=["unix", "windows"])
def test_an_expectation_is_written_and_the_rest_of_the_file_stays(
    folder: Path, newline: str
) -> None:
    before = (
        f"# Of Belgium.\n{record('ami', 'https://ami.example.org', 'https://ami.example.org/f')}"
        f"enabled = true  # for now\n# kept\n\n# The quay.\n"
        f"{record('quai', 'https://quai.example.org', 'https://quai.example.org/f')}"
    ).replace("\n", newline)
    path = folder / "be.toml"
    path.write_bytes(before.encode())
    first = Expectation(
        items=3, dated=0.5, words=80, languages=("fr", "nl"), checked_on="2026-08-13"
    )
    expectations.write(folder, {"ami": first, "quai": first})
    line = f"{expectations.text_of(first)}{newline}"
    after = path.read_bytes().decode()
    assert after.replace(line, "") == before
    assert [each.expect for each in registry.load(folder)] == [first, first]
    expectations.write(folder, {"ami": Expectation(items=1, checked_on="2026-08-14")})
    assert path.read_bytes().decode() == after.replace(
        line, f"expect = {{ items = 1, checked_on = 2026-08-14 }}{newline}", 1
    )


def test_an_expectation_written_as_a_table_of_its_own_is_renewed(folder: Path) -> None:
    text = record("quai", "https://quai.example.org", "https://quai.example.org/f")
    path = folder / "be.toml"
    path.write_text(f"{text}[quai.expect]\nitems = 9\nchecked_on = 2026-08-13\n", encoding="utf-8")
    new = Expectation(items=1, checked_on="2026-08-14")
    expectations.write(folder, {"quai": new})
    assert [each.expect for each in registry.load(folder)] == [new]


# Compared.


def visit(**of_samples: Any) -> Visit:
    """Ten links, of which five were read: in French, dated, of 80 words."""
    links = tuple(Link(url=f"https://quai.example.org/{n}") for n in range(10))
    found = Finding(kind="feed", url="https://quai.example.org/feed", origin="", verdict="ok",
                    items=10, links=links)  # fmt: skip
    plain: dict[str, Any] = {"words": 80, "published": "2026-11-16", "language": "fr"}
    samples = [(link, Sample(url=link.url, **{**plain, **of_samples})) for link in links[:5]]
    return Visit(findings=(found,), samples=tuple(samples))


@pytest.mark.parametrize(
    ("changed", "broke"),
    [
        ({}, []),
        ({"published": None}, ["dated"]),
        ({"words": 12}, ["words"]),
        ({"language": "nl"}, ["languages"]),
        ({"language": None}, ["languages"]),
        ({"words": 0, "published": None, "language": None}, ["dated", "words", "languages"]),
        ({"reason": "HTTP 404"}, ["dated", "words", "languages"]),
    ],
    ids=["as ever", "no dates", "short", "in Dutch", "in none", "a shell", "not found"],
)
def test_what_broke_is_named(source: Source, changed: dict[str, Any], broke: list[str]) -> None:
    expect = contracts.expectation(source, visit(), "2026-08-13")
    assert expect == Expectation(
        items=5, dated=0.5, words=40, languages=("fr",), checked_on="2026-08-13"
    )
    expecting = replace(source, expect=expect)
    lines = contracts.compared(expecting, visit(**changed))
    assert [line.what for line in lines if line.kept is False] == broke
    assert contracts.well(expecting, lines) is not bool(broke)


def test_a_channel_that_could_not_be_asked_breaks_nothing_and_proves_nothing(
    source: Source,
) -> None:
    expecting = replace(source, expect=contracts.expectation(source, visit(), "2026-08-13"))
    (found,) = visit().findings
    busy = replace(found, verdict="unknown", reason="HTTP 503", items=0, links=())
    lines = contracts.compared(expecting, Visit(findings=(busy,)))
    assert not [line for line in lines if line.kept is False]
    assert not contracts.well(expecting, lines)
    assert "quai: could not be judged" in contracts.told(expecting, lines, None)


def test_nothing_is_expected_of_a_source_that_named_nothing(source: Source) -> None:
    assert contracts.expectation(source, Visit(findings=()), "2026-08-13") is None


# On the site.


def test_a_redesign_is_named_by_what_it_broke(web: Web, folder: Path) -> None:
    names = ("well", "undated", "short", "dutch", "empty", "gone")
    web.pages = {
        **site(web, "well", *FRENCH),
        **site(web, "undated", *FRENCH, dated=False),
        **site(web, "short", FRENCH[0]),
        **site(web, "dutch", *DUTCH),
        **site(web, "empty", *FRENCH, items=0),
    }
    expecting = "\n".join(records_of(web, name) + EXPECT.format(3, DAY) for name in names)
    (folder / "be.toml").write_text(expecting, encoding="utf-8")
    ran = live(folder, *names)
    said = [line for line in ran.stdout.splitlines() if not line.startswith(" ")]
    assert (ran.returncode, said) == (1, [
        "well: as expected since 2026-08-13",
        "undated: dated broke",
        "short: words broke",
        "dutch: languages broke",
        "empty: channel and items and dated and words and languages broke",
        "gone: channel and items and dated and words and languages broke",
    ]), ran.stderr  # fmt: skip
    assert "broke  dated      0% of 5 articles read; at least 50% expected\n" in ran.stdout
    assert "broke  languages  nl 5; fr expected\n" in ran.stdout
    assert f"feed {web.url}/gone/feed: HTTP 404\n" in ran.stdout


def test_what_is_found_can_be_recorded_and_is_kept_the_next_time(web: Web, folder: Path) -> None:
    web.pages = {**site(web, "quai", *FRENCH)}
    path = folder / "be.toml"
    path.write_text(f"# ours\n{records_of(web, 'quai')}", encoding="utf-8")
    first = live(folder, "--all", "--record")
    assert first.returncode == 0, first.stderr
    assert "quai: its record expects nothing yet" in first.stdout
    assert "items      6 named\n" in first.stdout
    (source,) = registry.load(folder)
    assert source.expect
    assert (source.expect.items, source.expect.dated, source.expect.languages) == (3, 0.5, ("fr",))
    assert expectations.text_of(source.expect) in first.stdout
    assert path.read_text("utf-8").startswith("# ours\n")
    assert live(folder, "quai").returncode == 0


# In recorded pages.


def recording(path: Path, pages: dict[str, tuple[str, bytes]]) -> None:
    """A WARC file as wget or a browser's archive writes it."""
    packed = []
    for url, (content_type, body) in pages.items():
        http = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n\r\n".encode() + body
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\n"
            "WARC-Date: 2026-11-16T09:00:00Z\r\nWARC-Record-ID: <urn:uuid:1>\r\n"
            f"Content-Type: application/http\r\nContent-Length: {len(http)}\r\n\r\n"
        )
        packed.append(gzip.compress(head.encode() + http + b"\r\n\r\n"))
    path.write_bytes(b"".join(packed))


def test_a_recorded_visit_is_judged_without_a_network(folder: Path, tmp_path: Path) -> None:
    home = "https://quai.example.org"
    (folder / "be.toml").write_text(
        record("quai", home, f"{home}/feed") + EXPECT.format(6, DAY), encoding="utf-8"
    )
    for name, text, status in (("then", FRENCH, 0), ("now", DUTCH, 1)):
        path = tmp_path / f"{name}.warc.gz"
        pages = {f"{home}/{n}": (HTML, article(f"Le centre, {n}", *text)) for n in range(2)}
        recording(path, {f"{home}/feed": (RSS, rss(home).body), **pages})
        exit_code, said = check("quai", "--warc", str(path), "--sources", str(folder))
        assert (exit_code, "6 named; at least 6 expected" in said) == (status, True)
    assert "broke  languages  nl 2; fr expected\n" in said


def test_what_export_wrote_stands_for_what_the_channels_name(
    web: Web, crawl: Crawl, tmp_path: Path
) -> None:
    web.pages = {**site(web, "quai", *FRENCH), "/feed": rss(f"{web.url}/quai", items=4)}
    crawl()
    path = tmp_path / "quai.warc.gz"
    with closing(Database(tmp_path / "tamis.db")) as db:
        warc.export(db, path)
    status, said = check("quai", "--warc", str(path), "--sources", str(tmp_path / "sources"))
    assert (status, "items      4 named\n" in said) == (0, True)
    assert "dated      100% of 4 articles read\n" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("quai",), "ID, --all and --record go with --live or --warc"),
        (("--live",), "name the sources by ID, or say --all"),
        (("--live", "--all", "quai"), "name the sources by ID, or say --all"),
        (("--live", "qui"), "no source is called 'qui' (did you mean 'quai'?)"),
    ],
    ids=["an ID alone", "nobody", "both", "misspelt"],
)
def test_a_check_that_cannot_be_meant_is_refused(
    folder: Path, arguments: tuple[str, ...], said: str
) -> None:
    text = record("quai", "https://quai.example.org", "https://quai.example.org/feed")
    (folder / "be.toml").write_text(text, encoding="utf-8")
    status, told = check(*arguments, "--sources", str(folder))
    assert (status > 0, said in told) == (True, True)


def test_a_public_site_is_not_visited_without_a_contact(folder: Path) -> None:
    text = record("quai", "https://quai.example.org", "https://quai.example.org/feed")
    (folder / "be.toml").write_text(text, encoding="utf-8")
    status, told = check("--live", "quai", "--sources", str(folder))
    assert (status, "--contact" in told) == (1, True)
