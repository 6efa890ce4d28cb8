"""A folder of new photographs to annotate: a random sample, with the detector's boxes filled in.

Photographs are drawn with a chance in proportion to their boxes and one, times their weight where
they have one (`utils.analysis.prevalence.sampling`), and numbered in the order in which they were
drawn: who stops after the first of them has annotated a sample, too.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from utils.analysis.prediction.merged import Predictions
from utils.analysis.prevalence.sampling import draw_sample, inclusion_probabilities
from utils.dataset.formats import coco, voc, yolo
from utils.dataset.formats.annotation import Box, RawAnnotation
from utils.dataset.image_header import read_header
from utils.dataset.labels import CLASSES
from utils.dataset.shards import Photo
from utils.dataset.suggestion import (
    IMAGES,
    SUGGESTION,
    SuggestedPhoto,
    Suggestion,
    digest_of_photos,
    sha256,
)
from utils.errors import InputError
from utils.files import remove_tree
from utils.seed import derive_seed

FORMATS = ("voc", "yolo", "coco")

_ADVICE = Path(__file__).with_name("annotating.md")
_LONGEST = 100  # bytes of a photograph's own name in that of its copy


class LookedAt(Protocol):
    """New photographs that a model has looked at; a `FinishedRun` has them.

    Attributes
    ----------
    name
        What to call them: the name of the run.
    model
        Digest of the model.
    predictions
        What it found.
    weights
        Shape (photos,): how much each counts; None where none were told.
    """

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def predictions(self) -> Predictions: ...

    @property
    def weights(self) -> np.ndarray | None: ...

    def photos(self) -> Iterable[Photo]:
        """Yield the photographs, in any order."""


def suggest(run: LookedAt, output: Path, number: int, format: str, seed: int) -> Suggestion:
    """Write a folder of photographs to annotate.

    Parameters
    ----------
    run
        The new photographs, with what was found on them.
    output
        The folder, which does not exist or is empty. It appears whole or not at all, with
        ``images/``, the annotations filled in, ``README.md`` and ``suggestion.json``.
    number
        How many photographs.
    format
        One of `FORMATS`.
    seed
        Equal seeds draw equal samples.

    Raises
    ------
    InputError
        If there are fewer photographs, the folder holds anything, or it cannot be written.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError(
            f"--output {output}: exists and is not empty, and may hold annotations; name another "
            "folder"
        )
    drawn = _draw(run, number, seed)
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{output.name}-", dir=output.parent))
    except OSError as error:
        raise InputError(f"--output {output}: cannot be made: {error.strerror}") from None
    try:
        folder.chmod(0o755)
        suggestion = _write(run, folder, drawn, format, seed)
        os.replace(folder, output)
    except BaseException:
        remove_tree(folder)
        raise
    return suggestion


def _draw(run: LookedAt, number: int, seed: int) -> dict[str, tuple[int, float]]:
    """Return place and chance of the photographs drawn, by name, in the order drawn."""
    photos = run.predictions.summaries
    if number > len(photos):
        raise InputError(
            f"--number {number}: there are {len(photos)} new photographs that could be read; ask "
            "for at most as many"
        )
    sizes = np.array([photo["people"] + 1.0 for photo in photos])
    sizes = sizes if run.weights is None else sizes * run.weights
    chances = inclusion_probabilities(sizes, number)
    rng = np.random.default_rng(derive_seed(seed, "suggest"))
    drawn = draw_sample(chances, rng).tolist()
    return {photos[place]["name"]: (place, float(chances[place])) for place in drawn}


def _write(
    run: LookedAt, folder: Path, drawn: Mapping[str, tuple[int, float]], format: str, seed: int
) -> Suggestion:
    (folder / IMAGES).mkdir()
    width = len(str(len(drawn)))
    number_of = {name: f"{count:0{width}d}" for count, name in enumerate(drawn, start=1)}
    photos: dict[str, SuggestedPhoto] = {}
    sizes: dict[str, tuple[int, int]] = {}

    def copied() -> Iterator[Photo]:
        for photo in run.photos():
            if photo.name in drawn:
                place, chance = drawn[photo.name]
                file = _file(number_of[photo.name], photo)
                (folder / IMAGES / file).write_bytes(photo.image)
                header = read_header(photo.image, photo.filename)
                sizes[file] = (header.width, header.height)
                faces = _faces(run, place, sizes[file])
                digest = sha256(photo.image)
                photos[photo.name] = SuggestedPhoto(file, photo.name, chance, digest, faces)
            yield photo

    new = digest_of_photos(copied())
    if missing := drawn.keys() - photos.keys():
        raise InputError(
            f"{run.name}: no photograph {', '.join(sorted(missing))} among those that it looked "
            "at; photographs and predictions do not belong together"
        )
    dealt = [photos[name] for name in drawn]
    filled_in = _ANNOTATIONS[format](dealt, sizes)
    lists = _class_lists() if format == "yolo" else {}
    for name, data in {**filled_in, **lists}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / "README.md").write_bytes(_ADVICE.read_bytes())
    suggestion = Suggestion(
        run=run.name,
        model=run.model,
        new=new,
        seed=seed,
        filled_in={name: sha256(data) for name, data in filled_in.items()},
        lists={name: sha256(data) for name, data in lists.items()},
        photos=tuple(dealt),
    )
    suggestion.write(folder / SUGGESTION)
    return suggestion


def _file(number: str, photo: Photo) -> str:
    stem, _, suffix = photo.filename.rpartition("/")[2].rpartition(".")
    return f"{number}_{stem.encode()[:_LONGEST].decode(errors='ignore')}.{suffix}"


def _faces(run: LookedAt, place: int, size: tuple[int, int]) -> tuple[tuple[str, Box], ...]:
    """Return the detections that count on a photograph, in whole pixels as LabelImg has them."""
    found = run.predictions.detections[place].above(run.predictions.threshold)
    width, height = size
    result = []
    for label, box in zip(found.labels.tolist(), found.boxes.tolist(), strict=True):
        x1, y1 = min(max(round(box[0]), 0), width - 1), min(max(round(box[1]), 0), height - 1)
        x2, y2 = max(min(round(box[2]), width), x1 + 1), max(min(round(box[3]), height), y1 + 1)
        result.append((CLASSES[label - 1], (float(x1), float(y1), float(x2), float(y2))))
    return tuple(result)


def _voc(photos: Sequence[SuggestedPhoto], sizes: dict[str, tuple[int, int]]) -> dict[str, bytes]:
    return {
        f"annotations/{_stem(one)}.xml": voc.write(one.file, *sizes[one.file], *_apart(one))
        for one in photos
    }


def _yolo(photos: Sequence[SuggestedPhoto], sizes: dict[str, tuple[int, int]]) -> dict[str, bytes]:
    return {
        f"labels/{_stem(one)}.txt": yolo.write(*sizes[one.file], *_apart(one), CLASSES)
        for one in photos
    }


def _coco(photos: Sequence[SuggestedPhoto], sizes: dict[str, tuple[int, int]]) -> dict[str, bytes]:
    raw = {one.file: RawAnnotation(*_apart(one), sizes[one.file]) for one in photos}
    return {"annotations.json": coco.write(raw, CLASSES)}


_ANNOTATIONS = {"voc": _voc, "yolo": _yolo, "coco": _coco}


def _class_lists() -> dict[str, bytes]:
    """Return the lists of classes that tools look for: LabelImg beside the labels, others above."""
    text = "".join(f"{name}\n" for name in CLASSES).encode()
    names = "".join(f"  {index}: {name}\n" for index, name in enumerate(CLASSES))
    yaml = f"path: .\ntrain: {IMAGES}\nval: {IMAGES}\nnames:\n{names}".encode()
    return {"classes.txt": text, "labels/classes.txt": text, "data.yaml": yaml}


def _apart(one: SuggestedPhoto) -> tuple[tuple[str, ...], tuple[Box, ...]]:
    return tuple(name for name, _ in one.faces), tuple(box for _, box in one.faces)


def _stem(one: SuggestedPhoto) -> str:
    return one.file.rpartition(".")[0]
