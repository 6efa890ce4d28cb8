"""The trained detector as one file: everything that inference needs, and where it came from."""

from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from utils.dataset.labels import CLASSES
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture
from utils.errors import InputError, brief
from utils.metrics.calibration import Calibration
from utils.training.tensors import load_tensors, save_tensors

SCHEMA = 3

KIND = "detector"
"""Of our model files; `utils.models.load_model` goes by it. A file without one is of this kind."""

READ = (2, SCHEMA)
"""Schemas that are read: 2 lacks the fields that may be None, and half precision."""

FIELDS = {"arch", "classes", "anchors", "image_size", "threshold", "calibration", "state_dict"}
"""What a model file must hold besides its schema number."""


@dataclass(frozen=True)
class ModelFile:
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
    classes
        Names by falling id, from id 1.
    fingerprints
        What the photographs that it learnt from are recognised by
        (`utils.dataset.splitting.learnt`); None where that is not known.
    evaluation
        What a test showed of it, which the rate's interval needs; None before one.
    started_from
        Source and licence of the weights that its training started from; None where that is not
        known.
    """

    arch: str
    anchors: Anchors
    image_size: int
    threshold: float
    state: dict[str, Tensor]
    calibration: Calibration = field(default_factory=Calibration)
    params: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    data_digest: str = ""
    classes: tuple[str, ...] = CLASSES
    fingerprints: bytes | None = None
    evaluation: dict[str, Any] | None = None
    started_from: dict[str, Any] | None = None

    @cached_property
    def learnt(self) -> LearntPhotographs | None:
        """The photographs that it learnt from, to look others up among; None if not known."""
        if self.fingerprints is None:
            return None
        return LearntPhotographs.from_bytes(self.fingerprints, "the model file")


def in_half_precision(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return weights rounded to float16, as float32, so that a model file stores them in half.

    The kernels of convolutions and layers are rounded, which are nearly all of a network; what has
    one value a channel (biases, and statistics, which may exceed float16) is not.
    """

    def rounded(value: Tensor) -> Tensor:
        if value.dtype != torch.float32 or value.dim() < 2:
            return value
        half = value.half().float()
        return half if bool(half.isfinite().all()) else value

    return {name: rounded(value) for name, value in state.items()}


def write_model(path: Path, model: ModelFile) -> None:
    """Write `model` to `path`, whole or not at all; equal models give equal bytes.

    A tensor is stored as float16 where that loses nothing (`in_half_precision`), so that what is
    read is what was written.
    """
    content = {
        "schema": SCHEMA,
        "kind": KIND,
        "arch": model.arch,
        "classes": list(model.classes),
        "anchors": model.anchors.as_record(),
        "image_size": model.image_size,
        "threshold": model.threshold,
        "calibration": asdict(model.calibration),
        "params": model.params,
        "metrics": model.metrics,
        "data_digest": model.data_digest,
        "fingerprints": _as_tensor(model.fingerprints),
        "evaluation": model.evaluation,
        "started_from": model.started_from,
        "state_dict": {name: _stored(value.detach().cpu()) for name, value in model.state.items()},
    }
    save_tensors(path, content)


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
    if not isinstance(content, dict) or not {"schema", "state_dict"} <= content.keys():
        raise InputError(
            f"{path}: is no model file of this project; give one, as "
            "RUN_DIR/output/face_mask_detector.pth of a run of workflow.py"
        )
    if (kind := content.get("kind", KIND)) != KIND:
        raise InputError(f"{path}: field 'kind' is {brief(kind)!r}, expected {KIND!r}")
    if content["schema"] not in READ:
        raise InputError(
            f"{path}: field 'schema' is {content['schema']!r}, expected {SCHEMA}; "
            "train the model again with this version"
        )
    if missing := FIELDS - content.keys():
        raise InputError(
            f"{path}: lacks {', '.join(sorted(missing))}; it is no whole model file, make it again"
        )
    try:
        model = ModelFile(
            arch=content["arch"],
            anchors=Anchors.from_record(content["anchors"]),
            image_size=content["image_size"],
            threshold=content["threshold"],
            state={name: _loaded(value) for name, value in content["state_dict"].items()},
            calibration=Calibration(**content["calibration"]),
            params=content.get("params", {}),
            metrics=content.get("metrics", {}),
            data_digest=content.get("data_digest", ""),
            classes=tuple(content["classes"]),
            fingerprints=_as_bytes(content.get("fingerprints")),
            evaluation=content.get("evaluation"),
            started_from=content.get("started_from"),
        )
        architecture(model.arch)
        if not (model.image_size >= 1 and 0 <= model.threshold <= 1):
            raise ValueError(f"image_size {model.image_size}, threshold {model.threshold}")
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InputError(
            f"{path}: a field is not what this version writes ({error}); make the file again"
        ) from error
    if model.classes != CLASSES:
        raise InputError(
            f"{path}: field 'classes' is {content['classes']}, expected {list(CLASSES)}"
        )
    return model


def learnt_by(weights: Path) -> LearntPhotographs | None:
    """Return the photographs that a file of weights has learnt from; None if it does not say.

    Only model files of ours do. A file of another kind says nothing, be it whole or not.

    Raises
    ------
    InputError
        If a model file's word for it is damaged.
    """
    content = _ours(weights)
    told = content.get("fingerprints") if content else None
    return LearntPhotographs.from_bytes(_as_bytes(told), weights) if told is not None else None


def arch_of(weights: Path) -> str | None:
    """Return the architecture of a file of weights that is a model file of ours, else None."""
    content = _ours(weights)
    return content["arch"] if content else None


def started_from(weights: Path) -> dict[str, Any] | None:
    """Return what a model file of ours says of the weights that its training started from."""
    content = _ours(weights)
    return content.get("started_from") if content else None


def _ours(weights: Path) -> dict[str, Any] | None:
    try:
        content, _ = load_tensors(weights)
    except InputError:
        return None  # whoever loads it says why
    return content if isinstance(content, dict) and content.keys() >= FIELDS else None


def _stored(value: Tensor) -> Tensor:
    """Return a tensor as float16 where that loses nothing."""
    if value.dtype != torch.float32:
        return value
    half = value.half()
    return half if torch.equal(half.float(), value) else value


def _loaded(value: Tensor) -> Tensor:
    return value.float() if value.dtype == torch.float16 else value


def _as_tensor(data: bytes | None) -> Tensor | None:
    """Return bytes as torch's files hold them without code: a uint8 tensor."""
    return None if data is None else torch.frombuffer(bytearray(data), dtype=torch.uint8)


def _as_bytes(tensor: Tensor | None) -> bytes | None:
    return None if tensor is None else tensor.numpy().tobytes()
