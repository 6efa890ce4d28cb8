"""A trial whatever it trains: what becomes of it, and what is written."""

import pytest

from utils.errors import Checkpointed, InputError, TrainingDiverged
from utils.records import read_record
from utils.search.study import suggest
from utils.search.trial import run_trial
from utils.training.checkpoint import KilledTooOften


@pytest.fixture
def trial(tmp_path):
    """Run the first trial of a study with a training; return its result."""
    suggestion, study = tmp_path / "hpo_1_0.json", tmp_path / "study.log"
    suggest(None, [], study, [suggestion], 1, 4, seed=1)

    def run(train, epochs=3):
        run_trial(suggestion, study, tmp_path / "result.json", epochs, train)
        return read_record(tmp_path / "result.json")

    return run


def values(*objectives, error=0.05):
    """Return a training with these objectives."""

    def train(params, after_epoch):
        for epoch, value in enumerate(objectives, start=1):
            after_epoch(epoch, value)
        return error

    return train


def failing(error):
    def train(params, after_epoch):
        after_epoch(1, 0.1)
        raise error

    return train


def test_a_completed_trial_has_the_value_of_its_last_epoch_and_its_error(trial):
    result = trial(values(0.1, 0.3, 0.2))
    assert (result["state"], result["values"]) == ("complete", [0.1, 0.3, 0.2])
    assert (result["value"], result["error"], result["reason"]) == (0.2, 0.05, None)
    assert (result["number"], result["schema"]) == (0, 1)


def test_the_training_gets_the_suggested_parameters(trial, tmp_path):
    given = []
    result = trial(lambda params, after_epoch: given.append(params) or after_epoch(1, 0.5), 1)
    assert given == [read_record(tmp_path / "hpo_1_0.json")["params"]] == [result["params"]]


def test_a_hopeless_trial_is_pruned_before_its_last_epoch_but_not_after(trial, monkeypatch):
    judged = []

    def is_hopeless(self, epoch, value):
        judged.append((epoch, value))
        return epoch == 2

    monkeypatch.setattr("utils.search.study.Pruner.is_hopeless", is_hopeless)
    result = trial(values(0.3, 0.2, 0.1))
    assert (result["state"], result["values"], result["value"]) == ("pruned", [0.3, 0.2], None)
    assert "after epoch 2" in result["reason"]
    judged.clear()
    assert trial(values(0.3), epochs=1)["state"] == "complete"
    assert judged == []


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (TrainingDiverged("the loss exploded; try less"), "TrainingDiverged: the loss exploded"),
        (MemoryError("you need more"), "MemoryError: you need more"),
        (RuntimeError("CUDA"), "RuntimeError: CUDA"),
        (KilledTooOften("killed 2 times"), "killed 2 times"),
    ],
)
def test_a_training_that_fails_is_a_failed_trial_and_no_error(trial, error, reason):
    result = trial(failing(error))
    assert (result["state"], result["value"], result["values"]) == ("fail", None, [0.1])
    assert result["reason"].startswith(reason)


@pytest.mark.parametrize("error", [InputError("no faces"), Checkpointed("later")])
def test_what_no_parameters_would_mend_and_a_stop_are_passed_on_and_nothing_is_written(
    trial, tmp_path, error
):
    with pytest.raises(type(error), match=str(error)):
        trial(failing(error))
    assert not (tmp_path / "result.json").exists()


def test_of_several_processes_the_first_alone_writes(trial, tmp_path, monkeypatch):
    monkeypatch.setattr("utils.search.trial.is_first", lambda: False)
    with pytest.raises(InputError, match=r"result\.json: no such file"):
        trial(values(0.1, 0.2, 0.3))
    with pytest.raises(RuntimeError, match="CUDA"):  # the launcher must know
        trial(failing(RuntimeError("CUDA")))
