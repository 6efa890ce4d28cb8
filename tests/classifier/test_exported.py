"""An exported classifier says what PyTorch says, and tells how to use it."""

import builtins
import json
from dataclasses import replace

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from tests.classifier.conftest import SIDE
from utils.classifier.exported import OPSET, export_classifier
from utils.classifier.inference import FaceClassifier
from utils.errors import InputError
from utils.metrics.temperature import Temperature


def faces(count):
    return np.random.default_rng(count).integers(0, 256, (count, SIDE, SIDE, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def made(model, tmp_path_factory):
    """Return a classifier whose every part matters, and its file."""
    file = replace(
        model,
        calibration=Temperature(3.0),
        params={"mirrored": True},
        state={name: value.clone() for name, value in model.state.items()},
    )
    torch.manual_seed(5)
    network = FaceClassifier(file, device="cpu").network.eval()
    seen = torch.from_numpy(faces(40)).permute(0, 3, 1, 2)
    with torch.no_grad():  # an untrained trunk tells faces apart by little, which counts here
        features = network.features(seen)
    file.state["head.centre"] = features.mean(dim=0)
    file.state["head.spread"] = features.std(dim=0) + 1e-9
    weight = file.state["head.linear.weight"]
    file.state["head.linear.weight"] = torch.randn_like(weight) * 3 / weight.shape[1] ** 0.5
    classifier = FaceClassifier(file, "0123", "cpu", bfloat16=False)
    path = tmp_path_factory.mktemp("exported") / "classifier.onnx"
    export_classifier(classifier, path)
    return classifier, path


@pytest.fixture(scope="module")
def session(made):
    return onnxruntime.InferenceSession(made[1], providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("count", [1, 2, 7])
def test_parity_with_pytorch_for_any_number_of_faces(made, session, count):
    pictures = faces(count)
    ours = made[0].judge(list(pictures))
    given = pictures.transpose(0, 3, 1, 2).astype(np.float32)
    (theirs,) = session.run(["probabilities"], {"faces": given})
    assert theirs.dtype == np.float32 and theirs.shape == (count, 3)
    np.testing.assert_allclose(theirs, ours, atol=1e-4)
    assert count == 1 or np.ptp(ours[:, 0]) > 0.05, "the faces must differ"
    assert (theirs[:, 2] == 0).all(), "not learnt"
    np.testing.assert_allclose(theirs.sum(axis=1), 1, atol=1e-6)


def test_faces_in_between_are_taken_too(made, session):
    """Floats are not rounded: what was resized in float is judged as it is."""
    given = faces(2).transpose(0, 3, 1, 2).astype(np.float32)
    plain, moved = (session.run(None, {"faces": it})[0] for it in (given, given * 0.5 + 0.25))
    assert not np.array_equal(plain, moved)


def test_the_file_tells_how_to_use_it(made):
    model = onnx.load(str(made[1]))
    told = {one.key: one.value for one in model.metadata_props}
    assert json.loads(told["classes"]) == list(made[0].classes)
    assert json.loads(told["absent"]) == ["mask_weared_incorrect"]
    assert (json.loads(told["image_size"]), json.loads(told["margin"])) == (SIDE, 0.3)
    assert told["digest"] == "0123"
    assert [one.version for one in model.opset_import if one.domain == ""] == [OPSET]
    batch, *rest = model.graph.input[0].type.tensor_type.shape.dim
    assert batch.dim_param and [one.dim_value for one in rest] == [3, SIDE, SIDE]


@pytest.mark.parametrize("package", ["onnx", "onnxscript"])
def test_a_package_that_is_not_there_is_named(made, tmp_path, monkeypatch, package):
    whole = builtins.__import__

    def refuse(wanted, *args, **kwargs):
        if wanted.split(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {wanted!r}", name=wanted)
        return whole(wanted, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(InputError, match=rf"the package {package} is not installed; make export"):
        export_classifier(made[0], tmp_path / "x.onnx")
    assert not (tmp_path / "x.onnx").exists()
