"""The server's own time, which every answer bears: reading needs no clock of ours."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from crawler.items import Answer


def server_time(answer: Answer) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers["date"]).astimezone(UTC)
    except (KeyError, ValueError, OverflowError):
        return None
