import numpy as np
import pytest
from PIL import Image, ImageColor

from utils.analysis.plots.mistakes import COLUMNS, CROP, GAP, LINE, draw_mistakes, window, words
from utils.dataset.labels import COLOURS


def mistake(kind: str, **fields) -> dict:
    empty = dict.fromkeys(("face", "box", "truth", "claim", "confidence"))
    return {"kind": kind, "photo": "a", **empty, "overlap": 0.0, "badness": 0.5, **fields}


MISSED = mistake("missed", face=[5, 30, 25, 50], truth="with_mask")
INVENTED = mistake("invented", box=[90, 60, 110, 80], claim="without_mask", confidence=0.971)
CONFUSED = mistake(
    "confused",
    face=[35, 30, 55, 50],
    box=[36, 30, 56, 50],
    truth="mask_weared_incorrect",
    claim="with_mask",
    confidence=0.6,
    overlap=0.9,
)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (MISSED, ("missed: mask worn", "there is no box")),
        (
            MISSED | {"claim": "with_mask", "confidence": 0.31},
            ("missed: mask worn", "a box of 31 % did not count"),
        ),
        (INVENTED, ("invented: no mask, 97 %", "no face is annotated there")),
        (
            INVENTED | {"overlap": 0.42},
            ("invented: no mask, 97 %", "overlaps a face by 0.42 only"),
        ),
        (INVENTED | {"overlap": 0.6}, ("invented: no mask, 97 %", "the face has another box")),
        (CONFUSED, ("called mask worn, 60 %", "it is mask worn incorrectly")),
    ],
)
def test_words_say_what_was_done_and_what_was_right(one, expected) -> None:
    assert words(one) == expected


def test_a_crop_holds_the_boxes_in_question_within_the_photograph() -> None:
    for one in (MISSED, INVENTED, CONFUSED):
        left, top, side = window(one, 160, 120)
        box = one["face"] or one["box"]
        assert 0 <= left <= box[0] and 0 <= top <= box[1]
        assert box[2] <= left + side <= 160 and box[3] <= top + side <= 120
        assert side == 60 or one is CONFUSED
    assert window(mistake("missed", face=[50, 50, 55, 55]), 160, 120)[2] == 48
    left, top, side = window(mistake("missed", face=[10, 5, 90, 95]), 100, 200)
    assert (left, top, side) == (-50, 0, 200)  # as large as the photograph, and centred


def test_boxes_are_solid_faces_dashed_each_in_its_colour(photo, shard, tmp_path) -> None:
    test = shard("test.tar", photo("a", 1, 3))
    draw_mistakes([MISSED, INVENTED, CONFUSED], test, tmp_path / "m.png")
    sheet = np.array(Image.open(tmp_path / "m.png"))
    top = GAP + LINE

    def inked(number: int, label: int) -> int:
        left = GAP + number * (CROP + GAP)
        crop = sheet[top : top + CROP, left : left + CROP]
        return int((crop == ImageColor.getrgb(COLOURS[label])).all(axis=2).sum())

    side = CROP / 3
    assert inked(1, 2) == pytest.approx(4 * 4 * side, rel=0.15)  # four lines, four pixels thick
    assert 0.4 < inked(0, 1) / (4 * 4 * side) < 0.8  # every other dash
    assert inked(2, 1) and inked(2, 3)
    assert not inked(0, 2) and not inked(1, 1)


def test_the_sheet_has_a_place_for_each_and_says_if_there_is_none(photo, shard, tmp_path) -> None:
    test = shard("test.tar", photo("a", 1))
    sizes = []
    for number in (0, 1, COLUMNS, COLUMNS + 1):
        draw_mistakes([MISSED] * number, test, tmp_path / "m.png")
        sizes.append(Image.open(tmp_path / "m.png").size)
    assert sizes[2][0] == COLUMNS * (CROP + GAP) + GAP == sizes[3][0]
    assert sizes[3][1] - sizes[2][1] == CROP + 3 * LINE + GAP
    assert sizes[0][1] < sizes[1][1] == sizes[2][1]
