"""Minutes, periods and the seconds that were seen."""

from datetime import datetime

import pytest

from utils.errors import InputError
from utils.video.frames import Gap
from utils.video.timeline import Clock, minutes, period, seen_and_missed

NINE = Clock(datetime(2026, 3, 1, 8, 59, 30))


def test_times_are_told_of_a_clock_or_since_the_beginning():
    assert NINE.told(45) == "09:00:15"
    assert NINE.iso(45) == "2026-03-01T09:00:15.000"
    assert Clock().told(75) == "1:15"
    assert Clock().told(3675) == "1:01:15"
    assert Clock().iso(1) is None


def test_minutes_are_those_of_the_clock():
    assert [span.name for span in minutes(100, NINE)] == ["08:59:00", "09:00:00", "09:01:00"]
    assert [span.start for span in minutes(100, NINE)] == [-30, 30, 90]
    assert [span.start for span in minutes(100, Clock())] == [0, 60]
    assert [span.start for span in minutes(190, Clock(), first=130)] == [120, 180]


def test_periods_are_read():
    span = period("09:00-12:00", NINE)
    assert (span.start, span.end) == (30, 30 + 3 * 3600)
    assert (period("1:00-2:30", Clock()).start, period("1:00-2:30", Clock()).end) == (60, 150)
    late = Clock(datetime(2026, 3, 1, 22, 0, 0))
    assert period("23:00-01:00", late).end == 3 * 3600
    for wrong in ("09:00", "12:00-09:00", "x-y", "25-26:00"):
        with pytest.raises(InputError, match="--compare"):
            period(wrong, NINE)


def test_seconds_are_seen_or_missed():
    times, gaps = [[0.0, 50.0], [70.0, 100.0]], [Gap(50, 70, "lost")]
    assert seen_and_missed(times, gaps, 0, 60) == (50, 10)
    assert seen_and_missed(times, gaps, 60, 120) == (30, 10)
