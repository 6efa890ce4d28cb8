"""Annotated photographs in a source, in whatever format and layout, and the rest."""

from collections.abc import Callable, Collection

from utils.dataset.formats import coco, cvat
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.intake import class_folders, indexes
from utils.dataset.intake.archives import Source
from utils.dataset.intake.choices import AS_IT_IS, Choices
from utils.dataset.intake.contents import is_coco, is_cvat, may_be
from utils.dataset.intake.diagnosis import explain
from utils.dataset.intake.kinds import is_for_people, is_photograph, suffix
from utils.dataset.intake.layout import FORMATS, Layout
from utils.dataset.intake.pairing import Pairing, beside, pair
from utils.dataset.intake.paths import (
    ANNOTATION_FOLDERS,
    IMAGE_FOLDERS,
    place,
    root_of,
    side_of,
)
from utils.dataset.intake.yolo_classes import is_class_list
from utils.errors import InputError, brief

_FEW = 0.01
"""Share of the photographs of the best format; another format that annotates fewer is chance."""

_LOOKED_INTO = 50
"""Files of unclear content that are opened; a data set has a handful of indexes."""


class SeveralFormats(InputError):
    """A data set holds annotations in several formats.

    Attributes
    ----------
    counts
        How many photographs each annotates, in words.
    """

    def __init__(self, where: object, found: dict[str, Layout]) -> None:
        self.counts = " and ".join(
            f"{FORMATS[name]} (of {len(layout.annotated):,} photographs)"
            for name, layout in found.items()
        )
        super().__init__(
            f"{where}: holds annotations in several formats: {self.counts}; choose one with "
            f"--format {' or --format '.join(found)}"
        )


def find_layout(source: Source, choices: Choices = AS_IT_IS, told: Collection[str] = ()) -> Layout:
    """Find the annotated photographs of a source.

    Folders that are classes count where nothing else annotates photographs.

    Parameters
    ----------
    choices
        Of them the task and the format.
    told
        What ``--classes`` says: names of theirs.

    Raises
    ------
    InputError
        If there are none, of several formats, or in several data sets; it says what was found.
    """
    photos, wanted = _photographs(source), choices.format
    if wanted == class_folders.NAME and choices.task != "classify":
        raise InputError(
            f"{source.path}: --format {wanted}: class folders have no boxes to learn to find faces "
            "from; --task classify learns to judge single faces from them"
        )
    found: dict[str, Layout] = {}
    for name, look in _LOOKS.items():
        if wanted in ("auto", name) and (layout := look(source, photos)):
            found[name] = layout
    most = max((len(layout.annotated) for layout in found.values()), default=0)
    if most == 0:
        found = {name: layout for name, layout in found.items() if layout.orphans and photos}
    else:
        found = {n: layout for n, layout in found.items() if len(layout.annotated) > most * _FEW}
    if choices.task == "classify" and wanted in ("auto", class_folders.NAME):
        few = sum(len(layout.orphans) for layout in found.values()) <= len(photos) * _FEW
        in_folders = class_folders.find_class_folders(source, photos, told)
        if in_folders and most == 0 and few:
            found = {class_folders.NAME: in_folders}
    if not found:
        raise InputError(f"{source.path}: {explain(source, photos, FORMATS.get(wanted))}")
    if len(found) > 1:
        raise SeveralFormats(source.path, found)
    [layout] = found.values()
    _check_one_set(source, layout)
    _sort_the_rest(source, layout)
    return layout


def _photographs(source: Source) -> list[str]:
    """Return the photographs, without pictures that annotate, such as masks of segmentation."""
    photos = [path for path in source.files if is_photograph(path)]
    taken = [
        path
        for path in photos
        if ANNOTATION_FOLDERS.isdisjoint(folders := place(path).folders)
        or not IMAGE_FOLDERS.isdisjoint(folders)
    ]
    return taken if 2 * len(taken) >= len(photos) else photos


def _voc(source: Source, photos: list[str]) -> Layout | None:
    return _one_each("voc", source, photos, lambda path: suffix(path) == ".xml")


def _yolo(source: Source, photos: list[str]) -> Layout | None:
    def is_label(path: str) -> bool:
        return suffix(path) == ".txt" and not _is_list(path)

    layout = _one_each("yolo", source, photos, is_label)
    if layout:
        layout.read = list(filter(is_class_list, source.files))
    return layout


def _one_each(
    name: str,
    source: Source,
    photos: list[str],
    is_annotation: Callable[[str], bool],
) -> Layout | None:
    files = [path for path in source.files if is_annotation(path)]
    pairing = pair(photos, files) if files else Pairing()
    paired = set(pairing.pairs.values())
    doubtful = {path for twins in pairing.twins for path in twins}
    unpaired = [path for path in files if path not in paired and path not in doubtful]
    if len(unpaired) <= _LOOKED_INTO:
        unpaired = [path for path in unpaired if may_be(source, path, name)]
    orphans = beside(unpaired, paired, ANNOTATION_FOLDERS)
    if not pairing.pairs and not pairing.twins and not orphans:
        return None
    doubts = [f"{brief(a)!r} and {brief(b)!r} share a stem" for a, b, *_ in pairing.twins]
    return Layout(name, pairing.pairs, orphans=orphans, doubts=doubts, doubtful=doubtful)


def _coco(source: Source, photos: list[str]) -> Layout | None:
    files = [path for path in _perhaps_for_many(source, photos, ".json") if is_coco(source, path)]
    return _indexed("coco", source, photos, indexes.of_boxes(files), coco.parse)


def _cvat(source: Source, photos: list[str]) -> Layout | None:
    files = [path for path in _perhaps_for_many(source, photos, ".xml") if is_cvat(source, path)]
    return _indexed("cvat", source, photos, files, cvat.parse)


def _perhaps_for_many(source: Source, photos: list[str], end: str) -> list[str]:
    """Return at most `_LOOKED_INTO` files, first those that are not called like a photograph."""
    stems = {place(path).stem for path in photos}
    files = (path for path in source.files if suffix(path) == end)
    order = sorted(files, key=lambda path: (place(path).stem in stems, path.count("/"), path))
    return order[:_LOOKED_INTO]


def _indexed(
    name: str,
    source: Source,
    photos: list[str],
    files: list[str],
    parse: Callable[[bytes, str], dict[str, RawAnnotation]],
) -> Layout | None:
    layout, names, by = Layout(name, read=files), indexes.Photographs(photos), {}

    def add(file: str, listed: str, raw: RawAnnotation, found: list[str]) -> None:
        if len(found) > 1:
            one, other = sorted(found)[:2]
            layout.doubts.append(
                f"{file}: {brief(listed)!r} may be {brief(one)!r} or {brief(other)!r}"
            )
            layout.doubtful.update(found)
        elif found[0] in by:
            layout.doubts.append(
                f"{brief(found[0])!r} is annotated in {by[found[0]]} and in {file}"
            )
        else:
            by[found[0]] = file
            layout.index[found[0]] = raw

    strays = []
    for file in sorted(files):
        for listed, raw in parse(source.read(file), source.where(file)).items():
            if found := names.find(listed, file):
                add(file, listed, raw, found)
            else:
                strays.append((file, listed, raw))
    named = set(by) | layout.doubtful
    for file, listed, raw in strays:
        if found := [path for path in names.find_stem(listed, file) if path not in named]:
            add(file, listed, raw, found)
        else:
            layout.orphans.append(f"{file}: {brief(listed)}")
    return layout if files else None


_LOOKS = {"voc": _voc, "yolo": _yolo, "coco": _coco, "cvat": _cvat}


def _check_one_set(source: Source, layout: Layout) -> None:
    if layout.format == class_folders.NAME:
        roots = sorted(class_folders.roots(layout.pairs))
    else:
        roots = sorted({root for path in layout.annotated if (root := root_of(path)) is not None})
    if len(roots) > 1:
        places = ", ".join(repr(root or "./") for root in roots[:5])
        raise InputError(f"{source.path}: holds several data sets ({places}); name one of them")


def _sort_the_rest(source: Source, layout: Layout) -> None:
    """Fill in which photographs lack an annotation, which lie elsewhere, and the other files.

    Where some lie in folders of sides, all those do that belong to the data set.
    """
    known = {*layout.annotated, *layout.doubtful}
    rest = [path for path in source.files if is_photograph(path) and path not in known]
    split = any(map(side_of, layout.annotated))
    if layout.format == class_folders.NAME:
        unlabelled = set(class_folders.beside_classes(rest, layout.pairs))
    else:
        unlabelled = set(beside(rest, layout.annotated, IMAGE_FOLDERS))
    unlabelled |= {
        path
        for path in rest
        if split and side_of(path) and ANNOTATION_FOLDERS.isdisjoint(place(path).folders)
    }
    layout.unlabelled = sorted(unlabelled)
    layout.elsewhere = sorted(path for path in rest if path not in unlabelled)
    used = {*layout.pairs.values(), *layout.orphans, *layout.doubtful, *layout.read}
    layout.others = sorted(
        path for path in source.files if path not in used and not is_photograph(path)
    )


def _is_list(path: str) -> bool:
    """Return whether a text file is a list of classes or photographs, or is for people."""
    return is_class_list(path) or "/imagesets/" in f"/{path.lower()}" or is_for_people(path)
