"""What `make benchmark-spark` measures with, on the session that all share."""

import csv
import os
from pathlib import Path

import pytest

from benchmarks.python_workers import Watcher, resident, worker_pids
from benchmarks.rows_made_up import write_rows
from benchmarks.spark import answered
from tests.spark.conftest import needs_java
from utils.apply.looking import Settings
from utils.spark.table import Table

pytestmark = [needs_java, pytest.mark.xdist_group("spark")]


def test_the_answer_of_rows_made_up_has_all_their_faces(spark, tested, tmp_path):
    table = Table(str(tmp_path / "rows"))
    write_rows(30, Path(table.address))
    answered(spark, table, 30, tmp_path, Settings(tested, "cpu").load())
    with open(tmp_path / "answer-30" / "faces.csv", newline="") as file:
        assert len(list(csv.DictReader(file))) == 90


def test_the_memory_of_the_python_workers_is_watched(spark):
    def wait(batches):
        import time

        time.sleep(1)
        yield from batches

    with Watcher(0.05).watching() as watcher:
        assert spark.range(0, 2, 1, 2).mapInPandas(wait, "id long").count() == 2
    assert 10 < watcher.at(0, 1) < 10_000
    assert os.getpid() not in worker_pids() and resident(os.getpid()) > 10
    assert resident(2**30) == 0  # nobody's
