import json

import pytest

from utils.dataset.shards import Photo
from utils.dataset.suggestion import SuggestedPhoto, Suggestion, digest_of_photos
from utils.errors import InputError

ONE = SuggestedPhoto("1_a.jpg", "day/a", 0.25, "ab" * 32, (("with_mask", (1.0, 2.0, 3.0, 4.0)),))
FILLED_IN, LISTS = {"labels/1_a.txt": "01" * 32}, {"labels/classes.txt": "23" * 32}
SAMPLE = Suggestion("run", "cd" * 32, "ef" * 32, 3, FILLED_IN, LISTS, (ONE,))


@pytest.fixture
def record(tmp_path) -> dict:
    SAMPLE.write(tmp_path / "suggestion.json")
    return json.loads((tmp_path / "suggestion.json").read_text())


def parsed(record: object) -> Suggestion:
    return Suggestion.parse(json.dumps(record).encode(), "x/suggestion.json")


def test_what_is_written_is_read(record):
    assert parsed(record) == SAMPLE


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("photos", 0, "chance"), 0),
        (("photos", 0, "chance"), 1.5),
        (("photos", 0, "chance"), "often"),
        (("photos", 0, "chance"), float("nan")),
        (("photos", 0, "faces"), [["mask", [1, 2, 3, 4]]]),
        (("photos", 0, "faces"), [["with_mask", [1, 2, 3]]]),
        (("photos", 0, "file"), None),
        (("photos",), []),
        (("photos",), 3),
        (("filled_in",), "none"),
        (("schema",), 99),
    ],
)
def test_a_record_that_was_changed_is_refused(record, path, value):
    place = record
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(InputError, match=r"x/suggestion\.json"):
        parsed(record)


@pytest.mark.parametrize("field", ["run", "model", "new", "seed", "filled_in", "lists", "photos"])
def test_a_field_that_is_missing_is_named(record, field):
    del record[field]
    with pytest.raises(InputError, match=field):
        parsed(record)


def test_a_photograph_that_stands_twice_is_refused(record):
    record["photos"] *= 2
    with pytest.raises(InputError, match="names a photograph twice"):
        parsed(record)


def test_what_is_no_record_is_refused():
    for data in (b"", b"[]", b"\xff"):
        with pytest.raises(InputError, match=r"x\.json"):
            Suggestion.parse(data, "x.json")


def test_the_digest_knows_names_and_contents_and_no_order():
    one, two = Photo("a", "a.jpg", b"1"), Photo("b", "b.jpg", b"2")
    assert digest_of_photos([one, two]) == digest_of_photos([two, one])
    others = ([one], [one, Photo("b", "b.jpg", b"3")], [one, Photo("c", "c.jpg", b"2")])
    assert len({digest_of_photos([one, two]), *map(digest_of_photos, others)}) == 4
