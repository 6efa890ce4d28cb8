import numpy as np
import pytest

from tests.analysis.report.test_shift import photographs
from tests.drift.test_watching import the_test
from utils.drift.scene import FEWEST, Scene, doubts, unlike
from utils.drift.watching import album_of_test

KNOWN = album_of_test(*the_test(np.random.default_rng(0)))


def picture(light: float, sharp: float) -> np.ndarray:
    """A picture of about such looks: `sharp` is the spread of its noise."""
    noise = np.random.default_rng(0).normal(0, sharp, (300, 400, 1))
    return np.clip(255 * light + noise, 0, 255).astype(np.uint8).repeat(3, axis=2)


USUAL = picture(0.5, 7.0)


def scene(number=20, gap=1.0, image=USUAL, **change):
    watched = Scene(0.5)
    rows = photographs(np.random.default_rng(1), number, **{"crowd": 2, **change})
    for n, (one, _) in enumerate(rows):
        watched.add(one, gap * n, image)
    return watched


def told(watched):
    return unlike(watched.compared(KNOWN))


def test_a_usual_scene_raises_no_doubt_however_long_it_is_watched():
    watched = scene(200)
    assert told(watched) == [] and doubts(watched.compared(KNOWN)) == []


@pytest.mark.parametrize(
    ("change", "name", "words", "beyond"),
    [
        ({"side": 0.2}, "side", "smaller faces", True),
        ({"crowd": 40}, "boxes", "more people", True),
        ({"image": picture(0.02, 7.0)}, "brightness", "darker", False),
    ],
)
def test_an_unusual_scene_is_told_with_how_unusual_it_is(change, name, words, beyond):
    watched = scene(**change)
    first = told(watched)[0]
    assert first["name"] == name and first["p"] < 0.05
    (text,) = doubts(watched.compared(KNOWN))
    assert words in text and "suggest" in text
    assert text.startswith("The answer should no longer be trusted.") == beyond


def test_few_frames_and_frames_of_one_second_tell_nothing():
    assert told(scene(FEWEST, side=0.2))
    assert told(scene(FEWEST - 1, side=0.2)) is None
    assert told(scene(100, gap=0.01, side=0.2)) is None


def test_a_scene_goes_on_from_its_record_as_if_it_had_not_been_interrupted():
    whole, first = scene(20), scene(7)
    again = Scene.from_record(first.as_record())
    rows = photographs(np.random.default_rng(1), 20, crowd=2)
    for n, (one, _) in list(enumerate(rows))[7:]:
        again.add(one, 1.0 * n, USUAL)
    assert again == whole
    assert Scene.from_record(Scene(0.5).as_record()) == Scene(0.5)
