import pytest
import torch
from torch import nn

from tests.detector.test_weights import built
from utils.detector.names import COMPACT_CENTERFACE, COMPACT_LITE0, MOBILENET
from utils.networks.depthwise import DepthwiseConv2d, use_fast_depthwise


@pytest.mark.parametrize("size", [(12, 9), (7, 8)])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 1), (5, 2), (7, 2)])
def test_outputs_and_gradients_are_those_of_pytorch(kernel, stride, bias, size):
    torch.manual_seed(0)
    theirs = nn.Conv2d(6, 6, kernel, stride, kernel // 2, groups=6, bias=bias, dtype=torch.float64)
    ours = DepthwiseConv2d.of(theirs)
    assert isinstance(ours, DepthwiseConv2d) and ours.weight is theirs.weight
    image = torch.randn(2, 6, *size, dtype=torch.float64, requires_grad=True)
    outputs = [layer(image) for layer in (ours, theirs)]
    torch.testing.assert_close(*outputs)
    weights = torch.randn_like(outputs[0])
    found, expected = (
        torch.autograd.grad((output * weights).square().sum(), [image, *theirs.parameters()])
        for output in outputs
    )
    for value, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(value, wanted)


def test_in_bfloat16_gradients_agree_to_its_precision():
    torch.manual_seed(0)
    theirs = nn.Conv2d(8, 8, 5, 2, 2, groups=8, bias=False)
    image = torch.randn(2, 8, 16, 16, requires_grad=True)
    (theirs(image).sum(dim=1) ** 2).sum().backward()
    expected, theirs.weight.grad = theirs.weight.grad, None
    with torch.autocast("cpu", torch.bfloat16):
        output = DepthwiseConv2d.of(theirs)(image)
    assert output.dtype == torch.bfloat16
    (output.float().sum(dim=1) ** 2).sum().backward()
    assert theirs.weight.grad.dtype == torch.float32
    assert (theirs.weight.grad - expected).norm() < 0.02 * expected.norm()


@pytest.mark.parametrize(("name", "count"), [(COMPACT_CENTERFACE, 17), (COMPACT_LITE0, 16)])
def test_all_depthwise_convolutions_of_a_detector_are_fast(name, count):
    layers = [m for m in built(name).modules() if isinstance(m, nn.Conv2d) and m.groups > 1]
    assert len(layers) == count
    assert all(isinstance(layer, DepthwiseConv2d) for layer in layers)


def test_what_it_does_not_fit_stays():
    odd = [
        nn.Conv2d(4, 4, 3, 1, 0, groups=4),
        nn.Conv2d(4, 4, 3, 1, 2, dilation=2, groups=4),
        nn.Conv2d(4, 8, 3, 1, 1, groups=4),
        nn.Conv2d(4, 4, 4, 1, 2, groups=4),
        nn.Conv2d(4, 4, (3, 5), 1, (1, 2), groups=4),
        nn.Conv2d(4, 4, 3, 1, 1, groups=2),
        nn.Conv2d(4, 4, 3, 1, 1),
    ]
    network = nn.Sequential(*odd)
    use_fast_depthwise(network)
    assert list(network) == odd
    assert any(isinstance(module, DepthwiseConv2d) for module in built(MOBILENET).modules())
