"""A limit of a job's memory: a control group where one can be made, else the kernel's rlimit."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")
NAME = f"mask-detection-faults-{os.getpid()}"


@dataclass(frozen=True)
class Limit:
    """How a job comes under the limit, and what is to be told of its end.

    Attributes
    ----------
    kind
        What limits it.
    enter
        Python that puts the process under the limit.
    told
        Words that the reason must hold.
    """

    kind: str
    enter: str
    told: tuple[str, ...]


@contextlib.contextmanager
def memory_limit(mib: int) -> Iterator[Limit]:
    """Yield a limit of so many MiB, which is gone afterwards."""
    for parent, file in ((ROOT / "memory", "memory.limit_in_bytes"), (ROOT, "memory.max")):
        group = parent / NAME
        try:
            group.mkdir()
        except OSError:
            continue
        try:
            (group / file).write_text(str(mib * 2**20))
            procs = f"open({str(group / 'cgroup.procs')!r}, 'w').write('0')\n"
            told = ("signal 9 (SIGKILL)", "the kernel killed", "of the 32 MiB that are set aside")
            yield Limit("control group", procs, told)
            return
        except OSError:  # the controller is not handed down to us
            continue
        finally:
            group.rmdir()
    enter = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({mib * 2**20},) * 2)\n"
    yield Limit("rlimit", enter, ("exit code 1",))
