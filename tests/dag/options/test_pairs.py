import json

import pytest

from tests.dag.options.given import given
from utils.dag.options.reading import OptionError, read_options


def test_parameters_of_the_command_line_are_laid_over_those_of_the_file(tmp_path):
    config = tmp_path / "run.toml"
    config.write_text('[recipe]\nbatch-size = 8\nclip = 2.5\noptimizer = "sgd"\n')
    assert read_options({}, config).recipe == ("batch_size=8", "clip=2.5", "optimizer=sgd")
    words = given("--recipe", "batch_size=2", "warmup=0")
    assert read_options(words, config).recipe == (
        *("batch_size=2", "clip=2.5", "optimizer=sgd", "warmup=0"),
    )
    assert read_options(words).recipe == ("batch_size=2", "warmup=0")


def test_what_is_searched_is_words_wherever_it_comes_from(tmp_path):
    config = tmp_path / "run.toml"
    config.write_text(
        "[search]\nlearning-rate = [1e-5, 1e-1]\noptimizer = ['adamw', 'sgd']\n"
        "image_size = [320, 480, 640]\nbatch_size = '4,8'\nclip = [1, 2.5]\n"
    )
    words = (
        *("batch_size=4,8", "clip=1:2.5", "image_size=320,480,640"),
        *("learning_rate=1e-05:0.1", "optimizer=adamw,sgd"),
    )
    assert read_options({}, config).search == words
    config.write_text(f"search = {json.dumps(words)}")
    assert read_options({}, config).search == words
    over = read_options(given("--search", "optimizer=sgd,adamw", "rare=0:1"), config).search
    assert over == (*words[:4], "optimizer=sgd,adamw", "rare=0:1")


def test_a_list_given_twice_adds_up(tmp_path):
    words = given(
        "--predict", "a", "b", "--recipe", "clip=1.5", "--predict", "c", "--recipe", "clip=2"
    )
    options = read_options(words)
    assert [str(path) for path in options.predict] == ["a", "b", "c"]
    assert options.recipe == ("clip=2",), "of equal names the last"
    config = tmp_path / "run.toml"
    config.write_text('predict = ["other"]\n')
    assert read_options(words, config).predict == options.predict


def test_what_class_names_mean_is_read_as_it_is_spelled_and_the_command_line_wins(tmp_path):
    config = tmp_path / "run.toml"
    config.write_text(
        '[classes]\nno-mask = "without_mask"\n"Face Mask" = "with_mask"\nx = "ignore"\n'
    )
    options = read_options({"classes": ["x=with_mask", "a=b=ignore"]}, config)
    assert options.classes == (
        *("Face Mask=with_mask", "a=b=ignore", "no-mask=without_mask", "x=with_mask"),
    )
    with pytest.raises(OptionError, match="--classes: takes a table, or words THEIRS=OURS"):
        read_options({"classes": ["helmet"]})


def test_a_class_name_has_one_meaning_in_each_place_and_may_be_empty(tmp_path):
    with pytest.raises(OptionError, match=r"--classes: takes one meaning .*, 'a' has two"):
        read_options(given("--classes", "a=ignore", "--classes", "a=with_mask"))
    assert read_options(given("--classes", "=ignore", "a=ignore", "a=ignore")).classes == (
        *("=ignore", "a=ignore"),
    )
    config = tmp_path / "run.toml"
    config.write_text('[classes]\n"" = "ignore"\na = "with_mask"\n')
    options = read_options(given("--classes", "a=ignore"), config)
    assert options.classes == ("=ignore", "a=ignore")
