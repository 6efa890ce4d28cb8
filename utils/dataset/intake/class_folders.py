"""Photographs of one face each, sorted into folders by class (``train/with_mask/1.jpg``).

The folder is the annotation: its name is the class of the face, which is the whole picture.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping

from utils.dataset.class_spellings import is_known, key_of
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.image_header import Header
from utils.dataset.intake.archives import Source
from utils.dataset.intake.layout import Layout
from utils.dataset.intake.paths import IMAGE_FOLDERS, folder_of, root_of, side_of_word

NAME = "folders"
"""What ``--format`` calls it."""

_MOST = 30
"""Folders that may be classes of names that nobody knows."""


def find_class_folders(
    source: Source, photos: Collection[str], told: Collection[str]
) -> Layout | None:
    """Find photographs in folders that are called like classes, and in those beside them.

    Parameters
    ----------
    told
        What ``--classes`` says: names of theirs.
    """
    homes = class_folders(photos, told) or _of_unknown_names(photos)
    if not homes:
        return None
    parents = _parents(homes.values())
    filled = set(homes.values())
    folders = {*source.folders, *map(folder_of, source.files)}
    empty = {
        inner
        for folder in folders
        for inner in _ways_down(folder)
        if _parent(inner) in parents and inner not in filled and _is_class(_last(inner), told)
    }
    return Layout(NAME, pairs=homes, empty_classes=sorted(empty))


def class_folders(photos: Iterable[str], told: Collection[str] = ()) -> dict[str, str]:
    """Return the folder that is the class of each photograph, ending in ``/``.

    That is the innermost that is called like a class: sets lie in folders called ``mask``, and
    their classes may have sub-folders. A folder beside such ones is a class, too, whatever it is
    called. What lies elsewhere is left out.
    """
    photos = list(photos)
    homes = {}
    for path in photos:
        inner = [way for way in _ways_down(folder_of(path)) if _is_class(_last(way), told)]
        if inner:
            homes[path] = inner[-1]
    parents = _parents(homes.values())
    for path in photos:
        if path in homes:
            continue
        beside = [way for way in _ways_down(folder_of(path)) if _parent(way) in parents]
        if beside and not _is_place(_last(beside[-1])):
            homes[path] = beside[-1]
    return homes


def face_of(home: str, header: Header) -> RawAnnotation:
    """Return what the folder `home` says of a photograph in it."""
    size = (header.width, header.height)
    return RawAnnotation((_last(home),), ((0.0, 0.0, float(size[0]), float(size[1])),), size)


def roots(homes: Mapping[str, str]) -> set[str]:
    """Return where data sets begin, see `root_of`, as if photographs lay beside their classes."""
    found = (root_of(_parent(home) + path[len(home) :]) for path, home in homes.items())
    return {root for root in found if root is not None}


def beside_classes(paths: Iterable[str], homes: Mapping[str, str]) -> list[str]:
    """Return those of `paths` that lie among class folders, and in none."""
    parents = _parents(homes.values())
    return [path for path in paths if folder_of(path) in parents]


def contradictions(source: Source, classes: Mapping[str, Hashable]) -> list[list[str]]:
    """Return photographs that are the same, byte by byte, and of several classes, in groups.

    Parameters
    ----------
    classes
        What each photograph is.
    """
    return [
        sorted(whole)
        for alike in _of_several(classes, classes, source.head)
        for whole in _of_several(alike, classes, source.read)
    ]


def _of_several(
    paths: Iterable[str], classes: Mapping[str, Hashable], read: Callable[[str], bytes]
) -> list[list[str]]:
    same = defaultdict(list)
    for path in paths:
        same[hashlib.sha256(read(path)).digest()].append(path)
    return [some for some in same.values() if len({classes[path] for path in some}) > 1]


def _of_unknown_names(photos: Collection[str]) -> dict[str, str]:
    """Return the innermost folders, where all photographs lie in a few, whatever they are called.

    Their names are refused later, with the option that says what they mean.
    """
    homes = {}
    for path in photos:
        inner = [way for way in _ways_down(folder_of(path)) if not _is_place(_last(way))]
        if not inner:
            return {}
        homes[path] = inner[-1]
    return homes if 1 < len(set(map(_last, homes.values()))) <= _MOST else {}


def _is_class(folder: str, told: Collection[str]) -> bool:
    key = key_of(folder)
    alike = key != "" and key in map(key_of, told)
    return not side_of_word(folder) and (folder in told or alike or is_known(folder))


def _is_place(folder: str) -> bool:
    return folder.lower() in IMAGE_FOLDERS or side_of_word(folder) is not None


def _ways_down(folder: str) -> list[str]:
    """Return a folder and those above it, each ending in ``/``, the outermost first."""
    parts = folder.split("/")[:-1]
    return ["/".join(parts[: count + 1]) + "/" for count in range(len(parts))]


def _last(folder: str) -> str:
    return folder[:-1].rpartition("/")[2]


def _parent(folder: str) -> str:
    return folder_of(folder[:-1])


def _parents(folders: Iterable[str]) -> set[str]:
    return set(map(_parent, folders))
