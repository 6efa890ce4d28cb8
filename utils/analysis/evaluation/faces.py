"""What a classifier says of annotated faces, each cut from its photograph."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.analysis.evaluation.groups import groups_of
from utils.dataset.cut_faces import photograph_of
from utils.dataset.faces import Faces
from utils.dataset.image_header import upright_size
from utils.dataset.labels import BACKGROUND
from utils.dataset.looks import looks
from utils.dataset.shards import read_shard
from utils.errors import InputError, brief
from utils.metrics.classification import Judged
from utils.metrics.detections import Detections
from utils.metrics.ranking import face_sides

if TYPE_CHECKING:
    from utils.classifier.inference import FaceClassifier
    from utils.training.class_loss import MeanLoss

EVERY = 200
"""Faces between two lines in the log."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JudgedFaces:
    """Annotated faces and what was said of them, one entry each.

    Attributes
    ----------
    names
        Of the pictures, one face each.
    photographs
        The photographs that they were cut from.
    faces, detections
        A picture's truth, whose box is the whole picture, and the classifier's answer, whose box
        is that, too; probabilities are calibrated.
    looks
        Brightness and sharpness (`utils.dataset.looks`).
    """

    names: list[str]
    photographs: list[str]
    faces: list[Faces]
    detections: list[Detections]
    looks: list[dict[str, float]]

    def judged(self, split: Mapping[str, Any] | None = None) -> Judged:
        """Return the faces for `utils.metrics.classification`.

        Parameters
        ----------
        split
            The record ``split.json``: faces on near-duplicates are as one observation; by default
            those of one photograph are.
        """
        order = {name: number for number, name in enumerate(dict.fromkeys(self.photographs))}
        groups = [order[name] for name in self.photographs]
        groups = groups_of(self.photographs, split) if split else groups
        told = [found.probabilities[0, BACKGROUND + 1 :] for found in self.detections]
        return Judged(
            np.array([int(real.labels[0]) for real in self.faces], np.int64),
            np.array(told, np.float32).reshape(len(told), -1),
            np.array(groups, np.int64),
        )


def judge_faces(
    classifier: "FaceClassifier", shard: Path, losses: "MeanLoss | None" = None
) -> JudgedFaces:
    """Let a classifier judge a shard of cut faces (`utils.dataset.cut_faces`).

    Its losses are added to `losses` on the way.

    Raises
    ------
    InputError
        If a picture cannot be read, is not named as a cut face is, or does not have one face.
    """
    seen = JudgedFaces([], [], [], [], [])

    def images() -> Iterator[np.ndarray]:
        for photo in read_shard(shard):
            image = photo.decode()
            height, width = image.shape[:2]
            face = photo.read_annotation(width, height).faces
            try:
                photograph, _ = photograph_of(photo.name)
            except ValueError as error:
                raise InputError(f"{shard}: {brief(error)}; give a shard of cut faces") from error
            if len(face) != 1:
                raise InputError(
                    f"{shard}: {brief(photo.filename)} has {len(face)} faces; a picture of a cut "
                    "face has one"
                )
            seen.names.append(photo.name)
            seen.photographs.append(photograph)
            seen.faces.append(face)
            seen.looks.append(looks(image))
            if losses:
                classifier.add_losses(losses, photo.name, image, face)
            yield image
            if len(seen.names) % EVERY == 0:
                log.info("%d faces", len(seen.names))

    seen.detections.extend(classifier.stream(images()))
    return seen


def sides_in_photographs(photographs: Path) -> dict[tuple[str, int], float]:
    """Return the side in pixels of each annotated face of a clean shard, by photograph and number.

    Numbers count from 1 in the order of the annotations, as those of cut faces do.

    Raises
    ------
    InputError
        If the shard, a header of a photograph or an annotation cannot be read.
    """
    result = {}
    for photo in read_shard(photographs):
        faces = photo.read_annotation(*upright_size(photo.image, photo.filename)).faces
        for number, side in enumerate(face_sides(faces), start=1):
            result[photo.name, number] = float(side)
    return result
