"""On a real socket: clients that never end, leave or lie, and an end in good order."""

import base64
import http.client
import json
import signal
import socket
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from service.models import Models
from service.server import CHUNKS, CRUMB, main, make_server
from service.settings import Settings
from tests.service.hostile import hostile
from tests.waiting import PATIENCE, until

HEAD = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/jpeg\r\n"

BODIES = 250
SOON = 1.5
"""Seconds for a head: more than a busy machine takes to send it, and few to be waited for."""


@pytest.fixture
def listening(model):
    """Return what serves the fake model at a port of this machine, in a thread."""

    @contextmanager
    def serve(**changed):
        plain = Settings(workers=1, queue=2, deadline=PATIENCE, hosts=frozenset({"127.0.0.1"}))
        settings = replace(plain, **changed)
        models = Models({"box": None}, loader=lambda path, device: model)
        models.load_all()
        server = make_server(settings, models)
        with socket.create_server(("127.0.0.1", 0)) as place:
            thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
            thread.start()
            until(lambda: server.started)
            try:
                yield Client(place.getsockname()[1], server)
            finally:
                model.may_go.set()
                server.should_exit = True
                thread.join(PATIENCE)
                assert not thread.is_alive()

    return serve


class Client:
    def __init__(self, port: int, server) -> None:
        self.port, self.server = port, server
        self.service = server._service

    def open(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE)

    def ask(self, method="GET", path="/v2/health/ready", body=None, headers=None):
        """Return status, headers and body of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def is_at_rest(self) -> bool:
        """Return whether nothing of any request is left."""
        workers, memory = self.service.workers, self.service.memory
        return workers.taken == 0 and memory.held == 0 and not len(workers.queue)


def is_closed(connection: socket.socket) -> bool:
    with suppress(ConnectionError):
        while connection.recv(1000):  # the rest of an answer
            pass
    return True  # and `recv` gives up where it is not


def test_a_head_that_never_ends_is_left(listening):
    with listening(head_seconds=SOON) as client:
        silent, slow, second = client.open(), client.open(), client.open()
        second.sendall(b"GET /v2 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert second.recv(10_000).startswith(b"HTTP/1.1 200 ")
        second.sendall(b"GET /v2 HT")
        end = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < end:
                slow.sendall(b"G")
                time.sleep(0.05)
        except ConnectionError:
            pass
        assert time.monotonic() < end
        assert is_closed(silent)
        assert is_closed(second)
        assert client.ask()[0] == 200


def test_the_rest_of_a_refused_body_that_never_ends_is_left(listening):
    with listening(head_seconds=SOON) as client:
        connection = client.open()
        connection.sendall(HEAD.replace(b"/predict", b"/nowhere") + b"Content-Length: 900\r\n\r\n")
        assert connection.recv(10_000).startswith(b"HTTP/1.1 404 ")
        end = time.monotonic() + PATIENCE
        with suppress(ConnectionError):
            while time.monotonic() < end:
                connection.sendall(b"B")
                time.sleep(0.05)
        assert time.monotonic() < end


def test_a_client_that_does_not_take_its_answer_is_left(listening, model, jpeg):
    with listening(head_seconds=SOON, photographs=40) as client:
        model.may_go.clear()
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", client.port))
        url = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
        body = json.dumps({"data_url": [url] * 40}).encode()  # drawn, they are megabytes
        head = HEAD.replace(b"/predict", b"/predict?draw=1").replace(
            b"image/jpeg", b"application/json"
        )
        connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        until(lambda: client.service.workers.taken)
        model.may_go.set()
        until(lambda: not client.server.server_state.connections)
        until(client.is_at_rest)


def test_a_long_request_is_not_taken_for_a_slow_head(listening, model, jpeg):
    with listening(head_seconds=SOON) as client:
        model.seconds = 2 * SOON
        assert client.ask("POST", "/predict", jpeg)[0] == 200


def test_an_answer_waits_for_no_acknowledgement(listening):
    """Which comes 40 ms late on a connection that is used again and again."""
    with listening() as client:
        connection, seconds = http.client.HTTPConnection("127.0.0.1", client.port), []
        while len(seconds) < 40 or min(seconds[20:]) >= 0.03:  # the first come at once, whatever
            assert len(seconds) < 400
            start = time.monotonic()
            connection.request("GET", "/v2")
            assert connection.getresponse().read()
            seconds.append(time.monotonic() - start)
        connection.close()


def test_more_connections_than_agreed_are_closed_at_once(listening):
    with listening(connections=3) as client:
        held = [client.open() for _ in range(3)]
        until(lambda: len(client.server.server_state.connections) == 3)
        assert is_closed(client.open())
        for one in held:
            one.close()
        until(lambda: not client.server.server_state.connections)
        assert client.ask()[0] == 200


def test_a_client_that_leaves_in_mid_upload_leaves_nothing(listening):
    with listening() as client:
        connection = client.open()
        connection.sendall(HEAD + b"Content-Length: 100000\r\n\r\n" + bytes(50_000))
        until(lambda: client.service.memory.held > 0)
        connection.close()
        until(client.is_at_rest)


def test_the_work_of_a_client_that_left_is_dropped(listening, model, jpeg):
    with listening() as client:
        model.may_go.clear()
        first, second = client.open(), client.open()
        for connection in (first, second):
            connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(jpeg) + jpeg)
        until(lambda: model.begun == 1 and len(client.service.workers.queue) == 1)
        second.close()
        until(lambda: len(client.service.workers.queue) == 0)
        first.close()
        model.may_go.set()
        until(client.is_at_rest)
        assert model.begun == 1


def test_a_body_without_a_length_is_counted(listening):
    with listening(request_bytes=1000, photograph_bytes=1000) as client:
        connection = client.open()
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(20):
            connection.sendall(b"64\r\n" + bytes(100) + b"\r\n")
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(10_000).startswith(b"HTTP/1.1 413 ")
        until(client.is_at_rest)


def test_a_large_body_is_refused_so_that_the_client_reads_why(listening):
    with listening(request_bytes=1000, photograph_bytes=1000) as client:
        status, _, body = client.ask("POST", "/predict", bytes(3_000_000))
        assert (status, json.loads(body)["error"]) == (413, "the body has more than 1,000 bytes")


def test_who_asks_whether_to_send_is_answered_before_a_byte_is_sent(listening):
    with listening(request_bytes=1000, photograph_bytes=1000) as client:
        connection = client.open()
        connection.sendall(HEAD + b"Content-Length: 5000\r\nExpect: 100-continue\r\n\r\n")
        assert connection.recv(10_000).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: -4\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"X: " + b"a" * 2_000_000 + b"\r\n",
        b"Host: 127.0.0.1\r\n",
        b"Bad Name: x\r\n",
        b"Content-Length: 0x8\r\n",
        b"Content-Length: +8\r\n",
        b"Content-Length: 8, 9\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        b"Transfer-Encoding: \x0bchunked\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"X: a\0b\r\n",
        b"X: a\rY: b\r\n",
    ],
    ids=[
        *("both lengths", "two lengths", "negative", "coding", "long", "two hosts", "name"),
        *("base", "sign", "list", "two codings", "white", "space", "zero", "return"),
    ],
)
def test_heads_that_two_servers_read_differently_are_refused(listening, head):
    with listening() as client:
        connection = client.open()
        with suppress(ConnectionError):  # of a head that was too long to be read
            connection.sendall(HEAD + head + b"\r\n" + b"BM.." * 2)
            answer = connection.recv(10_000)
            assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 501 "))
        assert client.ask()[0] == 200


LONG = HEAD + b"a:\r\n" * 20_000 + b"\r\n"
CRUMBS = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nA\r\n" * 2 * CHUNKS


@pytest.mark.parametrize(
    "sent",
    [LONG, b"GET /v2 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + LONG, CRUMBS],
    ids=["a head at once", "a head behind another request", "chunks of a byte"],
)
def test_what_would_take_the_time_of_others_is_not_read(listening, sent):
    with listening() as client:
        connection = client.open()
        with suppress(ConnectionError):
            connection.sendall(sent)
            answers = connection.makefile("rb").read()
            assert b"HTTP/1.1 400 " in answers
            assert b"HTTP/1.1 422 " not in answers
        until(lambda: not client.server.server_state.connections)
        until(client.is_at_rest)
        assert client.ask()[0] == 200


def test_a_body_may_have_many_chunks_and_a_few_small_ones(listening):
    with listening() as client:
        connection = client.open()
        connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for size, count in ((1, CHUNKS), (CRUMB, 2 * CHUNKS)):
            connection.sendall((b"%x\r\n" % size + bytes(size) + b"\r\n") * count)
        connection.sendall(b"0\r\n\r\n")
        assert connection.recv(10_000).startswith(b"HTTP/1.1 422 ")  # it is no photograph
        until(client.is_at_rest)


def test_broken_and_hostile_bodies_break_nothing(listening, jpeg, png):
    """`make faults ARGS="--only service"` tries ten thousand."""
    seen = Counter()
    with listening() as client:
        for seed in range(BODIES):
            sent = hostile(seed, jpeg, png)
            status, _, answer = client.ask("POST", sent.path, sent.body, sent.headers)
            assert status in (200, 400, 403, 413, 415, 422), (seed, status)
            assert status == 200 or json.loads(answer)["error"]
            seen[status] += 1
        assert client.is_at_rest()
        assert client.ask()[0] == 200
    assert min(seen[status] for status in (400, 403, 413, 415, 422)) > 0


def test_a_signal_lets_what_was_begun_end_well(listening, model, jpeg):
    with listening() as client:
        model.may_go.clear()
        answers = []
        asking = threading.Thread(
            target=lambda: answers.append(client.ask("POST", "/predict", jpeg)[0])
        )
        asking.start()
        until(lambda: model.begun == 1)
        client.server.handle_exit(signal.SIGTERM, None)
        client.server._captured_signals.clear()  # which would end the tests
        assert "it is stopping" in client.service.why_unready()
        model.may_go.set()
        asking.join(PATIENCE)
        assert answers == [200]


def test_ctrl_c_ends_it_without_a_word(monkeypatch, capsys):
    def interrupted(self, sockets):
        sockets[0].close()
        raise KeyboardInterrupt

    monkeypatch.setattr("service.server.Server.run", interrupted)
    monkeypatch.setattr("service.server.Models.load_all", lambda self: None)
    monkeypatch.setattr("service.server.log_to_stderr", lambda: None)
    monkeypatch.setattr("service.server.gc.freeze", lambda: None)  # what the tests hold
    assert main(["--port", "0"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "words", [["--model", "/no/such"], ["--workers", "0"], ["--port", "70000"]]
)
def test_a_start_that_cannot_be_says_why_in_one_line(words, capsys):
    assert main(words) == 2
    told = capsys.readouterr().err
    assert told.startswith("service: error: ")
    assert len(told.splitlines()) == 1
