"""Run ``workflow.py`` with a fault at a system call: ``hooked.py FAULT FOLDER NUMBER ARGUMENT...``

The system calls that change what lies under FOLDER, or start, end or lock something, are counted by
Python's audit events (and by a wrapper of fsync, which has none). When number NUMBER is about to
happen, the process is killed (FAULT is ``kill``), or stops until it is sent SIGCONT (``stop``), or
the call fails as on a full disk (``full``), or that and all after it do (``full-on``), or all after
it fail as on a disk that has become read-only (``read-only``). With ``count`` nothing happens but
that they are written to the file FOLDER.calls, a line each.
"""

import errno
import os
import signal
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]

PATHS = {"open", "os.rename", "os.mkdir", "os.chmod"}
"""Events whose first argument is a path: counted where it lies under the folder."""

OTHERS = {"os.remove", "os.rmdir", "subprocess.Popen", "fcntl.flock", "os.kill", "os.killpg"}
"""Events that are counted wherever they happen; removals may be relative to an open folder."""

FAILING = {*PATHS, "os.fsync"}
"""Calls that a full or read-only disk makes fail."""

SIGNALS = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}


class Hook:
    """Counts the calls and injects the fault."""

    def __init__(self, fault: str, folder: str, number: int) -> None:
        self.fault, self.folder, self.number = fault, folder, number
        self.count = 0
        self.trace = open(folder + ".calls", "w") if fault == "count" else None  # noqa: SIM115
        sync = os.fsync
        os.fsync = lambda handle: (self.audit("os.fsync", (handle,)), sync(handle))[1]

    def audit(self, event: str, arguments: tuple) -> None:
        """Take in an event; called before the call itself."""
        if event in PATHS:
            path = arguments[0]
            if not isinstance(path, str | bytes) or not os.fsdecode(path).startswith(self.folder):
                return
            if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return
        elif event not in OTHERS and event != "os.fsync":
            return
        self.count += 1
        if self.trace:
            self.trace.write(f"{event} {arguments[0]}\n")
            self.trace.flush()
        elif self.fault in SIGNALS:
            if self.count == self.number:
                signal.raise_signal(SIGNALS[self.fault])
        elif event in FAILING and self.fails():
            number = errno.EROFS if self.fault == "read-only" else errno.ENOSPC
            raise OSError(number, os.strerror(number), str(arguments[0]))

    def fails(self) -> bool:
        """Tell whether the call that was counted last is to fail."""
        if self.fault == "full":
            return self.count == self.number
        return self.fault in ("full-on", "read-only") and self.count >= self.number


if __name__ == "__main__":
    fault, folder, number, *words = sys.argv[1:]
    sys.path.insert(0, str(PROJECT))
    import workflow

    sys.addaudithook(Hook(fault, folder, int(number)).audit)
    sys.exit(workflow.main(words))
