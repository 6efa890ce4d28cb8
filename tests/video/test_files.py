"""Video files: every frame at its time, upright; what is wrong with a file is told."""

import contextlib
import io
import os
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from data.painter.films import stamped_number, write_film
from data.painter.moving import compose_scene
from utils.errors import InputError
from utils.video import decoding
from utils.video.clock import seconds
from utils.video.files import VideoFile
from utils.video.frames import Part


def numbers(path, **part) -> list[int]:
    video = VideoFile(path, Part(**part))
    found = [stamped_number(frame.image) for frame in video.frames()]
    video.close()
    return found


def test_every_frame_comes_once_with_its_time(film, times):
    video = VideoFile(film, Part())
    frames = list(video.frames())
    assert [stamped_number(frame.image) for frame in frames] == list(range(40))
    assert [frame.time for frame in frames] == pytest.approx(list(times))
    facts = video.facts()
    assert (facts["width"], facts["height"], facts["decoded"]) == (192, 112, 40)
    assert facts["cut_off"] is None
    assert not video.gaps


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"every": 3}, list(range(0, 40, 3))),
        ({"start": 1.5}, list(range(15, 40))),
        ({"start": 1.5, "end": 2.0}, list(range(15, 20))),
        ({"limit": 4}, [0, 1, 2, 3]),
        ({"start": 2, "every": 5, "limit": 3}, [20, 25, 30]),
        ({"rate": 5}, list(range(0, 40, 2))),
    ],
)
def test_a_part_is_looked_at(film, part, expected):
    assert numbers(film, **part) == expected


def test_frames_are_thinned_evenly_to_a_rate_that_does_not_divide_theirs(film):
    found = numbers(film, rate=7.5)
    assert len(found) == pytest.approx(30, abs=1)
    assert max(np.diff(found)) == 2


def test_uneven_times_are_kept(scene, tmp_path):
    uneven = [0.0, 0.04, 0.5, 0.52, 2.0, 2.01]
    write_film(tmp_path / "phone.mp4", scene, uneven)
    times = [frame.time for frame in VideoFile(tmp_path / "phone.mp4", Part()).frames()]
    assert times == pytest.approx(uneven, abs=1e-3)


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_film_that_was_taken_on_its_side_is_turned(scene, tmp_path, degrees):
    write_film(tmp_path / "plain.mp4", scene, [2.0])
    write_film(tmp_path / "turned.mp4", scene, [2.0], rotation=degrees)
    plain, turned = (
        next(VideoFile(tmp_path / name, Part()).frames()).image
        for name in ("plain.mp4", "turned.mp4")
    )
    assert np.array_equal(np.rot90(plain, degrees // 90), turned)


def test_a_file_that_is_cut_off_is_used_up_to_there_and_told(scene, tmp_path, caplog):
    times = np.arange(60) / 10
    write_film(tmp_path / "whole.mkv", scene, times, stamped=True)
    data = (tmp_path / "whole.mkv").read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[: len(data) // 2])
    video = VideoFile(tmp_path / "cut.mkv", Part())
    found = [stamped_number(frame.image) for frame in video.frames()]
    assert found == list(range(len(found)))
    assert 10 < len(found) < 50
    (gap,) = video.gaps
    assert gap.reason.startswith("cut off")
    assert gap.end == pytest.approx(6, abs=0.3)
    assert gap.start == pytest.approx(found[-1] / 10)
    assert "used up to there" in caplog.text


def test_frames_after_a_damaged_part_are_looked_at(scene, tmp_path):
    times = np.arange(60) / 10
    write_film(tmp_path / "whole.mkv", scene, times, stamped=True)
    data = bytearray((tmp_path / "whole.mkv").read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    (tmp_path / "damaged.mkv").write_bytes(data)
    found = numbers(tmp_path / "damaged.mkv")
    assert max(found) == 59
    assert len(found) >= 40


def sound(path) -> None:
    import av

    with av.open(path, "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16_000), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts = 16_000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def no_frames(path) -> None:
    scene = compose_scene(1, 1, 1, (64, 48))
    write_film(path, scene, [0.0, 0.1])
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"\x1f\x43\xb6\x75")])  # where its first cluster begins


def huge(path) -> None:
    import av

    with av.open(path, "w") as container:  # in two colours it takes next to nothing
        stream = container.add_stream("ffv1", rate=1)
        stream.width, stream.height, stream.pix_fmt = 16_384, 8_640, "gray"
        frame = av.VideoFrame(16_384, 8_640, "gray")
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


@pytest.mark.parametrize(
    ("name", "make", "said"),
    [
        ("noise.mp4", lambda path: path.write_bytes(bytes(range(256)) * 40), "cannot be read"),
        ("empty.mp4", lambda path: path.touch(), "cannot be read"),
        ("sound.mp4", sound, "holds no video, only audio"),
        ("frameless.mkv", no_frames, "cannot be read as a video"),
        ("huge.mkv", huge, "16,384 x 8,640 pixels are more than is looked at"),
        ("folder.mp4", lambda path: path.mkdir(), "no regular file"),
        ("missing.mp4", lambda path: None, "no such file"),
        (
            "list.mp4",
            lambda path: path.write_text("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:1/a.ts\n"),
            "cannot be read|no frame",
        ),
    ],
)
def test_what_is_no_film_is_refused_with_its_name(tmp_path, name, make, said):
    make(tmp_path / name)
    with pytest.raises(InputError, match=said) as error:
        numbers(tmp_path / name)
    assert name in str(error.value)


def test_a_film_without_its_index_is_refused(film, tmp_path):
    data = film.read_bytes()
    (tmp_path / "unfinished.mp4").write_bytes(data[: data.rindex(b"moov") - 4])
    with pytest.raises(InputError, match="lack its index"):
        VideoFile(tmp_path / "unfinished.mp4", Part())


def plain(path, times, codec="mjpeg", size=(64, 48), **options) -> None:
    """Write a film of grey pictures, each lighter than the one before, at times in seconds."""
    import av

    ticks = {"mpeg2video": 25, "mpeg4": 12_800}.get(codec, 90_000)  # as fine as each can
    with av.open(path, "w", options=options) as container:
        stream = container.add_stream(codec, rate=25)
        stream.width, stream.height = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, ticks)
        for number, time in enumerate(times):
            image = np.full((size[1], size[0], 3), 4 * number, np.uint8)
            frame = av.VideoFrame.from_ndarray(image)
            frame.pts, frame.time_base = round(time * ticks), Fraction(1, ticks)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_recordings_put_one_after_the_other_are_seen_whole(tmp_path):
    plain(tmp_path / "one.ts", np.arange(50) / 25, "mpeg2video")
    (tmp_path / "two.ts").write_bytes(2 * (tmp_path / "one.ts").read_bytes())
    video = VideoFile(tmp_path / "two.ts", Part())
    assert [frame.time for frame in video.frames()] == pytest.approx(np.arange(100) / 25)
    assert video.facts()["clock_restarts"] == 1
    assert "jumps: 1 time" in video.doubts[0]
    assert not video.gaps


def test_a_pause_without_pictures_is_a_gap_and_a_clock_that_jumps_a_day_is_none(tmp_path):
    steady = np.arange(30) / 10
    plain(tmp_path / "paused.mkv", [*steady, *(20 + steady)])
    video = VideoFile(tmp_path / "paused.mkv", Part())
    assert [frame.time for frame in video.frames()][-1] == pytest.approx(22.9, abs=0.01)
    (gap,) = video.gaps
    assert (gap.start, gap.end) == (pytest.approx(2.9, abs=0.01), pytest.approx(20, abs=0.01))
    plain(tmp_path / "jumped.mkv", [*steady, *(100_000 + steady)])
    video = VideoFile(tmp_path / "jumped.mkv", Part())
    assert [frame.time for frame in video.frames()][-1] == pytest.approx(5.9, abs=0.1)
    assert not video.gaps
    assert video.doubts


def test_a_frame_rate_of_90_000_is_refused_and_one_of_0_is_not_believed(tmp_path):
    plain(tmp_path / "fast.mp4", np.arange(50) / 90_000)
    with pytest.raises(InputError, match=r"fast\.mp4: .* no camera takes them"):
        list(VideoFile(tmp_path / "fast.mp4", Part()).frames())
    plain(tmp_path / "true.avi", np.arange(50) / 25)
    data = bytearray((tmp_path / "true.avi").read_bytes())
    rate = data.index(b"strh") + 8 + 24
    data[rate : rate + 4] = bytes(4)
    (tmp_path / "zero.avi").write_bytes(data)
    with pytest.raises(InputError, match=r"zero\.avi: .* no camera takes them"):
        list(VideoFile(tmp_path / "zero.avi", Part()).frames())
    write_film(tmp_path / "raw.m4v", compose_scene(1, 1, 1, (64, 48)), np.arange(30) / 25)
    times = [frame.time for frame in VideoFile(tmp_path / "raw.m4v", Part()).frames()]
    assert len(times) == 30  # which has no times: those of its frames' rate are taken
    assert min(np.diff(times)) > 0


def test_an_encrypted_film_is_told_from_a_damaged_one(tmp_path):
    key, name = "76a6c65c5ea762046bd749a2e632ccbb", "a7e61c373e219033c21091fa607bf3b8"
    protection = {"encryption_scheme": "cenc-aes-ctr", "encryption_key": key}
    for codec in ("mpeg4", "mjpeg"):
        path = tmp_path / f"{codec}.mp4"
        plain(path, np.arange(20) / 25, codec, **protection, encryption_kid=name)
        with pytest.raises(InputError, match="is encrypted") as error:
            numbers(path)
        assert path.name in str(error.value)


def test_a_file_that_goes_on_with_nothing_for_ever_ends_in_time(tmp_path, monkeypatch):
    plain(tmp_path / "endless.mkv", np.arange(50) / 25)
    data = (tmp_path / "endless.mkv").read_bytes()
    (tmp_path / "endless.mkv").write_bytes(data[: len(data) // 2])
    os.truncate(tmp_path / "endless.mkv", 10**12)  # sparse: it takes no room
    monkeypatch.setattr(decoding, "PATIENCE", (60.0, 2.0))
    began = time.monotonic()
    video = VideoFile(tmp_path / "endless.mkv", Part())
    assert 15 < len(list(video.frames())) < 35
    video.close()
    assert time.monotonic() - began < 60
    assert video.gaps[0].reason.startswith("cut off: no picture came for")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("list.mkv", "ffconcat version 1.0\nfile 'one.ts'\n"),
        ("list.mp4", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\none.ts\n#EXT-X-ENDLIST\n"),
        ("list.avi", "v=0\nm=video 9 RTP/AVP 26\nc=IN IP4 127.0.0.1\n"),
    ],
)
def test_no_other_file_is_opened_whatever_one_refers_to(tmp_path, name, text):
    plain(tmp_path / "one.ts", np.arange(50) / 25, "mpeg2video")
    (tmp_path / name).write_text(text)
    with pytest.raises(InputError, match="cannot be read as a video"):
        numbers(tmp_path / name)


def test_a_film_that_grows_beyond_what_is_looked_at_is_used_up_to_there(tmp_path, monkeypatch):
    plain(tmp_path / "small.mjpeg", np.arange(30) / 25)
    plain(tmp_path / "large.mjpeg", np.arange(30) / 25, size=(640, 480))
    grown = tmp_path / "grown.mjpeg"
    grown.write_bytes(
        b"".join((tmp_path / f"{name}.mjpeg").read_bytes() for name in ("small", "large", "small"))
    )
    monkeypatch.setattr(decoding, "MOST_PIXELS", {"max_pixels": "100000"})
    video = VideoFile(grown, Part())
    shapes = [frame.image.shape[:2] for frame in video.frames()]
    assert shapes == [(48, 64)] * 60
    assert video.facts()["damaged"] == 30
    assert "30 packets of the video cannot be decoded" in video.doubts[0]


def test_a_start_after_the_end_is_told(film):
    with pytest.raises(InputError, match="--start 99 s"):
        numbers(film, start=99)
    with pytest.raises(InputError, match="--end 1 s"):
        Part(start=2, end=1)


@pytest.mark.parametrize(("text", "value"), [("90", 90), ("1:30", 90), ("1:00:01.5", 3601.5)])
def test_times_are_read(text, value):
    assert seconds(text) == value
    for wrong in ("", "x", "1:2:3:4", "-1", f"{text}:"):
        with pytest.raises(InputError):
            seconds(wrong)


def test_a_file_in_memory_is_as_one_of_the_disk(film):
    on_disk = list(VideoFile(film, Part()).frames())
    video = VideoFile(Path("clip.mp4"), Part(), io.BytesIO(film.read_bytes()))
    assert video.name == "clip.mp4" and video.duration == VideoFile(film, Part()).duration
    in_memory = list(video.frames())
    assert [one.time for one in in_memory] == [one.time for one in on_disk]
    assert np.array_equal(in_memory[-1].image, on_disk[-1].image)


@pytest.mark.parametrize(
    "words",
    ["ffconcat version 1.0\nfile '{}'\n", "#EXTM3U\n#EXTINF:4,\nfile://{}\n#EXT-X-ENDLIST\n"],
)
def test_a_file_in_memory_leads_to_no_other(film, words):
    content = io.BytesIO(words.format(film).encode())
    with pytest.raises(InputError, match=r"clip\.mp4: "):
        list(VideoFile(Path("clip.mp4"), Part(), content).frames())


def looked_at(path, part, after=None, stop=None):
    """Return a digest of each frame with its time, and where the file stood after each."""
    with contextlib.closing(VideoFile(path, part)) as video:
        seen = []
        for frame in video.frames(after):
            place = video.place(frame)
            seen.append(place)
            if stop is not None and len(seen) == stop:
                break
        return seen, video.facts(), list(video.gaps)


@pytest.mark.parametrize(
    ("name", "codec", "part"),
    [
        ("a.mp4", "mpeg4", {}),
        ("b.mkv", "libvpx", {"rate": 7.0}),
        ("c.webm", "libvpx-vp9", {"every": 3, "start": 0.5}),
        ("d.ts", "mpeg4", {"rate": 8.0, "end": 3.0}),
    ],
)
def test_a_file_is_gone_on_with_as_if_it_had_never_been_left(
    name, codec, part, scene, times, tmp_path
):
    path = tmp_path / name
    write_film(path, scene, times, codec=codec, stamped=True)
    whole, facts, gaps = looked_at(path, Part(**part))
    assert len(whole) > 5
    for number in (1, len(whole) // 2, len(whole) - 1):
        left, _, _ = looked_at(path, Part(**part), stop=number)
        assert left == whole[:number]
        rest, told, missed = looked_at(path, Part(**part), after=left[-1])
        assert [(one.time, one.pixels) for one in left + rest] == [
            (one.time, one.pixels) for one in whole
        ]
        assert rest[-1].counted == whole[-1].counted
        assert (told, missed) == (facts, gaps)


def test_a_damaged_file_is_decoded_anew_and_gone_on_with(scene, times, tmp_path):
    write_film(tmp_path / "whole.mkv", scene, times, stamped=True)
    data = bytearray((tmp_path / "whole.mkv").read_bytes())
    third = len(data) // 3
    data[third : third + 3000] = bytes(3000)
    path = tmp_path / "damaged.mkv"
    path.write_bytes(data[: -len(data) // 5])
    whole, facts, gaps = looked_at(path, Part())
    rest, told, missed = looked_at(path, Part(), after=whole[-4])
    assert rest == whole[-3:]
    assert (told, missed) == (facts, gaps)
    assert gaps


def test_a_place_of_another_film_is_not_trusted(film, scene, times, tmp_path):
    other = tmp_path / "other.mp4"
    write_film(other, scene, times)  # without the numbers
    (*_, last), _, _ = looked_at(other, Part(), stop=10)
    rest, _, _ = looked_at(film, Part(), after=last)
    whole, _, _ = looked_at(film, Part())
    assert rest == whole[10:]
