"""Two nodes on one machine: network namespaces, a cable between them, and no common folder."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks.processes import children
from tests.holding import hold
from tests.workers.training import (
    ENVIRONMENT,
    PROJECT,
    SCRIPT,
    STEPS,
    Inputs,
    Result,
    result,
    words,
)

ADDRESSES = ("10.78.0.1", "10.78.0.2")
PORT = 29400
IP = shutil.which("ip") or "ip"


class NodesUnavailable(Exception):
    """Namespaces cannot be made on this machine; the message says why."""


@contextlib.contextmanager
def two_nodes() -> Iterator[tuple[str, str]]:
    """Yield the names of two network namespaces that reach each other and nothing else.

    Raises
    ------
    NodesUnavailable
        Without root, or without the command ``ip``.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        raise NodesUnavailable("network namespaces take root; run it as root on Linux")
    if shutil.which("ip") is None:
        raise NodesUnavailable("the command ip is missing; install iproute2")
    names = f"mask-{os.getpid()}-1", f"mask-{os.getpid()}-2"
    plugs = f"m{os.getpid()}a", f"m{os.getpid()}b"
    try:
        for name in names:
            _ip("netns", "add", name)
        _ip("link", "add", plugs[0], "type", "veth", "peer", "name", plugs[1])
        for name, plug, address in zip(names, plugs, ADDRESSES, strict=True):
            _ip("link", "set", plug, "netns", name, "name", "eth0")
            _ip("-n", name, "address", "add", f"{address}/24", "dev", "eth0")
            _ip("-n", name, "link", "set", "eth0", "up")
            _ip("-n", name, "link", "set", "lo", "up")
        yield names
    finally:
        for name in names:
            subprocess.run([IP, "netns", "delete", name], check=False, capture_output=True)


def on_two_nodes(inputs: Inputs, name: str, kill_after: int = 0) -> Result:
    """Train by one worker on each of two nodes, which ``torchrun`` brings together by TCP.

    Each node has its inputs, and its checkpoint, in a folder of its own.

    Parameters
    ----------
    kill_after
        In the epoch after this one the worker of the second node is killed; 0: in none.
    """
    folders = [inputs.folder(f"{name}_{number}") for number in (1, 2)]
    scripts, mark = [SCRIPT, SCRIPT], inputs.scratch / f"{name}_held"
    if kill_after:  # it stays there until then, because an epoch is soon over
        step = ("utils.training.step:Step.__call__", kill_after * STEPS + 2)
        scripts[1] = hold(SCRIPT, *step, mark, folders[1] / SCRIPT.name)
    with two_nodes() as nodes, contextlib.ExitStack() as stack:
        agents = []
        try:
            here = {"GLOO_SOCKET_IFNAME": "eth0", "PYTHONPATH": str(PROJECT)}
            for number, (node, folder) in enumerate(zip(nodes, folders, strict=True)):
                log = stack.enter_context(open(folder / "log", "w"))
                agents.append(
                    subprocess.Popen(
                        [IP, "netns", "exec", node, *_torchrun(number, scripts[number])],
                        cwd=folder,
                        env=ENVIRONMENT | here,
                        stdout=log,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )
            if kill_after:
                _wait_until(mark.exists, agents)
                for worker in children(agents[1].pid):
                    os.kill(worker, signal.SIGKILL)
            _wait_until(lambda: all(agent.poll() is not None for agent in agents), [])
            codes = [agent.returncode for agent in agents]
            assert codes == [0, 0], _told(codes, folders)
        except TimeoutError as error:
            codes = [agent.poll() for agent in agents]
            raise AssertionError(_told(codes, folders)) from error
        finally:
            for agent in agents:
                for process in (*children(agent.pid), agent.pid):  # workers have sessions of theirs
                    with contextlib.suppress(ProcessLookupError):
                        os.killpg(process, signal.SIGKILL)
                agent.wait()
    # Who is the first, and writes, may be another after a restart; who failed leaves empty files.
    models = [folder / "model.pth" for folder in folders]
    (written,) = [it.parent for it in models if it.exists() and it.stat().st_size]
    return result(written)


def _torchrun(number: int, script: Path) -> list[str]:
    return [
        *(sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc-per-node", "1"),
        *("--max-restarts", "3", "--local-addr", ADDRESSES[number], "--rdzv-backend", "c10d"),
        *("--rdzv-id", "mask", "--rdzv-endpoint", f"{ADDRESSES[0]}:{PORT}"),
        *("--rdzv-conf", f"is_host={int(number == 0)}"),
        # Without the dashes torchrun takes our --log for an abbreviation of an option of its own.
        *("--", str(script), *words()),
    ]


def _ip(*command: str) -> None:
    done = subprocess.run([IP, *command], check=False, capture_output=True, text=True)
    if done.returncode:
        raise NodesUnavailable(f"ip {' '.join(command)}: {done.stderr.strip()}")


def _wait_until(condition: Callable[[], bool], agents: Sequence[subprocess.Popen]) -> None:
    """Wait, while `agents` go on; a `TimeoutError` where that takes ten minutes."""
    deadline = time.monotonic() + 600
    while not condition():
        if time.monotonic() > deadline or any(agent.poll() is not None for agent in agents):
            raise TimeoutError
        time.sleep(0.05)


def _told(codes: Sequence[int | None], folders: Sequence[Path]) -> str:
    """Return how agents ended, None of one that has not, and what each wrote."""
    logs = [(folder / "log").read_text() for folder in folders]
    return "".join(
        f"node {k} ended with {code}\n{log}\n"
        for k, (code, log) in enumerate(zip(codes, logs, strict=True), start=1)
    )
