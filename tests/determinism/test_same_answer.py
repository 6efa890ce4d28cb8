"""Two runs of one seed make the same files, though nearly all around them differs.

One runs on one core from a folder, augmentation and prediction dealt to two jobs each; the other on
two cores from a zip that was packed backwards, in one job each. The same on HTCondor:
`tests/condor/test_same_answer.py`.
"""

import re
from pathlib import Path

import pytest

from tests.determinism import runs
from utils.dag.options.table import Options
from utils.dag.pipeline import build_workflow
from utils.dag.resources import RESOURCES
from utils.dag.run_folder import log_path

pytestmark = [pytest.mark.xdist_group("runs"), pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def other_run(whole_run, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("other")
    archive = runs.backwards(whole_run.parent / "faces", folder / "faces.zip")
    new = (*runs.NEW, str(whole_run.with_name("clip.mp4")))
    options = ("--data", str(archive), "--predict", *new, "--cores", "2")
    return runs.run(folder / "run", *options, *runs.OPTIONS)


def differing(one: Path, two: Path) -> list[str]:
    first, second = runs.made(one), runs.made(two)
    return sorted(name for name in {*first, *second} if first.get(name) != second.get(name))


def test_every_file_is_the_same_whatever_cores_shards_and_order_of_files(
    whole_run, other_run
) -> None:
    assert not differing(whole_run, other_run)


def test_all_that_the_issue_names_is_among_the_files(whole_run) -> None:
    """The split, augmented pixels, suggestions, weights, metrics, predictions and the answer."""
    assert {
        *("split.json", "train.tar", "val.tar", "test.tar", "train_aug"),
        *("hpo_1_0.json", "hpo_1_1.json", "hpo_1_1_result.json", "hpo_study.log"),
        *("mask_detection_model.pth", "training.json", "evaluation.json", "predictions"),
        *("predicted_images", "predicted_image.png", "prevalence.json", "confusion_matrix.png"),
        *("video_predictions_0.json", "people.csv", "timeline.csv", "timeline.png"),
    } <= runs.made(whole_run).keys()


def test_the_report_tells_the_same_but_for_when_and_how_it_was_asked_for(
    whole_run, other_run
) -> None:
    one, two = runs.report(whole_run, other_run), runs.report(other_run, whole_run)
    assert one == two
    assert len("".join(one)) > 100_000


def test_threads_are_those_of_the_plan_whatever_cores_are_granted(whole_run, other_run) -> None:
    planned = RESOURCES["train_model"].cores
    assert planned > 1, "else this shows nothing"
    for folder in (whole_run, other_run):
        log = log_path(folder, "train_model").read_text()
        assert re.findall(r"with (\d+) threads", log) == [str(planned)]


def test_every_job_is_told_its_threads() -> None:
    for job in build_workflow(Options()).jobs.values():
        profiles = {space: dict(values) for space, values in job.profiles.items()}
        cores = str(profiles["pegasus"]["cores"])
        assert profiles["env"]["OMP_NUM_THREADS"] == profiles["env"]["MKL_NUM_THREADS"] == cores


def test_a_change_is_seen(whole_run, tmp_path) -> None:
    """What compares the runs notices a byte in a shard, in a record and in the report."""
    before = runs.made(whole_run)
    copy = tmp_path / "copy" / "run"
    for part in ("output/predictions_0.json", "output/split.json", "output/report.html"):
        (copy / part).parent.mkdir(parents=True, exist_ok=True)
        before_last, _, rest = (whole_run / part).read_text().rpartition("5")
        (copy / part).write_text(f"{before_last}6{rest}")
    (copy / "configuration.json").write_bytes((whole_run / "configuration.json").read_bytes())
    after = runs.made(copy)
    assert all(after[name] != before[name] for name in ("predictions", "split.json"))
    assert runs.report(copy, whole_run) != runs.report(whole_run, copy)
