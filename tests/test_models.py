"""A model file becomes a model by what it says that it is."""

import pytest
import torch

from utils import model_files
from utils.detector.anchors import Anchors
from utils.detector.architectures import build_model
from utils.detector.inference import Detector
from utils.detector.model_file import ModelFile
from utils.detector.names import IN_THE_BOX
from utils.errors import InputError
from utils.models import load_model
from utils.networks.model_file import write_model
from utils.training.tensors import load_tensors, save_tensors

ANCHORS = Anchors(((8.0, 11.0), (16.0, 22.0), (30.0, 40.0), (50.0, 60.0)), (1.0,))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    state = build_model("compact_resnet18_fpn", ANCHORS).state_dict()
    path = tmp_path_factory.mktemp("model") / "model.pth"
    write_model(path, ModelFile("compact_resnet18_fpn", ANCHORS, 64, 0.4, state))
    return path


def changed(path, tmp_path, **fields):
    content, _ = load_tensors(path)
    save_tensors(tmp_path / "other.pth", {**content, **fields})
    return tmp_path / "other.pth"


def test_a_detector_is_loaded_onto_the_device(path):
    model = load_model(path, "cpu")
    assert isinstance(model, Detector)
    assert model.threshold == 0.4
    assert model.device == torch.device("cpu")
    assert model.digest == Detector.load(path, "cpu").digest != ""


def test_a_file_of_a_version_without_kinds_is_a_detector(path, tmp_path):
    content, _ = load_tensors(path)
    del content["kind"]
    save_tensors(tmp_path / "old.pth", content)
    assert isinstance(load_model(tmp_path / "old.pth", "cpu"), Detector)


@pytest.mark.parametrize("kind", ["two_stages", 3, None, ["detector"]])
def test_a_model_of_a_kind_that_is_not_known_is_named(path, tmp_path, kind):
    other = changed(path, tmp_path, kind=kind)
    with pytest.raises(InputError, match=r"other\.pth: field 'kind' is .*knows detector"):
        load_model(other, "cpu")
    with pytest.raises(InputError, match=r"other\.pth: field 'kind' is"):
        Detector.load(other, "cpu")


def test_another_kind_is_made_by_what_makes_it(path, tmp_path, monkeypatch):
    monkeypatch.setitem(model_files.KINDS, "two_stages", lambda *call: call)
    other = changed(path, tmp_path, kind="two_stages")
    content, digest, named, device = load_model(other, "cpu")
    assert (content["kind"], named, device) == ("two_stages", other, "cpu")
    assert len(digest) == 64


def test_without_a_path_the_model_in_the_box_is_loaded(path, tmp_path, monkeypatch):
    assert IN_THE_BOX.parts[-3:] == ("data", "models", "face_mask_detector.pth")
    monkeypatch.setattr(model_files, "IN_THE_BOX", path)
    assert load_model(device="cpu").threshold == 0.4
    with pytest.raises(InputError, match="is a folder; name the file in it"):
        load_model("")  # as of a variable that is not set
    monkeypatch.setattr(model_files, "IN_THE_BOX", tmp_path / "none.pth")
    with pytest.raises(InputError, match=r"none\.pth: there is no model in the box.*make pretrain"):
        load_model()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none.pth", "none.pth: no such file"),
        ("", "is a folder; name the file in it"),
        ("empty.pth", "empty.pth: the file is empty"),
        ("text.pth", "text.pth: is a text file"),
        ("list.pth", "list.pth: is no model file of this project; give one, as"),
    ],
)
def test_what_is_no_model_is_named(tmp_path, name, words):
    (tmp_path / "empty.pth").touch()
    (tmp_path / "text.pth").write_text("not a model")
    save_tensors(tmp_path / "list.pth", [torch.zeros(1)])
    with pytest.raises(InputError, match=words):
        load_model(tmp_path / name, "cpu")


@pytest.mark.parametrize("device", ["gpu", "meta", "cuda:99", "cpu:x", ""])
def test_a_device_that_cannot_be_used_is_named(path, device):
    with pytest.raises(InputError, match=f"device '{device}': cannot be used"):
        load_model(path, device)
