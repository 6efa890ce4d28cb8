"""``bin/report.py`` by its command line, on what the other executables wrote."""

import json

import pytest
from PIL import Image

from utils.analysis.evaluation.evaluate import write_evaluation
from utils.analysis.plots.class_distribution import class_distribution
from utils.analysis.plots.training import hpo_history, training_curves
from utils.analysis.prediction.predict import predict_shard
from utils.dataset.labels import CLASSES
from utils.records import write_record

SEARCH = (
    *("--params", "best_hpo_params.json", "--study", "hpo_study.log"),
    *("--pictures", "hpo_history.png", "mistakes.png"),
)
ARGUMENTS = (
    *("--configuration", "configuration.json", "--split", "split.json"),
    *("--training", "training.json", "--evaluation", "evaluation.json"),
    *("--pictures", "class_distribution.png", "training_curves.png"),
    *("--predictions", "predictions_0.json", "--images", "predicted_images_0.tar", "--seed", "1"),
    *("--report", "report.html", "--table", "predictions.txt", "--faces", "predictions.csv"),
    *("--picture", "predicted_image.png", "--prevalence", "prevalence.json"),
)


@pytest.fixture
def finished(scratch):
    """A folder with the outputs of all jobs before the report."""
    from utils.detector.inference import Detector

    detector = Detector.load(scratch / "mask_detection_model.pth", "cpu")
    write_evaluation(
        detector,
        scratch / "test_clean.tar",
        0,
        json=scratch / "evaluation.json",
        text=scratch / "evaluation.txt",
        pictures=[scratch / "mistakes.png"],
    )
    predict_shard(
        detector,
        scratch / "predict_0.tar",
        scratch / "predictions_0.json",
        scratch / "predicted_images_0.tar",
    )
    class_distribution([scratch / "test_clean.tar"], scratch / "class_distribution.png")
    training = {
        "arch": "compact_resnet18_fpn",
        "params": {"learning_rate": 0.001},
        "image_size": 96,
        "photos": 4,
        "parameters": 1,
        "device": "cpu",
        "epochs": [],
        "threshold": 0.2,
    }
    write_record(scratch / "training.json", training)
    training_curves(training, scratch / "training_curves.png")
    side = {"photos": 4, "groups": 4, "faces": dict.fromkeys(CLASSES, 3)}
    write_record(
        scratch / "split.json",
        {
            "photos": {f"photo{n}": {"group": n} for n in range(4)},
            "sides": {"test": side},
            "groups": 4,
            "near_duplicates": 0,
            "dropped_boxes": 0,
            "clipped_boxes": 0,
            "skipped": [],
        },
    )
    write_record(scratch / "configuration.json", {"name": "tiny"})
    return scratch


def add_search(folder) -> None:
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    from utils.search.journal import seal_journal
    from utils.search.study import NAME

    storage = JournalStorage(JournalFileBackend(str(folder / "hpo_study.log")))
    study = optuna.create_study(storage=storage, study_name=NAME, direction="maximize")
    trial = study.ask()
    trial.suggest_float("weight_decay", 1e-4, 0.1)
    study.tell(trial, 0.25)
    seal_journal(folder / "hpo_study.log", folder / "hpo_study.log")
    hpo_history([], None, "mAP", folder / "hpo_history.png")
    numbers = {"trials": 1, "complete": 1, "pruned": 0, "failed": 0}
    write_record(
        folder / "best_hpo_params.json",
        {"number": 0, "value": 0.25, "highest": 0.25, "error": 0.1, **numbers},
    )


def test_the_report_is_made_with_and_without_a_search(execute, finished) -> None:
    done = execute("report.py", finished, *ARGUMENTS)
    assert done.returncode == 0, done.stderr
    page = (finished / "report.html").read_text()
    answer = json.loads((finished / "prevalence.json").read_text())
    assert answer["schema"] == 1
    assert (answer["photos"]["new"], answer["photos"]["test"]) == (3, 4)
    assert "What share of people wear a mask properly?" in page and 'id="search"' not in page
    assert "photo3.png" in (finished / "predictions.txt").read_text()
    assert Image.open(finished / "predicted_image.png").format == "PNG"

    add_search(finished)
    done = execute("report.py", finished, *ARGUMENTS, *SEARCH)
    assert done.returncode == 0, done.stderr
    assert 'id="search"' in (finished / "report.html").read_text()


def test_a_missing_record_is_named_and_no_output_is_missing(execute, tmp_path) -> None:
    done = execute("report.py", tmp_path, *ARGUMENTS)
    assert done.returncode == 2
    assert "configuration.json: no such file" in done.stderr
    for name in ("report.html", "predictions.txt", "predictions.csv", "prevalence.json"):
        assert (tmp_path / name).exists()
