"""The table of starts: means over the splits, the best on validation first."""

import pytest

from benchmarks import starts
from utils.errors import InputError
from utils.records import write_record


def result(start: str, seed: int, val: float, test: float, incorrect: float | None = 0.5) -> dict:
    sides = {"val": [val, val, val, incorrect], "test": [test, test, test, incorrect]}
    return {"start": start, "seed": seed, "minutes": 20.0, "epochs": 30 + seed, **sides}


def test_a_row_is_the_mean_of_its_splits_and_their_spread():
    told = [result("a", 0, 0.6, 0.9), result("b", 0, 0.7, 0.8, None), result("a", 2, 0.8, 0.7)]
    first, second = starts.rows([*told, result("b", 1, 0.8, 0.5, 0.25)])
    assert first[:5] == ["b", "20", "2", "30", "0.750 ±0.071"], "chosen by validation"
    assert first[7] == "0.250", "one split alone has the class"
    assert second[:5] == ["a", "20", "2", "31", "0.700 ±0.141"]
    assert second[8] == "0.800 ±0.141"
    assert len(first) == len(starts.HEAD)


def test_what_has_a_result_is_not_trained_again(tmp_path, monkeypatch, capsys):
    keep = starts.of_same(tmp_path, starts.PROJECT / "data" / "sample", 480)
    kept = keep / "compact_resnet18_fpn_none_20_1"
    kept.mkdir(parents=True)
    write_record(kept / "result.json", result("compact_resnet18_fpn:none", 1, 0.6, 0.5))
    trained = []

    def train(name, plan, minutes, shards, folder):
        trained.append((name, plan.seed, plan.weights, plan.recipe.batch_size, folder.name))
        return result(name, plan.seed, 0.7, 0.6)

    sides = ("train", "val", "test")
    monkeypatch.setattr(
        starts, "split", lambda data, scratch, seed: {side: scratch / side for side in sides}
    )
    monkeypatch.setattr(starts, "result", train)
    words = ["--seeds", "1", "2", "--start", "compact_resnet18_fpn:none", "--keep", str(tmp_path)]
    starts.main(words)
    assert [one[:3] for one in trained] == [("compact_resnet18_fpn:none", 2, None)]
    assert "0.650 ±0.071" in capsys.readouterr().out
    starts.main([*words, "--recipe", "batch_size=4"])
    assert [one[1:4] for one in trained[1:]] == [(1, None, 4), (2, None, 4)]
    assert {one[4].rpartition("_")[2] for one in trained[1:]} == {"size=4"}
    capsys.readouterr()
    starts.main([*words, "--image-size", "320"])
    assert [one[1] for one in trained[3:]] == [1, 2], "other pixels are another result"
    assert "0.700 ±0.000" in capsys.readouterr().out, "and in another table"
    monkeypatch.setattr(starts, "processor", lambda: "another, 2 cores")
    assert starts.of_same(tmp_path, starts.PROJECT / "data" / "sample", 480) != keep


def test_every_start_is_settled_before_one_is_trained(tmp_path, monkeypatch):
    monkeypatch.setattr(starts, "split", None)
    words = ["--keep", str(tmp_path), "--start", "compact_resnet18_fpn:none"]
    with pytest.raises(InputError, match="compact_resnet: no such architecture; did you mean"):
        starts.main([*words, "compact_resnet:none"])
    with pytest.raises(InputError, match="non: no such file"):
        starts.main([*words, "compact_resnet18_fpn:non"])


@pytest.mark.parametrize(("given", "told"), [([], "-"), ([None, 0.5], "0.500"), ([None], "-")])
def test_nothing_is_told_of_no_number(given, told):
    assert starts.cell(given) == told
