"""A run folder that was moved, or copied: its catalogues name files where they were."""

from pathlib import Path
from typing import Any

import yaml
from Pegasus.api import Properties

from utils.dag.catalogs import PROPERTIES, REPLICAS, SITES, TRANSFORMATIONS
from utils.dag.workflow_file import load_yaml
from utils.records import write_atomically

_NAMED = "pegasus.catalog.replica.file"
"""A property of every run folder that holds the folder's own path."""


def planned_as(folder: Path) -> Path | None:
    """Return the path of a run folder when it was planned; None where nothing tells it."""
    properties = folder / PROPERTIES
    if not properties.exists():
        return None
    try:
        return Path(Properties.load(properties)[_NAMED]).parent
    except KeyError:
        return None


def moved_from(folder: Path) -> Path | None:
    """Return where a run folder was before; None if it is where it was."""
    before, now = planned_as(folder), folder.resolve()
    if before is None or before == now:
        return None
    if before.exists() and before.samefile(now):  # mounted in two places
        return None
    return before


def follow_move(folder: Path, before: Path) -> None:
    """Let the catalogues of a run folder name its files where they are now, and not as `before`."""
    now = folder.resolve()
    for name in (REPLICAS, TRANSFORMATIONS, SITES):
        if (path := folder / name).exists():
            moved = _moved(load_yaml(path), before, now)
            write_atomically(path, yaml.safe_dump(moved, sort_keys=False).encode())
    lines = [line.partition(" = ") for line in (folder / PROPERTIES).read_text().splitlines()]
    words = "".join(f"{key}{is_}{_moved(value, before, now)}\n" for key, is_, value in lines)
    write_atomically(folder / PROPERTIES, words.encode())  # last: it tells where the folder was


def _moved(value: Any, before: Path, now: Path) -> Any:
    """Return a value of a catalogue, with every path and ``file://`` address in it moved."""
    if isinstance(value, dict):
        return {key: _moved(item, before, now) for key, item in value.items()}
    if isinstance(value, list):
        return [_moved(item, before, now) for item in value]
    for old, new in ((str(before), str(now)), (before.as_uri(), now.as_uri())):
        if value == old or (isinstance(value, str) and value.startswith(f"{old}/")):
            return new + value[len(old) :]
    return value
