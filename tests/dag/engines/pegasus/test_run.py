import io
import json
import os
import sys
from pathlib import Path

import pytest

import workflow
from utils.dag.engines.choice import open_run
from utils.dag.engines.console import Console
from utils.dag.engines.pegasus import run as pegasus
from utils.dag.engines.pegasus.run import PegasusRun
from utils.dag.options.table import Options
from utils.dag.plan import write_plan
from utils.errors import InputError

FAKE = """#!{python}
import json, os, pathlib, sys
name, submit = pathlib.Path(sys.argv[0]).name, pathlib.Path("{submit}")
submit.mkdir(exist_ok=True)
(submit / (name + ".json")).write_text(json.dumps(sys.argv[1:]))
{body}
"""
PLANS = """
(submit / "braindump.yml").write_text(f"submit_dir: {submit}\\nuser: me\\n")
print(json.dumps({"submit_dir": str(submit), "message": "planned"}))
"""


class Client:
    """Stands in for Pegasus's own client, whose answer needs a queue to ask."""

    def __init__(self, state: str, failed: int) -> None:
        counts = {"succeeded": 4, "queued": 3, "ready": 2, "unready": 1, "failed": failed}
        self.answer = {"dags": {"root": {"state": state, "percent_done": 40.0, **counts}}}

    def get_status(self, root_wf_name: str, submit_dir: str) -> dict:
        return self.answer


@pytest.fixture
def tool(tmp_path, monkeypatch):
    """Put stand-ins for Pegasus's tools on the PATH; return how to say what each does."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def install(name: str, body: str) -> Path:
        script = tmp_path / "bin" / name
        script.parent.mkdir(exist_ok=True)
        script.write_text(FAKE.format(python=sys.executable, submit=tmp_path / "submit", body=body))
        script.chmod(0o755)
        return tmp_path / "submit"

    for name in ("pegasus-version", "pegasus-plan", "condor_submit_dag"):
        install(name, "")
    monkeypatch.delenv("PEGASUS_PYTHON", raising=False)
    return install


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    for name in ("dataset.tar", "predict_0.tar"):
        (folder / name).touch()
    write_plan(folder, Options(), "pegasus", ["python", "workflow.py"], {})
    return folder


@pytest.fixture
def submitted(folder, tool):
    """Return a run that was handed over to the stand-in of Pegasus."""
    tool("pegasus-plan", PLANS)
    tool("pegasus-run", "")
    run = PegasusRun(folder)
    run.prepare()
    assert run.refresh() == "planned"
    assert run.hand_over().startswith(f"Submitted: {run.submit_folder}\n")
    return run


def test_without_the_planner_nothing_is_submitted_and_the_way_out_is_told(folder, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert not pegasus.is_installed()
    with pytest.raises(InputError, match="pegasus-plan is not on the PATH; install"):
        PegasusRun(folder).hand_over()
    assert PegasusRun(folder).refresh() == "planned"


def test_the_planner_is_called_for_the_pool_with_the_run_folders_files(folder, submitted):
    called = json.loads((submitted.submit_folder / "pegasus-plan.json").read_text())
    assert called[-2] == str(folder / "workflow.yml")
    for option, value in (
        ("--conf", str(folder / "pegasus.properties")),
        ("--sites", "condorpool"),
        ("--output-sites", "local"),
        ("--dir", str(folder / "pegasus")),
    ):
        assert called[called.index(option) + 1] == value
    assert "--submit" not in called, "what is planned is submitted once its run folder is whole"
    ran = json.loads((submitted.submit_folder / "pegasus-run.json").read_text())
    assert ran == [str(submitted.submit_folder)]


REFUSES = """
for stream in (sys.stdout, sys.stderr):
    stream.write("[FATAL ERROR] no site condorpool\\n\\n")
sys.exit(1)
"""


def test_the_planners_reason_reaches_the_user_once(folder, tool, capfd):
    tool("pegasus-plan", REFUSES)
    with pytest.raises(InputError) as refused:
        PegasusRun(folder).prepare()
    assert str(refused.value) == "Pegasus could not plan:\n[FATAL ERROR] no site condorpool"
    told = capfd.readouterr()
    assert "FATAL" not in told.out + told.err, "it is told by who catches the error"


def test_what_could_not_be_submitted_can_be_resumed(folder, tool):
    tool("pegasus-plan", PLANS)
    tool("pegasus-run", "print('no schedd'); sys.exit(1)")
    with pytest.raises(InputError, match=r"could not submit .*:\nno schedd\nMend .*--resume"):
        PegasusRun(folder).hand_over()
    with pytest.raises(InputError, match="not submitted yet"):
        PegasusRun(folder).status()
    tool("pegasus-plan", "sys.exit(1)")
    tool("pegasus-run", "")
    assert PegasusRun(folder).hand_over().startswith("Submitted: ")


def test_where_planning_fails_no_run_folder_is_left(tmp_path, tool, monkeypatch, capsys):
    tool("pegasus-plan", REFUSES)
    words = ["--engine", "pegasus", "--run-dir", str(tmp_path / "new")]
    assert workflow.main(words) == 2
    told = capsys.readouterr()
    assert (told.out + told.err).count("no site condorpool") == 1
    assert not (tmp_path / "new").exists()


def test_pegasus_tools_run_with_our_python_unless_the_user_names_one(tool, monkeypatch):
    pegasus.require()
    assert os.environ["PEGASUS_PYTHON"] == sys.executable
    monkeypatch.setenv("PEGASUS_PYTHON", "/no/such/python3")
    with pytest.raises(InputError, match="PEGASUS_PYTHON: /no/such/python3: No such file"):
        pegasus.require()


def test_a_python_without_what_the_tools_import_is_refused_before_anything_is_packed(
    tmp_path, tool, monkeypatch, capsys
):
    monkeypatch.setenv("PEGASUS_PYTHON", str(tool("bare", "sys.exit(1)").parent / "bin" / "bare"))
    monkeypatch.setattr("utils.submission.open_data", None)
    for engine in ("pegasus", "auto"):
        assert workflow.main(["--engine", engine, "--run-dir", str(tmp_path / "new")]) == 2
        assert "bare -m pip install GitPython PyYAML" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_without_htcondor_nothing_is_packed(tool, tmp_path):
    (tmp_path / "bin" / "condor_submit_dag").unlink()
    with pytest.raises(InputError, match="condor_submit_dag is not on the PATH"):
        pegasus.require()


def test_a_run_that_was_moved_is_refused_once_it_was_planned(folder, submitted):
    new = folder.rename(folder.with_name("elsewhere"))
    with pytest.raises(InputError, match=f"was {folder} when Pegasus planned it.*move it back"):
        open_run(new)
    assert open_run(new.rename(folder)).submitted


ANALYSIS = """
 # jobs failed      :      2 (3.23%)
=============================split_data_split_data==============================
 last state: POST_SCRIPT_FAILED
exitcode    : 2
--------------Task #1 - split_data - split_data - Kickstart stderr--------------
 2026-11-27 08:00:00,123 INFO reading
 2026-11-27 08:00:01,123 ERROR faces.xml: field 'xmin' is 'a'; mend it
==================================other_other===================================
exitcode    : {code}
"""


@pytest.mark.parametrize("code", [1, 2])
def test_the_jobs_own_error_is_told_and_what_helps(submitted, tool, monkeypatch, code):
    monkeypatch.setattr(pegasus, "from_env", lambda: Client("Failure", 2))
    words = ANALYSIS.format(code=code).replace("exitcode    : 2", f"exitcode    : {code}")
    tool("pegasus-analyzer", f"print({words!r})")
    told = submitted.analysis()
    reason = f"FAILED: ended with exit code {code}: faces.xml: field 'xmin' is 'a'; mend it\n"
    assert f"split_data_split_data        {reason}" in told
    assert f"other_other                  FAILED: ended with exit code {code}\n" in told
    assert ("Go on with: python workflow.py --resume" in told) is (code == 1)
    assert ("Mend that and start the run again" in told) is (code == 2)


def test_what_was_submitted_is_found_again_and_goes_on_from_its_rescue_file(
    folder, submitted, tool, monkeypatch
):
    states = iter(["Failure", "Failure", "Failure", "Running"])
    monkeypatch.setattr(pegasus, "from_env", lambda: Client(next(states), 1))
    submit = tool("pegasus-run", "print('on its way again')")
    assert PegasusRun(folder).hand_over() == "on its way again"
    assert json.loads((submit / "pegasus-run.json").read_text()) == [str(submit)]
    assert next(states, None) is None, "the old failure is not to be taken for the new run's"


@pytest.mark.parametrize(
    ("state", "words"),
    [("Success", "nothing is left to do"), ("Running", "on its way already")],
)
def test_what_needs_no_submission_is_not_submitted_again(
    folder, submitted, monkeypatch, state, words
):
    monkeypatch.setattr(pegasus, "from_env", lambda: Client(state, 0))
    assert PegasusRun(folder).hand_over() == f"{folder}: {words}"


@pytest.mark.parametrize(
    ("ask", "name", "options"),
    [
        (PegasusRun.status, "pegasus-status", ["-l"]),
        (PegasusRun.statistics, "pegasus-statistics", []),
        (PegasusRun.remove, "pegasus-remove", []),
    ],
)
def test_pegasus_own_tools_speak_for_it(submitted, tool, ask, name, options):
    submit = tool(name, "print('words of the tool'); sys.exit(3)")
    assert ask(submitted) == "words of the tool"
    assert json.loads((submit / f"{name}.json").read_text()) == [*options, str(submit)]


def test_a_run_that_was_not_submitted_is_told_apart(folder):
    with pytest.raises(InputError, match="not submitted yet; do so with: python workflow"):
        PegasusRun(folder).status()


@pytest.mark.parametrize(("state", "failed", "well"), [("Success", 0, True), ("Failure", 1, False)])
def test_waiting_ends_with_the_workflow(submitted, tool, monkeypatch, state, failed, well):
    monkeypatch.setattr(pegasus, "from_env", lambda: Client(state, failed))
    submit = tool("pegasus-statistics", "print('every job done')")
    (submit / "monitord.done").touch()
    tool("pegasus-analyzer", "print('this one failed')")
    told = io.StringIO()
    assert submitted.follow(Console(told)) is well
    assert f"40 % done: 4 jobs succeeded, 3 in the queue, 3 to come, {failed} failed" in (
        told.getvalue()
    )
    assert ("every job done" in told.getvalue()) is well
    analysis = submitted.analysis()
    assert analysis.startswith("this one failed")
    assert ("--resume" in analysis) is not well
