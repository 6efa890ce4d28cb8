from dataclasses import replace
from pathlib import Path

from tests.dag.described import FULL, WATCHING, files, parents
from utils.dag.new_data import NewData, VideoShard, annotated_name, as_named
from utils.dag.options.table import Options
from utils.dag.pipeline import build_workflow
from utils.dag.travelling import (
    data_files,
)


def test_own_data_without_new_photographs_predicts_the_test_side():
    options = Options(data=Path("faces.zip"))
    assert as_named(options) == NewData()
    assert "test_clean.tar" in files(build_workflow(options).jobs["predict_0"], "input")


def test_only_new_photographs_are_looked_up_among_those_of_the_training():
    for options, expected in ((FULL, True), (Options(data=Path("faces.zip")), False)):
        arguments = build_workflow(options).jobs["predict_0"].args
        assert ("--fingerprints" in arguments) == expected


def test_annotated_new_photographs_change_the_report_alone():
    plain, annotated = Options(), Options(predict_annotations=Path("annotate"))
    assert set(data_files(annotated)) - set(data_files(plain)) == {"annotated.json"}
    before, now = (build_workflow(options).jobs for options in (plain, annotated))
    changed = {name for name in now if now[name].args != before[name].args}
    assert changed == {"report"}
    readers = {name for name, job in now.items() if "annotated.json" in files(job, "input")}
    assert readers == {"report"}


def test_new_photographs_reach_no_job_that_learns():
    waits = parents(FULL)
    assert all("predict" not in parent for parent in waits["train_model"] | waits["evaluate"])
    with_photos = build_workflow(Options(predict=(Path("a"),))).jobs["train_model"]
    without = build_workflow(Options(predict=(Path("b"), Path("c")))).jobs["train_model"]
    assert with_photos.args == without.args


def test_what_a_job_that_watches_asks_for_follows_from_how_long_its_videos_last():
    hours, mib = 5, 700
    new = NewData(videos=(VideoShard(("video_00000_a.mp4",), 3600.0 * hours, mib),))
    job = build_workflow(WATCHING, new=new).jobs["predict_videos_0"].profiles["pegasus"]
    short = build_workflow(WATCHING).jobs["predict_videos_0"].profiles["pegasus"]
    assert job["diskspace"] - short["diskspace"] == mib
    assert job["runtime"] - short["runtime"] == hours * 3600 * 10 * 0.5
    slower = replace(WATCHING, pace=2.0)
    job = build_workflow(slower, new=new).jobs["predict_videos_0"].profiles["pegasus"]
    assert job["runtime"] - short["runtime"] == hours * 3600 * 2 * 0.5


def test_a_job_that_watches_goes_on_from_its_checkpoint_and_hands_it_over_on_a_pool():
    pooled = build_workflow(replace(WATCHING, checkpoint_minutes=5.0)).jobs["predict_videos_0"]
    assert files(pooled, "checkpoint") == {"predict_videos_0.ckpt"}
    assert "--checkpoint-minutes" in pooled.args
    condor = pooled.profiles["condor"]
    assert condor["+TransferCheckpoint"] == '"predict_videos_0.ckpt"'


def test_annotated_videos_are_kept_and_what_is_encoded_goes_with_the_checkpoint():
    options = replace(WATCHING, annotated_videos=True, checkpoint_minutes=5.0)
    jobs = build_workflow(options).jobs
    names = [name for name in jobs if name.startswith("predict_videos")]
    for name in names:
        files_of = {lfn for lfn in files(jobs[name], "input") if lfn.startswith("video_")}
        made = {lfn for lfn in files(jobs[name], "output") if lfn.startswith("annotated_")}
        assert made == {annotated_name(lfn) for lfn in files_of}
        saved = {f"{name}.ckpt", f"{name}.packets"}
        assert files(jobs[name], "checkpoint") == saved
        listed = jobs[name].profiles["condor"]["+TransferCheckpoint"].strip('"')
        assert set(listed.split(",")) == saved
    assert names and not any(
        lfn.endswith(".webm")
        for job in build_workflow(WATCHING).jobs.values()
        for lfn in files(job, "output")
    )


def test_periods_reach_the_report_and_the_clock_also_those_who_watch():
    periods = ("9:00-10:00", "10:00-11:00")
    options = replace(WATCHING, clock="2026-03-01T09:00:00", compare=periods)
    jobs = build_workflow(options).jobs
    report, watching = jobs["report"].args, jobs["predict_videos_0"].args
    at = report.index("--compare")
    assert tuple(report[at + 1 : at + 3]) == periods and "--compare" not in watching
    for arguments in (report, watching):
        assert arguments[arguments.index("--clock") + 1] == "2026-03-01T09:00:00"
    photographs = replace(options, predict=(Path("photographs"),))
    assert "--compare" not in build_workflow(photographs).jobs["report"].args


def test_videos_alone_make_no_table_of_photographs_and_photographs_alone_none_of_people():
    def kept(options):
        report = build_workflow(options).jobs["report"]
        return files(report, "output")

    alone = kept(Options(predict=(Path("clip.mp4"),)))
    assert {"people.csv", "timeline.csv", "timeline.png", "report.html"} <= alone
    assert not {"predictions.txt", "predictions.csv", "predicted_image.png"} & alone
    assert "people.csv" not in kept(Options())
    assert {"people.csv", "predictions.csv"} <= kept(WATCHING)
    jobs = build_workflow(Options(data=Path("faces.zip"), predict=(Path("clip.mp4"),))).jobs
    assert "predict_0" not in jobs, "the test side is for runs without anything new"
