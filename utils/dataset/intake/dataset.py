"""An annotated data set, as people have it, becomes ``dataset.tar``: found, checked, then packed.

Whatever its format, the shard holds PASCAL VOC with our class names, in pixels of the upright
photographs. Nothing is written before all is read, and no image is decoded: this is part of
starting the workflow, with 100,000 photographs too.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from utils.dataset.class_names import parse_told, resolve, why_too_few
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.image_header import Header
from utils.dataset.intake import class_folders
from utils.dataset.intake.archives import Source
from utils.dataset.intake.boxes import Boxes
from utils.dataset.intake.choices import AS_IT_IS, Choices
from utils.dataset.intake.facts import facts_of
from utils.dataset.intake.finding import find_layout
from utils.dataset.intake.kinds import suffix
from utils.dataset.intake.layout import Layout
from utils.dataset.intake.mismatches import check_mismatches
from utils.dataset.intake.names import filenames, names_of_any
from utils.dataset.intake.paths import side_of
from utils.dataset.intake.reading import annotation_reader, read_photograph
from utils.dataset.intake.sides import check_sides, count_sides
from utils.dataset.intake.small_faces import count_by_size, too_few_are_large
from utils.dataset.intake.writing import as_photo, pack_annotated
from utils.dataset.intake.yolo_classes import check_beside
from utils.dataset.shards import Photo
from utils.dataset.version import whole_split
from utils.errors import InputError, brief

_NAMED = 5  # how many reasons an error names


@dataclass(slots=True)
class _Entry:
    path: str
    file: str  # that annotates it
    raw: RawAnnotation
    header: Header
    faces: int = 0
    filename: str = ""

    @property
    def name(self) -> str:
        return self.filename.rpartition(".")[0]


@dataclass
class _Read:
    entries: list[_Entry] = field(default_factory=list)
    unreadable: list[dict[str, str]] = field(default_factory=list)
    faces: Counter[str] = field(default_factory=Counter)  # by their class name


class Dataset:
    """An annotated data set that was read and checked; use it in a ``with`` statement.

    Parameters
    ----------
    path
        A folder, zip or tar.
    choices
        How to read it.
    to_learn
        Whether a detector is to learn from it. If not, faces may be of one class, or none at all.
    without
        Files in it that are as if they were not there.

    Attributes
    ----------
    facts
        What was found, mended and left out: see `utils.dataset.intake.facts`.
    sides
        With ``split="given"`` the side of each photograph by its name, else empty.
    came_on
        The side of each photograph by its name where the data come split, whether that is kept or
        not; else empty.

    Raises
    ------
    InputError
        If it is no data set that can be learnt from; the message says what was found, and the fix.
    """

    def __init__(
        self,
        path: Path,
        choices: Choices = AS_IT_IS,
        *,
        to_learn: bool = True,
        without: Collection[str] = (),
    ) -> None:
        told = parse_told(choices.classes)
        path = Path(path)
        yaml = path.suffix in (".yaml", ".yml")
        self._source = Source(path.parent if yaml else path)
        for name in without:
            self._source.files.pop(name, None)
        try:
            if yaml:
                check_beside(path, self._source)
            layout = find_layout(self._source, choices, told)
            check_mismatches(self._source.path, layout, choices.unlabelled)
            read = self._read(layout, told, choices)
            named = Counter(name for entry in read.entries for name in entry.raw.names)
            self._classes = self._meanings(named, told)
            if layout.format == class_folders.NAME:
                self._sort_out(read)
                _check_unreadable(path, read, choices.skip_bad)
            boxes = Boxes(layout.format)
            self._mend(read, boxes)
            boxes.check(path, choices.allow_bad_boxes)
            read.faces.update({name: named[name] for name in named if not self._classes[name]})
            if to_learn and (why := why_too_few(self._classes, read.faces)):
                none = ", ".join(map(brief, layout.empty_classes))
                raise InputError(f"{path}: {why}" + (f"; no photograph in {none}" if none else ""))
            small = self._too_small(read.entries, choices) if choices.task == "classify" else 0
            self._entries = self._named(read.entries, layout.format)
            came = {entry.name: side_of(entry.path) for entry in self._entries}
            self.sides = check_sides(self._source.path, came) if choices.split == "given" else {}
            self.came_on = whole_split(came)
            self.facts = facts_of(
                layout,
                photos=len(self._entries),
                empty=sum(not entry.faces for entry in self._entries),
                read_faces=read.faces,
                classes=self._classes,
                unreadable=read.unreadable,
                boxes=boxes,
                too_small=small,
                unlabelled=choices.unlabelled,
                split=choices.split,
                sides=count_sides(entry.path for entry in self._entries),
                named_by_path=sum("/" in entry.filename for entry in self._entries),
                links_not_followed=self._source.links_not_followed,
            )
        except BaseException:
            self._source.__exit__()
            raise

    def __enter__(self) -> "Dataset":
        return self

    def __exit__(self, *_: object) -> None:
        self._source.__exit__()

    def pack(self, output: Path) -> str:
        """Write the photographs to the shard `output`; return the version of the data.

        See `pack_annotated`.
        """
        return pack_annotated(output, self.annotated(), self.came_on)

    def annotated(self) -> Iterator[tuple[str, bytes, RawAnnotation]]:
        """Yield file name, bytes, and faces in our class names of the photographs, by their names.

        The size that an annotation tells is that of the upright photograph.
        """
        for entry in self._entries:
            names = tuple(self._classes[name] for name in entry.raw.names)
            raw = RawAnnotation(names, entry.raw.boxes, entry.raw.size)
            yield entry.filename, self._source.read(entry.path), raw

    def image(self, filename: str) -> bytes:
        """Return the bytes of a photograph by the name that `annotated` gives it."""
        path = next(entry.path for entry in self._entries if entry.filename == filename)
        return self._source.read(path)

    def photos(self) -> Iterator[Photo]:
        """Yield the photographs, sorted by name, with VOC annotations in our class names."""
        return (as_photo(*one) for one in self.annotated())

    def _read(self, layout: Layout, told: dict[str, str], choices: Choices) -> _Read:
        reader = annotation_reader(self._source, layout, told)
        negative = layout.unlabelled if choices.unlabelled == "negative" else []
        result = _Read()
        seen: dict[str, str] = {}  # class names, each held once
        for path in sorted([*layout.annotated, *negative]):
            try:
                header = read_photograph(self._source, path)
                raw = reader(path, header) if path in layout.annotated else RawAnnotation()
            except InputError as error:
                result.unreadable.append({"file": path, "reason": str(error)})
                continue
            raw = RawAnnotation(
                tuple(seen.setdefault(name, name) for name in raw.names),
                raw.boxes,
                raw.size,
                raw.left_out,
            )
            result.entries.append(_Entry(path, layout.pairs.get(path, path), raw, header))
        _check_unreadable(self._source.path, result, choices.skip_bad)
        return result

    def _sort_out(self, read: _Read) -> None:
        """Leave out pictures of classes that are, and those that lie in folders of two classes."""
        classes = {e.path: self._classes[e.raw.names[0]] for e in read.entries if e.raw.names}
        taken = {path: ours for path, ours in classes.items() if ours}
        wrong = {}
        for twins in class_folders.contradictions(self._source, taken):
            told = " and ".join(f"{brief(path, 200)} ({taken[path]})" for path in twins)
            wrong |= dict.fromkeys(twins, f"{told} are the same picture")
        read.unreadable += [{"file": path, "reason": wrong[path]} for path in sorted(wrong)]
        left = classes.keys() - taken.keys() | wrong.keys()
        read.entries = [entry for entry in read.entries if entry.path not in left]

    def _too_small(self, entries: list[_Entry], choices: Choices) -> int:
        """Return how many faces are too small to be cut out; enough must be left to learn from."""
        smallest = choices.smallest_face
        small, large = count_by_size((entry.raw for entry in entries), smallest)
        if small and why_too_few(self._classes, large):
            raise too_few_are_large(self._source.path, small, large.total(), smallest)
        return small

    def _mend(self, read: _Read, boxes: Boxes) -> None:
        """Mend all boxes but those of classes that are left out."""
        for entry in read.entries:
            entry.raw = _without(entry.raw, self._classes)
            boxes.placing.look(entry.raw, entry.header)
        for entry in read.entries:
            entry.raw, faces = boxes.mend(entry.raw, entry.header, entry.file)
            entry.faces = faces.total()
            read.faces.update(faces)

    def _meanings(self, faces: Mapping[str, int], told: Mapping[str, str]) -> dict[str, str | None]:
        try:
            return resolve(faces, told)
        except InputError as error:
            raise InputError(f"{self._source.path}: {error}") from error

    def _named(self, entries: list[_Entry], format: str) -> list[_Entry]:
        paths = [entry.path for entry in entries]
        if format == class_folders.NAME:  # no annotation has their stems, so these may be equal
            names = [f"{name}{suffix(file)}" for name, file in names_of_any(paths)]
        else:
            names = filenames(paths, self._source.path)
        for entry, name in zip(entries, names, strict=True):
            entry.filename = name
        return sorted(entries, key=lambda entry: entry.name)


def pack_dataset(path: Path, output: Path, choices: Choices = AS_IT_IS) -> dict[str, Any]:
    """Write a data set to the shard `output`; return its facts. See `Dataset`."""
    with Dataset(path, choices) as dataset:
        dataset.pack(output)
        return dataset.facts


def _without(raw: RawAnnotation, classes: Mapping[str, str | None]) -> RawAnnotation:
    """Return an annotation without the boxes of classes that are left out."""
    if all(classes[name] for name in raw.names):
        return raw
    kept = [(n, box) for n, box in zip(raw.names, raw.boxes, strict=True) if classes[n]]
    names, boxes = tuple(name for name, _ in kept), tuple(box for _, box in kept)
    return RawAnnotation(names, boxes, raw.size, raw.left_out)


def _check_unreadable(where: Path, read: _Read, skip_bad: bool) -> None:
    bad = read.unreadable
    if bad and not skip_bad:
        some = list(dict.fromkeys(entry["reason"] for entry in bad[: 2 * _NAMED]))
        reasons = "; ".join(some[:_NAMED])
        more = f"; and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        raise InputError(
            f"{where}: {len(bad):,} photographs or annotations cannot be used: {reasons}{more}; "
            "mend or remove them, or leave them out with --skip-bad"
        )
    if not read.entries:
        raise InputError(f"{where}: no photograph can be used; {bad[0]['reason']}")
