"""How good a classifier of faces is: accuracy, balanced accuracy, the confusion of classes."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from utils.dataset.labels import CLASSES
from utils.metrics.bootstrap import interval, resample
from utils.metrics.confusion import SIDE, operating_metrics
from utils.metrics.ratios import mean_ratio_interval, ratio_interval

_LEAST = 1e-12  # a probability that float32 rounded to 0 has a logarithm, too


@dataclass(frozen=True)
class Judged:
    """Faces of known class, and what a classifier says of each.

    Attributes
    ----------
    labels
        int64, shape (N,): class ids from 1.
    probabilities
        float32, shape (N, 3): of the classes, by id, adding up to 1.
    groups
        int64, shape (N,): equal for faces that are no observations of their own, because they are
        on one photograph or on near-duplicates.
    """

    labels: np.ndarray
    probabilities: np.ndarray
    groups: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, chosen: np.ndarray) -> "Judged":
        return Judged(self.labels[chosen], self.probabilities[chosen], self.groups[chosen])

    @property
    def said(self) -> np.ndarray:
        """The likeliest class of each face, the first of equals: int64, shape (N,)."""
        return self.probabilities.argmax(axis=1).astype(np.int64) + 1

    def tables(self) -> np.ndarray:
        """Count what faces were taken for in each group: int64, shape (groups, 4, 4).

        Rows true, columns said, as `utils.metrics.confusion.confusion_counts` has them. Row and
        column 0 are empty, because every face is there and every face is judged.
        """
        labels, place = np.unique(self.groups, return_inverse=True)
        tables = np.zeros((len(labels), SIDE, SIDE), np.int64)
        np.add.at(tables, (place, self.labels, self.said), 1)
        return tables


def accuracies(judged: Judged) -> dict[str, Any]:
    """Return how often a classifier is right, with 95 % intervals (`utils.metrics.ratios`).

    Returns
    -------
    ``faces``, ``accuracy`` and ``balanced_accuracy`` (the mean of the recalls of the classes that
    have faces: chance alone gives one over their number, however rare one is), and ``intervals`` of
    both. None where there is no face; an interval is None where one group holds all faces, or all
    of a class.
    """
    tables = judged.tables()
    faces, right = tables[:, 1:].sum(axis=2), tables.diagonal(axis1=1, axis2=2)[:, 1:]
    there = faces.any(axis=0)
    several = bool(len(tables)) and bool(((faces > 0).sum(axis=0)[there] > 1).all())
    told = operating_metrics(tables.sum(axis=0))
    recalls = [told["classes"][name]["recall"] for name in np.array(CLASSES)[there]]
    return {
        "faces": len(judged),
        "accuracy": told["matched"]["accuracy"],
        "balanced_accuracy": float(np.mean(recalls)) if recalls else None,
        "intervals": {
            "accuracy": _ends(ratio_interval(right.sum(axis=1), faces.sum(axis=1)))
            if len(tables) > 1
            else None,
            "balanced_accuracy": _ends(mean_ratio_interval(right.T[there], faces.T[there]))
            if several
            else None,
        },
    }


def scoring_rules(judged: Judged, repetitions: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return how good the probabilities are by rules that only the true ones make best.

    Returns
    -------
    ``brier`` (the squared distance of the probabilities from the truth, summed over the classes:
    Brier, Mon. Weather Rev. 78 (1950) 1; 0 is perfect, 2 the worst) and ``log_loss`` (minus the
    logarithm of the probability of the truth), means over faces; and 95 % ``intervals`` by
    resampled groups. None where there is nothing to tell them from.
    """
    told = np.asarray(judged.probabilities, np.float64)
    truth = np.eye(len(CLASSES))[judged.labels - 1]
    losses = {
        "brier": ((told - truth) ** 2).sum(axis=1),
        "log_loss": -np.log(np.maximum((told * truth).sum(axis=1), _LEAST)),
    }
    labels, place = np.unique(judged.groups, return_inverse=True)
    rows = np.zeros((len(labels), 1 + len(losses)))
    np.add.at(rows, place, np.stack([np.ones(len(judged)), *losses.values()], axis=1))
    drawn = resample(rows, repetitions, rng)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = drawn[:, 1:] / drawn[:, :1]
    return {
        **{name: float(values.mean()) if len(judged) else None for name, values in losses.items()},
        "intervals": {name: interval(means[:, k], len(labels)) for k, name in enumerate(losses)},
    }


def _ends(both: tuple[np.ndarray, np.ndarray]) -> list[float]:
    return [float(both[0]), float(both[1])]
