"""How the faces of each class are spread over the sides of the split, as a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from utils.analysis.plots.style import MUTED, figure, save, styled
from utils.dataset.image_header import upright_size
from utils.dataset.labels import CLASSES, COLOURS, TITLES
from utils.dataset.shards import read_shard


def count_faces(shard: Path) -> dict[str, Any]:
    """Count photographs and faces of a shard: ``{photos, faces: {class name: n}}``.

    Raises
    ------
    InputError
        If the shard, a photograph's header or an annotation cannot be read.
    """
    faces, photos = np.zeros(len(CLASSES), np.int64), 0
    for photo in read_shard(shard):
        size = upright_size(photo.image, photo.filename)
        labels = photo.read_annotation(*size).faces.labels
        faces += np.bincount(labels, minlength=len(CLASSES) + 1)[1:]
        photos += 1
    return {"photos": photos, "faces": dict(zip(CLASSES, faces.tolist(), strict=True))}


def class_distribution(shards: Sequence[Path], output: Path) -> None:
    """Draw the share and number of faces of each class on each side; shards in their order.

    A shard's file name without suffix (``train.tar``: "train") names the side.
    """
    plot_class_distribution({Path(shard).stem: count_faces(shard) for shard in shards}, output)


@styled
def plot_class_distribution(sides: dict[str, dict[str, Any]], output: Path) -> None:
    """Draw counts that `count_faces` made, by name of the side.

    One panel a class, each with its own scale, so that a class of 3 per cent can be read, too.
    """
    fig, axes = figure(11, 4.9, panels=len(CLASSES))
    totals = [max(sum(side["faces"].values()), 1) for side in sides.values()]
    for k, (name, ax) in enumerate(zip(CLASSES, axes, strict=True), start=1):
        counts = [side["faces"].get(name, 0) for side in sides.values()]
        shares = [100 * count / total for count, total in zip(counts, totals, strict=True)]
        bars = ax.bar(list(sides), shares, color=COLOURS[k], width=0.66)
        for bar, alpha in zip(bars, np.linspace(1, 0.62, len(bars)), strict=True):
            bar.set_alpha(alpha)
        words = [f"{share:.1f} %\n{count:,}" for share, count in zip(shares, counts, strict=True)]
        ax.bar_label(bars, words, padding=4, fontsize=12.5, linespacing=1.25)
        ax.set_ylim(0, max(*shares, 1) * 1.28)
        ax.set_title(TITLES[k].capitalize())
        ax.grid(axis="x", visible=False)
        ax.tick_params(axis="x", length=0)
        ax.yaxis.set_major_formatter("{x:g} %")
    axes[0].set_ylabel("share of the faces on that side")
    photos = " · ".join(f"{name} {side['photos']:,}" for name, side in sides.items())
    faces = sum(sum(side["faces"].values()) for side in sides.values())
    fig.supxlabel(f"{faces:,} faces on photographs: {photos}", fontsize=12.5, color=MUTED)
    save(fig, output)
