"""Which annotation file belongs to which photograph."""

from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable
from dataclasses import dataclass, field

from utils.dataset.intake.kinds import is_photograph
from utils.dataset.intake.paths import (
    ANNOTATION_FOLDERS,
    IMAGE_FOLDERS,
    Place,
    folder_of,
    place,
)
from utils.dataset.intake.tool_names import own_stem

_SPECIAL = IMAGE_FOLDERS | ANNOTATION_FOLDERS


@dataclass
class Pairing:
    """Photographs and the files that annotate them.

    Attributes
    ----------
    pairs
        The annotation file of each photograph that has one.
    twins
        Photographs that the same annotation file would belong to, or annotation files of the same
        photograph: two or more, and then what they share.
    """

    pairs: dict[str, str] = field(default_factory=dict)
    twins: list[list[str]] = field(default_factory=list)


def pair(photographs: Collection[str], annotations: Collection[str]) -> Pairing:
    """Pair files by the way that fits most of them.

    A photograph and its annotation have the same stem, or the annotation has the photograph's whole
    name before its own suffix (``a.jpg.xml``). They lie in one folder; or in folders that
    differ in one part, which says what is in them (``images/train`` and ``labels/train``,
    ``train/JPEGImages`` and ``train/Annotations``); or anywhere, where stems are unique; at last
    without what annotation tools add to stems (`own_stem`).
    """
    best = Pairing()
    if not photographs or not annotations:
        return best
    photos = {path: place(path) for path in photographs}
    files = {path: place(path) for path in annotations}
    whole = {path: _without_second_suffix(where) for path, where in files.items()}
    for named in (files, whole) if whole != files else (files,):
        for key in _KEYS:
            found = _by_key(photos, named, key)
            if len(found.pairs) > len(best.pairs):
                best = found
            if len(best.pairs) == len(photos):
                return best
    return best


def _without_second_suffix(where: Place) -> Place:
    """Return ``a`` where an annotation is called ``a.jpg.xml``."""
    if not is_photograph(where.stem):
        return where
    return Place(where.folders, where.stem.rpartition(".")[0])


def _outermost(where: Place) -> Hashable:
    """Leave out the outermost folder that says what it holds."""
    for number, folder in enumerate(where.folders):
        if folder in _SPECIAL:
            return (*where.folders[:number], *where.folders[number + 1 :]), where.stem
    return where


def _innermost(where: Place) -> Hashable:
    backwards, _ = _outermost(Place(where.folders[::-1], where.stem))
    return backwards[::-1], where.stem


_KEYS: tuple[Callable[[Place], Hashable], ...] = (
    _outermost,
    _innermost,
    lambda where: where.stem,
    lambda where: own_stem(where.stem),
)


def _by_key(
    photos: dict[str, Place], files: dict[str, Place], key: Callable[[Place], Hashable]
) -> Pairing:
    sharing: dict[Hashable, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for number, places in enumerate((photos, files)):
        for path, where in places.items():
            sharing[key(where)][number].append(path)
    result = Pairing()
    for images, texts in sharing.values():
        if len(images) == len(texts) == 1:
            result.pairs[images[0]] = texts[0]
        elif written := _as_written(images, texts):
            result.pairs.update(written)
        elif images and texts:
            several, other = (images, texts) if len(images) > 1 else (texts, images)
            result.twins.append([*sorted(several), *other])
    return result


def _as_written(images: list[str], texts: list[str]) -> dict[str, str]:
    """Pair files whose names look alike, letter by letter; empty where that leaves some over."""
    by_stem = {_stem(text): text for text in texts}
    pairs = {image: by_stem[_stem(image)] for image in images if _stem(image) in by_stem}
    return pairs if len(set(pairs.values())) == len(images) == len(texts) else {}


def _stem(path: str) -> str:
    """Return the stem as it is written, whichever form its accents have."""
    stem = path.rpartition("/")[2].rpartition(".")[0]
    return stem.rpartition(".")[0] if is_photograph(stem) else stem


def beside(paths: Iterable[str], paired: Iterable[str], folders: Collection[str]) -> list[str]:
    """Return those of `paths` that belong to a data set although they were not paired.

    They lie in the folder of a paired file, or in or below one of the `folders` by name.
    """
    homes = {folder_of(path) for path in paired}
    return sorted(
        path
        for path in paths
        if folder_of(path) in homes or not folders.isdisjoint(place(path).folders)
    )


def alike(stems: Iterable[str], others: Iterable[str]) -> bool:
    """Return whether some stems differ from some others in case only."""
    return bool({stem.casefold() for stem in stems} & {stem.casefold() for stem in others})
