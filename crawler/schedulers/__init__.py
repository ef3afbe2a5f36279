"""Files by which a machine runs the daily job: of systemd, cron, GitHub Actions, a container.

Each is a template beside this module, filled with the paths of this installation: `@NAME@` stands
for a value of `_values`.
"""

import re
import shlex
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from crawler.config import Config
from crawler.errors import ConfigError

# Template by the name that its file gets.
SCHEDULERS = {
    "systemd": {"tamis.service": "tamis.service", "tamis.timer": "tamis.timer"},
    "cron": {"tamis.crontab": "tamis.crontab"},
    "github": {".github/workflows/tamis.yml": "tamis.yml"},
    "container": {"Containerfile": "Containerfile", ".dockerignore": "dockerignore"},
}
# Days that GitHub keeps a database: long enough for a workflow that nobody looked at in the
# holidays, at thirty copies.
KEPT = 30
# Of the six hours of a job there; the rest is for what it does before and after.
GITHUB_HOURS = 5.0
HOUR = 3600
SNAPSHOTS = "snapshots"  # beside the published database: crawler.publish
PLACEHOLDER = re.compile(r"@([A-Z_]+)@")


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The job to be run, all paths absolute.

    `writes` are the folders it writes to, `keeps` what it goes on from the next day or is run for.
    """

    command: tuple[str, ...]
    config: Path
    user: str
    writes: tuple[Path, ...]
    keeps: tuple[Path, ...]
    at: str
    hours: float


def installation(config: Config) -> Installation:
    """Of where we are. Raises ConfigError if there is no tamis.toml to run it by."""
    if config.file is None:
        raise ConfigError("no tamis.toml in this folder: `tamis init` writes one")
    file = config.file.resolve()
    if not file.parent.as_posix().isprintable():
        raise ConfigError(f"{file.parent} has a line break in its name: move it elsewhere")
    return Installation(
        command=(*_program(), "--config", str(file), "daily", "--quiet"),
        config=file,
        user=file.owner(),
        writes=tuple(writes(config)),
        keeps=tuple(_keeps(config)),
        at=config["schedule.at"],
        hours=config["daily.hours"],
    )


def written(scheduler: str, job: Installation) -> dict[str, str]:
    """The text of each file of one of SCHEDULERS, by name."""
    values = _values(job)
    return {
        name: PLACEHOLDER.sub(lambda found: values[found[1]], _template(template))
        for name, template in SCHEDULERS[scheduler].items()
    }


def save(texts: dict[str, str], folder: Path) -> list[Path]:
    """Write them below a folder. ConfigError if one is there that says something else."""
    places = {folder / name: text for name, text in texts.items()}
    for path, text in places.items():
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise ConfigError(f"{path} says something else: move it away, or write to elsewhere")
    for path, text in places.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(places)


def writes(config: Config) -> list[Path]:
    """The folders that the job writes to, there already or not; those below others left out."""
    named = [config.path(name) for name in ("files.private", "files.published")]
    named += [config.below(each["out"]) for each in config["exports"]]
    folders = {path.resolve().parent for path in named if path}
    whole = [config.path(name) for name in ("files.reports", "feeds.out")]
    folders |= {path.resolve() for path in whole if path}
    return sorted(each for each in folders if not folders & set(each.parents))


def _keeps(config: Config) -> list[Path]:
    """Not whole folders: beside the published database stands the site, which is to be today's."""
    db, news = Path(config["files.private"]), Path(config["files.published"])
    found = [db, db.with_name(f"{db.name}-wal"), news, news.parent / SNAPSHOTS]
    found += [path for name in ("files.reports", "feeds.out") if (path := config.path(name))]
    found += [config.below(each["out"]) for each in config["exports"]]
    return [path.resolve() for path in found]


def _template(name: str) -> str:
    return (files(__name__) / "templates" / name).read_text(encoding="utf-8")


def _program() -> tuple[str, ...]:
    # Not resolved: the Python of an environment is a link, and finds its packages by where that is.
    python = Path(sys.executable)
    script = python.with_name("tamis")
    return (str(script),) if script.is_file() else (str(python), "-m", "crawler")


def _values(job: Installation) -> dict[str, str]:
    folder, (hour, minute) = job.config.parent, job.at.split(":")
    program, *told = job.command
    return {
        "COMMAND_CRON": _cron(shlex.join(job.command)),
        # Of the words of a command, systemd puts in variables for all but the first.
        "COMMAND_UNIT": " ".join(
            [_unit(program), *(_unit(word).replace("$", "$$") for word in told)]
        ),
        "CONFIG": str(job.config),
        "CONFIG_NAME": job.config.name,
        "CONFIG_REPOSITORY": shlex.quote(job.config.name),
        "FOLDER_CRON": _cron(shlex.quote(str(folder))),
        # A path alone is not unquoted by systemd.
        "FOLDER_UNIT": str(folder).replace("%", "%%"),
        "KEEPS_REPOSITORY": shlex.join(_inside(each, folder) for each in job.keeps),
        "HOUR": str(int(hour)),
        "HOURS_GITHUB": f"{min(job.hours, GITHUB_HOURS):g}",
        "HOURS": f"{job.hours:g}",
        "KEPT": str(KEPT),
        "MINUTE": str(int(minute)),
        "MKDIR": shlex.join(map(str, job.writes)),
        "PYTHON": f"{sys.version_info.major}.{sys.version_info.minor}",
        "SECONDS": str(int((job.hours + 1) * HOUR)),
        "TIME": job.at,
        "USER": job.user,
        "WRITES_UNIT": " ".join(map(_unit, map(str, job.writes))),
    }


def _inside(path: Path, folder: Path) -> str:
    """As it is in a repository whose root is the folder; one outside has no place there."""
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _unit(word: str) -> str:
    """A word as systemd reads it in a list: its own specifiers begin with a percent sign."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"' if re.search(r"[\s\"'\\;]", word) else escaped


def _cron(command: str) -> str:
    """Cron ends a command at a percent sign."""
    return command.replace("%", "\\%")
