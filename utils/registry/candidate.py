"""The model of a finished run, as it asks to be promoted."""

from functools import cached_property
from pathlib import Path

from utils.analysis.evaluation.carried import unpacked
from utils.analysis.evaluation.evaluate import kind_of
from utils.dag.run_folder import OUTPUT
from utils.errors import InputError
from utils.model_files import Model, finder_package
from utils.models import load_model
from utils.records import digest_of
from utils.registry.package import FILES
from utils.registry.pyfunc import MODEL
from utils.tracking.recorded import EVALUATION, RecordedRun


class Candidate:
    """The model of a run.

    Parameters
    ----------
    run
        Whose records can be read.

    Raises
    ------
    InputError
        If the run has no model and evaluation, or the model is not the one that was evaluated.
    """

    def __init__(self, run: RecordedRun) -> None:
        self.run = run
        for name in FILES:
            path = run.folder / OUTPUT / name
            if not path.exists() or not path.stat().st_size:  # as a job that failed leaves it
                raise InputError(
                    f"{path}: is not there, so there is no tested model to promote (the run is "
                    f"{run.state}); `python workflow.py status {run.folder}` tells how it stands"
                )
        if trouble := [text for text in run.trouble if any(name in text for name in FILES)]:
            raise InputError("; ".join(trouble))
        carried = self.model.evaluation
        tested = unpacked(carried, self.path)[0] if carried is not None else {}
        told = run.output(EVALUATION).get("model") or {}
        if not told or tested.get("model", {}).get("digest") != told.get("digest"):
            raise InputError(
                f"{self.path}: is not the model that {EVALUATION} beside it is of; run the job "
                f"again: `python workflow.py --resume {run.folder}`"
            )

    @property
    def path(self) -> Path:
        """Its model file."""
        return self.run.folder / OUTPUT / MODEL

    @property
    def kind(self) -> str:
        """What it is: see `utils.analysis.evaluation.evaluate.kind_of`."""
        return kind_of(self.model)

    @property
    def finder_package(self) -> str | None:
        """The package that its face finder needs besides ours; None where none does."""
        return finder_package(self.model)

    @cached_property
    def sha256(self) -> str:
        """Of its model file."""
        return digest_of(self.path)

    @cached_property
    def model(self) -> Model:
        """It, ready to look."""
        return load_model(self.path)
