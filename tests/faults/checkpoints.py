"""Checkpoints, model files and weights that are damaged, or are something else than they should be.

A damaged checkpoint is named in the log and training starts afresh, which gives the same weights;
a damaged model or weights file is refused. Whatever is loaded is what was saved.
"""

import copy
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tests.faults.damage import content, cut, flips, refused, refused_data, said
from tests.faults.table import Row
from utils.detector.anchors import Anchors
from utils.detector.architectures import build_model
from utils.detector.inference import Detector
from utils.detector.model_file import ModelFile, read_model
from utils.detector.weights import check_weights
from utils.networks.model_file import write_model
from utils.training.checkpoint import SCHEMA, Checkpoint
from utils.training.tensors import load_tensors, save_tensors

ARCH, OTHER_ARCH = "compact_resnet18_fpn", "fasterrcnn_mobilenet_v3_large_fpn"
ANCHORS = Anchors(((8.0, 11.0), (16.0, 22.0), (30.0, 40.0), (50.0, 60.0)), (1.0,))
JOB = {"arch": ARCH, "seed": 1}
AFRESH = "named in the log; starts afresh"
REFUSED = "refused by name"
ELSE = "the rest lies between the parts, and what is loaded is as it was"
EPOCHS = "its epochs; the result is the same"


def rows(quick: bool) -> Iterator[Row]:
    """Inject every fault; with `quick`, into some of the places only."""
    step = 37 if quick else 1
    with tempfile.TemporaryDirectory() as folder, said():
        path = Path(folder) / "train_model.ckpt"
        saved = tiny_state()
        Checkpoint(path, JOB).save(saved)
        whole = path.read_bytes()
        times = sum(afresh(path, data) for data in cut(whole, step))
        yield Row(f"checkpoint of {len(whole):,} bytes cut", times, AFRESH, EPOCHS)
        times, noticed = flips(path, whole, step, lambda: _goes_on(path), saved)
        yield Row("a bit of it flipped", times, f"{noticed}: {AFRESH}; {ELSE}", EPOCHS)
        times = sum(afresh(path, data) for data in others(folder, saved))
        yield Row("another job's, schema's or no checkpoint", times, AFRESH, EPOCHS)
        folder_in_its_place(path)
        yield Row("a folder in its place", 1, "clear error", "nothing")
        yield from _model_rows(Path(folder), step)
        yield from _weights_rows(Path(folder), 3 if quick else 100)


def tiny_state() -> dict[str, Any]:
    """Return what a training of a network of two layers would save."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 2, 3), nn.BatchNorm2d(2))
    optimizer = torch.optim.AdamW(network.parameters())
    network(torch.rand(2, 3, 4, 4)).square().mean().backward()
    optimizer.step()
    progress = {"epoch": 1, "step": 0, "epochs": [{"epoch": 1, "loss": {"total": 0.5}}]}
    average = {"model": copy.deepcopy(network.state_dict()), "updates": 1}
    state = {"model": network.state_dict(), "optimizer": optimizer.state_dict()}
    return {**state, "average": average, "progress": progress}


def afresh(path: Path, data: bytes) -> bool:
    """Start a job that finds `data` for its checkpoint: it says so, and has a good one after."""
    path.write_bytes(data)
    with said() as messages:
        assert _goes_on(path) is None
    assert not data or any(path.name in line and "afresh" in line for line in messages), messages
    again = Checkpoint(path, JOB)
    again.start()
    assert again.starts == 2, "the start before left no whole checkpoint"
    return True


def others(folder: str, saved: dict[str, Any]) -> Iterator[bytes]:
    """Yield whole files that are not this job's checkpoint."""
    path = Path(folder) / "other"
    own = {"schema": SCHEMA, "job": JOB, "starts": 1, "state": saved}
    write_model(path, small_model())
    yield path.read_bytes()
    for change in (
        {"job": JOB | {"arch": OTHER_ARCH}},
        {"job": JOB | {"seed": 2}},
        {"schema": SCHEMA + 1},
        {"schema": "2"},
    ):
        save_tensors(path, own | change)
        yield path.read_bytes()
    for odd in ([1, 2], {"schema": SCHEMA}, torch.zeros(3)):
        save_tensors(path, odd)
        yield path.read_bytes()
    yield b"not a checkpoint"
    yield bytes(5000)


def folder_in_its_place(path: Path) -> None:
    """Start a job whose checkpoint's name is that of a folder: where would it be saved?"""
    path.unlink()
    path.mkdir()
    refused(path, lambda path: Checkpoint(path, JOB).start(), "folder")
    path.rmdir()


def small_model() -> ModelFile:
    """Return a model file's content with too few weights for any detector."""
    return ModelFile(ARCH, ANCHORS, 64, 0.4, {"weight": torch.rand(4, 5)}, metrics={"map": 0.5})


def _goes_on(path: Path) -> dict[str, Any] | None:
    checkpoint = Checkpoint(path, JOB)
    checkpoint.start()
    return checkpoint.state


def _model_rows(folder: Path, step: int) -> Iterator[Row]:
    path = folder / "model.pth"
    write_model(path, small_model())
    whole, saved = path.read_bytes(), load_tensors(path)[0]
    times = sum(refused_data(path, data, read_model) for data in cut(whole, step))
    yield Row(f"model file of {len(whole):,} bytes cut", times, REFUSED, "nothing")
    times, noticed = flips(path, whole, step, lambda: content(path, read_model), saved)
    yield Row("a bit of it flipped", times, f"{noticed}: {REFUSED}; {ELSE}", "nothing")
    changes = [
        {"schema": 99}, {"schema": None}, {"arch": OTHER_ARCH}, {"arch": ["x"]}, {"anchors": {}},
        {"calibration": {"heat": 1}}, {"classes": None}, {"state_dict": {}},
        {"state_dict": {"weight": "heavy"}}, {"state_dict": None}, {"threshold": "high"},
        {"threshold": float("nan")}, {"image_size": 0},
    ]  # fmt: skip
    times = 0
    for change in changes:
        save_tensors(path, saved | change)
        times += refused(path, _detector)
    save_tensors(path, {"schema": SCHEMA, "job": JOB, "starts": 1, "state": tiny_state()})
    times += refused(path, _detector, "is no model file of this project")
    path.unlink()
    path.mkdir()
    times += refused(path, _detector, "not a file")
    yield Row("other schema, architecture, field, file", times, REFUSED, "nothing")


def _weights_rows(folder: Path, number: int) -> Iterator[Row]:
    path = folder / "weights.pth"
    state = dict(build_model(ARCH, ANCHORS).state_dict())
    torch.save(state, path)
    whole = path.read_bytes()
    step = len(whole) // number + 1
    times = sum(refused_data(path, data, _weights) for data in cut(whole, step))
    yield Row(f"weights of {len(whole):,} bytes cut", times, REFUSED, "nothing")
    times, noticed = flips(path, whole, step, lambda: content(path, _weights), state)
    yield Row("a bit of them flipped", times, f"{noticed}: {REFUSED}; {ELSE}", "nothing")
    path.write_bytes(whole)
    refused(path, lambda path: check_weights(path, OTHER_ARCH), "do not fit")
    yield Row("weights of another architecture", 1, REFUSED, "nothing")


def _detector(path: Path) -> None:
    Detector.load(path, "cpu")


def _weights(path: Path) -> None:
    check_weights(path, ARCH)
