import ast
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

import detect
import workflow
from data.painter import sample as painter
from tests.annotating import annotate
from tests.determinism import runs
from tests.waiting import PATIENCE, until
from utils.commands.running import tell_end
from utils.dag.run_folder import locked
from utils.dataset.images import decode
from utils.dataset.splitting.fingerprints import fingerprint
from utils.dataset.splitting.learnt import LearntPhotographs
from utils.detector.anchors import Anchors
from utils.detector.architectures import architecture, build_model
from utils.detector.model_file import ModelFile
from utils.errors import InputError
from utils.networks.model_file import write_model
from utils.records import write_record

PROJECT = Path(__file__).resolve().parents[1]
SAMPLE = PROJECT / "data" / "sample"
OUTPUTS = {
    *("report.html", "prevalence.json", "predictions.csv", "predictions.txt"),
    "predicted_image.png",
    *("predictions_0.json", "predictions_1.json"),
    *("predicted_images_0.tar", "predicted_images_1.tar"),
    *("evaluation.json", "evaluation.txt", "confusion_matrix.png", "precision_recall.png"),
    *("calibration.png", "mistakes.png"),
    *("mask_detection_model.pth", "face_mask_detector.pth"),
    *("training.json", "training_curves.png"),
    *("best_hpo_params.json", "hpo_study.log", "hpo_history.png"),
    *("split.json", "class_distribution.png", "annotated_photographs.jpg"),
    *("video_predictions_0.json", "video_faces_0.csv", "people_images_0.tar"),
    *("people.csv", "timeline.csv", "timeline.png"),
}
"""Of `whole_run`, which looks at photographs and a video."""


@pytest.fixture
def dry(tmp_path):
    """Return the folder of a run that was planned and not executed."""
    folder = tmp_path / "runs" / "dry"
    assert workflow.main(["--dry-run", "--engine", "local", "--run-dir", str(folder)]) == 0
    return folder


def states(folder: Path) -> dict[str, str]:
    jobs = json.loads((folder / "run.json").read_text())["jobs"]
    return {name: job["state"] for name, job in jobs.items()}


def test_a_dry_run_writes_the_run_folder_and_runs_nothing(dry):
    written = {path.name for path in dry.iterdir()}
    assert {
        *("workflow.yml", "replicas.yml", "transformations.yml", "sites.yml"),
        *("pegasus.properties", "utils.zip", "dataset.tar", "predict_0.tar", "run.json"),
        *("logs", "output", "bin"),
    } <= written
    assert not list((dry / "logs").iterdir())
    assert not list((dry / "output").iterdir())


def test_the_record_says_what_was_asked_of_what_code_and_data(dry):
    record = json.loads((dry / "run.json").read_text())
    assert record["options"]["epochs"] == workflow.Options().epochs
    assert record["versions"]["torch"].startswith("2.")
    assert len(record["digests"]["dataset.tar"]) == 64
    assert record["data"]["photos"] == len(list((SAMPLE / "images").iterdir()))
    assert "git_commit" in record


@pytest.mark.parametrize("arch", ["compact_resnet18_fpn", "compact_centerface_fpn"])
def test_planning_does_not_import_torch(tmp_path, arch):
    words = ["--dry-run", "--arch", arch, "--run-dir", str(tmp_path / "run")]
    code = (
        "import sys, workflow\n"
        f"assert workflow.main({words!r}) == 0\n"
        "heavy = {'torch', 'numpy', 'cv2', 'matplotlib', 'optuna'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--epochs", "0"], "--epochs: takes a whole number from 1"),
        (["--data", "/no/such"], "/no/such: no such file"),
        (["--predict", "/no/such.png"], "/no/such.png: no such file"),
        (["--predict-shards", "1000"], "cannot fill 1000 shards"),
        (["--engine", "condor"], "--engine condor: no HTCondor to submit to from here"),
        (["--engine", "local", "--container", "x.sif"], "--container: is for --engine condor and"),
        (["--container", "x.img"], "--container: takes a file .sif, or docker://"),
        (["--project", 'a"b'], "--project: takes a name of letters"),
        (["--engine", "pegasus"], "pegasus-plan is not on the PATH"),
        (["--config", "a.toml", "--config", "b.toml"], "--config: is given twice, and takes one"),
        (["--config", "/no/such.toml"], "--config /no/such.toml: No such file"),
        (["--recipe", "batchsize=8"], "--recipe: batchsize: no such parameter; did you mean batch"),
        (["--weights", "coco"], "--weights coco: torchvision has no COCO weights for compact"),
        (["--weights", "/no/such.pth"], "--weights: /no/such.pth: no such file"),
        (["--resume", "/no/such"], "/no/such: no such folder"),
        (["--epoch", "5"], "--epoch: no such option; did you mean --epochs?"),
        (["--perdict", "x"], "--perdict: no such option; did you mean --predict?"),
        (["--Epochs=5"], "--Epochs: no such option; did you mean --epochs?"),
        (["-epochs", "5"], "-epochs: no such option; did you mean --epochs?"),
        (["--hpo_width", "5"], "--hpo_width: no such option; did you mean --hpo-width?"),
        (["\u2014epochs", "5"], "\u2014epochs: no such option; did you mean --epochs?"),
        (["--xyzzyplugh"], "--xyzzyplugh: no such option; --help lists those there are"),
        (["stauts", "runs/x"], "stauts: no such command; did you mean status?"),
        (["faces.zip"], "faces.zip: no such command; did you mean --data faces.zip"),
        (["--output", "dag.png"], "--output dag.png: is for `graph`"),
        (["graph", "--resume", "x"], "`graph` draws what options describe"),
        (["--predict-annotations", "/no/such"], "--predict-annotations /no/such: no such file"),
        (["--predict-annotations", str(SAMPLE)], "has no suggestion.json, which says that these"),
        (
            ["--data", str(SAMPLE), "--predict-annotations", "x"],
            "--predict-annotations x: there are no new photographs",
        ),
        (["--number", "5"], "--number: is for `suggest`"),
        (["graph", "--half-width", "5"], "--half-width: is for `plan-sample`"),
        (["--data", "https://example.org/a.zip"], "--data: takes a path on this machine (download"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_written(
    tmp_path, monkeypatch, capsys, arguments, words
):
    monkeypatch.setattr("utils.dag.run_folder.PROJECT", tmp_path)
    assert workflow.main(arguments) == 2
    assert words in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_it_says_how_many_photographs_it_took_and_how_many_files_it_did_not(tmp_path, capsys):
    data, new = SAMPLE, SAMPLE.parent / "predict"
    known, fresh = (len(list(folder.iterdir())) for folder in (data / "images", new))
    given = ["--dry-run", "--engine=local", "--weights=none", f"--data={data}", "--predict"]
    assert workflow.main([*given, str(new), "--run-dir", str(tmp_path / "one")]) == 0
    assert f"Photographs: {known} annotated, {fresh} new\n" in capsys.readouterr().out
    shutil.copytree(new, tmp_path / "photos")
    (tmp_path / "photos" / "notes.txt").touch()
    given += [str(tmp_path / "photos")]
    assert workflow.main([*given, "--run-dir", str(tmp_path / "two")]) == 0
    told = f"Photographs: {known} annotated, {fresh} new; 1 other file was left alone\n"
    assert told in capsys.readouterr().out


def test_what_comes_after_a_double_dash_and_what_is_a_value_is_no_option(capsys):
    assert workflow.main(["--epochs", "-3"]) == 2
    assert "--epochs: takes a whole number from 1, not '-3'" in capsys.readouterr().err
    assert workflow.main(["--", "--epoch"]) == 2
    assert "--epoch: no such command" in capsys.readouterr().err


def test_photographs_named_twice_are_all_taken(tmp_path, capsys):
    new = sorted((SAMPLE.parent / "predict").iterdir())[:3]
    words = ["--dry-run", "--engine=local", "--run-dir", str(tmp_path / "run")]
    for photo in new:
        words += ["--predict", str(photo)]
    assert workflow.main(words) == 0
    assert "3 new" in capsys.readouterr().out


def test_a_folder_that_is_no_run_is_not_to_be_removed(tmp_path, capsys):
    (tmp_path / "thesis.txt").touch()
    for folder in (tmp_path, tmp_path / "thesis.txt", tmp_path / "none"):
        for words in (["--resume", str(folder)], ["status", str(folder)]):
            assert workflow.main(words) == 2
            assert "remove" not in capsys.readouterr().err
    assert workflow.main(["--run-dir", str(tmp_path)]) == 2
    assert "--resume" not in capsys.readouterr().err, "there is nothing to go on with"


def test_a_word_that_is_a_run_folder_is_taken_for_what_was_meant(dry, capsys):
    assert workflow.main([str(dry)]) == 2
    assert f"did you mean `status {dry}`, or --resume {dry}?" in capsys.readouterr().err


ENDING = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGXCPU"]
DEFAULT = {"SIGINT": "default_int_handler"}


@pytest.mark.parametrize("name", ENDING)
def test_a_signal_while_it_plans_leaves_no_folder_behind(tmp_path, name):
    script = (
        "import signal, sys, time, workflow\nfrom utils.dataset.intake.dataset import Dataset\n"
        f"signal.signal(signal.{name}, signal.{DEFAULT.get(name, 'SIG_DFL')})\n"
        "def slow(dataset, target):\n"
        "    target.touch(); time.sleep(600)\n"
        "Dataset.pack = slow\n"
        "sys.exit(workflow.main(sys.argv[1:]))"
    )
    folder = tmp_path / "run"
    words = ["--dry-run", "--engine", "local", "--run-dir", str(folder)]
    planning = subprocess.Popen([sys.executable, "-c", script, *words], cwd=PROJECT)
    until((folder / "dataset.tar").exists, planning)
    number = getattr(signal, name)
    planning.send_signal(number)
    assert planning.wait(PATIENCE) == 128 + number
    assert not folder.exists()


def test_under_nohup_a_hangup_does_not_end_the_planning(tmp_path):
    script = (
        "import os, signal, sys, workflow\nfrom utils.dataset.intake.dataset import Dataset\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "packed = Dataset.pack\n"
        "def hung_up(*args):\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    return packed(*args)\n"
        "Dataset.pack = hung_up\n"
        "sys.exit(workflow.main(sys.argv[1:]))"
    )
    words = ["--dry-run", "--engine", "local", "--run-dir", str(tmp_path / "run")]
    done = subprocess.run([sys.executable, "-c", script, *words], cwd=PROJECT, check=False)
    assert done.returncode == 0
    assert (tmp_path / "run" / "workflow.yml").exists()


def bare(script: str, *words: str) -> subprocess.CompletedProcess:
    """Run a Python script on a Python without packages, before which `script` is executed."""
    code = f"import runpy, sys\nsys.argv = sys.argv[1:]\n{script}\n"
    code += "runpy.run_path(sys.argv[0], run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-S", "-c", code, *words],
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("", "No module named 'yaml'|No module named 'Pegasus'"),
        ("sys.version_info = (3, 9, 6)", "this needs Python 3.11 or newer"),
        ("sys.platform = 'win32'", "not on win32; on Windows, run it in WSL"),
    ],
)
def test_where_it_cannot_run_one_line_says_so(script, words):
    done = bare(script, "workflow.py", "--dry-run")
    assert done.returncode == 2
    assert re.search(words, done.stderr)
    assert len(done.stderr.splitlines()) == 1
    assert not script or "make run" in done.stderr or "WSL" in done.stderr


@pytest.mark.parametrize("path", ["workflow.py", "utils/__init__.py", "utils/errors.py"])
def test_what_tells_an_old_python_so_can_be_read_by_one(path):
    ast.parse((PROJECT / path).read_text(), feature_version=(3, 8))


def test_a_job_without_its_packages_says_which_and_for_which_python(tmp_path):
    photos = ["--photos", "README.md", "--model", "README.md"]
    made = ["--predictions", str(tmp_path / "p"), "--images", str(tmp_path / "i")]
    done = bare("", "bin/predict.py", *photos, *made)
    last = done.stderr.splitlines()[-1]
    assert "ERROR No module named" in last
    assert f"it is not installed for {sys.executable}" in last


def test_a_failed_plan_leaves_no_folder_behind(tmp_path, monkeypatch, capsys):
    weights = tmp_path / "weights.pth"
    weights.write_bytes(b"no tensors")
    folder = tmp_path / "run"
    assert workflow.main(["--weights", str(weights), "--run-dir", str(folder)]) == 2
    assert "weights.pth" in capsys.readouterr().err
    assert not folder.exists()


def test_what_cannot_be_written_is_named_without_a_traceback(tmp_path, monkeypatch, capsys):
    def full(*unused: object) -> None:
        raise OSError(28, "No space left on device", "dataset.tar")

    monkeypatch.setattr("utils.dataset.intake.dataset.Dataset.pack", full)
    assert workflow.main(["--engine", "local", "--run-dir", str(tmp_path / "run")]) == 2
    assert "error: dataset.tar: No space left on device" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_plan_is_whole_or_not_there(tmp_path, monkeypatch):
    def killed(plan: object, path: str) -> None:
        Path(path).write_text("jobs:\n- id: split_data\n")
        raise KeyboardInterrupt  # kill -9 would leave the same

    monkeypatch.setattr("Pegasus.api.Workflow.write", killed)
    monkeypatch.setattr("utils.files.remove_tree", lambda folder: None)
    folder = tmp_path / "run"
    assert workflow.main(["--dry-run", "--engine", "local", "--run-dir", str(folder)]) == 130
    assert not (folder / "workflow.yml").exists()
    assert workflow.main(["--resume", str(folder)]) == 2


def test_resume_takes_no_options_that_would_change_the_plan(dry, capsys):
    assert workflow.main(["--resume", str(dry), "--epochs", "3"]) == 2
    assert "drop --epochs" in capsys.readouterr().err
    config = dry.parent / "run.toml"
    config.write_text("epochs = 3\n")
    assert workflow.main(["--resume", str(dry), "--config", str(config)]) == 2
    assert "drop --config" in capsys.readouterr().err


def test_weights_are_decided_at_planning_told_and_recorded(tmp_path, monkeypatch, capsys):
    file = tmp_path / "fetched-12345678.pth"
    file.write_bytes(b"weights")
    monkeypatch.setattr("utils.networks.pretrained.fetch_weights", lambda *_: file)
    monkeypatch.setattr("utils.detector.weights.check_weights", lambda *_: None)
    folder = tmp_path / "run"
    arguments = ["--arch", "fasterrcnn_mobilenet_v3_large_fpn", "--engine", "local"]
    assert workflow.main(["--dry-run", "--run-dir", str(folder), *arguments]) == 0
    told = f"coco, from torchvision's {file.name}"
    assert f"Weights: {told}\n" in capsys.readouterr().out
    assert (folder / "coco_weights.pth").read_bytes() == b"weights"
    for name in ("run.json", "configuration.json"):
        record = json.loads((folder / name).read_text())
        assert record["weights"] == {
            "asked": "auto",
            "taken": "coco",
            "file": file.name,
            "told": told,
            "origin": record["weights"]["origin"],
        }
        assert record["weights"]["origin"]["sha256"] == sha256(b"weights").hexdigest()
        assert record["options"]["weights"] == "coco"
        assert len(record["digests"]["coco_weights.pth"]) == 64
    replicas = yaml.safe_load((folder / "replicas.yml").read_text())["replicas"]
    assert "coco_weights.pth" in {replica["lfn"] for replica in replicas}


def test_each_architecture_that_is_searched_has_weights_of_its_own(tmp_path, monkeypatch, capsys):
    scratch, other = "compact_resnet18_fpn", "fasterrcnn_mobilenet_v3_large_fpn"
    (tmp_path / "of_coco.pth").write_bytes(b"weights")

    def find(networks, arch, kind, tell):
        if arch == scratch:
            raise InputError(f"none for {arch}")
        return tmp_path / "of_coco.pth"

    monkeypatch.setattr("utils.networks.pretrained.find_weights", find)
    monkeypatch.setattr("utils.detector.weights.check_weights", lambda *_: None)
    asked = ["--engine", "local", "--search", f"arch={scratch},{other}", "--run-dir"]
    assert workflow.main(["--dry-run", *asked, str(tmp_path / "run")]) == 0
    told = capsys.readouterr().out
    assert f"Search: arch {scratch} or {other}. The first trial takes arch {scratch}\n" in told
    assert f"Weights of {scratch}: none: training starts from scratch" in told
    assert f"Weights of {other}: coco, from torchvision's of_coco.pth\n" in told
    name = f"{other}_coco_weights.pth"
    assert (tmp_path / "run" / name).read_bytes() == b"weights"
    described = json.loads((tmp_path / "run" / "configuration.json").read_text())
    assert described["weights"]["archs"][other]["taken"] == "coco"
    assert scratch in described["weights"]["told"]
    jobs = yaml.safe_load((tmp_path / "run" / "workflow.yml").read_text())["jobs"]
    for job in (job for job in jobs if job["id"].startswith(("hpo_trial", "train_model"))):
        words = job["arguments"]
        assert words[words.index("--weights") + 1] == name
        assert words[words.index("--weights-for") + 1] == other
        assert name in {use["lfn"] for use in job["uses"]}
    coco = ["--dry-run", "--weights", "coco", *asked, str(tmp_path / "other")]
    assert workflow.main(coco) == 2
    assert f"none for {scratch}" in (told := capsys.readouterr().err)
    assert f"or leave {scratch} out of the search" in told


def test_what_a_model_of_ours_has_learnt_from_travels_to_the_split(tmp_path, capsys):
    anchors = Anchors(((8.0, 11.0), (16.0, 22.0), (30.0, 40.0), (50.0, 60.0)), (1.0,))
    state = build_model("compact_resnet18_fpn", anchors).state_dict()
    images = sorted((SAMPLE / "images").iterdir())[:3]
    seen = [fingerprint(decode(path.read_bytes(), path.name)) for path in images]
    told = LearntPhotographs.of(seen).as_bytes()
    words = ("--dry-run", "--engine", "local", "--arch", "compact_resnet18_fpn", "--weights")
    for name, fingerprints, line, count in (
        ("own.pth", told, "These weights have learnt from 3 photographs; what of them is", 3),
        ("silent.pth", None, "silent.pth: does not say which photographs its weights have", 0),
    ):
        file = ModelFile("compact_resnet18_fpn", anchors, 64, 0.5, state)
        write_model(tmp_path / name, replace(file, fingerprints=fingerprints))
        folder = tmp_path / f"run_{name}"
        assert workflow.main([*words, str(tmp_path / name), "--run-dir", str(folder)]) == 0
        assert line in capsys.readouterr().out
        assert len(LearntPhotographs.read(folder / "learnt_fingerprints.npz")) == count
        replicas = yaml.safe_load((folder / "replicas.yml").read_text())["replicas"]
        assert {"own_weights.pth", "learnt_fingerprints.npz"} <= {one["lfn"] for one in replicas}


def test_weights_of_a_package_travel_with_the_run(tmp_path, capsys):
    folder = tmp_path / "run"
    arguments = ["--arch", "compact_centerface_fpn", "--engine", "local", "--dry-run"]
    assert workflow.main([*arguments, "--run-dir", str(folder)]) == 0
    file = architecture("compact_centerface_fpn").packaged.locate()
    assert (folder / "faces_weights.onnx").read_bytes() == file.read_bytes()
    record = json.loads((folder / "configuration.json").read_text())
    assert record["options"]["weights"] == "faces"
    assert record["weights"]["origin"]["licence"] == "MIT"
    assert f"Weights: {record['weights']['told']}\n" in capsys.readouterr().out
    jobs = {job["id"]: job for job in yaml.safe_load((folder / "workflow.yml").read_text())["jobs"]}
    assert "faces_weights.onnx" in {use["lfn"] for use in jobs["train_model"]["uses"]}


def test_a_run_from_scratch_says_why(tmp_path):
    folder = tmp_path / "run"
    arguments = ["--arch", "compact_resnet18_fpn", "--engine", "local", "--dry-run"]
    assert workflow.main([*arguments, "--run-dir", str(folder)]) == 0
    record = json.loads((folder / "configuration.json").read_text())
    assert record["weights"]["asked"] == "auto"
    assert "torchvision has no COCO weights for compact" in record["weights"]["told"]
    assert record["options"]["weights"] == "none"


def test_a_run_folder_in_use_is_refused(dry, capsys):
    with locked(dry):
        assert workflow.main(["--resume", str(dry)]) == 2
    assert "in use by another run" in capsys.readouterr().err


def test_a_run_is_handed_over_looked_at_and_waited_for(dry, capsys):
    looked_at = dry.parent / "looked_at"
    waits = f"import os, time\nwhile not os.path.exists({str(looked_at)!r}):\n    time.sleep(0.01)"
    break_split(dry, f"{waits}\nraise SystemExit('no luck')")
    assert workflow.main(["--resume", str(dry), "--no-wait"]) == 0
    assert f"Follow it with: python workflow.py wait {dry}" in capsys.readouterr().out
    assert workflow.main(["status", str(dry)]) == 0
    assert capsys.readouterr().out.startswith(f"{dry}: running")
    looked_at.touch()
    assert workflow.main(["wait", str(dry)]) == 1
    told = capsys.readouterr().out
    assert "FAILED: ended with exit code 1" in told
    assert "no luck" in told
    assert workflow.main(["analyze", str(dry)]) == 0
    told = capsys.readouterr().out
    assert "split_data ended with exit code 1" in told
    assert f"python workflow.py --resume {dry}" in told
    assert workflow.main(["statistics", str(dry)]) == 0
    assert "split_data" in capsys.readouterr().out


def test_a_run_is_removed_and_can_be_resumed(dry, capsys):
    break_split(dry, "import time; time.sleep(600)")
    assert workflow.main(["--resume", str(dry), "--no-wait"]) == 0
    assert workflow.main(["--resume", str(dry), "--no-wait"]) == 2
    assert "on its way already" in capsys.readouterr().err
    until(lambda: states(dry).get("split_data") == "running")
    assert workflow.main(["remove", str(dry)]) == 0
    assert workflow.main(["status", str(dry)]) == 0
    assert f"{dry}: stopped" in capsys.readouterr().out
    assert workflow.main(["remove", str(dry)]) == 0
    assert "nothing is running" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["status"], "status: name a run folder"),
        (["wait", "/no/such"], "/no/such: no such folder"),
        (["status", "/no/such", "--config", "x"], "drop --config"),
        (["wait", "/no/such", "--resume", "x"], "--resume: is not for `wait`, which takes --track"),
        (["status", "/no/such", "--epochs", "3"], "drop --epochs"),
        (["run", "/no/such"], "did you mean --resume?"),
        (["suggest"], "suggest: name a run folder"),
        (["suggest", "/no/such"], "/no/such: no such folder"),
        (["suggest", "--number", "0", "x"], "--number: takes a whole number from 1, not '0'"),
        (
            ["suggest", "x", "--format", "cvat"],
            "--format: takes one of voc, yolo, coco, not 'cvat'",
        ),
        (["suggest", "x", "--half-width", "5"], "--half-width: is not for `suggest`, which takes "),
        (["plan-sample", "x", "--epochs", "3"], "is not for `plan-sample`, which takes --half-wid"),
        (["plan-sample", "--half-width", "60", "x"], "--half-width: takes a number from 0.1 to 49"),
    ],
)
def test_commands_take_a_run_folder_and_nothing_else(capsys, arguments, words):
    assert workflow.main(arguments) == 2
    assert words in capsys.readouterr().err


def test_a_run_that_is_not_finished_has_no_answer_to_go_on_from(dry, capsys):
    for command in ("suggest", "plan-sample"):
        assert workflow.main([command, str(dry)]) == 2
        assert f"{dry}: is not finished" in capsys.readouterr().err


def test_graph_draws_the_workflow(tmp_path):
    assert workflow.main(["graph", "--output", str(tmp_path / "dag.png")]) == 0
    assert (tmp_path / "dag.png").read_bytes().startswith(b"\x89PNG")


def test_a_failing_job_is_told_with_its_log_and_the_way_on(dry, capsys):
    break_split(dry, "raise SystemExit('no luck')")
    assert workflow.main(["--resume", str(dry), "--cores", "2"]) == 1
    told = capsys.readouterr().out
    assert "split_data ended with exit code 1" in told
    assert "no luck" in told
    assert str(dry / "logs" / "split_data.log") in told
    assert f"python workflow.py --resume {dry}" in told


@pytest.mark.xdist_group("runs")
def test_the_whole_workflow_runs(whole_run):
    """One run of everything, tiny. Once more with other photographs: `tests/test_notebook.py`."""
    output = whole_run / "output"
    assert set(states(whole_run).values()) == {"done"}
    assert {path.name for path in output.iterdir()} == OUTPUTS
    assert all(path.stat().st_size for path in output.iterdir())

    split = json.loads((output / "split.json").read_text())
    stems = {path.stem for path in (whole_run.parent / "faces" / "images").iterdir()}
    assert set(split["photos"]) == stems
    predicted = [
        photo["name"]
        for shard in (0, 1)
        for photo in json.loads((output / f"predictions_{shard}.json").read_text())["photos"]
    ]
    assert sorted(predicted) == [Path(path).stem for path in runs.NEW]
    page = (output / "report.html").read_text()
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert all(name in page for name in predicted)
    assert "<h2>The videos</h2>" in page
    assert "clip.mp4" in page


def readme_lines(first: str, last: str) -> list[str]:
    """Return the commands of the README's block between two words, without their comments."""
    block = (PROJECT / "README.md").read_text().partition(first)[2].partition(last)[0]
    lines = [line.partition("#")[0].strip() for line in block.splitlines()]
    return [line for line in lines if line.startswith("python workflow.py")]


@pytest.mark.xdist_group("pool")
def test_new_photographs_are_dealt_annotated_and_correct_the_answer(whole_run, tmp_path, capsys):
    """The README's lines. Somebody who knows the truth, the painter, annotates all photographs.

    The answer comes by place and time, too, of which all but a few of one place are annotated.
    """
    suggest, again = readme_lines("To be surer, annotate", "Near-duplicate")
    dealt, truth = tmp_path / "dealt", painter.new_annotations()
    words = shlex.split(suggest)
    words = [{"RUN_DIR": str(whole_run), "30": "8"}.get(word, word) for word in words]
    assert workflow.main([*words[2:], "--output", str(dealt)]) == 0
    told = capsys.readouterr().out
    assert f"Annotate: {dealt} (8 new photographs, " in told
    annotate(dealt, truth)

    names = [Path(path).name for path in runs.NEW]
    rows = [f"{name},{'Gate' if n < 6 else 'Square'},2026-05-0{1 + n % 2}" for n, name in
            enumerate(names)]  # fmt: skip
    table = tmp_path / "places.csv"
    table.write_text("\n".join(["photograph,site,time", *rows]))
    then = shlex.split(told.partition("Then: ")[2])
    shape = shlex.split(again.replace("RUN_DIR/annotate", str(dealt)))
    assert (then[:2], then[-2:]) == (shape[:2], shape[-2:]) and "--run-dir" not in then
    surer = runs.run(whole_run.with_name("annotated"), *then[2:], "--groups", str(table))
    assert {name for name, state in states(surer).items() if state == "done"} == {"report"}
    answer = json.loads((surer / "output" / "prevalence.json").read_text())
    by_photo = [truth[Path(name).stem].labels.tolist() for name in names]
    assert answer["properly_masked"]["share"] == pytest.approx(share_of(by_photo))
    assert answer["annotated"]["people"] == sum(map(len, by_photo))
    assert "8 of them that were annotated" in answer["answer"]
    assert answer["detector"]["properly_masked"]["share"] != answer["properly_masked"]["share"]
    by = {one["by"]: one["places"] for one in answer["places"]["breakdowns"]}
    assert list(by) == ["site", "day", "site and day"]
    gate, square = by["site"]
    assert gate["share"] == pytest.approx(share_of(by_photo[:6]))
    assert (square["photos"], square["annotated"], square["share"]) == (2, 2, None)
    assert "drawn at random and annotated" in (surer / "output" / "report.html").read_text()
    assert {path.name for path in (surer / "output").iterdir()} - OUTPUTS == {"shares_by_group.png"}
    digests = json.loads((surer / "run.json").read_text())["digests"]
    assert {"annotated.json", "groups.json"} <= digests.keys()

    model = str(whole_run / "output" / "face_mask_detector.pth")
    applied = "--model", model, "--predict-annotations", str(dealt), "--output", str(tmp_path / "x")
    assert detect.main([*runs.NEW, *applied, "--device", "cpu", "--no-pictures"]) == 0
    rate = json.loads((tmp_path / "x" / "rate.json").read_text())
    assert rate["properly_masked"] == answer["properly_masked"], "as without a run"
    capsys.readouterr()

    assert workflow.main(["suggest", str(whole_run), "--number", "9"]) == 2
    assert "--number 9: there are 8 new photographs" in capsys.readouterr().err
    data = str(whole_run.parent / "faces")
    others = ["--data", data, "--predict", *runs.NEW[:5], "--dry-run", "--engine", "local"]
    wrong = ["--run-dir", str(tmp_path / "other"), "--predict-annotations", str(dealt)]
    assert workflow.main([*others, *wrong]) == 2
    assert "is a sample of the new photographs of run 'same'" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()


def share_of(labels: list[list[int]]) -> float:
    """Return the share properly masked of the people on some photographs."""
    people = [label for some in labels for label in some]
    return people.count(1) / len(people)


def break_split(folder: Path, script: str) -> None:
    """Put another script in place of the first job's."""
    catalog = yaml.safe_load((folder / "transformations.yml").read_text())
    split = next(t for t in catalog["transformations"] if t["name"] == "split_data")
    Path(split["sites"][0]["pfn"]).write_text(f"#!/usr/bin/env python3\n{script}\n")


@pytest.mark.parametrize("serious", [["One thing.", "Another."], []])
def test_what_is_serious_stands_under_the_answer(tmp_path, capsys, serious):
    (tmp_path / "output").mkdir()
    record = {"answer": "About 60 %.", "caveats": [*serious, "Small."], "serious": serious}
    write_record(tmp_path / "output" / "prevalence.json", record)
    assert tell_end(SimpleNamespace(folder=tmp_path), done=True, tell=print) == 0
    told = capsys.readouterr().out.splitlines()
    assert told[0] == "Answer: About 60 %." and told[-1].startswith("Report: ")
    expected = ["Before you quote it:", "  - One thing.", "  - Another."] if serious else []
    assert told[1:-1] == expected
