"""What is remembered in the middle of a video, as tensors and plain values, and back.

So a checkpoint holds it: who is followed goes on to be followed by whoever goes on with the video.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch

from utils.video.appearance import Memory
from utils.video.motion import Motion
from utils.video.people import Person, View
from utils.video.tracks import Track
from utils.video.watch import Watcher

_KINDS = {kind.__name__: kind for kind in (Memory, Motion, Person, Track, View)}
_KIND = "kind of"


def state_of(watcher: Watcher) -> dict[str, Any]:
    """Return all that a watcher remembers of the frames that it has seen."""
    tracker = watcher.tracker
    return {
        "tracks": packed(tracker.tracks),
        "time": tracker._time,
        "next": tracker._next,
        "people": packed(watcher.people.here),
    }


def restore(watcher: Watcher, state: Mapping[str, Any]) -> None:
    """Let a new watcher remember what another did when `state_of` was asked of it."""
    tracker = watcher.tracker
    tracker.tracks = unpacked(state["tracks"])
    tracker._time, tracker._next = state["time"], state["next"]
    watcher.people.here = unpacked(state["people"])


def packed(value: Any) -> Any:
    """Return tracks, people and what they are made of as dictionaries, lists and tensors."""
    if is_dataclass(value):
        told = {item.name: packed(getattr(value, item.name)) for item in fields(value)}
        return {_KIND: type(value).__name__, **told}
    if isinstance(value, np.ndarray):
        return torch.from_numpy(np.ascontiguousarray(value))
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {key: packed(item) for key, item in value.items()}
    return [packed(item) for item in value] if isinstance(value, list | tuple) else value


def unpacked(value: Any) -> Any:
    """Return what `packed` was given; of tuples, lists."""
    if isinstance(value, torch.Tensor):
        return value.numpy()
    if isinstance(value, list):
        return [unpacked(item) for item in value]
    if not isinstance(value, dict):
        return value
    told = {key: unpacked(item) for key, item in value.items() if key != _KIND}
    return _KINDS[value[_KIND]](**told) if _KIND in value else told
