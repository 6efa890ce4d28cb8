"""Some of the faults of a hyper-parameter search; ``make faults`` injects them all."""

from tests.faults import study


def test_damaged_journals_and_lost_or_odd_results_are_recognised() -> None:
    rows = list(study.rows(quick=True))
    assert len(rows) == 13
    assert all(row.times for row in rows)
