from PIL import ImageFont

from utils.drawing.fonts import fitting_font, font


def test_text_is_laid_out_alike_whatever_libraries_a_machine_has():
    assert font(12).layout_engine == ImageFont.Layout.BASIC


def test_letters_shrink_until_the_text_fits() -> None:
    assert fitting_font("short", 20, 400).size == 20
    small = fitting_font("a name that is too long for its place", 20, 200)
    assert 8 <= small.size < 20 and small.getlength("a name that is too long for its place") <= 200
