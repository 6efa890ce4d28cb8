"""Ports for servers that tests start in processes of their own."""

import itertools
import os
import socket
from contextlib import suppress

_FIRST, _COUNT = 20_000, 12_000
"""Below those that connections, and servers that ask for any port, are given."""

_numbers = itertools.count(61 * os.getpid())  # other workers of pytest begin elsewhere


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    """Return a port of 127.0.0.1 that nobody has, and that nobody is given by chance.

    Between the asking and the listening lie seconds, in which another process could get a port that
    the kernel has picked.
    """
    while True:
        port = _FIRST + next(_numbers) % _COUNT
        with socket.socket(socket.AF_INET, kind) as place, suppress(OSError):
            place.bind(("127.0.0.1", port))
            return port
