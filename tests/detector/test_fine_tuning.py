import pytest
import torch
from torch import nn

from tests.detector.test_weights import built
from utils.detector.fine_tuning import pretrained_rates, stages
from utils.detector.names import (
    COMPACT,
    COMPACT_CENTERFACE,
    COMPACT_LITE0,
    COMPACT_MOBILENET,
    MOBILENET,
)
from utils.detector.task import FaceDetection
from utils.training.checkpoint import Checkpoint
from utils.training.loop import train
from utils.training.recipe import Recipe


@pytest.mark.parametrize(
    ("name", "last"),
    [
        (COMPACT, ["layer1", "layer2", "layer3", "layer4"]),
        (COMPACT_MOBILENET, ["3", "6", "13", "17"]),
        (COMPACT_CENTERFACE, ["3", "6", "13", "17"]),
        (COMPACT_LITE0, ["3", "5", "11", "16"]),
        (MOBILENET, ["13", "16"]),
    ],
)
def test_a_stage_ends_where_the_pyramid_takes_features(name, last):
    model = built(name)
    found = stages(model)
    assert [stage[-1] for stage in found] == last
    assert [layer for stage in found for layer in stage] == list(model.backbone.body)


def test_stages_further_down_learn_slower_and_the_first_do_not():
    model = built(COMPACT_MOBILENET)
    given = {name for name in model.state_dict() if name.startswith("backbone.body.")}
    given.remove("backbone.body.17.conv.2.weight")
    recipe = Recipe(backbone_rate=0.5, layer_decay=0.1, frozen_stages=2)
    rates = pretrained_rates(model, recipe, given)
    assert rates.keys() == given & {name for name, _ in model.named_parameters()}
    for name, rate in rates.items():
        layer = int(name.split(".")[2])
        expected = 0.0 if layer <= 6 else 0.05 if layer <= 13 else 0.5
        assert rate == pytest.approx(expected), name


def test_a_frozen_stage_costs_no_gradient_and_stays_as_it_is(photos, validation, tmp_path):
    torch.manual_seed(0)
    model = built(COMPACT_CENTERFACE)
    given = {name for name in model.state_dict() if name.startswith("backbone.body.")}
    recipe = Recipe(batch_size=4, frozen_stages=2, layer_decay=0.5, head_start=0.5, ema=0.0)
    rates = pretrained_rates(model, recipe, given)
    body = model.backbone.body
    frozen = frozenset(
        f"backbone.body.{name}" for name, m in body.named_modules() if isinstance(m, nn.BatchNorm2d)
    )
    task = FaceDetection(model, photos, validation, recipe, frozen, pretrained=rates)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    checkpoint = Checkpoint(tmp_path / "c.ckpt", {"job": "test"})
    checkpoint.start()
    train(task, recipe, 2, 3, checkpoint)
    features = body(torch.zeros(1, 3, 64, 64))
    assert [value.requires_grad for value in features.values()] == [False, False, True, True]
    assert {name for name, p in body.named_parameters() if p.grad is None} == {
        name for name, _ in body.named_parameters() if int(name.split(".")[0]) <= 6
    }
    for name, value in model.state_dict().items():
        stays = name.startswith(tuple(f"backbone.body.{number}." for number in range(7)))
        if name.endswith("weight"):
            assert torch.equal(value, before[name]) is stays, name
