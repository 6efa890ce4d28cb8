import json

import pytest

from utils.errors import InputError
from utils.records import read_record, write_atomically, write_record


def test_a_record_comes_back_with_its_schema(tmp_path):
    write_record(tmp_path / "r.json", {"value": 1.5, "name": "Zoë"})
    assert read_record(tmp_path / "r.json") == {"schema": 1, "value": 1.5, "name": "Zoë"}


@pytest.mark.parametrize("content", ["", "{", "[]", "1", '{"value": 1}', '{"schema": 2}'])
def test_what_is_no_record_of_this_schema_is_refused_by_name(tmp_path, content):
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(InputError, match=r"r\.json"):
        read_record(tmp_path / "r.json")


def test_a_missing_record_is_refused_by_name(tmp_path):
    with pytest.raises(InputError, match=r"none\.json: no such file"):
        read_record(tmp_path / "none.json")


def test_nan_is_refused_and_the_old_record_stays(tmp_path):
    write_record(tmp_path / "r.json", {"value": 1})
    with pytest.raises(ValueError):
        write_record(tmp_path / "r.json", {"value": float("nan")})
    assert json.loads((tmp_path / "r.json").read_text())["value"] == 1


def test_writing_leaves_no_temporary_file(tmp_path):
    write_atomically(tmp_path / "x", b"one")
    write_atomically(tmp_path / "x", b"two")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert (tmp_path / "x").read_bytes() == b"two"
