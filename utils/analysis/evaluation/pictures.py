"""The pictures of an evaluation: which there are of each kind of model, and what draws them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from utils.analysis.evaluation.grad_cam import looked_at
from utils.analysis.plots import classification as classification_plots
from utils.analysis.plots import judged_faces
from utils.analysis.plots import quality as quality_plots
from utils.analysis.plots.mistakes import draw_mistakes
from utils.errors import InputError

if TYPE_CHECKING:
    from utils.classifier.inference import FaceClassifier


@dataclass(frozen=True)
class Evaluated:
    """What pictures are drawn from.

    Attributes
    ----------
    record
        ``evaluation.json``.
    photographs, faces
        The test photographs, and the faces cut from them; None without a classifier.
    classifier
        That judged the faces; None without one.
    """

    record: Mapping[str, Any]
    photographs: Path
    faces: Path | None = None
    classifier: "FaceClassifier | None" = None

    @property
    def told(self) -> Mapping[str, Any]:
        """What the record says of the classifier."""
        return self.record["classification"]


Draw = Callable[[Evaluated, Path], None]

DRAWINGS: dict[str, Draw] = {
    "confusion_matrix": lambda it, output: quality_plots.confusion_matrix(
        np.array(it.record["confusion"]), it.record["threshold"], output
    ),
    "precision_recall": lambda it, output: quality_plots.precision_recall(it.record, output),
    "calibration": lambda it, output: quality_plots.calibration(
        it.record["calibration"], it.record["threshold"], output
    ),
    "mistakes": lambda it, output: draw_mistakes(it.record["mistakes"], it.photographs, output),
}
"""What draws each picture of faces found on photographs, by its name."""

OF_FACES: dict[str, Draw] = {
    "confusion_matrix": lambda it, output: quality_plots.confusion_matrix(
        np.array(it.told["confusion"]), None, output
    ),
    "precision_recall": lambda it, output: classification_plots.precision_recall(it.told, output),
    "calibration": lambda it, output: quality_plots.calibration(
        it.told["calibration"], None, output
    ),
    "mistakes": lambda it, output: judged_faces.draw_mistakes(
        it.told["mistakes"], it.faces, output
    ),
    "roc": lambda it, output: classification_plots.roc(it.told, output),
    "grad_cam": lambda it, output: judged_faces.draw_looks(
        it.told["shown"], it.faces, lambda *some: looked_at(it.classifier, *some), output
    ),
}
"""What draws each picture of faces judged one by one, by its name."""


def drawings_of(kind: str) -> dict[str, Draw]:
    """Return what draws each picture of a kind of model.

    Of a model of two stages those of `DRAWINGS` are of the whole; those of its classifier that have
    the same name begin with ``faces_``.
    """
    if kind == "detector":
        return DRAWINGS
    if kind == "classifier":
        return OF_FACES
    renamed = {f"faces_{name}" if name in DRAWINGS else name: it for name, it in OF_FACES.items()}
    return DRAWINGS | renamed


def check_pictures(paths: Sequence[Path], kind: str) -> None:
    """Raise an `InputError` if a picture to draw is none of this kind of model."""
    known = drawings_of(kind)
    for unknown in (path for path in paths if path.stem not in known):
        raise InputError(f"{unknown}: no picture of an evaluation; it draws {', '.join(known)}")


def draw_pictures(evaluated: Evaluated, paths: Sequence[Path]) -> None:
    """Draw pictures of an evaluation; the stem of each file's name says which."""
    for path in paths:
        drawings_of(evaluated.record["model"]["kind"])[path.stem](evaluated, path)
