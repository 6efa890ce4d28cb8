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
from utils.analysis.prevalence.draws import (
    Draws,
    add_groups,
    draw,
    draw_tables,
    squared_counts,
)
from utils.analysis.prevalence.intervals import (
    Photos,
    count_interval,
    share_here,
    share_interval,
)
from utils.analysis.prevalence.quality import LEAST, detector_quality
from utils.analysis.prevalence.variance import design, variance_parts
from utils.dataset.labels import CLASSES
from utils.metrics.bootstrap import LEVEL
from utils.metrics.confusion import SIDE
from utils.metrics.ratios import ratio_interval
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
    tested, seen = (np.asarray(rows, np.float64) for rows in expected or (test, new))
    gone = [CLASSES.index(name) for name in absent]
    there = [name for name in CLASSES if name not in absent]
    tested, seen = without_classes(tested, seen, gone)
    tested = add_groups(tested, test_groups)
    rng = np.random.default_rng(derive_seed(seed, "prevalence"))
    tables = draw_tables(tested, repetitions, rng)
    plain = draw(tested, add_groups(seen, groups), tables, rng, squared_counts(seen, groups))
    drawn, weighed = plain, new.astype(np.float64)
    if weights is not None:
        weights = np.asarray(weights, np.float64) / np.mean(weights)
        weighed = new * weights[:, None]
        squared = squared_counts(seen, groups, weights)
        drawn = draw(tested, add_groups(seen * weights[:, None], groups), tables, rng, squared)
    photos = Photos.of(add_groups(test, test_groups), add_groups(weighed, groups))
    people, found = adjusted_counts(plain.table, plain.found), new.sum(axis=0)
    shares = shares_of(adjusted_counts(drawn.table, drawn.found))
    asked = CLASSES[BEST] in there and len(there) > 1
    if asked:
        shares = consistent(shares, there.index(CLASSES[BEST]))
    solved = bool(np.isfinite(shares).all())
    total = float(people.sum()) if solved else 0.0
    quality = detector_quality(test.sum(axis=0))
    reliable = all(value is not None and value >= LEAST for value in quality.values())
    reliable = reliable and asked and (solved or not found.any())
    counted = np.delete(weighed.sum(axis=0) / max(weighed.sum(), 1), gone)
    told = shares_by_class(shares, counted, drawn, photos)
    nothing = ("share", "interval", "interval_here")
    corrected = {name: dict.fromkeys(nothing) for name in CLASSES}
    corrected |= dict(zip(there, told, strict=True))
    raw = _raw_by_class(add_groups(weighed, groups), photos)
    for k, name in enumerate(CLASSES):
        raw[name]["count"] = int(found[k])
        share = corrected[name]["share"]
        corrected[name]["count"] = None if name in absent else total * (share or 0.0)
    answer = corrected[CLASSES[BEST]]
    if not reliable:
        answer = dict.fromkeys(answer)
    column = there.index(CLASSES[BEST]) if asked else 0
    parts = variance_parts(drawn, column) if answer["interval"] else {}
    variance = sum(parts.values())
    return {
        "reliable": reliable,
        "quality": quality,
        "absent": list(absent),
        "photos": {
            "new": len(new),
            "test": len(test),
            "groups": len(add_groups(new, groups)),
            "effective": {"new": float(photos.new), "test": float(photos.test)},
        },
        "people": {
            "found": int(found.sum()),
            "corrected": total,
            "interval": _people(total, plain, photos) if found.any() else None,
        },
        "properly_masked": {
            "found": int(found[BEST]),
            "raw_share": raw[CLASSES[BEST]]["share"],
            "share": answer["share"],
            "interval": answer["interval"],
            "interval_here": answer["interval_here"],
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


def consistent(shares: np.ndarray, best: int = BEST) -> np.ndarray:
    """Let the other classes share what the answer leaves, so that all add up to 1: (K,) to (K,).

    Parameters
    ----------
    best
        Which of the K classes, two or more, is the answer.
    """
    others = np.arange(len(shares)) != best
    rest, left = shares[others].sum(), 1 - shares[best]
    part = shares[others] / rest if rest > 0 else np.full(others.sum(), 1 / others.sum())
    result = shares.copy()
    result[others] = left * part
    return result


def shares_by_class(
    shares: np.ndarray, counted: np.ndarray, drawn: Draws, photos: Photos
) -> list[dict[str, Any]]:
    """Return ``share``, ``interval`` and ``interval_here`` of each class, None where there is none.

    Parameters
    ----------
    shares
        Shape (K,): the estimate, in 0..1.
    counted
        Shape (K,): the same before the correction.
    """
    place, test, here = (
        shares_of(drawn.people(*chances))
        for chances in (("test", "new"), ("test",), ("test", "detector"))
    )
    result = []
    known = bool(photos.crowds) and bool(np.isfinite(shares).all())
    for k in range(len(shares)):
        of_place = of_photos = None
        if known and photos.test > 1:
            of_photos = _ends(*share_here(shares[k], here[:, k], photos))
            if photos.new > 1:
                of_place = share_interval(shares[k], counted[k], place[:, k], test[:, k], photos)
                of_place = _ends(*of_place)
        share = float(shares[k]) if known else None
        result.append({"share": share, "interval": of_place, "interval_here": of_photos})
    return result


def _people(total: float, drawn: Draws, photos: Photos) -> list[float | None] | None:
    if photos.test <= 1 or total <= 0:
        return None
    counts = drawn.people("test", "detector").sum(axis=-1)
    low, high = count_interval(np.float64(total), counts, photos)
    return [float(low), float(high) if np.isfinite(high) else None]


def _raw_by_class(counts: np.ndarray, photos: Photos) -> dict[str, dict[str, Any]]:
    """Return ``share`` and ``interval`` of each class as it was counted (CC)."""
    size, total = counts.sum(axis=1), counts.sum()
    low, high = ratio_interval(counts.T, np.broadcast_to(size, counts.T.shape))
    return {
        name: {
            "share": float(counts[:, k].sum() / total) if total else None,
            "interval": _ends(low[k], high[k]) if photos.new > 1 else None,
        }
        for k, name in enumerate(CLASSES)
    }


def _ends(low: np.ndarray, high: np.ndarray) -> list[float]:
    return [float(low), float(high)]
