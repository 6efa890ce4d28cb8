"""Memory that a training frees in one step and needs again in the next."""

import ctypes
import sys

_MMAP_MAX, _TRIM_THRESHOLD = -4, -1  # parameters of glibc's mallopt(3)


def keep_freed() -> None:
    """Keep freed memory for the tensors that follow, in all of this process and until it ends.

    By default glibc asks the system for every tensor of more than 32 MiB, and gives it back when it
    is freed. The system fills the pages with zeros at each call, which takes longer than an
    activation or a convolution of small kernels. Nothing is done where the C library is another.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, -1)
