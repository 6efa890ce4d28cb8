"""`make pretrained`: runs that are done, interrupted or new, and the model and card they give."""

import hashlib
import json
import re
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from data.models import card as card_module
from data.models import make
from data.models.card import card, point_table, precision_table, weaknesses
from utils.analysis.evaluation.carried import unpacked
from utils.detector.model_file import read_model
from utils.errors import InputError

PROJECT = Path(__file__).resolve().parents[3]


@pytest.fixture
def called(monkeypatch):
    """Note how workflow.py is called, in place of calling it; its exit code is ``code``."""
    calls = SimpleNamespace(words=[], code=0)

    def run(words, check):
        calls.words.append(words[2:])
        return SimpleNamespace(returncode=calls.code)

    monkeypatch.setattr(make.subprocess, "run", run)
    return calls


@pytest.fixture
def done(whole_run, tmp_path, monkeypatch):
    """The folder of two runs that are done."""
    monkeypatch.setattr(card_module, "MOST_BYTES", 10**8)
    for seed in (0, 1):
        (tmp_path / "runs").mkdir(exist_ok=True)
        (tmp_path / "runs" / f"seed_{seed}").symlink_to(whole_run)
    return tmp_path / "runs"


def test_a_run_is_started_anew_or_goes_on_or_is_left_alone(called, tmp_path):
    config, data, new = tmp_path / "box.toml", tmp_path / "faces.zip", tmp_path / "new"
    assert make.run(new, data, config, 7, ["--epochs", "3"]) == 0
    words = ["--data", str(data), "--config", str(config), "--seed", "7", "--run-dir", str(new)]
    assert called.words.pop() == [*words, "--engine", "local", "--epochs", "3"]
    new.mkdir()
    (new / "dataset.tar").touch()  # killed while it was planned
    make.run(new, data, config, 7, [])
    assert "--run-dir" in called.words.pop() and not new.exists()
    new.mkdir()
    (new / "workflow.yml").touch()
    make.run(new, data, config, 7, ["--epochs", "3"])
    assert called.words.pop() == ["--resume", str(new)]
    (new / "output").mkdir()
    (new / "output" / "report.html").touch()
    assert make.run(new, data, config, 7, []) == 0 and not called.words


def test_what_does_not_end_well_writes_nothing_and_is_told(called, tmp_path, capsys):
    called.code = 130
    asked = ["--data", "faces.zip", "--runs", str(tmp_path / "r"), "--output", str(tmp_path / "o")]
    assert make.main([*asked, "--epochs", "2"]) == 130
    assert len(called.words) == 1 and called.words[0][-2:] == ["--epochs", "2"]
    assert "seed 0 is not done; the same command goes on" in capsys.readouterr().out
    assert not (tmp_path / "o").exists()


def test_an_interruption_is_told_and_begins_no_other_run(tmp_path, monkeypatch, capsys):
    begun = []

    def interrupted(words, check):
        begun.append(words)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        time.sleep(1)  # until it has come
        return SimpleNamespace(returncode=130)

    monkeypatch.setattr(make.subprocess, "run", interrupted)
    asked = ["--data", "faces.zip", "--runs", str(tmp_path / "r"), "--output", str(tmp_path / "o")]
    assert make.main(asked) == 130
    assert len(begun) == 1 and not (tmp_path / "o").exists()
    assert "interrupted; the same command goes on" in capsys.readouterr().out


def test_runs_of_other_recipes_and_data_do_not_meet(tmp_path):
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    one.write_text("epochs = 1\n")
    two.write_text("epochs = 2\n")
    asked = [(one, "a", []), (two, "a", []), (one, "b", []), (one, "a", ["--epochs", "3"])]
    names = {make._digest(config, Path(data), options) for config, data, options in asked}
    assert len(names) == 4


@pytest.mark.xdist_group("runs")
def test_model_and_card_are_those_of_the_first_run(called, done, tmp_path, capsys):
    asked = ["--data", str(tmp_path / "faces.zip"), "--seeds", "0", "1", "--runs", str(done)]
    assert make.main([*asked, "--output", str(tmp_path), "--source", "drawn faces"]) == 0
    assert not called.words
    model = tmp_path / "face_mask_detector.pth"
    text = (tmp_path / "face_mask_detector.md").read_text()
    assert model.read_bytes() == (done / "seed_0" / "output" / model.name).read_bytes()
    assert f"`{hashlib.sha256(model.read_bytes()).hexdigest()}`" in text
    assert 'make pretrained DATA=faces.zip ARGS="--seeds 0 1"' in text
    assert "Drawn faces." in text
    assert str(tmp_path) not in text and str(done.resolve()) not in text


@pytest.mark.xdist_group("runs")
def test_every_number_of_the_card_is_of_the_records(done):
    folders = [done / "seed_0", done / "seed_1"]
    output = folders[0] / "output"
    model = output / "face_mask_detector.pth"
    text = card(model, folders, "drawn", "make pretrained DATA=x", "epochs = 1\n")
    evaluation = json.loads((output / "evaluation.json").read_text())
    file, _ = read_model(model)
    for record in (evaluation, unpacked(file.evaluation, model)[0]):
        assert precision_table(record) in text and point_table(record) in text
        assert weaknesses(record) in text
    precision = evaluation["average_precision"]
    assert (
        f"| all classes | {sum(evaluation['faces'].values())} | {precision['map_50']:.3f}" in text
    )
    split = json.loads((output / "split.json").read_text())["sides"]
    assert f"| train | {split['train']['photos']} | {split['train']['groups']} |" in text
    assert f"what {split['train']['photos']} photographs that it learnt from are" in text
    training = json.loads((output / "training.json").read_text())
    assert f"{training['parameters']:,} parameters" in text
    assert f"{len(training['epochs'])} epoch" in text
    split_row = rf"\| \d+ \| {evaluation['photos']} \| {precision['map_50']:.3f}"
    assert len(re.findall(split_row, text)) == 2
    assert not re.search(r"\{\w*\}|None|nan", text)


@pytest.mark.xdist_group("runs")
def test_a_model_too_large_for_the_box_is_refused(done, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(card_module, "MOST_BYTES", 1000)
    with pytest.raises(InputError, match="bytes, and the box holds 1,000; choose a smaller --arch"):
        card(done / "seed_0/output/face_mask_detector.pth", [done / "seed_0"], "x", "x", "")
    asked = ["--data", "x", "--seeds", "0", "--runs", str(done), "--output", str(tmp_path / "o")]
    assert make.main(asked) == 2 and "choose a smaller" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_what_it_is_bad_at_is_counted():
    sizes = {
        "tiny": {"from": 0, "below": 16, "map_50": 0.25, "faces": 20},
        "large": {"from": 96, "below": None, "map_50": 0.75, "faces": 50},
        "few": {"from": 1, "below": 2, "map_50": 0.1, "faces": 19},
    }
    table = [[0, 1, 0, 0], [4, 40, 1, 0], [0, 0, 0, 0], [1, 2, 0, 17]]
    told = weaknesses({"confusion": table, "average_precision": {"sizes": sizes}}).splitlines()
    assert told == [
        "- Of 45 faces of class 'mask worn', 40 are found as such, 4 missed, 1 taken for "
        "'no mask'.",
        "- There was no test face of class 'no mask'.",
        "- Of 20 faces of class 'mask worn incorrectly', 17 are found as such, 2 taken for "
        "'mask worn', 1 missed.",
        "- 1 box of no face is counted.",
        "- It does worst on faces that are tiny (0 to 16 pixels): mAP at IoU 0.5 0.25.",
    ]
