import os

from utils.dag.engines import machine


def test_the_cores_are_those_of_this_process():
    assert machine.cores() == len(os.sched_getaffinity(0))


def test_a_control_groups_limit_bounds_the_memory(tmp_path):
    limit = tmp_path / "memory.max"
    limit.write_text("1048576000\n")
    assert machine.memory(limit) == 900
    limit.write_text("max\n")
    assert machine.memory(limit) == machine.memory(tmp_path / "none")
    assert machine.memory(limit) > 900
