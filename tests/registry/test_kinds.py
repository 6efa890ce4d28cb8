"""Promoting classifiers and detectors of two stages: each is compared with its own kind alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import workflow
from tests.registry.made import SAMPLE, photos, prints_of
from tests.registry.test_promoting import aliases, promoted, versions
from tests.registry.test_pyfunc import CLIENT
from tests.tracking.read_back import tracked
from utils.dataset.cut_faces import cut_shard
from utils.dataset.images import decode
from utils.models import load_model
from utils.registry import against

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


def test_a_version_asks_for_the_package_that_its_finder_needs(run_of, tmp_path):
    from utils.registry.package import _requirements

    assert not [line for line in _requirements("haar") if "scikit-image" in line]
    assert [line for line in _requirements("lbp") if line.startswith("scikit-image==")]
    assert Path(run_of("x")).exists()
