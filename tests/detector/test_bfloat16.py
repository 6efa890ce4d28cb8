"""Why boxes stay in float32: what bfloat16 does to them, and that our losses are spared it."""

import pytest
import torch
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.image_list import ImageList

from utils.detector.anchor_sampling import seed_sampling
from utils.detector.forward import losses

# Between 256 and 512 pixels, bfloat16 has the even numbers.
SPECK = torch.tensor([[301.2, 100.0, 302.5, 101.3]])
IMAGE = torch.full((3, 128, 320), 90, dtype=torch.uint8)


@pytest.fixture
def target(model):
    """Return a target with a face that bfloat16 leaves no width; let `model` draw from seeds."""
    for sampler in seed_sampling(model):
        sampler.seeds = [1]
    return {"boxes": SPECK, "labels": torch.tensor([1])}


def test_face_that_rounds_to_no_width_has_no_box_coding():
    rounded = SPECK.bfloat16()
    assert rounded[0, 0] == rounded[0, 2] == 302
    coder = BoxCoder((10.0, 10.0, 5.0, 5.0))
    assert coder.encode_single(rounded, rounded).isnan().any()
    assert torch.equal(coder.encode_single(SPECK, SPECK), torch.zeros(1, 4))


def test_losses_of_that_face_are_finite_here_and_not_under_autocast(model, target):
    for value in losses(model, [IMAGE], [target], bfloat16=True).values():
        assert torch.isfinite(value)
    with torch.autocast("cpu", torch.bfloat16):
        assert losses(model, [IMAGE], [target])["box_regression"].isnan()


def test_features_in_bfloat16_leave_anchors_and_losses_what_they_were(model, target):
    target["boxes"] = torch.tensor([[271.0, 31.0, 289.0, 49.0]])
    expected = losses(model, [IMAGE], [target])
    found = losses(model, [IMAGE], [target], bfloat16=True)
    for name in ("objectness", "rpn_box_regression"):
        assert found[name].item() == pytest.approx(expected[name].item(), rel=0.02)


def test_anchors_in_bfloat16_are_other_anchors(model):
    batch = ImageList(torch.empty(1, 3, 128, 320), [(128, 320)])
    levels = [torch.empty(1, 1, 128 // stride, 320 // stride) for stride in (4, 8, 16)]
    exact = model.rpn.anchor_generator(batch, levels)[0]
    rounded = model.rpn.anchor_generator(batch, [level.bfloat16() for level in levels])[0]
    assert rounded.dtype == torch.bfloat16
    far = exact[:, 2] > 256
    off = (rounded.float() - exact)[far, 2].abs()
    assert off.max() == 1  # a twelfth of the smallest anchor
    assert torch.equal(rounded.float()[~far], exact[~far])
