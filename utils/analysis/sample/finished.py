"""What a finished run leaves, as far as a sample of its new photographs is drawn from it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from utils.analysis.evaluation import SCHEMA
from utils.analysis.prediction.merged import Predictions, read_predictions
from utils.analysis.report.places import read_given
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
    weights
        Of these, in their order; None where none were told.
    """

    name: str
    shards: Sequence[Path]
    evaluation: dict[str, Any]
    predictions: Predictions
    weights: np.ndarray | None = None

    @property
    def model(self) -> str:
        """The digest of the model that looked at them."""
        return self.evaluation["model"]["digest"]

    @classmethod
    def read(
        cls,
        name: str,
        shards: Sequence[Path],
        evaluation: Path,
        predictions: Sequence[Path],
        groups: Path | None = None,
    ) -> "FinishedRun":
        """Read the outputs of a run, and what ``--groups`` told of its new photographs.

        Raises
        ------
        InputError
            If a file is missing or not what it should be.
        """
        record = read_record(evaluation, SCHEMA)
        found = read_predictions(predictions, record)
        files = [photo["file"] for photo in found.summaries]
        weights = read_given(groups).weights_of(files) if groups else None
        return cls(name, shards, record, found, weights)

    def photos(self) -> Iterator[Photo]:
        """Yield the new photographs, shard by shard."""
        for shard in self.shards:
            yield from read_shard(shard)
