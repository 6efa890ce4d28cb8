"""What jobs saw in videos, in the report of the workflow."""

import csv
import json
from datetime import datetime

import numpy as np
import pytest
from bs4 import BeautifulSoup

from data.painter.films import frame_times, write_film
from data.painter.witness import Witness
from tests.video.test_rate import SIDES, correction
from utils.analysis.report.page import environment
from utils.dataset.labels import CLASSES
from utils.drift import scene as scene_module
from utils.errors import InputError
from utils.records import write_record
from utils.video.clock import Clock
from utils.video.predictions import read_watched
from utils.video.reporting import moving_part
from utils.video.shard import Looking, Outputs, watch_shard

MODEL = {"arch": Witness.arch, "digest": Witness.digest}


@pytest.fixture(scope="module")
def jobs(tmp_path_factory, scene):
    """Two jobs: one of a video of four seconds and of half of it, one of a file that is none."""
    folder, times = tmp_path_factory.mktemp("jobs"), frame_times(4, 10)
    witness = Witness(scene, times)
    files = [["video_00000_b.mp4", "video_00001_a.mp4"], ["video_00002_c.mp4"]]
    names = {"video_00000_b.mp4": "b.mp4", "video_00001_a.mp4": "<i>a</i>.mp4"}
    write_film(folder / files[0][0], scene, times, stamped=True)
    write_film(folder / files[0][1], scene, times[:20], stamped=True)
    (folder / files[1][0]).write_bytes(b"nothing" * 300)
    for part, some in enumerate(files):
        listed = [{"file": file, "name": names.get(file, "c.mp4")} for file in some]
        write_record(folder / f"videos_{part}.json", {"videos": listed})
        outputs = ("video_predictions_{}.json", "video_faces_{}.csv", "people_images_{}.tar")
        watch_shard(
            witness,
            [folder / file for file in some],
            folder / f"videos_{part}.json",
            Looking(rate=10.0, least_seconds=0.4),
            Outputs(*(folder / name.format(part) for name in outputs)),
            folder / f"{part}.ckpt",
        )
    return folder


def evaluation(**changes) -> tuple[dict, dict]:
    """The records of a test of 150 photographs, and of their split."""
    rows = correction().expected
    looks = {"brightness": 0.5, "sharpness": 5.0}
    photos = [
        {
            "name": str(n),
            "confusion": row.astype(int).tolist(),
            "expected": row.tolist(),
            "features": np.outer(row.sum(axis=1), (5.0, 3.0)).tolist(),
            "looks": looks,
        }
        for n, row in enumerate(rows)
    ]
    record = {"per_photo": photos, "bootstrap": {"seed": 0}, "threshold": 0.5, "model": MODEL}
    split = {"photos": {str(n): {"group": n} for n in range(len(rows))}, "sides": SIDES}
    return record | changes, split


def part_of(folder, tmp_path, numbers=(0, 1), not_read=(), **asked):
    record, split = evaluation()
    names = {"people": "people.csv", "timeline": "timeline.csv", "picture": "timeline.png"}
    return moving_part(
        read_watched([folder / f"video_predictions_{n}.json" for n in numbers], record),
        [folder / f"people_images_{n}.tar" for n in numbers],
        record,
        split,
        not_read,
        **{key: tmp_path / name for key, name in names.items()},
        **asked,
    )


def page_of(moving, alone: bool = True) -> BeautifulSoup:
    template = environment(moving.templates).get_template("videos.html")
    classes = [{"name": name, "title": name} for name in CLASSES]
    html = template.render(videos=moving.values, videos_alone=alone, classes=classes)
    return BeautifulSoup(html, "html.parser")


def rows(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_the_answer_is_of_everybody_in_all_videos_each_once_in_each(jobs, tmp_path):
    moving = part_of(jobs, tmp_path)
    people = [
        len(one["people"])
        for one in json.loads((jobs / "video_predictions_0.json").read_text())["videos"]
    ]
    record = moving.record
    assert record["people"] == sum(people) == len(rows(tmp_path / "people.csv"))
    assert [(one["name"], one["people"]) for one in record["of"]] == [
        ("<i>a</i>.mp4", people[1]),
        ("b.mp4", people[0]),
    ]
    assert record["interval"][0] < record["share"] < record["interval"][1]
    assert record["seconds"]["seen"] == pytest.approx(3.9 + 1.9)
    assert any("in several videos counts in each" in text for text in record["caveats"])
    assert moving.estimate["people"]["found"] == record["people"]
    json.dumps([record, moving.estimate], allow_nan=False)


def test_the_tables_name_video_minute_and_picture(jobs, tmp_path):
    part_of(jobs, tmp_path)
    people = rows(tmp_path / "people.csv")
    assert {one["video"] for one in people} == {"<i>a</i>.mp4", "b.mp4"}
    assert people[0]["picture"] == "video_00001_a/000001.jpg"
    minutes = rows(tmp_path / "timeline.csv")
    assert [(one["video"], one["minute"]) for one in minutes] == [
        ("<i>a</i>.mp4", "0:00"),
        ("b.mp4", "0:00"),
    ]
    assert int(minutes[1]["people"]) == sum(one["video"] == "b.mp4" for one in people)
    assert (tmp_path / "timeline.png").stat().st_size > 5000


def test_what_could_not_be_read_is_told_on_the_page_and_is_serious(jobs, tmp_path):
    left = [{"file": "d.avi", "reason": "d.avi: is no video"}]
    moving = part_of(jobs, tmp_path, not_read=left)
    assert [one["file"] for one in moving.record["not_read"]] == ["d.avi", "c.mp4"]
    assert "2 videos could not be read" in moving.record["serious"][0]
    assert moving.caveats[0].serious
    page = page_of(moving)
    told = [item.text for item in page.find("h3", string="Not read").find_next("ul").find_all("li")]
    assert told[0] == "d.avi: is no video"
    assert told[1].startswith("c.mp4: cannot be read as a video")


def test_the_page_shows_the_timeline_every_video_and_people_to_look_at(jobs, tmp_path):
    moving = part_of(jobs, tmp_path)
    page = page_of(moving, alone=False)
    assert "<i>a</i>.mp4" in page.find("table").text, "names are no markup"
    assert page.find("img", class_="timeline")["src"].startswith("data:image/png")
    assert len(page.select(".people figure")) == moving.record["people"]
    assert all(one["src"].startswith("data:image/jpeg") for one in page.select(".people img"))
    assert moving.record["answer"] in page.find(class_="hero").text.replace("\N{NBSP}", " ")
    assert page_of(moving).find(class_="hero") is None, "it stands at the top of the page"


def test_where_nothing_could_be_seen_there_is_no_share(jobs, tmp_path):
    moving = part_of(jobs, tmp_path, numbers=(1,))
    assert moving.record["answer"] == "Nobody was seen."
    assert moving.estimate["people"]["found"] == 0
    assert page_of(moving, alone=False).find(class_="number").text == "No one"
    assert rows(tmp_path / "people.csv") == []


def test_few_frames_a_second_are_warned_of_with_the_video(jobs, tmp_path, scene):
    witness = Witness(scene, frame_times(4, 10))
    outputs = Outputs(*(tmp_path / name for name in ("video_predictions_0.json", "f", "i.tar")))
    listed = jobs / "videos_0.json"
    films = [jobs / "video_00000_b.mp4", jobs / "video_00001_a.mp4"]
    watch_shard(witness, films, listed, Looking(rate=2.0), outputs, tmp_path / "ckpt")
    record, split = evaluation()
    moving = moving_part(
        read_watched([tmp_path / "video_predictions_0.json"], record),
        [tmp_path / "i.tar"],
        record,
        split,
        **{key: tmp_path / key for key in ("people", "timeline")},
        picture=tmp_path / "timeline.png",
    )
    assert "b.mp4: Only 2.0 frames a second" in " ".join(moving.record["serious"])


def test_predictions_of_another_model_are_refused(jobs):
    record, _ = evaluation(threshold=0.4)
    with pytest.raises(InputError, match=r"field 'threshold' is 0\.5, that of the evaluation 0\.4"):
        read_watched([jobs / "video_predictions_0.json"], record)


def test_shares_of_the_estimate_are_of_people_who_count(jobs, tmp_path):
    moving = part_of(jobs, tmp_path)
    counts = moving.record["counts"]
    raw = moving.estimate["raw"]
    assert {name: raw[name]["count"] for name in CLASSES} == counts
    assert np.isclose(sum(raw[name]["share"] for name in CLASSES), 1)


def test_two_periods_are_compared_for_each_video_and_for_all_by_the_clock(jobs, tmp_path):
    clock = Clock(datetime(2026, 3, 1, 9, 0))
    asked = {"clock": clock, "compare": ("9:00:00-9:00:02", "9:00:02-9:00:04")}
    moving = part_of(jobs, tmp_path, **asked)
    whole, of = moving.record["compared"], [one["compared"] for one in moving.record["of"]]
    assert whole["periods"] == list(asked["compare"])
    assert whole["people"] == [sum(one["people"][n] for one in of) for n in (0, 1)]
    assert of[0]["people"][1] == 0, "the shorter video is over by then"
    low, high = whole["interval"]
    assert low <= whole["difference"] <= high
    assert "percentage points" in moving.values["compared"]
    assert moving.values["compared"] in page_of(moving).text
    people = rows(tmp_path / "people.csv")
    assert all(one["first_clock"].startswith("2026-03-01T09:00:0") for one in people)
    assert rows(tmp_path / "timeline.csv")[0]["minute"] == "09:00:00"
    assert part_of(jobs, tmp_path).record["compared"] is None


def test_a_scene_unlike_the_test_is_told_with_the_way_out(jobs, tmp_path, monkeypatch):
    moving = part_of(jobs, tmp_path)
    assert all(one["unlike_test"] is None for one in moving.record["of"]), "of 4 seconds"
    monkeypatch.setattr(scene_module, "FEWEST", 2)
    moving = part_of(jobs, tmp_path)
    names = {one["name"] for video in moving.record["of"] for one in video["unlike_test"]}
    assert "brightness" in names or "side" in names
    told = " ".join(moving.record["serious"])
    assert "b.mp4: The " in told and "suggest" in told
    assert "unlike the photographs of the model's test" in page_of(moving, alone=False).text
