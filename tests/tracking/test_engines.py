"""A real run, small: what is tracked of it is the same whatever engine kept its record.

That of the pool: `tests/condor/test_same_answer.py`.
"""

import shutil

import pytest

import workflow
from tests.tracking.engines import as_of_pegasus, tracked_alike
from tests.tracking.read_back import tracked
from utils.records import read_record, write_record

pytestmark = [pytest.mark.xdist_group("runs"), pytest.mark.timeout(1800)]


def test_a_run_of_pegasus_has_the_content_of_one_of_the_local_engine(whole_run, address, tmp_path):
    other = as_of_pegasus(whole_run, tmp_path / "pegasus")
    local = tracked_alike(whole_run, other, address)
    assert "training/loss/total" in local["history"]
    assert {"evaluation.json", "report.html", "face_mask_detector.pth"} <= local["files"].keys()
    jobs = read_record(whole_run / "run.json")["jobs"]
    told = {name.split("/")[1] for name in local["history"] if name.startswith("jobs/")}
    assert told == jobs.keys(), "seconds and memory of every job"


def test_a_run_that_is_followed_joins_the_experiment_of_those_before(
    whole_run, address, tmp_path, capsys
):
    """It goes on from its end, which takes no job: all that is done of it is tracked."""
    assert workflow.main(["track", str(whole_run), "--track", address]) == 0
    second = tmp_path / "second"
    shutil.copytree(whole_run, second)
    record = read_record(second / "run.json") | {"created": "2026-01-01T00:00:00+0000"}
    write_record(second / "run.json", {key: it for key, it in record.items() if key != "schema"})
    assert workflow.main(["wait", str(second), "--track", address]) == 0
    assert f"Tracked in: {address}" in capsys.readouterr().out
    found = tracked(address)
    runs = {it["name"]: it for (_, trial), it in found.items() if trial is None}
    assert runs.keys() == {whole_run.name, "second"}
    assert {it["experiment"] for it in found.values()} == {"same"}
    assert runs["second"]["params"] == runs[whole_run.name]["params"]
    before = len(found)
    assert workflow.main(["track", str(second), str(whole_run), "--track", address]) == 0
    assert capsys.readouterr().out.count("is tracked already") == 2
    assert len(tracked(address)) == before
