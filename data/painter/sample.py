"""Draw the bundled sample: ``python -m data.painter.sample`` fills ``data/``.

The photographs are drawn, so that the project ships no stranger's face, and seeded, so that
making them again gives the same files. They exercise the workflow; they say nothing about how
well a detector does on real photographs.

The new photographs come from where the annotated ones do: the same places, crowds and sizes of
faces. Their mix of classes is another, as it would be elsewhere; `new_annotations` knows it.
"""

import argparse
import io
import logging
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from PIL import Image

from data.painter.pictures import Picture, compose, crop_picture, draw_picture, retake_picture
from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_jpeg, encode_png
from utils.records import write_atomically
from utils.seed import derive_seed

log = logging.getLogger(__name__)

PEOPLE = (1, 3, 5, 2, 8, 0, 4, 1, 12, 2, 6, 3, 1, 20, 5, 2, 4, 7, 3, 6)
"""Faces on each of twenty photographs; more photographs are as many times these."""

DRAWN = 92
"""Photographs of the sample, without those that are nearly there already (below)."""

NEW = 80
"""New photographs."""

SHARES = (0.50, 0.30, 0.20)
"""Shares of the classes (ids 1, 2, 3) among all faces of the sample."""

NEW_SHARES = (0.60, 0.25, 0.15)
"""The same of the new photographs: what the workflow is asked."""

TWINS = 4
"""Photographs of the sample that are there twice, as a tighter crop: a split must not part them."""

BURSTS = 2
"""Photographs of the sample that are there three times, as a camera's burst."""

_QUALITY = 85
_TURNED = 6  # EXIF: turn clockwise by 90 degrees to see it upright
_ORIENTATION = 0x0112  # EXIF tag


def annotated_photographs(seed: int = 0) -> Iterator[Picture]:
    """Yield the photographs of the sample, near-duplicates last."""
    repeated: list[Picture] = []
    for number, labels in enumerate(_deal(DRAWN, SHARES, derive_seed(seed, "sample"))):
        picture = draw_picture(derive_seed(seed, "sample", number), labels)
        if 2 <= len(labels) <= 6 and len(repeated) < TWINS + BURSTS:
            repeated.append(picture)
        yield picture
    for picture in repeated[:TWINS]:
        yield crop_picture(picture)
    for number, picture in enumerate(repeated[TWINS:]):
        for frame in range(2):
            yield retake_picture(derive_seed(seed, "burst", number, frame), picture)


def new_photographs(seed: int = 0) -> Iterator[Picture]:
    """Yield the new photographs."""
    for number, labels in enumerate(_deal(NEW, NEW_SHARES, derive_seed(seed, "predict"))):
        yield draw_picture(derive_seed(seed, "predict", number), labels)


def new_annotations(seed: int = 0) -> dict[str, Faces]:
    """Return the true faces of the new photographs, which are not shipped, by their names.

    Boxes are in pixels of the upright photograph.
    """
    return {
        _new(number): compose(derive_seed(seed, "predict", number), labels).faces
        for number, labels in enumerate(_deal(NEW, NEW_SHARES, derive_seed(seed, "predict")))
    }


def write_sample(folder: Path, seed: int = 0, most: int | None = None) -> None:
    """Write ``sample/images``, ``sample/annotations`` and ``predict`` under `folder`.

    Parameters
    ----------
    most
        Write the first so many photographs of each kind only.
    """
    sample, predict = folder / "sample", folder / "predict"
    for place in (sample / "images", sample / "annotations", predict):
        place.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(islice(annotated_photographs(seed), most)):
        stem = f"sample_{number:03d}"
        height, width = picture.image.shape[:2]
        file = _write(sample / "images" / stem, number, picture.image)
        voc = write_voc(file, width, height, picture.faces)
        write_atomically(sample / "annotations" / f"{stem}.xml", voc)
    for number, picture in enumerate(islice(new_photographs(seed), most)):
        _write(predict / _new(number), number, picture.image)


def _new(number: int) -> str:
    return f"new_{number:02d}"


def _write(stem: Path, number: int, image: np.ndarray) -> str:
    """Write a photograph as the people who send it would, and return the file's name.

    Most are JPEGs; every fiftieth is a PNG, and some that are higher than wide lie on their side
    with an EXIF tag that says so, as a phone stores them.
    """
    if number % 50 == 7:
        path, data = stem.with_suffix(".png"), encode_png(image)
    elif image.shape[0] > image.shape[1] and number % 2:
        path, data = stem.with_suffix(".jpg"), _lying(image)
    else:
        path, data = stem.with_suffix(".jpg"), encode_jpeg(image, _QUALITY)
    write_atomically(path, data)
    return path.name


def _lying(image: np.ndarray) -> bytes:
    """Encode an image as a JPEG that lies on its left side, and says so."""
    exif = Image.Exif()
    exif[_ORIENTATION] = _TURNED
    output = io.BytesIO()
    turned = Image.fromarray(np.ascontiguousarray(np.rot90(image)))
    turned.save(output, format="JPEG", quality=_QUALITY, optimize=True, exif=exif)
    return output.getvalue()


def _deal(photos: int, shares: Sequence[float], seed: int) -> list[list[int]]:
    """Deal class ids, as many of each as `shares` says, to photographs in a random order."""
    rng = np.random.default_rng(seed)
    people = rng.permutation(list(islice(cycle(PEOPLE), photos)))
    total = sum(people)
    ends = np.rint(np.cumsum(shares) * total)
    deck = rng.permutation(np.searchsorted(ends, np.arange(total), side="right") + 1)
    return [part.tolist() for part in np.split(deck, np.cumsum(people)[:-1])]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Draw the bundled sample photographs.")
    parser.add_argument("--output", type=Path, default=Path("data"), help="folder (default: data)")
    parser.add_argument("--seed", type=int, default=0, help="seed of every picture (default: 0)")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    write_sample(args.output, args.seed)
    log.info(
        "the sample is in %s, the new photographs in %s",
        *(args.output / kind for kind in ("sample", "predict")),
    )


if __name__ == "__main__":
    main()
