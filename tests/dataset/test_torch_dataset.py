"""The torch data set: sizes, boxes that follow, order, cache."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from utils.dataset.torch_dataset import FaceDataset, StoredImage, resize
from utils.errors import InputError


@pytest.fixture
def photos(make_photo, make_image):
    classes = [["with_mask"], [], ["without_mask", "mask_weared_incorrect"], ["with_mask"]]
    return [
        make_photo(f"p{i}", names, make_image(i, 60, 200 - 10 * i))
        for i, names in enumerate(classes)
    ]


def test_items_have_the_size_asked_for_and_boxes_that_follow(photos, make_shard):
    image, target = FaceDataset([make_shard(photos)], 100)[2]
    assert (image.shape, image.dtype) == ((3, 33, 100), torch.uint8)
    assert target["size"] == (60, 180)
    assert target["scale"] == pytest.approx(100 / 180)
    assert (target["name"], target["index"]) == ("p2", 2)
    assert target["labels"].tolist() == [2, 3]
    x, y = 100 / 180, 33 / 60
    expected = torch.tensor([[0, 5 * y, 20 * x, 35 * y], [20 * x, 5 * y, 40 * x, 35 * y]])
    torch.testing.assert_close(target["boxes"], expected)


def test_photos_without_faces_have_empty_boxes(photos, make_shard):
    _, target = FaceDataset([make_shard(photos)], 100)[1]
    assert target["boxes"].shape == (0, 4)
    assert target["boxes"].dtype == torch.float32
    assert target["labels"].dtype == torch.int64


def test_pixels_are_those_of_the_photo(photos, make_shard):
    image, _ = FaceDataset([make_shard(photos)], 200)[0]
    np.testing.assert_array_equal(image.permute(1, 2, 0).numpy(), photos[0].decode())


def test_order_does_not_depend_on_the_shards(photos, make_shard):
    parts = [make_shard(photos[1::2], "odd.tar"), make_shard(photos[::2], "even.tar")]
    assert FaceDataset(parts, 64).names == ["p0", "p1", "p2", "p3"]


def test_the_digest_is_of_the_photographs_however_they_are_dealt(photos, make_shard):
    parts = [make_shard(photos[1::2], "odd.tar"), make_shard(photos[::2], "even.tar")]
    whole = FaceDataset([make_shard(photos)], 64).digest
    assert FaceDataset(parts, 64).digest == whole
    photos[2] = replace(
        photos[2], annotation=photos[2].annotation.replace(b"without_mask", b"with_mask")
    )
    assert FaceDataset([make_shard(photos, "other.tar")], 64).digest != whole


def test_beyond_the_cache_items_are_the_same(photos, make_shard):
    shard = make_shard(photos)
    cached, encoded = FaceDataset([shard], 100), FaceDataset([shard], 100, cache_mb=0.02)
    kinds = {type(image) for image in encoded._images}
    assert kinds == {torch.Tensor, StoredImage}
    for first, second in zip(cached, encoded, strict=True):
        torch.testing.assert_close(first[0], second[0])


def test_changing_an_item_leaves_the_cache_alone(photos, make_shard):
    dataset = FaceDataset([make_shard(photos)], 100)
    image, target = dataset[0]
    before = image.clone()
    image.zero_()
    target["boxes"].zero_()
    torch.testing.assert_close(dataset[0][0], before)
    assert dataset[0][1]["boxes"].sum() > 0


def test_transform_gets_image_and_target(photos, make_shard):
    dataset = FaceDataset([make_shard(photos)], 100, lambda image, target: (image, target["name"]))
    assert dataset[3][1] == "p3"


def test_faces_and_sizes_are_those_of_the_photos(photos, make_shard):
    dataset = FaceDataset([make_shard(photos)], 50)
    assert dataset.sizes[3] == (60, 170)
    assert dataset.faces[0].boxes.tolist() == [[0, 5, 20, 35]]


def test_empty_double_and_unannotated_are_refused(photos, make_shard):
    with pytest.raises(InputError, match="no photographs"):
        FaceDataset([make_shard([])], 100)
    shard = make_shard(photos)
    with pytest.raises(InputError, match="two photographs are called 'p0'"):
        FaceDataset([shard, shard], 100)


@pytest.mark.parametrize(
    ("shape", "expected"), [((50, 100), (16, 32)), ((3, 400), (1, 32)), ((8, 4), (32, 16))]
)
def test_resizing_keeps_the_aspect_and_a_pixel_at_least(shape, expected):
    assert resize(np.zeros((*shape, 3), np.uint8), 32).shape == (*expected, 3)
