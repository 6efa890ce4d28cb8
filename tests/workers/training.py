"""A small training with the real executable: on the bundled sample, by several workers."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import pack

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = PROJECT / "bin" / "train_model.py"
PHOTOS, TO_VALIDATE, EPOCHS = 24, 6, 3
BATCH = 6
STEPS = PHOTOS // BATCH
"""Steps of an epoch."""

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Result:
    """What a training left.

    Attributes
    ----------
    model
        The bytes of the model file.
    record
        ``training.json``.
    """

    model: bytes
    record: dict[str, Any]

    def losses(self) -> list[float]:
        """Return the curve: the loss of each epoch."""
        return [epoch["loss"]["total"] for epoch in self.record["epochs"]]

    def apart_from_workers(self) -> dict[str, Any]:
        """Return the record less what it says of those who trained."""
        return {k: it for k, it in self.record.items() if k not in ("processes", "replaced")}


class Inputs:
    """Shards of the sample, made once, and the folders of trainings that read them.

    Parameters
    ----------
    scratch
        A folder, which is kept by the one who made it.
    """

    def __init__(self, scratch: Path) -> None:
        self.scratch = scratch
        for name, photos in (("train", PHOTOS), ("val", TO_VALIDATE)):
            folder = scratch / name
            folder.mkdir()
            pack(PROJECT / "data" / "sample", folder, photos).rename(scratch / f"{name}.tar")

    def folder(self, name: str) -> Path:
        """Return a new folder for a training: what it reads, and an empty checkpoint."""
        folder = self.scratch / name
        folder.mkdir()
        for shard in ("train.tar", "val.tar"):
            os.link(self.scratch / shard, folder / shard)
        (folder / "train_model.ckpt").touch()
        return folder


def words() -> list[str]:
    """Return the command line of the training, after the executable's name.

    SGD changes the weights in proportion to the gradient; AdamW goes as far for a gradient that is
    nothing but rounding, so that its curves drift apart, as they do with other numbers of threads.
    """
    line = (
        "--train train.tar --val val.tar --arch compact_resnet18_fpn --image-size 96 --seed 3 "
        f"--epochs {EPOCHS} --recipe batch_size={BATCH} optimizer=sgd learning_rate=0.001 "
        "--checkpoint train_model.ckpt --model model.pth --log training.json --curves curves.png"
    )
    return line.split()


def begin(
    folder: Path, workers: int, log: Any, more: Sequence[str] = (), threads: int = 1
) -> subprocess.Popen:
    """Start a training by so many workers of this machine, each with so many threads."""
    every = str(workers * threads)
    environment = ENVIRONMENT | {"OMP_NUM_THREADS": every, "MKL_NUM_THREADS": every}
    command = [sys.executable, SCRIPT, *words(), "--processes", str(workers), *more]
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
    )


def trained(inputs: Inputs, name: str, workers: int, threads: int = 1) -> Result:
    """Train undisturbed."""
    folder = inputs.folder(name)
    with open(folder / "log", "w") as log:
        code = begin(folder, workers, log, threads=threads).wait()
    assert code == 0, (folder / "log").read_text()
    return result(folder)


def result(folder: Path) -> Result:
    """Return what a training that is done left in its folder."""
    record = json.loads((folder / "training.json").read_text())
    return Result((folder / "model.pth").read_bytes(), record)
