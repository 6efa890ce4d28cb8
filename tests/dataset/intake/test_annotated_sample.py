import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.annotating import annotate
from utils.dataset.faces import Faces
from utils.dataset.formats import voc
from utils.dataset.images import encode_png
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

DEALT = 6
NEW = [
    Photo(f"p{k}", f"p{k}.png", encode_png(noise))
    for k, noise in enumerate(np.random.default_rng(0).integers(0, 255, (9, 60, 96, 3), np.uint8))
]
BOXES = [(4.0, 10.0, 24.0, 34.0), (40.0, 10.0, 60.0, 34.0), (70.0, 10.0, 90.0, 34.0)]


def new():
    return iter(NEW)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Six photographs that were dealt, each with one masked face filled in, as VOC."""
    folder = tmp_path / "sample"
    for place in ("images", "annotations"):
        (folder / place).mkdir(parents=True)
    photos, filled_in = [], {}
    for k in range(DEALT):
        file = f"{k + 1}_p{k}.png"
        (folder / "images" / file).write_bytes(NEW[k].image)
        data = voc.write(file, 96, 60, ["with_mask"], BOXES[:1])
        (folder / "annotations" / f"{k + 1}_p{k}.xml").write_bytes(data)
        filled_in[f"annotations/{k + 1}_p{k}.xml"] = sha256(data)
        faces = (("with_mask", BOXES[0]),)
        photos.append(SuggestedPhoto(file, f"p{k}", 0.5, sha256(NEW[k].image), faces))
    suggestion = Suggestion(
        "first", "ab" * 32, digest_of_photos(NEW), 0, filled_in, {}, tuple(photos)
    )
    suggestion.write(folder / SUGGESTION)
    return folder


def faces(*labels: int) -> Faces:
    return Faces(np.array(BOXES[: len(labels)], np.float32).reshape(-1, 4), np.array(labels))


TRUTH = {
    "p0": faces(1),  # as it was
    "p1": faces(2),  # renamed
    "p2": faces(),  # removed
    "p3": faces(1, 2, 3),  # two added
    "p4": faces(1),
    "p5": faces(3, 3),
}


@pytest.fixture
def annotated(folder) -> Path:
    annotate(folder, TRUTH)
    return folder


def test_faces_are_counted_and_compared_with_those_filled_in(annotated):
    record = read_annotated_sample(annotated, new)
    counts = [list(photo["counts"].values()) for photo in record["photos"]]
    assert counts == [[1, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 0, 2]]
    same = [photo["as_filled_in"] for photo in record["photos"]]
    assert same == [True, False, False, False, True, False]
    changes = {name: record[name] for name in ("kept", "renamed", "removed", "added")}
    assert changes == {"kept": 3, "renamed": 2, "removed": 1, "added": 3}
    assert {photo["chance"] for photo in record["photos"]} == {0.5}
    assert (record["run"], record["dealt"], record["in_order"]) == ("first", 6, True)
    told = "\n".join(told_of_sample(record))
    assert "6 of 6 new photographs dealt, with 8 faces" in told
    assert "3 were kept, 2 given another class, 1 removed, and 3 added" in told
    assert "As they were filled in: 2 photographs; was each of them looked at?" in told


def test_it_may_come_back_in_an_archive_with_folders_around_it(annotated, tmp_path):
    archive = tmp_path / "back.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for path in annotated.rglob("*.*"):
            packed.write(path, Path("export") / path.relative_to(annotated))
    assert read_annotated_sample(archive, new) == read_annotated_sample(annotated, new)


def test_who_stops_early_has_a_smaller_sample(folder):
    annotate(folder, TRUTH, most=3)
    record = read_annotated_sample(folder, new)
    assert [photo["name"] for photo in record["photos"]] == ["p0", "p1", "p2"]
    assert [photo["chance"] for photo in record["photos"]] == [0.25] * 3
    assert record["in_order"] and record["missing"] == ["4_p3.png", "5_p4.png", "6_p5.png"]
    told = "\n".join(told_of_sample(record))
    assert "Not annotated: 3 photographs (4_p3.png, 5_p4.png, 6_p5.png), left out" in told


def test_one_left_out_in_between_is_no_smaller_sample(annotated):
    (annotated / "annotations" / "2_p1.xml").unlink()
    record = read_annotated_sample(annotated, new)
    assert record["missing"] == ["2_p1.png"] and not record["in_order"]
    (annotated / "images" / "6_p5.png").unlink()
    (annotated / "annotations" / "6_p5.xml").unlink()
    record = read_annotated_sample(annotated, new)
    assert record["missing"] == ["2_p1.png", "6_p5.png"]
    assert record["photos"][0]["chance"] == pytest.approx(0.5 * 4 / 6)


def test_other_photographs_are_left_out_and_named(annotated):
    (annotated / "images" / "holiday.png").write_bytes(NEW[7].image)
    shutil.copy(annotated / "annotations" / "1_p0.xml", annotated / "annotations" / "holiday.xml")
    (annotated / "images" / "3_p2.png").write_bytes(NEW[8].image)
    record = read_annotated_sample(annotated, new)
    assert record["strangers"] == ["holiday.png"] and record["changed"] == ["3_p2.png"]
    assert len(record["photos"]) == 5 and record["missing"] == []
    told = "\n".join(told_of_sample(record))
    assert "Not of the sample: 1 photograph (holiday.png), left out" in told
    assert "Another picture under the name of one dealt: 1 photograph (3_p2.png)" in told


def test_boxes_without_area_inside_the_photograph_are_no_faces(annotated):
    data = voc.write("1_p0.png", 96, 60, ["with_mask"] * 2, [BOXES[0], (100.0, 5.0, 120.0, 30.0)])
    (annotated / "annotations" / "1_p0.xml").write_bytes(data)
    record = read_annotated_sample(annotated, new)
    assert record["photos"][0]["counts"]["with_mask"] == 1


def test_class_names_of_public_sets_are_known(annotated):
    path = annotated / "annotations" / "1_p0.xml"
    path.write_text(path.read_text().replace("with_mask", "no-mask"))
    record = read_annotated_sample(annotated, new)
    assert record["photos"][0]["counts"]["without_mask"] == 1


def damage_class(folder: Path) -> None:
    path = folder / "annotations" / "1_p0.xml"
    path.write_text(path.read_text().replace("with_mask", "helmet"))


def damage_xml(folder: Path) -> None:
    (folder / "annotations" / "1_p0.xml").write_text("<annotation><object>")


def other_format(folder: Path) -> None:
    (folder / "classes.txt").write_text("with_mask\n")
    for path in (folder / "images").iterdir():
        path.with_suffix(".txt").write_text("0 0.5 0.5 0.1 0.1\n")


def no_record(folder: Path) -> None:
    (folder / SUGGESTION).unlink()


def two_records(folder: Path) -> None:
    shutil.copy(folder / SUGGESTION, folder / "images" / SUGGESTION)


def no_annotations(folder: Path) -> None:
    shutil.rmtree(folder / "annotations")


def other_pictures(folder: Path) -> None:
    for path in (folder / "images").iterdir():
        path.write_bytes(NEW[8].image)


def damaged_record(folder: Path) -> None:
    record = json.loads((folder / SUGGESTION).read_text())
    record["photos"][0]["chance"] = 2
    (folder / SUGGESTION).write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (no_record, "has no suggestion.json, which says that these photographs were drawn at rand"),
        (two_records, "holds 2 of suggestion.json"),
        (damaged_record, "is not as `suggest` wrote it"),
        (damage_class, "class names that are not known: 'helmet'; give the boxes one of with_mask"),
        (damage_xml, "1_p0.xml"),
        (other_format, "in several formats: .* remove those that are not to count"),
        (no_annotations, "sample"),
        (other_pictures, r"none of the 6 photographs that were dealt .*6 are other pictures"),
    ],
)
def test_what_cannot_be_taken_back_is_told_with_the_way_out(annotated, spoil, words):
    spoil(annotated)
    with pytest.raises(InputError, match=f"--predict-annotations .*{words}"):
        read_annotated_sample(annotated, new)


def test_what_cannot_be_read_counts_as_not_annotated_where_that_is_asked_for(annotated):
    damage_xml(annotated)
    record = read_annotated_sample(annotated, new, skip_bad=True)
    assert record["missing"] == ["1_p0.png"] and not record["in_order"]


def test_other_new_photographs_are_told(annotated):
    with pytest.raises(
        InputError, match="of the new photographs of run 'first', and those given n"
    ):
        read_annotated_sample(annotated, lambda: NEW[1:])


def test_a_folder_in_which_nobody_saved_anything_is_refused(folder):
    with pytest.raises(InputError, match="nothing was annotated yet"):
        read_annotated_sample(folder, new)
    path = folder / "annotations" / "1_p0.xml"
    path.write_bytes(path.read_bytes().replace(b"Unspecified", b"Frontal"))
    record = read_annotated_sample(folder, new)
    assert sum(photo["as_filled_in"] for photo in record["photos"]) == 6, "told by the report"


def test_a_path_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="no such file or folder"):
        read_annotated_sample(tmp_path / "none", new)
