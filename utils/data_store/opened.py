"""Annotated photographs to learn from: a path, or a version of a data set in a store."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from utils.dag.options.declared import spelled
from utils.data_store.kept import Version
from utils.data_store.store import DataStore
from utils.data_store.words import may_name
from utils.dataset.class_names import why_too_few
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.intake.choices import AS_IT_IS, Choices
from utils.dataset.intake.class_folders import NAME as FOLDERS
from utils.dataset.intake.dataset import Dataset
from utils.dataset.intake.layout import FORMATS
from utils.dataset.intake.sides import check_sides
from utils.dataset.intake.small_faces import count_by_size, too_few_are_large
from utils.dataset.intake.words import told
from utils.dataset.intake.writing import pack_annotated
from utils.dataset.labels import CLASSES
from utils.errors import InputError
from utils.records import short

_READING = ("format", "classes", "unlabelled", "allow_bad_boxes")
"""Options about how data are read that mean nothing of a version, which was read already."""


class StoredDataset:
    """A version of a data set, in place of the `Dataset` that it was added from.

    It packs the same shard, byte by byte, as that data set did.

    Parameters
    ----------
    choices
        How to read it: of these, the task, the smallest face and the split.

    Attributes
    ----------
    facts, sides, came_on
        See `Dataset`.

    Raises
    ------
    InputError
        If the version is gone or damaged, or nothing can be learnt from it in this way.
    """

    def __init__(self, store: DataStore, version: Version, choices: Choices = AS_IT_IS) -> None:
        self._store, self.version = store, version
        for name in _READING:
            if getattr(choices, name) != getattr(AS_IT_IS, name):
                raise InputError(
                    f"{spelled(name)}: says how data are read, and {version} was read when it was "
                    "added; leave it away, or `data add` the data again with it"
                )
        told_of_adding(version)
        if version.facts["format"] == FORMATS[FOLDERS] and choices.task != "classify":
            raise InputError(
                f"{version}: pictures of single faces from class folders, which have no boxes to "
                "learn from; they can be learnt with --task classify"
            )
        self._manifest = store.manifest(version)
        self.came_on = self._manifest.came_on()
        sides = {one.name: one.side for one in self._manifest.photos}
        self.sides = check_sides(version, sides) if choices.split == "given" else {}
        self.facts = {
            **version.facts,
            "split": choices.split,
            "too_small": self._too_small(choices) if choices.task == "classify" else 0,
            "called": str(version),
        }

    def __enter__(self) -> "StoredDataset":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def annotated(self) -> Iterator[tuple[str, bytes, RawAnnotation]]:
        """Yield file name, bytes, and faces in our class names of the photographs, by their names.

        Raises
        ------
        InputError
            If a photograph is gone or damaged.
        """
        for photo in self._manifest.photos:
            yield photo.filename, self._store.photograph(photo), photo.raw

    def pack(self, output: Path) -> str:
        """Write the photographs to the shard `output`; return the version of the data.

        Raises
        ------
        InputError
            If a photograph is gone or damaged, or the shard cannot be written.
        """
        return pack_annotated(output, self.annotated(), self.came_on)

    def _too_small(self, choices: Choices) -> int:
        raws = (photo.raw for photo in self._manifest.photos)
        small, large = count_by_size(raws, choices.smallest_face)
        if small and why_too_few({name: name for name in CLASSES}, large):
            raise too_few_are_large(self.version, small, large.total(), choices.smallest_face)
        return small


def open_data(path: Path, choices: Choices, address: str | None) -> Dataset | StoredDataset:
    """Return annotated photographs, read and checked, to be used in a ``with`` statement.

    Parameters
    ----------
    path
        A folder or an archive; where there is none, a version of a data set: ``masks``,
        ``masks@latest``, ``masks@1f2e3d``.
    address
        Of the store; None: the environment's, or the project's own.

    Raises
    ------
    InputError
        If there is neither, or it cannot be used.
    """
    word = str(path)
    if path.exists() or not may_name(word):
        return Dataset(path, choices)
    store = DataStore.at(address)
    try:
        version = store.find(word)
    except InputError as error:
        raise InputError(
            f"--data {word}: no such file or folder, and no version: {error}"
        ) from None
    return StoredDataset(store, version, choices)


def told_of_adding(version: Version) -> list[str]:
    """Return the lines that were said when a version was added: what was found and mended.

    Raises
    ------
    InputError
        If it was added by another version of this program, which knew other facts.
    """
    try:
        return told(version.facts, None)[1:]
    except (KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{version}: was added by another version of this program ({error!r} is not known of "
            "it); `data get` writes what it holds, and `data add` adds that again"
        ) from error


def told_of_version(facts: dict[str, Any], version: str) -> str:
    """Return a line that says what version data are."""
    return f"Data version: {facts.get('called') or short(version)}"


def choices_of(given: dict[str, Any]) -> Choices:
    """Return how to read a data set, from options by name."""
    known = {item.name for item in fields(Choices)}
    return Choices(**{name: value for name, value in given.items() if name in known})
