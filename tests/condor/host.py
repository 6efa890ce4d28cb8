"""An imitated host: namespaces of its own over the shared tree, and how to run programs in it."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.processes import children
from tests.condor.tree import PoolUnavailable

SCRIPT = Path(__file__).with_name("host.sh")
NAMESPACES = ("--mount", "--net", "--pid", "--uts", "--ipc")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Bind(NamedTuple):
    """A file or folder of the real machine that a host sees."""

    source: Path
    target: Path
    mode: str = "ro"


class Host:
    """Mount, network, process, host-name and IPC namespaces, held open by their process 1.

    All that runs in the host ends with that process, which ends when this Python does, however
    that ends: it waits at the end of a pipe that only this Python holds.

    Parameters
    ----------
    name : str
        Its host name.
    tree : Path
        What it sees as its root, through a layer of its own.
    scratch : Path
        An empty folder, made here, where the layer is mounted (in the host's namespace only).
    binds : sequence of Bind
        What it sees of the real machine besides.
    """

    def __init__(self, name: str, tree: Path, scratch: Path, binds: Sequence[Bind] = ()) -> None:
        self.name = name
        scratch.mkdir(parents=True)
        errors = scratch.with_suffix(".errors")
        command = ["unshare", *NAMESPACES, "--fork", "--kill-child"]
        command += ["bash", SCRIPT, name, tree, scratch]
        for bind in binds:
            command += [bind.source, bind.target, bind.mode]
        with open(errors, "wb") as stream:
            self._holder = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream
            )
        if self._holder.stdout.readline() != b"ready\n":
            self.close()
            reason = errors.read_text(errors="replace").strip()[-500:]
            raise PoolUnavailable(f"host {name} cannot be made: {reason}")
        (self.pid,) = children(self._holder.pid)
        self._processes = _namespace(self.pid)

    @property
    def root(self) -> Path:
        """The host's files as seen from the real machine, while it lives."""
        return Path(f"/proc/{self.pid}/root")

    def popen(
        self,
        argv: Sequence,
        *,
        user: str = "root",
        cwd: Path | str = "/",
        env: Mapping[str, str] | None = None,
        own_processes: bool = True,
        **options,
    ) -> "Entered":
        """Start a program in the host as `user`; options as of ``subprocess.Popen``.

        Without `own_processes` it is among the real machine's processes and knows their ids.
        """
        namespaces = [space for space in NAMESPACES if own_processes or space != "--pid"]
        enter = [shutil.which("nsenter"), f"--target={self.pid}", *namespaces]
        # setpriv asks that the program be killed with the nsenter in front of it.
        become = [f"--reuid={user}", f"--regid={user}", "--init-groups", "--pdeathsig=KILL"]
        command = [*enter, "env", f"--chdir={cwd}", "setpriv", *become, *argv]
        return Entered(command, env={"PATH": PATH, **(env or {})}, **options)

    def run(
        self, argv: Sequence, *, timeout: float | None = None, check: bool = False, **options
    ) -> subprocess.CompletedProcess:
        """Run a program in the host to its end, and return its exit code and output as text."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with self.popen(argv, **{"stdin": subprocess.DEVNULL, **pipes, **options}) as process:
            try:
                out, err = process.communicate(timeout=timeout)
            except BaseException:
                process.kill()
                process.wait()
                raise
        done = subprocess.CompletedProcess(list(argv), process.returncode, out, err)
        if check and done.returncode:
            raise RuntimeError(f"{self.name}: {argv} exits with {done.returncode}: {err or out}")
        return done

    def processes(self) -> list[int]:
        """Return the ids, on the real machine, of what runs here besides the holder."""
        return [pid for pid in _pids() if pid != self.pid and _namespace(pid) == self._processes]

    def kill_all(self) -> None:
        """Kill all that runs here (SIGKILL), and wait until it is gone; the host stays."""
        while running := [pid for pid in self.processes() if not _is_zombie(pid)]:
            for pid in running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)

    def close(self) -> None:
        """Kill the host with all that runs in it; its mounts and network vanish with it."""
        self._holder.kill()  # unshare --kill-child takes process 1 along, the kernel the rest
        self._holder.wait()
        for pipe in (self._holder.stdin, self._holder.stdout):
            pipe.close()
        if hasattr(self, "pid"):
            until_gone(self.pid)


class Entered(subprocess.Popen):
    """A program in a host. Signals go to it, not to the nsenter that waits for it."""

    def send_signal(self, number: int) -> None:
        started = children(self.pid) if self.poll() is None else []
        for child in started:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, number)
        if not started:
            super().send_signal(number)


def until_gone(pid: int, seconds: float = 120) -> None:
    """Wait until there is no process `pid`."""
    end = time.monotonic() + seconds
    while Path(f"/proc/{pid}").exists():
        if time.monotonic() > end:
            raise TimeoutError(f"process {pid} is still there after {seconds} s")
        time.sleep(0.02)


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())


def _namespace(pid: int) -> str | None:
    try:
        return str(Path(f"/proc/{pid}/ns/pid").readlink())
    except OSError:  # it has ended meanwhile
        return None


def _is_zombie(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] in "ZX"
