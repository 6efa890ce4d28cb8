#!/usr/bin/env python3
"""Answers/s of the HTTP service under load, beside plain calls of the model and a naive endpoint.

All is on this machine, clients included. Plain, one: photographs are decoded and looked at one
after the other, each with all cores, or each with one of them; one client is held against the
quicker of the two. Plain, all: a thread a core does so, with one thread of PyTorch, which is what
several clients are held against. All are measured before the service and after it. Naive: an
endpoint that does the same in the server's own pool of threads, without a queue. Clients ask again
as soon as they are answered, and where they are refused (429), after the time that the answer
names. They come at last four times as many as there are places. Health is asked ten times a second
meanwhile.

Times are of answers (200) alone; health is its slowest answer of a hundred. `cpu ms` are of an
answer, in the processes of the server: where other work shares the cores, these can be compared,
answers/s cannot. MiB are of all these processes, what they share counted once, without the files
that they map (libraries). Reloads: the model's
file is read again and again while eight clients ask.
"""

import http.client
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the service has it; read by PyTorch

from benchmarks.common import PROJECT, machine, pack, parser, print_table
from benchmarks.plain_calls import Plain, timed
from benchmarks.processes import processor_seconds, resident
from utils.dataset.images import decode
from utils.dataset.shards import read_shard
from utils.models import load_model

KEY = "a-key-of-the-benchmark"
CLIENTS = (1, 8, 32)
QUEUE = 8  # as the service's default
START = 120  # seconds for a server to begin


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument(
        "--seconds",
        type=float,
        help="of each row of the service (default: 120); of the others half as long",
    )
    options.add_argument("--reloads", type=int, default=20, help="of the model, under load")
    options.add_argument("--naive", type=int, metavar="PORT", help="serve the naive endpoint")
    args = options.parse_args(argv)
    if args.naive is not None:
        serve_naively(args.naive)
        return
    seconds = args.seconds or (1 if args.quick else 120)
    with tempfile.TemporaryDirectory() as scratch:
        shard = pack(args.data, Path(scratch), args.photos or (2 if args.quick else 16))
        photographs = [photo.image for photo in read_shard(shard)]
    cores = len(os.sched_getaffinity(0))
    clients = (1,) if args.quick else (*CLIENTS, 4 * cores * (1 + QUEUE))
    print(machine())
    busy = os.getloadavg()[0]
    print(f"{len(photographs)} photographs of {args.data.name}; {seconds:g} s a row; ", end="")
    print(f"{busy:.1f} processes wanted a core in the minute before\n")
    measures = [Plain(photographs, *how) for how in ((1, cores), (1, 1), (cores, 1))]
    for plain in measures:
        plain.measure(seconds / 6)
    rows = []
    with server("-m", "service", "--host", "127.0.0.1", "--workers", str(cores)) as place:
        load(*place, photographs, cores, 1 if args.quick else 3)  # to be warm
        for number in clients:
            seen = load(*place, photographs, number, seconds)
            rows.append((f"service, {number} clients", number, seen))
        seen = load(*place, photographs, 8, seconds, args.reloads)
        rows.append((f"service, 8 clients, {seen.reloads} reloads", 8, seen))
    for plain in measures:
        plain.measure(seconds / 6)
    port = free_port()
    with server(__file__, "--naive", str(port), port=port) as place:
        for number in clients:
            rows.append(
                (f"naive, {number} clients", number, load(*place, photographs, number, seconds / 2))
            )
    shared, alone, every = measures
    one = max(shared, alone, key=lambda plain: plain.rate)
    head = ("", "answers/s", "of plain", "cpu ms", "p50 ms", "p95 ms", "refused", "others")
    cells = [
        ("plain, one, all cores", *shared.cells(one)),
        ("plain, one, one core", *alone.cells(one)),
    ]
    cells.append(("plain, all", *every.cells(every)))
    cells += [(name, *seen.cells(one if n == 1 else every)) for name, n, seen in rows]
    print_table((*head, "health ms", "MiB", "MiB after"), cells)


@dataclass
class Seen:
    """What clients saw: milliseconds of answers and of health, and other answers by status.

    Memory in MiB, before and after, and seconds of the processor are those of the server.
    """

    answers: list[float] = field(default_factory=list)
    others: Counter[int] = field(default_factory=Counter)
    health: list[float] = field(default_factory=list)
    seconds: float = 0.0
    processor: float = 0.0
    memory: tuple[int, int] = (0, 0)
    reloads: int = 0

    def cells(self, plain: Plain) -> tuple[str, ...]:
        """Return it as texts of a table."""
        rate = len(self.answers) / self.seconds
        others = sum(count for status, count in self.others.items() if status != 429)
        middle, high = np.percentile(self.answers or [np.nan], [50, 95])
        return (
            *(f"{rate:.2f}", f"{rate / plain.rate:.2f}"),
            f"{1000 * self.processor / max(1, len(self.answers)):.0f}",
            *(f"{middle:.0f}", f"{high:.0f}", f"{self.others[429]}", f"{others}"),
            f"{np.percentile(self.health or [np.nan], 99):.0f}",
            *map(str, self.memory),
        )


def ask(port: int, photographs: Sequence[bytes], end: float, seen: Seen) -> None:
    """Send one photograph after the other until the end."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for data in cycle(photographs):
        start = time.monotonic()
        if start >= end:
            break
        connection.request("POST", "/predict", data, {"X-API-Key": KEY})
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            seen.answers.append(1000 * (time.monotonic() - start))
            continue
        seen.others[answer.status] += 1
        pause = float(answer.headers.get("Retry-After", 1))
        time.sleep(min(pause, max(0.0, end - time.monotonic())))
    connection.close()


def watch_health(port: int, end: float, seen: Seen) -> None:
    """Ask whether it lives, ten times a second, and once at least."""
    while True:
        start = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("GET", "/v2/health/live")
        connection.getresponse().read()
        seen.health.append(1000 * (time.monotonic() - start))
        connection.close()
        time.sleep(0.1)
        if time.monotonic() >= end:
            return


def load(
    port: int,
    pid: int,
    photographs: Sequence[bytes],
    clients: int,
    seconds: float,
    reloads: int = 0,
) -> Seen:
    """Return what so many clients see who ask for so long, while the model is read again."""
    seen, memory, processor = Seen(), resident(pid), processor_seconds(pid)
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(target=ask, args=(port, photographs, end, seen)) for _ in range(clients)
    ]
    threads.append(threading.Thread(target=watch_health, args=(port, end, seen)))
    threads.append(threading.Thread(target=reload, args=(port, end, reloads, seen)))
    seen.seconds = timed(threads)
    seen.memory = memory, resident(pid)
    seen.processor = processor_seconds(pid) - processor
    return seen


def reload(port: int, end: float, number: int, seen: Seen) -> None:
    """Let the model be read again so many times."""
    while seen.reloads < number and time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        headers = {"X-API-Key": KEY}
        connection.request("POST", "/v2/repository/models/box/load", b"", headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        seen.others[answer.status] += answer.status != 200
        seen.reloads += 1


@contextmanager
def server(*words: str, port: int | None = None) -> Iterator[tuple[int, int]]:
    """Start a server in a process of its own; yield its port and the process's number."""
    port = port or free_port()
    environment = {**os.environ, "PORT": str(port), "MASK_DETECTION_API_KEYS": KEY}
    process = subprocess.Popen(
        [sys.executable, *words], cwd=PROJECT, env=environment, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int, process: subprocess.Popen) -> None:
    """Wait until a server answers."""
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        try:
            watch_health(port, time.monotonic() + 0.01, Seen())
            return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError("the server did not begin")


def free_port() -> int:
    """Return a port that nobody listens at."""
    from socket import create_server

    with create_server(("127.0.0.1", 0)) as place:
        return place.getsockname()[1]


def serve_naively(port: int) -> None:
    """Serve the model as one would without a thought: no queue, no bounds, the pool's threads."""
    import uvicorn
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    model = load_model(device="cpu")

    def look(data: bytes) -> list[dict]:
        return model.predict([decode(data, "photograph")])[0].as_record()

    async def predict(request: Request) -> JSONResponse:
        return JSONResponse(await run_in_threadpool(look, await request.body()))

    async def health(request: Request) -> JSONResponse:
        return JSONResponse({"live": True})

    routes = [Route("/predict", predict, methods=["POST"]), Route("/v2/health/live", health)]
    uvicorn.run(Starlette(routes=routes), port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main()
