"""``run.json``, the record of a run: what was asked for, with what code, and how each job went."""

import logging
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from utils.errors import InputError
from utils.records import read_record, write_record

RECORD = "run.json"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Outcome:
    """How a try ended: exit code (negative: signal), seconds, CPU seconds, peak memory in MiB."""

    code: int
    seconds: float
    cpu_seconds: float
    peak_mib: float


class RunRecord:
    """``run.json``: what was asked for, with what code, and how each job went.

    Written at most once a second, less often where that takes long, and at the end.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / RECORD
        self._content = read_record(self._path) if self._path.exists() else {}
        self._content.pop("schema", None)
        self._jobs: dict[str, dict[str, Any]] = self._content.setdefault("jobs", {})
        self._due = 0.0
        self._trouble = False
        self.changed = False
        """Whether there is something to write."""

    def __getitem__(self, field: str) -> Any:
        return self._content[field]

    def get(self, field: str) -> Any:
        """Return a fact about the run as a whole, or None if it is not known."""
        return self._content.get(field)

    def describe(self, **fields: Any) -> None:
        """Record facts about the run as a whole."""
        self._content |= fields
        self.write()

    def update(self, job: str, **fields: Any) -> None:
        """Record facts about one job."""
        self._jobs.setdefault(job, {}).update(fields, changed=_now())
        self.changed = True
        self.write_if_due()

    def write_if_due(self) -> None:
        """Write the record if it has changed, and was not written just now."""
        if self.changed and time.monotonic() >= self._due:
            try:
                self.write()
            except OSError as error:  # no reason to stop the jobs; it is written again at the end
                self._due = time.monotonic() + 1
                if not self._trouble:
                    log.warning("%s: %s; trying again", self._path, error.strerror)
                self._trouble = True

    def add_usage(self, job: str, outcome: Outcome) -> None:
        """Add the resources that one try of a job used."""
        used = self._jobs.setdefault(job, {})
        used["seconds"] = round(used.get("seconds", 0) + outcome.seconds, 3)
        used["cpu_seconds"] = round(used.get("cpu_seconds", 0) + outcome.cpu_seconds, 3)
        used["peak_mib"] = round(max(used.get("peak_mib", 0), outcome.peak_mib), 1)

    @property
    def jobs(self) -> dict[str, dict[str, Any]]:
        """What is known of each job, by its name."""
        return self._jobs

    def is_done(self, job: str) -> bool:
        """Return whether a job succeeded, now or earlier."""
        return self._jobs.get(job, {}).get("state") in ("done", "cached")

    def failed(self) -> dict[str, str]:
        """Return the reasons of the jobs that failed for good, by job."""
        failed = {n: j for n, j in self._jobs.items() if j.get("state") == "failed"}
        return {name: job["reason"] for name, job in failed.items()}

    def write(self) -> None:
        """Write the record to the run folder."""
        start = time.monotonic()
        write_record(self._path, self._content)
        self.changed = self._trouble = False
        now = time.monotonic()
        self._due = now + max(1.0, 20 * (now - start))  # of thousands of jobs it is large


def open_record(folder: Path) -> RunRecord:
    """Return the record of an existing run.

    Raises
    ------
    InputError
        If `folder` is no run folder, or was not planned to the end.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder, so no run; those of this project lie in runs/")
    missing = [name for name in (RECORD, "workflow.yml") if not (folder / name).exists()]
    if len(missing) == 2:
        raise InputError(
            f"{folder}: not a run folder (it has no {' and no '.join(missing)}); name one that "
            "workflow.py made, as those in runs/"
        )
    if missing:
        raise InputError(
            f"{folder}: a run that was not planned to the end (it has no {missing[0]}); "
            "start a new run"
        )
    return RunRecord(folder)


def as_a_whole(states: Iterable[str]) -> str:
    """Return what a run is that nothing executes, from the states of its jobs.

    That is ``planned``, ``done``, ``failed`` or ``stopped``.
    """
    seen = set(states)
    if not seen:
        return "planned"
    if seen <= {"done", "cached"}:
        return "done"
    return "failed" if "failed" in seen else "stopped"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
