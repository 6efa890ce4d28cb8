"""What is fuzzed: a reader, the files to start from, and what a reader may do with any bytes.

It may return a result that keeps its promises, or raise InputError. All else is a finding.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.bad_input import hostile_archives as hostile
from utils.dataset.annotation import read_voc, write_voc
from utils.dataset.faces import Faces
from utils.dataset.intake.archives import Source
from utils.dataset.labels import CLASS_IDS
from utils.dataset.shards import read_shard
from utils.errors import InputError

SEEDS = Path(__file__).with_name("seeds")
"""Inputs that found something, by target; tests/fuzz/test_seeds.py replays them."""

WIDTH, HEIGHT = 640, 480


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
        assert all("/" not in photo.filename for photo in photos)
        assert sum(len(photo.image) + len(photo.annotation or b"") for photo in photos) <= size


def _memory() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (a hundred times quicker)


def voc_files() -> Iterator[bytes]:
    """Yield small annotations as ours and as other tools write them."""
    boxes = np.array([[10, 20, 110, 140], [300, 200, 340, 260]], np.float32)
    faces = Faces(boxes, np.array([1, 3]))
    plain = write_voc("a.png", WIDTH, HEIGHT, faces)
    yield plain
    yield write_voc("a.png", HEIGHT, WIDTH, faces)
    yield write_voc("b.png", WIDTH, HEIGHT, Faces(boxes[:0], np.array([], np.int64)))
    yield b'<?xml version="1.0" encoding="UTF-16"?>'.decode().encode("utf-16") + plain
    yield plain.replace(b"<name>", b"<!-- c --><part><name>x</name></part><name><![CDATA[]]>", 1)
    yield plain.replace(b"<annotation>", b'<annotation xmlns:v="urn:v" verified="yes">', 1)
    yield b'<!DOCTYPE a [<!ENTITY e "with_mask">]>' + plain.replace(b"with_mask", b"&e;", 1)


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
