"""Training a classifier, with a frozen trunk and without."""

import numpy as np
import pytest
import torch

from utils.classifier import features
from utils.classifier import fit as fitting
from utils.classifier.architectures import architecture
from utils.classifier.fit import fit
from utils.classifier.names import CENTERFACE
from utils.classifier.plan import CLASSIFIER, FacePlan
from utils.errors import Checkpointed
from utils.training.checkpoint import Checkpoint

WEIGHTS = architecture(CENTERFACE).packaged


@pytest.fixture
def plan(shards):
    def make(epochs=2, freeze="backbone", weights=True, train="train", **params):
        recipe = CLASSIFIER.recipe.changed({"batch_size": 8, **params})
        return FacePlan(
            CENTERFACE,
            recipe,
            epochs,
            3,
            [shards[train]],
            [shards["val"]],
            32,
            WEIGHTS.locate() if weights else None,
            freeze=freeze,
        )

    return make


@pytest.fixture
def counted(monkeypatch):
    """Count the pictures whose features are computed to be kept."""
    counts = []
    real = features.KeptFeatures._of

    def of(self, faces, numbers, see, views):
        counts.append(len(numbers) * views)
        return real(self, faces, numbers, see, views)

    monkeypatch.setattr(features.KeptFeatures, "_of", of)
    return counts


def same(one, other):
    states = one.network.state_dict(), other.network.state_dict()
    return all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def test_a_frozen_trunk_is_asked_once_and_stays_as_it_was(plan, tmp_path, counted):
    fitted = fit(plan(epochs=30, learning_rate=0.01), tmp_path / "c.ckpt")
    assert sum(counted) == 21 * features.VIEWS + 10
    untouched = fit(plan(epochs=1), tmp_path / "d.ckpt").network.trunk.state_dict()
    for name, value in fitted.network.trunk.state_dict().items():
        assert torch.equal(value, untouched[name]), name
    assert fitted.epochs[-1]["loss"]["total"] < 0.5 * fitted.epochs[0]["loss"]["total"]
    assert fitted.epochs[-1]["validation"]["balanced_accuracy"] > 0.6
    assert fitted.logits.shape == (10, 3)
    assert fitted.absent == ()


@pytest.mark.parametrize(("freeze", "weights"), [("2", True), ("none", True), ("backbone", False)])
def test_stages_that_are_not_frozen_learn_and_those_that_are_do_not(
    plan, tmp_path, freeze, weights
):
    """At the default rate, the loss of so few steps is chance, of the processor's rounding, too."""
    slowly = {"learning_rate": 2e-4, "head_start": 0.0, "ema": 0.0}
    planned = plan(epochs=3, freeze=freeze, weights=weights, **slowly)
    fitted = fit(planned, tmp_path / "c.ckpt")
    assert fitted.network.trunk.get_parameter("17.conv.2.weight").grad is not None
    before = fitting.build_network(CENTERFACE)
    if weights:
        assert fitted.epochs[2]["loss"]["total"] < 0.95 * fitted.epochs[0]["loss"]["total"]
        fitting.load_weights(before, planned.weights, CENTERFACE)
        before.load_state_dict(fitting.in_half_precision(before.state_dict()))
        stages = fitting.stages(CENTERFACE)
        learning = {name for stage in stages[5 - planned.learning_stages :] for name in stage}
        for name, value in fitted.network.trunk.named_parameters():
            moved = not torch.equal(value, before.trunk.get_parameter(name))
            assert moved == (name.split(".")[0] in learning), name
        for name, value in fitted.network.trunk.named_buffers():  # statistics that came along
            assert torch.equal(value, before.trunk.get_buffer(name)), name


def test_before_its_stages_learn_the_head_settles(plan, tmp_path):
    planned = plan(epochs=2, freeze="2", head_start=0.5, ema=0.0)
    half = fit(planned, tmp_path / "c.ckpt")
    frozen = fit(plan(epochs=1), tmp_path / "d.ckpt")
    trunk = frozen.network.trunk.state_dict()
    moved = [n for n, v in half.network.trunk.state_dict().items() if not torch.equal(v, trunk[n])]
    assert moved  # in the second epoch
    planned = plan(epochs=2, freeze="2", head_start=1.0, ema=0.0)
    waiting = fit(planned, tmp_path / "e.ckpt")
    for name, value in waiting.network.trunk.state_dict().items():
        assert torch.equal(value, trunk[name]), name
    assert waiting.network.head.linear.weight.abs().max() > 0


@pytest.mark.parametrize("freeze", ["backbone", "1"])
@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_stopped_training_goes_on_as_if_it_had_not_been(plan, tmp_path, freeze, steps, counted):
    straight = fit(plan(freeze=freeze), tmp_path / "straight.ckpt")
    at_once = sum(counted)
    counted.clear()
    asked = iter(range(1000))
    with pytest.raises(Checkpointed):
        fit(plan(freeze=freeze), tmp_path / "c.ckpt", stop=lambda: next(asked) >= steps)
    resumed = fit(plan(freeze=freeze), tmp_path / "c.ckpt")
    assert same(straight, resumed)
    assert straight.epochs == resumed.epochs
    assert torch.equal(straight.logits, resumed.logits)
    assert sum(counted) == at_once, "features are computed anew"


def test_features_survive_a_kill_while_they_are_computed(plan, tmp_path, counted, monkeypatch):
    monkeypatch.setattr(features, "FACES", 5)
    straight = fit(plan(), tmp_path / "straight.ckpt")
    monkeypatch.setattr(features, "SAVED_EVERY", 0.0)
    real = features.KeptFeatures._of

    def killed(self, faces, numbers, see, views):
        if numbers.start == 15:
            raise KeyboardInterrupt  # nothing catches it, as nothing catches a kill
        return real(self, faces, numbers, see, views)

    with monkeypatch.context() as patch:
        patch.setattr(features.KeptFeatures, "_of", killed)
        with pytest.raises(KeyboardInterrupt):
            fit(plan(), tmp_path / "c.ckpt")
    saved = Checkpoint(tmp_path / "c.ckpt", plan().identity())
    saved.start()
    assert len(saved.kept["to learn from"]) == 15
    counted.clear()
    resumed = fit(plan(), tmp_path / "c.ckpt")
    assert sum(counted) == 6 * features.VIEWS + 10
    assert same(straight, resumed)


def test_short_epochs_are_not_all_written_but_the_last_is(plan, tmp_path, monkeypatch):
    written = []
    real = Checkpoint._write

    def write(self):
        written.append(self.state is not None)
        real(self)

    monkeypatch.setattr(Checkpoint, "_write", write)
    fit(plan(epochs=6), tmp_path / "c.ckpt")
    assert sum(written) == 1
    saved = Checkpoint(tmp_path / "c.ckpt", plan(epochs=6).identity())
    saved.start()
    assert saved.state["progress"]["epoch"] == 6
    written.clear()
    monkeypatch.setattr(features, "PATIENCE", 0.0)
    fit(plan(epochs=5), tmp_path / "d.ckpt")
    assert sum(written) == 5


def test_what_it_says_is_the_same_whether_or_not_the_last_epoch_was_done_before(plan, tmp_path):
    first = fit(plan(), tmp_path / "c.ckpt")
    again = fit(plan(), tmp_path / "c.ckpt")
    assert same(first, again)
    assert torch.allclose(first.logits, again.logits, atol=0.05)  # kept features are rounded


def test_a_class_without_a_face_is_absent(plan, shards, tmp_path, monkeypatch):
    from tests.classifier.conftest import make_faces

    monkeypatch.setitem(shards, "two", make_faces(tmp_path / "two.tar", [1, 2, 1, 2], 5))
    assert fit(plan(train="two"), tmp_path / "c.ckpt").absent == ("mask_weared_incorrect",)


def test_rare_classes_can_be_shown_oftener(plan, tmp_path):
    fitted = fit(plan(epochs=1, rare=1.0), tmp_path / "c.ckpt")
    assert np.bincount(fitted.photos.labels).tolist() == [0, 12, 6, 3]
