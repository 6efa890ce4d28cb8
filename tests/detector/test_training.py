import copy
import math

import pytest
import torch

from utils.detector import training
from utils.detector.checkpoint import Checkpoint
from utils.detector.recipe import Recipe
from utils.detector.training import train
from utils.errors import Checkpointed, TrainingDiverged

RECIPE = Recipe(batch_size=4, augmentation=0.5)


def run(model, photos, validation, path, epochs=2, recipe=RECIPE, **options):
    checkpoint = Checkpoint(path, {"job": "test"})
    checkpoint.start()
    return train(model, photos, validation, recipe, epochs, 3, checkpoint, **options)


def stop_at(calls):
    """Return a stop function that is true from the given call (0, 1, ...) on."""
    count = iter(range(10_000))
    return lambda: next(count) >= calls


def without_times(records):
    return [{name: r[name] for name in r if name != "seconds"} for r in records]


# Two batches an epoch and three photographs to validate: `stop` is asked five times an epoch, so
# the training is interrupted between two batches, in the next try within the validation, and then
# in the second epoch.
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("bfloat16", [False, True])
def test_resumed_training_equals_uninterrupted_one_bit_for_bit(
    model, photos, validation, tmp_path, optimizer, bfloat16
):
    options = {
        "recipe": Recipe(batch_size=4, optimizer=optimizer, augmentation=1.0),
        "bfloat16": bfloat16,
    }
    straight, path = copy.deepcopy(model), tmp_path / "interrupted.ckpt"
    expected = run(straight, photos, validation, tmp_path / "straight.ckpt", **options)
    for calls, where in ((1, "epoch 1 after step 1"), (2, "epoch 1 after step 2"), (4, "epoch 2")):
        with pytest.raises(Checkpointed, match=where):
            run(model, photos, validation, path, stop=stop_at(calls), **options)
        # Only the checkpoint counts, not what the next process starts with.
        torch.nn.init.zeros_(model.backbone.body.one[0].weight)
        torch.manual_seed(calls)
    resumed = run(model, photos, validation, path, **options)
    assert without_times(resumed) == without_times(expected)
    for name, value in straight.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name


def test_loss_falls_and_records_say_so(model, photos, validation, tmp_path):
    records = run(model, photos, validation, tmp_path / "c.ckpt", epochs=12)
    assert [record["epoch"] for record in records] == list(range(1, 13))
    assert records[-1]["loss"]["total"] < 0.7 * records[0]["loss"]["total"]
    parts = ("classification", "box_regression", "objectness", "rpn_box_regression")
    for record in records:
        assert record["skipped_batches"] == 0
        assert sum(record["loss"][part] for part in parts) == pytest.approx(
            record["loss"]["total"], rel=1e-5
        )


def with_losses(monkeypatch, change):
    """Let `change` tamper with the losses of the steps 0, 1, ..."""
    real, steps = training.losses, iter(range(10_000))

    def tampered(*args):
        return change(next(steps), real(*args))

    monkeypatch.setattr(training, "losses", tampered)


def test_batch_with_loss_that_is_not_finite_is_skipped_and_leaves_no_trace(
    model, photos, validation, tmp_path, monkeypatch
):
    def change(step, parts):
        if step == 1:
            next(model.buffers()).fill_(math.nan)
            parts["objectness"] = parts["objectness"] * math.nan
        return parts

    with_losses(monkeypatch, change)
    records = run(model, photos, validation, tmp_path / "c.ckpt", epochs=1)
    assert records[0]["skipped_batches"] == 1
    assert math.isfinite(records[0]["loss"]["total"])
    assert all(torch.isfinite(value).all() for value in model.state_dict().values())


def test_losses_that_stay_not_finite_end_the_training(
    model, photos, validation, tmp_path, monkeypatch
):
    monkeypatch.setattr(training, "PATIENCE", 3)
    with_losses(
        monkeypatch, lambda step, parts: {name: loss * math.inf for name, loss in parts.items()}
    )
    with pytest.raises(TrainingDiverged, match=r"3 batches in a row.*learning rate"):
        run(model, photos, validation, tmp_path / "c.ckpt", epochs=5)


def test_frozen_statistics_stay_as_they_are(model, photos, validation, tmp_path):
    before = {name: value.clone() for name, value in model.named_buffers()}
    run(model, photos, validation, tmp_path / "c.ckpt", epochs=1, frozen_statistics=True)
    for name, value in model.named_buffers():
        assert torch.equal(value, before[name]), name
