"""A data set split into training, validation and test photographs, and the record of it."""

import logging
import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.dataset.annotation import Annotation
from utils.dataset.labels import CLASSES
from utils.dataset.shards import Photo, read_shard, write_shard
from utils.dataset.splitting import SIDES
from utils.dataset.splitting.fingerprint_index import write_fingerprints
from utils.dataset.splitting.fingerprints import Fingerprint, fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.dataset.splitting.near_duplicates import find_groups
from utils.dataset.splitting.sides import dealt_sides, given_sides, known_groups
from utils.errors import InputError
from utils.records import write_record
from utils.seed import derive_seed

log = logging.getLogger(__name__)

_NAMED = 5  # how many examples an error names


@dataclass(frozen=True)
class Look:
    """What is remembered of a photograph, without its pixels."""

    name: str
    filename: str
    width: int
    height: int
    annotation: Annotation
    fingerprint: Fingerprint

    @property
    def faces(self) -> np.ndarray:
        """Faces of each class, shape (K,)."""
        return np.bincount(self.annotation.faces.labels, minlength=len(CLASSES) + 1)[1:]


def split_dataset(
    dataset: Path,
    outputs: dict[str, Path],
    report: Path,
    seed: int = 0,
    fractions: Sequence[float] = (0.7, 0.1, 0.2),
    skip_bad: bool = False,
    fingerprints: Path | None = None,
    given: Mapping[str, str] | None = None,
    learnt: LearntPhotographs | None = None,
) -> dict[str, Any]:
    """Write the shards of the three sides and ``split.json``; return what the latter holds.

    The split depends on the photographs and the seed, not on the order of files on disk.

    Parameters
    ----------
    outputs
        Where to write each of `SIDES`.
    fractions
        Shares of the photographs, in the order of `SIDES`.
    skip_bad
        Leave out photographs that cannot be read, and list them, instead of stopping.
    fingerprints
        Where to write those of the training side (`write_fingerprints`).
    given
        The side of each photograph by its name, to keep them; `fractions` and `seed` mean nothing
        then. Near-duplicates on different sides are counted.
    learnt
        What the weights to start from have learnt from. Those photographs and their near-duplicates
        go to the training side, unless sides are given: then they are counted.

    Raises
    ------
    InputError
        If photographs are unreadable (unless skipped) or too few, or too few of them are new to the
        weights to start from, all faces are of one class, a side that is given would be empty, or
        the fractions are not three positive numbers that add up to 1.
    """
    if len(fractions) != 3 or min(fractions) <= 0 or not math.isclose(sum(fractions), 1):
        raise InputError(
            f"fractions are {list(fractions)}; expected three above 0 that add up to 1"
        )
    looks, skipped = _look_at(dataset, skip_bad)
    faces = np.stack([look.faces for look in looks])
    _check_classes(dataset, faces)
    groups = find_groups([look.fingerprint for look in looks])
    known = np.zeros(len(looks), bool)
    if learnt is not None:
        known = known_groups(groups, [look.fingerprint for look in looks], learnt)
    if given is not None:
        sides = given_sides(dataset, [look.name for look in looks], given)
    else:
        chance = derive_seed(seed, "split")
        sides = dealt_sides(dataset, groups, faces, fractions, chance, known)
    side_of = {look.name: SIDES[side] for look, side in zip(looks, sides, strict=True)}
    for side, path in outputs.items():
        write_shard(path, _on_side(dataset, side_of, side))
    if fingerprints:
        train = [look for look in looks if side_of[look.name] == "train"]
        write_fingerprints(
            fingerprints, [look.filename for look in train], [look.fingerprint for look in train]
        )
    record = {
        "seed": seed,
        "fractions": list(fractions) if given is None else None,
        "given": given is not None,
        "photos": {
            look.name: _photo_record(look, side_of[look.name], group)
            for look, group in zip(looks, groups, strict=True)
        },
        **_summary(looks, groups, sides, faces),
        "learnt": None if learnt is None else _remembered(len(learnt), known, sides),
        "skipped": skipped,
    }
    write_record(report, record)
    return record


def _look_at(dataset: Path, skip_bad: bool) -> tuple[list[Look], list[dict[str, str]]]:
    looks: list[Look] = []
    bad: list[dict[str, str]] = []
    for photo in read_shard(dataset):
        if looks and photo.name < looks[-1].name:
            raise InputError(
                f"{dataset}: {photo.filename} is out of order; pack the data set again"
            )
        try:
            looks.append(_look(photo))
        except InputError as error:
            bad.append({"file": photo.filename, "reason": str(error)})
    for entry in bad:
        log.warning("%s: %s", "skipped" if skip_bad else "bad", entry["reason"])
    if bad and not skip_bad:
        reasons = "; ".join(entry["reason"] for entry in bad[:_NAMED])
        more = f"; and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        raise InputError(
            f"{dataset}: {len(bad)} photographs cannot be used: {reasons}{more}; "
            "mend or remove them, or leave them out with --skip-bad"
        )
    if len(looks) < len(SIDES):
        left = f" that can be used ({len(bad)} skipped)" if bad else ""
        raise InputError(
            f"{dataset}: {len(looks)} photographs{left} cannot fill {len(SIDES)} sides; add some"
        )
    return looks, bad


def _look(photo: Photo) -> Look:
    image = photo.decode()
    height, width = image.shape[:2]
    annotation = photo.read_annotation(width, height)
    return Look(photo.name, photo.filename, width, height, annotation, fingerprint(image))


def _check_classes(dataset: Path, faces: np.ndarray) -> None:
    counts = faces.sum(axis=0)
    there = [name for name, count in zip(CLASSES, counts, strict=True) if count]
    if len(there) < 2:
        raise InputError(
            f"{dataset}: all faces are of one class ({', '.join(there) or 'none'}), so that there "
            "is nothing to tell apart; add photographs of faces of another class"
        )
    for name in set(CLASSES) - set(there):
        log.warning("no face of class %s on any photograph; nothing will be known of it", name)


def _on_side(dataset: Path, side_of: dict[str, str], side: str) -> Iterator[Photo]:
    return (photo for photo in read_shard(dataset) if side_of.get(photo.name) == side)


def _photo_record(look: Look, side: str, group: int) -> dict[str, Any]:
    return {
        "file": look.filename,
        "side": side,
        "group": group,
        "width": look.width,
        "height": look.height,
        "classes": _by_class(look.faces),
    }


def _summary(
    looks: list[Look], groups: list[int], sides: np.ndarray, faces: np.ndarray
) -> dict[str, Any]:
    sizes = Counter(groups)
    sides_of: dict[int, set[int]] = {}
    for group, side in zip(groups, sides.tolist(), strict=True):
        sides_of.setdefault(group, set()).add(side)
    across = sum(sizes[group] for group, some in sides_of.items() if len(some) > 1)
    if across:
        log.warning(
            "%d photographs have near-duplicates on another side, so results are too good: those "
            "on the test side were seen in training",
            across,
        )
    group_numbers = np.array(groups)
    summary = {}
    for number, side in enumerate(SIDES):
        here = sides == number
        counts = faces[here].sum(axis=0)
        missing = [name for name, count in zip(CLASSES, counts, strict=True) if not count]
        if missing:
            log.warning(
                "%s: too few groups of photographs hold %s for one on every side; "
                "results for it will be missing",
                side,
                ", ".join(missing),
            )
        summary[side] = {
            "photos": int(here.sum()),
            "groups": len(np.unique(group_numbers[here])),
            "faces": dict(zip(CLASSES, counts.tolist(), strict=True)),
            "classes_missing": missing,
        }
        log.info("%s: %s", side, summary[side])
    return {
        "sides": summary,
        "groups": len(sizes),
        "near_duplicates": sum(size for size in sizes.values() if size > 1),
        "near_duplicates_across_sides": across,
        "dropped_boxes": sum(look.annotation.dropped for look in looks),
        "clipped_boxes": sum(look.annotation.clipped for look in looks),
        "sizes_differ": sum(look.annotation.size_differs for look in looks),
    }


def _remembered(photographs: int, known: np.ndarray, sides: np.ndarray) -> dict[str, int]:
    """Return how many photographs the weights have learnt from, in all, here, and off training."""
    elsewhere = int((known & (sides != SIDES.index("train"))).sum())
    log.info("the weights to start from have learnt from %d of %d", known.sum(), len(known))
    if elsewhere:
        log.warning(
            "%d photographs that the weights to start from have learnt from are not on the "
            "training side, so results measure in part what the detector remembers",
            elsewhere,
        )
    return {"in_all": photographs, "photos": int(known.sum()), "off_train": elsewhere}


def _by_class(faces: np.ndarray) -> dict[str, int]:
    return {name: int(count) for name, count in zip(CLASSES, faces, strict=True) if count}
