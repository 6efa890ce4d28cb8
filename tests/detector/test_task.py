"""The detector in the training loop; what the loop itself does is in tests/training/."""

import subprocess
import sys

import pytest
import torch

from tests.detector.test_weights import built
from tests.networks.test_folding import norms
from utils.detector.names import COMPACT, COMPACT_CENTERFACE
from utils.detector.task import FaceDetection
from utils.errors import TrainingDiverged
from utils.training.checkpoint import Checkpoint
from utils.training.loop import train
from utils.training.recipe import Recipe

PARTS = ("classification", "box_regression", "objectness", "rpn_box_regression")
RECIPE = Recipe(batch_size=4, augmentation=0.5, ema=0.0)


def run(model, photos, validation, path, epochs=2, recipe=RECIPE):
    checkpoint = Checkpoint(path, {"job": "test"})
    checkpoint.start()
    return train(FaceDetection(model, photos, validation, recipe), recipe, epochs, 3, checkpoint)


@pytest.mark.parametrize("arch", [COMPACT, COMPACT_CENTERFACE])
def test_killed_training_of_a_compact_detector_gives_the_weights_of_one_left_alone(
    one_of_several, tmp_path, arch
):
    interrupted, alone = tmp_path / "interrupted", tmp_path / "alone"
    interrupted.mkdir(), alone.mkdir()
    job = subprocess.run([sys.executable, one_of_several.__file__, interrupted, arch], check=False)
    assert job.returncode == -9
    assert (interrupted / "training.ckpt").stat().st_size > 0
    resumed = one_of_several.train_compact(interrupted, arch)
    expected = one_of_several.train_compact(alone, arch)
    assert resumed["records"] == expected["records"]
    for name, value in expected["weights"].items():
        assert torch.equal(value, resumed["weights"][name]), name


def test_loss_falls_and_records_say_so(model, photos, validation, tmp_path):
    records = run(model, photos, validation, tmp_path / "c.ckpt", epochs=12)
    assert [record["epoch"] for record in records] == list(range(1, 13))
    assert records[-1]["loss"]["total"] < 0.7 * records[0]["loss"]["total"]
    for record in records:
        assert record["skipped_batches"] == 0
        for loss in (record["loss"], record["validation"]["loss"]):
            assert sum(loss[part] for part in PARTS) == pytest.approx(loss["total"], rel=1e-5)
    first, last = (record["validation"]["loss"]["total"] for record in (records[0], records[-1]))
    assert last < 0.8 * first


def test_photographs_of_rare_classes_are_shown_oftener(model, photos, validation):
    task = FaceDetection(model, photos, validation, Recipe(rare=1.0))
    # All have all classes but the first photograph, which has none.
    assert task.weights[0] == 1
    assert task.weights[1:] == pytest.approx((7 / 6) ** 0.5)
    alike = FaceDetection(model, photos, validation, Recipe(rare=0.0))
    assert alike.weights.tolist() == [1.0] * 7


def test_a_sample_is_a_function_of_its_seed(model, photos, validation):
    task = FaceDetection(model, photos, validation, Recipe(augmentation=1.0))
    (first, _), (again, _), (other, _) = (task.sample(3, seed) for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_what_was_validated_last_is_kept_and_gives_its_record(model, photos, validation):
    task = FaceDetection(model, photos, validation, RECIPE)
    assert task.found is None
    record = task.validate(model, lambda: False)
    assert len(task.found) == len(validation)
    assert record.keys() == {"map", "map_50", "loss"}
    assert record["loss"].keys() == {"total", *PARTS}
    assert record["loss"] == task.validate(model, lambda: False)["loss"]
    assert task.validate(model, lambda: True) is None
    assert task.found is None


def test_an_empty_wall_on_which_nothing_is_proposed_is_no_divergence(model, photos, validation):
    task = FaceDetection(model, photos, validation, RECIPE)
    model.rpn.score_thresh = 2.0
    wall = torch.full((3, 64, 64), 200, dtype=torch.uint8)
    none = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    total, losses = task.losses([(wall, none)], [1])
    assert losses["classification"] == losses["box_regression"] == 0
    assert losses["total"] == pytest.approx(losses["objectness"]) and losses["total"] > 0
    total.backward()
    assert all(torch.isfinite(p.grad).all() for p in model.parameters() if p.grad is not None)


def test_a_network_that_finds_nothing_is_validated_and_has_no_precision(model, photos, validation):
    task = FaceDetection(model, photos, validation, RECIPE)
    with torch.no_grad():
        next(model.backbone.parameters()).fill_(torch.nan)
    record = task.validate(model, lambda: False)
    assert (record["map"], record["map_50"], record["loss"]["total"]) == (0.0, 0.0, None)
    assert [len(one) for one in task.found] == [0] * len(validation)


def test_a_learning_rate_that_no_detector_survives_is_a_divergence(
    model, photos, validation, tmp_path
):
    recipe = Recipe(batch_size=4, learning_rate=1e4)
    with pytest.raises(TrainingDiverged, match="try a lower learning rate than 10000"):
        run(model, photos, validation, tmp_path / "c.ckpt", epochs=4, recipe=recipe)


def test_a_training_from_weights_folds_and_one_from_nothing_does_not(photos, validation):
    for frozen in (True, False):
        torch.manual_seed(0)
        model = built(COMPACT_CENTERFACE)
        names = norms(model) if frozen else frozenset()
        recipe = Recipe(batch_size=2, augmentation=0.0)
        task = FaceDetection(model, photos, validation, recipe, frozenset(names))
        seen = []
        layer = model.backbone.body["0"][1]
        layer.register_forward_hook(lambda *given, seen=seen: seen.append(True))
        total, _ = task.losses([task.sample(1, 1), task.sample(2, 1)], [1, 2])
        total.backward()
        assert bool(seen) is not frozen
        assert all(p.grad is not None for p in model.parameters())
