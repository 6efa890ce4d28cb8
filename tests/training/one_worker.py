"""A worker of a training that is killed at given steps.

Called as ``one_worker.py FOLDER KILLS``: KILLS is JSON, for each start the number of the worker,
from 0, that is killed, and at which question whether to stop. Worker r that is done writes
``FOLDER/<r>.pth``.
"""

import json
import os
import signal
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.detector.one_of_several import SHARED, train_in
from tests.detector.tiny import tiny_detector
from utils.training.checkpoint import Checkpoint
from utils.training.distributed import join, rank
from utils.training.replaced import replaced_so_far


def killing(kills):
    """Return a stop function that kills this process in its turn."""
    start = sum(map(len, replaced_so_far().values()))
    number, call = kills[start] if start < len(kills) else (None, 0)
    calls = iter(range(1, 10_000))

    def stop():
        if next(calls) == call and rank() == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    return stop


def main(folder, kills):
    torch.set_num_threads(1)
    join()
    torch.manual_seed(5)
    result = train_in(folder, tiny_detector(), SHARED, stop=killing(kills))
    saved = Checkpoint(folder / "training.ckpt", {"job": "test"})
    saved.start()
    replaced = [one for some in saved.replaced.values() for one in some]
    torch.save(result | {"replaced": replaced}, folder / f"{rank()}.pth")


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
