"""Photographs as a detector sees them, with what it should have seen: counts and probabilities.

People: faces to a photograph are log-normal (median 3, mean near 6, some with fifty, as in the
photographs that the workflow was made for), and people on one photograph are alike: its mix of
classes is a draw of Dirichlet's distribution (intraclass correlation 1/4; 0.27 was measured there).

Detector: a photograph has a difficulty, which makes it miss and invent faces and blurs the others.
A face has a place in the plane, its class's plus noise, a fifth of whose variance it shares with
its photograph; worn incorrectly lies between the other two. The probabilities are those of the
places, given the test set's mix, but too sure by a temperature, as networks are. Half of the
invented faces come with the photograph, half with its people.
"""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

TEST_MIX = (0.80, 0.17, 0.03)
_OTHERS = (0.75, 0.25)
"""How those without a proper mask part on new photographs; in the test set 0.85 and 0.15."""

_ALIKE = 3.0  # concentration of a photograph's mix: intraclass correlation 1 / (1 + 3)
_SHARED = 0.2  # of the noise's variance, by the faces of one photograph
_OVERSURE = 1.5  # factor on the logits
_CROWD = 120  # most faces on a photograph


@dataclass(frozen=True)
class Detector:
    """Mean recall of each class, distance of the first two classes in noise, invented a face."""

    recall: tuple[float, float, float]
    distance: float
    invented: float


DETECTORS = {
    "good": Detector((0.97, 0.95, 0.93), 5.0, 0.03),
    "middling": Detector((0.90, 0.85, 0.80), 3.2, 0.12),
    "poor": Detector((0.80, 0.70, 0.60), 2.2, 0.30),
}


@dataclass(frozen=True)
class Scene:
    """What photographs of a place are like, other than who wears what.

    Attributes
    ----------
    crowd
        Median number of people on a photograph.
    spread
        Standard deviation of its logarithm.
    hidden
        By how much, in probits, each doubling of the crowd beyond six makes a face harder to find.
    harder
        By how much, in probits, a face of each class is harder to find, as farther off.
    invented
        Factor on the boxes that are invented with the photograph, whoever is on it.
    """

    crowd: float = 3.32
    spread: float = 0.95
    hidden: float = 0.0
    harder: tuple[float, float, float] = (0.0, 0.0, 0.0)
    invented: float = 1.0


USUAL = Scene()
_MEAN_CROWD = 6.0  # of the usual scene, and so what half of the invented boxes are for


@dataclass(frozen=True)
class Photographs:
    """What the detector made of photographs.

    Attributes
    ----------
    labels, expected
        float32, shape (photos, 4, 4): confusion matrices by likeliest class and by probability.
    probabilities, photo_of, true
        Shapes (N, 3), (N,) and (N,): of each detection, by photograph; its true class is 0 where
        it was invented.
    temperature
        By which the probabilities are too sure.
    """

    labels: np.ndarray
    expected: np.ndarray
    probabilities: np.ndarray
    photo_of: np.ndarray
    true: np.ndarray
    temperature: float = _OVERSURE

    def draw(self, number: int, rng: np.random.Generator) -> "Photographs":
        """Draw photographs with replacement."""
        at = rng.integers(0, len(self.labels), number)
        first, last = (np.searchsorted(self.photo_of, at, side) for side in ("left", "right"))
        faces = np.concatenate([np.arange(a, b) for a, b in zip(first, last, strict=True)])
        photo_of = np.repeat(np.arange(number), last - first)
        return Photographs(
            self.labels[at],
            self.expected[at],
            self.probabilities[faces],
            photo_of,
            self.true[faces],
        )


def mix_of(rate: float) -> tuple[float, ...]:
    """Return the classes on new photographs of which a share `rate` is properly masked."""
    return rate, *((1 - rate) * part for part in _OTHERS)


def photographs(
    rng: np.random.Generator,
    number: int,
    mix: tuple[float, ...],
    detector: Detector,
    scene: Scene = USUAL,
) -> Photographs:
    """Generate photographs of people of a mix of classes, as a detector sees them."""
    crowd = np.ceil(rng.lognormal(np.log(scene.crowd), scene.spread, number))
    crowd = np.minimum(crowd, _CROWD).astype(int)
    share = rng.dirichlet(np.array(mix) * _ALIKE, number)
    difficulty, common = rng.normal(size=number), rng.normal(size=(number, 2))
    of_face = np.repeat(np.arange(number), crowd)
    beyond = rng.random(len(of_face))[:, None] > share.cumsum(axis=1)[of_face, :2]
    true = beyond.sum(axis=1)
    # a probit of the recall, half a unit of variance of which is the photograph's difficulty
    ease = np.array([NormalDist().inv_cdf(r) for r in detector.recall]) * np.sqrt(1.5)
    noise = rng.normal(size=len(true)) - np.sqrt(0.5) * difficulty[of_face]
    hard = np.array(scene.harder)[true]
    hard = hard + scene.hidden * np.maximum(np.log2(crowd / _MEAN_CROWD), 0)[of_face]
    found = ease[true] + noise > hard
    clutter = 0.5 * (crowd + scene.invented * _MEAN_CROWD) * np.exp(0.5 * difficulty - 0.125)
    of_clutter = np.repeat(np.arange(number), rng.poisson(detector.invented * clutter))
    centres = detector.distance * np.array([[0, 0], [1, 0], [0.5, 0.6]])

    def seen(place: np.ndarray, photo: np.ndarray, spread: float) -> np.ndarray:
        own = np.sqrt(1 - _SHARED) * rng.normal(size=(len(photo), 2))
        blur = spread * np.exp(0.25 * difficulty[photo])[:, None]
        return place + blur * (own + np.sqrt(_SHARED) * common[photo])

    photo = np.concatenate([of_face[found], of_clutter])
    place = np.concatenate(
        [
            seen(centres[true], of_face, 1.0)[found],
            seen(np.tile(centres.mean(axis=0), (len(of_clutter), 1)), of_clutter, 1.5),
        ]
    )
    logits = _OVERSURE * (place @ centres.T - (centres**2).sum(axis=1) / 2 + np.log(TEST_MIX))
    probabilities = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    real = np.concatenate([true[found] + 1, np.zeros(len(of_clutter), int)])
    row = 4 * real + 16 * photo
    missed = np.bincount(of_face[~found] * 16 + 4 * (true[~found] + 1), minlength=number * 16)
    labels = missed + np.bincount(row + probabilities.argmax(axis=1) + 1, minlength=number * 16)
    expected = missed.astype(float)
    for k in range(3):
        expected += np.bincount(row + k + 1, weights=probabilities[:, k], minlength=number * 16)
    order = np.argsort(photo, kind="stable")
    return Photographs(
        labels.reshape(-1, 4, 4).astype(np.float32),
        expected.reshape(-1, 4, 4).astype(np.float32),
        probabilities[order].astype(np.float32),
        photo[order],
        real[order],
    )
