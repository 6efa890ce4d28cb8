"""Tracking a run while it goes on, and afterwards."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from utils.errors import InputError, printable
from utils.tracking.addresses import (
    require_tracking,
    shown,
    sqlite_file,
    tracking_address,
)
from utils.tracking.beside import Beside, Troubles
from utils.tracking.described import describe
from utils.tracking.mlflow_store import Store
from utils.tracking.recorded import named_runs

INTERVAL = 10.0
"""Seconds between two looks at a run that goes on."""

log = logging.getLogger(__name__)


def track_runs(folders: Sequence[Path], named: str | None = None) -> str:
    """Write runs to where they are tracked; return what to tell of it.

    Parameters
    ----------
    named
        The address; None: that of the environment, or a store beside the runs.

    Raises
    ------
    InputError
        If one is no run, which is found before any is written; or as `Store`.
    """
    if not folders:
        raise InputError("track: name run folders, as in `python workflow.py track runs/x`")
    stores: dict[str, Store] = {}
    lines = []
    for run in named_runs(folders):
        address = tracking_address(named, run.folder)
        if address not in stores:
            stores[address] = Store(address)
        what = "tracked" if stores[address].track(describe(run)) else "is tracked already"
        lines.append(printable(f"{run.folder}: {run.state}, {what}"))
        lines += [f"  without what cannot be read: {printable(why)}" for why in run.trouble]
    lines += [f"Tracked in: {shown(address)}{_to_look(address)}" for address in stores]
    return "\n".join(lines)


def _to_look(address: str) -> str:
    """Return how to look at a database, which, unlike a server, has no page of its own."""
    return f" (to look at it: make track-ui STORE={address})" if sqlite_file(address) else ""


class Following:
    """Tracks a run from beside, as its jobs finish, while a ``with`` lasts; then at its end.

    Whatever goes wrong with that is told, and does not disturb the run.

    Parameters
    ----------
    folder
        Of a planned run.
    named
        As `track_runs` takes it.
    tell
        Takes what people are told.

    Raises
    ------
    InputError
        If it cannot be tracked there (`require_tracking`).
    """

    def __init__(self, folder: Path, named: str | None, tell: Callable[[str], object]) -> None:
        self._folder, self._tell = folder, tell
        self._named = named
        self._troubles = Troubles(log)
        self._beside = Beside(self._look, INTERVAL, "tracking")
        require_tracking(named)

    def __enter__(self) -> "Following":
        self._beside.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        leaving = kind is not None and not issubclass(kind, Exception)  # by an interrupt
        self._beside.end(wait=not leaving)
        if leaving:
            return
        try:
            self._tell(track_runs([self._folder], self._named).splitlines()[-1])
        except InputError as trouble:
            self._tell(f"Not tracked: {trouble}")

    def _look(self) -> None:
        try:
            track_runs([self._folder], self._named)
            self._troubles.over("the run")
        except InputError as trouble:
            self._troubles.tell("the run", "not tracked", trouble)
