"""The share by place, camera or time, where some of the new photographs of each were annotated.

Within a place, the sample's photographs of that place are a sample of its own, with the same
chances: the answer there is that of `utils.analysis.prevalence.annotated`, and needs no test
photographs. The detector's word counts as much as it does for all photographs together, because
few annotations cannot tell that power for each place.

Places do not share annotated photographs, so their errors are independent. The interval of a
difference is made of the two intervals (MOVER: Newcombe 1998, method 10), and its p-value is the
level at which it ends at 0.

Source: Newcombe, Stat. Med. 17 (1998) 873.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from utils.analysis.prevalence.annotated import annotated_prevalence
from utils.analysis.prevalence.places import adjusted, pairs_of
from utils.metrics.bootstrap import LEVEL
from utils.metrics.ratios import wilson

_CHANCES = np.geomspace(1e-12, 1, 241)


def compare_annotated_places(
    predicted: np.ndarray,
    chosen: np.ndarray,
    truth: np.ndarray,
    chances: np.ndarray,
    places: np.ndarray,
    power: float,
    *,
    groups: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    within: np.ndarray | None = None,
) -> dict[str, Any]:
    """Estimate the share that wears a mask properly at each place, and compare the places.

    Parameters
    ----------
    predicted, chosen, truth, chances, groups, weights
        As `annotated_prevalence` has them.
    places
        Shape (photos,): where or when each new photograph was taken, by any labels.
    power
        That of the answer for all photographs.
    within
        As `utils.analysis.prevalence.places.compare_places` has it.

    Returns
    -------
    That of `compare_places`, with ``annotated``, the photographs of each place that were. A place
    with fewer than `utils.analysis.prevalence.annotated.LEAST` of them with people has no share.
    """
    places, chosen = np.asarray(places), np.asarray(chosen, np.int64)
    rows, basis = [], []
    for name in np.unique(places):
        at = np.flatnonzero(places == name)
        here = np.isin(chosen, at)
        told = annotated_prevalence(
            predicted[at],
            np.searchsorted(at, chosen[here]),
            truth[here],
            chances[here],
            groups=None if groups is None else np.asarray(groups)[at],
            weights=None if weights is None else np.asarray(weights)[at],
            power=power,
        )
        often = np.ones(len(at)) if weights is None else weights[at] / np.mean(weights[at])
        rows.append(
            {
                "place": str(name),
                "photos": len(at),
                "found": float((predicted[at] * often[:, None]).sum()),
                "annotated": int(here.sum()),
                "share": told["share"],
                "interval": told["interval"],
            }
        )
        basis.append(told["basis"])
    differences = [
        {"places": [rows[m]["place"], rows[n]["place"]]}
        | _difference(rows[m], basis[m], rows[n], basis[n])
        for m, n in pairs_of(places, within)
    ]
    return {"level": LEVEL, "places": rows, "differences": adjusted(differences)}


def _difference(
    one: Mapping[str, Any],
    first: Mapping[str, float] | None,
    other: Mapping[str, Any],
    second: Mapping[str, float] | None,
) -> dict[str, Any]:
    """Return ``difference``, ``interval`` and ``p``; None where a share lacks."""
    if first is None or second is None:
        return dict.fromkeys(("difference", "interval", "p"))
    difference = one["share"] - other["share"]
    levels = np.append(1 - _CHANCES, LEVEL)
    (low, high), (least, most) = (
        wilson(np.full(len(levels), row["share"]), *map(np.float64, basis.values()), levels)
        for row, basis in ((one, first), (other, second))
    )
    lower = difference - np.hypot(one["share"] - low, most - other["share"])
    upper = difference + np.hypot(high - one["share"], other["share"] - least)
    # as chances grow, intervals shrink; the first that leaves 0 out is the p-value
    apart = (lower[:-1] > 0) | (upper[:-1] < 0)
    return {
        "difference": float(difference),
        "interval": [float(lower[-1]), float(upper[-1])],
        "p": float(_CHANCES[np.argmax(apart)]) if apart.any() else 1.0,
    }
