import subprocess
import sys
from itertools import pairwise

import pytest
import torch

from utils.dataset.faces import Faces
from utils.detector.anchors import Anchors, fit_anchors
from utils.detector.architectures import architecture, build_model
from utils.detector.forward import detect, losses
from utils.detector.names import ARCHITECTURES
from utils.errors import InputError

FACES = [Faces(torch.tensor([[5.0, 5, 25, 30], [40, 8, 60, 40]]).numpy(), torch.ones(2).numpy())]


# The largest differs from fasterrcnn_resnet50_fpn in its heads only and takes a minute on a core.
@pytest.mark.parametrize("name", [n for n in ARCHITECTURES if n != "fasterrcnn_resnet50_fpn_v2"])
def test_architecture_gives_losses_gradients_and_detections(name):
    torch.manual_seed(0)
    anchors = architecture(name).fit_anchors(FACES, [(64, 80)], 80)
    model = build_model(name, anchors)
    images = [torch.randint(0, 255, (3, 64, 80), dtype=torch.uint8) for _ in range(2)]
    targets = [
        {"boxes": torch.tensor([[5.0, 5, 25, 30]]), "labels": torch.tensor([3])},
        {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)},
    ]
    model.train()
    parts = losses(model, images, targets)
    assert all(torch.isfinite(loss) and loss.dtype == torch.float32 for loss in parts.values())
    sum(parts.values()).backward()
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad)
    found = detect(model.eval(), images)
    assert len(found) == 2
    for one in found:
        assert (one["scores"].diff() <= 0).all()
        assert set(one["labels"].tolist()) <= {1, 2, 3}


def test_compact_is_a_fifth_of_a_resnet50_detector():
    def size(name):
        model = build_model(name, architecture(name).fit_anchors(FACES, [(64, 80)], 80))
        return sum(parameter.numel() for parameter in model.parameters())

    assert 6e6 < size("compact_resnet18_fpn") < size("fasterrcnn_resnet50_fpn") / 5


def test_unknown_architecture_lists_those_there_are():
    with pytest.raises(InputError, match=r"'yolo'.*compact_resnet18_fpn"):
        architecture("yolo")


def test_registry_needs_neither_torch_nor_numpy():
    heavy = "any(name in sys.modules for name in ('torch', 'numpy'))"
    code = f"import sys, utils.detector.architectures; sys.exit({heavy})"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_anchors_span_the_faces_at_the_scale_of_the_network():
    boxes = torch.tensor([[0.0, 0, s, 1.25 * s] for s in range(10, 101)]).numpy()
    anchors = fit_anchors([Faces(boxes, boxes[:, 0])], [(400, 200)], 200, levels=4, per_level=2)
    sizes = [size for level in anchors.sizes for size in level]
    assert len(anchors.sizes) == 4
    assert sizes == sorted(sizes)
    half = 1.25**0.5 / 2  # photographs are shrunk to half
    assert sizes[0] == pytest.approx(11.8 * half, abs=0.2)
    assert sizes[-1] == pytest.approx(98.2 * half, abs=0.2)
    steps = [b / a for a, b in pairwise(sizes)]
    assert max(steps) == pytest.approx(min(steps), rel=0.03)
    assert anchors.ratios == (1.25,)


def test_anchors_of_equal_faces_still_cover_some_range():
    boxes = torch.tensor([[0.0, 0, 20, 20]] * 5).numpy()
    anchors = fit_anchors([Faces(boxes, boxes[:, 0])], [(100, 100)], 100, levels=4)
    assert anchors.sizes[-1][0] >= 4 * anchors.sizes[0][0]


def test_anchors_without_faces_are_an_error():
    with pytest.raises(InputError, match="no faces"):
        fit_anchors([Faces()], [(10, 10)], 10, levels=4)


def test_anchors_survive_their_record():
    anchors = Anchors(((1.0, 2.0), (3.0, 4.0)), (0.5, 1.0))
    assert Anchors.from_record(anchors.as_record()) == anchors


def test_every_name_has_an_architecture():
    assert all(architecture(name).levels > 0 for name in ARCHITECTURES)
