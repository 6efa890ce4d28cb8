"""The share from new photographs of which some were annotated: right whatever the detector does.

On all new photographs the detector says who is there; on a random sample people did
(`utils.analysis.prevalence.sampling`). Prediction-powered inference takes the detector's word for
all, and adds what the sample shows it to be wrong by. It does not assume that the detector makes
the same mistakes here as on test photographs, and needs none. In PPI++ the detector's word counts
with a factor, the power, chosen so that the variance is least: 0 where it is worthless, which
leaves the plain survey of the sample.

With people y[i] of a class and t[i] of all on photograph i, v[i] and u[i] the same by the detector,
chance p[i] to be annotated and power l, the share R solves

    l * sum over all of (v - R u) + sum over the sample of ((y - R t) - l (v - R u)) / p = 0,

which is the difference estimator of survey sampling for a ratio of totals. Its variance over
samples is Deville's (1999) for designs with unequal chances and without replacement. For the place,
the variance of the photographs themselves comes on top. Intervals are Wilson's on the effective
number of people (`utils.metrics.ratios`) with Student's t. Its degrees of freedom are the effective
number of squared residuals, because a few photographs on which the detector is far off may hold
most of the variance; those of both variances are joined as Satterthwaite (1946) does. A sample
without any error is taken to have had one, of one person.

Sources: Angelopoulos, Duchi & Zrnic, PPI++ (2023), arXiv 2311.01453; Saerndal, Swensson & Wretman,
Model Assisted Survey Sampling (1992), chapters 5 and 6; Deville, Survey Methodol. 25 (1999) 193;
Satterthwaite, Biometrics Bull. 2 (1946) 110.
"""

from typing import Any

import numpy as np

from utils.analysis.prevalence.adjusted_counts import BEST
from utils.analysis.prevalence.draws import add_groups
from utils.analysis.prevalence.more_annotations import Terms, more_annotations
from utils.analysis.prevalence.variance import design
from utils.dataset.labels import CLASSES
from utils.metrics.bootstrap import LEVEL, effective_photos
from utils.metrics.ratios import wilson

METHOD = (
    "Prediction-powered inference (PPI++, Angelopoulos, Duchi and Zrnic 2023) with the chances of "
    "the sample as weights, for a ratio of totals; Wilson's interval on the effective number of "
    "people, with Student's t"
)
LEAST = 5
"""Annotated photographs with people on them that an answer needs."""


def annotated_prevalence(
    predicted: np.ndarray,
    chosen: np.ndarray,
    truth: np.ndarray,
    chances: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    power: float | None = None,
    half_width: float | None = None,
) -> dict[str, Any]:
    """Estimate the share of each class from all predictions and a few annotations.

    Parameters
    ----------
    predicted
        Shape (photos, K): what the detector found of each class on every new photograph, in class
        probabilities or as labels.
    chosen
        Shape (n,): the places of the annotated photographs in `predicted`.
    truth
        Shape (n, K): the people of each class on them, as annotated.
    chances
        Shape (n,), in 0..1: the chance that each had to be annotated.
    groups
        Shape (photos,): equal labels for photographs that are one observation of the place, such as
        a burst.
    weights
        Shape (photos,): how much each new photograph counts in the shares, as the rate at which its
        camera was sampled demands. Numbers of people are never weighted.
    power
        The factor of the detector's word; by default, the best for the share properly masked.
    half_width
        That `more_annotations` plans for.

    Returns
    -------
    ``share``, ``interval`` (of the place), ``interval_here`` (of these very photographs) and
    ``level`` of those properly masked; ``classes`` ({name: {share, interval, interval_here}});
    ``annotated`` (photographs), ``people`` (annotated on them), ``photos``, ``total`` (people on
    all photographs, by the same estimate), ``power``, ``basis`` ({number, freedom}: of how many
    people and with which degrees of freedom of Student's t Wilson's interval of the place is),
    ``design`` ({effect, effective}, as `utils.analysis.prevalence.variance.design` has them),
    ``plan`` (of `more_annotations`, None without a half-width) and ``method``.
    Shares and intervals are None below `LEAST` annotated photographs with people.

    Raises
    ------
    ValueError
        If a photograph is annotated twice, or a chance is not above 0 and at most 1.
    """
    predicted, truth = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    chosen, chances = np.asarray(chosen, np.int64), np.asarray(chances, np.float64)
    if len(np.unique(chosen)) != len(chosen):
        raise ValueError("a photograph is annotated twice")
    if not ((chances > 0) & (chances <= 1)).all():
        raise ValueError("the chance to be annotated is above 0 and at most 1")
    crowds = int((truth.sum(axis=1) > 0).sum())
    record: dict[str, Any] = {
        "annotated": len(chosen),
        "people": int(truth.sum()),
        "photos": len(predicted),
        "level": LEVEL,
        "plan": None,
        "method": METHOD,
    }
    nothing = dict.fromkeys(("share", "interval", "interval_here"))
    if crowds < LEAST:
        classes = {name: dict(nothing) for name in CLASSES}
        return {
            **nothing,
            **record,
            "power": None,
            "total": None,
            "basis": None,
            "classes": classes,
            "design": design(None, 0, 0),
        }
    counted, seen = truth, predicted  # as numbers of people have them
    if weights is not None:
        often = np.asarray(weights, np.float64) / np.mean(weights)
        predicted, truth = predicted * often[:, None], truth * often[chosen, None]
    if power is None:
        power = best_power(predicted, chosen, truth, chances)
    sizes = predicted.sum(axis=1)
    times = 1 / chances
    total = float((power * seen.sum(axis=0) + times @ (counted - power * seen[chosen])).sum())
    totals = power * predicted.sum(axis=0) + times @ (truth - power * predicted[chosen])
    people = totals.sum()
    shares = np.clip(totals / people, 0, 1) if people > 0 else np.full(len(totals), np.nan)
    crowd = truth.sum(axis=1)
    classes, variance, basis, terms = {}, 0.0, None, None
    for k, name in enumerate(CLASSES):
        residuals = truth[:, k] - shares[k] * crowd
        guesses = predicted[:, k] - shares[k] * sizes
        errors = _squares(residuals - power * guesses[chosen], chances) / people**2
        among = residuals**2 / chances * _alike(guesses, groups) / people**2
        least = (1 - chances.mean()) * (times.mean() / people) ** 2
        errors = errors if errors.sum() > least else np.array([least])
        here = _basis(shares[k], [errors], times * crowd)
        place = _basis(shares[k], [errors, among], times * crowd)
        known = len(chosen) == len(predicted)
        classes[name] = {
            "share": float(shares[k]),
            "interval": _interval(shares[k], place),
            "interval_here": [float(shares[k])] * 2 if known else _interval(shares[k], here),
        }
        if k == BEST:
            variance, basis = errors.sum() + among.sum(), place
            terms = Terms(errors, among, float(effective_photos(times * crowd)))
    answer = classes[CLASSES[BEST]]
    told = design(answer["share"], float(variance), float(people))
    if half_width is not None and terms and basis:
        record["plan"] = more_annotations(
            answer["share"], terms, chances, len(predicted), half_width
        )
    return {
        **answer,
        **record,
        "power": float(power),
        "total": total,
        "basis": basis and dict(zip(("number", "freedom"), basis, strict=True)),
        "classes": classes,
        "design": told,
    }


def best_power(
    predicted: np.ndarray, chosen: np.ndarray, truth: np.ndarray, chances: np.ndarray
) -> float:
    """Return the power of least variance for the share properly masked, within 0..1.

    It is the slope of what people said over what the detector said, both less what the share lets
    expect, over samples of this design.
    """
    weights = 1 / chances
    totals = weights @ truth
    share = totals[BEST] / totals.sum()
    residuals = truth[:, BEST] - share * truth.sum(axis=1)
    guesses = predicted[chosen, BEST] - share * predicted[chosen].sum(axis=1)
    left = _products(guesses, guesses, chances).sum()
    if left <= 0:
        return 1.0 if (chances == 1).all() else 0.0
    return float(np.clip(_products(residuals, guesses, chances).sum() / left, 0, 1))


def _squares(values: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Return what each sampled photograph adds to the variance of the sum of values by chances."""
    return _products(values, values, chances)


def _products(first: np.ndarray, second: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """Return the terms of Deville's covariance of two such sums: (n,); 0 of what is certain."""
    left = 1 - chances
    total, number = left.sum(), (left > 0).sum()
    if number < 2:
        return np.zeros(len(left))
    one, other = first / chances, second / chances
    centred = (one - left @ one / total) * (other - left @ other / total)
    return number / (number - 1) * left * centred


def _alike(guesses: np.ndarray, groups: np.ndarray | None) -> float:
    """Return by how much more the sum of groups varies than that of photographs, 1 or more."""
    alone, together = (guesses**2).sum(), (add_groups(guesses, groups) ** 2).sum()
    return max(1.0, float(together / alone)) if alone > 0 else 1.0


def _basis(
    share: float, terms: list[np.ndarray], weighted: np.ndarray
) -> tuple[float, float] | None:
    """Return number and degrees of freedom for Wilson's interval of variances that add up.

    Where nothing varies, an annotated photograph counts as one observation.

    Parameters
    ----------
    terms
        What each annotated photograph adds to each of the variances.
    weighted
        Shape (n,): the people on each annotated photograph by its weight.
    """
    if not np.isfinite(share):
        return None
    parts = np.array([part.sum() for part in terms])
    variance = parts.sum()
    if variance > 0 and 0 < share < 1:
        number = share * (1 - share) / variance
        each = [max(float(effective_photos(part)), 1.0) for part in terms]
        return float(number), float(variance**2 / (parts**2 / each).sum())
    number = float(effective_photos(weighted))
    return number, number - 1


def _interval(share: float, basis: tuple[float, float] | None) -> list[float] | None:
    if basis is None:
        return None
    low, high = wilson(np.float64(share), *map(np.float64, basis))
    return [float(low), float(high)]
