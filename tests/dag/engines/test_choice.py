"""Which engine executes a run, and what the options mean to it."""

import pytest

from utils.dag.engines.choice import choose_engine, for_engine, open_run
from utils.dag.engines.console import Console
from utils.dag.options.running import CHECKPOINT_MINUTES
from utils.dag.options.table import Options
from utils.dag.run_record import RunRecord
from utils.errors import InputError


def test_auto_takes_pegasus_where_its_planner_is(tmp_path, monkeypatch):
    for name in ("pegasus-plan", "condor_submit_dag"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    told = []
    monkeypatch.setenv("PATH", str(tmp_path))
    assert choose_engine("auto", told.append) == "pegasus"
    monkeypatch.setenv("PATH", "")
    assert choose_engine("auto", told.append) == "local"
    assert ["pegasus-plan is on" in told[0], "no pegasus-plan on" in told[1]] == [True, True]


def test_on_a_pool_trainings_hand_their_checkpoints_over():
    assert for_engine(Options(), "condor").checkpoint_minutes == CHECKPOINT_MINUTES
    assert for_engine(Options(checkpoint_minutes=0.0), "pegasus").checkpoint_minutes == 0
    assert for_engine(Options(), "local").checkpoint_minutes is None


@pytest.mark.parametrize("option", [{"project": "x"}, {"checkpoint_minutes": 1.0}, {"site": "x"}])
def test_the_local_engine_refuses_what_only_a_pool_understands(option):
    (name,) = option
    with pytest.raises(InputError, match=f"--{name.replace('_', '-')}: is for --engine condor"):
        for_engine(Options(**option), "local")


def test_an_image_file_must_exist_where_the_run_is_submitted(tmp_path):
    with pytest.raises(InputError, match="no such file; `make image` builds one"):
        for_engine(Options(container=str(tmp_path / "x.sif")), "condor")
    assert for_engine(Options(container="docker://a/b"), "condor").container == "docker://a/b"


def test_a_run_keeps_the_cores_that_it_was_planned_with_unless_told_otherwise(toy):
    folder = toy.write()
    RunRecord(folder).describe(engine="local", options={"cores": 1, "memory": 2000})
    assert open_run(folder)._limits == {"cores": 1, "memory": 2000}
    assert open_run(folder, Options(cores=3))._limits == {"cores": 3, "memory": 2000}


def test_gpus_that_are_not_there_are_refused_before_anything_runs(toy, monkeypatch):
    monkeypatch.setattr("utils.dag.engines.local.machine.gpus", lambda: 0)
    with pytest.raises(InputError, match="--gpus 1: PyTorch can use none on this machine"):
        for_engine(Options(gpus=1), "local")
    assert for_engine(Options(gpus=1, dry_run=True), "local").gpus == 1, "it may run elsewhere"
    assert for_engine(Options(gpus=1), "condor").gpus == 1
    folder = toy.write()
    RunRecord(folder).describe(engine="local", options={"gpus": 1})
    for start in (lambda run: run.execute(Console()), lambda run: run.hand_over()):
        with pytest.raises(InputError, match="--gpus 1"):
            start(open_run(folder))
