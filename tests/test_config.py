"""tamis.toml: what it may say, what is said of a mistake in it, and who is heard first."""

import json
import re
import tomllib
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from crawler import config
from crawler.cli import COMMANDS, main
from crawler.errors import ConfigError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "tamis.toml"
    path.write_text(text, encoding="utf-8")
    return path


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, arguments)
    return result.exit_code, result.stdout, result.stderr


def test_without_a_file_every_key_has_its_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = config.load(environ={})
    assert found.file is None
    assert {found.origins[key.name] for key in config.KEYS} == {config.DEFAULT}
    assert (found["files.private"], found["daily.hours"]) == ("data/tamis.db", 6.0)


def test_a_new_file_is_right_as_it_is_and_with_every_key_uncommented(tmp_path: Path) -> None:
    text = config.written("nobody@example.org")
    assert config.load(written(tmp_path, text), environ={})["contact"] == "nobody@example.org"
    every = re.sub(r"^# (?=\[|[a-z_]+ = )", "", text, flags=re.MULTILINE)
    told = tomllib.loads(every)
    names = {f"{table}.{name}" for table in config.TABLES for name in told[table]}
    assert names | {"contact", "exports"} == {key.name for key in config.KEYS}
    found = config.load(written(tmp_path, every), environ={})
    for key in config.KEYS:
        if key.default not in (None, []) and not key.path:
            assert found[key.name] == key.default, key.name


def test_every_key_is_told_in_the_new_file() -> None:
    text = re.sub(r"\n# ", " ", config.written())
    for key in config.KEYS:
        assert key.about in text, key.name


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("contatc = 'a'", 1, "'contatc' is no key of this file (did you mean 'contact'?)"),
        ("\n[crawl]\ndelya = 1", 3, "[crawl] 'delya' is no key of this file (did you mean"),
        ("[crawl]\ndelay = 'fast'", 2, "[crawl] delay is 'fast', but must be seconds, 0 or more"),
        ("[crawl]\ndelay = -1", 2, "but must be seconds"),
        ("[crawl]\nworkers = 1.5", 2, "but must be a whole number, 1 or more"),
        ("[crawl]\nworkers = true", 2, "but must be a whole number"),
        ("[crawl]\nlanguages = 'fr'", 2, "but must be a list of at least one"),
        ("[crawl]\nlanguages = ['fr', 'French']", 2, "languages[2] is 'French', but must be"),
        ("[publish]\nrights = 'all'", 2, "must be one of licensed, extract, title"),
        ("[publish]\nbase_url = 'news'", 2, "must be an http or https address"),
        ("[retention]\ntext = -5", 2, "a whole number of days"),
        ("crawl = 3", 1, "crawl is 3, but must be a table"),
        ("[[exports]]\nquery = 'q=a'", 1, "exports[1] lacks the field 'out'"),
        ("[[exports]]\nout = 'x.csv'\nto = 'y'", 1, "exports[1] has unknown field 'to'"),
        ("[schedule]\nat = '25:00'", 2, "a time of day such as '05:30'"),
        ("[crawl]\ndelay = 1\n[daily]\nhours = 0", 4, "[daily] hours is 0"),
        ("[crawl] # mine\n\n  'delay' = []\n", 3, "[crawl] delay is []"),
    ],
)
def test_a_mistake_is_told_with_file_line_and_what_may_stand_there(
    tmp_path: Path, text: str, line: int, what: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        config.load(path, environ={})
    assert str(raised.value).startswith(f"{path}, line {line}: ")
    assert what in str(raised.value)


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "contact = 'a'\n[crawl\n")
    status, _, err = run("--config", str(path), "config")
    assert (status, err.count("\n")) == (1, 1)
    assert f"{path} cannot be read" in err
    assert "line 2" in err


def test_a_file_that_is_named_must_be_there(tmp_path: Path) -> None:
    status, _, err = run("--config", str(tmp_path / "none.toml"), "config")
    assert (status, "`tamis init` writes one" in err) == (1, True)


def test_an_option_is_heard_before_the_environment_the_file_and_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, "[files]\nprivate = 'of-the-file.db'\n")
    monkeypatch.delenv("TAMIS_DB", raising=False)
    told = {
        "file": run("--config", str(path), "enrich")[2],
        "option": run("--config", str(path), "enrich", "--db", "of-an-option.db")[2],
    }
    monkeypatch.setenv("TAMIS_DB", "of-the-environment.db")
    told["environment"] = run("--config", str(path), "enrich")[2]
    assert told["file"].startswith(f"Error: {tmp_path}/of-the-file.db does not exist")
    assert told["option"].startswith("Error: of-an-option.db does not exist")
    assert told["environment"].startswith("Error: of-the-environment.db does not exist")


def test_config_shows_what_is_in_force_and_from_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, "contact = 'a@example.org'\n\n[crawl]\ndelay = 2\n")
    monkeypatch.setenv("TAMIS_NEWS", "elsewhere.db")
    told = json.loads(run("--config", str(path), "config", "--json")[1])
    assert told["crawl.delay"] == {"value": 2, "from": f"{path}:4"}
    assert told["files.published"] == {
        "value": "elsewhere.db", "from": "environment: TAMIS_NEWS"
    }  # fmt: skip
    assert told["daily.hours"] == {"value": 6.0, "from": "default"}
    assert told["files.private"]["value"] == str(tmp_path / "data/tamis.db")
    table = run("--config", str(path), "config")[1]
    assert re.search(r"crawl\.delay +2 ", table)


def test_every_option_that_a_key_sets_is_one_of_a_command() -> None:
    def options(command: click.Command, path: str) -> set[tuple[str, str]]:
        found = {(path, str(each.name)) for each in command.params}
        if isinstance(command, click.Group):
            for name, child in command.commands.items():
                found |= options(child, f"{path} {name}".strip())
        return found

    known = options(main, "")
    for key in config.KEYS:
        command, _, parameter = (key.parameter or "").rpartition(":")
        assert not parameter or any(
            parameter == name and command in {"", path} for path, name in known
        ), key.name
    assert len(COMMANDS) == len(main.commands)


def test_init_writes_a_file_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status, out, _ = run("init", "--contact", "a@example.org")
    assert (status, "tamis.toml is written" in out) == (0, True)
    (tmp_path / "tamis.toml").write_text("# mine\n", encoding="utf-8")
    status, _, err = run("init")
    assert (status, "is there already" in err) == (1, True)
    assert (tmp_path / "tamis.toml").read_text(encoding="utf-8") == "# mine\n"
