"""Which of the new photographs to show, and their drawings from the shards."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.dataset.shards import Photo, read_shard

SHOWN = 4
"""Photographs in each half of the gallery."""


def choose(
    photos: Sequence[dict[str, Any]], shown: int = SHOWN
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Choose the photographs whose boxes are most certain, and those with most doubtful ones.

    New photographs have no annotations, so which predictions are right cannot be known; the
    detector's own confidence stands in for best and worst. No photograph is in both lists.

    Parameters
    ----------
    photos
        As `utils.analysis.prediction.summary.summarise` returns them.
    """
    with_people = [photo for photo in photos if photo["people"]]
    certain = sorted(with_people, key=lambda p: (-p["lowest"], p["name"]))
    certain = certain[: min(shown, (len(certain) + 1) // 2)]
    taken = {photo["name"] for photo in certain}
    rest = [photo for photo in photos if photo["doubtful"] and photo["name"] not in taken]
    return certain, sorted(rest, key=lambda p: (-p["doubtful"], p["name"]))[:shown]


def most_telling(photos: Sequence[dict[str, Any]]) -> str | None:
    """Return the name of the one photograph to show if only one is: most classes, then most people.

    People count up to a dozen, beyond which a picture shows less of each; None without photographs.
    """

    def rank(photo: dict[str, Any]) -> tuple[int, int, float]:
        classes = sum(count > 0 for count in photo["counts"].values())
        return classes, min(photo["people"], 12), photo["mean"] or 0.0

    best = max(photos, key=rank, default=None)
    return best["name"] if best else None


def load_drawings(shards: Sequence[Path], names: set[str]) -> dict[str, Photo]:
    """Return the drawings of the photographs named, reading the shards once."""
    return {
        photo.name: photo for shard in shards for photo in read_shard(shard) if photo.name in names
    }
