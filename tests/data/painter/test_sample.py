"""The generated photographs: reproducible, and annotated as they are drawn."""

from pathlib import Path

import numpy as np
import pytest

from data.painter import sample as synthetic
from data.painter.sample import Picture, crop_picture, draw_picture, write_sample
from utils.dataset.annotation import read_voc
from utils.dataset.faces import Faces
from utils.dataset.images import decode

DATA = Path(__file__).parents[3] / "data"


def test_equal_seeds_give_equal_pictures_and_others_do_not():
    one, two, other = (draw_picture(seed, [1, 2]) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.image, two.image)
    np.testing.assert_array_equal(one.faces.boxes, two.faces.boxes)
    assert one.image.shape != other.image.shape or (one.image != other.image).any()


@pytest.mark.parametrize("labels", [[], [3], [1, 1, 2], [1] * 20])
def test_the_faces_asked_for_are_inside_and_apart(labels):
    picture = draw_picture(5, labels)
    height, width = picture.image.shape[:2]
    boxes = picture.faces.boxes
    assert sorted(picture.faces.labels.tolist()) == labels
    assert (boxes[:, 2:] - boxes[:, :2] >= 4).all()
    assert (boxes >= 0).all()
    assert (boxes <= [width, height, width, height]).all()
    for index, (x1, y1, x2, y2) in enumerate(boxes):
        rest = np.delete(boxes, index, axis=0)
        overlap = np.clip(np.minimum(x2, rest[:, 2]) - np.maximum(x1, rest[:, 0]), 0, None)
        overlap *= np.clip(np.minimum(y2, rest[:, 3]) - np.maximum(y1, rest[:, 1]), 0, None)
        assert (overlap < 0.3 * (x2 - x1) * (y2 - y1)).all()


def test_a_crop_moves_its_boxes_and_loses_those_outside():
    image = np.zeros((100, 200, 3), np.uint8)
    image[40:60, 90:110] = 255
    boxes = np.array([[90, 40, 110, 60], [0, 0, 12, 8]], np.float32)
    crop = crop_picture(Picture(image, Faces(boxes, np.array([2, 1]))), 0.8)
    assert crop.image.shape == (80, 160, 3)
    assert crop.faces.boxes.tolist() == [[70, 30, 90, 50]]
    assert crop.faces.labels.tolist() == [2]
    assert crop.image[30:50, 70:90].min() == 255


def test_the_shipped_sample_is_what_the_code_draws(tmp_path, monkeypatch):
    """Its first photographs, to be quick; pixels, as libraries may compress differently."""
    dealt = synthetic._deal
    monkeypatch.setattr(synthetic, "_deal", lambda *args: dealt(*args)[:3])
    write_sample(tmp_path)
    for folder, name in (("sample/images", "sample_000.jpg"), ("predict", "new_02.jpg")):
        drawn, shipped = (
            decode((root / folder / name).read_bytes(), name).astype(int)
            for root in (tmp_path, DATA)
        )
        assert np.abs(drawn - shipped).mean() < 2
    voc = "sample/annotations/sample_002.xml"
    assert (tmp_path / voc).read_bytes() == (DATA / voc).read_bytes()


def test_the_shipped_sample_has_the_classes_and_hard_cases_it_should():
    images = sorted((DATA / "sample" / "images").iterdir())
    faces = []
    for path in images:
        height, width = decode(path.read_bytes(), path.name).shape[:2]
        voc = DATA / "sample" / "annotations" / f"{path.stem}.xml"
        annotation = read_voc(voc.read_bytes(), voc.name, width, height)
        assert (annotation.dropped, annotation.clipped, annotation.size_differs) == (0, 0, False)
        faces.append(annotation.faces)
    counts = np.bincount(np.concatenate([face.labels for face in faces]), minlength=4)[1:]
    np.testing.assert_allclose(counts / counts.sum(), synthetic.SHARES, atol=0.03)
    assert min(map(len, faces)) == 0
    assert max(map(len, faces)) > 20
    boxes = np.concatenate([face.boxes for face in faces])
    assert np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)).min() < 15


def test_what_is_shipped_is_small():
    files = [path for folder in ("sample", "predict") for path in (DATA / folder).rglob("*.*")]
    assert sum(path.stat().st_size for path in files) < 2_000_000
