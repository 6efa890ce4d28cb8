"""Faces of other photographs, pasted into a chip.

Copy-paste (Ghiasi et al. 2021) with boxes whose edges are soft, because there are no masks of the
faces' outlines. A class of which there are few faces is seen as often as the others, before
backgrounds and among people with which it never stood.
"""

import cv2
import numpy as np

from utils.dataset.labels import CLASS_IDS
from utils.dataset.torch_dataset import FaceDataset

MARGIN = 0.25
"""Share of a face's sides that comes with it on each side, and fades."""

SMALLEST = 10.0
"""Pixels of the side of a face, as the network sees it, that is pasted; and of the copy."""

ENLARGED = 1.5
"""A copy is at most so much larger than the face: more would look unlike the rest of the chip."""

MOST = 3
"""Faces that one chip gets."""

_TRIES = 10


class FaceDonors:
    """The faces of the training photographs that can be pasted, by class.

    Left out are tiny ones, and those so close to another that it would come with them.
    """

    def __init__(self, photos: FaceDataset) -> None:
        self.photos = photos
        self.sides: list[float] = []
        found: dict[int, list[tuple[int, int]]] = {label: [] for label in CLASS_IDS.values()}
        for number, (faces, size) in enumerate(zip(photos.faces, photos.sizes, strict=True)):
            boxes = faces.boxes * (photos.image_size / max(size))
            sides = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
            self.sides += sides.tolist()
            wide = _with_margin(boxes)
            for face, label in enumerate(faces.labels.tolist()):
                others = np.delete(boxes, face, axis=0)
                if sides[face] >= SMALLEST and not _overlaps(wide[face], others).any():
                    found[label].append((number, face))
        self.by_class = {label: some for label, some in found.items() if some}

    def paste(
        self, random: np.random.Generator, chip: np.ndarray, boxes: np.ndarray, labels: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return a chip with up to `MOST` more faces, its boxes and its labels.

        A copy has about the size of a face in the chip, or of any face if there is none. None lies
        over another face, or reaches beyond the chip; where there is no room, none is pasted.

        Parameters
        ----------
        chip
            uint8 (H, W, 3); stays as it is.
        boxes, labels
            float32 (N, 4) in pixels of the chip, and int64 (N,).
        """
        chip = chip.copy()
        sides = np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1))
        for _ in range(random.integers(1, MOST + 1) if self.by_class else 0):
            label = int(random.choice(list(self.by_class)))
            wanted = random.choice(sides if len(sides) else self.sides)
            patch, box = self._copy(random, label, wanted * 2 ** random.uniform(-0.5, 0.5))
            corner = _place(random, chip.shape, patch.shape, boxes)
            if corner is None:
                continue
            x, y = corner
            under = chip[y : y + patch.shape[0], x : x + patch.shape[1]]
            shown = _fading(patch.shape, box)[:, :, None]
            under[:] = (shown * patch + (1 - shown) * under).round()
            box += np.array([x, y, x, y])
            boxes = np.concatenate([boxes, box[None].astype(np.float32)])
            labels = np.append(labels, label)
        return chip, boxes, labels

    def _copy(
        self, random: np.random.Generator, label: int, wanted: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return a face of about the wanted side with its margin, and its box within that."""
        number, face = self.by_class[label][random.integers(len(self.by_class[label]))]
        image, target = self.photos[number]
        box = target["boxes"][face].numpy().astype(float)
        low, high = _with_margin(box).reshape(2, 2)
        low = np.floor(np.maximum(low, 0)).astype(int)
        high = np.ceil(np.minimum(high, (image.shape[2], image.shape[1]))).astype(int)
        patch = image[:, low[1] : high[1], low[0] : high[0]].permute(1, 2, 0).numpy()
        side = np.sqrt((box[2:] - box[:2]).prod())
        scale = np.clip(wanted, SMALLEST, ENLARGED * side) / side
        size = np.maximum(1, np.round((high - low) * scale)).astype(int)
        box = (box - np.tile(low, 2)) * np.tile(size / (high - low), 2)
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        patch = cv2.resize(np.ascontiguousarray(patch), size.tolist(), interpolation=method)
        if random.random() < 0.5:
            patch, box[[0, 2]] = patch[:, ::-1], size[0] - box[[2, 0]]
        return patch, box


def _with_margin(boxes: np.ndarray) -> np.ndarray:
    margin = MARGIN * (boxes[..., 2:] - boxes[..., :2])
    return np.concatenate([boxes[..., :2] - margin, boxes[..., 2:] + margin], axis=-1)


def _overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    return ((others[:, :2] < box[2:]) & (others[:, 2:] > box[:2])).all(axis=1)


def _place(
    random: np.random.Generator,
    chip: tuple[int, ...],
    patch: tuple[int, ...],
    boxes: np.ndarray,
) -> tuple[int, int] | None:
    """Return x and y of a place of the chip where the patch covers no face, if one is found."""
    height, width = patch[:2]
    if height > chip[0] or width > chip[1]:
        return None
    for _ in range(_TRIES):
        x = int(random.integers(chip[1] - width + 1))
        y = int(random.integers(chip[0] - height + 1))
        if not _overlaps(np.array([x, y, x + width, y + height]), boxes).any():
            return x, y
    return None


def _fading(patch: tuple[int, ...], box: np.ndarray) -> np.ndarray:
    """Return how much of each pixel is shown: all within the box, falling to nothing outside."""
    along = []
    for length, low, high in zip(patch[1::-1], box[:2], box[2:], strict=True):
        place = np.arange(length) + 0.5
        before = place / max(low, 0.5)
        after = (length - place) / max(length - high, 0.5)
        along.append(np.minimum(1, np.minimum(before, after)))
    return np.outer(along[1], along[0])
