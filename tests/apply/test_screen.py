"""A picture is opened where there is a screen; where there is none, that is said."""

import os

import pytest

from tests.waiting import until
from utils.apply.screen import OPENERS, show


@pytest.mark.parametrize("environment", [{}, {"DISPLAY": ""}])
def test_without_a_screen_nothing_is_started(tmp_path, environment):
    picture = tmp_path / "a.jpg"
    told = show(picture, environment | {"PATH": os.environ["PATH"]}, "linux")
    assert told == f"there is no screen to show {picture} on"


@pytest.mark.parametrize(
    ("system", "environment"),
    [("linux", {"DISPLAY": ":0"}), ("linux", {"WAYLAND_DISPLAY": "w"}), ("darwin", {})],
)
def test_the_picture_is_opened_by_what_the_system_opens_files_with(tmp_path, system, environment):
    opener = tmp_path / OPENERS[system]
    opener.write_text(f'#!/bin/sh\necho "$1" > "{tmp_path}/opened"\n')
    opener.chmod(0o755)
    assert show(tmp_path / "a b.jpg", environment | {"PATH": str(tmp_path)}, system) is None
    opened = tmp_path / "opened"
    until(lambda: opened.exists() and opened.read_text())
    assert opened.read_text() == f"{tmp_path}/a b.jpg\n"


def test_a_machine_that_opens_no_files_is_told(tmp_path):
    told = show(tmp_path / "a.jpg", {"DISPLAY": ":0", "PATH": str(tmp_path)}, "linux")
    assert told == f"there is no xdg-open here to show {tmp_path}/a.jpg with"
