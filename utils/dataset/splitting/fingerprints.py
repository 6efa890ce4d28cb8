"""What two photographs are compared by, and whether they show the same scene.

A fingerprint is a perceptual hash (low frequencies of a DCT: Zauner 2010, "Implementation and
benchmarking of perceptual image hash functions") and local features (SIFT: Lowe 2004, compared as
RootSIFT: Arandjelovic and Zisserman 2012), which survive crops. Thresholds were set by looking at
all pairs near them among photographs of crowds, selfies and press photos with watermarks.
"""

from dataclasses import dataclass

import cv2
import numpy as np

SIDE = 400
"""Longer side, in pixels, of the grey image that is compared."""

FEATURES = 300
MAX_HASH_DISTANCE = 6
"""How many of 63 bits may differ; beyond 8, hashes of different selfies begin to meet."""

MIN_THUMBNAIL_CORRELATION = 0.9
MIN_INLIERS = 7
"""Features that agree on one shift, turn and scale, if the whole overlap looks alike, too."""

MIN_CORRELATION = 0.5
MIN_INLIERS_ALONE = 12
"""The same where people moved, so that the overlap does not look alike."""

MIN_SPREAD, MIN_SPREAD_ALONE = 0.03, 0.05
"""Share of the image over which the features spread; watermarks and logos stay below 0.04."""

_RATIO = 0.8  # Lowe's, of distances to the best and the next best match
_TOLERANCE = 6  # pixels


@dataclass(frozen=True)
class Fingerprint:
    """What is kept of a photograph to compare it.

    Attributes
    ----------
    grey
        uint8 (h, w), the longer side `SIDE` pixels.
    bits
        bool (63,), the perceptual hash.
    thumbnail
        float32 (1024,), zero mean, unit length.
    points
        float32 (K, 2), places of the features in `grey`.
    descriptors
        float32 (K, 128), RootSIFT, unit length.
    """

    grey: np.ndarray
    bits: np.ndarray
    thumbnail: np.ndarray
    points: np.ndarray
    descriptors: np.ndarray


def fingerprint(image: np.ndarray) -> Fingerprint:
    """Return the fingerprint of a uint8 (H, W, 3) RGB image."""
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    scale = SIDE / max(grey.shape)
    size = tuple(max(1, round(side * scale)) for side in grey.shape[::-1])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = cv2.resize(grey, size, interpolation=method)
    small = cv2.resize(grey, (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    frequencies = cv2.dct(small)[:8, :8].ravel()[1:]  # without the mean brightness
    centred = (small - small.mean()).ravel()
    detector = cv2.SIFT_create(nfeatures=FEATURES, contrastThreshold=0.03)
    keypoints, raw = detector.detectAndCompute(grey, None)
    raw = np.zeros((0, 128), np.float32) if raw is None else raw
    return Fingerprint(
        grey=grey,
        bits=frequencies > np.median(frequencies),
        thumbnail=centred / max(float(np.linalg.norm(centred)), 1e-6),
        points=np.array([point.pt for point in keypoints], np.float32).reshape(-1, 2),
        descriptors=np.sqrt(raw / np.maximum(raw.sum(axis=1, keepdims=True), 1e-6)),
    )


def same_scene(
    first: Fingerprint,
    second: Fingerprint,
    certain: bool = False,
    alone: int = MIN_INLIERS_ALONE,
) -> bool:
    """Return whether one photograph is, in part, a shifted, turned and scaled copy of the other.

    Features are matched both ways, a similarity transform is fitted by RANSAC, and what it lays
    over each other is compared pixel by pixel.

    Parameters
    ----------
    certain
        Whether both must speak for it: many features that agree, and an overlap that looks alike.
        Either is enough to keep two photographs on one side of a split, where a mistake costs
        nothing; a warning has to be right.
    alone
        How many features are enough if the overlap does not look alike.
    """
    here, there = _match(first, second)
    if len(here) < MIN_INLIERS:
        return False
    cv2.setRNGSeed(0)  # RANSAC draws from it
    transform, agree = cv2.estimateAffinePartial2D(
        here, there, method=cv2.RANSAC, ransacReprojThreshold=_TOLERANCE, maxIters=1000
    )
    if transform is None:
        return False
    agree = agree.ravel() > 0
    here, there = here[agree], there[agree]
    inliers = min(_distinct(here), _distinct(there))
    spread = min(_spread(here, first.grey), _spread(there, second.grey))
    many = inliers >= alone and spread >= MIN_SPREAD_ALONE
    if many and not certain:
        return True
    if inliers < MIN_INLIERS or spread < MIN_SPREAD or (certain and not many):
        return False
    return _correlation(first.grey, second.grey, transform) >= MIN_CORRELATION


def same_thumbnail(first: Fingerprint, second: Fingerprint) -> bool:
    """Return whether two photographs look alike as a whole: a re-upload, compressed or resized."""
    distance = int((first.bits != second.bits).sum())
    alike = float(first.thumbnail @ second.thumbnail)
    return distance <= MAX_HASH_DISTANCE and alike >= MIN_THUMBNAIL_CORRELATION


def _match(first: Fingerprint, second: Fingerprint) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of features that are each other's best match, clearly (Lowe's ratio)."""
    if min(len(first.points), len(second.points)) < MIN_INLIERS:
        return first.points[:0], second.points[:0]
    likeness = first.descriptors @ second.descriptors.T
    rows, best = np.arange(len(likeness)), likeness.argmax(axis=1)
    mutual = likeness.argmax(axis=0)[best] == rows
    top = likeness[rows, best]
    likeness[rows, best] = -1
    clear = (1 - top) < _RATIO**2 * (1 - likeness.max(axis=1))  # squared distances, halved
    keep = np.flatnonzero(mutual & clear)
    return first.points[keep], second.points[best[keep]]


def _distinct(points: np.ndarray) -> int:
    """Count places; SIFT describes one place several times, by orientation."""
    return len(np.unique(np.round(points / 4), axis=0))


def _spread(points: np.ndarray, grey: np.ndarray) -> float:
    """Return the area of the points' two-sigma ellipse as a share of the image."""
    if len(points) < 3:
        return 0.0
    determinant = max(0.0, float(np.linalg.det(np.cov(points.T))))
    return 4 * np.pi * determinant**0.5 / grey.size


def _correlation(first: np.ndarray, second: np.ndarray, transform: np.ndarray) -> float:
    """Return the correlation of both images where the transformed first overlaps the second."""
    size = second.shape[::-1]
    moved = cv2.warpAffine(first, transform, size)
    inside = cv2.warpAffine(np.full_like(first, 255), transform, size) > 200
    here, there = (cv2.GaussianBlur(image, (0, 0), 3)[inside] for image in (moved, second))
    if len(here) < 50 or min(here.std(), there.std()) < 1:
        return 0.0
    return float(np.corrcoef(here, there)[0, 1])
