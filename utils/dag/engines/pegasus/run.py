"""Pegasus: plans the run folder for a pool of HTCondor pilots, submits it, and speaks of it.

What it has a tool for is that tool's business: planning, status, statistics, analysis, removal.
"""

import logging
import os
import shutil
import subprocess
import time
from pathlib import Path

from Pegasus.client._client import PegasusClientError, from_env

from utils.dag import catalogs
from utils.dag.engines.console import Console
from utils.dag.engines.run import Run
from utils.dag.run_folder import OUTPUT
from utils.errors import InputError

PLANNER = "pegasus-plan"
SUBMITTED = "pegasus"
"""In the run folder: Pegasus's submit folders."""

INTERVAL = 5.0
"""Seconds between two questions to `pegasus-status`."""


def is_installed() -> bool:
    """Tell whether Pegasus's planner is on the PATH."""
    return shutil.which(PLANNER) is not None


def require() -> None:
    """Refuse to go on without Pegasus.

    Raises
    ------
    InputError
        If Pegasus's planner is not on the PATH; the message says how to get it.
    """
    if not is_installed():
        raise InputError(
            f"--engine pegasus: {PLANNER} is not on the PATH; install Pegasus WMS and HTCondor "
            "(https://pegasus.isi.edu/downloads) or log in where they are, e.g. ACCESS Pegasus; "
            "--engine local needs neither"
        )


class PegasusRun(Run):
    """A run that Pegasus planned, or is to plan."""

    @property
    def submit_folder(self) -> Path | None:
        """Pegasus's submit folder, or None before planning."""
        folder = self.record.get("submit_folder")
        return Path(folder) if folder else None

    def execute(self, console: Console) -> bool:
        console.note(self.hand_over())
        return self.follow(console)

    def hand_over(self) -> str:
        """Plan and submit, or let DAGMan go on from its rescue file where that was done before.

        Raises
        ------
        InputError
            If the planner or HTCondor refuses; their own words are in the message.
        """
        require()
        logging.getLogger("Pegasus").setLevel(logging.INFO)  # the planner's words reach the user
        if self.submit_folder:
            state = self.refresh()
            if state == "failed":
                words = self._tool("pegasus-run")
                self._wait_for_start()
                return words
            left = "nothing is left to do" if state == "done" else "on its way already"
            return f"{self.folder}: {left}"
        options = self.record["options"]
        # Else every job asks a location service, in vain where nodes see no internet.
        os.environ.setdefault("PEGASUS_METRICS", "false")
        try:
            planned = from_env().plan(
                abstract_workflow=str(self.folder / catalogs.WORKFLOW),
                conf=str(self.folder / catalogs.PROPERTIES),
                dir=str(self.folder / SUBMITTED),
                sites=[options["site"]],
                output_sites=[catalogs.LOCAL],
                cleanup="inplace",
                submit=True,
            )
        except (PegasusClientError, ValueError) as error:
            output = getattr(error, "output", "")
            raise InputError(
                f"Pegasus could not plan or submit {self.folder}: {error}\n{output}"
            ) from error
        self.record.describe(submit_folder=str(planned.braindump.submit_dir))
        return (
            f"Submitted: {self.submit_folder}\n"
            f"Status:    python workflow.py status {self.folder}\n"
            f"Results:   {self.folder / OUTPUT}"
        )

    def follow(self, console: Console) -> bool:
        told = ""
        while True:
            state, words = self._ask()
            if words != told:
                console.note(words)
                told = words
            if state in ("done", "failed"):
                break
            time.sleep(INTERVAL)
        if state == "done":
            self._wait_for_monitord()
            console.note(self.statistics())
        return state == "done"

    def refresh(self) -> str:
        return self._ask()[0]

    def remove(self) -> str:
        return self._tool("pegasus-remove")

    def status(self) -> str:
        return self._tool("pegasus-status", "-l")

    def statistics(self) -> str:
        return self._tool("pegasus-statistics")

    def analysis(self) -> str:
        words = self._tool("pegasus-analyzer")
        if self.refresh() == "failed":
            words += f"\nGo on with: python workflow.py --resume {self.folder}"
        return words

    def _ask(self) -> tuple[str, str]:
        """Return what the run is as a whole, and how many jobs are in which state."""
        if not self.submit_folder:
            return "planned", "not submitted yet"
        name = self.record["name"]
        found = from_env().get_status(root_wf_name=name, submit_dir=str(self.submit_folder))
        if not found:
            return "running", "submitted; DAGMan has not begun"
        root = found["dags"]["root"]
        words = (
            f"{root['percent_done']:.0f} % done: {root['succeeded']} jobs succeeded, "
            f"{root['queued']} in the queue, {root['ready'] + root['unready']} to come, "
            f"{root['failed']} failed"
        )
        return {"Success": "done", "Failure": "failed"}.get(root["state"], "running"), words

    def _wait_for_start(self, patience: float = 120.0) -> None:
        """Wait until DAGMan has begun again: until then the old failure is what there is to see."""
        deadline = time.monotonic() + patience
        while self.refresh() == "failed" and time.monotonic() < deadline:
            time.sleep(0.5)

    def _wait_for_monitord(self, patience: float = 30.0) -> None:
        """Wait until Pegasus's own record of the run is complete, which is soon after its end."""
        deadline = time.monotonic() + patience
        while not (self.submit_folder / "monitord.done").exists() and time.monotonic() < deadline:
            time.sleep(0.5)

    def _tool(self, name: str, *options: str) -> str:
        """Return what one of Pegasus's tools says of this run, whatever its exit code."""
        if not self.submit_folder:
            raise InputError(
                f"{self.folder}: not submitted yet; do so with: "
                f"python workflow.py --resume {self.folder}"
            )
        if not shutil.which(name):
            raise InputError(f"{name} is not on the PATH; log in where Pegasus is installed")
        done = subprocess.run(
            [name, *options, str(self.submit_folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout.rstrip()
