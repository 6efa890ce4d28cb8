"""What a file is by its first bytes, whatever it is called."""

import pytest

from tests.bad_input.pictures import pictures
from tests.formats.shots import picture
from utils.dataset.image_header import FORMATS
from utils.dataset.intake.kinds import (
    HEAD,
    READ,
    fixes,
    is_photograph,
    kind_by_bytes,
    suffix,
    unread_photograph,
)

READERS = {"png": "PNG", "jpg": "JPEG", "webp": "WebP", "bmp": "BMP", "tif": "TIFF"}


@pytest.mark.parametrize("name", [name for name in pictures() if name.split()[0] in READERS])
def test_photographs_are_recognised(name):
    assert kind_by_bytes(pictures()[name][:HEAD]) == READERS[name.split()[0]]


def test_the_kinds_that_are_read_are_those_of_the_decoder():
    assert {kind.upper() for kind in READ} == set(FORMATS)
    for format in FORMATS:
        assert kind_by_bytes(picture(format=format)).upper() == format


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "AVIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0", "HEIC"),
        (b"\0\0\0\x1cftypavif\0\0\0\0mif1", "AVIF"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "video"),
        (b"RIFF\0\0\0\0AVI LIST", "video"),
        (b"\n <!-- x -->\n<!doctype HTML>", "HTML page"),
        (b"\xef\xbb\xbf<html lang=en>", "HTML page"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x">', "SVG"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"", "empty file"),
        (b"<annotation>", None),
        (b"noise", None),
    ],
)
def test_other_files_are_called_what_they_are(head, kind):
    assert kind_by_bytes(head) == kind


def test_names():
    assert suffix("a.b/c.JPG") == ".jpg" and suffix("a.b/c") == "" and suffix(".hidden") == ""
    assert is_photograph("x/a.JFIF") and not is_photograph("a.heic")
    for name in (".jpg", "..jpg", "...jpg"):
        assert not is_photograph(f"x/{name}"), "nothing is left to call its results by"
    assert unread_photograph("A.HEIF") == "HEIC" and unread_photograph("a.txt") is None
    assert fixes(["HEIC", "AVIF"]) == "convert them to JPEG or PNG"
