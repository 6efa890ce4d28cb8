"""A cluster on this machine that loses a worker; `make spark-faults` does more, and longer."""

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
