"""What Prometheus is told is what happened."""

import numpy as np
from prometheus_client.parser import text_string_to_metric_families

from tests.drift.test_watching import the_test
from tests.service.fakes import faces
from utils.dataset.labels import CLASSES
from utils.drift import latest
from utils.drift.features import OF_FACES

JPEG = {"Content-Type": "image/jpeg"}


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


def test_what_strangers_ask_makes_no_new_series(client):
    def ask(word):
        client.request(word, f"/{word}?{word}={word}")
        client.post(f"/v2/models/{word}/infer", headers={"Origin": word})
        client.post(f"/v2/models/{word}/versions/{word}/infer")
        client.post(f"/predict?model={word}&{word}=1", content=word)
        client.get("/v2", headers={"Host": word, "X-Request-Id": word})

    ask("BREW")
    told(client)  # which is a request of its own
    before = told(client).keys()
    for number in range(20):
        ask(f"BREW{number}")
    assert told(client).keys() == before


def test_drift_is_told_of_a_model_that_carries_its_test_from_enough_photographs_on(
    client, model, jpeg, monkeypatch
):
    monkeypatch.setattr(latest, "unpacked", lambda evaluation, where: evaluation)
    monkeypatch.setattr(latest, "FEWEST", 3)
    model.file.evaluation = the_test(np.random.default_rng(0))
    model.found = faces(0.95)  # of 10 pixels
    for number in range(3):
        assert not [key for key in told(client) if "drift" in key[0]], number
        client.post("/predict", content=jpeg, headers=JPEG)
    values = {key: value for key, value in told(client).items() if "drift" in key[0]}
    assert {key[0] for key in values} == {"mask_drift_p", "mask_drift_distance"}
    features = {word for key in values for word in key[1:]} & set(OF_FACES)
    assert features == set(OF_FACES)
    assert all(0 <= value <= 1 for value in values.values())


def test_a_model_without_a_test_has_no_drift(client, jpeg, monkeypatch):
    monkeypatch.setattr(latest, "FEWEST", 1)
    client.post("/predict", content=jpeg, headers=JPEG)
    assert not [key for key in told(client) if "drift" in key[0]]
