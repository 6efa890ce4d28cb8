"""The long run tells what grows, of every process that it watches."""

import subprocess
import sys
from pathlib import Path

from benchmarks import long_run
from benchmarks.long_run import Sample


def test_the_growth_is_that_of_the_samples_after_the_first_fifth(capsys):
    steep = [Sample(done, 30 + done, 5) for done in range(0, 200, 20)]
    late = [Sample(done, 230 + done * 0.004, 5 + done // 500) for done in range(200, 1001, 20)]
    late[-1] = Sample(1000, 12.0, 1)  # it was about to exit
    long_run.tell(long_run.during({"engine": steep + late}, 1000), 1000)
    head, *rows, growth = capsys.readouterr().out.strip().splitlines()
    assert head.split() == ["jobs", "done", "engine", "MiB", "engine", "files"]
    assert rows[-1].split() == ["1000", "233.9", "6"]
    assert growth.split()[3] == "+4.00"
    assert 1.5 < float(growth.split()[4]) < 2.5


def test_samples_are_of_the_process_that_is_named(tmp_path):
    program = "import time; print('ready', flush=True); time.sleep(600)"
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    try:
        assert child.stdout.readline() == b"ready\n"
        seen = long_run.sample(child.pid, 7)
    finally:
        child.kill()
        child.communicate()
    assert seen.done == 7
    assert 1 < seen.mib < 60
    assert 3 <= seen.descriptors < 20


def test_the_figure_is_drawn(tmp_path):
    samples = {"one": [Sample(1, 2.0, 3), Sample(2, 2.0, 3)], "two": [Sample(1, 1.0, 4)]}
    long_run.draw(samples, tmp_path / "long.png")
    assert Path(tmp_path / "long.png").read_bytes().startswith(b"\x89PNG")
