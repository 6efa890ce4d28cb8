import numpy as np

from utils.drawing.label_layout import place_labels

CANVAS = (400, 300)


def overlap(a: tuple, b: tuple) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0)


def test_one_label_goes_above_its_box_in_its_preferred_size() -> None:
    [(variant, place)] = place_labels(
        np.array([[100, 100, 150, 150]]), [[(80, 20), (30, 10)]], CANVAS
    )
    assert variant == 0
    assert place == (100, 79, 180, 99)


def test_at_the_upper_border_it_goes_elsewhere() -> None:
    [(_, place)] = place_labels(np.array([[100, 0, 150, 50]]), [[(40, 20)]], CANVAS)
    assert place == (100, 51, 140, 71)


def test_labels_of_a_crowd_do_not_touch_and_stay_inside() -> None:
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 1, (60, 2)) * [380, 280]
    boxes = np.hstack([corners, corners + 18])
    places = [
        place for _, place in place_labels(boxes, [[(70, 14), (22, 10), (14, 7)]] * 60, CANVAS)
    ]
    for number, place in enumerate(places):
        assert place[0] >= 0 and place[1] >= 0 and place[2] <= 400 and place[3] <= 300
        assert not any(overlap(place, other) for other in places[:number])


def test_a_long_label_that_would_hide_a_face_gives_way_to_a_short_one() -> None:
    boxes = np.array([[x, y, x + 30, y + 30] for y in (0, 40, 80) for x in (0, 40, 80)], float)
    variants = [variant for variant, _ in place_labels(boxes, [[(70, 25), (9, 9)]] * 9, (110, 110))]
    assert 1 in variants


def test_without_room_the_last_variant_is_placed_anyhow() -> None:
    boxes = np.array([[0, 0, 10, 10]] * 5, float)
    places = place_labels(boxes, [[(20, 20), (10, 10)]] * 5, (12, 12))
    assert [variant for variant, _ in places] == [1] * 5
