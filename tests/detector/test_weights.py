import pytest
import torch
from torchvision.models import mobilenet_v3_large, resnet18, resnet50
from torchvision.models.detection import fasterrcnn_mobilenet_v3_large_fpn

from utils.detector.architectures import architecture, build_model
from utils.detector.model_file import save_tensors
from utils.detector.weights import fetch_weights, load_weights, provide_weights
from utils.errors import InputError

MOBILENET = "fasterrcnn_mobilenet_v3_large_fpn"
COMPACT = "compact_resnet18_fpn"


@pytest.fixture(scope="module")
def networks():
    import numpy as np

    from utils.dataset.faces import Faces

    faces = [Faces(np.array([[0, 0, 20, 20]], np.float32), np.array([1]))]
    return {
        name: build_model(name, architecture(name).fit_anchors(faces, [(64, 64)], 64))
        for name in (MOBILENET, COMPACT)
    }


def saved(state, path):
    torch.save(state, path)
    return path


def test_coco_detector_is_loaded_but_for_its_head_of_91_classes(networks, tmp_path, caplog):
    coco = fasterrcnn_mobilenet_v3_large_fpn(
        weights=None, weights_backbone=None, num_classes=91
    ).state_dict()
    model = networks[MOBILENET]
    head = model.roi_heads.box_predictor.cls_score.weight.clone()
    caplog.set_level("INFO")
    load_weights(model, saved(coco, tmp_path / "coco.pth"), MOBILENET)
    own = model.state_dict()
    assert torch.equal(model.roi_heads.box_predictor.cls_score.weight, head)
    for name, value in coco.items():
        if not name.startswith("roi_heads.box_predictor."):
            assert torch.equal(own[name], value), name
    assert "4 replaced" in caplog.text


def test_frozen_statistics_of_coco_files_have_no_counter(networks, tmp_path):
    state = networks[MOBILENET].state_dict()
    frozen = {n: v for n, v in state.items() if not n.endswith("num_batches_tracked")}
    assert len(frozen) < len(state)
    load_weights(networks[MOBILENET], saved(frozen, tmp_path / "frozen.pth"), MOBILENET)


@pytest.mark.parametrize(
    ("name", "classifier", "there", "here"),
    [
        (COMPACT, resnet18, "layer3.1.conv2.weight", "layer3.1.conv2.weight"),
        (MOBILENET, mobilenet_v3_large, "features.5.block.0.0.weight", "5.block.0.0.weight"),
    ],
)
def test_imagenet_classifier_becomes_the_backbone(
    networks, tmp_path, name, classifier, there, here
):
    given = classifier(weights=None).state_dict()
    load_weights(networks[name], saved(given, tmp_path / "imagenet.pth"), name)
    assert torch.equal(networks[name].state_dict()[f"backbone.body.{here}"], given[there])


def test_weights_of_another_architecture_are_refused_and_leave_the_model(networks, tmp_path):
    model = networks[COMPACT]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for state in (resnet50(weights=None).state_dict(), networks[MOBILENET].state_dict()):
        with pytest.raises(InputError, match=f"other.pth: .* do not fit {COMPACT}"):
            load_weights(model, saved(state, tmp_path / "other.pth"), COMPACT)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_truncated_or_foreign_file_is_refused(networks, tmp_path):
    whole = saved(resnet18(weights=None).state_dict(), tmp_path / "whole.pth").read_bytes()
    (tmp_path / "cut.pth").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"cut.pth: not a whole file"):
        load_weights(networks[COMPACT], tmp_path / "cut.pth", COMPACT)
    with pytest.raises(InputError, match="not a state dict"):
        load_weights(networks[COMPACT], saved([1, 2], tmp_path / "list.pth"), COMPACT)


def test_own_model_files_state_is_taken(networks, tmp_path):
    state = {name: value + 1 for name, value in networks[COMPACT].state_dict().items()}
    load_weights(
        networks[COMPACT], saved({"schema": 1, "state_dict": state}, tmp_path / "m.pth"), COMPACT
    )
    assert torch.equal(
        networks[COMPACT].state_dict()["rpn.head.cls_logits.bias"],
        state["rpn.head.cls_logits.bias"],
    )


def test_fetching_what_does_not_exist_or_cannot_be_had(tmp_path, monkeypatch):
    with pytest.raises(InputError, match="none for compact_resnet18_fpn"):
        fetch_weights(COMPACT, "coco", tmp_path / "w.pth")
    with pytest.raises(InputError, match="best: no such file; nor is it coco or imagenet"):
        provide_weights(COMPACT, "best", tmp_path / "w.pth")

    def offline(url, path, progress):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "download_url_to_file", offline)
    with pytest.raises(InputError, match=r"resnet18.*no network"):
        fetch_weights(COMPACT, "imagenet", tmp_path / "w.pth")
    assert list(tmp_path.iterdir()) == []


def test_fetched_file_is_the_one_behind_torchvisions_address(tmp_path, monkeypatch):
    state = resnet18(weights=None).state_dict()
    asked = []

    def download(url, path, progress):
        asked.append(url)
        torch.save(state, path)

    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    fetch_weights(COMPACT, "imagenet", tmp_path / "w.pth")
    assert asked == ["https://download.pytorch.org/models/resnet18-f37072fd.pth"]
    assert [path.name for path in tmp_path.iterdir()] == ["w.pth"]


def test_a_file_of_weights_is_brought_as_it_is_and_a_file_of_anything_else_refused(tmp_path):
    save_tensors(tmp_path / "mine.pth", {"conv1.weight": torch.zeros(1)})
    provide_weights(COMPACT, str(tmp_path / "mine.pth"), tmp_path / "w.pth")
    assert (tmp_path / "w.pth").read_bytes() == (tmp_path / "mine.pth").read_bytes()
    (tmp_path / "notes.txt").write_text("no tensors")
    with pytest.raises(InputError, match=r"notes\.txt"):
        provide_weights(COMPACT, str(tmp_path / "notes.txt"), tmp_path / "x.pth")
    assert not (tmp_path / "x.pth").exists()
