"""A run folder goes on from where it was moved to."""

import shutil
from pathlib import Path

import pytest
import yaml

from utils.dag import catalogs
from utils.dag.engines.choice import open_run
from utils.dag.engines.console import Console
from utils.dag.moved import moved_from
from utils.dag.options.table import Options
from utils.dag.plan import write_plan
from utils.dag.run_record import RunRecord
from utils.dag.workflow_file import read_workflow


@pytest.fixture
def folder(tmp_path) -> Path:
    """Return a planned run, in a folder whose name has to be quoted in an address."""
    folder = tmp_path / "a place" / "run"
    folder.mkdir(parents=True)
    for name in ("dataset.tar", "predict_0.tar"):
        (folder / name).touch()
    image = str(folder.with_name("run2") / "x.sif")
    write_plan(folder, Options(container=image), "local", ["python", "workflow.py"], {})
    return folder


@pytest.mark.parametrize("move", [shutil.move, shutil.copytree])
def test_every_catalogue_names_its_files_where_they_are(folder, tmp_path, move):
    before = read_workflow(folder)
    new = Path(move(folder, tmp_path / "other place"))
    open_run(new)
    assert moved_from(new) is None
    after = read_workflow(new)
    assert {path.parent for path in after.replicas.values()} == {new, new / "checkpoints"}
    assert after.jobs.keys() == before.jobs.keys()
    assert {job.executable.parent for job in after.jobs.values()} == {new / "bin"}
    for name in ("replicas.yml", "transformations.yml", "sites.yml", "pegasus.properties"):
        assert f"{folder}/" not in (new / name).read_text()
        assert folder.as_uri() + "/" not in (new / name).read_text()
    sites = yaml.safe_load((new / "sites.yml").read_text())
    places = [d["fileServers"][0]["url"] for d in sites["sites"][0]["directories"]]
    assert places == [f"{new.as_uri()}/pegasus-scratch", f"{new.as_uri()}/output"]


def test_what_lies_elsewhere_is_still_found_there(folder, tmp_path):
    """The image lies in a folder whose name only begins as that of the run."""
    image = folder.with_name("run2") / "x.sif"
    new = Path(shutil.move(folder, tmp_path / "new"))
    open_run(new)
    assert {job.container for job in read_workflow(new).jobs.values()} == {str(image)}


def test_a_folder_that_was_not_moved_is_left_as_it_is(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    open_run(folder)
    (folder.parent / "link").symlink_to(folder)
    open_run(folder.parent / "link")
    after = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert after == before


def test_a_moved_run_is_executed_and_takes_what_is_done_from_a_cache_that_was_moved_with_it(
    toy, tmp_path, caplog
):
    toy.file("given.txt", "given")
    job = toy.job("read", "open('made', 'w').write(open('given.txt').read())")
    job.add_inputs("given.txt").add_outputs("made")
    folder = toy.write()
    catalogs.properties(folder).write(str(folder / catalogs.PROPERTIES))
    RunRecord(folder).describe(engine="local")
    new = Path(shutil.move(folder, tmp_path / "elsewhere" / "run"))
    assert open_run(new).execute(Console())
    assert (new / "output" / "made").read_text() == "given"
    again = Path(shutil.move(new, tmp_path / "third"))
    run = open_run(again)
    assert f"unless {new.parent / '.cache'} is moved, too" in caplog.text
    shutil.move(new.parent / ".cache", again.parent / ".cache")
    assert run.execute(Console())
    assert run.record.jobs["read"]["state"] == "cached"
