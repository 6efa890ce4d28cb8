"""The numbers in the layers of an ONNX file, as OpenCV reads it."""

from pathlib import Path

import cv2
import numpy as np

from utils.errors import InputError

Numbers = list[np.ndarray]
"""Of a layer: its weights, and its bias or statistics."""


def layers_of(path: Path, kind: str, least: int) -> list[Numbers]:
    """Return the numbers of the layers of a kind, in the order of the file.

    Parameters
    ----------
    kind
        As OpenCV calls it: ``Convolution``, ``Deconvolution``, ``BatchNorm``.
    least
        How many layers of the kind are needed.

    Raises
    ------
    InputError
        If there are fewer, or one has no numbers. OpenCV 5 gives out no layers: whoever took what
        it gives would start from random weights, and not notice.
    """
    net = cv2.dnn.readNetFromONNX(str(path))
    layers = [net.getLayer(net.getLayerId(name)) for name in net.getLayerNames()]
    found = [list(layer.blobs) for layer in layers if layer.type == kind]
    if len(found) < least or not all(found):
        raise InputError(
            f"{path}: OpenCV {cv2.__version__} gives the weights of {sum(map(bool, found))} layers "
            f"of kind {kind}, and {least} are needed; install opencv-python-headless 4.x, as "
            "requirements.txt has it, if the file is whole"
        )
    return found
