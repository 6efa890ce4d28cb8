"""``python workflow.py data ...`` and ``--data name@version``, from the command line."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from PIL import Image

import workflow
from tests.formats.shots import CLASSES, FACES, photographs, voc, write, yolo
from tests.tracking.made import make_run
from utils.dag.travelling import DATASET
from utils.data_store.layout import object_file
from utils.data_store.places import VARIABLE
from utils.data_store.store import DataStore
from utils.dataset.intake.dataset import pack_dataset
from utils.dataset.shards import read_shard
from utils.records import digest_of


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "store"


def a_set(root: Path, **changed: list) -> Path:
    photographs(root / "images")
    for stem, boxes in {**FACES, **changed}.items():
        write(root / "annotations" / f"{stem}.xml", voc(boxes))
    return root


def as_yolo(root: Path) -> Path:
    photographs(root / "images")
    for stem, boxes in FACES.items():
        write(root / "labels" / f"{stem}.txt", yolo(boxes))
    write(root / "classes.txt", "\n".join(CLASSES))
    return root


@pytest.fixture
def say(capsys):
    """Say something to workflow.py; return the exit code, and what it told."""

    def say(*words: object) -> tuple[int, str]:
        code = workflow.main([*map(str, words)])
        told = capsys.readouterr()
        return code, told.out + told.err

    return say


def test_added_listed_shown_and_removed(say, tmp_path):
    code, told = say("data", "add", "masks", a_set(tmp_path / "set"))
    version = re.search(r"masks@[0-9a-f]{12}", told)[0]
    assert code == 0 and "6 photographs" in told and ": 6 written" in told
    assert "is there already: 0 written" in say("data", "add", "masks", "set")[1]
    told = say("data", "add", "masks", as_yolo(tmp_path / "other"))[1]
    assert "is there already" in told and version in told
    told = say("data", "add", "masks", a_set(tmp_path / "more", d=FACES["a"]))[1]
    assert "added: 0 written" in told
    listed = json.loads(say("data", "list", "--json")[1])["versions"]
    assert [one["called"] == version for one in listed] == [False, True]
    assert listed[1]["faces"] == {"with_mask": 4, "without_mask": 2, "mask_weared_incorrect": 2}
    lines = say("data", "list", "masks")[1].splitlines()
    assert "latest" in lines[1] and "latest" not in lines[2] and len(lines) == 3
    assert "Format: PASCAL VOC" in say("data", "show", version)[1]
    assert say("data", "verify")[0] == 0
    told = say("data", "remove", version)[1]
    assert f"{version}: removed" in told and "Freed: 0 photographs" in told
    assert say("data", "remove", "masks")[0] == 0
    assert "No data sets" in say("data", "list")[1]


def test_verify_fails_where_something_is_lost(say, store, tmp_path):
    say("data", "add", "masks", a_set(tmp_path / "set"))
    next((store / "objects").rglob("*/*")).write_bytes(b"x")
    code, told = say("data", "verify")
    assert code == 1 and "damaged: objects/" in told and ".jpg of masks@" in told
    code, told = say("data", "verify", "--json")
    assert code == 1 and json.loads(told)["whole"] is False
    assert "Moved to damaged/: 1 file" in say("data", "verify", "--set-aside")[1]
    assert ": 1 written" in say("data", "add", "masks", "set")[1]
    assert say("data", "verify")[0] == 0


def test_a_run_of_a_version_is_that_of_the_folder_and_names_it(say, tmp_path):
    say("data", "add", "masks", a_set(tmp_path / "set"))
    version = json.loads(say("data", "list", "--json")[1])["versions"][0]
    for name, data in (("a", "set"), ("b", version["called"])):
        code, told = say("--data", data, "--dry-run", "--run-dir", name, "--weights", "none")
        assert code == 0, told
        record = json.loads((tmp_path / name / "run.json").read_text())
        assert record["data"]["version"] == version["version"]
        assert record["data"].get("called") == (None if name == "a" else version["called"])
        jobs = yaml.safe_load((tmp_path / name / "workflow.yml").read_text())["jobs"]
        call = next(job["arguments"] for job in jobs if job["id"] == "train_model")
        assert call[call.index("--data-version") + 1] == version["version"]
    assert len({digest_of(tmp_path / name / DATASET) for name in "ab"}) == 1
    told = say("data", "show", "masks", *"ab")[1]
    assert "2 runs" in told
    runs = json.loads(say("data", "show", "masks", *"ab", "--json")[1])["runs"]
    assert {run["run"] for run in runs} == set("ab")
    assert version["called"] in say("runs", "a", "b")[1]


def test_runs_of_other_versions_are_not_shown(say, tmp_path):
    say("data", "add", "masks", a_set(tmp_path / "set"))
    version = json.loads(say("data", "list", "--json")[1])["versions"][0]["version"]
    make_run(tmp_path / "runs" / "old")
    make_run(tmp_path / "runs" / "mine", record={"data": {"version": version}})
    make_run(tmp_path / "runs" / "other", record={"data": {"version": "ab" * 32}})
    runs = json.loads(say("data", "show", "masks", "runs", "--json")[1])["runs"]
    assert [run["run"] for run in runs] == ["mine"]


def test_a_folder_of_that_name_goes_first(say, tmp_path):
    say("data", "add", "masks", a_set(tmp_path / "set"))
    a_set(tmp_path / "masks", d=FACES["a"])
    told = say("--data", "masks", "--dry-run", "--run-dir", "run", "--weights", "none")[1]
    assert "Data version: masks@" not in told
    told = say("--data", "masks@latest", "--dry-run", "--run-dir", "run2", "--weights", "none")[1]
    assert "Data version: masks@" in told


def test_a_file_of_options_names_a_version(say, tmp_path):
    say("data", "add", "masks", a_set(tmp_path / "set"))
    write(tmp_path / "configs" / "run.toml", 'data = "masks@latest"\nweights = "none"\n')
    code, told = say("--config", "configs/run.toml", "--dry-run", "--run-dir", "run")
    assert code == 0 and "Data version: masks@" in told


def test_given_sides_are_kept_of_a_version(say, tmp_path):
    root = tmp_path / "set"
    for side, stems in {"train": "abc", "valid": "de", "test": "f"}.items():
        photographs(root / side / "images", stems)
        for stem in stems:
            write(root / side / "annotations" / f"{stem}.xml", voc(FACES[stem]))
    say("data", "add", "masks", root)
    words = ("--split", "given", "--dry-run", "--weights", "none", "--run-dir")
    for name, data in (("a", "set"), ("b", "masks")):
        code, told = say("--data", data, *words, name)
        assert code == 0, told
    assert (tmp_path / "a" / "sides.json").read_bytes() == (
        tmp_path / "b" / "sides.json"
    ).read_bytes()
    assert digest_of(tmp_path / "a" / DATASET) == digest_of(tmp_path / "b" / DATASET)
    assert "comes split: " in say("data", "show", "masks")[1]
    say("data", "add", "whole", a_set(tmp_path / "unsplit"))
    code, told = say("--data", "whole", *words, "c")
    assert code == 2 and "--split given" in told and not (tmp_path / "c").exists()


def test_class_folders_are_versions_too(say, tmp_path):
    for number, name in enumerate(("with_mask", "without_mask", "with_mask")):
        photographs(tmp_path / "faces" / name, "abcdef"[number])
    assert say("data", "add", "faces", "faces", "--task", "classify")[0] == 0
    words = ("--dry-run", "--weights", "none", "--task")
    for name, data in (("a", "faces"), ("b", "faces@latest")):
        code, told = say("--data", data, *words, "classify", "--run-dir", name)
        assert code == 0, told
    assert digest_of(tmp_path / "a" / DATASET) == digest_of(tmp_path / "b" / DATASET)
    code, told = say("--data", "faces@latest", *words, "detect", "--run-dir", "c")
    assert code == 2 and "can be learnt with --task classify" in told


def test_what_comes_out_is_what_went_in(say, tmp_path):
    say("data", "add", "masks", a_set(tmp_path / "set"))
    assert say("data", "get", "masks", "out.tar")[0] == 0
    pack_dataset(tmp_path / "set", tmp_path / "in.tar")
    assert digest_of(tmp_path / "out.tar") == digest_of(tmp_path / "in.tar")
    assert "exists; name a new file" in say("data", "get", "masks", "out.tar")[1]
    assert len(list(read_shard(tmp_path / "out.tar"))) == 6


def test_the_page_of_a_difference_shows_before_and_after(say, tmp_path):
    say("data", "add", "masks", a_set(tmp_path / "set"))
    first = json.loads(say("data", "list", "--json")[1])["versions"][0]["called"]
    more = a_set(tmp_path / "more", a=FACES["a"][:1], b=[("with_mask", (20, 20, 40, 50))])
    shutil.copy(more / "images" / "c.jpg", more / "images" / "g.jpg")
    write(more / "annotations" / "g.xml", voc(FACES["c"]))
    (more / "images" / "f.jpg").unlink()
    (more / "annotations" / "f.xml").unlink()
    say("data", "add", "masks", more)
    code, told = say("data", "diff", first, "masks", "--output", "page.html")
    assert code == 0
    assert "1 photograph added, 1 photograph removed, 2 photographs changed" in told
    assert "mask_weared_incorrect is now with_mask, at 20, 20 (20 x 30)" in told
    page = (tmp_path / "page.html").read_text()
    assert page.count("<img ") == 2 * 2 + 1 + 1 and "http" not in page.replace("http-equiv", "")
    for name in ("a.jpg", "b.jpg", "f.jpg", "g.jpg"):
        assert name in page
    record = json.loads(say("data", "diff", first, "more", "--json")[1])
    assert record["photographs"]["same"] == 3 and len(record["photographs"]["changed"]) == 2
    assert record["faces"] == {
        "removed": 1,
        "class": 1,
        "mask_weared_incorrect to with_mask": 1,
    }
    assert (tmp_path / "differences.html").exists()


def test_photographs_that_cannot_be_read_are_told_and_the_rest_is_shown(say, store, tmp_path):
    say("data", "add", "masks", a_set(tmp_path / "set"))
    first = json.loads(say("data", "list", "--json")[1])["versions"][0]["called"]
    more = a_set(tmp_path / "more", a=FACES["a"][:1], b=[("with_mask", (20, 20, 40, 50))])
    for number, letter in enumerate("gh"):
        Image.new("RGB", (200, 150), (90 * number, 90, 90)).save(more / "images" / f"{letter}.jpg")
        write(more / "annotations" / f"{letter}.xml", voc(FACES["c"]))
    say("data", "add", "masks", more)
    kept = {
        one.filename: store / object_file(one.digest)
        for one in DataStore.at(str(store)).manifest(DataStore.at(str(store)).find("masks")).photos
    }
    kept["a.jpg"].write_bytes(kept["a.jpg"].read_bytes()[:-1] + b"x")
    kept["g.jpg"].unlink()
    code, told = say("data", "diff", first, "masks")
    assert code == 0
    assert "2 photographs added, 2 photographs changed" in told
    assert "Not shown: 2 photographs that cannot be read\n" in told  # one of them in both versions
    assert "  a.jpg: " in told and "is damaged" in told and "  g.jpg: " in told
    page = (tmp_path / "differences.html").read_text()
    assert page.count("<img ") == 2 + 1  # b before and after, and h
    assert page.count("cannot be read") == 3
    unread = json.loads(say("data", "diff", first, "masks", "--json")[1])["unread"]
    assert len(unread) == 3 and any(name.startswith("g.jpg in masks@") for name in unread)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["data"], "takes one of add, list"),
        (["data", "ad"], "did you mean add?"),
        (["data", "add", "masks"], "takes NAME PATH; found 1 word"),
        (["data", "add", "a/b", "set"], "no name of a data set"),
        (["data", "add", "masks", "nowhere"], "nowhere"),
        (["data", "show"], "name a version"),
        (["data", "show", "masks@beef"], "is empty, or not there"),
        (["data", "diff", "a"], "each a version or a path"),
        (["data", "diff", "a", "b", "--output", "x.pdf"], "name a file .html"),
        (["data", "list", "--store", "nosuch://x"], "cannot be used"),
        (["data", "list", "--epochs", "3"], "--epochs: is not for `data`"),
        (["--data", "masks@beef", "--dry-run"], "no such file or folder, and no version"),
        (["--data", "nowhere", "--dry-run"], "no such file or folder, and no version"),
        (["--data", "masks@gone", "--dry-run"], "'masks@gone': names no version; write masks@l"),
        (["data", "diff", "masks@gone", "masks"], "'masks@gone': names no version; write masks@l"),
        (["data", "show", "a@b@c"], "names no version"),
        (["data", "add", "masks", ""], "data: one of the words after it is empty"),
        (["data", "diff", "a", "b", "--output", "no/x.html"], "there is no folder no; make it"),
        (["data", "get", "masks", "no/x.tar"], "there is no folder no; make it"),
        (["--data", "no/where", "--dry-run"], "no/where"),
    ],
)
def test_what_cannot_be_is_told(say, words, told, store):
    code, said = say(*words)
    assert code == 2 and told in said
    assert not store.exists()


def test_the_same_photograph_with_other_boxes_is_told(say, tmp_path):
    root = a_set(tmp_path / "set")
    for stem, faces in (("y", FACES["a"]), ("z", FACES["b"])):
        shutil.copy(root / "images" / "a.jpg", root / "images" / f"{stem}.jpg")
        write(root / "annotations" / f"{stem}.xml", voc(faces))
    told = "with other boxes or classes: 1 photograph (a.jpg and y.jpg and z.jpg)"
    assert told in say("data", "add", "masks", root)[1]
    assert told in say("data", "show", "masks")[1]
    record = json.loads(say("data", "add", "masks", root, "--json")[1])
    assert record["twins_annotated_otherwise"] == [["a.jpg", "y.jpg", "z.jpg"]]
    (root / "annotations" / "z.xml").write_bytes((root / "annotations" / "a.xml").read_bytes())
    assert "with other boxes" not in say("data", "add", "masks", root)[1]


@pytest.mark.parametrize(
    "options", [["--format", "voc"], ["--classes", "x=ignore"], ["--allow-bad-boxes"]]
)
def test_how_data_are_read_is_not_asked_of_a_version(say, tmp_path, options):
    say("data", "add", "masks", a_set(tmp_path / "set"))
    code, told = say("--data", "masks", "--dry-run", *options)
    assert code == 2 and f"{options[0]}: says how data are read" in told


def test_what_another_version_of_the_program_added_is_told_and_can_be_had(say, store, tmp_path):
    say("data", "add", "masks", a_set(tmp_path / "set"))
    kept = DataStore.at(str(store))
    (file, version), *_ = kept.files().items()
    older = replace(version, facts={"format": version.facts["format"]})
    kept.place.remove(file)
    kept.place.write(older.file, older.as_bytes())
    code, told = say("--data", "masks", "--dry-run")
    assert code == 2 and "was added by another version of this program" in told
    assert say("data", "get", "masks", "out.tar")[0] == 0
    assert say("data", "add", "masks", "out.tar")[0] == 0


def test_names_of_photographs_are_text_on_the_page(say, tmp_path):
    root = a_set(tmp_path / "set")
    say("data", "add", "masks", root)
    for folder, suffix in (("images", "jpg"), ("annotations", "xml")):
        (root / folder / f"a.{suffix}").rename(root / folder / f"<b onload=x>&.{suffix}")
    write(root / "annotations" / "<b onload=x>&.xml", voc(FACES["b"]))
    assert say("data", "diff", "masks", "set")[0] == 0
    page = (tmp_path / "differences.html").read_text()
    assert "&lt;b onload=x&gt;&amp;.jpg" in page and "<b onload" not in page
