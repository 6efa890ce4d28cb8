"""Faces by OpenCV's cascade of Haar features, ``haarcascade_frontalface_default.xml``.

Source: Viola & Jones, "Rapid object detection using a boosted cascade of simple features" (2001).
"""

from pathlib import Path

import cv2
import numpy as np
from scipy.special import expit

from utils.classifier.finders.finder import Found, ScaledFinder
from utils.classifier.finders.names import Haar
from utils.errors import InputError
from utils.records import digest_of

CASCADE = "haarcascade_frontalface_default.xml"
SHA256 = "0f7d4527844eb514d4a4948e822da90fbb16a34a0bbbbc6adc6498747a5aafb0"
WINDOW = 24
"""Pixels of the smallest face that the cascade knows."""


class HaarFinder(ScaledFinder):
    """Finds faces that look at the camera; see `names.Haar`.

    A window that passes all stages of the cascade has a sum of votes above the bound of the last
    one, by -1 to 12 mostly. The score of a face is the logistic function of half the best of its
    windows' excess: it ranks faces, and is no probability before it is calibrated.
    """

    name = "haar"
    options: Haar
    frame = (0, 0.115, 0.84, 0.925)

    def __init__(self, options: Haar) -> None:
        super().__init__(options)
        if not hasattr(cv2, "CascadeClassifier"):
            raise InputError(
                f"--faces haar: OpenCV {cv2.__version__} has no cascades; install "
                "opencv-python-headless 4.x, as requirements.txt pins it"
            )
        path = Path(cv2.data.haarcascades, CASCADE)
        self.identity = digest_of(path) if path.is_file() else ""
        if self.identity != SHA256:
            raise InputError(
                f"{path}: is not the cascade that OpenCV 4.x brings; install "
                "opencv-python-headless again, as requirements.txt pins it"
            )
        self._cascade = cv2.CascadeClassifier(str(path))

    def look(self, image: np.ndarray, smallest: float) -> Found:
        if min(image.shape[:2]) < WINDOW:
            return np.zeros((0, 4)), np.zeros(0)
        least = max(WINDOW, int(smallest))
        boxes, _, votes = self._cascade.detectMultiScale3(
            cv2.cvtColor(image, cv2.COLOR_RGB2GRAY),
            scaleFactor=self.options.scale_factor,
            minNeighbors=self.options.min_neighbors,
            minSize=(least, least),
            outputRejectLevels=True,
        )
        boxes = np.reshape(boxes, (-1, 4)).astype(np.float32)
        boxes[:, 2:] += boxes[:, :2]
        return boxes, expit(np.reshape(votes, -1) / 2)
