"""A model of ours as a file for other programs."""

from pathlib import Path

from utils.classifier.exported import OPSET, export_classifier
from utils.classifier.two_stage import TwoStageDetector
from utils.detector.inference import Detector
from utils.errors import InputError
from utils.models import load_model


def export(model: Path | None, output: Path) -> list[str]:
    """Write a classifier as an ONNX file; return what to tell of it.

    Raises
    ------
    InputError
        If `output` is there already or is no name of such a file, if the model is a detector, or
        packages are missing.
    """
    if output.suffix != ".onnx":
        raise InputError(f"--export {output}: name a file that ends in .onnx")
    if output.exists():
        raise InputError(f"--export {output}: is there already, and is not overwritten; remove it")
    if not output.absolute().parent.is_dir():
        raise InputError(f"--export {output}: there is no folder {output.parent}; make it")
    loaded = load_model(model, "cpu")
    if isinstance(loaded, Detector):
        raise InputError(
            f"--export {output}: {model or 'the model in the box'} is a detector, which becomes "
            "no ONNX file: how many boxes it looks at depends on the photograph, and PyTorch's "
            "exporter can only write down what does not. A classifier (workflow.py --task "
            "classify) can be exported"
        )
    lines = []
    if isinstance(loaded, TwoStageDetector):
        lines.append(f"Exported is the classifier alone; {loaded.finder.name} finds the faces.")
        loaded = loaded.classifier
    export_classifier(loaded, output)
    size, margin = loaded.image_size, loaded.margin
    return [
        *lines,
        f"Written to {output}: ONNX, opset {OPSET}",
        f"  in: faces, float32 (N, 3, {size}, {size}), RGB in 0 to 255, cut with {margin:.0%} of "
        "the box's longer side on each side",
        f"  out: probabilities, float32 (N, 3), of {', '.join(loaded.classes)}",
    ]
