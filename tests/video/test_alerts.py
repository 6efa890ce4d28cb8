"""Alerts: once an event, with a pause, and whatever receivers do."""

import base64
import http.server
import json
import sys
import threading

import pytest

from tests.waiting import PATIENCE
from utils.errors import InputError
from utils.video.alerts import Alert, Condition
from utils.video.receivers import Receivers, address, program

RECORD = {"alert": "share < 80 % for 60 s", "text": "0:10 door: share < 80 % for 60 s", "people": 3}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("share < 80 % for 60 s", ("share", "<", 0.8, 60)),
        ("share<=0.5 for 2 min", ("share", "<=", 0.5, 120)),
        ("people > 20", ("people", ">", 20, 0)),
        ("people >= 3 for 1 h", ("people", ">=", 3, 3600)),
        ("SHARE<80%for 60sec", ("share", "<", 0.8, 60)),
        ("  share  \u2264 .5 for  5 minutes ", ("share", "<=", 0.5, 300)),
        ("people => 3 for 2 hours", ("people", ">=", 3, 7200)),
    ],
)
def test_conditions_are_read(text, expected):
    condition = Condition.of(text)
    assert (condition.what, condition.sign, condition.bound, condition.seconds) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "share", "share < 80", "share < 180 %", "people > 5 %", "rate < 1"),
        *("share < 80 % 60", "share < nan", "share < -5 %", "share < 1e2 %", "share < 80,5 %"),
        *("share < 80 % for -5 s", "share < 80 % for 60 s; id", "share < 80 % and people > 3"),
        *("share < 80 % for 5 ms", "share < 80 % for 99999999999 h", "x" * 5000),
        *("share > 100 %", "share < 0", "people < 0", "people >= 0", "share <= 1"),
    ],
)
def test_others_are_refused_with_an_example(text):
    with pytest.raises(InputError, match="--alert"):
        Condition.of(text)


def run(alert: Alert, shares, step: float = 1.0) -> list[float]:
    """Return the times at which it is told of shares that come one after the other."""
    return [
        k * step
        for k, share in enumerate(shares)
        if alert.update(k * step, share, 0 if share is None else 5) is not None
    ]


def test_an_event_is_told_once_when_it_has_lasted():
    alert = Alert(Condition.of("share < 80 % for 10 s"), pause=0)
    assert run(alert, [0.9] * 5 + [0.7] * 40) == [15]


def test_each_event_is_told_but_for_the_pause():
    shares = ([0.7] * 20 + [0.9] * 5) * 3
    assert run(Alert(Condition.of("share < 80 % for 10 s"), pause=0), shares) == [10, 35, 60]
    assert run(Alert(Condition.of("share < 80 % for 10 s"), pause=30), shares) == [10, 40]


def test_what_flickers_is_not_told():
    assert run(Alert(Condition.of("share < 80 % for 3 s")), [0.7, 0.7, 0.9] * 10) == []


def test_nobody_is_no_share_and_a_gap_ends_an_event():
    alert = Alert(Condition.of("share < 80 % for 3 s"), pause=0)
    assert run(alert, [0.7, 0.7, None, 0.7, 0.7, None]) == []
    alert = Alert(Condition.of("share < 80 % for 30 s"), pause=0)
    for time_ in (*range(20), *range(40, 60)):
        assert alert.update(time_, 0.5, 3) is None


def test_a_program_is_run_without_a_shell(tmp_path):
    script = "import sys; open(sys.argv[1], 'a').write(sys.argv[2] + sys.stdin.read())"
    command = f"'{sys.executable}' -c \"{script}\" '{tmp_path}/told $(id)' {{text}}"
    receivers = Receivers([program(command)])
    receivers.tell(RECORD)
    receivers.close()
    said = (tmp_path / "told $(id)").read_text()
    assert said.startswith(RECORD["text"])
    assert json.loads(said.removeprefix(RECORD["text"])) == RECORD
    assert receivers.failed == 0


class Server(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append((self.path, json.loads(body)))
        self.server.who = self.headers["Authorization"]
        status = self.server.status
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server():
    with http.server.HTTPServer(("127.0.0.1", 0), Server) as server:
        server.told, server.status = [], 204
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_an_alert_is_posted_as_json(server):
    receivers = Receivers([address(f"http://127.0.0.1:{server.server_port}/hook?key=k3y")])
    receivers.tell(RECORD)
    receivers.close()
    assert server.told == [("/hook?key=k3y", RECORD)]
    assert receivers.failed == 0


def test_user_and_password_of_an_address_are_sent_as_a_browser_does(server):
    receivers = Receivers([address(f"http://me:p%40ss@127.0.0.1:{server.server_port}/")])
    receivers.tell(RECORD)
    receivers.close()
    assert server.who == f"Basic {base64.b64encode(b'me:p@ss').decode()}"


def test_a_redirect_is_not_followed_and_is_a_failure(server):
    server.status = 302
    receivers = Receivers([address(f"http://127.0.0.1:{server.server_port}/hook")])
    receivers.tell(RECORD)
    receivers.close()
    assert [path for path, _ in server.told] == ["/hook"]
    assert receivers.failed == 1


def test_receivers_that_fail_hold_up_nothing_and_show_no_secret(server, caplog):
    all_told = threading.Event()

    def waits(record: dict) -> None:
        assert all_told.wait(PATIENCE), "who tells waits for who is told"

    failing = [
        waits,
        program("/no/such/program"),
        program(f"'{sys.executable}' -c 'raise SystemExit(3)'"),
        program(f"'{sys.executable}' -c 'import time; time.sleep(600)'", timeout=0.3),
        address("http://user:s3cret@127.0.0.1:9/hook?key=k3yk3y"),
        address(f"http://127.0.0.1:{server.server_port}/hook"),
    ]
    receivers = Receivers(failing)
    for _ in range(3):
        receivers.tell(RECORD)
    all_told.set()
    receivers.close(PATIENCE)
    assert receivers.failed == 12
    assert len(server.told) == 3
    assert "s3cret" not in caplog.text
    assert "k3yk3y" not in caplog.text


@pytest.mark.parametrize("wrong", ["ftp://host/", "file:///etc/passwd", "host", "http://h:x/"])
def test_what_is_no_web_address_is_refused(wrong):
    with pytest.raises(InputError, match="--alert-post"):
        address(wrong)


def test_what_is_no_command_is_refused():
    for wrong in ("", "'unfinished"):
        with pytest.raises(InputError, match="--alert-run"):
            program(wrong)


def test_a_receiver_that_is_not_done_in_time_counts_as_one_that_failed(caplog):
    let_go = threading.Event()
    receivers = Receivers([lambda record: let_go.wait(PATIENCE)])
    receivers.tell(RECORD)
    receivers.close(patience=0.1)
    let_go.set()
    assert receivers.failed == 1
    assert "alerts are not told: the receivers are too slow" in caplog.text
