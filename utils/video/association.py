"""Which detection goes on with which track: how far boxes overlap, and the best assignment."""

import numpy as np


def overlaps(first: np.ndarray, second: np.ndarray, border: np.ndarray | float = 0.0) -> np.ndarray:
    """Return intersection over union of boxes (M, 4) and (N, 4) with borders: shape (M, N).

    Parameters
    ----------
    border
        Shape (M, 1), or one: how far both boxes of a pair are widened on each side, in their own
        widths and heights.
    """
    first, second = first[:, None], second[None]
    sides = first[..., 2:] - first[..., :2], second[..., 2:] - second[..., :2]
    more = np.asarray(border)[..., None]
    lows = [box[..., :2] - more * side for box, side in zip((first, second), sides, strict=True)]
    highs = [box[..., 2:] + more * side for box, side in zip((first, second), sides, strict=True)]
    inner = (np.minimum(*highs) - np.maximum(*lows)).clip(0).prod(axis=-1)
    areas = [(high - low).prod(axis=-1) for low, high in zip(lows, highs, strict=True)]
    return inner / np.maximum(areas[0] + areas[1] - inner, 1e-9)


def assign(similar: np.ndarray, least: float) -> list[tuple[int, int]]:
    """Return the pairs (row, column) of most similarity in all, none below `least`."""
    from scipy.optimize import linear_sum_assignment

    if not similar.size:
        return []
    possible = similar >= least
    rows, columns = linear_sum_assignment(np.where(possible, 1 - similar, 2.0))
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if possible[row, column]]


def sides_of(boxes: np.ndarray) -> np.ndarray:
    """Return the side of a square as large as each box: shape (N,)."""
    return np.sqrt((boxes[:, 2:] - boxes[:, :2]).clip(1).prod(axis=1))
