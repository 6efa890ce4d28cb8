"""A file of any kind of model of ours becomes what finds faces on photographs.

Jobs load models so. `utils.models` also finds them by their names in a registry, which no job does.
"""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from utils.classifier.finders.finder import FaceFinder
from utils.classifier.finders.make import make_finder
from utils.classifier.finders.names import FINDERS, read_finder
from utils.classifier.inference import FaceClassifier
from utils.classifier.model_file import KIND as CLASSIFIER
from utils.classifier.two_stage import TwoStageDetector
from utils.classifier.two_stage_file import KIND as TWO_STAGE
from utils.detector.inference import Detector
from utils.detector.model_file import KIND
from utils.detector.names import IN_THE_BOX
from utils.errors import InputError, brief
from utils.training.tensors import load_tensors

Model = Detector | FaceClassifier | TwoStageDetector
"""What has ``predict(images)`` and ``stream(images)``, both of which give `Detections`."""

KINDS: dict[str, Callable[[Any, str, Path, str | None], Model]] = {
    KIND: Detector.of_content,
    CLASSIFIER: FaceClassifier.of_content,
    TWO_STAGE: lambda *file: TwoStageDetector.of_content(*file, of_detector=Detector.of_content),
}
"""What makes a model of each kind, by the field ``kind`` of its file.

It is called with what the file holds, its SHA-256, its path and the device.
"""

MODEL_FILES = (".pth", ".pt")

DEVICES = ("cpu", "cuda", "mps")


def load_file(path: Path | str | None = None, device: str | None = None) -> Model:
    """Load a model file onto a device.

    Parameters
    ----------
    path
        By default that in the box.
    device
        ``cpu``, ``cuda``, ``cuda:1``, ...; by default the GPU where there is one.

    Returns
    -------
    The model, of the kind that its file says.

    Raises
    ------
    InputError
        If the file is none of ours, damaged or not there, or the device cannot be used.
    """
    if path is None and not IN_THE_BOX.exists():
        raise InputError(
            f"{IN_THE_BOX}: there is no model in the box; name one, as "
            "RUN_DIR/output/face_mask_detector.pth of a run of workflow.py, or make it: "
            "make pretrained DATA=FOLDER"
        )
    path = IN_THE_BOX if path is None else Path(path)
    if path.is_dir():
        raise InputError(
            f"{path}: is a folder; name the file in it, as {path}/output/face_mask_detector.pth"
        )
    _check_device(device)
    content, digest = load_tensors(path)
    kind = content.get("kind", KIND) if isinstance(content, dict) else KIND
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(
            f"{path}: field 'kind' is {brief(kind)!r}; this version knows {', '.join(KINDS)}"
        )
    return KINDS[kind](content, digest, path, device)


def load_finder(word: str, weights: Path | None = None, device: str | None = None) -> FaceFinder:
    """Return the face finder that a word names (`utils.classifier.finders.names.read_finder`).

    Parameters
    ----------
    weights
        A file of its weights: of ``centerface`` by default that of the package, of ``detector`` the
        model file of a detector, by default that in the box.
    device
        As `load_file` takes it.

    Raises
    ------
    InputError
        If the word names none, or what the finder needs is not there.
    """
    name, options = read_finder(word)
    _check_device(device)
    if name != "detector":
        return make_finder(name, weights=weights, device=device, **asdict(options))
    content, digest = load_tensors(weights or IN_THE_BOX)
    detector = Detector.of_content(content, digest, weights or IN_THE_BOX, device)
    return make_finder(name, weights=content, detector=detector, **asdict(options))


def finder_package(model: Model) -> str | None:
    """Return the package that the face finder of a model needs; None where none does."""
    return FINDERS[model.finder.name].package if isinstance(model, TwoStageDetector) else None


def _check_device(name: str | None) -> None:
    """Raise an `InputError` unless PyTorch can compute on a device of that name."""
    import torch

    if name is None:
        return
    try:
        device = torch.device(name)
        if device.type not in DEVICES:
            raise ValueError(f"there are {', '.join(DEVICES)}")
        torch.zeros(1, device=device)
    except (RuntimeError, ValueError, AssertionError) as error:
        raise InputError(
            f"device {brief(name)!r}: cannot be used ({brief(error, 100)}); cpu always can"
        ) from error
