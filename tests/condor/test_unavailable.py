"""Where the pool cannot start: the reason, skipped or failed tests, and the tree it needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.condor.conftest import REQUIRED
from tests.condor.pool import Pool
from tests.condor.software import PROJECT
from tests.condor.tree import PoolUnavailable, tree

DEBOOTSTRAP = """#!/bin/sh
echo called >> "$CALLS"
for word; do case $word in */*.part) mkdir -p "$word/bin";; esac; done
echo "E: the mirror is far away"
exit $EXIT
"""


def test_only_root_can_start_one(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(PoolUnavailable, match="only root"):
        Pool().__enter__()


@pytest.mark.parametrize("required", [False, True])
def test_tests_are_skipped_with_the_reason_and_fail_where_the_pool_must_start(required, tmp_path):
    env = {key: value for key, value in os.environ.items() if key not in REQUIRED}
    env |= {"PATH": str(tmp_path), **({"CI": "true"} if required else {})}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command += ["tests/condor/test_pool.py", "-k", "joins"]
    done = subprocess.run(command, cwd=PROJECT, env=env, capture_output=True, text=True)
    assert done.returncode == (1 if required else 0)
    assert "the pool cannot start" in done.stdout
    assert ("1 error" if required else "1 skipped") in done.stdout


@pytest.fixture
def debootstrap(tmp_path, monkeypatch):
    """Return a function that sets the exit code of an imitated debootstrap."""
    program = tmp_path / "debootstrap"
    program.write_text(DEBOOTSTRAP)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    monkeypatch.setenv("MASK_DETECTION_POOL", str(tmp_path / "cache"))
    return lambda code: monkeypatch.setenv("EXIT", str(code))


def test_a_tree_that_is_not_whole_is_not_used(debootstrap):
    debootstrap(1)
    for _ in range(2):
        with pytest.raises(PoolUnavailable, match="the mirror is far away"):
            tree()
    debootstrap(0)
    assert (tree() / "bin").is_dir()


def test_the_tree_is_made_once(debootstrap, tmp_path):
    debootstrap(0)
    assert tree() == tree()
    assert Path(tmp_path / "calls").read_text() == "called\n"
