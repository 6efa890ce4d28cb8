"""Names of photographs: stems, or as much of their paths as tells them apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.dataset.intake.names import filenames
from utils.errors import InputError


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["x/a.jpg", "y/b.jpg"], ["a.jpg", "b.jpg"]),
        (["day1/a.jpg", "day2/a.JPG", "c.jpg"], ["day1/a.jpg", "day2/a.JPG", "c.jpg"]),
        (["p/1/cam/a.jpg", "p/2/cam/a.jpg"], ["1/cam/a.jpg", "2/cam/a.jpg"]),
        (["a.jpg", "x/a.jpg"], ["a.jpg", "x/a.jpg"]),
        (["x/a.jpg", "y/a.png"], ["x/a.jpg", "y/a.png"]),
    ],
)
def test_folders_are_named_where_stems_are_equal(paths, names):
    assert filenames(paths, "set") == names


def test_what_cannot_be_told_apart_is_refused():
    with pytest.raises(InputError, match=r"'x/a.jpg' and 'x/a.png' share a stem"):
        filenames(["x/a.jpg", "x/a.png"], "set")
    with pytest.raises(InputError, match="given twice"):
        filenames(["x/a.jpg", "x/a.jpg"], "set")


@given(st.sets(st.lists(st.sampled_from("ab"), min_size=1, max_size=4).map(tuple), min_size=1))
def test_names_are_unique_and_ends_of_their_paths(paths):
    whole = [f"{'/'.join(path)}.jpg" for path in sorted(paths)]
    names = filenames(whole, "set")
    assert len(set(names)) == len(names)
    assert all(f"/{path}".endswith(f"/{name}") for path, name in zip(whole, names, strict=True))
