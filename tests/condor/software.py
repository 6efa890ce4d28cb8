"""The project's Python on an imitated host: the same paths, read-only."""

import sys
import sysconfig
from pathlib import Path

from tests.condor.host import PATH, Bind, Host

PROJECT = Path(__file__).parents[2]
PREFIX = Path(sys.prefix)
SYSTEM = Path("/usr")
# What is first on the PATH of jobs and of the submitter.
SEARCH = f"{Path(sys.executable).parent}:{PATH}"


def binds() -> list[Bind]:
    """Return the virtual environment and the Python behind it."""
    prefixes = {PREFIX, Path(sys.base_prefix)}
    places = prefixes - {SYSTEM}
    if SYSTEM in prefixes:  # the tree has a /usr of its own: add to it, do not cover it
        places |= {Path(sys.executable).resolve(), Path(sysconfig.get_path("stdlib"))}
    return [Bind(place, place) for place in sorted(places)]


def prepare(host: Host) -> None:
    """Let ordinary users reach the Python, and names such as /usr/bin/python3 mean the same."""
    for bind in binds():
        for folder in bind.target.parents:  # /root, say, is closed in the tree
            there = host.root / folder.relative_to("/")
            if (mode := there.stat().st_mode) & 0o111 != 0o111:
                there.chmod(mode | 0o111)
    link = Path(sys.executable)
    while link.is_symlink():
        if link.is_relative_to(SYSTEM):
            there = host.root / link.relative_to("/")
            there.unlink(missing_ok=True)
            there.symlink_to(link.readlink())
        link = link.parent / link.readlink()
