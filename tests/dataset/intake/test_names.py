"""Names of photographs: stems, or as much of their paths as tells them apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.dataset.intake.names import filenames, names_of_any
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


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["x/a.jpg", "y/b.jpg"], [("a", "a.jpg"), ("b", "b.jpg")]),
        (["x/a.jpg", "x/a.png"], [("a.jpg", "a.jpg"), ("a.png", "a.png")]),
        (["x/a.jpg", "y/a.png"], [("x/a", "x/a.jpg"), ("y/a", "y/a.png")]),
        (
            ["a.jpg", "a.png", "a.png.jpg"],
            [(name, name) for name in ("a.jpg", "a.png", "a.png.jpg")],
        ),
        (["x/a\nb.jpg", "x/a\tb.jpg"], [("a_b", "a_b.jpg"), ("a_b_2", "a_b_2.jpg")]),
        (["x/a\nb.jpg", "x/a_b.jpg"], [("a_b_2", "a_b_2.jpg"), ("a_b", "a_b.jpg")]),
        (["\udcff.jpg", "\x1b[31m\\.jpg"], [("_", "_.jpg"), ("_[31m_", "_[31m_.jpg")]),
        (["Bild 1\u202f口罩.jpg"], [("Bild 1\u202f口罩", "Bild 1\u202f口罩.jpg")]),
    ],
)
def test_any_photograph_gets_a_name_that_tables_hold(paths, names):
    assert names_of_any(paths) == names


ODD = st.text(st.sampled_from("a._2\n\t"), min_size=1, max_size=5).map(lambda stem: f"{stem}.jpg")


@given(st.sets(st.tuples(st.sampled_from(["x/", "y/"]), ODD).map("".join), min_size=1))
def test_names_of_any_photographs_differ(paths):
    names = names_of_any(sorted(paths))
    assert len(set(names)) == len({name for name, _ in names}) == len(paths)
    assert len({file for _, file in names}) == len(paths)
    assert all(char.isprintable() for _, file in names for char in file)
