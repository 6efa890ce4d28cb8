"""What the folders of a data set are called: photographs, annotations, and sides of a split."""

import re
import unicodedata
from typing import NamedTuple

IMAGE_FOLDERS = {
    *("images", "image", "jpegimages", "jpgimages", "pngimages", "img", "imgs", "photos"),
    *("photographs", "pictures", "obj_train_data", "obj_valid_data", "obj_test_data"),
}
ANNOTATION_FOLDERS = {
    *("annotations", "annotation", "annots", "anns", "ann", "labels", "label", "xmls", "xml"),
    *("voc", "txt"),
}
"""Names (lower case) of folders whose place tells nothing more than what lies in them."""

_SIDES = {
    **dict.fromkeys(("train", "training", "trn"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing", "tst"), "test"),
}
_SIDE = re.compile(rf"({'|'.join(_SIDES)})[-_ ]?(?:set|images?|data)?[-_ ]?(?:\d{{4}})?")


class Place(NamedTuple):
    """Where a file lies: its folders in lower case, and the name without its suffix.

    Both are in Unicode's composed form: macOS takes letters and their accents apart in names, and
    other systems do not.
    """

    folders: tuple[str, ...]
    stem: str


def place(path: str) -> Place:
    """Take a path, with ``/`` between its parts, apart."""
    *folders, filename = unicodedata.normalize("NFC", path).split("/")
    stem = filename.rpartition(".")[0] or filename
    return Place(tuple(folder.lower() for folder in folders), stem)


def side_of(path: str) -> str | None:
    """Return the side of a split (train, val, test) that a folder in `path` names, or None.

    ``train``, ``valid``, ``val2017`` and the like; the innermost such folder counts, since all may
    lie in one called ``training_data``.
    """
    for folder in path.split("/")[-2::-1]:
        if side := side_of_word(folder):
            return side
    return None


def side_of_word(word: str) -> str | None:
    """Return the side that a folder of this name stands for, or None."""
    found = _SIDE.fullmatch(word.lower())
    return _SIDES[found[1]] if found else None


def root_of(path: str) -> str | None:
    """Return what stands before the folders of a layout, ending in ``/`` or empty.

    None where no folder has one of the names of a layout: then photographs and annotations may lie
    in any sub-folders of one data set.
    """
    folders = path.split("/")[:-1]
    for number, folder in enumerate(folders):
        if folder.lower() in IMAGE_FOLDERS or side_of_word(folder):
            return "".join(f"{before}/" for before in folders[:number])
    return None


def folder_of(path: str) -> str:
    """Return the folder of a path, ending in ``/`` or empty."""
    return path[: path.rfind("/") + 1]
