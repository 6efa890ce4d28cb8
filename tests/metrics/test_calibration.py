import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import softmax
from scipy.stats import norm
from sklearn.calibration import calibration_curve
from sklearn.metrics import log_loss

from utils.dataset.faces import Faces
from utils.metrics.calibration import Calibration, fit_calibration, reliability, true_classes
from utils.metrics.detections import Detections

LEFT, RIGHT, FAR = (0, 0, 10, 10), (20, 0, 30, 10), (50, 50, 60, 60)


def drawn_from(calibration: Calibration, boxes: int = 20_000) -> tuple[list, list]:
    """Boxes side by side, whose truth is as probable as `calibration` of their logits says."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (boxes, 4))
    raw = softmax(logits, axis=1).astype(np.float32)
    scaled = logits / calibration.temperature + [calibration.background, 0, 0, 0]
    true = (rng.random(boxes)[:, None] > softmax(scaled, axis=1).cumsum(axis=1)).sum(axis=1)
    detections, faces = [], []
    for row, truth in zip(np.split(raw, 200), np.split(true, 200), strict=True):
        left = 20.0 * np.arange(len(row))
        places = np.stack([left, 0 * left, left + 10, 0 * left + 10], axis=1).astype(np.float32)
        labels = row[:, 1:].argmax(axis=1) + 1
        scores = row[np.arange(len(row)), labels]
        order = np.argsort(-scores)
        detections.append(Detections(places[order], labels[order], scores[order], row[order]))
        faces.append(Faces(places[truth > 0], truth[truth > 0]))
    return detections, faces


def mean_loss(detections: list, faces: list) -> float:
    probabilities = np.concatenate([found.probabilities for found in detections]).astype(float)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    return log_loss(true_classes(detections, faces), probabilities, labels=range(4))


@pytest.mark.parametrize("wanted", [Calibration(2.0, 1.5), Calibration(0.6, -1.0)])
def test_the_calibration_that_made_the_truth_is_found(wanted) -> None:
    fitted = fit_calibration(*drawn_from(wanted))
    assert fitted.temperature == pytest.approx(wanted.temperature, rel=0.05)
    assert fitted.background == pytest.approx(wanted.background, abs=0.05)


def test_it_is_the_optimum_of_scikit_learns_log_loss() -> None:
    detections, faces = drawn_from(Calibration(1.7, 0.8), 4000)
    best = fit_calibration(detections, faces)

    def loss(temperature: float, background: float) -> float:
        one = Calibration(best.temperature * temperature, best.background + background)
        return mean_loss([one.apply(found) for found in detections], faces)

    least = loss(1, 0)
    assert least < mean_loss(detections, faces)
    for step in ((1.1, 0), (0.9, 0), (1, 0.1), (1, -0.1)):
        assert loss(*step) > least
    told = reliability([best.apply(found) for found in detections], faces)
    assert told["log_loss"] == pytest.approx(least, abs=1e-5)


def test_bins_agree_with_scikit_learn_and_add_up_to_the_error() -> None:
    detections, faces = drawn_from(Calibration(1.5, 1.0), 4000)
    told = reliability(detections, faces)
    scores = np.concatenate([found.scores for found in detections])
    labels = np.concatenate([found.labels for found in detections])
    share, mean = calibration_curve(labels == true_classes(detections, faces), scores, n_bins=10)
    filled = [part for part in told["bins"] if part["count"]]
    assert [part["right"] for part in filled] == pytest.approx(share)
    assert [part["confidence"] for part in filled] == pytest.approx(mean)
    counts = np.array([part["count"] for part in filled])
    assert counts.sum() == 4000
    assert told["ece"] == pytest.approx((abs(share - mean) * counts).sum() / 4000)
    calibrated = fit_calibration(detections, faces)
    after = reliability([calibrated.apply(found) for found in detections], faces)
    assert after["ece"] < 0.3 * told["ece"]


def test_right_is_a_face_found_and_named(found, faces) -> None:
    photo = found((LEFT, 1, 0.95), (RIGHT, 1, 0.94), (FAR, 1, 0.93))
    truth = [faces((LEFT, 1), (RIGHT, 2))]
    assert true_classes([photo], truth).tolist() == [1, 2, 0]
    assert reliability([photo], truth)["bins"][9] == {
        "from": 0.9,
        "below": 1.0,
        "count": 3,
        "confidence": pytest.approx(0.94),
        "right": pytest.approx(1 / 3),
    }


def test_it_can_be_undone_and_keeps_labels_and_order(random_photos) -> None:
    detections, _ = random_photos(10)
    calibration = Calibration(1.6, 0.7)
    for before in detections:
        after = calibration.apply(before)
        assert (np.diff(after.scores) <= 0).all()
        assert np.allclose(after.probabilities.sum(axis=1), 1)
        assert (after.scores == after.probabilities[np.arange(len(after)), after.labels]).all()
        back = calibration.inverse().apply(after)
        assert np.allclose(back.probabilities, before.probabilities, atol=1e-5)
        assert (back.labels == before.labels).all() and (back.boxes == before.boxes).all()
        assert Calibration().apply(before) is before


def test_a_background_bias_makes_faces_less_likely(found) -> None:
    photo = found((LEFT, 1, 0.5))
    assert Calibration(background=2.0).apply(photo).scores[0] < 0.2
    assert Calibration(temperature=0.5).apply(found((LEFT, 1, 0.8))).scores[0] > 0.9


def test_a_few_boxes_claim_no_certainty(found, faces) -> None:
    photos = [found((LEFT, 1, 0.8))] * 5
    fitted = fit_calibration(photos, [faces((LEFT, 1))] * 5)
    assert 0.8 < fitted.apply(photos[0]).scores[0] < 0.99


@pytest.mark.parametrize("boxes", [3, 8, 15])
def test_of_few_boxes_it_is_the_optimum_with_the_priors(boxes) -> None:
    detections, faces = drawn_from(Calibration(1.7, 0.8), 4000)
    detections, faces = [detections[0].above(0.5)], [faces[0]]
    detections = [detections[0].above(detections[0].scores[boxes - 1])]
    assert 0 < len(detections[0]) <= boxes
    probabilities = detections[0].probabilities.astype(float)
    truth = true_classes(detections, faces)
    assert truth.any()

    def minus_log_posterior(point: np.ndarray) -> float:
        scaled = softmax(np.log(probabilities) * point[0] + [point[1], 0, 0, 0], axis=1)
        likelihood = np.log(scaled[np.arange(len(truth)), truth]).sum()
        return -likelihood - norm.logpdf(point[0], 1, 1) - norm.logpdf(point[1], 0, 2)

    best = minimize(minus_log_posterior, [1, 0], method="Nelder-Mead", tol=1e-9).x
    fitted = fit_calibration(detections, faces)
    assert (1 / fitted.temperature, fitted.background) == pytest.approx(tuple(best), abs=1e-3)


def test_with_nothing_found_nothing_changes(found, faces) -> None:
    assert fit_calibration([], []) == Calibration()
    assert fit_calibration([found((LEFT, 1, 0.9))], [faces()]) == Calibration()
    told = reliability([found()], [faces((LEFT, 1))])
    assert (told["ece"], told["ece_by_chance"], told["log_loss"]) == (None, None, None)
    assert {part["right"] for part in told["bins"]} == {None}


def test_a_perfect_calibration_still_shows_the_error_of_chance() -> None:
    told = reliability(*drawn_from(Calibration(), boxes=4000))
    assert told["ece"] == pytest.approx(told["ece_by_chance"], rel=0.8)
    assert 0.003 < told["ece_by_chance"] < 0.03
    few = reliability(*drawn_from(Calibration(), boxes=400))["ece_by_chance"]
    assert few == pytest.approx(told["ece_by_chance"] * np.sqrt(10), rel=0.1)
    off = reliability(*drawn_from(Calibration(0.4), boxes=4000))
    assert off["ece"] > 5 * off["ece_by_chance"]
