import numpy as np
import pytest
import torch

from utils.detector import augmentation
from utils.detector.augmentation import FILL, ROOM, Augmentation, chip_side
from utils.detector.forward import STRIDE
from utils.training.recipe import Recipe


def chips_of(strength, side):
    """Return what makes a chip of an image with its target, as a seed says."""
    recipe = Recipe(augmentation=strength)
    return lambda image, target, seed: Augmentation(recipe, [(image, target)], side)(0, seed)


def sample():
    image = torch.randint(0, 255, (3, 60, 100), dtype=torch.uint8)
    target = {
        "boxes": torch.tensor([[10.0, 10.0, 30.0, 40.0], [50.0, 5.0, 90.0, 50.0]]),
        "labels": torch.tensor([1, 3]),
        "name": "photo",
    }
    return image, target


def painted(boxes, height=90, width=140):
    """Return a black photograph with a white rectangle at each box."""
    image = torch.zeros(3, height, width, dtype=torch.uint8)
    for x1, y1, x2, y2 in boxes:
        image[:, y1:y2, x1:x2] = 255
    return image, {
        "boxes": torch.tensor(boxes, dtype=torch.float32),
        "labels": torch.ones(len(boxes), dtype=torch.int64),
    }


def test_is_a_function_of_the_seed_alone_and_leaves_the_global_random_state():
    augment = chips_of(1.0, 96)
    image, target = sample()
    first = augment(image, target, 7)
    state = torch.get_rng_state()
    second = augment(image, target, 7)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1]["boxes"], second[1]["boxes"])
    assert not torch.equal(first[0], augment(image, target, 8)[0])


def test_chips_are_squares_with_whole_boxes_of_the_right_class():
    augment = chips_of(1.0, 64)
    image, target = sample()
    untouched = target["boxes"].clone()
    seen = set()
    for seed in range(60):
        chip, changed = augment(image, target, seed)
        boxes = changed["boxes"]
        assert chip.shape == (3, 64, 64)
        assert chip.dtype == torch.uint8
        assert boxes.dtype == torch.float32
        assert changed["name"] == "photo"
        assert len(boxes) == len(changed["labels"]) >= 1, "a chip is cut around a face"
        assert (boxes >= 0).all()
        assert (boxes <= 64).all()
        assert (boxes[:, 2:] - boxes[:, :2] > 0).all()
        seen |= set(changed["labels"].tolist())
    assert seen == {1, 3}
    assert torch.equal(target["boxes"], untouched)


def test_a_box_lies_where_its_face_lies(monkeypatch):
    monkeypatch.setattr(augmentation, "recoloured", lambda random, chip, strength: chip)
    augment = chips_of(1.0, 96)
    image, target = painted([(40, 30, 70, 60)])
    for seed in range(60):
        chip, changed = augment(image, target, seed)
        ((x1, y1, x2, y2),) = changed["boxes"].tolist()
        rows, columns = np.nonzero(chip[0].numpy() > 190)  # brighter than what fills the edges
        found = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert found == pytest.approx((x1, y1, x2, y2), abs=1.0)


def test_the_face_that_a_chip_is_cut_around_is_whole_and_leaves_room():
    augment = chips_of(1.0, 64)
    image, target = painted([(5, 5, 85, 85)])
    for seed in range(30):
        ((x1, y1, x2, y2),) = augment(image, target, seed)[1]["boxes"].tolist()
        # The aspect changes by at most 2 ** 0.25, half of it on either side.
        assert max(x2 - x1, y2 - y1) <= ROOM * 64 * 2**0.125 + 0.01
        assert (x2 - x1) * (y2 - y1) >= 0.9 * (x2 - x1) ** 2 / 2**0.25


def test_a_rare_class_is_cut_around_as_often_as_a_common_one():
    boxes = [(4 + 9 * k, 4, 10 + 9 * k, 10) for k in range(9)] + [(120, 75, 126, 81)]
    image, target = painted(boxes)
    target["labels"][9] = 3
    augment = chips_of(0.0, 32)
    chips = [augment(image, target, seed)[1]["labels"].tolist() for seed in range(200)]
    assert 70 < sum(3 in labels for labels in chips) < 130


def test_a_face_that_an_edge_cuts_deeply_is_left_out():
    image, target = painted([(70, 30, 76, 36), (40, 20, 56, 44)])
    target["labels"][1] = 2
    augment = chips_of(0.0, 32)
    cut = 0
    for seed in range(100):
        _, changed = augment(image, target, seed)
        for x1, y1, x2, y2 in changed["boxes"][changed["labels"] == 2].tolist():
            area = (x2 - x1) * (y2 - y1)
            assert area >= 0.4 * 16 * 24
            cut += area < 16 * 24 - 1
    assert cut, "one that an edge cuts less deeply is kept"


def test_no_strength_only_cuts_and_flips():
    image, target = sample()
    augment = chips_of(0.0, 32)
    windows = image.unfold(1, 32, 1).unfold(2, 32, 1)
    flips = set()
    for seed in range(12):
        target = {"boxes": torch.tensor([[40.0, 20, 60, 40]]), "labels": torch.tensor([1])}
        chip, changed = augment(image, target, seed)
        x1, y1, x2, y2 = changed["boxes"][0].tolist()
        assert (x2 - x1, y2 - y1) == pytest.approx((20, 20), abs=1e-3)
        for flipped in (False, True):
            x = round(40 - (32 - x2 if flipped else x1))
            window = windows[:, round(20 - y1), x]
            shown = chip.flip(2) if flipped else chip
            # Windows begin between pixels, so neighbours are mixed.
            if (shown.float() - window).abs().mean() < 70:
                flips.add(flipped)
    assert flips == {True, False}


def test_photograph_without_faces():
    image, _ = sample()
    target = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    for seed in range(10):
        chip, changed = chips_of(1.0, 64)(image, target, seed)
        assert changed["boxes"].shape == (0, 4)
        assert chip.shape == (3, 64, 64)


def test_what_lies_beyond_the_photograph_is_filled():
    image = torch.zeros(3, 20, 20, dtype=torch.uint8)
    target = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    chip, _ = chips_of(0.0, 64)(image, target, 1)
    assert (chip == torch.tensor(FILL)[:, None, None]).all(0).float().mean() > 0.85


def test_side_of_a_chip_is_whole_cells():
    assert chip_side(0.6, 416) == 256
    assert chip_side(0.6, 256) == 160
    assert chip_side(0.01, 64) == 2 * STRIDE
    assert chip_side(250, 960) == 256, "above 1 it is in pixels"
