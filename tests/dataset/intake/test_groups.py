from datetime import datetime

import pytest

from utils.dataset.intake.group_table import read_table
from utils.dataset.intake.groups import by_exif, by_folder, told_of_groups
from utils.dataset.periods import MOST
from utils.errors import InputError

PHOTOS = {"a.jpg": "/new/north/a.jpg", "day1/b.jpg": "/new/south/day1/b.jpg"}
PHOTOS["day2/b.jpg"] = "/new/south/day2/b.jpg"


def table(path, text: str):
    path.write_text(text)
    return path


def read(tmp_path, *lines: str) -> dict:
    return read_table(table(tmp_path / "g.csv", "\n".join(lines)), PHOTOS)


def row(site: str, camera: str, time: str | None, weight: float | None) -> dict:
    return {"places": {"site": site, "camera": camera}, "time": time, "weight": weight}


def test_sites_cameras_times_and_weights_are_read(tmp_path) -> None:
    record = read(
        tmp_path,
        "\ufeffPhotograph;Site;camera;time;weight;note",
        "a.jpg;Gate, north;1;2024-05-31 14:30;2;x",
        "day1\\b.jpg;Square;1;2024:05:31 14:31:00;0.5;",
        "",
        "south/day2/b.jpg;Square;2;2024-06-01 9:05;1;",
    )
    assert record["by"] == ["site", "camera"] and record["unknown"] == record["moved"] == 0
    assert record["period"] == "day"
    assert record["photos"] == {
        "a.jpg": row("Gate, north", "1", "2024-05-31T14:30:00", 2),
        "day1/b.jpg": row("Square", "1", "2024-05-31T14:31:00", 0.5),
        "day2/b.jpg": row("Square", "2", "2024-06-01T09:05:00", 1),
    }
    assert told_of_groups(record) == ["Groups: 2 by site, 2 by camera, 2 by day, weights"]


ROWS = ("a.jpg,N", "day1/b.jpg,S", "day2/b.jpg,S")


def test_rows_of_other_photographs_are_counted(tmp_path) -> None:
    record = read(tmp_path, "photograph,site", *ROWS, "z.jpg,S")
    assert record["unknown"] == 1
    told = ["Groups: 2 by site", "1 row of other photographs, left alone"]
    assert told_of_groups(record) == told


def times(tmp_path, *words: str) -> list[str | None]:
    names = ("a.jpg", "day1/b.jpg", "day2/b.jpg")
    rows = (f"{name},{word}" for name, word in zip(names, words, strict=True))
    record = read(tmp_path, "photograph,time", *rows)
    return [record["photos"][name]["time"] for name in names]


def test_times_of_several_zones_become_those_of_the_zone_of_most(tmp_path) -> None:
    told = times(tmp_path, "2024-05-31T14:30+02:00", "2024-05-31T12:40Z", "2024-05-31 15:00+02:00")
    assert told == ["2024-05-31T14:30:00", "2024-05-31T14:40:00", "2024-05-31T15:00:00"]
    rows = ("a.jpg,2024-05-31T14:30Z", "day1/b.jpg,2024-05-31 15:30+01:00", "day2/b.jpg,")
    record = read(tmp_path, "photograph,time", *rows)
    lines = ["No time told of 1 photograph: a group of their own"]
    lines += ["1 time brought to the zone of the others"]
    assert told_of_groups(record)[1:] == lines
    with pytest.raises(InputError, match="line 3: some times tell their zone, as "):
        times(tmp_path, "2024-05-31T14:30Z", "2024-05-31 15:30", "2024-05-31 15:40Z")


def test_dates_alone_are_days_and_no_midnights(tmp_path) -> None:
    assert times(tmp_path, "2024-05-31", "2024/06/02", "") == ["2024-05-31", "2024-06-02", None]


def test_names_may_be_written_with_accents_in_another_form(tmp_path) -> None:
    path = table(tmp_path / "g.csv", "photograph,site\ncafe\u0301.jpg,N\nb.jpg,S")
    record = read_table(path, {"caf\u00e9.jpg": "/new/caf\u00e9.jpg", "b.jpg": "/new/b.jpg"})
    assert record["photos"]["caf\u00e9.jpg"]["places"] == {"site": "N"}


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
        (("photograph,time", "a.jpg,31.05.2024 14:30"), "line 2: time is '31.05.2024 14:30'"),
        (("photograph,time", *(f"{row[:-1]}" for row in ROWS)), "column time is empty; fill it in"),
        (("photograph,site", 'a.jpg,"N', "b.jpg,S"), "line 3"),
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
    with pytest.raises(InputError, match="61 by site; 60 can be compared"):
        read_table(table(tmp_path / "g.csv", "\n".join(["photograph,site", *rows])), photos)


def places_of(record: dict) -> dict[str, str]:
    return {name: one["places"]["folder"] for name, one in record["photos"].items()}


def test_folders_are_those_in_which_paths_differ() -> None:
    record = by_folder(PHOTOS)
    assert places_of(record) == {"a.jpg": "north", "day1/b.jpg": "south", "day2/b.jpg": "south"}
    assert record["by"] == ["folder"] and record["period"] is None
    loose = {"a.jpg": "/new/a.jpg", "b.jpg": "/new.zip/x\\b.jpg"}
    assert places_of(by_folder(loose)) == {"a.jpg": "new", "b.jpg": "new.zip"}
    top = {"a.jpg": "/new/a.jpg", "b.jpg": "/new/x\\b.jpg"}
    assert places_of(by_folder(top)) == {"a.jpg": "(no folder)", "b.jpg": "x"}
    with pytest.raises(InputError, match="lie in one folder"):
        by_folder({"a.jpg": "/new/a.jpg", "b.jpg": "/new/b.jpg"})


def test_folders_called_by_dates_tell_times() -> None:
    record = by_folder({"a": "/new/2024-05-31/1/a", "b": "/new/2024-06-01/b"})
    assert (record["by"], record["period"]) == ([], "day")
    assert record["photos"]["b"] == {"places": {}, "time": "2024-06-01", "weight": None}
    assert by_folder({"a": "/new/2024-05-31/a", "b": "/new/gate/b"})["by"] == ["folder"]


def test_exif_times_are_counted_by_the_unit_that_fits() -> None:
    hours = by_exif({"a": datetime(2024, 5, 1, 9, 50), "b": datetime(2024, 5, 1, 10, 5)})
    assert (hours["by"], hours["period"]) == ([], "hour")
    assert hours["photos"]["b"]["time"] == "2024-05-01T10:05:00"
    mixed = by_exif({"a": datetime(2024, 5, 1), "b": None})
    assert mixed["photos"]["b"]["time"] is None
    assert told_of_groups(mixed)[1].startswith("No time told of 1 photograph")
    with pytest.raises(InputError, match=r"no EXIF time in any of 2 photographs"):
        by_exif({"a": None, "b": None})
