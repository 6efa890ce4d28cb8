import json
from typing import Any

import numpy as np
import pytest

from utils.errors import InputError
from utils.metrics.detections import Detections


@pytest.fixture
def two() -> Detections:
    probabilities = np.array([[0.1, 0.6, 0.3, 0.0], [0.5, 0.1, 0.35, 0.05]], np.float32)
    boxes = np.array([[0, 0, 9, 9], [20, 0, 29, 9]], np.float32)
    return Detections(boxes, np.array([1, 2]), np.array([0.6, 0.35], np.float32), probabilities)


def test_a_threshold_keeps_what_reaches_it_with_its_probabilities(two) -> None:
    kept = two.above(0.6)
    assert (len(kept), kept.probabilities.tolist()) == (1, two.probabilities[:1].tolist())
    assert len(two.above(0.61)) == 0


def test_by_class_ranks_each_face_in_every_class_it_may_be_of(two) -> None:
    ranked = two.by_class(0.06)
    assert ranked.labels.tolist() == [1, 2, 2, 1]
    assert ranked.scores == pytest.approx([0.6, 0.35, 0.3, 0.1])
    assert ranked.boxes[:, 0].tolist() == [0, 20, 0, 20]
    assert len(two.by_class(0.0)) == 6


def test_a_record_names_classes_and_rounds_boxes_to_hundredths(two) -> None:
    two.boxes[0] = [0.126, 0, 9.004, 9]
    assert two.as_record()[0] == {
        "box": [0.13, 0.0, 9.0, 9.0],
        "class": "with_mask",
        "confidence": 0.6,
        "probabilities": [0.1, 0.6, 0.3, 0.0],
    }


def test_a_record_gives_the_detections_back_bit_for_bit() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet([1, 2, 1, 1], 50).astype(np.float32)
    labels = probabilities[:, 1:].argmax(axis=1) + 1
    order = np.argsort(-probabilities[np.arange(50), labels], kind="stable")
    probabilities, labels = probabilities[order], labels[order]
    corners = rng.integers(0, 400, (50, 2)) / 4
    boxes = np.hstack([corners, corners + 10]).astype(np.float32)
    told = Detections(boxes, labels, probabilities[np.arange(50), labels], probabilities)
    back = Detections.from_record(json.loads(json.dumps(told.as_record())))
    for field in ("boxes", "labels", "scores", "probabilities"):
        first, second = getattr(told, field), getattr(back, field)
        assert first.dtype == second.dtype and np.array_equal(first, second), field


def test_no_faces_are_a_record_too() -> None:
    none = Detections.from_record([])
    assert (none.boxes.shape, none.probabilities.shape, len(none)) == ((0, 4), (0, 4), 0)
    assert none.as_record() == []


GOOD = {
    "box": [0, 0, 9, 9],
    "class": "with_mask",
    "confidence": 0.6,
    "probabilities": [0.1, 0.6, 0.3, 0.0],
}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("box", value) for value in ([0, 0, 9], [9, 0, 0, 9], [0, 0, 9, "9"], None)),
        *(("box", [0, 0, 9, value]) for value in (float("nan"), float("inf"), True)),
        *(("class", value) for value in ("mask", 1, None, ["with_mask"])),
        *(("confidence", value) for value in (0.5, "0.6", None)),
        *(("probabilities", value) for value in ([0.4, 0.6], [0.1, 0.6, 0.4, 0], [-1, 2, 0, 0], 1)),
    ],
)
def test_a_wrong_field_is_named_with_its_face(field: str, value: Any) -> None:
    faces = [GOOD, GOOD | {field: value}]
    with pytest.raises(InputError, match=f"^face 2: field '{field}' is .*, expected "):
        Detections.from_record(faces)


def test_what_is_no_record_of_faces_is_refused() -> None:
    for faces in ({}, None, "faces"):
        with pytest.raises(InputError, match="expected a list"):
            Detections.from_record(faces)
    with pytest.raises(InputError, match="face 1 is 3, expected an object"):
        Detections.from_record([3])
    with pytest.raises(InputError, match="face 1: field 'probabilities' is missing"):
        Detections.from_record([{name: GOOD[name] for name in ("box", "class", "confidence")}])
    surer = GOOD | {"confidence": 0.9, "probabilities": [0.1, 0.9, 0, 0]}
    with pytest.raises(InputError, match="'confidence' rises"):
        Detections.from_record([GOOD, surer])
