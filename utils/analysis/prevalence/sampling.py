"""Which of the new photographs to annotate: a random sample with known chances.

Photographs on which much was found say more about the share, so they are drawn with a chance in
proportion to their boxes and one: systematically with a random start, from photographs in random
order (Hartley and Rao 1962). A photograph without boxes is drawn, too, at times: what the detector
missed altogether is to be found there. The chances are known exactly, so an estimate that divides
by them has no bias (Horvitz and Thompson 1952), whatever the detector does. To annotate what is
most doubtful, as active learning does, and to read it as if it were a random sample, is biased.

Sources: Horvitz & Thompson, J. Am. Stat. Assoc. 47 (1952) 663; Hartley & Rao, Ann. Math. Stat. 33
(1962) 350; Saerndal, Swensson & Wretman, Model Assisted Survey Sampling (1992), section 3.6.
"""

import numpy as np


def inclusion_probabilities(sizes: np.ndarray, number: int) -> np.ndarray:
    """Return the chance of each photograph to be drawn; they add up to `number`.

    Parameters
    ----------
    sizes
        Shape (photos,), above 0: boxes on each photograph, and one.
    number
        How many photographs are to be drawn. Photographs so large that their chance would be above
        1 are certain, and the others share what is left.

    Returns
    -------
    float64, shape (photos,), in 0..1.

    Raises
    ------
    ValueError
        If there are fewer photographs than are to be drawn, or a size is not above 0.
    """
    sizes = np.asarray(sizes, np.float64)
    if not 0 < number <= len(sizes):
        raise ValueError(f"cannot draw {number} of {len(sizes)} photographs")
    if not (sizes > 0).all():
        raise ValueError("a photograph of size 0 would never be drawn: add one to each")
    certain = np.zeros(len(sizes), bool)
    while True:
        left = number - certain.sum()
        rest = sizes[~certain].sum()
        chances = np.where(certain, 1.0, left * sizes / rest if rest else 1.0)
        above = (chances >= 1) & ~certain
        if not above.any():
            return chances
        certain |= above


def draw_sample(chances: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw photographs, each with its chance, none twice.

    Parameters
    ----------
    chances
        Shape (photos,), in 0..1, that add up to a whole number (`inclusion_probabilities`).

    Returns
    -------
    int64: as many places in `chances`, in random order. So the first k of n drawn are a sample,
    too, each with k / n of its chance.
    """
    order = rng.permutation(len(chances))
    number = round(float(np.sum(chances)))
    reached = np.cumsum(np.asarray(chances, np.float64)[order])
    reached *= number / reached[-1]  # else rounding could lose the last one
    drawn = np.searchsorted(reached, rng.random() + np.arange(number), side="right")
    return rng.permutation(order[np.minimum(drawn, len(order) - 1)])
