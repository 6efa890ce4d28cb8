import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from utils.analysis.sample.commands import deal, tell_plan
from utils.errors import InputError
from utils.records import read_record, write_record

PROJECT = Path(__file__).resolve().parents[3]


def test_it_deals_and_says_how_to_go_on(finished_run, record, tmp_path):
    target = tmp_path / "to do"
    told = deal(finished_run, finished_run / "output", record, {"number": 4, "output": target})
    lines = told.splitlines()
    assert lines[0].startswith(f"Annotate: {target} (4 new photographs, ")
    assert lines[1] == f"How: {target / 'README.md'}" and (target / "README.md").exists()
    command = lines[2].removeprefix("Then: ")
    assert shlex.split(command) == [
        *("python", "workflow.py", "--data", "x", "--predict", "my photos", "--epochs", "3"),
        *("--predict-annotations", str(target)),
    ]


def test_an_earlier_sample_and_the_old_folder_are_not_given_again(finished_run, record, tmp_path):
    record["command"] = "python workflow.py --run-dir=a --predict-annotations old --predict b"
    target = tmp_path / "new"
    told = deal(finished_run, finished_run / "output", record, {"output": target})
    assert told.endswith(f"workflow.py --predict b --predict-annotations {target}")
    assert len(list((target / "images").iterdir())) == 12, "thirty, or all that there are"


def test_where_nothing_is_named_the_run_folder_holds_the_sample(finished_run, record, tmp_path):
    folder = shutil.copytree(finished_run, tmp_path / "run")
    deal(folder, folder / "output", record, {"number": 3, "format": "coco", "seed": 1})
    assert (folder / "annotate" / "annotations.json").exists()


def test_what_cannot_be_gone_on_from_is_told(finished_run, record, tmp_path):
    folder = shutil.copytree(finished_run, tmp_path / "run")
    (folder / "output" / "prevalence.json").write_bytes(b"")  # as a job that failed leaves it
    for command in (deal, tell_plan):
        with pytest.raises(InputError, match=r"is not finished.*--resume"):
            command(folder, folder / "output", record, {})
        digests = {"dataset.tar": ""}
        with pytest.raises(InputError, match=r"had no new photographs.*--predict"):
            command(finished_run, finished_run / "output", {**record, "digests": digests}, {})


def test_a_plan_tells_what_there_is_and_what_it_takes(finished_run, record):
    told = tell_plan(finished_run, finished_run / "output", record, {"half_width": 3})
    lines = told.splitlines()
    assert lines[0].startswith("Now: 12 new photographs and 24 test photographs, ±")
    assert lines[1].startswith("For ±3 points: about ")
    assert "(there are 12 and 24)" in lines[1]
    wide = tell_plan(finished_run, finished_run / "output", record, {"half_width": 49})
    assert wide.splitlines()[1:] == ["For ±49 points there are photographs enough."]


def test_weights_of_a_run_are_those_of_its_sample_and_its_plan(finished_run, record, tmp_path):
    folder = shutil.copytree(finished_run, tmp_path / "run")
    files = [photo["file"] for shard in range(2) for photo in
             read_record(folder / "output" / f"predictions_{shard}.json", 2)["photos"]]  # fmt: skip
    photos = {
        file: {"places": {}, "time": None, "weight": 1000.0 if file.startswith("day0") else 1.0}
        for file in files
    }
    write_record(folder / "groups.json", {"by": [], "period": None, "photos": photos})
    told = {**record, "digests": record["digests"] | {"groups.json": ""}}
    deal(folder, folder / "output", told, {"number": 6, "output": tmp_path / "sample"})
    suggestion = read_record(tmp_path / "sample" / "suggestion.json")
    assert {photo["photo"].split("/")[0] for photo in suggestion["photos"]} == {"day0"}
    plain, weighted = (
        float(tell_plan(folder, folder / "output", one, {}).split("±")[1].split()[0])
        for one in (record, told)
    )
    assert weighted > plain


def test_a_detector_that_is_not_good_enough_plans_nothing(finished_run, record, tmp_path):
    folder = shutil.copytree(finished_run, tmp_path / "run")
    write_record(folder / "output" / "prevalence.json", {"plan": None})
    told = tell_plan(folder, folder / "output", record, {})
    assert "Nothing can be planned" in told and f"suggest {folder}" in told


def test_neither_command_needs_torch():
    code = "import sys, utils.analysis.sample.commands\nassert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, check=False).returncode == 0
