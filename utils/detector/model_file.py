"""The trained detector as one file: everything that inference needs, and where it came from."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from utils.dataset.labels import CLASSES
from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture
from utils.errors import InputError
from utils.metrics.calibration import Calibration
from utils.networks.model_file import (
    DAMAGE,
    FIRST_KIND,
    OURS,
    TrainedModel,
    check_classes,
    check_content,
    damaged,
    shared_fields,
)
from utils.training.tensors import load_tensors

SCHEMA = 3

KIND = FIRST_KIND
"""The kind of these model files, by which `load_model` goes; also of a file that names none."""

FIELDS = OURS | {"anchors"}
"""What a model file must hold."""

READ = (2, SCHEMA)
"""Schemas that are read: 2 lacks the fields that may be None, and half precision."""


@dataclass(frozen=True)
class ModelFile(TrainedModel):
    """What stands in ``mask_detection_model.pth``.

    Attributes
    ----------
    arch, anchors, state
        The network: its name in the registry, its anchors, its weights.
    image_size
        Pixels of the longer side of the images it was trained on.
    threshold
        The confidence from which a detection counts, chosen on validation.
    calibration
        Of the probabilities, fitted on validation.
    params, metrics
        Hyper-parameters of the training; what was measured on validation.
    data_digest
        SHA-256 of the training photographs (`utils.dataset.torch_dataset.FaceDataset`).
    data_version
        Version of the annotated photographs that the training side was split from
        (`utils.dataset.version`); empty where that is not known.
    classes
        Names in the order of their ids, from id 1.
    fingerprints
        What the photographs that it learnt from are recognised by
        (`utils.dataset.splitting.learnt`); None where that is not known.
    evaluation
        What a test showed of it, which the rate's interval needs; None before one.
    started_from
        Source and licence of the weights that its training started from; None where that is not
        known.
    """

    kind = KIND
    schema = SCHEMA

    arch: str
    anchors: Anchors
    image_size: int
    threshold: float
    state: dict[str, Tensor]
    calibration: Calibration = field(default_factory=Calibration)
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    data_digest: str = ""
    data_version: str = ""
    classes: tuple[str, ...] = CLASSES
    fingerprints: bytes | None = None
    evaluation: dict[str, Any] | None = None
    started_from: dict[str, Any] | None = None

    def own(self) -> dict[str, Any]:
        """Return the fields of a detector alone."""
        return {"anchors": self.anchors.as_record()}


def read_model(path: Path) -> tuple[ModelFile, str]:
    """Read a model file; return it with the SHA-256 of its bytes.

    Raises
    ------
    InputError
        If the file is no whole model file of this version, or of other classes than ours.
    """
    content, digest = load_tensors(path)
    return model_of(content, path), digest


def model_of(content: Any, path: Path) -> ModelFile:
    """Return the model whose file, `path`, holds `content`; an `InputError` says why it is none."""
    check_content(content, path, KIND, READ, FIELDS)
    try:
        model = ModelFile(anchors=Anchors.from_record(content["anchors"]), **shared_fields(content))
        architecture(model.arch)
    except DAMAGE as error:
        raise damaged(path, error) from error
    except InputError as error:
        raise InputError(f"{path}: field 'arch': {error}") from error
    check_classes(model.classes, path)
    return model
