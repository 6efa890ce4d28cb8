"""Serve models over HTTP: ``python -m service --help``."""

import os
import sys

if __name__ == "__main__":
    # Each worker computes on one core, unless it was told otherwise: a photograph alone takes no
    # longer (docs/service.md). Libraries read these when they are imported. Threads that spin while
    # they wait would take the cores from the workers.
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
    for name in names:
        os.environ.setdefault(name, "1")
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        from service.server import main
    except ModuleNotFoundError as error:
        sys.exit(f"service: error: {error}; `make serve` installs what it needs")
    sys.exit(main())
