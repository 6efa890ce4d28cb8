from typing import Any

import pytest
from matplotlib.colors import to_hex

from utils.analysis.plots import shares

GREY = "#dfe4ea"


def row(place: str, share: float | None, start: str | None = None, of: str | None = None) -> dict:
    ends = None if share is None else [share - 0.1, share + 0.1]
    return {"place": place, "photos": 7, "share": share, "interval": ends, "start": start, "of": of}


def told(*breakdowns: tuple[str, list[dict]], period: str | None = "day", **more: Any) -> dict:
    parts = [{"by": by, "places": rows} for by, rows in breakdowns]
    return {"period": period, "without_time": 0, "breakdowns": parts, **more}


DAYS = [
    row("2024-05-01", 0.5, "2024-05-01T00:00:00"),
    row("2024-05-02", 0.6, "2024-05-02T00:00:00"),
    row("2024-05-05", 0.7, "2024-05-05T00:00:00"),
    row("no time told", 0.2),
]


@pytest.fixture
def drawn(monkeypatch) -> list:
    figures: list = []
    monkeypatch.setattr(shares, "save", lambda fig, output: figures.append(fig))
    return figures


def test_a_gap_without_photographs_is_grey_and_breaks_the_line(drawn):
    shares.plot_shares(told(("day", DAYS), without_time=3), "share properly masked", None)
    above, below = drawn[0].axes
    grey = [patch for patch in above.patches if to_hex(patch.get_facecolor()) == GREY]
    assert len(grey) == 2, "the third and the fourth of May"
    joined, dots, _ = above.lines
    values = [y == y for y in joined.get_ydata()]
    assert values == [True, True, False, False, True]
    assert list(dots.get_ydata()) == [50, 60, 70]
    heights = [bar.get_height() for container in below.containers for bar in container]
    assert heights == [7, 7, 0, 0, 7]
    assert len(above.collections) == 3, "an interval each"
    assert drawn[0].get_supxlabel() == "3 photographs without a time not shown"
    assert above.get_title(loc="left") == "Share properly masked by day"


def test_few_places_have_a_line_each_and_many_one_together(drawn):
    def both(count: int) -> dict:
        cells = [
            row(f"s{n}, {day['place']}", 0.1 * n, day["start"], f"s{n}")
            for n in range(1, 1 + count)
            for day in DAYS[:3]
        ]
        sites = [row(f"s{n}", 0.5) for n in range(1, 1 + count)]
        return told(("site", sites), ("day", DAYS), ("site and day", cells))

    for count in (2, 7):
        shares.plot_shares(both(count), "share", None)
    few, many = (figure.axes[0] for figure in drawn)
    assert [text.get_text() for text in few.get_legend().get_texts()] == ["s1", "s2"]
    assert [list(line.get_ydata()) for line in few.lines[1::3]] == [[10] * 3, [20] * 3]
    assert many.get_legend() is None and list(many.lines[1].get_ydata()) == [50, 60, 70]


def test_what_stands_in_for_a_share_from_annotations_is_hollow(drawn):
    instead = {"alone": {"share": 0.3, "interval": [0.2, 0.4]}}
    rows = [DAYS[0] | instead, row("2024-05-02", None, "2024-05-02T00:00:00") | instead]
    shares.plot_shares(told(("day", rows)), "share", None)
    [joined, full, hollow] = drawn[0].axes[0].lines
    assert list(joined.get_ydata()) == [50, 30]
    assert (list(full.get_ydata()), list(hollow.get_ydata())) == ([50], [30])
    assert hollow.get_markerfacecolor() == "white" and full.get_markerfacecolor() != "white"
    assert drawn[0].get_supxlabel().startswith("hollow: without annotations")


def test_without_times_each_place_has_a_row(drawn):
    rows = [row("Gate $x_1$", 0.25), row("Square", None)]
    shares.plot_shares(told(("site", rows), period=None), "share", None)
    [ax] = drawn[0].axes
    assert [label.get_text() for label in ax.get_yticklabels()] == [r"Gate \$x_1\$", "Square"]
    words = [text.get_text() for text in ax.texts]
    assert words == ["7 photographs", "no share can be told", "7 photographs"]
    assert list(ax.lines[0].get_xdata()) == [25]


def test_where_no_share_can_be_told_the_picture_says_so(drawn):
    shares.plot_shares(
        told(("day", [dict(one, share=None, interval=None) for one in DAYS])), "s", None
    )
    assert "no share can be told" in [text.get_text() for text in drawn[0].axes[0].texts]
    shares.plot_shares(told(period=None), "share", None)
    assert "weights alone" in drawn[1].axes[0].texts[0].get_text()
