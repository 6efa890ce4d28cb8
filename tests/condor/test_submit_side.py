"""The submit side goes down and comes up again while a job runs on a pilot."""

import pytest

from tests.condor.jobs import EXECUTING, Job

pytestmark = pytest.mark.xdist_group("pool")


@pytest.mark.parametrize("crash", [False, True], ids=["in-order", "crash"])
def test_a_running_job_is_found_again(pool, crash):
    with pool.start_pilot("far", annex="far", cpus=1) as pilot:
        job = Job(pool, f"far-{crash}", "import time; time.sleep(30)", annex="far")
        job.until(lambda: job.events(EXECUTING), "running")
        pool.stop_submit_side(crash=crash)
        try:
            assert pool.run(["condor_q"]).returncode, "the schedd still answers"
            assert pilot.running() == [job.id]
        finally:
            pool.start_submit_side()
        job.ended()
    assert len(job.events(EXECUTING)) == 1, "it was started anew"
