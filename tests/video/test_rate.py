"""The rate by people: corrected by how test faces were confused, with intervals."""

import numpy as np
import pytest

from utils.dataset.labels import CLASSES
from utils.video.clock import Span
from utils.video.correction import Correction, found_only
from utils.video.people import Person, View
from utils.video.rate import difference_in_words, rate_record

CONFUSION = np.array([[0.9, 0.06, 0.04], [0.1, 0.85, 0.05], [0.3, 0.1, 0.6]])
SIDES = {"train": {"faces": dict.fromkeys(CLASSES, 10)}}


def correction(seed: int = 0, photos: int = 150, sides=SIDES) -> Correction:
    """What a test showed of a model that confuses faces by `CONFUSION`, misses and invents some."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(photos):
        table = np.zeros((4, 4), int)
        for label in rng.choice(3, 3, p=[0.5, 0.35, 0.15]):
            missed = rng.random() < (0.05, 0.3, 0.1)[label]
            table[label + 1, 0 if missed else 1 + rng.choice(3, p=CONFUSION[label])] += 1
        table[0, 1] += rng.random() < 0.1
        expected = table.astype(float)
        rows.append({"name": str(number), "confusion": table.tolist(), "expected": expected})
    evaluation = {"per_photo": rows, "bootstrap": {"seed": seed}}
    groups = {str(number): {"group": number} for number in range(photos)}
    return Correction(evaluation, {"photos": groups, "sides": sides})


def crowd(seed: int, people: int, shares=(0.6, 0.3, 0.1), start: float = 0.0) -> list[Person]:
    """People of known classes, each taken for one by `CONFUSION`."""
    rng = np.random.default_rng(seed)
    result = []
    for number in range(people):
        taken = rng.choice(3, p=CONFUSION[rng.choice(3, p=shares)])
        time = start + float(rng.uniform(0, 60))
        view = View(time, 0.5, np.eye(3)[taken])
        result.append(Person([number], time, time + 3, 20, [view], None, [[time, time + 3]]))
    return result


def test_missed_and_invented_test_faces_do_not_count():
    table = np.arange(16).reshape(4, 4)
    told = found_only(table)
    assert told[0].sum() == told[:, 0].sum() == 0
    assert np.array_equal(told[1:, 1:], table[1:, 1:])


def test_the_share_is_corrected_for_what_is_confused():
    people = crowd(1, 1500)
    record = rate_record(people, correction(photos=600), None, [])
    assert record["raw_share"] == pytest.approx(0.6, abs=0.05)
    wanted = 0.6 * 0.9 + 0.3 * 0.1 + 0.1 * 0.3  # what is expected to be taken for it
    assert record["raw_share"] == pytest.approx(wanted, abs=0.04)
    low, high = record["interval"]
    assert low < 0.6 < high
    assert high - low < 0.15
    assert "600 test photographs" in record["explanation"]
    assert record["counts"]["with_mask"] + record["counts"]["without_mask"] <= record["people"]


def test_a_person_is_one_observation_however_many_frames_show_them():
    few, again = crowd(2, 40), crowd(2, 40)
    for person in again:
        person.seen *= 100
        person.views = person.views * 5
    model = correction()
    assert model.spans(few, [Span("all", 0, 60)]) == model.spans(again, [Span("all", 0, 60)])


def test_intervals_hold_the_truth_as_often_as_they_say():
    """Of 60, 95 % and chance: fewer than 51 would come once in ten thousand."""
    held = 0
    for seed in range(60):
        (told,) = correction(seed, 120).spans(crowd(1000 + seed, 60), [Span("all", 0, 70)])
        held += told["interval"][0] <= 0.6 <= told["interval"][1]
    assert held >= 51


def test_minutes_without_people_have_no_share():
    told = correction().spans(crowd(1, 30), [Span("one", 0, 60), Span("two", 600, 660)])
    assert told[0]["share"] is not None
    assert told[1] == {"share": None, "interval": None}


def test_the_difference_of_two_periods_has_an_interval():
    people = crowd(1, 200, (0.8, 0.15, 0.05)) + crowd(2, 200, (0.4, 0.5, 0.1), start=600)
    first, second = Span("0:00-5:00", 0, 300), Span("10:00-15:00", 600, 900)
    told = correction(photos=400).difference(people, first, second)
    assert told["difference"] == pytest.approx(-0.4, abs=0.15)
    assert told["interval"][0] < -0.4 < told["interval"][1] < 0
    assert told["shares"][1] - told["shares"][0] == pytest.approx(told["difference"])
    words = difference_in_words({"periods": ["a", "b"], "people": [200, 200], **told})
    assert words.startswith("b has ")
    assert "less than a" in words
    assert "chance" not in words
    assert correction().difference(people, first, Span("later", 5000, 6000)) is None
    nobody = {"periods": ["9:00-12:00", "12:00-15:00"], "people": [0, 5]}
    assert "--clock" in difference_in_words({**nobody, "since_start": True})
    assert "--clock" not in difference_in_words({**nobody, "since_start": False})


def test_without_a_correction_there_is_what_was_counted():
    record = rate_record(crowd(1, 20), None, "the model file does not hold it", ["Slow."])
    assert record["share"] is None
    assert record["interval"] is None
    assert "only what was counted" in record["answer"]
    assert record["serious"][0] == "Slow."
    assert "not corrected, because the model file" in record["serious"][1]


def test_nobody_has_no_share():
    record = rate_record([], correction(), None, [])
    assert record["answer"] == "Nobody was seen."
    assert record["people"] == 0


def test_a_class_that_was_not_learnt_changes_the_question():
    faces = {"with_mask": 5, "without_mask": 5}
    model = correction(sides={"train": {"faces": faces}})
    record = rate_record(crowd(1, 50), model, None, [])
    assert "wear a mask (" in record["answer"]
    assert any("hold no face of class" in text for text in record["serious"])


def test_a_model_that_cannot_tell_classes_apart_gets_no_answer():
    model = correction()
    model.good = False
    record = rate_record(crowd(1, 50), model, None, [])
    assert record["share"] is None
    assert not record["reliable"]
    assert "cannot tell classes apart" in record["answer"]
