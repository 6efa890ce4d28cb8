"""`TwoStageDetector`: a finder says where faces are, a classifier judges each."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from utils.classifier.finders.finder import FaceFinder, clipped, reframed
from utils.classifier.finders.make import make_finder
from utils.classifier.finders.of_detector import FindsFaces
from utils.classifier.inference import FaceClassifier
from utils.classifier.two_stage_file import FinderRecord, TwoStageFile, file_of
from utils.dataset.cut_faces import cut_face
from utils.dataset.labels import BACKGROUND, CLASS_IDS
from utils.errors import InputError
from utils.metrics.detections import Detections
from utils.networks.applied import BATCH_BYTES, Asked

BATCH = 64
"""Faces from which the classifier is asked; those of further photographs are then found."""

BATCH_PHOTOS = 8
"""Photographs that are waited for at most."""


OfDetector = Callable[[Any, str, Path, str | None], FindsFaces]
"""What makes a detector of what its file holds: see `utils.models.KINDS`."""


class TwoStageDetector(Asked):
    """Two trained stages, ready to be asked like a `Detector`.

    A face that is none, a face of each class: the first is as likely as the finder's score says,
    and the classifier shares out the rest.

    Attributes
    ----------
    finder, classifier
        The stages.
    arch, classes, absent
        Names of both stages in a word; of the classes; and of those that no training face was of.
    threshold
        Confidence from which a detection counts, chosen on validation.
    calibration
        What makes confidences mean what they say, fitted on validation.
    digest
        SHA-256 of the model file.
    file
        All that stands in the model file.
    """

    def __init__(
        self, file: TwoStageFile, finder: FaceFinder, classifier: FaceClassifier, digest: str = ""
    ) -> None:
        self.file, self.finder, self.classifier, self.digest = file, finder, classifier, digest
        self.arch, self.classes, self.absent = file.arch, classifier.classes, classifier.absent
        self.threshold, self.calibration = file.threshold, file.calibration
        self._never = [CLASS_IDS[name] for name in self.absent]

    @classmethod
    def of_content(
        cls,
        content: Any,
        digest: str,
        path: Path,
        device: str | None = None,
        of_detector: OfDetector | None = None,
    ) -> "TwoStageDetector":
        """Return the detector of a file that was read.

        Parameters
        ----------
        path
            What to call it in an error.
        of_detector
            What makes the detector that finds faces, where one does.

        Raises
        ------
        InputError
            If the file is not what this version writes, or what the finder needs is not there, or
            is not what it was when the stages were joined.
        """
        file = file_of(content, path)
        try:
            finder = _finder_of(file.finder, path, device, of_detector)
            classifier = FaceClassifier(file.classifier, device=device)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
        if finder.identity != file.finder.identity:
            raise InputError(
                f"{path}: was made with another {finder.name} than is installed here, whose scores "
                "would mean something else; install the pinned packages, or train again"
            )
        return cls(file, finder, classifier, digest)

    @property
    def device(self) -> torch.device:
        """What the classifier computes on."""
        return self.classifier.device

    def stream(self, images: Iterable[np.ndarray]) -> Iterator[Detections]:
        """Yield what `predict` returns, in step with `images`, a batch behind them at most.

        The faces of several photographs are judged together: of `BATCH_PHOTOS`, or of fewer that
        have `BATCH` faces or take `BATCH_BYTES` together.
        """
        found: list[tuple[np.ndarray, np.ndarray]] = []
        faces: list[np.ndarray] = []
        held = 0
        for image in images:
            boxes, scores = self.finder.find(image)
            height, width = image.shape[:2]
            boxes, scores = framed(boxes, scores, self.file.frame, (width, height))
            cut = [cut_face(image, box, self.classifier.margin) for box in boxes]
            found.append((boxes, scores))
            faces += cut
            held += image.nbytes + sum(face.nbytes for face in cut)
            if len(found) == BATCH_PHOTOS or len(faces) >= BATCH or held >= BATCH_BYTES:
                yield from self._judged(found, faces)
                found, faces, held = [], [], 0
        yield from self._judged(found, faces)

    def _judged(
        self, found: Sequence[tuple[np.ndarray, np.ndarray]], faces: Sequence[np.ndarray]
    ) -> Iterator[Detections]:
        judged = self.classifier.judge(faces)
        start = 0
        for boxes, scores in found:
            classes = judged[start : start + len(boxes)]
            start += len(boxes)
            likely = self.file.sureness.of(scores)[:, None]
            joined = np.concatenate([1 - likely, likely * classes], axis=1)
            told = self.calibration.apply(_detections(boxes, joined.astype(np.float32)))
            yield self._possible(told)

    def _possible(self, found: Detections) -> Detections:
        """Leave impossible what calibration, which knows no zeros, makes unlikely."""
        if not self._never or not len(found):
            return found
        probabilities = found.probabilities.copy()
        probabilities[:, self._never] = 0
        return _detections(found.boxes, probabilities / probabilities.sum(axis=1, keepdims=True))


def framed(
    boxes: np.ndarray,
    scores: np.ndarray,
    frame: tuple[float, float, float, float],
    size: tuple[int, int],
) -> tuple[np.ndarray, np.ndarray]:
    """Return boxes and scores with boxes reframed and clipped to (W, H); none is empty."""
    boxes = clipped(reframed(boxes, frame), *size)
    there = (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
    return boxes[there], scores[there]


def _detections(boxes: np.ndarray, probabilities: np.ndarray) -> Detections:
    """Return faces by falling confidence, each of its likeliest class."""
    labels = probabilities[:, BACKGROUND + 1 :].argmax(axis=1) + BACKGROUND + 1
    scores = probabilities[np.arange(len(labels)), labels]
    order = np.argsort(-scores, kind="stable")
    return Detections(boxes[order], labels[order], scores[order], probabilities[order])


def _finder_of(
    record: FinderRecord, path: Path, device: str | None, of_detector: OfDetector | None
) -> FaceFinder:
    options = {name: getattr(record.options, name) for name in record.options.__dataclass_fields__}
    if record.name != "detector":
        return make_finder(record.name, weights=record.weights, device=device, **options)
    if of_detector is None:
        raise InputError("its faces are found by a detector; load it by utils.models.load_model")
    within = Path(f"{path} (its detector)")
    detector = of_detector(record.weights["model"], record.identity, within, device)
    return make_finder("detector", weights=record.weights["model"], detector=detector, **options)
