"""What files of trained networks have in common, whatever the network is of.

Each holds plain values and tensors: which kind of model it is, its network, and all that using it
takes, so that no other file is needed.
"""

from collections.abc import Collection
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from utils.dataset.labels import CLASSES
from utils.dataset.splitting.fingerprint_index import FingerprintIndex
from utils.dataset.splitting.learnt import LearntPhotographs, learnt_by_all
from utils.errors import InputError, brief
from utils.metrics.calibration import Calibration
from utils.training.tensors import load_tensors, save_tensors

FIRST_KIND = "detector"
"""The kind of a file that does not name its kind: at first there was no other."""

OURS = {"schema", "arch", "classes", "image_size", "threshold", "calibration", "state_dict"}
"""What a model file of any kind holds."""

MOST_PIXELS = 8192
"""Most pixels of the longer side of what a network sees; more would take all memory there is."""

DAMAGE = (TypeError, KeyError, ValueError, AttributeError, OverflowError)
"""What reading raises where fields are not as we write them."""


class Remembering:
    """What a file of ``fingerprints`` tells of the photographs that a model learnt from."""

    fingerprints: bytes | None

    @cached_property
    def learnt(self) -> LearntPhotographs | None:
        """The photographs that it learnt from, to look others up among; None if not known."""
        if self.fingerprints is None:
            return None
        return LearntPhotographs.from_bytes(self.fingerprints, "the model file")


class TrainedModel(Remembering):
    """What model files of one network do; a dataclass of their fields says the rest."""

    kind: ClassVar[str]
    schema: ClassVar[int]

    def own(self) -> dict[str, Any]:
        """Return the fields of this kind alone, as its file holds them."""
        raise NotImplementedError

    def content(self) -> dict[str, Any]:
        """Return what its file holds.

        A tensor is stored as float16 where that loses nothing (`in_half_precision`), so that what
        is read is what was written.
        """
        return {
            "schema": self.schema,
            "kind": self.kind,
            "arch": self.arch,
            "classes": list(self.classes),
            **self.own(),
            "image_size": self.image_size,
            "threshold": self.threshold,
            "calibration": asdict(self.calibration),
            "params": self.params,
            "metrics": self.metrics,
            "data_digest": self.data_digest,
            "data_version": self.data_version,
            "fingerprints": as_tensor(self.fingerprints),
            "evaluation": self.evaluation,
            "started_from": self.started_from,
            "state_dict": {name: _stored(it.detach().cpu()) for name, it in self.state.items()},
        }


def write_model(path: Path, model: TrainedModel) -> None:
    """Write `model` to `path`, whole or not at all; equal models give equal bytes."""
    save_tensors(path, model.content())


def check_content(
    content: Any, path: Path, kind: str, schemas: Collection[int], fields: Collection[str]
) -> None:
    """Raise an `InputError` unless `content`, that of the file `path`, is of a model of this kind.

    Parameters
    ----------
    schemas
        Those that are read; the last is the one that is written.
    fields
        What such a file must hold.
    """
    found = content.get("kind", FIRST_KIND) if isinstance(content, dict) else kind
    if found != kind and "schema" in content:
        raise InputError(f"{path}: field 'kind' is {brief(found)!r}, expected {kind!r}")
    if not isinstance(content, dict) or not {"schema", "state_dict"} <= content.keys():
        raise InputError(
            f"{path}: is no model file of this project; give one, as "
            "RUN_DIR/output/face_mask_detector.pth of a run of workflow.py"
        )
    if content["schema"] not in schemas:
        raise InputError(
            f"{path}: field 'schema' is {content['schema']!r}, expected {tuple(schemas)[-1]}; "
            "train the model again with this version"
        )
    if missing := set(fields) - content.keys():
        raise InputError(
            f"{path}: lacks {', '.join(sorted(missing))}; it is no whole model file, make it again"
        )


def shared_fields(content: dict[str, Any]) -> dict[str, Any]:
    """Return the fields that all kinds share as they are in memory; damage raises one of `DAMAGE`.

    What is not there, as in files of earlier versions, is left to its default.
    """
    made = {
        "arch": content["arch"],
        "image_size": content["image_size"],
        "threshold": content["threshold"],
        "state": {name: _loaded(value) for name, value in content["state_dict"].items()},
        "calibration": Calibration(**content["calibration"]),
        "params": content.get("params", {}),
        "metrics": content.get("metrics", {}),
        "data_digest": content.get("data_digest", ""),
        "data_version": content.get("data_version", ""),
        "classes": tuple(content["classes"]),
        "fingerprints": as_bytes(content.get("fingerprints")),
        "evaluation": content.get("evaluation"),
        "started_from": content.get("started_from"),
    }
    if not (1 <= made["image_size"] <= MOST_PIXELS and 0 <= made["threshold"] <= 1):
        raise ValueError(f"image_size {made['image_size']}, threshold {made['threshold']}")
    for name, value in made["state"].items():
        if not bool(value.isfinite().all()):
            raise ValueError(f"weights of {name} are no finite numbers, so it finds nothing")
    return made


def damaged(path: Path, error: Exception) -> InputError:
    """Return what to raise where a field of a model file is not what this version writes."""
    return InputError(
        f"{path}: a field is not what this version writes ({error}); make the file again"
    )


def check_classes(classes: tuple[str, ...], path: Path) -> None:
    """Raise an `InputError` unless a model's classes are ours."""
    if classes != CLASSES:
        raise InputError(f"{path}: field 'classes' is {list(classes)}, expected {list(CLASSES)}")


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
    return LearntPhotographs.from_bytes(as_bytes(told), weights) if told is not None else None


def learnt_from(fingerprints: Path | None, weights: Path | None) -> bytes | None:
    """Return what tells of the photographs that a training has seen, as far as it is known.

    Parameters
    ----------
    fingerprints
        Of the training photographs, as `split_data` writes them.
    weights
        That the training started from.
    """
    seen = None
    if fingerprints:
        index = FingerprintIndex.read(fingerprints)
        seen = LearntPhotographs.of(index[number] for number in range(len(index)))
    return learnt_by_all(seen, learnt_by(weights) if weights else None)


def arch_of(weights: Path) -> str | None:
    """Return the architecture of a file of weights that is a model file of ours, else None."""
    content = _ours(weights)
    return content["arch"] if content and isinstance(content["arch"], str) else None


def started_from(weights: Path) -> dict[str, Any] | None:
    """Return what a model file of ours says of the weights that its training started from."""
    content = _ours(weights)
    return content.get("started_from") if content else None


def _ours(weights: Path) -> dict[str, Any] | None:
    try:
        content, _ = load_tensors(weights)
    except InputError:
        return None  # whoever loads it says why
    return content if isinstance(content, dict) and content.keys() >= OURS else None


def _stored(value: Tensor) -> Tensor:
    """Return a tensor as float16 where that loses nothing."""
    if value.dtype != torch.float32:
        return value
    half = value.half()
    return half if torch.equal(half.float(), value) else value


def _loaded(value: Tensor) -> Tensor:
    return value.float() if value.dtype == torch.float16 else value


def as_tensor(data: bytes | None) -> Tensor | None:
    """Return bytes as torch's files hold them without code: a uint8 tensor."""
    return None if data is None else torch.frombuffer(bytearray(data), dtype=torch.uint8)


def as_bytes(tensor: Tensor | None) -> bytes | None:
    """Return the bytes that `as_tensor` was given."""
    return None if tensor is None else tensor.numpy().tobytes()
