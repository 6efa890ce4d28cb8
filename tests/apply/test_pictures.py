"""Every photograph has a picture of its own, whatever it is called and wherever it is written."""

import pytest

from utils.apply.pictures import picture_names


def test_a_picture_is_called_like_its_photograph():
    names = ["IMG_0001", "day1/cam/IMG_0002", "two.dots"]
    assert picture_names(names) == {name: f"{name}.jpg" for name in names}


@pytest.mark.parametrize(
    "names",
    [
        ("a", "A"),
        ("day/a", "DAY/a", "Day/A"),
        ("a", "a.jpg/b"),  # a folder that is called like a picture
        ("a.jpg/b", "A"),
        ("a", "A", "a_2"),
        ("x" * 300, "x" * 301),
        ("é" * 200, "é" * 201),
        ("f" * 300 + "/a", "f" * 301 + "/a"),
    ],
)
def test_pictures_never_meet_and_can_be_written(tmp_path, names):
    files = picture_names(names)
    assert list(files) == list(names)
    places = {file.casefold() for file in files.values()}
    assert len(places) == len(names)
    for file in files.values():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{file}.tmp").write_bytes(b"")  # as it is called before it is whole
        (tmp_path / f"{file}.tmp").rename(tmp_path / file)
    assert sum(path.is_file() for path in tmp_path.rglob("*")) == len(names)
