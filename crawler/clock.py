"""The time, as it is stored: UTC, ISO 8601, to the second, with Z."""

from datetime import UTC, datetime, timedelta


def moment() -> datetime:
    """Now. The only place that asks the system, so that a test can live through a year."""
    return datetime.now(UTC)


def now() -> str:
    return stamp(moment())


def after(seconds: float) -> str:
    return stamp(moment() + timedelta(seconds=seconds))


def stamp(when: datetime) -> str:
    # Not strftime, which writes the year 999 with three digits.
    return when.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def utc(moment: str | None) -> str | None:
    """An ISO 8601 moment in UTC; a date, or a time that names no zone, stays what it is."""
    if moment is None or len(moment) <= len("2026-11-21"):
        return moment
    when = datetime.fromisoformat(moment)
    return stamp(when) if when.tzinfo else moment


def seconds_between(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
