"""Who may ask, what every answer says, and what is never told."""

import hmac
import json
import logging
from types import SimpleNamespace

import pytest

from service.logs import JsonLines
from service.settings import digest
from tests.service.fakes import KEY, WITH_KEY

JPEG = {"Content-Type": "image/jpeg"}


def test_every_answer_is_for_its_asker_alone(client, jpeg):
    answers = [
        client.get("/v2"),
        client.get("/docs"),
        client.get("/nowhere"),
        client.post("/predict", content=jpeg, headers=JPEG),
        client.post("/predict", content=b"", headers=JPEG),
        client.post("/predict?draw=1", content=jpeg, headers=JPEG),
    ]
    for answer in answers:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert len(answer.headers["X-Request-Id"]) == 32
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/predict", 405),
        ("GET", "/v2/models/../../etc/passwd", 404),
        ("GET", "/v2/models/%2e%2e%2fetc", 404),
        ("GET", "/v2/models/box/versions/%2e%2e", 404),
        ("POST", "/predict/", 404),
        ("POST", "/v2/models/b\u00f6x/infer", 404),
        ("POST", "/v2/models/box%00/infer", 404),
        ("POST", "/v2/models/BOX/infer", 404),
        ("POST", "//v2/repository/models/box/load", 404),
        ("POST", "/v2/repository/models/..%2fmodels/box/load", 403),
        ("GET", "/%ff%fe", 404),
        ("TRACE", "/predict", 405),
    ],
)
def test_other_addresses_are_refused_in_json(client, method, path, status):
    answer = client.request(method, path)
    assert answer.status_code == status
    assert answer.json().keys() == {"error", "file", "field", "fix", "request"}


def test_where_there_are_keys_nobody_asks_without_one(serve, jpeg):
    client = serve(key=True)
    for path in ("/v2", "/v2/models", "/metrics", "/docs", "/openapi.json"):
        assert client.get(path).status_code == 401
        assert client.get(path, headers=WITH_KEY).status_code == 200
    for headers in ({}, {"X-API-Key": KEY[:-1]}, {"Authorization": f"Basic {KEY}"}):
        answer = client.post("/predict", content=jpeg, headers={**JPEG, **headers})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    for headers in (WITH_KEY, {"X-API-Key": KEY}):
        answer = client.post("/predict", content=jpeg, headers={**JPEG, **headers})
        assert answer.status_code == 200
    for probe in ("/v2/health/live", "/v2/health/ready"):
        assert client.get(probe).status_code == 200


@pytest.mark.parametrize("place", [0, 1, 2, None])
def test_how_long_a_key_is_compared_tells_nothing_of_it(serve, monkeypatch, place):
    """All keys are compared, whichever is right, by digests, which differ anywhere."""
    compared = []

    def compare(one, other):
        compared.append((len(one), len(other)))
        return hmac.compare_digest(one, other)

    monkeypatch.setattr("service.gate.hmac", SimpleNamespace(compare_digest=compare))
    keys = [f"a-key-of-somebody-{number}" for number in range(3)]
    client = serve(keys=frozenset(map(digest, keys)))
    given = "a" if place is None else keys[place]
    answer = client.get("/v2", headers={"X-API-Key": given})
    assert answer.status_code == (401 if place is None else 200)
    assert compared == [(32, 32)] * 3


def test_a_key_in_an_address_is_none_and_is_not_written_down(serve, jpeg, caplog):
    caplog.set_level(logging.INFO)
    client = serve(key=True)
    for name in ("key", "api_key", "X-API-Key", "access_token"):
        assert client.post(f"/predict?{name}={KEY}", content=jpeg).status_code == 401
    told = client.post(f"/predict?api_key={KEY}", content=jpeg, headers=WITH_KEY)
    assert told.status_code == 422
    assert KEY not in told.text
    ours = [record for record in caplog.records if record.name.startswith("service")]
    assert ours
    assert not [record for record in ours if KEY in JsonLines().format(record)]


def test_models_are_changed_only_with_a_key(client, serve):
    for what in ("load", "unload"):
        assert client.post(f"/v2/repository/models/box/{what}").status_code == 403
        assert serve(key=True).post(f"/v2/repository/models/box/{what}").status_code == 401
    assert client.get("/v2/models").json() == {"models": ["box"]}


@pytest.mark.parametrize("host", ["evil.example", "testserver.evil.example", "", "[::2]:80"])
def test_a_name_that_was_made_ours_is_refused(client, host):
    assert client.get("/v2", headers={"Host": host}).status_code == 421


def test_its_own_names_are_not(serve):
    client = serve(hosts=frozenset({"127.0.0.1", "::1"}))
    for host in ("127.0.0.1:8000", "127.0.0.1", "[::1]:8000"):
        assert client.get("/v2", headers={"Host": host}).status_code == 200


def test_pages_of_other_sites_may_not_ask(client, jpeg):
    for origin in ("https://evil.example", "null"):
        answer = client.post("/predict", content=jpeg, headers={**JPEG, "Origin": origin})
        assert answer.status_code == 403
    answer = client.post("/predict", content=jpeg, headers={**JPEG, "Origin": "http://testserver"})
    assert answer.status_code == 200


def test_a_browser_that_asks_whether_it_may_ask_is_told_nothing(client):
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = client.options("/predict", headers=headers)
    assert answer.status_code == 403
    assert not [name for name in answer.headers if name.startswith("access-control")]
    headers["Origin"] = "http://testserver"
    answer = client.options("/predict", headers=headers)
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "head",
    [
        {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
        {"Forwarded": "host=evil.example"},
        {"X-Original-URL": "/v2/repository/models/box/unload"},
        {"X-HTTP-Method-Override": "DELETE"},
    ],
)
def test_what_heads_say_of_other_servers_is_not_believed(client, head):
    answer = client.get("/docs", headers=head)
    assert answer.status_code == 200
    assert "http://testserver/predict" in answer.text
    assert "evil.example" not in answer.text


def test_the_clients_name_of_a_request_is_kept_only_if_it_is_one(client):
    assert client.get("/v2", headers={"X-Request-Id": "a-1"}).headers["X-Request-Id"] == "a-1"
    odd = client.get("/v2", headers={"X-Request-Id": "a{b}" * 30}).headers["X-Request-Id"]
    assert len(odd) == 32


def test_a_line_is_logged_of_each_request_and_none_of_its_content(client, model, jpeg, caplog):
    caplog.set_level(logging.INFO)
    model.errors.append(ValueError("a-word-of-the-request"))
    name = "name-of-a-person.jpg"
    client.post("/predict?model=box", files=[("file", (name, jpeg))])
    client.post("/predict?model=box", files=[("file", (name, jpeg))])
    client.post("/secret-word", files=[("file", (name, jpeg))])
    client.get("/v2/health/ready")
    records = [record for record in caplog.records if record.name.startswith("service")]
    lines = [JsonLines().format(record) for record in records]
    told = [json.loads(line) for line in lines if '"event": "request"' in line]
    assert [one["status"] for one in told] == [500, 200, 404]
    assert [one["route"] for one in told] == ["/predict", "/predict", "other"]
    assert told[1]["photographs"] == 1
    for word in ("name-of-a-person", "secret-word", "a-word-of-the-request"):
        assert not [line for line in lines if word in line]
    assert any('"exception": "ValueError"' in line for line in lines)


def test_what_nobody_foresaw_is_told_without_its_words(client, monkeypatch):
    def fail(*_):
        raise KeyError("secret-word")

    monkeypatch.setattr(client.app.state.service.models, "get", fail)
    answer = client.get("/v2/models/box")
    assert answer.status_code == 500
    assert "secret-word" not in answer.text


def test_names_of_photographs_are_told_back_as_text_alone(client, jpeg):
    name = "<script>\u202e\n'\".jpg"
    told = client.post("/predict", files=[("file", (name, jpeg))])
    assert told.headers["content-type"] == "application/json"
    assert "\n" not in told.json()["photographs"][0]["file"]


@pytest.mark.parametrize("host", ['a"b', "<script>", "[", "a:b:c", "a@b", ""])
def test_whatever_it_is_called_the_page_of_addresses_is_one(serve, host):
    page = serve(hosts=None).get("/docs", headers={"Host": host})
    assert page.status_code == 200
    assert "<script" not in page.text


def test_the_page_of_addresses_needs_no_script_and_no_other_site(client):
    page = client.get("/docs").text
    for address in ("/predict", "/rate", "/v2/models/{name}/infer"):
        assert f"<code>{address}</code>" in page
    assert "<script" not in page
    assert "src=" not in page
