import copy
import math
import subprocess
import sys

import pytest
import torch

from utils.detector import step, training
from utils.detector.training import train
from utils.errors import Checkpointed, InputError, TrainingDiverged
from utils.training.checkpoint import Checkpoint
from utils.training.recipe import Recipe

RECIPE = Recipe(batch_size=4, augmentation=0.5, ema=0.0)


def run(model, photos, validation, path, epochs=2, recipe=RECIPE, **options):
    checkpoint = Checkpoint(path, {"job": "test"})
    checkpoint.start()
    return train(model, photos, validation, recipe, epochs, 3, checkpoint, **options)


def stop_at(calls):
    """Return a stop function that is true from the given call (0, 1, ...) on."""
    count = iter(range(10_000))
    return lambda: next(count) >= calls


# Two batches an epoch and three photographs to validate: `stop` is asked five times an epoch, so
# the training is interrupted between two batches, in the next try within the validation, and then
# in the second epoch.
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize(("bfloat16", "ema"), [(False, 0.0), (True, 0.9)])
def test_resumed_training_equals_uninterrupted_one_bit_for_bit(
    model, photos, validation, tmp_path, optimizer, bfloat16, ema
):
    options = {
        "recipe": Recipe(batch_size=4, optimizer=optimizer, augmentation=1.0, ema=ema),
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
    assert resumed == expected
    for name, value in straight.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name


def test_a_training_handed_over_after_every_epoch_equals_one_left_alone(
    model, photos, validation, tmp_path
):
    straight, path = copy.deepcopy(model), tmp_path / "handed.ckpt"
    expected = run(straight, photos, validation, tmp_path / "straight.ckpt", epochs=3)
    for epoch in (1, 2):
        with pytest.raises(Checkpointed, match=f"after epoch {epoch};"):
            run(model, photos, validation, path, epochs=3, hand_over=lambda: True)
    # The last epoch is not handed over: what is left takes less than to start again.
    handed = run(model, photos, validation, path, epochs=3, hand_over=lambda: True)
    assert handed == expected
    for name, value in straight.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name


def test_killed_training_of_the_compact_detector_gives_the_weights_of_one_left_alone(
    one_of_several, tmp_path
):
    interrupted, alone = tmp_path / "interrupted", tmp_path / "alone"
    interrupted.mkdir(), alone.mkdir()
    job = subprocess.run(
        [sys.executable, one_of_several.__file__, interrupted, "be killed"], check=False
    )
    assert job.returncode == -9
    assert (interrupted / "training.ckpt").stat().st_size > 0
    options = {"recipe": one_of_several.KILLED, "bfloat16": True}
    resumed = one_of_several.train_compact(interrupted, **options)
    expected = one_of_several.train_compact(alone, **options)
    assert resumed["records"] == expected["records"]
    for name, value in expected["weights"].items():
        assert torch.equal(value, resumed["weights"][name]), name


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_training_whose_checkpoint_is_damaged_still_gives_the_same_weights(
    model, photos, validation, tmp_path, damage
):
    straight, path = copy.deepcopy(model), tmp_path / "damaged.ckpt"
    expected = run(straight, photos, validation, tmp_path / "straight.ckpt")
    begun = copy.deepcopy(model)
    with pytest.raises(Checkpointed):
        run(begun, photos, validation, path, hand_over=lambda: True)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        del data[-100:]
    else:
        value = begun.state_dict()["backbone.body.two.0.weight"].numpy().tobytes()
        data[data.index(value) + 3] ^= 1
    path.write_bytes(data)
    assert run(model, photos, validation, path) == expected
    for name, value in straight.state_dict().items():
        assert torch.equal(value, model.state_dict()[name]), name


def test_a_checkpoint_that_does_not_fit_the_network_is_refused(model, photos, validation, tmp_path):
    path = tmp_path / "c.ckpt"
    with pytest.raises(Checkpointed):
        run(model, photos, validation, path, hand_over=lambda: True)
    model.roi_heads.box_head.fc7 = torch.nn.Linear(32, 31)
    with pytest.raises(InputError, match=r"c\.ckpt: is of other code.*remove it"):
        run(model, photos, validation, path)


def test_averaged_weights_are_validated_and_kept(model, photos, validation, tmp_path, monkeypatch):
    validated, last = [], copy.deepcopy(model)
    real = training.detections_of

    def watched(network, *rest):
        validated.append(copy.deepcopy(network.state_dict()))
        return real(network, *rest)

    run(last, photos, validation, tmp_path / "last.ckpt", recipe=RECIPE)
    monkeypatch.setattr(training, "detections_of", watched)
    run(
        *(model, photos, validation, tmp_path / "averaged.ckpt"),
        recipe=Recipe(batch_size=4, augmentation=0.5, ema=0.9),
    )
    weight = "backbone.body.one.0.weight"
    assert torch.equal(validated[-1][weight], model.state_dict()[weight])
    assert not torch.equal(last.state_dict()[weight], model.state_dict()[weight])
    checkpoint = Checkpoint(tmp_path / "averaged.ckpt", {"job": "test"})
    checkpoint.start()
    assert torch.equal(checkpoint.state["model"][weight], last.state_dict()[weight])
    assert torch.equal(checkpoint.state["average"]["model"][weight], model.state_dict()[weight])


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
    real, steps = step.losses, iter(range(10_000))

    def tampered(*args):
        return change(next(steps), real(*args))

    monkeypatch.setattr(step, "losses", tampered)


def test_batch_with_loss_that_is_not_finite_is_skipped_and_leaves_no_trace(
    model, photos, validation, tmp_path, monkeypatch
):
    def change(step, parts):
        if step == 1:
            next(model.buffers()).fill_(math.nan)
            parts["objectness"] = parts["objectness"] * math.nan
        return parts

    with_losses(monkeypatch, change)
    recipe = Recipe(batch_size=4, augmentation=0.5, ema=0.9)
    records = run(model, photos, validation, tmp_path / "c.ckpt", epochs=1, recipe=recipe)
    assert records[0]["skipped_batches"] == 1
    checkpoint = Checkpoint(tmp_path / "c.ckpt", {"job": "test"})
    checkpoint.start()
    assert checkpoint.state["average"]["updates"] == 1  # of two steps
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


def test_frozen_statistics_stay_as_they_are_and_others_are_learnt(
    model, photos, validation, tmp_path
):
    before = {name: value.clone() for name, value in model.named_buffers()}
    layers = sorted({name.rpartition(".")[0] for name in before if name.endswith("running_mean")})
    frozen = frozenset(layers[::2])
    run(model, photos, validation, tmp_path / "c.ckpt", epochs=1, frozen_statistics=frozen)
    for name, value in model.named_buffers():
        layer = name.rpartition(".")[0]
        if layer in layers:
            assert torch.equal(value, before[name]) == (layer in frozen), name
