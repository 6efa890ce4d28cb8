import numpy as np
import torch
from torchvision.ops import box_iou

from utils.metrics.matching import match, pairwise_iou

LEFT, RIGHT = (0, 0, 10, 10), (20, 0, 30, 10)


def test_iou_of_boxes_computed_by_hand() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 0, 0]])
    others = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [0, 0, 0, 0]])
    assert np.allclose(pairwise_iou(boxes, others), [[1, 1 / 3, 0, 0], [0, 0, 0, 0]])


def test_iou_agrees_with_torchvision(random_photos) -> None:
    for detections, faces in zip(*random_photos(20), strict=True):
        expected = box_iou(torch.tensor(detections.boxes), torch.tensor(faces.boxes))
        assert np.allclose(pairwise_iou(detections.boxes, faces.boxes), expected, atol=1e-5)


def test_the_more_confident_detection_gets_the_face(found, faces) -> None:
    detections = found(((1, 0, 11, 10), 1, 0.9), (LEFT, 1, 0.8))
    matching = match(detections, faces((LEFT, 1)))
    assert matching.face_of.tolist() == [0, -1]
    assert matching.detection_of.tolist() == [0]


def test_a_detection_whose_best_face_is_taken_gets_the_next_best(found, faces) -> None:
    shifted = (3, 0, 13, 10)
    matching = match(
        found((LEFT, 1, 0.9), ((1, 0, 11, 10), 1, 0.8)), faces((LEFT, 1), (shifted, 1))
    )
    assert matching.face_of.tolist() == [0, 1]


def test_too_little_overlap_is_no_match(found, faces) -> None:
    detections, face = found(((0, 0, 10, 5.1), 1, 0.9)), faces((LEFT, 1))
    assert match(detections, face, iou=0.5).hits.tolist() == [True]
    assert match(detections, face, iou=0.52).hits.tolist() == [False]


def test_classes_part_what_overlaps_only_where_asked(found, faces) -> None:
    detections, face = found((LEFT, 2, 0.9), (LEFT, 1, 0.8)), faces((LEFT, 1), (RIGHT, 2))
    assert match(detections, face).face_of.tolist() == [-1, 0]
    assert match(detections, face, class_aware=False).face_of.tolist() == [0, -1]


def test_matching_is_one_to_one_and_a_threshold_only_cuts_it_off(random_photos) -> None:
    for detections, faces in zip(*random_photos(40, seed=1), strict=True):
        matching = match(detections, faces)
        taken = matching.face_of[matching.hits]
        assert len(set(taken)) == len(taken)
        assert (matching.face_of[matching.detection_of[taken]] == taken).all()
        kept = detections.above(0.5)
        assert (match(kept, faces).face_of == matching.face_of[: len(kept)]).all()


def test_nothing_matches_nothing(found, faces) -> None:
    assert len(match(found(), faces((LEFT, 1))).face_of) == 0
    assert match(found(), faces((LEFT, 1))).detection_of.tolist() == [-1]
    assert match(found((LEFT, 1, 0.5)), faces()).face_of.tolist() == [-1]
