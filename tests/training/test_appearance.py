import numpy as np
import pytest

from utils.training.appearance import _SPOILING, recoloured, relit, spoilt


@pytest.fixture
def chip():
    return np.random.default_rng(0).integers(60, 190, (32, 48, 3), np.uint8)


@pytest.mark.parametrize("change", [recoloured, relit])
def test_colours_change_the_more_the_stronger(chip, change):
    def changed(strength):
        random = np.random.default_rng(0)
        changed = [change(random, chip, strength) for _ in range(60)]
        assert all(one.dtype == np.uint8 and one.shape == chip.shape for one in changed)
        return np.mean([np.abs(one.astype(float) - chip).mean() for one in changed])

    assert changed(0) == 0
    assert 0 < changed(0.1) < changed(0.2) / 1.5 < changed(0.4) / 2.2 < 20


def test_hue_and_saturation_leave_grey_as_it_is(chip):
    grey = np.repeat(chip[:, :, :1], 3, axis=2)
    for seed in range(20):
        one = recoloured(np.random.default_rng(seed), grey, 1.0).astype(int)
        assert np.ptp(one, axis=2).max() <= 1
        assert np.ptp(recoloured(np.random.default_rng(seed), chip, 1.0), axis=2).max() > 20


def test_contrast_keeps_the_mean_and_changes_what_differs_from_it(chip):
    ratios = []
    for seed in range(30):
        one = recoloured(np.random.default_rng(seed), chip, 0.3).astype(float)
        brightness, contrast, _ = 1 + np.random.default_rng(seed).uniform(-0.5, 0.5, 3) * 0.3
        assert one.mean() == pytest.approx(brightness * chip.mean(), rel=0.03)
        grey = one @ [0.299, 0.587, 0.114]
        ratios.append(grey.std() / (chip @ [0.299, 0.587, 0.114]).std() / brightness / contrast)
    assert ratios == pytest.approx([1.0] * 30, rel=0.05)


@pytest.mark.parametrize("spoil", _SPOILING)
def test_what_is_spoilt_is_still_the_same_picture(spoil):
    picture = np.full((64, 64, 3), 40, np.uint8)
    picture[16:48, 24:40] = (220, 180, 160)
    for seed in range(10):
        one = spoil(np.random.default_rng(seed), picture)
        assert one.shape == picture.shape and one.dtype == np.uint8
        assert one[24:40, 28:36].mean() - one[:, :12].mean() > 100
        assert (one != picture).any()


def test_every_kind_of_spoiling_comes(chip):
    some = {spoilt(np.random.default_rng(seed), chip).tobytes() for seed in range(80)}
    grey = [
        one
        for one in some
        if np.ptp(np.frombuffer(one, np.uint8).reshape(chip.shape), 2).max() == 0
    ]
    assert len(grey) == 1
    assert len(some) > 50
    first, second = (spoilt(np.random.default_rng(5), chip) for _ in range(2))
    assert np.array_equal(first, second)
