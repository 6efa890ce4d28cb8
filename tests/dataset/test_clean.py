"""Cleaned shards."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from utils.dataset.clean import clean_photo, clean_shard
from utils.dataset.images import encode_jpeg, is_plain
from utils.dataset.shards import read_shard
from utils.errors import InputError


def rgba(image: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image).convert("RGBA").save(file, "PNG", **options)
    return file.getvalue()


def test_plain_images_keep_their_bytes(make_photo, make_image):
    photo = replace(make_photo("a"), filename="a.jpg", image=encode_jpeg(make_image(0, 60, 200)))
    assert clean_photo(photo).image is photo.image
    assert clean_photo(photo).filename == "a.jpg"


def test_others_become_plain_pngs_with_the_same_pixels(make_photo, make_image):
    image = make_image(0, 60, 200)
    photo = replace(make_photo("a"), filename="a.tif", image=rgba(image))
    clean = clean_photo(photo)
    assert clean.filename == "a.png"
    assert is_plain(clean.image, "a")
    np.testing.assert_array_equal(clean.decode(), image)


def test_a_rotated_photo_and_its_boxes_become_upright(make_photo):
    stored = np.zeros((60, 200, 3), np.uint8)
    stored[5:35, 0:20] = 255  # where the face of make_photo is
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = replace(make_photo("a"), image=rgba(stored, exif=exif))
    clean = clean_photo(photo)
    image = clean.decode()
    height, width = image.shape[:2]
    assert (height, width) == (200, 60)
    x1, y1, x2, y2 = clean.read_annotation(width, height).faces.boxes[0].astype(int)
    assert image[y1:y2, x1:x2].min() == 255
    assert image.sum() == 20 * 30 * 3 * 255


def test_annotations_are_mended_and_stay_so(make_photo):
    photo = make_photo("a", ["with_mask", "without_mask"])
    voc = photo.annotation.replace(b"<xmax>40</xmax>", b"<xmax>999</xmax>")
    voc = voc.replace(b"<ymax>35</ymax>", b"<ymax>0</ymax>", 1)
    clean = clean_photo(replace(photo, annotation=voc))
    annotation = clean.read_annotation(200, 60)
    assert annotation.faces.boxes.tolist() == [[20, 5, 200, 35]]
    assert (annotation.dropped, annotation.clipped) == (0, 0)


def test_shards_are_cleaned_and_counted(make_photo, make_shard, tmp_path):
    photos = [make_photo("a"), make_photo("b", [])]
    photos[1] = replace(photos[1], image=rgba(photos[1].decode()))
    counts = clean_shard(make_shard(photos), tmp_path / "clean.tar")
    assert counts == {"photos": 2, "rewritten": 1}
    clean = list(read_shard(tmp_path / "clean.tar"))
    assert [photo.name for photo in clean] == ["a", "b"]
    assert all(is_plain(photo.image, "x") for photo in clean)


def test_a_photo_without_annotation_is_refused(make_photo):
    with pytest.raises(InputError, match=r"a\.png: has no annotation"):
        clean_photo(replace(make_photo("a"), annotation=None))
