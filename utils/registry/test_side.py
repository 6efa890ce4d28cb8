"""The test photographs of a run, as its model was judged on them, and how long a model takes."""

import statistics
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from utils.comparison.shared import tested_photographs
from utils.dag.travelling import DATASET
from utils.dataset.clean import clean_photo
from utils.dataset.cut_faces import cut_shard
from utils.dataset.cutting import Cutting
from utils.dataset.shards import Photo, read_shard, write_shard
from utils.errors import InputError
from utils.tracking.recorded import RecordedRun

TIMED = 20
"""Photographs that a model's time is taken on, after one that does not count."""


class TestSide:
    """The test photographs of a run, in a folder for a while.

    Parameters
    ----------
    run
        With an evaluation, and, where they are asked for, the annotated photographs in its folder.
    folder
        To write to.
    """

    __test__ = False  # pytest takes it for a test, by its name

    def __init__(self, run: RecordedRun, folder: Path) -> None:
        self._run, self._folder = run, folder
        self.names = set(tested_photographs(run))

    @property
    def photographs(self) -> Path:
        """The clean shard of them."""
        return self.without(())

    def without(self, left: Collection[str]) -> Path:
        """Return the clean shard of those that are not named in `left`."""
        path = self._folder / f"test_{len(left)}.tar"
        if not path.exists():
            names = self.names - set(left)
            data = self._run.folder / DATASET
            if not data.exists():
                raise InputError(
                    f"{data}: is not there any more, so that no model can be shown the test "
                    "photographs of this run"
                )
            photos = (one for one in read_shard(data) if one.name in names)
            if not write_shard(path, map(clean_photo, photos)):
                raise InputError(f"{data}: holds none of the run's test photographs")
        return path

    def faces(self, photographs: Path, margin: float) -> Path:
        """Return the shard of faces cut from photographs, each with a margin of that share.

        The smallest faces are left out that the run left out.
        """
        path = photographs.with_name(f"faces_{margin:g}_{photographs.name}")
        if not path.exists():
            cut_shard(photographs, path, Cutting(margin, self._run.options["smallest_face"]))
        return path

    def known_to(self, knows: Callable[[Photo], bool]) -> list[str]:
        """Return the names of those that `knows` is true of."""
        return [one.name for one in read_shard(self.photographs) if knows(one)]


def milliseconds(model: Any, shard: Path) -> float:
    """Return how long a model takes for a photograph, decoded, on this machine: the median.

    Parameters
    ----------
    model
        With ``predict(images)``.
    shard
        Clean photographs, or cut faces, the first `TIMED` of which are looked at.
    """
    taken = []
    for number, photo in enumerate(read_shard(shard)):
        image = photo.decode()
        if not number:
            model.predict([image])
        start = time.perf_counter()
        model.predict([image])
        taken.append(1000 * (time.perf_counter() - start))
        if len(taken) == TIMED:
            break
    return statistics.median(taken)
