"""Clean shards as a PyTorch data set, decoded once and kept in memory."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from utils.dataset.faces import Faces
from utils.dataset.images import decode
from utils.dataset.shards import Photo, read_shard
from utils.errors import InputError

log = logging.getLogger(__name__)

Target = dict[str, Any]
Transform = Callable[[torch.Tensor, Target], tuple[torch.Tensor, Target]]
Fit = Callable[[np.ndarray, int], np.ndarray]


class FaceDataset(Dataset):
    """Photographs with their faces, sorted by name however they are spread over shards.

    Item ``i`` is ``(image, target)``: `image` uint8 (3, H, W) RGB whose longer side has
    `image_size` pixels; `target` holds

    - ``boxes`` float32 (N, 4), xyxy pixels of `image`, half-open; ``labels`` int64 (N,), from 1;
    - ``name`` the photo's stem; ``index`` is ``i`` (for seeding a transform);
    - ``scale`` = side of `image` / side of the photo; ``size`` = the photo's own (H, W).

    Decoded images are kept up to `cache_mb` MiB; those beyond are read from the shard and decoded
    at each use, so they take no memory.

    With `fit`, which takes an image and `image_size`, images come to another size than `resize`
    gives them.

    Attributes
    ----------
    names : list[str]
    faces : list[Faces]
        In pixels of the photographs as they are, for metrics.
    sizes : list[tuple[int, int]]
        (H, W) of the photographs as they are.
    cached_mb : float
        MiB that the decoded images take.
    digest : str
        SHA-256 of the photographs and annotations, however they are spread over shards.

    Raises
    ------
    InputError
        If a photograph lacks an annotation, two share a stem, or there is none.
    """

    def __init__(
        self,
        shards: Sequence[Path],
        image_size: int,
        transform: Transform | None = None,
        cache_mb: float = 2048,
        fit: Fit | None = None,
    ) -> None:
        self.image_size, self.transform, self._fit = image_size, transform, fit or resize
        self.names: list[str] = []
        self.faces: list[Faces] = []
        self.sizes: list[tuple[int, int]] = []
        self._images: list[torch.Tensor | StoredImage] = []
        self._load(shards, cache_mb * 2**20)
        tensors = (image for image in self._images if isinstance(image, torch.Tensor))
        self.cached_mb = sum(image.nbytes for image in tensors) / 2**20

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, Target]:
        image = self._images[index]
        image = image.clone() if isinstance(image, torch.Tensor) else self._tensor(image, index)
        height, width = self.sizes[index]
        boxes = scaled(self.faces[index].boxes, (height, width), image.shape[1:])
        target = {
            "boxes": torch.from_numpy(boxes),
            "labels": torch.from_numpy(self.faces[index].labels.copy()),
            "name": self.names[index],
            "index": index,
            "scale": self.image_size / max(height, width),
            "size": (height, width),
        }
        return self.transform(image, target) if self.transform else (image, target)

    def _load(self, shards: Sequence[Path], budget: float) -> None:
        items = []
        for shard, photo in ((path, photo) for path in shards for photo in read_shard(path)):
            pixels = photo.decode()
            height, width = pixels.shape[:2]
            faces = photo.read_annotation(width, height).faces
            image = self._fit(pixels, self.image_size)
            budget -= image.nbytes
            place = StoredImage(shard, photo.offset, len(photo.image))
            kept = to_tensor(image) if budget >= 0 else place
            items.append((photo.name, faces, (height, width), kept, _digest(photo)))
        if not items:
            raise InputError(f"no photographs in {', '.join(map(str, shards))}")
        items.sort(key=lambda item: item[0])
        for first, second in pairwise(items):
            if first[0] == second[0]:
                raise InputError(f"two photographs are called {first[0]!r}; rename one")
        self.names, self.faces, self.sizes, self._images, digests = map(
            list, zip(*items, strict=True)
        )
        self.digest = hashlib.sha256(b"".join(digests)).hexdigest()
        encoded = sum(isinstance(image, StoredImage) for image in self._images)
        log.info("%d photographs, %d of them beyond the cache", len(self), encoded)

    def _tensor(self, place: "StoredImage", index: int) -> torch.Tensor:
        return to_tensor(self._fit(decode(place.read(), self.names[index]), self.image_size))


def _digest(photo: Photo) -> bytes:
    parts = (photo.filename.encode(), photo.image, photo.annotation or b"")
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).digest()


@dataclass(frozen=True)
class StoredImage:
    """Where the bytes of an image lie."""

    shard: Path
    offset: int
    size: int

    def read(self) -> bytes:
        with open(self.shard, "rb") as file:
            file.seek(self.offset)
            return file.read(self.size)


def resize(image: np.ndarray, longer_side: int) -> np.ndarray:
    """Resize a uint8 (H, W, 3) image so that its longer side has `longer_side` pixels."""
    height, width = image.shape[:2]
    scale = longer_side / max(height, width)
    if scale == 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Averaging over areas does not alias when shrinking, but is blocky when enlarging.
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)


def scaled(boxes: np.ndarray, own: Sequence[int], seen: Sequence[int]) -> np.ndarray:
    """Return boxes on an image of (H, W) `own` as they lie on the same one resized to `seen`.

    Rounding to whole pixels stretches the two sides by slightly different factors.
    """
    y, x = (after / before for after, before in zip(seen[:2], own[:2], strict=True))
    return boxes * np.array([x, y, x, y], np.float32)


def to_tensor(image: np.ndarray) -> torch.Tensor:
    """Return a uint8 (H, W, 3) image as a uint8 (3, H, W) tensor, a view of it where it can be.

    In memory the channels of a pixel stay together, as OpenCV and the networks take them.
    """
    return torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)
