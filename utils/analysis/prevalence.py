"""What share of people wear a mask properly, corrected for the detector's own mistakes.

A detector that misses, invents and confuses faces gives a biased share: counting its boxes
("classify and count") is wrong by an amount that depends on the very share one wants to know. The
mistakes it made on the test photographs tell how to undo this. With N[t] people of true class t on
the new photographs, the boxes one should expect of class p are

    n[p] = sum over t of N[t] * Q[t, p]  +  f[p] * n,

where Q[t, p] is the share of test faces of class t that were found and called p (its rows add up
to the recall, so missed faces are counted, too) and f[p] the share of test boxes that were
invented, as class p. Solving for N are the adjusted counts of Forman (2008), after Rogan and Gladen
(1978) for two classes. Where a solution has a negative count, chance has pushed the boxes outside
what the mistakes allow; the maximum-likelihood N that is not negative is taken instead, by
expectation maximisation (Shepp and Vardi 1982; for class shares Saerens et al. 2002).

Intervals are percentile bootstrap intervals (Efron 1979), resampling whole photographs of both the
test set and the new ones, since people on one photograph are alike and the detector's mistakes
known only as well as the test set is large; for few photographs they are widened as in Hesterberg
(2015, "expanded percentile"). Where no box of a class was found, or none of another, resampling has
no spread; the exact bound of Clopper and Pearson (1934) is taken, each photograph with people
counting as one observation.

A correction by mistakes that are nearly all there is only multiplies chance: below `LEAST` there is
no answer.

Sources: Rogan & Gladen, Am. J. Epidemiol. 107 (1978) 71; Forman, Data Min. Knowl. Disc. 17 (2008)
164; Saerens, Latinne & Decaestecker, Neural Comput. 14 (2002) 21; Shepp & Vardi, IEEE Trans. Med.
Imaging 1 (1982) 113; Hesterberg, Am. Stat. 69 (2015) 371.
"""

from typing import Any

import numpy as np

from utils.analysis.bootstrap import LEVEL, interval, ratio, resample
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.seed import derive_seed

REPETITIONS = 4000
METHOD = (
    "adjusted counts (Rogan and Gladen 1978, Forman 2008) with missed and invented faces, "
    "constrained by expectation maximisation (Saerens et al. 2002); expanded percentile bootstrap "
    "over photographs of the test set and the new ones (Hesterberg 2015)"
)
LEAST = 0.25
"""Recall, precision and separation that a detector must have for an answer.

Separation is by how much likelier a properly masked face that was found is called so than another
one (Youden's J). A correction divides by these numbers: below, by four and more.
"""

_ROUNDS = 500  # of expectation maximisation; the counts then change by less than sampling does
_BEST = PROPERLY_MASKED - 1


def estimate_prevalence(
    test: np.ndarray, new: np.ndarray, seed: int, repetitions: int = REPETITIONS
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

    Returns
    -------
    The record ``prevalence.json``, less its sentences: ``reliable``, ``quality`` (see
    `detector_quality`), ``photos``, ``people``, ``properly_masked`` (the answer, None if not
    ``reliable``), ``raw`` and ``corrected`` (counts and shares by class), ``confusion``,
    ``bootstrap`` and ``constrained``. The interval of a share is for the place that the new
    photographs are a sample of; that of the number of people for these very photographs, so only
    the test set is resampled for it. Shares are in 0..1, intervals [low, high]; both are None
    where there is nobody to take a share of, or nothing to resample.
    """
    test = np.asarray(test, np.int64).reshape(-1, len(CLASSES) + 1, len(CLASSES) + 1)
    new = np.asarray(new, np.int64).reshape(-1, len(CLASSES))
    confusion, found = test.sum(axis=0), new.sum(axis=0)
    people, inside = adjusted_counts(confusion[None], found[None])
    rng = np.random.default_rng(derive_seed(seed, "prevalence"))
    tests = resample(test.reshape(len(test), confusion.size), repetitions, rng)
    news = resample(new, repetitions, rng)
    tables = tests.reshape(-1, *confusion.shape)
    drawn, _ = adjusted_counts(tables, news)
    here, _ = adjusted_counts(tables, np.repeat(found[None], repetitions, axis=0))
    photos = min((n for n in (len(test), len(new)) if n > 1), default=0)
    quality = detector_quality(confusion)
    reliable = all(value is not None and value >= LEAST for value in quality.values())
    crowds = int((new.sum(axis=1) > 0).sum())
    corrected = {
        name: {
            "count": float(people[0, k]),
            "share": _share(people[0], k),
            "interval": _bounded(
                interval(ratio(drawn[:, k], drawn.sum(axis=1)), photos), found, k, crowds
            ),
        }
        for k, name in enumerate(CLASSES)
    }
    raw = {
        name: {
            "count": int(found[k]),
            "share": _share(found, k),
            "interval": _bounded(
                interval(ratio(news[:, k], news.sum(axis=1)), len(new)), found, k, crowds
            ),
        }
        for k, name in enumerate(CLASSES)
    }
    return {
        "reliable": reliable,
        "quality": quality,
        "photos": {"new": len(new), "test": len(test)},
        "people": {
            "found": int(found.sum()),
            "corrected": float(people[0].sum()),
            "interval": interval(here.sum(axis=1), len(test)) if found.any() else None,
        },
        "properly_masked": {
            "found": int(found[_BEST]),
            "raw_share": raw[CLASSES[_BEST]]["share"],
            "share": corrected[CLASSES[_BEST]]["share"] if reliable else None,
            "interval": corrected[CLASSES[_BEST]]["interval"] if reliable else None,
            "level": LEVEL,
        },
        "raw": raw,
        "corrected": corrected,
        "confusion": confusion.tolist(),
        "constrained": not bool(inside[0]),
        "bootstrap": {"repetitions": repetitions, "seed": seed},
        "method": METHOD,
    }


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


def adjusted_counts(confusion: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how many people of each class explain the boxes that were found.

    So that a class with few or no test faces has a defined row, each class is given one further,
    imaginary test face that fared as the average one did: where a class has none, the detector
    is taken to treat it as it treats the others.

    Parameters
    ----------
    confusion
        Shape (R, 4, 4): test confusion matrices, one for each repetition.
    found
        Shape (R, 3): boxes of each class on the new photographs.

    Returns
    -------
    counts
        float64, shape (R, 3), not negative.
    inside
        bool, shape (R,): whether no count had to be mended by half a person or more.
    """
    table = np.asarray(confusion, np.float64)
    found = np.asarray(found, np.float64)
    boxes = table[:, :, 1:].sum(axis=(1, 2))
    invented = table[:, 0, 1:] / np.maximum(boxes, 1)[:, None] * found.sum(axis=1)[:, None]
    rates = _rates(table[:, 1:, :])
    counts = np.full(found.shape, -1.0)
    solvable = np.abs(np.linalg.det(rates)) > 1e-9
    transposed = rates[solvable].transpose(0, 2, 1)
    counts[solvable] = np.linalg.solve(transposed, (found - invented)[solvable, :, None])[..., 0]
    counts[np.abs(counts) < 1e-9] = 0
    inside = (counts > -0.5).all(axis=1)
    negative = (counts < 0).any(axis=1)
    counts[negative] = _most_likely(rates[negative], found[negative], invented[negative])
    return counts, inside


def _rates(table: np.ndarray) -> np.ndarray:
    """Shares of each true class that were found as each class: (R, 3, 4) to (R, 3, 3)."""
    faces = table.sum(axis=2)
    total, found = faces.sum(axis=1), table[:, :, 1:].sum(axis=(1, 2))
    right = np.trace(table[:, :, 1:], axis1=1, axis2=2)
    recall = np.where(total > 0, np.maximum(found, 0.5) / np.maximum(total, 1), 1.0)
    accuracy = np.where(found > 0, right / np.maximum(found, 1), 1.0)
    others = len(CLASSES) - 1
    average = np.where(
        np.eye(len(CLASSES), dtype=bool),
        (recall * accuracy)[:, None, None],
        (recall * (1 - accuracy) / others)[:, None, None],
    )
    return (table[:, :, 1:] + average) / (faces + 1)[:, :, None]


def _most_likely(rates: np.ndarray, found: np.ndarray, invented: np.ndarray) -> np.ndarray:
    """Maximise the Poisson likelihood of the boxes over counts that are not negative."""
    recall = np.maximum(rates.sum(axis=2), 1e-12)
    counts = np.repeat(found.sum(axis=1, keepdims=True), found.shape[1], axis=1) + 1e-9
    for _ in range(_ROUNDS):
        expected = (counts[:, None, :] @ rates)[:, 0] + invented
        ratio = found / np.maximum(expected, 1e-12)
        counts = counts * (rates @ ratio[:, :, None])[..., 0] / recall
    return counts


def _share(counts: np.ndarray, k: int) -> float | None:
    total = counts.sum()
    return float(counts[k] / total) if total > 0 else None


def _bounded(
    span: list[float] | None, found: np.ndarray, k: int, photos: int
) -> list[float] | None:
    """Widen an interval without spread to the exact bound of Clopper and Pearson."""
    if span is None or not photos:
        return span
    bound = ((1 - LEVEL) / 2) ** (1 / photos)
    low = min(span[0], bound) if found[k] == found.sum() else span[0]
    high = max(span[1], 1 - bound) if not found[k] else span[1]
    return [low, high]
