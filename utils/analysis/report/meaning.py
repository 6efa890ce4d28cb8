"""What the answer means where the annotated data lack a class.

A detector cannot call a face what it never learnt. Data of two classes give an answer, too, but to
another question, and the report asks that one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from utils.dataset.labels import CLASSES, PROPERLY_MASKED, TITLES

MASKED, BARE, INCORRECT = CLASSES


@dataclass(frozen=True)
class Meaning:
    """The question that a run can answer.

    Attributes
    ----------
    question
        As a heading.
    group, do
        "About 60 % of the `group` on 8 new photographs `do`."
    share
        What the share is called in the key of its picture.
    without
        What the lack of a class does to the answer; None where no class lacks.
    told
        Whether there is a share to tell at all.
    """

    question: str
    group: str
    do: str
    share: str
    without: str | None = None
    told: bool = True

    @property
    def short(self) -> str | None:
        """The first sentence of `without`."""
        return self.without and self.without.partition(". ")[0] + "."


_USUAL = (
    "What share of people wear a mask properly?",
    "people",
    "wear a mask properly",
    "share properly masked",
)
_NEVER = "The annotated photographs hold no face of class '{}', so the detector cannot know it."


def absent_classes(sides: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the names of the classes of which no side of ``split.json`` has a face."""
    return [
        name for name in CLASSES if not any(side["faces"].get(name, 0) for side in sides.values())
    ]


def meaning(absent: Sequence[str]) -> Meaning:
    """Return the question that data without the classes `absent` can answer."""
    told = " ".join(_NEVER.format(TITLES[CLASSES.index(name) + 1]) for name in absent)
    match tuple(absent):
        case ():
            return Meaning(*_USUAL)
        case (name,) if name == INCORRECT:
            return Meaning(
                "What share of people wear a mask?",
                "people",
                "wear a mask",
                "share with a mask",
                f"{told} A mask worn incorrectly counts as whichever class it looks like, mostly "
                "as worn: the answer is the share who wear a mask, properly or not.",
            )
        case (name,) if name == BARE:
            return Meaning(
                "What share of people with a mask wear it properly?",
                "people with a mask",
                "wear it properly",
                "share properly masked, of people with a mask",
                f"{told} People without a mask are missed, or counted as whichever class they look "
                "like: nothing can be told of how many wear none.",
            )
        case _:
            rest = [TITLES[k] for k, name in enumerate(CLASSES, start=1) if name not in absent]
            lack = (
                "There is nothing to call a mask that is worn properly"
                if CLASSES[PROPERLY_MASKED - 1] in absent
                else "There is nothing to tell it from"
            )
            return Meaning(
                *_USUAL,
                f"{told} {lack}, so no share can be told; what is counted are faces of class "
                f"{' and '.join(map(repr, rest))}.",
                told=False,
            )
