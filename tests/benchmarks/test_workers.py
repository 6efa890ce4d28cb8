"""The benchmark of workers runs, in its quick mode, and compares with one process."""

import pytest

from benchmarks import workers


def test_two_workers_are_compared_with_one_process(capsys):
    workers.main(["--quick", "--weights", "auto"])
    *_, one, two = (line.split() for line in capsys.readouterr().out.splitlines())
    assert one[:2] == ["1", "1"] and two[:2] == ["2", "2"]
    assert one[3:] == ["1.00", "1.00"]
    assert float(two[4]) == pytest.approx(float(two[3]) / 2, abs=0.01)
