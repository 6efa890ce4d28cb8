"""The load on the service is measured: its rows count what clients saw."""

import http.server
import threading
from types import SimpleNamespace

import pytest

from benchmarks import service
from benchmarks.plain_calls import Plain


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


def clock(monkeypatch, now):
    """Let time go by as told: no machine is too slow for what is asked until an end."""
    told = SimpleNamespace(monotonic=now, process_time=now, sleep=lambda seconds: None)
    monkeypatch.setattr(service, "time", told)


def test_answers_and_refusals_are_told_apart(stand_in, monkeypatch):
    port, sent = stand_in
    seen = service.Seen()
    clock(monkeypatch, lambda: float(len(sent)))
    service.ask(port, [b"one", b"two"], 7.0, seen)
    assert sent == [b"one", b"two"] * 3 + [b"one"]
    assert (len(seen.answers), seen.others[429]) == (5, 2)
    clock(monkeypatch, lambda: float(len(seen.health)))
    service.watch_health(port, 3.0, seen)
    assert len(seen.health) == 3


def test_a_row_counts_what_was_seen():
    plain = Plain([], 1, 1, done=40, seconds=10.0, processor=1.0)
    assert plain.cells(plain)[:3] == ("4.00", "1.00", "25")
    answers, others = [10.0] * 19 + [112.0], service.Counter({429: 3, 500: 2})
    seen = service.Seen(answers, others, [1.0], 10.0, 0.5, (100, 101))
    told = ("2.00", "0.50", "25", "10", "15", "3", "2", "1", "100", "101")
    assert seen.cells(plain) == told
    assert len(plain.cells(plain)) == len(told)
