"""A registered model, read by MLflow's own client in a process that has nothing of ours."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.registry.made import SAMPLE
from utils.dataset.images import decode
from utils.models import load_model
from utils.registry.promoting import Wishes, promote
from utils.tracking.registered import find_registered

PHOTOGRAPHS = sorted((SAMPLE / "images").iterdir())[:2]

CLIENT = """
import json, sys
from pathlib import Path
import mlflow, pandas
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/mask-detector@champion")
table = pandas.DataFrame({"photograph": [Path(p).read_bytes() for p in sys.argv[2:]]})
assert "utils" in sys.modules and "artifacts" in sys.modules["utils"].__file__
print(json.dumps([
    model.predict(table),
    model.predict(table, params={"threshold": 0.0}),
    model.metadata.signature.inputs.to_dict(),
]))
"""


@pytest.fixture(scope="module")
def registered(tested, tmp_path_factory, empty_store) -> str:
    """The address of a store with a champion."""
    from tests.registry.made import run_with

    folder = tmp_path_factory.mktemp("pyfunc")
    shutil.copy(empty_store / "mlflow.db", folder)
    address = f"sqlite:///{folder / 'mlflow.db'}"
    run = run_with(folder / "run", tested)
    promote(run, lambda line: None, track=address, wishes=Wishes(force=True))
    return address


def test_a_plain_client_predicts_the_same_bit_for_bit_in_a_fresh_process(registered, tmp_path):
    environment = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "DO_NOT_TRACK": "true"}
    done = subprocess.run(
        [sys.executable, "-c", CLIENT, registered, *map(str, PHOTOGRAPHS)],
        cwd=tmp_path,
        env={**environment, "MLFLOW_DISABLE_TELEMETRY": "true", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    counted, all_of_them, inputs = json.loads(done.stdout.splitlines()[-1])
    model = load_model("models:/mask-detector@champion", "cpu", registered)
    found = model.predict([decode(path.read_bytes(), path.name) for path in PHOTOGRAPHS])
    assert all_of_them == [one.as_record() for one in found]
    assert counted == [one.above(model.threshold).as_record() for one in found]
    assert sum(map(len, all_of_them)) > 0
    assert inputs == [{"type": "binary", "name": "photograph", "required": True}]


def test_a_version_holds_no_pickled_object(registered):
    place = Path(find_registered("models:/mask-detector@champion", registered).place)
    package = Path(*place.parts[1:]).parents[2] if place.parts[0] == "file:" else place.parents[2]
    files = {path for path in Path("/", package).rglob("*") if path.is_file()}
    assert {path.name for path in files} >= {"MLmodel", "face_mask_detector.pth", "split.json"}
    suffixes = {path.suffix for path in files}
    assert not suffixes & {".pkl", ".pickle", ".joblib", ".cloudpickle"}
    text = next(path for path in files if path.name == "MLmodel").read_text()
    assert "loader_module: utils.registry.pyfunc" in text
    assert "python_model" not in text and "cloudpickle" not in text


def test_a_model_file_that_is_another_now_is_not_loaded_by_a_plain_client_either(
    registered, tmp_path
):
    from utils.errors import InputError
    from utils.registry.pyfunc import _load_pyfunc

    source = find_registered("models:/mask-detector@champion", registered).file().parent
    shutil.copytree(source, tmp_path / "files")
    record = tmp_path / "files" / "registered.json"
    record.write_text(record.read_text().replace('"sha256": "', '"sha256": "0'))
    with pytest.raises(InputError, match="is not the file that was registered"):
        _load_pyfunc(str(tmp_path / "files"))
