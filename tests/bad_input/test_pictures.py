"""Pictures of every kind, whole and damaged: pixels, or an error that names the file."""

import numpy as np
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from tests.bad_input.pictures import HEIGHT, READ, REFUSED, WIDTH, colours, pictures
from utils.dataset.image_header import orientation, upright_size
from utils.dataset.images import decode, is_plain
from utils.errors import InputError

PICTURES = pictures()
WHOLE = [name for name in PICTURES if name.split()[0] in READ and name not in REFUSED]
PNGS = [name for name in WHOLE if name.startswith("png")]
EXTREMES = [b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\0\0\0\x80", b"\1\0\0\0", b"\xff\xda"]


@pytest.mark.parametrize("name", WHOLE)
def test_whole_pictures_give_upright_pixels(name):
    image = decode(PICTURES[name], name)
    size = (image.shape[1], image.shape[0])
    turned = name.startswith(("png EXIF", "jpg EXIF 6", "webp EXIF", "tif EXIF"))
    assert size == ((HEIGHT, WIDTH) if turned else (WIDTH, HEIGHT))
    assert upright_size(PICTURES[name], name) == size
    if name.split()[-1] in ("RGB", "RGBA", "lossless", "animated", "interlaced", "lzw", "several"):
        seen = decode(PICTURES[name], name).astype(int)
        wanted = np.asarray(colours()).astype(int)
        if turned:
            wanted = np.rot90(wanted, -1)
        assert np.abs(seen - wanted).max() <= 64  # lossy ones are near, and the first frame is it


@pytest.mark.parametrize("name", [name for name in PICTURES if name not in WHOLE])
def test_other_pictures_are_refused_with_what_is_expected(name):
    with pytest.raises(InputError, match=r"^a\.jpg: .*replace or remove it"):
        decode(PICTURES[name], "a.jpg")


@pytest.mark.parametrize("name", WHOLE)
def test_a_wrong_suffix_changes_nothing(name):
    assert (decode(PICTURES[name], "a.bmp") == decode(PICTURES[name], "a.jpg")).all()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A picture that was cut, overwritten, or had a part of another put in."""
    data = bytearray(PICTURES[draw(st.sampled_from(WHOLE))])
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(data)))
        if draw(st.booleans()):  # headers are where damage does most
            place = min(place, draw(st.integers(0, 64)))
        match draw(st.sampled_from(("cut", "byte", "bit", "extreme", "splice", "repeat"))):
            case "cut":
                del data[place:]
            case "byte":
                data[place : place + 1] = draw(st.binary(min_size=1, max_size=3))
            case "bit" if place < len(data):
                data[place] ^= 1 << draw(st.integers(0, 7))
            case "extreme":
                value = draw(st.sampled_from(EXTREMES))
                data[place : place + len(value)] = value
            case "splice":
                other = PICTURES[draw(st.sampled_from(WHOLE))]
                start = draw(st.integers(0, len(other)))
                data[place:place] = other[start : start + draw(st.integers(0, 80))]
            case "repeat":
                data[place:place] = data[place : place + 40] * draw(st.integers(1, 20))
    return bytes(data)


@given(damaged())
def test_damaged_pictures_give_pixels_or_an_error_that_names_the_file(data):
    try:
        image = decode(data, "a.jpg")
    except InputError as error:
        event("refused")
        check_message(str(error))
    else:
        event("read")
        assert image.dtype == np.uint8 and image.flags.writeable
        assert image.ndim == 3 and image.shape[2] == 3 and image.size
        assert upright_size(data, "a.jpg") == (image.shape[1], image.shape[0])
        assert 1 <= orientation(data, "a.jpg") <= 8
        assert is_plain(data, "a.jpg") in (True, False)
    for look in (upright_size, orientation, is_plain):
        try:
            look(data, "a.jpg")
        except InputError as error:
            check_message(str(error))


@given(st.sampled_from(WHOLE), st.data())
def test_a_picture_cut_short_is_refused_or_whole(name, data):
    cut = data.draw(st.integers(0, len(PICTURES[name]) - 1))
    try:
        image = decode(PICTURES[name][:cut], name)
    except InputError:
        return
    event("only the end was missing")
    np.testing.assert_array_equal(image, decode(PICTURES[name], name))


@given(st.sampled_from(PNGS), st.data())
def test_a_png_with_a_wrong_byte_is_refused_or_the_same(name, data):
    changed = bytearray(PICTURES[name])
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        image = decode(bytes(changed), name)
    except InputError:
        return
    event("the byte does not matter")
    np.testing.assert_array_equal(image, decode(PICTURES[name], name))


def check_message(text: str) -> None:
    """What a report and a terminal can show, and the same in every run."""
    assert text.startswith("a.jpg: ")
    assert text.isprintable() and len(text) < 300
    assert "0x" not in text
    assert any(fix in text for fix in ("replace or remove it", "make it smaller"))
