"""What the class indices of YOLO files mean: ``data.yaml``, or a text file with a name a line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import yaml

from utils.dataset.formats.values import decode_text
from utils.errors import InputError, brief

FILES = ("data.yaml", "classes.txt", "obj.names", "_darknet.labels", "predefined_classes.txt")
"""Names that tools give to such files; Ultralytics takes any ``.yaml``, darknet any ``.names``."""

MAX_BYTES = 128 * 1024
"""The 1,203 classes of LVIS take 20,000."""

MAX_CLASSES = 10_000


@dataclass(frozen=True, slots=True)
class Names:
    """The names of classes by their index.

    Attributes
    ----------
    by_index
        The name of each class, as spelled in the file.
    told_by
        The file, for errors.
    points
        How many numbers a line has for key points, after those of its box.
    """

    by_index: Mapping[int, str]
    told_by: str = "the list of classes"
    points: int = 0

    @classmethod
    def of(cls, names: Iterable[str], told_by: str = "the list of classes") -> "Names":
        """Return names that are counted from 0."""
        return cls(dict(enumerate(names)), told_by)

    def __str__(self) -> str:
        some = ", ".join(f"{index} {brief(self.by_index[index], 30)}" for index in self._first())
        return some + (", ..." if len(self.by_index) > len(self._first()) else "")

    def _first(self) -> list[int]:
        return sorted(self.by_index)[:5]


def parse_names(data: bytes, filename: str) -> Names:
    """Read the names of the classes.

    Parameters
    ----------
    data
        A YAML file with ``names`` (a list, or a mapping from indices), where the name ends in
        ``.yaml`` or ``.yml``; else a text file with a name a line.
    filename
        Path of the file, which also says what it is.

    Raises
    ------
    InputError
        If the file is neither, names no class, or one twice under the same index.
    """
    text = decode_text(data, filename, MAX_BYTES)
    if filename.lower().endswith((".yaml", ".yml")):
        return _from_yaml(text, filename)
    lines = [line.strip() for line in text.rstrip().splitlines()]
    if not lines:
        raise InputError(f"{filename}: is empty; write the name of a class on each line")
    if "" in lines:
        raise InputError(
            f"{filename}: line {lines.index('') + 1} is empty, so that it is not clear which index "
            "the names below it have; remove the line or name the class"
        )
    return _checked(dict(enumerate(lines)), filename)


def _from_yaml(text: str, filename: str) -> Names:
    try:
        loader = _Plain(text)
        record = loader.get_single_data()
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InputError(f"{filename}: is no plain YAML ({brief(error)}); mend it") from error
    if not isinstance(record, dict):
        raise InputError(f"{filename}: is no YAML mapping; it needs the field 'names'")
    names = record.get("names")
    if isinstance(names, list):
        names = {str(index): name for index, name in enumerate(names)}
    if not isinstance(names, dict) or not names:
        raise InputError(
            f"{filename}: field 'names' is missing, or neither a list nor a mapping of the names "
            "of the classes; add it, in the order of their indices"
        )
    by_index = {}
    for index, name in names.items():
        if not (isinstance(index, str) and index.isascii() and index.isdigit()):
            raise InputError(
                f"{filename}: field 'names': '{_shown(index)}' is no index (0, 1, ...); mend it"
            )
        if not isinstance(name, str):
            raise InputError(f"{filename}: field 'names': the name of {index[:9]} is no text")
        by_index[int(index[:9])] = name.strip()
    _check_count(record.get("nc"), by_index, filename)
    return _checked(by_index, filename, _points(record.get("kpt_shape"), filename))


def _check_count(count: object, by_index: Mapping[int, str], filename: str) -> None:
    if isinstance(count, str) and count.isdigit() and count.lstrip("0") != str(len(by_index)):
        raise InputError(
            f"{filename}: field 'nc' is {brief(count, 20)}, but 'names' has {len(by_index)}; "
            "one of them is wrong"
        )


def _points(shape: object, filename: str) -> int:
    if shape is None:
        return 0
    sizes = shape if isinstance(shape, list) else []
    if [size for size in sizes if isinstance(size, str) and size.isdigit()] != sizes or not (
        len(sizes) == 2 and 0 < int(sizes[0][:5]) < 1000 and sizes[1] in ("2", "3")
    ):
        raise InputError(
            f"{filename}: field 'kpt_shape' is not two numbers (points, and 2 or 3 for each)"
        )
    return int(sizes[0]) * int(sizes[1])


def _checked(by_index: Mapping[int, str], filename: str, points: int = 0) -> Names:
    if len(by_index) > MAX_CLASSES:
        raise InputError(f"{filename}: has more than {MAX_CLASSES} names; is it the right file?")
    return Names(by_index, filename, points)


def _shown(value: object) -> str:
    return brief(value) if isinstance(value, str) else type(value).__name__


class _Plain(yaml.SafeLoader):
    """Gives text, lists and mappings alone, and nothing twice.

    ``no`` is the name of a class here and not False; an alias could make a small file endless.
    """

    yaml_implicit_resolvers: dict = {}  # noqa: RUF012

    def compose_node(self, parent: object, index: object) -> yaml.Node:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark
            raise yaml.YAMLError(f"an alias in line {mark.line + 1}; write out what it stands for")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        twice = {key for key in keys if keys.count(key) > 1} if len(keys) != len(set(keys)) else ()
        if twice:
            raise yaml.YAMLError(f"'{brief(min(twice))}' stands twice; leave one")
        return super().construct_mapping(node, deep)
