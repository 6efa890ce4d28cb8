"""What a version in the registry holds: our model file with its records, as a model of MLflow.

MLflow reads it with nothing of ours installed (`utils.registry.pyfunc`); we read our file alone.
"""

import shutil
import warnings
from pathlib import Path
from typing import Any

from utils import files
from utils.dag.code_bundle import PROJECT, importable
from utils.dag.run_folder import OUTPUT
from utils.records import digest_of, write_record
from utils.registry import pyfunc
from utils.tracking.client import mlflow
from utils.tracking.recorded import EVALUATION, SPLIT, RecordedRun

DATA = "data/files"
"""The folder in a version that holds `FILES`."""

FILES = (pyfunc.MODEL, EVALUATION, SPLIT)
"""Outputs of a run that go along."""

_NEEDED = ("torch", "torchvision", "numpy", "opencv-python-headless", "Pillow", "scipy", "lxml")
"""What of ``requirements.txt`` predicting imports."""

_LISTS = ("requirements.txt", "requirements-faces.txt")


def write_package(run: RecordedRun, folder: Path, finder: str | None = None) -> None:
    """Write the model of a finished run as MLflow keeps models, to a new folder.

    Parameters
    ----------
    finder
        The package that the model's face finder needs, if it does.

    Raises
    ------
    InputError
        If MLflow is not installed.
    """
    models, types = mlflow("models"), mlflow("types.schema")
    inputs = types.Schema([types.ColSpec("binary", pyfunc.PHOTOGRAPH)])
    numbers = types.Array("double")
    face = {"box": numbers, "class": "string", "confidence": "double", "probabilities": numbers}
    found = types.Object([types.Property(name, kind) for name, kind in face.items()])
    params = types.ParamSchema([types.ParamSpec("threshold", "double", None)])
    code = folder.with_name(f"{folder.name}_code")
    for path in importable([Path(pyfunc.__file__)]):
        files.copy(path, code / path.relative_to(PROJECT))
    files.copy(Path(pyfunc.__file__), code / Path(pyfunc.__file__).relative_to(PROJECT))
    data = folder.with_name("files")
    for name in FILES:
        files.copy(run.folder / OUTPUT / name, data / name)
    write_record(data / pyfunc.ABOUT, about(run))
    outputs = types.Schema([types.ColSpec(types.Array(found))])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # that there is no example of a photograph
        mlflow("pyfunc").save_model(
            folder,
            loader_module=pyfunc.__name__,
            data_path=data,
            code_paths=[str(code / "utils")],
            signature=models.ModelSignature(inputs, outputs, params),
            pip_requirements=_requirements(finder),
        )
    shutil.rmtree(code)
    shutil.rmtree(data)


def about(run: RecordedRun) -> dict[str, Any]:
    """Return what a version tells of its run and its model file."""
    return {
        "sha256": digest_of(run.folder / OUTPUT / pyfunc.MODEL),
        "data": run.packed_data,
        "data_version": run.data_version,
        "task": run.task,
        "run": run.folder.resolve().name,
    }


def _requirements(finder: str | None) -> list[str]:
    lines = [line for name in _LISTS for line in (PROJECT / name).read_text("utf-8").splitlines()]
    pinned = [line.partition("#")[0].strip() for line in lines]
    return [line for line in pinned if line.partition("==")[0] in (*_NEEDED, finder)]
