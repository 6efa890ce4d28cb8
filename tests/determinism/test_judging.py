"""A run that learns to judge single faces: killed and resumed, on other cores, in other shards."""

import json
import re

import pytest

from tests.determinism import runs
from utils.dag.run_folder import log_path
from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard

pytestmark = [pytest.mark.xdist_group("runs"), pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def resumed_run(judged_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("resumed")
    archive = runs.backwards(judged_run.parent / "faces", folder / "faces.zip")
    options = ("--data", str(archive), *runs.JUDGING, "--cores", "2")
    first_step = ("utils.training.step:Step.__call__", 1)  # the features are kept by then
    with runs.held(folder / "run", "train_model", first_step, *options):
        pass
    runs.resume(folder / "run")
    return folder / "run"


def test_killed_and_resumed_on_other_cores_and_shards_it_makes_the_same_files(
    judged_run, resumed_run
):
    one, two = runs.made(judged_run), runs.made(resumed_run)
    assert len(one) > 25
    assert sorted(name for name in {*one, *two} if one.get(name) != two.get(name)) == []
    assert runs.report(judged_run, resumed_run) == runs.report(resumed_run, judged_run)


def test_the_training_went_on_from_its_checkpoint(resumed_run):
    log = log_path(resumed_run, "train_model").read_text()
    first, second = re.split(r"^--- .* train_model ---$", log, flags=re.M)[1:]
    assert "to learn from" in first
    assert "to learn from" not in second, "the features were kept"


def test_it_ends_in_the_files_of_a_detector_and_those_of_a_classifier(judged_run):
    output = judged_run / "output"
    names = {path.name for path in output.iterdir()}
    assert {"report.html", "prevalence.json", "predictions.csv", "roc.png", "grad_cam.png"} <= names
    record = json.loads((output / "evaluation.json").read_text())
    assert record["task"] == "classify"
    assert record["faces"].keys() == set(CLASSES)
    assert sum(record["faces"].values()) == sum(map(sum, record["confusion"])) > 10


def test_each_test_face_is_predicted_as_one_face(judged_run):
    record = json.loads((judged_run / "output" / "predictions_0.json").read_text())
    assert all("_face" in photo["name"] for photo in record["photos"])
    tars = [path for name, path in runs._files(judged_run).items() if name == "test_faces.tar"]
    assert {photo["name"] for photo in record["photos"]} == {
        face.name for face in read_shard(tars[0])
    }
