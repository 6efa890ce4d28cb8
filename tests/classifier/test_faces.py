import numpy as np
import pytest

from tests.classifier.conftest import SIDE, make_faces
from utils.classifier.faces import FacePictures
from utils.classifier.network import as_seen
from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.shards import Photo, write_shard
from utils.errors import InputError


def write(path, name, picture, boxes):
    height, width = picture.shape[:2]
    faces = Faces(np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), 2, np.int64))
    xml = write_voc(f"{name}.png", width, height, faces)
    write_shard(path, [Photo(name, f"{name}.png", encode_png(picture), xml)])
    return path


def test_faces_come_as_a_model_sees_them(tmp_path):
    picture = np.random.default_rng(0).integers(0, 255, (50, 20, 3)).astype(np.uint8)
    shard = write(tmp_path / "a.tar", "whole", picture, [[0, 0, 20, 50]])
    for cache_mb in (10, 0):
        faces = FacePictures([shard], 48, cache_mb)
        assert np.array_equal(faces[0][0], as_seen(picture, 48))
    assert faces.labels.tolist() == [2]
    assert faces.counts().tolist() == [0, 1, 0]


def test_faces_of_one_photograph_belong_together(tmp_path):
    first = make_faces(tmp_path / "a.tar", [1, 2, 3], 1)  # photo1_face100, ...
    picture = np.zeros((20, 20, 3), np.uint8)
    other = write(tmp_path / "b.tar", "photo2_face1", picture, [[0, 0, 20, 20]])
    whole = write(tmp_path / "c.tar", "selfie", picture, [[0, 0, 20, 20]])
    noise = write(tmp_path / "d.tar", "photo2_face3_noise1", picture, [[0, 0, 20, 20]])
    faces = FacePictures([first, whole, noise, other], SIDE)
    told = dict(zip(faces.names, faces.photographs().tolist(), strict=True))
    assert told["photo2_face1"] == told["photo2_face3_noise1"] != told["selfie"]


@pytest.mark.parametrize("boxes", [[], [[0, 0, 10, 20], [10, 0, 20, 20]]])
def test_a_photograph_that_was_not_cut_is_refused(tmp_path, boxes):
    shard = write(tmp_path / "a.tar", "street", np.zeros((20, 20, 3), np.uint8), boxes)
    with pytest.raises(InputError, match=f"street: has {len(boxes)} faces; .*--margin"):
        FacePictures([shard], 48)
