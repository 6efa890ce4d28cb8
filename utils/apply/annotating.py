"""Photographs that a model has looked at, dealt to people to annotate, and taken back."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from utils.analysis.prediction.merged import Predictions
from utils.analysis.sample.commands import TO_ANNOTATE, again, dealt_words
from utils.analysis.sample.suggest import FORMATS, suggest
from utils.dataset.intake.annotated_sample import read_annotated_sample
from utils.dataset.intake.photographs import NewPhotographs
from utils.dataset.shards import Photo
from utils.errors import InputError, number_of

SEED = 0
"""Seed of the sample: equal photographs and equal findings give equal samples."""


class Looked:
    """The photographs of one call of ``detect.py``, as `suggest` takes them.

    Parameters
    ----------
    folder
        That the results are in.
    model
        Digest of the model.
    predictions, photographs
        What it found, and on what.
    """

    weights = None

    def __init__(
        self, folder: Path, model: str, predictions: Predictions, photographs: NewPhotographs
    ) -> None:
        self.name, self.model, self.predictions = str(folder), model, predictions
        self._photographs = photographs

    def photos(self) -> Iterator[Photo]:
        """Yield the photographs that can be read."""
        return readable(self._photographs)


def readable(photographs: NewPhotographs) -> Iterator[Photo]:
    """Yield photographs, without those of which not even the file can be read."""
    for _, read in photographs.readers():
        try:
            photo = read()
        except InputError:  # which was told, and counted, where they were looked at
            continue
        yield photo


def check_number(number: int, photographs: NewPhotographs) -> None:
    """Raise an `InputError` if there are fewer photographs than are to be dealt."""
    there = photographs.facts["photos"]
    if number > there:
        have = f"there {'is' if there == 1 else 'are'} {number_of(there, 'photograph')}"
        raise InputError(f"--suggest {number}: {have}; ask for at most that")


def deal(looked: Looked, number: int, words: Sequence[str]) -> list[str]:
    """Deal photographs to a folder among the results; return lines that say how to go on.

    Parameters
    ----------
    number
        How many; all that could be read, where these are fewer.
    words
        The command line that looked at them.
    """
    target = Path(looked.name) / TO_ANNOTATE
    number = min(number, len(looked.predictions.summaries))
    dealt = suggest(looked, target, number, FORMATS[0], SEED)
    command = again(shlex.join(words), ("--output", "--suggest", "--predict-annotations"))
    return dealt_words(dealt, target, command)


def take_back(path: Path, photographs: NewPhotographs) -> dict[str, Any]:
    """Return the record of photographs that `deal` dealt and people annotated.

    Raises
    ------
    InputError
        As `read_annotated_sample`.
    """
    return read_annotated_sample(path, lambda: readable(photographs))
