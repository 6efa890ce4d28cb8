"""Class folders, however they lie, give the same faces; mistakes are mended, or refused."""

from pathlib import Path

import pytest

from tests.formats.class_folders import (
    CLASS_OF,
    TO_CLASSIFY,
    folders_mended,
    folders_refused,
    in_folders,
    layouts_of_folders,
)
from tests.formats.shots import HEIGHT, WIDTH, photographs
from tests.formats.test_layouts import only
from utils.dataset.intake.choices import Choices
from utils.dataset.intake.dataset import Dataset, pack_dataset
from utils.dataset.labels import CLASSES
from utils.dataset.shards import read_shard
from utils.errors import InputError

LAYOUTS = dict(layouts_of_folders())
MENDED = dict(folders_mended())
REFUSED = dict(folders_refused())


def made(make, tmp_path: Path) -> Path:
    root = tmp_path / "data"
    root.mkdir()
    make(root)
    return only(root)


@pytest.mark.parametrize("name", LAYOUTS)
def test_each_picture_is_a_photograph_of_one_face_which_is_all_of_it(tmp_path, name):
    facts = pack_dataset(made(LAYOUTS[name], tmp_path), tmp_path / "d.tar", Choices(**TO_CLASSIFY))
    found = {}
    for photo in read_shard(tmp_path / "d.tar"):
        faces = photo.read_annotation(WIDTH, HEIGHT).faces
        assert faces.boxes.tolist() == [[0, 0, WIDTH, HEIGHT]]
        found[photo.name] = CLASSES[faces.labels[0] - 1]
    assert found == CLASS_OF
    assert facts["format"] == "class folders"
    assert facts["faces"] == {"with_mask": 3, "without_mask": 2, "mask_weared_incorrect": 1}
    assert facts["empty"] == facts["elsewhere"] == facts["too_small"] == 0
    assert facts["empty_classes"] == []


@pytest.mark.parametrize("name", MENDED)
def test_a_mistake_in_class_folders_is_mended_and_counted(tmp_path, name):
    case = MENDED[name]
    facts = pack_dataset(made(case.make, tmp_path), tmp_path / "d.tar", Choices(**case.choices))
    told = {**facts, **{f"boxes.{key}": value for key, value in facts["boxes"].items()}}
    told["unreadable"] = len(facts["unreadable"])
    assert {key: told[key] for key in case.facts} == case.facts
    assert len(list(read_shard(tmp_path / "d.tar"))) == facts["photos"]


@pytest.mark.parametrize("name", REFUSED)
def test_a_mistake_in_class_folders_is_refused_with_the_way_out(tmp_path, name):
    case = REFUSED[name]
    with pytest.raises(InputError, match=case.words):
        Dataset(made(case.make, tmp_path), Choices(**case.choices))


def test_sides_of_class_folders_are_kept_where_that_is_asked_for(tmp_path):
    make = in_folders("{side}/{}", sides=True)
    choices = Choices(**TO_CLASSIFY, split="given")
    with Dataset(made(make, tmp_path), choices) as dataset:
        assert dataset.sides["a"] == dataset.sides["d"] == dataset.sides["f"] == "train"
        assert (dataset.sides["b"], dataset.sides["c"]) == ("val", "test")


def test_a_set_of_one_name_tells_its_classes_by_the_folder_that_is_nearest(tmp_path):
    """A folder called like a class around all of them is none."""
    for folder, stems in (("mask/mask", "ab"), ("mask/no mask/nose", "c")):
        photographs(tmp_path / folder, stems)
    with Dataset(tmp_path, Choices(**TO_CLASSIFY)) as dataset:
        assert dataset.facts["faces"]["with_mask"] == 2
        assert dataset.facts["faces"]["without_mask"] == 1
