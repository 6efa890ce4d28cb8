"""The app as `make app` starts it, on a free port."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

PROJECT = Path(__file__).parents[2]
PATIENCE = 300
"""Seconds for it to begin, on a busy machine."""

TRIES = 3
"""Ports that are tried: what was free may be taken by the time that the app asks for it."""


@contextmanager
def served(*words: str) -> Iterator[tuple[str, int]]:
    """Start the app with words of its own; yield its address, and the number of its process."""
    app, address = _begun(words)
    try:
        yield address, app.pid
    finally:
        app.terminate()
        app.wait(PATIENCE)


def _begun(words: tuple[str, ...]) -> tuple[subprocess.Popen, str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    for _ in range(TRIES):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "streamlit", "run", "app/main.py"]
        command += ["--server.port", str(port), "--server.address", "127.0.0.1", "--", *words]
        app = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE
        while app.poll() is None:
            if _answers(port):
                return app, f"http://127.0.0.1:{port}"
            if time.monotonic() > until:
                app.kill()
                app.wait()
                raise AssertionError(f"the app does not answer at port {port}")
            time.sleep(0.2)
    raise AssertionError(f"the app ended with {app.returncode} before it answered")


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as health:
            return health.read() == b"ok"
    except (OSError, HTTPException):  # it does not listen yet, or not answer in time
        return False
