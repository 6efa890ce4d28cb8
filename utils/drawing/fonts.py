"""The letters of all drawings."""

from functools import cache
from pathlib import Path

from PIL import ImageFont


@cache
def font(size: int, bold: bool = True) -> ImageFont.FreeTypeFont:
    """Return DejaVu Sans, which matplotlib brings along, so that every machine draws alike.

    Letters are laid out by Pillow itself; by default it would leave that to a library that some
    machines have.
    """
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    file = folder / f"DejaVuSans{'-Bold' * bold}.ttf"
    return ImageFont.truetype(file, size, layout_engine=ImageFont.Layout.BASIC)


def fitting_font(text: str, size: int, width: float, bold: bool = True) -> ImageFont.FreeTypeFont:
    """Return the font of `size`, or the largest smaller one in which `text` fits into `width`."""
    while size > 8 and font(size, bold).getlength(text) > width:
        size -= 1
    return font(size, bold)
