"""The trained classifier as one file: everything that judging takes, and where it came from."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from utils.classifier.architectures import architecture
from utils.classifier.names import IMAGE_SIZES, MARGIN
from utils.dataset.labels import CLASSES
from utils.errors import InputError, brief
from utils.metrics.temperature import Temperature
from utils.networks.model_file import (
    DAMAGE,
    OURS,
    TrainedModel,
    check_classes,
    check_content,
    damaged,
    shared_fields,
)
from utils.networks.normalisation import MEAN, STD
from utils.training.tensors import load_tensors

SCHEMA = 1

KIND = "classifier"
"""The kind of these model files, by which `utils.models.load_model` goes."""

FIELDS = OURS | {"kind", "absent", "margin", "normalisation"}
"""What a model file must hold."""

MOST_MARGIN = 2.0
"""Nobody cuts a face with more than two of it on each side."""


def normalisation() -> dict[str, list[float]]:
    """Return what pictures are normalised by, on the scale 0..255, red, green and blue."""
    return {name: value.flatten().tolist() for name, value in (("mean", MEAN), ("std", STD))}


@dataclass(frozen=True)
class ModelFile(TrainedModel):
    """What stands in ``mask_detection_model.pth`` of a classifier.

    Attributes
    ----------
    arch, state
        The network: its name in the registry, its weights.
    image_size
        Pixels of the sides of a face as the network sees it.
    threshold
        The confidence from which a face counts: 0, every face does.
    calibration
        Of the probabilities, fitted on validation.
    absent
        Names of the classes that no face of the training side was of. Their probability is 0.
    margin
        Share of a face's longer side that is to be cut with it on each side.
    params, metrics
        Hyper-parameters of the training; what was measured on validation.
    data_digest
        SHA-256 of the training faces (`utils.dataset.torch_dataset.FaceDataset`).
    classes
        Names in the order of their ids, from id 1.
    fingerprints, evaluation, started_from
        As in `utils.detector.model_file`: what the photographs that it learnt from are recognised
        by; what a test showed of it; the weights that its training started from.
    """

    kind = KIND
    schema = SCHEMA

    arch: str
    image_size: int
    threshold: float
    state: dict[str, Tensor]
    calibration: Temperature = field(default_factory=Temperature)
    absent: tuple[str, ...] = ()
    margin: float = MARGIN
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    data_digest: str = ""
    data_version: str = ""
    classes: tuple[str, ...] = CLASSES
    fingerprints: bytes | None = None
    evaluation: dict[str, Any] | None = None
    started_from: dict[str, Any] | None = None

    def own(self) -> dict[str, Any]:
        """Return the fields of a classifier alone."""
        return {
            "absent": list(self.absent),
            "margin": self.margin,
            "normalisation": normalisation(),
        }


def read_model(path: Path) -> tuple[ModelFile, str]:
    """Read a model file; return it with the SHA-256 of its bytes.

    Raises
    ------
    InputError
        If the file is no whole model file of a classifier, or of other classes than ours.
    """
    content, digest = load_tensors(path)
    return model_of(content, path), digest


def model_of(content: Any, path: Path) -> ModelFile:
    """Return the model whose file, `path`, holds `content`; an `InputError` says why it is none."""
    check_content(content, path, KIND, (SCHEMA,), FIELDS)
    try:
        architecture(content["arch"])
        shared = shared_fields(content)
        calibration = shared.pop("calibration")
        model = ModelFile(
            calibration=Temperature(calibration.temperature),
            absent=tuple(content["absent"]),
            margin=content["margin"],
            **shared,
        )
    except DAMAGE as error:
        raise damaged(path, error) from error
    except InputError as error:
        raise InputError(f"{path}: field 'arch': {error}") from error
    check_classes(model.classes, path)
    for name, value, right, takes in _rules(model, content):
        if not right:
            raise InputError(
                f"{path}: field {name!r} is {brief(value)}, expected {takes}; make the file again"
            )
    return model


def _rules(model: ModelFile, content: dict[str, Any]) -> list[tuple[str, Any, bool, str]]:
    """Return of each field its name, its value, whether that is one that we write, and what is."""
    low, high = IMAGE_SIZES
    learnt = set(CLASSES) - set(model.absent)
    return [
        (
            "image_size",
            model.image_size,
            type(model.image_size) is int and low <= model.image_size <= high,
            f"{low} to {high} pixels",
        ),
        (
            "margin",
            model.margin,
            _is_number(model.margin) and 0 <= model.margin <= MOST_MARGIN,
            f"a share of 0 to {MOST_MARGIN:g}",
        ),
        (
            "absent",
            list(model.absent),
            len(learnt) == len(CLASSES) - len(model.absent) > 0,
            f"some of {', '.join(CLASSES)}, but not all",
        ),
        (
            "normalisation",
            content["normalisation"],
            content["normalisation"] == normalisation(),
            str(normalisation()),
        ),
        (
            "calibration",
            content["calibration"],
            _is_number(model.calibration.temperature)
            and model.calibration.temperature > 0
            and content["calibration"].get("background") == 0,
            "a temperature above 0 and a background of 0",
        ),
    ]


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
