"""What lies in a source, as far as names and indexes tell; `finding` looks for it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.intake.kinds import suffix, unread_photograph
from utils.dataset.intake.paths import folder_of

FORMATS = {
    "voc": "PASCAL VOC",
    "yolo": "YOLO",
    "coco": "COCO",
    "cvat": "CVAT",
    "folders": "class folders",
}
"""What ``--format`` takes besides auto, and what people call it."""


@dataclass
class Layout:
    """A data set, as far as names and indexes tell.

    Attributes
    ----------
    format
        A key of `FORMATS`.
    pairs
        Photographs with the file that annotates each.
    index
        Where one file annotates many: what it says of each photograph, in place of `pairs`.
    read
        Files that are read for many photographs: indexes, and lists of classes.
    unlabelled
        Photographs of the data set that nothing annotates.
    orphans
        Annotations without a photograph: files, or ``file: name`` in an index.
    doubts
        Where it cannot be told which photograph an annotation means, in words.
    doubtful
        The files that these doubts are about.
    elsewhere
        Photographs outside the data set.
    others
        Files that are none of all these.
    empty_classes
        Folders called like classes, beside others, in which no photograph lies.
    """

    format: str
    pairs: dict[str, str] = field(default_factory=dict)
    index: dict[str, RawAnnotation] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    orphans: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    doubtful: set[str] = field(default_factory=set)
    elsewhere: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    empty_classes: list[str] = field(default_factory=list)

    @property
    def annotated(self) -> Mapping[str, object]:
        """The photographs that are annotated."""
        return self.index or self.pairs

    def words(self) -> str:
        """Say in which folders photographs and annotations lie."""
        photos = sorted({folder_of(path) for path in self.annotated})
        files = sorted({folder_of(path) for path in self.pairs.values()})
        told = f"photographs in {_few(photos)}"
        if self.index:
            return f"{told}, one file for many"
        return told if files == photos else f"{told}, annotations in {_few(files)}"


def left_alone(paths: Iterable[str]) -> tuple[dict[str, int], dict[str, int]]:
    """Count files that are not used: pictures of kinds that are not read, and others by suffix."""
    unread: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for path in paths:
        if kind := unread_photograph(path):
            unread[kind] += 1
        else:
            others[suffix(path) or "no suffix"] += 1
    return dict(sorted(unread.items())), dict(sorted(others.items()))


def _few(folders: list[str]) -> str:
    named = ", ".join(folder or "./" for folder in folders[:3])
    return named if len(folders) <= 3 else f"{named} and {len(folders) - 3} more folders"
