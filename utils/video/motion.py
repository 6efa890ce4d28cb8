"""Where a face will be: a Kalman filter of constant velocity (Kalman 1960) over time in seconds.

As in ByteTrack, chance is in proportion to the size of the face (Wojke, Bewley & Paulus, ICIP
(2017) 3645). Centre and size, x and y, move independently, so that each has a filter of its own
with two numbers, place and velocity, and all four are computed at once.
"""

from dataclasses import dataclass

import numpy as np

PLACE, VELOCITY = 1 / 20, 1 / 160
"""Standard deviations of a measured place, and of what velocity gains in a step, in face sizes."""

STEP = 1 / 30
"""Seconds of a step: what the deviations were chosen for."""

_LONGEST = 2.0  # seconds that velocity is trusted for


@dataclass
class Motion:
    """A moving box.

    Attributes
    ----------
    mean
        float64, shape (4, 2): centre x, centre y, width and height in pixels, and what each gains
        a second.
    covariance
        float64, shape (4, 2, 2): of place and velocity of each.
    """

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def start(cls, box: np.ndarray) -> "Motion":
        """Take up a box x1, y1, x2, y2 that stands still, as far as is known."""
        place = _centred(box)
        covariance = np.zeros((4, 2, 2))
        size = _size(place)
        covariance[:, 0, 0] = (2 * PLACE * size) ** 2
        covariance[:, 1, 1] = (10 * VELOCITY * size / STEP) ** 2
        return cls(np.stack([place, np.zeros(4)], axis=1), covariance)

    @property
    def box(self) -> np.ndarray:
        """Where the box is: float64 (4,), x1, y1, x2, y2."""
        x, y, width, height = self.mean[:, 0]
        half = max(width, 1.0) / 2, max(height, 1.0) / 2
        return np.array([x - half[0], y - half[1], x + half[0], y + half[1]])

    def predict(self, seconds: float) -> None:
        """Let time pass."""
        seconds = min(seconds, _LONGEST)
        steps, size = seconds / STEP, _size(self.mean[:, 0])
        self.mean[:, 0] += seconds * self.mean[:, 1]
        move = np.array([[1.0, seconds], [0.0, 1.0]])
        self.covariance = move @ self.covariance @ move.T
        self.covariance[:, 0, 0] += steps * (PLACE * size) ** 2
        self.covariance[:, 1, 1] += steps * (VELOCITY * size / STEP) ** 2

    def update(self, box: np.ndarray) -> None:
        """Take in that the box was seen at x1, y1, x2, y2."""
        place = _centred(box)
        noise = (PLACE * _size(self.mean[:, 0])) ** 2
        gain = self.covariance[:, :, 0] / (self.covariance[:, :1, 0] + noise)
        self.mean += gain * (place - self.mean[:, 0])[:, None]
        self.covariance = self.covariance - gain[:, :, None] * self.covariance[:, :1, :]

    def rest(self) -> None:
        """Forget how the size changes: what is not seen would shrink or swell for ever."""
        self.mean[2:, 1] = 0.0


def _centred(box: np.ndarray) -> np.ndarray:
    x1, y1, x2, y2 = (float(value) for value in box)
    return np.array([(x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1])


def _size(place: np.ndarray) -> float:
    return max(1.0, float(place[3]))
