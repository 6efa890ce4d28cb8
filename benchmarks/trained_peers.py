"""Peers as they are trained for so many minutes, judged and timed, on one split."""

import hashlib
import json
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks import quality, yolo
from benchmarks.common import interleaved, machine, processor
from utils.analysis.evaluation.on_photographs import score
from utils.dataset.shards import read_shard
from utils.detector.inference import Detector
from utils.records import digest_of, write_record
from utils.training.plan import Plan
from utils.training.recipe import Recipe


@dataclass(frozen=True)
class Peer:
    """A row before its minutes: one of `ROWS`, its network, size, and weights to start from."""

    name: str
    arch: str
    image_size: int
    weights: Path | None
    told: str  # where the weights come from
    recipe: Recipe = field(default_factory=Recipe)

    def __str__(self) -> str:
        return f"{self.arch}, {self.told}"


class Bench:
    """The shards of one split, on which every peer is trained, judged and timed."""

    def __init__(
        self, shards: dict[str, Path], scratch: Path, environment: Path, seed: int
    ) -> None:
        self.shards, self.scratch, self.seed = shards, scratch, seed
        self._environment = environment
        self._layout: Path | None = None

    def row(self, peer: Peer, minutes: float, keep: Path) -> Path:
        """Train and judge a peer unless that was done; return the folder with its ``row.json``."""
        identity = self.identity(peer, minutes)
        name = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:10]
        folder = keep.absolute() / f"{peer.name}_{minutes:g}_{name}"  # YOLO works elsewhere
        if (folder / "row.json").exists():
            print(f"{peer}, {minutes:g} min: kept in {folder}", flush=True)
            return folder
        if not (folder / quality.MINUTES).exists():  # a part whose time nobody knows
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        make = self._yolo if peer.name == "yolo" else self._ours
        write_record(folder / "row.json", {"of": identity, **make(peer, minutes, folder)})
        return folder

    def identity(self, peer: Peer, minutes: float) -> dict[str, Any]:
        """Return what decides a row: equal for equal rows, whatever files are called."""
        ours = {"recipe": peer.recipe.as_params(), "torch": torch.__version__}
        return {
            "arch": peer.arch,
            "image size": peer.image_size,
            "weights": digest_of(peer.weights) if peer.weights else None,
            "minutes": minutes,
            "processor": processor(),
            "seed": self.seed,
            "data": {side: digest_of(shard) for side, shard in self.shards.items()},
            **({"version": yolo.VERSION} if peer.name == "yolo" else ours),
        }

    def _ours(self, peer: Peer, minutes: float, folder: Path) -> dict[str, Any]:
        plan = Plan(
            arch=peer.arch,
            recipe=peer.recipe,
            epochs=10**6,
            seed=self.seed,
            train=[self.shards["train"]],
            validation=[self.shards["val"]],
            image_size=peer.image_size,
            weights=peer.weights,
        )
        record, epochs, spent, took = quality.run(plan, minutes, self.shards, folder)
        return {
            "epochs": epochs,
            "minutes": spent,
            "wall_minutes": took,
            "average_precision": record["average_precision"],
        }

    def _yolo(self, peer: Peer, minutes: float, folder: Path) -> dict[str, Any]:
        command, data = self._command(), self._yolo_data()
        each, start = command.epoch_cost(data, self.scratch, peer.image_size, peer.weights)
        epochs = epochs_within(minutes, each, start)
        print(f"{peer}: {each:.2f} min an epoch, {epochs} epochs", flush=True)
        output = folder / "training"
        spent, took = command.train(data, output, epochs, peer.image_size, self.seed, peer.weights)
        best = folder / "best.pt"
        (output / "weights" / "best.pt").rename(best)
        names, faces, sizes = [], [], []
        for photo in read_shard(self.shards["test"]):
            sizes.append(photo.decode().shape[:2])
            names.append(photo.name)
            faces.append(photo.read_annotation(*sizes[-1][::-1]).faces)
        command.predict(best, data.parent / "images" / "test", folder / "found", peer.image_size)
        found = yolo.read_found(folder / "found" / "labels", sizes)
        record = score(names, faces, found, 0.5, self.seed)
        return {
            "epochs": epochs,
            "minutes": spent,
            "wall_minutes": took,
            "average_precision": record["average_precision"],
        }

    def time_detection(self, folders: dict[Peer, Path], rounds: int) -> None:
        """Write the milliseconds a photograph of each peer into its ``speed.json``."""
        if not rounds:
            return
        images = [photo.decode() for photo in read_shard(self.shards["test"])]
        works: dict[str, Callable[[], float]] = {}
        for peer, folder in folders.items():
            if peer.name == "yolo":
                command, photos = self._command(), self._yolo_data().parent / "images" / "test"
                works[peer.name] = lambda c=command, p=photos, f=folder, s=peer.image_size: (
                    c.predict(f / "best.pt", p, self.scratch / "timing", s)
                )
            else:
                detector = Detector.load(folder / "model.pth", device="cpu")
                works[peer.name] = lambda d=detector: one_by_one(d, images)
        times = interleaved(works, rounds)
        for peer, folder in folders.items():
            write_record(
                folder / "speed.json",
                {"ms": statistics.median(times[peer.name]), "machine": machine()},
            )

    def _command(self) -> yolo.Yolo:
        return yolo.Yolo(self._environment)

    def _yolo_data(self) -> Path:
        if self._layout is None:
            self._layout = yolo.write_layout(self.shards, self.scratch / "photographs")
        return self._layout


def one_by_one(detector: Detector, images: Sequence[np.ndarray]) -> float:
    """Return the milliseconds that the detector takes for one of the photographs."""
    start = time.perf_counter()
    for image in images:
        detector.predict([image])
    return 1000 * (time.perf_counter() - start) / len(images)


def epochs_within(minutes: float, each: float, start: float) -> int:
    """Return how many epochs fit.

    Parameters
    ----------
    each, start
        Minutes of an epoch, and of what a training takes besides.
    """
    return max(1, int((minutes - start) / each))
