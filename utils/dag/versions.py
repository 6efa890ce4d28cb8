"""What a run is made with: the commit of the code, Python, its packages, and the machine."""

import functools
import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from utils.dag.code_bundle import PROJECT


def git_commit(project: Path = PROJECT) -> str | None:
    """Return the commit of the code, with ``+`` if it was changed since; None outside git."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--abbrev=40", "--dirty=+", "--exclude=*"],  # noqa: S607 (the git of the user's PATH)
            cwd=project,
            capture_output=True,
            check=True,
            text=True,
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return None


@functools.cache
def installed_packages() -> tuple[str, ...]:
    """Return this Python and its packages with their versions, sorted; a process looks once."""
    said = (item.metadata for item in metadata.distributions())  # each is parsed when asked for
    packages = {f"{one['Name']}=={one['Version']}" for one in said}
    return (f"python=={sys.version.split()[0]}", *sorted(packages))


def machine() -> dict[str, Any]:
    """Return what is submitted from: system, processor and cores; where jobs ran, each tells."""
    return {
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }
