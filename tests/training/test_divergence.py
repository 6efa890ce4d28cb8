"""Trainings that diverge end as such, in long epochs and in short ones."""

import math

import pytest
import torch

from tests.training.toy import Line, run
from utils.errors import Checkpointed, TrainingDiverged
from utils.training import divergence
from utils.training.checkpoint import Checkpoint
from utils.training.recipe import Recipe


def lost(*steps, value=math.nan):
    """Return what gives the loss `value` at these steps."""
    return lambda step, total: total * value if step in steps else total


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_losses_that_stay_not_finite_end_the_training(tmp_path, monkeypatch, value):
    monkeypatch.setattr(divergence, "PATIENCE", 3)
    task = Line(change=lost(*range(100), value=value), samples=40)  # ten batches an epoch
    with pytest.raises(TrainingDiverged, match=r"3 batches in a row.*epoch 1.*rate than 0\.02"):
        run(task, tmp_path / "c.ckpt", epochs=5)
    assert task.steps == 3


@pytest.mark.parametrize(
    ("samples", "steps"),
    [(2, {0}), (4, {1}), (7, {2, 3}), (7, {1, 2}), (12, {1, 2}), (16, {0, 1, 2}), (16, {3, 4, 5})],
)
def test_of_short_epochs_more_than_half_one_lost_in_a_row_ends_the_training(
    tmp_path, samples, steps
):
    with pytest.raises(TrainingDiverged, match="try a lower learning rate than"):
        run(Line(change=lost(*steps), samples=samples), tmp_path / "c.ckpt", epochs=3)


@pytest.mark.parametrize(
    ("samples", "steps"), [(7, {1}), (7, {0, 3}), (12, {0, 2, 4}), (16, {1, 2})]
)
def test_fewer_lost_batches_are_an_accident(tmp_path, samples, steps):
    records = run(Line(change=lost(*steps), samples=samples), tmp_path / "c.ckpt", epochs=3)
    assert sum(record["skipped_batches"] for record in records) == len(steps)


def test_a_loss_that_explodes_but_is_finite_ends_the_training(tmp_path):
    def change(step, total):
        return total * 0 + (2.0 if step == 0 else 2.0e6)

    with pytest.raises(TrainingDiverged, match=r"rose from 2 to 2e\+06; 2 batches in a row"):
        run(Line(change=change), tmp_path / "c.ckpt", epochs=3)
    with pytest.raises(TrainingDiverged, match="at the end of the training, in epoch 1; try a"):
        run(Line(change=change), tmp_path / "d.ckpt", epochs=1)  # of two batches


def test_a_loss_far_above_a_small_first_one_is_no_explosion(tmp_path):
    """A network that knew its photographs before starts near zero."""

    def change(step, total):
        return total * 0 + (1e-4 if step == 0 else 5.0)

    assert len(run(Line(change=change), tmp_path / "c.ckpt")) == 2


def test_one_batch_of_a_large_loss_is_an_accident(tmp_path):
    change = lost(1, value=1e6)
    assert len(run(Line(change=change), tmp_path / "c.ckpt", epochs=2)) == 2


def test_a_learning_rate_that_no_network_survives_is_named(tmp_path):
    for rate in (1e6, 1e30):
        with pytest.raises(TrainingDiverged, match="try a lower learning rate than"):
            recipe = Recipe(batch_size=4, ema=0.0, learning_rate=rate)
            run(Line(), tmp_path / f"{rate}.ckpt", epochs=3, recipe=recipe)


@pytest.mark.parametrize("poisoned", ["weights", "average"])
def test_weights_that_are_not_finite_end_the_training_and_are_not_saved(
    tmp_path, monkeypatch, poisoned
):
    recipe, path = Recipe(batch_size=4, ema=0.9, learning_rate=0.02), tmp_path / "c.ckpt"
    real = torch.optim.AdamW.step

    def step(self, *args):
        real(self, *args)
        if task.steps == 4:  # the last of the second epoch
            with torch.no_grad():
                self.param_groups[0]["params"][0][0, 0] = math.inf

    task = Line()
    if poisoned == "weights":
        monkeypatch.setattr(torch.optim.AdamW, "step", step)
    else:
        monkeypatch.setattr(
            "utils.training.averages.Average.update",
            lambda self, model: self.model[0].weight.data.fill_(math.nan),
        )
    epoch = 2 if poisoned == "weights" else 1
    with pytest.raises(TrainingDiverged, match=f"weights are not finite after epoch {epoch};"):
        run(task, path, epochs=3, recipe=recipe)
    checkpoint = Checkpoint(path, {"job": "test"})
    checkpoint.start()
    saved = 0 if checkpoint.state is None else len(checkpoint.state["progress"]["epochs"])
    assert saved == epoch - 1


def test_what_was_lost_in_a_row_is_counted_across_an_interruption(tmp_path):
    path = tmp_path / "c.ckpt"
    with pytest.raises(Checkpointed):
        run(Line(change=lost(3), samples=16), path, hand_over=lambda: True)
    with pytest.raises(TrainingDiverged, match="3 batches in a row"):
        run(Line(change=lost(0, 1), samples=16), path)
