"""What `train_final` writes is what `FaceClassifier` judges by."""

from dataclasses import replace

import numpy as np
import pytest

from utils.classifier import final
from utils.classifier.architectures import architecture
from utils.classifier.faces import FacePictures
from utils.classifier.final import train_final
from utils.classifier.inference import FaceClassifier
from utils.classifier.names import CENTERFACE
from utils.classifier.plan import CLASSIFIER, FacePlan
from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard
from utils.dataset.splitting.fingerprint_index import write_fingerprints
from utils.dataset.splitting.fingerprints import fingerprint
from utils.metrics.classification import Judged, accuracies
from utils.networks.model_file import learnt_by
from utils.records import read_record


@pytest.fixture(scope="module")
def plan(shards):
    recipe = CLASSIFIER.recipe.changed({"batch_size": 8, "learning_rate": 0.01})
    paths = [shards["train"]], [shards["val"]]
    weights = architecture(CENTERFACE).packaged.locate()
    return FacePlan(CENTERFACE, recipe, 20, 3, *paths, 32, weights, margin=0.35)


@pytest.fixture(scope="module")
def written(plan, shards, tmp_path_factory):
    folder = tmp_path_factory.mktemp("final")
    seen = [fingerprint(one.decode()) for one in read_shard(shards["train"])][:2]
    write_fingerprints(folder / "index.npz", ["0", "1"], seen)
    names = [folder / name for name in ("c.ckpt", "model.pth", "log.json")]
    told = {"fingerprints": folder / "index.npz", "data_version": "ab12"}
    record = train_final(plan, *names, **told)
    assert record == {k: v for k, v in read_record(names[2]).items() if k != "schema"}
    return names[1], record


def test_the_model_judges_as_was_measured(plan, written, shards):
    path, record = written
    classifier = FaceClassifier.load(path, "cpu")
    faces = FacePictures(plan.validation, 32)
    judged = classifier.judge([one.decode() for one in read_shard(shards["val"])])
    told = accuracies(Judged(faces.labels, judged, faces.photographs()))
    assert told == record["validation"] == classifier.file.metrics["validation"]
    assert told["balanced_accuracy"] > 0.6
    assert classifier.calibration.temperature == record["calibration"]["temperature"] != 1
    assert (classifier.margin, classifier.threshold) == (0.35, 0.0)
    assert classifier.file.data_version == "ab12"
    assert classifier.file.data_digest == FacePictures(plan.train, 32).digest
    assert classifier.file.started_from["network"].startswith("CenterFace")
    assert len(learnt_by(path)) == 2
    assert [epoch["epoch"] for epoch in record["epochs"]] == list(range(1, 21))


def test_the_same_training_gives_the_same_bytes(plan, written, tmp_path):
    names = [tmp_path / name for name in ("c.ckpt", "model.pth", "log.json")]
    assert train_final(plan, *names)["epochs"] == written[1]["epochs"]
    names[0].unlink()
    first = names[1].read_bytes()
    train_final(plan, *names)
    assert names[1].read_bytes() == first


def test_a_class_that_no_face_is_of_stays_impossible(plan, tmp_path):
    from tests.classifier.conftest import make_faces

    two = make_faces(tmp_path / "two.tar", [1, 2] * 4, 5)
    names = [tmp_path / name for name in ("c.ckpt", "model.pth", "log.json")]
    record = train_final(replace(plan, train=[two], epochs=2), *names)
    assert record["absent"] == [CLASSES[2]]
    classifier = FaceClassifier.load(names[1], "cpu")
    assert classifier.absent == CLASSES[2:]
    judged = classifier.judge([np.zeros((9, 9, 3), np.uint8)])
    assert judged[0, 2] == 0
    assert judged.sum() == pytest.approx(1)


def test_of_several_processes_the_first_alone_writes(plan, tmp_path, monkeypatch):
    monkeypatch.setattr(final, "is_first", lambda: False)
    monkeypatch.setattr(final, "fit", lambda *arguments: None)
    assert train_final(plan, *(tmp_path / name for name in "abc")) is None
    assert list(tmp_path.iterdir()) == []
