"""``compare``: what differs, and by how much, on the photographs that both were tested on."""

import json
import re
from zipfile import ZipFile

import pytest

import workflow
from tests.comparison.made import NAMES, evaluation_on, table
from utils.comparison.measured import compare_measures
from utils.comparison.shared import shared_photographs
from utils.comparison.words import summary
from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.images import encode_png
from utils.dataset.shards import Photo, write_shard
from utils.errors import InputError
from utils.tracking.differences import differences
from utils.tracking.recorded import named_runs, read_run


def compared(*folders):
    return compare_measures(*named_runs(folders))


def test_a_better_run_is_called_better_by_every_measure_it_is_better_in(new_run):
    found = compared(new_run("weak", 0.4), new_run("good", 0.9))
    assert list(found.measures)[:3] == ["map", "map_50", "map_50:with_mask"]
    assert found.measures["map"].verdict == "higher"
    assert found.measures["recall"].verdict == "higher"
    assert found.measures["precision"].verdict == "equal"  # neither invents a face
    assert "recall:without_mask" not in found.measures  # there are no such faces
    assert (found.photos, found.notes) == (50, ())
    assert summary(found).startswith("good is better than weak: mAP over IoU .5 to .95 0.")
    again = compared(read_run(found.second.folder).folder, found.first.folder)
    assert again.measures["recall"].difference == -found.measures["recall"].difference


def test_a_run_against_its_like_does_the_same_on_every_photograph(new_run):
    found = compared(new_run("one", 0.6), new_run("two", 0.6))  # names of equal length: equal luck
    assert {one.verdict for one in found.measures.values()} == {"equal"}
    assert "do the same throughout" in summary(found)
    assert found.photographs == ()


def test_near_duplicates_count_as_one_observation(new_run):
    groups = [k // 10 for k in range(50)]
    alone = compared(new_run("weak", 0.5), new_run("good", 0.62))
    together = compared(new_run("weak2", 0.5, groups=groups), new_run("good2", 0.62))
    assert together.measures["recall"].differ <= 5 < alone.measures["recall"].differ
    told = " ".join(together.notes)
    assert "5 photographs that are no near-duplicates are too few" in told
    assert together.measures["map"].interval is None
    assert together.measures["map"].difference is not None


def test_runs_tested_on_some_of_the_same_photographs_are_compared_on_these_and_say_so(new_run):
    first = new_run("first", 0.5, NAMES)
    second = new_run("second", 0.5, [*NAMES[10:], *(f"new_{k}" for k in range(5))])
    found = compared(first, second)
    assert found.photos == 40
    assert "on the 40 test photographs that both share" in found.notes[0]
    assert "first was tested on 50 and second on 45" in found.notes[0]
    rows = found.first.output("evaluation.json")["per_photo"][10:50]
    right = sum(row["confusion"][1][1] for row in rows)
    assert found.measures["recall"].first == pytest.approx(right / 160)


def test_runs_tested_on_other_photographs_are_not_compared(new_run):
    found = compared(new_run("first", 0.5), new_run("second", 0.9, ["a", "b", "c"]))
    assert found.measures == {}
    assert found.notes[0].startswith("No test photograph is shared")
    assert summary(found) == "second cannot be compared with first."


def test_faces_and_photographs_are_not_compared(new_run):
    record = evaluation_on(NAMES, 0.5, 1)
    for row in record["per_photo"]:
        row["photograph"] = row["name"]
    found = compared(new_run("finds", 0.5), new_run("judges", 0.5, evaluation=record))
    assert found.measures == {}
    assert "judges was tested on single faces and finds on photographs" in found.notes[0]


def test_classifiers_are_compared_by_photograph_and_balanced(new_run):
    def judged(right: int) -> dict:
        rows = [
            {
                "name": f"{name}_face{k}",
                "photograph": name,
                "confusion": table(int(k < right), int(k >= right)),
                "validation": False,
            }
            for name in NAMES
            for k in range(4)
        ]
        return {"average_precision": None, "per_photo": rows, "classification": {}}

    found = compared(
        new_run("one", 0.5, evaluation=judged(2)), new_run("two", 0.5, evaluation=judged(3))
    )
    assert list(found.measures)[:2] == ["balanced_accuracy", "accuracy"]
    assert found.measures["balanced_accuracy"].first == 0.5
    assert found.measures["accuracy"].second == 0.75
    assert found.measures["accuracy"].differ == 50  # photographs, not the 200 faces
    assert found.measures["accuracy"].verdict == "higher"


def test_photographs_with_other_faces_in_the_two_are_left_out_and_counted(new_run):
    record = evaluation_on(NAMES, 0.5, 1)
    record["per_photo"][3]["confusion"] = table(5, 5)
    found = compared(new_run("one", 0.5), new_run("two", 0.5, evaluation=record))
    assert found.photos == 49
    assert "1 photograph that both were tested on had other boxes or classes" in found.notes[1]


def test_an_evaluation_of_an_older_version_lacks_average_precision_and_says_so(new_run):
    record = evaluation_on(NAMES, 0.5, 1)
    del record["rankings"]
    found = compared(new_run("new", 0.5), new_run("old", 0.9, evaluation=record))
    assert "map" not in found.measures
    assert "Average precision is not compared: old was evaluated by a version" in found.notes[0]
    assert found.measures["recall"].interval


def photograph(name: str, shade: int, box: int = 5) -> Photo:
    import numpy as np

    faces = Faces(np.array([[box, 5, 25, 25]], np.float32), np.array([1]))
    image = encode_png(np.full((30, 40, 3), shade, np.uint8))
    return Photo(name, f"{name}.png", image, write_voc(f"{name}.png", 40, 30, faces))


def test_of_two_versions_of_the_data_photographs_of_equal_content_are_the_same(new_run):
    first = new_run("first", 0.5, ["a", "b", "c"])
    second = new_run("second", 0.5, ["a", "other", "c"], data="ee" * 32)
    write_shard(first / "dataset.tar", [photograph(name, k) for k, name in enumerate("abc")])
    others = [photograph("a", 7), photograph("c", 2, box=9), photograph("other", 1)]
    write_shard(second / "dataset.tar", others)
    shared = shared_photographs(*named_runs([first, second]))
    assert shared.names == (("b", "other"),)  # a is another photograph, c has another box
    assert shared.otherwise == 1
    assert compared(first, second).photos == 1
    (second / "dataset.tar").unlink()
    with pytest.raises(InputError, match=r"dataset\.tar: is not there any more"):
        shared_photographs(*named_runs([first, second]))


def test_what_differs_is_told_and_nothing_else(new_run):
    told = {"versions": {"python": "3.12.1", "torch": "2.14.1"}, "git_commit": "2" * 40}
    first = new_run("one", 0.5)
    second = new_run("two", 0.6, epochs=30, recipe=("focal=1",), record=told, data="aa" * 32)
    for folder, text in ((first, "a = 1"), (second, "a = 2")):
        with ZipFile(folder / "utils.zip", "w") as bundle:
            bundle.writestr("utils/changed.py", text)
            bundle.writestr("utils/same.py", "b = 1")
    found = differences(named_runs([first, second]))
    names = {topic: [row.what for row in rows] for topic, rows in found.items()}
    assert names == {
        "options": ["--epochs", "--recipe"],
        "settings": ["learning_rate"],
        "data": ["version of the annotated photographs"],
        "code": ["commit", "utils/changed.py"],
        "packages": ["python"],
    }
    assert found["options"][0].values == ("12", "30")
    assert found["settings"][0].values == ("0.5", "0.6")


def test_the_command_prints_and_writes_page_and_picture(new_run, tmp_path, capsys):
    runs = [str(new_run("weak", 0.4, epochs=3)), str(new_run("good", 0.9))]
    page = tmp_path / "out.html"
    assert workflow.main(["compare", *runs, "--output", str(page)]) == 0
    out = capsys.readouterr().out
    assert "good is better than weak" in out
    assert re.search(r"^--epochs +3 +12$", out, re.MULTILINE)
    assert re.search(r"^recall +0\.\d{3} +0\.\d{3} +\+0\.\d{3} .* higher$", out, re.MULTILINE)
    assert (tmp_path / "out.png").read_bytes().startswith(b"\x89PNG")
    html = page.read_text()
    assert "good is better than weak" in html
    assert "data:image/png;base64," in html
    assert not re.search(r"(src|href)=\"(?!data:|#)", html)  # it needs no other file
    assert workflow.main(["compare", *runs, "--output", str(page), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    measure = record["comparisons"][0]["measures"]["recall"]
    assert measure["verdict"] == "higher"
    assert measure["difference"] == pytest.approx(measure["second"] - measure["first"])
    assert record["differences"]["options"] == {"--epochs": ["3", "12"]}


def test_names_in_the_page_are_text(new_run, tmp_path):
    first = new_run("<b>bold", 0.4)
    second = new_run("two", 0.9)
    page = tmp_path / "out.html"
    assert workflow.main(["compare", str(first), str(second), "--output", str(page)]) == 0
    assert "<b>bold" not in page.read_text()
    assert "&lt;b&gt;bold" in page.read_text()


def test_three_runs_are_compared_with_the_first_and_equal_names_are_told_apart(new_run, tmp_path):
    runs = [new_run(name, 0.5) for name in ("x/run", "y/run", "z")]
    told = workflow.main(["compare", *map(str, runs), "--output", str(tmp_path / "three.html")])
    assert told == 0
    html = (tmp_path / "three.html").read_text()
    assert f"{tmp_path / 'x' / 'run'} against {tmp_path / 'y' / 'run'}, z" in html


def test_what_cannot_be_compared_is_refused(new_run, tmp_path, capsys):
    run = new_run("run", 0.5)
    begun = new_run("begun", 0.5, jobs={"evaluate": "waiting"})
    (begun / "output" / "evaluation.json").unlink()
    old = new_run("odd", 0.5)
    (old / "output" / "evaluation.json").write_text('{"schema": 2, "per_photo": [{"name": "a"}]}')
    (tmp_path / "empty").mkdir()
    for words, told in (
        ([run], "name two or more run folders"),
        ([run, run], "are one run, which does not differ from itself"),
        ([run, begun, run], "are one run, which does not differ from itself"),
        ([run, begun, "--output", tmp_path / "no" / "x.html"], "there is no folder"),
        ([run, tmp_path / "none"], "no such folder"),
        ([run, tmp_path / "empty"], "no run folder: it has no run.json"),
        ([run, begun], "begun: stopped, with nothing measured on the test side yet"),
        ([run, run.parent / "odd", "--output", "x.png"], "--output x.png: is a page of `compare`"),
        ([run, begun, "--sort", "when"], "--sort: is not for `compare`"),
    ):
        assert workflow.main(["compare", *map(str, words)]) == 2
        assert told in capsys.readouterr().err


def test_of_one_version_under_other_names_photographs_are_told_by_content(new_run):
    told = {"version": "ab" * 32}
    first = new_run("first", 0.5, ["a", "b"], record={"data": told})
    second = new_run("second", 0.5, ["x", "b"], data="ee" * 32, record={"data": told})
    write_shard(first / "dataset.tar", [photograph("a", 1), photograph("b", 2)])
    write_shard(second / "dataset.tar", [photograph("b", 1), photograph("x", 2)])
    shared = shared_photographs(*named_runs([first, second]))
    assert set(shared.names) == {("a", "b"), ("b", "x")}
    assert "names" in shared.how
