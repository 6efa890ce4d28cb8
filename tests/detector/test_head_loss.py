import numpy as np
import pytest
import torch
from torch.nn import functional

from utils.detector.anchor_sampling import seed_sampling
from utils.detector.forward import _batch, losses
from utils.detector.head_loss import OVERLAP, HeadLoss
from utils.training.recipe import BOX_LOSSES, Recipe

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


@pytest.mark.parametrize("box", OVERLAP)
def test_losses_of_overlap_vanish_where_the_boxes_are_right(model, box):
    predictor = model.roi_heads.box_predictor.bbox_pred
    with torch.no_grad():
        predictor.weight.zero_()
        predictor.bias.zero_()
    select = model.roi_heads.select_training_samples

    def on_the_faces(proposals, targets):
        return select([target["boxes"] for target in targets], targets)

    model.roi_heads.select_training_samples = on_the_faces
    assert head_losses(model, HeadLoss(box))[1].item() == pytest.approx(0, abs=1e-4)
    predictor.bias.data[8:12] = torch.tensor([3.0, 0, 0, 0])  # of the second class, in tenths
    off = head_losses(model, HeadLoss(box))[1]
    assert off.item() > 0.5
    off.backward()
    grad = predictor.bias.grad
    assert grad[8] > 0 and grad[:8].abs().sum() == 0 and grad[8:10].abs().sum() > 0


def test_a_face_can_teach_the_boxes_of_all_classes(model):
    for shared, taught in ((False, [False, False, True, True]), (True, [False, True, True, True])):
        model.zero_grad()
        head_losses(model, HeadLoss(shared_boxes=shared))[1].backward()
        grad = model.roi_heads.box_predictor.bbox_pred.weight.grad.reshape(4, -1)
        assert (grad.abs().sum(dim=1) > 0).tolist() == taught


def test_boxes_that_are_alike_for_all_classes_lose_as_much_shared_as_not(model):
    predictor = model.roi_heads.box_predictor.bbox_pred
    with torch.no_grad():
        predictor.weight[4:] = predictor.weight[4:8].repeat(3, 1)
        predictor.bias[4:] = predictor.bias[4:8].repeat(3)
    for box in BOX_LOSSES:
        own, shared = (head_losses(model, HeadLoss(box, s))[1].item() for s in (False, True))
        assert shared == pytest.approx(own, rel=1e-5)


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
    recipe = Recipe(box_loss="giou", shared_boxes=True, class_weight=0.5, focal=1.0)
    assert HeadLoss.of(recipe, [labels[:9], labels[9:]]) == HeadLoss(
        "giou", True, 0.0, 1.0, (1.0, 1.0, 2.0, 4.0)
    )
