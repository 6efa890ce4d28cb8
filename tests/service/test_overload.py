"""Under load nothing is lost: refused at once, late in time, and the truth told meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.service.fakes import dead_stay_dead, places_of
from tests.waiting import PATIENCE, until

JPEG = {"Content-Type": "image/jpeg"}


@pytest.fixture
def pool():
    with ThreadPoolExecutor(20) as made:
        yield made


def test_overload_is_refused_at_once_and_health_answers_meanwhile(client, model, jpeg, pool):
    model.may_go.clear()
    places = client.app.state.service.settings.places
    sent = [pool.submit(client.post, "/predict", content=jpeg, headers=JPEG) for _ in range(6)]
    until(lambda: places_of(client) == places == 6)
    refused = client.post("/predict", content=jpeg, headers=JPEG)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
    assert client.get("/v2/health/live").status_code == 200
    assert client.get("/v2/health/ready").status_code == 200
    model.may_go.set()
    assert {one.result().status_code for one in sent} == {200}
    assert model.begun == 6
    until(lambda: places_of(client) == 0)


def test_the_late_are_told_and_their_work_is_dropped(serve, model, jpeg, pool):
    model.may_go.clear()
    for seconds in (0.3, 3, 30):  # until the worker was not too slow to begin with one of them
        client = serve(workers=1, deadline=seconds)
        late = [pool.submit(client.post, "/predict", content=jpeg, headers=JPEG) for _ in range(3)]
        assert [one.result().status_code for one in late] == [504] * 3
        if places_of(client):
            break
    service = client.app.state.service
    service.settings = replace(service.settings, deadline=PATIENCE)
    model.may_go.set()
    until(lambda: places_of(client) == 0)
    assert client.post("/predict", content=jpeg, headers=JPEG).status_code == 200
    assert model.begun == 2  # the one that had begun, and the last
    assert client.app.state.service.memory.held == 0


def test_many_photographs_of_one_request_share_the_workers_and_leave_places(
    serve, model, jpeg, pool
):
    client = serve(photographs=30)
    model.may_go.clear()
    files = [("file", (f"{k}.jpg", jpeg)) for k in range(20)]
    many = pool.submit(client.post, "/predict", files=files)
    until(lambda: model.begun == 2)
    assert places_of(client) == 2
    one = pool.submit(client.post, "/predict", content=jpeg, headers=JPEG)
    model.may_go.set()
    assert one.result().status_code == 200
    told = many.result().json()["photographs"]
    assert [photo["file"] for photo in told] == [f"{k}.jpg" for k in range(20)]


def test_a_worker_that_dies_loses_no_request(client, model, jpeg):
    model.errors.append(SystemExit())
    assert client.post("/predict", content=jpeg, headers=JPEG).status_code == 200
    workers = client.app.state.service.workers
    until(lambda: workers.alive == 2)
    assert workers.restarts == 1
    assert "mask_worker_restarts 1.0" in client.get("/metrics").text


def test_ready_tells_of_dead_workers(client, model, jpeg, pool):
    with dead_stay_dead(client.app.state.service.workers):
        model.errors.append(SystemExit())
        sent = pool.submit(client.post, "/predict", content=jpeg, headers=JPEG)
        until(lambda: client.get("/v2/health/ready").status_code == 503)
        reasons = client.get("/v2/health/ready").json()["reasons"]
        assert reasons == ["1 of 2 workers are dead or hung"]
        assert client.get("/v2/health/live").status_code == 200
    until(lambda: client.get("/v2/health/ready").status_code == 200)
    assert sent.result().status_code == 200


def test_live_tells_where_all_workers_hang(client, model, jpeg, pool, monkeypatch):
    monkeypatch.setattr("service.workers.STUCK", 0.05)
    model.may_go.clear()
    sent = [pool.submit(client.post, "/predict", content=jpeg, headers=JPEG) for _ in range(2)]
    until(lambda: client.get("/v2/health/live").status_code == 503)
    model.may_go.set()
    assert {one.result().status_code for one in sent} == {200}
    until(lambda: client.get("/v2/health/live").status_code == 200)


def test_failure_upon_failure_makes_it_unready(client, model, jpeg):
    model.errors += [RuntimeError("CUDA error")] * 10
    codes = [client.post("/predict", content=jpeg, headers=JPEG).status_code for _ in range(10)]
    assert codes == [500] * 10
    assert client.get("/v2/health/ready").status_code == 503
    assert client.post("/predict", content=jpeg, headers=JPEG).status_code == 200
    assert client.get("/v2/health/ready").status_code == 200
