import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from tests.dag.described import FULL, JUDGING, RECIPE, TWO_STAGES, files, parents
from utils.dag.calls import checkpoints
from utils.dag.new_data import as_named
from utils.dag.options.table import Options
from utils.dag.pipeline import build_workflow
from utils.dag.travelling import (
    CODE,
    data_files,
    finder_file,
    learnt_file,
    weights_files,
)
from utils.detector.names import ARCHITECTURES
from utils.job import InputPath, OutputPath, declared

BIN = Path(__file__).resolve().parents[2] / "bin"
VARIANTS = [
    FULL,
    Options(),
    Options(trials=0, recipe=RECIPE, weights="/a/own.pth"),
    Options(data=Path("faces.zip"), recipe=RECIPE, cache_mb=0),
    Options(predict_annotations=Path("annotate"), trials=0),
    Options(search=("image_size=320,640", "learning_rate=1e-5:0.1"), recipe=RECIPE),
    Options(search=(f"arch={','.join(ARCHITECTURES[:3])}",), weights="imagenet"),
    JUDGING,
    TWO_STAGES,
    Options(task="classify", faces="haar:smallest=20", trials=0, train_shards=2),
    Options(task="classify", faces="detector", join_validation=False, freeze="2", weights="faces"),
    Options(predict=(Path("a.mp4"), Path("b.MOV"), Path("c.mkv")), predict_shards=2, blur=True),
    Options(predict=(Path("new"), Path("a.mp4")), every=3, trials=0),
    Options(
        predict=(Path("a.mp4"), Path("b.mkv")),
        annotated_videos=True,
        clock="2026-03-01T09:00:00",
        compare=("9:00-10:00", "10:00-11:00"),
    ),
    Options(task="classify", search=("arch=vgg16,resnet18",), weights="imagenet", recipe=RECIPE),
]


def test_the_jobs_are_those_of_the_design():
    assert set(build_workflow(FULL).jobs) == {
        *("split_data", "plot_class_distribution", "preprocess_val", "preprocess_test"),
        *("preprocess_aug_train_0", "preprocess_aug_train_1"),
        *("hpo_suggest_1", "hpo_trial_1_0", "hpo_trial_1_1", "hpo_suggest_2", "hpo_trial_2_0"),
        *("hpo_best", "train_model", "evaluate", "predict_0", "predict_1", "report"),
    }


def test_who_waits_for_whom():
    waits = parents(FULL)
    data = {"preprocess_aug_train_0", "preprocess_aug_train_1", "preprocess_val"}
    assert waits["split_data"] == waits["hpo_suggest_1"] == set()
    assert waits["preprocess_aug_train_1"] == {"split_data"}
    assert waits["plot_class_distribution"] == {"split_data"}
    assert waits["hpo_trial_1_0"] == waits["hpo_trial_1_1"] == {"hpo_suggest_1", *data}
    assert waits["hpo_suggest_2"] == {"hpo_suggest_1", "hpo_trial_1_0", "hpo_trial_1_1"}
    assert waits["hpo_best"] == {"hpo_suggest_2", "hpo_trial_2_0"}
    assert waits["train_model"] == {"hpo_best", "split_data", *data}
    assert waits["evaluate"] == {
        *("train_model", "split_data", "preprocess_test", "preprocess_val")
    }
    assert waits["predict_0"] == waits["predict_1"] == {"train_model", "split_data"}
    assert {"evaluate", "predict_0", "predict_1", "plot_class_distribution"} <= waits["report"]


def test_both_tasks_have_the_same_jobs_who_wait_for_the_same():
    for options in (JUDGING, TWO_STAGES):
        other = replace(
            options, task="detect", faces=None, arch=ARCHITECTURES[0], predict=(Path("new"),)
        )
        assert parents(options) == parents(other) | {
            name: waits
            for name, waits in parents(options).items()
            if name.startswith("predict") and not options.predict
        }


def test_what_suggest_reads_of_a_finished_run_is_staged_out_whatever_the_engine():
    jobs = build_workflow(FULL).jobs.values()
    kept = {use.file.lfn for job in jobs for use in job.uses if use.stage_out}
    assert {"prevalence.json", "evaluation.json", "split.json"} <= kept
    assert {"predictions_0.json", "predictions_1.json"} <= kept
    assert as_named(FULL).photos == ("predict_0.tar", "predict_1.tar"), "on the submit side already"


@pytest.mark.parametrize("options", VARIANTS)
def test_every_file_is_made_once_or_exists_beforehand(options):
    workflow = build_workflow(options)
    made = [lfn for job in workflow.jobs.values() for lfn in files(job, "output")]
    assert len(made) == len(set(made))
    given = {
        CODE,
        "configuration.json",
        *data_files(options),
        *as_named(options).files,
        learnt_file(options),
        finder_file(options),
        *weights_files(options).values(),
    }
    read = set().union(*(files(job, "input") for job in workflow.jobs.values()))
    assert read <= given | set(made)
    assert checkpoints(workflow) == sorted(
        {lfn for job in workflow.jobs.values() for lfn in files(job, "checkpoint")}
    )


@pytest.mark.parametrize("options", VARIANTS)
def test_every_call_is_one_that_its_executable_takes_and_declares(options):
    for job in build_workflow(options).jobs.values():
        path = BIN / f"{job.transformation}.py"
        spec = importlib.util.spec_from_file_location(path.stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        args = module.parser().parse_args([str(getattr(arg, "lfn", arg)) for arg in job.args])
        reads = {str(path) for path in declared(args, InputPath)}
        writes = {str(path) for path in declared(args, OutputPath)}
        assert reads == files(job, "input") - {CODE}, job._id
        assert writes == files(job, "output"), job._id


def test_intermediate_files_are_not_kept_and_results_are():
    kept = {
        use.file.lfn
        for job in build_workflow(FULL).jobs.values()
        for use in job.uses
        if use._type == "output" and use.stage_out
    }
    assert {"report.html", "mask_detection_model.pth", "predictions_1.json"} <= kept
    assert not any(lfn.startswith(("train", "val", "test")) and ".tar" in lfn for lfn in kept)
