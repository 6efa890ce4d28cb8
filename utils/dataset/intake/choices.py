"""How to read a data set where it leaves a choice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Choices:
    """How to read a data set, where it leaves a choice; the defaults refuse what is doubtful.

    Attributes
    ----------
    task
        What is to be learnt: "detect" takes boxes on photographs; "classify" also pictures of one
        face each, in a folder for each class.
    format
        "auto" or a key of `utils.dataset.intake.layout.FORMATS`.
    classes
        Words ``THEIRS=OURS``, or ``THEIRS=ignore``.
    unlabelled
        What to do with photographs that nothing annotates: "refuse"; "skip", which leaves them out;
        "negative": they show no face. Annotations without a photograph are left out by the latter
        two, since there is nothing else to do with them.
    split
        "groups": sides are dealt anew; "given": they are those of the folders train, val, test.
    skip_bad
        Leave out what cannot be read, and list it, instead of stopping.
    allow_bad_boxes
        Go on although many boxes are impossible.
    smallest_face
        To classify, pixels of the shorter side of a face; what is smaller is counted.
    """

    task: str = "detect"
    format: str = "auto"
    classes: tuple[str, ...] = ()
    unlabelled: str = "refuse"
    split: str = "groups"
    skip_bad: bool = False
    allow_bad_boxes: bool = False
    smallest_face: int = 8


AS_IT_IS = Choices()
"""Nothing is told: what is doubtful is refused."""
