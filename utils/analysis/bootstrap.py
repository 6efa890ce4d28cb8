"""Intervals by resampling whole photographs, since people on one photograph are alike."""

from statistics import NormalDist

import numpy as np

LEVEL = 0.95


def resample(rows: np.ndarray, repetitions: int, rng: np.random.Generator) -> np.ndarray:
    """Draw photographs with replacement, as many as there are, and add each draw up.

    Photographs with equal counts are drawn together, so that time and memory depend on how many
    different ones there are, not on how many there are.

    Parameters
    ----------
    rows
        Shape (photos, K): counts of each photograph.

    Returns
    -------
    int64, shape (repetitions, K): the sums of each draw; zeros where there are no photographs.
    """
    if not len(rows):
        return np.zeros((repetitions, rows.shape[1]), np.int64)
    kinds, times = np.unique(rows, axis=0, return_counts=True)
    draws = [rng.multinomial(len(rows), times / len(rows)) @ kinds for _ in range(repetitions)]
    return np.array(draws)


def interval(values: np.ndarray, photos: int, level: float = LEVEL) -> list[float] | None:
    """Return the percentile interval [low, high] of bootstrapped values (Efron 1979).

    For few photographs percentiles are too narrow; they are taken further out, as Student's t and
    the bootstrap's too small variance call for (Hesterberg 2015, "expanded percentile").

    Parameters
    ----------
    values
        Shape (repetitions,); those that are not finite (a share of nobody) do not count.
    photos
        How many photographs were resampled. For fewer than two there is no interval: None.
    """
    values = values[np.isfinite(values)]
    if photos < 2 or not values.size:
        return None
    from scipy.stats import t

    quantile = t.ppf((1 + level) / 2, photos - 1) * np.sqrt(photos / (photos - 1))
    tail = NormalDist().cdf(-float(quantile))
    return np.quantile(values, [tail, 1 - tail]).tolist()


def ratio(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Divide, with NaN where there is nothing to divide by."""
    above, below = np.broadcast_arrays(np.asarray(above, np.float64), below)
    return np.divide(above, below, out=np.full(above.shape, np.nan), where=below > 0)
