"""What a classifier's file says comes back, and what is damaged in it is named."""

import math

import pytest
import torch

from utils.classifier.inference import FaceClassifier
from utils.classifier.model_file import FIELDS, read_model
from utils.dataset.labels import CLASSES
from utils.errors import InputError
from utils.metrics.temperature import Temperature
from utils.models import load_model
from utils.networks.model_file import learnt_by, started_from, write_model
from utils.training.tensors import load_tensors, save_tensors


def changed(path, tmp_path, **fields):
    content, _ = load_tensors(path)
    save_tensors(tmp_path / "other.pth", {**content, **fields})
    return tmp_path / "other.pth"


def test_everything_comes_back(path, model):
    read, digest = read_model(path)
    assert (read.arch, read.image_size, read.threshold) == ("centerface", 32, 0.0)
    assert (read.classes, read.absent, read.margin) == (CLASSES, CLASSES[2:], 0.3)
    assert (read.calibration, read.params) == (Temperature(2.0), {"label_smoothing": 0.1})
    assert (read.data_digest, read.fingerprints) == ("abc", b"PK\0\xff")
    assert read.evaluation == {"photos": 3, "share": None}
    assert started_from(path) == read.started_from == {"source": "a package", "licence": "MIT"}
    assert read.state.keys() == model.state.keys()
    assert all(torch.equal(value, model.state[name]) for name, value in read.state.items())
    assert len(digest) == 64


def test_equal_models_give_equal_bytes(path, tmp_path):
    write_model(tmp_path / "again.pth", read_model(path)[0])
    assert (tmp_path / "again.pth").read_bytes() == path.read_bytes()


def test_its_kind_makes_it_a_classifier(path):
    model = load_model(path, "cpu")
    assert isinstance(model, FaceClassifier)
    assert (model.margin, model.absent, model.threshold) == (0.3, CLASSES[2:], 0.0)
    assert (model.evaluation, len(model.digest)) == ({"photos": 3, "share": None}, 64)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("schema", 9, "field 'schema' is 9, expected 1"),
        ("classes", ["mask", "none"], "field 'classes' is .*expected"),
        ("arch", "yolo", "field 'arch': .*unknown architecture 'yolo'; expected one of centerface"),
        ("arch", ["centerface"], "field 'arch'"),
        ("image_size", 4096, "field 'image_size' is 4096, expected 32 to 512 pixels"),
        ("image_size", 48.5, "field 'image_size' is 48.5"),
        ("image_size", "112", "a field is not what this version writes"),
        ("threshold", 1.5, "a field is not what this version writes .*threshold 1.5"),
        ("margin", -0.1, "field 'margin' is -0.1, expected a share"),
        ("margin", math.nan, "field 'margin' is nan"),
        ("margin", "0.2", "field 'margin' is 0.2, expected"),
        ("absent", ["mask"], r"field 'absent' is \['mask'\], expected some of with_mask"),
        ("absent", list(CLASSES), "field 'absent' is .*but not all"),
        ("absent", [CLASSES[0], CLASSES[0]], "field 'absent' is"),
        ("normalisation", {"mean": [0, 0, 0], "std": [1, 1, 1]}, "field 'normalisation' is"),
        ("normalisation", None, "field 'normalisation' is None"),
        ("calibration", {"temperature": 0.0, "background": 0.0}, "field 'calibration' is"),
        ("calibration", {"temperature": 1.0, "background": 2.0}, "field 'calibration' is"),
        ("calibration", {"temperature": 1.0}, "field 'calibration' is"),
        ("calibration", {"heat": 1.0}, "a field is not what this version writes"),
        ("state_dict", {}, "weights do not fit centerface; train the model again"),
        ("state_dict", {"head": 3}, "a field is not what this version writes"),
    ],
)
def test_a_damaged_field_is_named(path, tmp_path, field, value, words):
    other = changed(path, tmp_path, **{field: value})
    with pytest.raises(InputError, match=rf"other\.pth: .*{words}"):
        load_model(other, "cpu")


@pytest.mark.parametrize("field", sorted(FIELDS - {"schema", "state_dict", "kind"}))
def test_a_missing_field_is_named(path, tmp_path, field):
    content, _ = load_tensors(path)
    del content[field]
    save_tensors(tmp_path / "other.pth", content)
    with pytest.raises(InputError, match=rf"other\.pth: lacks {field}"):
        load_model(tmp_path / "other.pth", "cpu")


def test_a_model_of_the_other_task_is_refused(path, tmp_path):
    detector = changed(path, tmp_path, kind="detector")
    with pytest.raises(InputError, match="field 'kind' is 'detector', expected 'classifier'"):
        FaceClassifier.load(detector, "cpu")


def test_what_it_learnt_from_is_read_by_those_who_start_from_it(path, tmp_path):
    with pytest.raises(InputError, match=r"model\.pth: "):
        learnt_by(path)  # which is damaged
    assert learnt_by(changed(path, tmp_path, fingerprints=None)) is None
