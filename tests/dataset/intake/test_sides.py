"""Sides that a data set comes with travel to the job that keeps them."""

import pytest
import yaml

import workflow
from tests.formats.layouts import roboflow_yolo
from utils.dataset.intake.paths import side_of
from utils.dataset.intake.sides import count_sides
from utils.records import read_record


@pytest.mark.parametrize(
    ("path", "side"),
    [
        ("train/images/a.jpg", "train"),
        ("Data/VALID/a.jpg", "val"),
        ("images/val2017/a.jpg", "val"),
        ("test_images/a.jpg", "test"),
        ("x/training_set/test/a.jpg", "test"),
        ("obj_train_data/a.jpg", None),
        ("trains/a.jpg", None),
        ("latest/a.jpg", None),
        ("train.jpg", None),
    ],
)
def test_a_side_is_what_a_folder_is_called(path, side):
    assert side_of(path) == side


def test_one_folder_called_test_is_no_split():
    assert count_sides(["test/a.jpg", "test/b.jpg"]) == {}
    assert count_sides(["train/a.jpg", "valid/b.jpg", "c.jpg"]) == {"train": 1, "val": 1}


@pytest.mark.parametrize("split", ["given", "groups"])
def test_given_sides_are_an_input_of_the_job_that_splits(tmp_path, split, capsys):
    roboflow_yolo(tmp_path / "set")
    run = tmp_path / "run"
    words = ["--data", str(tmp_path / "set"), "--run-dir", str(run), "--dry-run"]
    assert workflow.main([*words, "--engine", "local", "--weights=none", "--split", split]) == 0
    assert ("kept" if split == "given" else "dealt anew") in capsys.readouterr().out
    plan = yaml.safe_load((run / "workflow.yml").read_text())
    job = next(job for job in plan["jobs"] if job["id"] == "split_data")
    replicas = yaml.safe_load((run / "replicas.yml").read_text())["replicas"]
    given = split == "given"
    assert ("sides.json" in {replica["lfn"] for replica in replicas}) == given
    assert ("--sides" in job["arguments"]) == given
    if given:
        sides = read_record(run / "sides.json")["sides"]
        assert sides == {
            **dict.fromkeys("abc", "train"),
            **dict.fromkeys("de", "val"),
            "f": "test",
        }
