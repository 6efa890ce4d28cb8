import numpy as np
import pytest

from utils.analysis.prevalence.likeness import feature_sums, likeness
from utils.dataset.faces import Faces
from utils.metrics.detections import Detections


def photos(
    rng: np.random.Generator, count: int, masked: float, side: float = 24, sure: float = 0.9
) -> tuple[list[Detections], list[Faces]]:
    """Photographs with six faces each, all found; faces without a mask are half as wide."""
    found, real = [], []
    for _ in range(count):
        labels = np.where(rng.random(6) < masked, 1, 2)
        sides = side * np.where(labels == 1, 1, 0.5) * np.exp(rng.normal(0, 0.3, 6))
        left = 1000.0 * np.arange(6)
        boxes = np.stack([left, 0 * left, left + sides, sides], axis=1).astype(np.float32)
        scores = np.clip(sure + rng.normal(0, 0.03, 6), 0.5, 1).astype(np.float32)
        probabilities = np.zeros((6, 4), np.float32)
        probabilities[np.arange(6), labels] = scores
        found.append(Detections(boxes, labels, scores, probabilities))
        real.append(Faces(boxes, labels))
    return found, real


def compared(**changes: float) -> dict:
    rng = np.random.default_rng(0)
    found, real = photos(rng, 60, 0.8)
    seen, _ = photos(rng, 60, **{"masked": 0.2, **changes})
    test = np.zeros((60, 4, 4), int)
    for row, one in zip(test, real, strict=True):
        np.add.at(row, (one.labels, one.labels), 1)
    new = np.array([[(one.labels == k).sum() for k in (1, 2, 3)] for one in seen])
    return likeness(
        test, feature_sums(found, 0.5, real), new, feature_sums(seen, 0.5), seed=0, repetitions=300
    )


def test_another_mix_of_classes_is_not_unlike() -> None:
    """Far more bare, and so far smaller faces: just what the correction is for."""
    result = compared()
    assert not result["side"]["unlike"] and not result["confidence"]["unlike"]
    assert abs(result["side"]["difference"]) < 0.15


def test_other_sizes_and_confidences_are_told() -> None:
    wider = compared(side=48.0)
    assert wider["side"]["unlike"] and not wider["confidence"]["unlike"]
    assert wider["side"]["difference"] == pytest.approx(1, abs=0.15)
    # In log2: every face differs by 0.3 / ln 2, and a fifth of the test faces are half as wide.
    spread = np.sqrt((0.3 / np.log(2)) ** 2 + 0.8 * 0.2)
    assert wider["side"]["deviations"] == pytest.approx(1 / spread, rel=0.15)
    unsure = compared(sure=0.7)
    assert unsure["confidence"]["unlike"] and not unsure["side"]["unlike"]
    assert unsure["confidence"]["difference"] < 0


def test_a_difference_too_small_to_matter_is_not_told() -> None:
    result = compared(side=26.0)["side"]
    assert 0 < result["deviations"] < 0.5
    assert not result["unlike"]


def test_sums_are_of_what_counts_by_true_class() -> None:
    boxes = np.array([[0, 0, 16, 16], [50, 0, 58, 8], [90, 0, 94, 4]], np.float32)
    scores = np.array([0.9, 0.8, 0.3], np.float32)
    found = Detections(boxes, np.array([1, 1, 1]), scores, np.eye(4, dtype=np.float32)[[1, 1, 1]])
    sums = feature_sums([found], 0.5, [Faces(boxes[:1], np.array([3]))])
    logits = np.log([9, 4])
    assert sums[0, 3] == pytest.approx([4, logits[0], 16, logits[0] ** 2], rel=1e-5)
    assert sums[0, 0] == pytest.approx([3, logits[1], 9, logits[1] ** 2], rel=1e-5)
    assert feature_sums([found], 0.5)[0] == pytest.approx(sums[0].sum(axis=0))


@pytest.mark.parametrize("new", [0, 1])
def test_nothing_to_compare_is_not_unlike(new: int) -> None:
    sums = feature_sums([], 0.5) if not new else np.zeros((1, 4))
    one = likeness(np.zeros((1, 4, 4)), np.zeros((1, 4, 4)), np.zeros((new, 3)), sums, 0)
    assert one["side"] == {"difference": None, "deviations": None, "unlike": False}
