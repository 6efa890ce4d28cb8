"""``detect.py`` with a classifier: alone, with a finder, as one of two stages; exported."""

import shutil
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import onnxruntime
import pytest
import skimage.data
import torch

import detect
from utils.apply import looking
from utils.classifier.architectures import build_network
from utils.classifier.finders.make import make_finder
from utils.classifier.inference import FaceClassifier
from utils.classifier.model_file import ModelFile
from utils.classifier.two_stage_fit import put_together
from utils.dataset.images import encode_jpeg
from utils.networks.model_file import write_model
from utils.records import read_record


@pytest.fixture(scope="module")
def classifier(tmp_path_factory) -> Path:
    """Return the file of a classifier that calls everybody masked."""
    torch.manual_seed(0)
    state = build_network("centerface").state_dict()
    state["head.linear.weight"].zero_()
    state["head.linear.bias"][:] = torch.tensor([4.0, 0.0, 0.0])
    path = tmp_path_factory.mktemp("model") / "classifier.pth"
    write_model(path, ModelFile("centerface", 32, 0.0, state))
    return path


@pytest.fixture(scope="module")
def hopper(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("photographs") / "hopper.jpg"
    shutil.copy(Path(matplotlib.get_data_path(), "sample_data", "grace_hopper.jpg"), path)
    return path


@pytest.fixture
def run(tmp_path, capsys):
    """Run in this process; return the exit code, what was printed, and the folder of results."""

    def call(*words: object, model: Path):
        folder = tmp_path / "results"
        code = detect.main(
            [*map(str, words), "--model", str(model), "--output", str(folder), "--device", "cpu"]
        )
        told = capsys.readouterr()
        return code, told.out + told.err, folder

    return call


def test_alone_it_judges_each_picture_as_one_face_and_says_so(run, classifier, hopper):
    code, told, folder = run(hopper, model=classifier)
    assert code == 0
    assert "each photograph is judged as one face, and none is looked for. --faces" in told
    assert "hopper.jpg: 1 person: wears a mask properly (96 %)" in told.splitlines()
    (photo,) = read_record(folder / "faces.json", 2)["photos"]
    assert [face["box"] for face in photo["faces"]] == [[0, 0, photo["width"], photo["height"]]]


def test_with_a_finder_it_judges_faces(run, classifier, hopper):
    code, told, folder = run(hopper, "--faces", "haar:smallest=40", model=classifier)
    assert code == 0
    assert "is judged as one face" not in told
    (photo,) = read_record(folder / "faces.json", 2)["photos"]
    (face,) = photo["faces"]
    assert face["box"][2] - face["box"][0] < 250
    assert f"1 person: wears a mask properly ({100 * face['confidence']:.0f} %)" in told
    rate = read_record(folder / "rate.json")
    assert rate["model"]["arch"] == "haar+centerface"
    assert rate["corrected"] is None
    assert "which faces haar misses is not known" in rate["uncorrected"]
    assert "workflow.py --task classify --faces haar:smallest=40 measures it" in rate["uncorrected"]


def test_a_picture_without_a_face_is_told(run, classifier, tmp_path):
    (tmp_path / "cat.jpg").write_bytes(encode_jpeg(skimage.data.coffee()))
    code, told, _ = run(tmp_path / "cat.jpg", "--faces", "haar:smallest=60", model=classifier)
    assert code == 0
    assert "cat.jpg: no face was found" in told.splitlines()


def test_several_people_on_the_one_picture_get_a_sentence_each(run, classifier, tmp_path, hopper):
    image = skimage.data.astronaut()
    (tmp_path / "two.jpg").write_bytes(encode_jpeg(np.hstack([image, image])))
    code, told, _ = run(tmp_path / "two.jpg", "--faces", "haar:smallest=60", model=classifier)
    assert code == 0
    said = [line for line in told.splitlines() if "from the left" in line]
    assert [line.partition(" from")[0] for line in said] == ["  1st", "  2nd"]
    code, told, _ = run(hopper, tmp_path / "two.jpg", model=classifier)
    assert code == 2 and "there are files in it" in told  # nothing is overwritten


def test_two_stages_of_a_file_need_no_word_of_a_finder(run, classifier, hopper, tmp_path):
    joined = put_together(
        FaceClassifier.load(classifier, "cpu"), make_finder("haar", smallest=40)
    ).file
    path = tmp_path / "model.pth"
    write_model(path, replace(joined, metrics={"validation": {}}))
    code, told, folder = run(hopper, model=path)
    assert code == 0
    assert "1 person: wears a mask properly" in told
    assert "the model file does not hold what a test showed of it" in told
    assert read_record(folder / "rate.json")["model"]["digest"]
    shutil.rmtree(folder)
    code, told, _ = run(hopper, "--faces", "haar", model=path)
    assert code == 2 and "finds faces itself; leave --faces out" in told


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("eyes", "no such finder; there are haar, lbp, yunet, centerface, detector"),
        ("haar:size=3", "option 'size' is unknown"),
        ("none.pth", "none.pth: no such file"),
    ],
)
def test_a_finder_that_is_none_is_told(run, classifier, hopper, word, told):
    code, said, _ = run(hopper, "--faces", word, model=classifier)
    assert code == 2 and told in said


def test_a_detector_of_a_file_finds_the_faces(run, classifier, tested, hopper):
    code, _, folder = run(hopper, "--faces", tested, model=classifier)
    assert code == 0
    assert read_record(folder / "rate.json")["model"]["arch"] == "detector+centerface"


def test_faces_for_a_detector_are_refused(run, tested, hopper):
    code, told, _ = run(hopper, "--faces", "haar", model=tested)
    assert code == 2 and "tested.pth finds faces itself; leave --faces out" in told


def test_the_picture_is_shown_or_it_is_said_why_not(run, classifier, hopper, monkeypatch):
    shown = []
    monkeypatch.setattr("utils.apply.screen.show", lambda path: shown.append(path))
    code, told, folder = run(hopper, "--show", model=classifier)
    assert (code, shown) == (0, [folder / "pictures" / "hopper.jpg"])
    assert "--show" not in told
    code, told, _ = run(hopper, "--show", "--no-pictures", model=classifier)
    assert code == 2 and "there is no picture to show with --no-pictures" in told


def test_several_pictures_are_shown_as_their_folder(run, classifier, hopper, tmp_path, monkeypatch):
    shutil.copy(hopper, tmp_path / "b.jpg")
    monkeypatch.setattr("utils.apply.screen.show", lambda path: f"shows {path.name}")
    code, told, _ = run(hopper, tmp_path / "b.jpg", "--show", model=classifier)
    assert code == 0
    assert "--show: shows pictures" in told.splitlines()
    assert "from the left" not in told


@pytest.mark.parametrize(
    ("words", "told"),
    [([], "is a classifier, and frames are no faces"), (["--show"], "no video is shown")],
)
def test_frames_of_a_video_are_no_faces(run, classifier, words, told):
    code, said, _ = run("clip.mp4", *words, model=classifier)
    assert code == 2 and told in said


def test_a_classifier_is_exported(classifier, tmp_path, capsys):
    path = tmp_path / "classifier.onnx"
    assert detect.main(["--model", str(classifier), "--export", str(path)]) == 0
    assert f"Written to {path}: ONNX" in capsys.readouterr().out
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (said,) = session.run(None, {"faces": np.zeros((3, 3, 32, 32), np.float32)})
    assert said.argmax(axis=1).tolist() == [0, 0, 0]
    assert detect.main(["--model", str(classifier), "--export", str(path)]) == 2
    assert "is there already, and is not overwritten" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--export", "a.pt"], "name a file that ends in .onnx"),
        (["--export", "none/a.onnx"], "there is no folder none"),
        (["a.jpg", "--export", "a.onnx"], "writes a model and looks at nothing"),
    ],
)
def test_what_cannot_be_exported_is_told(classifier, capsys, words, told):
    assert detect.main(["--model", str(classifier), *words]) == 2
    assert told in capsys.readouterr().err


def test_a_detector_is_not_exported_and_it_is_said_why(tested, tmp_path, capsys):
    assert detect.main(["--model", str(tested), "--export", str(tmp_path / "a.onnx")]) == 2
    assert "how many boxes it looks at depends on the photograph" in capsys.readouterr().err
    assert not (tmp_path / "a.onnx").exists()


def test_processes_load_the_finder_too(classifier):
    settings = looking.Settings(classifier, "cpu", None, False, "haar")
    assert settings.load().arch == "haar+centerface"
