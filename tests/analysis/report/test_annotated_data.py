import pytest

from utils.analysis.report.annotated_data import about_the_data, about_unread_photographs, changes

CLEAN = {
    "format": "YOLO",
    "layout": "images in photos/, labels in labels/",
    "photos": 100,
    "class_names": [{"name": "with_mask", "class": "with_mask", "faces": 9}],
    "unlabelled": {"photos": 0, "as": "refuse"},
    "boxes": {"total": 200, "dropped": 0, "halved": 0, "left_out": {}},
}
SPLIT = {"photos": dict.fromkeys(range(100)), "skipped": []}
MAPPED = [
    {"name": "good", "class": "with_mask", "faces": 1200},
    {"name": "helmet", "class": None, "faces": 3},
]


def test_of_clean_data_only_the_format_is_told_and_nothing_is_serious() -> None:
    assert changes(CLEAN, SPLIT) == ["Format: YOLO, images in photos/, labels in labels/"]
    assert about_the_data(CLEAN, SPLIT) == [] == about_the_data({}, SPLIT)
    assert changes({}, SPLIT) == [] == about_unread_photographs({"photos": 3, "not_read": {}})


@pytest.mark.parametrize(
    ("data", "line"),
    [
        ({"class_names": MAPPED}, "Class names: good is with_mask (1,200), helmet is left out (3)"),
        ({"unlabelled": {"photos": 1, "as": "skip"}}, "1 photograph without annotation, left out"),
        (
            {"unlabelled": {"photos": 2, "as": "negative"}},
            "2 photographs without annotation, taken to show no face",
        ),
        ({"annotations_without_photograph": 2}, "2 annotations without photograph, left out"),
        ({"boxes": {"swapped": 1}}, "1 box had corners reversed, put in order"),
        ({"boxes": {"duplicates": 4}}, "4 boxes stood twice on a photograph, dropped"),
        ({"boxes": {"halved": 4}}, "4 boxes lay more than half outside the photograph, cut"),
        (
            {"boxes": {"left_out": {"crowds": 5}}},
            "5 crowds, which is no box around a face, left out",
        ),
        ({"scaled": 7}, "7 photographs annotated at another size, boxes scaled"),
        ({"turned": 1}, "1 photograph annotated before the EXIF turn, boxes turned, too"),
        ({"empty": 2}, "2 photographs without faces"),
        (
            {"turn_untold": 1},
            "1 photograph turned by EXIF of which no size tells if boxes were drawn before that, "
            "boxes taken as drawn upright",
        ),
        (
            {"sizes_differ": 3},
            "3 annotations tell another size than the photograph has, boxes taken as they are",
        ),
        ({"elsewhere": 2}, "2 photographs outside the folders of the data set, left alone"),
        ({"named_by_path": 2}, "2 photographs of equal names in several folders, named by path"),
        ({"not_read": {"HEIC": 3}}, "Pictures of kinds that are not read: 3 HEIC"),
        ({"left_alone": {".md": 1, ".py": 2}}, "Other files, left alone: 1 .md, 2 .py"),
        ({"too_small": 1}, "1 face too small to be cut out, left out"),
        (
            {"empty_classes": ["a/mask/", "a/bad/"]},
            "Class folders without a photograph: a/mask/, a/bad/",
        ),
        ({"links_not_followed": 1}, "1 link to folders not followed"),
    ],
)
def test_every_count_has_its_line(data: dict, line: str) -> None:
    assert changes(data, SPLIT) == [line]


@pytest.mark.parametrize(
    ("data", "split", "words"),
    [
        (
            {},
            {"near_duplicates_across_sides": 1},
            "1 annotated photograph has a near-duplicate on another side of the split",
        ),
        (
            {},
            {"learnt": {"in_all": 9, "photos": 4, "off_train": 2}},
            "2 annotated photographs that the weights to start from have learnt from are on the",
        ),
        (
            {"boxes": {"total": 100, "dropped": 4, "halved": 2}},
            {},
            "6 % of the annotated boxes lay outside their photographs, or more than half.",
        ),
        (
            {"too_small": 9, "boxes": {"total": 100}},
            {},
            "9 % of the annotated faces were too small to be cut out",
        ),
        ({"turn_untold": 6}, {}, "6 annotated photographs are turned by EXIF, and no size tells"),
        ({"sizes_differ": 6}, {}, "6 annotations tell another size than the photograph has."),
        ({}, {"sizes_differ": 6}, "6 annotations tell another size than the photograph has."),
        (
            {"unlabelled": {"photos": 6, "as": "negative"}},
            {},
            "6 photographs without annotation were taken to show no face.",
        ),
        (
            {"unreadable": [{"file": "a", "reason": "b"}] * 3},
            {"skipped": [{"file": "c", "reason": "d"}] * 3},
            "6 annotated photographs could not be read and were left out.",
        ),
        ({"not_read": {"HEIC": 1}}, {}, "pictures of kinds that are not read: 1 HEIC."),
    ],
)
def test_what_is_serious_is_a_caveat(data: dict, split: dict, words: str) -> None:
    [caveat] = about_the_data(data, SPLIT | split)
    assert caveat.serious and words in caveat.short


@pytest.mark.parametrize(
    "facts",
    [
        {"boxes": {"total": 100, "dropped": 3, "halved": 2}},
        {"unlabelled": {"photos": 5, "as": "skip"}},
        {"unreadable": [{"file": "a", "reason": "b"}]},
    ],
)
def test_a_slip_here_and_there_is_none(facts: dict) -> None:
    assert about_the_data(facts, SPLIT | {"sizes_differ": 5}) == []


def test_new_photographs_of_a_kind_that_is_not_read_are_a_selection() -> None:
    [caveat] = about_unread_photographs({"photos": 9, "not_read": {"AVIF": 1, "HEIC": 1200}})
    assert caveat.serious and "selection" in caveat.text
    assert caveat.short.startswith("1,201 new photographs of kinds that are not read are not in")
    assert "1 AVIF, 1,200 HEIC" in caveat.short
