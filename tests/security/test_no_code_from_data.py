"""Nothing in a file that somebody gives us is run, whichever reader it reaches."""

import argparse
import contextlib
import runpy
from pathlib import Path

import pytest
import torch
import yaml

from tests.security.payloads import FORMATS, as_yaml
from utils import job
from utils.dag.workflow_file import read_workflow
from utils.dataset.annotation import read_voc
from utils.dataset.formats import coco, cvat, yolo
from utils.dataset.formats.yolo_names import Names, parse_names
from utils.dataset.images import decode
from utils.dataset.intake.dataset import pack_dataset
from utils.dataset.shards import read_shard
from utils.detector.inference import Detector
from utils.detector.pretrained import choose_weights
from utils.detector.weights import load_weights
from utils.errors import InputError
from utils.records import read_record
from utils.search.study import Pruner, best, suggest
from utils.training.checkpoint import Checkpoint

BIN = Path(__file__).parents[2] / "bin"
ARCH = "compact_resnet18_fpn"


@pytest.fixture
def marker(tmp_path) -> Path:
    return tmp_path / "marker"


@pytest.fixture(params=FORMATS)
def malicious(request, marker, tmp_path) -> Path:
    """A file that runs code where it is loaded carelessly, which is tried first."""
    make, careless = FORMATS[request.param]
    path = tmp_path / "given"
    path.write_bytes(make(marker))
    with contextlib.suppress(Exception):
        careless(path)
    assert marker.exists(), "the payload is harmless: the test would prove nothing"
    marker.unlink()
    return path


def read_study(path: Path) -> None:
    suggest(path, [], path.with_name("out"), [path.with_name("one.json")], 2, 4, 0)


def find_best(path: Path) -> None:
    best(path, [], path.with_name("out"), path.with_name("params.json"))


READERS = {
    "Detector.load": lambda path: Detector.load(path, "cpu"),
    "load_weights": lambda path: load_weights(torch.nn.Linear(1, 1), path, ARCH),
    "choose_weights": lambda path: choose_weights(ARCH, str(path)),
    "read_shard": lambda path: list(read_shard(path)),
    "pack_dataset": lambda path: pack_dataset(path.rename(path.with_suffix(".tar")), path),
    "decode": lambda path: decode(path.read_bytes(), path.name),
    "read_voc": lambda path: read_voc(path.read_bytes(), path.name, 9, 9),
    "yolo": lambda path: yolo.parse(path.read_bytes(), path.name, Names.of("ab"), 9, 9),
    "yolo names": lambda path: parse_names(path.read_bytes(), f"{path.name}.yaml"),
    "coco": lambda path: coco.parse(path.read_bytes(), path.name),
    "cvat": lambda path: cvat.parse(path.read_bytes(), path.name),
    "read_record": read_record,
    "suggest": read_study,
    "best": find_best,
    "Pruner": lambda path: Pruner(path, 0, 1),
}


@pytest.mark.parametrize("reader", READERS)
def test_readers_refuse_it(reader, malicious, marker):
    with pytest.raises(InputError, match="given"):
        READERS[reader](malicious)
    assert not marker.exists()


def test_a_checkpoint_is_left_unused(malicious, marker, caplog):
    checkpoint = Checkpoint(malicious, {"job": 1})
    checkpoint.start()
    assert checkpoint.state is None and not marker.exists()
    assert "given" in caplog.text and "starting afresh" in caplog.text


def test_a_workflow_file_is_only_data(tmp_path, marker):
    (tmp_path / "workflow.yml").write_bytes(as_yaml(marker))
    with contextlib.suppress(Exception):
        yaml.load(as_yaml(marker), yaml.UnsafeLoader)  # noqa: S506
    assert marker.exists()
    marker.unlink()
    with pytest.raises(InputError, match=r"workflow\.yml: not YAML"):
        read_workflow(tmp_path)
    assert not marker.exists()


def parsers(path: Path) -> dict[str, argparse.ArgumentParser]:
    """Return the parser of an executable, or those of its steps, by the words that choose them."""
    parser = runpy.run_path(str(path))["parser"]()
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {"": parser}


def call(parser: argparse.ArgumentParser, given: Path) -> list[str]:
    """Return arguments that give the file for every input, and what else must be given."""
    words = []
    for action in parser._actions:
        if action.type is job.InputPath or action.dest == "checkpoint":
            words += [action.option_strings[0], str(given)]
        elif action.required:
            path = str(given.with_name(action.dest))
            value = path if action.type in (job.OutputPath, Path) else "1"
            words += [action.option_strings[0], value]
    return words


STEPS = [(path.name, step) for path in sorted(BIN.glob("*.py")) for step in parsers(path)]


@pytest.mark.parametrize(("name", "step"), STEPS, ids=lambda value: value or "-")
@pytest.mark.parametrize("kind", ["torch", "pickle"])
def test_executables_refuse_it(name, step, kind, tmp_path, marker, monkeypatch, caplog):
    given = tmp_path / "given"
    given.write_bytes(FORMATS[kind][0](marker))
    module = runpy.run_path(str(BIN / name))
    words = [*([step] if step else []), *call(parsers(BIN / name)[step], given)]
    args = module["parser"]().parse_args(words)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    assert job._guarded(module["main"], args) == job.EXIT_BAD_INPUT, caplog.text
    assert not marker.exists()
    assert "given" in caplog.text
