"""The test photographs that two runs share: only on these can one be better than the other."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.analysis.evaluation.groups import photograph_of_row
from utils.dag.run_folder import OUTPUT
from utils.dag.travelling import DATASET
from utils.dataset.image_header import upright_size
from utils.dataset.shards import Photo, read_shard
from utils.errors import InputError
from utils.tracking.recorded import EVALUATION, SPLIT, RecordedRun


@dataclass(frozen=True)
class Shared:
    """Test photographs of two runs, and what a comparison needs of them.

    Attributes
    ----------
    names
        Pairs: what the first run calls a photograph, and what the second does.
    groups
        int64, shape (photographs,): equal for near-duplicates, which are as one observation.
    tested
        On how many photographs each run was tested.
    otherwise
        How many both were tested on, but with other boxes or classes; they are not shared.
    how
        In words, how photographs were told to be the same.
    """

    names: tuple[tuple[str, str], ...]
    groups: np.ndarray
    tested: tuple[int, int]
    otherwise: int
    how: str

    def __len__(self) -> int:
        return len(self.names)

    @property
    def is_whole(self) -> bool:
        """Whether both were tested on these, and on no others."""
        return self.tested == (len(self.names),) * 2


def shared_photographs(first: RecordedRun, second: RecordedRun) -> Shared:
    """Return the test photographs that two runs share.

    With the same data under the same names, those of one name. Else those of equal content, with
    equal boxes and classes, as the data in the run folders have them.

    Raises
    ------
    InputError
        If the data of a run folder are not there any more, and the versions differ.
    """
    tested = [tested_photographs(run) for run in (first, second)]
    otherwise, how = 0, "one version of the data"
    if first.packed_data and first.packed_data == second.packed_data:
        pairs = [(name, name) for name in tested[0] if name in tested[1]]
    else:
        one = first.data_version == second.data_version
        how = f"by content, because the {'names' if one else 'versions'} of the data differ"
        mine, other = (
            _content(run.folder / DATASET, set(names))
            for run, names in zip((first, second), tested, strict=True)
        )
        both = [digest for digest in mine if digest in other]
        same = [digest for digest in both if mine[digest][1] == other[digest][1]]
        pairs = [(mine[digest][0], other[digest][0]) for digest in same]
        otherwise = len(both) - len(same)
    known = first.output(SPLIT).get("photos") or {}
    groups = [known.get(name, {}).get("group", name) for name, _ in pairs]
    order = {group: number for number, group in enumerate(dict.fromkeys(groups))}
    return Shared(
        tuple(pairs),
        np.array([order[group] for group in groups], np.int64),
        (len(tested[0]), len(tested[1])),
        otherwise,
        how,
    )


def rows_of_test(run: RecordedRun) -> list[Mapping[str, Any]]:
    """Return the entries of the test side in ``per_photo``: of photographs, or of cut faces.

    Raises
    ------
    InputError
        If the run has no evaluation to compare.
    """
    evaluation = run.output(EVALUATION)
    if not evaluation:
        told = f"; {'; '.join(run.trouble)}" if run.trouble else ""
        raise InputError(
            f"{run.folder}: {run.state}, with nothing measured on the test side yet{told}; "
            f"see `python workflow.py status {run.folder}`"
        )
    if "per_photo" not in evaluation:
        raise InputError(
            f"{run.folder / OUTPUT / EVALUATION}: lacks 'per_photo', by which runs are compared; "
            "it is of another version, make it again"
        )
    return [one for one in evaluation["per_photo"] if not one.get("validation", False)]


def tested_photographs(run: RecordedRun) -> dict[str, None]:
    """Return the names of the photographs that a run was tested on, in order."""
    return dict.fromkeys(photograph_of_row(row) for row in rows_of_test(run))


def _content(shard: Path, names: set[str]) -> dict[str, tuple[str, Any]]:
    """Return the name and the faces of photographs by the digest of their image files."""
    if not shard.exists():
        raise InputError(
            f"{shard}: is not there any more, so it cannot be told which test photographs the runs "
            "share, whose data differ"
        )
    kept = (photo for photo in read_shard(shard) if photo.name in names)
    return {hashlib.sha256(one.image).hexdigest(): (one.name, _faces(one)) for one in kept}


def _faces(photo: Photo) -> list[tuple[Any, ...]]:
    faces = photo.read_annotation(*upright_size(photo.image, photo.filename)).faces
    return sorted(
        (int(label), *map(float, box)) for label, box in zip(faces.labels, faces.boxes, strict=True)
    )
