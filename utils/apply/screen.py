"""Showing a picture on the screen of this machine, where there is one."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

OPENERS = {"linux": "xdg-open", "darwin": "open", "win32": "explorer"}
"""What opens a file with the program that people have chosen for it."""


def show(
    path: Path, environment: Mapping[str, str] = os.environ, system: str = sys.platform
) -> str | None:
    """Open a picture, or a folder of them; return why it cannot be shown, or None.

    Parameters
    ----------
    environment, system
        Of this process: a Linux machine has a screen where X or Wayland runs.
    """
    if system == "linux" and not (environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")):
        return f"there is no screen to show {path} on"
    opener = shutil.which(OPENERS.get(system, "xdg-open"), path=environment.get("PATH"))
    if opener is None:
        return f"there is no {OPENERS.get(system, 'xdg-open')} here to show {path} with"
    silent = subprocess.DEVNULL
    subprocess.Popen([opener, str(path)], stdout=silent, stderr=silent, start_new_session=True)
    return None
