import pytest
import torch
from torch import nn
from torchvision.models import get_model, mobilenet_v3_large, resnet18, resnet50
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.backbone_utils import _mobilenet_extractor
from torchvision.ops import FrozenBatchNorm2d

from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.detector.weights import check_weights, load_weights
from utils.errors import InputError

MOBILENET = "fasterrcnn_mobilenet_v3_large_fpn"
RESNET50 = "fasterrcnn_resnet50_fpn"
RESNET50_V2 = "fasterrcnn_resnet50_fpn_v2"
COMPACT = "compact_resnet18_fpn"
HEAD = "roi_heads.box_predictor."


def built(name):
    """Return a network of ours; the number of its anchors is what counts here, not their sizes."""
    found = architecture(name)
    sizes = tuple(8.0 * 2**k for k in range(found.per_level))
    return build_model(name, Anchors((sizes,) * found.levels, found.ratios or (1.0,)))


def with_statistics(model):
    """Let every normalisation have seen something, as those of real weights have."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d | FrozenBatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 2)
    return model


def coco(name):
    """Return a state dict with the names and shapes of torchvision's COCO weights."""
    return with_statistics(
        get_model(name, weights=None, weights_backbone=None, num_classes=91)
    ).state_dict()


def saved(state, path):
    torch.save(state, path)
    return path


@pytest.fixture(scope="module")
def networks():
    return {name: built(name) for name in (MOBILENET, COMPACT, RESNET50)}


# With the largest network this takes some seconds: it is built twice and never run.
@pytest.mark.parametrize("name", [MOBILENET, RESNET50, RESNET50_V2])
def test_coco_detector_is_loaded_but_for_its_head_of_91_classes(name, tmp_path):
    given, model = coco(name), built(name)
    before = {n: v.clone() for n, v in model.state_dict().items() if n.startswith(HEAD)}
    path = saved(given, tmp_path / "coco.pth")
    check_weights(path, name)
    loaded = load_weights(model, path, name)
    own = model.state_dict()
    assert own.keys() == given.keys()
    for tensor, value in own.items():
        expected = before[tensor] if tensor.startswith(HEAD) else given[tensor]
        assert torch.equal(value, expected), tensor
    assert loaded.replaced == tuple(sorted(before))
    assert loaded.kind == "detector"
    assert loaded.normalised == normalisations(model)


def normalisations(model):
    return {n for n, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)}


def test_files_older_than_todays_names_are_read_as_torchvision_reads_them(tmp_path):
    """Its COCO weights of 2019 and 2021 are such files."""
    today = coco(MOBILENET)
    old = {
        name.replace(".0.weight", ".weight").replace(".0.bias", ".bias")
        if name.startswith("backbone.fpn.")
        else name.replace("conv.0.0.", "conv."): value
        for name, value in today.items()
    }
    assert {"backbone.fpn.inner_blocks.1.weight", "rpn.head.conv.bias"} <= old.keys()
    theirs = get_model(MOBILENET, weights=None, weights_backbone=None, num_classes=91)
    theirs.load_state_dict(dict(old))  # which renames
    model = built(MOBILENET)
    load_weights(model, saved(old, tmp_path / "old.pth"), MOBILENET)
    for name, value in theirs.state_dict().items():
        if not name.startswith(HEAD):
            assert torch.equal(model.state_dict()[name], value), name


def test_weights_with_frozen_normalisation_compute_what_they_computed(tmp_path):
    """torchvision's COCO weights come from FrozenBatchNorm2d, which has no counter."""
    backbone = mobilenet_v3_large(weights=None, norm_layer=FrozenBatchNorm2d)
    frozen = with_statistics(FasterRCNN(_mobilenet_extractor(backbone, True, 6), 91))
    given = frozen.state_dict()
    given |= {n: v for n, v in coco(MOBILENET).items() if n.startswith("rpn.head.")}
    assert not any(name.endswith("num_batches_tracked") for name in given)
    model = built(MOBILENET).eval()
    load_weights(model, saved(given, tmp_path / "frozen.pth"), MOBILENET)
    image = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        pairs = zip(model.backbone(image).values(), frozen.backbone(image).values(), strict=True)
        for ours, theirs in pairs:
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "classifier", "there", "here"),
    [
        (RESNET50, resnet50, "layer4.2.conv3.weight", "layer4.2.conv3.weight"),
        (MOBILENET, mobilenet_v3_large, "features.5.block.0.0.weight", "5.block.0.0.weight"),
    ],
)
def test_imagenet_classifier_becomes_the_backbone(
    networks, tmp_path, name, classifier, there, here
):
    given = with_statistics(classifier(weights=None)).state_dict()
    model = networks[name]
    before = {n: v.clone() for n, v in model.state_dict().items()}
    path = saved(given, tmp_path / "imagenet.pth")
    check_weights(path, name)
    loaded = load_weights(model, path, name)
    own = model.state_dict()
    assert torch.equal(own[f"backbone.body.{here}"], given[there])
    for tensor in (t for t in own if t.endswith("running_var")):
        body = tensor.startswith("backbone.body.")
        assert torch.equal(own[tensor], before[tensor]) != body, tensor
    assert all(torch.equal(own[n], before[n]) for n in own if not n.startswith("backbone.body.")), (
        "more than the backbone has changed"
    )
    assert loaded.kind == "classifier"
    body = {n for n in normalisations(model) if n.startswith("backbone.body.")}
    assert loaded.normalised == body, "statistics of other layers are still to be learnt"


def test_weights_of_another_architecture_are_refused_and_leave_the_model(networks, tmp_path):
    model = networks[COMPACT]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for state in (resnet50(weights=None).state_dict(), networks[MOBILENET].state_dict()):
        path = saved(state, tmp_path / "other.pth")
        with pytest.raises(InputError, match=f"other.pth: .* do not fit {COMPACT}"):
            load_weights(model, path, COMPACT)
        with pytest.raises(InputError, match=f"other.pth: .* do not fit {COMPACT}"):
            check_weights(path, COMPACT)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_resnet50_detector_of_the_other_version_is_refused(tmp_path, networks):
    path = saved(networks[RESNET50].state_dict(), tmp_path / "first.pth")
    with pytest.raises(InputError, match=rf"of a detector do not fit {RESNET50_V2}"):
        check_weights(path, RESNET50_V2)


def test_truncated_file_is_refused(networks, tmp_path):
    whole = saved(resnet18(weights=None).state_dict(), tmp_path / "whole.pth").read_bytes()
    for length in (len(whole) - 1, len(whole) // 2, 10):
        (tmp_path / "cut.pth").write_bytes(whole[:length])
        with pytest.raises(InputError, match=r"cut.pth: is not a whole file"):
            load_weights(networks[COMPACT], tmp_path / "cut.pth", COMPACT)


def test_weights_of_a_training_that_diverged_are_refused(networks, tmp_path):
    state = {name: value.clone() for name, value in networks[COMPACT].state_dict().items()}
    name = next(name for name in state if name.endswith("weight"))
    state[name].view(-1)[0] = float("nan")
    path = saved(state, tmp_path / "diverged.pth")
    with pytest.raises(InputError, match=rf"diverged\.pth: {name} holds what is no finite number"):
        load_weights(networks[COMPACT], path, COMPACT)


def test_own_model_files_state_is_taken(networks, tmp_path):
    state = {name: value + 1 for name, value in networks[COMPACT].state_dict().items()}
    path = saved({"schema": 1, "state_dict": state}, tmp_path / "m.pth")
    loaded = load_weights(networks[COMPACT], path, COMPACT)
    assert loaded.replaced == ()
    for name, value in networks[COMPACT].state_dict().items():
        assert torch.equal(value, state[name]), name


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: {"model": state, "epoch": 3, "optimizer": {"lr": 0.1}},
        lambda state: {"state_dict": state},
        lambda state: {"model_state_dict": state, "loss": torch.tensor(0.1)},
        lambda state: {"params": state},
        lambda state: {"model": {"state_dict": state}},
        lambda state: {f"module.{name}": value for name, value in state.items()},
        lambda state: {f"_orig_mod.{name}": value for name, value in state.items()},
        lambda state: {f"module._orig_mod.{name}": value for name, value in state.items()},
        lambda state: {
            "state_dict": {f"model.{name}": value for name, value in state.items()},
            "pytorch-lightning_version": "2.2",
        },
        lambda state: {
            "n_averaged": torch.tensor(7),
            **{f"module.{name}": value for name, value in state.items()},
        },
    ],
)
def test_a_state_dict_is_found_in_what_others_wrap_it_in(networks, tmp_path, wrap):
    given = {
        name: torch.rand_like(v.float()).to(v.dtype)
        for name, v in networks[COMPACT].state_dict().items()
    }
    path = saved(wrap(given), tmp_path / "wrapped.pth")
    check_weights(path, COMPACT)
    model = built(COMPACT)
    assert load_weights(model, path, COMPACT).names == given.keys()
    assert all(torch.equal(value, given[name]) for name, value in model.state_dict().items())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"epoch": 3, "optimizer": "adam"},
            "holds epoch, optimizer, not a state dict.*under state",
        ),
        ({"model": {"a\x1b[1m": 1}}, r"holds a\\x1b\[1m, not a state dict"),
        ({}, "holds nothing, not a state dict"),
        (torch.zeros(3), "holds one tensor, not a state dict"),
        ([1], "holds a list, not a state dict"),
        ({1: torch.zeros(1)}, "holds 1, not a state dict"),
        ({"model.0.conv.weight": torch.zeros(3), "model.24.anchors": torch.zeros(2)}, "YOLO file"),
    ],
)
def test_what_is_no_state_dict_is_told_by_what_it_holds(tmp_path, content, message):
    path = saved(content, tmp_path / "other.pth")
    for read in (check_weights, lambda *where: load_weights(built(COMPACT), *where)):
        with pytest.raises(InputError, match=rf"other\.pth: .*{message}") as refused:
            read(path, COMPACT)
        assert str(refused.value).isprintable()
