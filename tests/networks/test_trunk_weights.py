"""The published weights compute in our trunks what they compute where they come from."""

import pytest
import torch
from torch import nn
from torchvision.models import mobilenet_v2

from tests.detector.test_weights import built
from utils.detector.architectures import architecture
from utils.detector.names import COMPACT_CENTERFACE, COMPACT_LITE0, COMPACT_MOBILENET
from utils.detector.weights import check_weights, load_weights
from utils.networks.normalisation import MEAN, STD

PACKAGED = (COMPACT_LITE0, COMPACT_MOBILENET, COMPACT_CENTERFACE)

# Five channels in the middle of the features of `image` at strides of 4, 8, 16 and 32, and their
# root mean square everywhere: by timm 1.0.31 (tf_efficientnet_lite0, given (image - 127) / 128)
# and by onnxruntime 1.32 (centerface.onnx, given the image in 0..255, RGB).
OF_TIMM = (
    ((8.0551, 12.9872, 3.834, 11.4959, -15.4835), 11.2953),
    ((-17.7766, 13.4042, -1.4331, 2.3694, 29.4403), 9.2355),
    ((6.1347, 1.1308, 4.6689, 4.8076, 6.7199), 5.2681),
    ((0.7516, 2.7937, 2.4307, 0.424, -0.5132), 2.1039),
)
OF_ONNXRUNTIME = (
    ((1.2665, -3.0462, -1.992, 1.1367, 1.8392), 1.8337),
    ((-1.0292, 0.6276, 1.6008, -0.4452, 0.5155), 1.5779),
    ((-0.0021, 0.2421, 0.193, -0.3005, -0.1105), 0.6897),
    ((-0.0086, 0.2402, 0.214, 0.0595, 0.1883), 0.1845),
)


def image():
    y, x = torch.meshgrid(torch.arange(256.0), torch.arange(320.0), indexing="ij")
    waves = [torch.sin(x / a) * torch.cos(y / b) for a, b in ((9, 13), (5, 7), (17, 4))]
    return (127.5 + 127.5 * torch.stack(waves)).round()


def started(name):
    """Return a detector with the packaged weights in its trunk, and what was loaded."""
    model = built(name).eval()
    path = architecture(name).packaged.locate()
    check_weights(path, name)
    return model, load_weights(model, path, name)


@torch.inference_mode()
def trunk_features(model, pixels):
    return list(model.backbone.body(((pixels - MEAN) / STD)[None]).values())


def bordered(before, after, value):
    """Return the image with what the published network takes for what is outside of it.

    Which is nothing, and thus another colour than ours, which is MEAN; the layers after the first
    agree on it.
    """
    return nn.functional.pad(image(), (before, after, before, after), value=value)


def first_layer(model):
    return next(module for module in model.backbone.body.modules() if isinstance(module, nn.Conv2d))


@pytest.mark.parametrize("name", PACKAGED)
def test_a_trunk_gives_features_at_four_strides_and_keeps_its_statistics(name):
    model, loaded = started(name)
    assert loaded.kind == ("classifier" if name == COMPACT_MOBILENET else "trunk")
    sizes = [tuple(one.shape[2:]) for one in trunk_features(model, image())]
    assert sizes == [(64, 80), (32, 40), (16, 20), (8, 10)]
    norms = {n for n, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)}
    assert loaded.normalised == norms


def agree(found, expected):
    for features, (middle, spread) in zip(found, expected, strict=True):
        here = features[0, :5, features.shape[2] // 2, features.shape[3] // 2]
        assert (here - torch.tensor(middle)).abs().max() < 0.001 * spread
        assert features.square().mean().sqrt() == pytest.approx(spread, rel=0.001)


def test_centerface_computes_what_its_onnx_file_computes():
    model, _ = started(COMPACT_CENTERFACE)
    first_layer(model).padding = (0, 0)
    agree(trunk_features(model, bordered(1, 1, 0)), OF_ONNXRUNTIME)


def test_efficientnet_computes_what_it_computes_in_timm_but_that_it_pads_evenly():
    model, _ = started(COMPACT_LITE0)
    evenly = trunk_features(model, image())
    first_layer(model).padding = (0, 0)
    for name, module in list(model.backbone.body.named_modules()):
        if isinstance(module, nn.Conv2d) and module.stride == (2, 2) and any(module.padding):
            before, after = (module.kernel_size[0] - 2) // 2, (module.kernel_size[0] - 1) // 2
            module.padding = (0, 0)
            parent, _, child = name.rpartition(".")
            padded = nn.Sequential(nn.ZeroPad2d((before, after, before, after)), module)
            setattr(model.backbone.body.get_submodule(parent), child, padded)
    agree(trunk_features(model, bordered(0, 1, 127)), OF_TIMM)
    for level, stride in ((0, 4), (1, 8)):  # whose middle does not see the edges
        left_and_up = torch.roll(bordered(0, 1, 127), (stride - 1, stride - 1), (1, 2))
        moved = trunk_features(model, left_and_up)[level]
        middle = (..., slice(96 // stride, 160 // stride), slice(120 // stride, 200 // stride))
        torch.testing.assert_close(evenly[level][middle], moved[middle], rtol=1e-3, atol=1e-3)


def test_mobilenet_computes_what_torchvisions_computes():
    model, _ = started(COMPACT_MOBILENET)
    theirs = mobilenet_v2(weights=None).eval()
    path = architecture(COMPACT_MOBILENET).packaged.locate()
    theirs.load_state_dict(torch.load(path, weights_only=True))
    expected = ((image() - MEAN) / STD)[None]
    found = iter(trunk_features(model, image()))
    with torch.inference_mode():
        for number, layer in enumerate(theirs.features[:18]):
            expected = layer(expected)
            if number in (3, 6, 13, 17):
                torch.testing.assert_close(next(found), expected)


def test_filters_of_centerface_have_one_size_and_their_normalisations_the_factor():
    """As its file has them they lie between a hundredth and sixty times of it."""
    model, _ = started(COMPACT_CENTERFACE)
    layers = [m for m in model.backbone.body.modules() if isinstance(m, nn.Conv2d)]
    assert len(layers) == 51
    for layer in layers:
        sizes = layer.weight.flatten(1).norm(dim=1)
        assert sizes.max() < 1.001
        assert (sizes > 0.999).float().mean() > 0.6  # the others are dead
