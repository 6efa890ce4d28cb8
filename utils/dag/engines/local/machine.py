"""What this machine has for jobs: cores, memory, GPUs, as containers and schedulers limit them."""

import contextlib
import functools
import os
import subprocess
import sys
from pathlib import Path

from utils.errors import InputError

_GPU_FILES = ("nvidia[0-9]*", "nvhost*", "dxg", "kfd")
"""Files in ``/dev`` where there may be a GPU: NVIDIA's, also of a Jetson or in WSL; AMD's."""


def cores() -> int:
    """Return the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory(cgroup: Path = Path("/sys/fs/cgroup/memory.max")) -> int:
    """Return nine tenths of the machine's memory, or of its control group's limit, in MiB."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):  # no control group, or "max"
        total = min(total, int(cgroup.read_text()))
    return total * 9 // 10 // 2**20


def oom_kills(statistics: Path = Path("/proc/vmstat")) -> int:
    """Return how often the kernel has killed a process for want of memory; 0 if it does not say."""
    with contextlib.suppress(OSError):
        for line in statistics.read_text().splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


@functools.cache
def gpus(devices: Path = Path("/dev")) -> int:
    """Return how many GPUs PyTorch can use; it is asked only where there may be any.

    In a process of its own: importing torch takes seconds, and planning does without.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all").strip()
    if visible in ("", "-1") or not any(any(devices.glob(name)) for name in _GPU_FILES):
        return 0
    asking = [sys.executable, "-c", "import torch; print(torch.cuda.device_count())"]
    answer = subprocess.run(asking, capture_output=True, text=True, check=False).stdout.strip()
    return int(answer) if answer.isdecimal() else 0


def require_gpus(wanted: int) -> None:
    """Refuse to run jobs on GPUs that are not there.

    Raises
    ------
    InputError
        If PyTorch can use fewer than `wanted` here.
    """
    if wanted and (there := gpus()) < wanted:
        raise InputError(
            f"--gpus {wanted}: PyTorch can use {there or 'none'} on this machine; leave --gpus out "
            "to use its processor, or see to driver and CUDA_VISIBLE_DEVICES (`nvidia-smi`)"
        )
