"""What HTCondor's event logs say of the jobs of a DAG, and of the DAG itself.

The logs lie on the submit side and survive whatever happens to the pool, so nothing else needs to
be asked, and asking twice does no harm.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

_NOTE = "DAG Node: "


@dataclass
class Node:
    """How far a job has come.

    Attributes
    ----------
    state
        ``waiting``, ``idle``, ``running``, ``held``, ``done`` or ``failed``, the last also of one
        that DAGMan will try again.
    tries
        How often DAGMan submitted it.
    starts
        How often it was started on a node, after a checkpoint of its own too.
    hosts
        Names of the slots that it ran on, in order.
    seconds, peak_mib
        Run time in all, and the most memory that HTCondor saw.
    """

    state: str = "waiting"
    tries: int = 0
    starts: int = 0
    cluster: int | None = None
    hosts: list[str] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_mib: float = 0.0
    exit_code: int | None = None
    reason: str = ""
    began: float | None = None

    def stop_clock(self, now: float) -> None:
        """Count the time since it began to run, if it did."""
        if self.began is not None:
            self.seconds += max(0.0, now - self.began)  # the clock may have been set back
            self.began = None


class EventLog:
    """Reads an event log as it grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._log: Any = None

    def new_events(self) -> Iterator[Any]:
        """Yield the events written since the last call; none as long as there is no log."""
        if self._log is None and self.path.exists():
            from htcondor import JobEventLog

            self._log = JobEventLog(str(self.path))
        if self._log is not None:
            yield from self._log.events(stop_after=0)


class NodeLog:
    """The jobs of a DAG, by the event log that they all write, whoever submitted them and when."""

    def __init__(self, path: Path, jobs: Iterable[str]) -> None:
        self.nodes = {name: Node() for name in jobs}
        self._log = EventLog(path)
        self._names: dict[int, str] = {}

    def read(self) -> list[tuple[str, str, Node]]:
        """Take in what is new; return the names of job and event, in order, and the job as of then.

        A try that was removed may end when the next one is in the queue already: that is left out.
        """
        seen = []
        for event in self._log.new_events():
            kind = event.type.name
            if kind == "SUBMIT":
                self._names[event.cluster] = _node_name(event.get("LogNotes", ""))
            node = self.nodes.get(name := self._names.get(event.cluster, ""))
            if node and (kind == "SUBMIT" or event.cluster == node.cluster):
                _apply(node, kind, event)
                seen.append((name, kind, replace(node, hosts=[*node.hosts])))
        return seen


def _node_name(notes: str) -> str:
    return next((n[len(_NOTE) :] for n in notes.splitlines() if n.startswith(_NOTE)), "")


def _apply(node: Node, kind: str, event: Any) -> None:
    now = float(event.timestamp)
    match kind:
        case "SUBMIT":
            node.stop_clock(now)
            node.state, node.cluster, node.tries = "idle", event.cluster, node.tries + 1
        case "EXECUTE":
            node.stop_clock(now)
            node.state, node.began, node.starts = "running", now, node.starts + 1
            node.hosts.append(event.get("SlotName") or event.get("ExecuteHost", ""))
        case "IMAGE_SIZE":
            node.peak_mib = max(node.peak_mib, float(event.get("MemoryUsage", 0)))
        case "JOB_EVICTED" | "SHADOW_EXCEPTION" | "JOB_RECONNECT_FAILED" | "JOB_RELEASED":
            node.stop_clock(now)
            node.state = "idle"
            node.reason = event.get("Reason") or event.get("Message") or node.reason
        case "REMOTE_ERROR":  # followed by an eviction that does not say why
            node.reason = event.get("ErrorMsg", "").strip()
        case "JOB_HELD":
            node.stop_clock(now)
            node.state, node.reason = "held", f"was held: {event.get('HoldReason', '')}"
        case "JOB_ABORTED":
            node.stop_clock(now)
            held = node.reason if node.state == "held" else ""
            node.state, node.reason = "failed", held or f"was removed: {event.get('Reason', '')}"
        case "JOB_TERMINATED":
            node.stop_clock(now)
            node.cpu_seconds += _cpu_seconds(event.get("TotalRemoteUsage", ""))
            node.peak_mib = max(node.peak_mib, float(event.get("MemoryUsage", 0)))
            _end(node, event)


def _end(node: Node, event: Any) -> None:
    if event.get("TerminatedNormally"):
        node.exit_code = int(event["ReturnValue"])
        node.reason = f"ended with exit code {node.exit_code}"
    else:
        node.exit_code = -int(event.get("TerminatedBySignal", 0))
        node.reason = f"was ended by signal {-node.exit_code}"
    node.state = "done" if node.exit_code == 0 else "failed"
    if node.state == "done":
        node.reason = ""


def _cpu_seconds(usage: str) -> float:
    """Return the sum of ``Usr 0 00:00:01, Sys 0 00:00:02``: days and hours:minutes:seconds."""
    total = 0.0
    for part in usage.split(","):
        words = part.split()
        if len(words) == 3:
            hours, minutes, seconds = (int(number) for number in words[2].split(":"))
            total += ((int(words[1]) * 24 + hours) * 60 + minutes) * 60 + seconds
    return total


class DagLog:
    """The DAG itself, by the event log that HTCondor keeps of DAGMan."""

    def __init__(self, path: Path) -> None:
        self._log = EventLog(path)
        self.state = "planned"

    def read(self) -> str:
        """Return ``planned``, ``running``, ``done``, ``failed`` or ``stopped`` (by its user)."""
        for event in self._log.new_events():
            match event.type.name:
                case "SUBMIT" | "EXECUTE" | "JOB_RELEASED":
                    self.state = "running"
                case "JOB_TERMINATED":
                    well = event.get("TerminatedNormally") and event.get("ReturnValue") == 0
                    self.state = "done" if well else "failed"
                case "JOB_ABORTED" | "JOB_HELD":
                    self.state = "stopped"
        return self.state
