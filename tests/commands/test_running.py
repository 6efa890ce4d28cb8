"""What a run is started with."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from utils.commands import running
from utils.dag.options.table import Options
from utils.errors import InputError
from utils.tracking import registered
from utils.tracking.registered import Registered


def test_weights_of_a_registry_are_the_file_that_is_meant_now(monkeypatch, tmp_path):
    asked, planned, told = [], [], []

    def find(word: str, registry: str | None) -> Registered:
        asked.append((word, registry))
        found = Registered("sqlite:////x.db", "m", "3", "file:///x", "0" * 64)
        object.__setattr__(found, "file", lambda: tmp_path / "model.pth")
        return found

    def submit(options: Options, command: list[str], tell: object) -> SimpleNamespace:
        planned.append((options.weights, command))
        return SimpleNamespace(folder=Path("run"))

    monkeypatch.setattr(registered, "find_registered", find)
    monkeypatch.setattr(running, "submit", submit)
    options = Options(weights="models:/m@champion", dry_run=True)
    assert running.start(options, ["python", "workflow.py"], told.append) == 0
    assert asked == [("models:/m@champion", None)]
    assert planned == [(str(tmp_path / "model.pth"), ["python", "workflow.py"])]
    assert told[0] == "Weights: m, version 3"


def test_weights_of_no_registry_start_no_run(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'none.db'}")
    with pytest.raises(InputError, match="models:/m@champion: there is no registry at"):
        running.start(Options(weights="models:/m@champion"), [], print)
    assert not list(tmp_path.iterdir())
