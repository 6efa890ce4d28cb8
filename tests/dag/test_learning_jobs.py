from dataclasses import replace
from pathlib import Path

import pytest

from tests.dag.described import JUDGING, RECIPE, TWO_STAGES, files
from utils.dag.options.table import Options
from utils.dag.pipeline import build_workflow
from utils.dag.travelling import (
    learnt_file,
    weights_file,
)


def test_validation_photographs_join_unless_asked_not_to():
    args = build_workflow(Options()).jobs["evaluate"].args
    assert args[args.index("--validation") + 1] == "val_clean.tar"
    assert args[args.index("--split") + 1] == "split.json"
    alone = build_workflow(Options(join_validation=False)).jobs["evaluate"].args
    assert "--validation" not in alone


def test_a_classifier_learns_from_cut_faces_and_is_judged_on_them():
    jobs = build_workflow(JUDGING).jobs
    for name in ("preprocess_aug_train_0", "preprocess_val", "preprocess_test"):
        at = jobs[name].args.index("--margin")
        assert jobs[name].args[at : at + 4] == ["--margin", 0.2, "--smallest-face", 8]
    for name in ("train_model", "hpo_trial_1_0"):
        assert {"train_aug_0.tar", "val_faces.tar"} <= files(jobs[name], "input")
        assert "val_clean.tar" not in files(jobs[name], "input")
    assert {"test_faces.tar", "val_faces.tar"} <= files(jobs["evaluate"], "input")
    assert "test_faces.tar" in files(jobs["predict_0"], "input"), "those of the sample show many"


def test_two_stages_are_also_judged_on_photographs():
    jobs = build_workflow(TWO_STAGES).jobs
    assert {"val_faces.tar", "val_clean.tar", "finder_weights.onnx"} <= files(
        jobs["train_model"], "input"
    )
    assert "finder_weights.onnx" not in files(jobs["hpo_trial_1_0"], "input")
    assert {"test_clean.tar", "test_faces.tar", "val_clean.tar"} <= files(jobs["evaluate"], "input")
    drawn = files(jobs["evaluate"], "output")
    assert {"confusion_matrix.png", "faces_confusion_matrix.png", "grad_cam.png"} <= drawn
    assert "predict_0.tar" in files(jobs["predict_0"], "input")
    test_side = replace(TWO_STAGES, predict=(), data=Path("faces.zip"))
    assert "test_clean.tar" in files(build_workflow(test_side).jobs["predict_0"], "input")


def test_without_trials_there_is_no_search():
    jobs = build_workflow(Options(trials=0)).jobs
    assert not any("hpo" in name for name in jobs)
    assert "--params" not in jobs["train_model"].args


def test_a_recipe_reaches_the_search_or_without_one_the_training():
    def asked(options: Options) -> set[str]:
        jobs = build_workflow(options).jobs.items()
        return {name for name, job in jobs if "--recipe" in job.args and RECIPE[1] in job.args}

    assert asked(Options(recipe=RECIPE)) == {"hpo_suggest_1", "hpo_suggest_2"}
    assert asked(Options(recipe=RECIPE, trials=0)) == {"train_model"}


def test_what_is_searched_reaches_those_who_suggest_with_where_to_start():
    words = ("image_size=320,640", "optimizer=adamw,sgd")
    jobs = build_workflow(Options(search=words, image_size=320)).jobs
    asked = {name: job.args for name, job in jobs.items() if "--search" in job.args}
    assert asked.keys() == {"hpo_suggest_1", "hpo_suggest_2"}
    for args in asked.values():
        at = args.index("--search")
        assert tuple(args[at + 1 : at + 3]) == words
        assert args[args.index("--image-size") + 1] == 320
    without = build_workflow(Options(trials=0, search=words)).jobs.values()
    assert not any("--search" in job.args for job in without)


@pytest.mark.parametrize(
    ("weights", "told"), [("box", True), ("/a/own.pth", True), ("coco", False), ("none", False)]
)
def test_what_our_own_weights_have_learnt_from_reaches_the_split(weights, told):
    options = Options(weights=weights)
    job = build_workflow(options).jobs["split_data"]
    assert ("--learnt" in job.args) == ("learnt_fingerprints.npz" in files(job, "input")) == told
    assert learnt_file(options) == ("learnt_fingerprints.npz" if told else None)


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        ("none", None),
        ("auto", None),  # not settled yet
        ("coco", "coco_weights.pth"),
        ("imagenet", "imagenet_weights.pth"),
        ("/a/train.tar", "own_weights.pth"),  # a name of its own could be another file's
    ],
)
def test_weights_travel_to_those_who_train_under_the_name_of_their_kind(weights, name):
    options = Options(weights=weights)
    assert weights_file(options) == name
    readers = {
        job._id
        for job in build_workflow(options).jobs.values()
        if any(lfn.endswith("_weights.pth") for lfn in files(job, "input"))
    }
    trials = {f"hpo_trial_{r}_{k}" for r in (1, 2) for k in (0, 1)}
    assert readers == ({"train_model", *trials} if name else set())
