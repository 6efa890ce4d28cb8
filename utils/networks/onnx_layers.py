"""The numbers in the layers of an ONNX file, as OpenCV reads it."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np

from utils.errors import InputError

Numbers = list[np.ndarray]
"""The numbers of a layer: its weights, and its bias or statistics."""


def layers_of(path: Path, needed: Mapping[str, int]) -> dict[str, list[Numbers]]:
    """Return the numbers of layers by their kind, in the order of the file.

    Parameters
    ----------
    needed
        How many layers are needed of each kind, as OpenCV calls it: ``Convolution``,
        ``Deconvolution``, ``BatchNorm``.

    Raises
    ------
    InputError
        If there are fewer of one, or one has no numbers. OpenCV 5 gives out no layers: whoever took
        what it gives would start from random weights, and not notice.
    """
    net = cv2.dnn.readNetFromONNX(str(path))
    layers = [net.getLayer(net.getLayerId(name)) for name in net.getLayerNames()]
    found = {kind: [list(one.blobs) for one in layers if one.type == kind] for kind in needed}
    for kind, least in needed.items():
        whole = sum(map(bool, found[kind]))
        if whole < max(least, len(found[kind])):
            raise InputError(
                f"{path}: OpenCV {cv2.__version__} gives the weights of {whole} layers of kind "
                f"{kind}, and {least} are needed; "
                "install opencv-python-headless 4.x, as requirements.txt has it, if the file is "
                "whole"
            )
    return found
