"""Promoting classifiers and detectors of two stages: each is compared with its own kind alone."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import detect
import workflow
from tests.registry.made import SAMPLE, photos, prints_of
from tests.registry.test_promoting import aliases, promoted, versions
from tests.registry.test_pyfunc import CLIENT
from tests.tracking.read_back import tracked
from utils.classifier.finders.names import FINDERS
from utils.dataset.cut_faces import cut_shard
from utils.dataset.images import decode
from utils.models import load_model, load_two_stage
from utils.registry import against
from utils.tracking.registered import find_registered, registered_file

KINDS = ("classifier", "two_stage")
PHOTOGRAPH = sorted((SAMPLE / "images").iterdir())[0]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_promoted_and_loaded_by_its_name_as_what_it_is(run_of, address, kind):
    assert promoted(run_of("first", kind), address)[0]
    done, told = promoted(run_of("second", kind), address)
    assert done
    assert "it does the same: " in told[0]
    assert versions(address)[1].tags["mask_detection.kind"] == kind
    model = load_model("models:/mask-detector@champion", "cpu", address)
    file = run_of("third", kind) / "output" / "face_mask_detector.pth"
    same = load_model(file, "cpu")
    assert type(model) is type(same)
    image = decode(PHOTOGRAPH.read_bytes(), "a")
    assert model.predict([image])[0].as_record() == same.predict([image])[0].as_record()


def test_classifiers_are_judged_by_balanced_accuracy(run_of, address):
    for number, (name, skill) in enumerate([("first", 0.8), ("worse", 0.5), ("better", 0.97)]):
        done, told = promoted(run_of(name, "classifier", skill=skill, seed=number), address)
        assert done == (name != "worse")
    assert "it is better beyond chance: balanced accuracy 0.9" in told[0]
    found = versions(address)
    assert found[1].tags["gate.as_good.measure"] == "balanced_accuracy"
    assert found[1].tags["gate.as_good"] == "failed"
    assert aliases(address) == {"champion": "3", "challenger": "2"}


def test_what_is_of_two_stages_is_judged_by_what_it_finds_on_photographs(run_of, address):
    promoted(run_of("first", "two_stage", skill=0.6), address)
    done, told = promoted(run_of("better", "two_stage", skill=0.9, seed=1), address)
    assert done
    assert "it is better beyond chance: mAP over IoU .5 to .95" in told[0]


@pytest.mark.parametrize("kind", KINDS)
def test_a_champion_that_was_tested_on_others_is_evaluated_anew(run_of, address, kind):
    known = run_of("knows", kind, fingerprints=prints_of(photos(2)), data="aa" * 32)
    promoted(known, address, force=True)
    done, told = promoted(run_of("new", kind, data="bb" * 32), address)
    assert "mask-detector 1 was evaluated anew, without 2 test photographs that it has" in told[1]
    assert "it does the same" in told[1]  # it has the same weights
    assert done


def test_a_champion_judges_faces_that_are_cut_as_it_learnt_them(run_of, address, monkeypatch):
    asked = []

    def cut(photographs, path, cutting):
        asked.append(cutting)
        return cut_shard(photographs, path, cutting)

    monkeypatch.setattr("utils.registry.test_side.cut_shard", cut)
    promoted(run_of("first", "classifier", data="aa" * 32), address)
    other = run_of("new", "classifier", data="bb" * 32, margin=1.5, smallest_face=9)
    assert promoted(other, address)[0]
    assert [(one.margin, one.smallest) for one in asked] == [(0.3, 9)]


@pytest.mark.parametrize(
    ("first", "second"),
    [("detector", "classifier"), ("classifier", "two_stage"), ("two_stage", "detector")],
)
def test_another_kind_under_the_name_is_refused_and_nothing_is_registered(
    run_of, address, capsys, first, second
):
    one, other = run_of("one", first), run_of("other", second)
    bad = {"after": {"ece": 0.5, "ece_by_chance": 0.0}}
    promoted(run_of("never", first, ece=bad), address)  # a challenger, and no champion
    before = len(tracked(address))
    words = ["promote", str(other), "--track", address]
    assert workflow.main([*words, "--force"]) == 2
    told = capsys.readouterr().err
    assert "mask-detector: version 1 in" in told and "name it otherwise with --name" in told
    assert aliases(address) == {"challenger": "1"}
    assert (len(versions(address)), len(tracked(address))) == (1, before)
    promoted(one, address)
    assert workflow.main([*words, "--name", "other"]) == 0
    assert (aliases(address), aliases(address, "other"))[1] == {"champion": "1"}


def test_two_kinds_at_once_under_a_new_name_do_not_both_get_it(run_of, address, monkeypatch):
    """The second looked before the first was there: it is refused where it would be added."""
    monkeypatch.setattr("utils.registry.store.Registry.check_kind", lambda *_: None)
    monkeypatch.setattr("utils.registry.store.Registry.champion", lambda *_: None)
    promoted(run_of("one"), address)
    with pytest.raises(against.InputError, match="name it otherwise"):
        promoted(run_of("other", "classifier"), address)
    assert len(versions(address)) == 1


@pytest.mark.parametrize(("kind", "what"), [("classifier", "face"), ("two_stage", "photograph")])
def test_it_is_timed_on_what_it_looks_at(run_of, address, kind, what, monkeypatch):
    shapes = []
    real = type(load_model(run_of("some", kind) / "output" / "face_mask_detector.pth")).predict

    def predict(self, images):
        shapes.extend(image.shape[:2] for image in images)
        return real(self, images)

    monkeypatch.setattr("utils.networks.applied.Asked.predict", predict)
    _, told = promoted(run_of("first", kind), address, ms=1e6)
    assert f" ms a {what} on this machine" in told[1]
    whole = decode(PHOTOGRAPH.read_bytes(), "a").shape[:2]
    assert (whole in shapes) == (what == "photograph")


@pytest.mark.parametrize("kind", KINDS)
def test_a_plain_client_predicts_the_same_bit_for_bit_in_a_fresh_process(
    run_of, address, kind, tmp_path
):
    promoted(run_of("first", kind), address)
    environment = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "DO_NOT_TRACK": "true"}
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, address, str(PHOTOGRAPH)],
        cwd=tmp_path,
        env={**environment, "MLFLOW_DISABLE_TELEMETRY": "true", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    _, found, _ = json.loads(done.stdout.splitlines()[-1])
    model = load_model("models:/mask-detector@champion", "cpu", address)
    (expected,) = model.predict([decode(PHOTOGRAPH.read_bytes(), "a")])
    assert found == [expected.as_record()]


def test_a_version_asks_for_the_package_that_its_finder_needs(run_of, address, monkeypatch):
    """Of a finder that needs one; the cascades of Haar come with OpenCV."""
    for name, package in (("haar", None), ("lbp", "scikit-image")):
        monkeypatch.setitem(FINDERS, "haar", replace(FINDERS["haar"], package=package))
        promoted(run_of(name, "two_stage"), address, force=True)
        place = find_registered("models:/mask-detector@champion", address).place
        asked = place.removeprefix("file://").partition("/data/")[0] + "/requirements.txt"
        found = [line.partition("==")[0] for line in Path(asked).read_text().splitlines()]
        assert ("scikit-image" in found) == (name == "lbp")
        assert "torch" in found


@pytest.fixture
def named(run_of, address, monkeypatch) -> str:
    """A registry, which the environment names, with a classifier and a detector."""
    promoted(run_of("judges", "classifier"), address, name="judge")
    promoted(run_of("finds"), address, name="finder")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    return address


def test_whatever_takes_a_model_takes_its_name(named, tmp_path, capsys, monkeypatch):
    words = [str(PHOTOGRAPH), "--model", "models:/judge@champion", "--no-pictures"]
    faces = ["--faces", "models:/finder/1", "--output", str(tmp_path / "out")]
    assert detect.main([*words, *faces]) == 0
    told = capsys.readouterr().out
    assert "Model: judge, version 1\nFaces are found by: finder, version 1\n" in told
    arch = json.loads((tmp_path / "out" / "rate.json").read_text())["model"]["arch"]
    assert arch == "detector+centerface"
    assert load_two_stage("models:/judge/1", "models:/finder@champion", "cpu").arch == arch

    run = ["--task", "classify", "--dry-run", "--run-dir", str(tmp_path / "run")]
    assert workflow.main([*run, "--faces", "models:/finder@champion"]) == 0
    assert "Faces are found by: finder, version 1\n" in capsys.readouterr().out
    packed = (tmp_path / "run" / "finder_weights.pth").read_bytes()
    assert packed == registered_file("models:/finder/1", named).read_bytes()

    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    drift = ["watch-drift", str(PHOTOGRAPH), "--model", "models:/finder@champion"]
    assert workflow.main([*drift, "--registry", named]) in (0, 1)
    told = capsys.readouterr().out
    assert told.startswith("Model: finder, version 1\n") and "Compared: 1 new photograph" in told


def test_what_finds_faces_must_be_a_detector(named, tmp_path, capsys):
    words = [str(PHOTOGRAPH), "--model", "models:/judge@champion", "--output", str(tmp_path / "o")]
    assert detect.main([*words, "--faces", "models:/judge@champion"]) == 2
    assert "field 'kind' is" in capsys.readouterr().err
    assert detect.main([*words, "--faces", "models:/nobody@champion"]) == 2
    assert "no model of that name in" in capsys.readouterr().err
    run = ["--task", "classify", "--dry-run", "--run-dir", str(tmp_path / "run")]
    assert workflow.main([*run, "--faces", "models:/judge@champion"]) == 2
    assert "is a model of centerface; name the file of a detector" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
