#!/usr/bin/env python3
"""Answers/s of the HTTP service under load, beside plain calls of the model and a naive endpoint.

All is on this machine, clients included. Plain: a thread a core, each with one thread of PyTorch,
decodes and detects without any HTTP. Naive: an endpoint that does the same in the server's own
pool of threads, without a queue. Clients ask again as soon as they are answered, and where they are
refused (429), after the time that the answer names. They come at last four times as many as there
are places. Health is asked ten times a second meanwhile.

Times are of answers (200) alone; health is its slowest answer of a hundred. Reloads: the model's
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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path

import numpy as np

sys.path.append(str(Path(__file__).resolve().parent.parent))

from benchmarks.common import PROJECT, machine, pack, parser, print_table
from utils.dataset.images import decode
from utils.dataset.shards import read_shard
from utils.models import load_model

KEY = "a-key-of-the-benchmark"
CLIENTS = (1, 8, 32)
QUEUE = 8  # as the service's default
START = 120  # seconds for a server to begin


def main(argv: Sequence[str] | None = None) -> None:
    options = parser(__doc__)
    options.add_argument("--seconds", type=float, help="of each row (default: 120)")
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
    plain = plainly(photographs, cores, seconds)
    rows = [("plain, no HTTP", f"{plain:.2f}", "1.00", *[""] * 7)]
    with server("-m", "service", "--host", "127.0.0.1", "--workers", str(cores)) as (port, pid):
        rows += [load("service", port, pid, photographs, n, seconds, plain) for n in clients]
        rows.append(reloads(port, pid, photographs, args.reloads, seconds, plain))
    port = free_port()
    with server(__file__, "--naive", str(port), port=port) as (port, pid):
        rows += [load("naive", port, pid, photographs, n, seconds, plain) for n in clients]
    head = ("", "answers/s", "of plain", "p50 ms", "p95 ms", "refused", "others", "health ms")
    print_table((*head, "MiB", "MiB after"), rows)


def plainly(photographs: Sequence[bytes], cores: int, seconds: float) -> float:
    """Return photographs/s of as many threads as cores, which share a model."""
    import torch

    model = load_model(device="cpu")

    def work(stop: Callable[[], bool], count: list[int]) -> None:
        torch.set_num_threads(1)
        for data in cycle(photographs):
            if stop():
                return
            model.predict([decode(data, "photograph")])
            count.append(1)

    counts: list[list[int]] = [[] for _ in range(cores)]
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(target=work, args=(lambda: time.monotonic() >= end, count))
        for count in counts
    ]
    spent = timed(threads)
    return sum(map(len, counts)) / spent


def timed(threads: Sequence[threading.Thread]) -> float:
    """Run threads to their end; return the seconds."""
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - start


@dataclass
class Seen:
    """What clients saw: milliseconds of answers and of health, and other answers by status."""

    answers: list[float] = field(default_factory=list)
    others: Counter[int] = field(default_factory=Counter)
    health: list[float] = field(default_factory=list)


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
    """Ask whether it lives, ten times a second."""
    while time.monotonic() < end:
        start = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        connection.request("GET", "/v2/health/live")
        connection.getresponse().read()
        seen.health.append(1000 * (time.monotonic() - start))
        connection.close()
        time.sleep(0.1)


def load(
    name: str,
    port: int,
    pid: int,
    photographs: Sequence[bytes],
    clients: int,
    seconds: float,
    plain: float,
) -> tuple[str, ...]:
    """Return a row of so many clients, who ask for so long."""
    seen, before, start = Seen(), resident(pid), time.monotonic()
    end = start + seconds
    threads = [
        threading.Thread(target=ask, args=(port, photographs, end, seen)) for _ in range(clients)
    ]
    spent = timed([*threads, threading.Thread(target=watch_health, args=(port, end, seen))])
    return row(f"{name}, {clients} clients", seen, spent, plain, before, resident(pid))


def reloads(
    port: int,
    pid: int,
    photographs: Sequence[bytes],
    number: int,
    seconds: float,
    plain: float,
) -> tuple[str, ...]:
    """Return a row of eight clients while the model is read again so many times."""
    seen, before = Seen(), resident(pid)
    start = time.monotonic()
    end = start + seconds
    threads = [threading.Thread(target=ask, args=(port, photographs, end, seen)) for _ in range(8)]
    threads.append(threading.Thread(target=watch_health, args=(port, end, seen)))
    for thread in threads:
        thread.start()
    done = 0
    while done < number and time.monotonic() < end:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        headers = {"X-API-Key": KEY}
        connection.request("POST", "/v2/repository/models/box/load", b"", headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        seen.others[answer.status] += answer.status != 200
        done += 1
    for thread in threads:
        thread.join()
    spent = time.monotonic() - start
    name = f"service, 8 clients, {done} reloads"
    return row(name, seen, spent, plain, before, resident(pid))


def row(
    name: str, seen: Seen, seconds: float, plain: float, before: int, after: int
) -> tuple[str, ...]:
    """Return what was seen as texts of a table."""
    rate = len(seen.answers) / seconds
    refused = seen.others.pop(429, 0)
    middle, high = np.percentile(seen.answers or [np.nan], [50, 95])
    health = np.percentile(seen.health or [np.nan], 99)
    return (
        *(name, f"{rate:.2f}", f"{rate / plain:.2f}" if plain else "", f"{middle:.0f}"),
        *(f"{high:.0f}", f"{refused}", f"{sum(seen.others.values())}", f"{health:.0f}"),
        *(f"{before}", f"{after}"),
    )


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


def resident(pid: int) -> int:
    """Return the MiB of memory that a process holds (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


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
