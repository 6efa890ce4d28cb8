"""The folder of what was found: pictures as they come, tables and the rate at the end."""

from pathlib import Path
from typing import Any

from utils.analysis.prediction.looking import Unread
from utils.analysis.prediction.predict import SCHEMA
from utils.analysis.prediction.tables import write_faces
from utils.apply.annotating import Looked
from utils.apply.collected import Collected
from utils.apply.folder import Claim
from utils.apply.looking import Found
from utils.apply.pictures import picture_names
from utils.apply.sentences import closing, people
from utils.dataset.intake.photographs import NewPhotographs
from utils.errors import number_of
from utils.model_files import Model
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
    sample
        Of those that people annotated, its record (`utils.apply.annotating.take_back`).
    claimed
        Whether the folder is the caller's already, who keeps other things in it.

    Attributes
    ----------
    done, skipped
        How many were looked at, and could not be read.
    """

    def __init__(
        self,
        folder: Path,
        model: Model,
        photographs: NewPhotographs,
        sample: dict[str, Any] | None = None,
        claimed: bool = False,
    ) -> None:
        self.folder, self._collected, self._sample = folder, Collected(model), sample
        self._photographs, self._facts = photographs, photographs.facts
        self._files = picture_names(photographs.names())
        self._pictures: dict[str, str | None] = {}
        self._claim = None if claimed else Claim(folder)

    @property
    def done(self) -> int:
        return self._collected.done

    @property
    def skipped(self) -> int:
        return self._collected.skipped

    def add(self, found: Found | Unread) -> str:
        """Keep what was found on one photograph, write its picture; return it in a sentence.

        Where it is the only photograph, each of several people gets a sentence, too.
        """
        if isinstance(found, Found) and found.picture is not None:
            name = found.record["name"]
            self._pictures[name] = f"{PICTURES}/{self._files[name]}"
            path = self.folder / self._pictures[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_file(path, to_disk=False) as file:
                file.write(found.picture)
        lines = [self._collected.add(found)]
        if isinstance(found, Found) and self._facts["photos"] == 1:
            lines += people(found.record, self._collected.model.threshold, self._collected.absent)
        return "\n".join(lines)

    def finish(self) -> dict[str, Any]:
        """Write the tables and the rate of what was added; return the latter's record."""
        predictions = self._collected.predictions()
        faces = self._collected.faces(predictions, self._pictures)
        write_record(self.folder / FACES, faces, SCHEMA)
        write_faces(self.folder / TABLE, predictions)
        left = self._facts["photos"] - self.done - self.skipped
        rate = self._collected.rate(predictions, self._facts, left, sample=self._sample)
        write_record(self.folder / RATE, rate)
        return rate

    def shown(self) -> Path | None:
        """Return the drawn picture, or the folder of several; None where none was drawn."""
        drawn = [self.folder / picture for picture in self._pictures.values() if picture]
        if len(drawn) > 1:
            return self.folder / PICTURES
        return drawn[0] if drawn else None

    def looked(self) -> Looked:
        """Return what was looked at, to deal of it."""
        collected = self._collected
        found = collected.predictions()
        return Looked(self.folder, collected.model.digest, found, self._photographs)

    def closing(self, rate: dict[str, Any]) -> list[str]:
        """Return the answer in lines for a person, and where all is."""
        lines = closing(rate, self._collected.absent)
        if self.skipped:
            lines.insert(0, f"Not read: {number_of(self.skipped, 'photograph')}")
        drawn = f"{PICTURES}/ ({len(self._pictures):,}), " if self._pictures else ""
        return [*lines, f"Written to {self.folder}: {drawn}{TABLE}, {FACES}, {RATE}"]
