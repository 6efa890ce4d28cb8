"""What can be compared: versions of data sets in a store, and data as people have them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from utils.data_store.manifest import KeptPhoto, Manifest, kept_photo
from utils.data_store.store import DataStore
from utils.data_store.words import may_name
from utils.dataset.intake.choices import Choices
from utils.dataset.intake.dataset import Dataset
from utils.errors import InputError
from utils.records import short


@dataclass(frozen=True)
class Operand:
    """Annotated photographs to compare with others.

    Attributes
    ----------
    name
        What to call them.
    read
        Returns the bytes of a photograph of the manifest.
    """

    name: str
    manifest: Manifest
    read: Callable[[KeptPhoto], bytes]


@contextmanager
def opened(word: str, store: DataStore, choices: Choices) -> Iterator[Operand]:
    """Yield what a word names: a version of a data set, or a path.

    Raises
    ------
    InputError
        If it is neither, or cannot be read.
    """
    path = Path(word)
    if may_name(word) and not path.exists():
        try:
            version = store.find(word)
        except InputError as error:
            raise InputError(f"{word}: no such file or folder, and no version: {error}") from None
        yield Operand(str(version), store.manifest(version), store.photograph)
        return
    with Dataset(path, choices, to_learn=False) as dataset:
        manifest = Manifest(
            tuple(
                kept_photo(filename, image, raw, dataset.came_on.get(filename.rpartition(".")[0]))
                for filename, image, raw in dataset.annotated()
            )
        )
        name = f"{path.name or path} ({short(manifest.version)})"
        yield Operand(name, manifest, lambda photo: dataset.image(photo.filename))
