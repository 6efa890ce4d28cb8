import numpy as np
import pytest

from utils.dataset.labels import CLASSES
from utils.metrics import ranking
from utils.metrics.average_precision import IOUS, SIZES, average_precision, class_precision
from utils.metrics.detections import Detections
from utils.metrics.precision_recall import precision_recall
from utils.metrics.ranking import rank

LEFT, RIGHT, FAR = (0, 0, 10, 10), (20, 0, 30, 10), (50, 50, 60, 60)


def test_average_precision_computed_by_hand(found, faces) -> None:
    # by falling confidence: right, wrong, right; so precision is 1 up to recall 1/2, then 2/3
    detections = found((LEFT, 1, 0.9), (FAR, 1, 0.8), (RIGHT, 1, 0.7))
    result = average_precision([detections], [faces((LEFT, 1), (RIGHT, 1))])
    expected = (51 + 50 * 2 / 3) / 101
    assert result["map_50"] == pytest.approx(expected)
    assert result["map"] == pytest.approx(expected)  # the boxes are exact: any IoU gives the same
    assert result["classes"]["with_mask"] == pytest.approx(
        {"map": expected, "map_50": expected, "faces": 2}
    )


def test_a_box_that_overlaps_by_two_thirds_counts_at_four_of_ten_thresholds(found, faces) -> None:
    result = average_precision([found(((0, 0, 10, 6.7), 2, 0.9))], [faces((LEFT, 2))])
    assert (result["map_50"], result["map_75"]) == (pytest.approx(1), 0.0)
    assert result["map"] == pytest.approx(0.4)


def test_a_class_without_faces_is_none_and_not_in_the_mean(found, faces) -> None:
    result = average_precision([found((LEFT, 1, 0.9), (FAR, 3, 0.8))], [faces((LEFT, 1))])
    assert result["map"] == pytest.approx(1)
    assert result["classes"]["mask_weared_incorrect"] == {"map": None, "map_50": None, "faces": 0}


@pytest.mark.parametrize("photos", [0, 3])
def test_without_any_face_all_is_none(found, faces, photos: int) -> None:
    result = average_precision([found((LEFT, 1, 0.9))] * photos, [faces()] * photos)
    assert (result["map"], result["map_50"], result["map_75"]) == (None, None, None)
    assert {part["map"] for part in result["sizes"].values()} == {None}


def test_it_agrees_with_pycocotools(random_photos, coco_precision) -> None:
    detections, faces = random_photos(60)
    expected = coco_precision(detections, faces)
    result = average_precision(detections, faces)
    assert result["map"] == pytest.approx(expected.mean(), abs=1e-12)
    assert result["map_50"] == pytest.approx(expected[0].mean(), abs=1e-12)
    assert result["map_75"] == pytest.approx(expected[5].mean(), abs=1e-12)
    for k, name in enumerate(CLASSES):
        assert result["classes"][name]["map"] == pytest.approx(expected[:, k].mean(), abs=1e-12)
        assert result["classes"][name]["map_50"] == pytest.approx(expected[0, k], abs=1e-12)


@pytest.mark.parametrize("sides", [(0, 20), (20, 40), (40, 64), (64, float("inf"))])
def test_sizes_agree_with_pycocotools(random_photos, coco_precision, sides) -> None:
    detections, faces = random_photos(50, seed=3)
    result = class_precision(rank(detections, faces, IOUS, sides))[:, 0].T
    assert result == pytest.approx(coco_precision(detections, faces, sides), abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("seed", range(6))
def test_a_resample_agrees_with_pycocotools_on_repeated_photographs(
    random_photos, coco_precision, seed
) -> None:
    detections, faces = random_photos(12, seed)
    drawn = np.random.default_rng(seed).integers(0, 12, 12)
    weights = np.bincount(drawn, minlength=12)[None]
    assert weights.max() > 1 and weights.min() == 0
    expected = coco_precision([detections[k] for k in drawn], [faces[k] for k in drawn])
    result = class_precision(rank(detections, faces, IOUS), weights)[:, 0].T
    assert result == pytest.approx(expected, abs=1e-12, nan_ok=True)


def test_many_resamples_are_each_like_one(random_photos, monkeypatch) -> None:
    detections, faces = random_photos(20)
    rankings = rank(detections, faces, IOUS)
    weights = np.random.default_rng(0).multinomial(20, np.full(20, 0.05), size=40)
    together = class_precision(rankings, weights)
    monkeypatch.setattr(ranking, "_BLOCK", 300)  # a few resamples at a time
    assert (class_precision(rankings, weights) == together).all()
    for k in (0, 39):
        assert (class_precision(rankings, weights[k : k + 1])[:, 0] == together[:, k]).all()


def test_a_face_is_ranked_in_every_class_that_it_may_be_of(faces) -> None:
    probabilities = np.array([[0.1, 0.5, 0.4, 0.0]], np.float32)
    box = np.array([LEFT], np.float32)
    photo = Detections(box, np.array([1]), np.array([0.5], np.float32), probabilities)
    result = average_precision([photo], [faces((LEFT, 2))])["classes"]
    assert result["without_mask"]["map"] == pytest.approx(1)


def test_it_agrees_with_our_own_curves(random_photos) -> None:
    detections, faces = random_photos(80, seed=5)
    result = average_precision(detections, faces, by_size=False)
    for name, curve in precision_recall(detections, faces).items():
        assert result["classes"][name]["map_50"] == pytest.approx(curve.envelope().mean(), abs=1e-9)


def test_a_crowd_of_more_than_a_hundred_is_all_counted(found, faces) -> None:
    boxes = [(20 * k, 0, 20 * k + 10, 10) for k in range(130)]
    crowd = faces(*((box, 1) for box in boxes))
    detections = found(*((box, 1, 0.9 - k / 1000) for k, box in enumerate(boxes)))
    assert average_precision([detections], [crowd])["map"] == pytest.approx(1)


def test_sizes_share_the_faces_out_and_are_judged_apart(found, faces) -> None:
    sides = {
        "tiny": 15,
        "small": 16,
        "medium": 32,
        "large": 96,
    }  # each the least of its bin, or most
    boxes = {name: (100 * k, 0, 100 * k + s, s) for k, (name, s) in enumerate(sides.items())}
    photo = faces(*((box, 1) for box in boxes.values()))
    detections = found((boxes["small"], 1, 0.9), (boxes["large"], 1, 0.8))
    result = average_precision([detections], [photo])["sizes"]
    assert list(result) == list(SIZES)
    assert {name: part["faces"] for name, part in result.items()} == dict.fromkeys(SIZES, 1)
    expected = {
        "tiny": 0.0,
        "small": 1.0,
        "medium": 0.0,
        "large": 1.0,
    }
    assert {name: part["map"] for name, part in result.items()} == pytest.approx(expected)


def test_it_refuses_unequal_lists(random_photos) -> None:
    detections, faces = random_photos(3)
    with pytest.raises(ValueError, match="3 detections for 2 photographs"):
        average_precision(detections, faces[:2])
