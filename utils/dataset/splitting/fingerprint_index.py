"""Fingerprints of many photographs as one file, and a search for one that another resembles.

`split_data` writes those of the training side. A job that gets new photographs looks each of them
up, because a photograph that the detector has learnt from, or nearly so, proves nothing.
"""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from utils.dataset.splitting.fingerprints import (
    MAX_HASH_DISTANCE,
    Fingerprint,
    same_scene,
    same_thumbnail,
)
from utils.dataset.splitting.near_duplicates import MIN_VOTES, FeatureForest
from utils.errors import InputError
from utils.records import read_made, write_atomically

MAX_FEATURES = 1_000_000
"""Local features in a file: 128 MiB. Of many photographs fewer are kept of each."""

CANDIDATES = 5
"""Photographs, those that share most features first, that are compared closely."""

_FINE = 400  # steps of a descriptor's value in a file; beyond 255 of them hardly any value lies
_QUALITY = 85  # of the JPEG that keeps the grey picture


def write_fingerprints(
    path: Path, files: Sequence[str], fingerprints: Sequence[Fingerprint]
) -> None:
    """Write fingerprints, each with the name of its photograph's file; equal ones give equal bytes.

    The file is an ``.npz`` of plain arrays. Descriptors and thumbnails are rounded, and the grey
    pictures are JPEG, about 60 KB a photograph; where `MAX_FEATURES` would be exceeded, every
    photograph keeps equally many features, evenly chosen.
    """
    jpeg = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY]
    kept = [_kept(len(one.points), len(files)) for one in fingerprints]
    greys = [cv2.imencode(".jpg", one.grey, jpeg)[1] for one in fingerprints]
    features = [one.descriptors[index] for one, index in zip(fingerprints, kept, strict=True)]
    points = [one.points[index] for one, index in zip(fingerprints, kept, strict=True)]
    file = io.BytesIO()
    np.savez(
        file,
        files=np.frombuffer("\0".join(files).encode(), np.uint8),
        bits=np.array([one.bits for one in fingerprints], bool).reshape(-1, 63),
        thumbnails=np.array([one.thumbnail for one in fingerprints], np.float16).reshape(-1, 1024),
        greys=np.concatenate([np.zeros(0, np.uint8), *(grey.ravel() for grey in greys)]),
        grey_sizes=np.array([grey.size for grey in greys], np.int64),
        points=np.concatenate([np.zeros((0, 2), np.float32), *points]),
        point_counts=np.array([len(index) for index in kept], np.int64),
        descriptors=np.concatenate(
            [np.zeros((0, 128), np.uint8)]
            + [np.rint(_FINE * one).clip(0, 255).astype(np.uint8) for one in features]
        ),
    )
    write_atomically(path, file.getvalue())


class FingerprintIndex:
    """Photographs that another one can be looked up among; as many `Fingerprint` by number.

    Attributes
    ----------
    files
        Names of their files.
    """

    def __init__(self, files: Sequence[str], arrays: dict[str, np.ndarray]) -> None:
        self.files, self._arrays = list(files), arrays
        self._greys, self._points = (
            np.concatenate([[0], arrays[name].cumsum()]) for name in ("grey_sizes", "point_counts")
        )
        self._signs = arrays["bits"].astype(np.float32) * 2 - 1
        self._owner = np.repeat(np.arange(len(files)), arrays["point_counts"])
        self._descriptors = arrays["descriptors"].astype(np.float32)
        lengths = np.linalg.norm(self._descriptors, axis=1, keepdims=True)
        self._descriptors /= np.maximum(lengths, 1e-6)
        self._forest = FeatureForest(self._descriptors)

    @classmethod
    def read(cls, path: Path) -> "FingerprintIndex":
        """Read a file of `write_fingerprints`.

        Raises
        ------
        InputError
            If it is no such file.
        """
        data = io.BytesIO(read_made(path))
        try:
            with np.load(data, allow_pickle=False) as archive:
                arrays = {name: archive[name] for name in archive.files}
            text = arrays["files"].tobytes().decode()
            files = text.split("\0") if text else []
            _check(arrays, len(files))
        except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
            raise InputError(
                f"{path}: not a file of fingerprints ({error}); make it again with split_data"
            ) from error
        return cls(files, arrays)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, number: int) -> Fingerprint:
        points = slice(*self._points[number : number + 2])
        grey = self._arrays["greys"][slice(*self._greys[number : number + 2])]
        return Fingerprint(
            grey=cv2.imdecode(grey, cv2.IMREAD_GRAYSCALE),
            bits=self._arrays["bits"][number],
            thumbnail=self._arrays["thumbnails"][number].astype(np.float32),
            points=self._arrays["points"][points],
            descriptors=self._descriptors[points],
        )

    def resembling(self, one: Fingerprint) -> str | None:
        """Return the file of a photograph that `one` is a near-duplicate of, or None.

        It is found as `utils.dataset.splitting.near_duplicates.find_groups` finds them, but with
        more certainty: by the whole first, which costs little, and then by local features, of which
        those photographs that share most are compared closely. Time hardly grows with the number
        of photographs.
        """
        if not self.files:
            return None
        different = (len(one.bits) - self._signs @ (one.bits.astype(np.float32) * 2 - 1)) / 2
        alike = np.flatnonzero(different <= MAX_HASH_DISTANCE)
        for number in alike[np.argsort(different[alike], kind="stable")]:
            if same_thumbnail(self[number], one):
                return self.files[number]
        _, features = self._forest.near(one.descriptors)
        votes = np.bincount(self._owner[features], minlength=len(self.files))
        for number in np.argsort(-votes, kind="stable")[:CANDIDATES]:
            if votes[number] >= MIN_VOTES and same_scene(self[number], one, certain=True):
                return self.files[number]
        return None


def _kept(features: int, photographs: int) -> np.ndarray:
    """Return which features of a photograph are kept: evenly chosen, all of them if few enough."""
    quota = MAX_FEATURES // photographs
    return np.unique(np.linspace(0, features - 1, min(features, quota)).astype(int))


def _check(arrays: dict[str, np.ndarray], photographs: int) -> None:
    """Raise a `ValueError` unless the parts of a file fit together."""
    features, pixels = (int(arrays[name].sum()) for name in ("point_counts", "grey_sizes"))
    for name, kind, shape in (
        ("bits", bool, (photographs, 63)),
        ("thumbnails", np.float16, (photographs, 1024)),
        ("greys", np.uint8, (pixels,)),
        ("grey_sizes", np.int64, (photographs,)),
        ("points", np.float32, (features, 2)),
        ("point_counts", np.int64, (photographs,)),
        ("descriptors", np.uint8, (features, 128)),
    ):
        if arrays[name].dtype != kind or arrays[name].shape != shape:
            raise ValueError(f"{name}: {arrays[name].dtype} {arrays[name].shape}")
