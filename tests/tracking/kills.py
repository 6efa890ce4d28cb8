"""Kill -9 while a run is tracked, at random moments, and track it again: is all of it there, once?

python -m tests.tracking.kills --kills 50
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.tracking.made import answer, evaluation, make_run
from tests.tracking.read_back import tracked
from utils.tracking.client import mlflow
from utils.tracking.following import track_runs
from utils.tracking.mlflow_store import Store


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    return parser


def begun(what: Callable[..., str], *arguments: Any) -> tuple[int, int]:
    """Call in a child, which shares no connection with others; return its id and what to read."""
    end, begin = os.pipe()
    if child := os.fork():
        os.close(begin)
        return child, end
    try:
        with os.fdopen(begin, "w") as told:
            told.write(what(*arguments))
        os._exit(0)
    finally:
        os._exit(1)


def called(what: Callable[..., str], *arguments: Any) -> str:
    child, end = begun(what, *arguments)
    with os.fdopen(end) as told:
        content = told.read()
    assert os.waitpid(child, 0)[1] == 0
    return content


def everything(address: str) -> str:
    return repr(sorted(tracked(address).items(), key=repr))


def run_to_track(folder: Path) -> Path:
    epochs = [{"epoch": n, "loss": {"total": 1 / n}} for n in range(1, 41)]
    outputs = {
        "evaluation.json": evaluation(0.8),
        "prevalence.json": answer(0.5),
        "training.json": {"params": {"focal": 1.0}, "epochs": epochs},
        "split.json": {"sides": {"test": {"photos": 7, "faces": {}}}},
    }
    run = make_run(folder, outputs=outputs)
    for number in range(4):
        (run / "output" / f"picture_{number}.png").write_bytes(bytes(1000 * number + 1))
    return run


def main() -> int:
    arguments = parser().parse_args()
    chance, good = np.random.default_rng(arguments.seed), 0
    mlflow("tracking")  # once, for all children
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        run = run_to_track(folder / "run")
        (folder / "empty").mkdir()
        called(lambda: Store(f"sqlite:///{folder / 'empty' / 'mlflow.db'}").address)

        def fresh(name: str) -> str:
            shutil.copytree(folder / "empty", folder / name)
            return f"sqlite:///{folder / name / 'mlflow.db'}"

        whole = fresh("whole")
        start = time.monotonic()
        called(track_runs, [run], whole)
        took, expected = time.monotonic() - start, called(everything, whole)
        for number in range(arguments.kills):
            address = fresh(f"store_{number}")
            child, end = begun(track_runs, [run], address)
            time.sleep(chance.uniform(0, took))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            os.close(end)
            called(track_runs, [run], address)
            good += called(everything, address) == expected
            shutil.rmtree(folder / f"store_{number}")
    print(f"kills, as undisturbed: {good} of {arguments.kills}")
    return good != arguments.kills


if __name__ == "__main__":
    sys.exit(main())
