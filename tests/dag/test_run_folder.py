import fcntl
import os
import re
import time
from pathlib import Path

import pytest

from utils.dag.run_folder import LOCK, holder, locked, new_folder
from utils.errors import InputError


def test_a_new_folder_is_named_by_workflow_and_time(tmp_path, monkeypatch):
    monkeypatch.setattr("utils.dag.run_folder.PROJECT", tmp_path)
    one, other = new_folder(None, "masks"), new_folder(None, "masks")
    assert re.fullmatch(r"masks-\d{8}-\d{6}", one.name)
    assert one.parent == tmp_path / "runs"
    assert one != other


def test_a_folder_with_something_in_it_is_not_touched(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match=r"not empty; name another folder$"):
        new_folder(tmp_path, "masks")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    (tmp_path / "workflow.yml").touch()
    with pytest.raises(InputError, match=r"not empty.*--resume"):
        new_folder(tmp_path, "masks")


def test_a_folder_under_a_file_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"--run-dir: .* cannot be made"):
        new_folder(tmp_path / "file" / "run", "masks")


def test_a_path_that_no_catalogue_can_hold_is_refused_also_where_nobody_typed_it(
    tmp_path, monkeypatch
):
    project = tmp_path / "50% done"
    project.mkdir()
    monkeypatch.setattr("utils.dag.run_folder.PROJECT", project)
    monkeypatch.chdir(project)
    for wanted in (None, Path("run")):
        with pytest.raises(InputError, match=r"--run-dir: .*without '%', not '.*50% done/run"):
            new_folder(wanted, "masks")
    assert not list(project.iterdir())


def test_a_run_folder_has_one_user_at_a_time(tmp_path):
    refused = pytest.raises(InputError, match=r"in use by another run \(process \d+\)")
    with locked(tmp_path), refused, locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_the_refusal_names_the_process_that_has_the_folder_at_once_or_after_a_moment(tmp_path):
    with locked(tmp_path):
        start = time.monotonic()
        with pytest.raises(InputError, match=rf"\(process {os.getpid()}\)"), locked(tmp_path):
            pass
        assert 0.4 < time.monotonic() - start < 60


def test_who_looks_at_the_lock_does_not_keep_a_run_from_it(tmp_path, monkeypatch):
    """Who looks is done by the time that the run tries again."""
    with open(tmp_path / LOCK, "w") as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        monkeypatch.setattr("utils.dag.run_folder.time.sleep", lambda seconds: looking.close())
        with locked(tmp_path):
            assert holder(tmp_path) == os.getpid()


def test_the_lock_file_goes_with_the_lock_and_one_left_by_a_kill_does_not_count(tmp_path):
    with locked(tmp_path):
        assert holder(tmp_path) == os.getpid()
    assert not (tmp_path / LOCK).exists()
    (tmp_path / LOCK).write_text(f"{os.getpid()}\n")
    assert holder(tmp_path) is None
    with locked(tmp_path):
        pass


def test_who_looks_at_a_dead_lock_is_not_taken_for_its_holder(tmp_path):
    (tmp_path / LOCK).write_text("1\n")
    with open(tmp_path / LOCK) as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)  # as `holder` does
        assert holder(tmp_path) is None


def test_a_folder_that_takes_no_lock_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(InputError, match="cannot be locked: Not a directory"),
        locked(tmp_path / "file"),
    ):
        pass


def test_of_two_who_make_one_folder_at_a_time_one_is_refused(tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    assert new_folder(tmp_path / "run", "masks")
    monkeypatch.setattr(type(tmp_path), "iterdir", lambda path: iter(()))  # looked just before
    with pytest.raises(InputError, match=r"--run-dir: .* cannot be made: File exists"):
        new_folder(tmp_path / "run", "masks")
