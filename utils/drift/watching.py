"""What there is to say of new photographs against those of a model's test, as a record."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from utils.analysis.evaluation.groups import groups_of, photograph_of_row
from utils.analysis.evaluation.joined import correcting_photos
from utils.analysis.prediction.merged import Predictions
from utils.analysis.report.shift import shift_of
from utils.dataset.labels import CLASSES
from utils.drift.features import Album, seen, tested
from utils.drift.few import FEW, compare_means
from utils.drift.least_alike import least_alike
from utils.drift.scene import HOW_SEEN, is_beyond
from utils.drift.since import Change, find_change
from utils.drift.two_samples import LEVEL, Compared, compare

SCHEMA = 1
"""Schema of the record that ``watch-drift --json`` prints."""

LEAST_TESTED = 20
"""Groups of test photographs from which it can be told how far out few new ones are."""

TRUST = ("yes", "with care", "no", "unknown")
"""Whether the answer may be trusted: see `watch`."""


def album_of_test(evaluation: Mapping[str, Any], split: Mapping[str, Any]) -> Album:
    """Return the photographs by which a rate is corrected, as `utils.drift.features` has them.

    Parameters
    ----------
    evaluation, split
        As `utils.analysis.evaluation.carried.unpacked` returns them.
    """
    photos = correcting_photos(dict(evaluation))
    return tested(photos, groups_of([photograph_of_row(photo) for photo in photos], split))


def watch(
    evaluation: dict[str, Any],
    split: Mapping[str, Any],
    predictions: Predictions,
    seed: int,
    times: Sequence[datetime | None] | None = None,
) -> dict[str, Any]:
    """Compare new photographs with those of the test, and look since when they are others.

    Parameters
    ----------
    evaluation, split
        As `utils.analysis.evaluation.carried.unpacked` returns them.
    predictions
        On the new photographs, at the threshold of the test.
    times
        When each was taken, as far as known; by default as EXIF tells.

    Returns
    -------
    ``photos`` ({new, groups, test, test_groups}); ``level``, ``p`` and ``differ``: whether they are
    others in anything (`compare`); ``features``: each as `Feature` has it, the surest first;
    ``trust``: ``no`` where the answer should not be trusted any more, ``with care`` where they are
    others in what the correction assumes alike (both as the report judges it, `shift_of`),
    ``unknown`` where there are too few to tell, else ``yes``: another mix of classes is corrected;
    ``shift``: the record by which that is told; ``timed``: how many have a time; ``since``: the
    surest change in the order of time, None without one ({time, photograph, p, features, before,
    after}; the last two are compared with the test); ``least_alike``: [{photograph, features}].
    """
    photos = correcting_photos(evaluation)
    summaries = predictions.summaries
    known = album_of_test(evaluation, split)
    looks = [one["looks"] for one in summaries]
    groups = [one["group"] for one in summaries]
    new = seen(predictions.detections, predictions.threshold, looks, groups)
    compared = _compared(known, new, seed)
    shift = shift_of(
        photos,
        predictions,
        np.array([photo["confusion"] for photo in photos]),
        np.array([[one["counts"][name] for name in CLASSES] for one in summaries]),
        seed,
    )
    if times is None:
        times = [one["taken"] and datetime.fromisoformat(one["taken"]) for one in summaries]
    change = find_change(new, times, seed)
    files = [one["file"] for one in summaries]
    return {
        "photos": {
            "new": len(new),
            "groups": compared.groups[1],
            "test": len(known),
            "test_groups": compared.groups[0],
        },
        "level": LEVEL,
        **_of(compared),
        "trust": _trust(shift, compared),
        "shift": shift,
        "timed": sum(time is not None for time in times),
        "since": None if change is None else _since(change, known, new, files, seed),
        "least_alike": [
            {
                "photograph": files[one.photograph],
                "features": [
                    {"name": name, "high": high, "share": share}
                    for name, high, share in one.features
                ],
            }
            for one in least_alike(known, new)
        ],
    }


def _compared(known: Album, new: Album, seed: int) -> Compared:
    """Compare distributions, or means where there are few new groups."""
    few = len(np.unique(new.groups)) < FEW
    return compare_means(known, new, seed) if few else compare(known, new, seed)


def _of(compared: Compared) -> dict[str, Any]:
    return {
        "p": compared.p,
        "differ": compared.differ,
        "features": [vars(one) for one in compared.features],
    }


def _trust(shift: Mapping[str, Any], compared: Compared) -> str:
    if shift["p"] is None:  # of so few that only what is far out can be told
        tested, _ = compared.groups
        unlike = any(one.name in HOW_SEEN for one in compared.differing())
        if tested < LEAST_TESTED or not unlike:
            return "unknown"
        return "no" if is_beyond(compared) else "with care"
    if shift["broken"]:
        return "no"
    return "with care" if shift["shifted"] else "yes"


def _since(
    change: Change, known: Album, new: Album, files: Sequence[str], seed: int
) -> dict[str, Any]:
    parts = (change.before, change.after)
    before, after = (_compared(known, new.of(part), seed) for part in parts)
    return {
        "time": change.time.isoformat(),
        "photograph": files[change.photograph],
        "p": change.p,
        "features": list(change.features),
        "before": {"photos": len(change.before), "p": before.p, "differ": before.differ},
        "after": {"photos": len(change.after), "p": after.p, "differ": after.differ},
    }
