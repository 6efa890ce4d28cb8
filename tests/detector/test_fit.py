import numpy as np
import pytest
import torch

from utils.detector.fit import fit
from utils.errors import Checkpointed
from utils.training.checkpoint import Checkpoint
from utils.training.plan import Plan
from utils.training.recipe import Recipe

pytestmark = pytest.mark.usefixtures("tiny_detectors")


@pytest.fixture
def plan(shards):
    def make(cache_mb, epochs=1, minutes=None):
        recipe = Recipe(batch_size=2, augmentation=1.0)
        paths = [shards["train"]], [shards["val"]]
        options = {"cache_mb": cache_mb, "checkpoint_minutes": minutes}
        return Plan("compact_resnet18_fpn", recipe, epochs, 0, *paths, 64, **options)

    return make


def test_the_cache_of_photographs_decides_the_speed_and_not_the_result(plan, tmp_path):
    plenty, none = (fit(plan(mb), tmp_path / f"{mb}.ckpt") for mb in (4096, 0))
    assert plenty.photos.cached_mb > 0 < plenty.validation.cached_mb
    assert none.photos.cached_mb == none.validation.cached_mb == 0
    state = plenty.model.state_dict()
    for name, value in none.model.state_dict().items():
        assert torch.equal(value, state[name]), name
    assert none.epochs[0]["loss"] == plenty.epochs[0]["loss"]
    assert none.epochs[0]["validation"] == plenty.epochs[0]["validation"]


def test_training_and_validation_share_one_bound(plan, tmp_path):
    one = 64 * 51 * 3 / 2**20  # MiB of a photograph of 80 by 64 at 64 pixels
    for fitting in (5, 8):  # of 7 to train and 3 to validate
        fitted = fit(plan((fitting + 0.5) * one), tmp_path / f"{fitting}.ckpt")
        cached = [fitted.photos.cached_mb / one, fitted.validation.cached_mb / one]
        assert cached == pytest.approx([min(fitting, 7), max(fitting - 7, 0)])


def test_a_training_is_handed_over_at_the_end_of_the_epoch_in_which_its_minutes_end(plan, tmp_path):
    with pytest.raises(Checkpointed, match="handing over after epoch 1"):
        fit(plan(4096, epochs=2, minutes=0), tmp_path / "c.ckpt")
    fitted = fit(plan(4096, epochs=2, minutes=1e6), tmp_path / "c.ckpt")
    assert [record["epoch"] for record in fitted.epochs] == [1, 2]


def test_a_training_goes_on_under_another_bound(plan, tmp_path):
    fit(plan(4096), tmp_path / "c.ckpt")
    saved = Checkpoint(tmp_path / "c.ckpt", plan(0).identity())
    saved.start(None)
    assert saved.state is not None, "the bound is no part of a training's identity"


def test_what_the_network_finds_is_the_same_whether_or_not_the_last_epoch_was_done_before(
    plan, tmp_path
):
    first, again = (fit(plan(4096), tmp_path / "c.ckpt") for _ in range(2))
    assert first.epochs == again.epochs
    for one, other in zip(first.found, again.found, strict=True):
        assert len(one) > 0
        assert np.array_equal(one.boxes, other.boxes)
        assert np.array_equal(one.probabilities, other.probabilities)
