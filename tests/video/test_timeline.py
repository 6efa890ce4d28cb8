"""Minutes, periods and the seconds that were seen."""

from datetime import datetime

import pytest

from utils.errors import InputError
from utils.video.clock import Clock, period, periods
from utils.video.frames import Gap
from utils.video.timeline import minutes, seen_and_missed

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
    assert period("23:30-00:30", NINE).end - period("23:30-00:30", NINE).start == 3600
    for dash in ("\u2013", " \u2014 ", " - "):
        told = period(f"09:00{dash}12:00\n", NINE)
        assert (told.start, told.end) == (span.start, span.end)
        assert "\n" not in told.name
    wrong = ["", "-", "09:00", "09:00-", "12:00-09:00", "09:00-09:00", "x-y", "25-26:00", "9-12"]
    wrong += ["09:60-10:30", "09:00-12:61", "25:00-26:00", "09:00-12:00-15:00", "9:00am-10:00am"]
    wrong += ["2026-03-01T09:00-2026-03-01T10:00", "9" * 400]
    for text in wrong:
        with pytest.raises(InputError, match="--compare"):
            period(text, NINE)
    for text in ("2:30-1:00", "0-99999999999999999999", "-1-5", "nan-inf"):
        with pytest.raises(InputError, match="--compare"):
            period(text, Clock())


def test_periods_that_overlap_are_refused():
    first, second = periods(["09:00-12:00", "12:00-15:00"], NINE)
    assert first.end == second.start
    assert periods((), NINE) == ()
    for other in ("11:59-15:00", "09:00-12:00", "10:00-11:00", "08:00-16:00"):
        with pytest.raises(InputError, match="overlap"):
            periods(["09:00-12:00", other], NINE)


def test_seconds_are_seen_or_missed():
    times, gaps = [[0.0, 50.0], [70.0, 100.0]], [Gap(50, 70, "lost")]
    assert seen_and_missed(times, gaps, 0, 60) == (50, 10)
    assert seen_and_missed(times, gaps, 60, 120) == (30, 10)
