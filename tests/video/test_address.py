"""What a word names, and that nothing secret of an address is shown."""

import pytest

from tests.video.camera import transport_stream
from utils.video.address import is_camera, is_video, shown, without_secrets


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("rtsp://me:secret@cam.lan:554/live?key=abc#x", "rtsp://cam.lan:554/live?..."),
        ("https://cam.lan/clip.mp4", "https://cam.lan/clip.mp4"),
        ("rtsp://me:secret@[::1]:554/", "rtsp://[::1]:554/"),
        ("rtsp://me:secret@cam.lan:port/", "rtsp://..."),
        ("/films/clip.mp4", "/films/clip.mp4"),
    ],
)
def test_an_address_is_shown_without_secrets(word, expected):
    assert shown(word) == expected


def test_messages_of_libraries_are_shown_without_secrets():
    address = "rtsp://me.user:secret@cam.lan/live?token=t0ken"
    message = f"[Errno 5] I/O error: '{address}' (secret, rtsp://other:pass@cam/x?y=z)"
    told = without_secrets(message, address)
    secrets = ("secret", "t0ken", "me.user", "pass@", "y=z")
    assert [secret for secret in secrets if secret in told] == []
    assert "cam.lan/live" in told
    assert "I/O error" in told


def test_what_moves_is_known_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for word in ("0", "/dev/video7", "rtsp://cam/1", "http://cam/x", "clip.MP4", "a/b.webm"):
        assert is_video(word)
    for word in ("photo.jpg", "photographs", "more.zip", "*.png"):
        assert not is_video(word)
    assert is_camera("12")
    (tmp_path / "0").write_bytes(b"x")
    assert not is_video("0")


def test_a_file_whose_name_tells_nothing_is_known_by_its_content(tmp_path, film):
    (tmp_path / "recording.dat").write_bytes(film.read_bytes())
    (tmp_path / "stream.ts").write_bytes(transport_stream((64, 48)))
    (tmp_path / "source.ts").write_text("G is what this begins with; " * 40)
    (tmp_path / "photo.jpg").write_bytes(film.read_bytes())
    known = {path.name for path in tmp_path.iterdir() if is_video(str(path))}
    assert known == {"recording.dat", "stream.ts"}
