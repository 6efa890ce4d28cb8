"""Faces by YuNet as the package yuface brings it: compiled, weights and all.

Source: Wu, Peng & Yu, "YuNet: a tiny millisecond-level face detector", Machine Intelligence
Research (2023); https://github.com/ShiqiYu/libfacedetection.
"""

from importlib.metadata import PackageNotFoundError, version

import numpy as np

from utils.classifier.finders.finder import Found, ScaledFinder
from utils.classifier.finders.names import LIST, Yunet
from utils.errors import InputError

VERSION = "2023.5.1"
"""Version of the package yuface. Its weights stand in the compiled library, which differs from
system to system."""


class YunetFinder(ScaledFinder):
    """Finds faces, small ones and such from the side, too; see `names.Yunet`.

    The score is the confidence that the network tells, which comes in hundredths.
    """

    name = "yunet"
    options: Yunet
    frame = (0.03, 0.14, 1.11, 0.96)

    def __init__(self, options: Yunet) -> None:
        super().__init__(options)
        try:
            from yuface.yuface import detect

            found = version("yuface")
        except (ModuleNotFoundError, PackageNotFoundError) as error:
            raise InputError(
                "--faces yunet: the package yuface is not installed, which brings YuNet; make "
                f"faces, or: pip install -r {LIST}"
            ) from error
        except ImportError as error:
            raise InputError(
                f"--faces yunet: the package yuface cannot be used here ({error}); take another "
                "finder, as centerface"
            ) from error
        if found != VERSION:
            raise InputError(
                f"--faces yunet: the package yuface is of version {found}, expected {VERSION}; "
                f"make faces, or: pip install -r {LIST}"
            )
        self.identity = f"yuface {VERSION}"
        self._detect = detect

    def look(self, image: np.ndarray, smallest: float) -> Found:
        rows = self._detect(np.ascontiguousarray(image[:, :, ::-1]))  # BGR
        rows = np.reshape(rows, (-1, 16)).astype(np.float32)  # score, box, five landmarks, angle
        rows = rows[rows[:, 0] >= 100 * self.options.least]
        boxes = rows[:, 1:5].copy()
        boxes[:, 2:] += boxes[:, :2]
        return boxes, rows[:, 0] / 100
