"""Every kind of photograph becomes the same upright RGB pixels."""

import io
import warnings

import numpy as np
import pytest
from PIL import Image

from utils.dataset import image_header
from utils.dataset.image_header import orientation, upright_size
from utils.dataset.images import decode, encode_jpeg, encode_png, is_plain
from utils.errors import InputError

PIXELS = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3) * 3


def saved(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, format=kind, **options)
    return file.getvalue()


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("BMP", {}), ("TIFF", {}), ("WEBP", {"lossless": True})],
)
def test_lossless_formats_give_the_same_pixels(kind, options):
    data = saved(Image.fromarray(PIXELS), kind, **options)
    np.testing.assert_array_equal(decode(data, "x"), PIXELS)


def test_jpeg_is_near_the_pixels():
    smooth = np.full((16, 24, 3), (200, 120, 40), np.uint8)
    difference = (
        decode(saved(Image.fromarray(smooth), "JPEG", quality=95), "x").astype(int) - smooth
    )
    assert np.abs(difference).max() <= 3


def test_transparent_pixels_lie_on_white():
    rgba = np.zeros((2, 2, 4), np.uint8)
    rgba[..., 3] = [[0, 255], [128, 255]]  # black, wholly, not, and half transparent
    image = decode(saved(Image.fromarray(rgba)), "x")
    np.testing.assert_array_equal(image[..., 0], [[255, 0], [127, 0]])


def test_palette_with_transparency_lies_on_white():
    image = Image.new("P", (2, 1))
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 0), 1)
    decoded = decode(saved(image, transparency=0), "x")
    np.testing.assert_array_equal(decoded, [[[255, 255, 255], [40, 50, 60]]])


def test_grey_is_the_same_in_three_channels():
    grey = np.array([[0, 100, 255]], np.uint8)
    np.testing.assert_array_equal(decode(saved(Image.fromarray(grey)), "x")[..., 1], grey)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled_not_cut(kind):
    grey = np.array([[0, 257 * 7, 32768, 65535]], np.uint16)
    image = decode(saved(Image.fromarray(grey), kind), "x")
    np.testing.assert_array_equal(image[0, :, 0], [0, 7, 128, 255])


def test_cmyk_becomes_rgb():
    image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
    red = decode(saved(image, "JPEG", quality=100), "x")[4, 4]
    assert red[0] > 200 > 60 > red[1]


@pytest.mark.parametrize("value", range(1, 9))
def test_exif_orientation_is_undone(value):
    upright = Image.fromarray(PIXELS)
    # What a camera stores: the inverse of what EXIF tells a viewer to do.
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright.transpose(Image.Transpose(undo[value])) if value > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = value
    data = saved(stored, exif=exif)
    np.testing.assert_array_equal(decode(data, "x"), PIXELS)
    assert orientation(data, "x") == value
    assert upright_size(data, "x") == (6, 4)
    assert is_plain(data, "x") == (value == 1)


def test_only_what_every_decoder_reads_alike_is_plain():
    rgb = Image.fromarray(PIXELS)
    assert is_plain(saved(rgb), "x")
    assert is_plain(saved(rgb, "JPEG"), "x")
    for image, kind in (
        (rgb, "WEBP"),
        (rgb, "BMP"),
        (rgb.convert("RGBA"), "PNG"),
        (rgb.convert("L"), "JPEG"),
        (rgb.convert("P"), "PNG"),
        (rgb.convert("CMYK"), "JPEG"),
    ):
        assert not is_plain(saved(image, kind), "x"), (image.mode, kind)
    assert not is_plain(saved(rgb, transparency=(0, 0, 0)), "x")


@pytest.mark.parametrize("data", [b"", b"no image at all", encode_png(PIXELS)[:45]])
def test_unreadable_bytes_are_named(data):
    with pytest.raises(InputError, match=r"^bad\.png: "):
        decode(data, "bad.png")


def test_truncated_jpeg_is_refused_not_filled_with_grey():
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    data = encode_jpeg(noise)
    with pytest.raises(InputError, match="cannot be decoded"):
        decode(data[: len(data) // 2], "cut.jpg")


def test_more_pixels_than_the_bound_are_refused_before_decoding(monkeypatch):
    monkeypatch.setattr(image_header, "MAX_PIXELS", 23)
    with pytest.raises(InputError, match=r"6 x 4 pixels are more than 23"):
        decode(encode_png(PIXELS), "bomb.png")


def test_a_bomb_and_a_file_of_another_kind_are_told_in_our_words():
    bomb = saved(Image.new("1", (20_000, 12_000)), "PNG")
    with pytest.raises(InputError, match=r"^bomb: has far more than 100,000,000 pixels; make it"):
        decode(bomb, "bomb")
    with pytest.raises(InputError, match=r"readable image .it does not begin as such files do"):
        decode(b"hello", "text.png")


def test_a_picture_that_is_too_large_is_an_error_and_no_warning():
    data = saved(Image.new("1", (20_000, 6_000)), "PNG")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(InputError, match="20000 x 6000 pixels are more than 100,000,000"):
            decode(data, "large.png")


def test_floating_point_pixels_are_refused():
    data = saved(Image.fromarray(np.zeros((2, 2), np.float32)), "TIFF")
    with pytest.raises(InputError, match="floating-point"):
        decode(data, "x.tif")


def test_decoded_images_can_be_written_to():
    decode(encode_png(PIXELS), "x")[0, 0] = 1


def test_encoding_is_deterministic_and_png_lossless():
    assert encode_jpeg(PIXELS) == encode_jpeg(PIXELS.copy())
    np.testing.assert_array_equal(decode(encode_png(PIXELS), "x"), PIXELS)
