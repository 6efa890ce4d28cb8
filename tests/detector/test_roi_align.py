import pytest
import torch
from torchvision.ops import MultiScaleRoIAlign

from utils.detector.roi_align import GatheredRoIAlign

LEVELS = ("0", "1", "2", "3")


def features(images: int, height: int, width: int) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {
        name: torch.randn(images, 5, height >> level, width >> level, generator=generator)
        .to(memory_format=torch.channels_last)
        .requires_grad_()
        for level, name in enumerate(LEVELS)
    }


def boxes(number: int, height: int, width: int) -> torch.Tensor:
    """Faces of all sizes, so that every level is asked, some at and beyond the edges."""
    generator = torch.Generator().manual_seed(number)
    low = torch.rand(number, 2, generator=generator) * torch.tensor([width, height]) - 20.0
    sides = torch.exp(torch.rand(number, 2, generator=generator) * 5.5)
    sides[:3] = torch.tensor([[500.0], [300.0], [150.0]])[: len(sides)]  # for the coarser levels
    return torch.cat([low, low + sides], dim=1)


@pytest.mark.parametrize("names", [LEVELS, ("1",)])
@pytest.mark.parametrize(("size", "samples"), [(7, 1), ((3, 5), 2)])
def test_values_and_gradients_are_torchvisions(names, size, samples):
    found = []
    for pool in (MultiScaleRoIAlign, GatheredRoIAlign):
        maps = features(2, 64, 96)
        asked = [boxes(40, 256, 384), boxes(7, 256, 384)]
        pooled = pool(names, size, samples)(maps, asked, [(256, 384)] * 2)
        weights = torch.randn(pooled.shape, generator=torch.Generator().manual_seed(1))
        (pooled * weights).sum().backward()
        found.append((pooled.detach(), *(maps[name].grad for name in names)))
    for theirs, ours in zip(*found, strict=True):
        assert theirs.abs().max() > 0.1
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("numbers", [(0, 0), (0, 3), (3, 0)])
def test_images_without_boxes(numbers):
    asked = [boxes(number, 256, 384) for number in numbers]
    pooled = GatheredRoIAlign(LEVELS, 7, 1)(features(2, 64, 96), asked, [(256, 384)] * 2)
    assert pooled.shape == (sum(numbers), 5, 7, 7)


def test_bfloat16_features_are_pooled_in_float32_as_torchvision_does():
    asked = [boxes(40, 256, 384)]
    maps = {name: level.bfloat16() for name, level in features(1, 64, 96).items()}
    with torch.autocast("cpu", torch.bfloat16):
        pooled = [
            pool(LEVELS, 7, 1)(maps, asked, [(256, 384)])
            for pool in (MultiScaleRoIAlign, GatheredRoIAlign)
        ]
    assert pooled[1].dtype == torch.bfloat16
    torch.testing.assert_close(pooled[1].float(), pooled[0].float(), rtol=1e-2, atol=1e-2)
