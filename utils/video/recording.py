"""Annotated videos that a job makes, whatever interrupts it: the same bytes.

What an encoder remembers cannot be kept. So every so many frames it is done with, and another one
goes on with a key frame: what comes of a stretch of frames hangs on these alone. The packets of all
videos of a job lie in one file that grows; where it ended, and the frames of the stretch that is
not full, are all that a checkpoint holds. Containers are written at the end, of the packets.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np
import torch

from utils.errors import InputError
from utils.records import atomic_file
from utils.video.annotated import (
    ENCODERS,
    TICK,
    fitted,
    has_encoder,
    prepare,
    size_of,
    ticks_of,
)
from utils.video.ffmpeg import pyav

ENCODER = "libvpx-vp9"
"""A job says what its files are called before it runs, so there is no other to fall back on."""

STRETCH = 32
"""Frames that an encoder encodes before another one goes on."""

_, _CONTAINER, _, _OPTIONS = ENCODERS[ENCODER]
_PACKET = struct.Struct("<q?I")  # time, whether it is a key frame, bytes


@dataclass(frozen=True)
class Packets:
    """Where the packets of a video lie in the file: from `start` to `end`; `size` of its frames."""

    start: int
    end: int
    size: tuple[int, int] | None


class Recording:
    """The annotated videos of a job, one after the other.

    Parameters
    ----------
    path
        Of the file that grows; made where it is not there.

    Raises
    ------
    InputError
        If PyAV lacks the encoder.
    """

    def __init__(self, path: Path) -> None:
        if not has_encoder(ENCODER):
            raise InputError(
                f"PyAV has no encoder {ENCODER}; install its wheel with `make video`, or leave "
                "--annotated-videos out"
            )
        path.touch()
        self._path = path
        self._file: BinaryIO = open(path, "r+b", buffering=0)  # noqa: SIM115 (closed by `close`)
        self._begin()

    def _begin(self) -> None:
        self._start, self._size, self._last = self._file.tell(), None, -1
        self._waiting: list[tuple[int, np.ndarray]] = []

    def add(self, image: np.ndarray, time: float) -> None:
        """Add a frame, uint8 (H, W, 3) RGB, of a time in seconds."""
        self._size = self._size or size_of(image)
        self._last = ticks_of(time, self._last)
        frame = pyav().VideoFrame.from_ndarray(fitted(image, self._size))
        self._waiting.append((self._last, frame.reformat(format="yuv420p").to_ndarray()))
        if len(self._waiting) == STRETCH:
            self._encode()

    def end(self) -> Packets:
        """End a video; the next frame is one of another."""
        if self._waiting:
            self._encode()
        made = Packets(self._start, self._file.tell(), self._size)
        self._begin()
        return made

    def state(self) -> dict[str, Any]:
        """Return what it is gone on with, as tensors and plain values; all else is on the disk."""
        os.fsync(self._file.fileno())
        return {
            "at": self._file.tell(),
            "start": self._start,
            "size": self._size,
            "last": self._last,
            "times": [time for time, _ in self._waiting],
            "frames": [_packed(frame) for _, frame in self._waiting],
        }

    def go_on(self, state: dict[str, Any] | None) -> bool:
        """Go on from what `state` returned, or from nothing; return whether all of that is here."""
        at = state["at"] if state else 0
        if self._path.stat().st_size < at:
            return False
        self._file.truncate(at)
        self._file.seek(at)
        self._begin()
        if state:
            size = state["size"]
            self._start, self._last = state["start"], state["last"]
            self._size = None if size is None else (size[0], size[1])
            frames = [_unpacked(frame) for frame in state["frames"]]
            self._waiting = list(zip(state["times"], frames, strict=True))
        return True

    def write(self, packets: Packets, target: Path) -> None:
        """Write a video; an empty file of one of which no frame was seen."""
        with atomic_file(target) as file:
            if packets.size is not None:
                self._mux(packets, file)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _encode(self) -> None:
        av = pyav()
        context = av.codec.CodecContext.create(ENCODER, "w")
        prepare(context, self._size)
        context.options, context.framerate = _OPTIONS, Fraction(30)
        context.thread_count = 1  # as many as there are cores could tell
        made = []
        for time, image in self._waiting:
            frame = av.VideoFrame.from_ndarray(image, format="yuv420p")
            frame.pts, frame.time_base = time, TICK
            made += context.encode(frame)
        made += context.encode(None)
        for packet in made:
            data = bytes(packet)
            head = _PACKET.pack(packet.pts, packet.is_keyframe, len(data))
            self._write(head + data)
        self._waiting = []

    def _write(self, data: bytes) -> None:
        while data:
            data = data[self._file.write(data) :]

    def _mux(self, packets: Packets, file: BinaryIO) -> None:
        av = pyav()
        options = {"fflags": "+bitexact"}  # else it holds numbers by chance
        with av.open(file, "w", format=_CONTAINER, options=options) as container:
            stream = container.add_stream(ENCODER, rate=30)
            stream.time_base = TICK
            prepare(stream.codec_context, packets.size)
            for time, is_key, data in self._read(packets):
                packet = av.Packet(data)
                packet.pts = packet.dts = time
                packet.time_base, packet.stream, packet.is_keyframe = TICK, stream, is_key
                container.mux(packet)

    def _read(self, packets: Packets) -> Iterator[tuple[int, bool, bytes]]:
        with open(self._path, "rb") as file:
            file.seek(packets.start)
            while file.tell() < packets.end:
                time, is_key, size = _PACKET.unpack(file.read(_PACKET.size))
                yield time, is_key, file.read(size)


def _packed(frame: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(cv2.imencode(".png", frame, (cv2.IMWRITE_PNG_COMPRESSION, 1))[1])


def _unpacked(packed: torch.Tensor) -> np.ndarray:
    return cv2.imdecode(packed.numpy(), cv2.IMREAD_GRAYSCALE)
