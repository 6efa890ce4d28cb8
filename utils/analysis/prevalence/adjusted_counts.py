"""How many people of each class explain what a detector found, given the mistakes it makes.

The field (quantification) knows four ways to count:

- CC, classify and count: each detection is one of its likeliest class;
- PCC, probabilistic classify and count: it is a fraction of each class, its probability;
- ACC and PACC, adjusted CC and PCC: either count, corrected by the mistakes on test photographs.

Here detections are missed and invented, too. With N[t] people of true class t on the new
photographs, what one should expect of class p is

    n[p] = sum over t of N[t] * (Q[t, p] + g[p]),

where Q[t, p] is how much of a test face of class t was found as p (its rows add up to the recall)
and g[p] how much of class p was invented for every test face: what is invented is taken to come
with people, as backs of heads, hands and doubled boxes do. Solving for N gives ACC or PACC,
according to what was counted in n and Q. The probabilities need not be calibrated, since those of
the test faces are compared with. Where nothing is missed or invented, this is ACC and PACC as
QuaPy computes them; a test holds them against each other.

Sources: Rogan & Gladen, Am. J. Epidemiol. 107 (1978) 71; Forman, Data Min. Knowl. Disc. 17 (2008)
164; Bella, Ferri, Hernandez-Orallo & Ramirez-Quintana, ICDM (2010) 737; Moreo, Esuli & Sebastiani,
CIKM (2021) 4534 (QuaPy).
"""

from collections.abc import Sequence

import numpy as np

from utils.dataset.labels import PROPERLY_MASKED

BEST = PROPERLY_MASKED - 1
"""The column of the properly masked, where background has none."""


def adjusted_counts(confusion: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Solve for the number of people of each class.

    So that a class with few or no test faces has a defined row, each class is given one further,
    imaginary test face that fared as the average one did: where a class has none, the detector
    is taken to treat it as it treats the others.

    Parameters
    ----------
    confusion
        Shape (..., K + 1, K + 1): test confusion matrices of K classes, three at most.
    found
        Shape (..., K): detections of each class on the new photographs.

    Returns
    -------
    Shape (..., K). A number is negative where chance has pushed what was found outside what the
    mistakes allow, and not finite where the detector cannot tell classes apart at all.
    """
    confusion, found = np.asarray(confusion), np.asarray(found)
    many = np.broadcast_shapes(confusion.shape[:-2], found.shape[:-1])
    side, classes = confusion.shape[-1], found.shape[-1]
    found = np.moveaxis(np.broadcast_to(found, (*many, classes)), -1, 0)
    table = np.broadcast_to(confusion, (*many, side, side))
    table = np.ascontiguousarray(np.moveaxis(table, (-2, -1), (0, 1)))  # fast for many at once
    first, second, third = _of_three(_found_as(table))
    pairs = (second, third), (third, first), (first, second)
    across = [np.cross(*pair, axis=0) for pair in pairs]
    with np.errstate(divide="ignore", invalid="ignore"):
        determinant = (first * across[0]).sum(axis=0)
        solved = [(found * one[:classes]).sum(axis=0) / determinant for one in across[:classes]]
        return np.stack(solved, axis=-1)


def shares_of(counts: np.ndarray) -> np.ndarray:
    """Return each class's share of all people, within 0..1: (..., K) to (..., K).

    NaN where there is nobody, or no finite number of people.
    """
    counts = np.asarray(counts)
    total = counts.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, np.clip(counts / total, 0, 1), np.nan)


def without_classes(
    confusion: np.ndarray, found: np.ndarray, absent: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Leave classes out that the annotated data do not have, so that nobody is of them.

    What was found as one of them is as if it had not been found, on the test photographs and on the
    new ones alike: the equation holds for the other classes alone.

    Parameters
    ----------
    confusion
        Shape (..., K + 1, K + 1), without faces of the absent classes.
    found
        Shape (..., K).
    absent
        Their columns in `found`.
    """
    confusion = np.array(confusion)
    columns = [k + 1 for k in absent]
    confusion[..., 1:, 0] += confusion[..., 1:, columns].sum(axis=-1)
    for axis in (-1, -2):
        confusion = np.delete(confusion, columns, axis=axis)
    return confusion, np.delete(found, list(absent), axis=-1)


def expected_as(confusion: np.ndarray) -> np.ndarray:
    """Return Q[t, p] + g[p] of the module's equation: (..., K + 1, K + 1) to (..., K, K)."""
    table = _found_as(np.moveaxis(np.asarray(confusion), (-2, -1), (0, 1)))
    return np.moveaxis(table, (0, 1), (-2, -1))


def _found_as(table: np.ndarray) -> np.ndarray:
    """Q[t, p] + g[p] of the module's equation: (K + 1, K + 1, ...) to (K, K, ...)."""
    inner, faces = table[1:, 1:], table[1:].sum(axis=1)
    total, found = faces.sum(axis=0), inner.sum(axis=(0, 1))
    right = sum(inner[k, k] for k in range(len(inner)))
    recall = np.where(total > 0, np.maximum(found, 0.5) / np.maximum(total, 1), 1.0)
    accuracy = np.where(found > 0, right / np.maximum(found, 1e-9), 1.0)
    same = np.eye(len(inner), dtype=bool).reshape(*inner.shape[:2], *[1] * total.ndim)
    average = np.where(same, recall * accuracy, recall * (1 - accuracy) / max(len(inner) - 1, 1))
    invented = table[0, 1:] / np.maximum(total, 1)
    return (inner + average) / (faces[:, None] + 1) + invented


def _of_three(matrix: np.ndarray) -> np.ndarray:
    """Add classes of which nobody is and nothing is found: (K, K, ...) to (3, 3, ...)."""
    classes = len(matrix)
    if classes == 3:
        return matrix
    whole = np.zeros((3, 3, *matrix.shape[2:]), matrix.dtype)
    whole[:classes, :classes] = matrix
    for k in range(classes, 3):
        whole[k, k] = 1
    return whole
