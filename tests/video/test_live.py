"""Live sources: a camera that freezes, dies, comes back, changes size and sends garbage."""

import contextlib
import socket
import threading
import time
from itertools import pairwise

import numpy as np
import pytest

from data.painter.films import write_film
from tests.video.camera import Camera, transport_stream
from tests.waiting import until
from utils.errors import InputError
from utils.video import live as module
from utils.video.files import VideoFile
from utils.video.frames import Part
from utils.video.live import LiveSource

PATIENT = (30, 20)
"""Seconds to open a source, and for something to come from it, where neither is to fail."""

SMALL, LARGE = transport_stream((160, 96)), transport_stream((192, 112), grey=160)


def source(camera: Camera, part: Part | None = None, **others) -> LiveSource:
    address = f"rtsp://viewer:s3cret@127.0.0.1:{camera.port}/live?token=abcdef"
    settings = {"timeouts": (3, 1), "pauses": (0.1, 0.2), **others}
    return LiveSource(address, part or Part(), **settings)


def test_frames_come_in_step_with_time_and_the_newest_only(monkeypatch):
    monkeypatch.setattr(module, "GAP", 30.0)  # no machine stands still for so long
    with Camera(SMALL) as camera:
        live, times = source(camera, Part(limit=6), timeouts=PATIENT), []
        for frame in live.frames():
            times.append(frame.time)
            assert frame.image.shape == (96, 160, 3)
            if len(times) == 2:  # whoever is slow loses frames, and is not behind
                before = live.facts()["dropped"]
                until(lambda enough=before + 5: live.facts()["dropped"] >= enough)
                newest, _ = live._newest
        live.close()
    assert times == sorted(times)
    assert len(times) == 6
    assert times[1] < newest <= times[2]
    facts = live.facts()
    assert facts["dropped"] >= 5
    assert facts["arrived"] >= facts["dropped"] + 6
    assert not live.gaps


def test_a_camera_that_freezes_dies_and_changes_is_opened_again_and_the_gaps_are_told(monkeypatch):
    """It is away for much longer, and else for much shorter, than what is taken for a gap."""
    monkeypatch.setattr(module, "GAP", 3.0)

    def later(seconds: float, **change: bool) -> None:
        after = [setattr, [camera, *next(iter(change.items()))]]
        threading.Timer(seconds, after[0], after[1]).start()

    with Camera(SMALL) as camera:
        live, shapes, times = source(camera), [], []
        for frame in live.frames():
            shapes.append(frame.image.shape[:2])
            times.append(frame.time)
            if len(shapes) == 5:
                camera.frozen = True
                later(6.0, frozen=False)
            if len(shapes) == 15:
                camera.dead, camera.film, camera.garbage = True, LARGE, True
                later(5.5, dead=False)
                later(6.2, garbage=False)
            if shapes[-1] == (112, 192):
                break
        live.close()
    assert set(shapes[:15]) == {(96, 160)}
    assert len(live.gaps) == 2
    assert all(gap.end - gap.start > 4 for gap in live.gaps)
    assert all(gap.reason for gap in live.gaps)
    assert live.facts()["opened"] >= 2
    silent = [(a, b) for a, b in pairwise(times) if b - a > 3.0]
    assert len(silent) == 2  # nothing is lost but what is told, and no more is told
    for (start, end), gap in zip(silent, live.gaps, strict=True):
        assert start - 0.5 < gap.start < gap.end <= end


def test_a_camera_that_stays_away_is_given_up_and_the_rest_is_a_gap():
    with Camera(SMALL) as camera:
        live = source(camera, lost_after=2.2)
        for number, _ in enumerate(live.frames()):
            if number == 3:
                camera.dead = True
        live.close()
    assert "given up" in live.facts()["ended"]
    assert len(live.gaps) == 1
    assert live.gaps[0].end - live.gaps[0].start > 2.1


def test_an_address_that_never_answers_ends_in_time_with_an_error_that_hides_the_password():
    with Camera(SMALL, dead=True) as camera:
        live = source(camera, tries=2)
        began = time.monotonic()
        with pytest.raises(InputError) as error:
            list(live.frames())
        live.close()
    assert time.monotonic() - began < 60
    assert "127.0.0.1" in str(error.value)
    assert not {"s3cret", "abcdef", "viewer"} & set(str(error.value).replace("@", " ").split())
    for secret in ("s3cret", "abcdef", "viewer"):
        assert secret not in f"{error.value} {live.facts()} {live.gaps}"


def test_a_camera_that_is_silent_to_the_end_leaves_a_gap_to_the_end():
    with Camera(SMALL) as camera:
        live = source(camera, part := Part(), timeouts=(30, 9))
        times = []
        for frame in live.frames():
            times.append(frame.time)
            if len(times) == 4:  # from here on, however long the camera took to be opened
                camera.frozen, part.end = True, frame.time + 4
        live.close()
    (gap,) = live.gaps
    assert gap.start == pytest.approx(times[-1], abs=0.3)
    assert gap.end == pytest.approx(part.end, abs=0.1)


def test_the_end_of_the_time_asked_for_ends_it_even_while_nothing_comes():
    with Camera(SMALL, frozen=True) as camera:
        live = source(camera, Part(end=1.0), tries=50)
        began = time.monotonic()
        assert list(live.frames()) == []
        assert time.monotonic() - began < 30  # it would be opened fifty times
        live.close()


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("987", "there is no such camera"),
        ("file:///etc/passwd", "only rtsp"),
        ("ftp://127.0.0.1/clip.mp4", "only rtsp"),
        ("rtsp://:554/live", "no address"),
        ("http://127.0.0.1:notaport/", "no address"),
    ],
)
def test_what_is_no_camera_and_no_address_is_refused_at_once(word, said):
    with pytest.raises(InputError, match=said):
        LiveSource(word, Part())


@contextlib.contextmanager
def answering(answer):
    """Serve whoever connects by `answer(socket)`; yield the port."""
    stop = threading.Event()
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.05)

    def serve() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError):
                client, _ = server.accept()
                with client:
                    client.settimeout(30)
                    client.recv(4096)
                    answer(client, stop)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    stop.set()
    thread.join(timeout=60)
    server.close()


def silence(client, stop) -> None:
    stop.wait(120)


def noise(client, stop) -> None:
    """Send what is no video, without an end."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n")
    data = np.random.default_rng(0).bytes(65_536)
    while not stop.is_set():
        client.sendall(data)


def drops(client, stop) -> None:
    """Send a byte now and then, so that no single wait is long."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n")
    while not stop.wait(0.1):
        client.sendall(b"\0")


@pytest.mark.parametrize(
    ("scheme", "answer"),
    [("rtsp", silence), ("http", silence), ("http", noise), ("http", drops)],
)
def test_an_address_that_says_nothing_of_use_is_given_up_in_time(scheme, answer):
    with answering(answer) as port:
        live = LiveSource(
            f"{scheme}://me:s3cret@127.0.0.1:{port}/clip.mp4",
            Part(),
            timeouts=(0.7, 0.5),
            pauses=(0.05,),
            tries=2,
        )
        began = time.monotonic()
        with pytest.raises(InputError, match=r"cannot be opened \(.*; tried 2 times\)") as error:
            list(live.frames())
        assert time.monotonic() - began < 60
        live.close()
    assert "s3cret" not in str(error.value)


def redirect(client, stop) -> None:
    client.sendall(b"HTTP/1.1 302 Found\r\nLocation: file:///etc/hostname\r\n\r\n")


def playlist(client, stop) -> None:
    """Lead to a file of this machine by what a stream is made of."""
    body = b"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\nContent-Length:"
    client.sendall(f"{head} {len(body)}\r\n\r\n".encode() + body)


@pytest.mark.parametrize("answer", [redirect, playlist])
def test_an_address_that_leads_to_a_file_of_this_machine_is_not_followed(answer):
    with answering(answer) as port:
        address = f"http://127.0.0.1:{port}/live.m3u8"
        live = LiveSource(address, Part(), timeouts=PATIENT, pauses=(0.05,), tries=2)
        with pytest.raises(InputError, match="cannot be opened"):
            list(live.frames())
        live.close()


def test_a_stream_of_a_phone_held_on_its_side_is_turned(scene, tmp_path):
    write_film(tmp_path / "plain.mp4", scene, [2.0, 2.1, 2.2])
    write_film(tmp_path / "turned.mp4", scene, [2.0, 2.1, 2.2], rotation=90)
    data = (tmp_path / "turned.mp4").read_bytes()

    def film(client, stop) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: {len(data)}\r\n\r\n"
        client.sendall(head.encode() + data)

    plain = next(VideoFile(tmp_path / "plain.mp4", Part()).frames()).image
    with answering(film) as port:
        live = LiveSource(f"http://127.0.0.1:{port}/turned.mp4", Part())
        images = [frame.image for frame in live.frames()]
        live.close()
    assert len(images) == 3  # it has an end, and waits for us: nothing is dropped
    assert np.array_equal(np.rot90(plain), images[0])
    assert not live.gaps


@pytest.mark.parametrize("told", [1.0, 0.5])
def test_a_film_that_breaks_off_on_its_way_is_used_up_to_there_and_that_is_told(
    told, scene, times, tmp_path
):
    """Whether the server said how much there would be, or not."""
    write_film(tmp_path / "film.mkv", scene, times)
    data = (tmp_path / "film.mkv").read_bytes()
    half = data[: len(data) // 2]

    def film(client, stop) -> None:
        length = len(data) if told == 1.0 else len(half)
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
        client.sendall(head.encode() + half)

    with answering(film) as port:
        address = f"http://127.0.0.1:{port}/film.mkv"
        live = LiveSource(address, Part(), timeouts=PATIENT, pauses=(0.05,), tries=2)
        seen = [frame.time for frame in live.frames()]
        live.close()
    assert 5 < len(seen) < 35
    (gap,) = live.gaps
    assert gap.reason.startswith("cut off: ")
    assert gap.start == seen[-1] and gap.end == pytest.approx(4, abs=0.3)
