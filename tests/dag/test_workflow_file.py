import pytest
import yaml

from utils.dag.options.table import Options
from utils.dag.plan import write_plan
from utils.dag.workflow_file import read_workflow
from utils.errors import InputError


def edited(toy, change) -> None:
    toy.file("given.txt")
    toy.job("work", "pass", "-a", "1").add_inputs("given.txt").add_outputs("made.txt")
    path = toy.write() / "workflow.yml"
    described = yaml.safe_load(path.read_text())
    change(described)
    path.write_text(yaml.safe_dump(described))


def test_our_own_workflow_is_read_as_it_was_described(tmp_path):
    for name in ("dataset.tar", "predict_0.tar"):
        (tmp_path / name).touch()
    described = write_plan(tmp_path, Options(), "local", ["python", "workflow.py"], {})
    workflow = read_workflow(tmp_path)
    assert workflow.jobs.keys() == described.jobs.keys()
    assert workflow.retries == 2
    job = workflow.jobs["train_model"]
    assert job.checkpoints == ("train_model.ckpt",)
    assert job.environment["PYTHONPATH"] == "utils.zip"
    assert job.executable == tmp_path / "bin" / "train_model.py"
    assert (job.cores, job.memory, job.seconds) == (2, 4000 + 2048, 86400)
    assert "hpo_best" in workflow.parents["train_model"]
    assert "mask_detection_model.pth" in job.kept


def test_arguments_are_joined_and_split_as_the_execution_side_does(toy):
    toy.job("work", "pass", "-a 1", "--name 'two words'", 3)
    assert read_workflow(toy.write()).jobs["work"].arguments == (
        "-a",
        "1",
        "--name",
        "two words",
        "3",
    )


def test_profiles_of_a_job_win_over_those_of_its_transformation(toy):
    toy.job("work", "pass").add_env(COLOUR="red").add_pegasus_profile(cores=3)
    path = toy.write() / "transformations.yml"
    catalog = yaml.safe_load(path.read_text())
    catalog["transformations"][0]["profiles"] = {"env": {"COLOUR": "blue", "SHAPE": "round"}}
    path.write_text(yaml.safe_dump(catalog))
    read = read_workflow(toy.folder).jobs["work"]
    assert read.environment == {"COLOUR": "red", "SHAPE": "round"}
    assert read.cores == 3


def test_a_wall_time_in_minutes_leaves_what_the_checkpoint_time_says(toy):
    job = toy.job("work", "pass")
    job.add_pegasus_profile(max_walltime=10, checkpoint_time=7)
    assert read_workflow(toy.write()).jobs["work"].seconds == 7 * 60


def test_catalogues_inside_the_workflow_are_read_too(toy):
    toy.file("given.txt", "x")
    toy.job("work", "pass").add_inputs("given.txt")
    toy.workflow.add_replica_catalog(toy.replicas)
    toy.workflow.add_transformation_catalog(toy.transformations)
    toy.workflow.write(str(toy.folder / "workflow.yml"))
    assert read_workflow(toy.folder).replicas["given.txt"] == toy.folder / "given.txt"


def test_declared_dependencies_count_beside_those_of_the_files(toy):
    first, last = toy.job("first", "pass"), toy.job("last", "pass")
    toy.workflow.add_dependency(last, parents=[first])
    assert read_workflow(toy.write()).parents == {"first": set(), "last": {"first"}}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["jobs"][0].update(type="pegasusWorkflow"), "needs Pegasus itself"),
        (lambda d: d["jobs"][0].update(name="other"), "no transformation 'other'"),
        (lambda d: d["jobs"].append(d["jobs"][0]), "two jobs have the id 'work'"),
        (lambda d: d["jobs"].append(d["jobs"][0] | {"id": "b"}), "made by 'work' and 'b'"),
        (lambda d: d["jobs"][0]["uses"].append({"lfn": "x", "type": "input"}), "no job makes"),
        (lambda d: d["jobs"][0]["uses"].append({"lfn": "../x", "type": "output"}), "outside"),
        (lambda d: d["jobs"][0]["uses"].append({"lfn": "/x", "type": "output"}), "outside"),
    ],
)
def test_what_cannot_run_is_refused_with_the_jobs_name(toy, change, words):
    edited(toy, change)
    with pytest.raises(InputError, match=words):
        read_workflow(toy.folder)


def test_a_missing_executable_is_named(toy):
    toy.job("work", "pass")
    folder = toy.write()
    (folder / "work.py").unlink()
    with pytest.raises(InputError, match=r"no executable here .*work\.py"):
        read_workflow(folder)


@pytest.mark.parametrize("content", [None, "{", "- 1"])
def test_a_file_that_is_no_workflow_is_named(tmp_path, content):
    if content is not None:
        (tmp_path / "workflow.yml").write_text(content)
    with pytest.raises(InputError, match=r"workflow\.yml"):
        read_workflow(tmp_path)
