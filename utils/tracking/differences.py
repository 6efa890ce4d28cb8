"""What differs between runs, by their records: options, settings, data, code, packages."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from utils.dag.options.declared import spelled
from utils.dag.travelling import CODE, DATASET
from utils.records import short
from utils.tracking.recorded import SPLIT, TRAINING, RecordedRun, plan_options

MISSING = "-"
"""Shown for a run whose records say nothing of something."""


@dataclass(frozen=True)
class Difference:
    """A thing that is not the same in all runs, and what it is in each."""

    what: str
    values: tuple[str, ...]


def differences(runs: Sequence[RecordedRun]) -> dict[str, list[Difference]]:
    """Return what differs between runs: `options`, `settings`, `data`, `code` and `packages`.

    Settings are those of the final training, asked for or searched. What all have in common is left
    out.
    """
    facts = {
        "options": [{spelled(n): run.options.get(n) for n in plan_options()} for run in runs],
        "settings": [_settings(run) for run in runs],
        "data": [_data(run) for run in runs],
        "code": [_code(run) for run in runs],
        "packages": [dict(run.record.get("versions") or {}) for run in runs],
    }
    return {topic: _differing(told) for topic, told in facts.items()}


def plain(value: Any) -> str:
    """Return a value as people are told it."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {plain(item)}" for name, item in value.items()) or MISSING
    if isinstance(value, list | tuple):
        return " ".join(map(plain, value)) or MISSING
    return str(value)


def _differing(facts: Sequence[Mapping[str, Any]]) -> list[Difference]:
    names = dict.fromkeys(name for told in facts for name in told)
    rows = [Difference(name, tuple(plain(told.get(name)) for told in facts)) for name in names]
    return [row for row in rows if len(set(row.values)) > 1]


def _settings(run: RecordedRun) -> dict[str, Any]:
    training = run.output(TRAINING)
    names = ("arch", "image_size", "weights", "photos", "device")
    return {**{name: training.get(name) for name in names}, **(training.get("params") or {})}


def _data(run: RecordedRun) -> dict[str, Any]:
    digests, data = run.record.get("digests") or {}, run.record.get("data") or {}
    new = run.record.get("new_photographs") or {}
    told: dict[str, Any] = {
        "version of the annotated photographs": run.data_called or short(run.data_version) or None,
        "annotated photographs": data.get("photos"),
        "format": data.get("format"),
        **{f"faces: {name}": number for name, number in (data.get("faces") or {}).items()},
        "new photographs": new.get("photos"),
    }
    told |= {
        f"digest of {name}": short(value) for name, value in digests.items() if name != DATASET
    }
    split = run.output(SPLIT)
    for name, side in (split.get("sides") or {}).items():
        counts = {"photographs": side.get("photos"), **(side.get("faces") or {})}
        told |= {f"{name} side: {what}": count for what, count in counts.items()}
    told["seed of the split"] = split.get("seed")
    weights = run.record.get("weights") or {}
    told["weights to start from"] = weights.get("told") or weights.get("taken")
    return told


def _code(run: RecordedRun) -> dict[str, Any]:
    """Return the commit, and of each file that the jobs ran what tells its content from others."""
    told: dict[str, Any] = {"commit": run.record.get("git_commit")}
    for path in sorted((run.folder / "bin").glob("*.py")):
        told[f"bin/{path.name}"] = f"{zlib.crc32(path.read_bytes()):08x}"
    return told | _members(run.folder / CODE)


def _members(bundle: Path) -> dict[str, str]:
    try:
        with ZipFile(bundle) as file:
            return {one.filename: f"{one.CRC:08x}" for one in file.infolist()}
    except (OSError, BadZipFile):
        return {}
