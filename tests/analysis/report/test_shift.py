"""New photographs that are like the test photographs, and some that are not."""

from typing import Any

import numpy as np
import pytest

from tests.analysis.report.test_estimates import found, split
from utils.analysis.prediction.merged import Predictions
from utils.analysis.prevalence.box_features import feature_sums
from utils.analysis.report.caveats import caveats
from utils.analysis.report.estimates import estimates
from utils.analysis.report.shift import about_the_shift
from utils.analysis.report.words import answer
from utils.dataset.faces import Faces
from utils.dataset.labels import CLASSES
from utils.metrics.detections import Detections


def photographs(
    rng: np.random.Generator, count: int, crowd: float, side: float = 1.0, light: float = 0.5
) -> list[tuple[Detections, dict[str, float]]]:
    """Photographs on which all are found, as `side` times as wide faces as the boxes of `found`."""
    result = []
    for _ in range(count):
        people = 1 + rng.poisson(crowd)
        one = found(rng.multinomial(people, [0.6, 0.3, 0.1]).tolist())
        sides = side * np.exp(rng.normal(0, 0.2, people))[:, None]
        boxes = (one.boxes * sides).astype(np.float32)
        scores = rng.uniform(0.6, 0.99, people).astype(np.float32)
        looks = {"brightness": rng.normal(light, 0.1), "sharpness": rng.normal(5, 0.5)}
        result.append((Detections(boxes, one.labels, scores, one.probabilities), looks))
    return result


def record(new: list[tuple[Detections, dict[str, float]]], seed: int = 0) -> dict[str, Any]:
    known = photographs(np.random.default_rng(200 + seed), 60, 2)
    per_photo = []
    for n, (one, looks) in enumerate(known):
        faces = Faces(one.boxes, one.labels)
        table = np.diag([0, *np.bincount(one.labels, minlength=4)[1:]]).tolist()
        features = feature_sums([one], 0.5, [faces])[0].tolist()
        per_photo.append({"name": f"t{n}", "confusion": table, "expected": table, "looks": looks})
        per_photo[-1]["features"] = features
    summaries = [
        {
            "counts": dict(zip(CLASSES, np.bincount(one.labels, minlength=4)[1:], strict=True)),
            "group": n,
            "file": f"n{n}.jpg",
            "looks": looks,
            "resembles": None,
        }
        for n, (one, looks) in enumerate(new)
    ]
    told = Predictions(0.5, summaries, [one for one, _ in new], [])
    return estimates({"per_photo": per_photo}, told, split(), seed)


def test_like_photographs_are_called_so() -> None:
    """Hardly ever more than the 1 % of false alarms that the test allows itself."""
    alarms = 0
    for seed in range(40):
        told = record(photographs(np.random.default_rng(seed), 50, 2), seed)
        alarms += told["shift"]["shifted"]
        assert not told["shift"]["broken"]
    assert alarms <= 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"crowd": 4}, "more people a photograph"),
        ({"crowd": 2, "side": 0.75}, "smaller faces"),
        ({"crowd": 2, "light": 0.38}, "darker photographs"),
    ],
)
def test_what_differs_stands_in_the_headline_and_first_among_caveats(change, words) -> None:
    told = record(photographs(np.random.default_rng(5), 60, **change))
    assert told["reliable"] and told["shift"]["words"][0] == words
    sentence, _ = answer(told)
    assert sentence.endswith(
        f"), if the new photographs are like the test photographs, which they do not seem to be: "
        f"{words}."
    )
    whole = {"any_class": {"faces": 180, "recall": 1.0, "precision": 1.0}}
    evaluation = {"faces": dict.fromkeys(CLASSES, 60), "operating_point": whole}
    said = caveats(told, evaluation, Predictions(0.5, [], [], []))
    assert said[0].serious and said[0].text == about_the_shift(told["shift"])
    assert f"{words} (by " in said[0].text and "is as easy to see here as there" in said[0].text


def test_crowds_beyond_what_was_tested_get_no_answer() -> None:
    told = record(photographs(np.random.default_rng(6), 60, 15))
    assert told["shift"]["broken"] and not told["reliable"]
    masked = told["properly_masked"]
    assert masked["share"] is masked["interval"] is masked["interval_here"] is None
    sentence, why = answer(told)
    assert "cannot be told: they are too unlike the test photographs (more people a" in sentence
    assert "Annotate some of them" in why


def test_another_light_alone_takes_no_answer_away() -> None:
    told = record(photographs(np.random.default_rng(7), 60, 2, light=0.1))
    assert told["shift"]["shifted"] and not told["shift"]["broken"] and told["reliable"]


def test_few_photographs_raise_no_alarm() -> None:
    told = record(photographs(np.random.default_rng(8), 3, 15))
    assert told["shift"]["p"] is None and about_the_shift(told["shift"]) is None
