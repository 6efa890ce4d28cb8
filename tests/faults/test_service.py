"""A few faults of the service; ``python -m tests.faults --only service`` injects many."""

from tests.faults import service


def test_a_service_that_is_broken_in_every_way_loses_nothing():
    rows = list(service.rows(quick=True))
    assert {row.lost.partition(" of ")[0] for row in rows} <= {
        "0", "nothing", "nothing that had begun", "what it was asked just then", "its log"
    }  # fmt: skip
    assert sum(row.times for row in rows) >= 90
