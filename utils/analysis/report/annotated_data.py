"""What was mended, dropped and left out of the annotated data, and what of it is serious."""

from collections.abc import Iterator, Mapping
from typing import Any

from utils.analysis.report.caveats import Caveat
from utils.analysis.report.words import per_cent
from utils.errors import number_of

MANY = 0.05
"""Share of the photographs, or boxes, from which a change is more than a slip here and there."""

_OF_BOXES = {
    "swapped": "had corners reversed, put in order",
    "duplicates": "stood twice on a photograph, dropped",
    "halved": "lay more than half outside the photograph, cut",
}
_OF_PHOTOGRAPHS = {
    "scaled": "annotated at another size, boxes scaled",
    "turned": "annotated before the EXIF turn, boxes turned, too",
    "turn_untold": "turned by EXIF of which no size tells if boxes were drawn before that, boxes "
    "taken as drawn upright",
    "empty": "without faces",
    "elsewhere": "outside the folders of the data set, left alone",
    "named_by_path": "of equal names in several folders, named by path",
}


def changes(data: Mapping[str, Any], split: Mapping[str, Any]) -> list[str]:
    """Return what was done to the annotated data on the way in, a line a kind; empty if nothing.

    Parameters
    ----------
    data
        What was found where the data were packed: ``data`` of ``configuration.json``.
    split
        The record ``split.json``.
    """
    return [*_names(data), *_photographs(data, split), *_boxes(data, split), *_files(data)]


def about_the_data(data: Mapping[str, Any], split: Mapping[str, Any]) -> list[Caveat]:
    """Return what of it may make the detector, or what is said of it, other than it seems."""
    photos, boxes = max(len(split["photos"]), 1), data.get("boxes", {})
    result = []
    across = split.get("near_duplicates_across_sides", 0)
    if across:
        result.append(
            f"{number_of(across, 'annotated photograph')} "
            f"{'has a near-duplicate' if across == 1 else 'have near-duplicates'} on another side "
            "of the split that the data came with. The test then measures in part what the "
            "detector remembers; --split groups deals them anew."
        )
    learnt = split.get("learnt") or {}
    if elsewhere := learnt.get("off_train"):
        result.append(
            f"{number_of(elsewhere, 'annotated photograph')} that the weights to start from have "
            f"learnt from {'is' if elsewhere == 1 else 'are'} on the sides val and test that the "
            "data came with. The test then measures in part what the detector remembers; --split "
            "groups deals them to the training side, --weights none starts without them."
        )
    bad = boxes.get("dropped", 0) + boxes.get("halved", 0)
    if bad > MANY * max(boxes.get("total", 0), 1):
        result.append(
            f"{per_cent(bad / boxes['total'])} of the annotated boxes lay outside their "
            "photographs, or more than half. The file may mean something else by its numbers, and "
            "the detector have learnt from wrong faces: look at the photographs below."
        )
    differ = _sizes_differ(data, split)
    if differ > MANY * photos:
        result.append(
            f"{number_of(differ, 'annotation tells', 'annotations tell')} another "
            "size than the photograph has. Their boxes were taken as they are and may lie beside "
            "the faces: look at the photographs below."
        )
    small = data.get("too_small", 0)
    if small > MANY * max(boxes.get("total", 0), 1):
        result.append(
            f"{per_cent(small / boxes['total'])} of the annotated faces were too small to be cut "
            "out (--smallest-face). Nothing is known of how faces of that size are judged."
        )
    untold = data.get("turn_untold", 0)
    if untold > MANY * photos:
        result.append(
            f"{number_of(untold, 'annotated photograph is', 'annotated photographs are')} turned "
            "by EXIF, and no size tells if boxes were drawn before that. They were taken as drawn "
            "upright and may lie beside the faces: look at the photographs below."
        )
    missing = data.get("unlabelled", {"photos": 0})
    if missing["photos"] > MANY * photos:
        done = "were left out" if missing["as"] == "skip" else "were taken to show no face"
        result.append(
            f"{number_of(missing['photos'], 'photograph')} without annotation {done}. Whatever is "
            "special about them, the detector does not know it, or learnt it wrongly."
        )
    unread = len(split["skipped"]) + len(data.get("unreadable", []))
    if unread > MANY * photos:
        result.append(
            f"{number_of(unread, 'annotated photograph')} could not be read and were left out. "
            "They are listed below."
        )
    if kinds := data.get("not_read"):
        result.append(
            f"Annotated data hold pictures of kinds that are not read: {_counts(kinds)}. All that "
            "one phone or program made may be among them."
        )
    return [Caveat(text, serious=True) for text in result]


def about_unread_photographs(new: Mapping[str, Any]) -> list[Caveat]:
    """Return the caveat that new photographs of a kind that is not read are not in the answer.

    Parameters
    ----------
    new
        ``new_photographs`` of ``configuration.json``.
    """
    kinds = new.get("not_read")
    if not kinds:
        return []
    one = sum(kinds.values()) == 1
    text = (
        f"{number_of(sum(kinds.values()), 'new photograph')} of kinds that are not read "
        f"{'is' if one else 'are'} not in the answer: {_counts(kinds)}. Leaving out all that one "
        "phone takes is a selection; convert them to JPEG and predict again."
    )
    return [Caveat(text, serious=True)]


def _names(data: Mapping[str, Any]) -> Iterator[str]:
    if "format" in data:
        yield f"Format: {data['format']}, {data['layout']}"
    mapped = [one for one in data.get("class_names", []) if one["name"] != one["class"]]
    if mapped:
        words = (
            f"{one['name']} is {one['class'] or 'left out'} ({one['faces']:,})" for one in mapped
        )
        yield f"Class names: {', '.join(words)}"


def _photographs(data: Mapping[str, Any], split: Mapping[str, Any]) -> Iterator[str]:
    missing = data.get("unlabelled", {"photos": 0})
    if missing["photos"]:
        done = "left out" if missing["as"] == "skip" else "taken to show no face"
        yield f"{number_of(missing['photos'], 'photograph')} without annotation, {done}"
    if count := data.get("annotations_without_photograph"):
        yield f"{number_of(count, 'annotation')} without photograph, left out"
    for field, words in _OF_PHOTOGRAPHS.items():
        if count := data.get(field):
            yield f"{number_of(count, 'photograph')} {words}"
    if count := _sizes_differ(data, split):
        yield (
            f"{number_of(count, 'annotation tells', 'annotations tell')} another size than the "
            "photograph has, boxes taken as they are"
        )


def _boxes(data: Mapping[str, Any], split: Mapping[str, Any]) -> Iterator[str]:
    boxes = data.get("boxes", {})
    for field, words in _OF_BOXES.items():
        if count := boxes.get(field):
            yield f"{number_of(count, 'box', 'boxes')} {words}"
    for kind, count in boxes.get("left_out", {}).items():
        yield f"{count:,} {kind}, which is no box around a face, left out"
    if count := split.get("clipped_boxes"):
        yield f"{number_of(count, 'box', 'boxes')} reached beyond the photograph, clipped"
    if count := split.get("dropped_boxes"):
        yield f"{number_of(count, 'box', 'boxes')} without area inside the photograph, dropped"
    if count := data.get("too_small"):
        yield f"{number_of(count, 'face')} too small to be cut out, left out"


def _sizes_differ(data: Mapping[str, Any], split: Mapping[str, Any]) -> int:
    """Return how many photographs: where data were packed, or in a shard that others made."""
    return data.get("sizes_differ", 0) or split.get("sizes_differ", 0)


def _files(data: Mapping[str, Any]) -> Iterator[str]:
    if kinds := data.get("not_read"):
        yield f"Pictures of kinds that are not read: {_counts(kinds)}"
    if folders := data.get("empty_classes"):
        yield f"Class folders without a photograph: {', '.join(folders)}"
    if kinds := data.get("left_alone"):
        yield f"Other files, left alone: {_counts(kinds)}"
    if count := data.get("links_not_followed"):
        yield f"{number_of(count, 'link')} to folders not followed"


def _counts(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in kinds.items())
