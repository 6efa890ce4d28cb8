"""New photographs that people have annotated, taken back and held against what was dealt to them.

Only a random sample with known chances corrects an answer, so everything is compared with the
record of the sample (`utils.dataset.suggestion`). What does not fit is left out, counted and named.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from utils.dataset.class_names import UnknownClasses
from utils.dataset.formats import voc
from utils.dataset.formats.annotation import LEAST_SIDE, Box, RawAnnotation
from utils.dataset.intake.archives import Source
from utils.dataset.intake.choices import Choices
from utils.dataset.intake.dataset import Dataset
from utils.dataset.intake.finding import SeveralFormats
from utils.dataset.labels import CLASSES
from utils.dataset.shards import Photo
from utils.dataset.suggestion import SUGGESTION, SuggestedPhoto, Suggestion, digest_of, sha256
from utils.errors import InputError, brief, number_of

OPTION = "--predict-annotations"

AS_ANNOTATED = Choices(unlabelled="skip", allow_bad_boxes=True)
"""A photograph without annotation is one that nobody annotated; faces are counted, and that is all
that their boxes are for."""

_NAMED = 5  # how many photographs a message names
_SAME = 2.0  # pixels by which tools round the corners of a box
_OVERLAP = 0.5  # IoU from which a box is one that was filled in, moved


def read_annotated_sample(
    path: Path, new: Callable[[], Iterable[Photo]], skip_bad: bool = False
) -> dict[str, Any]:
    """Read the annotations of a sample of new photographs.

    Parameters
    ----------
    path
        A folder or an archive: the photographs, their annotations in any format that data sets come
        in, and ``suggestion.json``.
    new
        Yields all new photographs of the run, among which the sample should be.
    skip_bad
        Take photographs and annotations that cannot be read as not annotated, instead of stopping.

    Returns
    -------
    The record that the report reads: ``run`` and ``model`` that dealt the sample; ``dealt`` (how
    many photographs); ``photos``, those annotated ([{name, chance, counts ({class: faces}),
    as_filled_in}]); ``in_order``: whether they are the first of those drawn; by name ``missing``
    (photographs without annotations), ``changed`` (other pictures of the name of one that was
    dealt) and ``strangers`` (never dealt); and how many faces were ``kept`` of those filled in,
    ``added``, ``removed`` and ``renamed`` (given another class). Each chance is that of a
    photograph to be among those annotated.

    Raises
    ------
    InputError
        If there is no record of the sample, it is of other new photographs, nothing was annotated,
        or the annotations cannot be read.
    """
    suggestion, unsaved = _read_suggestion(path)
    if digest_of(new()) != suggestion.new:
        raise InputError(
            f"{OPTION} {path}: is a sample of the new photographs of run '{suggestion.run}', and "
            "those of --predict are others, or not all, or more; give the same --predict"
        )
    dealt = {one.file: one for one in suggestion.photos}
    strangers, changed, faces = [], [], {}
    for photo, raw in _annotations(path, skip_bad):
        if (one := dealt.get(photo.filename)) is None:
            strangers.append(photo.filename)
        elif sha256(photo.image) != one.digest:
            changed.append(photo.filename)
        else:
            faces[photo.filename] = raw
    if unsaved:
        raise InputError(
            f"{OPTION} {path}: nothing was annotated yet: all files are as the detector filled "
            "them in, which cannot correct itself. Look at each photograph, mend its boxes, and "
            "save it"
        )
    if not faces:
        raise InputError(
            f"{OPTION} {path}: none of the {len(dealt)} photographs that were dealt is annotated "
            f"there{_instead(changed, strangers)}; put the annotations beside the photographs as "
            f"they were dealt, listed in {SUGGESTION}"
        )
    order = [one.file in faces for one in suggestion.photos]
    share = len(faces) / len(dealt)
    changes = dict.fromkeys(("kept", "added", "removed", "renamed"), 0)
    photos = []
    for one in suggestion.photos:
        if one.file in faces:
            told = _compared(one, faces[one.file], changes)
            photos.append({"name": one.photo, "chance": one.chance * share, **told})
    return {
        "run": suggestion.run,
        "model": suggestion.model,
        "dealt": len(dealt),
        "photos": photos,
        "in_order": order == sorted(order, reverse=True),
        "missing": [file for file in dealt if file not in faces and file not in changed],
        "changed": sorted(changed),
        "strangers": sorted(strangers),
        **changes,
    }


def told_of_sample(record: dict[str, Any]) -> list[str]:
    """Return lines for the console about an annotated sample, one a kind."""
    annotated, dealt = len(record["photos"]), record["dealt"]
    faces = sum(sum(photo["counts"].values()) for photo in record["photos"])
    lines = [
        f"Annotated: {annotated:,} of {dealt:,} new photographs dealt, with {faces:,} faces; of "
        f"the boxes filled in {record['kept']:,} were kept, {record['renamed']:,} given another "
        f"class, {record['removed']:,} removed, and {record['added']:,} added"
    ]
    if same := sum(photo["as_filled_in"] for photo in record["photos"]):
        photos = number_of(same, "photograph")
        lines.append(f"As they were filled in: {photos}; was each of them looked at?")
    for kind, words in (
        ("missing", "Not annotated"),
        ("changed", "Another picture under the name of one dealt"),
        ("strangers", "Not of the sample"),
    ):
        if names := record[kind]:
            some = ", ".join(brief(name, 60) for name in names[:_NAMED])
            more = ", ..." if len(names) > _NAMED else ""
            lines.append(f"{words}: {number_of(len(names), 'photograph')} ({some}{more}), left out")
    return lines


def _read_suggestion(path: Path) -> tuple[Suggestion, bool]:
    """Return the record of the sample, and whether no file of annotations was saved since."""
    try:
        opened = Source(path)
    except InputError as error:
        raise InputError(f"{OPTION} {error}") from error
    with opened as source:
        found = [name for name in source.files if name.rpartition("/")[2] == SUGGESTION]
        if not found:
            raise InputError(
                f"{OPTION} {path}: has no {SUGGESTION}, which says that these photographs were "
                "drawn at random and with what chance. Photographs that somebody chose do not tell "
                "of the others; annotate those that `python workflow.py suggest RUN_DIR` deals, "
                f"and keep its {SUGGESTION} beside them"
            )
        if len(found) > 1:
            raise InputError(
                f"{OPTION} {path}: holds {len(found)} of {SUGGESTION} ({', '.join(found[:3])}); "
                "give one sample"
            )
        [name] = found
        suggestion = Suggestion.parse(source.read(name), f"{OPTION} {source.where(name)}")
        root = name.removesuffix(SUGGESTION)
        files = {f"{root}{file}": digest for file, digest in suggestion.filled_in.items()}
        there = [file for file in files if file in source.files]
        unsaved = bool(there) and all(sha256(source.read(file)) == files[file] for file in there)
        return suggestion, unsaved


def _annotations(path: Path, skip_bad: bool) -> Iterator[tuple[Photo, RawAnnotation]]:
    try:
        choices = replace(AS_ANNOTATED, skip_bad=skip_bad)
        with Dataset(path, choices, to_learn=False) as dataset:
            for photo in dataset.photos():
                yield photo, voc.parse(photo.annotation or b"", photo.filename)
    except SeveralFormats as error:
        raise InputError(
            f"{OPTION} {path}: holds annotations in several formats: {error.counts}; remove those "
            "that are not to count"
        ) from None
    except InputError as error:
        if isinstance(unknown := error.__cause__, UnknownClasses):
            names = ", ".join(repr(brief(name, 40)) for name in unknown.names[:_NAMED])
            raise InputError(
                f"{OPTION} {path}: class names that are not known: {names}; give the boxes one of "
                f"{', '.join(CLASSES)} in the tool, as those that were filled in have"
            ) from None
        raise InputError(f"{OPTION} {error}") from error


def _compared(one: SuggestedPhoto, raw: RawAnnotation, changes: dict[str, int]) -> dict[str, Any]:
    """Count the faces of a photograph, and add to `changes` how they differ from those before."""
    faces = list(_inside(raw))
    counts = dict.fromkeys(CLASSES, 0)
    for name, _ in faces:
        counts[name] += 1
    pairs = sorted(
        ((_iou(box, before), m, n) for m, (_, box) in enumerate(faces)
         for n, (_, before) in enumerate(one.faces)),
        reverse=True,
    )  # fmt: skip
    old_of: dict[int, int] = {}
    for overlap, m, n in pairs:
        if overlap >= _OVERLAP and m not in old_of and n not in old_of.values():
            old_of[m] = n
    same = [m for m, n in old_of.items() if faces[m][0] == one.faces[n][0]]
    changes["kept"] += len(same)
    changes["renamed"] += len(old_of) - len(same)
    changes["added"] += len(faces) - len(old_of)
    changes["removed"] += len(one.faces) - len(old_of)
    untouched = len(same) == len(faces) == len(one.faces) and all(
        abs(a - b) <= _SAME
        for m in same
        for a, b in zip(faces[m][1], one.faces[old_of[m]][1], strict=True)
    )
    return {"counts": counts, "as_filled_in": untouched}


def _inside(raw: RawAnnotation) -> Iterator[tuple[str, Box]]:
    """Yield the faces that have an area inside the photograph."""
    width, height = raw.size or (0, 0)
    for name, (x1, y1, x2, y2) in zip(raw.names, raw.boxes, strict=True):
        sides = min(x2, width) - max(x1, 0), min(y2, height) - max(y1, 0)
        if min(sides) >= LEAST_SIDE:
            yield name, (x1, y1, x2, y2)


def _iou(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    both = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return wide * high / (both - wide * high)


def _instead(changed: list[str], strangers: list[str]) -> str:
    told = [f"{len(changed)} are other pictures of their names"] if changed else []
    told += [f"{len(strangers)} others are"] if strangers else []
    return f" ({', and '.join(told)})" if told else ""
