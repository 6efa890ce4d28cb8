"""Somebody who annotates: writes the truth over what was filled in, as the tools would."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from utils.dataset.annotation import write_voc
from utils.dataset.faces import Faces
from utils.dataset.image_header import read_header
from utils.dataset.suggestion import SUGGESTION, Suggestion


def read_suggestion(folder: Path) -> Suggestion:
    """Return the record of a folder that `suggest` wrote."""
    return Suggestion.parse((folder / SUGGESTION).read_bytes(), SUGGESTION)


def annotate(folder: Path, truth: Mapping[str, Faces], most: int | None = None) -> None:
    """Write the true faces of the photographs of a sample, the first `most` of them, as VOC.

    Parameters
    ----------
    truth
        By the name of the photograph in its run.
    """
    for place in ("annotations", "labels"):
        shutil.rmtree(folder / place, ignore_errors=True)
    for name in ("annotations.json", "data.yaml", "classes.txt"):
        (folder / name).unlink(missing_ok=True)
    (folder / "annotations").mkdir()
    for one in read_suggestion(folder).photos[:most]:
        header = read_header((folder / "images" / one.file).read_bytes(), one.file)
        voc = write_voc(one.file, header.width, header.height, truth[one.photo])
        (folder / "annotations" / one.file).with_suffix(".xml").write_bytes(voc)
