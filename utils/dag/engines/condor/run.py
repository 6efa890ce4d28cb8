"""HTCondor without Pegasus: DAGMan executes the run folder's workflow on a pool.

The submit side keeps no process of ours: DAGMan runs as a job of HTCondor's, which starts it again
after the submit host was down. Whoever wants to know how the run stands reads the event logs.
"""

import contextlib
import os
import re
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from utils.dag.engines.condor.dag import DAG_FILE, EVENTS, FOLDER, write_dag
from utils.dag.engines.condor.events import DagLog, Node, NodeLog
from utils.dag.engines.console import Console
from utils.dag.engines.run import Run
from utils.dag.job_words import own_error
from utils.dag.run_folder import LOGS
from utils.dag.run_record import Outcome
from utils.dag.workflow_file import read_workflow
from utils.errors import InputError

INTERVAL = 1.0
"""Seconds between two looks at the event logs."""

_TROUBLE = re.compile("error|warning", re.IGNORECASE)

_PASSING = {
    "EXECUTE": "runs on {host}",
    "REMOTE_ERROR": "could not run on {host}: {reason}",
    "JOB_EVICTED": "was evicted; it goes on elsewhere",
    "SHADOW_EXCEPTION": "was interrupted: {reason}",
    "JOB_DISCONNECTED": "cannot be reached; waiting for its node",
    "JOB_RECONNECTED": "is reached again",
    "JOB_RECONNECT_FAILED": "is lost with its node; it goes on elsewhere",
    "JOB_HELD": "{reason}",
    "JOB_RELEASED": "was released",
}


def require() -> None:
    """Refuse to go on without HTCondor.

    Raises
    ------
    InputError
        If the Python package is missing, or no schedd answers; the message says what to do.
    """
    try:
        htcondor = _htcondor()
    except ImportError:
        raise InputError(
            "--engine condor: the Python package htcondor is not installed; make it so with "
            "`pip install htcondor`, on the Linux machine from which you submit"
        ) from None
    try:
        htcondor.Schedd().query(constraint="false", projection=["ClusterId"])
    except htcondor.HTCondorException as error:
        raise InputError(
            f"--engine condor: no HTCondor to submit to from here ({error}); log in where "
            "`condor_q` works, or set CONDOR_CONFIG; --engine local needs none"
        ) from None


class CondorRun(Run):
    """A run that DAGMan executes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.workflow = read_workflow(self.folder)
        own = self.folder / FOLDER
        self._nodes = NodeLog(own / EVENTS, self.workflow.jobs)
        self._dag = DagLog(own / f"{DAG_FILE}.dagman.log")
        for name in self.workflow.jobs:
            if name not in self.record.jobs:
                self.record.update(name, state="waiting")

    def prepare(self) -> None:
        write_dag(self.folder, self.workflow)

    def hand_over(self) -> str:
        state = self.refresh()
        if state == "done":
            return f"{self.folder}: nothing is left to do"
        if state == "running":
            raise InputError(
                f"{self.folder}: on its way already; follow it with: "
                f"python workflow.py wait {self.folder}"
            )
        htcondor = _htcondor()
        dag = write_dag(self.folder, self.workflow)
        with _within(dag.parent):
            job = htcondor.Submit.from_dag(dag.name, {"update_submit": True})
            job["batch_name"] = self.workflow.name
            try:
                cluster = htcondor.Schedd().submit(job).cluster()
            except htcondor.HTCondorException as error:
                raise InputError(f"HTCondor refused {dag}: {error}") from None
        self.record.describe(dagman=cluster)
        return f"Submitted: DAGMan is job {cluster} of HTCondor"

    def follow(self, console: Console) -> bool:
        self._take_in()
        done = [name for name in self.workflow.jobs if self.record.is_done(name)]
        console.begin(len(self.workflow.jobs), len(done))
        try:
            while True:
                state = self._dag.read()  # before the jobs: what it ended on is then read below
                for event in self._take_in():
                    self._tell(console, *event)
                if state != "running":
                    break
                console.tick()
                time.sleep(INTERVAL)
        finally:
            console.end()
        state = self.refresh()
        for name, reason in self.record.failed().items():
            console.failed(name, reason)
        return state == "done"

    def refresh(self) -> str:
        state = self._dag.read()
        self._take_in()
        for name, node in self._nodes.nodes.items():
            if state != "running" and node.state not in ("waiting", "done"):
                ended = "failed" if state == node.state == "failed" else "stopped"
                self.record.update(name, state=ended)
        self.record.write()
        return state

    def remove(self) -> str:
        if self.refresh() != "running":
            return f"{self.folder}: nothing is running"
        htcondor, cluster = _htcondor(), self.record["dagman"]
        htcondor.Schedd().act(htcondor.JobAction.Remove, [f"{cluster}.0"])
        return f"Removed job {cluster} of HTCondor, and with it those that it had submitted"

    def analysis(self) -> str:
        words = super().analysis()
        if self.refresh() == "failed" and not self.record.failed():
            out = self.folder / FOLDER / f"{DAG_FILE}.dagman.out"
            said = [line for line in out.read_text().splitlines() if _TROUBLE.search(line)]
            words = "\n".join([f"DAGMan gave up. Its log, {out}, says:", *said[-5:], "", words])
        return words

    def _take_in(self) -> list[tuple[str, str, Node]]:
        """Bring the record up to what the event log says; return the new events."""
        events = self._nodes.read()
        for name in {name for name, _, _ in events}:
            node = self._nodes.nodes[name]
            # DAGMan tries a failed job again, so that it failed for good is known at the end.
            state = "idle" if node.state == "failed" else node.state
            self.record.update(
                name,
                state=state,
                tries=node.tries,
                starts=node.starts,
                host=node.hosts[-1] if node.hosts else "",
                seconds=round(node.seconds, 3),
                cpu_seconds=node.cpu_seconds,
                peak_mib=node.peak_mib,
                exit_code=node.exit_code,
                reason=self._reason(name, node),
                log=_log(name, node),
            )
        return events

    def _reason(self, name: str, node: Node) -> str:
        """Return why a job is as it is; of a try that failed with what it said itself."""
        if node.state == "failed" and node.exit_code and node.exit_code > 0:
            error = own_error(self.folder / _log(name, node))
            return f"{node.reason}: {error}" if error else node.reason
        return node.reason

    def _tell(self, console: Console, name: str, kind: str, node: Node) -> None:
        if kind == "EXECUTE":
            console.started(name, self.folder / _log(name, node))
        if kind == "JOB_TERMINATED" and node.state == "done":
            outcome = Outcome(0, node.seconds, node.cpu_seconds, node.peak_mib)
            console.done(name, outcome)
        elif kind in ("JOB_TERMINATED", "JOB_ABORTED"):
            console.ended(name)
            console.note(f"{name} {self._reason(name, node)}")
        elif kind in _PASSING:
            told = _PASSING[kind].format(
                host=node.hosts[-1] if node.hosts else "", reason=node.reason
            )
            console.note(f"{name} {told}")


def _log(name: str, node: Node) -> str:
    """Return where the log of a try lies in the run folder."""
    return f"{LOGS}/{name}.{node.cluster}.log"


def _htcondor() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # about a missing configuration: we say that
        import htcondor
    return htcondor


@contextlib.contextmanager
def _within(folder: Path) -> Iterator[None]:
    """Work in `folder`: DAGMan takes the files of a DAG from where it was submitted."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
