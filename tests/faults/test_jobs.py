"""Each kind of bad job once; ``python -m tests.faults`` tries them again and again."""

from tests.faults import jobs


def test_jobs_that_misbehave_harm_nothing_but_themselves():
    rows = list(jobs.rows(quick=True))
    assert len(rows) == 10
