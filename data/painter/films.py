"""Scenes filmed: video files with what is true of them, for tests and measurements.

A film can carry the number of each frame as a row of black and white squares, which survives
compression: what reads it knows the truth of a frame, wherever in a program it meets it.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from data.painter.moving import Scene
from utils.dataset.labels import CLASSES

BITS, _SQUARE = 14, 8
_TICKS = 12_800  # time base of the files: a second in parts


def frame_times(seconds: float, rate: float) -> np.ndarray:
    """Return the times in seconds of the frames of an even film."""
    return np.arange(int(np.ceil(seconds * rate))) / rate


def write_film(
    path: Path,
    scene: Scene,
    times: Sequence[float],
    *,
    codec: str = "mpeg4",
    stamped: bool = False,
    rotation: int = 0,
) -> None:
    """Film a scene; equal arguments give equal files.

    Parameters
    ----------
    path
        The suffix chooses the container, as ``.mp4`` or ``.mkv``.
    times
        Seconds at which a frame is taken, rising; they need not be even.
    codec
        An encoder that FFmpeg has.
    stamped
        Whether each frame carries its number (`stamped_number`).
    rotation
        Degrees counter-clockwise by which a player is to turn the film, a multiple of 90.
    """
    import av

    with av.open(path, "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(codec, rate=Fraction(30))
        stream.width, stream.height = scene.size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = stream.time_base = Fraction(1, _TICKS)
        stream.codec_context.bit_rate = 1_500_000
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"flags": "+bitexact"}
        if rotation:
            stream.set_display_rotation(rotation)
        for number, time in enumerate(times):
            image = scene.paint(time)
            frame = av.VideoFrame.from_ndarray(stamp(image, number) if stamped else image)
            frame.pts, frame.time_base = round(time * _TICKS), Fraction(1, _TICKS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def truth_record(scene: Scene, times: Sequence[float]) -> dict[str, Any]:
    """Return who is where in each frame, and who there is at all.

    Returns
    -------
    ``size``, ``people`` ([{person, class}], who are seen in any frame) and ``frames`` ([{time,
    faces: [{person, class, box, visible}]}]).
    """
    frames = [
        {
            "time": float(time),
            "faces": [
                {
                    "person": face.person,
                    "class": CLASSES[face.label - 1],
                    "box": [round(value, 2) for value in face.box],
                    "visible": round(face.visible, 3),
                }
                for face in scene.at(time)
            ],
        }
        for time in times
    ]
    people = {face["person"]: face["class"] for frame in frames for face in frame["faces"]}
    return {
        "size": list(scene.size),
        "people": [{"person": key, "class": people[key]} for key in sorted(people)],
        "frames": frames,
    }


def stamp(image: np.ndarray, number: int) -> np.ndarray:
    """Return a frame, uint8 (H, W, 3), with its number in the upper left corner."""
    image = image.copy()
    for bit in range(BITS):
        value = 255 * (number >> bit & 1)
        image[:_SQUARE, bit * _SQUARE : (bit + 1) * _SQUARE] = value
    return image


def stamped_number(image: np.ndarray) -> int:
    """Return the number that `stamp` wrote on a frame."""
    squares = image[1 : _SQUARE - 1, : BITS * _SQUARE].reshape(_SQUARE - 2, BITS, _SQUARE, 3)
    bits = squares[:, :, 1:-1].mean(axis=(0, 2, 3)) > 127
    return int(bits @ (1 << np.arange(BITS)))
