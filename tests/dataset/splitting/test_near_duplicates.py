"""Groups of near-duplicates."""

import itertools

import cv2
import numpy as np
import pytest

from data.painter.pictures import crop_picture, draw_picture
from utils.dataset.splitting.fingerprints import fingerprint, same_scene
from utils.dataset.splitting.near_duplicates import _candidates, find_groups


@pytest.fixture(scope="module")
def fingerprints():
    """0..3 are photographs; 4 and 5 are crops of 1, 6 is 2 in other light, 7 is blank."""
    pictures = [draw_picture(seed, [1, 2, 3]) for seed in range(4)]
    images = [picture.image for picture in pictures]
    images += [crop_picture(pictures[1], share).image for share in (0.9, 0.8)]
    images.append(cv2.convertScaleAbs(images[2], alpha=0.7, beta=10))
    images.append(np.full((200, 300, 3), 255, np.uint8))
    return [fingerprint(image) for image in images]


def test_copies_join_their_photograph_and_nothing_else(fingerprints):
    assert find_groups(fingerprints) == [0, 1, 2, 3, 1, 1, 2, 4]


def test_pairs_with_most_in_common_are_looked_at_first(fingerprints):
    candidates = list(_candidates([one.descriptors for one in fingerprints]))
    assert set(candidates[:4]) == {(1, 4), (1, 5), (4, 5), (2, 6)}
    assert all(first < second < 7 for first, second in candidates)
    assert len(set(candidates)) == len(candidates)


def test_the_order_of_photographs_does_not_change_the_groups(fingerprints):
    order = [6, 3, 5, 0, 7, 2, 4, 1]
    groups = find_groups([fingerprints[index] for index in order])
    together = {frozenset(np.flatnonzero(np.array(groups) == g)) for g in groups}
    expected = [{3}, {7, 6, 2}, {5, 0}, {1}, {4}]
    assert together == {frozenset(group) for group in expected}


def test_copies_without_local_features_are_found_by_how_they_look():
    rng = np.random.default_rng(0)
    small = rng.integers(40, 215, (4, 3, 4, 3), dtype=np.uint8)
    soft = [cv2.resize(each, (300, 200), interpolation=cv2.INTER_CUBIC) for each in small]
    soft += [cv2.resize(soft[index], (240, 160)) for index in (2, 0)]
    fingerprints = [fingerprint(image) for image in soft]
    assert not any(itertools.starmap(same_scene, itertools.combinations(fingerprints, 2)))
    assert find_groups(fingerprints) == [0, 1, 2, 3, 2, 0]


def test_few_photographs_are_no_special_case(fingerprints):
    assert find_groups([]) == []
    assert find_groups(fingerprints[:1]) == [0]
    assert find_groups([fingerprints[7], fingerprints[7]]) == [0, 1]
