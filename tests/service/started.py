"""The service as people start it, in a process of its own; what it holds, seen from without."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from benchmarks.processes import children
from tests.ports import free_port
from tests.service.fakes import KEY, WITH_KEY
from tests.waiting import PATIENCE, until

ROOT = Path(__file__).resolve().parents[2]


class Started:
    """A service that listens at `port`."""

    def __init__(self, process: subprocess.Popen, port: int) -> None:
        self.process, self.port = process, port

    def open(self) -> socket.socket:
        """Return a connection to it."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Return status and body of its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, {**WITH_KEY, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def predict(self, data: bytes, path: str = "/predict") -> tuple[int, Any]:
        """Return status and record of the answer to a photograph."""
        status, body = self.ask("POST", path, data)
        return status, json.loads(body)

    @property
    def is_ready(self) -> bool:
        return self.ask("GET", "/v2/health/ready")[0] == 200

    def metric(self, name: str) -> float:
        """Return a value of ``/metrics``."""
        lines = self.ask("GET", "/metrics")[1].decode().splitlines()
        return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))

    def workers(self) -> list[int]:
        """Return the numbers of its workers' processes."""
        return children(self.process.pid)

    def files(self) -> int:
        """Return how many files it holds open, connections included."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def threads(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal, and wait for its end; return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def started(
    folder: Path, *words: object, log: Path | None = None, home: Path | None = None
) -> Iterator[Started]:
    """Start a service with these words.

    Parameters
    ----------
    folder
        Where its log is kept.
    log
        Where its log goes instead, from which nothing can be read.
    home
        The folder that it works in, and where temporary files would be.
    """
    own = folder / "log"
    home = home or folder
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(home),
        "MASK_DETECTION_API_KEYS": KEY,
    }
    port = free_port()
    with (log or own).open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "service", "--port", str(port), *map(str, words)],
            cwd=home,
            env=environment,
            stderr=file,
        )
    service = Started(process, port)
    try:
        until(lambda: process.poll() is not None or answers(service))
        assert process.poll() is None, own.read_text() if own.exists() else "it did not start"
        yield service
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def answers(service: Started) -> bool:
    """Return whether a service answers yet."""
    time.sleep(0.1)
    with suppress(OSError):
        return service.is_ready
    return False


def is_there(pid: int) -> bool:
    """Return whether there is a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
