"""The recommended configurations are read, complete a plan, and are what they say they are."""

import json
import tomllib
from pathlib import Path

import pytest

import workflow
from utils.dag.options.table import Options, marked
from utils.errors import InputError
from utils.networks import pretrained
from utils.training.recipe import Recipe

CONFIGS = sorted((Path(__file__).resolve().parents[1] / "configs").iterdir())


@pytest.fixture
def offline(monkeypatch):
    def fetch(networks, arch, kind, tell):
        raise InputError("no network in a test")

    monkeypatch.setattr(pretrained, "fetch_weights", fetch)


@pytest.mark.usefixtures("offline")
@pytest.mark.parametrize("config", CONFIGS, ids=lambda path: path.name)
def test_a_recommended_configuration_is_read_and_planned(config, tmp_path):
    arguments = ["--config", str(config), "--run-dir", str(tmp_path / "run"), "--engine", "local"]
    assert workflow.main([*arguments, "--dry-run"]) == 0
    planned = json.loads((tmp_path / "run" / "configuration.json").read_text())["options"]
    written = tomllib.loads(config.read_text())
    recipe = written.pop("recipe", {})
    assert set(recipe) <= set(Recipe().as_params())
    assert len(planned["recipe"]) == len(recipe)
    for name, value in written.items():
        if name != "weights":
            assert planned[name] == value, name


def test_laptops_configuration_is_the_defaults():
    written = tomllib.loads((CONFIGS[0].parent / "laptop.toml").read_text())
    defaults = Options().as_dict() | {"recipe": Recipe().as_params()}
    defaults["recipe"] = {name: defaults["recipe"][name] for name in written["recipe"]}
    assert written == {name: defaults[name] for name in written}


def test_that_of_classifying_is_the_defaults_of_the_task():
    written = tomllib.loads((CONFIGS[0].parent / "classify.toml").read_text())
    defaults = Options(task="classify").as_dict()
    assert written == {name: defaults[name] for name in written}
    asked = {"task", *marked("task"), "arch", "image_size"} - {"faces"}
    assert asked <= written.keys()


def test_a_mistake_in_a_configuration_is_refused_by_its_place(tmp_path, capsys):
    config = tmp_path / "mine.toml"
    config.write_text("[recipe]\nlearning_rat = 0.1\n")
    assert workflow.main(["--config", str(config), "--dry-run"]) == 2
    told = capsys.readouterr().err
    assert f"--config {config}: [recipe]: learning_rat: no such parameter" in told
    assert "did you mean learning_rate?" in told


@pytest.mark.parametrize(
    ("searched", "told"),
    [
        ("learning_rat = [1, 2]", "learning_rat: no such parameter; did you mean learning_rate?"),
        ("learning_rate = [0.1, 0.01]", "learning_rate: the range from 0.1 to 0.01 is reversed"),
        ("arch = ['yolo', 'compact_resnet18_fpn']", "arch: yolo: no such architecture"),
        ("batch_size = [8]", "batch_size: 8 alone leaves nothing to search"),
    ],
)
def test_a_mistake_in_what_is_searched_is_refused_by_its_place(tmp_path, capsys, searched, told):
    config = tmp_path / "mine.toml"
    config.write_text(f"[search]\n{searched}\n")
    assert workflow.main(["--config", str(config), "--dry-run"]) == 2
    assert f"--config {config}: [search]: {told}" in capsys.readouterr().err
