import numpy as np
import pytest

from utils.dataset.faces import Faces
from utils.metrics.calibration import Calibration, fit_calibration
from utils.metrics.confusion import confusion_counts
from utils.metrics.cross_fitting import FOLDS, LEAST, cross_fitted
from utils.metrics.detections import Detections
from utils.metrics.operating_point import choose_threshold


def photographs(count: int, rng: np.random.Generator) -> tuple[list[Detections], list[Faces]]:
    """Faces that are found surer than what is invented, with errors of both kinds."""
    found, faces = [], []
    for _ in range(count):
        boxes = np.array([[30 * k, 0, 30 * k + 20, 20] for k in range(6)], np.float32)
        labels = np.ones(6, np.int64)
        sure = rng.normal(np.where(np.arange(6) < 3, 0.8, -0.8), 1)
        scores = (1 / (1 + np.exp(-sure))).astype(np.float32)
        order = np.argsort(-scores)
        probabilities = np.zeros((6, 4), np.float32)
        probabilities[:, 0], probabilities[:, 1] = 1 - scores, scores
        found.append(Detections(boxes[order], labels, scores[order], probabilities[order]))
        faces.append(Faces(boxes[:3], labels[:3]))
    return found, faces


def test_what_counts_is_what_the_other_folds_choose() -> None:
    found, faces = photographs(20, np.random.default_rng(0))
    groups = [n // 2 for n in range(20)]
    told = cross_fitted(found, faces, groups)
    for n in (0, 1, 7, 19):
        others = [m for m in range(20) if groups[m] % FOLDS != groups[n] % FOLDS]
        raw, real = [found[m] for m in others], [faces[m] for m in others]
        calibration = fit_calibration(raw, real)
        threshold = choose_threshold([calibration.apply(one) for one in raw], real).threshold
        wanted = calibration.apply(found[n]).above(threshold)
        assert told[n].scores == pytest.approx(wanted.scores)
        assert len(told[n]) == len(wanted)


def test_a_photograph_and_its_near_duplicate_have_no_say_in_their_own_count() -> None:
    found, faces = photographs(24, np.random.default_rng(1))
    groups = [0, 0, *range(1, 23)]
    before = cross_fitted(found, faces, groups)
    odd = Calibration(3.0, 4.0).apply(found[0])
    for replaced in (0, 1):
        changed = [*found[:replaced], odd, *found[replaced + 1 :]]
        after = cross_fitted(changed, faces, groups)
        assert after[1 - replaced].scores == pytest.approx(before[1 - replaced].scores)
    assert any(len(a) != len(b) for a, b in zip(before[2:], after[2:], strict=True))


def test_it_takes_off_how_much_better_the_chosen_threshold_seems() -> None:
    """F1 at the best threshold of 12 photographs seems better than it is; cross-fitted, not."""
    rng, plain, folded, real = np.random.default_rng(2), [], [], []
    everywhere = photographs(2000, rng)

    def f1(found, faces) -> float:
        table = confusion_counts(found, faces, 0.0).sum(axis=0)
        return 2 * table[1, 1] / (table[1].sum() + table[:, 1].sum())

    for _ in range(30):
        found, faces = photographs(12, rng)
        calibration = fit_calibration(found, faces)
        point = choose_threshold([calibration.apply(one) for one in found], faces)
        plain.append(point.f1)
        folded.append(f1(cross_fitted(found, faces, range(12)), faces))
        at = [calibration.apply(one).above(point.threshold) for one in everywhere[0][:300]]
        real.append(f1(at, everywhere[1][:300]))
    assert np.mean(plain) > np.mean(real) + 0.01
    assert np.mean(folded) < np.mean(real) + 0.01


def test_too_few_are_not_cross_fitted() -> None:
    found, faces = photographs(LEAST, np.random.default_rng(3))
    assert cross_fitted(found, faces, range(LEAST)) is not None
    assert cross_fitted(found, faces, [0, *range(LEAST - 1)]) is None
