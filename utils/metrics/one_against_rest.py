"""How well the probability of one class tells its faces from all others: ROC and precision-recall.

Faces are sorted once. What any resample of the photographs would give follows from it by counting
each photograph's faces as often as it was drawn.

Sources: Hanley & McNeil, Radiology 143 (1982) 29; Fawcett, Pattern Recognit. Lett. 27 (2006) 861.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from utils.metrics.classification import Judged

_BLOCK = 2_000_000  # numbers in an array at a time


@dataclass(frozen=True)
class OneAgainstRest:
    """The faces by falling probability of a class.

    Attributes
    ----------
    scores
        float32, shape (N,): the probability, falling.
    right
        bool, shape (N,): whether the face is of the class.
    group
        int64, shape (N,): the place of the face's group among the groups, from 0.
    """

    scores: np.ndarray
    right: np.ndarray
    group: np.ndarray

    @classmethod
    def of(cls, judged: Judged, label: int) -> "OneAgainstRest":
        """Return the faces by how likely they are of the class `label`."""
        scores = judged.probabilities[:, label - 1]
        order = np.argsort(-scores, kind="stable")
        _, group = np.unique(judged.groups, return_inverse=True)
        return cls(scores[order], (judged.labels == label)[order], group[order])

    @cached_property
    def last(self) -> np.ndarray:
        """Where a threshold may cut: the last face of each probability, int64, (M,)."""
        return np.flatnonzero(np.append(self.scores[:-1] > self.scores[1:], True)[: len(self)])

    def __len__(self) -> int:
        return len(self.scores)

    def areas(self, weights: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Return the areas under both curves.

        Parameters
        ----------
        weights
            int, shape (R, groups): how often each resample holds each group; without it, each group
            once, as a single resample.

        Returns
        -------
        ``auc``, float64, shape (R,): the chance that a face of the class is likelier of it than one
        of the others, ties counted half; NaN where either are none. ``average_precision``: the mean
        of the precision at each face of the class, not interpolated; NaN where there is none.
        """
        if weights is None:
            weights = np.ones((1, int(self.group.max(initial=-1)) + 1), np.int64)
        size = max(1, _BLOCK // max(len(self), 1))
        blocks = [self._areas(weights[k : k + size]) for k in range(0, len(weights), size)]
        return {name: np.concatenate([one[name] for one in blocks]) for name in blocks[0]}

    def roc(self) -> tuple[np.ndarray, np.ndarray]:
        """Return false and true positive rate at each threshold, from (0, 0) to (1, 1)."""
        found, wrong = (self._counted(one)[0] for one in (self.right, ~self.right))
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.append(0.0, wrong / wrong[-1:]), np.append(0.0, found / found[-1:])

    def precision_recall(self) -> tuple[np.ndarray, np.ndarray]:
        """Return precision and recall at each threshold, by rising recall."""
        found, wrong = (self._counted(one)[0] for one in (self.right, ~self.right))
        with np.errstate(divide="ignore", invalid="ignore"):
            return found / (found + wrong), found / found[-1:]

    def _areas(self, weights: np.ndarray) -> dict[str, np.ndarray]:
        found, wrong = (self._counted(one, weights) for one in (self.right, ~self.right))
        positives, negatives = found[:, -1:].sum(axis=1), wrong[:, -1:].sum(axis=1)
        before = np.concatenate([np.zeros((len(weights), 1)), found[:, :-1]], axis=1)
        steps = np.diff(wrong, axis=1, prepend=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            precision = found / np.maximum(found + wrong, 1)
            gained = (found - before) * precision
            pairs = ((before + found) / 2 * steps).sum(axis=1)
            return {
                "auc": pairs / (positives * negatives),
                "average_precision": gained.sum(axis=1) / positives,
            }

    def _counted(self, chosen: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Return how many `chosen` faces lie above each threshold: float64, (R, M)."""
        drawn = np.ones((1, len(self))) if weights is None else weights[:, self.group]
        return (drawn * chosen).cumsum(axis=1, dtype=np.float64)[:, self.last]
