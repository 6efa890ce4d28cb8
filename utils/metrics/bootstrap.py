"""Intervals by resampling whole photographs, since people on one photograph are alike."""

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

LEVEL = 0.95

MOST = 1000
"""How many different photographs, or groups of photographs, are resampled one by one."""


def draws_of(photos: int, repetitions: int, rng: np.random.Generator) -> np.ndarray:
    """Draw as many photographs as there are, with replacement, many times.

    Returns
    -------
    int64, shape (repetitions, photos): how often each resample holds each photograph.
    """
    return rng.multinomial(photos, np.full(photos, 1 / photos), size=repetitions)


def resample(rows: np.ndarray, repetitions: int, rng: np.random.Generator) -> np.ndarray:
    """Draw photographs with replacement, as many as there are, and add each draw up.

    Photographs with equal counts are drawn together. Where more than `MOST` kinds are left, they
    are dealt at random into that many groups, and groups are drawn (the random groups of Wolter,
    Introduction to Variance Estimation (2007), chapter 2). It is as good, and the time does not
    grow with the number of photographs.

    Parameters
    ----------
    rows
        Shape (..., photos, K): counts of each photograph. Leading dimensions are data sets of equal
        size, as a simulation has them; they share the weights of each draw.

    Returns
    -------
    Shape (..., repetitions, K), of the kind of `rows`: the sums of each draw; zeros where there are
    no photographs.
    """
    number = rows.shape[-2]
    if not number:
        return np.zeros((*rows.shape[:-2], repetitions, rows.shape[-1]), rows.dtype)
    if rows.ndim > 2:
        return np.matmul(draws_of(number, repetitions, rng).astype(rows.dtype), rows)
    kinds, times = np.unique(rows, axis=0, return_counts=True)
    if len(kinds) > MOST:
        order = rng.permutation(np.repeat(np.arange(len(kinds)), times))
        starts = np.linspace(0, number, MOST, endpoint=False).astype(int)
        kinds, times = np.add.reduceat(kinds[order], starts, axis=0), np.ones(MOST, int)
    number = times.sum()
    draws = [rng.multinomial(number, times / number) @ kinds for _ in range(repetitions)]
    return np.array(draws)


def imaginary(
    rows: np.ndarray, repetitions: int, rng: np.random.Generator, events: float = 0.5
) -> np.ndarray:
    """Draw what a prior adds to a resample: part of an event of every kind, with its chance.

    What was not seen is in no resample, and what was seen once in two of three; an interval would
    then claim that it cannot happen. Jeffreys' interval of a count c is that of Gamma(c + 1/2)
    (Brown, Cai and DasGupta, Stat. Sci. 16 (2001) 101). A resample has the mean and the variance of
    Gamma(c), so Gamma(1/2) is what lacks. Events that come several to a photograph count as one:
    the draws are scaled by the mean number of events on the photograph of an event.

    Parameters
    ----------
    rows
        Shape (..., photos, K): counts of each photograph.
    events
        The shape of the Gamma distribution: 1/2 is Jeffreys' prior of one count. Where several
        counts share what can happen, less does (Perks, J. Inst. Actuar. 73 (1947) 285).

    Returns
    -------
    Shape (..., repetitions, K), not negative; the chance is common to all leading dimensions.
    """
    total, squares = rows.sum(axis=-2), (rows * rows).sum(axis=-2)
    together = np.maximum(np.divide(squares, np.maximum(total, 1e-9)), 1)
    part = rng.gamma(events, size=(repetitions, rows.shape[-1])).astype(together.dtype)
    return part * together[..., None, :]


def effective_photos(sizes: np.ndarray) -> np.ndarray:
    """Return how many equally crowded photographs tell as much: (..., photos) to (...).

    A crowd on one photograph weighs as much as many small groups, but is one observation
    (Kish, Survey Sampling (1965)).
    """
    sizes = np.asarray(sizes, np.float64)
    squares = (sizes * sizes).sum(axis=-1)
    return np.divide(
        sizes.sum(axis=-1) ** 2, squares, out=np.zeros(squares.shape), where=squares > 0
    )


def interval(values: np.ndarray, photos: float, level: float = LEVEL) -> list[float] | None:
    """Return the interval [low, high] of bootstrapped values; see `expanded_percentiles`.

    Parameters
    ----------
    values
        Shape (repetitions,); those that are not finite (a share of nobody) do not count.
    photos
        How many photographs were resampled. For one or fewer there is no interval: None.
    """
    values = values[np.isfinite(values)]
    if photos <= 1 or not values.size:
        return None
    low, high = expanded_percentiles(values, np.float64(photos), level)
    return [float(low), float(high)]


def expanded_percentiles(
    values: np.ndarray, photos: np.ndarray | float, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Return percentile intervals (Efron 1979) of finite values, (..., repetitions) to (...).

    For few photographs percentiles are too narrow; they are taken further out, as Student's t and
    the bootstrap's too small variance call for ("expanded percentile", Hesterberg, Am. Stat. 69
    (2015) 371).

    Parameters
    ----------
    photos
        Above 1, shape (...): how many photographs were resampled.
    """
    values = np.sort(values, axis=-1)
    quantile = ndtri((1 + level) / 2) * expansion(photos, level)
    tail = np.asarray(ndtr(-quantile))
    return _sorted_quantile(values, tail), _sorted_quantile(values, 1 - tail)


def expansion(photos: np.ndarray | float, level: float = LEVEL) -> np.ndarray:
    """Return how much wider than a normal interval one of so few photographs is; see above."""
    half = (1 + level) / 2
    return stdtrit(photos - 1, half) * np.sqrt(photos / (photos - 1)) / ndtri(half)


def _sorted_quantile(values: np.ndarray, at: np.ndarray) -> np.ndarray:
    """Interpolate between sorted values, as `np.quantile` does, at one quantile for each row."""
    place = at * (values.shape[-1] - 1)
    below = np.floor(place).astype(int)
    above = np.minimum(below + 1, values.shape[-1] - 1)
    first, second = (
        np.take_along_axis(values, index[..., None], axis=-1)[..., 0] for index in (below, above)
    )
    return first + (second - first) * (place - below)
