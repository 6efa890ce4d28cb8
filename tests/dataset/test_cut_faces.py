"""Faces cut from photographs: which pixels, which names, which are left out."""

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from utils.dataset.annotation import write_voc
from utils.dataset.cut_faces import (
    LARGEST,
    cut_face,
    cut_faces,
    cut_photo,
    cut_shard,
    face_name,
    photograph_of,
)
from utils.dataset.cutting import Cutting
from utils.dataset.faces import Faces
from utils.dataset.images import encode_jpeg, encode_png
from utils.dataset.noise import NoiseOptions, augment_shard
from utils.dataset.shards import Photo, by_name, read_shard, write_shard
from utils.errors import InputError

PREPROCESS = Path(__file__).parents[2] / "bin" / "preprocess.py"


def numbered(height: int, width: int) -> np.ndarray:
    """A picture whose pixels tell where they are: red the row, green the column."""
    rows, columns = np.indices((height, width))
    return np.stack([rows, columns, np.full((height, width), 7)], axis=2).astype(np.uint8)


def faces_of(*boxes, labels=None) -> Faces:
    return Faces(np.array(boxes, np.float32).reshape(-1, 4), np.array(labels or [1] * len(boxes)))


def test_a_square_of_the_longer_side_around_the_middle():
    cut = cut_face(numbered(100, 120), np.array([40, 30, 60, 70]), margin=0)
    assert cut.shape == (40, 40, 3)
    assert cut[0, 0].tolist() == [30, 30, 7]
    assert cut[-1, -1].tolist() == [69, 69, 7]


def test_the_margin_is_a_share_of_the_longer_side_on_each_side():
    cut = cut_face(numbered(100, 120), np.array([40, 30, 60, 70]), margin=0.25)
    assert cut.shape == (60, 60, 3)
    assert cut[0, 0].tolist() == [20, 20, 7]


@pytest.mark.parametrize(
    ("box", "left", "top", "right", "bottom"),
    [((0, 0, 20, 20), 10, 10, 0, 0), ((100, 80, 120, 100), 0, 0, 10, 10)],
)
def test_beyond_the_picture_its_border_is_repeated(box, left, top, right, bottom):
    image = numbered(100, 120)
    cut = cut_face(image, np.array(box), margin=0.5)
    inside = image[max(box[1] - 10, 0) : box[3] + 10, max(box[0] - 10, 0) : box[2] + 10]
    expected = cv2.copyMakeBorder(inside, top, bottom, left, right, cv2.BORDER_REPLICATE)
    np.testing.assert_array_equal(cut, expected)


def test_a_box_that_is_the_whole_picture_is_the_face_as_it_is():
    image = numbered(40, 90)
    assert cut_face(image, np.array([0, 0, 90, 40]), margin=0.5) is image
    assert cut_face(image, np.array([-3, 0, 95, 40.0]), margin=0.5) is image
    assert cut_face(image, np.array([1, 0, 90, 40]), margin=0).shape == (89, 89, 3)


def test_a_box_of_a_finder_may_reach_over_the_border_and_end_between_pixels():
    image = numbered(50, 50)
    cut = cut_face(image, np.array([-20.5, 10.2, 19.7, 30.4], np.float32), margin=0)
    assert cut.shape == (20, 20, 3)
    assert cut[0, 0].tolist() == [10, 0, 7]


def test_a_large_face_is_scaled_down_and_a_long_box_takes_no_endless_memory():
    image = np.zeros((40, 30_000, 3), np.uint8)
    image[:, 15_000:] = 255
    cut = cut_face(image, np.array([0, 1, 30_000, 39]), margin=0.2)
    assert cut.shape == (LARGEST, LARGEST, 3)
    assert cut[:, : LARGEST // 2 - 2].max() == 0
    assert cut[:, LARGEST // 2 + 2 :].min() == 255
    close = cut_face(np.full((1500, 1500, 3), 9, np.uint8), np.array([100, 100, 1400, 1300]), 0.2)
    assert close.shape == (LARGEST, LARGEST, 3)
    assert (close == 9).all()


def test_faces_keep_their_numbers_where_one_is_too_small():
    faces = faces_of((0, 0, 20, 20), (30, 30, 50, 37), (60, 60, 68, 68), labels=[1, 2, 3])
    cut = cut_faces(numbered(100, 100), faces, margin=0, smallest=8)
    assert [(face.number, face.label, face.image.shape[0]) for face in cut] == [
        (1, 1, 20),
        (3, 3, 8),
    ]
    assert cut_faces(numbered(9, 9), faces_of(), 0.2, 8) == []


@pytest.mark.parametrize("name", ["a", "a_face2", "day1/IMG_noise1", "x_noise1_face1", "a\nb"])
def test_a_name_tells_the_photograph_and_the_face(name):
    assert photograph_of(face_name(name, 12)) == (name, 12)
    assert photograph_of(face_name(name, 12) + "_noise3") == (name, 12)


def test_another_name_is_no_cut_face():
    for name in ("a", "a_face", "a_face0", "_face1", "a_face1_noise"):
        with pytest.raises(ValueError, match="is not the name of a cut face"):
            photograph_of(name)


def photo(name: str, faces: Faces, image: np.ndarray, encode=encode_png, kind="png") -> Photo:
    height, width = image.shape[:2]
    voc = write_voc(f"{name}.{kind}", width, height, faces)
    return Photo(name, f"{name}.{kind}", encode(image), voc)


def test_a_cut_face_is_a_picture_with_one_box_which_is_all_of_it():
    image = numbered(60, 60)
    faces = faces_of((10, 10, 30, 30), (0, 0, 5, 5), (30, 30, 50, 60), labels=[2, 1, 3])
    cut, small = cut_photo(photo("p", faces, image), Cutting(0.1, 8))
    assert [it.filename for it in cut] == ["p_face1.png", "p_face3.png"]
    assert small == 1
    np.testing.assert_array_equal(cut[0].decode(), image[8:32, 8:32])
    again = cut[1].read_annotation(36, 36).faces
    assert (again.boxes.tolist(), again.labels.tolist()) == ([[0, 0, 36, 36]], [3])


def test_a_face_that_was_the_whole_picture_keeps_its_file():
    image = np.random.default_rng(0).integers(0, 255, (30, 24, 3), np.uint8)
    whole = photo("p", faces_of((0, 0, 24, 30)), image, encode_jpeg, "jpg")
    (cut,), _ = cut_photo(whole, Cutting(0.2, 8))
    assert (cut.name, cut.filename, cut.image) == ("p_face1", "p_face1.jpg", whole.image)


@pytest.fixture
def crowd(tmp_path):
    """A shard of photographs with 11, no, 2 and 1 faces; the last is too small."""
    boxes = [(20 * k, 0, 20 * k + 18, 18) for k in range(11)]
    photos = [
        photo("a", faces_of(*boxes), numbered(50, 230)),
        photo("a0", faces_of(), numbered(20, 20)),
        photo("a_face1", faces_of(boxes[0], boxes[1], labels=[1, 3]), numbered(50, 60)),
        photo("b", faces_of((0, 0, 5, 9)), numbered(20, 20)),
    ]
    write_shard(tmp_path / "train.tar", photos)
    return tmp_path


def test_the_faces_of_a_shard_are_in_the_order_of_their_names(crowd):
    counts = cut_shard(crowd / "train.tar", crowd / "faces.tar", Cutting(0.2, 8))
    assert counts == {"faces": 13, "too_small": 1}
    names = [face.name for face in read_shard(crowd / "faces.tar")]
    assert names == sorted(names)
    assert set(names) == {
        *(f"a_face{k}" for k in range(1, 12)),
        *("a_face1_face1", "a_face1_face2"),
    }


def test_what_is_made_of_photographs_comes_in_order_and_waits_no_longer_than_it_must():
    pulled = []

    def parts():
        for name, made in (("a", ["a_2", "a_1"]), ("a0", ["a0_1"]), ("b", ["b_1"]), ("c", [])):
            pulled.append(name)
            yield name, [Photo(it, f"{it}.png", b"") for it in made]

    stream = by_name(parts())
    first = next(stream)
    assert (first.name, pulled) == ("a0_1", ["a", "a0", "b"])
    assert [it.name for it in stream] == ["a_1", "a_2", "b_1"]


@pytest.mark.parametrize("shards", [1, 2, 3])
def test_training_faces_are_cut_and_copied_each_by_its_own_class(crowd, shards):
    faces, told = [], []
    for shard in range(shards):
        path = crowd / f"aug_{shard}.tar"
        options = NoiseOptions(copies=1, rare_copies=2)
        told.append(
            augment_shard(crowd / "train.tar", path, shard, shards, options, Cutting(0.2, 8))
        )
        faces += read_shard(path)
    names = {face.name for face in faces}
    assert len(faces) == len(names) == 13 + 13 + 1
    assert {"a_face11_noise1", "a_face1_face2_noise2"} <= names
    assert not {"a_face1_noise2", "a_face1_face1_noise2"} & names  # rare is one face of it
    total = {key: sum(it[key] for it in told) for key in told[0]}
    assert total == {"photos": 4, "faces": 13, "too_small": 1, "copies": 14, "rare": 1}
    by_number = {face.name: face for face in faces}
    copy = by_number["a_face1_face2_noise1"]
    height, width = copy.decode().shape[:2]
    found = copy.read_annotation(width, height).faces
    assert (found.boxes.tolist(), found.labels.tolist()) == ([[0, 0, width, height]], [3])


def test_the_executable_writes_whole_photographs_and_their_faces(crowd):
    command = [sys.executable, PREPROCESS, "--input", "train.tar", "--output", "clean.tar"]
    cutting = ["--margin", "0.2", "--smallest-face", "6", "--faces", "faces.tar"]
    done = subprocess.run([*command, *cutting], cwd=crowd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "faces.tar: 13 faces, 1 left out as smaller than 6 pixels" in done.stderr
    assert len(list(read_shard(crowd / "clean.tar"))) == 4
    assert len(list(read_shard(crowd / "faces.tar"))) == 13


@pytest.mark.parametrize(("margin", "smallest"), [(-0.1, 8), (float("nan"), 8), (0.2, 0)])
def test_an_impossible_cutting_is_refused(margin, smallest):
    with pytest.raises(InputError, match="expected"):
        Cutting(margin, smallest)
