"""A cluster on this machine that loses a worker; a stream whose driver is killed."""

import signal

import pytest

from data.painter.sample import draw_picture
from tests.spark import cluster
from tests.spark.conftest import needs_java, same_files
from utils.dataset.images import encode_jpeg

pytestmark = [needs_java, pytest.mark.xdist_group("spark")]


@pytest.fixture(scope="module")
def scenes() -> list[bytes]:
    """Drawn photographs, small ones: what is tested takes many."""
    return [encode_jpeg(draw_picture(seed, [1, 2]).image[::3, ::3]) for seed in range(3)]


def test_a_cluster_that_loses_a_worker_gives_the_answer_of_one_machine(
    album, here, tested, tmp_path
):
    folder = album(*(f"{day}/{number}.jpg" for day in "ab" for number in range(20)))
    (folder / "cut.jpg").write_bytes((folder / "a" / "0.jpg").read_bytes()[:900])
    with cluster.standalone(tmp_path) as machines:
        code = cluster.lose_a_worker(machines, folder, tmp_path / "spark", tested)
    assert code == 1, (tmp_path / "spark.log").read_text()
    assert here(folder, "--output", tmp_path / "alone") == 1
    same_files(tmp_path / "spark", tmp_path / "alone", "faces.csv", "faces.json", "rate.json")


def test_a_stream_whose_driver_is_killed_looks_at_every_photograph_once(
    album, here, tested, tmp_path
):
    names = [f"{number}.jpg" for number in range(20)]
    folder, out = album(*names), tmp_path / "spark"
    words = [folder, "--stream", "--files-per-trigger", 3, "--model", tested, "--output", out]
    killed = cluster.kill_drivers([*words, "--once"], out, 1, seed=1)
    assert killed.times == 1  # `make spark-faults` kills ten
    words += ["--master", "local[1]", "--every-seconds", 1]
    last = cluster.detect(*words, log=tmp_path / "last.log")
    try:
        cluster.until(lambda: len(cluster.rows_of(out / "faces.parquet")) >= len(names), last)
        last.send_signal(signal.SIGTERM)
        code = last.wait(cluster.PATIENCE)
    finally:
        cluster.kill(last)
    assert code == 128 + signal.SIGTERM, (tmp_path / "last.log").read_text()
    assert here(folder, "--output", tmp_path / "alone") == 0
    same_files(out, tmp_path / "alone", "faces.csv")
    rows = cluster.rows_of(out / "faces.parquet")
    assert sorted(rows) == sorted(str(folder / name) for name in names)
