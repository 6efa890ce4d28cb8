import numpy as np
import pytest

from utils.training.sampling import epoch_batches, repeat_factors


def present(*photos):
    """Return which of three classes each photograph has."""
    return np.array([[label in photo for label in (1, 2, 3)] for photo in photos])


def test_photos_of_rare_classes_repeat_by_the_root_of_their_rarity():
    factors = repeat_factors(present(*[{1}] * 12, *[{1, 2}] * 3, {1, 3}), threshold=0.75)
    assert factors[0] == 1
    assert factors[12] == pytest.approx(np.sqrt(0.75 / (3 / 16)))
    assert factors[15] == pytest.approx(np.sqrt(0.75 / (1 / 16)))


def test_without_a_threshold_without_faces_or_without_a_class_all_are_alike():
    assert repeat_factors(present({1}, {3}, set()), 0.0).tolist() == [1, 1, 1]
    assert repeat_factors(present(set(), set()), 1.0).tolist() == [1, 1]


@pytest.mark.parametrize(("photos", "size", "steps"), [(9, 4, 3), (8, 8, 1), (1, 8, 1), (17, 8, 3)])
def test_equal_weights_deal_every_photo_once_and_evenly(photos, size, steps):
    batches = epoch_batches([1.7] * photos, size, seed=1, epoch=0)
    assert len(batches) == steps
    assert sorted(number for batch in batches for number in batch) == list(range(photos))
    lengths = [len(batch) for batch in batches]
    assert max(lengths) <= size
    assert max(lengths) - min(lengths) <= 1


def test_a_photo_gets_places_in_proportion_to_its_weight():
    weights = np.array([1.0] * 20 + [2.5] * 4)
    fair = weights * len(weights) / weights.sum()
    counts = np.zeros(len(weights))
    for epoch in range(200):
        drawn = np.concatenate(epoch_batches(weights, 8, seed=1, epoch=epoch))
        count = np.bincount(drawn, minlength=len(weights))
        assert (np.abs(count - fair) < 1).all(), "rounded up or down, no further"
        counts += count
    assert counts / 200 == pytest.approx(fair, abs=0.12)


def test_order_is_a_function_of_seed_and_epoch():
    order = epoch_batches([1.0] * 50, 8, seed=1, epoch=0)
    assert epoch_batches([1.0] * 50, 8, seed=1, epoch=0) == order
    assert epoch_batches([1.0] * 50, 8, seed=1, epoch=1) != order
    assert epoch_batches([1.0] * 50, 8, seed=2, epoch=0) != order
