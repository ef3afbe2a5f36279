"""Feeds as files, for a site without a server of its own."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl

from crawler.exports.addresses import Address, NoSuchFeed, parse
from crawler.exports.feeds import STYLESHEET, every, read, settled, written
from crawler.exports.formats import FORMATS
from crawler.exports.items import Feed
from crawler.progress import Progress
from crawler.published import connect


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which feeds; if none is named, every one that has articles.

    A language brings its themes unless themes are named; a theme without a language is that of
    each. `searches` are as in the address of a list: q=loyer&language=fr.
    """

    languages: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    reprints: bool = False
    stories: bool = False
    archives: bool = True


@dataclass(frozen=True, slots=True)
class Exported:
    """The files of the feeds that were asked for, and those there whose feed is no more."""

    written: tuple[Path, ...]
    gone: tuple[Path, ...]


def export_feeds(
    db: Path, out: Path, selection: Selection = Selection(), *, progress: Progress | None = None
) -> Exported:
    """Write feeds below `out`, each file in one step, and only if it is not what it was.

    Raises NoSuchFeed, before anything is written, on a language or the like that is not known.
    """
    with closing(connect(db)) as conn:
        addresses = _selected(conn, selection)
        if progress:
            progress.expect("feeds", len(addresses))
        paths = [_write(out / STYLESHEET.name, STYLESHEET.read_bytes())]
        for address in addresses:
            for told in _pages(conn, address, archives=selection.archives):
                for format_ in selection.formats or FORMATS:
                    each = replace(told, address=replace(told.address, format=format_))
                    paths.append(_write(out / each.address.file, written(each)))
            if progress:
                progress.advance("feeds")
        return Exported(tuple(paths), tuple(_gone(conn, out, {*paths})))


def _pages(conn: sqlite3.Connection, address: Address, *, archives: bool) -> Iterator[Feed]:
    """A feed and then its archive, from the newest page on."""
    told = read(conn, address)
    yield told
    while archives and told.older:
        told = read(conn, replace(address, period=told.older))
        yield told


def _selected(conn: sqlite3.Connection, selection: Selection) -> list[Address]:
    flags = {"reprints": selection.reprints, "stories": selection.stories}
    options = {name: "1" for name, asked in flags.items() if asked}
    names = [
        *_of_languages(conn, selection),
        *(f"country/{code}" for code in selection.countries),
        *(f"source/{id_}" for id_ in selection.sources),
    ]
    if not (names or selection.themes or selection.searches):
        names = [address.name for address in every(conn)]
    chosen = [parse(f"{name}.atom", options) for name in names]
    chosen += [
        parse("search.atom", {**dict(parse_qsl(search.removeprefix("?"))), **options})
        for search in selection.searches
    ]
    return [settled(conn, address) for address in chosen]


def _of_languages(conn: sqlite3.Connection, selection: Selection) -> list[str]:
    if selection.languages and selection.themes:
        return [f"{code}/{theme}" for code in selection.languages for theme in selection.themes]
    for theme in selection.themes:
        settled(conn, parse("search.atom", {"theme": theme}))  # known, if in no language
    asked = {*selection.languages, *selection.themes}
    held = [address for address in every(conn) if address.query.theme] if asked else []
    return [
        *selection.languages,
        *(each.name for each in held if {each.query.language, each.query.theme} & asked),
    ]


def _write(path: Path, body: bytes) -> Path:
    if not path.is_file() or path.read_bytes() != body:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Beside the target, since a rename is atomic only within a file system.
        draft = path.with_name(f".{path.name}.part")
        draft.write_bytes(body)
        os.replace(draft, path)  # noqa: PTH105  says what it does: replaces
    return path


def _gone(conn: sqlite3.Connection, out: Path, known: set[Path]) -> Iterator[Path]:
    """Files of feeds that are not among those that are `known` to be, and are nowhere else."""
    for path in sorted(out.rglob("*.*")):
        name = path.relative_to(out)
        if (
            path in known
            or path.suffix.removeprefix(".") not in FORMATS
            or name.parts[0] == "search"
        ):
            continue
        try:
            address = parse(name.as_posix(), {})
            if settled(conn, address) != address:
                yield path
        except NoSuchFeed:
            yield path
