"""Single frames of videos, as photographs."""

from datetime import datetime
from fractions import Fraction

import av
import numpy as np
import pytest

from data.painter.witness import Witness
from utils.analysis.prediction.looking import Unread
from utils.dataset.intake.videos import FoundVideo
from utils.video import sampling
from utils.video.sampling import FRAMES, sampled


class Counting(Witness):
    """Says of how many frames it was asked."""

    asked = 0

    def predict(self, images):
        self.asked += len(images)
        return super().predict(images)


def sampled_of(path, tmp_path, model) -> list:
    return list(sampled(FoundVideo("clip", True, path), model, None, tmp_path))


def long_film(path, seconds: int, **metadata) -> None:
    """A grey film of a frame a second, of which each tenth stands for itself."""
    with av.open(path, "w", options={}) as container:
        container.metadata.update(metadata)
        stream = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 64, 48, "yuv420p", 10
        stream.codec_context.time_base = Fraction(1, 1)
        for number in range(seconds):
            image = np.full((48, 64, 3), number % 200, np.uint8)
            frame = av.VideoFrame.from_ndarray(image)
            frame.pts, frame.time_base = number, Fraction(1, 1)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_a_frame_a_second_of_a_short_one(film, scene, times, tmp_path):
    model = Counting(scene, times)
    found = sampled_of(film, tmp_path, model)
    assert [one.record["file"] for one in found] == [f"clip at 0:0{n}" for n in range(4)]
    assert model.asked == 4 and len({one.record["name"] for one in found}) == 4
    assert len(found[2].record["faces"]) == len(scene.at(times[20]))
    assert found[0].record["taken"] is None and found[0].fingerprint is not None


def test_a_long_one_is_looked_at_evenly_without_decoding_it_all(tmp_path, scene, monkeypatch):
    began = datetime(2026, 3, 1, 9, 0)
    long_film(tmp_path / "long.mp4", 600, creation_time=f"{began.isoformat()}Z")
    model = Witness(scene, [0.0])
    monkeypatch.setattr(sampling.VideoFile, "frames", counted := Frames(sampling.VideoFile.frames))
    monkeypatch.setattr(Witness, "predict", lambda self, images: [self.detections(0)])
    found = sampled_of(tmp_path / "long.mp4", tmp_path, model)
    taken = [datetime.fromisoformat(one.record["taken"]) for one in found]
    seconds = [(time - began).total_seconds() for time in taken]
    assert seconds == pytest.approx(np.arange(FRAMES) * 600 / FRAMES, abs=1)
    assert counted.given == FRAMES


class Frames:
    """Counts what a video gives."""

    def __init__(self, frames) -> None:
        self._frames, self.given = frames, 0

    def __get__(self, video, kind):
        def frames():
            for frame in self._frames(video):
                self.given += 1
                yield frame

        return frames


def test_one_that_cannot_be_watched_is_told_by_its_name(tmp_path, scene):
    (tmp_path / "x.mp4").write_bytes(b"no video" * 99)
    (unread,) = sampled_of(tmp_path / "x.mp4", tmp_path, Witness(scene, [0.0]))
    assert isinstance(unread, Unread)
    assert unread.file == "clip" and unread.reason.startswith("clip: cannot be read as a video")
