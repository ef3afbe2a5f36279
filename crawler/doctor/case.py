"""What the doctor examines, what a check finds, and the registry of checks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path

from crawler import registry
from crawler.config import Config
from crawler.items import Source


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"  # it works, and could be better or will not for ever
    PROBLEM = "problem"  # the daily job will fail, or do less than it should


@dataclass(frozen=True, slots=True)
class Finding:
    """`said` is what is, `do` what to do about it."""

    state: State
    said: str
    do: str = ""


@dataclass(frozen=True)
class Case:
    """An installation. `deep` reads whole databases, `online` asks the network."""

    config: Config
    deep: bool = False
    online: bool = False

    @property
    def private(self) -> Path:
        return Path(self.config["files.private"])

    @property
    def published(self) -> Path:
        return Path(self.config["files.published"])

    @cached_property
    def sources(self) -> tuple[Source, ...]:
        """Those that the daily job visits. Raises SourceError."""
        asked = ("only", "languages", "countries", "categories")
        return registry.select(
            registry.load(self.config.path("files.sources")),
            enabled=None if self.config["crawl.only"] else True,
            **{name: self.config[f"crawl.{name}"] for name in asked},
        )


Check = Callable[[Case], Iterator[Finding]]
CHECKS: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    def registered(function: Check) -> Check:
        CHECKS[name] = function
        return function

    return registered


def ok(said: str) -> Finding:
    return Finding(State.OK, said)


def warning(said: str, do: str) -> Finding:
    return Finding(State.WARNING, said, do)


def problem(said: str, do: str) -> Finding:
    return Finding(State.PROBLEM, said, do)
