import json
import sys
from pathlib import Path

import pytest

from utils.dag.engines import pegasus
from utils.dag.options import Options
from utils.dag.plan import write_plan
from utils.errors import InputError

FAKE = """#!{python}
import json, pathlib, sys
submit = pathlib.Path("{submit}")
submit.mkdir(exist_ok=True)
(submit / "called.json").write_text(json.dumps(sys.argv))
{body}
"""
PLANS = """
(submit / "braindump.yml").write_text(f"submit_dir: {submit}\\nuser: me\\n")
print(json.dumps({"submit_dir": str(submit), "workflow_name": "x", "exit_code": 0}))
"""


@pytest.fixture
def planner(tmp_path, monkeypatch):
    """Put a stand-in for the planner on the PATH; return how to say what it does."""

    def install(body: str) -> Path:
        for name in ("pegasus-plan", "pegasus-version"):
            tool = tmp_path / "bin" / name
            tool.parent.mkdir(exist_ok=True)
            script = FAKE.format(python=sys.executable, submit=tmp_path / "submit", body=body)
            tool.write_text(script)
            tool.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        return tmp_path / "submit"

    return install


def planned(folder: Path):
    for name in ("dataset.tar", "predict_0.tar"):
        folder.mkdir(exist_ok=True)
        (folder / name).touch()
    return write_plan(folder, Options(), "pegasus", ["python", "workflow.py"], {})


def test_without_the_planner_nothing_is_submitted_and_the_way_out_is_told(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert not pegasus.is_installed()
    with pytest.raises(InputError, match="pegasus-plan is not on the PATH; install"):
        pegasus.require()


def test_the_planner_is_called_for_the_pool_with_the_run_folders_files(tmp_path, planner):
    submit = planner(PLANS)
    folder = tmp_path / "run"
    assert pegasus.submit(planned(folder), folder) == submit
    called = json.loads((submit / "called.json").read_text())
    assert called[-2] == str(folder / "workflow.yml")
    for option, value in (
        ("--conf", str(folder / "pegasus.properties")),
        ("--sites", "condorpool"),
        ("--output-sites", "local"),
        ("--dir", str(folder / "pegasus")),
    ):
        assert called[called.index(option) + 1] == value
    assert "--submit" in called


def test_the_planners_refusal_reaches_the_user(tmp_path, planner):
    planner("sys.stderr.write('no such site'); sys.exit(1)")
    with pytest.raises(InputError, match=r"could not plan or submit"):
        pegasus.submit(planned(tmp_path / "run"), tmp_path / "run")
