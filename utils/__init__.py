"""The mask detection workflow's library; the executables in ``bin/`` are thin calls into it."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 -- in a syntax that older ones read, too
    raise ImportError(
        f"this needs Python 3.11 or newer, and {sys.executable} is {sys.version.split()[0]}; "
        "`make run PYTHON=python3.12` takes another one"
    )
if sys.platform not in ("linux", "darwin"):
    raise ImportError(
        f"this runs on Linux and macOS, and not on {sys.platform}; on Windows, run it in WSL"
    )

from utils.light_torchvision import install

install()
