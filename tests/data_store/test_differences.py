"""What differs between versions: photographs, boxes, classes, sides."""

from dataclasses import replace

import pytest

from tests.data_store.made import MadeData, data
from utils.data_store.differences import compare
from utils.data_store.manifest import Manifest, kept_photo
from utils.data_store.words_of_differences import summary, told
from utils.dataset.formats.annotation import RawAnnotation

A, B, C = (10.0, 10.0, 40.0, 40.0), (60.0, 10.0, 90.0, 40.0), (120.0, 10.0, 150.0, 40.0)


def manifest(made: MadeData) -> Manifest:
    return Manifest(
        tuple(
            kept_photo(name, image, raw, made.came_on.get(name.partition(".")[0]))
            for name, (image, raw, _) in made.photos.items()
        )
    )


def photo(*faces: tuple[str, tuple], image: bytes = b"a", filename: str = "a.jpg") -> Manifest:
    names, boxes = tuple(name for name, _ in faces), tuple(box for _, box in faces)
    return Manifest((kept_photo(filename, image, RawAnnotation(names, boxes, (200, 100)), None),))


def test_photographs_are_added_and_removed():
    it = compare(manifest(data(1, 2, 3)), manifest(data(3, 4, 5, 2)))
    assert [one.filename for one in it.added] == ["0004.jpg", "0005.jpg"]
    assert [one.filename for one in it.removed] == ["0001.jpg"]
    assert (it.changed, it.same, it.is_none) == ((), 2, False)
    assert it.totals[0]["photographs"] == 3 and it.totals[1]["photographs"] == 4
    assert summary(it) == "2 photographs added, 1 photograph removed, 2 the same."


def test_a_version_does_not_differ_from_itself_nor_by_order_or_names():
    made = data(1, 2, 3)
    first = manifest(made)
    assert compare(first, first).is_none and compare(first, first).same == 3
    renamed = manifest(MadeData({f"x{name}": it for name, it in made.photos.items()}))
    it = compare(first, renamed)
    assert it.is_none and len(it.renamed) == 3
    assert "3 photographs are called otherwise" in summary(it)
    raws = [
        replace(it.raw, names=it.raw.names[::-1], boxes=it.raw.boxes[::-1]) for it in first.photos
    ]
    turned = Manifest(
        tuple(replace(one, raw=raw) for one, raw in zip(first.photos, raws, strict=True))
    )
    assert compare(first, turned).is_none and turned.version == first.version


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        ([("with_mask", A)], [("without_mask", A)], ["class"]),
        ([("with_mask", A)], [("with_mask", (12.0, 10.0, 40.0, 40.0))], ["box"]),
        ([("with_mask", A)], [("without_mask", (12.0, 10.0, 40.0, 40.0))], ["class and box"]),
        ([("with_mask", A)], [("with_mask", A), ("with_mask", B)], ["added"]),
        ([("with_mask", A), ("with_mask", B)], [("with_mask", B)], ["removed"]),
        ([("with_mask", A)], [("with_mask", C)], ["removed", "added"]),
        (
            [("with_mask", A), ("without_mask", B)],
            [("without_mask", B), ("mask_weared_incorrect", A), ("with_mask", C)],
            ["class", "added"],
        ),
        ([("with_mask", A), ("with_mask", A)], [("with_mask", A)], ["removed"]),
    ],
)
def test_faces_differ_by_box_by_class_or_are_not_there(before, after, what):
    it = compare(photo(*before), photo(*after))
    (one,) = it.changed
    assert [face.what for face in one.faces] == what
    assert it.faces().total() >= len(what) and not it.is_none


def test_of_two_faces_that_moved_each_is_followed():
    shift = [(x1 + 4, y1, x2 + 4, y2) for x1, y1, x2, y2 in (A, B)]
    it = compare(
        photo(("with_mask", A), ("without_mask", B)),
        photo(("without_mask", shift[1]), ("with_mask", shift[0])),
    )
    assert [face.what for face in it.changed[0].faces] == ["box", "box"]


def test_another_file_of_a_name_is_a_photograph_that_was_replaced():
    it = compare(photo(("with_mask", A)), photo(("with_mask", A), image=b"b"))
    assert it.changed[0].replaced and not it.changed[0].faces and not (it.added or it.removed)
    assert "another file of that name" in told(it, "x", "y")


def test_the_same_file_twice_is_told_apart_by_names_and_then_by_faces():
    twice = Manifest((*photo(("with_mask", A)).photos, *photo(filename="b.jpg").photos))
    assert compare(twice, twice).is_none
    other = Manifest(
        (*photo(filename="c.jpg").photos, *photo(("with_mask", A), filename="d.jpg").photos)
    )
    it = compare(twice, other)
    assert it.is_none and len(it.renamed) == 2
    it = compare(twice, photo(("with_mask", A)))
    assert [one.filename for one in it.removed] == ["b.jpg"] and it.same == 1


def test_a_photograph_that_came_on_another_side_differs():
    first, second = manifest(data(1, 2, 3, split=True)), manifest(data(1, 2, 3))
    it = compare(first, second)
    assert all(one.moved for one in it.changed) and len(it.changed) == 3
    assert it.as_record()["photographs"]["changed"][0]["sides"] == ["val", None]
