"""Which of the judged faces to show: the worst mistakes, and those of where the network looked."""

from collections import defaultdict
from itertools import zip_longest
from typing import Any

import numpy as np

from utils.analysis.evaluation.faces import JudgedFaces
from utils.dataset.labels import CLASSES
from utils.metrics.classification import Judged

WORST = 20
LOOKED_AT = 12


def worst_confused(
    seen: JudgedFaces, judged: Judged, sides: np.ndarray, shown: int = WORST
) -> list[dict[str, Any]]:
    """Return the worst mistakes: of each pair of classes in turn, the surest first.

    Of a classifier that errs mostly one way nothing else would be shown; therefore the pairs (truth
    and claim) take turns.

    Parameters
    ----------
    sides
        Shape (N,): of each face in its photograph, in pixels.

    Returns
    -------
    Records of `face_record`.
    """
    said, sure = judged.said, judged.probabilities.max(axis=1)
    pairs: dict[tuple[int, int], list[int]] = defaultdict(list)
    for n in _surest(sure, seen, np.flatnonzero(said != judged.labels)):
        pairs[int(judged.labels[n]), int(said[n])].append(n)
    return [face_record(seen, judged, sides, n) for n in _in_turns(list(pairs.values()))[:shown]]


def shown_faces(
    seen: JudgedFaces, judged: Judged, sides: np.ndarray, shown: int = LOOKED_AT
) -> list[dict[str, Any]]:
    """Return faces to show where the classifier looked: of each class right and wrong ones in turn.

    Those that were judged right are typical ones, of middling confidence first; of the wrong ones
    the surest come first. Larger faces are preferred, since on a tiny one there is nothing to see.

    Returns
    -------
    Records of `face_record`.
    """
    said, sure = judged.said, judged.probabilities.max(axis=1)
    large = sides >= min(32.0, float(np.median(sides)) if len(sides) else 0.0)
    lists: list[list[int]] = []
    for right in (True, False):
        for label in range(1, len(CLASSES) + 1):
            chosen = (judged.labels == label) & ((said == label) == right)
            for some in (chosen & large, chosen & ~large):
                index = np.flatnonzero(some)
                middling = -abs(sure - np.median(sure[index])) if right and len(index) else sure
                lists.append(_surest(middling, seen, index))
    merged = [lists[k] + lists[k + 1] for k in range(0, len(lists), 2)]
    chosen = _in_turns([one for one in merged if one])[:shown]
    order = sorted(chosen, key=lambda n: (judged.labels[n], said[n] != judged.labels[n], -sure[n]))
    return [face_record(seen, judged, sides, n) for n in order]


def face_record(seen: JudgedFaces, judged: Judged, sides: np.ndarray, n: int) -> dict[str, Any]:
    """Return one face: ``{face, photograph, truth, claim, confidence, probabilities, side}``."""
    told = judged.probabilities[n]
    return {
        "face": seen.names[n],
        "photograph": seen.photographs[n],
        "truth": CLASSES[judged.labels[n] - 1],
        "claim": CLASSES[judged.said[n] - 1],
        "confidence": round(float(told.max()), 4),
        "probabilities": {name: round(float(told[k]), 4) for k, name in enumerate(CLASSES)},
        "side": round(float(sides[n]), 1),
    }


def _surest(sure: np.ndarray, seen: JudgedFaces, index: np.ndarray) -> list[int]:
    """Return faces by falling `sure`; of equal ones, by name."""
    return sorted(index.tolist(), key=lambda n: (-float(sure[n]), seen.names[n]))


def _in_turns(lists: list[list[int]]) -> list[int]:
    return [n for turn in zip_longest(*lists) for n in turn if n is not None]
