import os

import pytest

from utils.dag.engines.local import machine
from utils.errors import InputError


def test_the_cores_are_those_of_this_process():
    assert machine.cores() == len(os.sched_getaffinity(0))


def test_a_control_groups_limit_bounds_the_memory(tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text("1048576000\n")
    assert machine.memory(limit) == 900
    limit.write_text("max\n")
    assert machine.memory(limit) == machine.memory(tmp_path / "none")
    assert machine.memory(limit) > 900


def test_the_kernels_count_of_kills_for_want_of_memory_is_read(tmp_path):
    (tmp_path / "vmstat").write_text("oom_kill_other 9\noom_kill 3\n")
    assert machine.oom_kills(tmp_path / "vmstat") == 3
    assert machine.oom_kills(tmp_path / "none") == 0


@pytest.fixture
def card(tmp_path, monkeypatch):
    """Return a ``/dev`` with one GPU, which PyTorch can use."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    machine.gpus.cache_clear()
    (tmp_path / "nvidia0").touch()
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho 1\n")
    python.chmod(0o755)
    monkeypatch.setattr(machine.sys, "executable", str(python))
    yield tmp_path
    machine.gpus.cache_clear()


def test_gpus_are_those_that_pytorch_can_use(card, monkeypatch):
    assert machine.gpus(card) == 1
    for hidden in ("", "-1"):
        machine.gpus.cache_clear()
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert machine.gpus(card) == 0


def test_where_there_is_no_device_pytorch_is_not_asked(card, monkeypatch):
    (card / "nvidia0").unlink()
    monkeypatch.setattr(machine.sys, "executable", "/no/such")
    assert machine.gpus(card) == 0


def test_more_gpus_than_there_are_are_refused(monkeypatch):
    monkeypatch.setattr(machine, "gpus", lambda: 1)
    machine.require_gpus(0)
    machine.require_gpus(1)
    with pytest.raises(InputError, match="--gpus 2: PyTorch can use 1 on this machine"):
        machine.require_gpus(2)
