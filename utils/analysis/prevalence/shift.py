"""A two-sample test of whether the new photographs are like the test photographs, in many ways.

The correction assumes that a face of a class is as easy to see on the new photographs as on the
test photographs, and that what is invented comes with people. What can be seen of that: how many
boxes a photograph has, how large and how sure they are, how bright and sharp it is. The mix of
classes may differ, so the test photographs are weighted by the people that the correction finds:
that is what the new photographs should look like if only the mix differs.

The test is the classifier two-sample test (Lopez-Paz and Oquab 2017) with Fisher's linear
discriminant, whose statistic is Hotelling's T squared (1931): the difference of all means at once,
in units of its own chance, which comes from a bootstrap over photographs of both sets. One test of
many features alarms as rarely as it says; a test of each would not.

Sources: Lopez-Paz & Oquab, ICLR (2017); Hotelling, Ann. Math. Stat. 2 (1931) 360.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import fdtrc

from utils.analysis.prevalence.adjusted_counts import adjusted_counts
from utils.analysis.prevalence.draws import add_groups
from utils.metrics.bootstrap import effective_photos, resample
from utils.seed import derive_seed

LEVEL = 0.99
MARKED = 0.3
"""Standard deviations by which some feature must differ to be worth an alarm; with many photographs
a difference can be certain and mean nothing."""

REPETITIONS = 1000
_CONSTANT = 1e-6  # what spreads less is the same on all test photographs, apart from rounding


def shift_test(
    test: np.ndarray,
    test_boxes: np.ndarray,
    test_photos: np.ndarray,
    new: np.ndarray,
    new_boxes: np.ndarray,
    new_photos: np.ndarray,
    seed: int,
    repetitions: int = REPETITIONS,
    *,
    names: Sequence[str],
    groups: np.ndarray | None = None,
) -> dict[str, Any]:
    """Compare the new photographs with what the test photographs let expect, in all features.

    Parameters
    ----------
    test, new
        Shapes (photos, K + 1, K + 1) and (photos, K): as in `utils.analysis.prevalence.estimate`.
    test_boxes, new_boxes
        Shapes (photos, K + 1, F) and (photos, F): features of the boxes that count, such as their
        size, added up over each photograph; for the test photographs by the boxes' true class, row
        0 for those without a face.
    test_photos, new_photos
        Shape (photos, G): features of whole photographs, such as the number of boxes.
    seed
        The run's seed.
    names
        Of the F features of boxes, and then of the G of photographs.
    groups
        Shape (photos,): equal labels for new photographs that are one observation.

    Returns
    -------
    ``p`` (the chance of so large a difference where only the mix of classes differs), ``shifted``
    (whether that is below 1 % and some feature differs by `MARKED` or more), ``level`` and
    ``features`` ({name: {difference, deviations}}: new less expected mean, in the feature's unit
    and in standard deviations of the test photographs' means, the largest deviation first). p is
    None, and nothing shifted, where there are too few photographs for so many features.
    """
    known = _test_rows(test, test_boxes, test_photos)
    seen = add_groups(_new_rows(new, new_boxes, new_photos), groups)
    shape = np.shape(new)[1], np.shape(new_boxes)[1], np.shape(new_photos)[1]
    told = _differences(known.sum(axis=0), seen.sum(axis=0), shape)
    spread = _deviations(test, test_boxes, test_photos)
    rng = np.random.default_rng(derive_seed(seed, "shift"))
    drawn = _differences(resample(known, repetitions, rng), resample(seen, repetitions, rng), shape)
    drawn = drawn[np.isfinite(drawn).all(axis=1)]
    sizes = np.asarray(test)[:, :, 1:].sum(axis=(1, 2)), seen[:, : shape[0]].sum(axis=1)
    photos = min(float(effective_photos(one)) for one in sizes)
    chance = None
    varied = spread > _CONSTANT
    if np.isfinite(told).all() and len(drawn) > repetitions / 2 and varied.any():
        chance = _hotelling(told[varied], drawn[:, varied], photos)
    deviations = np.divide(told, spread, out=np.zeros_like(told), where=varied)
    order = np.argsort(-abs(np.nan_to_num(deviations)))
    marked = chance is not None and bool((abs(deviations) >= MARKED).any())
    return {
        "p": chance,
        "shifted": marked and chance < 1 - LEVEL,
        "level": LEVEL,
        "features": {
            names[k]: {"difference": float(told[k]), "deviations": float(deviations[k])}
            for k in order
            if np.isfinite(told[k])
        },
    }


def _test_rows(test: np.ndarray, boxes: np.ndarray, photos: np.ndarray) -> np.ndarray:
    """Return what is added up of each test photograph: a row each.

    Features of photographs are shared out over the classes of its faces, and go to a share of their
    own where it has none.
    """
    test, photos = np.asarray(test, np.float64), np.asarray(photos, np.float64)
    faces = test[:, 1:].sum(axis=2)
    crowd = faces.sum(axis=1, keepdims=True)
    shares = np.concatenate([crowd == 0, faces / np.maximum(crowd, 1)], axis=1)
    of_photos = shares[..., None] * np.concatenate([np.ones((len(test), 1)), photos], 1)[:, None]
    return np.concatenate([_flat(test), _flat(boxes), _flat(of_photos)], axis=1)


def _new_rows(new: np.ndarray, boxes: np.ndarray, photos: np.ndarray) -> np.ndarray:
    count = np.ones((len(new), 1))
    return np.concatenate([_flat(new), _flat(boxes), count, _flat(photos)], axis=1)


def _differences(known: np.ndarray, seen: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """Return new less expected means of all features: sums to (..., F + G)."""
    classes, boxes, photos = shape
    side = classes + 1
    cuts = np.cumsum([side * side, side * boxes])
    table, of_boxes, of_photos = np.split(known, cuts, axis=-1)
    table = table.reshape(*table.shape[:-1], side, side)
    of_boxes = of_boxes.reshape(*of_boxes.shape[:-1], side, boxes)
    of_photos = of_photos.reshape(*of_photos.shape[:-1], side, photos + 1)
    found, new_boxes, number, new_photos = np.split(seen, np.cumsum([classes, boxes, 1]), axis=-1)
    people = np.maximum(adjusted_counts(table, found), 0)
    faces = table[..., 1:, :].sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        # how many people each test face stands for; what is no face comes with all people alike
        every = people.sum(axis=-1, keepdims=True) / faces.sum(axis=-1, keepdims=True)
        times = np.concatenate([every, np.where(faces > 0, people / faces, 0)], axis=-1)
        times = times[..., None, :]
        expected = (times @ of_boxes)[..., 0, :]
        expected = expected / (times @ table[..., 1:].sum(axis=-1)[..., None])[..., 0]
        looks = (times @ of_photos)[..., 0, :]
        difference = new_boxes / found.sum(axis=-1, keepdims=True) - expected
        return np.concatenate(
            [difference, new_photos / number - looks[..., 1:] / looks[..., :1]], axis=-1
        )


def _deviations(test: np.ndarray, boxes: np.ndarray, photos: np.ndarray) -> np.ndarray:
    """Return how much the mean of each feature differs from test photograph to test photograph."""
    found = np.asarray(test)[:, :, 1:].sum(axis=(1, 2))
    some = found > 0
    means = np.asarray(boxes, np.float64).sum(axis=1)[some] / np.maximum(found[some], 1)[:, None]
    if not some.any():
        means = np.zeros((1, np.shape(boxes)[-1]))
    return np.concatenate([means.std(axis=0), np.asarray(photos, np.float64).std(axis=0)])


def _hotelling(told: np.ndarray, drawn: np.ndarray, photos: float) -> float | None:
    """Return the chance of a difference so far from 0 as its draws spread."""
    number, freedom = len(told), photos - 1
    if freedom <= number:
        return None
    covariance = np.cov(drawn.T).reshape(number, number)
    scale = np.sqrt(np.maximum(np.diag(covariance), 1e-24))
    correlation = covariance / np.outer(scale, scale) + 1e-6 * np.eye(number)
    away = told / scale
    square = float(away @ np.linalg.solve(correlation, away))
    left = freedom - number + 1
    return float(fdtrc(number, left, square * left / (freedom * number)))


def _flat(rows: np.ndarray) -> np.ndarray:
    rows = np.asarray(rows, np.float64)
    return rows.reshape(len(rows), int(np.prod(rows.shape[1:])))
