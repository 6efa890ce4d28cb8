"""The service of a model, broken in every way that we know, and asked meanwhile.

A classifier of faces of 32 pixels stands in for the model: it calls everybody masked, or nobody,
and so an answer shows which of two models gave it. All but the ends are tried on one process, which
holds no more at the end than at the beginning.
"""

import json
import os
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import torch

from benchmarks.processes import resident
from tests.faults.small_disk import CannotMount, small_disk
from tests.faults.table import Row
from tests.service.fakes import WITH_KEY
from tests.service.hostile import hostile
from tests.service.started import Started, is_there, started
from tests.waiting import until
from utils.classifier.architectures import build_network
from utils.classifier.model_file import ModelFile
from utils.dataset.images import encode_jpeg, encode_png
from utils.dataset.labels import CLASSES
from utils.networks.model_file import write_model

NOISE = np.random.default_rng(0).integers(0, 255, (40, 60, 3)).astype(np.uint8)
JPEG, PNG = encode_jpeg(NOISE), encode_png(NOISE)
LOAD = "/v2/repository/models/box/load"
HEAD = (
    b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nX-API-Key: %s\r\n"
    % WITH_KEY["Authorization"].partition(" ")[2].encode()
)
WORKERS = 2
POOL = 4 + (os.cpu_count() or 1)  # threads that asyncio begins as they are needed
MORE_MEMORY = 60  # MiB that a process may hold more of at the end: what its allocator keeps


def rows(quick: bool) -> Iterator[Row]:
    """Inject every fault; with `quick`, a few of each."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        models = [model(folder / f"{name}.pth", number) for number, name in enumerate("ab")]
        served, home = folder / "model.pth", folder / "home"
        shutil.copy(models[0], served)
        home.mkdir()
        words = ("--model", f"box={served}", "--workers", WORKERS, "--queue", 40, "--deadline", 60)
        with started(folder, *words, home=home) as service:
            yield from _on_one(service, quick, models, served)
            assert not list(home.rglob("*"))
        yield from ends(folder, words, 0 if quick else 10)  # once: tests/service/test_box.py
        yield full_disk(folder / "full", models[0], quick)


def _on_one(service: Started, quick: bool, models: list[Path], served: Path) -> Iterator[Row]:
    def times(full: int, few: int) -> int:
        return few if quick else full

    reloads(service, models, served, 5)  # from then on it holds what it needs for each of these
    bodies(service, 60)
    uploads(service, times(300, 20))
    time.sleep(1)  # until the last connection is closed
    until(lambda: len(service.workers()) == WORKERS)  # one may be forked anew just then
    before, files = resident(service.process.pid), service.files()
    threads = service.threads()
    yield kills(service, times(100, 3))
    yield damaged(service, models, served, times(300, 6))
    yield reloads(service, models, served, times(1000, 10))
    yield bodies(service, times(10_000, 60))
    yield uploads(service, times(1000, 20))
    if not quick:  # the time in which they are left is what it is
        yield snails(service, 400)
    until(lambda: service.files() <= files)
    assert service.threads() <= threads + POOL
    until(lambda: len(service.workers()) == WORKERS)
    after = resident(service.process.pid)
    assert after < before + MORE_MEMORY, f"{before:.0f} MiB before, {after:.0f} after"
    assert service.is_ready
    told = f"{files} files and {WORKERS} workers as before; "
    told += f"{before:.0f} MiB before, {after:.0f} after; nothing in its folder"
    yield Row("all of these, one after the other", 1, told, "nothing")


def model(path: Path, number: int) -> Path:
    """Write a classifier that finds everybody of one class."""
    torch.manual_seed(number)
    state = build_network("centerface").state_dict()
    state["head.linear.weight"].zero_()
    state["head.linear.bias"].zero_()
    state["head.linear.bias"][number] = 4.0
    write_model(path, ModelFile("centerface", 32, 0.0, state))
    return path


@contextmanager
def asked(service: Started, clients: int = 2) -> Iterator[Counter]:
    """Let clients ask meanwhile; yield how often which class was answered. Every answer is 200."""
    stop, seen = threading.Event(), Counter()

    def ask() -> None:
        while not stop.is_set():
            status, told = service.predict(JPEG)
            assert status == 200, told
            (face,) = told["photographs"][0]["faces"]
            seen[face["class"]] += 1
            time.sleep(0.02)  # and leave some of the cores to what is tried

    with ThreadPoolExecutor(clients) as pool:
        asking = [pool.submit(ask) for _ in range(clients)]
        try:
            yield seen
        finally:
            stop.set()
        for one in asking:
            one.result()


def kills(service: Started, times: int) -> Row:
    """Kill a worker, and wait until all are there, while clients ask."""
    unready, waits, begun = 0, [], service.metric("mask_worker_restarts")
    with asked(service) as seen:
        for _ in range(times):
            killed, start = service.workers()[0], time.monotonic()
            os.kill(killed, signal.SIGKILL)
            unready += _was_unready(service, killed)
            waits.append(time.monotonic() - start)
            # Work that is killed again and again is given up, and rightly so: let some be done.
            enough = total(seen) + 4
            until(lambda: total(seen) >= enough)  # noqa: B023 (called here alone)
    until(lambda: service.metric("mask_worker_restarts") - begun >= times)
    assert unready or times < 10, "it called itself ready without a worker"
    told = (
        f"{unready} times it was asked while one was missing, and said so; all there again after "
    )
    told += f"{np.median(waits):.1f} s, {max(waits):.1f} s at most"
    return Row(
        "kill -9 of a worker, while 2 clients ask", times, told, f"0 of {total(seen)} answers"
    )


def _was_unready(service: Started, killed: int) -> bool:
    """Return whether it told that it was not ready, once all its workers are there again."""
    told, end = False, time.monotonic() + 60
    while killed in service.workers() or not service.is_ready:
        told = told or not service.is_ready
        assert time.monotonic() < end
    return told


def damaged(service: Started, models: list[Path], served: Path, times: int) -> Row:
    """Put a damaged file in the model's place, and load it."""
    rng, whole = np.random.default_rng(1), models[0].read_bytes()
    refused = 0
    with asked(service, 1) as seen:
        for number in range(times):
            data = bytearray(whole)
            if number % 2:
                data = data[: rng.integers(len(data))]
            else:
                data[rng.integers(len(data))] ^= 1 << int(rng.integers(8))
            served.write_bytes(data)
            status, told = service.ask("POST", LOAD)
            assert status in (200, 400), (status, told)
            refused += status == 400
            assert service.is_ready
    served.write_bytes(whole)
    assert service.ask("POST", LOAD)[0] == 200
    assert seen.keys() == {CLASSES[0]}
    assert refused >= 0.8 * times
    told = (
        f"{refused} refused with the reason, while what was served is served on; in the others no "
    )
    told += "weight was changed"
    return Row("a model's file cut or with a bit flipped, and loaded", times, told, lost(seen))


def reloads(service: Started, models: list[Path], served: Path, times: int) -> Row:
    """Put the other model in the place of the one, and load it; from then on that one answers."""
    with asked(service) as seen:
        for number in range(1, times + 1):
            shutil.copy(models[number % 2], served)
            assert service.ask("POST", LOAD)[0] == 200
            status, told = service.predict(JPEG)
            assert status == 200, told
            assert told["photographs"][0]["faces"][0]["class"] == CLASSES[number % 2]
    shutil.copy(models[0], served)
    assert service.ask("POST", LOAD)[0] == 200
    told = f"the new one answers at once; meanwhile {seen[CLASSES[0]]} answers of one, "
    return Row(
        "another model put in the place of one, and loaded, while 2 clients ask",
        times,
        told + f"{seen[CLASSES[1]]} of the other",
        lost(seen),
    )


def bodies(service: Started, times: int) -> Row:
    """Send broken and hostile bodies."""
    seen: Counter[int] = Counter()
    with ThreadPoolExecutor(2) as pool:
        for status, told in pool.map(lambda seed: _send(service, seed), range(times)):
            assert status in (200, 400, 403, 413, 415, 422), (status, told)
            seen[status] += 1
    assert service.predict(JPEG)[0] == 200
    until(lambda: service.metric("mask_upload_bytes") == service.metric("mask_places_taken") == 0)
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(seen.items()))
    return Row("a broken or hostile body", times, told, "nothing")


def _send(service: Started, seed: int) -> tuple[int, bytes]:
    sent = hostile(seed, JPEG, PNG)
    status, told = service.ask("POST", sent.path, sent.body, sent.headers)
    assert status == 200 or json.loads(told)["error"]
    return status, told


def uploads(service: Started, times: int) -> Row:
    """Leave in the middle of an upload, or after it and before the answer."""
    with asked(service, 1) as seen:
        for number in range(times):
            connection = service.open()
            size = len(JPEG) if number % 2 else 5_000_000
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % size + JPEG)
            connection.close()
    until(lambda: service.metric("mask_upload_bytes") == 0)
    until(lambda: service.metric("mask_places_taken") == 0)
    told = "no byte and no place of the queue is held for it"
    return Row("a client that leaves in mid-upload or before its answer", times, told, lost(seen))


def snails(service: Started, connections: int) -> Row:
    """Hold connections with a byte now and then, heads and bodies, while others ask."""
    held = [service.open() for _ in range(connections)]
    begun = time.monotonic()
    for number, one in enumerate(held):
        one.sendall(HEAD + b"Content-Length: 999\r\n\r\n" if number % 2 else HEAD)
    with asked(service, 1) as seen:
        left = dict(enumerate(held))
        while left:
            assert time.monotonic() < begun + 120
            for number, one in list(left.items()):
                if _is_left(one):
                    del left[number]
            time.sleep(0.5)
    told = f"all were left after {time.monotonic() - begun:.0f} s"
    return Row("slow loris: a head or a body, a byte twice a second", connections, told, lost(seen))


def _is_left(connection: "object") -> bool:
    """Send a byte; return whether the other side had closed, and close then."""
    try:
        connection.sendall(b"a")
        connection.setblocking(False)
        with suppress(BlockingIOError):
            if connection.recv(10_000) == b"":
                raise ConnectionResetError
        connection.setblocking(True)
    except ConnectionError:
        connection.close()
        return True
    return False


def ends(folder: Path, words: tuple, times: int) -> Iterator[Row]:
    """End it with SIGTERM while it is asked, and with SIGKILL; its workers end with it."""
    answered, slowest = 0, 0.0
    for _ in range(times):
        with started(folder, *words) as service, ThreadPoolExecutor(8) as pool:
            workers = service.workers()
            asking = [pool.submit(_until_it_ends, service) for _ in range(8)]
            time.sleep(1)
            start = time.monotonic()
            assert service.end() in (0, -signal.SIGTERM)
            slowest = max(slowest, time.monotonic() - start)
            count = sum(one.result() for one in asking)
            assert count == _logged(folder), "an answer did not come to its client"
            until(lambda pids=workers: not any(map(is_there, pids)))
            answered += count
    if times:
        told = f"{answered:,} were begun and answered; ended within {slowest:.1f} s"
        yield Row("SIGTERM while 8 clients ask", times, told, "nothing that had begun")
    with started(folder, *words) as service:
        workers = service.workers()
        service.end(signal.SIGKILL)
        until(lambda: not any(map(is_there, workers)))
    yield Row("kill -9 of the service", 1, "its workers end with it", "what it was asked just then")


def _until_it_ends(service: Started) -> int:
    """Return how many answers a client gets until nobody listens any more."""
    count = 0
    with suppress(OSError):
        while True:
            assert service.predict(JPEG)[0] == 200
            count += 1
    return count


def _logged(folder: Path) -> int:
    """Return how many photographs the log says were answered; none was answered otherwise."""
    lines = map(json.loads, (folder / "log").read_text().splitlines())
    asked = [line["status"] for line in lines if line.get("route") == "/predict"]
    assert set(asked) == {200}
    return len(asked)


def full_disk(place: Path, path: Path, quick: bool) -> Row:
    """Let its folders be full, and its log, too."""
    times = 5 if quick else 200
    with (
        full(place) as home,
        started(place, "--model", f"box={path}", log=Path("/dev/full"), home=home) as service,
    ):
        for _ in range(times):
            assert service.predict(JPEG)[0] == 200
        form = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n'
        body = form + JPEG + bytes(5_000_000) + b"\r\n--x--\r\n"
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        assert service.ask("POST", "/predict", body, headers)[0] == 200
        assert service.ask("POST", LOAD)[0] == 200
        assert service.is_ready
    return Row(
        "no room on its disk, nor for its log", times + 1, "answers, loads, is ready", "its log"
    )


@contextmanager
def full(place: Path) -> Iterator[Path]:
    """Yield a folder in which nothing can be written; without the right to make one, any."""
    try:
        with small_disk(place / "disk", 0.1) as disk:
            disk.fill()
            yield disk.place
    except CannotMount:
        place.mkdir(exist_ok=True)
        yield place


def total(seen: Counter) -> int:
    """Return how many answers clients had; each of them was one."""
    return sum(seen.values())


def lost(seen: Counter) -> str:
    """Return what clients lost who asked meanwhile."""
    return f"0 of {total(seen):,} answers"
