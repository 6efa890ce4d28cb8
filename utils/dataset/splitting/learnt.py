"""What a model file tells of the photographs that its detector learnt from.

A detector has nearly seen the near-duplicates of those, too: a test on them would measure its
memory. Who starts from it, or judges it, looks photographs up here.

A model file is passed on, so nothing here shows a photograph or names its file: of each there are
255 signs of low frequencies (a perceptual hash, Zauner 2010) and some local features
(`utils.dataset.splitting.fingerprints`), coarsely rounded. That is about 5 KB a photograph instead
of the 60 of `utils.dataset.splitting.fingerprint_index`.
"""

import io
from collections.abc import Iterable
from functools import cached_property, reduce
from pathlib import Path

import cv2
import numpy as np

from utils.dataset.splitting.fingerprint_index import CANDIDATES, DAMAGED, evenly_chosen
from utils.dataset.splitting.fingerprints import SIDE, Fingerprint, same_scene
from utils.dataset.splitting.near_duplicates import MIN_VOTES, FeatureForest
from utils.errors import InputError
from utils.records import read_made

FEATURES = 96
"""Local features of a photograph."""

MIN_INLIERS = 8
"""How many of them must agree on one shift, turn and scale. All of 122 real photographs of which 40
per cent were left were found so, and none of 203 unlike ones."""

MAX_FEATURES = 50_000
"""Local features of all photographs: 3.4 MB. The more photographs, the fewer of each."""

MAX_DIFFERENT = 40
"""Signs of 255 that may differ: compressed, resized and darkened copies stay below 15; of 239,000
pairs of unlike photographs of crowds, selfies and the press the nearest differ by 64."""

_STEP = 0.025  # of a descriptor's value; 16 steps hold nearly all
_HASH = 16  # low frequencies in each direction
_PARTS = ("signs", "sizes", "counts", "points", "descriptors")


class LearntPhotographs:
    """Photographs that another one can be looked up among, without a picture of any.

    Parameters
    ----------
    signs
        uint8 (N, 32): 255 bits of each photograph, packed.
    sizes
        uint16 (N, 2): height and width in which the places are.
    counts
        int64 (N,): local features of each.
    points, descriptors
        uint16 (F, 2) and uint8 (F, 64): their places, as in a `Fingerprint`, and their values, two
        of 4 bits in a byte.
    """

    def __init__(
        self,
        signs: np.ndarray,
        sizes: np.ndarray,
        counts: np.ndarray,
        points: np.ndarray,
        descriptors: np.ndarray,
    ) -> None:
        self.signs, self.sizes, self.counts = signs, sizes, counts
        self.points, self.descriptors = points, descriptors

    def __len__(self) -> int:
        return len(self.signs)

    @classmethod
    def of(cls, fingerprints: Iterable[Fingerprint]) -> "LearntPhotographs":
        """Return what is kept of photographs; they are asked for one after the other."""
        parts = [_kept(one) for one in fingerprints]
        signs, sizes, points, descriptors = zip(*parts, strict=True) if parts else ((),) * 4
        return cls(
            np.array(signs, np.uint8).reshape(-1, 32),
            np.array(sizes, np.uint16).reshape(-1, 2),
            np.array([len(some) for some in points], np.int64),
            np.concatenate([np.zeros((0, 2), np.uint16), *points]),
            np.concatenate([np.zeros((0, 64), np.uint8), *descriptors]),
        )._thinned()

    def and_of(self, others: "LearntPhotographs") -> "LearntPhotographs":
        """Return these photographs and `others`, each once."""
        new = others.beyond(self)
        parts = {name: np.concatenate([getattr(self, name), getattr(new, name)]) for name in _PARTS}
        return LearntPhotographs(**parts)._thinned()

    def beyond(self, others: "LearntPhotographs") -> "LearntPhotographs":
        """Return those of these photographs that are none of `others`."""
        known = {part.tobytes() for part in others.signs}
        new = np.array([part.tobytes() not in known for part in self.signs], bool)
        features = np.repeat(new, self.counts)
        return LearntPhotographs(
            self.signs[new],
            self.sizes[new],
            self.counts[new],
            self.points[features],
            self.descriptors[features],
        )

    def _thinned(self) -> "LearntPhotographs":
        """Return the same with equally many features a photograph, `MAX_FEATURES` at most."""
        if len(self.points) <= MAX_FEATURES:
            return self
        most = max(1, MAX_FEATURES // len(self))
        starts = self.counts.cumsum() - self.counts
        kept = np.concatenate(
            [
                start + evenly_chosen(count, most)
                for start, count in zip(starts, self.counts, strict=True)
                if count
            ]
        )
        return LearntPhotographs(
            self.signs,
            self.sizes,
            np.minimum(self.counts, most),
            self.points[kept],
            self.descriptors[kept],
        )

    def as_bytes(self) -> bytes:
        """Return an ``.npz`` of plain arrays; equal photographs give equal bytes."""
        file = io.BytesIO()
        np.savez(file, **{name: getattr(self, name) for name in _PARTS})
        return file.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, name: object) -> "LearntPhotographs":
        """Undo `as_bytes`; `name` is what to call the file in an error.

        Raises
        ------
        InputError
            If it is nothing of the kind.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                arrays = {part: archive[part] for part in _PARTS}
            _check(arrays)
        except DAMAGED as error:
            raise InputError(
                f"{name}: holds no fingerprints of photographs ({error}); make it again"
            ) from error
        return cls(**arrays)

    @classmethod
    def read(cls, path: Path) -> "LearntPhotographs":
        """Return what a file of `as_bytes` holds.

        Raises
        ------
        InputError
            If it is no such file.
        """
        return cls.from_bytes(read_made(path), path)

    def resemble(self, one: Fingerprint) -> bool:
        """Return whether a photograph is one of these, or a near-duplicate of one.

        As `FingerprintIndex.resembling` finds it, but there is no picture to compare: the hash is
        longer, and local features must be many. A mirrored copy is found, too, since a detector
        learns from photographs either way round, but no part of one.
        """
        if not len(self):
            return False
        for signs in (_signs(one.thumbnail), _signs(_mirrored(one.thumbnail))):
            if np.bitwise_count(self.signs ^ signs).sum(axis=1).min() <= MAX_DIFFERENT:
                return True
        _, features = self._forest.near(one.descriptors)
        votes = np.bincount(self._owner[features], minlength=len(self))
        for number in np.argsort(-votes, kind="stable")[:CANDIDATES]:
            if votes[number] >= MIN_VOTES and self._same_scene(int(number), one):
                return True
        return False

    def _same_scene(self, number: int, one: Fingerprint) -> bool:
        return same_scene(self[number], one, alone=MIN_INLIERS)

    def __getitem__(self, number: int) -> Fingerprint:
        """Return what is left of a fingerprint: its pictures are blank, so that they speak for
        nothing.
        """
        features = slice(*self._bounds[number : number + 2])
        return Fingerprint(
            grey=np.zeros(self.sizes[number], np.uint8),
            bits=np.zeros(63, bool),
            thumbnail=np.zeros(1024, np.float32),
            points=self.points[features].astype(np.float32),
            descriptors=_values(self.descriptors[features]),
        )

    @cached_property
    def _bounds(self) -> np.ndarray:
        return np.concatenate([[0], self.counts.cumsum()])

    @cached_property
    def _owner(self) -> np.ndarray:
        return np.repeat(np.arange(len(self)), self.counts)

    @cached_property
    def _forest(self) -> FeatureForest:
        return FeatureForest(_values(self.descriptors))


def learnt_by_all(*several: LearntPhotographs | None) -> bytes | None:
    """Return the photographs of several, each once, as a model file holds them.

    None, where it is not known, is passed over; so is the whole where it is known of none.
    """
    known = [one for one in several if one is not None]
    return reduce(LearntPhotographs.and_of, known).as_bytes() if known else None


def _kept(one: Fingerprint) -> tuple[np.ndarray, tuple[int, int], np.ndarray, np.ndarray]:
    """Return signs, size, places and packed descriptors of a fingerprint."""
    # SIFT describes one place several times, by orientation; once is enough of few.
    _, apart = np.unique(np.round(one.points / 4), axis=0, return_index=True)
    chosen = np.sort(apart)[evenly_chosen(len(apart), FEATURES)]
    steps = np.rint(one.descriptors[chosen] / _STEP).clip(0, 15).astype(np.uint8)
    places = np.rint(one.points[chosen]).astype(np.uint16)
    return _signs(one.thumbnail), one.grey.shape, places, steps[:, ::2] << 4 | steps[:, 1::2]


def _signs(thumbnail: np.ndarray) -> np.ndarray:
    """Return which low frequencies are above the median, packed: uint8 (32,)."""
    side = round(len(thumbnail) ** 0.5)
    frequencies = cv2.dct(thumbnail.reshape(side, side))[:_HASH, :_HASH].ravel()[1:]
    return np.packbits(frequencies > np.median(frequencies))


def _mirrored(thumbnail: np.ndarray) -> np.ndarray:
    side = round(len(thumbnail) ** 0.5)
    return np.ascontiguousarray(thumbnail.reshape(side, side)[:, ::-1]).ravel()


def _values(descriptors: np.ndarray) -> np.ndarray:
    """Return packed descriptors as those of a `Fingerprint`: float32 (F, 128), unit length."""
    steps = np.stack([descriptors >> 4, descriptors & 15], axis=-1)
    values = steps.reshape(len(descriptors), 128).astype(np.float32)
    return values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-6)


def _check(arrays: dict[str, np.ndarray]) -> None:
    """Raise a `ValueError` unless the parts fit together."""
    photographs = len(arrays["signs"])
    features = int(arrays["counts"].sum())
    for name, kind, shape in (
        ("signs", np.uint8, (photographs, 32)),
        ("sizes", np.uint16, (photographs, 2)),
        ("counts", np.int64, (photographs,)),
        ("points", np.uint16, (features, 2)),
        ("descriptors", np.uint8, (features, 64)),
    ):
        if arrays[name].dtype != kind or arrays[name].shape != shape:
            raise ValueError(f"{name}: {arrays[name].dtype} {arrays[name].shape}")
    if photographs and arrays["counts"].min() < 0:
        raise ValueError("counts: below 0")
    if photographs and not 1 <= arrays["sizes"].min() <= arrays["sizes"].max() <= SIDE:
        raise ValueError(f"sizes: not all from 1 to {SIDE}")
