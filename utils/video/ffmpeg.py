"""FFmpeg by PyAV: what all share that decode or encode."""

from types import ModuleType

from utils.errors import InputError
from utils.video.frames import LARGEST

MOST_PIXELS = {"max_pixels": str(LARGEST)}
"""Option of a decoder: what a frame has at most, also one that a video grows to later."""


def pyav() -> ModuleType:
    """Return PyAV.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise InputError(
            "videos and cameras need PyAV, which is not installed: make video"
        ) from error
    av.logging.set_level(av.logging.PANIC)  # errors come as exceptions, without addresses
    return av


def said(error: BaseException, late: str) -> str:
    """Return what an error of PyAV says; `late` where it waited for too long."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return late if "Immediate exit" in text or "timed out" in text else text


def check_size(name: str, width: int, height: int) -> None:
    """Raise an `InputError` unless a picture of this size is to be decoded."""
    if width < 1 or height < 1:
        raise InputError(
            f"{name}: says that its pictures are {width} x {height} pixels; it is damaged, or of a "
            "kind that cannot be decoded here"
        )
    if width * height > LARGEST:
        raise InputError(
            f"{name}: pictures of {width:,} x {height:,} pixels are more than is looked at "
            f"({LARGEST / 1e6:.0f} million); make it smaller: ffmpeg -i VIDEO -vf scale=1920:-2 NEW"
        )
