"""What the console says of the data that were packed: one line a kind."""

from collections.abc import Iterator, Mapping
from typing import Any

from utils.dataset.intake.kinds import counted, fixes
from utils.errors import number_of


def told(data: Mapping[str, Any], new: Mapping[str, Any] | None) -> list[str]:
    """Return lines about an annotated data set and the new photographs, if any.

    Parameters
    ----------
    data
        See `utils.dataset.intake.facts`.
    new
        See `NewPhotographs`.
    """
    photos = f"Photographs: {data['photos']:,} annotated, {new['photos'] if new else 0:,} new"
    left = _sum(data["left_alone"], new["left_alone"] if new else {})
    if left:
        photos += f"; {_files(left)} left alone"
    return [photos, *_about_data(data), *(_about_new(new) if new else ())]


def told_of_new(new: Mapping[str, Any]) -> list[str]:
    """Return lines about new photographs alone (see `NewPhotographs`)."""
    photos = f"Photographs: {new['photos']:,}"
    if left := _sum(new["left_alone"]):
        photos += f"; {_files(left)} left alone"
    return [photos, *_about_new(new)]


def _about_data(data: Mapping[str, Any]) -> Iterator[str]:
    boxes = data["boxes"]
    yield f"Format: {data['format']}, {data['layout']}"
    faces = ", ".join(f"{count:,} {name}" for name, count in data["faces"].items() if count)
    yield f"Faces: {faces}"
    mapped = [one for one in data["class_names"] if one["name"] != one["class"]]
    if mapped:
        words = (f"{o['name']} is {o['class'] or 'left out'} ({o['faces']:,})" for o in mapped)
        yield f"Class names: {', '.join(words)}"
    if data["classes_missing"]:
        yield (
            f"Two classes: no face is {data['classes_missing'][0]}, so nothing will be known of it"
        )
    if count := data["unlabelled"]["photos"]:
        done = "left out" if data["unlabelled"]["as"] == "skip" else "taken to show no face"
        yield f"Without annotation: {number_of(count, 'photograph')}, {done}"
    if count := data["empty"]:
        yield f"Without faces: {number_of(count, 'photograph')}"
    if folders := data["empty_classes"]:
        yield f"No photograph in class folders: {', '.join(folders)}"
    if count := data["annotations_without_photograph"]:
        yield f"Without photograph: {number_of(count, 'annotation')}, left out"
    if bad := data["unreadable"]:
        yield f"Cannot be read: {number_of(len(bad), 'photograph')}, left out"
    if count := data["elsewhere"]:
        yield f"Outside the data set: {number_of(count, 'photograph')}, left alone"
    yield from _not_read(data["not_read"], "Not read")
    if count := boxes["swapped"]:
        yield f"Corners reversed: {number_of(count, 'box', 'boxes')}, put in order"
    if count := data["scaled"]:
        yield (
            f"Annotated at another size: {number_of(count, 'photograph')}, whose boxes were scaled"
        )
    if count := data["turned"]:
        yield f"Annotated before an EXIF turn: {number_of(count, 'photograph')}, boxes turned, too"
    if count := data["turn_untold"]:
        yield (
            f"Turned by EXIF, and the annotation tells no size before it: "
            f"{number_of(count, 'photograph')}, boxes taken as drawn upright"
        )
    if count := data["sizes_differ"]:
        yield (
            f"Annotation tells another size: {number_of(count, 'photograph')}, "
            "boxes left as they are"
        )
    if count := boxes["duplicates"]:
        yield f"Twice the same: {number_of(count, 'box', 'boxes')}, dropped"
    if count := boxes["dropped"]:
        yield f"Less than a pixel inside the image: {number_of(count, 'box', 'boxes')}, dropped"
    if count := boxes["halved"]:
        yield f"More than half outside the image: {number_of(count, 'box', 'boxes')}, cut"
    if count := data["too_small"]:
        yield f"Too small to be cut out: {number_of(count, 'face')}, left out (--smallest-face)"
    for kind, count in boxes["left_out"].items():
        yield f"No box around a face: {count:,} {kind}, left out"
    yield from _about_names(data)
    if sides := data["given_sides"]:
        found = ", ".join(f"{side} {count:,}" for side, count in sides.items())
        done = "kept" if data["split"] == "given" else "dealt anew (--split given keeps them)"
        yield f"Comes split: {found}; {done}"


def _about_new(new: Mapping[str, Any]) -> Iterator[str]:
    yield from _not_read(new["not_read"], "New photographs not read")
    yield from _about_names(new, "new ")
    if count := new.get("named_anew"):
        photos = number_of(count, "new photograph")
        yield f"Characters that break tables: {photos} named with _ instead"
    if count := new.get("live_photographs"):
        yield f"Moving parts of live photographs: {number_of(count, 'video')}, left alone"
    if count := new.get("named_twice"):
        yield f"Reached in two ways: {number_of(count, 'new photograph')}, counted once"


def _about_names(facts: Mapping[str, Any], kind: str = "") -> Iterator[str]:
    if count := facts["named_by_path"]:
        yield f"Equal file names in several folders: {count:,} {kind}photographs named by path"
    if count := facts["links_not_followed"]:
        yield f"Links that lead in a circle or back: {count:,}, not followed"


def _not_read(kinds: Mapping[str, int], title: str) -> Iterator[str]:
    if kinds:
        yield f"{title}: {counted(kinds)}; {fixes(kinds)}"


def _sum(*counts: Mapping[str, int]) -> int:
    return sum(sum(one.values()) for one in counts)


def _files(count: int) -> str:
    return "1 other file was" if count == 1 else f"{count:,} other files were"
