from datetime import datetime, timedelta

import pytest

from utils.dataset.periods import MOST, UNITS, fitting_unit, label, next_start, periods, start_of

NOON = datetime(2024, 5, 31, 12, 34, 56)  # a Friday


def every(step: timedelta, count: int) -> list[datetime]:
    return [NOON + n * step for n in range(count)]


@pytest.mark.parametrize(
    ("step", "count", "unit"),
    [
        (timedelta(minutes=1), 60, "ten minutes"),
        (timedelta(minutes=5), 120, "hour"),
        (timedelta(hours=1), 24 * 30, "day"),
        (timedelta(hours=12), 400, "week"),
        (timedelta(days=3), 400, "month"),
        (timedelta(days=30), 200, "year"),
        (timedelta(minutes=1), 2, "hour"),  # fewer than five each: the longest that parts them
        (timedelta(0), 9, "day"),
    ],
)
def test_the_unit_has_enough_photographs_and_few_periods(step, count, unit):
    times = every(step, count)
    if count == 2:
        times = [datetime(2024, 5, 31, 9, 58), datetime(2024, 5, 31, 10, 3)]
    assert fitting_unit(times) == unit
    assert len(periods(min(times), max(times), unit)) <= MOST


def test_dates_alone_are_counted_by_days_at_least():
    assert fitting_unit(every(timedelta(0), 9), clock=False) == "day"
    assert fitting_unit([NOON, NOON + timedelta(days=1)] * 9, clock=False) == "day"


def test_starts_labels_and_gaps_by_hand():
    starts = [start_of(NOON, unit) for unit in UNITS]
    assert [label(start, unit) for start, unit in zip(starts, UNITS, strict=True)] == [
        "2024-05-31 12:30",
        "2024-05-31 12:00",
        "2024-05-31",
        "week of 2024-05-27",
        "2024-05",
        "2024",
    ]
    for unit, start in zip(UNITS, starts, strict=True):
        assert start <= NOON < next_start(start, unit)
        assert start_of(next_start(start, unit), unit) == next_start(start, unit)
    months = periods(datetime(2023, 11, 5), datetime(2024, 2, 1), "month")
    assert [label(month, "month") for month in months] == [
        "2023-11",
        "2023-12",
        "2024-01",
        "2024-02",
    ]
