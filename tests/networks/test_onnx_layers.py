import pytest

from utils.detector.architectures import architecture
from utils.detector.names import COMPACT_CENTERFACE
from utils.errors import InputError
from utils.networks.onnx_layers import layers_of


class NoLayers:
    """What OpenCV 5 makes of an ONNX file: a net that gives out no layers."""

    def getLayerNames(self):
        return []


@pytest.fixture
def path():
    return architecture(COMPACT_CENTERFACE).packaged.locate()


def test_layers_come_with_their_numbers_in_the_order_of_the_file(path):
    first, *others = layers_of(path, {"Convolution": 50})["Convolution"]
    assert [part.shape for part in first] == [(32, 3, 3, 3), (32, 1)]
    assert len(others) >= 50


def test_weights_that_are_not_given_out_are_an_error_and_not_random(path, monkeypatch):
    with pytest.raises(InputError, match="are needed"):
        layers_of(path, {"Convolution": 1000})
    monkeypatch.setattr("cv2.dnn.readNetFromONNX", lambda _: NoLayers())
    with pytest.raises(InputError, match=r"centerface.onnx: OpenCV .* 4\.x"):
        layers_of(path, {"Convolution": 1})
