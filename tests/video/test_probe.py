"""Which videos can be watched, told before a job is."""

import sys
import wave
from fractions import Fraction

import numpy as np
import pytest

from utils.dataset.intake.videos import FoundVideo
from utils.errors import InputError
from utils.video.probe import probe, told_of_videos, watchable


def sound(path) -> None:
    """Write a file that holds sound alone, in the container of a video."""
    import av

    with av.open(path, "w") as container:
        stream = container.add_stream("aac", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 4096), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 8000, 0, Fraction(1, 8000)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.fixture
def bad(film, tmp_path):
    """Videos that cannot be watched, and what is said of each."""
    files = {
        "text.mp4": (b"no video " * 1000, "cannot be read as a video"),
        "empty.mp4": (b"", "cannot be read as a video"),
        "cut.mp4": (film.read_bytes()[:2000], "cannot be read as a video"),
    }
    said = {}
    for name, (data, words) in files.items():
        (tmp_path / name).write_bytes(data)
        said[tmp_path / name] = words
    sound(tmp_path / "sound.mp4")
    with wave.open(str(tmp_path / "wave.avi"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(8000))
    said |= {tmp_path / name: "holds no video, only audio" for name in ("sound.mp4", "wave.avi")}
    return said


def test_what_can_be_watched_is_known_by_its_first_frame(film):
    found = probe(film, "day1/clip.mp4")
    assert found.seconds == pytest.approx(4, abs=0.2)
    assert found.as_record() == {
        "name": "day1/clip.mp4",
        "size": film.stat().st_size,
        "width": 192,
        "height": 112,
        "codec": "mpeg4",
        "duration": found.seconds,
    }


def test_what_cannot_is_told_by_the_name_that_people_gave(bad):
    for path, words in bad.items():
        with pytest.raises(InputError, match=rf"^their/{path.name}: {words}"):
            probe(path, f"their/{path.name}")


def test_one_that_was_named_itself_is_an_error_and_others_are_told(bad, film, tmp_path):
    videos = [FoundVideo(path.name, False, path) for path in [*bad, film]]
    good, left = watchable(videos, tmp_path)
    assert [one.name for one in good] == ["clip.mp4"]
    assert [one["file"] for one in left] == [path.name for path in bad]
    told = list(told_of_videos(good, left))
    assert told[0] == "Videos: 1 new, 0:00:04 in all"
    assert told[1] == f"New videos not read: {len(bad)} videos"
    assert len(told) == 2 + len(bad)
    with pytest.raises(InputError, match=r"text\.mp4: cannot be read"):
        watchable([FoundVideo("text.mp4", True, next(iter(bad)))], tmp_path)


def test_without_pyav_the_target_that_installs_it_is_named(film, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(InputError, match="make video"):
        probe(film, "clip.mp4")
