"""Intervals of ratios that were counted on photographs: precision, recall, F1, a share.

People on one photograph are alike, so a count of faces says more than there is to know. The score
interval of Wilson (1927) takes their effective number instead: as many as would have the variance
that the photographs show, if each were an observation of its own (Korn and Graubard 1998; the
variance is the linearised one of a ratio, Cochran 1977, section 6.3). Where nothing varies, that
variance says nothing; a photograph then counts as one observation (Kish 1965). The normal quantile
becomes Student's t, since the variance is itself known from few photographs.

A mean of several ratios (balanced accuracy) has the interval that its ratios' own intervals and
their correlation make (MOVER, the method of variance estimates recovery: Zou and Donner 2008). So a
class of few faces that were all judged right adds what is not known of it, where its variance, 0,
would claim that it never fails.

Sources: Wilson, J. Am. Stat. Assoc. 22 (1927) 209; Korn & Graubard, Survey Methodol. 24 (1998) 193;
Cochran, Sampling Techniques (1977); Kish, Survey Sampling (1965); Zou & Donner, Stat. Med. 27
(2008) 1693.
"""

import numpy as np
from scipy.special import stdtrit

from utils.metrics.bootstrap import LEVEL, effective_photos


def ratio_interval(
    above: np.ndarray, below: np.ndarray, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of a ratio of two sums over photographs, each end of shape (...).

    Parameters
    ----------
    above, below
        Shape (..., photos): what each photograph adds to the numerator and to the denominator, the
        first at most the second. NaN where the denominator is 0.
    """
    above, below = np.asarray(above, np.float64), np.asarray(below, np.float64)
    total, photos = below.sum(axis=-1), (below > 0).sum(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = above.sum(axis=-1) / total
        residuals = above - share[..., None] * below
        spread = (residuals**2).sum(axis=-1) / total**2 * photos / np.maximum(photos - 1, 1)
        effective = effective_photos(below)
        varies = (share > 0) & (share < 1)
        number = np.where(varies, np.minimum(share * (1 - share) / spread, total), effective)
    return wilson(share, number, effective - 1, level)


def mean_ratio_interval(
    above: np.ndarray, below: np.ndarray, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Return the interval of the mean of K ratios of sums over the same photographs.

    Parameters
    ----------
    above, below
        Shape (..., K, photos): as `ratio_interval` takes them, each ratio with a denominator.

    Returns
    -------
    Each end of shape (...).
    """
    above, below = np.asarray(above, np.float64), np.asarray(below, np.float64)
    total = below.sum(axis=-1)
    shares = above.sum(axis=-1) / total
    residuals = (above - shares[..., None] * below) / total[..., None]
    covariance = residuals @ np.swapaxes(residuals, -1, -2)
    spread = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
    product = spread[..., :, None] * spread[..., None, :]
    same = np.broadcast_to(np.eye(shares.shape[-1]), covariance.shape)
    correlation = np.divide(covariance, product, out=same.copy(), where=product > 0)
    low, high = ratio_interval(above, below, level)
    down, up = (
        np.sqrt(np.einsum("...i,...ij,...j->...", side, correlation, side).clip(0))
        / shares.shape[-1]
        for side in (shares - low, high - shares)
    )
    mean = shares.mean(axis=-1)
    return np.clip(mean - down, 0, 1), np.clip(mean + up, 0, 1)


def wilson(
    share: np.ndarray, number: np.ndarray, freedom: np.ndarray, level: float = LEVEL
) -> tuple[np.ndarray, np.ndarray]:
    """Return Wilson's interval of a share, each end of shape (...).

    Parameters
    ----------
    share, number
        Shape (...): the share, and of how many observations it is, which need not be whole.
    freedom
        Shape (...): degrees of freedom of Student's t; below 1 they count as 1.
    """
    quantile = stdtrit(np.maximum(freedom, 1), (1 + level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        extra = quantile**2 / np.maximum(number, 1e-9)
        middle = (share + extra / 2) / (1 + extra)
        square = share * (1 - share) * extra + extra**2 / 4
        half = np.sqrt(np.maximum(square, 0)) / (1 + extra)
    return np.clip(middle - half, 0, share), np.clip(middle + half, share, 1)
