"""The photographs that are shipped: those that the code draws, with what they should have."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from data.painter import sample as painter
from data.painter.sample import new_annotations, new_photographs, write_sample
from utils.dataset.annotation import read_voc
from utils.dataset.faces import Faces
from utils.dataset.image_header import orientation
from utils.dataset.images import decode

DATA = Path(__file__).parents[3] / "data"
DRAWN = 8
"""Photographs of each kind that are drawn here; the eighth is a PNG."""


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return a folder with the first photographs, drawn anew."""
    folder = tmp_path_factory.mktemp("drawn")
    write_sample(folder, most=DRAWN)
    return folder


@pytest.fixture(scope="module")
def shipped():
    """Return the annotated faces of each photograph of the shipped sample."""
    result = {}
    for path in sorted((DATA / "sample" / "images").iterdir()):
        height, width = decode(path.read_bytes(), path.name).shape[:2]
        voc = DATA / "sample" / "annotations" / f"{path.stem}.xml"
        annotation = read_voc(voc.read_bytes(), voc.name, width, height)
        assert (annotation.dropped, annotation.clipped, annotation.size_differs) == (0, 0, False)
        result[path.stem] = annotation.faces
    return result


def shares(faces) -> np.ndarray:
    labels = np.concatenate([one.labels for one in faces])
    return np.bincount(labels, minlength=4)[1:] / len(labels)


def test_the_shipped_sample_is_what_the_code_draws(drawn):
    """Pixels, as libraries may compress differently."""
    for folder in ("sample/images", "predict"):
        names = sorted(path.name for path in (drawn / folder).iterdir())
        assert names == sorted(path.name for path in (DATA / folder).iterdir())[:DRAWN]
        for name in names:
            new, old = (decode((root / folder / name).read_bytes(), name) for root in (drawn, DATA))
            assert np.abs(new.astype(int) - old).mean() < 2
    for voc in (drawn / "sample" / "annotations").iterdir():
        assert voc.read_bytes() == (DATA / "sample" / "annotations" / voc.name).read_bytes()


def test_drawing_twice_gives_the_same_files(drawn, tmp_path):
    write_sample(tmp_path, most=2)
    again = [path for path in tmp_path.rglob("*.*") if path.is_file()]
    assert len(again) == 6
    assert all(
        path.read_bytes() == (drawn / path.relative_to(tmp_path)).read_bytes() for path in again
    )


def test_the_shipped_sample_has_the_classes_and_hard_cases_it_should(shipped):
    faces = list(shipped.values())
    assert len(faces) == painter.DRAWN + painter.TWINS + 2 * painter.BURSTS
    np.testing.assert_allclose(shares(faces), painter.SHARES, atol=0.03)
    assert min(map(len, faces)) == 0
    assert max(map(len, faces)) >= 20
    boxes = np.concatenate([face.boxes for face in faces])
    sizes = np.sqrt(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1))
    assert sizes.min() < 13
    assert sizes.max() > 120


def test_few_photographs_hold_every_class_several_times(shipped):
    """Tests take the first photographs of the sample only, to be quick."""
    labels = np.concatenate([faces.labels for faces in list(shipped.values())[:18]])
    assert (np.bincount(labels, minlength=4)[1:] >= 8).all()


@pytest.mark.parametrize("folder", ["sample/images", "predict"])
def test_some_files_are_pngs_and_some_lie_on_their_side(folder):
    files = sorted((DATA / folder).iterdir())
    turned = [orientation(path.read_bytes(), path.name) for path in files]
    assert {path.suffix for path in files} == {".jpg", ".png"}
    assert set(turned) == {1, 6}
    assert 2 <= turned.count(6) <= 20


def test_the_truth_of_the_new_photographs_is_known_and_another_than_the_samples():
    truth = new_annotations()
    assert sorted(truth) == sorted(path.stem for path in (DATA / "predict").iterdir())
    np.testing.assert_allclose(shares(truth.values()), painter.NEW_SHARES, atol=0.005)
    for (name, faces), picture in zip(truth.items(), islice(new_photographs(), 3), strict=False):
        assert isinstance(faces, Faces), name
        np.testing.assert_array_equal(faces.boxes, picture.faces.boxes)
        np.testing.assert_array_equal(faces.labels, picture.faces.labels)


def test_the_truth_is_not_shipped_beside_the_photographs():
    assert {path.suffix for path in (DATA / "predict").rglob("*")} == {".jpg", ".png"}


def test_what_is_shipped_is_small():
    files = [path for folder in ("sample", "predict") for path in (DATA / folder).rglob("*.*")]
    assert sum(path.stat().st_size for path in files) < 4_000_000
