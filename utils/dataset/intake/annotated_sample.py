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
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.intake.choices import Choices
from utils.dataset.intake.dataset import Dataset
from utils.dataset.intake.dealt import Dealt
from utils.dataset.intake.dealt_files import OPTION, DealtFiles, read_suggestion
from utils.dataset.intake.finding import SeveralFormats
from utils.dataset.intake.mended_faces import CHANGES, compared
from utils.dataset.labels import CLASSES
from utils.dataset.shards import Photo
from utils.dataset.suggestion import SUGGESTION, digest_of_photos, sha256
from utils.errors import InputError, brief, number_of

AS_ANNOTATED = Choices(unlabelled="skip", allow_bad_boxes=True)
"""A photograph without annotation is one that nobody annotated; faces are counted, and that is all
that their boxes are for."""

_NAMED = 5  # how many photographs a message names


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
        Yields all new photographs, among which the sample should be.
    skip_bad
        Take photographs and annotations that cannot be read as not annotated, instead of stopping.

    Returns
    -------
    The record that the report reads: ``run`` and ``model`` that dealt the sample; ``dealt`` (how
    many photographs); ``photos``, those annotated ([{name, chance, counts ({class: faces}),
    as_filled_in, emptied}], the last of which says that faces were filled in and none is left);
    ``in_order``: whether they are the first of those drawn; by name ``missing`` (photographs
    without annotations), ``changed`` (other pictures of the name of one that was dealt),
    ``resaved`` (the same picture in other bytes) and ``strangers`` (never dealt); and how many
    faces were ``kept`` of those filled in, ``added``, ``removed`` and ``renamed`` (given another
    class). Each chance is that of a photograph to be among those annotated.

    Raises
    ------
    InputError
        If there is no record of the sample, it is of other new photographs, nothing was annotated,
        or the annotations cannot be read.
    """
    suggestion, ours = read_suggestion(path)
    if digest_of_photos(new()) != suggestion.new:
        raise InputError(
            f"{OPTION} {path}: is a sample of the new photographs of run '{suggestion.run}', and "
            "those given now are others, or not all, or more; give the same"
        )
    dealt, known = {one.file: one for one in suggestion.photos}, Dealt(suggestion.photos, new)
    strangers, changed, resaved, faces, came_as = [], [], [], {}, {}
    for photo, raw in _annotations(path, skip_bad, ours) if ours.others else ():
        one, same = known.find(photo)
        if one is None:
            strangers.append(photo.filename)
        elif not same:
            changed.append(one.file)
        elif one.file in faces:
            raise InputError(
                f"{OPTION} {path}: {one.file} came back twice, as {came_as[one.file]} and "
                f"{photo.filename}; keep one (export without augmentation)"
            )
        else:
            if sha256(photo.image) != one.digest:
                resaved.append(one.file)
                raw = _scaled(raw, known.size(one))
            faces[one.file], came_as[one.file] = raw, photo.filename
    if ours.in_place:
        for file in ours.untouched & dealt.keys() - faces.keys():
            names, boxes = zip(*dealt[file].faces, strict=True) if dealt[file].faces else ((), ())
            faces[file] = RawAnnotation(names, boxes, known.size(dealt[file]))
    elif not faces and not ours.others:
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
    changes = dict.fromkeys(CHANGES, 0)
    photos = []
    for one in suggestion.photos:
        if one.file in faces:
            told = compared(one, faces[one.file], changes)
            photos.append({"name": one.photo, "chance": one.chance * share, **told})
    return {
        "run": suggestion.run,
        "model": suggestion.model,
        "dealt": len(dealt),
        "photos": photos,
        "in_order": order == sorted(order, reverse=True),
        "missing": [file for file in dealt if file not in faces and file not in changed],
        "changed": sorted(changed),
        "resaved": sorted(resaved),
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
    if emptied := sum(photo["emptied"] for photo in record["photos"]):
        photos = number_of(emptied, "photograph")
        lines.append(f"All boxes that were filled in are gone: {photos}; was each annotated?")
    for kind, words in (
        ("missing", "Not annotated"),
        ("changed", "Another picture under the name of one dealt"),
        ("strangers", "Not of the sample"),
        ("resaved", "Saved anew by a tool"),
    ):
        if names := record[kind]:
            some = ", ".join(brief(name, 60) for name in names[:_NAMED])
            more = ", ..." if len(names) > _NAMED else ""
            done = "taken by name and looks" if kind == "resaved" else "left out"
            lines.append(f"{words}: {number_of(len(names), 'photograph')} ({some}{more}), {done}")
    return lines


def _annotations(
    path: Path, skip_bad: bool, ours: DealtFiles
) -> Iterator[tuple[Photo, RawAnnotation]]:
    try:
        choices = replace(AS_ANNOTATED, skip_bad=skip_bad)
        with Dataset(path, choices, to_learn=False, without=ours.leave) as dataset:
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


def _scaled(raw: RawAnnotation, size: tuple[int, int]) -> RawAnnotation:
    """Take an annotation of a picture that was saved at another size to that of the one dealt."""
    across, down = (new / old for new, old in zip(size, raw.size or size, strict=True))
    boxes = tuple((x1 * across, y1 * down, x2 * across, y2 * down) for x1, y1, x2, y2 in raw.boxes)
    return RawAnnotation(raw.names, boxes, size)


def _instead(changed: list[str], strangers: list[str]) -> str:
    told = [f"{len(changed)} are other pictures of their names"] if changed else []
    told += [f"{len(strangers)} others are"] if strangers else []
    return f" ({', and '.join(told)})" if told else ""
