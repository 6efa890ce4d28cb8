"""What a file of annotations in a source is, by its beginning."""

from utils.dataset.formats.recognise import sniff
from utils.dataset.intake.archives import Source
from utils.errors import InputError

_START = 256 * 1024  # `sniff` looks at as much


def is_cvat(source: Source, path: str) -> bool:
    """Return whether a file is an export of CVAT, also one for video, which its reader refuses."""
    start = _start(source, path)
    if b"annotations" not in start.replace(b"\0", b""):  # the top of each, also in UTF-16
        return False
    return sniff(start) in ("cvat", "CVAT for video")


def is_coco(source: Source, path: str) -> bool:
    """Return whether a file is COCO's, also where a long list of its boxes stands first."""
    start = _start(source, path)
    kind = sniff(start)
    boxes = all(word in start for word in (b'"annotations"', b'"image_id"', b'"category_id"'))
    return kind == "coco" or (kind is None and len(start) == _START and boxes)


def may_be(source: Source, path: str, format: str) -> bool:
    """Return whether a file is of the format "voc" or "yolo", or a damaged or empty one of it."""
    kind = kind_of(source, path)
    return kind == format or (kind is None and (format == "voc" or not _start(source, path)))


def kind_of(source: Source, path: str) -> str | None:
    """Return what `sniff` calls a file; None where that cannot be told, or it cannot be read."""
    return sniff(_start(source, path))


def _start(source: Source, path: str) -> bytes:
    try:
        return source.head(path, _START)
    except InputError:  # it may not matter; who needs the file says so
        return b""
