"""A registered model as MLflow loads it, with nothing of ours installed: this code goes along.

No object is pickled: MLflow is told the name of this module, and the model is read from our own
file, which holds tensors and plain values.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from utils.dataset.images import decode
from utils.errors import InputError
from utils.model_files import Model
from utils.models import load_model
from utils.records import read_record

PHOTOGRAPH = "photograph"
"""The column that holds a photograph's file, as bytes."""

ABOUT, MODEL = "registered.json", "face_mask_detector.pth"
"""Files of a version: the digest of the model, and of which data it is; and the model."""


class Predicting:
    """What MLflow calls to predict."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def predict(
        self, model_input: Any, params: dict[str, Any] | None = None
    ) -> list[list[dict[str, Any]]]:
        """Return the faces on each photograph, as `Detections.as_record` has them.

        Parameters
        ----------
        model_input
            A table with the column `PHOTOGRAPH`, or a list, of files as bytes.
        params
            ``threshold``: the confidence from which a face counts; by default the model's own.
        """
        images = [
            decode(bytes(photograph), f"photograph {number}")
            for number, photograph in enumerate(_photographs(model_input), start=1)
        ]
        threshold = (params or {}).get("threshold")
        threshold = self.model.threshold if threshold is None else threshold
        return [found.above(threshold).as_record() for found in self.model.predict(images)]


def _photographs(given: Any) -> Iterable[bytes]:
    return given[PHOTOGRAPH] if hasattr(given, "columns") else given


def _load_pyfunc(path: str) -> Predicting:
    """Return the model of a version's files, which MLflow has put at `path`.

    Raises
    ------
    InputError
        If the model file is not the one that was registered.
    """
    folder = Path(path)
    model = load_model(folder / MODEL)
    expected = read_record(folder / ABOUT)["sha256"]
    if model.digest != expected:
        raise InputError(
            f"{folder / MODEL}: is not the file that was registered; its SHA-256 is "
            f"{model.digest}, expected {expected}"
        )
    return Predicting(model)
