"""Files and folders that are replaced whole, in one step, and only if what they say has changed."""

import filecmp
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from crawler.errors import ConfigError
from crawler.exports.parts import Part

# What says of a folder or a zip what is in it; of that, what is another each day, and no news.
DESCRIPTION = "datapackage.json"
DAILY = "day"


def replace_file(path: Path, chunks: Iterable[bytes]) -> bool:
    """Write `path` beside itself, then put it in its place; False if it said the same already."""
    if path.is_dir():
        raise ConfigError(f"{path} is a folder: name a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    with _draft(path) as draft:
        with draft.open("wb") as file:
            file.writelines(chunks)
        if path.is_file() and (filecmp.cmp(draft, path, shallow=False) or _same(draft, path)):
            return False
        os.replace(draft, path)  # noqa: PTH105  says what it does: replaces
    return True


def replace_folder(path: Path, parts: Iterable[Part]) -> bool:
    """The same for a folder, which is nobody's but ours: it goes with all that is in it.

    Raises ConfigError if it holds something else. Files that are as they were keep their time.
    """
    _only_ours(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _draft(path) as draft:
        draft.mkdir()
        for part in parts:
            with (draft / part.name).open("wb") as file:
                file.writelines(part.chunks)
        names = {each.name for each in draft.iterdir()}
        there = {each.name for each in path.iterdir()} if path.is_dir() else set()
        unlike = {*filecmp.cmpfiles(draft, path, names & there, shallow=False)[1]}
        if names == there and unlike <= {DESCRIPTION} and _same(draft, path):
            return False
        for name in (names & there) - unlike:
            shutil.copystat(path / name, draft / name)
        _swap(draft, path)
    return True


def _swap(new: Path, path: Path) -> None:
    """A folder cannot be renamed onto another: for a moment there is none."""
    old = path.with_name(f".{path.name}.old")
    _remove(old)
    if path.exists():
        path.rename(old)
    try:
        new.rename(path)
    except OSError:
        if old.exists():
            old.rename(path)
        raise
    _remove(old)


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A place beside `path`, since a rename is atomic only within a file system; empty after."""
    draft = path.with_name(f".{path.name}.part")
    try:
        _remove(draft)
        yield draft
    finally:
        _remove(draft)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)


def _only_ours(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise ConfigError(f"{folder} is a file: name a folder, or a file that ends in .zip")
    told = _described(folder) if folder.is_dir() else {}
    resources = told.get("resources", ())
    ours = {DESCRIPTION, *(name for each in resources for name in _listed(each["path"]))}
    others = {each.name for each in folder.iterdir()} - ours if folder.is_dir() else set()
    if others or (told and "tamis" not in told):
        raise ConfigError(
            f"{folder} holds {min(others, default=DESCRIPTION)}, which no export wrote there and "
            "which would be lost: name a folder for this export alone"
        )


def _listed(path: Any) -> list[str]:
    return path if isinstance(path, list) else [path]


def _same(one: Path, other: Path) -> bool:
    """Whether two packages hold the same, by what their descriptions say of each file."""
    told = _described(one)
    return bool(told) and told == _described(other)


def _described(package: Path) -> dict[str, Any]:
    """What a package says of itself; nothing if it is none."""
    try:
        if package.is_dir():
            text = (package / DESCRIPTION).read_bytes()
        else:
            with ZipFile(package) as packed:
                text = packed.read(DESCRIPTION)
        told = json.loads(text)
    except (BadZipFile, KeyError, OSError, ValueError):
        return {}
    if not isinstance(told, dict):
        return {}
    if isinstance(told.get("tamis"), dict):
        told["tamis"].pop(DAILY, None)
    return told
