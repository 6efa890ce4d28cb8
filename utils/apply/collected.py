"""What was found on photographs, kept in memory until all of it is told together."""

from collections.abc import Mapping
from typing import Any

from utils.analysis.prediction.looking import Unread
from utils.analysis.prediction.merged import Predictions, joined
from utils.analysis.prediction.predict import GREY_QUALITY
from utils.apply.faces import faces_record
from utils.apply.looking import Found
from utils.apply.rate import absent_from, rate_record
from utils.apply.sentences import sentence
from utils.dataset.splitting.fingerprint_index import FingerprintWriter
from utils.model_files import Model


class Collected:
    """The faces of photographs as they come; no picture is kept, and nothing is written.

    Parameters
    ----------
    model
        Which looks.
    groups
        Of the same photographs, if they were grouped before (`groups` of another).

    Attributes
    ----------
    absent
        Names of the classes that the model does not know.
    """

    def __init__(self, model: Model, groups: Mapping[str, int] | None = None) -> None:
        self.model, self.absent, self._groups = model, absent_from(model), groups
        self._photos: list[dict[str, Any]] = []
        self._skipped: list[dict[str, str]] = []
        self._fingerprints, self._compared = FingerprintWriter(GREY_QUALITY), True

    @property
    def done(self) -> int:
        """How many photographs were looked at."""
        return len(self._photos)

    @property
    def skipped(self) -> int:
        """How many could not be read."""
        return len(self._skipped)

    def add(self, found: Found | Unread) -> str:
        """Keep what was found on one photograph; return it in a sentence."""
        if isinstance(found, Unread):
            self._skipped.append({"file": found.file, "reason": found.reason})
            return f"{found.file}: not read: {found.reason.removeprefix(f'{found.file}: ')}"
        self._photos.append(found.record)
        if found.fingerprint is None:
            self._compared = self._groups is not None
        elif self._groups is None:
            self._fingerprints.add(found.record["file"], found.fingerprint)
        return sentence(found.record, self.model.threshold, self.absent)

    def predictions(self) -> Predictions:
        """Return all of it, with the groups of photographs that are as one observation.

        Where some came without a fingerprint none are looked for: each is a group, which the rate
        says.
        """
        record = {"photos": self._photos, "skipped": self._skipped}
        threshold = float(self.model.threshold)
        named = [("the photographs", record)]
        if self._groups is not None:
            return joined(named, threshold, groups=self._groups)
        return joined(named, threshold, [self._fingerprints.index()] if self._compared else [])

    def groups(self) -> dict[str, int]:
        """Return the group of each photograph, by file."""
        return {one["file"]: one["group"] for one in self.predictions().summaries}

    def faces(self, predictions: Predictions, pictures: Mapping[str, str | None]) -> dict[str, Any]:
        """Return the record ``faces.json`` (`utils.apply.faces.faces_record`)."""
        return faces_record(self.model, self._photos, predictions, pictures)

    def rate(
        self,
        predictions: Predictions,
        facts: Mapping[str, Any] | None = None,
        left: int = 0,
        uncorrected: str | None = None,
        sample: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the record ``rate.json`` (`utils.apply.rate.rate_record`)."""
        facts = {**(facts or {}), "compared": self._compared}
        return rate_record(self.model, predictions, facts, left, uncorrected, sample)
