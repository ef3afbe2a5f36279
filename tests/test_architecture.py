"""What no single module can see: who imports whom, what is locked, what must not be in the tree."""

import ast
import pkgutil
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import datasette
import pytest

import crawler

ROOT = Path(__file__).parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
# Written in pieces, so that this file may be searched too.
FOREIGN = (*(f"/{name}/" for name in ("work", "root", "home")), "pypi\x2e")
# What a plugin may know of us: how to read what is published, and how to write its addresses.
(READERS,) = (
    contract["source_modules"]
    for contract in PROJECT["tool"]["importlinter"]["contracts"]
    if contract["name"] == "What is published knows nothing of the crawl"
)
FOR_PLUGINS = {*READERS, "crawler.urls"}


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )


def tracked() -> list[Path]:
    """Every file that is, or is about to be, under version control."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    assert listed.returncode == 0, listed.stderr
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def test_modules_import_only_those_below_them() -> None:
    linted = run(str(Path(sys.executable).with_name("lint-imports")))
    assert linted.returncode == 0, linted.stdout
    assert " 0 broken" in linted.stdout


def test_every_module_of_the_rim_has_its_place_in_the_layers() -> None:
    """Or it would slip through: import-linter looks at no module that no contract names."""
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    placed = {name for layer in layers for name in layer.split(" | ")}
    modules = {f"crawler.{module.name}" for module in pkgutil.iter_modules(crawler.__path__)}
    assert modules - {"crawler.__main__"} == placed - {"spiders", "enrich"}


@pytest.mark.parametrize("place", ["datasette/__init__.py", "tests/datasette"])
def test_nothing_of_ours_can_be_imported_in_place_of_datasette(place: str) -> None:
    assert not (ROOT / place).exists()


def test_datasette_is_the_real_one_even_from_the_root() -> None:
    found = run(sys.executable, "-c", "import datasette; print(datasette.__file__)")
    assert Path(found.stdout.strip()) == Path(datasette.__file__)
    assert ROOT / "datasette" not in Path(datasette.__file__).parents


@pytest.mark.parametrize(
    "path", sorted((ROOT / "datasette/plugins").glob("*.py")), ids=lambda p: p.stem
)
def test_plugins_import_nothing_of_ours_but_what_reads_the_published(path: Path) -> None:
    imported = {
        name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    assert "datasette" in imported
    ours = {name for name in imported if name.split(".")[0] in {"crawler", "spiders", "enrich"}}
    assert {name for name in ours if not name.startswith("crawler.exports.")} <= FOR_PLUGINS
    others = {name.split(".")[0] for name in imported - ours} - {"datasette"}
    assert others <= sys.stdlib_module_names


def test_the_command_line_starts_without_what_only_some_commands_need() -> None:
    heavy = "{'scrapy', 'twisted', 'trafilatura', 'langdetect', 'numpy', 'pycld2', 'datasette'}"
    code = f"import sys, crawler.cli; print(sorted({heavy} & set(sys.modules)))"
    assert run(sys.executable, "-c", code).stdout == "[]\n"


# --- What is locked -------------------------------------------------------------------------------


def requirements(name: str) -> list[str]:
    """One text a package: its pin, its marker and its hashes."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("name", [f"requirements{each}.txt" for each in ("", "-dev", "-next")])
def test_every_package_is_pinned_and_hashed_and_names_no_place(name: str) -> None:
    lines = requirements(name)
    assert len(lines) > 20
    pin = r"[a-z0-9-]+(\[[a-z0-9-]+\])?==[0-9][\w.!+]*( ; [^-]+?)?( +--hash=sha256:[0-9a-f]{64})+ *"
    assert [line for line in lines if not re.fullmatch(pin, line)] == []
    assert [line for line in lines if "://" in line or "index" in line.split("==")[1]] == []


def test_what_we_need_ourselves_is_locked_for_every_python_that_we_run_on() -> None:
    assert PROJECT["project"]["requires-python"] == ">=3.11"
    for name, wanted in (
        ("requirements.txt", PROJECT["project"]["dependencies"]),
        ("requirements-dev.txt", PROJECT["dependency-groups"]["dev"]),
    ):
        locked = {re.split(r"[\[=]", line)[0]: line for line in requirements(name)}
        named = {re.split(r"[<>= \[]", each)[0].replace("_", "-") for each in wanted}
        assert named <= locked.keys()
        assert [each for each in named if "python" in locked[each].partition("--hash")[0]] == []


# --- What must not be in the tree -----------------------------------------------------------------


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)} has {word!r}" for word in FOREIGN if word in text]
    assert found == []


def test_no_database_is_kept_under_version_control() -> None:
    assert [
        path.name for path in tracked() if re.search(r"\.(db|sqlite3?)(-\w+)?$", path.name)
    ] == []
