"""How a photograph looks as a whole: brightness and sharpness."""

import cv2
import numpy as np

_SIDE = 400  # longer side, in pixels, at which photographs are compared


def looks(image: np.ndarray) -> dict[str, float]:
    """Return ``brightness`` and ``sharpness`` of a uint8 (H, W, 3) RGB image.

    Brightness is the mean grey level in 0..1. Sharpness is the logarithm to base 2 of the standard
    deviation of the Laplacian in grey levels (Pech-Pacheco et al., ICPR 2000), at one size of all.
    """
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    scale = _SIDE / max(grey.shape)
    size = tuple(max(1, round(side * scale)) for side in grey.shape[::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = cv2.resize(grey, size, interpolation=method)
    edges = float(cv2.Laplacian(grey, cv2.CV_32F).std())
    return {
        "brightness": round(float(grey.mean()) / 255, 4),
        "sharpness": round(float(np.log2(1 + edges)), 4),
    }
