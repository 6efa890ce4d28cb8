"""The share by place or time, where ``--groups`` tells it of each new photograph."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.analysis.prevalence.places import compare_places
from utils.errors import InputError
from utils.records import read_record


@dataclass(frozen=True)
class Given:
    """What ``--groups`` tells of the new photographs, by the names of their files.

    Attributes
    ----------
    by
        What places are: ``site``, ``camera``, ``folder``, ``hour`` ...; empty without places.
    places, times, weights
        Of each photograph; None where nothing is told.
    path
        Of the file.
    """

    by: str
    places: dict[str, str | None]
    times: dict[str, str | None]
    weights: dict[str, float | None]
    path: Path

    def of(self, files: Sequence[str]) -> tuple[list[str | None], np.ndarray | None]:
        """Return the places and the weights of photographs; no weights where one lacks its own.

        Raises
        ------
        InputError
            If nothing was told of one.
        """
        if missing := [file for file in files if file not in self.places]:
            raise InputError(
                f"{self.path}: tells nothing of {missing[0]}; start a new run with --groups"
            )
        weights = [self.weights[file] for file in files]
        known = bool(weights) and None not in weights
        return [self.places[file] for file in files], np.array(weights) if known else None


def read_given(path: Path) -> Given:
    """Read what `utils.dataset.intake.groups` wrote; an `InputError` says why it cannot be."""
    record = read_record(path)
    told = [
        {file: row[name] for file, row in record["photos"].items()}
        for name in ("place", "time", "weight")
    ]
    return Given(record["by"], *told, path)


def compared(
    given: Given,
    files: Sequence[str],
    tested: np.ndarray,
    seen: np.ndarray,
    groups: np.ndarray,
    seed: int,
) -> dict[str, Any] | None:
    """Return `compare_places` with ``by`` and ``weighted``; None where fewer than two are told.

    Parameters
    ----------
    files
        Of the new photographs.
    tested, seen, groups
        As `compare_places` has them.
    """
    places, weights = given.of(files)
    if None in places or len(set(places)) < 2:
        return None
    record = compare_places(tested, seen, np.array(places), seed, groups=groups, weights=weights)
    return {"by": given.by, "weighted": weights is not None, **record}
