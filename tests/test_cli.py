import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import click
import pytest
import warm
from click.testing import CliRunner
from sqlite_utils import Database
from web import article

from crawler import database
from crawler.cli import main
from crawler.schema import published
from enrich import embedding

TEXT = "Le centre d'hébergement du quai rouvre ses portes avec quarante lits pour les familles."


def commands(group: click.Group, *above: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *above, name)
        else:
            yield (*above, name), command


EVERY = dict(commands(main))


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, arguments, input=stdin, catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("name", EVERY, ids=" ".join)
def test_every_command_has_help_with_an_example_and_a_word_on_each_option(
    name: tuple[str, ...],
) -> None:
    status, out, _ = run(*name, "--help")
    assert status == 0
    assert f"tamis {' '.join(name)}" in out
    for option in EVERY[name].params:
        assert not isinstance(option, click.Option) or option.help, option.name


def test_a_mistake_in_usage_is_status_2() -> None:
    assert run("crawl", "--nonsense")[0] == 2
    status, _, err = run("extract")
    assert (status, "give a PAGE, or --jsonl" in err) == (2, True)
    assert "say --jsonl" in run("urls")[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("publish", "--db", "none.db"), "none.db does not exist: `tamis crawl` makes it"),
        (("enrich", "--db", "none.db"), "none.db does not exist"),
        (("serve", "--news", "none.db"), "no published database at none.db: run `tamis publish`"),
        (("export", "feeds", "--news", "none.db"), "no published database at none.db"),
        (("explain", "https://a.test/", "--db", "none.db"), "none.db does not exist"),
        (("crawl", "--only", "no-such-source"), "no-such-source"),
        (("crawl", "--only", "alter-echos"), "say who is visiting with --contact"),
        (("sources", "list", "--sources", "nowhere"), "nowhere"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_one_clear_sentence_and_status_1(
    arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TAMIS_CONTACT", raising=False)
    status, out, err = run(*arguments)
    assert (status, out) == (1, "")
    assert message in err
    assert err.startswith("Error: ")
    assert "Traceback" not in err


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("This is no database at all, but long enough to be looked at as one. " * 20)
    status, _, err = run("publish", "--db", str(path))
    assert status == 1
    assert "text.db cannot be used as the private database" in err


def test_sources_are_listed_as_a_table_and_as_json() -> None:
    _, out, _ = run("sources", "list", "--country", "BE", "--language", "nl", "--enabled")
    assert "stampmedia" in out
    assert "alter-echos" not in out
    _, out, _ = run("sources", "list", "--country", "BE", "--category", "media", "--json")
    found = json.loads(out)
    assert found
    assert {(record["country"], record["category"]) for record in found} == {("BE", "media")}
    _, out, _ = run("sources", "list", "--country", "BE", "--category", "media", "--feeds")
    assert out.splitlines() == [feed["url"] for record in found for feed in record["feeds"]]


def test_sources_are_checked_and_mistakes_named(tmp_path: Path) -> None:
    status, out, err = run("sources", "check")
    assert (status, out.splitlines()[0], err) == (0, "318 records, no mistake", "")
    (tmp_path / "be.toml").write_text('[quai]\nname = "Le Quai"\nfeed = "x"\n', encoding="utf-8")
    status, _, err = run("sources", "check", "--sources", str(tmp_path))
    assert status == 1
    assert "be.toml: [quai] has unknown field 'feed' (did you mean 'feeds'?)" in err
    assert "be.toml: [quai] lacks the field 'homepage'" in err


def test_extract_prints_one_article_for_a_person(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(article("Le centre rouvre", TEXT))
    status, out, _ = run("extract", str(page), "--url", "https://quai.example.org/a")
    assert status == 0
    assert out.splitlines()[0] == "title:     Le centre rouvre"
    assert out.endswith(f"\n\n{TEXT}\n")


def test_extract_explains_a_page_to_a_person_and_to_a_program(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(article("Le centre rouvre", TEXT))
    asked = ("extract", "--explain", str(page), "--url", "https://quai.example.org/a")
    status, out, err = run(*asked)
    assert (status, err) == (0, "")
    assert out.startswith("url        https://quai.example.org/a\nkind       article (")
    assert out.endswith(f"  kept      {TEXT}\n")
    status, out, _ = run(*asked, "--json")
    report = json.loads(out)
    assert (status, report["title"]["value"]) == (0, "Le centre rouvre")
    assert {"text": TEXT, "what": "kept", "rule": None} in report["lines"]


def test_extract_leaves_out_what_sites_repeat_when_told() -> None:
    foot = "Le Quai vit des dons de ses membres et du soutien de la commune depuis trente ans."
    lines = "".join(
        json.dumps(
            {
                "id": number,
                "url": f"https://quai.example.org/{number}",
                "html": article(f"Numéro {number}", TEXT[number:] * 2, foot).decode(),
            }
        )
        + "\n"
        for number in range(3)
    )
    for options, kept in (((), True), (("--by-site",), False)):
        _, out, _ = run("extract", "--jsonl", "--workers", "1", *options, stdin=lines)
        answers = [json.loads(line) for line in out.splitlines()]
        assert [(answer["id"], foot in answer["text"]) for answer in answers] == [
            (0, kept), (1, kept), (2, kept),
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--by-site",), "--by-site learns from the lines of --jsonl: say that too"),
        (("--explain",), "give a PAGE, or --jsonl and lines on standard input"),
        (("--explain", "--jsonl"), "--explain tells of one PAGE, not of the lines of --jsonl"),
        (("--json", "--jsonl"), "--json goes with --explain; for articles as JSON, say --jsonl"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_options_of_extract_that_do_not_go_together_are_one_clear_sentence(
    options: tuple[str, ...], message: str
) -> None:
    status, out, err = run("extract", *options)
    assert (status, out) == (2, "")
    assert f"Error: {message}\n" in err


def test_filters_read_standard_input() -> None:
    _, out, _ = run("urls", "--jsonl", stdin='{"id": 1, "url": "http://www.a.test/"}\nx\n')
    good, bad = map(json.loads, out.splitlines())
    assert good["key"] == "a.test/"
    assert bad["error"].startswith("line 2: not JSON")
    _, out, _ = run("duplicates", "--jsonl", stdin='{"id": "a", "text": "Un texte."}\n')
    assert json.loads(out)["relation"] == "original"
    asked = json.dumps({"id": "a", "text": TEXT})
    _, out, _ = run("annotate", "--jsonl", "--workers", "1", stdin=asked)
    assert json.loads(out)["language"] == "fr"
    _, out, _ = run("annotate", "--jsonl", "--workers", "1", "--keywords", stdin=asked)
    assert json.loads(out)["keywords"]


def test_a_second_opinion_that_cannot_be_had_is_one_clear_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(embedding, "PACKAGE", "no-such-package")
    monkeypatch.setenv(embedding.SWITCH, "")  # put back afterwards
    status, _, err = run("annotate", "--jsonl", "--embed", stdin="")
    assert (status, "pip install 'tamis[embed]'" in err) == (2, True)
    assert run("enrich", "--embed", "--db", str(tmp_path / "tamis.db"))[0] == 2


def test_the_second_opinion_is_asked_by_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(embedding.SWITCH, "")
    line = json.dumps({"id": 1, "title": "Nachtopvang", "text": "Daklozen krijgen er een bed."})
    plain = json.loads(run("annotate", "--jsonl", "--workers", "1", stdin=line)[1])
    asked = json.loads(run("annotate", "--jsonl", "--workers", "1", "--embed", stdin=line)[1])
    assert (plain["themes_method"], asked["themes_method"]) == ("lexicon", "lexicon, embedding")


def test_the_version_is_printed() -> None:
    assert run("--version")[1].startswith("tamis, version 0.1")


def test_enrich_on_an_empty_database_reads_nothing(tmp_path: Path) -> None:
    path = tmp_path / "tamis.db"
    path.write_bytes(b"")
    assert run("enrich", "--db", str(path), "--workers", "1") == (0, "0 pages read\n", "")


def test_a_second_process_on_the_same_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tamis.db"
    database.private(path).close()
    with database.alone(path):
        ran = warm.run("enrich", "--db", str(path))
        assert (ran.returncode, f"another tamis is at work on {path}" in ran.stderr) == (1, True)
    assert run("enrich", "--db", str(path), "--workers", "1")[0] == 0


def test_the_private_database_is_not_served_nor_exported(tmp_path: Path) -> None:
    path = tmp_path / "tamis.db"
    database.private(path).close()
    for command in (("serve",), ("export", "feeds")):
        status, _, err = run(*command, "--news", str(path))
        assert status == 1
        assert "is not a database that `tamis publish` made" in err


def test_a_published_database_is_no_private_one(tmp_path: Path) -> None:
    path = tmp_path / "news.db"
    with closing(Database(path)) as db:
        published.apply(db)
    status, _, err = run("publish", "--db", str(path), "--news", str(tmp_path / "other.db"))
    assert status == 1
    assert "news.db is no private database of Tamis" in err


def test_a_folder_where_none_can_be_is_said_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    status, _, err = run("enrich", "--db", str(tmp_path / "file" / "tamis.db"))
    assert status == 1
    assert str(tmp_path / "file") in err
