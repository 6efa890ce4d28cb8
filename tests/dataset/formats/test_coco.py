"""COCO files: ids and boxes as tools write them, and errors that name list, place and field."""

import json
import time

import pytest

from utils.dataset.formats import coco
from utils.dataset.formats.coco import parse
from utils.errors import InputError


def record(**fields: object) -> dict:
    return {
        "info": {"description": "x"},
        "licenses": [{"id": 1, "name": "CC0", "url": "u"}],
        "images": [{"id": 1, "file_name": "a.jpg", "width": 100, "height": 80, "license": 1}],
        "categories": [{"id": 1, "name": "mask", "supercategory": "none"}],
        "annotations": [face()],
        **fields,
    }


def face(**fields: object) -> dict:
    face = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [10, 20, 30.5, 40], "iscrowd": 0}
    return {key: value for key, value in {**face, **fields}.items() if value is not None}


def read(value: object):
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return parse(data, "a.json")


def test_corner_and_size_become_corners():
    found = read(record())
    assert found["a.jpg"].boxes == ((10.0, 20.0, 40.5, 60.0),)
    assert found["a.jpg"].names == ("mask",) and found["a.jpg"].size == (100, 80)


def test_ids_need_not_be_dense_or_numbers_of_one_kind():
    found = read(
        record(
            images=[{"id": "x7", "file_name": "s/a.jpg"}, {"id": 0, "file_name": "b.jpg"}],
            categories=[{"id": 90, "name": "mask"}, {"id": 0, "name": "none"}],
            annotations=[
                face(image_id="x7", category_id=0),
                face(image_id="0", category_id=90),
                face(image_id=0.0, category_id="90"),
            ],
        )
    )
    assert list(found) == ["s/a.jpg", "b.jpg"]
    assert found["s/a.jpg"].names == ("none",) and found["b.jpg"].names == ("mask", "mask")
    assert found["b.jpg"].size is None


def test_images_without_faces_are_there():
    found = read(record(annotations=[]))
    assert found["a.jpg"].boxes == () and found["a.jpg"].size == (100, 80)


def test_a_crowd_is_left_out_and_told():
    crowd = face(iscrowd=1, segmentation={"counts": [9, 9], "size": [3, 6]})
    found = read(record(annotations=[face(), crowd]))
    assert len(found["a.jpg"].boxes) == 1 and found["a.jpg"].left_out == ("crowd region",)


@pytest.mark.parametrize("bbox", [None, []])
def test_polygons_stand_in_for_a_box_that_is_not_there(bbox):
    polygons = [[10, 20, 30, 20.5, 20, 60], [5, 30, 6, 30, 6, 31]]
    found = read(record(annotations=[face(bbox=bbox, segmentation=polygons)]))
    assert found["a.jpg"].boxes == ((5.0, 20.0, 30.0, 60.0),)


def test_boxes_are_given_as_written():
    odd = face(bbox=[90, -5, 50, -3])
    assert read(record(annotations=[odd]))["a.jpg"].boxes == ((90.0, -5.0, 140.0, -8.0),)


def test_sums_have_no_noise():
    assert read(record(annotations=[face(bbox=[0.1, 0.7, 0.2, 0.1])]))["a.jpg"].boxes == (
        (0.1, 0.7, 0.3, 0.8),
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-8"])
def test_encodings_and_names_of_the_world(encoding):
    value = record(images=[{"id": 1, "file_name": "口罩 é.jpg", "width": None, "height": 5}])
    data = json.dumps(value, ensure_ascii=False).encode(encoding)
    assert read(data)["口罩 é.jpg"].size is None


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"", "is no JSON"),
        (b"{", "is no JSON"),
        (b"\xff\xd8\xff\xe0", "is no JSON"),
        pytest.param(b"[" * 100_000, "is no JSON", id="deep"),
        (b"[]", "is a JSON list and no COCO file"),
        (b"{}", "field 'images' is missing or no list; not a COCO file"),
        (record(categories=None), "field 'categories' is missing"),
        (record(annotations={}), "field 'annotations' is missing or no list"),
        (record(images=[7]), "images 1: is no object"),
        (record(images=[{"id": 1}]), "images 1: field 'file_name' is missing"),
        (record(images=[{"file_name": "a"}]), "images 1: field 'id' is missing"),
        (record(images=[{"id": True, "file_name": "a"}]), "images 1: field 'id' is missing or no"),
        (record(annotations=[face(), face(image_id=None)]), "annotations 2: field 'image_id'"),
        (record(annotations=[face(category_id=2)]), "annotations 1: field 'category_id' is 2, wh"),
        (record(annotations=[face(bbox=[1, 2, 3])]), "annotations 1: field 'bbox' is not four"),
        (record(annotations=[face(bbox=[1, 2, "3", 4])]), "annotations 1: field 'bbox' is not"),
        (record(annotations=[face(bbox=[1, 2, True, 4])]), "annotations 1: field 'bbox' is not"),
        (record(annotations=[face(bbox={"x": 1})]), "annotations 1: field 'bbox' is not four"),
        pytest.param(record(annotations=[face(bbox=[1, 2, 10**400, 4])]), "not four", id="1e400"),
        (record(annotations=[face(bbox=None)]), "annotations 1: field 'bbox' is missing, and"),
        (
            record(annotations=[face(bbox=None, segmentation={"counts": "x", "size": [1, 2]})]),
            "field 'bbox' is missing, and there is no polygon",
        ),
        (record(annotations=[face(bbox=None, segmentation=[[1, 2, 3]])]), "no pairs of numbers"),
        (record(annotations=[face(bbox=None, segmentation=[[1, "a"]])]), "what is no number"),
        (json.dumps(record()).replace("30.5", "NaN").encode(), "NaN is no number"),
        (json.dumps(record()).replace("30.5", "1e999").encode(), "field 'bbox' is not four"),
        (json.dumps(record()).replace("30.5", "9" * 5000).encode(), "is no JSON"),
        (json.dumps(record()).replace('"bbox"', '"image_id"').encode(), "'image_id' stands twice"),
    ],
)
def test_a_wrong_file_is_named_with_list_place_and_field(value, message):
    with pytest.raises(InputError) as caught:
        read(value)
    assert str(caught.value).startswith("a.json: ") and message in str(caught.value)
    assert str(caught.value).isprintable() and len(str(caught.value)) < 400


def test_annotations_of_images_that_are_not_there_are_counted():
    strays = [face(image_id=number) for number in (7, 7, 9)]
    with pytest.raises(InputError, match=r"a\.json: 3 of 'annotations' are of images.*7, 9"):
        read(record(annotations=[face(), *strays]))


def test_two_images_of_one_name_or_id_are_refused():
    images = [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "a.jpg"}]
    with pytest.raises(InputError, match=r"images 2: field 'file_name' 'a.jpg' stands in images 1"):
        read(record(images=images))
    images[1] = {"id": "1", "file_name": "b.jpg"}
    with pytest.raises(InputError, match=r"images 2: field 'id' 1 stands before"):
        read(record(images=images))
    with pytest.raises(InputError, match=r"categories 2: field 'id' 1 stands before"):
        read(record(categories=[{"id": 1, "name": "a"}, {"id": 1, "name": "b"}]))


def test_100_000_faces_take_bounded_time():
    images = [{"id": n, "file_name": f"{n}.jpg", "width": 9, "height": 9} for n in range(20_000)]
    outline = [[float(n) for n in range(40)]]
    faces = [face(id=n, image_id=n % 20_000, segmentation=outline) for n in range(100_000)]
    data = json.dumps(record(images=images, annotations=faces)).encode()
    start = time.process_time()
    found = read(data)
    assert time.process_time() - start < 15
    assert len(found) == 20_000 and sum(len(raw.boxes) for raw in found.values()) == 100_000


def test_the_faces_of_a_photograph_are_bounded(monkeypatch):
    monkeypatch.setattr(coco, "MAX_FACES", 3)
    assert len(read(record(annotations=[face()] * 3))["a.jpg"].boxes) == 3
    with pytest.raises(InputError, match=r"annotations 4: 'a\.jpg' has more than 3 faces"):
        read(record(annotations=[face()] * 4))


def test_a_file_that_is_too_large_is_refused(monkeypatch):
    monkeypatch.setattr(coco, "MAX_BYTES", 100)
    with pytest.raises(InputError, match=r"a\.json: has \d+ bytes, more than 100"):
        read(record())
