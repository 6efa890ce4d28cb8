"""A YOLO as a peer: its environment, its files, its commands, and what it found.

Ultralytics' package is AGPL and no dependency of ours. It is installed into a virtual environment
of its own outside the repository, with the torch of this one, and only its command line is called:
no process of ours imports it. It may send nothing and fetch nothing.
"""

import os
import re
import resource
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from utils.dataset.formats import yolo
from utils.dataset.labels import BACKGROUND, CLASSES, TITLES
from utils.dataset.shards import Photo, read_shard
from utils.metrics.detections import Detections
from utils.metrics.ranking import LEAST

VERSION = "8.4.190"
MODEL = "yolo26n"
PACKAGES = (
    f"ultralytics=={VERSION}",
    "ultralytics-thop==2.2.3",
    "polars==2.1.0",
    "polars-runtime-32==2.1.0",
)
"""All it needs beside what our own environment holds."""

MOST = 300
"""Boxes of a photograph, as many as our detector may give."""

_SPEED = re.compile(r"([\d.]+)ms (?:preprocess|inference|postprocess)")


class Yolo:
    """The command ``yolo``, in a virtual environment that is made when there is none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self._command = self.folder / "bin" / "yolo"
        if not self._command.exists():
            self._install()

    def train(
        self, data: Path, output: Path, epochs: int, size: int, seed: int, weights: Path | None
    ) -> tuple[float, float]:
        """Train for so many epochs, and keep ``weights/best.pt`` in `output`.

        All settings are its own, but that the shares of the epochs that it gives to the warm-up
        and to the end without mosaics stay what they are of its usual 100.

        Returns
        -------
        Minutes of processor time by the cores, and minutes by the clock.
        """
        spent, took, _ = self._run(
            "train",
            f"model={weights or MODEL + '.yaml'}",
            f"pretrained={weights is not None}",
            f"data={data}",
            f"epochs={epochs}",
            f"warmup_epochs={min(3.0, 0.03 * epochs):g}",
            f"close_mosaic={min(10, max(1, epochs // 10))}",
            f"patience={epochs}",
            f"imgsz={size}",
            f"seed={seed}",
            "deterministic=True",
            "cache=disk",
            "plots=False",
            "device=cpu",
            f"project={output.parent}",
            f"name={output.name}",
            "exist_ok=True",
        )
        return spent, took

    def epoch_cost(
        self, data: Path, scratch: Path, size: int, weights: Path | None
    ) -> tuple[float, float]:
        """Return the minutes of an epoch with its validation, and those that come once besides."""
        one, three = (
            self.train(data, scratch / f"probe_{epochs}", epochs, size, 0, weights)[0]
            for epochs in (1, 3)
        )
        return (three - one) / 2, max(0.0, one - (three - one) / 2)

    def predict(self, model: Path, photos: Path, output: Path, size: int) -> float:
        """Write what it finds on a folder of photographs to ``output/labels``.

        Returns
        -------
        Milliseconds a photograph that it names itself, reading the file left out.
        """
        *_, told = self._run(
            "predict",
            f"model={model}",
            f"source={photos}",
            f"imgsz={size}",
            f"conf={LEAST}",
            f"max_det={MOST}",
            "save=False",
            "save_txt=True",
            "save_conf=True",
            "device=cpu",
            f"project={output.parent}",
            f"name={output.name}",
            "exist_ok=True",
        )
        return milliseconds(told)

    def _install(self) -> None:
        print(f"Installing {PACKAGES[0]} (AGPL) into {self.folder}", flush=True)
        venv.create(self.folder, with_pip=True)
        python = self.folder / "bin" / "python"
        place = sysconfig.get_path("purelib", vars={"base": str(self.folder)})
        ours = sysconfig.get_path("purelib")
        Path(place, "ours.pth").write_text(ours + "\n")
        # It would compute with one processor fewer than there are.
        Path(place, "sitecustomize.py").write_text(
            f"import os\nos.cpu_count = lambda: {len(os.sched_getaffinity(0)) + 1}\n"
        )
        command = [python, "-m", "pip", "install", "--quiet", "--no-deps", *PACKAGES]
        subprocess.run(command, check=True)
        off = ("clearml", "comet", "dvc", "mlflow", "raytune", "tensorboard", "wandb", "sync")
        self._run("settings", *(f"{name}=False" for name in off))

    def _run(self, *words: str) -> tuple[float, float, str]:
        """Call the command; return its minutes (see `train`) and what it said."""
        cores = len(os.sched_getaffinity(0))
        processor, wall = _of_children(), time.perf_counter()
        work = self.folder / "work"
        work.mkdir(exist_ok=True)
        surroundings = {
            **os.environ,
            "YOLO_CONFIG_DIR": str(self.folder / "settings"),
            "YOLO_OFFLINE": "true",
            "YOLO_AUTOINSTALL": "false",
            "DO_NOT_TRACK": "1",
            "OMP_NUM_THREADS": str(cores),
        }
        if words[0] == "train":  # threads that wait would take processor time, which is counted
            surroundings["OMP_WAIT_POLICY"] = "PASSIVE"
        done = subprocess.run(
            [self._command, *words],
            cwd=work,
            env=surroundings,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        if done.returncode:
            sys.exit(f"yolo {' '.join(words)} failed:\n{done.stdout[-4000:]}")
        spent = (_of_children() - processor) / 60 / cores
        return spent, (time.perf_counter() - wall) / 60, done.stdout


def write_layout(shards: dict[str, Path], folder: Path) -> Path:
    """Write clean shards as a YOLO data set; return its ``data.yaml``.

    Photographs are called by their number within their side, so that no name is in the way.
    """
    for side, shard in shards.items():
        images, labels = folder / "images" / side, folder / "labels" / side
        images.mkdir(parents=True)
        labels.mkdir(parents=True)
        for number, photo in enumerate(read_shard(shard)):
            suffix = Path(photo.filename).suffix
            (images / f"{number:06}{suffix}").write_bytes(photo.image)
            (labels / f"{number:06}.txt").write_bytes(_labels(photo))
    names = "".join(f"  {index}: {name}\n" for index, name in enumerate(CLASSES))
    sides = "".join(f"{side}: images/{side}\n" for side in shards)
    described = folder / "data.yaml"
    described.write_text(f"path: {folder}\n{sides}names:\n{names}")
    return described


def _labels(photo: Photo) -> bytes:
    height, width = photo.decode().shape[:2]
    faces = photo.read_annotation(width, height).faces
    names = [CLASSES[label - 1] for label in faces.labels]
    return yolo.write(width, height, names, faces.boxes.tolist(), CLASSES)


def read_found(labels: Path, sizes: Sequence[tuple[int, int]]) -> list[Detections]:
    """Return what was found on photographs called by their number.

    It tells one class and its confidence; what is left of the probability is "no face", whatever
    it may have thought, which average precision does not ask.

    Parameters
    ----------
    labels
        Folder of text files, a line a face: class, centre, width, height in shares of the
        photograph, confidence. A photograph without faces has none.
    sizes
        (H, W) of the photographs.
    """
    found = []
    for number, (height, width) in enumerate(sizes):
        file = labels / f"{number:06}.txt"
        text = file.read_text() if file.exists() else ""
        rows = np.array([line.split() for line in text.splitlines()], np.float32).reshape(-1, 6)
        rows = rows[np.argsort(-rows[:, 5], kind="stable")]
        classes, centres, sides, scores = np.split(rows, [1, 3, 5], axis=1)
        corners = np.concatenate([centres - sides / 2, centres + sides / 2], axis=1)
        boxes = corners * np.array([width, height, width, height], np.float32)
        classes, scores = classes[:, 0].astype(np.int64) + BACKGROUND + 1, scores[:, 0]
        probabilities = np.zeros((len(rows), len(TITLES)), np.float32)
        probabilities[:, BACKGROUND] = 1 - scores
        probabilities[np.arange(len(rows)), classes] = scores
        found.append(Detections(boxes, classes, scores, probabilities))
    return found


def milliseconds(told: str) -> float:
    """Return the milliseconds a photograph, all parts together, that the command named."""
    (line,) = (line for line in told.splitlines() if "per image at shape" in line)
    return sum(map(float, _SPEED.findall(line)))


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
