"""How many people of each class explain what a detector found, given the mistakes it makes.

With N[t] people of true class t on the new photographs, what one should expect of class p is

    n[p] = sum over t of N[t] * (Q[t, p] + g[p]),

where Q[t, p] is how much of a test face of class t was found as p (its rows add up to the recall,
so missed faces are counted, too) and g[p] how much of class p was invented for every test face:
what is invented is taken to come with people, as backs of heads, hands and doubled boxes do.
Solving for N are the adjusted counts of Forman (2008), after Rogan and Gladen (1978) for two
classes. A detection counts as one of its likeliest class, or, with less chance in the answer, as a
fraction of each class, its probability (Bella et al. 2010); the equation is the same, and the
probabilities need not be calibrated, since those of the test faces are compared with.

Sources: Rogan & Gladen, Am. J. Epidemiol. 107 (1978) 71; Forman, Data Min. Knowl. Disc. 17 (2008)
164; Bella, Ferri, Hernandez-Orallo & Ramirez-Quintana, ICDM (2010) 737.
"""

from collections.abc import Sequence

import numpy as np

from utils.dataset.faces import Faces
from utils.dataset.labels import BACKGROUND, CLASSES
from utils.metrics.detections import Detections
from utils.metrics.matching import IOU, match


def class_shares(detections: Detections) -> np.ndarray:
    """Return how probable each class is, given that there is a face: float64, shape (N, 3)."""
    shares = np.asarray(detections.probabilities, np.float64)[:, BACKGROUND + 1 :]
    return shares / shares.sum(axis=1, keepdims=True)


def expected_counts(detections: Sequence[Detections], threshold: float) -> np.ndarray:
    """Add up, photo by photo, the class probabilities of what counts: float64, (photos, 3)."""
    result = np.zeros((len(detections), len(CLASSES)))
    for row, found in zip(result, detections, strict=True):
        row += class_shares(found.above(threshold)).sum(axis=0)
    return result


def expected_confusion(
    detections: Sequence[Detections], faces: Sequence[Faces], threshold: float, iou: float = IOU
) -> np.ndarray:
    """Return the confusion matrices of `utils.metrics.confusion.confusion_counts`, in fractions.

    Returns
    -------
    float64, shape (photos, 4, 4): rows and columns as there. A detection adds its `class_shares`
    to the row of its true class, instead of 1 to one entry.
    """
    result = np.zeros((len(faces), len(CLASSES) + 1, len(CLASSES) + 1))
    for table, found, real in zip(result, detections, faces, strict=True):
        kept = found.above(threshold)
        pairs = match(kept, real, iou, class_aware=False)
        np.add.at(table[:, BACKGROUND + 1 :], pairs.true_labels(real), class_shares(kept))
        np.add.at(table, (real.labels[pairs.detection_of < 0], BACKGROUND), 1)
    return result


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
