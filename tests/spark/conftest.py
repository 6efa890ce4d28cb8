"""A session that all tests share, and a stand-in for `detect.py`'s own."""

import contextlib
import io
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import detect
from tests.apply import conftest as of_photographs
from tests.video import conftest as of_videos
from utils.spark.session import Cluster, spark_session
from utils.spark.words import in_words

REQUIRED = os.environ.get("MASK_DETECTION_SPARK_REQUIRED") == "1"
SMALL = {
    "spark.driver.memory": "512m",
    "spark.executorEnv.OMP_NUM_THREADS": "1",
}

album, scenes = of_photographs.album, of_photographs.scenes
tested, untested = of_photographs.tested, of_photographs.untested
film, scene, times = of_videos.film, of_videos.scene, of_videos.times

needs_java = pytest.mark.skipif(
    shutil.which("java") is None and not REQUIRED, reason="Java is not installed: make spark"
)


def on_a_session(test: Callable) -> Callable:
    """Mark a test that takes the session that all share, in a file of which not all do."""
    return needs_java(pytest.mark.xdist_group("spark")(test))


@pytest.fixture(scope="session")
def spark():
    """Spark on two cores of this machine."""
    with spark_session(Cluster("local[2]", SMALL)) as session:
        yield session


@pytest.fixture(scope="session")
def brought(spark, tested, tmp_path_factory) -> Callable[[list[Path]], None]:
    """Bring files to the workers of that session, each name once: the model is always the same."""
    kept = tmp_path_factory.mktemp("brought")

    def bring(files: list[Path]) -> None:
        for file in files:
            if not (kept / file.name).exists():
                shutil.copy(file, kept / file.name)
                spark.sparkContext.addFile(str(kept / file.name))
            assert (kept / file.name).read_bytes() == file.read_bytes()

    return bring


@pytest.fixture(scope="session")
def on_spark(spark, brought, tested) -> Callable[..., tuple[int, str]]:
    """Run `detect.py --engine spark` in that session; return exit code and what was printed."""

    @contextlib.contextmanager
    def shared(cluster: Cluster, files: list[Path]) -> Iterator[object]:
        brought(files)
        with in_words():
            yield spark

    def call(*words: object) -> tuple[int, str]:
        more, told = ["--engine", "spark", "--model", tested, "--device", "cpu"], io.StringIO()
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(told),
            contextlib.redirect_stderr(told),
        ):
            patch.setattr("utils.spark.run.spark_session", shared)
            code = detect.main([str(word) for word in (*words, *more)])
        return code, told.getvalue()

    return call


@pytest.fixture
def here(tested, capsys) -> Callable[..., int]:
    """Run `detect.py` without Spark; return its exit code."""

    def call(*words: object) -> int:
        more = ["--no-pictures", "--model", tested, "--device", "cpu", "--quiet"]
        code = detect.main([str(word) for word in (*words, *more)])
        capsys.readouterr()
        return code

    return call


def same_files(one: Path, other: Path, *names: str) -> None:
    """Check that files of two folders are equal, byte by byte."""
    for name in names:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name
