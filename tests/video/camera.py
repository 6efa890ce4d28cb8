"""A camera in a network: an RTSP server that sends a film again and again, and fails as told."""

import contextlib
import io
import socket
import struct
import threading
import time
from dataclasses import dataclass, field

import numpy as np

_PACKET = 188  # bytes of MPEG-TS


def transport_stream(size: tuple[int, int], frames: int = 40, grey: int = 90) -> bytes:
    """Return a short film of one grey with a number of frames, as MPEG-TS."""
    import av

    file = io.BytesIO()
    with av.open(file, "w", format="mpegts") as container:
        stream = container.add_stream("mpeg2video", rate=20)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        stream.gop_size = 5
        for _ in range(frames):
            image = np.full((size[1], size[0], 3), grey, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode(None))
    return file.getvalue()


@dataclass
class Camera:
    """Serves `film` at about 20 frames a second, to one client after the other.

    Attributes
    ----------
    film
        What is sent; to be replaced at any time.
    frozen
        Whether nothing is sent, while the connection stays.
    dead
        Whether connections are closed at once.
    garbage
        Whether noise is sent in place of the film.
    requests
        First lines of what clients asked.
    """

    film: bytes
    frozen: bool = False
    dead: bool = False
    garbage: bool = False
    requests: list[str] = field(default_factory=list)

    def __enter__(self) -> "Camera":
        self._stop = threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.05)
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join(timeout=60)
        self._server.close()

    def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._server.accept()
            except TimeoutError:
                continue
            with client, contextlib.suppress(OSError):
                if not self.dead:
                    client.settimeout(30)
                    self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        waiting = b""
        while not self._stop.is_set() and not self.dead:
            while b"\r\n\r\n" not in waiting:
                more = client.recv(4096)
                if not more:
                    return
                waiting += more
            head, _, waiting = waiting.partition(b"\r\n\r\n")
            lines = head.decode().splitlines()
            self.requests.append(lines[0])
            method = lines[0].split()[0]
            number = next(line for line in lines if line.lower().startswith("cseq"))
            extra, body = self._reply(method, lines)
            text = ["RTSP/1.0 200 OK", number, *extra, f"Content-Length: {len(body)}", "", body]
            client.sendall("\r\n".join(text).encode())
            if method == "PLAY":
                self._play(client)
                return

    def _reply(self, method: str, lines: list[str]) -> tuple[list[str], str]:
        if method == "OPTIONS":
            return ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"], ""
        if method == "DESCRIBE":
            sdp = ["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=test", "t=0 0", "c=IN IP4 127.0.0.1"]
            sdp += ["m=video 0 RTP/AVP 33", "a=rtpmap:33 MP2T/90000", "a=control:track1", ""]
            return ["Content-Type: application/sdp"], "\r\n".join(sdp)
        if method == "SETUP":
            asked = next(line for line in lines if line.lower().startswith("transport"))
            return [asked, "Session: 1"], ""
        return ["Session: 1"], ""

    def _play(self, client: socket.socket) -> None:
        sequence, at, rng = 0, 0, np.random.default_rng(0)
        while not self._stop.is_set() and not self.dead:
            if self.frozen:
                time.sleep(0.02)
                continue
            film = self.film
            at = at if at < len(film) else 0
            data = film[at : at + 7 * _PACKET]
            data = rng.bytes(len(data)) if self.garbage else data
            at += len(data)
            stamp = int(time.monotonic() * 90_000) & 0xFFFFFFFF
            packet = struct.pack(">BBHII", 0x80, 33, sequence & 0xFFFF, stamp, 7) + data
            client.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
            sequence += 1
            time.sleep(0.05 * len(data) / max(len(film) / 40, 1))
