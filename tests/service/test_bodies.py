"""A body takes no more bytes, memory and seconds than agreed, and no disk at all."""

import asyncio
import base64
import gzip
import json
import tempfile
import threading
import tracemalloc
from urllib.parse import unquote_to_bytes

import pytest
from starlette.requests import Request

from service.bodies import Body, Memory
from service.predicting import TOLD
from service.problems import Problem
from service.uploads import MANY, aside, of_base64, of_data_url
from tests.service.fakes import places_of
from tests.waiting import until

JPEG = {"Content-Type": "image/jpeg"}


def body_of(chunks, headers=(), most=10, memory=None, seconds=10.0) -> Body:
    """Return a body that comes in these chunks; a number is a pause of so many seconds."""
    left = list(chunks)

    async def receive():
        while left and isinstance(left[0], float):
            await asyncio.sleep(left.pop(0))
        if not left:
            return {"type": "http.request", "body": b"", "more_body": False}
        return {"type": "http.request", "body": left.pop(0), "more_body": True}

    scope = {"type": "http", "method": "POST", "headers": list(headers)}
    return Body(Request(scope, receive), most, memory or Memory(100), seconds)


def refused(body: Body) -> Problem:
    with body, pytest.raises(Problem) as problem:
        asyncio.run(body.read())
    return problem.value


def test_a_body_is_read_whole_and_its_memory_given_back():
    memory = Memory(100)
    with body_of([b"abc", b"de"], memory=memory) as body:
        assert asyncio.run(body.read()) == b"abcde"
        body.hold(7)
        assert memory.held == 12
    assert memory.held == 0


def test_a_body_that_says_it_is_too_large_is_not_read():
    body = body_of([b"a"] * 11, [(b"content-length", b"11")])
    assert refused(body).status == 413
    assert body.size == 0


@pytest.mark.parametrize("length", [[], [(b"content-length", b"3")]])
def test_a_body_that_is_larger_than_it_said_is_counted_as_it_comes(length):
    problem = refused(body_of([b"aaaa"] * 4, length))
    assert (problem.status, problem.reason) == (413, "too_large")


def test_who_waits_to_be_told_to_send_is_told_not_to():
    head = [(b"content-length", b"11"), (b"expect", b"100-continue")]
    left = [b"never taken"]
    problem = refused(body_of(left, head))
    assert problem.headers["Connection"] == "close"


def test_a_refused_body_is_taken_to_its_end_only_if_it_is_small(monkeypatch):
    assert "Connection" not in refused(body_of([b"a" * 20])).headers
    monkeypatch.setattr("service.bodies.DISCARDED", 30)
    assert refused(body_of([b"a" * 20] * 9)).headers["Connection"] == "close"
    monkeypatch.setattr("service.bodies.DISCARDING", 0.01)
    assert refused(body_of([b"a" * 20, 9.0])).headers["Connection"] == "close"


def test_a_body_that_dribbles_is_left():
    problem = refused(body_of([b"a", 0.03] * 9, seconds=0.1))
    assert (problem.status, problem.reason) == (408, "slow_upload")


def test_all_bodies_share_one_memory():
    memory = Memory(15)
    with body_of([b"a" * 9], memory=memory) as first:
        asyncio.run(first.read())
        problem = refused(body_of([b"a" * 9], memory=memory))
        assert (problem.status, problem.reason) == (429, "memory")
        with pytest.raises(Problem):
            first.hold(7)
        assert memory.held == 9
    assert memory.held == 0


def test_compressed_bodies_are_refused_because_they_expand(client):
    bomb = gzip.compress(bytes(10_000_000))
    answer = client.post("/predict", content=bomb, headers={"Content-Encoding": "gzip"})
    assert (answer.status_code, answer.json()["field"]) == (415, "Content-Encoding")


@pytest.mark.parametrize("path", ["/predict", "/v2/models/box/infer"])
@pytest.mark.parametrize("part", [b"1,", b"[", b'{"a":'])
def test_json_of_very_many_parts_is_not_read(client, path, part):
    """Read, a request of 64 MB would be gigabytes, and health would wait."""
    headers = {"Content-Type": "application/json"}
    answer = client.post(path, content=b'{"data_url": [' + part * 20_000, headers=headers)
    assert answer.status_code == 400
    assert "parts" in answer.json()["error"]


def test_what_takes_long_to_be_decoded_keeps_no_other_from_being_answered():
    """A request of 64 MB of base64 takes so long that health would be late."""
    assert asyncio.run(aside(MANY - 1, threading.get_ident)) == threading.get_ident()
    assert asyncio.run(aside(MANY, threading.get_ident)) != threading.get_ident()


def test_a_large_photograph_in_json_is_looked_at(client, jpeg):
    padded = base64.b64encode(jpeg + bytes(MANY)).decode()
    answer = client.post("/predict", json={"data_url": "data:image/jpeg;base64," + padded})
    assert answer.json()["photographs"][0]["width"] == 60


def test_base64_is_read_in_slices_as_it_is_as_a_whole(monkeypatch):
    monkeypatch.setattr("service.uploads._SLICE", 8)
    for count in range(30):
        text = base64.b64encode(bytes(range(count))).decode()
        assert of_base64(text) == bytes(range(count))
        assert of_data_url("data:;base64," + text.replace("=", "%3D")) == bytes(range(count))
    for text in ("AAAAAA==AAAA", "AAAAAAA=AAAA", "AAAA=AAAAAAA", "AAA", "AAAAAAAA!"):
        with pytest.raises(ValueError, match=r"."):
            of_base64(text)


def test_what_is_percent_encoded_is_read_in_slices(monkeypatch):
    """As a whole, sixty megabytes of it took six gigabytes to be read."""
    monkeypatch.setattr("service.uploads._SLICE", 8)
    for text in ("abcdefg%41b", "abcdef%41b", "abcdefgh%41", "%41%42%43%44", "%%%%%%%%%%%", "%4"):
        assert of_data_url("data:," + text) == unquote_to_bytes(text)
    monkeypatch.setattr("service.uploads._SLICE", 4096)
    sent = "data:image/png," + "%41" * 30_000
    tracemalloc.start()
    assert of_data_url(sent) == b"A" * 30_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 * len(sent)


def test_texts_of_json_are_held_beside_their_bytes(serve, jpeg):
    sent = {"data_url": "data:image/jpeg;base64," + base64.b64encode(jpeg * 9).decode()}
    size = len(json.dumps(sent))
    assert serve(held_bytes=3 * size).post("/predict", json=sent).status_code == 200
    answer = serve(held_bytes=2 * size).post("/predict", json=sent)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")


def test_pictures_that_are_drawn_are_held_like_what_they_are_drawn_on(serve, jpeg):
    drawn = serve().post("/predict?draw=1", content=jpeg).content
    client = serve(held_bytes=len(jpeg) * 12 + len(drawn) * TOLD * 3)
    files = [("file", (f"{k}.jpg", jpeg)) for k in range(12)]
    assert client.post("/predict", files=files).status_code == 200
    assert client.post("/predict?draw=1", files=files[:1]).status_code == 200
    assert client.post("/predict?draw=1", files=files).status_code == 429
    assert client.app.state.service.memory.held == 0
    until(lambda: places_of(client) == 0)


def test_limits_hold_over_http(serve, jpeg):
    client = serve(photograph_bytes=len(jpeg) - 1, request_bytes=2 * len(jpeg), photographs=3)
    one = client.post("/predict", content=jpeg, headers=JPEG)
    assert one.status_code == 413
    assert "--photograph-mb" in one.json()["fix"]
    assert client.post("/predict", content=jpeg * 3, headers=JPEG).status_code == 413
    many = [("file", (f"{k}.jpg", b"BM")) for k in range(4)]
    assert client.post("/predict", files=many).status_code in (400, 413)
    assert client.post("/predict", json={"data_url": ["data:,BM"] * 4}).status_code == 413
    assert client.app.state.service.memory.held == 0
    assert places_of(client) == 0


def test_pixels_are_bounded_before_they_are_decoded(serve, model, jpeg):
    client = serve(pixels=60 * 40 - 1)
    answer = client.post("/predict", content=jpeg, headers=JPEG)
    assert (answer.status_code, model.begun) == (413, 0)
    assert "60 x 40" in answer.json()["error"]


def test_nothing_is_written_to_disk(serve, jpeg, monkeypatch):
    def never(*_, **__):
        raise AssertionError("a file was opened")

    for name in ("TemporaryFile", "NamedTemporaryFile", "mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, never)
    client = serve()
    padded = jpeg + bytes(5_000_000)  # more than a parser keeps in memory unless it is told to
    files = [("file", ("a.jpg", padded)), ("file", ("b.jpg", jpeg))]
    for path in ("/predict", "/rate"):
        assert client.post(path, files=files).status_code == 200
