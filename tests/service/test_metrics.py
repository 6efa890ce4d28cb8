"""What Prometheus is told is what happened."""

import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.drift import FEWEST, Drift, stability_index
from tests.service.fakes import faces
from utils.dataset.labels import CLASSES

JPEG = {"Content-Type": "image/jpeg"}
EDGES = (0.5, 0.7, 0.9)


def told(client) -> dict[tuple, float]:
    """Return values by name and labels."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (one.name, *sorted(one.labels.values())): one.value
        for family in families
        for one in family.samples
    }


def test_requests_faces_and_refusals_are_counted(client, model, jpeg):
    model.found = faces(0.9, 0.6, 0.2, label=3)
    for _ in range(2):
        client.post("/predict", content=jpeg, headers=JPEG)
    client.post("/predict", content=b"%PDF", headers=JPEG)
    client.get("/nowhere")
    client.request("BREW", "/predict")
    values = told(client)
    assert values["mask_requests_total", "/predict", "200", "POST"] == 2
    assert values["mask_requests_total", "/predict", "415", "POST"] == 1
    assert values["mask_requests_total", "404", "GET", "other"] == 1
    assert values["mask_requests_total", "/predict", "405", "other"] == 1
    assert values["mask_refusals_total", "kind"] == 1
    assert values["mask_photographs_total", "box"] == 2
    assert values["mask_faces_total", "box", CLASSES[2]] == 4
    assert values["mask_stage_seconds_count", "decode"] == 2
    assert values["mask_stage_seconds_count", "wait"] == 2
    assert values["mask_workers_alive",] == 2
    assert values["mask_ready",] == 1
    assert values["mask_queue_length",] == 0


def test_faces_like_those_of_the_test_do_not_drift():
    rng = np.random.default_rng(0)
    expected = np.quantile(rng.normal(size=100_000), [0.1, 0.5, 0.9])
    assert stability_index(rng.normal(size=1000), expected) < 0.02
    assert stability_index(rng.normal(1.0, size=1000), expected) > 0.25


def test_the_index_has_its_known_value():
    # a quarter in each bin, to the half that is added to each count: PSI of (.25, .1), (.25, .4)
    values = [0.1] * 250 + [0.6] * 250 + [0.8] * 250 + [0.95] * 250
    exact = 2 * (0.15 * np.log(2.5) + -0.15 * np.log(0.25 / 0.4))
    assert stability_index(values, EDGES) == pytest.approx(exact)


def test_drift_is_told_from_enough_faces_on_and_forgets_the_old():
    drift = Drift({"counted": {"confidence": list(EDGES), "side": None}})
    for _ in range(FEWEST - 1):
        drift.add(faces(0.95))
    assert drift.indices() == {}
    drift.add(faces(0.95))
    assert drift.indices().keys() == {"confidence"}
    assert drift.indices()["confidence"] > 1
    for _ in range(500):
        drift.add(faces(0.95, 0.45))  # of any size the newest thousand
    assert len(drift._recent["confidence"]) == 1000


@pytest.mark.parametrize("evaluation", [None, {}, {"counted": {"confidence": None}}])
def test_without_a_test_there_is_no_drift(evaluation):
    drift = Drift(evaluation)
    for _ in range(FEWEST):
        drift.add(faces(0.9))
    assert drift.indices() == {}
