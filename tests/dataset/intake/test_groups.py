from datetime import datetime

import pytest

from utils.dataset.intake.groups import MOST, by_exif, by_folder, read_table, told_of_groups
from utils.errors import InputError

PHOTOS = {"a.jpg": "/new/north/a.jpg", "day1/b.jpg": "/new/south/day1/b.jpg"}
PHOTOS["day2/b.jpg"] = "/new/south/day2/b.jpg"


def table(path, text: str):
    path.write_text(text)
    return path


def read(tmp_path, *lines: str) -> dict:
    return read_table(table(tmp_path / "g.csv", "\n".join(lines)), PHOTOS)


def test_sites_cameras_times_and_weights_are_read(tmp_path) -> None:
    record = read(
        tmp_path,
        "\ufeffPhotograph;Site;camera;time;weight;note",
        "a.jpg;Gate, north;1;2024-05-31 14:30;2;x",
        "day1/b.jpg;Square;1;2024:05:31 14:31:00;0.5;",
        "",
        "south/day2/b.jpg;Square;2;2024-06-01;1;",
    )
    assert record["by"] == "site and camera" and record["unknown"] == 0
    assert record["photos"] == {
        "a.jpg": {"place": "Gate, north / 1", "time": "2024-05-31T14:30:00", "weight": 2},
        "day1/b.jpg": {"place": "Square / 1", "time": "2024-05-31T14:31:00", "weight": 0.5},
        "day2/b.jpg": {"place": "Square / 2", "time": "2024-06-01T00:00:00", "weight": 1},
    }


ROWS = ("a.jpg,N", "day1/b.jpg,S", "day2/b.jpg,S")


def test_rows_of_other_photographs_are_counted(tmp_path) -> None:
    record = read(tmp_path, "photograph,site", *ROWS, "z.jpg,S")
    assert record["unknown"] == 1
    assert told_of_groups(record) == "Groups: 2 by site; 1 row of other photographs"


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("photograph,site", *ROWS[:1], "z.jpg,S"), r"no row for 2 \(day1/b.jpg, .* 3 .* 1 \(z"),
        (("photograph,site", *ROWS, "a.jpg,S"), "line 5: 'a.jpg' stands on line 2, too"),
        (("photograph,site", "b.jpg,S"), "line 2: 'b.jpg' may be day1/b.jpg or day2/b.jpg"),
        (("photograph,place", *ROWS), "line 1 names the columns"),
        (("file,site", *ROWS), "takes photograph and one or more of site"),
        (("photograph,site,site", *ROWS), "column site twice"),
        (("photograph,time", "a.jpg,noon"), "line 2: time is 'noon'; write it as 2024"),
        (("photograph,weight", "a.jpg,0"), "line 2: weight is '0'; takes a number above 0"),
        (("photograph,weight", "a.jpg,nan"), "line 2: weight is 'nan'"),
        (("photograph,site", "a.jpg,"), "line 2: site or camera is empty"),
        (("photograph,site", "a.jpg"), "line 2 has 1 cells, the head 2"),
    ],
)
def test_what_is_wrong_is_named_by_line(tmp_path, lines, words) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, *lines)


def test_a_table_that_cannot_be_read_is_said(tmp_path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_table(tmp_path / "none.csv", PHOTOS)
    (tmp_path / "g.csv").write_bytes(b"photograph,site\n\xff,x")
    with pytest.raises(InputError, match="not UTF-8"):
        read_table(tmp_path / "g.csv", PHOTOS)


def test_too_many_places_are_refused(tmp_path) -> None:
    photos = {f"{n}.jpg": f"/{n}.jpg" for n in range(MOST + 1)}
    rows = [f"{n}.jpg,{n}" for n in range(MOST + 1)]
    with pytest.raises(InputError, match="61 places; 60 can be compared"):
        read_table(table(tmp_path / "g.csv", "\n".join(["photograph,site", *rows])), photos)


def test_folders_are_those_in_which_paths_differ() -> None:
    record = by_folder(PHOTOS)
    assert {name: one["place"] for name, one in record["photos"].items()} == {
        "a.jpg": "north",
        "day1/b.jpg": "south",
        "day2/b.jpg": "south",
    }
    with pytest.raises(InputError, match="lie in one folder"):
        by_folder({"a.jpg": "/new/a.jpg", "b.jpg": "/new/b.jpg"})


def test_times_are_taken_by_hour_within_a_day_and_else_by_day() -> None:
    hours = by_exif({"a": datetime(2024, 5, 1, 9, 50), "b": datetime(2024, 5, 1, 10, 5)})
    assert (hours["by"], hours["photos"]["b"]["place"]) == ("hour", "2024-05-01 10:00")
    days = by_exif({"a": datetime(2024, 5, 1, 9), "b": datetime(2024, 5, 2, 10)})
    assert (days["by"], days["photos"]["b"]["place"]) == ("day", "2024-05-02")
    months = by_exif({str(n): datetime(2020 + n // 12, 1 + n % 12, n % 28 + 1) for n in range(61)})
    assert (months["by"], months["photos"]["1"]["place"]) == ("month", "2020-02")
    with pytest.raises(InputError, match=r"no EXIF time in 1 \(b\) of 2 photographs"):
        by_exif({"a": datetime(2024, 5, 1), "b": None})
