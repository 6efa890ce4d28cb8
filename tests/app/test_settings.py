"""What the app is told when it is started, and where a browser gives it a camera."""

import sys

import pytest
from streamlit.testing.v1 import AppTest

from app.secure import camera_is_allowed
from app.settings import SECRET, USER, read_settings
from utils.errors import InputError


def test_no_server_is_asked_for_the_webcam_unless_one_is_named():
    assert read_settings([]).ice == ()
    words = ["--ice", "stun:stun.example.org:3478", "--ice", "turns:[::1]:5349?transport=tcp"]
    assert read_settings(words, {USER: "me", SECRET: "secret"}).ice == (
        {"urls": "stun:stun.example.org:3478"},
        {"urls": "turns:[::1]:5349?transport=tcp", "username": "me", "credential": "secret"},
    )


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("turn:relay.example.org:3478", f"{USER} and {SECRET}"),
        ("https://example.org", "give stun:HOST:PORT"),
        ("stun:", "give stun:HOST:PORT"),
    ],
)
def test_an_address_that_cannot_be_used_says_why(url, why):
    with pytest.raises(InputError, match=why):
        read_settings(["--ice", url])


def test_what_cannot_be_used_is_told_on_the_page(main, monkeypatch):
    monkeypatch.setattr(sys, "argv", [str(main), "--ice", "https://example.org"])
    page = AppTest.from_file(str(main), default_timeout=120).run()
    assert not page.exception and "give stun:HOST:PORT" in page.error[0].value.replace("\\", "")


def test_words_for_runs_are_split_as_a_shell_would():
    assert read_settings(["--run-with", "--data 'my photos' --epochs 2"]).run_with == (
        *("--data", "my photos", "--epochs", "2"),
    )


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("https://masks.example.org/webcam", True),
        ("http://localhost:8080/webcam", True),
        ("http://127.0.0.1:8080/", True),
        ("http://[::1]:8080/", True),
        ("http://app.localhost/", True),
        (None, True),
        ("http://192.168.1.5:8080/webcam", False),
        ("http://localhost.example.org/", False),
        ("http://127.example.org/", False),
    ],
)
def test_browsers_give_a_camera_over_https_or_to_their_own_machine(address, allowed):
    assert camera_is_allowed(address) is allowed
