import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from utils.dag.code_bundle import PROJECT, executables, write_code_bundle

ROOMS = {
    *("utils", "utils/analysis", "utils/analysis/evaluation", "utils/analysis/plots"),
    *("utils/analysis/prediction", "utils/analysis/prevalence", "utils/analysis/report"),
    *("utils/analysis/report/templates", "utils/dataset", "utils/dataset/formats"),
    *("utils/dataset/splitting", "utils/detector", "utils/drawing", "utils/metrics"),
    *("utils/search", "utils/training", "utils/classifier", "utils/classifier/finders"),
    *("utils/networks", "utils/video", "utils/video/templates"),
    "utils/drift",
}
"""The folders that travel with every job."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "utils.zip"
    write_code_bundle(path)
    return path


@pytest.fixture
def copy(tmp_path) -> Path:
    """Return a copy of the project, to be edited."""
    copy = tmp_path / "copy"
    for part in ("utils", "bin"):
        shutil.copytree(PROJECT / part, copy / part)
    return copy


def names(bundle: Path) -> list[str]:
    return zipfile.ZipFile(bundle).namelist()


def alone(bundle: Path, *words: str) -> subprocess.CompletedProcess:
    """Run Python where it finds no other code of ours than the bundle."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=bundle.parent,
        env={"PYTHONPATH": bundle.name, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )


def test_equal_sources_give_equal_bytes_whatever_their_times(bundle, tmp_path, copy):
    os.utime(copy / "utils" / "job.py", (0, 0))
    write_code_bundle(tmp_path / "b.zip", copy)
    assert bundle.read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize(
    ("edited", "same"),
    [
        ("utils/job.py", False),
        ("utils/analysis/report/templates/report.css", False),
        ("utils/dag/engines/local/engine.py", True),
        ("utils/dag/options/table.py", True),
        ("utils/dataset/intake/archives.py", True),
        ("utils/networks/pretrained.py", True),
    ],
)
def test_an_edit_changes_the_bundle_where_a_job_can_import_it(bundle, tmp_path, copy, edited, same):
    """The bundle is an input of every job, so where it is the same, no job is run again."""
    with open(copy / edited, "a") as file:
        file.write("\n")
    write_code_bundle(tmp_path / "b.zip", copy)
    assert (bundle.read_bytes() == (tmp_path / "b.zip").read_bytes()) is same


def test_the_bundle_holds_what_jobs_can_import_and_nothing_else(bundle):
    held = names(bundle)
    assert {name.rpartition("/")[0] for name in held} == ROOMS
    assert "utils/analysis/report/templates/report.html" in held
    assert not {"utils/networks/pretrained.py", "utils/files.py", "utils/models.py"} & set(held)
    assert not any("__pycache__" in name for name in held)


@pytest.mark.parametrize(
    "job",
    [
        "def main():\n IMPORT",
        "class A:\n def main(self):\n  IMPORT",
        "async def main():\n async with b:\n  async for i in b:\n   IMPORT",
        "if a:\n pass\nelif b:\n pass\nelse:\n IMPORT",
        "for a in b:\n pass\nelse:\n IMPORT",
        "while a:\n IMPORT",
        "with a:\n IMPORT",
        "try:\n IMPORT\nfinally:\n pass",
        "try:\n pass\nfinally:\n IMPORT",
        "try:\n pass\nexcept ImportError:\n IMPORT",
        "try:\n pass\nexcept* ImportError:\n IMPORT",
        "try:\n pass\nexcept ImportError:\n pass\nelse:\n IMPORT",
        "match a:\n case 1:\n  pass\n case _:\n  IMPORT",
    ],
)
def test_what_is_imported_within_any_statement_travels_too(tmp_path, job):
    for name, text in {
        "bin/job.py": job.replace("IMPORT", "from utils.a import b") + "\n",
        "utils/__init__.py": "",
        "utils/a/__init__.py": "",
        "utils/a/b.py": "import utils.c.d as d\n",
        "utils/a/words.txt": "",
        "utils/c/__init__.py": "",
        "utils/c/d.py": "",
        "utils/c/other.py": "",
        "utils/e.py": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    write_code_bundle(tmp_path / "a.zip", tmp_path)
    assert names(tmp_path / "a.zip") == [
        *("utils/__init__.py", "utils/a/__init__.py", "utils/a/b.py", "utils/a/words.txt"),
        *("utils/c/__init__.py", "utils/c/d.py"),
    ]


def test_every_module_of_the_bundle_can_be_imported_from_it_alone(bundle):
    modules = [name[:-3].replace("/", ".") for name in names(bundle) if name.endswith(".py")]
    done = alone(bundle, "-c", "\n".join(f"import {name}" for name in modules))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", sorted(executables()))
def test_every_executable_starts_with_the_bundle_alone(bundle, tmp_path, name):
    shutil.copy(executables()[name], tmp_path)
    shutil.copy(bundle, tmp_path)
    done = alone(tmp_path / bundle.name, f"{name}.py", "--help")
    assert done.returncode == 0, done.stderr


def test_the_bundle_takes_a_moment(tmp_path):
    start = time.process_time()
    write_code_bundle(tmp_path / "a.zip")
    assert time.process_time() - start < 3
