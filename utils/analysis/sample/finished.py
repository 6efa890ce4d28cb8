"""What a finished run leaves, as far as a sample of its new photographs is drawn from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.analysis.evaluation.evaluate import SCHEMA
from utils.analysis.prediction.merged import Predictions, read_predictions
from utils.dataset.shards import Photo, read_shard
from utils.records import read_record


@dataclass(frozen=True)
class FinishedRun:
    """The outputs of a run.

    Attributes
    ----------
    name
        Of the run.
    shards
        The new photographs.
    evaluation
        The record ``evaluation.json``.
    predictions
        On the new photographs.
    """

    name: str
    shards: Sequence[Path]
    evaluation: dict[str, Any]
    predictions: Predictions

    @classmethod
    def read(
        cls, name: str, shards: Sequence[Path], evaluation: Path, predictions: Sequence[Path]
    ) -> "FinishedRun":
        """Read the outputs of a run.

        Raises
        ------
        InputError
            If a file is missing or not what it should be.
        """
        record = read_record(evaluation, SCHEMA)
        return cls(name, shards, record, read_predictions(predictions, record))

    def photos(self) -> Iterator[Photo]:
        """Yield the new photographs, shard by shard."""
        for shard in self.shards:
            yield from read_shard(shard)
