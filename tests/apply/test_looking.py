"""Processes that share the work, whatever comes while they begin."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from utils.apply.looking import Settings, look_at
from utils.dataset.intake.photographs import NewPhotographs


def interrupted(settings: Settings) -> Settings:
    os.kill(os.getpid(), signal.SIGINT)
    return settings


@dataclass
class Early:
    """Settings that bring Ctrl-C to a process before any of its own code has run."""

    settings: Settings

    @property
    def model(self) -> Path | None:
        return self.settings.model

    def __reduce__(self):
        return interrupted, (self.settings,)


def test_ctrl_c_ends_no_process_that_is_just_beginning(album, untested):
    """It is for the one that started them, which ends them itself."""
    settings = Settings(untested, "cpu")
    with NewPhotographs([album("a.jpg", "b.jpg")]) as new:
        found = list(look_at(new, settings.load(), Early(settings), 2))
    assert [one.record["file"] for one in found] == ["a.jpg", "b.jpg"]
