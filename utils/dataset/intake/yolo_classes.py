"""Where a YOLO data set names its classes."""

from collections.abc import Iterable

from utils.dataset.formats.yolo_names import FILES, Names, parse_names
from utils.dataset.intake.archives import Source
from utils.dataset.intake.kinds import suffix
from utils.dataset.intake.paths import folder_of
from utils.errors import InputError

_LISTS = (".names", ".labels")


def is_class_list(path: str) -> bool:
    """Return whether a file may name the classes of a YOLO data set."""
    name = path.rpartition("/")[2].lower()
    return name in FILES or suffix(path) in (".yaml", ".yml", *_LISTS)


class ClassNames:
    """The names of a YOLO data set's classes.

    LabelImg writes a ``classes.txt`` into every folder, and their orders may differ: then the one
    in a label's own folder counts.

    Parameters
    ----------
    told
        Names of theirs in ``--classes``: with no list at all, these may be the indices themselves.

    Raises
    ------
    InputError
        If nothing names the classes, or what does is damaged.
    """

    def __init__(self, source: Source, labels: Iterable[str], told: Iterable[str]) -> None:
        self._where = source.path
        self._lists = _read(source)
        labels = list(labels)
        if not self._lists:
            told = [name for name in told if name.isdecimal()]
            if not told:
                example = labels[0] if labels else "*.txt"
                raise InputError(
                    f"{source.path}: {folder_of(example)}*.txt: YOLO, but no data.yaml, "
                    "classes.txt or obj.names says what its classes are; add one, with the names "
                    "in the order of their indices, or say it here: --classes 0=with_mask "
                    "1=without_mask"
                )
            self._lists = {"": Names({int(name): name for name in told}, "--classes")}
        first = next(iter(self._lists.values()))
        same = all(names.by_index == first.by_index for names in self._lists.values())
        self._only = first if same else None
        self._by_folder = {folder_of(path): names for path, names in self._lists.items()}

    def of(self, label: str) -> Names:
        """Return the names that the indices in the file `label` mean."""
        if self._only:
            return self._only
        folder = folder_of(label)
        if folder not in self._by_folder:
            files = " and ".join(list(self._lists)[:3])
            raise InputError(
                f"{self._where}: {files} name different classes, and none lies beside {label}; "
                "remove those that do not belong to the labels"
            )
        return self._by_folder[folder]


def _read(source: Source) -> dict[str, Names]:
    found = {}
    for path in sorted(filter(is_class_list, source.files)):
        data = source.read(path)
        if path.rpartition("/")[2].lower() in FILES or suffix(path) in _LISTS or b"names" in data:
            try:
                found[path] = parse_names(data, path)
            except InputError as error:
                raise InputError(f"{source.path}: {error}") from None
    return found
