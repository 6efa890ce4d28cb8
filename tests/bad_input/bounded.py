"""Reads bad files in a process of its own with little memory, and tells what became of each.

python -m tests.bad_input.bounded MEGABYTES FILE...
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENOUGH = 3000  # MB of address space with the libraries, much of which is never touched


@dataclass(frozen=True)
class Outcome:
    """What became of a file.

    Attributes
    ----------
    error
        The message of the `InputError`; None where the file could be read.
    seconds
        Of CPU time.
    megabytes
        By which the process grew beyond all that it had needed before.
    """

    error: str | None
    seconds: float
    megabytes: float


def read_all(files: Iterable[Path], seconds: float = 600) -> dict[str, Outcome]:
    """Read pictures, and annotations (``.xml``), and return the outcome of each by its stem.

    A file on which anything but an `InputError` is raised, or that takes too much of all, fails.
    """
    files = list(files)
    command = [sys.executable, "-m", "tests.bad_input.bounded", *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=seconds)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"{files[len(lines)].name}: {done.stderr[-2000:]}"
    return {file.stem: Outcome(**json.loads(line)) for file, line in zip(files, lines, strict=True)}


def main(files: list[str]) -> None:
    from utils.dataset.annotation import read_voc
    from utils.dataset.image_header import orientation, upright_size
    from utils.dataset.images import decode
    from utils.errors import InputError

    resource.setrlimit(resource.RLIMIT_AS, (ENOUGH * 2**20, ENOUGH * 2**20))
    for file in files:
        data = Path(file).read_bytes()
        start, before = time.process_time(), _peak()
        error = None
        try:
            if file.endswith(".xml"):
                read_voc(data, Path(file).name, 100, 80)
            else:
                for look in (orientation, upright_size, decode):
                    look(data, Path(file).name)
        except InputError as refused:
            error = str(refused)
        outcome = Outcome(error, time.process_time() - start, _peak() - before)
        print(json.dumps(vars(outcome)), flush=True)


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1:])
