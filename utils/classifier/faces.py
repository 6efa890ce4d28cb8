"""Pictures of one face each, as a data set to learn from or to validate on."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from utils.classifier.network import stretched
from utils.dataset.cut_faces import photograph_of
from utils.dataset.labels import CLASSES
from utils.dataset.torch_dataset import FaceDataset
from utils.errors import InputError


class FacePictures(FaceDataset):
    """Pictures of one face each, sorted by name, stretched to squares (see `FaceDataset`).

    Attributes
    ----------
    labels : np.ndarray
        int64, (N,): the class id of each face, from 1.

    Raises
    ------
    InputError
        As `FaceDataset`, or if a picture has no face, or more than one.
    """

    def __init__(self, shards: Sequence[Path], image_size: int, cache_mb: float = 2048) -> None:
        super().__init__(shards, image_size, cache_mb=cache_mb, fit=stretched)
        for name, faces in zip(self.names, self.faces, strict=True):
            if len(faces) != 1:
                raise InputError(
                    f"{name}: has {len(faces)} faces; a classifier learns from pictures of one "
                    "face each, as bin/preprocess.py and bin/augment.py cut them with --margin"
                )
        self.labels = np.concatenate([faces.labels for faces in self.faces])

    def counts(self) -> np.ndarray:
        """Return how many faces there are of each class: int64, (classes,)."""
        return np.bincount(self.labels, minlength=len(CLASSES) + 1)[1:]

    def photographs(self) -> np.ndarray:
        """Return a number for each face, equal for those of one photograph: int64, (N,)."""
        return np.unique([_photograph(name) for name in self.names], return_inverse=True)[1]


def _photograph(name: str) -> str:
    try:
        return photograph_of(name)[0]
    except ValueError:
        return name  # a picture that was a face as a whole
