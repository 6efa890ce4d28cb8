import pytest

from utils.detector import task
from utils.detector.trial import trial_training
from utils.errors import Checkpointed, InputError
from utils.records import read_record, write_record
from utils.search.study import suggest
from utils.search.trial import run_trial
from utils.training import carry_out as fit_module
from utils.training import divergence
from utils.training.plan import Plan
from utils.training.recipe import Recipe

pytestmark = pytest.mark.usefixtures("tiny_detectors")


@pytest.fixture
def trial(tmp_path, shards):
    """Run the first trial of a study; return its result."""
    suggestion, study = tmp_path / "hpo_1_0.json", tmp_path / "study.log"
    suggest(None, [], study, [suggestion], 1, 4, seed=1)

    def run(epochs=2, stop=lambda: False, tries=3, **params):
        record = read_record(suggestion)
        write_record(suggestion, record | {"params": record["params"] | params})
        result = tmp_path / "result.json"
        result.unlink(missing_ok=True)
        shard = [shards["train"]], [shards["val"]]
        plan = Plan("compact_resnet18_fpn", Recipe(), epochs, 1, *shard, 64)
        train = trial_training(plan, tmp_path / "trial.ckpt", tries, stop)
        run_trial(suggestion, study, result, epochs, train)
        return read_record(result)

    return run


def objectives(monkeypatch, values):
    """Let the validation of the epochs give these values."""
    given = iter(values)
    monkeypatch.setattr(task, "validation_record", lambda *_: {"map": next(given), "map_50": 0.5})


def test_completed_trial_has_the_value_of_its_last_epoch(trial, monkeypatch):
    objectives(monkeypatch, [0.3, 0.2])
    result = trial()
    assert (result["state"], result["values"], result["value"]) == ("complete", [0.3, 0.2], 0.2)
    assert (result["number"], result["reason"]) == (0, None)
    assert 0 <= result["error"] < 0.5


def test_diverged_training_is_a_failed_trial(trial, monkeypatch):
    monkeypatch.setattr(divergence, "PATIENCE", 2)
    real = task.losses

    def infinite(*args):
        return {name: loss * float("inf") for name, loss in real(*args).items()}

    monkeypatch.setattr(task, "losses", infinite)
    result = trial(batch_size=2)
    assert (result["state"], result["value"], result["values"]) == ("fail", None, [])
    assert result["reason"].startswith("TrainingDiverged: ")


def test_lack_of_memory_is_a_failed_trial(trial, monkeypatch):
    def train(*_, **__):
        raise MemoryError("you need more")

    monkeypatch.setattr(fit_module, "train", train)
    assert trial()["reason"] == "MemoryError: you need more"


def test_trial_killed_over_and_over_fails_at_its_last_try(trial, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt  # nothing catches it, as nothing catches a kill

    with monkeypatch.context() as patch:
        patch.setattr(fit_module, "train", killed)
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                trial()
    result = trial()
    assert (result["state"], result["value"]) == ("fail", None)
    assert "killed 2 times" in result["reason"]


def test_stopped_trial_goes_on_and_reports_the_epochs_before(trial, monkeypatch):
    objectives(monkeypatch, [0.1, 0.2, 0.3])
    asked = iter(range(100))
    with pytest.raises(Checkpointed):
        trial(epochs=3, stop=lambda: next(asked) >= 5)
    result = trial(epochs=3)
    assert (result["values"], result["value"]) == ([0.1, 0.2, 0.3], 0.3)


def test_input_that_no_parameters_would_mend_is_an_error(trial, monkeypatch):
    objectives(monkeypatch, [None])
    with pytest.raises(InputError, match="validation shards hold no faces"):
        trial()
