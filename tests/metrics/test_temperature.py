import numpy as np
import pytest

from utils.metrics.detections import Detections
from utils.metrics.temperature import Temperature, fit_temperature

LOGITS = np.array([[3.0, 0.0, -1.0], [0.5, 1.0, 0.2], [2.0, 1.9, -3.0]])


def softmax(logits):
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def test_probabilities_are_those_of_logits_divided_by_it():
    found = Temperature(2.5).of_probabilities(softmax(LOGITS).astype(np.float32))
    assert np.allclose(found, softmax(LOGITS / 2.5), atol=1e-6)
    back = Temperature(2.5).inverse().of_probabilities(found)
    assert np.allclose(back, softmax(LOGITS), atol=1e-6)


def test_what_is_impossible_stays_so():
    probabilities = np.array([[0, 0.9, 0.1, 0]], np.float32)
    for temperature in (0.2, 1.0, 8.0):
        found = Temperature(temperature).of_probabilities(probabilities)
        assert (found[0, [0, 3]] == 0).all()
        assert found.sum() == pytest.approx(1, abs=1e-6)


def test_detections_stay_sorted_by_confidence():
    probabilities = np.array([[0, 0.8, 0.1, 0.1], [0, 0.1, 0.1, 0.8]], np.float32)
    boxes = np.array([[0, 0, 1, 1], [0, 0, 2, 2]], np.float32)
    one = Detections(boxes, np.array([1, 3]), probabilities.max(axis=1), probabilities)
    found = Temperature(3.0).apply(one)
    assert found.labels.tolist() == [1, 3]
    assert (found.scores < 0.8).all()
    assert Temperature().apply(one) is one


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_logits_were_spoilt_by_is_found(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 3))
    truth = (softmax(logits).cumsum(axis=1) < rng.random((4000, 1))).sum(axis=1)
    found = fit_temperature(logits * temperature, truth)
    assert found.temperature == pytest.approx(temperature, rel=0.1)


def test_few_faces_claim_no_certainty_and_impossible_ones_say_nothing():
    found = fit_temperature(np.array([[5.0, 0.0, 0.0]]), np.array([0]))
    assert 0.5 < found.temperature <= 1.0
    assert fit_temperature(np.zeros((0, 3)), np.zeros(0, int)) == Temperature()
    impossible = np.array([[0.0, 1.0, -np.inf]])
    assert fit_temperature(impossible, np.array([2])) == Temperature()
    both = np.concatenate([impossible, [[5.0, 0.0, -np.inf]]])
    alone = fit_temperature(both[1:], np.array([0]))
    assert fit_temperature(both, np.array([2, 0])) == alone
