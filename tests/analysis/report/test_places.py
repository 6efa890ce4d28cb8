"""Places and times in the report of the run that `test_write` makes."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from tests.analysis.report.test_write import NASTY, inputs, made, write  # noqa: F401
from utils.analysis.report.places import NO_TIME, Given, breakdowns, no_shares
from utils.analysis.report.write import write_report
from utils.dataset.labels import CLASSES
from utils.errors import InputError
from utils.records import read_record, write_record


def given(rows: list[tuple], by: tuple = ("site", "camera"), period: str | None = "day") -> Given:
    """Rows of site, camera and time."""
    files = [f"n{n}.jpg" for n in range(len(rows))]
    places = [dict(zip(("site", "camera"), row[:2], strict=True)) for row in rows]
    told = [dict(zip(files, one, strict=True)) for one in (places, [row[2] for row in rows])]
    return Given(by, period, *told, dict.fromkeys(files), Path("groups.json"))


def summaries(count: int) -> list[dict]:
    counts = dict(zip(CLASSES, (2, 1, 0), strict=True))
    return [{"file": f"n{n}.jpg", "counts": counts} for n in range(count)]


def told(one: Given) -> dict[str, list[str]]:
    record = breakdowns(one, summaries(len(one.times)), no_shares)
    return {part["by"]: [row["place"] for row in part["places"]] for part in record["breakdowns"]}


ROWS = [
    ("Gate", "1", "2024-05-31T09:00:00"),
    ("Gate", "2", "2024-06-01"),
    ("Square", "1", "2024-05-31T10:00:00"),
    ("Square", "1", None),
]


def test_each_kind_of_place_time_and_both_together_are_told():
    assert told(given(ROWS)) == {
        "site": ["Gate", "Square"],
        "site and camera": ["Gate / 1", "Gate / 2", "Square / 1"],
        "day": ["2024-05-31", "2024-06-01", NO_TIME],
        "site and day": [
            "Gate, 2024-05-31",
            "Gate, 2024-06-01",
            "Square, 2024-05-31",
            f"Square, {NO_TIME}",
        ],
    }
    assert list(told(given(ROWS, by=("camera",)))) == ["camera", "day", "camera and day"]
    assert list(told(given(ROWS, by=(), period="day"))) == ["day"]
    assert list(told(given(ROWS, by=("site",), period=None))) == ["site"]
    assert told(given(ROWS, by=(), period=None)) == {}


def test_periods_carry_their_start_and_places_within_them_are_compared():
    seen = {}

    def compare(labels: np.ndarray, within: np.ndarray | None) -> dict:
        seen[len(seen)] = within
        return no_shares(labels, within)

    record = breakdowns(given(ROWS, by=("site",)), summaries(4), compare)
    [_, days, both] = record["breakdowns"]
    starts = ["2024-05-31T00:00:00", "2024-06-01T00:00:00", None]
    assert [row["start"] for row in days["places"]] == starts
    assert [row["of"] for row in both["places"]] == ["Gate", "Gate", "Square", "Square"]
    assert seen[0] is None and list(seen[1]) == ["True", "True", "True", "False"]
    assert list(seen[2]) == ["2024-05-31", "2024-06-01", "2024-05-31", NO_TIME]
    assert record["without_time"] == 1 and record["period"] == "day"


def test_longer_periods_are_taken_where_places_and_times_are_too_many():
    rows = [(f"s{n % 9}", "1", f"2024-05-{1 + n // 9:02d}") for n in range(9 * 30)]
    result = told(given(rows, by=("site",)))
    assert len(result["day"]) == 30 and len(result["site and week"]) == 45
    rows = [(f"s{n // 9}", f"c{n}", None) for n in range(81)]
    record = breakdowns(given(rows, period=None), summaries(81), no_shares)
    assert record["too_many"] == {"site and camera": 81}
    assert [part["by"] for part in record["breakdowns"]] == ["site"]


@pytest.fixture
def grouped(inputs, tmp_path):  # noqa: F811
    """Write the report with two sites, one with a strange name, at two times."""
    files = [
        photo["file"] for path in inputs.predictions for photo in read_record(path, 2)["photos"]
    ]

    def report(
        rows: dict | None = None, annotated: Path | None = None, **changes: object
    ) -> tuple[BeautifulSoup, dict, Path]:
        some = {
            file: {
                "places": {"site": NASTY if n % 2 else "Gate $x_1$"},
                "time": f"2024-05-31T{14 + n // 2}:30:00",
                "weight": None,
            }
            for n, file in enumerate(files)
        }
        groups, picture = tmp_path / "groups.json", tmp_path / "shares_by_group.png"
        photos = some if rows is None else rows
        write_record(groups, {"by": ["site"], "period": "hour", "photos": photos} | changes)
        paths = {
            "page": tmp_path / "report.html",
            "table": tmp_path / "predictions.txt",
            "faces": tmp_path / "predictions.csv",
            "picture": tmp_path / "predicted_image.png",
            "prevalence": tmp_path / "prevalence.json",
        }
        some = replace(inputs, groups=groups, annotated=annotated)
        write_report(some, 3, **paths, shares=picture)
        page = BeautifulSoup(paths["page"].read_text(), "lxml")
        return page, read_record(paths["prevalence"]), picture

    return report


def test_tables_and_the_picture_stand_in_the_page_and_names_are_escaped(grouped):
    page, record, picture = grouped()
    assert [title.text for title in page.select("#places h3")] == [
        "By site",
        "By hour",
        "By site and hour",
    ]
    assert len(page.select("#places figure img")) == 1
    assert Image.open(picture).format == "PNG"
    first = page.select("#places table")[0]
    assert {row.td.text for row in first.select("tbody tr")} == {NASTY, "Gate $x_1$"}
    assert not page.find("script")
    assert page.select_one('nav a[href="#places"]')
    people = [row["people"] for row in record["places"]["breakdowns"][0]["places"]]
    assert sum(people) == record["people"]["found"]


def test_without_an_answer_that_is_said_and_counts_stand_alone(grouped, monkeypatch):
    monkeypatch.setattr("utils.analysis.prevalence.estimate.LEAST", 2)
    page, record, _ = grouped()
    assert not record["reliable"]
    assert "There is no answer for all new photographs" in page.select_one("#places").text
    heads = [cell.text for cell in page.select("#places table")[0].select("th")]
    assert heads == ["site", "photographs", "people found", "share found"]


def test_weights_alone_have_a_picture_that_says_so_and_no_table(grouped):
    page, record, picture = grouped(by=[], period=None)
    assert record["places"]["breakdowns"] == [] and Image.open(picture).format == "PNG"
    assert not page.select("#places table")


def test_a_photograph_of_which_nothing_is_told_is_named(grouped):
    with pytest.raises(InputError, match=r"groups\.json: tells nothing of"):
        grouped(rows={})


def test_places_of_an_answer_from_annotations(grouped, inputs, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr("utils.analysis.prevalence.annotated.LEAST", 2)
    names = [
        photo["name"] for path in inputs.predictions for photo in read_record(path, 2)["photos"]
    ]
    sample = {
        "run": "x", "model": "d" * 64, "dealt": 4, "in_order": True,
        "missing": [], "changed": [], "strangers": [], "resaved": [],
        "kept": 1, "added": 1, "removed": 0, "renamed": 0,
        "photos": [
            {
                "name": name,
                "chance": 1.0,
                "counts": dict(zip(CLASSES, (2, 1, 0) if n % 2 else (0, 1, 1), strict=True)),
                "as_filled_in": False,
                "emptied": False,
            }
            for n, name in enumerate(names)
        ],
    }  # fmt: skip
    write_record(tmp_path / "annotated.json", sample)
    monkeypatch.setattr("utils.analysis.prevalence.estimate.LEAST", 2)
    page, record, _ = grouped(annotated=tmp_path / "annotated.json")
    rows = {row["place"]: row for row in record["places"]["breakdowns"][0]["places"]}
    assert rows["Gate $x_1$"]["share"] == 0 and rows["Gate $x_1$"]["annotated"] == 2
    assert rows[NASTY]["share"] == pytest.approx(2 / 3)
    [difference] = record["places"]["breakdowns"][0]["differences"]
    assert abs(difference["difference"]) == pytest.approx(2 / 3)
    assert "by the photographs that were annotated there" in page.select_one("#places").text
    assert rows[NASTY]["alone"] == {"share": None, "interval": None}
