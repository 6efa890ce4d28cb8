"""Where nothing is missed or invented, the estimators are those of QuaPy (Moreo et al. 2021)."""

import numpy as np
import pytest

from utils.analysis.prevalence.adjusted_counts import adjusted_counts, shares_of
from utils.analysis.prevalence.estimate import estimate_prevalence
from utils.dataset.labels import CLASSES

MIX = np.array([0.5, 0.3, 0.2])


def posteriors(rng: np.random.Generator, labels: np.ndarray) -> np.ndarray:
    """Probabilities of a classifier that is right more often than not; not calibrated."""
    logits = rng.normal(size=(len(labels), 3)) + 1.2 * np.eye(3)[labels]
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@pytest.fixture
def data() -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(0)
    known, there = rng.choice(3, 900, p=[0.7, 0.2, 0.1]), rng.choice(3, 600, p=MIX)
    return known, posteriors(rng, known), there, posteriors(rng, there)


def as_photos(known: np.ndarray, counted: np.ndarray, found: np.ndarray) -> tuple[np.ndarray, ...]:
    """One face a photograph: its confusion matrix, and what was found on each new one."""
    tables = np.zeros((len(known), 4, 4))
    tables[np.arange(len(known)), known + 1, 1:] = counted
    return tables, found


@pytest.mark.parametrize("soft", [False, True], ids=["ACC", "PACC"])
def test_acc_and_pacc_are_those_of_quapy(data, soft: bool) -> None:
    from quapy.method.aggregative import ACC, PACC

    known, seen, _, new = data
    if soft:
        rates = PACC.getPteCondEstim(np.arange(3), known, seen)
    else:
        rates = ACC.getPteCondEstim(np.arange(3), known, seen.argmax(axis=1))
        seen, new = np.eye(3)[seen.argmax(axis=1)], np.eye(3)[new.argmax(axis=1)]
    theirs = ACC.solve_adjustment(rates, new.mean(axis=0), "inversion", "exact-raise")
    tables, found = as_photos(known, seen, new)
    many = 1e6  # so that the imaginary face of each class does not matter
    ours = shares_of(adjusted_counts(many * tables.sum(axis=0), found.sum(axis=0)))
    assert ours == pytest.approx(theirs, abs=1e-5)
    assert ours == pytest.approx(MIX, abs=0.06)


def test_cc_is_the_raw_share_of_the_record(data) -> None:
    from quapy.functional import prevalence_from_labels

    known, seen, _, new = data
    labels = new.argmax(axis=1)
    tables, found = as_photos(known, np.eye(3)[seen.argmax(axis=1)], np.eye(3)[labels])
    record = estimate_prevalence(tables, found, 0, 100)
    theirs = prevalence_from_labels(labels, np.arange(3))
    assert [record["raw"][name]["share"] for name in CLASSES] == pytest.approx(list(theirs))
    assert record["estimator"] == "ACC"
