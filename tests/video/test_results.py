"""The folder of what was seen, whatever ends it."""

import csv
import errno
import json
from datetime import datetime

import numpy as np
import pytest

from data.painter.witness import Mistakes, Witness
from utils.video import results as module
from utils.video.clock import Clock, Span
from utils.video.files import VideoFile
from utils.video.folders import MemoryFolder
from utils.video.frames import Gap, Part
from utils.video.results import VideoResults, Wanted
from utils.video.watch import watch

MODEL = {"arch": "witness", "digest": "0" * 64, "threshold": 0.5}


def rows(path) -> list[dict[str, str]]:
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def results_of(folder, video, wanted: Wanted, clock: Clock | None = None) -> VideoResults:
    return VideoResults(folder, video, MODEL, None, "it is a witness", wanted, clock or Clock())


@pytest.fixture
def witness(scene, times) -> Witness:
    return Witness(scene, times)


@pytest.fixture
def seen(scene, times) -> dict[int, int]:
    """In how many frames each person is seen."""
    faces = [face.person for time in times for face in scene.at(time)]
    return {person: faces.count(person) for person in set(faces)}


def test_everything_is_written(tmp_path, film, witness, seen):
    video = VideoFile(film, Part())
    compare = (Span("0:00-0:02", 0, 2), Span("0:02-0:04", 2, 4))
    clock = Clock(datetime(2026, 3, 1, 9, 0))
    results = results_of(tmp_path / "out", video, Wanted(compare=compare), clock)
    for moment in watch(video, witness):
        results.add(moment)
    record = results.finish()

    expected = {person for person, frames in seen.items() if frames >= 6}
    people = rows(tmp_path / "out" / "people.csv")
    assert len(expected) <= len(people) == record["people"] <= len(seen)
    assert sum(int(one["detections"]) for one in people) <= sum(seen.values())
    assert all((tmp_path / "out" / one["picture"]).stat().st_size > 200 for one in people)
    assert people[0]["first_clock"].startswith("2026-03-01T09:00:0")
    faces = rows(tmp_path / "out" / "faces.csv")
    assert len(faces) == sum(seen.values())
    (minute,) = rows(tmp_path / "out" / "timeline.csv")
    assert minute["minute"] == "09:00:00"
    assert int(minute["people"]) == len(people)
    assert float(minute["seconds_seen"]) == pytest.approx(3.9)
    assert json.loads((tmp_path / "out" / "rate.json").read_text())["people"] == len(people)
    assert record["frames"] == 40
    assert record["frames_a_second"] == pytest.approx(10, abs=0.5)
    assert record["compared"]["periods"] == ["0:00-0:02", "0:02-0:04"]
    page = (tmp_path / "out" / "report.html").read_text()
    assert "2026-03-01T09:00:00" in page
    assert page.count("data:image/jpeg") == len(people)
    assert "http" not in page.replace("http-equiv", "")


def test_the_annotated_video_shows_boxes_at_the_true_times(tmp_path, film, witness, times):
    import av

    video = VideoFile(film, Part())
    results = results_of(tmp_path, video, Wanted(pictures=False))
    for moment in watch(video, witness):
        results.add(moment)
    record = results.finish()
    assert record["annotated"] == {"file": "annotated.webm", "encoder": "libvpx-vp9"}
    with av.open(tmp_path / "annotated.webm") as container:
        frames = list(container.decode(video=0))
    assert [frame.time for frame in frames] == pytest.approx(list(times), abs=2e-3)
    image = frames[20].to_ndarray(format="rgb24").astype(int)
    assert image.shape == (112, 192, 3)
    assert image[:6].mean() < 90  # the strip with the count


def test_blurred_faces_are_not_to_be_known_in_anything_that_is_shown(tmp_path, film, scene, times):
    plain, blurred = [], []
    witness = Witness(scene, times, Mistakes(found=0.8), threshold=0.9)
    for hide, shown in ((False, plain), (True, blurred)):
        video = VideoFile(film, Part(limit=20))
        shown.extend(watch(video, witness, hide=hide))
    hidden = 0
    for before, after in zip(plain[:-1], blurred[:-1], strict=True):
        for box in before.detections.boxes:  # also those below the threshold
            x1, y1, x2, y2 = np.rint(box).astype(int)
            changed = (before.shown[y1:y2, x1:x2] != after.shown[y1:y2, x1:x2]).any(axis=2)
            hidden += 1
            assert changed.mean() > 0.5
        if not len(before.detections) and not before.here:
            assert np.array_equal(before.shown, after.shown)
    assert hidden > 20
    pictures = [one.picture for one in blurred[-1].ended if one.picture is not None]
    for one in pictures:  # few colours are left of a face of a few squares
        middle = one[one.shape[0] // 3 : -one.shape[0] // 3, one.shape[1] // 3 : -one.shape[1] // 3]
        assert len(np.unique(middle.reshape(-1, 3), axis=0)) <= 36


def test_what_was_seen_until_an_interruption_counts(tmp_path, film, witness):
    video = VideoFile(film, Part())
    results = results_of(tmp_path, video, Wanted(video=False))
    for number, moment in enumerate(watch(video, witness)):
        results.add(moment)
        if number == 25:
            break
    record = results.finish()
    assert record["people"] == len(rows(tmp_path / "people.csv")) > 0
    assert record["frames"] == 26


def test_a_live_source_has_its_answer_meanwhile(tmp_path, film, witness, monkeypatch):
    video = VideoFile(film, Part())
    monkeypatch.setattr(video, "live", True)
    results = results_of(tmp_path, video, Wanted(video=False, every=1.0))
    for number, moment in enumerate(watch(video, witness)):
        results.add(moment)
        if number == 35:
            meanwhile = json.loads((tmp_path / "rate.json").read_text())
            assert 25 <= meanwhile["frames"] <= 36
            assert rows(tmp_path / "timeline.csv")
    results.finish()


def test_a_full_disk_leaves_whole_rows(tmp_path, film, witness, monkeypatch):
    video = VideoFile(film, Part())
    results = results_of(tmp_path, video, Wanted(video=False, pictures=False))
    table, room = results._faces, [3000]

    class Full:
        def __init__(self, file):
            self.file = file

        def write(self, data: bytes) -> int:
            part = data[: min(len(data), room[0])]
            room[0] -= len(part)
            if not part:
                raise OSError(errno.ENOSPC, "No space left on device")
            return self.file.write(part)

        def __getattr__(self, name):
            return getattr(self.file, name)

    table._file = Full(table._file)
    with pytest.raises(OSError, match="No space"):
        for moment in watch(video, witness):
            results.add(moment)
    results.finish()
    assert (tmp_path / "faces.csv").read_bytes().endswith(b"\r\n")
    assert all(None not in row.values() for row in rows(tmp_path / "faces.csv"))
    assert 5 < len(rows(tmp_path / "faces.csv")) < 80


def test_a_video_that_cannot_be_written_ends_and_the_rest_goes_on(
    tmp_path, film, witness, monkeypatch
):
    video = VideoFile(film, Part())
    results = results_of(tmp_path, video, Wanted())
    for number, moment in enumerate(watch(video, witness)):
        if number == 10:

            def fail(*args):
                raise OSError(errno.ENOSPC, "No space left on device")

            monkeypatch.setattr(results._video, "add", fail)
        results.add(moment)
    record = results.finish()
    assert record["frames"] == 40
    assert any("annotated video ends" in text for text in record["serious"])


def test_few_frames_and_missed_seconds_are_warned_of(tmp_path, film, witness):
    video = VideoFile(film, Part(rate=2.5))
    results = results_of(tmp_path, video, Wanted(video=False))
    for moment in watch(video, witness):
        results.add(moment)
    video.gaps.append(Gap(3.9, 13.9, "lost"))
    record = results.finish()
    assert any(text.startswith("Only 2.") for text in record["serious"])
    assert any("10 of 14 seconds were missed" in text for text in record["serious"])
    assert record["seconds"]["missed"] == pytest.approx(10)


def test_names_in_the_page_are_text(tmp_path, film, witness):
    video = VideoFile(film, Part(limit=3))
    video.name = "<script>alert(1)</script>.mp4"
    results = results_of(tmp_path, video, Wanted(video=False))
    for moment in watch(video, witness):
        results.add(moment)
    results.finish()
    assert "<script>" not in (tmp_path / module.REPORT).read_text()


def test_in_memory_is_what_would_be_on_the_disk(tmp_path, film, scene, times):
    memory = MemoryFolder(10**8)
    for folder in (tmp_path / "out", memory):
        video = VideoFile(film, Part())
        results = results_of(folder, video, Wanted())
        for moment in watch(video, Witness(scene, times)):
            results.add(moment)
        results.finish()
    on_disk = {
        str(path.relative_to(tmp_path / "out")): path.read_bytes()
        for path in (tmp_path / "out").rglob("*.*")
    }
    assert memory.files.keys() == on_disk.keys()
    assert memory.size == sum(map(len, map(memory.read, on_disk)))
    for name in ("faces.csv", "people.csv", "timeline.csv", "rate.json", "report.html"):
        assert memory.read(name) == on_disk[name]


def test_a_video_that_is_more_than_is_kept_in_memory_ends_and_the_rest_goes_on(film, witness):
    video = VideoFile(film, Part())
    memory = MemoryFolder(60_000)
    results = results_of(memory, video, Wanted(pictures=False))
    room = memory.size + 8_000

    for moment in watch(video, witness):
        memory._most = room if results._video else 10**8
        results.add(moment)
    memory._most = 10**8
    record = results.finish()
    assert record["frames"] == 40
    assert any("grew larger than is kept in memory" in text for text in record["serious"])
