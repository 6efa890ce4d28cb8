"""Photographs of extreme shapes go through every step that looks at pixels."""

import numpy as np
import pytest

from utils.dataset.annotation import write_voc
from utils.dataset.clean import clean_photo
from utils.dataset.faces import Faces
from utils.dataset.images import decode, encode_jpeg, encode_png
from utils.dataset.noise import NoiseOptions, add_gaussian_noise, augment_shard
from utils.dataset.shards import Photo, read_shard, write_shard
from utils.dataset.splitting.fingerprints import fingerprint
from utils.dataset.splitting.near_duplicates import find_groups
from utils.dataset.torch_dataset import FaceDataset
from utils.detector.inference import Detector
from utils.drawing.faces import draw_detections
from utils.errors import InputError

SHAPES = [(1, 1), (1, 2), (3, 1), (1, 30_000), (30_000, 1), (2, 30_000), (65_500, 3)]
"""Height and width in pixels."""


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(height).integers(0, 255, (height, width, 3), np.uint8)


def annotated(number: int, image: np.ndarray) -> Photo:
    height, width = image.shape[:2]
    whole = Faces(np.array([[0, 0, width, height]], np.float32), np.array([number % 3 + 1]))
    name = f"p{number}"
    voc = write_voc(f"{name}.png", width, height, whole)
    return Photo(name, f"{name}.png", encode_png(image), voc)


def test_they_are_fingerprinted_cleaned_augmented_and_loaded(tmp_path):
    photos = [annotated(number, noise(*shape)) for number, shape in enumerate(SHAPES)]
    assert find_groups([fingerprint(photo.decode()) for photo in photos]) == list(
        range(len(SHAPES))
    )
    for photo, (height, width) in zip(photos, SHAPES, strict=True):
        clean = clean_photo(photo)
        assert clean.decode().shape == (height, width, 3)
        assert len(clean.read_annotation(width, height).faces) == 1
    write_shard(tmp_path / "train.tar", photos)
    options = NoiseOptions(sigma=0.5, copies=1, rare_copies=1)
    augment_shard(tmp_path / "train.tar", tmp_path / "aug.tar", 0, 1, options)
    assert len(list(read_shard(tmp_path / "aug.tar"))) == 2 * len(SHAPES)
    loaded = FaceDataset([tmp_path / "aug.tar"], image_size=96)
    for index in range(len(loaded)):
        image, target = loaded[index]
        assert max(image.shape) == 96 and len(target["boxes"]) == 1


def test_they_are_predicted_and_drawn(model, one_thread):
    detector = Detector.load(model, device="cpu")
    for shape in SHAPES:
        image = noise(*shape)
        (found,) = detector.predict([image])
        drawing = draw_detections(image, found, 0.0)
        assert decode(encode_jpeg(drawing), "drawing").shape == drawing.shape


@pytest.mark.parametrize("shape", [(1, 65_501), (65_501, 1)])
def test_a_side_that_no_jpeg_can_have_is_refused_at_once(shape):
    with pytest.raises(InputError, match=r"^a\.png: .* a side has more than 65500; make it small"):
        decode(encode_png(noise(*shape)), "a.png")


def test_noise_of_a_large_photograph_is_that_of_its_rows(monkeypatch):
    image = noise(50, 20)
    whole = add_gaussian_noise(image, 0.2, np.random.default_rng(3))
    monkeypatch.setattr("utils.dataset.images._BAND", 20 * 7)
    np.testing.assert_array_equal(add_gaussian_noise(image, 0.2, np.random.default_rng(3)), whole)
