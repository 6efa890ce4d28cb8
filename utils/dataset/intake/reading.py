"""One photograph and its annotation, read from a source as far as it takes."""

from collections.abc import Callable, Iterable

from utils.dataset.formats import voc, yolo
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.formats.recognise import READ as FORMATS
from utils.dataset.formats.recognise import advice, sniff
from utils.dataset.image_header import Header, read_header
from utils.dataset.intake import class_folders
from utils.dataset.intake.archives import Source
from utils.dataset.intake.kinds import CONVERT, FIXES, READ, kind_by_bytes
from utils.dataset.intake.layout import Layout
from utils.dataset.intake.yolo_classes import ClassNames
from utils.errors import InputError, brief


def read_photograph(source: Source, path: str) -> Header:
    """Return the header of a photograph in a source, of which as little is read as it takes.

    Raises
    ------
    InputError
        If it is no photograph, or a damaged one; the message says what it is.
    """
    head = source.head(path)
    kind = kind_by_bytes(head)
    if kind not in (*READ, None):
        fix = FIXES.get(kind, CONVERT).replace("them", "it")
        raise InputError(f"{brief(path, 200)}: is no photograph but of kind {kind}; {fix}")
    if kind in ("JPEG", "BMP"):
        try:
            return read_header(head, brief(path, 200))
        except InputError:  # the header may be longer
            pass
    return read_header(source.read(path), brief(path, 200))


def annotation_reader(
    source: Source, layout: Layout, told: Iterable[str]
) -> Callable[[str, Header], RawAnnotation]:
    """Return what reads the annotation of a photograph, by its path and header.

    Parameters
    ----------
    told
        What ``--classes`` says: names of theirs.
    """
    if layout.format == class_folders.NAME:
        return lambda path, header: class_folders.face_of(layout.pairs[path], header)
    if layout.format not in ("voc", "yolo"):
        return lambda path, header: layout.index[path]
    lists = layout.format == "yolo" and ClassNames(source, sorted(layout.pairs.values()), told)

    def read(path: str, header: Header) -> RawAnnotation:
        file = layout.pairs[path]
        data, where = source.read(file), brief(file, 200)
        try:
            if lists:
                return yolo.parse(data, where, lists.of(file), header.width, header.height)
            return voc.parse(data, where)
        except InputError:
            if (kind := sniff(data)) is None or kind in FORMATS:
                raise
            raise InputError(f"{where}: is {kind}; {advice(kind)}") from None

    return read
