"""A standalone cluster on this machine, and what is killed on it: a test, `make spark-faults`.

A master and two workers, each a process group of its own with its executors and their Python, so
that killing one is what a machine does that loses its power.
"""

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as tables
import pyspark

from tests.ports import free_port

PROJECT = Path(__file__).resolve().parents[2]
BIN = Path(pyspark.__file__).parent / "bin"
PATIENCE = 300.0
"""Seconds for anything to happen, on a busy machine."""

WAIT = 40
"""Seconds that a driver waits for a cluster, where it waits in vain."""

_JAVA = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"
SMALL = {
    "spark.driver.memory": "512m",
    "spark.executor.memory": "512m",
    "spark.driver.extraJavaOptions": _JAVA,
    "spark.executor.extraJavaOptions": _JAVA,
    "spark.sql.files.openCostInBytes": str(2**27),  # a task a photograph
    "spark.executorEnv.OMP_NUM_THREADS": "1",
}
CONF = [word for key, value in SMALL.items() for word in ("--conf", f"{key}={value}")]


@dataclass
class Standalone:
    """A master and its workers, each with a folder in which its executors run."""

    url: str
    workers: list[subprocess.Popen]
    folders: list[Path]

    def busy(self) -> bool:
        """Return whether each worker has started an executor."""
        return all(any(folder.glob("app-*/*")) for folder in self.folders)


@contextmanager
def standalone(folder: Path, workers: int = 2, port: int | None = None) -> Iterator[Standalone]:
    """Start a cluster on loopback; every process of it is gone at the end."""
    port = port or free_port()
    folder.mkdir(exist_ok=True)
    url, started = f"spark://127.0.0.1:{port}", []
    here = ("--host", "127.0.0.1", "--webui-port", "0")
    try:
        started.append(_daemon(folder / "master.log", "master.Master", *here, "--port", str(port)))
        until(lambda: _answers(port), started[0])
        folders = [folder / f"worker{number}" for number in range(workers)]
        for place in folders:
            words = (*here, "--cores", "1", "--memory", "600m", "--work-dir", str(place), url)
            started.append(_daemon(folder / f"{place.name}.log", "worker.Worker", *words))
        yield Standalone(url, started[1:], folders)
    finally:
        for process in started:
            kill(process)


def _daemon(log: Path, name: str, *words: str) -> subprocess.Popen:
    more = {"SPARK_DAEMON_MEMORY": "256m", "SPARK_DAEMON_JAVA_OPTS": _JAVA}
    more |= {"SPARK_LOCAL_IP": "127.0.0.1"}
    with open(log, "wb") as file:
        return subprocess.Popen(
            [BIN / "spark-class", f"org.apache.spark.deploy.{name}", *words],
            env=os.environ | more,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def kill(process: subprocess.Popen) -> None:
    """Kill a process with all that it has started, as if the power went."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait(30)


def until(happens: Callable[[], bool], process: subprocess.Popen) -> None:
    """Wait until something happens, while a process that is to do it lives."""
    end = time.monotonic() + PATIENCE
    while not happens():
        assert process.poll() is None, f"{process.args} ended with {process.returncode}"
        assert time.monotonic() < end, f"waited too long for {process.args}"
        time.sleep(0.02)


def detect(*words: object, log: Path) -> subprocess.Popen:
    """Start `detect.py --engine spark`, in a process group of its own."""
    command = [sys.executable, PROJECT / "detect.py", *words, "--engine", "spark", *CONF]
    return _quietly([*map(str, command), "--device", "cpu"], log)


def plainly(*words: object, log: Path) -> subprocess.Popen:
    """Start `detect.py` without Spark."""
    command = [sys.executable, PROJECT / "detect.py", *words, "--device", "cpu"]
    return _quietly(list(map(str, command)), log)


def submit(folder: Path, master: str, *words: object, log: Path) -> subprocess.Popen:
    """Start the same under `spark-submit`, far from the project: our code is in a zip."""
    shutil.copy(PROJECT / "detect.py", folder / "driver.py")
    made = [sys.executable, PROJECT / "detect.py", "--code", folder / "code.zip"]
    subprocess.run(made, check=True, cwd=folder)
    command = [BIN / "spark-submit", "--master", master, *CONF]
    command += ["--py-files", folder / "code.zip", folder / "driver.py"]
    command += ["--engine", "spark", *words, "--device", "cpu"]
    return _quietly(list(map(str, command)), log, folder)


def _quietly(command: list[str], log: Path, folder: Path | None = None) -> subprocess.Popen:
    with open(log, "ab") as file:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"PYSPARK_PYTHON": sys.executable, "OMP_NUM_THREADS": "1"},
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def finished(process: subprocess.Popen) -> int:
    """Return the exit code of a process that is given time to end."""
    try:
        return process.wait(PATIENCE)
    finally:
        kill(process)


def lose_a_worker(cluster: Standalone, album: Path, out: Path, model: Path) -> int:
    """Look at photographs on a cluster, kill a worker in the middle; return the exit code."""
    words = (album, "--model", model, "--output", out)
    driver = submit(out.parent, cluster.url, *words, log=out.with_suffix(".log"))
    table = out / "faces.parquet"
    try:
        until(lambda: cluster.busy() and len(_tasks(table)) >= 2, driver)
        kill(cluster.workers[0])
        assert not list(table.glob("part=*/_SUCCESS")), "the batch was over before the kill"
        return finished(driver)
    finally:
        kill(driver)


def lose_the_cluster(folder: Path, words: list[object], out: Path, log: Path) -> int:
    """Take master and workers away in the middle of a batch; return the exit code.

    Then let the same command go on, on a cluster that is there again.
    """
    port, table = free_port(), out / "faces.parquet"
    master = ("--master", f"spark://127.0.0.1:{port}", "--wait", WAIT)
    with standalone(folder / "first", 1, port) as machines:
        driver = detect(*master, *words, log=log)
        try:
            until(lambda: machines.busy() and len(_tasks(table)) >= 2, driver)
        except BaseException:
            kill(driver)
            raise
    code = finished(driver)
    with standalone(folder / "again", 1, port):
        again = finished(detect(*master, *words, log=log))
        assert not again, log.read_text()
    return code


def ask_who_is_silent(words: list[object], log: Path) -> int:
    """Take a master that takes connections and says nothing; return the exit code."""
    with socket.create_server(("127.0.0.1", 0)) as server:  # the system takes them
        master = f"spark://127.0.0.1:{server.getsockname()[1]}"
        return finished(detect("--master", master, "--wait", WAIT, *words, log=log))


def _tasks(table: Path) -> list[Path]:
    """Return what tasks have written by now, of a table that is not yet there."""
    return list(table.glob("part=*/_temporary/0/task_*"))


@dataclass
class Killed:
    """How drivers of a stream were killed: how many, and of these in the middle of a batch."""

    times: int = 0
    within: int = 0


def kill_drivers(words: list[object], out: Path, times: int, seed: int) -> Killed:
    """Start a stream again and again, and kill its driver with all of Spark at random moments."""
    rng, killed = random.Random(seed), Killed()  # noqa: S311 (no secret)
    batches, done = out / "checkpoint" / "rows" / "offsets", out / "checkpoint" / "rows" / "commits"
    for _ in range(times):
        driver = detect("--master", "local[1]", *words, log=out.with_suffix(".log"))
        try:
            before, more = _count(batches), rng.choice((1, 1, 2))
            again = _count(batches) > _count(done)  # a batch that was cut off comes first
            until(lambda n=before + more - again: _count(batches) >= n, driver)
            time.sleep(rng.uniform(0, 1.5))
            assert driver.poll() is None, "the stream was over before the kill"
        finally:
            kill(driver)
        killed.times += 1
        killed.within += _count(batches) > _count(done)
    return killed


def rows_of(table: Path) -> list[str]:
    """Return the paths in the rows of a stream's table that are valid, as its log says."""
    told = [file.read_text() for file in table.glob("_spark_metadata/[0-9]*")]
    lines = [line for text in told for line in text.splitlines() if line.startswith("{")]
    files = {json.loads(line)["path"].removeprefix("file://") for line in lines}
    return [path for file in files for path in tables.read_table(file)["path"].to_pylist()]


def _count(folder: Path) -> int:
    return sum(path.name.isdecimal() for path in folder.glob("*"))
