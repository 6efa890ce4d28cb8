"""A process for each worker: what a photograph crashes, hangs or fills is not the service.

Photographs of strangers go through decoders that are written in C. What one does to its process
ends that process; the service says that it is not ready, forks another, and does the work again.

Processes are forked and not begun anew, so that they share the memory of the models with the
service and are there at once. They get tasks without their model, over a pipe that nobody else
holds. The service itself computes nothing, so that no lock of PyTorch's is held when it forks. A
GPU is used from threads (`service.running.Here`), because what drives it does not outlive a fork.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from service.models import Served
from service.running import Task, results

ABLE = sys.platform == "linux"
"""Whether forks are to be trusted: macOS's own libraries are not made for them."""

_ENDING = 1.0  # seconds for a process that was told to end
_STREAMS = 3  # standard input, output and errors

log = logging.getLogger(__name__)


class Forked:
    """Runs tasks in a process of its own: a `service.running.Runner`.

    Parameters
    ----------
    serving
        Returns the models that are served.
    """

    def __init__(self, serving: Callable[[], Sequence[Served]]) -> None:
        self._serving = serving
        self._process = _Process(serving())

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process is there."""
        return self._process.is_alive

    def run(self, tasks: Sequence[Task]) -> list[Any]:
        """As `service.running.Runner.run`."""
        served = tasks[0].served
        if id(served) not in self._process.known:
            self._renew([*self._serving(), served])
        bare = [replace(task, served=None) for task in tasks]
        try:
            self._process.pipe.send((id(served), bare))
            return self._process.pipe.recv()
        except (EOFError, OSError) as error:
            raise SystemExit(f"process {self.pid} is dead") from error

    def tend(self) -> None:
        """Fork again where other models are served now, so that none is kept that is not."""
        if not self.is_alive:
            raise SystemExit(f"process {self.pid} is dead")
        serving = self._serving()
        if {id(one) for one in serving} != self._process.known.keys():
            self._renew(serving)

    def kill(self) -> None:
        """End the process at once."""
        self._process.kill()

    def close(self) -> None:
        """End the process, and wait for that."""
        self._process.end()

    def _renew(self, known: Sequence[Served]) -> None:
        old, self._process = self._process, _Process(known)
        old.end()


class _Process:
    """A process that knows the models that were served when it was forked.

    Attributes
    ----------
    known
        Them by their `id`; they are held, so that no other takes one's place in memory.
    """

    def __init__(self, known: Sequence[Served]) -> None:
        self.known = {id(one): one for one in known}
        self._lock = threading.Lock()  # of `_gone`: the number of one that is gone is another's
        self._gone = False
        self.pipe, other = Pipe()
        self.pid = os.fork()
        if not self.pid:
            _live(other, self.known)
        other.close()

    @property
    def is_alive(self) -> bool:
        with self._lock:
            self._gone = self._gone or os.waitpid(self.pid, os.WNOHANG)[0] != 0
            return not self._gone

    def kill(self) -> None:
        with self._lock:
            if not self._gone:
                os.kill(self.pid, signal.SIGKILL)

    def end(self) -> None:
        self.pipe.close()  # which ends it, unless it hangs
        end = time.monotonic() + _ENDING
        while self.is_alive:
            time.sleep(0.005)
            if time.monotonic() > end:
                self.kill()


def _live(pipe: Connection, known: Mapping[int, Served]) -> None:
    """Run tasks until the service closes the pipe or ends; never return."""
    try:
        for file in list(Path("/proc/self/fd").iterdir()):  # clients, pipes of other workers
            if int(file.name) >= _STREAMS and int(file.name) != pipe.fileno():
                _close(int(file.name))
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT):  # for a group of processes: `pipe` ends it
            signal.signal(number, signal.SIG_IGN)
        while True:
            key, bare = pipe.recv()
            pipe.send(results([replace(task, served=known[key]) for task in bare]))
    except (EOFError, ConnectionError):
        os._exit(0)
    except BaseException:
        log.exception("the process of a worker ends")
    finally:
        os._exit(1)


def _close(file: int) -> None:
    try:
        os.close(file)
    except OSError:
        log.debug("%d was the list of files itself", file)
