"""The folder of what was found: pictures as they come, tables and the rate at the end."""

import tempfile
from pathlib import Path
from typing import Any

from utils.analysis.prediction.looking import Unread
from utils.analysis.prediction.merged import joined
from utils.analysis.prediction.predict import GREY_QUALITY, SCHEMA
from utils.analysis.prediction.tables import write_faces
from utils.apply.faces import faces_record
from utils.apply.looking import Found
from utils.apply.pictures import picture_names
from utils.apply.rate import absent_from, rate_record
from utils.apply.sentences import closing, sentence
from utils.dataset.intake.photographs import NewPhotographs
from utils.dataset.splitting.fingerprint_index import FingerprintWriter
from utils.detector.inference import Detector
from utils.errors import number_of
from utils.records import atomic_file, write_record

PICTURES = "pictures"
FACES, TABLE, RATE = "faces.json", "faces.csv", "rate.json"


class Results:
    """What was found, in a folder.

    Parameters
    ----------
    folder
        New or empty; it is made.
    model
        Which looks.
    photographs
        All that are to be looked at.

    Attributes
    ----------
    done, skipped
        How many were looked at, and could not be read.
    """

    def __init__(self, folder: Path, model: Detector, photographs: NewPhotographs) -> None:
        self.folder, self._model = folder, model
        self._facts = photographs.facts
        self._files = picture_names(photographs.names())
        self._pictures: dict[str, str | None] = {}
        self._photos: list[dict[str, Any]] = []
        self._skipped: list[dict[str, str]] = []
        self._fingerprints = FingerprintWriter(GREY_QUALITY)
        self._absent = absent_from(model)
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def done(self) -> int:
        return len(self._photos)

    @property
    def skipped(self) -> int:
        return len(self._skipped)

    def add(self, found: Found | Unread) -> str:
        """Keep what was found on one photograph, write its picture; return it in a sentence."""
        if isinstance(found, Unread):
            self._skipped.append({"file": found.file, "reason": found.reason})
            return f"{found.file}: not read: {found.reason.removeprefix(f'{found.file}: ')}"
        name = found.record["name"]
        if found.picture is not None:
            self._pictures[name] = f"{PICTURES}/{self._files[name]}"
            path = self.folder / self._pictures[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(path, to_disk=False) as file:
                file.write(found.picture)
        self._photos.append(found.record)
        self._fingerprints.add(found.record["file"], found.fingerprint)
        return sentence(found.record, self._model.threshold, self._absent)

    def finish(self) -> dict[str, Any]:
        """Write the tables and the rate of what was added; return the latter's record."""
        record = {"photos": self._photos, "skipped": self._skipped}
        with tempfile.TemporaryDirectory() as scratch:
            own = Path(scratch) / "fingerprints.npz"
            self._fingerprints.write(own)
            predictions = joined([(FACES, record)], float(self._model.threshold), [own])
        faces = faces_record(self._model, self._photos, predictions, self._pictures)
        write_record(self.folder / FACES, faces, SCHEMA)
        write_faces(self.folder / TABLE, predictions)
        left = self._facts["photos"] - self.done - self.skipped
        rate = rate_record(self._model, predictions, self._facts, left)
        write_record(self.folder / RATE, rate)
        return rate

    def closing(self, rate: dict[str, Any]) -> list[str]:
        """Return the answer in lines for a person, and where all is."""
        lines = closing(rate, self._absent)
        if self.skipped:
            lines.insert(0, f"Not read: {number_of(self.skipped, 'photograph')}")
        drawn = f"{PICTURES}/ ({len(self._pictures):,}), " if self._pictures else ""
        return [*lines, f"Written to {self.folder}: {drawn}{TABLE}, {FACES}, {RATE}"]
