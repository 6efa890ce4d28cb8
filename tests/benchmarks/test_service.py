"""The load on the service is measured: its rows count what clients saw."""

import http.server
import threading
import time

import pytest

from benchmarks import service


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers 200, every third request 429; notes what it was sent."""

    protocol_version = "HTTP/1.1"
    sent: list[bytes]

    def do_POST(self):
        self.sent.append(self.rfile.read(int(self.headers["Content-Length"])))
        status = 429 if len(self.sent) % 3 == 0 else 200
        self.send_response(status)
        self.send_header("Content-Length", "0")
        if status == 429:
            self.send_header("Retry-After", "0.01")
        self.end_headers()

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def stand_in():
    handler = type("Own", (Handler,), {"sent": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], handler.sent
        server.shutdown()


def test_answers_and_refusals_are_told_apart(stand_in):
    port, sent = stand_in
    seen = service.Seen()
    service.ask(port, [b"one", b"two"], time.monotonic() + 0.3, seen)
    assert sent[:4] == [b"one", b"two", b"one", b"two"]
    assert len(seen.answers) + seen.others[429] == len(sent)
    assert seen.others[429] == len(sent) // 3
    service.watch_health(port, time.monotonic() + 0.05, seen)
    assert len(seen.health) == 1


def test_a_row_counts_what_was_seen():
    plain = service.Plain([], 1, 1, done=40, seconds=10.0, processor=1.0)
    assert plain.cells(plain)[:3] == ("4.00", "1.00", "25")
    answers, others = [10.0] * 19 + [112.0], service.Counter({429: 3, 500: 2})
    seen = service.Seen(answers, others, [1.0], 10.0, 0.5, (100, 101))
    told = ("2.00", "0.50", "25", "10", "15", "3", "2", "1", "100", "101")
    assert seen.cells(plain) == told
    assert len(plain.cells(plain)) == len(told)


def test_plain_calls_are_counted(monkeypatch):
    class Model:
        def predict(self, images):
            time.sleep(0.02)

    monkeypatch.setattr(service, "load_model", lambda device: Model())
    monkeypatch.setattr(service, "decode", lambda data, name: data)
    plain = service.Plain([b""], 2, 1)
    plain.measure(0.3)
    assert 5 < plain.done <= 40
    assert 20 < plain.rate <= 110
