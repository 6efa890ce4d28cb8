"""A trial of the search trains a classifier; what a trial does besides is in tests/search/."""

import pytest

from utils.classifier.architectures import architecture
from utils.classifier.names import CENTERFACE
from utils.classifier.plan import CLASSIFIER, FacePlan
from utils.classifier.trial import trial_training
from utils.records import read_record
from utils.search.searched import read_search
from utils.search.study import suggest
from utils.search.trial import run_trial


def test_a_trial_is_judged_by_balanced_accuracy(shards, tmp_path):
    start, space = read_search(
        ["learning_rate=1e-3:1e-1", "image_size=32,48"],
        {"batch_size": 8},
        CENTERFACE,
        32,
        CLASSIFIER,
    )
    suggestion, study = tmp_path / "hpo_1_0.json", tmp_path / "study.log"
    suggest(None, [], study, [suggestion], 1, 4, seed=1, start=start, space=space)
    asked = read_record(suggestion)["params"]
    assert (asked["batch_size"], asked["image_size"]) == (8, 32)
    assert asked["class_weight"] == CLASSIFIER.recipe.class_weight
    plan = FacePlan(
        *(CENTERFACE, CLASSIFIER.recipe, 2, 1, [shards["train"]], [shards["val"]], 48),
        architecture(CENTERFACE).packaged.locate(),
    )
    train = trial_training(plan, tmp_path / "trial.ckpt", 3)
    run_trial(suggestion, study, tmp_path / "result.json", 2, train)
    result = read_record(tmp_path / "result.json")
    assert (result["state"], result["reason"]) == ("complete", None)
    assert len(result["values"]) == 2
    assert 0 < result["value"] <= 1
    assert result["error"] >= 0
    assert result["value"] == pytest.approx(result["values"][-1])
