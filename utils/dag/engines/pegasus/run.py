"""Pegasus: plans the run folder for a pool of HTCondor pilots, submits it, and speaks of it.

What it has a tool for is that tool's business: planning, status, statistics, analysis, removal.
"""

import logging
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from Pegasus.client._client import PegasusClientError, from_env

from utils.dag import catalogs, status_tables
from utils.dag.engines.console import Console
from utils.dag.engines.run import Run
from utils.dag.job_words import last_error
from utils.dag.run_folder import OUTPUT
from utils.errors import InputError
from utils.job import EXIT_BAD_INPUT

PLANNER = "pegasus-plan"
SUBMITTED = "pegasus"
"""Folder in the run folder that holds Pegasus's submit folders."""

INTERVAL = 5.0
"""Seconds between two questions to `pegasus-status`."""


def is_installed() -> bool:
    """Return whether Pegasus's planner is on the PATH."""
    return shutil.which(PLANNER) is not None


def require() -> None:
    """Refuse to go on without Pegasus, HTCondor and a Python that Pegasus's tools can run with.

    These tools run with the Python that ``PEGASUS_PYTHON`` names. Where it names none it is set to
    ours, because theirs would be the first ``python3`` on the PATH, whatever that has.

    Raises
    ------
    InputError
        If something is missing; the message says how to get it.
    """
    missing = [name for name in (PLANNER, "condor_submit_dag") if not shutil.which(name)]
    if missing:
        raise InputError(
            f"--engine pegasus: {missing[0]} is not on the PATH; install Pegasus WMS and HTCondor "
            "(https://pegasus.isi.edu/downloads) or log in where they are, e.g. ACCESS Pegasus; "
            "--engine local needs neither"
        )
    python = os.environ.setdefault("PEGASUS_PYTHON", sys.executable)
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # where there is no git
    try:
        done = subprocess.run([python, "-c", "import git, yaml"], capture_output=True, check=False)
    except OSError as error:
        raise InputError(f"PEGASUS_PYTHON: {python}: {error.strerror}") from None
    if done.returncode:
        raise InputError(
            f"--engine pegasus: Pegasus's tools run with {python}, which lacks GitPython or "
            f"PyYAML; `{python} -m pip install GitPython PyYAML`, or let PEGASUS_PYTHON name a "
            "python3 that has them"
        )


class PegasusRun(Run):
    """A run that Pegasus planned, or is to plan."""

    @property
    def submitted(self) -> bool:
        """Whether what was planned is, or was, in HTCondor's hands."""
        return self.submit_folder is not None and self.record.get("submitted") is not False

    @property
    def submit_folder(self) -> Path | None:
        """Pegasus's submit folder, or None before planning."""
        folder = self.record.get("submit_folder")
        return Path(folder) if folder else None

    def prepare(self) -> None:
        """Plan.

        Raises
        ------
        InputError
            If the planner refuses; its own words are in the message.
        """
        require()
        # Else every job asks a location service, in vain where nodes see no internet.
        os.environ.setdefault("PEGASUS_METRICS", "false")
        # The client would tell the planner's words, too, and again in its error.
        logging.getLogger("pegasus.client").setLevel(logging.CRITICAL)
        try:
            planned = from_env().plan(
                abstract_workflow=str(self.folder / catalogs.WORKFLOW),
                conf=str(self.folder / catalogs.PROPERTIES),
                dir=str(self.folder / SUBMITTED),
                sites=[self.record["options"]["site"]],
                output_sites=[catalogs.LOCAL],
                cleanup="inplace",
            )
        except PegasusClientError as error:
            raise InputError(f"Pegasus could not plan:\n{_once(error.output)}") from None
        except ValueError as error:  # PEGASUS_HOME, or what the planner said was no JSON
            raise InputError(f"Pegasus could not plan: {error}") from None
        submit_folder = str(planned.braindump.submit_dir)
        self.record.describe(submit_folder=submit_folder, submitted=False)

    def hand_over(self) -> str:
        """Submit what was planned, or let DAGMan go on from its rescue file.

        Raises
        ------
        InputError
            If the planner or HTCondor refuses; their own words are in the message.
        """
        require()
        if not self.submit_folder:
            self.prepare()
        state = self.refresh()
        if state not in ("planned", "failed"):
            left = "nothing is left to do" if state == "done" else "on its way already"
            return f"{self.folder}: {left}"
        code, words = self._execute("pegasus-run")
        if code:
            raise InputError(
                f"pegasus-run could not submit {self.folder}:\n{_once(words)}\n"
                f"Mend that, then go on with: python workflow.py --resume {self.folder}"
            )
        self.record.describe(submitted=True)
        if state == "failed":
            self._wait_for_start()
            return words
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
        if self.refresh() != "failed":
            return words
        failed = failures(words)
        told = [f"{job:<28} FAILED: {reason}" for job, (_, reason) in failed.items()]
        if any(code == EXIT_BAD_INPUT for code, _ in failed.values()):
            way_on = status_tables.start_again(self.record)
        else:
            way_on = f"Go on with: python workflow.py --resume {self.folder}"
        return "\n".join([words, *told, way_on])

    def _ask(self) -> tuple[str, str]:
        """Return what the run is as a whole, and how many jobs are in which state."""
        if not self.submitted:
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
        if not self.submitted:
            raise InputError(
                f"{self.folder}: not submitted yet; do so with: "
                f"python workflow.py --resume {self.folder}"
            )
        return self._execute(name, *options)[1]

    def _execute(self, name: str, *options: str) -> tuple[int, str]:
        """Return the exit code of one of Pegasus's tools for this run, and what it says."""
        if not shutil.which(name):
            raise InputError(f"{name} is not on the PATH; log in where Pegasus is installed")
        done = subprocess.run(
            [name, *options, str(self.submit_folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout.rstrip()


def failures(analysis: str) -> dict[str, tuple[int, str]]:
    """Return exit code and reason of each failed job, from the words of ``pegasus-analyzer``.

    It writes a head for each failed job, then ``exitcode    : 2`` and what the job wrote, indented.
    """
    found: dict[str, tuple[int, str]] = {}
    parts = re.split(r"^=+([^=\s]+)=+$", analysis, flags=re.MULTILINE)[1:]
    for job, text in zip(parts[::2], parts[1::2], strict=True):
        codes = re.findall(r"^\s*exitcode\s*:\s*(-?\d+)", text, re.MULTILINE)
        error = last_error([line.strip() for line in text.splitlines()])
        if codes:
            reason = f"ended with exit code {codes[-1]}" + (f": {error}" if error else "")
            found[job] = int(codes[-1]), reason
    return found


def _once(words: str) -> str:
    """Return the lines of `words` that say something, each once."""
    return "\n".join(dict.fromkeys(line for line in words.splitlines() if line.strip()))
