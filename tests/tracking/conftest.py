"""A run with a search, and a store whose tables are made once."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from tests.tracking.made import answer, make_run
from utils.search.journal import seal_journal
from utils.search.study import NAME

LOSS = {"total": 1.5, "classification": 0.5}


@pytest.fixture(scope="session")
def journal(tmp_path_factory) -> Path:
    """The journal of a search with two trials."""
    path = tmp_path_factory.mktemp("search") / "hpo_study.log"
    storage = JournalStorage(JournalFileBackend(str(path)))
    study = optuna.create_study(storage=storage, study_name=NAME, direction="maximize")
    first, second = study.ask(), study.ask()
    first.suggest_float("learning_rate", 0.001, 0.01)
    for step, value in enumerate((0.1, 0.3), start=1):
        first.report(value, step)
    study.tell(first, 0.3)
    study.tell(second, state=optuna.trial.TrialState.FAIL)
    seal_journal(path, path)
    return path


@pytest.fixture
def finished(journal, tmp_path) -> Callable[..., Path]:
    """A run that is done, with all that is tracked of one."""

    def make(name: str, **others: Any) -> Path:
        epochs = [
            {"epoch": n, "loss": LOSS, "learning_rate": 0.1 / n, "validation": {"map": 0.2 * n}}
            for n in (1, 2, 3)
        ]
        side = {"photos": 20, "faces": {"with_mask": 45}}
        outputs = {
            "evaluation.json": {
                "average_precision": {
                    "map": 0.5,
                    "intervals": {"map": [0.4, 0.6]},
                    "sizes": {"tiny": {"from": 0, "below": 16, "map": None}},
                },
                "per_photo": [{"name": "a", "confusion": [[0]]}],
                "loss": {"total": 0.25},
            },
            "prevalence.json": answer(0.6, "shifted"),
            "training.json": {
                "arch": "x",
                "params": {"learning_rate": 0.1, "optimizer": "adamw"},
                "epochs": epochs,
            },
            "split.json": {"sides": {"train": side, "test": {**side, "photos": 7}}},
            "best_hpo_params.json": {"number": 0, "value": 0.3},
        }
        record = {"machine": {"system": "Linux", "cores": 2}, **others.pop("record", {})}
        folder = make_run(tmp_path / name, outputs=outputs, record=record, **others)
        shutil.copy(journal, folder / "output" / "hpo_study.log")
        (folder / "output" / "report.html").write_text("<p>the report</p>")
        (folder / "output" / "mask_detection_model.pth").write_bytes(b"weights")
        (folder / "output" / "predicted_images_0.tar").write_bytes(b"photographs")
        (folder / "output" / "predictions_0.json").write_text("{}")
        (folder / "output" / "mistakes.png").touch()  # as a job that failed leaves it
        return folder

    return make
