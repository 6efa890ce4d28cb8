import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from utils.dataset.labels import CLASSES
from utils.dataset.splitting.fingerprints import fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.detector.anchors import Anchors
from utils.detector.architectures import build_model
from utils.detector.inference import Detector
from utils.detector.model_file import FIELDS, ModelFile, read_model
from utils.errors import InputError
from utils.metrics.calibration import Calibration
from utils.networks.model_file import arch_of, in_half_precision, learnt_by, write_model
from utils.training.tensors import load_tensors

ANCHORS = Anchors(((8.0, 11.0), (16.0, 22.0), (30.0, 40.0), (50.0, 60.0)), (1.0,))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    torch.manual_seed(1)
    network = build_model("compact_resnet18_fpn", ANCHORS)
    network.roi_heads.box_predictor.cls_score.bias.data[:] = torch.tensor([0.0, 0.5, 0.2, 0.1])
    path = tmp_path_factory.mktemp("model") / "model.pth"
    write_model(
        path,
        ModelFile(
            arch="compact_resnet18_fpn",
            anchors=ANCHORS,
            image_size=64,
            threshold=0.4,
            state=network.state_dict(),
            calibration=Calibration(1.5, 0.25),
            params={"learning_rate": 0.1},
            metrics={"map": None},
            data_digest="abc",
            fingerprints=b"PK\0\xff",
            evaluation={"photos": 3, "share": None},
            started_from={"source": "a package", "licence": "MIT"},
        ),
    )
    return path


def test_everything_comes_back(path):
    model, digest = read_model(path)
    assert (model.arch, model.image_size, model.threshold) == ("compact_resnet18_fpn", 64, 0.4)
    assert (model.anchors, model.classes) == (ANCHORS, CLASSES)
    assert (model.params, model.metrics) == ({"learning_rate": 0.1}, {"map": None})
    assert (model.data_digest, model.calibration) == ("abc", Calibration(1.5, 0.25))
    assert model.fingerprints == b"PK\0\xff"
    assert model.evaluation == {"photos": 3, "share": None}
    assert model.started_from == {"source": "a package", "licence": "MIT"}
    assert len(digest) == 64


def test_a_file_of_the_version_before_is_read(path, tmp_path):
    content, _ = load_tensors(path)
    old = {name: content[name] for name in FIELDS} | {"schema": 2}
    torch.save(old, tmp_path / "old.pth")
    model, _ = read_model(tmp_path / "old.pth")
    assert (model.fingerprints, model.evaluation, model.started_from) == (None, None, None)
    whole, _ = read_model(path)
    assert all(torch.equal(value, whole.state[name]) for name, value in model.state.items())
    Detector(model, device="cpu")


def test_weights_in_half_precision_take_half_the_file_and_come_back_as_they_were(path, tmp_path):
    model, _ = read_model(path)
    state = dict(model.state)
    name = "roi_heads.box_head.fc6.weight"
    state["backbone.body.bn1.running_var"] = torch.full((48,), 1e6)  # beyond float16
    rounded = in_half_precision(state)
    assert 0 < (rounded[name] - state[name]).abs().max() < 2**-11 * state[name].abs().max()
    write_model(tmp_path / "half.pth", replace(model, state=rounded))
    assert (tmp_path / "half.pth").stat().st_size < 0.55 * path.stat().st_size
    again, _ = read_model(tmp_path / "half.pth")
    assert again.state.keys() == state.keys()
    for key, value in again.state.items():
        assert value.dtype == state[key].dtype
        assert torch.equal(value, rounded[key])
    write_model(tmp_path / "whole.pth", replace(model, state=state))
    whole, _ = read_model(tmp_path / "whole.pth")
    assert all(torch.equal(value, state[key]) for key, value in whole.state.items())


def test_a_kernel_beyond_half_precision_is_not_rounded():
    large = torch.tensor([[1e6, 0.1]])
    assert torch.equal(in_half_precision({"weight": large})["weight"], large)


def test_equal_models_give_equal_bytes(path, tmp_path):
    model, _ = read_model(path)
    write_model(tmp_path / "again.pth", model)
    assert (tmp_path / "again.pth").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"state": float("nan")},
            "weights of backbone.* are no finite numbers, so it finds nothing",
        ),
        (
            {"state": float("inf")},
            "weights of backbone.* are no finite numbers, so it finds nothing",
        ),
        ({"image_size": 10**9}, "image_size 1000000000, threshold 0.4"),
        ({"arch": "yolo"}, "field 'arch': .*unknown architecture 'yolo'; expected one of compact_"),
    ],
)
def test_a_model_that_would_find_nothing_or_nowhere_is_refused(path, tmp_path, change, said):
    model, _ = read_model(path)
    if "state" in change:
        name = next(name for name in model.state if name.endswith("weight"))
        broken = model.state[name].clone()
        broken.view(-1)[0] = change["state"]
        change = {"state": {**model.state, name: broken}}
    write_model(tmp_path / "broken.pth", replace(model, **change))
    with pytest.raises(InputError, match=rf"broken\.pth: .*{said}"):
        read_model(tmp_path / "broken.pth")


def test_detector_needs_nothing_but_the_file(path):
    detector = Detector.load(path, "cpu")
    assert (detector.arch, detector.image_size) == ("compact_resnet18_fpn", 64)
    assert (detector.threshold, detector.classes) == (0.4, CLASSES)
    assert detector.digest == read_model(path)[1]


def test_detections_are_in_the_pixels_of_each_photograph_by_falling_confidence(path):
    detector = Detector.load(path, "cpu")
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 255, (h, w, 3)).astype(np.uint8) for h, w in ((128, 96), (40, 300))]
    found = detector.predict(images)
    for one, image in zip(found, images, strict=True):
        assert len(one) > 0
        assert (one.boxes.dtype, one.labels.dtype) == (np.float32, np.int64)
        assert (np.diff(one.scores) <= 0).all()
        assert one.probabilities.shape == (len(one), 4)
        assert np.allclose(one.probabilities.sum(axis=1), 1)
        assert (one.labels == one.probabilities[:, 1:].argmax(axis=1) + 1).all()
        assert (one.boxes[:, 2] <= image.shape[1] + 1e-3).all()
        assert (one.boxes[:, 3] <= image.shape[0] + 1e-3).all()
    assert found[1].boxes[:, 2].max() > 64  # beyond the scale of the network


def test_a_photograph_gives_the_same_whatever_stands_beside_it(path):
    detector = Detector.load(path, "cpu")
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 255, (h, w, 3)).astype(np.uint8) for h, w in ((70, 96), (96, 70))]
    together = detector.predict(images)
    for image, expected in zip(images, together, strict=True):
        (alone,) = detector.predict([image])
        assert np.array_equal(alone.boxes, expected.boxes)
        assert np.array_equal(alone.scores, expected.scores)
    assert detector.predict([]) == []


def read_ahead(detector, images):
    """Return how many images were asked for before the faces of each came."""
    asked = 0

    def counted():
        nonlocal asked
        for image in images:
            asked += 1
            yield image

    return [asked for _ in detector.stream(counted())]


def test_photographs_are_asked_for_a_batch_at_a_time_bounded_by_their_bytes(path, monkeypatch):
    detector = Detector.load(path, "cpu")
    images = [np.zeros((10, 10, 3), np.uint8)] * 7
    assert read_ahead(detector, images) == [1, 2, 3, 4, 5, 6, 7]
    monkeypatch.setattr("utils.networks.devices.BATCHES", {"cpu": 5})
    assert read_ahead(detector, images) == [5] * 5 + [7] * 2
    monkeypatch.setattr("utils.networks.applied.BATCH_BYTES", 700)
    assert read_ahead(detector, images) == [3] * 3 + [6] * 3 + [7]
    monkeypatch.setattr("utils.networks.applied.BATCH_BYTES", 100)
    assert read_ahead(detector, images) == [1, 2, 3, 4, 5, 6, 7]


def change(path, tmp_path, **fields):
    content, _ = load_tensors(path)
    torch.save(content | fields, tmp_path / "other.pth")
    return tmp_path / "other.pth"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"schema": 1}, "'schema' is 1, expected 3; train the model again"),
        ({"classes": ["cat"]}, "'classes' is"),
        ({"arch": "yolo"}, "'yolo'"),
        ({"state_dict": {}}, "do not fit"),
    ],
)
def test_file_of_another_kind_is_refused(path, tmp_path, fields, message):
    with pytest.raises(InputError, match=message):
        Detector.load(change(path, tmp_path, **fields), "cpu")


def test_a_file_that_lacks_a_field_is_refused(path, tmp_path):
    content, _ = load_tensors(path)
    del content["calibration"]
    torch.save(content, tmp_path / "less.pth")
    with pytest.raises(InputError, match=r"less\.pth: lacks calibration"):
        read_model(tmp_path / "less.pth")


def test_confidences_are_calibrated(path):
    model, _ = read_model(path)
    image = np.random.default_rng(0).integers(0, 255, (96, 128, 3)).astype(np.uint8)
    (told,) = Detector(model, device="cpu").predict([image])
    (raw,) = Detector(replace(model, calibration=Calibration()), device="cpu").predict([image])
    assert (raw.scores > 0.05).all() and len(raw) == len(told)
    expected = Calibration(1.5, 0.25).apply(raw)
    assert (told.scores == expected.scores).all()
    assert (told.probabilities == expected.probabilities).all()


def test_damaged_files_are_refused(path, tmp_path):
    for name, data, message in (
        ("cut.pth", path.read_bytes()[:10_000], "not a whole file of tensors"),
        ("empty.pth", b"", "empty"),
        ("text.pth", b"hello", "not a whole file"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match=f"{name}: .*{message}"):
            read_model(tmp_path / name)
    with pytest.raises(InputError, match="no such file"):
        read_model(tmp_path / "absent.pth")


def test_file_with_code_is_not_executed(tmp_path):
    class Evil:
        def __reduce__(self):
            return (print, ("executed",))

    torch.save({"schema": 1, "x": Evil()}, tmp_path / "evil.pth")
    with pytest.raises(InputError):
        read_model(tmp_path / "evil.pth")


def test_a_flipped_bit_of_the_weights_is_noticed(path, tmp_path):
    """Torch would load it, and nothing would say that the weights are others."""
    weight = read_model(path)[0].state["roi_heads.box_head.fc6.weight"].numpy().tobytes()
    data = bytearray(path.read_bytes())
    data[data.index(weight) + len(weight) // 2] ^= 16
    (tmp_path / "flipped.pth").write_bytes(data)
    with pytest.raises(InputError, match=r"flipped\.pth: .*Bad CRC-32"):
        read_model(tmp_path / "flipped.pth")


def test_a_file_with_compressed_or_overlapping_parts_is_refused(path, tmp_path):
    """What a small file could unpack to has no bound."""
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("archive/data.pkl", bytes(2**20))
    with pytest.raises(InputError, match="compressed"):
        read_model(tmp_path / "bomb.pth")
    with zipfile.ZipFile(tmp_path / "shared.pth", "w") as archive:
        archive.writestr("archive/data.pkl", bytes(5000))
        archive.filelist.extend(archive.filelist * 20)
    with pytest.raises(InputError, match="overlap"):
        read_model(tmp_path / "shared.pth")


def test_weights_that_do_not_fit_are_refused_in_few_words(path, tmp_path):
    with pytest.raises(InputError, match=r"other\.pth: .*do not fit") as refused:
        Detector.load(change(path, tmp_path, arch="fasterrcnn_mobilenet_v3_large_fpn"), "cpu")
    assert len(str(refused.value)) < 600


def test_what_a_model_file_has_learnt_from_is_told_and_nothing_of_other_files(path, tmp_path):
    rng = np.random.default_rng(0)
    seen = [fingerprint(rng.integers(0, 255, (90, 120, 3)).astype(np.uint8)) for _ in range(2)]
    told = LearntPhotographs.of(seen[:1]).as_bytes()
    file = replace(read_model(path)[0], fingerprints=told)
    write_model(tmp_path / "told.pth", file)
    learnt = learnt_by(tmp_path / "told.pth")
    assert len(learnt) == 1
    assert learnt.resemble(seen[0]) and not learnt.resemble(seen[1])
    assert Detector(file, device="cpu").learnt.as_bytes() == told
    assert arch_of(tmp_path / "told.pth") == "compact_resnet18_fpn"
    write_model(tmp_path / "silent.pth", replace(file, fingerprints=None))
    assert learnt_by(tmp_path / "silent.pth") is None
    assert Detector(replace(file, fingerprints=None), device="cpu").learnt is None
    torch.save(file.state, tmp_path / "state.pth")
    (tmp_path / "faces.onnx").write_bytes(b"\x08\x07\x12\x07pytorch")
    for name in ("state.pth", "faces.onnx"):
        assert learnt_by(tmp_path / name) is arch_of(tmp_path / name) is None
    with pytest.raises(InputError, match=r"model\.pth: holds no fingerprints of photographs"):
        learnt_by(path)  # the four bytes above


def test_a_model_that_looks_into_a_mirror_does_so_wherever_it_is_applied(path):
    file, _ = read_model(path)
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    plain, both = (
        Detector(replace(file, params={"mirrored": one}), device="cpu", bfloat16=False)
        for one in (False, True)
    )
    ((seen,), (turned,)) = (both.predict([one]) for one in (image, image[:, ::-1]))
    assert len(seen.scores) == len(turned.scores) > 0
    assert seen.scores == pytest.approx(turned.scores, abs=1e-3)
    assert len(plain.predict([image])[0].scores) != len(seen.scores) or not np.allclose(
        plain.predict([image])[0].scores, seen.scores, atol=1e-3
    )
