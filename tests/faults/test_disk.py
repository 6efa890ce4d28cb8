"""A few disks that give out; ``python -m tests.faults`` tries many."""

from tests.faults import disk


def test_a_disk_that_gives_out_is_told_and_loses_nothing_that_had_finished():
    rows = list(disk.rows(quick=True))
    assert sum(row.times for row in rows) >= 8
