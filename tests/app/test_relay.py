"""The webcam where a network lets nothing through but a TURN server, which is a real one."""

import re
import shutil
import socket
import subprocess

import pytest
from playwright.sync_api import expect

from app.settings import SECRET, USER
from tests.app.browsing import MARKS, RELAYED, REQUIRED, WEBRTC, seen, settled
from tests.app.served import served
from tests.ports import free_port
from tests.waiting import PATIENCE, until

RELAY = shutil.which("turnserver")

pytestmark = [
    *MARKS,
    pytest.mark.skipif(not RELAY and not REQUIRED, reason="coturn is not installed"),
]


@pytest.fixture
def relay(tmp_path):
    """A TURN server of this machine alone; its port."""
    assert RELAY, "coturn is required (MASK_DETECTION_BROWSER_REQUIRED=1), and not installed"
    port = free_port(socket.SOCK_DGRAM)
    words = [RELAY, "-n", "--no-cli", "--no-tls", "--no-dtls", "--log-file", "stdout"]
    words += ["--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1", "--allow-loopback-peers"]
    words += ["--listening-port", str(port), "--pidfile", str(tmp_path / "pid")]
    words += ["--lt-cred-mech", "--realm", "masks", "--user", "visitor:secret"]
    words += ["--userdb", str(tmp_path / "users")]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        until(lambda: _listens(port), server)
        yield port
    finally:
        server.terminate()
        server.wait(PATIENCE)


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


@pytest.mark.parametrize("known", [True, False])
def test_live_video_comes_through_a_relay_that_knows_the_visitor_and_no_other(
    relay, visitor, tmp_path, monkeypatch, known
):
    monkeypatch.setenv(USER, "visitor")
    monkeypatch.setenv(SECRET, "secret" if known else "another")
    words = ("--runs", str(tmp_path), "--ice", f"turn:127.0.0.1:{relay}")
    with served(*words) as (address, _):
        page = visitor(f"{address}/webcam", RELAYED)
        frame = page.frame_locator(WEBRTC)
        frame.get_by_role("button", name="START").wait_for()
        settled(page)
        frame.get_by_role("button", name="START").click()
        if not known:
            seen(page, "find no way to each other")
            return
        frame.locator("video").wait_for()
        page.frames[-1].wait_for_function("document.querySelector('video').videoWidth > 0")
        expect(page.get_by_text(re.compile("faces? here now")).first).to_be_visible()
