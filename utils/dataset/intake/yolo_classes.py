"""Where a YOLO data set names its classes."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from utils.dataset.formats.recognise import advice
from utils.dataset.formats.yolo_names import FILES, Names, parse_names
from utils.dataset.intake.archives import Source
from utils.dataset.intake.contents import kind_of
from utils.dataset.intake.kinds import is_photograph, suffix
from utils.dataset.intake.paths import folder_of
from utils.errors import InputError, brief

_LISTS = (".names", ".labels")
_OFFERED = "predefined_classes.txt"  # which LabelImg offers; what it writes is in classes.txt
_NAMES = re.compile(rb"""^(?:\xef\xbb\xbf)?[ {]*["']?names["']?[ ]*:""", re.M)
_PATH = re.compile(rb"""^[ {]*["']?path["']?[ ]*:(.+)$""", re.M)
_LOOKED_INTO = 20  # labels that are read to see whether they are YOLO's at all


def is_class_list(path: str) -> bool:
    """Return whether a file may name the classes of a YOLO data set."""
    name = path.rpartition("/")[2].lower()
    return name in FILES or suffix(path) in (".yaml", ".yml", *_LISTS)


def check_beside(yaml: Path, source: Source) -> None:
    """Refuse a ``data.yaml`` whose data set lies elsewhere than in its folder, `source`.

    Raises
    ------
    InputError
        It says where the file has it.
    """
    if not yaml.is_file():
        raise InputError(f"{yaml}: no such file")
    if not any(map(is_photograph, source.files)) and (told := _PATH.search(yaml.read_bytes())):
        place = brief(told[1].decode(errors="replace").strip(" \"'\r"))
        raise InputError(
            f"{yaml}: no photographs beside it; it says that the data set lies in '{place}': copy "
            "it there, and give that folder"
        )


class ClassNames:
    """The names of a YOLO data set's classes.

    LabelImg writes a ``classes.txt`` into every folder, and their orders may differ: then the one
    in a label's own folder counts, or in the nearest folder above.

    Parameters
    ----------
    told
        Names of theirs in ``--classes``: with no list at all, these may be the indices themselves.

    Raises
    ------
    InputError
        If nothing names the classes, what does is damaged, or it cannot be told which of several
        lists belongs to some labels.
    """

    def __init__(self, source: Source, labels: Iterable[str], told: Iterable[str]) -> None:
        labels = list(labels)
        lists = _read(source) or {"": _told(source, labels, told)}
        self._by_folder: dict[str, Names] = {}
        for label in labels:
            folder = folder_of(label)
            if folder not in self._by_folder:
                self._by_folder[folder] = _nearest(source, lists, label)

    def of(self, label: str) -> Names:
        """Return the names that the indices in the file `label` mean."""
        return self._by_folder[folder_of(label)]


def _nearest(source: Source, lists: Mapping[str, Names], label: str) -> Names:
    found, above = _one(lists.values()), folder_of(label)
    while found is None:
        here = {path: names for path, names in lists.items() if folder_of(path) == above}
        if here and not (found := _one(here.values())):
            raise InputError(
                f"{source.path}: {' and '.join(list(here)[:3])} name different classes; remove all "
                f"but the one that {label} was written with"
            )
        if not (found or above):
            raise InputError(
                f"{source.path}: {' and '.join(list(lists)[:3])} name different classes, and none "
                f"lies beside {label} or in a folder above; remove those that do not belong to "
                "the labels"
            )
        above = folder_of(above.rstrip("/"))
    return found


def _one(lists: Iterable[Names]) -> Names | None:
    """Return what lists say that all say the same; of key points one alone may tell."""
    first, *others = sorted(lists, key=lambda names: -names.points)
    return first if all(names.by_index == first.by_index for names in others) else None


def _told(source: Source, labels: list[str], told: Iterable[str]) -> Names:
    indices = [name for name in told if name.isdecimal()]
    if indices:
        return Names({int(name): name for name in indices}, "--classes")
    example = labels[0] if labels else "*.txt"
    kinds = (kind_of(source, label) for label in labels[:_LOOKED_INTO])
    if (kind := next(filter(None, kinds), "yolo")) != "yolo":
        raise InputError(f"{source.path}: {folder_of(example)}*.txt: {kind}; {advice(kind)}")
    raise InputError(
        f"{source.path}: {folder_of(example)}*.txt: YOLO, but no data.yaml, classes.txt or "
        "obj.names says what its classes are; add one, with the names in the order of their "
        "indices, or say it here: --classes 0=with_mask 1=without_mask"
    )


def _read(source: Source) -> dict[str, Names]:
    found = {}
    for path in sorted(filter(is_class_list, source.files)):
        data = source.read(path)
        if _name(path) not in FILES and suffix(path) not in _LISTS and not _NAMES.search(data):
            continue  # a YAML file of another program
        try:
            found[path] = parse_names(data, path)
        except InputError as error:
            raise InputError(f"{source.path}: {error}") from None
    written = {path: names for path, names in found.items() if _name(path) != _OFFERED}
    return written or found


def _name(path: str) -> str:
    return path.rpartition("/")[2].lower()
