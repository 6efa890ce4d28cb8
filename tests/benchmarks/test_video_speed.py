"""The benchmark of videos: what it films, and whose time it takes."""

import numpy as np
import pytest

from benchmarks import video_speed
from benchmarks.video_speed import STAGES, filmed, remembered, repeated, timed
from utils.dataset.labels import CLASSES
from utils.metrics.detections import Detections
from utils.video.files import VideoFile
from utils.video.frames import Part


class Still:
    """Finds one face, always in the same place."""

    arch, digest, threshold, classes = "still", "0" * 64, 0.5, CLASSES

    def predict(self, images):
        row = np.array([[0.05, 0.9, 0.03, 0.02]], np.float32)
        box = np.array([[20, 15, 36, 36]], np.float32)
        return [Detections(box, np.array([1]), row[:, 1], row) for _ in images]


def test_every_stage_takes_time_of_the_whole(tmp_path):
    filmed(tmp_path / "film.mkv", "96x64", 1.5, 20.0, 2)
    model = Still()
    spent, frames, whole = timed(tmp_path / "film.mkv", model, 7.5, tmp_path / "out")
    assert frames == pytest.approx(11, abs=1)
    assert set(spent) == set(STAGES)
    assert all(spent[stage] > 0 for stage in STAGES)
    assert sum(spent.values()) < whole
    assert "predict" not in vars(model)  # nothing stays measured
    assert (tmp_path / "out" / "rate.json").exists()


def test_a_film_is_repeated_without_a_break_and_its_people_are_counted(tmp_path, monkeypatch):
    film = filmed
    monkeypatch.setattr(video_speed, "filmed", lambda path, size, *rest: film(path, "96x64", *rest))
    repeated(tmp_path / "long.mkv", tmp_path / "part.mkv", 120, 2)
    video = VideoFile(tmp_path / "long.mkv", Part())
    times = [frame.time for frame in video.frames()]
    video.close()
    assert times[-1] == pytest.approx(120, abs=0.3)
    assert np.diff(times).max() < 0.3
    assert not video.gaps
    told = list(remembered(tmp_path / "long.mkv", Still(), tmp_path / "out"))
    assert [minute for minute, _, _ in told] == [0, 1, 1]
    assert told[-1][1] == 1
    assert all(memory > 10 for _, _, memory in told)
