"""Which new photographs are as one observation: bursts, re-uploads, crops, the same scene again.

The people on them are the same, so that ten of them tell no more than one. They are found as the
split finds near-duplicates of the annotated photographs, over all shards.

A camera that stands still has the same scene all day, but not the same people. Where EXIF times
tell that two photographs are `APART`, they are two observations. What is left of a scene with
more photographs than a burst has is cut, in the order of time or else of names, into as many
stretches as the root of their number: batch means, each long enough to know nothing of the next.

Source: Glynn and Whitt, Oper. Res. Lett. 10 (1991) 431 (batch means of growing number).
"""

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from utils.dataset.splitting.fingerprint_index import FingerprintIndex, evenly_chosen
from utils.dataset.splitting.fingerprints import Fingerprint
from utils.dataset.splitting.near_duplicates import find_groups
from utils.errors import InputError

APART = timedelta(minutes=10)
LONG = 50
"""Photographs of a scene, without such a pause, from which they are no burst."""

TOGETHER = 1_000_000
"""Local features, of all photographs, that are compared at once: 512 MiB."""

log = logging.getLogger(__name__)


def find_bursts(
    shards: Sequence[FingerprintIndex], files: Sequence[str], times: Sequence[datetime | None]
) -> list[int]:
    """Group new photographs that are as one observation.

    Parameters
    ----------
    shards
        The fingerprints of all photographs.
    files
        Names of the photographs' files, sorted as cameras number them.
    times
        When each was taken, as far as known.

    Returns
    -------
    For each of `files` the number of its group; 0, 1, ... as they appear.

    Raises
    ------
    InputError
        If they are of other photographs.
    """
    scenes = find_groups(_Album(shards, files))
    return split_scenes(scenes, times)


def split_scenes(scenes: Sequence[int], times: Sequence[datetime | None]) -> list[int]:
    """Cut scenes where time passed, and those of a camera that stands still into stretches.

    Parameters
    ----------
    scenes
        The scene of each photograph, in the order of their names.
    times
        When each was taken, as far as known. One without a time goes with the one before it in its
        scene.
    """
    members: dict[int, list[int]] = {}
    for number, scene in enumerate(scenes):
        members.setdefault(scene, []).append(number)
    groups = np.zeros(len(scenes), int)
    first = 0
    for some in members.values():
        for run in _runs(some, times):
            stretches = math.isqrt(len(run)) if len(run) >= LONG else 1
            for stretch in np.array_split(np.array(run), stretches):
                groups[stretch] = first
                first += 1
    numbers: dict[int, int] = {}
    return [numbers.setdefault(int(group), len(numbers)) for group in groups]


def _runs(members: list[int], times: Sequence[datetime | None]) -> list[list[int]]:
    """Cut the photographs of one scene at pauses; those of a run come in their order in time."""
    known = [times[number] for number in members if times[number]]
    if not known:
        return [members]
    last, timed = known[0], []
    for number in members:
        last = times[number] or last
        timed.append((last, number))
    timed.sort()
    runs = [[timed[0][1]]]
    for (before, _), (time, number) in pairwise(timed):
        if time - before > APART:
            runs.append([])
        runs[-1].append(number)
    return runs


class _Album(Sequence):
    """The fingerprints of several files as one sequence; grey pictures are decoded at each use.

    Parameters
    ----------
    files
        Names of the photographs' files, in the order of the sequence.
    """

    def __init__(self, shards: Sequence[FingerprintIndex], files: Sequence[str]) -> None:
        places: dict[str, tuple[FingerprintIndex, int]] = {}
        for index in shards:
            places |= {file: (index, number) for number, file in enumerate(index.files)}
        if set(places) != set(files):
            other = sorted(set(places) ^ set(files))
            sources = ", ".join(str(index.source) for index in shards)
            raise InputError(
                f"{sources}: fingerprints of {len(places)} photographs do not "
                f"belong to the predictions of {len(files)} (for example {other[0]}); "
                "predict them together"
            )
        self._places = [places[file] for file in files]
        self._most = TOGETHER // max(len(files), 1)

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> Fingerprint:
        index, place = self._places[number]
        one = index[place]
        kept = evenly_chosen(len(one.points), self._most)
        return replace(one, points=one.points[kept], descriptors=one.descriptors[kept])
