"""A few kills; ``python -m tests.faults`` does two hundred."""

from tests.faults import kills


def test_what_is_killed_goes_on_and_loses_nothing_that_had_finished():
    rows = list(kills.rows(quick=True))
    assert sum(row.times for row in rows) >= 6
