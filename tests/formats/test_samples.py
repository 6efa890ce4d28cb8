"""What annotation tools make of a sample that was dealt is taken back, or refused with the fix."""

import zipfile
from pathlib import Path

import pytest

from tests.formats.samples import (
    FILES,
    SORTED,
    TRUTH,
    label_studio_yolo,
    labelimg_in_place,
    labelimg_yolo_of_what_was_wrong,
    roboflow_name,
    roboflow_yolo,
    samples,
    saved_anew,
)
from tests.formats.shots import CLASSES, coco, cvat, picture, voc, write, yolo
from utils.dataset.intake.annotated_sample import read_annotated_sample, told_of_sample
from utils.dataset.shards import Photo
from utils.dataset.suggestion import (
    SUGGESTION,
    SuggestedPhoto,
    Suggestion,
    digest_of_photos,
    sha256,
)
from utils.errors import InputError

NEW = [Photo(f"p{n}", f"p{n}.jpg", picture(n)) for n in range(8)]
FILLED_IN = [("with_mask", (10.0, 10.0, 30.0, 40.0))]


def new():
    return iter(NEW)


def _dealt_as(form: str) -> tuple[dict[str, str], dict[str, str]]:
    stems = [file.rpartition(".")[0] for file in FILES]
    lists = {}
    if form == "voc":
        filled_in = {f"annotations/{stem}.xml": voc(FILLED_IN) for stem in stems}
    elif form == "yolo":
        filled_in = {f"labels/{stem}.txt": yolo(FILLED_IN) for stem in stems}
        lists = dict.fromkeys(("classes.txt", "labels/classes.txt"), "\n".join(CLASSES))
        lists["data.yaml"] = "names:\n" + "".join(f"  {n}: {c}\n" for n, c in enumerate(CLASSES))
    else:
        filled_in = {"annotations.json": coco(dict.fromkeys(FILES, FILLED_IN))}
    return filled_in, lists


@pytest.fixture(params=["voc", "yolo", "coco"])
def dealt(request, tmp_path) -> Path:
    """Six photographs that were dealt, in each format, each with one masked face filled in."""
    folder = tmp_path / "sample"
    filled_in, lists = _dealt_as(request.param)
    for name, text in {**filled_in, **lists}.items():
        write(folder / name, text)
    photos = []
    for file, photo in zip(FILES, NEW, strict=False):
        write(folder / "images" / file, photo.image)
        photos.append(SuggestedPhoto(file, photo.name, 0.5, sha256(photo.image), tuple(FILLED_IN)))
    digests = [
        {name: sha256(text.encode()) for name, text in some.items()} for some in (filled_in, lists)
    ]
    Suggestion("first", "ab" * 32, digest_of_photos(NEW), 0, *digests, tuple(photos)).write(
        folder / SUGGESTION
    )
    write(folder / "README.md", "how to")
    return folder


def counts(faces: list) -> dict[str, int]:
    return {name: [face[0] for face in faces].count(name) for name in CLASSES}


EXPECTED = {f"p{n}": counts(TRUTH[file]) for n, file in enumerate(FILES)}


@pytest.mark.parametrize(
    ("what", "make"), list(samples()), ids=lambda it: it if isinstance(it, str) else ""
)
def test_what_tools_write_is_taken_back(dealt, what, make):
    make(dealt)
    record = read_annotated_sample(dealt, new)
    assert {photo["name"]: photo["counts"] for photo in record["photos"]} == EXPECTED
    assert (record["missing"], record["strangers"], record["changed"]) == ([], [], [])
    assert [photo["as_filled_in"] for photo in record["photos"]] == [True, *[False] * 5]
    assert {name: record[name] for name in ("kept", "renamed", "removed", "added")} == {
        "kept": 2,
        "renamed": 2,
        "removed": 2,
        "added": 3,
    }
    assert bool(record["resaved"]) == ("roboflow" in what)
    assert [photo["emptied"] for photo in record["photos"]].count(True) == 1


def test_labels_that_nobody_saved_keep_the_classes_that_they_were_filled_in_with(dealt):
    """LabelImg writes its own list of classes beside them when it saves another label."""
    labelimg_yolo_of_what_was_wrong(dealt)
    told = {one["name"]: one["counts"] for one in read_annotated_sample(dealt, new)["photos"]}
    in_place = (dealt / "labels" / "1_p0.txt").exists()
    assert told == (EXPECTED if in_place else {name: EXPECTED[name] for name in list(EXPECTED)[1:]})
    if in_place:
        labelimg_yolo_of_what_was_wrong(dealt, SORTED)
        with pytest.raises(InputError, match=r"classes in another order, and 2 files of labels"):
            read_annotated_sample(dealt, new)


def test_an_archive_of_a_tools_export_is_taken_back(dealt, tmp_path):
    label_studio_yolo(dealt)
    with zipfile.ZipFile(tmp_path / "back.zip", "w") as packed:
        for path in dealt.rglob("*.*"):
            packed.write(path, Path("sample") / path.relative_to(dealt))
    record = read_annotated_sample(tmp_path / "back.zip", new)
    assert {photo["name"]: photo["counts"] for photo in record["photos"]} == EXPECTED


def test_what_an_export_leaves_out_is_not_annotated_though_it_was_filled_in(dealt):
    write(dealt / "export.json", coco({file: TRUTH[file] for file in FILES[:3]}))
    record = read_annotated_sample(dealt, new)
    assert [photo["name"] for photo in record["photos"]] == ["p0", "p1", "p2"]
    assert record["missing"] == list(FILES[3:]) and record["in_order"]


def test_photographs_that_a_tool_lists_without_boxes_are_asked_about(dealt):
    named = {file: TRUTH[file] if n < 2 else [] for n, file in enumerate(FILES)}
    write(dealt / "annotations.xml", cvat(named))
    record = read_annotated_sample(dealt, new)
    told = "\n".join(told_of_sample(record))
    assert "All boxes that were filled in are gone: 4 photographs; was each annotated?" in told


def test_a_photograph_that_was_added_is_a_stranger(dealt):
    label_studio_yolo(dealt)
    write(dealt / "images" / "1f2e3dff-holiday.jpg", picture(99))
    write(dealt / "labels" / "1f2e3dff-holiday.txt", yolo(FILLED_IN, SORTED))
    record = read_annotated_sample(dealt, new)
    assert record["strangers"] == ["1f2e3dff-holiday.jpg"] and len(record["photos"]) == 6


def test_augmented_copies_are_refused(dealt):
    roboflow_yolo(dealt)
    copy = roboflow_name(FILES[0], 1)
    write(dealt / "train" / "images" / copy, saved_anew(dealt, FILES[0], (300, 300)))
    write(dealt / "train" / "labels" / copy.replace(".jpg", ".txt"), yolo(TRUTH[FILES[0]], SORTED))
    with pytest.raises(InputError, match=r"1_p0\.jpg came back twice, as .*without augmentation"):
        read_annotated_sample(dealt, new)


def test_two_annotations_of_one_photograph_are_refused(dealt):
    labelimg_in_place(dealt)
    write(dealt / "images" / "1_p0.xml", voc(TRUTH[FILES[1]]))
    with pytest.raises(InputError, match=r"share a stem.*rename or remove one"):
        read_annotated_sample(dealt, new)
