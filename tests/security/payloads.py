"""Files that run code where they are loaded carelessly: the code makes a marker file."""

import io
import os
import pickle
import tarfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch


class Payload:
    """Makes the file `marker` when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple:
        return os.system, (f"echo run > '{self.marker}'",)


def as_model(marker: Path) -> dict:
    """What a model file and a state dict look like from afar."""
    inner = OrderedDict({"backbone.body.conv1.weight": Payload(marker)})
    return {"schema": 2, "arch": "compact_resnet18_fpn", "state_dict": inner, **inner}


def as_pickle(marker: Path) -> bytes:
    return pickle.dumps(as_model(marker))


def as_torch(marker: Path) -> bytes:
    stream = io.BytesIO()
    torch.save(as_model(marker), stream)
    return stream.getvalue()


def as_legacy_torch(marker: Path) -> bytes:
    stream = io.BytesIO()
    torch.save(as_model(marker), stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def as_torch_tar(marker: Path) -> bytes:
    """The format of torch before 0.1.10."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name in ("storages", "tensors", "pickle"):
            member, data = tarfile.TarInfo(name), pickle.dumps(Payload(marker))
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def as_numpy(marker: Path) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array([Payload(marker)], object), allow_pickle=True)
    return stream.getvalue()


def as_yaml(marker: Path) -> bytes:
    return f"!!python/object/apply:os.system [\"echo run > '{marker}'\"]\n".encode()


def load_torch(path: Path) -> None:
    torch.load(path, weights_only=False)


FORMATS: dict[str, tuple[Callable[[Path], bytes], Callable[[Path], object]]] = {
    "pickle": (as_pickle, lambda path: pickle.loads(path.read_bytes())),  # noqa: S301
    "torch": (as_torch, load_torch),
    "legacy-torch": (as_legacy_torch, load_torch),
    "torch-tar": (as_torch_tar, load_torch),
    "numpy": (as_numpy, lambda path: np.load(path, allow_pickle=True)),
}
"""How each is made, and the careless way to load it, which runs the code."""
