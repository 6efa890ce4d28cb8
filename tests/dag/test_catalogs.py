from pathlib import Path

import pytest
import yaml
from Pegasus.api import Properties

from utils.dag.options.table import Options
from utils.dag.pipeline import build_workflow
from utils.dag.plan import write_plan


def plan(folder: Path, options: Options | None = None) -> dict[str, dict]:
    for name in ("dataset.tar", "predict_0.tar"):
        (folder / name).write_bytes(b"data")
    write_plan(folder, options or Options(), "local", ["python", "workflow.py"], {})
    return {path.stem: yaml.safe_load(path.read_text()) for path in folder.glob("*.yml")}


def test_every_input_that_no_job_makes_has_a_replica_that_exists(tmp_path):
    replicas = {r["lfn"]: Path(r["pfns"][0]["pfn"]) for r in plan(tmp_path)["replicas"]["replicas"]}
    jobs = build_workflow(Options()).jobs.values()
    made = {u.file.lfn for job in jobs for u in job.uses if u._type == "output"}
    needed = {u.file.lfn for job in jobs for u in job.uses if u._type != "output"} - made
    assert replicas.keys() == needed
    assert all(path.is_file() and path.is_absolute() for path in replicas.values())


def test_checkpoints_have_empty_placeholders(tmp_path):
    replicas = {r["lfn"]: r["pfns"][0]["pfn"] for r in plan(tmp_path)["replicas"]["replicas"]}
    assert Path(replicas["train_model.ckpt"]).stat().st_size == 0


def test_every_transformation_is_an_executable_copy_that_is_shipped(tmp_path):
    catalog = plan(tmp_path)["transformations"]["transformations"]
    every = Options(predict=(Path("new"), Path("clip.mp4")))
    used = {job.transformation for job in build_workflow(every).jobs.values()}
    assert {entry["name"] for entry in catalog} == used
    for entry in catalog:
        path = Path(entry["sites"][0]["pfn"])
        assert path.parent == tmp_path / "bin"
        assert path.stat().st_mode & 0o111
        assert entry["sites"][0]["type"] == "stageable"
        assert entry["profiles"]["env"]["PYTHONPATH"] == "utils.zip"


def test_the_sites_are_the_submit_host_and_the_pool(tmp_path):
    sites = {site["name"]: site for site in plan(tmp_path)["sites"]["sites"]}
    assert sites.keys() == {"local", "condorpool"}
    storage = {d["type"]: d["path"] for d in sites["local"]["directories"]}
    assert storage["localStorage"] == str(tmp_path / "output")
    assert sites["condorpool"]["profiles"]["pegasus"]["style"] == "condor"


def test_every_job_may_be_held_and_lost_without_harm(tmp_path):
    sites = {site["name"]: site for site in plan(tmp_path)["sites"]["sites"]}
    commands = sites["condorpool"]["profiles"]["condor"]
    assert commands["+JobLeaseDuration"] == "240"
    assert "VacateReasonCode =?= 1007 && NumJobStarts > 2" in commands["periodic_hold"]
    # One that has a checkpoint in the queue is released; any other is removed, and tried again.
    assert "SuccessCheckpointExitCode =!= undefined" in commands["periodic_release"]
    assert "SuccessCheckpointExitCode =?= undefined" in commands["periodic_remove"]
    assert all("HoldReasonCode =!= 1" in commands[f"periodic_{do}"] for do in ("release", "remove"))


def test_pilots_project_and_site_are_those_asked_for(tmp_path):
    options = Options(site="access", pilots_only="lab", project="abc123")
    sites = {site["name"]: site for site in plan(tmp_path, options)["sites"]["sites"]}
    commands = sites["access"]["profiles"]["condor"]
    assert commands["requirements"] == 'TARGET.AnnexName =?= "lab"'
    assert commands["+TargetAnnexName"] == '"lab"'
    assert commands["+ProjectName"] == '"abc123"'


@pytest.mark.parametrize(
    ("image", "url"),
    [
        ("docker://library/python:3.11", "docker://library/python:3.11"),
        ("/i/x.sif", "file:///i/x.sif"),
    ],
)
def test_jobs_run_in_the_container_asked_for(tmp_path, image, url):
    catalog = plan(tmp_path, Options(container=image))["transformations"]
    (container,) = catalog["containers"]
    assert (container["type"], container["image"]) == ("singularity", url)
    assert container["image.site"] == "local"
    names = {entry["sites"][0]["container"] for entry in catalog["transformations"]}
    assert names == {container["name"]}


def test_the_properties_name_the_catalogues(tmp_path):
    plan(tmp_path)
    properties = Properties.load(tmp_path / "pegasus.properties")
    assert properties["pegasus.data.configuration"] == "condorio"
    assert properties["pegasus.integrity.checking"] == "none"
    for kind in ("replica", "transformation", "site"):
        assert Path(properties[f"pegasus.catalog.{kind}.file"]).is_file()
