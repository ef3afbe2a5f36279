"""README.md and CHANGELOG.md say what is true: what they show is run, what they name exists."""

import asyncio
import json
import re
import shlex
import shutil
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
import readme
from click.testing import CliRunner

import crawler
from crawler import config, registry, settings
from crawler.cli import main as tamis
from crawler.exports.articles import FORMATS as SEARCHES
from crawler.exports.feeds import SIZE
from crawler.exports.formats import FORMATS
from crawler.items import Address, Answer, Harvest, Link, Source
from crawler.query import FACETS, Query
from crawler.registry import LICENCES
from crawler.search import CAP
from crawler.serving import PORT, site
from crawler.showing import EXTRACT_CHARACTERS, OPEN_LICENCES
from enrich import organisations, terms, vocabulary
from enrich.judging import judge, weighed
from enrich.terms import terms_in
from enrich.themes import themes_of

ROOT = readme.ROOT
TEXT = readme.README.read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
FENCES = [(match[1], match[2]) for match in FENCE.finditer(TEXT)]
SPANS = SPAN.findall(FENCE.sub("", TEXT))
# What is there only once something was published or exported, or `tamis init` was run.
MADE_LATER = {"articles.txt", "datasette/news.db", "tamis.toml"}


def fenced(kind: str, first_line: str = "") -> str:
    """The one fence of a kind that begins with that line; without the line, for TOML."""
    (found,) = (body for name, body in FENCES if name == kind and body.startswith(first_line))
    return found


def first_column(head: str) -> list[str]:
    """What stands in the first column under the head of a table."""
    rows = TEXT.partition(f"{head}\n")[2].partition("\n\n")[0].splitlines()[1:]
    return [row.split(" | ")[0].removeprefix("| ") for row in rows]


def command_lines() -> list[str]:
    """Every command of ours that README tells to type, from code spans, shells and sessions."""
    typed = [*SPANS]
    for kind, body in FENCES:
        if kind in {"sh", "console"}:
            typed += [line.removeprefix("$ ").removeprefix("> ") for line in body.splitlines()]
    parts = (part.strip() for line in typed for part in re.split(r"&&|[|;]\s", line))
    return sorted({part for part in parts if re.match(r"(\.venv/bin/)?tamis [a-z]", part)})


def resolved(line: str) -> tuple[click.Command, list[str]]:
    """The command that a line names and its remaining words; fails if there is no such command."""
    command: click.Command = tamis
    words = shlex.split(line, comments=True)[1:]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        assert words[0] in command.commands, f"{line}: no such command"
        command = command.commands[words.pop(0)]
    return command, words


# --- What it shows --------------------------------------------------------------------------------


@pytest.fixture(scope="session", name="folder")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="session", name="printed")
def _printed(folder: Path) -> dict[str, str]:
    """What every command and table of README says now; `folder` then holds the demo's databases."""
    return readme.shown(readme.filled(TEXT, folder))


@pytest.mark.slow
def test_what_is_pasted_is_what_is_printed(printed: dict[str, str]) -> None:
    pasted = readme.shown(TEXT)
    assert {name: readme.masked(body) for name, body in printed.items()} == {
        name: readme.masked(body) for name, body in pasted.items()
    }, "README.md is out of date: run `make readme`"


@pytest.mark.slow
@pytest.mark.usefixtures("printed")
def test_every_address_on_the_site_answers(folder: Path) -> None:
    addresses = {part for span in SPANS for part in span.split() if part.startswith("http://127")}
    assert len(addresses) > 5

    async def statuses() -> dict[str, int]:
        datasette = site(folder / "data/demo/news.db")
        await datasette.invoke_startup()
        return {
            address: (await datasette.client.get(address.removeprefix(base(address)))).status_code
            for address in addresses
        }

    assert {urlsplit(address).port for address in addresses} == {PORT}
    assert asyncio.run(statuses()) == dict.fromkeys(addresses, 200)


def base(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def test_only_what_changes_by_itself_is_masked() -> None:
    told = "131 articles in 8 s at http://a.localhost:39189/, built 2026-11-21T23:30:23Z"
    assert readme.masked(told) == "131 articles in N s at http://a.localhost:PORT/, built TIME"


def test_output_that_differs_in_more_than_what_is_masked_is_pasted_anew(tmp_path: Path) -> None:
    old = "```console\n$ echo done in 9 s\ndone in 1 s\n```\n"
    assert readme.filled(old, tmp_path) == old
    stale = old.replace("done in 1 s", "done in a minute")
    assert readme.filled(stale, tmp_path) == old.replace("in 1 s", "in 9 s")


def test_a_command_of_several_lines_is_one_session(tmp_path: Path) -> None:
    text = "```console\n$ echo 'one\n>   two'\n```\n"
    assert readme.filled(text, tmp_path) == "```console\n$ echo 'one\n>   two'\none\n  two\n```\n"


def test_a_command_that_fails_is_not_pasted(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="false"):
        readme.filled("```console\n$ false\n```\n", tmp_path)


# --- What it names --------------------------------------------------------------------------------


@pytest.mark.parametrize("line", command_lines())
def test_every_command_exists_with_its_options(line: str) -> None:
    command, words = resolved(line)
    assert not isinstance(command, click.Group), f"{line}: which command of the group?"
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
    known |= set(command.get_help_option_names(click.Context(command)))
    assert {word.split("=")[0] for word in words if word.startswith("-")} <= known


def test_every_command_is_listed() -> None:
    listed = set(re.findall(r"^\| `(tamis [a-z ]+)` \|", TEXT, re.MULTILINE))
    assert listed == {name for name, _ in readme.commands()}


def test_every_file_exists() -> None:
    named = re.findall(
        r"(?<![\w/.-])(?:crawler|spiders|enrich|datasette|tests|\.ci)/[\w./-]*", TEXT
    )
    named += re.findall(r"`([\w-]+\.(?:md|toml|cfg|txt))`", TEXT)
    new = set(re.findall(r"new file\s+`([^`]+)`", TEXT))
    assert new
    assert {name for name in new if (ROOT / name).exists()} == set(), "no longer new"
    wanted = {name.rstrip(".") for name in named} - new - MADE_LATER
    assert {name for name in wanted if not (ROOT / name).exists()} == set()


def test_every_format_of_a_search_is_explained() -> None:
    told = first_column("| format | for | what to know |")
    assert told == [f"`{name}`" for name in SEARCHES]


def test_every_make_target_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    lines = [*SPANS, *(line for _, body in FENCES for line in body.splitlines())]
    typed = [line.partition("#")[0].split() for line in lines if line.startswith("make ")]
    named = {word for words in typed for word in words[1:] if re.fullmatch("[a-z-]+", word)}
    assert {"demo", "test", "check"} <= named <= targets
    variables = {word.partition("=")[0] for words in typed for word in words if "=" in word}
    assert {name for name in variables if f"$({name})" not in makefile} == set()


def test_every_environment_variable_is_known_to_the_code() -> None:
    known = {*readme.environment(), *(name for name in vars(settings) if name[:6] == "TAMIS_")}
    browser = (ROOT / "tests/browsing.py").read_text(encoding="utf-8")
    known |= set(re.findall(r'environ\.get\("(\w+)"\)', browser))
    assert set(re.findall(r"\bTAMIS_\w+", TEXT)) <= known


def test_every_environment_variable_of_the_code_is_named() -> None:
    assert set(readme.environment()) <= set(re.findall(r"\bTAMIS_\w+", TEXT))


def test_every_link_within_the_file_leads_somewhere() -> None:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", TEXT), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    links = set(re.findall(r"\]\(#([^)]+)\)", TEXT))
    assert links
    assert links <= anchors


def test_every_source_it_names_is_one_that_is_crawled() -> None:
    enabled = {source.id for source in registry.select(registry.load(), enabled=True)}
    named = set(re.findall(r"(?:--only |\bonly=)([a-z-]+)", TEXT))
    new = set(tomllib.loads(fenced("toml", "# spiders/sources/")))
    assert named > new
    assert named - new <= enabled


# --- What it claims -------------------------------------------------------------------------------


def test_the_figures_are_those_of_the_code() -> None:
    for claim in (
        f"an extract of at most {EXTRACT_CHARACTERS} characters",
        f"has the {SIZE} newest articles",
        f"Counts stop at {CAP:,}",
    ):
        assert claim in " ".join(TEXT.split())  # wherever a line ends


def test_the_licences_that_open_the_full_text_are_those_of_the_code() -> None:
    (named,) = re.findall(r"lets anybody republish it\s+\(([^)]+)\)", TEXT)
    assert set(named.split(", ")) == OPEN_LICENCES
    assert set(LICENCES) > OPEN_LICENCES


def test_the_parameters_of_a_search_are_those_of_the_code() -> None:
    words: dict[str, Any] = dict.fromkeys(("words", *FACETS, "after", "before"), "a")
    every = Query(**words, reprints=True, stories=True, order="best")
    (paragraph,) = re.findall(r"^Six facets.*?\n\n", TEXT, re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"[?&](\w+)=", paragraph)) | set(SPAN.findall(paragraph))
    assert set(every.parameters()) <= {name.partition("=")[0] for name in named}


def test_the_columns_of_provenance_are_columns() -> None:
    (section,) = re.findall(r"^### Where values come from\n(.*?)^#", TEXT, re.MULTILINE | re.DOTALL)
    tables = readme.metadata()["tables"]
    known = {*tables, *(column for each in tables.values() for column in each.get("columns", ()))}
    named = [name for name in SPAN.findall(section) if "/" not in name]
    assert len(named) > 8
    assert set(named) <= known


@pytest.mark.parametrize("name", ["extract", "annotate", "urls", "duplicates"])
def test_the_filters_take_and_give_what_the_table_says(name: str) -> None:
    values = {
        "id": "1",
        "url": "https://quai.example.org/a",
        "html": "<p>Le centre rouvre.</p>",
        "path": "unread",  # html is taken first
        "text": "Le centre d'hébergement rouvre ses portes.",
        "title": "Le centre rouvre",
        "html_language": "fr",
        "published": "2026-11-21",
        "country": "BE",
        "origin_url": "https://pont.example.org/b",
    }
    (row,) = (line for line in TEXT.splitlines() if line.startswith(f"| `tamis {name} --jsonl`"))
    _, _, taken, given, _ = row.split("|")
    line = json.dumps({field: values[field] for field in SPAN.findall(taken)})
    ran = CliRunner().invoke(tamis, [*options_of(name), "--jsonl"], input=line)
    answer = json.loads(ran.stdout)
    assert set(SPAN.findall(given)) <= answer.keys()
    assert ("more" in given) == (set(SPAN.findall(given)) != answer.keys())


def options_of(name: str) -> list[str]:
    """The filter, in this process where it would use others."""
    return [name, "--workers", "1"] if name in {"extract", "annotate"} else [name]


# --- What it shows how to add ---------------------------------------------------------------------


def test_the_configuration_is_right(tmp_path: Path) -> None:
    path = tmp_path / "tamis.toml"
    path.write_text(fenced("toml", "# tamis.toml"), encoding="utf-8")
    found = config.load(path, environ={})
    assert found["exports"][0]["out"] == "public/logement.csv"


def test_the_source_record_is_right(tmp_path: Path) -> None:
    record = fenced("toml", "# spiders/sources/be.toml")
    place = tmp_path / "sources"
    place.mkdir()
    (place / "example.toml").write_text(record, encoding="utf-8")
    assert registry.check(place) == []
    for path in registry.folder().glob("*.toml"):
        (place / path.name).write_bytes(path.read_bytes())
    assert registry.check(place) == [], "the example is in the way of a real source"


def test_the_source_record_has_no_field_that_could_be_left_out(tmp_path: Path) -> None:
    lines = fenced("toml", "# spiders/sources/be.toml").splitlines()
    for number, line in enumerate(lines[2:], 2):
        without = [*lines[:number], *lines[number + 1 :]]
        (tmp_path / "example.toml").write_text("\n".join(without), encoding="utf-8")
        assert registry.check(tmp_path), f"{line!r} is not needed"


def test_the_organisation_has_a_right_record(tmp_path: Path) -> None:
    text = fenced("toml", "# enrich/gazetteer/")
    (tmp_path / "be.toml").write_text(text, encoding="utf-8")
    (record,) = organisations._records(tmp_path / "be.toml")
    assert record.names.keys() == {"fr", "nl"}


@pytest.fixture(name="theme")
def _theme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[vocabulary.ThemeRecord]:
    """README's theme, in a lexicon with all others."""
    text = fenced("toml", "# enrich/lexicon/")
    name = text.split("\n", 1)[0].rpartition("/")[2]
    shutil.copytree(vocabulary.LEXICON, tmp_path, dirs_exist_ok=True)
    (tmp_path / name).write_text(text, encoding="utf-8")
    cached = (vocabulary.lexicon, terms._automaton)
    monkeypatch.setattr(vocabulary, "LEXICON", tmp_path)
    for function in cached:
        function.cache_clear()
    yield vocabulary.lexicon()[name.removesuffix(".toml")]
    for function in cached:
        function.cache_clear()


def test_the_theme_passes_the_checks_of_the_lexicon(theme: vocabulary.ThemeRecord) -> None:
    assert set(theme.labels) == set(theme.terms) == set(theme.examples) == set(vocabulary.LANGUAGES)
    assert all(any(term[0] == "+" for term in terms) for terms in theme.terms.values())
    assert (len(theme.examples["fr"].yes), len(theme.examples["fr"].no)) >= (2, 2)
    assert theme.examples["nl"].no
    assert theme.examples["en"].no
    for language, examples in theme.examples.items():
        for sentence in examples.yes:
            judged = judge(weighed(terms_in("", sentence, language), "", sentence), language)
            first = sorted(judged.themes, key=judged.themes.__getitem__)[-3:]
            assert theme.slug in first, sentence
        for sentence in examples.no:
            tagged = {each.theme for each in themes_of("", sentence, language).themes}
            assert theme.slug not in tagged, sentence


def patched() -> dict[str, str]:
    """The files that README's diffs change, with these changes made; fails if one does not fit."""
    files: dict[str, str] = {}
    for kind, body in FENCES:
        if kind == "diff":
            name, *lines = body.splitlines(keepends=True)
            path = name.removeprefix("--- ").strip()
            text = files.get(path) or (ROOT / path).read_text(encoding="utf-8")
            before = "".join(line[1:] for line in lines if line[0] != "+")
            after = "".join(line[1:] for line in lines if line[0] != "-")
            assert text.count(before) == 1, f"{path} has not exactly one {before!r}"
            files[path] = text.replace(before, after)
    return files


@pytest.fixture(name="ran")
def _ran(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ModuleType]:
    """Makes a module from its text."""

    def run(text: str) -> ModuleType:
        module = ModuleType("shown_in_readme")
        monkeypatch.setitem(sys.modules, module.__name__, module)  # dataclasses look there
        exec(compile(text, "README.md", "exec"), vars(module))  # noqa: S102 (our own README)
        return module

    return run


def test_the_changes_fit_their_files() -> None:
    assert set(patched()) == {
        "crawler/exports/formats.py",
        "enrich/detectors.py",
        "spiders/channels/__init__.py",
    }
    for path, text in patched().items():
        compile(text, path, "exec")


def test_the_detector_votes(ran: Callable[[str], ModuleType]) -> None:
    module = ran(patched()["enrich/detectors.py"])
    answer = module.DETECTORS["letters"].rank("დღეს თბილისში ახალი თავშესაფარი გაიხსნა.")
    assert answer == [("ka", 1.0)]


def test_the_channel_reads_what_it_says(ran: Callable[[str], ModuleType], source: Source) -> None:
    channel = ran(fenced("python", '"""Sitemaps in plain text'))
    plain, other = (
        Address(url=f"http://quai.example.org/s.{ending}", grade="listed")
        for ending in ("txt", "xml")
    )
    assert list(channel.addresses(replace(source, sitemaps=(plain, other)))) == [plain]
    assert channel.ask(plain.url, None, {}) == plain.url
    found = channel.read(Answer(url=plain.url, body=b"http://quai.example.org/a\n"))
    assert found == Harvest(links=(Link(url="http://quai.example.org/a"),))


def test_the_format_is_one_to_export(ran: Callable[[str], ModuleType]) -> None:
    module = ran(patched()["crawler/exports/formats.py"])
    assert set(module.FORMATS) == {*FORMATS, "txt"}


# --- Help -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "command"), list(readme.commands()), ids=str)
def test_every_command_has_help_with_an_example_of_itself(
    name: str, command: click.Command
) -> None:
    shown = CliRunner().invoke(tamis, [*name.split()[1:], "--help"])
    assert shown.exit_code == 0
    (example,) = re.findall(r"Examples?: +(tamis .+)", shown.output)
    assert resolved(re.split(r" [<&|]", example)[0])[0] is command


@pytest.mark.parametrize(("name", "command"), list(readme.commands()), ids=str)
def test_every_option_has_help(name: str, command: click.Command) -> None:
    silent = [option.name for option in readme.options(command) if not option.help]
    assert silent == [], name


def test_the_changelog_names_the_version() -> None:
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.findall(r"^## (\S+)", changes, re.MULTILINE)[0]
    assert newest == crawler.__version__
