"""The classes: names as the data set spells them, ids as the detector uses them, words and colours.

This module alone knows them. Class 0 is the detector's background and stands for "no face".
"""

from utils.errors import InputError, brief

BACKGROUND = 0
CLASSES = ("with_mask", "without_mask", "mask_weared_incorrect")
"""VOC class names; the class with id ``i`` is ``CLASSES[i - 1]``."""

PROPERLY_MASKED = 1
"""The id of the class whose share among all faces is the answer of the workflow."""

TITLES = ("background", "mask worn", "no mask", "mask worn incorrectly")
"""Words for people, by id."""

COLOURS = ("#767676", "#009E73", "#D55E00", "#E69F00")
"""Colours by id, from Okabe and Ito's palette, which colour-blind readers can tell apart."""

CLASS_IDS = {name: number for number, name in enumerate(CLASSES, start=1)}


def class_id(name: str) -> int:
    """Return the id (1, 2, ...) of a VOC class name.

    Raises
    ------
    InputError
        If there is no such class; the message lists those there are.
    """
    try:
        return CLASS_IDS[name.strip()]
    except KeyError:
        raise InputError(
            f"unknown class name '{brief(name)}'; expected one of {', '.join(CLASSES)}"
        ) from None
