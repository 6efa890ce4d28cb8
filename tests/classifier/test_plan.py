"""What decides a training of the classifier."""

import argparse
from dataclasses import replace
from pathlib import Path

import pytest

from utils.classifier.plan import CLASSIFIER, FacePlan, add_face_options, check_freeze
from utils.errors import InputError
from utils.search.searched import read_search
from utils.tasks import TASKS
from utils.training.plan import add_plan_options
from utils.training.recipe_words import read_recipe


def plan(*words):
    parser = argparse.ArgumentParser()
    add_plan_options(parser, TASKS)
    add_face_options(parser)
    given = ("--task", "classify", "--train", "t.tar", "--val", "v.tar", "--epochs", "2")
    return FacePlan.from_args(parser.parse_args([*given, "--checkpoint", "c", *words]))


def test_a_classifier_has_defaults_of_its_own():
    told = plan()
    assert (told.arch, told.image_size, told.freeze, told.margin) == (
        "centerface",
        112,
        "backbone",
        0.2,
    )
    assert told.recipe == CLASSIFIER.recipe
    assert told.searched({"learning_rate": 0.1}).recipe == replace(
        CLASSIFIER.recipe, learning_rate=0.1
    )


@pytest.mark.parametrize(
    ("freeze", "learn"), [("backbone", 0), ("1", 1), ("4", 4), ("5", 5), ("none", 5)]
)
def test_stages_that_learn(freeze, learn):
    assert plan("--freeze", freeze, "--weights", "a.pth").learning_stages == learn
    assert plan("--freeze", freeze).learning_stages == 5  # there is nothing to keep


@pytest.mark.parametrize("word", ["all", "0", "6", "-1", "1.5", "", "٣"])
def test_another_word_for_what_is_frozen_is_refused(word):
    with pytest.raises(InputError, match=r"--freeze .*: takes backbone, none, or a number"):
        check_freeze(word)


def test_what_is_of_the_other_task_is_refused():
    with pytest.raises(InputError, match="--arch compact_resnet18_fpn: is of another task"):
        plan("--arch", "compact_resnet18_fpn")
    with pytest.raises(InputError, match="--image-size 640: takes 32 to 512"):
        plan("--image-size", "640")
    with pytest.raises(InputError, match="--recipe: copy_paste: is of another task"):
        read_recipe(["copy_paste=0.5"], of=CLASSIFIER)
    assert read_recipe(["copy_paste=0.5"], of=TASKS["detect"]) == {"copy_paste": 0.5}


def test_a_search_starts_where_the_classifier_does():
    start, space = read_search([], {"clip": 3.0}, "vgg16", 64, CLASSIFIER)
    assert space is None
    assert start == CLASSIFIER.recipe.peculiar() | {"clip": 3.0}
    start, space = read_search(["arch=vgg16,resnet18"], {}, "vgg16", 64, CLASSIFIER)
    assert start["arch"] == "vgg16"
    for words in ("copy_paste=0:1", "frozen_stages=0:3"):
        with pytest.raises(InputError, match="no such parameter"):
            read_search([words], {}, "vgg16", 64, CLASSIFIER)
    with pytest.raises(InputError, match="compact_resnet18_fpn: no such architecture"):
        read_search(["arch=vgg16,compact_resnet18_fpn"], {}, "vgg16", 64, CLASSIFIER)


def test_plans_differ_by_what_is_frozen(tmp_path):
    shard = tmp_path / "a.tar"
    shard.write_bytes(b"a")
    one = FacePlan("centerface", CLASSIFIER.recipe, 1, 0, [shard], [shard], 64)
    same = replace(one, cache_mb=1, train=[Path(shard)])
    assert one.identity() == same.identity()
    assert one.identity() != replace(one, freeze="none").identity()
    assert one.identity() != replace(one, margin=0.5).identity()
