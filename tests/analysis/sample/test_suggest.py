import json
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from tests.analysis.sample.conftest import PEOPLE, name_of
from tests.annotating import annotate, read_suggestion
from utils.analysis.sample import suggest as room
from utils.analysis.sample.finished import FinishedRun
from utils.analysis.sample.suggest import FORMATS, suggest
from utils.dataset.intake.annotated_sample import read_annotated_sample
from utils.errors import InputError


@pytest.fixture
def run(finished_run) -> FinishedRun:
    output = finished_run / "output"
    return FinishedRun.read(
        "tiny",
        [finished_run / f"predict_{k}.tar" for k in range(2)],
        output / "evaluation.json",
        [output / f"predictions_{k}.json" for k in range(2)],
    )


def counted(labels: tuple[int, ...]) -> int:
    """How many boxes of a photograph reach the threshold: all but the first."""
    return max(len(labels) - 1, 0)


def test_photographs_are_dealt_with_a_chance_in_proportion_to_their_boxes_and_one(run, tmp_path):
    dealt = suggest(run, tmp_path / "out", 5, "voc", 0)
    sizes = {name_of(k): counted(labels) + 1 for k, labels in enumerate(PEOPLE)}
    for one in dealt.photos:
        assert one.chance == pytest.approx(5 * sizes[one.photo] / sum(sizes.values()))
    assert len({one.photo for one in dealt.photos}) == 5


def test_all_come_as_often_as_their_chance_says(run):
    times: Counter[str] = Counter()
    for seed in range(400):
        times.update(room._draw(run, 5, seed).keys())
    chances = {name: chance for name, (_, chance) in room._draw(run, 12, 0).items()}
    assert set(chances.values()) == {1.0}
    sizes = {name_of(k): counted(labels) + 1 for k, labels in enumerate(PEOPLE)}
    for name, size in sizes.items():
        assert times[name] / 400 == pytest.approx(5 * size / sum(sizes.values()), abs=0.09)


def test_equal_seeds_deal_equal_samples_and_others_do_not(run, tmp_path):
    one, two, three = (
        suggest(run, tmp_path / name, 6, "voc", seed).photos
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert one == two != three


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_filled_in_is_read_as_the_detector_found_it(run, tmp_path, format):
    dealt = suggest(run, tmp_path / "out", 12, format, 3)
    for name in dealt.filled_in:  # saved, with nothing changed
        path = tmp_path / "out" / name
        path.write_bytes(path.read_bytes() + b"\n")
    sample = read_annotated_sample(tmp_path / "out", run.photos)
    assert [photo["as_filled_in"] for photo in sample["photos"]] == [True] * 12
    assert sample["kept"] == sum(map(counted, PEOPLE))
    by_name = {photo["name"]: photo["counts"] for photo in sample["photos"]}
    for k, labels in enumerate(PEOPLE):
        expected = Counter(labels[1:])
        assert list(by_name[name_of(k)].values()) == [expected[1], expected[2], expected[3]]
    assert (sample["missing"], sample["strangers"], sample["changed"]) == ([], [], [])


@pytest.mark.parametrize("format", FORMATS)
def test_what_is_annotated_is_counted_and_compared(run, truth, tmp_path, format):
    suggest(run, tmp_path / "out", 12, format, 3)
    annotate(tmp_path / "out", truth)
    sample = read_annotated_sample(tmp_path / "out", run.photos)
    by_name = {photo["name"]: photo for photo in sample["photos"]}
    for k, labels in enumerate(PEOPLE):
        assert sum(by_name[name_of(k)]["counts"].values()) == len(labels)
        assert by_name[name_of(k)]["as_filled_in"] == (not labels)
    assert sample["added"] == sum(bool(labels) for labels in PEOPLE)
    assert (sample["removed"], sample["renamed"]) == (0, 0)


def test_names_say_the_order_and_are_plain(run, tmp_path):
    dealt = suggest(run, tmp_path / "out", 12, "yolo", 0)
    assert [one.file[:3] for one in dealt.photos] == [f"{k:02d}_" for k in range(1, 13)]
    assert all(one.photo.rpartition("/")[2] in one.file for one in dealt.photos)
    images = {path.name for path in (tmp_path / "out" / "images").iterdir()}
    assert images == {one.file for one in dealt.photos}
    assert (tmp_path / "out" / "labels" / "classes.txt").exists()
    assert "delete the photographs that you did not look at" in (
        tmp_path / "out" / "README.md"
    ).read_text().replace("\n   ", " ")


def test_boxes_are_whole_pixels_inside_the_photograph(run, tmp_path):
    boxes = run.predictions.detections[0].boxes
    wide = boxes + np.array([-9.4, -300.2, 400.7, 0.3], np.float32)
    changed = [replace(found, boxes=wide[:1].repeat(len(found), 0)) if len(found) else found
               for found in run.predictions.detections]  # fmt: skip
    beyond = replace(run, predictions=replace(run.predictions, detections=changed))
    dealt = suggest(beyond, tmp_path / "out", 12, "coco", 0)
    faces = [box for one in dealt.photos for _, box in one.faces]
    assert faces
    for x1, y1, x2, y2 in faces:
        assert 0 <= x1 < x2 <= 160 and 0 <= y1 < y2 <= 120
        assert (x1, y1, x2, y2) == tuple(map(round, (x1, y1, x2, y2)))


def test_more_than_there_are_are_not_dealt(run, tmp_path):
    with pytest.raises(InputError, match="--number 13: there are 12 new photographs"):
        suggest(run, tmp_path / "out", 13, "voc", 0)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_anything_is_left_alone(run, tmp_path):
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "mine.xml").write_text("hours of work")
    with pytest.raises(InputError, match="exists and is not empty"):
        suggest(run, tmp_path, 3, "voc", 0)
    assert [path.name for path in tmp_path.rglob("*")] == ["annotations", "mine.xml"]
    (tmp_path / "empty").mkdir()
    assert suggest(run, tmp_path / "empty", 3, "voc", 0).photos


def test_what_goes_wrong_leaves_nothing_behind(run, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(room, "read_header", full)
    with pytest.raises(OSError, match="No space"):
        suggest(run, tmp_path / "out", 3, "voc", 0)
    assert not list(tmp_path.iterdir())


def test_predictions_of_other_shards_are_told(run, tmp_path):
    with pytest.raises(InputError, match="do not belong together"):
        suggest(replace(run, shards=run.shards[:1]), tmp_path / "out", 12, "voc", 0)
    assert not list(tmp_path.iterdir())


def test_the_record_is_written_and_read(run, tmp_path):
    dealt = suggest(run, tmp_path / "out", 4, "voc", 9)
    assert read_suggestion(tmp_path / "out") == dealt
    record = json.loads((tmp_path / "out" / "suggestion.json").read_text())
    assert record["schema"] == 1 and record["seed"] == 9
    assert record["model"] == run.evaluation["model"]["digest"]
