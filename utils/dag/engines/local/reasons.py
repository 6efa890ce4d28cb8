"""Why a try failed, in words that say what to do about it."""

import os
import signal
from pathlib import Path

from utils.dag.abstract_workflow import AbstractJob

_TABLE = "utils/dag/resources.py"
_FULL = 2**20
"""Bytes, or files, that are left on a disk that is as good as full: a page here and there."""


def signal_name(number: int) -> str:
    """Return ``9 (SIGKILL)``; the number alone for a signal without a name."""
    try:
        return f"{number} ({signal.Signals(number).name})"
    except ValueError:
        return str(number)


def overtime(job: AbstractJob, killed: bool) -> str:
    """Say that a job was stopped at its limit of run time."""
    how = ", by SIGKILL, because it did not heed SIGTERM" if killed else ""
    return (
        f"was stopped after its run-time limit of {job.seconds:g} s{how}; "
        f"for more, raise its minutes in {_TABLE} and start a new run, which takes what is done "
        "from the cache"
    )


def ended(job: AbstractJob, code: int, peak_mib: float, memory_ran_out: bool) -> str:
    """Say how a job ended that did not end well.

    Parameters
    ----------
    code
        Exit code; negative: signal.
    peak_mib
        The most memory that it used.
    memory_ran_out
        Whether the kernel killed a process for want of memory while it ran.
    """
    number = -code if code < 0 else code - 128
    told = f"was ended by signal {signal_name(number)}"
    if code >= 0:
        told = f"ended with exit code {code}"
        if number == signal.SIGKILL:
            told += f", which tells of signal {signal_name(number)}"
    if number != signal.SIGKILL:
        return told
    return f"{told}; {_memory(job, peak_mib, memory_ran_out)}"


def _memory(job: AbstractJob, peak_mib: float, ran_out: bool) -> str:
    cause = "it was killed by hand, or by a memory limit"
    if ran_out:
        cause = "the kernel killed a process for want of memory meanwhile"
    used = f"it had used {peak_mib:.0f} MiB"
    fix = "give this machine or container more memory, or run fewer jobs at once (--cores 1)"
    if job.memory:
        used += f" of the {job.memory} MiB that are set aside for it in {_TABLE}"
    if job.memory and peak_mib > job.memory:
        fix = f"raise that number, or {fix}"
    return f"{cause}; {used}: {fix}"


def full_disk(folder: Path) -> str:
    """Say that the disk of a run folder is full, where it is; otherwise nothing."""
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize >= _FULL and (disk.f_favail > 0 or disk.f_files == 0):
        return ""
    return f"; the disk of {folder} is full: free some space, and go on with --resume"
