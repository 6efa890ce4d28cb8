"""The training loop, with a network that no detector is in."""

import math

import pytest
import torch

from tests.training.toy import Line, run, same
from utils.errors import Checkpointed, InputError
from utils.training.checkpoint import Checkpoint
from utils.training.recipe import Recipe


def stop_at(calls):
    """Return a stop function that is true from the given call (0, 1, ...) on."""
    count = iter(range(10_000))
    return lambda: next(count) >= calls


# Two batches an epoch and a validation: `stop` is asked three times an epoch, so the training is
# interrupted between two batches, in the next try within the validation, and in the second epoch.
@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_resumed_training_equals_uninterrupted_one_bit_for_bit(tmp_path, optimizer, ema):
    recipe = Recipe(batch_size=4, optimizer=optimizer, ema=ema, learning_rate=0.02)
    straight, path = Line(), tmp_path / "interrupted.ckpt"
    expected = run(straight, tmp_path / "straight.ckpt", recipe=recipe)
    for calls, where in ((1, "epoch 1 after step 1"), (1, "epoch 1 after step 2"), (1, "epoch 2")):
        task = Line()
        if path.exists():  # then only the checkpoint counts
            torch.nn.init.zeros_(task.model[0].weight)
        with pytest.raises(Checkpointed, match=where):
            run(task, path, recipe=recipe, stop=stop_at(calls))
    task = Line()
    torch.nn.init.zeros_(task.model[0].weight)
    assert run(task, path, recipe=recipe) == expected
    assert same(task, straight)


def test_a_training_handed_over_after_every_epoch_equals_one_left_alone(tmp_path):
    straight, task, path = Line(), Line(), tmp_path / "handed.ckpt"
    expected = run(straight, tmp_path / "straight.ckpt", epochs=3)
    for epoch in (1, 2):
        with pytest.raises(Checkpointed, match=f"after epoch {epoch};"):
            run(task, path, epochs=3, hand_over=lambda: True)
    # The last epoch is not handed over: what is left takes less than to start again.
    assert run(task, path, epochs=3, hand_over=lambda: True) == expected
    assert same(task, straight)


def test_epochs_of_the_checkpoint_are_told_again_and_may_end_the_training(tmp_path):
    path, told = tmp_path / "c.ckpt", []
    with pytest.raises(Checkpointed):
        run(Line(), path, hand_over=lambda: True, after_epoch=lambda one: told.append(one["epoch"]))
    run(Line(), path, after_epoch=lambda one: told.append(one["epoch"]))
    assert told == [1, 1, 2]

    def enough(record):
        raise StopIteration(record["epoch"])

    with pytest.raises(StopIteration, match="1"):
        run(Line(), path, after_epoch=enough)


@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_a_training_whose_checkpoint_is_damaged_still_gives_the_same_weights(tmp_path, damage):
    straight, begun, path = Line(), Line(), tmp_path / "damaged.ckpt"
    expected = run(straight, tmp_path / "straight.ckpt")
    with pytest.raises(Checkpointed):
        run(begun, path, hand_over=lambda: True)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        del data[-100:]
    else:
        data[data.index(begun.model[0].weight.detach().numpy().tobytes()) + 3] ^= 1
    path.write_bytes(data)
    task = Line()
    assert run(task, path) == expected
    assert same(task, straight)


def test_a_checkpoint_that_does_not_fit_the_network_is_refused(tmp_path):
    path = tmp_path / "c.ckpt"
    with pytest.raises(Checkpointed):
        run(Line(), path, hand_over=lambda: True)
    task = Line()
    task.model[5] = torch.nn.Linear(4, 2)
    with pytest.raises(InputError, match=r"c\.ckpt: is of other code.*remove it"):
        run(task, path)


def test_averaged_weights_are_validated_and_kept(tmp_path):
    last, averaged = Line(), Line()
    run(last, tmp_path / "last.ckpt")
    recipe = Recipe(batch_size=4, ema=0.9, learning_rate=0.02)
    run(averaged, tmp_path / "averaged.ckpt", recipe=recipe)
    kept, own = averaged.model.state_dict(), last.model.state_dict()
    assert all(torch.equal(averaged.validated[-1][name], kept[name]) for name in kept)
    assert not torch.equal(own["0.weight"], kept["0.weight"])
    checkpoint = Checkpoint(tmp_path / "averaged.ckpt", {"job": "test"})
    checkpoint.start()
    assert torch.equal(checkpoint.state["model"]["0.weight"], own["0.weight"])
    assert torch.equal(checkpoint.state["average"]["model"]["0.weight"], kept["0.weight"])


def test_records_tell_the_mean_of_the_losses_and_the_validation(tmp_path):
    task = Line(change=lambda step, total: total * 0 + step)
    records = run(task, tmp_path / "c.ckpt")
    assert [record["epoch"] for record in records] == [1, 2]
    assert [record["loss"] for record in records] == [{"total": n, "square": n} for n in (0.5, 2.5)]
    assert [record["skipped_batches"] for record in records] == [0, 0]
    assert all(record["validation"].keys() == {"error", "nothing"} for record in records)
    assert 0 < records[1]["learning_rate"] <= 0.02


def test_a_network_learns(tmp_path):
    records = run(Line(), tmp_path / "c.ckpt", epochs=60)
    assert records[-1]["loss"]["total"] < 0.2 * records[0]["loss"]["total"]


def test_batch_with_loss_that_is_not_finite_is_skipped_and_leaves_no_trace(tmp_path):
    def change(step, total):
        if step == 1:
            next(task.model.buffers()).fill_(math.nan)
            return total * math.nan
        return total

    task = Line(change=change)
    recipe = Recipe(batch_size=4, ema=0.9)
    records = run(task, tmp_path / "c.ckpt", epochs=1, recipe=recipe)
    assert records[0]["skipped_batches"] == 1
    checkpoint = Checkpoint(tmp_path / "c.ckpt", {"job": "test"})
    checkpoint.start()
    assert checkpoint.state["average"]["updates"] == 1  # of two steps
    assert math.isfinite(records[0]["loss"]["total"])
    assert all(torch.isfinite(value).all() for value in task.model.state_dict().values())


def test_frozen_statistics_stay_as_they_are_and_others_are_learnt(tmp_path):
    task = Line(frozen=frozenset({"1"}))
    before = {name: value.clone() for name, value in task.model.named_buffers()}
    run(task, tmp_path / "c.ckpt", epochs=1)
    for name, value in task.model.named_buffers():
        assert torch.equal(value, before[name]) == name.startswith("1."), name
