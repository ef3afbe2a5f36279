"""What `tamis doctor` looks at, and what it says of it. It changes nothing.

case      what is examined, what a check finds, and the registry of checks
machine   the computer: Python, SQLite, packages, clock, places to write to
job       what is to be done here: tamis.toml, contact, sources, network
data      what is there already: databases, locks, leftovers
"""

import sqlite3

from crawler.doctor import data, job, machine
from crawler.doctor.case import CHECKS, Case, Finding, State
from crawler.errors import TamisError

__all__ = ["Case", "Finding", "State", "data", "examine", "job", "machine"]


def examine(case: Case) -> dict[str, list[Finding]]:
    """What each check found, in the order of the registry."""
    return {name: _found(name, case) for name in CHECKS}


def _found(name: str, case: Case) -> list[Finding]:
    try:
        return list(CHECKS[name](case))
    except (OSError, TamisError, sqlite3.Error) as error:
        return [Finding(State.PROBLEM, str(error), "mend that, and ask the doctor again")]
