"""What the parts and tags of a picture may ask for; tests/bad_input/ has the bombs themselves."""

import contextlib
import struct
import threading
import warnings

import pytest
from PIL import Image, TiffImagePlugin

from tests.bad_input.bombs import overlapping_tags
from tests.bad_input.pictures import pictures, png, png_chunk, saved
from utils.dataset import image_limits
from utils.dataset.image_limits import MAX_PIXELS, check_exif, check_structure, pillow_limits
from utils.dataset.images import decode
from utils.errors import InputError

WHOLE = pictures()
JPEG = saved(Image.new("RGB", (8, 8)), "JPEG")


@pytest.mark.parametrize("name", [name for name in WHOLE if name.startswith(("png", "jpg"))])
def test_whole_pictures_pass(name):
    check_structure(WHOLE[name])


def test_other_formats_and_cut_ones_are_left_to_the_decoder():
    for data in (b"", WHOLE["gif one"], WHOLE["png RGB"][:40], JPEG[:3], b"\xff\xd8\xff\xda"):
        check_structure(data)


@pytest.mark.parametrize("kind", [b"IDAT", b"tEXt"])
def test_of_a_png_the_data_must_have_their_checksum(kind):
    whole = WHOLE["png RGB"]
    place = whole.index(b"IDAT") - 4
    changed = bytearray(whole[:place] + png_chunk(kind, b"x\0y") + whole[place:])
    changed[place + 9] ^= 1
    if kind == b"IDAT":
        with pytest.raises(ValueError, match=f"checksum of its data at byte {place} is wrong"):
            check_structure(bytes(changed))
    else:
        check_structure(bytes(changed))  # Pillow checks these


def test_as_many_parts_as_allowed_pass_and_one_more_does_not(monkeypatch):
    monkeypatch.setattr(image_limits, "MAX_PARTS", 20)
    whole = png(2, 2, bytes(14))  # three chunks, the last of which is the end
    for number, fits in ((17, True), (18, False)):
        data = whole[:33] + png_chunk(b"prVt", b"") * number + whole[33:]
        assert passes(data) == fits
    parts = sum(JPEG.count(bytes([0xFF, code])) for code in (*range(0xC0, 0xCF), *b"\xda\xdb\xe0"))
    for number, fits in ((20 - parts - 1, True), (20 - parts, False)):
        assert passes(JPEG[:2] + b"\xff\xe5\0\2" * number + JPEG[2:]) == fits


def test_as_many_scans_as_allowed_pass_and_one_more_does_not(monkeypatch):
    scans = WHOLE["jpg progressive"].count(b"\xff\xda")
    assert scans > 3
    monkeypatch.setattr(image_limits, "MAX_SCANS", scans)
    assert passes(WHOLE["jpg progressive"])
    monkeypatch.setattr(image_limits, "MAX_SCANS", scans - 1)
    assert not passes(WHOLE["jpg progressive"])


def test_a_jpeg_holds_little_that_belongs_to_no_segment(monkeypatch):
    monkeypatch.setattr(image_limits, "MAX_JUNK", 100)
    assert passes(JPEG[:2] + bytes(100) + JPEG[2:])
    assert not passes(JPEG[:2] + bytes(101) + JPEG[2:])
    assert not passes(b"\xff\xd8" + bytes(101)), "nothing comes after it"


def test_what_follows_the_end_of_a_jpeg_is_not_looked_at():
    video = b"\xff\xda\0\2" * 200_000  # a phone's moving photograph has one there
    assert passes(JPEG + video)
    assert not passes(JPEG[:-2] + video + JPEG[-2:])


def test_a_comment_does_not_hide_what_comes_after_it():
    end = b"\xff\xfe" + struct.pack(">H", 4) + b"\xff\xd9"
    assert not passes(JPEG[:2] + end + b"\xff\xe5\0\2" * 100_000 + JPEG[2:])


def test_exif_is_bounded_over_all_segments(monkeypatch):
    segment = b"\xff\xe1" + struct.pack(">H", 108) + b"Exif\0\0" + bytes(100)
    monkeypatch.setattr(image_limits, "MAX_EXIF", 3 * 108)
    assert passes(JPEG[:2] + segment * 3 + JPEG[2:])
    assert not passes(JPEG[:2] + segment * 4 + JPEG[2:])
    check_exif(3 * 108)
    with pytest.raises(ValueError, match="its EXIF has 325 bytes, more than 324"):
        check_exif(3 * 108 + 1)


@pytest.mark.filterwarnings("ignore:Tag data larger than file")
def test_tags_that_share_a_file_are_not_read_beyond_its_size(tmp_path):
    data = overlapping_tags(3000, 10_000)
    (tmp_path / "a.tif").write_bytes(data)
    with open(tmp_path / "a.tif", "rb") as file:
        directory = TiffImagePlugin.ImageFileDirectory_v2(file.read(8))
        file.seek(directory.next)
        directory.load(file)
        assert 0 < sum(map(len, directory._tagdata.values())) <= len(data)


def passes(data: bytes) -> bool:
    try:
        check_structure(data)
    except ValueError as error:
        assert "more than" in str(error)
        return False
    return True


def pillow_state() -> list:
    load = TiffImagePlugin.ImageFileDirectory_v2.load
    return [Image.MAX_IMAGE_PIXELS, load, list(warnings.filters)]


def test_pillow_is_bounded_as_long_as_we_read_and_is_then_as_it_was():
    before = pillow_state()
    with pillow_limits():
        assert Image.MAX_IMAGE_PIXELS == MAX_PIXELS
        assert TiffImagePlugin.ImageFileDirectory_v2.load is not before[1]
        with pillow_limits():
            pass
        assert Image.MAX_IMAGE_PIXELS == MAX_PIXELS, "until the last who reads is done"
    assert pillow_state() == before
    for data in (WHOLE["png RGB"], WHOLE["tif RGB"], b"no picture", overlapping_tags(300, 9000)):
        with contextlib.suppress(InputError):
            decode(data, "a")
    assert pillow_state() == before


def test_pillow_is_as_it_was_after_threads_that_overlapped():
    before, both = pillow_state(), threading.Barrier(2)
    first_left = threading.Event()

    def first():
        with pillow_limits():
            both.wait(120)
        first_left.set()

    def second():
        with pillow_limits():
            both.wait(120)
            assert first_left.wait(120)
            inside.append(Image.MAX_IMAGE_PIXELS)

    inside = []
    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert inside == [MAX_PIXELS]
    assert pillow_state() == before
