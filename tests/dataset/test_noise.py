"""Noise: its size, its seeds, and how many copies there are."""

from collections import Counter

import numpy as np
import pytest

from utils.dataset.noise import NoiseOptions, add_gaussian_noise, augment_shard, rare_classes
from utils.dataset.shards import read_shard
from utils.errors import InputError

GREY = np.full((100, 120, 3), 128, np.uint8)


@pytest.mark.parametrize("sigma", [0.02, 0.05, 0.1])
def test_noise_has_the_sigma_asked_for_in_each_channel(sigma):
    noisy = add_gaussian_noise(GREY, sigma, np.random.default_rng(0)).astype(float) - 128
    np.testing.assert_allclose(noisy.std(axis=(0, 1)), 255 * sigma, rtol=0.03)
    np.testing.assert_allclose(noisy.mean(axis=(0, 1)), 0, atol=1)
    assert abs(np.corrcoef(noisy[..., 0].ravel(), noisy[..., 1].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("value", [0, 255])
def test_noise_is_clipped_not_wrapped(value):
    image = np.full((50, 50, 3), value, np.uint8)
    noisy = add_gaussian_noise(image, 0.2, np.random.default_rng(0)).astype(int)
    assert abs(int(np.median(noisy)) - value) < 30
    assert (noisy == value).mean() > 0.45


def test_no_sigma_no_change_and_the_original_is_left_alone():
    np.testing.assert_array_equal(add_gaussian_noise(GREY, 0, np.random.default_rng(0)), GREY)
    add_gaussian_noise(GREY, 0.5, np.random.default_rng(0))
    assert (GREY == 128).all()


def test_rare_is_less_than_half_an_equal_share():
    counts = Counter(with_mask=83, without_mask=17, mask_weared_incorrect=16)
    assert rare_classes(counts) == {"without_mask", "mask_weared_incorrect"}
    assert rare_classes(Counter(with_mask=6, without_mask=3, mask_weared_incorrect=3)) == set()
    assert rare_classes(Counter(with_mask=6)) == set()


@pytest.fixture
def train(make_photo, make_shard):
    photos = [make_photo(f"p{i}", ["with_mask"] * 5) for i in range(12)]
    photos.append(make_photo("p10a", ["mask_weared_incorrect"]))
    photos.append(make_photo("p7x", []))
    return make_shard(photos, "train.tar")


def augmented(train, shards, **options):
    out = []
    for shard in range(shards):
        path = train.with_name(f"aug_{shard}.tar")
        augment_shard(train, path, shard, shards, NoiseOptions(**options))
        out.append(list(read_shard(path)))
    return out


def test_photos_with_a_rare_class_get_more_copies(train):
    (photos,) = augmented(train, 1, copies=1, rare_copies=3)
    names = {photo.name for photo in photos}
    assert len(photos) == 14 + 13 + 3
    assert {"p10a", "p10a_noise1", "p10a_noise2", "p10a_noise3", "p7x_noise1"} <= names
    assert "p0_noise2" not in names


@pytest.mark.parametrize("shards", [2, 3, 20])
def test_any_number_of_shards_holds_the_same_files(train, shards):
    (whole,) = augmented(train, 1)
    parts = augmented(train, shards)
    assert sorted((p for part in parts for p in part), key=lambda p: p.name) == whole
    originals = [sum("_noise" not in photo.name for photo in part) for part in parts]
    assert max(originals) - min(originals) <= 1


def test_copies_differ_from_the_original_and_each_other_and_keep_its_faces(train):
    (photos,) = augmented(train, 1)
    by_name = {photo.name: photo for photo in photos}
    copies = [by_name[name].decode() for name in ("p10a", "p10a_noise1", "p10a_noise2")]
    for first, second in ((0, 1), (1, 2)):
        difference = copies[first].astype(int) - copies[second]
        assert 5 < difference.std() < 40
    copy = by_name["p10a_noise2"].read_annotation(200, 60).faces
    np.testing.assert_array_equal(copy.boxes, [[0, 5, 20, 35]])
    np.testing.assert_array_equal(copy.labels, [3])


def test_the_seed_changes_the_noise(train):
    (one,), (two,) = augmented(train, 1, seed=1), augmented(train, 1, seed=2)
    assert one[0] == two[0]
    assert one[-1].name == two[-1].name
    assert one[-1].image != two[-1].image


def test_originals_are_there_even_without_copies(train):
    (photos,) = augmented(train, 1, copies=0, rare_copies=0)
    assert len(photos) == 14


@pytest.mark.parametrize(
    "options", [{"sigma": -0.1}, {"sigma": 13}, {"copies": -1}, {"rare_copies": -1}]
)
def test_impossible_options_are_refused(options):
    with pytest.raises(InputError):
        NoiseOptions(**options)


def test_an_impossible_shard_and_a_taken_name_are_refused(train, make_photo, make_shard, tmp_path):
    with pytest.raises(InputError, match="shard 2 of 2: expected 0 to 1"):
        augment_shard(train, tmp_path / "x.tar", 2, 2, NoiseOptions())
    taken = make_shard([make_photo("a"), make_photo("a_noise1")], "taken.tar")
    with pytest.raises(InputError, match="'a_noise1' is what a copy of 'a' will be called"):
        augment_shard(taken, tmp_path / "x.tar", 0, 1, NoiseOptions())
