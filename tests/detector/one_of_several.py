"""What a process does for the tests that need one of its own: it trains, and tells the result.

Called as ``one_of_several.py FOLDER TASK``; unless it is killed, process r writes
``FOLDER/<r>.pth``.
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.detector.tiny import tiny_detector
from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.shards import Photo, write_shard
from utils.dataset.torch_dataset import FaceDataset
from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.detector.fine_tuning import pretrained_rates
from utils.detector.names import ARCHITECTURES
from utils.detector.task import FaceDetection
from utils.detector.weights import Loaded, load_weights
from utils.training.batch_norm import share_batch_norm
from utils.training.checkpoint import Checkpoint
from utils.training.distributed import join, processes, rank
from utils.training.loop import train
from utils.training.recipe import Recipe

SIZE = 64
ANCHORS = Anchors(((12.0,), (20.0,), (32.0,), (48.0,)), (1.0,))
PHOTOS = 7  # in batches of four and of three

# SGD changes the weights in proportion to the gradient, so a rounding error stays small in them;
# AdamW goes as far for a gradient that is nothing but rounding.
# Batch normalisation over the few places of a small chip would make it grow all the same.
SHARED = Recipe(
    optimizer="sgd", learning_rate=0.005, batch_size=4, chip=1.0, augmentation=1.0, ema=0.9
)
TUNED = replace(SHARED, backbone_rate=0.5, frozen_stages=1, head_start=0.3)
KILLED = Recipe(
    batch_size=4, augmentation=1.0, ema=0.9, frozen_stages=1, layer_decay=0.5, head_start=0.3
)


def make_photos(path, photos):
    """Write bright squares on noise, upright and lying photographs in turn."""
    rng = np.random.default_rng(1)
    written = []
    for number in range(photos):
        width, height = ((SIZE, 40), (48, SIZE))[number % 2]
        image = rng.integers(0, 90, (height, width, 3)).astype(np.uint8)
        left, top, side = (int(rng.integers(*limits)) for limits in ((0, 16), (0, 12), (12, 26)))
        image[top : top + side, left : left + side] = (250, 200, 60)
        box = np.array([[left, top, left + side, top + side]], np.float32)
        xml = write_voc(f"p{number}.png", width, height, Faces(box, np.array([1 + number % 3])))
        written.append(Photo(f"p{number}", f"p{number}.png", encode_png(image), xml))
    write_shard(path, written)
    return FaceDataset([path], SIZE)


def train_compact(folder, arch, stop=lambda: False):
    """Train a compact detector in bfloat16, from what a package holds for it if there is something.

    Returns
    -------
    Its weights and its records.
    """
    torch.manual_seed(5)
    model = build_model(arch, ANCHORS)
    packaged = architecture(arch).packaged
    loaded = load_weights(model, packaged.locate(), arch) if packaged else None
    return train_in(folder, model, KILLED, loaded, bfloat16=True, stop=stop)


def train_in(folder, model, recipe, loaded=None, bfloat16=False, stop=lambda: False):
    """Train for two epochs in `folder`; return the weights and the records."""
    photos = make_photos(folder / f"photos_{rank()}.tar", PHOTOS)
    validation = make_photos(folder / f"validation_{rank()}.tar", 1)
    checkpoint = Checkpoint(folder / "training.ckpt", {"job": "test"})
    checkpoint.start()
    frozen = loaded.normalised if loaded else frozenset()
    rates = pretrained_rates(model, recipe, loaded.names) if loaded else {}
    task = FaceDetection(model, photos, validation, recipe, frozen, bfloat16, rates)
    records = train(task, recipe, 2, 3, checkpoint, stop)
    return {"weights": model.state_dict(), "records": records}


def as_loaded(model):
    """Return what is told of a network whose whole trunk came with weights."""
    trunk = {name for name in model.state_dict() if name.startswith("backbone.body.")}
    norms = {n for n, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)}
    return Loaded("classifier", frozenset(trunk), (), frozenset(norms))


def take_all_proposals(model):
    """Let the heads learn from every proposal.

    Proposals of an untrained network score about the same, so rounding decides on their order, and
    the order on which are drawn.
    """
    for limits in (model.rpn._pre_nms_top_n, model.rpn._post_nms_top_n):
        limits["training"] = 1000
    model.rpn.nms_thresh = 1.0
    model.roi_heads.fg_bg_sampler.batch_size_per_image = 1000


def normalise():
    """Normalise a batch, or a part of it; return outputs, gradients and statistics."""
    torch.manual_seed(1)
    parts = [5] if processes() == 1 else [3, 2]
    batch, weights = torch.randn(5, 6, 3, 4) * 3 + 100, torch.randn(5, 6, 3, 4)
    layers = nn.Sequential(nn.BatchNorm2d(6, momentum=0.2))
    nn.init.uniform_(layers[0].weight)
    share_batch_norm(layers)
    part = batch.split(parts)[rank()].clone().requires_grad_()
    outputs = layers(part)
    (outputs * weights.split(parts)[rank()]).square().sum().backward()
    return {
        "parts": torch.stack([outputs.detach(), part.grad]),
        "sums": torch.stack([parameter.grad for parameter in layers.parameters()]),
        "statistics": [buffer.clone() for buffer in layers.buffers()],
    }


def kill_at(call):
    """Return a stop function that kills this process when it is called so often."""
    calls = iter(range(1, 10_000))

    def stop():
        if next(calls) == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return False

    return stop


def main(folder, task):
    torch.set_num_threads(1)
    join()
    if task in ARCHITECTURES:  # to be killed at the second step of the second epoch
        train_compact(folder, task, stop=kill_at(2 + 1 + 2))
    # In double precision, where rounding is far below what any mistake would make.
    torch.set_default_dtype(torch.float64)
    torch.Tensor.float = torch.Tensor.double
    torch.manual_seed(5)
    model = tiny_detector()
    take_all_proposals(model)
    result = train_in(folder, model, *((TUNED, as_loaded(model)) if task == "tune" else (SHARED,)))
    torch.save({"normalised": normalise(), **result}, folder / f"{rank()}.pth")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
