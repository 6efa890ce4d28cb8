"""What a training is told on its command line, and what a search makes of it."""

import argparse

import pytest

from utils.errors import InputError
from utils.tasks import DETECTOR, TASKS
from utils.training.plan import Plan, add_plan_options
from utils.training.recipe import Recipe

SCRATCH, OTHER, THIRD = (
    *("compact_resnet18_fpn", "fasterrcnn_mobilenet_v3_large_fpn", "fasterrcnn_resnet50_fpn"),
)


def plan(*words):
    parser = argparse.ArgumentParser()
    add_plan_options(parser, TASKS)
    given = ("--train", "t.tar", "--val", "v.tar", "--epochs", "2", "--image-size", "480")
    return Plan.from_args(
        parser.parse_args([*given, "--checkpoint", "c", "--arch", SCRATCH, *words]), DETECTOR
    )


def test_a_search_chooses_architecture_and_image_size_and_the_weights_follow():
    told = plan("--weights", "a.pth", "b.pth", "--weights-for", OTHER, THIRD)
    assert told.weights is None
    found = told.searched({"arch": THIRD, "image_size": 640, "clip": 3.0})
    assert (found.arch, found.image_size, found.recipe) == (THIRD, 640, Recipe(clip=3.0))
    assert str(found.weights) == "b.pth"
    assert str(told.searched({"arch": OTHER}).weights) == "a.pth"
    assert found.searched({"arch": SCRATCH}).weights is None


def test_without_a_search_of_architectures_the_weights_stay():
    told = plan("--weights", "a.pth")
    found = told.searched({"learning_rate": 0.01})
    assert (found.arch, found.image_size, str(found.weights)) == (SCRATCH, 480, "a.pth")
    assert found.recipe.learning_rate == 0.01
    assert plan().searched({}).weights is None


@pytest.mark.parametrize(
    "words",
    [
        ("--weights", "a.pth", "b.pth"),
        ("--weights", "a.pth", "b.pth", "--weights-for", OTHER),
        ("--weights-for", OTHER),
    ],
)
def test_weights_that_are_for_one_knows_not_whom_are_refused(words):
    with pytest.raises(InputError, match="give one for each"):
        plan(*words)


def test_what_no_recipe_has_is_refused():
    with pytest.raises(InputError, match="unknown parameter 'archs'"):
        plan().searched({"archs": OTHER})


def test_what_a_model_file_remembers_of_parameters_that_are_no_more_is_left_out():
    assert Recipe.remembered({"clip": 3.0, "mosaic": 0.5}) == Recipe(clip=3.0)
    with pytest.raises(InputError, match="parameter 'clip' is -1"):
        Recipe.remembered({"clip": -1})
