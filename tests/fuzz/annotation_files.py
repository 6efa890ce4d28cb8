"""Annotations that fuzzing starts from, small and of every format."""

from collections.abc import Iterator

import numpy as np

from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.formats import coco, cvat, yolo
from utils.dataset.formats.annotation import RawAnnotation
from utils.dataset.labels import CLASSES

WIDTH, HEIGHT = 640, 480

RAW = RawAnnotation(
    (CLASSES[0], CLASSES[2]), ((10.0, 20.0, 110.0, 140.0), (0.5, 1.25, 3.0, 4.0)), (WIDTH, HEIGHT)
)


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


def yolo_files() -> Iterator[bytes]:
    """Yield lines of every kind, and lists of class names."""
    yield yolo.write(WIDTH, HEIGHT, RAW.names, RAW.boxes, CLASSES)
    yield b"0 0.1 0.2 0.3 0.4 0.5 0.6\r\n1 .5 5e-1 0.1 0.2 0.9\n\n2.0\t0.5 0.5 1 1\n"
    yield b"\xef\xbb\xbf0 0.5 0.5 0.1 0.2 " + b"0.1 0.9 2 " * 5
    yield b"train: ../train\nnc: 2\nnames: ['mask', \"no\"]\nkpt_shape: [5, 3]\n"
    yield b"names:\n  0: mask\n  1: no mask\n"
    yield b"mask\nno_mask\n"


def coco_files() -> Iterator[bytes]:
    """Yield files with boxes, outlines, crowds and ids of several kinds."""
    yield coco.write({"a.jpg": RAW, "b.jpg": RawAnnotation(size=(3, 4))}, CLASSES)
    yield (
        b'{"images": [{"id": "x", "file_name": "a"}], "categories": [{"id": 0, "name": "mask"}],'
        b' "annotations": [{"image_id": "x", "category_id": 0, "segmentation": [[1, 2, 3, 4]]},'
        b' {"image_id": "x", "category_id": 0, "bbox": [1, 2.5, 3e1, 4], "iscrowd": 1}]}'
    )


def cvat_files() -> Iterator[bytes]:
    """Yield files with shapes of every kind."""
    yield cvat.write({"a.jpg": RAW, "b.jpg": RawAnnotation(size=(3, 4))}, CLASSES)
    yield (
        b'<annotations><meta/><image name="a"><polygon label="m" points="1,2;3,4"/>'
        b'<ellipse label="m" cx="5" cy="4" rx="2" ry="1" rotation="30"/><tag label="x"/>'
        b'<mask label="m" left="1" top="2" width="3" height="4" rle="1"/>'
        b'<box label="m" xtl="1" ytl="2" xbr="3" ybr="4" rotation="45"/></image></annotations>'
    )
    yield b'<annotations><track id="0" label="m"/></annotations>'


def any_files() -> Iterator[bytes]:
    """Yield files of all formats, and of some that are not read."""
    for make in (voc_files, yolo_files, coco_files, cvat_files):
        yield from make()
    yield b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>"
    yield b"filename,width,height,class,xmin,ymin,xmax,ymax\na.jpg,9,9,mask,1,1,2,2\n"
    yield b'{"shapes": [], "imagePath": "a.jpg"}'
