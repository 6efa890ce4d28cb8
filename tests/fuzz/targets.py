"""What is fuzzed: a reader, the files to start from, and what a reader may do with any bytes.

It may return a result that keeps its promises, or raise InputError. All else is a finding.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.bad_input import hostile_archives as hostile
from tests.fuzz.annotation_files import (
    HEIGHT,
    WIDTH,
    any_files,
    coco_files,
    cvat_files,
    voc_files,
    yolo_files,
)
from utils.dataset.annotation import fit, read_voc
from utils.dataset.formats import coco as coco_format
from utils.dataset.formats import cvat as cvat_format
from utils.dataset.formats import yolo as yolo_format
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.formats.recognise import ADVICE, READ, advice, sniff
from utils.dataset.formats.yolo_names import Names, parse_names
from utils.dataset.intake.archives import Source
from utils.dataset.labels import CLASS_IDS, CLASSES
from utils.dataset.shards import read_shard
from utils.errors import InputError

SEEDS = Path(__file__).with_name("seeds")
"""Inputs that found something, by target; tests/fuzz/test_seeds.py replays them."""


@dataclass(frozen=True)
class Target:
    """A reader that is fuzzed.

    Attributes
    ----------
    run
        Reads bytes; raises AssertionError where the result breaks a promise.
    start
        Makes the files to start from.
    words
        What is worth writing into a file of this format.
    """

    run: Callable[[bytes], None]
    start: Callable[[], Iterator[bytes]]
    words: tuple[bytes, ...]


def voc(data: bytes) -> None:
    """Read an annotation; its boxes lie inside the image and have known classes."""
    for orientation in (1, 6):
        try:
            faces = read_voc(data, "a.xml", WIDTH, HEIGHT, orientation).faces
        except InputError as error:
            assert str(error).startswith("a.xml: ") and len(str(error)) < 2000, error
            continue
        x1, y1, x2, y2 = faces.boxes.T
        assert faces.boxes.dtype == np.float32 and len(faces.labels) == len(faces.boxes)
        assert ((x1 >= 0) & (x1 < x2) & (x2 <= WIDTH)).all()
        assert ((y1 >= 0) & (y1 < y2) & (y2 <= HEIGHT)).all()
        assert set(faces.labels.tolist()) <= set(CLASS_IDS.values())


def yolo(data: bytes) -> None:
    """Read a photograph's file, and the same bytes as names of classes."""
    for points in (0, 15):
        names = Names(dict(enumerate(CLASSES)), "data.yaml", points)
        _refused_or(
            "a.txt", lambda names=names: _check(yolo_format.parse(data, "a.txt", names, 640, 480))
        )
    for name in ("data.yaml", "classes.txt"):
        _refused_or(name, lambda name=name: _check_names(parse_names(data, name)))


def coco(data: bytes) -> None:
    """Read a COCO file."""
    _refused_or("a.json", lambda: list(map(_check, coco_format.parse(data, "a.json").values())))


def cvat(data: bytes) -> None:
    """Read an export of CVAT."""
    _refused_or("a.xml", lambda: list(map(_check, cvat_format.parse(data, "a.xml").values())))


def recognise(data: bytes) -> None:
    """Say what a file is; what to do with one that is not read is told."""
    found = sniff(data)
    assert found is None or found in READ or advice(found) in ADVICE.values()
    assert found is None or (found.isprintable() and len(found) < 100)


def _refused_or(name: str, read: Callable[[], object]) -> None:
    try:
        read()
    except InputError as error:
        assert str(error).startswith(f"{name}: ") and len(str(error)) < 2000, error
        assert str(error).isprintable(), error


def _check(raw: RawAnnotation) -> None:
    """Boxes are finite, and fit into any image without an error."""
    assert len(raw.names) == len(raw.boxes)
    assert np.isfinite(np.array(raw.boxes, np.float64)).all()
    annotation = fit(raw, "a", WIDTH, HEIGHT, 6, class_of=lambda _: 1)
    assert len(annotation.faces) + annotation.dropped == len(raw.boxes)


def _check_names(names: Names) -> None:
    assert names.by_index and all(index >= 0 for index in names.by_index)
    assert all(isinstance(name, str) for name in names.by_index.values()) and str(names)


def archives(data: bytes) -> None:
    """Read an archive as what it looks like, and as a shard; its names stay inside it."""
    suffix = ".zip" if b"PK\5\6" in data else ".tar"
    with tempfile.NamedTemporaryFile(suffix=suffix, dir=_memory()) as file:
        file.write(data)
        file.flush()
        _source(Path(file.name))
        _shard(Path(file.name), len(data))


def _source(path: Path) -> None:
    try:
        with Source(path) as source:
            for name in source.files:
                assert ".." not in name.split("/") and not name.startswith("/"), name
                try:
                    source.read(name)
                except InputError as error:
                    assert len(str(error)) < 2000 + len(name), error
    except InputError as error:
        assert str(path) in str(error) and len(str(error)) < 2000, error


def _shard(path: Path, size: int) -> None:
    try:
        photos = list(read_shard(path))
    except InputError as error:
        assert str(path) in str(error) and len(str(error)) < 2000, error
    else:
        parts = [photo.filename.split("/") for photo in photos]
        assert all(not {"", ".", ".."}.intersection(some) for some in parts)
        assert sum(len(photo.image) + len(photo.annotation or b"") for photo in photos) <= size


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (a hundred times quicker)


def archive_files() -> Iterator[bytes]:
    """Yield small tars and zips, plain, compressed and hostile."""
    shard = hostile.tar_of({"a.png": hostile.PNG, "a.xml": b"<annotation/>", "b.png": b""})
    yield shard
    yield from (pack(shard) for pack in hostile.COMPRESSORS.values())
    yield hostile.zip_of({"images/a.png": hostile.PNG, "annotations/a.xml": b"<annotation/>"})
    for method in (8, 12, 14):
        yield hostile.packed(("a.png", hostile.PNG * 3), compression=method)
    cases = [*hostile.TARS.values(), *hostile.ZIPS.values()]
    yield from (data for data, _ in cases if len(data) < 2**14)


TARGETS = {
    "voc": Target(
        run=voc,
        start=voc_files,
        words=(
            *(b"<annotation>", b"</annotation>", b"<object>", b"</object>", b"<bndbox>"),
            *(b"<xmin>", b"</xmin>", b"<ymin>", b"<xmax>", b"<ymax>", b"<size>", b"<width>"),
            *(b"<name>", b"</name>", b"with_mask", b"without_mask", b"mask_weared_incorrect"),
            *(b"nan", b"inf", b"-1e999", b"1e-400", b"1_0", b"\xd9\xa1", b"&#x41;", b"&lt;"),
            *(b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<?x ?>", b'encoding="latin-1"'),
            *(b"<!DOCTYPE a>", b"xmlns=", b"\xff\xfe", b"\xef\xbb\xbf"),
        ),
    ),
    "yolo": Target(
        run=yolo,
        start=yolo_files,
        words=(
            *(b"0 0.5 0.5 0.1 0.2\n", b"nan", b"inf", b"1e999", b"1_0", b"\xd9\xa1", b"\xff\xfe"),
            *(
                b"names:",
                b"nc:",
                b"kpt_shape: [",
                b"&a ",
                b"*a",
                b"<<: ",
                b"!!python/object:",
                b"? ",
            ),
            *(b"\n  0: ", b"- ", b"{", b"}", b"%YAML 1.2\n", b"--- ", b"|\n", b"\xef\xbb\xbf"),
        ),
    ),
    "coco": Target(
        run=coco,
        start=coco_files,
        words=(
            *(b'"images"', b'"annotations"', b'"categories"', b'"id"', b'"file_name"', b'"name"'),
            *(b'"image_id"', b'"category_id"', b'"bbox"', b'"segmentation"', b'"iscrowd"'),
            *(
                b"NaN",
                b"1e999",
                b"-0",
                b"null",
                b"true",
                b"[[",
                b"]]",
                b"{}",
                b"\\ud800",
                b'"\\u0000"',
            ),
        ),
    ),
    "cvat": Target(
        run=cvat,
        start=cvat_files,
        words=(
            *(b"<annotations>", b"</annotations>", b"<image ", b"</image>", b"<track ", b"<box "),
            *(b"<polygon ", b"<polyline ", b"<ellipse ", b"<mask ", b'points="', b'rotation="'),
            *(b'name="', b'label="', b'outside="1"', b'xtl="', b"nan", b"1e308", b"1e-400", b";,"),
        ),
    ),
    "recognise": Target(
        run=recognise,
        start=any_files,
        words=(
            *(b"<html>", b"<title>", b"<annotation>", b"<dataset>", b"<!DOCTYPE", b"&e;", b"<!--"),
            *(
                b'"images":',
                b'"shapes":',
                b'"data":',
                b"[{",
                b".jpg",
                b"\xff\xfe",
                b"version https",
            ),
        ),
    ),
    "archives": Target(
        run=archives,
        start=archive_files,
        words=(
            *(b"PK\1\2", b"PK\3\4", b"PK\5\6", b"PK\6\6", b"PK\6\7", b"\1\0\x1c\0"),
            *(b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0", b"ustar\x0000", b"ustar  \0"),
            *(
                b"path=",
                b"size=",
                b"GNU.sparse.major=",
                b"../",
                b"\xff\xff\xff\xff",
                b"././@LongLink",
            ),
        ),
    ),
}
