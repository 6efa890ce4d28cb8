"""The options of Spark by the command line of `detect.py`: what cannot be meant together."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

import detect


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--master", "local[2]"], "--master: is of Spark; add --engine spark"),
        (["--stream"], "--stream: is of Spark"),
        (["--output", "s3a://bucket/x"], "s3a://bucket/x: is an address; name a folder"),
        (["--engine", "spark", "--show"], "--show: cannot be had on Spark"),
        (["--engine", "spark", "--jobs", "2"], "--jobs: cannot be had on Spark; the master says"),
        (["--engine", "spark", "--window", "5 minutes"], "--window: is of a stream; add --stream"),
        (["--engine", "spark", "--sink", "parquet", "--sink", "delta"], "choose one"),
        (["--engine", "spark", "--videos", "--sink", "pictures"], "is of photographs"),
        (["--engine", "spark", "--stream", "--late", "soon"], "give it as '10 minutes'"),
        (["--engine", "spark", "--conf", "executor.memory=1g"], "spark.executor.memory=4g"),
    ],
)
def test_what_cannot_be_meant_together_is_refused(words, told, capsys, tmp_path):
    assert detect.main([str(tmp_path), *words]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["rtsp://user:secret@camera/live"], "rtsp://camera/live: is a camera or a stream"),
        (["a.jpg", "s3a://bucket/x"], "of a disk, or of a store, one after the other"),
        (["s3a://bucket/clip.mp4"], "videos are opened by their path"),
        (["a.zip"], "a.zip: is an archive"),
        (["empty"], "empty"),
        (["--stream", "empty"], "name its --output"),
        (["--stream", "empty", "a.jpg", "--output", "out"], "watches one folder"),
        (["--stream", "a.jpg", "--output", "out"], "a.jpg: is no folder"),
        (["--faces", "detector", "a.jpg"], "--faces"),
        (["a.jpg", "--output", "s3a://b/x", "--sink", "pictures"], "into a folder that they share"),
        (["a.jpg", "--output", "out [1]"], "for a pattern when it reads its rows"),
        ([], "no photographs are named"),
    ],
)
def test_sources_that_spark_cannot_read_are_refused_before_it_starts(
    words, told, capsys, tmp_path, monkeypatch, tested, scenes
):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.jpg").write_bytes(scenes[0])
    (tmp_path / "a.zip").write_bytes(b"PK\5\6" + bytes(18))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("utils.spark.run.spark_session", None)  # never called
    assert detect.main([*words, "--engine", "spark", "--model", str(tested)]) == 2
    error = capsys.readouterr().err
    assert told in error and "secret" not in error


def test_our_code_as_a_zip_is_all_that_a_worker_imports(tmp_path):
    for name in ("code.zip", "again.zip"):
        assert detect.main(["--code", str(tmp_path / name)]) == 0
    assert (tmp_path / "code.zip").read_bytes() == (tmp_path / "again.zip").read_bytes()
    program = (
        "import sys; sys.path.insert(0, 'code.zip')\n"
        "import utils.spark.workers, utils.spark.pictures\n"
        "print(utils.spark.workers.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "code.zip/utils/spark/workers.py"


def test_workers_get_the_file_of_a_model_in_a_registry(tmp_path, monkeypatch, capsys):
    file, asked = tmp_path / "model.pth", []

    class Found:
        def file(self):
            return file

        def __str__(self):
            return "m, version 2"

    monkeypatch.setattr("utils.tracking.registered.find_registered", lambda *_: Found())
    done = SimpleNamespace(done=1, missed=0)
    monkeypatch.setattr(
        "utils.spark.run.detect_on_spark", lambda args, _: asked.append(args.model) or done
    )
    assert detect.main(["photos", "--engine", "spark", "--model", "models:/m@champion"]) == 0
    assert asked == [file]
    assert "Model: m, version 2" in capsys.readouterr().out
