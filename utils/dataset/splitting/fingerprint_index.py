"""Fingerprints of many photographs as one file, and a search for one that another resembles.

`split_data` writes those of the training side. A job that gets new photographs looks each of them
up, because a photograph that the detector has learnt from, or nearly so, proves nothing. It writes
those of the new photographs in turn, among which the report looks for bursts.
"""

import io
import zipfile
import zlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from utils.dataset.splitting.fingerprints import (
    FEATURES,
    MAX_HASH_DISTANCE,
    Fingerprint,
    same_scene,
    same_thumbnail,
)
from utils.dataset.splitting.near_duplicates import MIN_VOTES, FeatureForest
from utils.errors import InputError
from utils.records import read_made, write_atomically

DAMAGED = (
    *(ValueError, KeyError, TypeError, EOFError, OSError),
    *(RuntimeError, zlib.error, zipfile.BadZipFile),  # as if it were encrypted or compressed
)
"""What `numpy.load` raises on a damaged ``.npz``."""

MAX_FEATURES = 1_000_000
"""Local features in a file: 128 MiB. Of many photographs fewer are kept of each."""

CANDIDATES = 5
"""Photographs, those that share most features first, that are compared closely."""

_FINE = 400  # steps of a descriptor's value in a file; beyond 255 of them hardly any value lies
_QUALITY = 85
_PARTS = ("bits", "thumbnails", "greys", "points", "descriptors")


Packed = dict[str, np.ndarray]
"""A fingerprint as a file has it: `_PARTS` of it, the grey picture a JPEG, numbers rounded."""


def pack(one: Fingerprint, quality: int = _QUALITY) -> Packed:
    """Return a fingerprint as it is kept, about 60 KB."""
    jpeg = cv2.imencode(".jpg", one.grey, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    descriptors = np.rint(_FINE * one.descriptors).clip(0, 255).astype(np.uint8)
    values = (one.bits, one.thumbnail.astype(np.float16), jpeg.ravel(), one.points, descriptors)
    return dict(zip(_PARTS, values, strict=True))


def packed_as_bytes(packed: Packed) -> bytes:
    """Return a packed fingerprint as it travels: an ``.npz`` of plain arrays."""
    file = io.BytesIO()
    np.savez(file, **packed)
    return file.getvalue()


def packed_from_bytes(data: bytes) -> Packed:
    """Return what `packed_as_bytes` was given.

    Raises
    ------
    InputError
        If the bytes are no such file.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            packed = {name: archive[name] for name in _PARTS}
        _check(_of_one(packed), 1)
    except DAMAGED as error:
        raise InputError(f"no fingerprint of a photograph ({error}); make it again") from error
    return packed


def _of_one(packed: Packed) -> dict[str, np.ndarray]:
    """Return the arrays of a file that holds one fingerprint."""
    sizes = {"grey_sizes": packed["greys"], "point_counts": packed["points"]}
    return {
        **packed,
        "bits": packed["bits"][None],
        "thumbnails": packed["thumbnails"][None],
        **{name: np.array([len(values)], np.int64) for name, values in sizes.items()},
    }


class FingerprintWriter:
    """Fingerprints in little memory as they come, and the file of them.

    Parameters
    ----------
    quality
        Of the JPEG that keeps the grey picture. About 60 KB a photograph are kept by default.
    """

    def __init__(self, quality: int = _QUALITY) -> None:
        self._features, self._kept, self._quality = FEATURES, 0, quality
        self._files: list[str] = []
        self._parts: dict[str, list[np.ndarray]] = {name: [] for name in _PARTS}

    def add(self, file: str, one: Fingerprint | Packed) -> None:
        """Keep a fingerprint, with the name of its photograph's file.

        One that was packed before it travelled must have been packed for the same quality.
        """
        parts = pack(one, self._quality) if isinstance(one, Fingerprint) else one
        kept = evenly_chosen(len(parts["points"]), self._features)
        self._files.append(file)
        for name in _PARTS:
            thinned = name in ("points", "descriptors")
            self._parts[name].append(parts[name][kept] if thinned else parts[name])
        self._kept += len(kept)
        if self._kept > 2 * MAX_FEATURES:  # the file will hold half of them
            self._features = max(1, self._features // 2)
            self._kept = self._thin(self._features)

    def write(self, path: Path) -> None:
        """Write the file; equal fingerprints give equal bytes.

        It is an ``.npz`` of plain arrays. Descriptors and thumbnails are rounded; where
        `MAX_FEATURES` would be exceeded, every photograph keeps equally many features, evenly
        chosen.
        """
        names = np.frombuffer("\0".join(self._files).encode(), np.uint8)
        file = io.BytesIO()
        np.savez(file, files=names, **self._arrays())
        write_atomically(path, file.getvalue())

    def index(self) -> "FingerprintIndex":
        """Return what `FingerprintIndex.read` would read from the file, without one."""
        return FingerprintIndex(self._files, self._arrays())

    def _arrays(self) -> dict[str, np.ndarray]:
        if self._kept > MAX_FEATURES:
            self._thin(MAX_FEATURES // len(self._files))
        parts = self._parts
        return {
            "bits": np.array(parts["bits"], bool).reshape(-1, 63),
            "thumbnails": np.array(parts["thumbnails"], np.float16).reshape(-1, 1024),
            "greys": np.concatenate([np.zeros(0, np.uint8), *parts["greys"]]),
            "grey_sizes": np.array([grey.size for grey in parts["greys"]], np.int64),
            "points": np.concatenate([np.zeros((0, 2), np.float32), *parts["points"]]),
            "point_counts": np.array([len(points) for points in parts["points"]], np.int64),
            "descriptors": np.concatenate([np.zeros((0, 128), np.uint8), *parts["descriptors"]]),
        }

    def _thin(self, most: int) -> int:
        """Keep at most so many features of each photograph; return how many these are."""
        for name in ("points", "descriptors"):
            values = self._parts[name]
            self._parts[name] = [one[evenly_chosen(len(one), most)] for one in values]
        return sum(map(len, self._parts["points"]))


def write_fingerprints(
    path: Path, files: Sequence[str], fingerprints: Sequence[Fingerprint]
) -> None:
    """Write fingerprints with the names of their photographs' files (`FingerprintWriter`)."""
    writer = FingerprintWriter()
    for file, one in zip(files, fingerprints, strict=True):
        writer.add(file, one)
    writer.write(path)


def evenly_chosen(features: int, most: int) -> np.ndarray:
    """Return which of so many features to keep: `most`, or all of them if they are fewer."""
    return np.unique(np.linspace(0, features - 1, min(features, most)).astype(int))


class FingerprintIndex:
    """Photographs that another one can be looked up among; as many `Fingerprint` by number.

    Attributes
    ----------
    files
        Names of their files.
    source
        What to call it in an error.
    """

    def __init__(
        self, files: Sequence[str], arrays: dict[str, np.ndarray], source: object = "in memory"
    ) -> None:
        self.files, self.source, self._arrays = list(files), source, arrays
        self._greys, self._points = (
            np.concatenate([[0], arrays[name].cumsum()]) for name in ("grey_sizes", "point_counts")
        )
        self._signs = arrays["bits"].astype(np.float32) * 2 - 1
        self._owner = np.repeat(np.arange(len(files)), arrays["point_counts"])

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
        except DAMAGED as error:
            raise InputError(
                f"{path}: not a file of fingerprints ({error}); make it again with split_data"
            ) from error
        return cls(files, arrays, path)

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
            descriptors=_unit(self._arrays["descriptors"][points]),
        )

    @cached_property
    def _forest(self) -> FeatureForest:
        return FeatureForest(_unit(self._arrays["descriptors"]))

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


def _unit(descriptors: np.ndarray) -> np.ndarray:
    """Return descriptors of a file as those of a `Fingerprint`: uint8 to float32, (N, 128)."""
    values = descriptors.astype(np.float32)
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)


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
