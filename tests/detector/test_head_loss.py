import numpy as np
import pytest
import torch
from torch.nn import functional

from utils.detector.anchor_sampling import seed_sampling
from utils.detector.forward import _batch, losses
from utils.detector.head_loss import HeadLoss
from utils.training.recipe import Recipe

IMAGES = [torch.randint(0, 255, (3, 64, 64), generator=torch.manual_seed(k)).byte() for k in (1, 2)]
TARGETS = [
    {"boxes": torch.tensor([[5.0, 5, 25, 30]]), "labels": torch.tensor([2])},
    {"boxes": torch.tensor([[30.0, 20, 50, 44]]), "labels": torch.tensor([3])},
]


def head_losses(model, head=None):
    for sampler in seed_sampling(model.train()):
        sampler.seeds = [3, 4]
    found = losses(model, IMAGES, TARGETS, head=head)
    return found["classification"], found["box_regression"]


def test_by_default_they_are_torchvisions(model):
    ours = head_losses(model)
    for sampler in seed_sampling(model):
        sampler.seeds = [3, 4]
    batch = _batch(IMAGES)
    features = model.backbone(batch.tensors)
    proposals, _ = model.rpn(batch, features, TARGETS)
    _, theirs = model.roi_heads(features, proposals, batch.image_sizes, TARGETS)
    expected = [theirs["loss_classifier"], theirs["loss_box_reg"]]
    assert [one.item() for one in ours] == pytest.approx([one.item() for one in expected], rel=1e-6)


def test_another_loss_of_classes_leaves_that_of_boxes(model):
    plain, focused = (head_losses(model, head) for head in (None, HeadLoss(focus=2.0)))
    assert focused[0] < plain[0]
    assert focused[1] == plain[1]


def test_classes_can_weigh_smooth_and_focus():
    logits = torch.tensor([[2.0, 0.0, 0.0, 0.0], [0.0, 1.0, 0.0, 3.0]])
    labels = torch.tensor([0, 3])
    each = functional.cross_entropy(logits, labels, reduction="none")

    def loss(**options):
        return HeadLoss(**options).classification(logits, labels).item()

    assert loss() == pytest.approx(each.mean().item())
    assert loss(weights=(1.0, 1.0, 1.0, 5.0)) == pytest.approx((each[0] + 5 * each[1]).item() / 2)
    right = (-each).exp()
    assert loss(focus=2.0) == pytest.approx(((1 - right) ** 2 * each).mean().item())
    smooth = functional.cross_entropy(logits, labels, label_smoothing=0.1)
    assert loss(smoothing=0.1) == pytest.approx(smooth.item())


def test_rare_classes_weigh_more_and_one_that_never_comes_weighs_nothing_more():
    labels = np.array([1] * 16 + [2] * 4 + [3])
    whole = Recipe(class_weight=1.0)
    assert HeadLoss.of(whole, [labels]).weights == (1.0, 1.0, 4.0, 16.0)
    assert HeadLoss.of(whole, [labels[:20]]).weights == (1.0, 1.0, 4.0, 1.0)
    assert HeadLoss.of(Recipe(), [labels]) == HeadLoss()
    recipe = Recipe(class_weight=0.5, focal=1.0)
    expected = HeadLoss(0.0, 1.0, (1.0, 1.0, 2.0, 4.0))
    assert HeadLoss.of(recipe, [labels[:9], labels[9:]]) == expected
