"""Ours beside others: which rows are asked for, and how they are printed."""

from argparse import ArgumentTypeError

import pytest

from benchmarks import peers
from benchmarks.peers import assignment, table_row
from benchmarks.trained_peers import Peer
from utils.dataset.labels import CLASSES
from utils.errors import InputError
from utils.training.recipe import Recipe

PEER = Peer("scratch", "compact_resnet18_fpn", 480, None, "from scratch")


def test_rows_and_their_values(tmp_path):
    assert assignment("yolo=/a/b=c.pt") == ("yolo", "/a/b=c.pt")
    for wrong in ("yolo", "yolo=", "other=3"):
        with pytest.raises(ArgumentTypeError, match="expected ROW=VALUE"):
            assignment(wrong)
    weights = tmp_path / "n.pt"
    args = peers.parser().parse_args(
        ["--only", "scratch", "yolo", "--size", "scratch=640", "--peer-weights", f"yolo={weights}"]
    )
    with pytest.raises(InputError, match=r"--peer-weights yolo=.*n\.pt: no such file"):
        peers.peers(args)
    weights.touch()
    scratch, other = peers.peers(args)
    assert (scratch.arch, scratch.image_size, scratch.weights) == (
        "compact_resnet18_fpn",
        640,
        None,
    )
    assert (other.image_size, other.weights.name, other.told) == (640, "n.pt", "from n.pt")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--rounds", "-1"], "--rounds: takes a whole number from 0, not '-1'"),
        (["--minutes", "5", "0"], "--minutes: takes a number above 0, not '0'"),
        (["--minutes", "nan"], "--minutes: takes a number above 0, not 'nan'"),
        (["--size", "yolo=wide"], "--size: takes a whole number from 1, not 'wide'"),
        (["--size", "yolo"], "'yolo': expected ROW=VALUE"),
        (["--arch", "compact", "--weights", "none"], "--arch: invalid choice: 'compact'"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_trained(capsys, words, told):
    with pytest.raises(SystemExit):
        peers.parser().parse_args(words)
    assert told in capsys.readouterr().err


def test_only_the_pretrained_one_is_trained_by_another_recipe():
    args = peers.parser().parse_args(
        ["--only", "mobilenet", "pretrained", "--weights", "none", "--recipe", "learning_rate=1e-4"]
    )
    mobilenet, ours = peers.peers(args)
    assert mobilenet.recipe == Recipe()
    assert ours.recipe == Recipe(learning_rate=1e-4)


def test_a_row_of_the_table():
    classes = {name: {"map": 0.4, "map_50": 0.6} for name in CLASSES}
    intervals = {"map": [0.3, 0.5], "map_50": None}
    parts = {"map": 0.4, "map_50": 0.6, "intervals": intervals}
    record = {
        "epochs": 7,
        "minutes": 4.96,
        "wall_minutes": 6.04,
        "average_precision": {
            **parts,
            "classes": {name: {**part, "intervals": intervals} for name, part in classes.items()},
        },
    }
    assert table_row(PEER, 5, record, 41.6) == [
        "compact_resnet18_fpn, from scratch, 5 min",
        *("480", "42", "7", "5.0", "6.0"),
        *("0.400 [0.30 0.50]", "0.600", "0.600", "0.600", "0.600"),
    ]
