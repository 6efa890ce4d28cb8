"""Planning a run that learns to judge single faces: what is told, refused and taken along."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import workflow
from tests.formats.class_folders import in_folders
from utils.detector.names import IN_THE_BOX
from utils.networks.published import CENTERFACE

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture
def plan(tmp_path, capsys):
    """Plan a run to classify; return its folder, and what was said."""

    def plan(*words: str, code: int = 0) -> tuple[Path, str]:
        folder = tmp_path / "run"
        first = ("--task", "classify", "--dry-run", "--engine", "local", "--run-dir", str(folder))
        assert workflow.main([*first, *words]) == code
        said = capsys.readouterr()
        assert folder.exists() == (code == 0)
        return folder, said.out + said.err

    return plan


@pytest.fixture
def folders(tmp_path) -> str:
    in_folders()(tmp_path / "faces")
    return str(tmp_path / "faces")


@pytest.mark.parametrize("words", [[], ["--faces", "haar"], ["--faces", "centerface"]])
def test_planning_imports_no_torch(tmp_path, words):
    first = ["--task", "classify", "--dry-run", "--run-dir", str(tmp_path / "run"), *words]
    code = (
        "import sys, workflow\n"
        f"assert workflow.main({first!r}) == 0\n"
        "heavy = {'torch', 'numpy', 'cv2', 'matplotlib', 'optuna'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_class_folders_are_packed_and_told(plan, folders):
    folder, said = plan("--data", folders)
    assert "Photographs: 6 annotated, 0 new" in said
    assert "Format: class folders, photographs in mask_weared_incorrect/, with_mask/" in said
    assert "New faces: none, so those of the test side\n" in said
    record = json.loads((folder / "configuration.json").read_text())
    assert record["data"]["faces"]["with_mask"] == 3
    assert record["options"]["arch"] == "centerface"


def test_without_a_finder_the_new_photographs_of_the_sample_are_left_alone(plan):
    folder, said = plan()
    assert "the sample's new photographs show several faces each" in said
    assert not (folder / "predict_0.tar").exists()


def test_new_photographs_are_judged_whole_unless_a_finder_finds_faces(plan):
    new = str(PROJECT / "data" / "predict")
    folder, said = plan("--predict", new)
    assert "New photographs: each is judged whole, as one face; --faces NAME finds faces" in said
    assert (folder / "predict_0.tar").exists()


def test_the_weights_of_a_finder_are_taken_along(plan):
    folder, said = plan("--faces", "centerface:factor=2")
    assert "judged whole" not in said
    assert (folder / "finder_weights.onnx").read_bytes() == CENTERFACE.locate().read_bytes()
    digests = json.loads((folder / "configuration.json").read_text())["digests"]
    assert digests["finder_weights.onnx"] == CENTERFACE.sha256
    assert (folder / "predict_0.tar").exists()


def test_what_the_detector_that_finds_faces_has_learnt_from_is_known(plan):
    folder, said = plan("--faces", "detector")
    assert (folder / "finder_weights.pth").read_bytes() == IN_THE_BOX.read_bytes()
    assert (folder / "learnt_fingerprints.npz").exists()
    assert "These weights have learnt from 485 photographs" in said


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--weights", "box"], "--weights box: the model in the box finds faces"),
        (["--weights", "coco"], "--weights coco: torchvision has no COCO weights for centerface"),
        (
            ["--arch", "vgg16", "--weights", "faces"],
            "no weights of faces for vgg16; take centerface",
        ),
        (["--faces", "no/such.pth"], "--faces detector: no/such.pth: no such file of a detector"),
        (["--faces", __file__], "is no model of ours; name the file of a detector"),
        (["--search", "arch=vgg16,yolo"], "arch: yolo: no such architecture"),
        (["--recipe", "batchsize=8"], "--recipe: batchsize: no such parameter"),
    ],
)
def test_what_cannot_be_done_is_refused(plan, tmp_path, words, told):
    _, said = plan(*words, code=2)
    assert told in said


def test_a_finder_on_faces_that_are_cut_out_is_refused(plan, folders):
    _, said = plan("--data", folders, "--faces", "haar", code=2)
    assert "--faces haar: class folders show faces that are cut out already" in said


def test_class_folders_to_detect_are_refused_with_the_way_out(tmp_path, capsys, folders):
    words = ["--data", folders, "--dry-run", "--run-dir", str(tmp_path / "run")]
    assert workflow.main(words) == 2
    assert "without boxes; --task classify learns to judge single faces" in capsys.readouterr().err


def test_the_graph_of_two_stages_is_drawn(tmp_path):
    output = tmp_path / "dag.svg"
    assert (
        workflow.main(["graph", "--task", "classify", "--faces", "haar", "--output", str(output)])
        == 0
    )
    assert output.stat().st_size > 1000
