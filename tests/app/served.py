"""The app as `make app` starts it, on a free port."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

from tests.ports import free_port
from tests.waiting import PATIENCE, until

PROJECT = Path(__file__).parents[2]


@contextmanager
def served(*words: str) -> Iterator[tuple[str, int]]:
    """Start the app with words of its own; yield its address, and the number of its process."""
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    command += ["--server.address", "127.0.0.1", "--", *words]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    app = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
    try:
        until(lambda: _answers(port), app, 2 * PATIENCE)
        yield f"http://127.0.0.1:{port}", app.pid
    finally:
        app.terminate()
        app.wait(PATIENCE)


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as health:
            return health.read() == b"ok"
    except (OSError, HTTPException):  # it does not listen yet, or not answer in time
        return False
