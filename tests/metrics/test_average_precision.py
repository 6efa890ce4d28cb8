import numpy as np
import pytest
import torch
from torchmetrics.detection import MeanAveragePrecision

from utils.dataset.labels import CLASSES
from utils.metrics.average_precision import SIZES, average_precision
from utils.metrics.precision_recall import precision_recall

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


def test_it_agrees_with_torchmetrics(random_photos) -> None:
    detections, faces = random_photos(60)
    metric = MeanAveragePrecision(backend="pycocotools", class_metrics=True)
    metric.update(
        [
            {
                "boxes": torch.tensor(d.boxes),
                "scores": torch.tensor(d.scores),
                "labels": torch.tensor(d.labels),
            }
            for d in detections
        ],
        [{"boxes": torch.tensor(f.boxes), "labels": torch.tensor(f.labels)} for f in faces],
    )
    expected = metric.compute()
    result = average_precision(detections, faces)
    for key in ("map", "map_50", "map_75"):
        assert result[key] == pytest.approx(float(expected[key]), abs=1e-6)
    by_class = [result["classes"][name]["map"] for name in CLASSES]
    assert by_class == pytest.approx(expected["map_per_class"].tolist(), abs=1e-6)


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
        "large": 64,
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


def test_it_prints_nothing_and_refuses_unequal_lists(random_photos, capsys) -> None:
    detections, faces = random_photos(3)
    average_precision(detections, faces)
    assert capsys.readouterr().out == ""
    with pytest.raises(ValueError, match="3 detections for 2 photographs"):
        average_precision(detections, faces[:2])
    assert np.isfinite(average_precision(detections, faces)["map"])
