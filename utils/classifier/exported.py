"""A classifier as an ONNX file: faces in, probabilities out, for programs without PyTorch."""

import contextlib
import copy
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from utils.classifier.inference import FaceClassifier, logits_of
from utils.classifier.network import FaceNetwork
from utils.errors import InputError
from utils.networks.quicker import fold
from utils.records import atomic_file

OPSET = 24
"""Version of ONNX's operators: the newest that both the exporter and onnxruntime, as pinned,
know."""

LIST = "requirements-export.txt"


class _Judges(nn.Module):
    """What `FaceClassifier.judge` computes of faces of the network's size."""

    def __init__(self, classifier: FaceClassifier) -> None:
        super().__init__()
        self.network: FaceNetwork = copy.deepcopy(classifier.network).float().cpu().eval()
        fold(self.network.trunk)
        self.absent, self.mirrored = classifier.absent, classifier.mirrored
        self.temperature = classifier.calibration.temperature

    def forward(self, faces: Tensor) -> Tensor:
        logits = logits_of(self.network, faces, self.absent, self.mirrored)
        return (logits / self.temperature).softmax(dim=1)


def export_classifier(classifier: FaceClassifier, path: Path) -> None:
    """Write an ONNX file, whole or not at all.

    Its input ``faces`` is float32, shape (N, 3, S, S): RGB in 0..255, cut with the margin and
    resized to the size that its metadata tell; any N. Its output ``probabilities`` is float32,
    shape (N, 3): calibrated, of the classes in the order of the metadata. Normalisation, softmax
    and temperature are inside.

    Raises
    ------
    InputError
        If the packages that write such files are not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401 (torch.onnx needs it)
    except ModuleNotFoundError as error:
        raise InputError(
            f"--export: the package {error.name} is not installed; make export, or: pip install "
            f"-r {LIST}"
        ) from error
    side = classifier.image_size
    faces = torch.zeros(2, 3, side, side)
    with torch.no_grad(), _quietly():
        program = torch.onnx.export(
            _Judges(classifier).eval(),
            (faces,),
            dynamo=True,
            opset_version=OPSET,
            input_names=["faces"],
            output_names=["probabilities"],
            dynamic_shapes=({0: torch.export.Dim("faces")},),
            verbose=False,
        )
    model = program.model_proto
    onnx.helper.set_model_props(model, _metadata(classifier))
    onnx.checker.check_model(model)
    with atomic_file(path) as file:
        file.write(model.SerializeToString())


def _metadata(classifier: FaceClassifier) -> dict[str, str]:
    """Return what a program must know to use the file: words, and JSON for what is none."""
    return {
        "classes": json.dumps(list(classifier.classes)),
        "absent": json.dumps(list(classifier.absent)),
        "image_size": json.dumps(classifier.image_size),
        "margin": json.dumps(classifier.margin),
        "input": "faces: float32 (N, 3, image_size, image_size), RGB, 0 to 255; of a square around "
        "the face with margin, a share of the longer side of its box, on each side",
        "output": "probabilities: float32 (N, 3), calibrated, in the order of classes",
        "arch": classifier.arch,
        "digest": classifier.digest,
    }


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Let the exporter, which tells much of itself, tell nothing."""
    loggers = [logging.getLogger(name) for name in ("onnxscript", "onnx_ir", "torch.onnx")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
