"""The annotated video.

An encoder is taken whose licence goes with this project's and with the rest of the wheel. PyAV's
wheel is FFmpeg under the LGPL, and the one H.264 encoder in it that needs no special hardware,
libx264, is under the GPL: it is left alone. OpenH264 (BSD) is taken where a build has it; else VP9
by libvpx (BSD), in WebM, which browsers play and of which a cut-off file stays readable.
"""

import contextlib
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

from utils.errors import InputError
from utils.video.ffmpeg import pyav
from utils.video.folders import Folder

ENCODERS = {
    "libopenh264": (".mp4", "mp4", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}, {}),
    "libvpx-vp9": (".webm", "webm", {}, {"deadline": "realtime", "cpu-used": "8", "row-mt": "1"}),
    "mpeg4": (".mkv", "matroska", {}, {}),
}
"""Encoders by name, the best first: suffix, name of the container, its options, those of the
encoder."""

WIDEST = 1280
"""Pixels of a frame of the annotated video, at most."""

TICK = Fraction(1, 1000)
"""Seconds by which times are counted."""

_BITS = 0.09  # of a pixel of a frame


class AnnotatedVideo:
    """A video that is written frame by frame.

    Parameters
    ----------
    folder
        Where its file is opened, with the first frame.
    stem
        The file's name without a suffix.

    Attributes
    ----------
    name
        Of the file.
    encoder
        Name of the encoder.
    """

    def __init__(self, folder: Folder, stem: str = "annotated") -> None:
        self._av = pyav()
        self.encoder = next(filter(has_encoder, ENCODERS), None)
        if self.encoder is None:
            raise InputError(
                f"PyAV has none of the encoders {', '.join(ENCODERS)}; install its wheel with "
                "`make video`, or leave the video out: --no-pictures"
            )
        self.name, self._folder = stem + ENCODERS[self.encoder][0], folder
        self._container = self._stream = None
        self._size = (0, 0)
        self._last = -1

    def add(self, image: np.ndarray, time: float) -> None:
        """Write a frame, uint8 (H, W, 3) RGB, of a time in seconds.

        A frame of another size than the first is fitted into that.

        Raises
        ------
        OSError
            If it cannot be written, as on a full disk.
        """
        if self._container is None:
            self._open(image)
        ticks = ticks_of(time, self._last)
        self._last = ticks
        frame = self._av.VideoFrame.from_ndarray(fitted(image, self._size))
        frame.pts, frame.time_base = ticks, TICK
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Write what is left; what cannot be written any more is left out."""
        if self._container is None:
            return
        with contextlib.suppress(self._av.error.FFmpegError, OSError):
            self._container.mux(self._stream.encode(None))
        with contextlib.suppress(self._av.error.FFmpegError, OSError):
            self._container.close()
        self._container = None

    def _open(self, image: np.ndarray) -> None:
        _, container, of_container, of_encoder = ENCODERS[self.encoder]
        self._size = size_of(image)
        self._container = self._av.open(
            self._folder.target(self.name), "w", format=container, options=of_container
        )
        self._stream = self._container.add_stream(self.encoder, rate=30, options=of_encoder)
        self._stream.time_base = TICK
        prepare(self._stream.codec_context, self._size)


def ticks_of(time: float, last: int) -> int:
    """Return a time in seconds in `TICK`s, after that of the frame before."""
    return max(round(time / TICK), last + 1)


def has_encoder(name: str) -> bool:
    """Return whether PyAV has an encoder."""
    av = pyav()
    try:
        return av.codec.Codec(name, "w").is_encoder
    except ValueError:
        return False


def size_of(image: np.ndarray) -> tuple[int, int]:
    """Return the width and height of an annotated video whose first frame is an image."""
    height, width = image.shape[:2]
    scale = min(1.0, WIDEST / width)
    return tuple(max(2, round(side * scale) // 2 * 2) for side in (width, height))


def prepare(context: Any, size: tuple[int, int]) -> None:
    """Set up what an encoder of PyAV makes: frames of a size, at the times that they have."""
    context.width, context.height, context.pix_fmt = *size, "yuv420p"
    context.time_base = TICK
    context.bit_rate = round(12 * _BITS * size[0] * size[1]) + 100_000


def fitted(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return an image of a size (width, height), with black beside it where the shape differs."""
    height, width = image.shape[:2]
    if (width, height) == size:
        return image
    scale = min(size[0] / width, size[1] / height)
    inner = (min(size[0], round(width * scale)), min(size[1], round(height * scale)))
    small = cv2.resize(image, inner, interpolation=cv2.INTER_AREA)
    canvas = np.zeros((size[1], size[0], 3), np.uint8)
    left, top = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas[top : top + inner[1], left : left + inner[0]] = small
    return canvas
