"""When a photograph was taken, as its EXIF tells: local time of the camera's clock."""

from datetime import datetime

from PIL import Image

from utils.dataset.image_header import UNREADABLE, open_exif
from utils.dataset.image_limits import pillow_limits
from utils.errors import InputError

_EXIF = 0x8769  # where EXIF keeps its own tags
_TAKEN = (0x9003, 0x9004)  # DateTimeOriginal, DateTimeDigitized; DateTime is that of the last edit
_EARLIEST = 1990  # a clock that was never set tells 1980 or 1970


@pillow_limits()
def taken(data: bytes) -> datetime | None:
    """Return when a photograph was taken; None where nothing trustworthy tells it.

    Parameters
    ----------
    data
        The bytes of the file; of a JPEG, its first part is enough.
    """
    try:
        image = open_exif(data, "photograph")
        tags = Image.Image.getexif(image).get_ifd(_EXIF)  # a PNG's own would decode it
        words = [tags.get(tag) for tag in _TAKEN]
    except (InputError, *UNREADABLE):
        return None
    return next((time for time in map(_time, words) if time), None)


def _time(word: object) -> datetime | None:
    if not isinstance(word, str):
        return None
    try:
        time = datetime.strptime(word.strip("\0 ")[:19], "%Y:%m:%d %H:%M:%S")
    except ValueError:
        return None
    return time if time.year >= _EARLIEST else None
