"""Faces by scikit-image's cascade of local binary patterns.

Source: Ahonen, Hadid & Pietikainen, "Face description with local binary patterns" (2006).
"""

from pathlib import Path

import numpy as np

from utils.classifier.finders.finder import Found, ScaledFinder
from utils.classifier.finders.names import LIST, Lbp
from utils.errors import InputError
from utils.records import digest_of

SHA256 = "03097789a3dcbb0e40d20b9ef82537dbc3b670b6a7f2268d735470f22e003a91"
WINDOW = 24
"""Pixels of the smallest face that the cascade knows."""

SURE = 0.5


class LbpFinder(ScaledFinder):
    """Finds faces that look at the camera; see `names.Lbp`.

    The cascade says yes or no: every face has the score 0.5, and calibration makes of it how often
    such a face is one.
    """

    name = "lbp"
    options: Lbp
    frame = (0, 0.13, 0.87, 0.93)

    def __init__(self, options: Lbp) -> None:
        super().__init__(options)
        try:
            from skimage.data import lbp_frontal_face_cascade_filename
            from skimage.feature import Cascade
        except ModuleNotFoundError as error:
            raise InputError(
                "--faces lbp: the package scikit-image is not installed, which brings its cascade; "
                f"make faces, or: pip install -r {LIST}"
            ) from error
        path = Path(lbp_frontal_face_cascade_filename())
        self.identity = digest_of(path)
        if self.identity != SHA256:
            raise InputError(
                f"{path}: is not the cascade that scikit-image 0.26 brings; make faces, or: pip "
                f"install -r {LIST}"
            )
        self._cascade = Cascade(str(path))

    def look(self, image: np.ndarray, smallest: float) -> Found:
        shorter = min(image.shape[:2])
        least = max(WINDOW, int(smallest))
        if shorter <= least:
            return np.zeros((0, 4)), np.zeros(0)
        found = self._cascade.detect_multi_scale(
            image,
            scale_factor=self.options.scale_factor,
            step_ratio=self.options.step_ratio,
            min_size=(least, least),
            max_size=(shorter, shorter),
            min_neighbor_number=self.options.min_neighbors,
        )
        corners = [
            (it["c"], it["r"], it["c"] + it["width"], it["r"] + it["height"]) for it in found
        ]
        return np.array(corners, np.float32).reshape(-1, 4), np.full(len(corners), SURE)
