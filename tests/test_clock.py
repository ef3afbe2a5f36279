from datetime import UTC, datetime, timedelta, timezone

from crawler import clock


def test_a_moment_is_stored_in_utc_and_can_be_read_again_whatever_its_year() -> None:
    brussels = timezone(timedelta(hours=1))
    moments = [datetime(2026, 11, 22, 9, 30, tzinfo=brussels), datetime(999, 1, 2, tzinfo=UTC)]
    stamps = [clock.stamp(moment) for moment in moments]
    assert stamps == ["2026-11-22T08:30:00Z", "0999-01-02T00:00:00Z"]
    assert [datetime.fromisoformat(stamp) for stamp in stamps] == moments
