import os
import shutil
import subprocess
import sys
import zipfile

from utils.dag.code_bundle import PROJECT, executables, write_code_bundle


def test_equal_sources_give_equal_bytes_whatever_their_times(tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(PROJECT / "utils", copy / "utils")
    os.utime(copy / "utils" / "job.py", (0, 0))
    write_code_bundle(tmp_path / "a.zip")
    write_code_bundle(tmp_path / "b.zip", copy)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_changed_sources_give_other_bytes(tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(PROJECT / "utils", copy / "utils")
    (copy / "utils" / "job.py").write_text("# other\n")
    write_code_bundle(tmp_path / "a.zip")
    write_code_bundle(tmp_path / "b.zip", copy)
    assert (tmp_path / "a.zip").read_bytes() != (tmp_path / "b.zip").read_bytes()


def test_the_bundle_holds_sources_and_templates_but_no_byte_code(tmp_path):
    write_code_bundle(tmp_path / "a.zip")
    names = zipfile.ZipFile(tmp_path / "a.zip").namelist()
    assert "utils/analysis/report/templates/report.html" in names
    assert not any("__pycache__" in name for name in names)


def test_an_executable_runs_with_the_bundle_alone(tmp_path):
    write_code_bundle(tmp_path / "utils.zip")
    shutil.copy(executables()["split_data"], tmp_path)
    done = subprocess.run(
        [sys.executable, "split_data.py", "--help"],
        cwd=tmp_path,
        env={"PYTHONPATH": "utils.zip"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
