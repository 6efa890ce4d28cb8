import numpy as np
import torch

from utils.classifier.augmentation import view
from utils.training.recipe import Recipe

PICTURE = torch.from_numpy(
    np.linspace(0, 255, 3 * 32 * 32).astype(np.uint8).reshape(3, 32, 32).copy()
)


def test_a_view_is_a_function_of_the_seed():
    recipe = Recipe(augmentation=1.0, relight=0.5, spoil=0.5)
    for seed in range(5):
        assert torch.equal(view(PICTURE, recipe, seed), view(PICTURE, recipe, seed))
    seen = [view(PICTURE, recipe, seed) for seed in range(5)]
    assert all(one.shape == PICTURE.shape and one.dtype == torch.uint8 for one in seen)
    assert not any(torch.equal(seen[0], other) for other in seen[1:])


def test_without_strength_a_face_is_mirrored_at_most():
    seen = [view(PICTURE, Recipe(augmentation=0.0), seed) for seed in range(20)]
    mirrored = PICTURE.flip(2)
    kinds = [torch.equal(one, PICTURE) + 2 * torch.equal(one, mirrored) for one in seen]
    assert set(kinds) == {1, 2}


def test_no_view_loses_the_face():
    picture = torch.zeros((3, 64, 64), dtype=torch.uint8)
    picture[:, 16:48, 16:48] = 200
    for seed in range(40):
        seen = view(picture, Recipe(augmentation=1.0), seed).float().mean(dim=0)
        assert (seen > 0.3 * seen.max()).float().mean() > 0.12  # a quarter, at the usual zoom
        assert seen[28:36, 28:36].mean() > 0.5 * seen.max()
