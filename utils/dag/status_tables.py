"""How a run stands, what it took and what went wrong, in words and tables, from its record."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from utils.dag.run_folder import log_path
from utils.dag.run_record import RunRecord
from utils.errors import printable
from utils.files import last_lines
from utils.job import EXIT_BAD_INPUT

LINES = 12
"""How many lines at the end of a failed job's log are shown."""

WIDTH = 1000
"""Characters of such a line that are shown."""

ORDER = ("failed", "held", "running", "idle", "stopped", "waiting", "cached", "done")


def status(state: str, record: RunRecord, folder: Path) -> str:
    """Return how the run stands: how many jobs in which state, and those under way."""
    states = Counter(job["state"] for job in record.jobs.values())
    counts = ", ".join(f"{states[name]} {name}" for name in ORDER if states[name])
    rows = [
        (name, job["state"], job.get("host", ""), job.get("reason", ""))
        for name, job in record.jobs.items()
        if job["state"] in ("failed", "held", "running", "idle", "stopped")
    ]
    lines = [f"{folder}: {state}", f"{sum(states.values())} jobs: {counts or 'none started'}"]
    return "\n".join([*lines, *(table(("job", "state", "where", "why"), rows) if rows else [])])


def statistics(state: str, record: RunRecord) -> str:
    """Return what each job took: tries, run time, processor time, memory, and where it ran."""
    rows = []
    for name, job in record.jobs.items():
        rows.append(
            (
                name,
                job["state"],
                str(job.get("tries", "")),
                _number(job, "seconds", ".1f"),
                _number(job, "cpu_seconds", ".1f"),
                _number(job, "peak_mib", ".0f"),
                job.get("host", ""),
            )
        )
    seconds, processor = (
        sum(job.get(field, 0) for job in record.jobs.values())
        for field in ("seconds", "cpu_seconds")
    )
    head = ("job", "state", "tries", "seconds", "cpu s", "MiB", "where")
    total = f"{state}; {seconds:.0f} s of jobs, {processor:.0f} s of processors"
    return "\n".join([*table(head, rows), total])


def analysis(state: str, record: RunRecord, folder: Path) -> str:
    """Return which jobs failed, why, the last lines that each wrote, and how to go on."""
    parts = []
    for name, reason in record.failed().items():
        log = record.jobs[name].get("log")
        log = folder / log if log else log_path(folder, name)
        shown = "\n".join(f"    {line[:WIDTH]}" for line in last_lines(log, LINES))
        ends = (
            f"Its log, {log}, ends:\n{shown}" if shown else f"It wrote nothing to its log, {log}."
        )
        parts.append(f"{name} {reason}. {ends}")
    if not parts:
        parts.append(f"{folder}: {state}; no job failed")
    if state in ("failed", "stopped", "planned"):
        parts.append(way_on(record, folder))
    return "\n\n".join(parts)


def way_on(record: RunRecord, folder: Path) -> str:
    """Return what to do after a run that is not done: to resume it, where that can help."""
    codes = {job.get("exit_code") for job in record.jobs.values() if job["state"] == "failed"}
    if EXIT_BAD_INPUT in codes:
        return start_again(record)
    return f"Go on with: python workflow.py --resume {folder}"


def start_again(record: RunRecord) -> str:
    """Return what to do about input that a job refused: the run folder holds a copy of it."""
    words = "Mend that and start the run again; --resume would read the same data again."
    if record.get("engine") == "local":
        words += " What is unchanged is taken from the cache."
    command = record.get("command")
    if command and (record.get("options") or {}).get("run_dir"):
        command += "    # with another --run-dir"
    return f"{words}\n    {command}" if command else words


def _number(job: dict[str, Any], field: str, form: str) -> str:
    return format(job[field], form) if field in job else ""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table whose columns are aligned, a line a row whatever is in it."""
    rows = [[printable(text) for text in row] for row in rows]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    return [
        "  ".join(f"{text:<{width}}" for text, width in zip(row, widths, strict=True)).rstrip()
        for row in (head, *rows)
    ]
