import os

from utils.dag.engines.local import machine


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
