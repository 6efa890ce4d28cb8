"""A run that is stopped while it watches a video and gone on with makes what it makes undisturbed.

Everything before that is taken from the cache of another run. Kills at every moment:
`tests/video/test_shard.py`.
"""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest

import workflow
from data.painter.films import frame_times, write_film
from data.painter.moving import compose_scene
from tests.determinism import runs
from tests.waiting import PATIENCE
from utils.dag.run_folder import log_path

pytestmark = [pytest.mark.xdist_group("runs"), pytest.mark.timeout(1800)]

JOB = "predict_videos_0"


@pytest.fixture
def places(whole_run, tmp_path) -> list[Path]:
    """Two folders with the cache of a finished run."""
    made = [tmp_path / name / "run" for name in ("undisturbed", "stopped")]
    for folder in made:
        cache = whole_run.parent / ".cache"
        shutil.copytree(cache, folder.parent / ".cache", copy_function=os.link)
    return made


def test_stopped_and_gone_on_with_it_makes_the_same_files(whole_run, places, tmp_path, capsys):
    clip, (undisturbed, stopped) = tmp_path / "day1.mp4", places
    scene = compose_scene(6, 5, 4, (192, 112), pillars=0)
    write_film(clip, scene, frame_times(4, 10))
    options = ["--data", str(whole_run.parent / "faces"), "--predict", str(clip), *runs.WHOLE]
    options += ["--predict-shards", "1", "--annotated-videos", "--clock", "2026-03-01T23:59:58"]
    options += ["--compare", "23:59:58-0:00", "0:00-0:00:02"]
    runs.run(undisturbed, *options)
    states = json.loads((undisturbed / "run.json").read_text())["jobs"]
    assert {name for name, job in states.items() if job["state"] == "done"} == {JOB, "report"}

    tenth_frame = ("utils.video.watch:Watcher.look", 10)
    with runs.held(stopped, "predict_videos", tenth_frame, *options) as engine:
        engine.send_signal(signal.SIGINT)
        engine.wait(PATIENCE)
    assert "stopped at day1.mp4" in log_path(stopped, JOB).read_text()
    told = runs.resume(stopped)

    first, second = (
        {path.name: path.read_bytes() for path in (folder / "output").iterdir()}
        for folder in (undisturbed, stopped)
    )
    assert first.keys() == second.keys()
    assert {"people.csv", "timeline.csv", "timeline.png", "video_predictions_0.json"} <= set(first)
    annotated = "annotated_video_00000_day1.webm"
    assert len(first[annotated]) > 5000
    assert not {"predictions.csv", "predicted_image.png"} & set(first), "there is no photograph"
    assert {name for name in first if first[name] != second[name]} <= {"report.html"}
    assert runs.report(undisturbed, stopped) == runs.report(stopped, undisturbed)
    page = (undisturbed / "output" / "report.html").read_text()
    assert "day1.mp4 by minute" in page and f'href="{annotated}"' in page
    assert "23:59:58" in page and "23:59:58-0:00 and 0:00-0:00:02" in page
    assert 'id="photographs"' not in page
    answer = json.loads((undisturbed / "output" / "prevalence.json").read_text())
    assert answer["answer"] == answer["videos"]["answer"]
    assert answer["videos"]["compared"]["periods"] == ["23:59:58-0:00", "0:00-0:00:02"]
    assert f"Answer: {answer['answer']}" in told
    assert workflow.main(["suggest", str(undisturbed)]) == 2
    assert "had new videos and no photographs" in capsys.readouterr().err
