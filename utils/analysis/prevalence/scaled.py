"""Sums over photographs with their draws, taken to other numbers of photographs."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from utils.metrics.bootstrap import imaginary, resample


@dataclass(frozen=True)
class Sums:
    """Sums over photographs, or groups of them, and draws of these sums.

    Attributes
    ----------
    total
        Shape (...): the sums.
    strays
        Shape (R, ...): by how much each resample strays from them.
    prior
        Shape (R, ...): what a prior adds, however many photographs there are.
    photos
        How many were resampled.
    effective
        How many equally crowded ones each of them tells as much as, 1 at most (Kish).
    """

    total: np.ndarray
    strays: np.ndarray
    prior: np.ndarray
    photos: int
    effective: float

    @classmethod
    def of_rows(
        cls,
        rows: np.ndarray,
        events: float,
        repetitions: int,
        rng: np.random.Generator,
        effective: float,
    ) -> Self:
        """Add rows up, shape (photos, ...), and draw from them.

        Parameters
        ----------
        events
            The prior of each number (`utils.metrics.bootstrap.imaginary`).
        effective
            How many equally crowded rows would tell as much.
        """
        flat = rows.reshape(len(rows), -1)
        shape = -1, *rows.shape[1:]
        strays = resample(flat, repetitions, rng) - flat.sum(axis=0)
        prior = imaginary(flat, repetitions, rng, events)
        shares = effective / len(rows)
        return cls(rows.sum(axis=0), strays.reshape(shape), prior.reshape(shape), len(rows), shares)

    def of(self, photos: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the sums over so many photographs, more than 1, and draws of them."""
        total = self.total * photos / self.photos
        scale = np.sqrt((photos - 1) / (self.photos - 1))
        return total, np.maximum(total + scale * self.strays, 0) + self.prior
