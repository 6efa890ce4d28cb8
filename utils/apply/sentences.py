"""What was found, in sentences for a person."""

from collections.abc import Mapping, Sequence
from typing import Any

from utils.analysis.report.words import per_cent
from utils.classifier.inference import FaceClassifier
from utils.dataset.labels import CLASSES, PROPERLY_MASKED
from utils.errors import number_of

DEALER = "`python detect.py ... --suggest 30`"
"""What deals photographs to annotate."""

_DO = {
    "with_mask": ("wears a mask properly", "wear a mask properly"),
    "without_mask": ("wears no mask", "wear no mask"),
    "mask_weared_incorrect": ("wears a mask incorrectly", "wear a mask incorrectly"),
}
_ENDS = {1: "st", 2: "nd", 3: "rd"}


def does(name: str, people: int, absent: Sequence[str] = ()) -> str:
    """Return what so many people of a class do, "wear a mask properly".

    Parameters
    ----------
    absent
        Names of the classes that the model does not know: without that of masks worn incorrectly,
        it cannot say of any that it is worn properly.
    """
    masked, _, incorrect = CLASSES
    words = _DO[name][people != 1]
    return words.removesuffix(" properly") if name == masked and incorrect in absent else words


def sentence(photo: Mapping[str, Any], threshold: float, absent: Sequence[str] = ()) -> str:
    """Return what one photograph shows, as of a record of ``faces.json``.

    Parameters
    ----------
    threshold
        Confidence from which a face counts.
    absent
        As `does` takes them.
    """
    faces = [face for face in photo["faces"] if face["confidence"] >= threshold]
    if not faces:
        return f"{photo['file']}: no face was found"
    if len(faces) == 1:
        sure = per_cent(faces[0]["confidence"])
        return f"{photo['file']}: 1 person: {does(faces[0]['class'], 1, absent)} ({sure})"
    counts = {name: sum(face["class"] == name for face in faces) for name in CLASSES}
    told = [f"{count:,} {does(name, count, absent)}" for name, count in counts.items() if count]
    return f"{photo['file']}: {len(faces):,} people: {', '.join(told)}"


def people(photo: Mapping[str, Any], threshold: float, absent: Sequence[str] = ()) -> list[str]:
    """Return a sentence for each of several people on one photograph, from left to right."""
    faces = [face for face in photo["faces"] if face["confidence"] >= threshold]
    if len(faces) < 2:
        return []
    faces.sort(key=lambda face: face["box"][0] + face["box"][2])
    return [
        f"  {ordinal(place)} from the left: {does(face['class'], 1, absent)} "
        f"({per_cent(face['confidence'])})"
        for place, face in enumerate(faces, start=1)
    ]


def of_a_face_each(model: object) -> list[str]:
    """Return what to tell of a model that takes each photograph for one face; nothing of others."""
    if not isinstance(model, FaceClassifier):
        return []
    return [
        "The model is a classifier: each photograph is judged as one face, and none is looked for. "
        "--faces centerface, haar, ... looks for faces"
    ]


def ordinal(number: int) -> str:
    """Return "1st", "2nd", "11th"."""
    teen = number % 100 in (11, 12, 13)
    return f"{number:,}{'th' if teen else _ENDS.get(number % 10, 'th')}"


def closing(rate: Mapping[str, Any], absent: Sequence[str] = ()) -> list[str]:
    """Return the answer for all, as of ``rate.json``: what was counted, the share, the caveats."""
    masked, found = rate["properly_masked"], rate["people"]["found"]
    lines = []
    if found:
        best = CLASSES[PROPERLY_MASKED - 1]
        lines.append(
            f"Counted: {masked['found']:,} of {number_of(found, 'person', 'people')} "
            f"{does(best, masked['found'], absent)}: "
            f"{per_cent(masked['raw_share'])}"
        )
    lines.append(f"Answer: {rate['answer']}")
    if found and masked["share"] is None:
        lines.append(f"To know it all the same, annotate some of them: {DEALER} deals them.")
    if told := rate["serious"] or [_first(text) for text in rate["caveats"][:1]]:
        lines += ["Before you quote it:", *(f"  - {text}" for text in told)]
    return lines


def _first(text: str) -> str:
    return text.partition(". ")[0].removesuffix(".") + "."
