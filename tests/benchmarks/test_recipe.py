"""Paired trainings of recipes: what is compared with what, and what the table tells."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import recipe
from benchmarks.common import PROJECT
from benchmarks.recipe import BASE, Run, changed, deal, difference, planned, rows
from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard, write_shard
from utils.errors import InputError
from utils.records import write_record
from utils.training.plan import Plan
from utils.training.recipe import Recipe


@pytest.fixture
def shard(tmp_path) -> Path:
    write_shard(tmp_path / "photos.tar", [])
    return tmp_path / "photos.tar"


def result(name: str, pair: str, whole: float, incorrect: float | None) -> dict:
    parts = dict(zip(CLASSES, (whole, whole, incorrect), strict=True))
    return {
        "name": name,
        "pair": pair,
        "epochs": 10,
        "minutes": 1.0,
        "map_50": whole,
        "classes": {one: {"map_50": value} for one, value in parts.items()},
        "sizes": {one: {"map_50": 0.5} for one in ("tiny", "small")},
    }


def test_differences_are_of_pairs_with_their_standard_error():
    told = [result(BASE, "0", 0.6, 0.3), result("more", "0", 0.7, 0.2)]
    told += [result(BASE, "1", 0.2, 0.3), result("more", "1", 0.4, None)]
    told += [result(BASE, "2", 0.9, None)]  # the pair is not whole
    base, more = rows(told)
    assert base[:5] == [BASE, "3", "10", "1.0", "0.567"]
    assert more[:6] == ["more", "2", "10", "1.0", "0.550", "+0.150 ±0.050"]
    assert more[8] == "-0.100", "one pair alone has the class, and tells no error"


def test_a_change_wins_over_the_base_and_can_name_the_size_and_the_network():
    plan = Plan("compact_resnet18_fpn", Recipe(), 1, 0, [], [], 480)
    with_it = changed(plan, ["chip=0.4", "clip=2"], ["chip=0.3", "image_size=640"])
    assert with_it == replace(plan, recipe=Recipe(chip=0.3, clip=2.0), image_size=640)
    assert changed(plan, ["weights=a.pth"], ["weights="]) == plan


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--change", "arch=compact_resnet18"], "no such architecture; did you mean"),
        (["--base", "image_size=9999"], "9999 pixels: takes 64 to 2048"),
        (["--change", "chip=0.4,image_size=big"], "image_size: takes a whole number, not 'big'"),
        (["--change", "chips=0.4"], "chips: no such parameter; did you mean chip"),
        (["--folds", "2", "--pairs", "3"], "--folds: takes 2 or more, as many as --pairs"),
        (["--folds", "1"], "--folds: takes 2 or more"),
        (["--epochs", "0"], "--epochs: takes a whole number from 1, not '0'"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_anything_is(
    tmp_path, monkeypatch, capsys, words, told
):
    monkeypatch.setattr(recipe, "deal", None)
    with pytest.raises((InputError, SystemExit)) as refused:
        recipe.main([*words, "--keep", str(tmp_path)])
    assert told in f"{refused.value} {capsys.readouterr().err}"


def test_folds_of_other_photographs_are_others(tmp_path):
    sample, few = PROJECT / "data" / "sample", tmp_path / "few"
    for name in ("images", "annotations"):
        (few / name).mkdir(parents=True)
        for path in sorted((sample / name).iterdir())[:30]:
            (few / name / path.name).symlink_to(path)
    folds = deal(sample, tmp_path / "folds", 0, 2)
    assert deal(few, tmp_path / "folds", 0, 2) != folds
    written = [path.stat().st_mtime_ns for path in folds]
    assert deal(sample, tmp_path / "folds", 0, 2) == folds
    assert [path.stat().st_mtime_ns for path in folds] == written, "dealt once"


def test_a_result_is_known_by_what_was_trained_and_on_what(shard, tmp_path, monkeypatch):
    def file(**changes) -> Path:
        plan = Plan("compact_resnet18_fpn", Recipe(**changes), 1, 0, [shard], [shard], 480)
        return Run("any", "0", plan, None, tmp_path).file

    assert file() == file(chip=0.55)
    here = file()
    assert file(chip=0.5) != here != file(ema=0.0)
    monkeypatch.setattr(recipe, "processor", lambda: "another, 2 cores")
    assert file() != here


def test_folds_are_the_photographs_that_are_not_for_the_test(tmp_path):
    folds = deal(PROJECT / "data" / "sample", tmp_path / "folds", 0, 3)
    names = [{photo.name for photo in read_shard(path)} for path in folds]
    split = recipe.read_record(tmp_path / "folds" / "split.json")["photos"]
    learnt = {name for name, photo in split.items() if photo["side"] != "test"}
    assert set.union(*names) == learnt
    assert sum(map(len, names)) == len(learnt)
    assert min(map(len, names)) > 0.2 * len(learnt)
    of_group = {}
    for number, some in enumerate(names):
        for name in some:
            of_group.setdefault(split[name]["group"], set()).add(number)
    assert all(len(numbers) == 1 for numbers in of_group.values())


def test_what_has_a_result_is_not_trained_again(tmp_path, monkeypatch, shard):
    args = recipe.parser().parse_args(
        ["--keep", str(tmp_path), "--epochs", "1", "--folds", "2", "--change", "chip=0.4"]
    )
    other = tmp_path / "other.tar"
    write_shard(other, [])
    runs = planned(args, [shard, other])
    assert [(run.name, run.pair) for run in runs] == [
        (name, pair) for pair in ("0.0", "0.1") for name in (BASE, "chip=0.4")
    ]
    for run in runs:
        write_record(run.file, {"map_50": float(run.name == BASE)})
    monkeypatch.setattr(recipe, "train_and_judge", None)  # cannot be sent to a process
    assert [one["map_50"] for one in recipe.carry_out(runs, 1)] == [1, 0, 1, 0]
    assert difference(*recipe.np.array([[1.0], [0.5]])) == "+0.500"
