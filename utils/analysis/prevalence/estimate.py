"""What share of people wear a mask properly, corrected for the detector's own mistakes.

A detector that misses, invents and confuses faces gives a biased share: counting its boxes
("classify and count") is wrong by an amount that depends on the very share one wants to know. The
mistakes it made on the test photographs undo this (`utils.analysis.prevalence.adjusted_counts`).

Intervals come from a bootstrap over whole photographs of both the test set and the new ones, since
people on one photograph are alike and the detector's mistakes known only as well as the test set is
large (`utils.analysis.prevalence.share_interval`).

A correction by mistakes that are nearly all there is only multiplies chance: below `LEAST` there is
no answer. ``benchmarks/prevalence.py`` measures bias and coverage where the truth is known.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from utils.analysis.prevalence.adjusted_counts import adjusted_counts, shares_of
from utils.analysis.prevalence.share_interval import Photos, share_interval
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.metrics.bootstrap import LEVEL, imaginary, interval, resample
from utils.seed import derive_seed

REPETITIONS = 4000
METHOD = (
    "Adjusted counts (Rogan and Gladen 1978, Forman 2008) of {} with missed and invented faces; "
    "expanded percentile bootstrap over photographs of the test set and the new ones (Hesterberg "
    "2015) with Jeffreys' prior for what was not seen (Brown, Cai and DasGupta 2001)"
)
LEAST = 0.25
"""Recall, precision and separation that a detector must have for an answer.

Separation is by how much likelier a properly masked face that was found is called so than another
one (Youden's J). A correction divides by these numbers: below, by four and more.
"""

_BEST = PROPERLY_MASKED - 1


def estimate_prevalence(
    test: np.ndarray,
    new: np.ndarray,
    seed: int,
    repetitions: int = REPETITIONS,
    *,
    expected: tuple[np.ndarray, np.ndarray] | None = None,
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
        a narrower answer; without them detections count as their likeliest class.

    Returns
    -------
    The record ``prevalence.json``, less its sentences: ``reliable``, ``quality`` (see
    `detector_quality`), ``photos`` (with the ``effective`` number of them), ``people``,
    ``properly_masked`` (the answer, None if not ``reliable``), ``raw`` and ``corrected`` (counts
    and shares by class), ``confusion``, ``bootstrap``, ``counting`` (``probabilities`` or
    ``labels``) and ``constrained`` (a class was corrected to less than nobody; it is 0 instead).
    The interval of a share is for the place that the new photographs are a sample of; that of the
    number of people for these very photographs, so only the test set is resampled for it. Shares
    are in 0..1, intervals [low, high]; both are None where there is nobody to take a share of, or
    nothing to resample.
    """
    side = len(CLASSES) + 1
    test = np.asarray(test, np.int64).reshape(-1, side, side)
    new = np.asarray(new, np.int64).reshape(-1, len(CLASSES))
    tested, seen = (np.asarray(rows, np.float64) for rows in expected or (test, new))
    rng = np.random.default_rng(derive_seed(seed, "prevalence"))
    rows = tested.reshape(-1, side * side)
    tables = resample(rows, repetitions, rng) + imaginary(rows, repetitions, rng)
    tables = tables.reshape(repetitions, side, side)
    rows = np.concatenate([seen, new], axis=1)
    news = resample(rows, repetitions, rng) + imaginary(rows, repetitions, rng)
    news, labelled = np.split(news, 2, axis=1)
    people = adjusted_counts(tested.sum(axis=0), seen.sum(axis=0))
    here = adjusted_counts(tables, seen.sum(axis=0))
    photos = Photos.of(test, new)
    found = new.sum(axis=0)
    quality = detector_quality(test.sum(axis=0))
    shares = consistent(shares_of(people))
    solved = bool(np.isfinite(shares).all())
    total = float(people.sum()) if solved else 0.0
    reliable = all(value is not None and value >= LEAST for value in quality.values())
    reliable = reliable and (solved or not found.any())
    drawn = shares_of(labelled), shares_of(adjusted_counts(tables, news))
    counted = found / max(found.sum(), 1)
    still = np.zeros_like(drawn[0])
    raw = _by_class(counted, counted, drawn[0], still, replace(photos, test=0.0))
    corrected = _by_class(shares, counted, drawn[1], shares_of(here), photos)
    for k, name in enumerate(CLASSES):
        raw[name]["count"] = int(found[k])
        corrected[name]["count"] = total * (corrected[name]["share"] or 0.0)
    answer = corrected[CLASSES[_BEST]] if reliable else {"share": None, "interval": None}
    return {
        "reliable": reliable,
        "quality": quality,
        "photos": {
            "new": len(new),
            "test": len(test),
            "effective": {"new": float(photos.new), "test": float(photos.test)},
        },
        "people": {
            "found": int(found.sum()),
            "corrected": total,
            "interval": interval(here.sum(axis=1), photos.test) if found.any() else None,
        },
        "properly_masked": {
            "found": int(found[_BEST]),
            "raw_share": raw[CLASSES[_BEST]]["share"],
            "share": answer["share"],
            "interval": answer["interval"],
            "level": LEVEL,
        },
        "raw": raw,
        "corrected": corrected,
        "confusion": test.sum(axis=0).tolist(),
        "constrained": bool((people < -0.5).any()),
        "counting": "probabilities" if expected else "labels",
        "bootstrap": {"repetitions": repetitions, "seed": seed},
        "method": METHOD.format("class probabilities" if expected else "likeliest classes"),
    }


def consistent(shares: np.ndarray) -> np.ndarray:
    """Let the other classes share what the answer leaves, so that all add up to 1: (3,) to (3,)."""
    others = np.arange(len(CLASSES)) != _BEST
    rest, left = shares[others].sum(), 1 - shares[_BEST]
    part = shares[others] / rest if rest > 0 else np.full(others.sum(), 1 / others.sum())
    result = shares.copy()
    result[others] = left * part
    return result


def detector_quality(confusion: np.ndarray) -> dict[str, float | None]:
    """Return what an answer needs of a detector: ``recall``, ``precision``, ``separation``.

    Recall and precision are of faces, whatever their class; for separation see `LEAST`. None where
    the test set cannot tell. Without a test face that is not properly masked, separation is 1: that
    the class is untested is said elsewhere.
    """
    table = np.asarray(confusion, np.float64)
    inner = table[1:, 1:]
    others = np.arange(len(CLASSES)) != _BEST
    found = inner.sum(axis=1)
    separation = None
    if found[_BEST] and not table[1:][others].sum():
        separation = 1.0
    elif found[_BEST] and found[others].sum():
        separation = inner[_BEST, _BEST] / found[_BEST]
        separation = float(separation - inner[others, _BEST].sum() / found[others].sum())
    return {
        "recall": float(inner.sum() / table[1:].sum()) if table[1:].any() else None,
        "precision": float(inner.sum() / table[:, 1:].sum()) if table[:, 1:].any() else None,
        "separation": separation,
    }


def _by_class(
    shares: np.ndarray, raw: np.ndarray, drawn: np.ndarray, tested: np.ndarray, photos: Photos
) -> dict[str, dict[str, Any]]:
    """Return ``share`` and ``interval`` of each class, None where there is none."""
    result: dict[str, dict[str, Any]] = {}
    known = bool(photos.crowds) and np.isfinite(shares).all()
    for k, name in enumerate(CLASSES):
        span = None
        if known and max(photos.new, photos.test) > 1:
            ends = share_interval(shares[k], raw[k], drawn[:, k], tested[:, k], photos)
            span = [float(end) for end in ends]
        result[name] = {"share": float(shares[k]) if known else None, "interval": span}
    return result
