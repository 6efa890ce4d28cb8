"""Packed convolutions give the numbers of those that they replace."""

import copy

import pytest
import torch
from torch import nn

from utils.networks.packed import PackedConvolution, can_pack, pack

DTYPES = [dtype for dtype in (torch.float32, torch.bfloat16) if can_pack(dtype)]


def stack(activation: type[nn.Module]) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1), nn.Identity(), activation()),
        nn.Sequential(nn.Conv2d(16, 16, 5, 1, 2, groups=16, bias=False), activation()),
        nn.Conv2d(16, 24, 1),
        nn.Sigmoid(),
        nn.Conv2d(24, 8, 3, padding=2, dilation=2),
    ).to(memory_format=torch.channels_last)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", [nn.ReLU, nn.ReLU6, nn.Hardswish])
def test_the_numbers_stay(activation, dtype):
    plain = stack(activation).to(dtype)
    packed = copy.deepcopy(plain)
    pack(packed)
    layers = [module for module in packed.modules() if isinstance(module, PackedConvolution)]
    assert len(layers) == 4
    left = [module for module in packed.modules() if type(module) is activation]
    assert len(left) == (2 if activation is nn.Hardswish else 0)  # oneDNN's is another
    for size in ((1, 3, 32, 48), (2, 3, 31, 17)):
        image = 4 * torch.rand(size).to(memory_format=torch.channels_last)
        with torch.inference_mode():
            expected, found = plain(image.to(dtype)), packed(image)
        assert found.dtype == dtype
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


def layout(weight):
    return torch.ops.mkldnn._get_mkldnn_serialized_md(weight).tolist()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kernel", [1, 3])
def test_weights_are_laid_out_once_as_each_size_of_features_asks_for(dtype, kernel, monkeypatch):
    """In the layout of another size oneDNN would lay them out anew at each call."""
    layer = nn.Conv2d(960, 160, kernel, padding=kernel // 2)
    layer = layer.to(dtype, memory_format=torch.channels_last)
    packed = PackedConvolution(layer, None)
    images = [torch.rand(1, 960, side, side).to(dtype) for side in (2, 7, 18, 40)]
    padding = [kernel // 2] * 2
    with torch.inference_mode():
        for image in images:
            expected = torch.ops.mkldnn._reorder_convolution_weight(
                layer.weight.detach(), padding, [1, 1], [1, 1], 1, list(image.shape)
            )
            packed(image)
            assert layout(packed._by_size[image.shape]) == layout(expected)
        monkeypatch.setattr(PackedConvolution, "_packed", None)  # it is not called again
        for image in images:
            packed(image)


def test_sizes_without_end_take_no_memory_without_end(monkeypatch):
    monkeypatch.setattr("utils.networks.packed._SIZES", 3)
    layer = nn.Conv2d(3, 8, 3)
    packed = PackedConvolution(layer, None)
    for side in range(5, 25):
        image = torch.rand(1, 3, side, side)
        with torch.inference_mode():
            torch.testing.assert_close(packed(image), layer(image))
        assert len(packed._by_size) <= 3 and len(packed._by_layout) <= 3


def test_an_activation_that_is_called_elsewhere_stays_there():
    class Block(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.relu = nn.Conv2d(3, 3, 1), nn.ReLU()

        def forward(self, features):
            return features + self.conv(self.relu(features))

    torch.manual_seed(0)
    plain, image = Block().eval(), torch.randn(1, 3, 8, 8)
    packed = copy.deepcopy(plain)
    pack(packed)
    assert isinstance(packed.conv, PackedConvolution) and isinstance(packed.relu, nn.ReLU)
    with torch.inference_mode():
        torch.testing.assert_close(packed(image), plain(image))


def test_what_it_cannot_do_stays():
    layers = nn.Sequential(nn.Conv2d(3, 3, 3, padding="same"), nn.ConvTranspose2d(3, 3, 2))
    reflecting = nn.Conv2d(3, 3, 3, padding=1, padding_mode="reflect")
    pack(layers.append(reflecting))
    assert not [one for one in layers if isinstance(one, PackedConvolution)]


def test_without_onednn_it_is_not_done(monkeypatch):
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not can_pack(torch.float32)


def test_without_what_it_calls_it_is_not_done(monkeypatch):
    monkeypatch.setattr("utils.networks.packed._OPERATIONS", ("_of_another_version",))
    assert not can_pack(torch.float32)
