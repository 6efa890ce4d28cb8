"""A stand-in for a detector that looks at films: it knows the truth, and errs as it is told to."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from data.painter.films import stamped_number
from data.painter.moving import Scene
from utils.dataset.labels import CLASSES
from utils.metrics.detections import Detections


@dataclass(frozen=True)
class Mistakes:
    """How a `Witness` errs; see `detections`.

    Attributes
    ----------
    found
        Chance that a face which is wholly visible is found in a frame.
    jitter
        Standard deviation of the places of a box, in its size.
    invented
        Boxes without a face, in a frame on average; their confidence is mostly low.
    confusion
        Shape (3, 3): how likely a face of each class (row) is taken for each (column).
    lasting
        Share of the confusions that are of a person, and so the same in all frames.
    """

    found: float = 0.93
    jitter: float = 0.03
    invented: float = 0.1
    confusion: np.ndarray = field(
        default_factory=lambda: np.array([[0.94, 0.03, 0.03], [0.04, 0.94, 0.02], [0.2, 0.1, 0.7]])
    )
    lasting: float = 0.5


NONE = Mistakes(1.0, 0.0, 0.0, np.eye(3))
"""No mistakes."""


@dataclass
class Witness:
    """Says what is on the frames of a film, which must carry their numbers.

    Attributes
    ----------
    scene, times
        What was filmed, and when each frame was taken.
    mistakes
        How it errs; equal ones err equally on equal films.
    threshold
        Confidence from which a face counts.
    """

    scene: Scene
    times: Sequence[float]
    mistakes: Mistakes = NONE
    threshold: float = 0.5
    seed: int = 0

    arch, digest, classes, data_version = "witness", "0" * 64, CLASSES, None

    @property
    def file(self) -> SimpleNamespace:
        """What the file of a model holds of its test: nothing."""
        return SimpleNamespace(evaluation=None, threshold=self.threshold)

    def predict(self, images: Sequence[np.ndarray]) -> list[Detections]:
        """Return what is on frames that carry their numbers."""
        return list(self.stream(images))

    def stream(self, images: Iterable[np.ndarray]) -> Iterator[Detections]:
        """Yield what is on frames that carry their numbers."""
        for image in images:
            yield self.detections(stamped_number(image))

    def detections(self, number: int) -> Detections:
        """Return what is found on the frame of this number, by falling confidence.

        Parts of a face are found less often, and with less confidence.
        """
        return self.seen(number)[0]

    def seen(self, number: int) -> tuple[Detections, np.ndarray]:
        """Return the same, and whose each is: int64 (N,), 0 for what is invented."""
        rng, wrong = np.random.default_rng((self.seed, 1, number)), self.mistakes
        rows: list[tuple[np.ndarray, np.ndarray]] = []
        whose: list[int] = []
        for face in self.scene.at(self.times[number]):
            clear = min(1.0, (face.visible - 0.3) / 0.6)
            if wrong is not NONE and rng.random() >= wrong.found * clear**0.5:
                continue
            box = np.array(face.box)
            size = np.tile(box[2:] - box[:2], 2)
            box = box + rng.normal(0, 1, 4) * wrong.jitter * size
            sure = 1.0 if wrong is NONE else float(rng.beta(1 + 24 * clear, 1.6))
            of_class = self._taken_for(face.person, face.label, rng)
            rows.append((box, np.concatenate([[1 - sure], sure * of_class])))
            whose.append(face.person)
        for _ in range(rng.poisson(wrong.invented)):
            corner = rng.uniform(0, 0.9, 2) * self.scene.size
            side = rng.uniform(0.03, 0.1) * self.scene.size[0]
            sure = float(rng.beta(2, 4))
            of_class = rng.dirichlet(np.ones(3))
            box = np.array([*corner, corner[0] + side, corner[1] + 1.3 * side])
            rows.append((box, np.concatenate([[1 - sure], sure * of_class])))
        boxes = np.array([box for box, _ in rows], np.float32).reshape(-1, 4)
        probabilities = np.array([row for _, row in rows], np.float32).reshape(-1, 4)
        labels = probabilities[:, 1:].argmax(axis=1) + 1 if rows else np.zeros(0, np.int64)
        scores = probabilities[np.arange(len(rows)), labels]
        order = np.argsort(-scores, kind="stable")
        people = np.array(whose + [0] * (len(rows) - len(whose)), np.int64)
        found = Detections(boxes[order], labels[order], scores[order], probabilities[order])
        return found, people[order]

    def _taken_for(self, person: int, label: int, rng: np.random.Generator) -> np.ndarray:
        """Return class probabilities: of a face, or as always of this person."""
        if self.mistakes is NONE:
            return np.eye(3)[label - 1]
        of_person = np.random.default_rng((self.seed, 2, person))
        lasts = of_person.random() < self.mistakes.lasting
        source = of_person if lasts else rng
        taken = source.choice(3, p=self.mistakes.confusion[label - 1])
        peak = 0.55 + 0.45 * rng.beta(4, 1.5)
        rest = (1 - peak) / 2
        return np.where(np.arange(3) == taken, peak, rest)
