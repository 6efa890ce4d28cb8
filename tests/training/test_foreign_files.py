"""Files that are given for weights are called what they are, in one printable line."""

import io
import json
import pickle
import struct
import zipfile

import numpy as np
import pytest
import torch
from torch import nn
from torchvision.models import squeezenet1_0

from utils.detector.pretrained import choose_weights
from utils.detector.weights import load_weights
from utils.errors import InputError
from utils.training.tensors import load_tensors


def saved(content, legacy=False):
    stream = io.BytesIO()
    torch.save(content, stream, _use_new_zipfile_serialization=not legacy)
    return stream.getvalue()


def zipped(**parts):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), data)
    return stream.getvalue()


def of_class(module, name, **content):
    """Pickle an instance of a class that is to be found nowhere."""
    kind = type(name, (), {})
    kind.__module__ = module
    stream = io.BytesIO()

    class Pickler(pickle._Pickler):  # the one in C looks the class up
        def save_global(self, found, name=None):
            if found is kind:
                self.write(f"c{kind.__module__}\n{kind.__name__}\n".encode())
                self.memoize(found)
            else:
                super().save_global(found, name)

        dispatch = pickle._Pickler.dispatch | {type: save_global}

    one = kind()
    vars(one).update(content)
    Pickler(stream, 2).dump({"epoch": 3, "model": one})
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("best/data.pkl", stream.getvalue())
        file.writestr("best/version", "3\n")
    return archive.getvalue()


def scripted():
    stream = io.BytesIO()
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.zeros(1, 2)), stream)
    return stream.getvalue()


def arrays():
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros(3))
    return stream.getvalue()


def safetensors():
    head = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
    return struct.pack("<Q", len(head)) + head + bytes(4)


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 167502836\n"
FILES = {
    "whole model": (lambda: saved(squeezenet1_0()), r"a whole pickled model \(torchvision\."),
    "older whole model": (
        lambda: saved(nn.Linear(2, 2), True), r"a whole pickled model \(torch\.nn",
    ),
    "model in a checkpoint": (
        lambda: saved({"epoch": 1, "model": nn.Linear(2, 2)}), "a whole pickled model",
    ),
    "YOLOv8": (lambda: of_class("ultralytics.nn.tasks", "DetectionModel"), "a YOLO file"),
    "YOLOv5": (lambda: of_class("models.yolo", "Model"), "a YOLO file"),
    "Darknet": (lambda: struct.pack("<3iq", 0, 2, 5, 0) + bytes(400), "a YOLO file"),
    "TorchScript": (scripted, "a TorchScript model"),
    "ONNX": (lambda: b"\x08\x07\x12\x07pytorch\x1a\x052.1.0:" + bytes(90), "an ONNX model"),
    "safetensors": (safetensors, "a safetensors file"),
    "Keras h5": (lambda: b"\x89HDF\r\n\x1a\n" + bytes(90), "a Keras or HDF5 file"),
    "Keras 3": (
        lambda: zipped(config_dot_json="{}", metadata_dot_json="{}"), "a Keras model",
    ),
    "SavedModel": (lambda: b"\x08\x01\x12\xa4\x03" + bytes(90), "a TensorFlow model"),
    "TFLite": (lambda: b"\x1c\0\0\0TFL3" + bytes(90), "a TensorFlow Lite model"),
    "arrays": (arrays, "a NumPy archive"),
    "zip": (lambda: zipped(out__best_dot_pth=b"x"), "a zip archive.*give out/best.pth"),
    "zip of nothing known": (lambda: zipped(readme=b"x"), "a zip archive.*unpack"),
    "LFS": (lambda: LFS, "a Git-LFS pointer.*git lfs pull"),
    "HTML": (lambda: b"\n<!DOCTYPE html><html><title>Sign in</title>", "a web page.*download"),
    "JSON": (lambda: b'{"message": "Not Found"}', "a JSON file"),
    "text": (lambda: b"404: Not Found", "a text file"),
    "pickle": (lambda: pickle.dumps({"a": 1}, 4), "a pickle, not of torch.save"),
    "tar": (lambda: b"x".ljust(257, b"\0") + b"ustar\0" + bytes(300), "a tar archive"),
    "gzip": (lambda: b"\x1f\x8b\x08" + bytes(90), "a gzip archive"),
    "numbers": (
        lambda: saved({"state_dict": {}, "best": np.float64(1)}), r"more than tensors.*\(numpy",
    ),
    "noise": (lambda: np.random.default_rng(3).bytes(300), "not a whole file of tensors"),
    "cut": (lambda: saved({"w": torch.zeros(999)})[:900], "not a whole file of tensors"),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_another_kind_is_called_what_it_is_everywhere(name, tmp_path):
    make, expected = FILES[name]
    path = tmp_path / "weights.pth"
    path.write_bytes(make())
    for read in (
        load_tensors,
        lambda path: choose_weights("compact_resnet18_fpn", str(path)),
        lambda path: load_weights(nn.Linear(1, 1), path, "compact_resnet18_fpn"),
    ):
        with pytest.raises(InputError, match=rf"weights\.pth: is .*{expected}") as refused:
            read(path)
        text = str(refused.value)
        assert text.isprintable() and len(text.removeprefix(str(path))) < 250
        assert "weights_only" not in text, "torch's own advice is to run what is in the file"


def test_files_of_torch_are_foreign_to_nobody(tmp_path):
    state = {"layer.weight": torch.arange(6.0)}
    for legacy in (False, True):
        (tmp_path / "w.pth").write_bytes(saved(state, legacy))
        assert torch.equal(load_tensors(tmp_path / "w.pth")[0]["layer.weight"], torch.arange(6.0))
