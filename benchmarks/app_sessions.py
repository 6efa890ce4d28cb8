#!/usr/bin/env python3
"""What the app keeps of visitors who have gone: memory and threads over 1,000 sessions.

Each session is what a page's reload is to the app: a WebSocket of its own, over which the page is
run, a photograph of a megabyte uploaded into it, and gone. After every 100 the process's memory and
threads are printed, and at last, after Streamlit's two minutes for those who may come back, once
more. An upload that were kept of each would show as 1,000 MB.
"""

import argparse
import os
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Sequence
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # .venv has a `tests`, too

from tests.app.served import served

FORGOTTEN = 150
"""Seconds after which a session that has gone is forgotten: Streamlit's two minutes, and a bit."""

_ANSWER = 120  # seconds for a page to be run
_MEGABYTE = 10**6


def main(argv: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--sessions", type=int, default=1000)
    options.add_argument("--quick", action="store_true", help="seconds, to see that it runs")
    args = options.parse_args(argv)
    count = 4 if args.quick else args.sessions
    with tempfile.TemporaryDirectory() as runs, served("--runs", runs) as (address, process):
        host = address.removeprefix("http://")
        print("sessions  memory (MB)  threads", flush=True)
        visit(host)  # the first loads the model
        for number in range(count + 1):
            if number % 100 == 0 or number == count:
                tell(f"{number:8}", process)
            if number < count:
                visit(host)
        if not args.quick:
            time.sleep(FORGOTTEN)
            tell(f"{FORGOTTEN} s on", process)


def tell(what: str, process: int) -> None:
    """Print what a process holds."""
    memory, threads = held(process)
    print(f"{what}  {memory:11.0f}  {threads:7}", flush=True)


def held(process: int) -> tuple[float, int]:
    """Return the memory in MB and the threads of a process (Linux)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    status = dict(line.split(":", 1) for line in lines)
    return int(status["VmRSS"].split()[0]) * 1024 / _MEGABYTE, int(status["Threads"])


def visit(host: str, megabytes: float = 1.0) -> None:
    """Open the first page, let it run to its end, upload something, and go."""
    with connect(f"ws://{host}/_stcore/stream", max_size=None) as socket:
        ask = BackMsg()
        ask.rerun_script.query_string = ""
        socket.send(ask.SerializeToString())
        session = None
        while True:
            said = ForwardMsg()
            said.ParseFromString(socket.recv(timeout=_ANSWER))
            if said.WhichOneof("type") == "new_session":
                session = said.new_session.initialize.session_id or session
            if said.WhichOneof("type") == "script_finished":
                break
        upload(host, session, os.urandom(round(megabytes * _MEGABYTE)))


def upload(host: str, session: str, data: bytes) -> None:
    """Send a file into a session, as a page does."""
    with urllib.request.urlopen(f"http://{host}/_stcore/health") as health:
        cookie = health.headers["Set-Cookie"].split(";")[0]
    border = uuid.uuid4().hex
    head = f'--{border}\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'
    request = urllib.request.Request(
        f"http://{host}/_stcore/upload_file/{session}/{uuid.uuid4()}",
        head.encode() + data + f"\r\n--{border}--\r\n".encode(),
        {
            "Content-Type": f"multipart/form-data; boundary={border}",
            "Cookie": cookie,
            "X-Xsrftoken": cookie.partition("=")[2],
        },
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=_ANSWER).close()  # noqa: S310 (of this machine)


if __name__ == "__main__":
    main()
