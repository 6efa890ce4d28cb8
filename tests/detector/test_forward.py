import copy

import pytest
import torch

from utils.detector import forward
from utils.detector.anchor_sampling import seed_sampling
from utils.detector.forward import (
    _batch,
    candidates,
    detect,
    detect_and_lose,
    distinct_faces,
    losses,
)
from utils.detector.prepared import prepared
from utils.networks.normalisation import MEAN, STD


def test_batch_is_normalised_and_padded_to_the_stride():
    images = [torch.full((3, 30, 50), 200, dtype=torch.uint8), torch.zeros(3, 40, 20).byte()]
    batch = _batch(images)
    assert batch.tensors.shape == (2, 3, 64, 64)
    assert batch.image_sizes == [(30, 50), (40, 20)]
    assert torch.allclose(batch.tensors[0, :, 0, 0], ((200 - MEAN) / STD).flatten())
    assert (batch.tensors[0, :, 30:] == 0).all()
    assert (batch.tensors[1, :, :, 20:] == 0).all()


def test_a_narrow_image_does_not_decide_how_later_ones_are_pooled(model):
    torch.manual_seed(1)
    narrow, usual = (
        torch.randint(0, 255, (3, *size), dtype=torch.uint8) for size in ((20, 320), (64, 80))
    )
    model.eval()
    other = copy.deepcopy(model)
    detect(other, [narrow])
    expected, found = detect(model, [usual])[0], detect(other, [usual])[0]
    assert len(expected["boxes"])
    assert all(torch.equal(expected[name], found[name]) for name in expected)
    targets = [{"boxes": torch.tensor([[10.0, 10, 40, 50]]), "labels": torch.tensor([1])}]
    other.train()
    other.roi_heads.box_roi_pool.scales = None
    losses(other, [narrow], [{**targets[0], "boxes": targets[0]["boxes"].clamp(max=19)}])
    assert other.roi_heads.box_roi_pool.scales == model.roi_heads.box_roi_pool.scales


def probabilities(*rows: tuple[float, float, float, float]) -> torch.Tensor:
    return torch.tensor(rows)


def boxes_of_each_class(*boxes: tuple[float, float, float, float]) -> torch.Tensor:
    """Shape (P, 4, 4): the box of class k is moved down by k pixels."""
    moved = torch.tensor([[0.0, k, 0, k] for k in range(4)])
    return torch.tensor(boxes)[:, None] + moved


def test_a_face_is_returned_once_with_the_box_and_probability_of_its_likeliest_class(model):
    boxes = boxes_of_each_class((0, 0, 10, 20), (0, 0, 10, 21), (20, 0, 30, 20))
    chances = probabilities((0.1, 0.5, 0.1, 0.3), (0.2, 0.1, 0.1, 0.6), (0.6, 0.0, 0.3, 0.1))
    found = distinct_faces(model, boxes, chances)
    # the first two are one face: the likelier to be a face stays, though less sure of its class
    assert found["labels"].tolist() == [1, 2]
    assert found["scores"].tolist() == pytest.approx([0.5, 0.3])
    assert found["boxes"].tolist() == [[0, 1, 10, 21], [20, 2, 30, 22]]
    assert torch.equal(found["probabilities"], chances[[0, 2]])


def test_what_is_unlikely_empty_or_too_much_is_left_out(model):
    boxes = boxes_of_each_class(*((20 * k, 0, 20 * k + 10 * (k != 1), 9) for k in range(5)))
    score = torch.tensor([0.9, 0.8, 0.05, 0.3, 0.4])
    chances = torch.stack([1 - score, score, 0 * score, 0 * score], dim=1)
    found = distinct_faces(model, boxes, chances)
    assert found["boxes"][:, 0].tolist() == [0, 80, 60]  # one has no area, one is too unlikely
    model.roi_heads.detections_per_img = 2
    assert distinct_faces(model, boxes, chances)["boxes"][:, 0].tolist() == [0, 80]
    nothing = distinct_faces(model, torch.zeros(0, 4, 4), torch.zeros(0, 4))
    assert [len(values) for values in nothing.values()] == [0, 0, 0, 0]


def test_candidates_are_what_torchvision_makes_of_the_proposals(model):
    torch.manual_seed(1)
    images = [torch.randint(0, 255, (3, *size), dtype=torch.uint8) for size in ((64, 80), (50, 64))]
    model.eval()
    model.roi_heads.nms_thresh = 1.1  # keeps all
    model.roi_heads.detections_per_img = 10_000
    batch = _batch(images)
    with torch.inference_mode():
        features = model.backbone(batch.tensors)
        proposals, _ = model.rpn(batch, features)
        expected, _ = model.roi_heads(features, proposals, batch.image_sizes)
    for one, (boxes, chances) in zip(expected, candidates(model, images), strict=True):
        assert torch.allclose(chances.sum(dim=1), torch.ones(len(chances)))
        sides = boxes[:, 1:, 2:] - boxes[:, 1:, :2]
        likely = (chances[:, 1:] > model.roi_heads.score_thresh) & (sides >= 0.01).all(dim=2)
        assert likely.sum() == len(one["scores"]) > 10
        scores, order = chances[:, 1:][likely].sort(descending=True, stable=True)
        assert torch.allclose(scores, one["scores"])
        assert torch.allclose(boxes[:, 1:][likely][order].sum(dim=0), one["boxes"].sum(dim=0))


def test_bfloat16_keeps_losses_in_float32_and_near(model):
    images = [torch.randint(0, 255, (3, 64, 64), dtype=torch.uint8) for _ in range(2)]
    targets = [{"boxes": torch.tensor([[5.0, 5, 25, 30]]), "labels": torch.tensor([2])}] * 2
    given = []
    for bfloat16 in (False, True):
        torch.manual_seed(0)
        given.append(losses(model.train(), images, targets, bfloat16))
    for name, exact in given[0].items():
        assert given[1][name].dtype == torch.float32
        assert given[1][name].item() == pytest.approx(exact.item(), rel=0.15, abs=0.02), name


def test_detection_does_not_track_gradients(model):
    (found,) = detect(model.eval(), [torch.zeros(3, 64, 64).byte()])
    assert not found["scores"].requires_grad
    assert found["probabilities"].shape == (len(found["labels"]), 4)


def poisoned(model):
    with torch.no_grad():
        next(model.backbone.parameters()).fill_(torch.nan)


def silenced(model):
    model.rpn.score_thresh = 2.0  # no proposal is as likely


@pytest.mark.parametrize("bfloat16", [False, True])
@pytest.mark.parametrize("spoil", [poisoned, silenced])
def test_a_detector_that_proposes_nothing_finds_no_faces(model, spoil, bfloat16):
    spoil(model)
    images = [torch.full((3, 64, side), 200, dtype=torch.uint8) for side in (64, 40)]
    for count in (1, 2):
        found = detect(prepared(model, bfloat16), images[:count], bfloat16, count == 2)
        assert [tuple(one["boxes"].shape) for one in found] == [(0, 4)] * count
        assert [tuple(one["probabilities"].shape) for one in found] == [(0, 4)] * count
        assert [one["labels"].dtype for one in found] == [torch.int64] * count


def test_a_photograph_without_proposals_leaves_the_others_theirs(model, monkeypatch):
    ready, image = prepared(model, False), torch.randint(0, 255, (3, 64, 64), dtype=torch.uint8)
    (alone,) = detect(ready, [image])
    assert len(alone["scores"]) > 0
    real = forward.propose

    def all_but_the_second(*arguments):
        first, second, third = real(*arguments)
        return [first, second[:0], third]

    monkeypatch.setattr(forward, "propose", all_but_the_second)
    found = detect(ready, [image] * 3)
    assert [len(one["scores"]) > 0 for one in found] == [True, False, True]
    torch.testing.assert_close(found[2]["boxes"], alone["boxes"], rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("width", [64, 70])
def test_what_is_found_mirrored_too_is_the_same_in_a_mirror(model, width):
    ready = prepared(model, False)
    image = torch.randint(0, 255, (3, 64, width), dtype=torch.uint8)
    ((boxes, chances),) = candidates(ready, [image], mirrored=True)
    ((turned, as_well),) = candidates(ready, [image.flip(2)], mirrored=True)
    x1, y1, x2, y2 = turned.unbind(dim=-1)
    turned = torch.stack([width - x2, y1, width - x1, y2], dim=-1)
    own = len(candidates(ready, [image])[0][0])
    assert 0 < own < len(boxes), "the mirrored image proposes, too, after the image's own"
    for ours, theirs in ((boxes, turned), (chances, as_well)):
        torch.testing.assert_close(ours, theirs.roll(own, 0), rtol=1e-4, atol=1e-3)


def test_what_is_found_mirrored_too_is_a_mean(model):
    ready = prepared(model, False)
    image = torch.randint(0, 255, (3, 64, 64), dtype=torch.uint8)
    same = torch.cat([image[:, :, :32], image[:, :, :32].flip(2)], dim=2)
    ((_, chances),) = candidates(ready, [same])
    ((_, as_well),) = candidates(ready, [same], mirrored=True)
    number = len(chances)
    torch.testing.assert_close(as_well[:number], as_well[number:], rtol=1e-4, atol=1e-4)
    ((_, turned),) = candidates(ready, [same.flip(2)])
    assert torch.allclose(turned, chances, atol=1e-4), "the image is its own mirror image"
    assert not torch.allclose(as_well[:number], chances, atol=1e-4)


def test_losses_are_of_the_image_alone_whether_or_not_its_mirror_image_is_asked(model):
    ready = prepared(model, False)
    image = torch.randint(0, 255, (3, 64, 80), dtype=torch.uint8)
    targets = [{"boxes": torch.tensor([[5.0, 5, 25, 30]]), "labels": torch.tensor([2])}]
    for mirrored in (False, True):
        for sampler in seed_sampling(ready):
            sampler.seeds = [1]
        found, parts = detect_and_lose(ready, [image], targets, mirrored=mirrored)
        (expected,) = detect(ready, [image], mirrored=mirrored)
        assert torch.equal(found[0]["probabilities"], expected["probabilities"])
        if not mirrored:
            alone = parts
    assert {name: part.item() for name, part in parts.items()} == {
        name: part.item() for name, part in alone.items()
    }
