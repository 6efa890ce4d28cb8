"""A version follows from what a data set shows, and from nothing else."""

import zipfile
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.dataset.formats.conftest import raw_annotations
from tests.formats.layouts import layouts
from tests.formats.shots import FACES, HEIGHT, WIDTH, photographs, picture, voc, write, yolo
from utils.dataset.formats import yolo as yolo_format
from utils.dataset.formats.yolo_names import Names
from utils.dataset.intake.dataset import Dataset
from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard
from utils.dataset.version import box_of, canonical_faces, version_of


def packed(path, shard):
    with Dataset(path) as dataset:
        return dataset.pack(shard), dataset.came_on


def a_set(root, faces=FACES, **options):
    photographs(root / "images", "".join(faces))
    for stem, boxes in faces.items():
        write(root / "annotations" / f"{stem}.xml", voc(boxes, **options))
    return root


def version(path):
    with Dataset(path) as dataset:
        return dataset.pack(path.parent / "shard.tar")


def test_every_layout_and_format_of_the_same_photographs_is_one_version(tmp_path):
    found = defaultdict(list)
    for number, (name, make, _) in enumerate(layouts()):
        root = tmp_path / f"{number}" / "data"
        root.mkdir(parents=True)
        make(root)
        inside = list(root.iterdir())
        path = inside[0] if len(inside) == 1 and inside[0].suffix else root
        shard = tmp_path / "shard.tar"
        told, came_on = packed(path, shard)
        bytes_of = {photo.name: photo.image for photo in read_shard(shard)}
        sides = tuple(sorted(came_on.items()))
        found[tuple(sorted(bytes_of.items())), sides].append((told, name))
    assert {len({told for told, _ in same}) for same in found.values()} == {1}
    assert len({same[0][0] for same in found.values()}) == len(found)
    assert max(map(len, found.values())) > 30  # of JPEG files, not split


def test_order_folders_times_and_names_of_files_change_no_version(tmp_path):
    first = version(a_set(tmp_path / "1" / "set"))
    with zipfile.ZipFile(tmp_path / "other.zip", "w", zipfile.ZIP_DEFLATED) as file:
        for stem in reversed(FACES):
            told = zipfile.ZipInfo(f"deep/down/JPEGImages/z_{stem}.jpeg", (2001, 2, 3, 4, 5, 6))
            file.writestr(told, picture(ord(stem)))
            boxes = list(reversed(FACES[stem]))
            file.writestr(f"deep/down/Annotations/z_{stem}.xml", voc(boxes, size=None))
    assert version(tmp_path / "other.zip") == first


@pytest.mark.parametrize(
    "changed",
    [
        {"a": [("with_mask", (10, 10, 30, 40)), ("with_mask", (50, 10, 70, 40))]},
        {"a": [("with_mask", (10, 10, 30, 40)), ("without_mask", (50, 10, 70, 41))]},
        {"a": [("with_mask", (10, 10, 30, 40)), ("without_mask", (50.25, 10, 70, 40))]},
        {"a": [("with_mask", (10, 10, 30, 40))]},
        {"d": [("with_mask", (10, 10, 30, 40))]},
        {"a": FACES["b"], "b": FACES["a"]},
    ],
)
def test_a_class_a_box_or_who_has_it_makes_another_version(tmp_path, changed):
    first = version(a_set(tmp_path / "1" / "set"))
    assert version(a_set(tmp_path / "2" / "set", {**FACES, **changed})) != first


def test_another_photograph_or_one_less_makes_another_version(tmp_path):
    seen = {version(a_set(tmp_path / "1" / "set"))}
    write(a_set(tmp_path / "2" / "set") / "images" / "d.jpg", picture(77))
    seen.add(version(tmp_path / "2" / "set"))
    seen.add(version(a_set(tmp_path / "3" / "set", {k: FACES[k] for k in "abcef"})))
    twice = a_set(tmp_path / "4" / "set")
    write(twice / "images" / "g.jpg", picture(ord("a")))
    write(twice / "annotations" / "g.xml", voc(FACES["a"]))
    seen.add(version(twice))
    assert len(seen) == 4


def test_a_split_that_is_not_whole_is_none():
    photos = [("aa", [], "train"), ("bb", [], "val"), ("cc", [], None)]
    assert version_of(photos) == version_of([(digest, [], None) for digest, _, _ in photos])
    whole = [(digest, [], side or "test") for digest, _, side in photos]
    assert version_of(whole) != version_of(photos)
    assert version_of(whole) == version_of(reversed(whole))


def test_what_jobs_leave_out_or_cut_is_left_out_and_cut():
    boxes = [(-5, 10, 20, 30), (90, 10, 130, 30), (99.5, 0, 120, 10), (120, 0, 130, 10)]
    faces = canonical_faces(["with_mask"] * 4, boxes, 100, 80)
    assert [box_of(face) for face in faces] == [(0, 10, 20, 30), (90, 10, 100, 30)]


@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_shares_of_the_image_and_pixels_are_the_same_faces(decimals):
    @given(raw_annotations(decimals=decimals), st.sampled_from([6, 8]))
    def agree(raw, digits):
        lines = yolo_format.write(*raw.size, raw.names, raw.boxes, CLASSES).decode().splitlines()
        short = "\n".join(
            " ".join([index, *(f"{float(value):.{digits}f}" for value in values)])
            for index, *values in map(str.split, lines)
        )
        read = yolo_format.parse(short.encode(), "a.txt", Names.of(CLASSES), *raw.size)
        told = canonical_faces(read.names, read.boxes, *raw.size)
        assert told == canonical_faces(raw.names, raw.boxes, *raw.size)

    agree()


def test_a_set_of_yolo_is_the_version_of_its_twin_in_voc(tmp_path):
    root = tmp_path / "1" / "set"
    photographs(root / "images")
    for stem, boxes in FACES.items():
        write(root / "labels" / f"{stem}.txt", yolo(boxes))
    write(root / "classes.txt", "\n".join(CLASSES))
    assert (WIDTH, HEIGHT) == (100, 80)
    assert version(root) == version(a_set(tmp_path / "2" / "set"))
