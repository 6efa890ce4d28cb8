import pytest
import torch

from utils.detector.forward import MEAN, STD, _batch, candidates, detect, distinct_faces, losses
from utils.detector.prepared import prepared


def test_batch_is_normalised_and_padded_to_the_stride():
    images = [torch.full((3, 30, 50), 200, dtype=torch.uint8), torch.zeros(3, 40, 20).byte()]
    batch = _batch(images)
    assert batch.tensors.shape == (2, 3, 64, 64)
    assert batch.image_sizes == [(30, 50), (40, 20)]
    assert torch.allclose(batch.tensors[0, :, 0, 0], ((200 - MEAN) / STD).flatten())
    assert (batch.tensors[0, :, 30:] == 0).all()
    assert (batch.tensors[1, :, :, 20:] == 0).all()


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
        found = detect(prepared(model, bfloat16), images[:count], bfloat16)
        assert [tuple(one["boxes"].shape) for one in found] == [(0, 4)] * count
        assert [tuple(one["probabilities"].shape) for one in found] == [(0, 4)] * count
        assert [one["labels"].dtype for one in found] == [torch.int64] * count


def test_a_photograph_without_proposals_leaves_the_others_theirs(model):
    ready, image = prepared(model, False), torch.randint(0, 255, (3, 64, 64), dtype=torch.uint8)
    (alone,) = detect(ready, [image])
    assert len(alone["scores"]) > 0
    real = ready.rpn.filter_proposals

    def all_but_the_second(*arguments):
        boxes, scores = real(*arguments)
        return [boxes[0], boxes[1][:0], boxes[2]], [scores[0], scores[1][:0], scores[2]]

    ready.rpn.filter_proposals = all_but_the_second
    found = detect(ready, [image] * 3)
    assert [len(one["scores"]) > 0 for one in found] == [True, False, True]
    torch.testing.assert_close(found[2]["boxes"], alone["boxes"], rtol=1e-4, atol=1e-3)
