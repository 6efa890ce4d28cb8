"""Each mistake is mended and counted, or refused with its reason and the way out."""

import pytest

from tests.formats.mistakes import mended, refused
from tests.formats.test_layouts import faces_of, only
from utils.dataset.intake.choices import Choices
from utils.dataset.intake.dataset import Dataset, pack_dataset
from utils.errors import InputError

MENDED = dict(mended())
REFUSED = dict(refused())


@pytest.mark.parametrize("name", MENDED)
def test_it_is_mended_and_counted(tmp_path, name):
    case = MENDED[name]
    (tmp_path / "data").mkdir()
    case.make(tmp_path / "data")
    facts = pack_dataset(tmp_path / "data", tmp_path / "d.tar", Choices(**case.choices))
    told = {**facts, **{f"boxes.{key}": value for key, value in facts["boxes"].items()}}
    told["unreadable"] = len(facts["unreadable"])
    assert {key: told[key] for key in case.facts} == case.facts
    if case.faces is not None:
        assert faces_of(tmp_path / "d.tar") == case.faces


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_with_the_reason_and_the_way_out(tmp_path, name):
    case = REFUSED[name]
    root = tmp_path / "data"
    root.mkdir()
    case.make(root)
    with pytest.raises(InputError, match=case.words) as refusal:
        Dataset(only(root), Choices(**case.choices))
    assert str(root) in str(refusal.value) or "--classes" in str(refusal.value)


def test_there_are_at_least_forty_cases():
    assert len(MENDED) + len(REFUSED) >= 40
