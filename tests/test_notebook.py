import base64
import copy
import os
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

import workflow
from tests.determinism import runs
from utils.records import read_record

PROJECT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def notebook():
    return nbformat.read(PROJECT / "workflow.ipynb", as_version=4)


@pytest.fixture
def execute(notebook, tmp_path, monkeypatch):
    """Return a function that executes a copy of the notebook, or some cells, as a user would.

    It takes the parameters, and returns the notebook with its outputs and the error that ended it.
    What still runs after the test is removed: it runs in the background.
    """
    started = []
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / "jupyter"))

    def run(only=(), **given):
        started.append(Path(given["RUN"]))
        copied = copy.deepcopy(notebook)
        values = {"DATA": None, "PREDICT": [], "ENGINE": "local", "OPTIONS": [], **given}
        assignments = [f"{name} = {value!r}" for name, value in values.items()]
        cell(copied, "parameters").source = "\n".join(assignments)
        copied.cells = [cell for cell in copied.cells if not only or cell.id in only]
        where = {"metadata": {"path": PROJECT}}
        try:
            NotebookClient(copied, timeout=None, kernel_name="python3", resources=where).execute()
        except CellExecutionError as error:
            return copied, error
        return copied, None

    yield run
    for folder in started:
        if (folder / "workflow.yml").exists():
            workflow.main(["remove", str(folder)])


def cell(notebook, name):
    return next(cell for cell in notebook.cells if cell.id == name)


def text(notebook, name):
    """Return what a cell wrote and showed as text."""
    return "".join(
        output.get("text") or output.get("data", {}).get("text/plain", "")
        for output in cell(notebook, name).outputs
    )


def shown(notebook, name, kind):
    return [output.data[kind] for output in cell(notebook, name).outputs if "data" in output]


def test_the_committed_notebook_is_bare(notebook):
    nbformat.validate(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.language_info == {"name": "python"}
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)
    assert [cell.metadata for cell in code] == [{"tags": ["parameters"]}] + [{}] * (len(code) - 1)
    assert all(cell.metadata == {} for cell in notebook.cells if cell.cell_type == "markdown")


@pytest.mark.xdist_group("runs")
def test_the_notebook_runs_from_data_to_report_and_trains_nothing_anew(
    execute, whole_run, tmp_path
):
    """Beside the cache of a run that differs in the new photographs alone."""
    run = tmp_path / "runs" / "notebook"
    shutil.copytree(whole_run.parent / ".cache", run.parent / ".cache", copy_function=os.link)
    data, new = whole_run.parent / "faces", runs.NEW[:2]
    small = [*runs.WHOLE, "--predict-shards", "1"]
    ran, error = execute(DATA=str(data), PREDICT=new, RUN=str(run), OPTIONS=small)
    assert error is None

    assert "The local engine needs no pilots" in text(ran, "pilots")
    assert "train_model" in text(ran, "statistics")
    pictures = {"graph": run / "workflow.png"}
    pictures |= {"confusion": run / "output" / "confusion_matrix.png"}
    pictures |= {"prediction": run / "output" / "predicted_image.png"}
    for name, file in pictures.items():
        (picture,) = shown(ran, name, "image/png")
        assert base64.b64decode(picture) == file.read_bytes()
    (answer,) = shown(ran, "answer", "text/markdown")
    assert read_record(run / "output" / "prevalence.json")["answer"] in answer
    (report,) = shown(ran, "report", "text/html")
    assert all(Path(photo).stem in report for photo in new)

    jobs = read_record(run / "run.json")["jobs"]
    assert {name for name, job in jobs.items() if job["state"] == "done"} == {"predict_0", "report"}
    assert {job["state"] for job in jobs.values()} == {"done", "cached"}
    model = "output/mask_detection_model.pth"
    assert (run / model).read_bytes() == (whole_run / model).read_bytes()


def test_an_error_stops_the_notebook_with_its_message(execute, tmp_path):
    run = tmp_path / "run"
    ran, error = execute(DATA="/no/such", RUN=str(run))
    assert "exit code 2" in str(error)
    assert "/no/such: no such file" in text(ran, "plan")
    assert cell(ran, "graph").execution_count is None
    assert not run.exists()


def test_on_a_pool_the_notebook_shows_how_to_ask_for_pilots(execute, tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text('{"engine": "condor", "options": {"pilots_only": "faces"}}')
    ran, error = execute(only=("parameters", "helper", "pilots"), RUN=str(run))
    assert error is None
    assert "htcondor annex create faces " in text(ran, "pilots")
