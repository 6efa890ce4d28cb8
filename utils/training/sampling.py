"""Which photographs an epoch shows, and in which batches: a function of seed and epoch."""

from collections.abc import Sequence

import numpy as np

from utils.seed import derive_seed


def repeat_factors(present: np.ndarray, threshold: float) -> np.ndarray:
    """Return how much more often than others a photograph is shown because of its rare classes.

    Repeat-factor sampling (Gupta, Dollár and Girshick 2019): a class that a share ``f`` of the
    photographs have has the factor ``max(1, sqrt(threshold / f))``, and a photograph the largest
    factor among its classes.

    Parameters
    ----------
    present
        bool (photographs, classes): which classes each has.
    threshold
        Share of photographs below which a class is rare; 0 shows all alike.

    Returns
    -------
    float64 (photographs,), 1 or more.
    """
    share = present.mean(axis=0)
    factors = np.sqrt(np.divide(threshold, share, out=np.ones_like(share), where=share > 0))
    return np.maximum(1.0, (present * factors).max(axis=1))


def epoch_batches(
    weights: Sequence[float], batch_size: int, seed: int, epoch: int
) -> list[list[int]]:
    """Deal an epoch's photo numbers, shuffled, to batches of nearly equal size.

    An epoch has as many places as there are photographs; each photograph gets places in proportion
    to its weight, rounded up or down at random (systematic sampling), so that with equal weights it
    gets one. A short last batch would give its photographs more weight and its batch statistics
    less worth.

    Parameters
    ----------
    weights
        Of each photograph, > 0.
    batch_size
        Most photographs of a batch.
    """
    random = np.random.default_rng(derive_seed(seed, "order", epoch))
    count = len(weights)
    order = random.permutation(count)  # neighbours share their rounding, so let them vary
    ends = np.cumsum(np.asarray(weights, float)[order])
    places = (np.arange(count) + random.random()) * ends[-1] / count
    drawn = random.permutation(order[np.searchsorted(ends, places, side="right")])
    return [part.tolist() for part in np.array_split(drawn, -(-count // batch_size))]
