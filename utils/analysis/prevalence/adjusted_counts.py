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

import numpy as np

from utils.dataset.labels import CLASSES


def adjusted_counts(confusion: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Solve for the number of people of each class.

    So that a class with few or no test faces has a defined row, each class is given one further,
    imaginary test face that fared as the average one did: where a class has none, the detector
    is taken to treat it as it treats the others.

    Parameters
    ----------
    confusion
        Shape (..., 4, 4): test confusion matrices.
    found
        Shape (..., 3): detections of each class on the new photographs.

    Returns
    -------
    Shape (..., 3). A number is negative where chance has pushed what was found outside what the
    mistakes allow, and not finite where the detector cannot tell classes apart at all.
    """
    confusion, found = np.asarray(confusion), np.asarray(found)
    many = np.broadcast_shapes(confusion.shape[:-2], found.shape[:-1])
    found = np.moveaxis(np.broadcast_to(found, (*many, 3)), -1, 0)
    table = np.broadcast_to(confusion, (*many, 4, 4))
    table = np.ascontiguousarray(np.moveaxis(table, (-2, -1), (0, 1)))  # many at once: fast so
    first, second, third = _found_as(table)
    pairs = (second, third), (third, first), (first, second)
    across = [np.cross(*pair, axis=0) for pair in pairs]
    with np.errstate(divide="ignore", invalid="ignore"):
        determinant = (first * across[0]).sum(axis=0)
        return np.stack([(found * one).sum(axis=0) / determinant for one in across], axis=-1)


def shares_of(counts: np.ndarray) -> np.ndarray:
    """Return each class's share of all people, within 0..1: (..., 3) to (..., 3).

    NaN where there is nobody, or no finite number of people.
    """
    counts = np.asarray(counts)
    total = counts.sum(axis=-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, np.clip(counts / total, 0, 1), np.nan)


def expected_as(confusion: np.ndarray) -> np.ndarray:
    """Return Q[t, p] + g[p] of the module's equation: (..., 4, 4) to (..., 3, 3)."""
    table = _found_as(np.moveaxis(np.asarray(confusion), (-2, -1), (0, 1)))
    return np.moveaxis(table, (0, 1), (-2, -1))


def _found_as(table: np.ndarray) -> np.ndarray:
    """Q[t, p] + g[p] of the module's equation: (4, 4, ...) to (3, 3, ...)."""
    inner, faces = table[1:, 1:], table[1:].sum(axis=1)
    total, found = faces.sum(axis=0), inner.sum(axis=(0, 1))
    right = sum(inner[k, k] for k in range(len(CLASSES)))
    recall = np.where(total > 0, np.maximum(found, 0.5) / np.maximum(total, 1), 1.0)
    accuracy = np.where(found > 0, right / np.maximum(found, 1e-9), 1.0)
    same = np.eye(len(CLASSES), dtype=bool).reshape(*inner.shape[:2], *[1] * total.ndim)
    average = np.where(same, recall * accuracy, recall * (1 - accuracy) / (len(CLASSES) - 1))
    invented = table[0, 1:] / np.maximum(total, 1)
    return (inner + average) / (faces[:, None] + 1) + invented
