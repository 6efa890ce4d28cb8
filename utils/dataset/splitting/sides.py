"""Which side each photograph goes to: as dealt, as given, and what was learnt already to training.

Weights to start from may have learnt from photographs of the data set. Those, and all that are
near-duplicates of them, are dealt to the training side: on another they would measure what the
detector remembers.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from utils.dataset.splitting import SIDES
from utils.dataset.splitting.fingerprints import Fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.dataset.splitting.stratified_groups import assign_groups
from utils.errors import InputError, number_of

_TRAIN = SIDES.index("train")


def known_groups(
    groups: Sequence[int], fingerprints: Sequence[Fingerprint], learnt: LearntPhotographs
) -> np.ndarray:
    """Return bool (N,): whether a photograph's group holds one that was learnt from."""
    known: set[int] = set()
    for group, one in zip(groups, fingerprints, strict=True):
        if group not in known and learnt.resemble(one):
            known.add(group)
    return np.isin(groups, list(known))


def dealt_sides(
    dataset: Path,
    groups: Sequence[int],
    faces: np.ndarray,
    fractions: Sequence[float],
    seed: int,
    known: np.ndarray,
) -> np.ndarray:
    """Return the number of the side that each photograph is dealt to, shape (N,).

    Parameters
    ----------
    groups, faces, fractions, seed
        See `assign_groups`.
    known
        bool (N,), whole groups: to the training side.

    Raises
    ------
    InputError
        If the groups, or those that are not known, are too few to fill the sides.
    """
    count = len(set(groups))
    if count < len(SIDES):
        raise InputError(
            f"{dataset}: {len(groups)} photographs in {count} groups of near-duplicates "
            f"cannot fill {len(SIDES)} sides; add photographs"
        )
    sides = assign_groups(groups, faces, fractions, seed, np.where(known, _TRAIN, -1))
    if known.any() and set(sides) != set(range(len(SIDES))):
        raise InputError(
            f"{dataset}: of {number_of(len(groups), 'photograph')} the weights to start from have "
            f"learnt from {known.sum():,} (near-duplicates counted), which a test must not hold; "
            "the others cannot fill the sides val and test. Add photographs that are new to those "
            "weights, or start from others: --weights auto"
        )
    return sides


def given_sides(dataset: Path, names: Sequence[str], given: Mapping[str, str]) -> np.ndarray:
    """Return the number of the side that each photograph comes with, shape (N,).

    Raises
    ------
    InputError
        If a photograph has none, or a side has no photograph.
    """
    unknown = [name for name in names if given.get(name) not in SIDES]
    if unknown:
        raise InputError(
            f"{dataset}: {len(unknown)} photographs have no given side ({', '.join(unknown[:3])}); "
            f"name one of {', '.join(SIDES)} for each"
        )
    sides = np.array([SIDES.index(given[name]) for name in names])
    if empty := [side for number, side in enumerate(SIDES) if number not in sides]:
        raise InputError(f"{dataset}: no photograph is given to {' and '.join(empty)}; add some")
    return sides
