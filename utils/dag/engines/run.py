"""A planned run, whatever executes it: hand it over, follow it, look at it, remove it."""

from abc import ABC, abstractmethod
from pathlib import Path

from utils.dag import status_tables
from utils.dag.engines.console import Console
from utils.dag.run_record import open_record


class Run(ABC):
    """One run folder and its engine.

    Parameters
    ----------
    folder
        The run folder, planned to the end.

    Raises
    ------
    InputError
        If `folder` is no run folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.record = open_record(self.folder)

    def prepare(self) -> None:  # noqa: B027 -- there is nothing, for most
        """Do what an engine may refuse, before the run folder is told of.

        Raises
        ------
        InputError
            If it refuses; of a new run nothing is left then.
        """

    def execute(self, console: Console) -> bool:
        """Execute what is not done yet, to the end; return whether the whole workflow is done.

        Raises
        ------
        KeyboardInterrupt
            If the user does not want to wait any longer.
        """
        console.note(self.hand_over())
        return self.follow(console)

    @abstractmethod
    def hand_over(self) -> str:
        """Have the run executed without waiting for it; return what to tell the user."""

    @abstractmethod
    def follow(self, console: Console) -> bool:
        """Wait until nothing executes the run any more; return whether all of it is done."""

    @abstractmethod
    def refresh(self) -> str:
        """Bring the record up to date; return what the run is as a whole.

        That is ``planned``, ``running``, ``done``, ``failed`` or ``stopped``.
        """

    @abstractmethod
    def remove(self) -> str:
        """End the run, so that it can be resumed; return what to tell the user."""

    @property
    def interrupted(self) -> str:
        """What is to be told when the user does not want to wait any longer."""
        return f"The run goes on; follow it with: python workflow.py wait {self.folder}"

    def status(self) -> str:
        """Return how the run and each of its jobs stand."""
        return status_tables.status(self.refresh(), self.record, self.folder)

    def statistics(self) -> str:
        """Return what each job took."""
        return status_tables.statistics(self.refresh(), self.record)

    def analysis(self) -> str:
        """Return which jobs failed, why, the last they wrote, and how to go on."""
        return status_tables.analysis(self.refresh(), self.record, self.folder)
