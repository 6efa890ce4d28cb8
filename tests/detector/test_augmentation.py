import pytest
import torch

from utils.detector.augmentation import Augmentation, epoch_batches


def sample():
    image = torch.randint(0, 255, (3, 60, 100), dtype=torch.uint8)
    target = {
        "boxes": torch.tensor([[10.0, 10.0, 30.0, 40.0], [50.0, 5.0, 90.0, 50.0]]),
        "labels": torch.tensor([1, 3]),
        "name": "photo",
    }
    return image, target


def test_is_a_function_of_the_seed_alone_and_leaves_the_global_random_state():
    augment = Augmentation(1.0, 100)
    image, target = sample()
    first = augment(image, target, 7)
    state = torch.get_rng_state()
    second = augment(image, target, 7)
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1]["boxes"], second[1]["boxes"])
    other = augment(image, target, 8)
    assert first[0].shape != other[0].shape or not torch.equal(first[0], other[0])


def test_boxes_stay_within_the_image_and_keep_their_classes():
    augment = Augmentation(1.0, 100)
    image, target = sample()
    label_of = {}
    for seed in range(40):
        out, changed = augment(image, target, seed)
        assert max(out.shape[1:]) == 100
        assert out.dtype == torch.uint8
        boxes = changed["boxes"]
        assert type(out) is type(boxes) is torch.Tensor
        assert len(boxes) == len(changed["labels"])
        assert (boxes >= 0).all()
        assert (boxes[:, 0::2] <= out.shape[2]).all()
        assert (boxes[:, 1::2] <= out.shape[1]).all()
        assert set(changed["labels"].tolist()) <= {1, 3}
        label_of[len(boxes)] = changed["labels"].tolist()
    assert label_of[2] == [1, 3]


def test_no_strength_only_flips():
    augment = Augmentation(0.0, 100)
    image, target = sample()
    seen = set()
    for seed in range(12):
        out, changed = augment(image, target, seed)
        flipped = torch.equal(out, image.flip(2))
        seen.add(flipped)
        if flipped:
            assert changed["boxes"][0].tolist() == [70.0, 10.0, 90.0, 40.0]
        else:
            assert torch.equal(out, image)
            assert torch.equal(changed["boxes"], target["boxes"])
    assert seen == {True, False}


def test_photograph_without_faces():
    image, _ = sample()
    target = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    for seed in range(10):
        out, changed = Augmentation(1.0, 64)(image, target, seed)
        assert changed["boxes"].shape == (0, 4)
        assert max(out.shape[1:]) == 64


@pytest.mark.parametrize(("photos", "size", "steps"), [(9, 4, 3), (8, 8, 1), (1, 8, 1), (17, 8, 3)])
def test_batches_deal_every_photo_once_and_evenly(photos, size, steps):
    batches = epoch_batches(photos, size, seed=1, epoch=0)
    assert len(batches) == steps
    assert sorted(number for batch in batches for number in batch) == list(range(photos))
    lengths = [len(batch) for batch in batches]
    assert max(lengths) <= size
    assert max(lengths) - min(lengths) <= 1


def test_order_differs_by_epoch_and_seed_only():
    order = epoch_batches(50, 8, seed=1, epoch=0)
    assert epoch_batches(50, 8, seed=1, epoch=0) == order
    assert epoch_batches(50, 8, seed=1, epoch=1) != order
    assert epoch_batches(50, 8, seed=2, epoch=0) != order
