"""The submit files say what the jobs need, in HTCondor's words."""

import re
import time

import pytest

import workflow
from utils.dag.engines.condor.dag import quoted, write_dag
from utils.dag.options.table import Options
from utils.dag.plan import write_plan
from utils.dag.workflow_file import read_workflow
from utils.errors import InputError

pytest.importorskip("htcondor", reason="HTCondor's bindings are for Linux")
pytestmark = pytest.mark.filterwarnings("ignore:Neither the environment variable:UserWarning")


def commands(folder, job) -> dict[str, str]:
    lines = (folder / "condor" / f"{job}.sub").read_text().splitlines()
    return dict(line.split(" = ", 1) for line in lines if " = " in line)


def plan(folder, **options):
    for name in ("dataset.tar", "predict_0.tar"):
        folder.mkdir(exist_ok=True)
        (folder / name).touch()
    write_plan(folder, Options(**options), "condor", ["python", "workflow.py"], {})
    write_dag(folder, read_workflow(folder))
    return folder


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "run"


def test_every_job_is_a_node_tried_again_and_waits_for_those_whose_files_it_reads(folder):
    plan(folder)
    workflow = read_workflow(folder)
    dag = (folder / "condor" / "workflow.dag").read_text()
    nodes = dict(re.findall(r"^JOB (\S+) (\S+)$", dag, re.MULTILINE))
    assert nodes == {name: f"{name}.sub" for name in workflow.jobs}
    assert set(re.findall(r"^RETRY (\S+) 2 UNLESS-EXIT 2$", dag, re.MULTILINE)) == set(
        workflow.jobs
    )
    edges = re.findall(r"^PARENT (.+) CHILD (\S+)$", dag, re.MULTILINE)
    found = {child: set(parents.split()) for parents, child in edges}
    assert found == {child: parents for child, parents in workflow.parents.items() if parents}


def test_thousands_of_jobs_are_written_in_seconds(toy):
    toy.job("job", "pass")
    for number in range(1000):
        job = toy.again("job", f"job{number}").add_outputs(f"{number}.txt", stage_out=False)
        if number:
            job.add_inputs(f"{number - 1}.txt")
    folder = toy.write()
    workflow = read_workflow(folder)
    start = time.process_time()
    write_dag(folder, workflow)
    assert time.process_time() - start < 4, "it took 17 s when the time grew as the square"


def test_files_are_brought_and_fetched_by_their_names(folder):
    run = commands(plan(folder), "evaluate")
    brought = run["transfer_input_files"].split(", ")
    assert f"{folder}/utils.zip" in brought
    assert f"{folder}/condor/files/test_clean.tar" in brought
    assert f"{folder}/output/mask_detection_model.pth" in brought
    fetched = run["transfer_output_files"].split(", ")
    assert "evaluation.json" in fetched
    remaps = dict(item.split("=") for item in run["transfer_output_remaps"].strip('"').split("; "))
    assert remaps["evaluation.json"] == f"{folder}/output/evaluation.json"
    assert remaps.keys() == set(fetched)


def test_resources_come_from_the_table(folder):
    run = commands(plan(folder, gpus=1), "train_model")
    assert run["request_cpus"] == "2"
    assert run["request_memory"] == "6048MB"
    assert run["request_disk"] == "12000MB"
    assert run["request_gpus"] == "1"
    assert run["allowed_execute_duration"] == str(1440 * 60)
    assert "request_gpus" not in commands(folder, "split_data")


def test_a_training_checkpoints_itself_and_its_checkpoint_goes_both_ways(folder):
    run = commands(plan(folder, checkpoint_minutes=5.0), "train_model")
    assert "--checkpoint-minutes 5.0" in run["arguments"]
    assert run["MY.SuccessCheckpointExitCode"] == "85"
    assert run["MY.WantFTOnCheckpoint"] == "true"
    assert run["MY.TransferCheckpoint"] == '"train_model.ckpt"'
    kept = folder / "checkpoints" / "train_model.ckpt"
    assert str(kept) in run["transfer_input_files"].split(", ")
    assert f"train_model.ckpt={kept}" in run["transfer_output_remaps"]
    assert kept.exists()
    assert "MY.SuccessCheckpointExitCode" not in commands(folder, "evaluate")


def test_a_checkpoint_saved_before_is_not_emptied(folder):
    plan(folder)
    kept = folder / "checkpoints" / "train_model.ckpt"
    kept.write_text("saved")
    write_dag(folder, read_workflow(folder))
    assert kept.read_text() == "saved"


def test_what_is_asked_of_pilots_reaches_every_job(folder):
    plan(folder, pilots_only="lab", project="abc123")
    for job in ("split_data", "train_model"):
        run = commands(folder, job)
        assert run["requirements"] == 'TARGET.AnnexName =?= "lab"'
        assert run["MY.TargetAnnexName"] == '"lab"'
        assert run["MY.ProjectName"] == '"abc123"'
        assert run["MY.JobLeaseDuration"] == "240"


@pytest.mark.parametrize(
    ("image", "expected"),
    [("docker://library/python:3.11", None), ("image.sif", "image.sif")],
)
def test_a_container_is_htcondors_own_business(folder, monkeypatch, image, expected):
    monkeypatch.chdir(folder.parent)
    run = commands(plan(folder, container=image), "predict_0")
    assert run["universe"] == "container"
    assert run["container_image"] == (str(folder.parent / expected) if expected else image)


def test_an_image_file_takes_room_in_the_jobs_folder(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    (folder.parent / "image.sif").write_bytes(bytes(3 * 2**20 + 1))
    run = commands(plan(folder, container="image.sif"), "split_data")
    assert run["request_disk"] == f"{8000 + 4}MB"
    assert run["transfer_executable"] == "true"


def test_a_file_that_is_called_otherwise_on_this_machine_arrives_under_its_own_name(toy):
    original = toy.folder / "photographs-2026.tar"
    original.write_text("data")
    toy.replicas.add_replica("local", "data.tar", original)
    toy.job("read", "pass").add_inputs("data.tar")
    folder = toy.write()
    write_dag(folder, read_workflow(folder))
    link = folder / "condor" / "files" / "data.tar"
    assert commands(folder, "read")["transfer_input_files"] == str(link)
    assert link.resolve() == original


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--a", "b"], '"--a b"'),
        (["two words", ""], "\"'two words' ''\""),
        (["it's", 'say "so"'], "\"'it''s' 'say \"\"so\"\"'\""),
        (["$(Cluster)"], '"$(DOLLAR)(Cluster)"'),
    ],
)
def test_arguments_arrive_as_they_are(words, line):
    assert quoted(words) == line


def test_what_htcondor_cannot_take_is_refused(toy, tmp_path):
    with pytest.raises(InputError, match="no line break"):
        quoted(["a\nb"])
    toy.job("has.dots", "pass")
    folder = toy.write()
    with pytest.raises(InputError, match=r"job 'has\.dots'"):
        write_dag(folder, read_workflow(folder))


def test_a_run_folder_whose_path_means_something_to_htcondor_is_refused(tmp_path):
    with pytest.raises(InputError, match="name it, or --run-dir, otherwise"):
        plan(tmp_path / "a,b")


def test_of_a_run_that_htcondor_cannot_take_nothing_is_left(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("utils.dag.engines.condor.run.require", lambda: None)
    assert workflow.main(["--engine", "condor", "--run-dir", str(tmp_path / "a,b")]) == 2
    assert "name it, or --run-dir, otherwise" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
