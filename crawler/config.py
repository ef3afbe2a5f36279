"""tamis.toml: how the job is done here. Every key has a type, a default and a sentence.

What an option says on the command line holds first, then the environment, then this file, then the
default. Paths in the file, and the defaults of those that it leaves out, are below its folder.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crawler import values
from crawler.errors import ConfigError

NAME = "tamis.toml"
DEFAULT, ENVIRONMENT = "default", "environment"
# How much of a text is shown at most, whatever its licence lets (crawler.showing).
RIGHTS = {
    "licensed": "whole where the licence lets anybody republish it, else an extract",
    "extract": "never more than an extract",
    "title": "title and link only",
}
LANGUAGE = values.shaped("[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", "a BCP 47 code such as 'fr'")
COUNTRY = values.shaped("[A-Z]{2}|int", "an ISO 3166-1 code such as 'BE', or 'int'")
TIME = values.shaped("([01][0-9]|2[0-3]):[0-5][0-9]", "a time of day such as '05:30'")
SHARD = values.shaped("[0-9]{1,4}/[0-9]{1,4}", "I/N as in '2/8'")
DAYS = values.number("a whole number of days; 0 is for ever", whole=True)
TEXTS = values.list_of(values.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """`name` is as in the file, with its table; `about` says what it decides, for a person.

    `parameter` is what the commands that have such an option call it ("crawl:only": what this one
    does), `variable` the environment's name for it. A `path` is below the file's folder.
    """

    name: str
    check: values.Check
    default: Any
    about: str
    parameter: str | None = None
    variable: str | None = None
    path: bool = False

    @property
    def table(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def field(self) -> str:
        return self.name.rpartition(".")[2]


# As the options of `tamis export feeds`.
FEEDS: tuple[tuple[str, values.Check, Any, str], ...] = (
    ("languages", values.list_of(LANGUAGE), [], "The feeds of these languages and their themes."),
    ("themes", TEXTS, [], "Only these themes."),
    ("countries", values.list_of(COUNTRY), [], "The feeds of these countries."),
    ("sources", TEXTS, [], "The feeds of these sources."),
    ("searches", TEXTS, [], "The feeds of these searches, as in their address."),
    ("formats", TEXTS, [], "Only these formats: atom, rss, json."),
    ("archives", values.flag, True, "With the older articles too, month by month."),
)
KEYS = (
    Key(
        name="contact", check=values.text, default=None, parameter="contact",
        variable="TAMIS_CONTACT",
        about="How a webmaster reaches you; sent with every request. No public site is visited"
        " without.",
    ),
    Key(
        name="files.private", check=values.text, default="data/tamis.db", parameter="db",
        variable="TAMIS_DB", path=True, about="The private database.",
    ),
    Key(
        name="files.published", check=values.text, default="datasette/news.db", parameter="news",
        variable="TAMIS_NEWS", path=True, about="The published database.",
    ),
    Key(
        name="files.sources", check=values.text, default=None, parameter="folder", path=True,
        about="A folder of source records to use instead of the packaged ones.",
    ),
    Key(
        name="files.reports", check=values.text, default="data/reports", path=True,
        about="Where each daily job leaves its report (HTML and JSON), and the feed of alarms.",
    ),
    Key(
        name="crawl.only", check=TEXTS, default=[], parameter="crawl:only",
        about="Only these sources, by id; none: all that are enabled.",
    ),
    Key(
        name="crawl.languages", check=values.list_of(LANGUAGE), default=[],
        parameter="crawl:languages",
        about="Only sources that write in one of these languages.",
    ),
    Key(
        name="crawl.countries", check=values.list_of(COUNTRY), default=[],
        parameter="crawl:countries",
        about="Only sources of these countries.",
    ),
    Key(
        name="crawl.categories", check=TEXTS, default=[], parameter="crawl:categories",
        about="Only sources of these categories (`tamis sources list` shows them).",
    ),
    Key(
        name="crawl.shard", check=SHARD, default=None, parameter="crawl:shard",
        about="Only the sources of this machine, one of several: I/N, as in 2/8.",
    ),
    Key(
        name="crawl.delay", check=values.number("seconds, 0 or more"), default=1.0,
        parameter="delay",
        about="Seconds between two requests to a host, at least; robots.txt may ask for more.",
    ),
    Key(
        name="crawl.workers", check=values.number("a whole number, 1 or more", least=1, whole=True),
        default=None, parameter="workers", about="Processes that read pages; one a core.",
    ),
    Key(
        name="crawl.embed", check=values.flag, default=False, parameter="embed",
        variable="TAMIS_EMBED",
        about="Ask sentence embeddings too what a text is about (pip install 'tamis[embed]').",
    ),
    Key(
        name="crawl.reliefweb_appname", check=values.text, default=None,
        parameter="reliefweb_appname", variable="TAMIS_RELIEFWEB_APPNAME",
        about="Approved at apidoc.reliefweb.int; needed for sources of its API.",
    ),
    Key(
        name="crawl.loopback", check=values.flag, default=False, parameter="loopback",
        about="Allow sites on this machine, for a test web.",
    ),
    Key(
        name="publish.base_url", check=values.address, default=None, parameter="base_url",
        variable="TAMIS_BASE_URL",
        about="Where the site will be found: its feeds repeat it, and their ids are made from it.",
    ),
    Key(
        name="publish.rights", check=values.one_of(RIGHTS), default="licensed", parameter="rights",
        about="How much of a text is shown at most: "
        + "; ".join(f"{name} ({about})" for name, about in RIGHTS.items()) + ".",
    ),
    Key(
        name="publish.keep", check=values.number("a whole number", whole=True), default=0,
        parameter="keep", about="How many dated snapshots to keep beside the published database.",
    ),
    Key(
        name="feeds.out", check=values.text, default=None, path=True,
        parameter="export feeds:out",
        about="A folder for feeds as files, for a site without a server; none: no files.",
    ),
    *(
        Key(name=f"feeds.{name}", check=check, default=default, about=about,
            parameter=f"export feeds:{name}")
        for name, check, default, about in FEEDS
    ),
    Key(
        name="exports",
        check=values.list_of(
            values.table({"out": values.text}, {"query": values.text, "format": values.text})
        ),
        default=[],
        about="Files of searches, written anew each day: what comes after the ? in a search's"
        " address, and where to. The format is what `out` ends in, if none is named.",
    ),
    Key(name="retention.raw_pages", check=DAYS, default=0, parameter="prune:raw_pages",
        about="Days to keep pages as they were fetched; 0 is for ever. Without them, nothing can"
        " be read anew by a later version."),
    Key(name="retention.text", check=DAYS, default=0, parameter="prune:text",
        about="Days to keep texts; title, link and tags stay. 0 is for ever."),
    Key(name="retention.metadata", check=DAYS, default=0, parameter="prune:metadata",
        about="Days to keep anything of an article but its line in the ledger. 0 is for ever."),
    Key(name="daily.hours", check=values.number("hours, more than 0", least=0.01), default=6.0,
        about="How long the daily job may take. What is not done by then is left for the next."),
    Key(name="daily.reports", check=values.number("a whole number, 1 or more", least=1, whole=True),
        default=400, about="How many reports are kept."),
    Key(name="schedule.at", check=TIME, default="05:30",
        about="When the daily job begins: the time of day that `tamis schedule` writes."),
)  # fmt: skip
TABLES = dict.fromkeys(key.table for key in KEYS if key.table)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What is in force: a value for each of KEYS, and where it comes from."""

    file: Path | None
    values: Mapping[str, Any]
    origins: Mapping[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def path(self, name: str) -> Path | None:
        value = self.values[name]
        return None if value is None else Path(value)

    def below(self, out: str) -> Path:
        """A path as the file has it, from where we are."""
        return Path(_below(self.file, out))


def load(file: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Config:
    """The configuration of `file`, or of tamis.toml in this folder if there is one.

    Raises ConfigError that names file, line, key, what is wrong and what may stand there.
    """
    path = file or Path(NAME)
    if file is None and not path.is_file():
        return _config(None, "", {}, environ)
    return _config(path, *_read(path), environ)


def _config(
    path: Path | None, text: str, told: Mapping[str, Any], environ: Mapping[str, str]
) -> Config:
    found: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for key in KEYS:
        given = told.get(key.table, {}) if key.table else told
        if key.field in given:
            found[key.name] = given[key.field]
            origins[key.name] = f"{path}:{_line(text, key.table, key.field)}"
        else:
            found[key.name], origins[key.name] = key.default, DEFAULT
        if key.path and found[key.name] is not None:
            found[key.name] = _below(path, found[key.name])
        if key.variable and environ.get(key.variable):
            found[key.name] = _of_environment(key, environ[key.variable])
            origins[key.name] = f"{ENVIRONMENT}: {key.variable}"
    return Config(file=path, values=found, origins=origins)


def options(config: Config) -> Iterator[tuple[str, str, Any]]:
    """Command ("" for every one that has it), parameter and value of what is not as it comes."""
    for key in KEYS:
        moved = key.path and config.file is not None and config[key.name] is not None
        if key.parameter and (moved or config.origins[key.name] != DEFAULT):
            command, _, parameter = key.parameter.rpartition(":")
            yield command, parameter, config[key.name]


def _below(file: Path | None, path: str) -> str:
    folder = file.parent if file else Path()
    return str(folder / Path(path).expanduser())


def _of_environment(key: Key, text: str) -> Any:
    return text.lower() not in {"", "0", "false", "no", "off"} if key.default is False else text


def _read(path: Path) -> tuple[str, dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
        told = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}: `tamis init` writes one, --config names another"
        ) from error
    except ValueError as error:  # neither TOML nor UTF-8
        raise ConfigError(f"{path} cannot be read: {error}") from error
    if problem := next(_problems(told, text), None):
        line, what = problem
        raise ConfigError(f"{path}, line {line}: {what}; `tamis config` lists all keys")
    return text, told


def _problems(told: Mapping[str, Any], text: str) -> Iterator[tuple[int, str]]:
    """What is wrong, each with its line, in the order of the file."""
    found: list[tuple[int, str]] = []
    fields: dict[str, Key | None]
    for name, value in told.items():
        if name in TABLES and isinstance(value, dict):
            fields = {key.field: key for key in KEYS if key.table == name}
            for field, each in value.items():
                found += [
                    (_line(text, name, field), what)
                    for what in _wrong(f"[{name}] ", field, each, fields)
                ]
        elif name in TABLES:
            found.append((_line(text, "", name), f"{name} is {value!r}, but must be a table"))
        else:
            fields = {**{key.field: key for key in KEYS if not key.table}, **dict.fromkeys(TABLES)}
            found += [(_line(text, "", name), what) for what in _wrong("", name, value, fields)]
    yield from sorted(found)


def _wrong(table: str, field: str, value: Any, fields: Mapping[str, Key | None]) -> Iterator[str]:
    key = fields.get(field)
    if key is None:
        yield f"{table}{field!r} is no key of this file{values.hint(field, fields)}"
        return
    unset = value == [] and key.default == []  # as it comes
    for where, what in () if unset else key.check(value):
        yield f"{table}{field}{where} {what}"


def _line(text: str, table: str, field: str) -> int:
    """The line of a key, from 1: tomllib does not tell. That of a table's header for a table."""
    here = ""
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        if plain.startswith("["):
            here = plain.strip("[] ").partition("#")[0].strip("[] ")
            if not table and here.partition(".")[0] == field:
                return number
        name = plain.partition("=")[0].strip().strip("\"'")
        if (here == table and name == field) or name == f"{table}.{field}":
            return number
    return 1


# --- The file ------------------------------------------------------------------------------------

HEAD = """\
# Tamis: how the daily job (`tamis daily`) and every other command are done here.
# A key behind a # shows its default (or an example, if it has none): take the # away to change it.
# Paths are below this file's folder. `tamis config` shows what is in force, and from where.
"""
EXAMPLE = """\
# [[exports]]
# query = "language=fr&theme=housing"
# out = "data/exports/logement.csv"
"""


def written(contact: str | None = None) -> str:
    """The text of a new file, every key with its sentence; only `contact` is set."""
    parts, table = [HEAD], ""
    for key in KEYS:
        if key.name == "exports":
            continue
        if key.table != table:
            table = key.table
            parts.append(f"\n[{table}]")
        parts += ["", *_wrapped(key.about)]
        if key.name == "contact" and contact:
            parts.append(f"contact = {_toml(contact)}")
        else:
            shown = SAMPLES.get(key.name, "") if key.default in (None, []) else key.default
            parts.append(f"# {key.field} = {_toml(shown)}")
    exports = next(key for key in KEYS if key.name == "exports")
    return "\n".join([*parts, "", "", *_wrapped(exports.about), EXAMPLE])


# What to show where there is no default.
SAMPLES: dict[str, Any] = {
    "contact": "you@example.org", "files.sources": "my-sources", "crawl.only": ["alter-echos"],
    "crawl.languages": ["fr", "nl"], "crawl.countries": ["BE", "FR"],
    "crawl.categories": ["social"], "crawl.shard": "1/8", "crawl.workers": 2,
    "crawl.reliefweb_appname": "your-appname",
    "publish.base_url": "https://news.example.org/", "feeds.out": "data/feeds",
    "feeds.languages": ["fr"], "feeds.themes": ["housing"], "feeds.countries": ["BE"],
    "feeds.sources": ["alter-echos"], "feeds.searches": ["q=loyer&country=BE"],
    "feeds.formats": ["atom"],
}  # fmt: skip
WIDTH = 98


def _wrapped(about: str) -> list[str]:
    lines = ["#"]
    for word in about.split():
        if len(lines[-1]) + 1 + len(word) > WIDTH:
            lines.append("#")
        lines[-1] += f" {word}"
    return lines


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
