"""Bursts among new photographs: pictures whose people are known to be the same, or not."""

from datetime import datetime, timedelta

import cv2
import numpy as np
import pytest

from data.painter.sample import crop_picture, draw_picture
from utils.analysis.prediction.bursts import LONG, find_bursts, split_scenes
from utils.dataset.splitting.fingerprint_index import FingerprintIndex, FingerprintWriter
from utils.dataset.splitting.fingerprints import fingerprint
from utils.errors import InputError

NOON = datetime(2021, 3, 4, 12)


def minutes(*after: float | None) -> list[datetime | None]:
    return [None if one is None else NOON + timedelta(minutes=one) for one in after]


def write(path, images: dict[str, np.ndarray]):
    writer = FingerprintWriter(60)
    for file, image in images.items():
        writer.add(file, fingerprint(image))
    writer.write(path)
    return FingerprintIndex.read(path)


@pytest.fixture(scope="module")
def images() -> dict[str, np.ndarray]:
    """Two bursts of three, as a compressed, a shifted and a cropped picture, and two others."""
    one, two, third, fourth = (draw_picture(seed, [1, 2, 3]) for seed in range(4))
    moved = cv2.warpAffine(two.image, np.float32([[1, 0, 9], [0, 1, -5]]), two.image.shape[1::-1])
    return {
        "a.jpg": one.image,
        "b.jpg": crop_picture(one, 0.8).image,
        "c.jpg": two.image,
        "d.jpg": cv2.convertScaleAbs(one.image, alpha=0.8),
        "e.jpg": moved,
        "f.jpg": third.image,
        "g.jpg": cv2.GaussianBlur(two.image, (0, 0), 1),
        "h.jpg": fourth.image,
    }


def test_bursts_are_found_across_shards(images, tmp_path) -> None:
    shards = [write(tmp_path / f"{n}.npz", dict(list(images.items())[n::3])) for n in range(3)]
    groups = find_bursts(shards, list(images), [None] * 8)
    assert groups == [0, 0, 1, 0, 1, 2, 1, 3]
    assert find_bursts(shards[::-1], list(images), [None] * 8) == groups


def test_in_memory_is_as_from_a_file(images, tmp_path) -> None:
    writer = FingerprintWriter(60)
    for file, image in images.items():
        writer.add(file, fingerprint(image))
    times = [None] * len(images)
    of_a_file = find_bursts([write(tmp_path / "0.npz", images)], list(images), times)
    assert find_bursts([writer.index()], list(images), times) == of_a_file


def test_fingerprints_of_other_photographs_are_refused(images, tmp_path) -> None:
    shard = write(tmp_path / "0.npz", images)
    with pytest.raises(InputError, match=r"0\.npz: fingerprints of 8 photographs .* 7 .*h\.jpg"):
        find_bursts([shard], list(images)[:-1], [None] * 7)


def test_without_photographs_there_are_no_bursts(tmp_path) -> None:
    assert find_bursts([write(tmp_path / "0.npz", {})], [], []) == []


def test_a_scene_again_after_a_pause_is_another_observation() -> None:
    times = minutes(0, 1, 60, 61, 3, 9)
    assert split_scenes([0, 0, 0, 0, 0, 0], times) == [0, 0, 1, 1, 0, 0]
    assert split_scenes([0, 1, 0, 1, 0, 0], times) == [0, 1, 2, 3, 0, 0]


def test_a_photograph_without_a_time_goes_with_the_one_before() -> None:
    assert split_scenes([0] * 5, minutes(None, 0, 60, None, 62)) == [0, 0, 1, 1, 1]
    assert split_scenes([0] * 3, minutes(None, None, None)) == [0, 0, 0]


def test_a_camera_that_stands_still_gives_stretches_of_growing_length() -> None:
    groups = np.array(split_scenes([0] * 400, [None] * 400))
    assert len(set(groups)) == 20 and (np.bincount(groups) == 20).all()
    assert (np.diff(groups) >= 0).all()
    assert len(set(split_scenes([0] * (LONG - 1), [None] * (LONG - 1)))) == 1


def test_stretches_follow_the_time_not_the_names() -> None:
    order = np.random.default_rng(0).permutation(100)
    groups = np.array(split_scenes([0] * 100, minutes(*order.tolist())))
    in_time = groups[np.argsort(order)]
    assert (np.diff(in_time) != 0).sum() == 9
