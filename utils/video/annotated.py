"""The annotated video.

An encoder is taken whose licence goes with this project's and with the rest of the wheel. PyAV's
wheel is FFmpeg under the LGPL, and the one H.264 encoder in it that needs no special hardware,
libx264, is under the GPL: it is left alone. OpenH264 (BSD) is taken where a build has it; else VP9
by libvpx (BSD), in WebM, which browsers play and of which a cut-off file stays readable.
"""

import contextlib
from fractions import Fraction

import cv2
import numpy as np

from utils.errors import InputError
from utils.video.files import pyav
from utils.video.folders import Folder

ENCODERS = {
    "libopenh264": (".mp4", "mp4", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}, {}),
    "libvpx-vp9": (".webm", "webm", {}, {"deadline": "realtime", "cpu-used": "8", "row-mt": "1"}),
    "mpeg4": (".mkv", "matroska", {}, {}),
}
"""By name, the best first: suffix, name of the container, its options, those of the encoder."""

WIDEST = 1280
"""Pixels of a frame of the annotated video, at most."""

_TICKS = 1000
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
        self.encoder = next((name for name in ENCODERS if self._has(name)), None)
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
        ticks = max(round(time * _TICKS), self._last + 1)
        self._last = ticks
        frame = self._av.VideoFrame.from_ndarray(_fitted(image, self._size))
        frame.pts, frame.time_base = ticks, Fraction(1, _TICKS)
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

    def _has(self, name: str) -> bool:
        try:
            return self._av.codec.Codec(name, "w").is_encoder
        except ValueError:
            return False

    def _open(self, image: np.ndarray) -> None:
        _, container, of_container, of_encoder = ENCODERS[self.encoder]
        height, width = image.shape[:2]
        scale = min(1.0, WIDEST / width)
        self._size = tuple(max(2, round(side * scale) // 2 * 2) for side in (width, height))
        self._container = self._av.open(
            self._folder.target(self.name), "w", format=container, options=of_container
        )
        stream = self._container.add_stream(self.encoder, rate=30, options=of_encoder)
        stream.width, stream.height, stream.pix_fmt = *self._size, "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, _TICKS)
        stream.codec_context.bit_rate = round(12 * _BITS * self._size[0] * self._size[1]) + 100_000
        self._stream = stream


def _fitted(image: np.ndarray, size: tuple[int, int]) -> np.ndarray:
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
