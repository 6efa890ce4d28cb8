"""What share of people wear a mask properly, corrected for the detector's own mistakes.

A detector that misses, invents and confuses faces gives a biased share: counting its boxes
("classify and count") is wrong by an amount that depends on the very share one wants to know. The
mistakes it made on the test photographs undo this (`utils.analysis.prevalence.adjusted_counts`).

Two questions have two intervals. *Of this place*: the new photographs are a sample of what could
have been photographed. *Of these very photographs*: who is on them is settled, and only the
detector's mistakes are uncertain. Both come of the same draws (`utils.analysis.prevalence.draws`).

A correction by mistakes that are nearly all there is only multiplies chance: such a detector gets
no answer (`utils.analysis.prevalence.quality`). ``benchmarks/prevalence.py`` measures bias and
coverage where the truth is known.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from utils.analysis.prevalence.adjusted_counts import (
    BEST,
    adjusted_counts,
    shares_of,
    without_classes,
)
from utils.analysis.prevalence.by_class import NOTHING, consistent, corrected_shares, raw_shares
from utils.analysis.prevalence.draws import Draws, add_groups, draw_new, draw_tables
from utils.analysis.prevalence.intervals import Photos, count_interval
from utils.analysis.prevalence.quality import LEAST, detector_quality
from utils.analysis.prevalence.variance import design, variance_parts
from utils.dataset.labels import CLASSES
from utils.metrics.bootstrap import LEVEL
from utils.metrics.confusion import SIDE
from utils.seed import derive_seed

REPETITIONS = 4000
METHOD = (
    "Adjusted counts ({}; Rogan and Gladen 1978, Forman 2008) of {} with missed, invented faces; "
    "expanded percentile bootstrap over photographs of the test set and the new ones (Hesterberg "
    "2015) with a prior for what was not seen (Perks 1947; Brown, Cai and DasGupta 2001)"
)


def estimate_prevalence(
    test: np.ndarray,
    new: np.ndarray,
    seed: int,
    repetitions: int = REPETITIONS,
    *,
    expected: tuple[np.ndarray, np.ndarray] | None = None,
    groups: np.ndarray | None = None,
    test_groups: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    absent: Sequence[str] = (),
) -> dict[str, Any]:
    """Estimate how many people there are, and the share that wears a mask properly.

    Parameters
    ----------
    test
        Shape (photos, 4, 4): the confusion counts of each test photograph at the operating
        threshold, rows true, columns predicted (`utils.metrics.confusion.confusion_counts`).
    new
        Shape (photos, 3): the detections of each class on each new photograph at that threshold.
    seed
        The run's seed; equal inputs and seed give equal intervals.
    expected
        The same two in class probabilities (`expected_confusion`, `expected_counts`), which give
        a narrower answer (PACC); without them detections count as their likeliest class (ACC).
    groups, test_groups
        Shape (photos,) of new and of test photographs: equal labels for photographs that are one
        observation, such as a burst. By default each photograph is one.
    weights
        Shape (photos,): how much each new photograph counts in the shares, as the rate at which its
        camera was sampled demands. Numbers of people are never weighted.
    absent
        Names of the classes that the annotated data do not have. The detector cannot know them, so
        nobody is of them; their corrected numbers are None.

    Returns
    -------
    The record ``prevalence.json``, less its sentences:

    - ``reliable`` and ``quality``: see `detector_quality`;
    - ``photos``: ``new``, ``test``, ``groups`` (of new ones) and the ``effective`` number of both;
    - ``people``: ``found``, ``corrected`` and its ``interval`` for these very photographs, whose
      upper end is None where none can be told (`count_interval`);
    - ``properly_masked``, the answer, None if not ``reliable``: ``share``, ``interval`` (of the
      place) and ``interval_here`` (of these very photographs);
    - ``absent``, as given;
    - ``raw`` (CC) and ``corrected``: counts, shares and both intervals by class; ``weighted``:
      whether shares count photographs by weights;
    - ``variance``: which part of the variance of the answer for the place comes from the ``new``
      photographs, the ``test`` photographs and the ``detector``; they add up to 1;
    - ``design``: the ``effect`` of asking photographs and a detector instead of people one by one,
      and the ``effective`` number of people that would tell as much;
    - ``confusion``, ``bootstrap``, ``estimator`` (``ACC`` or ``PACC``), ``counting``
      (``probabilities`` or ``labels``) and ``constrained`` (a class was corrected to less than
      nobody; it is 0 instead).

    Shares are in 0..1, intervals [low, high]. They are None where there is nobody to take a share
    of, and where one photograph (or group) alone would have to tell how photographs differ.
    """
    test = np.asarray(test, np.int64).reshape(-1, SIDE, SIDE)
    new = np.asarray(new, np.int64).reshape(-1, len(CLASSES))
    there = [name for name in CLASSES if name not in absent]
    gone = [CLASSES.index(name) for name in absent]
    tested, seen = (np.asarray(rows, np.float64) for rows in expected or (test, new))
    tested, seen = without_classes(tested, seen, gone)
    often = np.ones(len(new)) if weights is None else np.asarray(weights) / np.mean(weights)
    boxes = add_groups(new * often[:, None], groups)
    photos = Photos.of(add_groups(test, test_groups), boxes)

    # what chance could have made of it, and what explains what was found
    rng = np.random.default_rng(derive_seed(seed, "prevalence"))
    tested = add_groups(tested, test_groups)
    tables = draw_tables(tested, repetitions, rng)
    drawn = plain = draw_new(tested, seen, tables, rng, groups)
    if weights is not None:
        drawn = draw_new(tested, seen, tables, rng, groups, often)
    people = adjusted_counts(plain.table, plain.found)
    shares = shares_of(adjusted_counts(drawn.table, drawn.found))
    asked = CLASSES[BEST] in there and len(there) > 1
    best = there.index(CLASSES[BEST]) if asked else 0
    shares = consistent(shares, best) if asked else shares

    # what of that can be told
    solved = bool(np.isfinite(shares).all())
    total = float(people.sum()) if solved else 0.0
    quality = detector_quality(test.sum(axis=0))
    reliable = all(value is not None and value >= LEAST for value in quality.values())
    reliable = reliable and asked and (solved or not new.any())
    raw = dict(zip(CLASSES, raw_shares(boxes, photos), strict=True))
    counted = np.delete(boxes.sum(axis=0) / max(boxes.sum(), 1), gone)
    told = dict(zip(there, corrected_shares(shares, counted, drawn, photos), strict=True))
    corrected = {name: told.get(name, dict(NOTHING)) for name in CLASSES}
    for k, name in enumerate(CLASSES):
        raw[name]["count"] = int(new[:, k].sum())
        share = corrected[name]["share"]
        corrected[name]["count"] = None if name in absent else total * (share or 0.0)
    answer = corrected[CLASSES[BEST]] if reliable else NOTHING
    parts = variance_parts(drawn, best) if answer["interval"] else {}
    variance = sum(parts.values())
    return {
        "reliable": reliable,
        "quality": quality,
        "absent": list(absent),
        "photos": {
            "new": len(new),
            "test": len(test),
            "groups": len(boxes),
            "effective": {"new": float(photos.new), "test": float(photos.test)},
        },
        "people": {
            "found": int(new.sum()),
            "corrected": total,
            "interval": _people(total, plain, photos) if new.any() else None,
        },
        "properly_masked": {
            "found": raw[CLASSES[BEST]]["count"],
            "raw_share": raw[CLASSES[BEST]]["share"],
            **{name: answer[name] for name in NOTHING},
            "level": LEVEL,
        },
        "raw": raw,
        "corrected": corrected,
        "weighted": weights is not None,
        "variance": {name: part / max(variance, 1e-12) for name, part in parts.items()} or None,
        "design": design(answer["share"], variance, total),
        "confusion": test.sum(axis=0).tolist(),
        "constrained": bool((people < -0.5).any()),
        "estimator": "PACC" if expected else "ACC",
        "counting": "probabilities" if expected else "labels",
        "bootstrap": {"repetitions": repetitions, "seed": seed},
        "method": METHOD.format(
            *(("PACC", "class probabilities") if expected else ("ACC", "likeliest classes"))
        ),
    }


def _people(total: float, drawn: Draws, photos: Photos) -> list[float | None] | None:
    """Return the interval of the number of people."""
    if photos.test <= 1 or total <= 0:
        return None
    low, high = count_interval(np.float64(total), *drawn.numbers(), photos)
    return [float(low), float(high) if np.isfinite(high) else None]
